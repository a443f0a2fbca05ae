/* mode_sync.c - conditions, semaphores with events, and barriers, whose users die: the others go on. */
#include "torture.h"

#include "platform/clock.h"
#include <stdio.h>
#include <string.h>

#define STORE 2    /* room between producers and consumers: little, so that both wait often */
#define PARTIES 3u /* of the barrier, as created by the driver */

/* Long ones end, so that whoever waits sees the end of the run. */
static apr_interval_time_t some_timeout(torture_thread_t *thread, uint32_t one_short_in)
{
    return torture_below(&thread->random, one_short_in) != 0 ? apr_time_from_sec(1)
                                                             : torture_below(&thread->random, 2000);
}

/* Half of the threads give, half take; of each worker's first ones, too. */
static bool gives(const torture_thread_t *thread)
{
    return (thread->number / TORTURE_THREADS + thread->number) % 2 == 0;
}

static bool is_odd(torture_thread_t *thread, apr_status_t rc, apr_status_t allowed, const char *what)
{
    if (rc == APR_SUCCESS || rc == allowed)
        return false;
    if (rc == APR_TIMEUP)
        torture_count(thread->books, TORTURE_TIMEUPS);
    else
        torture_fault(thread->books, TORTURE_ERRORS, "%s: %s", what, brood_last_error()->message);
    return true;
}

/* ---- a store under a lock, with a condition for each side ---- */

static bool has_items(void *books)
{
    return ((torture_books_t *) books)->stored > 0;
}

static bool has_room(void *books)
{
    return ((torture_books_t *) books)->stored < STORE;
}

/* Inside for the first time, or again.  After a death others may wait for what the dead was to tell them. */
static void come_in(torture_thread_t *thread, apr_status_t rc)
{
    torture_check_section(thread, 1, rc);
    for (unsigned i = 0; i < 2 && rc == BROOD_EOWNERDEAD; i++)
        (void) is_odd(thread, brood_condition_notify_all(thread->shared->condition[i]), APR_SUCCESS, "notify_all");
}

static void store_or_take(torture_thread_t *thread)
{
    const bool giver = gives(thread);
    brood_condition_t *const *condition = thread->shared->condition;
    torture_books_t *books = thread->books;
    apr_status_t rc = brood_lock_acquire(thread->shared->lock[1], BROOD_FOREVER);

    if (is_odd(thread, rc, BROOD_EOWNERDEAD, "acquire"))
        return;
    come_in(thread, rc);
    rc = brood_condition_wait_for(condition[giver], giver ? has_room : has_items, books, some_timeout(thread, 4));
    come_in(thread, rc == BROOD_EOWNERDEAD ? rc : APR_SUCCESS);
    if (rc == APR_SUCCESS) {
        books->stored += giver ? 1 : -1;
        if (books->stored < 0 || books->stored > STORE)
            torture_fault(books, TORTURE_VIOLATIONS, "%d are in the store", books->stored);
        (void) is_odd(thread, brood_condition_notify(condition[!giver], 1), APR_SUCCESS, "notify");
    } else
        (void) is_odd(thread, rc, BROOD_EOWNERDEAD, "wait_for");
    (void) is_odd(thread, brood_lock_release(thread->shared->lock[1]), APR_SUCCESS, "release");
}

static void work_condition(torture_thread_t *thread)
{
    while (!torture_over(thread)) {
        store_or_take(thread);
        torture_progress(thread);
    }
}

static bool account_condition(const torture_shared_t *shared, char *line, apr_size_t size, apr_pool_t *mem)
{
    const char *text = brood_value_string(BROOD_VALUE(shared->condition[0]), mem);
    const bool fine = strstr(text, "owner=None") != NULL && strstr(text, "waiters=0") != NULL;

    (void) snprintf(line, size, "%s", text);
    return fine;
}

static const int steps_condition[] = {BROOD__STEP_WAITER_CLAIMED,
                                      BROOD__STEP_WAITER_ENTERED,
                                      BROOD__STEP_WAITER_TOLD,
                                      BROOD__STEP_WAITER_ROUSED,
                                      BROOD__STEP_WAITER_LEAVING,
                                      BROOD__STEP_WAITER_PASSED_ON,
                                      BROOD__STEP_CONDITION_RELEASED,
                                      BROOD__STEP_CONDITION_RETAKEN,
                                      BROOD__STEP_SLEEP_DECLARED,
                                      BROOD__STEP_SLEEP_ENDED,
                                      0};

const torture_mode_t torture_condition = {"condition",       TORTURE_USUAL_WORKERS, work_condition,
                                          account_condition, steps_condition,       0};

/* ---- a semaphore and an event, given by some and taken by others ---- */

static void give(torture_thread_t *thread)
{
    unsigned value = 0;

    if (torture_below(&thread->random, 2) == 0)
        (void) is_odd(thread, brood_event_set(thread->shared->event), APR_SUCCESS, "set");
    BROOD_IGNORE(brood_semaphore_get_value(&value, thread->shared->semaphore));
    if (value >= STORE) {
        brood__clock_yield();
        return;
    }
    torture_count(thread->books, TORTURE_GIVEN); /* before: who dies in between has given at most what is counted */
    (void) is_odd(thread, brood_semaphore_release(thread->shared->semaphore), APR_SUCCESS, "release");
}

