/* queue_stream.c - putting and getting, by each of brood's ways and by each peer's. */
#include "queue_stream.h"

#include <string.h>

#define SMALL_ROOM 1024 /* items in a queue of small ones */
#define LARGE_ROOM 16
#define LINE 64
#define FILL 7 /* each byte of an item that is written in place */

static raw_pipe_t inherited; /* by fork */

static bool is_ours(const stream_t *stream)
{
    return stream->kind <= IN_PLACE;
}

int stream_room(const stream_t *stream)
{
    return stream->size <= SMALL ? SMALL_ROOM : LARGE_ROOM;
}

int stream_step(const stream_t *stream)
{
    return stream->kind == MANY_BYTES || stream->kind == MANY_VALUES ? MANY : 1;
}

/* ---- put ---- */

/* All of it is written. */
static apr_status_t put_in_place(stream_t *stream)
{
    apr_status_t rc;
    void *room;

    BROOD_TRY(brood_queue_reserve(&room, stream->queue, stream->size, BROOD_FOREVER));
    memset(room, FILL, stream->size);
    if ((rc = brood_queue_publish(stream->queue, room, stream->size, BROOD_FOREVER)) != APR_SUCCESS)
        brood_queue_drop(stream->queue, room);
    return rc;
}

apr_status_t stream_put(stream_t *stream)
{
    apr_size_t many = MANY;

    switch (stream->kind) {
    case BYTES:
        return brood_queue_put_bytes(stream->queue, stream->buffer, stream->size, BROOD_FOREVER);
    case VALUES:
        return brood_queue_put(stream->queue, brood_int(0), BROOD_FOREVER);
    case MANY_BYTES:
        return brood_queue_put_many_bytes(stream->queue, stream->bytes, &many, BROOD_FOREVER);
    case MANY_VALUES:
        return brood_queue_put_many(stream->queue, stream->values, &many, BROOD_FOREVER);
    case IN_PLACE:
        return put_in_place(stream);
    case BOOST:
        return raw_boost_put(&stream->boost, stream->buffer, stream->size);
    case ZMQ:
        stream->turn = (stream->turn + 1) % stream->pairs;
        return raw_zmq_send(&stream->zmq[stream->turn], stream->buffer, stream->size);
    default:
        return raw_pipe_put(&stream->pipe, stream->buffer, stream->size);
    }
}

/* ---- get ---- */

/* Of each line of the memory one byte is read, which brings all of it here. */
static apr_status_t get_in_place(const stream_t *stream)
{
    const unsigned char *data;
    brood_bytes_t item;
    apr_size_t sum = 0;

    BROOD_TRY(brood_queue_borrow(&item, stream->queue, BROOD_FOREVER));
    data = item.data;
    for (apr_size_t i = 0; i < item.size; i += LINE)
        sum += data[i];
    brood_queue_give_back(stream->queue, item);
    return sum == FILL * (stream->size / LINE) ? APR_SUCCESS
                                               : brood_fail_text(APR_EGENERAL, "an item is not what was put");
}

static apr_status_t get_ours(apr_size_t *count, stream_t *stream)
{
    apr_size_t size = stream->size;

    switch (stream->kind) {
    case BYTES:
        return brood_queue_get_into(stream->buffer, &size, stream->queue, BROOD_FOREVER);
    case VALUES:
        return brood_queue_get(stream->values, stream->queue, BROOD_FOREVER, stream->got);
    case MANY_BYTES:
        apr_pool_clear(stream->got);
        *count = MANY;
        return brood_queue_get_many_bytes(stream->bytes, count, stream->queue, BROOD_FOREVER, stream->got);
    case MANY_VALUES:
        *count = MANY;
        return brood_queue_get_many(stream->values, count, stream->queue, BROOD_FOREVER, stream->got);
    default:
        return get_in_place(stream);
    }
}

static apr_status_t get_peers(const stream_t *stream)
{
    switch (stream->kind) {
    case BOOST:
        return raw_boost_get(&stream->boost, stream->buffer, stream->size);
    case ZMQ:
        return raw_zmq_recv(&stream->zmq[0], stream->buffer, stream->size);
    default:
        return raw_pipe_get(&stream->pipe, stream->buffer, stream->size);
    }
}

apr_status_t stream_get(int *count, stream_t *stream)
{
    apr_size_t some = 1;
    apr_status_t rc;

    if (is_ours(stream)) {
        rc = get_ours(&some, stream);
        *count = rc == APR_EOF ? 0 : (int) some;
        return rc == APR_EOF ? APR_SUCCESS : rc;
    }
    BROOD_TRY(get_peers(stream));
    *count = *stream->buffer == 0;
    return APR_SUCCESS;
}

apr_status_t stream_put_ends(stream_t *stream)
{
    if (is_ours(stream))
        return brood_queue_shutdown(stream->queue, false);
    *stream->buffer = 1;
    for (int i = 0; i < stream->pairs; i++)
        BROOD_TRY(stream_put(stream));
    return APR_SUCCESS;
}

