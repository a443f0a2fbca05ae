/* queue.c - items through a queue, as bytes and as values, beside a pipe of the system, Boost's queue, ZeroMQ, and Python's
 * queues. */
#include "raw/boost.h"
#include "raw/raw.h"
#include "support.h"

enum { BYTES, VALUES, PIPE, BOOST, ZMQ, PY_QUEUE, PY_SIMPLE, PY_PIPE };

#define AT_ONCE 128     /* items between two looks at the clock */
#define SMALL 48        /* bytes: larger items lie in blocks of their own */
#define SMALL_ROOM 1024 /* items in a queue of small ones */
#define LARGE_ROOM 16
#define PAIRS 4 /* at most */

typedef struct stream_t {
    int kind;
    int pairs; /* of processes: so many put, so many get */
    apr_size_t size;
    const char *name; /* by which processes find it */
    brood_queue_t *queue;
    raw_pipe_t pipe;
    raw_boost_t boost;
    raw_zmq_t zmq[PAIRS]; /* a putter's to each getter; a getter's own */
    int turn;             /* whose a putter's next item is */
    brood_barrier_t *end; /* where those who use ZeroMQ wait for each other */
    char *buffer;         /* the first byte of an item is 0, or 1 in the one that ends a getter */
    apr_pool_t *mem;
} stream_t;

static raw_pipe_t inherited; /* by fork */

static int room_of(const stream_t *stream)
{
    return stream->size <= SMALL ? SMALL_ROOM : LARGE_ROOM;
}

static apr_status_t put(stream_t *stream)
{
    switch (stream->kind) {
    case BYTES:
        return brood_queue_put_bytes(stream->queue, stream->buffer, stream->size, BROOD_FOREVER);
    case VALUES:
        return brood_queue_put(stream->queue, brood_int(*stream->buffer), BROOD_FOREVER);
    case BOOST:
        return raw_boost_put(&stream->boost, stream->buffer, stream->size);
    case ZMQ:
        stream->turn = (stream->turn + 1) % stream->pairs;
        return raw_zmq_send(&stream->zmq[stream->turn], stream->buffer, stream->size);
    default:
        return raw_pipe_put(&stream->pipe, stream->buffer, stream->size);
    }
}

/* The next item into the buffer; *last: it is one that ends. */
static apr_status_t get(bool *last, const stream_t *stream)
{
    apr_size_t size = stream->size;
    brood_value_t value;

    switch (stream->kind) {
    case BYTES:
        BROOD_TRY(brood_queue_get_into(stream->buffer, &size, stream->queue, BROOD_FOREVER));
        break;
    case VALUES:
        BROOD_TRY(brood_queue_get(&value, stream->queue, BROOD_FOREVER, stream->mem));
        *last = value.as.integer != 0;
        return APR_SUCCESS;
    case BOOST:
        BROOD_TRY(raw_boost_get(&stream->boost, stream->buffer, size));
        break;
    case ZMQ:
        BROOD_TRY(raw_zmq_recv(&stream->zmq[0], stream->buffer, size));
        break;
    default:
        BROOD_TRY(raw_pipe_get(&stream->pipe, stream->buffer, size));
    }
    *last = *stream->buffer != 0;
    return APR_SUCCESS;
}

/* ---- where it begins: the process that starts the others ---- */

static apr_status_t make_stream(stream_t *stream, const bench_case_t *self, apr_pool_t *mem)
{
    static int sample;

    *stream = (stream_t){.kind = self->kind, .pairs = self->count, .size = self->size, .mem = mem};
    stream->name = apr_psprintf(mem, "brood-bench-%d-%d", brood_current_pid(), sample++);
    stream->buffer = apr_pcalloc(mem, self->size);
    BROOD_TRY(brood_queue_create(&stream->queue, (apr_size_t) room_of(stream), NULL, mem));
    BROOD_TRY(brood_barrier_create(&stream->end, stream->pairs > 0 ? 2 * (unsigned) stream->pairs : 1, NULL, mem));
    switch (stream->kind) {
    case BOOST:
        return raw_boost_create(&stream->boost, stream->name, (size_t) room_of(stream), stream->size);
    case ZMQ:
        return raw_zmq_is_there() ? APR_SUCCESS : APR_ENOTIMPL;
    case PIPE:
        return brood_get_start_method(true) == BROOD_START_FORK ? raw_pipe_open(&stream->pipe) : APR_ENOTIMPL;
    default:
        return APR_SUCCESS;
    }
}

