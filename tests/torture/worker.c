/* worker.c - supervisors and their workers. */
#include "torture.h"

#include "base/report.h"
#include "platform/clock.h"
#include "platform/self.h"
#include <apr_thread_proc.h>
#include <stdarg.h>
#include <stdio.h>

#define PATIENCE apr_time_from_sec(5) /* for a worker to be at work */

const torture_mode_t *torture_mode(unsigned number)
{
    static const torture_mode_t *const modes[TORTURE_MODES] = {&torture_lock,      &torture_queue,  &torture_heap,
                                                               &torture_object,    &torture_loan,   &torture_condition,
                                                               &torture_semaphore, &torture_barrier};

    return number < TORTURE_MODES ? modes[number] : &torture_storms[number - TORTURE_MODES];
}

const torture_mode_t *torture_mode_of(torture_books_t *books)
{
    return torture_mode(atomic_load(&books->mode));
}

void torture_fault(torture_books_t *books, unsigned count, const char *format, ...)
{
    char text[300];
    va_list arguments;

    torture_count(books, count);
    if (atomic_load(&books->count[count]) > 10)
        return; /* the first ones tell enough */
    va_start(arguments, format);
    (void) vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    brood__report("torture: %s (id %x): %s", brood_current_name(), brood__me, text);
}

bool torture_over(torture_thread_t *thread)
{
    torture_books_t *books = thread->books;
    const uint32_t dice = torture_below(&thread->random, 8192);

    if (dice < 8 && !brood__table_alive(brood__me))
        torture_fault(books, TORTURE_WRONG_DEATHS, "it lives, and the table says it does not");
    if (dice < 2)
        brood__table_sweep(dice == 0);
    return atomic_load(&books->stop) != 0 || (dice % 32 == 31 && brood__clock_now() > thread->end);
}

/* ---- what travels to them ---- */

void torture_locate(torture_shared_t *shared)
{
    shared->books = brood_array_data(shared->books_array);
    shared->delivered = brood_array_data(shared->items_array);
    shared->doubtful = shared->delivered + TORTURE_PRODUCERS * shared->books->sequences / 64;
    shared->finished = shared->doubtful + TORTURE_PRODUCERS * shared->books->sequences / 64;
}

#define OBJECTS(s)                                                                                            \
    BROOD_LIST((s)->books_array, (s)->items_array, (s)->queue, (s)->lock[0], (s)->lock[1], (s)->condition[0], \
               (s)->condition[1], (s)->semaphore, (s)->event, (s)->barrier)

static apr_status_t take_objects(torture_shared_t *shared, brood_value_t objects)
{
    return BROOD_UNPACK(objects, &shared->books_array, &shared->items_array, &shared->queue, &shared->lock[0],
                        &shared->lock[1], &shared->condition[0], &shared->condition[1], &shared->semaphore,
                        &shared->event, &shared->barrier);
}

apr_status_t torture_unpack(torture_shared_t *shared, unsigned *number, uint64_t *seed, const brood_call_t *call)
{
    unsigned long long random;
    brood_value_t objects;

    BROOD_TRY(BROOD_UNPACK(call->args, &objects, number, &random));
    BROOD_TRY(take_objects(shared, objects));
    *seed = random;
    torture_locate(shared);
    torture_steps_follow(shared->books);
    return APR_SUCCESS;
}

apr_status_t torture_start(brood_process_t **process, brood_entry_fn entry, const torture_shared_t *shared,
                           unsigned number, uint64_t seed, const char *plan, apr_pool_t *mem)
{
    const char *const environment[] = {plan, NULL};
    const brood_process_options_t options = {.environment = plan == NULL ? NULL : environment};

    return brood_process_start(process, entry, BROOD_ARGS(OBJECTS(shared), number, (unsigned long long) seed), &options,
                               mem);
}

/* ---- supervisor ---- */

typedef struct supervisor_t {
    torture_shared_t shared;
    torture_books_t *books;
    const torture_mode_t *mode;
    unsigned number;
    bool mortal; /* its workers */
    uint64_t random;
} supervisor_t;

