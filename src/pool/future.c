/* future.c - what the user has of a job. */
#include "pool/future.h"

#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "pool/core.h"
#include <stdlib.h>

static apr_status_t end_future(void *data)
{
    brood__job_t *job = ((brood_future_t *) data)->job;
    brood__core_t *core = job->core;

    if (!brood__core_is_here(core))
        return APR_SUCCESS;
    brood__core_lock(core);
    brood__job_release(job);
    brood__core_unlock(core);
    return APR_SUCCESS;
}

brood_future_t *brood__future_create(brood__job_t *job, apr_pool_t *mem)
{
    brood_future_t *future = apr_palloc(mem, sizeof *future);

    future->job = job;
    apr_pool_cleanup_register(mem, future, end_future, apr_pool_cleanup_null);
    return future;
}

/* ---- waiting ---- */

static bool is_ready(const void *user)
{
    return brood__job_is_ready(user);
}

apr_status_t brood__job_wait(brood__job_t *job, apr_interval_time_t timeout)
{
    brood__core_t *core = job->core;
    apr_status_t rc = APR_SUCCESS;

    BROOD_TRY(brood__core_check(core));
    brood__core_lock(core);
    if (!is_ready(job))
        rc = brood__schedule_wait(core, is_ready, job, brood__deadline(timeout));
    brood__core_unlock(core);
    return rc == APR_TIMEUP ? brood__fail_often(rc, "the task is not done yet") : rc;
}

apr_status_t brood_future_wait(brood_future_t *future, apr_interval_time_t timeout)
{
    return brood__job_wait(future->job, timeout);
}

apr_status_t brood_future_get(brood_value_t *value, brood_future_t *future, apr_interval_time_t timeout,
                              apr_pool_t *mem)
{
    BROOD_TRY(brood__job_wait(future->job, timeout));
    return brood__job_value(value, future->job, mem);
}

/* ---- looking ---- */

static brood_future_state_t state_of(const brood__job_t *job)
{
    const brood__core_t *core = job->core;

    if (job->state != BROOD_PENDING || brood__job_is_manual(job))
        return job->state;
    for (apr_size_t i = 0; i < job->count; i++)
        if (job->piece[i].whereabouts == BROOD__AT_HOME
            || (job->piece[i].whereabouts == BROOD__SENT && core->ops->begun(core->engine, job->piece[i].ticket)))
            return BROOD_STARTED;
    return BROOD_PENDING;
}

brood_future_state_t brood_future_state(const brood_future_t *future)
{
    brood__job_t *job = future->job;
    brood_future_state_t state;

    if (brood__core_check(job->core) != APR_SUCCESS)
        return BROOD_PENDING;
    brood__core_lock(job->core);
    brood__schedule_go_on(job->core);
    state = state_of(job);
    brood__core_unlock(job->core);
    return state;
}

bool brood_future_ready(const brood_future_t *future)
{
    brood__job_t *job = future->job;
    bool ready;

    if (brood__core_check(job->core) != APR_SUCCESS)
        return false;
    brood__core_lock(job->core);
    if (!job->ready)
        brood__schedule_go_on(job->core);
    ready = is_ready(job);
    brood__core_unlock(job->core);
    return ready;
}

void brood_future_progress(apr_size_t *done, apr_size_t *total, const brood_future_t *future)
{
    brood__job_t *job = future->job;
    const bool ours = brood__core_check(job->core) == APR_SUCCESS;

    if (ours) {
        brood__core_lock(job->core);
        brood__schedule_go_on(job->core);
    }
    if (done != NULL)
        *done = brood__job_done(job);
    if (total != NULL)
        *total = job->total;
    if (ours)
        brood__core_unlock(job->core);
}

/* ---- changing ---- */

void brood__job_cancel(brood__job_t *job, bool force)
{
    static const char reason[] = "the task was cancelled";
    brood__core_t *core = job->core;

    job->cancelled = true;
    job->references++;
    brood__job_drop_pending(job, reason);
    for (apr_size_t i = 0; i < job->count && job->state <= BROOD_STARTED; i++) {
        brood__piece_t *piece = &job->piece[i];

        if (force && brood__schedule_stop(piece))
            brood__job_drop_piece(piece, reason);
        else if (piece->whereabouts == BROOD__SENT)
            core->ops->ask(core->engine, piece->ticket);
    }
    if (core->waiting != NULL)
        brood__schedule_news(core); /* there is room for others now */
    brood__job_release(job);
}

apr_status_t brood_future_cancel(brood_future_t *future, bool force)
{
    brood__job_t *job = future->job;
    brood__core_t *core = job->core; /* a callback may end the future */
    apr_status_t rc = APR_SUCCESS;

    BROOD_TRY(brood__core_check(core));
    brood__core_lock(core);
    brood__schedule_go_on(core);
    if (job->state == BROOD_SUCCEEDED || job->state == BROOD_FAILED)
        rc = brood_fail_text(BROOD_EMISUSE, "the task is done already, it cannot be cancelled");
    else if (job->state != BROOD_CANCELLED && brood__job_is_manual(job))
        rc = brood__manual_cancel(job, force);
    else if (job->state != BROOD_CANCELLED)
        brood__job_cancel(job, force);
    brood__core_unlock(core);
    return rc;
}

apr_status_t brood__job_want(brood__job_t *job)
{
    if (job->state > BROOD_STARTED || brood__job_is_manual(job))
        return APR_SUCCESS;
    if (!job->wanted)
        job->core->wanted++;
    job->wanted = true;
    return brood__collector_begin(job->core);
}

apr_status_t brood__job_for_caller(brood__job_t *job)
{
    BROOD_TRY(brood__job_want(job));
    if (!brood__job_is_manual(job))
        BROOD_TRY(brood__caller_begin(job->core));
    job->for_caller = true;
    return APR_SUCCESS;
}

apr_status_t brood__job_call(brood__job_t *job, brood_done_fn done, void *user)
{
    brood__callback_t *callback;

    BROOD_TRY(brood__job_for_caller(job));
    callback = malloc(sizeof *callback);
    if (callback == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a callback");
    *callback = (brood__callback_t){NULL, done, user};
    *job->last_callback = callback;
    job->last_callback = &callback->next;
    return APR_SUCCESS;
}

apr_status_t brood_future_on_done(brood_future_t *future, brood_done_fn done, void *user)
{
    brood__job_t *job = future->job;
    brood_value_t value = brood_nil();
    apr_status_t rc;
    apr_pool_t *mem;
    bool ready;

    BROOD_TRY(brood__core_check(job->core));
    brood__core_lock(job->core);
    ready = job->ready;
    rc = ready ? APR_SUCCESS : brood__job_call(job, done, user);
    brood__core_unlock(job->core);
    if (!ready || rc != APR_SUCCESS)
        return rc;
    BROOD_TRY(brood__own_pool(&mem));
    rc = brood__job_value(&value, job, mem);
    done(user, rc, value);
    apr_pool_destroy(mem);
    return APR_SUCCESS;
}
