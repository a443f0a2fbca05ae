/* queue.c - items through a queue, as bytes and as values, beside a pipe of the system. */
#include "raw/raw.h"
#include "support.h"

enum { BYTES, VALUES, PIPE };

#define AT_ONCE 128     /* items between two looks at the clock */
#define SMALL 48        /* bytes: larger items lie in blocks of their own */
#define SMALL_ROOM 1024 /* items in a queue of small ones */
#define LARGE_ROOM 16

typedef struct stream_t {
    int kind;
    brood_queue_t *queue;
    raw_pipe_t pipe;
    apr_size_t size;
    char *buffer; /* the first byte of an item is 0, or 1 in the one that ends a getter */
    apr_pool_t *mem;
} stream_t;

static raw_pipe_t inherited; /* by fork */

static apr_status_t put(const stream_t *stream)
{
    switch (stream->kind) {
    case BYTES:
        return brood_queue_put_bytes(stream->queue, stream->buffer, stream->size, BROOD_FOREVER);
    case VALUES:
        return brood_queue_put(stream->queue, brood_int(*stream->buffer), BROOD_FOREVER);
    default:
        return raw_pipe_put(&stream->pipe, stream->buffer, stream->size);
    }
}

/* The next item into the buffer; *last: it is the one that ends. */
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
    default:
        BROOD_TRY(raw_pipe_get(&stream->pipe, stream->buffer, size));
    }
    *last = *stream->buffer != 0;
    return APR_SUCCESS;
}

static apr_status_t make_stream(stream_t *stream, const bench_case_t *self, apr_pool_t *mem)
{
    const apr_size_t room = self->size <= SMALL ? SMALL_ROOM : LARGE_ROOM;

    *stream = (stream_t){.kind = self->kind, .size = self->size, .mem = mem};
    stream->buffer = apr_pcalloc(mem, self->size);
    BROOD_TRY(brood_queue_create(&stream->queue, room, NULL, mem));
    if (self->kind != PIPE)
        return APR_SUCCESS;
    if (brood_get_start_method(true) != BROOD_START_FORK)
        return APR_ENOTIMPL;
    return raw_pipe_open(&stream->pipe);
}

static apr_status_t run_alone(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    const uint64_t span = (uint64_t) (bench_options.seconds * 1e9), begin = raw_now();
    stream_t stream;
    uint64_t done = 0, now;
    bool last;

    BROOD_TRY(make_stream(&stream, self, mem));
    do {
        for (int i = 0; i < AT_ONCE; i++) {
            BROOD_TRY(put(&stream));
            BROOD_TRY(get(&last, &stream));
        }
        done += AT_ONCE;
        now = raw_now();
    } while (now - begin < span);
    if (self->kind == PIPE)
        raw_pipe_close(&stream.pipe);
    *figure = (double) (now - begin) / (double) done;
    return APR_SUCCESS;
}

static apr_status_t join_stream(stream_t *stream, bench_worker_t **me, uint64_t *span, const brood_call_t *call)
{
    brood_value_t more;
    unsigned long size;

    BROOD_TRY(bench_work(me, span, &more, call));
    BROOD_TRY(BROOD_UNPACK(more, &stream->kind, &stream->queue, &size));
    stream->pipe = inherited;
    stream->size = size;
    stream->mem = call->mem;
    stream->buffer = apr_pcalloc(call->mem, size);
    return APR_SUCCESS;
}

static apr_status_t putter(brood_call_t *call)
{
    bench_worker_t *me;
    stream_t stream;
    uint64_t span;

    BROOD_TRY(join_stream(&stream, &me, &span, call));
    do {
        const int at_once = stream.size <= SMALL ? AT_ONCE : 1;

        for (int i = 0; i < at_once; i++)
            BROOD_TRY(put(&stream));
        me->done += (uint64_t) at_once;
        me->end = raw_now();
    } while (me->end - me->begin < span);
    return APR_SUCCESS;
}

