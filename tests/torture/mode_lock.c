/* mode_lock.c - a Lock and an RLock: nobody meets another inside, and whoever comes after a death inside is told. */
#include "torture.h"

#include "platform/clock.h"
#include <stdio.h>

static apr_interval_time_t some_timeout(torture_thread_t *thread)
{
    const uint32_t dice = torture_below(&thread->random, 8);

    if (dice < 4)
        return BROOD_FOREVER;
    if (dice == 4)
        return BROOD_NOWAIT;
    return torture_below(&thread->random, dice == 5 ? 20 : 300);
}

void torture_check_section(torture_thread_t *thread, unsigned which, apr_status_t rc)
{
    torture_books_t *books = thread->books;
    const uint32_t me = brood__me << 1 | (thread->number & 1u);
    const uint32_t before = atomic_exchange(&books->section[which].inside, me);

    if (rc == BROOD_EOWNERDEAD) {
        torture_count(books, TORTURE_OWNERDEAD);
        if (before != 0)
            torture_count(books, TORTURE_OWNERDEAD_INSIDE);
        books->section[which].second = books->section[which].first;
    } else if (before != 0)
        torture_fault(books, TORTURE_VIOLATIONS, "lock %u: %x is inside, or nobody told that it died", which,
                      before >> 1);
    else if (books->section[which].first != books->section[which].second)
        torture_fault(books, TORTURE_VIOLATIONS, "lock %u: what it guards was changed", which);
    if (before != 0 && brood__table_alive(before >> 1))
        torture_fault(books, TORTURE_VIOLATIONS, "lock %u: %x lives and was inside", which, before >> 1);

    books->section[which].first++;
    if (torture_below(&thread->random, 64) == 0)
        brood__clock_yield();
    if (torture_below(&thread->random, 2048) == 0)
        apr_sleep(200);
    books->section[which].second++;
    if (atomic_exchange(&books->section[which].inside, 0) != me)
        torture_fault(books, TORTURE_VIOLATIONS, "lock %u: another came inside", which);
}

static void one_round(torture_thread_t *thread)
{
    const unsigned which = torture_below(&thread->random, 2);
    brood_lock_t *lock = thread->shared->lock[which];
    const bool again = which == 1 && torture_below(&thread->random, 8) == 0;
    const apr_status_t rc = brood_lock_acquire(lock, some_timeout(thread));

    if (rc == APR_TIMEUP) {
        torture_count(thread->books, TORTURE_TIMEUPS);
        return;
    }
    if (rc != APR_SUCCESS && rc != BROOD_EOWNERDEAD) {
        torture_fault(thread->books, TORTURE_ERRORS, "acquire: %s", brood_last_error()->message);
        return;
    }
    if (again && brood_lock_acquire(lock, BROOD_NOWAIT) != APR_SUCCESS)
        torture_fault(thread->books, TORTURE_VIOLATIONS, "an RLock is not acquired again");
    torture_check_section(thread, which, rc);
    if (again && brood_lock_release(lock) != APR_SUCCESS)
        torture_fault(thread->books, TORTURE_ERRORS, "release: %s", brood_last_error()->message);
    if (brood_lock_release(lock) != APR_SUCCESS)
        torture_fault(thread->books, TORTURE_ERRORS, "release: %s", brood_last_error()->message);
}

static void work(torture_thread_t *thread)
{
    while (!torture_over(thread)) {
        one_round(thread);
        torture_progress(thread);
    }
}

/* Whoever died last: both locks can be taken, and are free then. */
static bool account(const torture_shared_t *shared, char *line, apr_size_t size, apr_pool_t *mem)
{
    bool fine = true;

    (void) mem;
    for (unsigned i = 0; i < 2; i++) {
        const apr_status_t rc = brood_lock_acquire(shared->lock[i], BROOD_NOWAIT);
        const bool inside = atomic_load(&shared->books->section[i].inside) != 0;
        bool locked = true;

        fine = fine && (rc == BROOD_EOWNERDEAD || (rc == APR_SUCCESS && !inside))
               && brood_lock_release(shared->lock[i]) == APR_SUCCESS
               && brood_lock_locked(&locked, shared->lock[i]) == APR_SUCCESS && !locked;
    }
    (void) snprintf(line, size, "locks %s", fine ? "free" : "NOT FREE");
    return fine;
}

static const int steps[] = {BROOD__STEP_LOCK_FAST,
                            BROOD__STEP_LOCK_SPUN,
                            BROOD__STEP_LOCK_STOLEN,
                            BROOD__STEP_LOCK_MARKED,
                            BROOD__STEP_LOCK_NOTED,
                            BROOD__STEP_LOCK_WOKEN,
                            BROOD__STEP_LOCK_TAKEN,
                            BROOD__STEP_LOCK_TIMEUP,
                            BROOD__STEP_LOCK_STOLEN,
                            BROOD__STEP_LOCK_RANG,
                            BROOD__STEP_LOCK_TAKEN,
                            BROOD__STEP_LOCK_RELEASED,
                            BROOD__STEP_LOCK_RELEASED_WAITED,
                            0};

const torture_mode_t torture_lock = {"lock", TORTURE_USUAL_WORKERS, work, account, steps, 0};
