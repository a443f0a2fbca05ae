/* lock.c - Lock, RLock and Semaphore beside a bare word of memory, what the system and APR have, and Python's. */
#include "raw/raw.h"
#include "support.h"

#include <apr_proc_mutex.h>

enum { OF_LOCK, OF_RLOCK, OF_SEMAPHORE, OF_WORD, OF_MUTEX, OF_SEM_T, OF_ROBUST };

#define AT_ONCE 64 /* turns between two looks at the clock */

/* What the processes share, each on lines of its own. */
typedef struct shared_t {
    _Atomic uint32_t word;
    char apart[124];
    uint64_t counter; /* what the lock guards */
    char rest[120];
    _Alignas(128) unsigned char systems[RAW_SYNC_SIZE];
} shared_t;

typedef struct locks_t {
    int kind;
    brood_lock_t *lock;
    brood_semaphore_t *semaphore;
    shared_t *shared;
    apr_proc_mutex_t *mutex;
} locks_t;

static apr_proc_mutex_t *inherited; /* by fork */

/* AT_ONCE turns, each kind in a loop of its own, so that none pays for a choice. */
#define TURNS(name, acquire, release)       \
    static void name(const locks_t *locks)  \
    {                                       \
        for (int i = 0; i < AT_ONCE; i++) { \
            acquire;                        \
            locks->shared->counter++;       \
            release;                        \
        }                                   \
    }

TURNS(turns_lock, BROOD_IGNORE(brood_lock_acquire(locks->lock, BROOD_FOREVER)), brood_lock_release(locks->lock))
TURNS(turns_semaphore, BROOD_IGNORE(brood_semaphore_acquire(locks->semaphore, BROOD_FOREVER)),
      BROOD_IGNORE(brood_semaphore_release(locks->semaphore)))
TURNS(turns_sem_t, raw_sync_take(locks->shared->systems, RAW_SEMAPHORE),
      raw_sync_give(locks->shared->systems, RAW_SEMAPHORE))
TURNS(turns_robust, raw_sync_take(locks->shared->systems, RAW_ROBUST),
      raw_sync_give(locks->shared->systems, RAW_ROBUST))
TURNS(turns_word, bench_word_acquire(&locks->shared->word), bench_word_release(&locks->shared->word))
TURNS(turns_mutex, (void) apr_proc_mutex_lock(locks->mutex), (void) apr_proc_mutex_unlock(locks->mutex))

static uint64_t work(const locks_t *locks, uint64_t until)
{
    static void (*const all[])(const locks_t *) = {turns_lock,  turns_lock,  turns_semaphore, turns_word,
                                                   turns_mutex, turns_sem_t, turns_robust};
    void (*const turns)(const locks_t *) = all[locks->kind]; /* in the order of the kinds */
    uint64_t done = 0;

    do {
        turns(locks);
        done += AT_ONCE;
    } while (raw_now() < until);
    return done;
}

/* APR's mutex reaches a child by fork alone. */
static apr_status_t make_mutex(locks_t *locks, bool shared, apr_pool_t *mem)
{
    if (locks->kind != OF_MUTEX)
        return APR_SUCCESS;
    if (shared && brood_get_start_method(true) != BROOD_START_FORK)
        return APR_ENOTIMPL;
    BROOD_TRY(apr_proc_mutex_create(&locks->mutex, NULL, APR_LOCK_DEFAULT, mem));
    if (shared)
        inherited = locks->mutex;
    return APR_SUCCESS;
}

static apr_status_t make_locks(locks_t *locks, brood_array_t **array, const bench_case_t *self, apr_pool_t *mem)
{
    *locks = (locks_t){.kind = self->kind};
    BROOD_TRY(make_mutex(locks, self->count > 0, mem));
    BROOD_TRY(brood_array_create(array, 1, sizeof(shared_t), NULL, mem));
    locks->shared = brood_array_data(*array);
    if (self->kind == OF_SEM_T || self->kind == OF_ROBUST)
        BROOD_TRY(raw_sync_create(locks->shared->systems, self->kind == OF_SEM_T ? RAW_SEMAPHORE : RAW_ROBUST, 1));
    BROOD_TRY(brood_semaphore_create(&locks->semaphore, 1, mem));
    return self->kind == OF_RLOCK ? brood_rlock_create(&locks->lock, mem) : brood_lock_create(&locks->lock, mem);
}

