/* pool.c - tasks that do nothing, round trips of one, and what a worker weighs, beside Python's two pools and mpi4py's. */
#include "raw/raw.h"
#include "support.h"

#include <apr_file_io.h>
#include <stdlib.h>
#include <string.h>

enum { APPLY, MAP, IMAP, CHUNKED };

#define BATCH 20000 /* tasks that are given before the first result is taken */
#define AHEAD 1000  /* of imap */

static apr_status_t nothing(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static int batch_of(void)
{
    return bench_options.quick ? BATCH / 100 : BATCH;
}

static double seconds_since(uint64_t begin)
{
    return (double) (raw_now() - begin) * 1e-9;
}

/* ---- many tasks; each of these does one batch ---- */

static apr_status_t apply_all(brood_pool_t *pool, int count, apr_pool_t *mem)
{
    brood_future_t **future = apr_palloc(mem, (apr_size_t) count * sizeof *future);
    brood_value_t value;

    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_pool_apply_async(&future[i], pool, nothing, BROOD_NO_ARGS, NULL, mem));
    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_future_get(&value, future[i], BROOD_FOREVER, mem));
    return APR_SUCCESS;
}

static apr_status_t map_all(brood_pool_t *pool, int count, apr_size_t chunk, apr_pool_t *mem)
{
    const brood_task_options_t options = {.chunk_size = chunk};
    brood_future_t *future;
    brood_value_t values;

    BROOD_TRY(brood_pool_map_async(&future, pool, nothing, brood_range(0, count, mem), &options, mem));
    return brood_future_get(&values, future, BROOD_FOREVER, mem);
}

static apr_status_t imap_all(brood_pool_t *pool, int count, apr_pool_t *mem)
{
    const brood_task_options_t options = {.look_ahead = AHEAD};
    brood_iterator_t *iterator;
    brood_value_t value;

    BROOD_TRY(brood_pool_imap(&iterator, pool, nothing, brood_source_list(brood_range(0, count, mem)), &options, mem));
    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_iterator_next(&value, iterator, BROOD_FOREVER, mem));
    return APR_SUCCESS;
}

static apr_status_t do_batch(int kind, brood_pool_t *pool, int count, apr_pool_t *mem)
{
    switch (kind) {
    case APPLY:
        return apply_all(pool, count, mem);
    case MAP:
        return map_all(pool, count, 1, mem);
    case IMAP:
        return imap_all(pool, count, mem);
    default:
        return map_all(pool, count, 0, mem);
    }
}

/* The first batch, to which memory is new, does not count. */
static apr_status_t run_tasks(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    const int count = batch_of() * (self->kind == CHUNKED ? 10 : 1);
    uint64_t begin = 0, done = 0;
    brood_pool_t *pool;
    apr_pool_t *each;

    BROOD_TRY(brood_pool_create(&pool, (unsigned) self->count, NULL, mem));
    BROOD_TRY(apr_pool_create(&each, mem));
    do {
        BROOD_TRY(do_batch(self->kind, pool, count, each));
        apr_pool_clear(each);
        if (begin == 0)
            begin = raw_now();
        else
            done += (uint64_t) count;
    } while (done == 0 || seconds_since(begin) < bench_options.seconds);
    *figure = (double) done * 1e-6 / seconds_since(begin);
    return APR_SUCCESS;
}

/* ---- one at a time ---- */

#define PAUSE apr_time_from_msec(2) /* in which everybody falls asleep */

/* With a pause before each if self->kind says so. */
static apr_status_t run_trips(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    const uint64_t start = raw_now();
    uint64_t spent = 0, trips = 0;
    brood_value_t value;
    brood_pool_t *pool;
    apr_pool_t *each;

    BROOD_TRY(brood_pool_create(&pool, 1, NULL, mem));
    BROOD_TRY(apr_pool_create(&each, mem));
    BROOD_TRY(brood_pool_apply(&value, pool, nothing, BROOD_NO_ARGS, each));
    do {
        uint64_t begin;

        if (self->kind != 0)
            apr_sleep(PAUSE);
        begin = raw_now();
        BROOD_TRY(brood_pool_apply(&value, pool, nothing, BROOD_NO_ARGS, each));
        spent += raw_now() - begin;
        trips++;
        apr_pool_clear(each);
    } while (seconds_since(start) < bench_options.seconds);
    *figure = (double) spent * 1e-3 / (double) trips;
    return APR_SUCCESS;
}

/* ---- memory ---- */

/* Bytes that are this process's alone, as Linux tells; -1: it does not. */
static apr_int64_t private_bytes(apr_pool_t *mem)
{
    apr_int64_t kibibytes = 0;
    apr_file_t *file;
    char line[200];

    if (apr_file_open(&file, "/proc/self/smaps_rollup", APR_FOPEN_READ | APR_FOPEN_BUFFERED, APR_OS_DEFAULT, mem)
        != APR_SUCCESS)
        return -1;
    while (apr_file_gets(line, sizeof line, file) == APR_SUCCESS)
        if (strncmp(line, "Private_", strlen("Private_")) == 0 && strchr(line, ':') != NULL)
            kibibytes += atoi(strchr(line, ':') + 1);
    apr_file_close(file);
    return kibibytes * 1024;
}

