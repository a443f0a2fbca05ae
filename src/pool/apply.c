/* apply.c - one call in one worker. */
#include "base/status.h"
#include "pool/core.h"
#include "pool/future.h"
#include "process/call.h"
#include "process/entry.h"

static const brood_task_options_t none;

/* A job of one piece, not given out yet. */
static apr_status_t make(brood__job_t **made, brood__core_t *core, brood_entry_fn entry, brood_value_t args,
                         const brood_task_options_t *options)
{
    brood__job_t *job;
    apr_status_t rc;

    if (args.kind == BROOD_KIND_NIL)
        args = brood_list(NULL, 0);
    BROOD_TRY(brood__check_args(args));
    BROOD_TRY(brood__job_begin(&job, core, 1, entry, options));
    job->total = job->only.items = 1;
    rc = brood__job_prepare(&job->only, args);
    if (rc != APR_SUCCESS)
        brood__job_abandon(job);
    else
        *made = job;
    return rc;
}

apr_status_t brood_pool_apply_async(brood_future_t **future, brood_pool_t *pool, brood_entry_fn entry,
                                    brood_value_t args, const brood_task_options_t *options, apr_pool_t *mem)
{
    brood__job_t *job;

    BROOD_TRY(brood__core_check(pool->core));
    options = options != NULL ? options : &none;
    BROOD_TRY(make(&job, pool->core, entry, args, options));
    return brood__job_submit(future, job, options, mem);
}

apr_status_t brood_pool_apply(brood_value_t *value, brood_pool_t *pool, brood_entry_fn entry, brood_value_t args,
                              apr_pool_t *mem)
{
    brood__job_t *job;

    BROOD_TRY(brood__core_check(pool->core));
    BROOD_TRY(make(&job, pool->core, entry, args, &none));
    return brood__job_run(value, job, &none, mem);
}