static void end_stream(stream_t *stream)
{
    if (stream->kind == PIPE) {
        raw_pipe_close(&stream->pipe);
    } else if (stream->kind == BOOST) {
        raw_boost_close(&stream->boost);
        raw_boost_remove(stream->name);
    }
}

/* ---- all in one process ---- */

static apr_status_t turns(uint64_t *done, uint64_t *nanoseconds, stream_t *stream)
{
    const uint64_t span = (uint64_t) (bench_options.seconds * 1e9), begin = raw_now();
    bool last;

    do {
        for (int i = 0; i < AT_ONCE; i++) {
            BROOD_TRY(put(stream));
            BROOD_TRY(get(&last, stream));
        }
        *done += AT_ONCE;
        *nanoseconds = raw_now() - begin;
    } while (*nanoseconds < span);
    return APR_SUCCESS;
}

static apr_status_t run_alone(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    uint64_t done = 0, nanoseconds = 0;
    stream_t stream;
    apr_status_t rc;

    BROOD_TRY(make_stream(&stream, self, mem));
    rc = turns(&done, &nanoseconds, &stream);
    end_stream(&stream);
    BROOD_TRY(rc);
    *figure = (double) nanoseconds / (double) done;
    return APR_SUCCESS;
}

/* ---- processes that put and as many that get ---- */

