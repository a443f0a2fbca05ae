/* pipe.c - messages between two processes, there and back and one after the other, beside a socket pair of the system,
 * with frames and without, ZeroMQ, and Python's Pipe. */
#include "raw/raw.h"
#include "support.h"
#include <string.h>

enum { OF_BYTES, OF_VALUES, OF_RAW, OF_FRAMED, OF_ZMQ, OF_PYTHON };

#define LARGEST (1u << 20)
#define AT_ONCE 8   /* messages between two looks at the clock */
#define LARGE 1024u /* from here on a stream is told in bytes */

static char data[LARGEST], space[LARGEST];
static raw_pair_t inherited; /* by fork */

typedef struct end_t {
    int kind, index; /* which end it is */
    apr_size_t size;
    brood_connection_t *connection;
    raw_zmq_t zmq;
    apr_pool_t *mem;
} end_t;

/* A frame as one writes it without thinking: its size, then the bytes. */
static apr_status_t send_framed(int end, const void *bytes, uint32_t size)
{
    BROOD_TRY(raw_pair_send(&inherited, end, &size, sizeof size));
    return raw_pair_send(&inherited, end, bytes, size);
}

static apr_status_t recv_framed(int end, void *bytes)
{
    uint32_t size;

    BROOD_TRY(raw_pair_recv(&inherited, end, &size, sizeof size));
    return size <= LARGEST ? raw_pair_recv(&inherited, end, bytes, size) : APR_EGENERAL;
}

static apr_status_t say(const end_t *end)
{
    switch (end->kind) {
    case OF_BYTES:
        return brood_connection_send_bytes(end->connection, data, end->size, BROOD_FOREVER);
    case OF_VALUES:
        return brood_connection_send(end->connection, brood_int(data[0]), BROOD_FOREVER);
    case OF_ZMQ:
        return raw_zmq_send(&end->zmq, data, end->size);
    case OF_RAW:
        return raw_pair_send(&inherited, end->index, data, end->size);
    default:
        return send_framed(end->index, data, (uint32_t) end->size);
    }
}

/* Its first byte comes into space[0]. */
static apr_status_t hear(const end_t *end)
{
    apr_size_t size = LARGEST;
    brood_value_t value;
    int number;

    switch (end->kind) {
    case OF_BYTES:
        return brood_connection_recv_into(space, &size, end->connection, BROOD_FOREVER);
    case OF_VALUES:
        BROOD_TRY(brood_connection_recv(&value, end->connection, BROOD_FOREVER, end->mem));
        BROOD_TRY(BROOD_READ(&number, value));
        space[0] = (char) number;
        return APR_SUCCESS;
    case OF_ZMQ:
        return raw_zmq_recv(&end->zmq, space, end->size);
    case OF_RAW:
        return raw_pair_recv(&inherited, end->index, space, end->size);
    default:
        return recv_framed(end->index, space);
    }
}

/* The first byte of a message: more to come, or the last. */
enum { MORE = 1, LAST = 2 };

static apr_status_t lead(bench_worker_t *me, uint64_t span, const end_t *end, bool trip)
{
    data[0] = MORE;
    do
        for (int i = 0; i < AT_ONCE; i++, me->done++) {
            BROOD_TRY(say(end));
            if (trip)
                BROOD_TRY(hear(end));
        }
    while (raw_now() < me->begin + span);
    data[0] = LAST;
    BROOD_TRY(say(end));
    me->done++;
    return hear(end);
}

static apr_status_t follow(bench_worker_t *me, const end_t *end, bool trip)
{
    do {
        BROOD_TRY(hear(end));
        me->done++;
        if (trip || space[0] == LAST)
            BROOD_TRY(say(end));
    } while (space[0] != LAST);
    return APR_SUCCESS;
}

/* Connected, and not only about to be. */
static apr_status_t open_zmq(end_t *end, const char *address)
{
    char word = 0;

    BROOD_TRY(raw_zmq_open(&end->zmq, address, end->index == 0 ? RAW_ZMQ_PAIR : RAW_ZMQ_OTHER, RAW_ZMQ_ROOM));
    if (end->index == 0)
        BROOD_TRY(raw_zmq_send(&end->zmq, &word, 1));
    BROOD_TRY(raw_zmq_recv(&end->zmq, &word, 1));
    return end->index == 0 ? APR_SUCCESS : raw_zmq_send(&end->zmq, &word, 1);
}