/* ---- where it begins: the process that starts the others ---- */

static apr_status_t prepare(stream_t *stream)
{
    stream->buffer = apr_pcalloc(stream->mem, stream->size);
    for (int i = 0; i < MANY; i++) {
        stream->bytes[i] = (brood_bytes_t){stream->buffer, stream->size};
        stream->values[i] = brood_int(0);
    }
    return apr_pool_create(&stream->got, stream->mem);
}

static apr_status_t open_pipe(stream_t *stream)
{
    BROOD_TRY(raw_pipe_open(&stream->pipe));
    inherited = stream->pipe;
    return APR_SUCCESS;
}

apr_status_t stream_create(stream_t *stream, const bench_case_t *self, apr_pool_t *mem)
{
    static int sample;

    *stream = (stream_t){.kind = self->kind, .pairs = self->count, .size = self->size, .mem = mem};
    stream->name = apr_psprintf(mem, "brood-bench-%d-%d", brood_current_pid(), sample++);
    BROOD_TRY(prepare(stream));
    BROOD_TRY(brood_queue_create(&stream->queue, (apr_size_t) stream_room(stream), NULL, mem));
    BROOD_TRY(brood_barrier_create(&stream->end, stream->pairs > 0 ? 2 * (unsigned) stream->pairs : 1, NULL, mem));
    switch (stream->kind) {
    case BOOST:
        return raw_boost_create(&stream->boost, stream->name, (size_t) stream_room(stream), stream->size);
    case ZMQ:
        return raw_zmq_is_there() ? APR_SUCCESS : APR_ENOTIMPL;
    case PIPE:
        return brood_get_start_method(true) == BROOD_START_FORK ? open_pipe(stream) : APR_ENOTIMPL;
    default:
        return APR_SUCCESS;
    }
}

void stream_remove(stream_t *stream)
{
    if (stream->kind == PIPE) {
        raw_pipe_close(&stream->pipe);
    } else if (stream->kind == BOOST) {
        raw_boost_close(&stream->boost);
        raw_boost_remove(stream->name);
    }
}

apr_status_t stream_add(bench_workers_t *workers, brood_entry_fn entry, const stream_t *stream)
{
    return bench_workers_add(workers, entry,
                             BROOD_LIST(stream->kind, stream->pairs, stream->size, stream->name, stream->queue,
                                        stream->end));
}

/* ---- in a worker ---- */

static apr_status_t open_zmq(raw_zmq_t *socket, const stream_t *stream, int getter, raw_zmq_kind_t kind)
{
    const char *address = apr_psprintf(stream->mem, "ipc:///tmp/%s-%d", stream->name, getter);

    return raw_zmq_open(socket, address, kind, stream_room(stream));
}

/* Nobody begins before all are connected, and not only about to be: a putter says hello to each getter. */
static apr_status_t reach_getters(stream_t *stream)
{
    char hello = 0;

    for (int i = 0; i < stream->pairs; i++) {
        BROOD_TRY(open_zmq(&stream->zmq[i], stream, i, RAW_ZMQ_PUSH));
        BROOD_TRY(raw_zmq_send(&stream->zmq[i], &hello, 1));
    }
    return APR_SUCCESS;
}

static apr_status_t await_putters(stream_t *stream, int getter)
{
    char hello;

    BROOD_TRY(open_zmq(&stream->zmq[0], stream, getter, RAW_ZMQ_PULL));
    for (int i = 0; i < stream->pairs; i++)
        BROOD_TRY(raw_zmq_recv(&stream->zmq[0], &hello, 1));
    return APR_SUCCESS;
}

apr_status_t stream_open(stream_t *stream, bool puts, const brood_call_t *call)
{
    int index;

    *stream = (stream_t){.pipe = inherited, .mem = call->mem};
    BROOD_TRY(BROOD_READ(&index, brood_value_at(call->args, 1)));
    BROOD_TRY(BROOD_UNPACK(brood_value_at(call->args, 4), &stream->kind, &stream->pairs, &stream->size, &stream->name,
                           &stream->queue, &stream->end));
    BROOD_TRY(prepare(stream));
    switch (stream->kind) {
    case BOOST:
        return raw_boost_open(&stream->boost, stream->name);
    case ZMQ:
        return puts ? reach_getters(stream) : await_putters(stream, index / 2);
    default:
        return APR_SUCCESS;
    }
}

/* ZeroMQ may lose what a getter has not read yet when a putter closes: all close when all are done. */
apr_status_t stream_close(stream_t *stream)
{
    if (stream->kind == BOOST)
        raw_boost_close(&stream->boost);
    if (stream->kind == ZMQ)
        BROOD_TRY(brood_barrier_wait(NULL, stream->end, BROOD_FOREVER));
    for (int i = 0; i < PAIRS && stream->zmq[i].socket != NULL; i++)
        raw_zmq_close(&stream->zmq[i]);
    return APR_SUCCESS;
}
