#include "support.h"

#include "raw/raw.h"

#define PATIENCE apr_time_from_sec(60)

apr_status_t bench_workers_create(bench_workers_t *workers, apr_pool_t *mem)
{
    *workers = (bench_workers_t){.mem = mem};
    BROOD_TRY(brood_array_create(&workers->array, 1, sizeof(bench_board_t), NULL, mem));
    workers->board = brood_array_data(workers->array);
    return APR_SUCCESS;
}

apr_status_t bench_workers_add(bench_workers_t *workers, brood_entry_fn entry, brood_value_t more)
{
    const int index = workers->count;
    const int cpu = bench_options.pin ? index : -1;
    const apr_int64_t nanoseconds = (apr_int64_t) (bench_options.seconds * 1e9);

    if (index == BENCH_WORKERS)
        return brood_fail(APR_EINVAL, "%d workers at most", BENCH_WORKERS);
    BROOD_TRY(brood_process_start(&workers->process[index], entry,
                                  BROOD_ARGS(workers->array, index, cpu, brood_int(nanoseconds), more), NULL,
                                  workers->mem));
    workers->count++;
    return APR_SUCCESS;
}

apr_status_t bench_workers_go(const bench_workers_t *workers)
{
    const uint64_t begin = raw_now();

    while (atomic_load(&workers->board->ready) < (uint32_t) workers->count) {
        if (raw_now() - begin > (uint64_t) PATIENCE * 1000u)
            return brood_fail_text(APR_TIMEUP, "not all workers came");
        apr_sleep(100);
    }
    atomic_store(&workers->board->go, 1);
    return APR_SUCCESS;
}

apr_status_t bench_workers_join(const bench_workers_t *workers, int from, int to)
{
    for (int i = from; i < to; i++) {
        BROOD_TRY(brood_process_join(workers->process[i], PATIENCE));
        if (brood_process_exitcode(workers->process[i]) != 0)
            return brood_fail(APR_EGENERAL, "%s ended with %d", brood_process_name(workers->process[i]),
                              brood_process_exitcode(workers->process[i]));
    }
    return APR_SUCCESS;
}

uint64_t bench_workers_done(const bench_workers_t *workers, int from, int to)
{
    uint64_t done = 0;

    for (int i = from; i < to; i++)
        done += workers->board->worker[i].done;
    return done;
}

double bench_workers_seconds(const bench_workers_t *workers)
{
    uint64_t begin = UINT64_MAX, end = 0;

    for (int i = 0; i < workers->count; i++) {
        const bench_worker_t *worker = &workers->board->worker[i];

        begin = worker->begin < begin ? worker->begin : begin;
        end = worker->end > end ? worker->end : end;
    }
    return (double) (end - begin) * 1e-9;
}

apr_status_t bench_work(bench_worker_t **me, uint64_t *nanoseconds, brood_value_t *more, const brood_call_t *call)
{
    brood_array_t *array;
    bench_board_t *board;
    unsigned long long span;
    int index, cpu;

    BROOD_TRY(BROOD_UNPACK(call->args, &array, &index, &cpu, &span, more));
    board = brood_array_data(array);
    if (cpu >= 0)
        raw_pin(cpu);
    atomic_fetch_add(&board->ready, 1);
    while (atomic_load(&board->go) == 0)
        apr_sleep(100);
    *me = &board->worker[index];
    *nanoseconds = span;
    (*me)->begin = raw_now();
    return APR_SUCCESS;
}
