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

static void tell(brood__job_t *job, apr_size_t done)
{
    brood__core_t *core = job->core;

    job->told = done;
    job->references++;
    brood__core_unlock(core);
    job->progress(job->progress_user, done, job->total);
    brood__core_lock(core);
    brood__job_release(job);
}

apr_time_t brood__progress_tell(brood__core_t *core)
{
    const apr_time_t now = brood__clock_now();
    apr_time_t next = BROOD__NEVER;
    brood__job_t *job;

    while ((job = due(core, now, &next)) != NULL) {
        const apr_size_t done = brood__job_done(job);

        job->tell_at = now + PERIOD;
        if (done != job->told)
            tell(job, done);
    }
    return next;
}

void brood__progress_last(brood__job_t *job)
{
    if (job->progress != NULL)
        tell(job, brood__job_done(job));
}