static apr_status_t run_alone(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    brood_array_t *array;
    locks_t locks;
    uint64_t begin, done;

    BROOD_TRY(make_locks(&locks, &array, self, mem));
    (void) work(&locks, 0);
    begin = raw_now();
    done = work(&locks, begin + (uint64_t) (bench_options.seconds * 1e9));
    *figure = (double) (raw_now() - begin) / (double) done;
    return APR_SUCCESS;
}

static apr_status_t contender(brood_call_t *call)
{
    brood_array_t *array;
    brood_value_t more;
    bench_worker_t *me;
    uint64_t span;
    locks_t locks;

    BROOD_TRY(bench_work(&me, &span, &more, call));
    BROOD_TRY(BROOD_UNPACK(more, &locks.kind, &locks.lock, &locks.semaphore, &array));
    locks.shared = brood_array_data(array);
    locks.mutex = inherited;
    if (locks.mutex != NULL)
        BROOD_TRY(apr_proc_mutex_child_init(&locks.mutex, NULL, call->mem));
    me->done = work(&locks, me->begin + span);
    me->end = raw_now();
    return APR_SUCCESS;
}

static apr_status_t run_contended(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    brood_array_t *array;
    bench_workers_t workers;
    locks_t locks;
    uint64_t done;

    BROOD_TRY(make_locks(&locks, &array, self, mem));
    BROOD_TRY(bench_workers_create(&workers, mem));
    for (int i = 0; i < self->count; i++)
        BROOD_TRY(bench_workers_add(&workers, contender, BROOD_LIST(locks.kind, locks.lock, locks.semaphore, array)));
    inherited = NULL;
    BROOD_TRY(bench_workers_go(&workers));
    BROOD_TRY(bench_workers_join(&workers, 0, workers.count));
    done = bench_workers_done(&workers, 0, workers.count);
    if (done != locks.shared->counter)
        return brood_fail_text(APR_EGENERAL, "the lock has let in two at a time");
    *figure = (double) done / bench_workers_seconds(&workers) * 1e-6;
    return APR_SUCCESS;
}

/* `kind` 1: its Semaphore. */
static apr_status_t run_python(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    return bench_python(figure, self->kind == 1 ? "semaphore" : "lock", self->count, 0, mem);
}

#define ROWS(group, unit, run, count, target)                                                            \
    {group, "Lock", unit, run, OF_LOCK, count, 0, {"word", "sem_t", "robust", "APR", "Python"}, target}, \
        {group, "RLock", unit, run, OF_RLOCK, count, 0, {"word", "robust", "APR"}, NULL},                \
        {group, "Semaphore", unit, run, OF_SEMAPHORE, count, 0, {"sem_t", "Py Semaphore"}, NULL},        \
        {group, "word", unit, run, OF_WORD, count, 0, {NULL}, NULL},                                     \
        {group, "sem_t", unit, run, OF_SEM_T, count, 0, {NULL}, NULL},                                   \
        {group, "robust", unit, run, OF_ROBUST, count, 0, {NULL}, NULL},                                 \
        {group, "APR", unit, run, OF_MUTEX, count, 0, {NULL}, NULL},                                     \
        {group, "Python", unit, run_python, 0, count, 0, {NULL}, NULL},                                  \
    {                                                                                                    \
        group, "Py Semaphore", unit, run_python, 1, count, 0, {NULL}, NULL                               \
    }

static apr_status_t app(brood_call_t *call)
{
    static const char alone[] = "Lock, alone", two[] = "Lock, 2 processes", four[] = "Lock, 4 processes";
    static const char nanoseconds[] = "acquire and release, ns", millions[] = "millions of turns a second";
    static const bench_case_t cases[] = {
        ROWS(alone, nanoseconds, run_alone, 0, "<= 1.2 word, <= 0.33 Python"),
        ROWS(two, millions, run_contended, 2, ">= 0.8 word, >= 8 Python, >= 30 APR"),
        ROWS(four, millions, run_contended, 4, NULL),
    };

    return bench_run(cases, sizeof cases / sizeof cases[0], call->args, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(contender))