static apr_status_t getter(brood_call_t *call)
{
    bench_worker_t *me;
    uint64_t span, done = 0;
    stream_t stream;
    bool last = false;

    BROOD_TRY(join_stream(&stream, &me, &span, call));
    for (;;) {
        BROOD_TRY(get(&last, &stream));
        if (last)
            break;
        done++;
    }
    me->done = done;
    me->end = raw_now();
    return APR_SUCCESS;
}

/* As many getters as putters: each getter ends by an item of its own, which comes after all others. */
static apr_status_t run_crew(bench_crew_t *crew, const stream_t *stream, int pairs)
{
    const brood_value_t items[] = {brood_int(stream->kind), BROOD_VALUE(stream->queue), brood_uint(stream->size)};

    for (int i = 0; i < 2 * pairs; i++)
        BROOD_TRY(bench_crew_add(crew, i % 2 == 0 ? putter : getter, brood_list(items, 3)));
    BROOD_TRY(bench_crew_go(crew));
    for (int i = 0; i < 2 * pairs; i += 2)
        BROOD_TRY(bench_crew_join(crew, i, i + 1));
    *stream->buffer = 1;
    for (int i = 0; i < pairs; i++)
        BROOD_TRY(put(stream));
    return bench_crew_join(crew, 0, 2 * pairs);
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
    rc = run_crew(&crew, &stream, self->count);
    if (self->kind == PIPE)
        raw_pipe_close(&stream.pipe);
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

static apr_status_t app(brood_call_t *call)
{
    static const char alone[] = "16 B, one process", one[] = "16 B, 1 to 1", two[] = "16 B, 2 to 2";
    static const char four[] = "16 B, 4 to 4", medium[] = "64 KiB, 1 to 1", large[] = "1 MiB, 1 to 1";
    static const char nanoseconds[] = "put and get, ns", millions[] = "millions of items a second", giga[] = "GB/s";
    static const bench_case_t cases[] = {
        {alone, "bytes", nanoseconds, run_alone, BYTES, 0, 16, {"pipe"}, NULL},
        {alone, "int", nanoseconds, run_alone, VALUES, 0, 16, {"bytes", "pipe"}, "<= 2 bytes"},
        {alone, "pipe", nanoseconds, run_alone, PIPE, 0, 16, {NULL}, NULL},
        {one, "bytes", millions, run_pairs, BYTES, 1, 16, {"pipe"}, ">= 30"},
        {one, "int", millions, run_pairs, VALUES, 1, 16, {"bytes", "pipe"}, ">= 0.5 bytes"},
        {one, "pipe", millions, run_pairs, PIPE, 1, 16, {NULL}, NULL},
        {two, "bytes", millions, run_pairs, BYTES, 2, 16, {"pipe"}, ">= 25"},
        {two, "int", millions, run_pairs, VALUES, 2, 16, {"bytes", "pipe"}, ">= 0.5 bytes"},
        {two, "pipe", millions, run_pairs, PIPE, 2, 16, {NULL}, NULL},
        {four, "bytes", millions, run_pairs, BYTES, 4, 16, {"pipe"}, ">= 25"},
        {four, "int", millions, run_pairs, VALUES, 4, 16, {"bytes", "pipe"}, ">= 0.5 bytes"},
        {four, "pipe", millions, run_pairs, PIPE, 4, 16, {NULL}, NULL},
        {medium, "bytes", giga, run_pairs, BYTES, 1, 65536, {"pipe"}, ">= 20"},
        {medium, "pipe", giga, run_pairs, PIPE, 1, 65536, {NULL}, NULL},
        {large, "bytes", giga, run_pairs, BYTES, 1, 1 << 20, {"pipe"}, ">= 20"},
        {large, "pipe", giga, run_pairs, PIPE, 1, 1 << 20, {NULL}, NULL},
    };

    return bench_run(cases, sizeof cases / sizeof cases[0], call->args, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(putter), BROOD_ENTRY(getter))