/* One worker's life, as its supervisor has planned it. */
typedef struct life_t {
    brood_process_t *worker;
    apr_interval_time_t time; /* that it has */
    bool late;                /* it may stay a zombie for a while, so it can only be seen to be gone, not be asked */
    bool early;               /* its time begins with its start, not when it is at work */
    uint32_t arrivals;        /* of workers, before it */
    bool killed;
} life_t;

/* Watch it until it is gone, ending it when its time is over. */
static void watch(life_t *life, supervisor_t *supervisor)
{
    const uint32_t pid = (uint32_t) brood_process_pid(life->worker);
    bool arrived = life->early;
    apr_time_t end = brood__clock_now() + (arrived ? life->time : PATIENCE);

    for (;;) {
        const apr_time_t left = end - brood__clock_now();
        const apr_interval_time_t nap = left < 1 || life->killed ? 500 : left < 5000 ? left : 5000;

        if (life->late ? brood__self_gone(pid, 0) : brood_process_join(life->worker, nap) == APR_SUCCESS)
            return;
        if (life->late)
            apr_sleep(nap < 1000 ? nap : 1000);
        if (!arrived && atomic_load(&supervisor->books->arrivals[supervisor->number]) != life->arrivals) {
            arrived = true;
            end = brood__clock_now() + life->time;
        } else if (left < 0 && !life->killed && supervisor->mortal && atomic_load(&supervisor->books->killing)) {
            BROOD_IGNORE(brood_process_kill(life->worker));
            torture_count(supervisor->books, TORTURE_KILLS);
            life->killed = true;
        }
    }
}

static bool stopping(torture_books_t *books)
{
    return atomic_load(&books->stop) != 0;
}

/* One worker, from its start to its end. */
static apr_status_t supervise_one(supervisor_t *supervisor, apr_pool_t *mem)
{
    const uint32_t most = (uint32_t) supervisor->mode->workers.life;
    char plan[TORTURE_PLAN];
    life_t life = {.arrivals = atomic_load(&supervisor->books->arrivals[supervisor->number])};
    int step = BROOD__STEP_NONE, code;

    life.late = torture_below(&supervisor->random, 3) == 0;
    life.early = torture_below(&supervisor->random, 8) == 0;
    life.time = torture_below(&supervisor->random, life.early ? 3000 : most);
    if (supervisor->mortal)
        torture_plan(plan, &step, supervisor->mode->steps, &supervisor->random);
    BROOD_TRY(torture_start(&life.worker, torture_worker_entry, &supervisor->shared, supervisor->number,
                            torture_random(&supervisor->random), supervisor->mortal ? plan : NULL, mem));
    torture_count(supervisor->books, TORTURE_STARTS);
    watch(&life, supervisor);
    if (life.late) {
        const apr_time_t buried = brood__clock_now() + torture_below(&supervisor->random, most / 4);

        torture_count(supervisor->books, TORTURE_ZOMBIES);
        while (brood__clock_now() < buried && !stopping(supervisor->books))
            apr_sleep(1000);
    }
    BROOD_TRY(brood_process_join(life.worker, BROOD_FOREVER));
    code = brood_process_exitcode(life.worker);
    if (code != 0) {
        torture_count(supervisor->books, TORTURE_DEATHS);
        if (!life.killed && step == BROOD__STEP_NONE)
            torture_fault(supervisor->books, TORTURE_ERRORS, "a worker ended with %d", code);
        if (!life.killed && (step == BROOD__STEP_ADOPT_PID || step == BROOD__STEP_ADOPTED))
            atomic_fetch_add(&supervisor->books->kills[step], 1);
    }
    return brood_process_close(life.worker);
}

apr_status_t torture_supervisor_entry(brood_call_t *call)
{
    supervisor_t supervisor;
    uint64_t seed;

    BROOD_TRY(torture_unpack(&supervisor.shared, &supervisor.number, &seed, call));
    supervisor.books = supervisor.shared.books;
    supervisor.mode = torture_mode_of(supervisor.books);
    supervisor.mortal = torture_is_victim(supervisor.mode, supervisor.number);
    supervisor.random = torture_seeded(seed);
    while (!stopping(supervisor.books)) {
        apr_pool_t *mem;
        apr_status_t rc;

        BROOD_TRY(apr_pool_create(&mem, call->mem));
        rc = supervise_one(&supervisor, mem);
        if (rc != APR_SUCCESS) {
            apr_sleep(200000); /* it may be being ended itself, and see only that */
            torture_fault(supervisor.books, TORTURE_ERRORS, "no worker: %s", brood_last_error()->message);
        }
        apr_pool_destroy(mem);
        apr_sleep(torture_below(&supervisor.random, 3000));
    }
    return APR_SUCCESS;
}

