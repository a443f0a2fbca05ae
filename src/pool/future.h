/* future.h - inside of Future. */
#ifndef BROOD_POOL_FUTURE_H
#define BROOD_POOL_FUTURE_H

#include "pool/job.h"

struct brood_future_t {
    brood__job_t *job;
};

/* It has the caller's reference to the job from now on. */
brood_future_t *brood__future_create(brood__job_t *job, apr_pool_t *mem);

/* Without the lock: until it is ready.  APR_TIMEUP, BROOD_ECANCELLED, BROOD_EMISUSE. */
apr_status_t brood__job_wait(brood__job_t *job, apr_interval_time_t timeout);

/* ---- submit.c: how jobs come to be ---- */

/* A job of so many pieces whose messages lack their arguments; the caller has one reference.  BROOD_EENTRY, APR_ENOMEM. */
apr_status_t brood__job_begin(brood__job_t **made, brood__core_t *core, apr_size_t pieces, brood_entry_fn entry,
                              const brood_task_options_t *options);
/* The same by the number of an entry or a kernel. */
apr_status_t brood__job_begin_at(brood__job_t **made, brood__core_t *core, apr_size_t pieces, uint32_t number,
                                 const brood_task_options_t *options);
/* The caller refers to it no more. */
void brood__job_abandon(brood__job_t *job);
/* Give it out; the caller's reference becomes the future's, if one is wanted. */
apr_status_t brood__job_submit(brood_future_t **future, brood__job_t *job, const brood_task_options_t *options,
                               apr_pool_t *mem);
/* Give it out, and wait for its value. */
apr_status_t brood__job_run(brood_value_t *value, brood__job_t *job, const brood_task_options_t *options,
                            apr_pool_t *mem);

/* ---- future.c; under the lock ---- */

/* Before it is ready the pool's thread for callbacks is to have it.  APR_ENOMEM and others: no thread. */
apr_status_t brood__job_for_caller(brood__job_t *job);
/* `done` is to be told of a job that is not ready yet. */
apr_status_t brood__job_call(brood__job_t *job, brood_done_fn done, void *user);
/* Its outcomes are fetched from now on, though nobody waits for the pool. */
apr_status_t brood__job_want(brood__job_t *job);

/* ---- manual.c ---- */

/* It has no pool. */
bool brood__job_is_manual(const brood__job_t *job);
/* Under the lock: one that is not done. */
apr_status_t brood__manual_cancel(brood__job_t *job, bool force);

/* ---- together.c ---- */

/* Under the lock: the job is settled, or ready now. */
void brood__watchers_tell(brood__job_t *job);

#endif
