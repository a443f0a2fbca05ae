/* queue.c - items through a queue, one at a time, many at once and in place, as bytes and as values, beside a pipe of
 * the system, Boost's queue, ZeroMQ, and Python's queues. */
#include "queue_stream.h"

enum { PY_QUEUE, PY_SIMPLE, PY_PIPE }; /* kinds for run_python */

#define AT_ONCE 128 /* items between two looks at the clock */

/* ---- all in one process ---- */

static apr_status_t turns(uint64_t *done, uint64_t *nanoseconds, stream_t *stream)
{
    const uint64_t span = (uint64_t) (bench_options.seconds * 1e9), begin = raw_now();
    int count;

    do {
        for (int i = 0; i < AT_ONCE; i += count) {
            BROOD_TRY(stream_put(stream));
            BROOD_TRY(stream_get(&count, stream));
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

    BROOD_TRY(stream_create(&stream, self, mem));
    rc = turns(&done, &nanoseconds, &stream);
    stream_remove(&stream);
    BROOD_TRY(rc);
    *figure = (double) nanoseconds / (double) done;
    return APR_SUCCESS;
}

/* ---- processes that put and as many that get ---- */

static apr_status_t put_some(stream_t *stream, int count)
{
    for (int i = 0; i < count; i += stream_step(stream))
        BROOD_TRY(stream_put(stream));
    return APR_SUCCESS;
}

/* The first items, as many as the stream holds, do not count: they bring the memory. */
static apr_status_t putter(brood_call_t *call)
{
    brood_value_t more;
    bench_worker_t *me;
    stream_t stream;
    uint64_t span;

    BROOD_TRY(stream_open(&stream, true, call));
    BROOD_TRY(bench_work(&me, &span, &more, call));
    BROOD_TRY(put_some(&stream, stream_room(&stream)));
    me->begin = raw_now();
    do {
        const int at_once = stream.size <= SMALL ? AT_ONCE : 1;

        BROOD_TRY(put_some(&stream, at_once));
        me->done += (uint64_t) at_once;
        me->end = raw_now();
    } while (me->end - me->begin < span);
    if (stream.kind == ZMQ)
        BROOD_TRY(stream_put_ends(&stream));
    return stream_close(&stream);
}

/* What it says of the time is its end; the begin is a putter's. */
static apr_status_t getter(brood_call_t *call)
{
    brood_value_t more;
    bench_worker_t *me;
    uint64_t span, done = 0;
    stream_t stream;
    int count;

    BROOD_TRY(stream_open(&stream, false, call));
    BROOD_TRY(bench_work(&me, &span, &more, call));
    for (int ends = stream.kind == ZMQ ? stream.pairs : 1; ends > 0;) {
        BROOD_TRY(stream_get(&count, &stream));
        done += (uint64_t) count;
        if (count == 0)
            ends--;
    }
    me->done = done;
    me->begin = me->end = raw_now();
    return stream_close(&stream);
}

static apr_status_t run_workers(bench_workers_t *workers, stream_t *stream)
{
    const int count = 2 * stream->pairs;

    for (int i = 0; i < count; i++)
        BROOD_TRY(stream_add(workers, i % 2 == 0 ? putter : getter, stream));
    BROOD_TRY(bench_workers_go(workers));
    for (int i = 0; i < count; i += 2)
        BROOD_TRY(bench_workers_join(workers, i, i + 1));
    if (stream->kind != ZMQ)
        BROOD_TRY(stream_put_ends(stream));
    return bench_workers_join(workers, 0, count);
}

static apr_status_t run_pairs(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    uint64_t sent = 0, got = 0;
    bench_workers_t workers;
    stream_t stream;
    apr_status_t rc;

    BROOD_TRY(stream_create(&stream, self, mem));
    BROOD_TRY(bench_workers_create(&workers, mem));
    rc = run_workers(&workers, &stream);
    stream_remove(&stream);
    BROOD_TRY(rc);
    for (int i = 0; i < 2 * self->count; i += 2) {
        sent += bench_workers_done(&workers, i, i + 1);
        got += bench_workers_done(&workers, i + 1, i + 2);
    }
    if (sent + (uint64_t) (self->count * stream_room(&stream)) != got)
        return brood_fail_text(APR_EGENERAL, "what was put and what was got differ in number");
    *figure = (double) sent / bench_workers_seconds(&workers) * 1e-6;
    if (self->size > SMALL)
        *figure *= (double) self->size * 1e-3; /* millions of items a second to GB/s */
    return APR_SUCCESS;
}

static apr_status_t run_python(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    static const char *const names[] = {"queue", "simple_queue", "stream"}; /* as peer.py calls them */

    return bench_python(figure, names[self->kind], self->count, self->size, mem);
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
    {group, "bytes", millions, run_pairs, BYTES, count, 16, {OTHERS}, target ", >= 4 Boost, >= 80 Py Queue"},\
    {group, "int", millions, run_pairs, VALUES, count, 16, {"bytes", OTHERS}, ">= 0.5 bytes"},              \
    {group, "many bytes", millions, run_pairs, MANY_BYTES, count, 16, {"bytes", OTHERS}, NULL},             \
    {group, "many ints", millions, run_pairs, MANY_VALUES, count, 16, {"int", OTHERS}, NULL},               \
    OTHER_ROWS(group, millions, count, 16)
#define LARGE_ROWS(group, size)                                                                             \
    {group, "bytes", giga, run_pairs, BYTES, 1, size, {OTHERS, "Py Pipe"}, ">= 20, >= 5 Py Pipe"},          \
    {group, "in place", giga, run_pairs, IN_PLACE, 1, size, {"bytes", OTHERS, "Py Pipe"}, NULL},            \
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
        {alone, "many bytes", nanoseconds, run_alone, MANY_BYTES, 0, 16, {"bytes", "pipe", "Boost"}, NULL},
        {alone, "many ints", nanoseconds, run_alone, MANY_VALUES, 0, 16, {"int", "pipe", "Boost"}, NULL},
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
