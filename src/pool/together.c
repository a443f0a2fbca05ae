/* together.c - waiting for several futures at once, of whatever pools.
 *
 * Who waits sleeps on a word of its own and leaves word with each future.  It leads nobody: the collectors of the pools
 * fetch what it waits for. */
#include "base/deadline.h"
#include "base/status.h"
#include "memory/heap.h"
#include "memory/sleep.h"
#include "pool/core.h"
#include "pool/future.h"
#include <stdlib.h>

typedef struct waiter_t {
    uint64_t block;
    _Atomic uint32_t *over;  /* in it: 1 once there is nothing left to wait for */
    _Atomic apr_size_t left; /* futures until then */
    bool any_failure;        /* or a failure */
    bool in_callback;        /* for it, what is settled is ready */
    apr_time_t deadline;
    const brood__core_t *own; /* the pool that this thread works for, if one of its futures is not done; else NULL */
} waiter_t;

struct brood__watcher_t {
    brood__watcher_t *next; /* of the job */
    waiter_t *waiter;
    bool told;
};

/* ---- under the lock of the job ---- */

static void tell_watcher(brood__watcher_t *watcher, const brood__job_t *job)
{
    waiter_t *waiter = watcher->waiter;

    watcher->told = true;
    if (atomic_fetch_sub(&waiter->left, 1) != 1 && !(waiter->any_failure && job->state == BROOD_FAILED))
        return;
    atomic_store(waiter->over, 1);
    brood__wake(waiter->over, 1);
}

static bool is_done(const brood__watcher_t *watcher, const brood__job_t *job)
{
    return job->ready || (watcher->waiter->in_callback && job->state > BROOD_STARTED);
}

void brood__watchers_tell(brood__job_t *job)
{
    for (brood__watcher_t *watcher = job->watchers; watcher != NULL; watcher = watcher->next)
        if (!watcher->told && is_done(watcher, job))
            tell_watcher(watcher, job);
}

static apr_status_t add(brood__watcher_t *watcher, brood__job_t *job)
{
    brood__schedule_go_on(job->core);
    if (is_done(watcher, job)) {
        tell_watcher(watcher, job);
        return APR_SUCCESS;
    }
    if (brood__core_runs_me(job->core))
        watcher->waiter->own = job->core;
    if (watcher->waiter->deadline != BROOD__AT_ONCE)
        BROOD_TRY(brood__job_want(job));
    watcher->next = job->watchers;
    job->watchers = watcher;
    return APR_SUCCESS;
}

/* ---- without it ---- */

static apr_status_t watch(brood__watcher_t *watcher, brood__job_t *job)
{
    apr_status_t rc;

    BROOD_TRY(brood__core_check(job->core));
    brood__core_lock(job->core);
    rc = add(watcher, job);
    brood__core_unlock(job->core);
    return rc;
}

static void leave(brood__watcher_t *watcher, brood__job_t *job)
{
    brood__watcher_t **place = &job->watchers;

    brood__core_lock(job->core);
    while (*place != NULL && *place != watcher)
        place = &(*place)->next;
    if (*place != NULL)
        *place = watcher->next;
    brood__core_unlock(job->core);
}

static apr_status_t sleep_until_over(waiter_t *waiter)
{
    brood__sleeper_t sleeper = brood__sleeper(waiter->deadline);
    apr_status_t rc = APR_SUCCESS;

    if (waiter->own != NULL && atomic_load(waiter->over) == 0)
        rc = brood__core_may_wait(waiter->own, waiter->deadline);
    while (rc == APR_SUCCESS && atomic_load(waiter->over) == 0)
        rc = brood__sleeper_sleep(&sleeper, waiter->over, 0);
    if (atomic_load(waiter->over) != 0)
        return APR_SUCCESS;
    return rc == APR_EINTR ? brood__fail_interrupted() : rc;
}

/* `first`: the index of the first that is done, if one is. */
static apr_status_t wait_with(apr_size_t *first, waiter_t *waiter, brood__watcher_t *watchers,
                              brood_future_t *const *futures, apr_size_t count)
{
    apr_size_t begun = 0, missing = 0;
    apr_status_t rc = APR_SUCCESS;

    for (; begun < count && rc == APR_SUCCESS && atomic_load(waiter->over) == 0; begun++) {
        watchers[begun].waiter = waiter;
        rc = watch(&watchers[begun], futures[begun]->job);
    }
    if (rc == APR_SUCCESS)
        rc = sleep_until_over(waiter);
    *first = count;
    for (apr_size_t i = begun; i > 0; i--) {
        leave(&watchers[i - 1], futures[i - 1]->job);
        if (watchers[i - 1].told)
            *first = i - 1;
        else
            missing++;
    }
    if (rc == APR_TIMEUP)
        return brood_fail(rc, "%lu of %lu futures are not done yet", (unsigned long) missing, (unsigned long) count);
    return rc;
}

static apr_status_t wait_for(apr_size_t *first, brood_future_t *const *futures, apr_size_t count, brood_when_t when,
                             apr_interval_time_t timeout)
{
    waiter_t waiter = {.left = when == BROOD_FIRST_DONE ? 1 : count,
                       .any_failure = when == BROOD_FIRST_FAILED,
                       .in_callback = brood__caller_is_me(),
                       .deadline = brood__deadline(timeout)};
    brood__watcher_t *watchers;
    apr_status_t rc;

    BROOD_TRY(brood__core_check(futures[0]->job->core)); /* so there is an arena */
    watchers = calloc(count, sizeof *watchers);
    rc = watchers != NULL ? brood__heap_calloc(&waiter.block, sizeof *waiter.over) : APR_ENOMEM;
    if (rc == APR_SUCCESS) {
        waiter.over = brood__at(waiter.block);
        rc = wait_with(first, &waiter, watchers, futures, count);
        brood__heap_free(waiter.block);
    } else {
        rc = brood_fail_text(rc, "no memory to wait for futures");
    }
    free(watchers);
    return rc;
}

apr_status_t brood_futures_wait(brood_future_t *const *futures, apr_size_t count, brood_when_t when,
                                apr_interval_time_t timeout)
{
    apr_size_t first;

    if (when != BROOD_FIRST_DONE && when != BROOD_FIRST_FAILED && when != BROOD_ALL_DONE)
        return brood_fail(APR_EINVAL,
                          "futures are waited for until the first is done, the first has failed, or all "
                          "are done, not until %d",
                          (int) when);
    return count != 0 ? wait_for(&first, futures, count, when, timeout) : APR_SUCCESS;
}

apr_status_t brood_futures_next(brood_future_t **next, brood_future_t **futures, apr_size_t *count,
                                apr_interval_time_t timeout)
{
    apr_size_t first, kept = 0;

    if (*count == 0)
        return brood__fail_often(APR_EOF, "no future is left");
    BROOD_TRY(wait_for(&first, futures, *count, BROOD_FIRST_DONE, timeout));
    *next = futures[first];
    for (apr_size_t i = 0; i < *count; i++)
        if (futures[i] != *next)
            futures[kept++] = futures[i];
    *count = kept;
    return APR_SUCCESS;
}
