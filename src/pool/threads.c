/* threads.c - the pool's own threads in its process: one fetches outcomes when nobody else does, one runs callbacks and
 * tells of progress. */
#include "pool/core.h"

#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "base/thread_local.h"
#include <stdlib.h>

static apr_status_t begin(apr_thread_t **thread, apr_thread_start_t run, brood__core_t *core)
{
    apr_status_t rc;

    if (*thread != NULL)
        return APR_SUCCESS;
    brood__own_thread_begins();
    rc = apr_thread_create(thread, NULL, run, core, core->mem);
    if (rc == APR_SUCCESS)
        return rc;
    *thread = NULL;
    brood__own_thread_ended();
    return brood_fail(rc, "no thread for a pool");
}

static void end(apr_thread_t **thread)
{
    apr_status_t rc;

    if (*thread == NULL)
        return;
    apr_thread_join(&rc, *thread);
    *thread = NULL;
    brood__own_thread_ended();
}

/* ---- the collector ---- */

static bool is_idle(const void *user)
{
    const brood__core_t *core = user;

    return core->leaving || (core->waiting == NULL && core->wanted == 0 && !core->closed);
}

static bool may_collect(const brood__core_t *core)
{
    return !is_idle(core) && !core->terminated && !core->finished;
}

/* How long it waits at a time. */
typedef struct stretch_t {
    const brood__core_t *core;
    apr_time_t until;
} stretch_t;

static bool is_over(const void *user)
{
    const stretch_t *stretch = user;

    return is_idle(stretch->core) || stretch->core->look_at_queue < stretch->until;
}

static void collect(brood__core_t *core)
{
    stretch_t stretch = {core, 0};

    brood__core_lock(core);
    while (!core->leaving) {
        stretch.until = brood__limit_look(core);
        BROOD_IGNORE(may_collect(core) ? brood__schedule_wait(core, is_over, &stretch, stretch.until)
                                       : brood__schedule_sleep(core, stretch.until));
    }
    brood__core_unlock(core);
}

static void *APR_THREAD_FUNC run_collector(apr_thread_t *thread, void *data)
{
    (void) thread;
    collect(data);
    brood__status_clear();
    return NULL;
}

apr_status_t brood__collector_begin(brood__core_t *core)
{
    if (core->collector != NULL && !core->led)
        brood__schedule_news(core);
    return begin(&core->collector, run_collector, core);
}

/* ---- the caller ---- */

static BROOD__THREAD_LOCAL unsigned callbacks;          /* that this thread is in */
static BROOD__THREAD_LOCAL const brood__core_t *served; /* it is the caller of this one */

static brood__callback_t *next_callback(brood__job_t *job)
{
    brood__callback_t *callback = job->callbacks;

    if (callback != NULL && (job->callbacks = callback->next) == NULL)
        job->last_callback = &job->callbacks;
    return callback;
}

/* All of one job, also those that are added meanwhile; the lock is given up for each. */
static void call_those_of(brood__job_t *job)
{
    brood__core_t *core = job->core;
    brood_value_t value = brood_nil();
    brood__callback_t *callback;
    apr_pool_t *mem = NULL;
    apr_status_t rc;

    brood__progress_last(job);
    brood__core_unlock(core);
    rc = brood__own_pool(&mem);
    if (rc == APR_SUCCESS)
        rc = brood__job_value(&value, job, mem);
    brood__core_lock(core);
    while ((callback = next_callback(job)) != NULL) {
        brood__core_unlock(core);
        callback->done(callback->user, rc, rc == APR_SUCCESS ? value : brood_nil());
        free(callback);
        brood__core_lock(core);
    }
    job->ready = true;
    brood__job_news(job);
    if (mem != NULL)
        apr_pool_destroy(mem);
}

static brood__job_t *next_job(brood__core_t *core)
{
    brood__job_t *job = core->to_call;

    if (job != NULL && (core->to_call = job->next) == NULL)
        core->last_to_call = &core->to_call;
    return job;
}

void brood__caller_run(brood__core_t *core)
{
    brood__job_t *job;

    callbacks++;
    while ((job = next_job(core)) != NULL) {
        call_those_of(job);
        brood__job_release(job);
    }
    callbacks--;
}

bool brood__caller_is_me(void)
{
    return callbacks != 0;
}

bool brood__caller_of_is_me(const brood__core_t *core)
{
    return served == core;
}

/* What is there is called even at the end. */
static void call(brood__core_t *core)
{
    brood__core_lock(core);
    while (core->to_call != NULL || !core->leaving) {
        apr_time_t look;

        brood__caller_run(core);
        look = brood__progress_tell(core);
        if (core->to_call == NULL && !core->leaving)
            BROOD_IGNORE(brood__schedule_sleep(core, look));
    }
    brood__core_unlock(core);
}

static void *APR_THREAD_FUNC run_caller(apr_thread_t *thread, void *data)
{
    (void) thread;
    served = data;
    call(data);
    brood__status_clear();
    return NULL;
}

apr_status_t brood__caller_begin(brood__core_t *core)
{
    return begin(&core->caller, run_caller, core);
}

void brood__caller_add(brood__job_t *job)
{
    brood__core_t *core = job->core;

    job->references++;
    job->next = NULL;
    *core->last_to_call = job;
    core->last_to_call = &job->next;
}

/* ---- both ---- */

void brood__threads_end(brood__core_t *core)
{
    brood__core_lock(core);
    core->leaving = true;
    brood__schedule_news(core);
    brood__core_unlock(core);
    end(&core->collector);
    end(&core->caller);
}
