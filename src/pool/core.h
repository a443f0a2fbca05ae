/* core.h - inside of Pool: all that its threads share, under one lock.
 *
 * Outcomes are fetched by whoever waits for one: the first of them leads, that is, waits for the engine, and settles what
 * comes, for the others, too; those sleep until there is news.  A thread of the pool's own, the collector, leads when
 * something must go on though nobody waits. */
#ifndef BROOD_POOL_CORE_H
#define BROOD_POOL_CORE_H

#include "pool/job.h"
#include <apr_thread_proc.h>

struct brood__core_t {
    apr_pool_t *mem; /* its own; used under the lock */
    apr_thread_mutex_t *lock;
    unsigned references; /* of the pool, and of each job */
    uint32_t owner;      /* the process */
    unsigned epoch;      /* of the arena */
    const brood__engine_ops_t *ops;
    brood__engine_t *engine; /* NULL: destroyed */

    brood__piece_t *waiting, *last_waiting; /* to be sent, the oldest first */
    brood__piece_t *sent[BROOD__PLACES];    /* by their tickets */
    brood__job_t *unsettled;

    bool led;           /* somebody waits for the engine */
    bool interrupted;   /* and has been told to look for himself */
    unsigned sleepers;  /* threads that wait for news */
    unsigned wanted;    /* jobs whose outcomes must be fetched */
    unsigned iterators; /* whose source has not come to its end: more jobs of theirs may come, even if it is closed */
    bool closed;        /* no new jobs */
    bool finished;      /* the engine has been told that all is done */
    bool terminated;
    bool leaving; /* threads of the pool are to end */
    apr_thread_t *collector, *caller;
    brood__job_t *to_call, **last_to_call; /* settled, with callbacks to run */
};

struct brood_pool_t {
    brood__core_t *core;
};

void brood__core_lock(brood__core_t *core);
/* Nobody refers to it any more: it is gone then. */
void brood__core_unlock(brood__core_t *core);

/* BROOD_EMISUSE: this is not the process that made it. */
apr_status_t brood__core_check(const brood__core_t *core);

/* ---- schedule.c; all under the lock ---- */

/* BROOD_EPOOL: the pool takes no more jobs, not even those `given_before` it was closed. */
apr_status_t brood__schedule_check(const brood__core_t *core, bool given_before);
/* Give the job out.  BROOD_EPOOL: the pool takes none any more; the job is as it was. */
apr_status_t brood__schedule(brood__job_t *job);
/* Fetch what has come and send what there is room for, unless somebody leads, who does it at once; does not wait. */
void brood__schedule_go_on(brood__core_t *core);
/* Wait until `is_done`, giving the lock up meanwhile.  APR_TIMEUP, BROOD_ECANCELLED (Ctrl-C). */
apr_status_t brood__schedule_wait(brood__core_t *core, bool (*is_done)(const void *user), const void *user,
                                  apr_time_t deadline);
/* Sleep until there is news, giving the lock up meanwhile.  Statuses as above. */
apr_status_t brood__schedule_sleep(brood__core_t *core, apr_time_t deadline);
/* Take a piece out of the list of those that wait, or back from the engine.  False: somebody has begun with it. */
bool brood__schedule_withdraw(brood__piece_t *piece);
/* Everybody who waits looks again. */
void brood__schedule_news(brood__core_t *core);
/* All unsettled jobs fail so. */
void brood__schedule_fail_all(brood__core_t *core, apr_status_t status, const char *message);

/* ---- threads.c ---- */

/* Under the lock: have a thread that fetches outcomes even if nobody waits, and one that runs callbacks. */
apr_status_t brood__collector_begin(brood__core_t *core);
apr_status_t brood__caller_begin(brood__core_t *core);
/* Under the lock: a job is settled, and its callbacks are to run before it is ready. */
void brood__caller_add(brood__job_t *job);
/* Without the lock: end both. */
void brood__threads_end(brood__core_t *core);

#endif
