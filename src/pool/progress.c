/* progress.c - telling how far jobs are.
 *
 * All of it is done by the thread for callbacks, between them: so no two tellings meet, and the lock is nobody's
 * meanwhile. */
#include "base/deadline.h"
#include "pool/core.h"

#define PERIOD apr_time_from_msec(100)

/* The first job that is due; else *next is when one will be. */
static brood__job_t *due(const brood__core_t *core, apr_time_t now, apr_time_t *next)
{
    for (brood__job_t *job = core->unsettled; job != NULL; job = job->next) {
        if (job->progress != NULL && job->tell_at <= now)
            return job;
        if (job->progress != NULL && job->tell_at < *next)
            *next = job->tell_at;
    }
    return NULL;
}

static void tell_user(brood__job_t *job, apr_size_t done)
{
    brood__core_t *core = job->core;

    job->told = done;
    job->references++;
    brood__core_unlock(core);
    job->progress(job->progress_user, done, job->total);
    brood__core_lock(core);
    job->tell_at = brood__clock_now() + PERIOD;
    brood__job_release(job);
}

apr_time_t brood__progress_tell(brood__core_t *core)
{
    const apr_time_t now = brood__clock_now();
    apr_time_t next;
    brood__job_t *job;

    for (;;) {
        next = BROOD__NEVER;
        job = due(core, now, &next);
        if (job == NULL)
            return next;
        if (brood__job_done(job) != job->told)
            tell_user(job, brood__job_done(job));
        else
            job->tell_at = now + PERIOD;
    }
}

void brood__progress_last(brood__job_t *job)
{
    if (job->progress != NULL)
        tell_user(job, brood__job_done(job));
}