static apr_status_t partner(brood_call_t *call)
{
    end_t end = {.mem = call->mem};
    brood_value_t more = brood_value_at(call->args, 4);
    bench_worker_t *me;
    const char *address;
    uint64_t span;
    bool trip;

    BROOD_TRY(BROOD_READ(&end.index, brood_value_at(call->args, 1)));
    BROOD_TRY(BROOD_UNPACK(more, &end.kind, &end.size, &trip, &end.connection, &address));
    if (end.kind == OF_ZMQ)
        BROOD_TRY(open_zmq(&end, address));
    BROOD_TRY(bench_work(&me, &span, &more, call));
    BROOD_TRY(end.index == 0 ? lead(me, span, &end, trip) : follow(me, &end, trip));
    me->end = raw_now();
    if (end.kind == OF_ZMQ)
        raw_zmq_close(&end.zmq);
    return APR_SUCCESS;
}

/* Both ends of whatever it is. */
static apr_status_t make_pair(brood_connection_t *ends[2], int kind, apr_pool_t *mem)
{
    BROOD_TRY(brood_pipe_create(&ends[0], &ends[1], BROOD_DUPLEX, mem));
    if (kind == OF_ZMQ)
        return raw_zmq_is_there() ? APR_SUCCESS : APR_ENOTIMPL;
    if (kind != OF_RAW && kind != OF_FRAMED)
        return APR_SUCCESS;
    return brood_get_start_method(true) == BROOD_START_FORK ? raw_pair_open(&inherited) : APR_ENOTIMPL;
}

static apr_status_t run_workers(double *figure, const bench_case_t *self, bool trip, apr_pool_t *mem)
{
    const bool raw = self->kind == OF_RAW || self->kind == OF_FRAMED;
    static int sample;
    const char *address = apr_psprintf(mem, "ipc:///tmp/brood-bench-%d-%d", brood_current_pid(), sample++);
    brood_connection_t *ends[2];
    bench_workers_t workers;
    uint64_t done;

    BROOD_TRY(make_pair(ends, self->kind, mem));
    BROOD_TRY(bench_workers_create(&workers, mem));
    for (int i = 0; i < 2; i++)
        BROOD_TRY(bench_workers_add(&workers, partner,
                                    BROOD_LIST(self->kind, self->size, brood_bool(trip), ends[i], address)));
    if (raw)
        raw_pair_close(&inherited);
    BROOD_TRY(bench_workers_go(&workers));
    BROOD_TRY(bench_workers_join(&workers, 0, workers.count));
    done = bench_workers_done(&workers, 0, 1);
    if (done != bench_workers_done(&workers, 1, 2))
        return brood_fail_text(APR_EGENERAL, "a message was lost");
    *figure = bench_workers_seconds(&workers) * 1e6 / (double) done;
    if (!trip)
        *figure = (self->size >= LARGE ? (double) self->size / 1e3 : 1) / *figure; /* GB/s, or millions a second */
    return APR_SUCCESS;
}

static apr_status_t run_trip(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    if (self->kind == OF_PYTHON)
        return bench_python(figure, "trip", 2, self->size, mem);
    return run_workers(figure, self, true, mem);
}

static apr_status_t run_stream(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    if (self->kind == OF_PYTHON)
        return bench_python(figure, "stream", 2, self->size, mem);
    return run_workers(figure, self, false, mem);
}

/* clang-format off */
#define ROWS(group, unit, run, size, target)                                                       \
    {group, "bytes", unit, run, OF_BYTES, 2, size, {"raw", "framed", "ZeroMQ", "Python"}, target}, \
    {group, "raw", unit, run, OF_RAW, 2, size, {NULL}, NULL},                                      \
    {group, "framed", unit, run, OF_FRAMED, 2, size, {NULL}, NULL},                                \
    {group, "ZeroMQ", unit, run, OF_ZMQ, 2, size, {NULL}, NULL},                                   \
    {group, "Python", unit, run, OF_PYTHON, 2, size, {NULL}, NULL}
/* clang-format on */

static apr_status_t app(brood_call_t *call)
{
    static const char trip[] = "us", many[] = "millions of messages a second", much[] = "GB a second";
    static const bench_case_t cases[] = {
        {"there and back, 16 B", "an int", trip, run_trip, OF_VALUES, 2, 16, {"bytes"}, NULL},
        ROWS("there and back, 16 B", trip, run_trip, 16, NULL),
        ROWS("there and back, 64 B", trip, run_trip, 64, "<= 1.15 framed"),
        ROWS("there and back, 64 KiB", trip, run_trip, 65536, NULL),
        ROWS("there and back, 1 MiB", trip, run_trip, LARGEST, NULL),
        {"stream, 16 B", "an int", many, run_stream, OF_VALUES, 2, 16, {"bytes"}, NULL},
        ROWS("stream, 16 B", many, run_stream, 16, NULL),
        ROWS("stream, 64 B", many, run_stream, 64, NULL),
        ROWS("stream, 64 KiB", much, run_stream, 65536, NULL),
        ROWS("stream, 1 MiB", much, run_stream, LARGEST, NULL),
    };

    return bench_run(cases, sizeof cases / sizeof cases[0], call->args, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(partner))