static apr_status_t weigh(brood_call_t *call)
{
    return brood_return(call, brood_int(private_bytes(call->mem)));
}

static apr_status_t run_weight(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    const brood_pool_options_t options = {.process = {.start_method = (brood_start_method_t) self->kind}};
    brood_pool_t *pool;
    brood_value_t bytes;

    BROOD_TRY(brood_pool_create(&pool, 1, &options, mem));
    BROOD_TRY(apply_all(pool, 100, mem)); /* it has worked a little */
    BROOD_TRY(brood_pool_apply(&bytes, pool, weigh, BROOD_NO_ARGS, mem));
    *figure = (double) bytes.as.integer / (1 << 20);
    return bytes.as.integer > 0 ? APR_SUCCESS : APR_ENOTIMPL;
}

/* ---- Python ---- */

static apr_status_t run_python(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    static const char *const names[] = {"pool_apply",   "pool_map",   "pool_imap", "pool_chunked", "executor_submit",
                                        "executor_map", "mpi_submit", "trip_busy", "trip_asleep",  "pool_weight"};

    return bench_python(figure, names[self->kind], self->count, (apr_size_t) batch_of() / 10, mem);
}

enum { PY_APPLY, PY_MAP, PY_IMAP, PY_CHUNKED, PY_SUBMIT, PY_EXECUTOR_MAP, PY_MPI, PY_BUSY, PY_ASLEEP, PY_WEIGHT };

/* clang-format off */
#define TASK_ROWS(group, workers)                                                                                        \
    {group, "apply_async", millions, run_tasks, APPLY, workers, 0, {"Py apply_async", "Py submit", "mpi4py submit"}, "5"}, \
    {group, "map, chunks of 1", millions, run_tasks, MAP, workers, 0, {"Py map", "Py submit", "mpi4py submit"}, "5"},     \
    {group, "imap", millions, run_tasks, IMAP, workers, 0, {"Py imap", "Py submit", "mpi4py submit"}, "5"},               \
    {group, "Py apply_async", millions, run_python, PY_APPLY, workers, 0, {NULL}, NULL},                                 \
    {group, "Py map", millions, run_python, PY_MAP, workers, 0, {NULL}, NULL},                                           \
    {group, "Py imap", millions, run_python, PY_IMAP, workers, 0, {NULL}, NULL},                                         \
    {group, "Py submit", millions, run_python, PY_SUBMIT, workers, 0, {NULL}, NULL},                                     \
    {group, "mpi4py submit", millions, run_python, PY_MPI, workers, 0, {NULL}, NULL}
/* clang-format on */

static apr_status_t app(brood_call_t *call)
{
    static const char one[] = "Tasks that do nothing, 1 worker", two[] = "Tasks that do nothing, 2 workers",
                      four[] = "Tasks that do nothing, 4 workers", chunked[] = "Map with chunks as chosen, 2 workers",
                      trip[] = "Round trip of apply", weight[] = "Memory of a worker alone";
    static const char millions[] = "millions a second", microseconds[] = "us", mebibytes[] = "MiB";
    static const bench_case_t cases[] = {
        TASK_ROWS(one, 1),
        TASK_ROWS(two, 2),
        TASK_ROWS(four, 4),
        {chunked, "map", millions, run_tasks, CHUNKED, 2, 0, {"Py map", "Py executor"}, NULL},
        {chunked, "Py map", millions, run_python, PY_CHUNKED, 2, 0, {NULL}, NULL},
        {chunked, "Py executor", millions, run_python, PY_EXECUTOR_MAP, 2, 0, {NULL}, NULL},
        {trip, "busy", microseconds, run_trips, 0, 1, 0, {"Py busy"}, "<= 2 us"},
        {trip, "asleep", microseconds, run_trips, 1, 1, 0, {"Py asleep"}, "<= 30 us"},
        {trip, "Py busy", microseconds, run_python, PY_BUSY, 1, 0, {NULL}, NULL},
        {trip, "Py asleep", microseconds, run_python, PY_ASLEEP, 1, 0, {NULL}, NULL},
        {weight, "fork", mebibytes, run_weight, BROOD_START_FORK, 1, 0, {"Py fork"}, NULL},
        {weight, "spawn", mebibytes, run_weight, BROOD_START_SPAWN, 1, 0, {"Py fork"}, NULL},
        {weight, "Py fork", mebibytes, run_python, PY_WEIGHT, 1, 0, {NULL}, NULL},
    };

    return bench_run(cases, sizeof cases / sizeof cases[0], call->args, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(nothing), BROOD_ENTRY(weigh))
