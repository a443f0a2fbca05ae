/* torture.h - processes that die at any instant, others that go on, and the accounts of what became of everything.
 *
 * A family of three generations: the driver keeps a supervisor for each worker; the supervisor starts the worker, ends
 * it at a random moment if it does not die by itself, and may leave it a zombie for a while, so that the others have to
 * find out by themselves.  Supervisors die, too.  The books are an array in shared memory. */
#ifndef BROOD_TESTS_TORTURE_H
#define BROOD_TESTS_TORTURE_H

#include "base/step.h"
#include "memory/heap.h"
#include "memory/table.h"
#include <brood.h>
#include <stdatomic.h>

#define TORTURE_WORKERS 8u /* at most */
#define TORTURE_THREADS 2u
#define TORTURE_LANES (TORTURE_WORKERS * TORTURE_THREADS) /* a thread's place: of one worker after another */
#define TORTURE_PRODUCERS (TORTURE_LANES / 2)             /* at most, the first ones */

/* What is counted: a name in the accounts, and whether more than 0 is a fault. */
#define TORTURE_COUNT_MAP(X)                                                                                \
    X(VIOLATIONS, "violations", 1) /* two inside a lock, a block given to two, a death that was not told */ \
    X(DUPLICATES, "duplicates", 1)                                                                          \
    X(TORN, "torn", 1)                                                                                      \
    X(DISORDERED, "disordered", 1)                                                                          \
    X(ERRORS, "errors", 1)              /* a status that should not be */                                   \
    X(WRONG_DEATHS, "declared dead", 1) /* and living */                                                    \
    X(STARTS, "starts", 0)                                                                                  \
    X(DEATHS, "deaths", 0)                                                                                  \
    X(KILLS, "killed from outside", 0)                                                                      \
    X(ZOMBIES, "zombies", 0)                                                                                \
    X(ORPHANS, "orphaned", 0)                                                                               \
    X(OWNERDEAD, "owner dead", 0)                                                                           \
    X(OWNERDEAD_INSIDE, "of them inside", 0)                                                                \
    X(TIMEUPS, "timeups", 0)                                                                                \
    X(ITEMS, "items", 0)                                                                                    \
    X(BLOCKS, "with blocks", 0)                                                                             \
    X(GETTERS, "getters killed", 0) /* between entering get and noting the item */                          \
    X(RETURNED, "returned", 0)      /* items of somebody who had died with them */                          \
    X(NO_MEMORY, "no memory", 0)                                                                            \
    X(OBJECTS, "objects", 0)                                                                                \
    X(GRANDCHILDREN, "grandchildren", 0)                                                                    \
    X(GIVEN, "given", 0)                                                                                    \
    X(TAKEN, "taken", 0)                                                                                    \
    X(BROKEN, "broken", 0)

#define TORTURE_COUNT_ENUM(name, text, fault) TORTURE_##name,
enum { TORTURE_COUNT_MAP(TORTURE_COUNT_ENUM) TORTURE_COUNTS };

typedef struct torture_lane_t {
    _Alignas(64) _Atomic uint64_t progress;
    _Atomic uint64_t begun, done; /* a producer's: the item it puts, the last one that is in */
    _Atomic uint32_t busy;        /* a consumer's: it may have an item in its hands that nobody has noted */
    _Atomic uint32_t running;
    _Atomic uint64_t last[TORTURE_PRODUCERS]; /* a consumer's: the last item of each */
} torture_lane_t;

typedef struct torture_books_t {
    _Atomic uint64_t count[TORTURE_COUNTS];
    _Atomic uint32_t kills[BROOD__STEPS];
    _Atomic uint32_t reached[BROOD__STEPS];
    _Atomic uint32_t mode, killing, stop;
    uint64_t sequences;                         /* items that a lane may put */
    _Atomic uint32_t worker[TORTURE_WORKERS];   /* who has the worker's lanes: an id */
    _Atomic uint32_t arrivals[TORTURE_WORKERS]; /* of workers, one after another */
    torture_lane_t lane[TORTURE_LANES];
    struct {
        _Alignas(64) _Atomic uint32_t inside; /* id << 1 | thread */
        uint64_t first, second;               /* equal, but for who is inside */
    } section[2];
    _Alignas(64) int stored;     /* under the conditions' lock */
    _Atomic uint64_t passed[16]; /* the barrier, with each number */
} torture_books_t;

