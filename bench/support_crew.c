#include "support.h"

#include "raw/raw.h"

#define PATIENCE apr_time_from_sec(60)

apr_status_t bench_crew_create(bench_crew_t *crew, apr_pool_t *mem)
{
    *crew = (bench_crew_t){.mem = mem};
    BROOD_TRY(brood_array_create(&crew->array, 1, sizeof(bench_board_t), NULL, mem));
    crew->board = brood_array_data(crew->array);
    return APR_SUCCESS;
}

apr_status_t bench_crew_add(bench_crew_t *crew, brood_entry_fn entry, brood_value_t more)
{
    const int index = crew->count;
    const int cpu = bench_options.pin ? index : -1;
    const apr_int64_t nanoseconds = (apr_int64_t) (bench_options.seconds * 1e9);

    if (index == BENCH_CREW)
        return brood_fail(APR_EINVAL, "a crew has %d workers at most", BENCH_CREW);
    BROOD_TRY(brood_process_start(&crew->process[index], entry,
                                  BROOD_ARGS(crew->array, index, cpu, brood_int(nanoseconds), more), NULL, crew->mem));
    crew->count++;
    return APR_SUCCESS;
}

apr_status_t bench_crew_go(const bench_crew_t *crew)
{
    const uint64_t begin = raw_now();

    while (atomic_load(&crew->board->ready) < (uint32_t) crew->count) {
        if (raw_now() - begin > (uint64_t) PATIENCE * 1000u)
            return brood_fail_text(APR_TIMEUP, "not all workers came");
        apr_sleep(100);
    }
    atomic_store(&crew->board->go, 1);
    return APR_SUCCESS;
}

apr_status_t bench_crew_join(const bench_crew_t *crew, int from, int to)
{
    for (int i = from; i < to; i++) {
        BROOD_TRY(brood_process_join(crew->process[i], PATIENCE));
        if (brood_process_exitcode(crew->process[i]) != 0)
            return brood_fail(APR_EGENERAL, "%s ended with %d", brood_process_name(crew->process[i]),
                              brood_process_exitcode(crew->process[i]));
    }
    return APR_SUCCESS;
}

uint64_t bench_crew_done(const bench_crew_t *crew, int from, int to)
{
    uint64_t done = 0;

    for (int i = from; i < to; i++)
        done += crew->board->worker[i].done;
    return done;
}

double bench_crew_seconds(const bench_crew_t *crew)
{
    uint64_t begin = UINT64_MAX, end = 0;

    for (int i = 0; i < crew->count; i++) {
        const bench_worker_t *worker = &crew->board->worker[i];

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
