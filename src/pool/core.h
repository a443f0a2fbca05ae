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
    _Atomic unsigned references;    /* of the pool, and of each job; counted down under the lock */
    uint32_t owner, pid;            /* the process */
    unsigned epoch;                 /* of the arena */
    uint64_t news_block;            /* of the arena */
    _Atomic uint32_t *news;         /* in it: what threads sleep on that wait for another's news */
    const brood__engine_ops_t *ops; /* NULL: of a future without a pool */
    brood__engine_t *engine;        /* NULL: none, likewise */

    brood__piece_t *waiting, *last_waiting; /* to be sent, the oldest first */
    brood__piece_t **sent;                  /* by their tickets */
    brood__job_t *unsettled;
    apr_time_t look_at_queue; /* a task may have waited too long then */

    bool led;           /* somebody waits for the engine */
    bool interrupted;   /* and has been told to look for himself */
    unsigned sleepers;  /* threads that wait for news */
    unsigned wanted;    /* jobs whose outcomes must be fetched */
    unsigned iterators; /* whose source has not come to its end: more jobs of theirs may come, even if it is closed */
    bool cut;           /* unless they are to come to an end, too */
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

/* ---- core.c ---- */

/* One without an engine, and with one reference, the caller's. */
apr_status_t brood__core_create(brood__core_t **made);
void brood__core_lock(brood__core_t *core);
/* Nobody refers to it any more: it is gone then. */
void brood__core_unlock(brood__core_t *core);

/* BROOD_EMISUSE: this is not the process that made it, or it has left its tree. */
apr_status_t brood__core_check(const brood__core_t *core);
/* The process is that one, be it in a tree or not. */
bool brood__core_is_here(const brood__core_t *core);
/* This thread is one of the pool's workers. */
bool brood__core_runs_me(const brood__core_t *core);
/* BROOD_EMISUSE: it is, and is not to wait for what others of them do: once all wait, nobody works. */
apr_status_t brood__core_may_wait(const brood__core_t *core, apr_time_t deadline);
/* What lies in the arena is there. */
bool brood__core_has_arena(const brood__core_t *core);

/* ---- schedule.c; all under the lock ---- */

/* BROOD_EPOOL: the pool takes no more jobs, not even those `given_before` it was closed. */
apr_status_t brood__schedule_check(const brood__core_t *core, bool given_before);
/* Give the job out.  BROOD_EPOOL: the pool takes none any more; the job is as it was. */
apr_status_t brood__schedule(brood__job_t *job);
/* Fetch what has come and send what there is room for, unless somebody leads, who does it at once; does not wait. */
void brood__schedule_go_on(brood__core_t *core);
/* Wait until `is_done`, giving the lock up meanwhile.  APR_TIMEUP, BROOD_ECANCELLED (Ctrl-C), BROOD_EMISUSE. */
apr_status_t brood__schedule_wait(brood__core_t *core, bool (*is_done)(const void *user), const void *user,
                                  apr_time_t deadline);
/* Sleep until there is news, giving the lock up meanwhile.  Statuses as above. */
apr_status_t brood__schedule_sleep(brood__core_t *core, apr_time_t deadline);
/* Take a piece out of the list of those that wait, or back from the engine.  False: somebody has begun with it. */
bool brood__schedule_withdraw(brood__piece_t *piece);
/* End a piece that somebody has begun with, and its worker.  False: it cannot be ended, or has an outcome. */
bool brood__schedule_stop(brood__piece_t *piece);
/* Everybody who waits looks again. */
void brood__schedule_news(brood__core_t *core);
/* All unsettled jobs fail so. */
void brood__schedule_fail_all(brood__core_t *core, apr_status_t status, const char *message);

/* ---- limit.c; under the lock ---- */

/* A piece has begun to wait for a worker. */
void brood__limit_begin(brood__piece_t *piece);
/* Cancel what has waited too long; returns when to look again. */
apr_time_t brood__limit_look(brood__core_t *core);

/* ---- pool.c ---- */

/* brood_pool_create, by whatever engine. */
apr_status_t brood__pool_create(brood_pool_t **pool, brood__engine_open_fn open, const void *what, apr_pool_t *mem);

/* ---- threads.c ---- */

/* Under the lock: have a thread that fetches outcomes even if nobody waits, and one that runs callbacks. */
apr_status_t brood__collector_begin(brood__core_t *core);
apr_status_t brood__caller_begin(brood__core_t *core);
/* Under the lock: a job is settled, and its callbacks are to run before it is ready. */
void brood__caller_add(brood__job_t *job);
/* Under the lock, which is given up meanwhile, in that thread: tell of jobs' progress where it is due; returns when to look
 * again.  And the last time, of a settled job. */
apr_time_t brood__progress_tell(brood__core_t *core);
void brood__progress_last(brood__job_t *job);
/* Under the lock, which is given up for each: run the callbacks of such jobs in this thread, as one without a pool has no
 * other. */
void brood__caller_run(brood__core_t *core);
/* Is this thread running callbacks?  It does not wait for others: for it, what is settled is ready. */
bool brood__caller_is_me(void);
/* Is it this pool's own thread for callbacks? */
bool brood__caller_of_is_me(const brood__core_t *core);
/* Without the lock, in none of the pool's threads: end both. */
void brood__threads_end(brood__core_t *core);

#endif