static void take(torture_thread_t *thread)
{
    if (!is_odd(thread, brood_semaphore_acquire(thread->shared->semaphore, some_timeout(thread, 4)), APR_SUCCESS,
                "acquire"))
        torture_count(thread->books, TORTURE_TAKEN);
    if (torture_below(&thread->random, 4) != 0)
        return;
    if (!is_odd(thread, brood_event_wait(thread->shared->event, some_timeout(thread, 4)), APR_SUCCESS, "wait"))
        (void) is_odd(thread, brood_event_clear(thread->shared->event), APR_SUCCESS, "clear");
}

static void work_semaphore(torture_thread_t *thread)
{
    while (!torture_over(thread)) {
        if (gives(thread))
            give(thread);
        else
            take(thread);
        torture_progress(thread);
    }
}

/* What was taken was given, and what was given and not taken is there, but for one of each who died. */
static bool account_semaphore(const torture_shared_t *shared, char *line, apr_size_t size, apr_pool_t *mem)
{
    const uint64_t given = atomic_load(&shared->books->count[TORTURE_GIVEN]);
    const uint64_t taken = atomic_load(&shared->books->count[TORTURE_TAKEN]);
    const uint64_t deaths = TORTURE_THREADS * atomic_load(&shared->books->count[TORTURE_DEATHS])
                            + TORTURE_THREADS * atomic_load(&shared->books->count[TORTURE_ORPHANS]);
    unsigned value = 0;
    bool fine = brood_semaphore_get_value(&value, shared->semaphore) == APR_SUCCESS;

    (void) mem;
    fine = fine && taken + value <= given && given - taken - value <= deaths;
    (void) snprintf(line, size, "value %u, lost %d", value, (int) (given - taken - value));
    return fine;
}

static const int steps_semaphore[] = {BROOD__STEP_SEMAPHORE_TAKEN, BROOD__STEP_SEMAPHORE_GIVEN,
                                      BROOD__STEP_SEMAPHORE_RANG,  BROOD__STEP_EVENT_CHANGED,
                                      BROOD__STEP_EVENT_RANG,      BROOD__STEP_SLEEP_DECLARED,
                                      BROOD__STEP_SLEEP_ENDED,     0};

const torture_mode_t torture_semaphore = {"semaphore",       TORTURE_USUAL_WORKERS, work_semaphore,
                                          account_semaphore, steps_semaphore,       0};

/* ---- a barrier ---- */

static void meet(torture_thread_t *thread)
{
    brood_barrier_t *barrier = thread->shared->barrier;
    unsigned index = PARTIES;
    const apr_status_t rc = brood_barrier_wait(&index, barrier, some_timeout(thread, 64));

    if (rc == BROOD_EBROKEN) {
        torture_count(thread->books, TORTURE_BROKEN);
        (void) is_odd(thread, brood_barrier_reset(barrier), APR_SUCCESS, "reset");
    } else if (is_odd(thread, rc, APR_SUCCESS, "wait"))
        return;
    else if (index >= PARTIES)
        torture_fault(thread->books, TORTURE_VIOLATIONS, "it is the %u of %u parties", index, PARTIES);
    else
        atomic_fetch_add(&thread->books->passed[index], 1);
}

static void work_barrier(torture_thread_t *thread)
{
    while (!torture_over(thread)) {
        meet(thread);
        torture_progress(thread);
    }
}

/* Each number was there once a round, but for those of the rounds of the dead. */
static bool account_barrier(const torture_shared_t *shared, char *line, apr_size_t size, apr_pool_t *mem)
{
    const torture_books_t *books = shared->books;
    const int64_t deaths = (int64_t) (TORTURE_THREADS * atomic_load(&books->count[TORTURE_DEATHS])
                                      + TORTURE_THREADS * atomic_load(&books->count[TORTURE_ORPHANS]));
    int64_t most = 0, least = INT64_MAX;

    (void) mem;
    for (unsigned i = 0; i < PARTIES; i++) {
        const int64_t passed = (int64_t) atomic_load(&books->passed[i]);

        most = passed > most ? passed : most;
        least = passed < least ? passed : least;
    }
    (void) snprintf(line, size, "rounds %d to %d", (int) least, (int) most);
    return most - least <= deaths && most > 0;
}

static const int steps_barrier[] = {BROOD__STEP_BARRIER_LOCKED, BROOD__STEP_BARRIER_COUNTED, BROOD__STEP_BARRIER_FULL,
                                    BROOD__STEP_BARRIER_PASSED, BROOD__STEP_BARRIER_BROKEN,  BROOD__STEP_WAITER_ENTERED,
                                    BROOD__STEP_WAITER_TOLD,    BROOD__STEP_SLEEP_DECLARED,  0};

const torture_mode_t torture_barrier = {"barrier",       TORTURE_USUAL_WORKERS, work_barrier,
                                        account_barrier, steps_barrier,         0};