/* What everybody is given: brood objects, and where they are. */
typedef struct torture_shared_t {
    brood_array_t *books_array, *items_array;
    brood_queue_t *queue;
    brood_lock_t *lock[2];           /* a Lock and an RLock */
    brood_condition_t *condition[2]; /* on the RLock */
    brood_semaphore_t *semaphore;
    brood_event_t *event;
    brood_barrier_t *barrier;
    torture_books_t *books;
    _Atomic uint64_t *delivered, *doubtful, *finished; /* bits: [producer][sequences] */
} torture_shared_t;

/* One thread of a worker. */
typedef struct torture_thread_t {
    const torture_shared_t *shared;
    torture_books_t *books;
    torture_lane_t *lane;
    unsigned number; /* of the lane */
    apr_pool_t *mem;
    uint64_t random;
    apr_time_t end; /* when it leaves by itself; it also leaves when books->stop says so */
} torture_thread_t;

/* Who is there, and who of them dies. */
typedef struct torture_workers_t {
    unsigned count;           /* the first half are the producers, the second the consumers of mode_queue.c */
    unsigned threads;         /* of a worker, at most */
    bool victims[2];          /* of each half */
    apr_interval_time_t life; /* that a victim has at most */
} torture_workers_t;

#define TORTURE_USUAL_WORKERS      \
    {                              \
        6, 2, {true, true}, 400000 \
    }

typedef struct torture_mode_t {
    const char *name;
    torture_workers_t workers;
    void (*work)(torture_thread_t *thread);
    /* In the driver, when all have gone: what is left in the shared objects.  Adds to the line; false: a fault. */
    bool (*account)(const torture_shared_t *shared, char *line, apr_size_t size, apr_pool_t *mem);
    const int *steps; /* that this mode is about; the last one is 0 */
    uint32_t words;   /* of each item of mode_queue.c; 0: some */
} torture_mode_t;

extern const torture_mode_t torture_lock, torture_queue, torture_heap, torture_object, torture_loan, torture_condition,
    torture_semaphore, torture_barrier;
extern const torture_mode_t torture_storms[12]; /* of the queue */

/* A mode's number: first these, then the storms. */
#define TORTURE_MODES 8u
#define TORTURE_ALL_MODES (TORTURE_MODES + 12u)
const torture_mode_t *torture_mode(unsigned number);
/* The one that is running. */
const torture_mode_t *torture_mode_of(torture_books_t *books);

static inline bool torture_is_consumer(const torture_mode_t *mode, unsigned worker)
{
    return worker >= mode->workers.count / 2;
}

static inline bool torture_is_victim(const torture_mode_t *mode, unsigned worker)
{
    return mode->workers.victims[torture_is_consumer(mode, worker)];
}

/* ---- runs.c, driver.c, worker.c ---- */

/* An argument of the program; else this variable of the environment, if one is named; else `otherwise`. */
const char *torture_argument(const brood_call_t *call, apr_size_t index, const char *variable, const char *otherwise);

/* A program that has no modes: `run` by BROOD_START_METHOD, or by each method there is.  It says whether all is well in
 * *fine, which is true at first, with a line on stdout; `mem` is for this method. */
typedef apr_status_t (*torture_method_fn)(bool *fine, brood_start_method_t method, brood_call_t *call, apr_pool_t *mem);
apr_status_t torture_by_each_method(brood_call_t *call, torture_method_fn run);

/* The program: modes first ... end - 1, or the one of the command line, that is [MODE|all] [SECONDS] [SEED].  Without
 * them: all, for a `share` of BROOD_TORTURE_SECONDS (3) each, by BROOD_TORTURE_SEED (1). */
apr_status_t torture_runs(brood_call_t *call, unsigned first, unsigned end, double share);

/* One mode, with its line on stdout.  Returns whether all is well; *steps gets what was reached and killed at. */
typedef struct torture_steps_t {
    uint32_t reached[BROOD__STEPS];
    uint32_t kills[BROOD__STEPS];
} torture_steps_t;
bool torture_run(unsigned mode, double seconds, uint64_t seed, torture_steps_t *steps, apr_pool_t *mem);

/* ---- stock.c: what the arena holds ---- */

typedef struct torture_stock_t {
    int64_t mine, queued, objects; /* blocks of processes, of queues, shared objects */
    int64_t pages;                 /* of large blocks: what was cut up for small ones stays so */
    unsigned slots, cells;         /* of processes, of sleepers */
} torture_stock_t;