/* ---- worker ---- */

/* The lanes are this worker's when the last one is gone for sure, its supervisor perhaps before it. */
static void take_lanes(torture_books_t *books, unsigned number)
{
    brood__id_t last = atomic_load(&books->worker[number]);

    for (;;) {
        while (last != 0 && !brood__table_probe(last))
            apr_sleep(1000);
        if (atomic_compare_exchange_strong(&books->worker[number], &last, brood__me))
            break;
    }
    for (unsigned i = 0; i < TORTURE_THREADS; i++) {
        torture_lane_t *lane = &books->lane[number * TORTURE_THREADS + i];

        if (atomic_exchange(&lane->busy, 0) != 0)
            torture_count(books, TORTURE_GETTERS);
        atomic_store(&lane->running, 0);
    }
}

static void *APR_THREAD_FUNC run(apr_thread_t *handle, void *data)
{
    torture_thread_t *thread = data;

    (void) handle;
    torture_mode_of(thread->books)->work(thread);
    atomic_store(&thread->lane->running, 0);
    return NULL;
}

/* Of its own: a pool and references that last as long as the process. */
static apr_status_t prepare(torture_thread_t *thread, const torture_shared_t *shared, unsigned number, uint64_t seed)
{
    const torture_mode_t *mode;
    torture_shared_t *own;
    brood_value_t copy;

    BROOD_TRY(apr_pool_create(&thread->mem, NULL));
    own = apr_palloc(thread->mem, sizeof *own);
    copy = brood_value_copy(OBJECTS(shared), thread->mem);
    BROOD_TRY(take_objects(own, copy));
    torture_locate(own);
    thread->shared = own;
    thread->books = own->books;
    thread->number = number;
    thread->lane = &own->books->lane[number];
    thread->random = torture_seeded(seed + number);
    thread->end = INT64_MAX;
    mode = torture_mode_of(own->books);
    if (torture_is_victim(mode, number / TORTURE_THREADS) && torture_mix(seed) % 3 == 0)
        thread->end = brood__clock_now() + torture_below(&thread->random, (uint32_t) mode->workers.life / 2);
    return APR_SUCCESS;
}

/* A worker may end while its second thread is at work, unless that starts processes, as the end would refuse. */
apr_status_t torture_worker_entry(brood_call_t *call)
{
    static torture_thread_t thread[TORTURE_THREADS];
    torture_shared_t shared;
    apr_threadattr_t *detached;
    apr_thread_t *second;
    unsigned number;
    uint64_t seed;

    BROOD_TRY(torture_unpack(&shared, &number, &seed, call));
    take_lanes(shared.books, number);
    atomic_fetch_add(&shared.books->arrivals[number], 1);
    for (unsigned i = 0; i < TORTURE_THREADS; i++)
        BROOD_TRY(prepare(&thread[i], &shared, number * TORTURE_THREADS + i, seed));
    BROOD_TRY(apr_threadattr_create(&detached, call->mem));
    BROOD_TRY(apr_threadattr_detach_set(detached, 1));
    atomic_store(&thread[0].lane->running, 1);
    if (torture_mode_of(shared.books)->workers.threads == 2 && seed % 2 == 0) {
        atomic_store(&thread[1].lane->running, 1);
        BROOD_TRY(apr_thread_create(&second, detached, run, &thread[1], thread[1].mem));
    }
    run(NULL, &thread[0]);
    while (atomic_load(&thread[1].lane->running) != 0
           && (seed / 2 % 2 == 0 || torture_mode_of(shared.books) == &torture_object || stopping(shared.books)))
        apr_sleep(1000);
    return APR_SUCCESS;
}
