/* manual.c - futures without a pool, which the program completes by hand.
 *
 * Each has a core of its own, without an engine: a lock and a place to sleep.  Whoever completes it runs its callbacks. */
#include "base/codec.h"
#include "base/own.h"
#include "base/status.h"
#include "pool/core.h"
#include "pool/future.h"
#include <stdlib.h>

apr_status_t brood_future_create(brood_future_t **future, apr_pool_t *mem)
{
    brood__core_t *core;
    brood__job_t *job;

    BROOD_TRY(brood__core_create(&core));
    job = brood__job_create(core, 1);
    brood__core_lock(core);
    core->references--; /* the job's is left */
    core->unsettled = job;
    brood__core_unlock(core);
    if (job == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a future");
    job->item = -1;
    job->order.entry = UINT32_MAX;
    job->total = job->only.items = 1;
    *future = brood__future_create(job, mem);
    return APR_SUCCESS;
}

bool brood__job_is_manual(const brood__job_t *job)
{
    return job->core->ops == NULL;
}

/* The caller has the lock then.  BROOD_EMISUSE: it is no such future of this process. */
static apr_status_t begin(brood__job_t *job)
{
    BROOD_TRY(brood__core_check(job->core));
    if (!brood__job_is_manual(job))
        return brood_fail_text(BROOD_EMISUSE, "what becomes of a pool's task is not for others to say");
    brood__core_lock(job->core);
    return APR_SUCCESS;
}

static apr_status_t begin_to_complete(brood__job_t *job)
{
    BROOD_TRY(begin(job));
    if (job->state <= BROOD_STARTED)
        return APR_SUCCESS;
    brood__core_unlock(job->core);
    return brood_fail_text(BROOD_EMISUSE, "the future is done already, or was cancelled");
}

/* It is settled. */
static void end(brood__core_t *core)
{
    brood__caller_run(core);
    brood__core_unlock(core);
}

/* The encoded value, in plain memory. */
static apr_status_t keep(void **data, size_t *size, brood_value_t value, apr_pool_t *mem)
{
    brood__output_t output = {NULL, 0, 0, mem};

    BROOD_TRY(brood__encode(&output, value, 0));
    *data = malloc(output.size);
    if (*data == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for the value of a future");
    memcpy(*data, output.data, output.size);
    *size = output.size;
    return APR_SUCCESS;
}

static apr_status_t encode(void **data, size_t *size, brood_value_t value)
{
    apr_pool_t *mem;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&mem));
    rc = keep(data, size, value, mem);
    apr_pool_destroy(mem);
    return rc;
}

static void succeed(brood__job_t *job, void *data, size_t size)
{
    job->only.result = data;
    job->only.result_size = size;
    job->done = 1;
    job->references++; /* which its end takes */
    brood__job_end_piece(job);
}

apr_status_t brood_future_set(brood_future_t *future, brood_value_t value)
{
    brood__core_t *core = future->job->core; /* a callback may end the future */
    void *data = NULL;
    size_t size = 0;
    apr_status_t rc;

    BROOD_TRY(encode(&data, &size, value));
    rc = begin_to_complete(future->job);
    if (rc != APR_SUCCESS) {
        free(data);
        return rc;
    }
    succeed(future->job, data, size);
    end(core);
    return APR_SUCCESS;
}

apr_status_t brood_future_fail(brood_future_t *future, apr_status_t status, const char *message)
{
    brood__core_t *core = future->job->core;
    char text[128];

    if (status == APR_SUCCESS)
        return brood_fail_text(APR_EINVAL, "a future cannot fail with success");
    BROOD_TRY(begin_to_complete(future->job));
    if (message == NULL)
        message = brood_strerror(status, text, sizeof text);
    brood__job_fail(future->job, brood__job_owns_status(status) ? BROOD_ETASK : status, message);
    end(core);
    return APR_SUCCESS;
}

apr_status_t brood_future_set_started(brood_future_t *future)
{
    brood__job_t *job = future->job;
    apr_status_t rc = APR_SUCCESS;

    BROOD_TRY(begin(job));
    if (job->state == BROOD_PENDING)
        job->state = BROOD_STARTED;
    else if (job->state == BROOD_CANCELLED)
        rc = brood_fail_text(BROOD_ECANCELLED, "the future was cancelled before it was started");
    else
        rc = brood_fail_text(BROOD_EMISUSE, "the future was started already");
    brood__core_unlock(job->core);
    return rc;
}

apr_status_t brood__manual_cancel(brood__job_t *job, bool force)
{
    if (job->state == BROOD_STARTED && !force)
        return brood_fail_text(BROOD_EMISUSE, "the future was started: whoever has done so completes it");
    brood__job_fail(job, BROOD_ECANCELLED, "the future was cancelled");
    brood__caller_run(job->core);
    return APR_SUCCESS;
}