torture_stock_t torture_stock_take(void);
/* Part of a line: what is more than before.  False, with whose it is on stderr, if that is anything, or if there is
 * another process or a sleeper. */
bool torture_stock_print(const torture_stock_t *before, const torture_stock_t *after);
/* Find all who are dead.  Those whose parent was killed may be a moment behind it, and are waited for. */
void torture_stock_sweep(void);

apr_status_t torture_supervisor_entry(brood_call_t *call);
apr_status_t torture_worker_entry(brood_call_t *call);
apr_status_t torture_child_entry(brood_call_t *call); /* mode_object.c */

apr_status_t torture_start(brood_process_t **process, brood_entry_fn entry, const torture_shared_t *shared,
                           unsigned number, uint64_t seed, const char *plan, apr_pool_t *mem);
apr_status_t torture_unpack(torture_shared_t *shared, unsigned *number, uint64_t *seed, const brood_call_t *call);
void torture_locate(torture_shared_t *shared);

/* Count a fault and say what it was. */
void torture_fault(torture_books_t *books, unsigned count, const char *format, ...) BROOD_PRINTF(3, 4);
/* True when the thread is to leave; looks after this process's own life, and now and then after the others'. */
bool torture_over(torture_thread_t *thread);

/* ---- gift.c: what is handed on ---- */

#define TORTURE_CAPACITY 8u /* of such a queue */

typedef struct torture_gift_t {
    brood_queue_t *queue; /* of bytes */
    brood_lock_t *lock;
    brood_array_t *array; /* words: two that are counted up under the lock, then a pattern */
} torture_gift_t;

apr_status_t torture_make_gift(torture_thread_t *thread, torture_gift_t *gift, apr_pool_t *mem);
/* Use it: items that are whole, up to `most`, and the counts. */
void torture_put_some(torture_thread_t *thread, brood_queue_t *queue, unsigned most);
void torture_get_some(torture_thread_t *thread, brood_queue_t *queue, unsigned most);
void torture_count_up(torture_thread_t *thread, brood_lock_t *lock, brood_array_t *array);
/* In any order, or not: then the pool's end does it, or the process's. */
void torture_close_some(torture_thread_t *thread, torture_gift_t *gift);
/* A status that should not be. */
void torture_failed(torture_thread_t *thread, const char *what, apr_status_t rc);

/* Until it is over; `what` names a round that fails. */
typedef apr_status_t torture_round_fn(torture_thread_t *thread, apr_pool_t *mem);
void torture_in_rounds(torture_thread_t *thread, torture_round_fn *round, const char *what);
/* Of a mode whose objects and items may stay in the queue. */
bool torture_account_left(const torture_shared_t *shared, char *line, apr_size_t size, apr_pool_t *mem);

/* mode_lock.c: inside the section of a lock, that was acquired so. */
void torture_check_section(torture_thread_t *thread, unsigned which, apr_status_t rc);

static inline void torture_count(torture_books_t *books, unsigned count)
{
    atomic_fetch_add_explicit(&books->count[count], 1, memory_order_relaxed);
}

static inline void torture_progress(torture_thread_t *thread)
{
    atomic_store_explicit(&thread->lane->progress,
                          atomic_load_explicit(&thread->lane->progress, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* ---- steps.c: where processes end by themselves; without BROOD_TORTURE they never do ---- */

/* Room for a plan: "BROOD_TORTURE_PLAN=STEP COUNT JITTER", a variable for the environment of a process. */
#define TORTURE_PLAN 64

/* A plan for a worker of a mode; *step gets its step or 0. */
void torture_plan(char plan[TORTURE_PLAN], int *step, const int *steps, uint64_t *random);
/* First thing in main. */
void torture_steps_begin(void);
/* In a process that has the books: the plan of its environment holds from now on. */
void torture_steps_follow(torture_books_t *all);
const char *torture_step_name(int step);

/* ---- random numbers ---- */

static inline uint64_t torture_mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    return x ^ x >> 33;
}

static inline uint64_t torture_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(2685821657736338717) >> 11;
}

/* 0 ... below - 1. */
static inline uint32_t torture_below(uint64_t *state, uint32_t below)
{
    return (uint32_t) (torture_random(state) % below);
}

static inline uint64_t torture_seeded(uint64_t seed)
{
    return torture_mix(seed + UINT64_C(88172645463325252)) | 1;
}

#endif
