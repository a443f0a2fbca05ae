/* submit.c - a job given out: for a future, or for whoever waits for it at once. */
#include "base/deadline.h"
#include "base/status.h"
#include "pool/core.h"
#include "pool/future.h"
#include "process/entry.h"

apr_status_t brood__job_begin_at(brood__job_t **made, brood__core_t *core, apr_size_t pieces, uint32_t number,
                                 const brood_task_options_t *options)
{
    brood__job_t *job = brood__job_create(core, pieces);

    if (job == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a task");
    job->item = -1;
    job->order = (brood__order_t){.work = BROOD__CALL, .entry = number, .limit = options->time_limit};
    job->progress = options->progress;
    job->progress_user = options->user;
    job->queue_limit = options->queue_limit;
    for (apr_size_t i = 0; options->retries != 0 && i < pieces; i++)
        job->piece[i].retries = options->retries;
    *made = job;
    return APR_SUCCESS;
}

apr_status_t brood__job_begin(brood__job_t **made, brood__core_t *core, apr_size_t pieces, brood_entry_fn entry,
                              const brood_task_options_t *options)
{
    const char *name;

    BROOD_TRY(brood__entry_require(&name, entry));
    return brood__job_begin_at(made, core, pieces, brood__entry_number(entry), options);
}

void brood__job_abandon(brood__job_t *job)
{
    brood__core_t *core = job->core;

    brood__core_lock(core);
    brood__job_release(job);
    brood__core_unlock(core);
}

static apr_status_t submit(brood__job_t *job, const brood_task_options_t *options)
{
    brood__core_t *core = job->core;
    apr_status_t rc = APR_SUCCESS;

    brood__core_lock(core);
    if (options->done != NULL)
        rc = brood__job_call(job, options->done, options->user);
    if (rc == APR_SUCCESS && (job->progress != NULL || job->for_caller))
        rc = brood__job_for_caller(job);
    if (rc == APR_SUCCESS)
        rc = brood__schedule(job);
    brood__core_unlock(core);
    return rc;
}

apr_status_t brood__job_submit(brood_future_t **future, brood__job_t *job, const brood_task_options_t *options,
                               apr_pool_t *mem)
{
    const apr_status_t rc = submit(job, options);

    if (rc == APR_SUCCESS && future != NULL)
        *future = brood__future_create(job, mem);
    else
        brood__job_abandon(job);
    return rc;
}

apr_status_t brood__job_run(brood_value_t *value, brood__job_t *job, const brood_task_options_t *options,
                            apr_pool_t *mem)
{
    apr_status_t rc = brood__core_may_wait(job->core, BROOD__NEVER); /* before anything runs */

    if (rc == APR_SUCCESS)
        rc = submit(job, options);
    if (rc == APR_SUCCESS)
        rc = brood__job_wait(job, BROOD_FOREVER);
    if (rc == APR_SUCCESS)
        rc = brood__job_value(value, job, mem);
    brood__job_abandon(job);
    return rc;
}