static apr_status_t open_zmq(raw_zmq_t *socket, const stream_t *stream, int getter, raw_zmq_kind_t kind)
{
    const char *address = apr_psprintf(stream->mem, "ipc:///tmp/%s-%d", stream->name, getter);

    return raw_zmq_open(socket, address, kind, room_of(stream));
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

/* A worker's part: `puts`, or it gets. */
static apr_status_t join_stream(stream_t *stream, bool puts, const brood_call_t *call)
{
    int index;

    *stream = (stream_t){.pipe = inherited, .mem = call->mem};
    BROOD_TRY(BROOD_READ(&index, brood_value_at(call->args, 1)));
    BROOD_TRY(BROOD_UNPACK(brood_value_at(call->args, 4), &stream->kind, &stream->pairs, &stream->size, &stream->name,
                           &stream->queue, &stream->end));
    stream->buffer = apr_pcalloc(call->mem, stream->size);
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
static apr_status_t leave_stream(stream_t *stream)
{
    if (stream->kind == BOOST)
        raw_boost_close(&stream->boost);
    if (stream->kind == ZMQ)
        BROOD_TRY(brood_barrier_wait(NULL, stream->end, BROOD_FOREVER));
    for (int i = 0; i < PAIRS && stream->zmq[i].socket != NULL; i++)
        raw_zmq_close(&stream->zmq[i]);
    return APR_SUCCESS;
}

/* As many items that end a getter as there are getters. */
static apr_status_t put_ends(stream_t *stream)
{
    *stream->buffer = 1;
    for (int i = 0; i < stream->pairs; i++)
        BROOD_TRY(put(stream));
    return APR_SUCCESS;
}

static apr_status_t putter(brood_call_t *call)
{
    brood_value_t more;
    bench_worker_t *me;
    stream_t stream;
    uint64_t span;

    BROOD_TRY(join_stream(&stream, true, call));
    BROOD_TRY(bench_work(&me, &span, &more, call));
    do {
        const int at_once = stream.size <= SMALL ? AT_ONCE : 1;

        for (int i = 0; i < at_once; i++)
            BROOD_TRY(put(&stream));
        me->done += (uint64_t) at_once;
        me->end = raw_now();
    } while (me->end - me->begin < span);
    if (stream.kind == ZMQ)
        BROOD_TRY(put_ends(&stream));
    return leave_stream(&stream);
}

static apr_status_t getter(brood_call_t *call)
{
    brood_value_t more;
    bench_worker_t *me;
    uint64_t span, done = 0;
    stream_t stream;
    bool last;

    BROOD_TRY(join_stream(&stream, false, call));
    BROOD_TRY(bench_work(&me, &span, &more, call));
    for (int ends = stream.kind == ZMQ ? stream.pairs : 1; ends > 0;) {
        BROOD_TRY(get(&last, &stream));
        if (last)
            ends--;
        else
            done++;
    }
    me->done = done;
    me->end = raw_now();
    return leave_stream(&stream);
}

/* A getter ends by an item of its own, which comes after all others.  ZeroMQ's are in order for each putter alone: there
 * each putter ends each getter. */
static apr_status_t run_crew(bench_crew_t *crew, stream_t *stream)
{
    const int workers = 2 * stream->pairs;

    for (int i = 0; i < workers; i++)
        BROOD_TRY(bench_crew_add(crew, i % 2 == 0 ? putter : getter,
                                 BROOD_LIST(stream->kind, stream->pairs, stream->size, stream->name, stream->queue,
                                            stream->end)));
    BROOD_TRY(bench_crew_go(crew));
    for (int i = 0; i < workers; i += 2)
        BROOD_TRY(bench_crew_join(crew, i, i + 1));
    if (stream->kind != ZMQ)
        BROOD_TRY(put_ends(stream));
    return bench_crew_join(crew, 0, workers);
}

static apr_status_t run_pairs(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    uint64_t sent = 0, got = 0;
    bench_crew_t crew;
    stream_t stream;
    apr_status_t rc;

    BROOD_TRY(make_stream(&stream, self, mem));
    BROOD_TRY(bench_crew_create(&crew, mem));
    inherited = stream.pipe;
    rc = run_crew(&crew, &stream);
    end_stream(&stream);
    BROOD_TRY(rc);
    for (int i = 0; i < 2 * self->count; i += 2) {
        sent += bench_crew_done(&crew, i, i + 1);
        got += bench_crew_done(&crew, i + 1, i + 2);
    }
    if (sent != got)
        return brood_fail_text(APR_EGENERAL, "what was put and what was got differ in number");
    *figure = (double) got / bench_crew_seconds(&crew) * 1e-6;
    if (self->size > SMALL)
        *figure *= (double) self->size * 1e-3; /* millions of items a second to GB/s */
    return APR_SUCCESS;
}

static apr_status_t run_python(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    static const char *const names[] = {"queue", "simple_queue", "stream"}; /* as peer.py calls them */

    return bench_python(figure, names[self->kind - PY_QUEUE], self->count, self->size, mem);
}

/* clang-format off */
#define OTHERS "pipe", "Boost", "ZeroMQ", "Py Queue", "Py Simple"
#define OTHER_ROWS(group, unit, count, size)                                                                \
    {group, "pipe", unit, run_pairs, PIPE, count, size, {NULL}, NULL},                                      \
    {group, "Boost", unit, run_pairs, BOOST, count, size, {NULL}, NULL},                                    \
    {group, "ZeroMQ", unit, run_pairs, ZMQ, count, size, {NULL}, NULL},                                     \
    {group, "Py Queue", unit, run_python, PY_QUEUE, count, size, {NULL}, NULL},                             \
    {group, "Py Simple", unit, run_python, PY_SIMPLE, count, size, {NULL}, NULL}
#define SMALL_ROWS(group, count, target)                                                                    \
    {group, "bytes", millions, run_pairs, BYTES, count, 16, {OTHERS}, target ", >= 4 Boost, >= 80 Py Queue"}, \
    {group, "int", millions, run_pairs, VALUES, count, 16, {"bytes", OTHERS}, ">= 0.5 bytes"},              \
    OTHER_ROWS(group, millions, count, 16)
#define LARGE_ROWS(group, size)                                                                             \
    {group, "bytes", giga, run_pairs, BYTES, 1, size, {OTHERS, "Py Pipe"}, ">= 20, >= 5 Py Pipe"},          \
    OTHER_ROWS(group, giga, 1, size),                                                                       \
    {group, "Py Pipe", giga, run_python, PY_PIPE, 1, size, {NULL}, NULL}
/* clang-format on */

static apr_status_t app(brood_call_t *call)
{
    static const char alone[] = "16 B, one process";
    static const char nanoseconds[] = "put and get, ns", millions[] = "millions of items a second", giga[] = "GB/s";
    static const bench_case_t cases[] = {
        {alone, "bytes", nanoseconds, run_alone, BYTES, 0, 16, {"pipe", "Boost"}, NULL},
        {alone, "int", nanoseconds, run_alone, VALUES, 0, 16, {"bytes", "pipe", "Boost"}, "<= 2 bytes"},
        {alone, "pipe", nanoseconds, run_alone, PIPE, 0, 16, {NULL}, NULL},
        {alone, "Boost", nanoseconds, run_alone, BOOST, 0, 16, {NULL}, NULL},
        SMALL_ROWS("16 B, 1 to 1", 1, ">= 30"),
        SMALL_ROWS("16 B, 2 to 2", 2, ">= 25"),
        SMALL_ROWS("16 B, 4 to 4", 4, ">= 25"),
        LARGE_ROWS("64 KiB, 1 to 1", 65536),
        LARGE_ROWS("1 MiB, 1 to 1", 1 << 20),
    };

    return bench_run(cases, sizeof cases / sizeof cases[0], call->args, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(putter), BROOD_ENTRY(getter))
