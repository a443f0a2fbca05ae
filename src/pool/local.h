/* local.h - inside of the local engine: a board, and the workers. */
#ifndef BROOD_POOL_LOCAL_H
#define BROOD_POOL_LOCAL_H

#include "memory/table.h"
#include "pool/engine.h"
#include "pool/stderr_tail.h"
#include "pool/worker.h"
#include <apr_thread_proc.h>
#include <brood/connection.h>
#include <brood/sync.h>
#include <brood/wait.h>

#define BROOD__EPITAPH (192u + sizeof BROOD__LAST_WORDS + BROOD__TAIL)

/* A worker as the pool's process sees it. */
typedef struct brood__member_t {
    apr_pool_t *mem; /* of it; NULL: there is none */
    brood_process_t *process;
    apr_thread_t *thread; /* or this */
    bool over;            /* it has ended */
    unsigned number;      /* among all that the pool has ever had */
    unsigned at;          /* the seat at which it waits to be admitted */
    bool entered;         /* it has been seen to have its own */
    brood__id_t id;
    bool here;          /* it has said hello */
    apr_time_t kill_at; /* it has been asked to end, and is killed then; 0: it has not */
} brood__member_t;

typedef struct brood__local_t {
    brood__engine_t engine;
    apr_thread_mutex_t *lock; /* the pool's */
    apr_pool_t *mem;
    brood__ref_t *board;
    brood_pool_options_t options;
    const char *name; /* of the workers, before their number */

    uint32_t unused[BROOD__PLACES]; /* places of nobody */
    uint32_t unused_count;
    apr_status_t fate[BROOD__PLACES]; /* of a task whose worker has died: its status; else APR_SUCCESS */
    bool expired[BROOD__PLACES];      /* it was stopped since it has run too long */
    int exitcode[BROOD__PLACES];
    char (*epitaph)[BROOD__EPITAPH]; /* how it died, of each place */
    apr_time_t look_at_limits;       /* a task may have run too long then; 0: none is limited */

    brood__member_t *member; /* by their seats, and behind them one to spare, which waits for a seat */
    unsigned members;      /* how many there are: none is to spare if workers are not to be replaced as they wear out */
    unsigned born;         /* how many have been started */
    unsigned failures;     /* starts in a row after which no hello came */
    apr_time_t next_start; /* not before that */
    apr_time_t next_spare; /* nor, of one to spare, before that */
    unsigned started;      /* lazily: how many there are to be by now */

    apr_thread_t *supervisor;          /* NULL: none */
    brood__tails_t tails;              /* read by it */
    brood_wait_t *watched;             /* by it */
    brood_connection_t *poked, *poker; /* ends the supervisor's wait */
    bool poke_on_its_way;
    bool finishing, terminated, killed;
    brood_event_t *ended; /* there is no worker any more, and will be none */
} brood__local_t;

/* ---- message.c ---- */

apr_status_t brood__message_prepare(brood__args_t *message, brood__bytes_t *bytes, brood_value_t args);
void brood__message_discard(uint64_t block);

/* ---- member.c ---- */

/* Start a worker, the `number`th of the pool, as local->member[index] to be; without the lock, as it takes its time. */
apr_status_t brood__member_start(brood__member_t *member, brood__local_t *local, unsigned index, unsigned number);
/* Ask it to end, and when it is to be killed; a thread cannot be ended. */
void brood__member_end(brood__member_t *member, apr_time_t kill_at);
void brood__member_kill(brood__member_t *member);
/* Of a process that has ended, and in words. */
int brood__member_exitcode(const brood__member_t *member, char *epitaph, apr_size_t size);
/* Of one that has ended, or is about to: nothing is left of it. */
void brood__member_release(brood__member_t *member);

static inline void brood__local_lock(brood__local_t *local)
{
    apr_thread_mutex_lock(local->lock);
}

static inline void brood__local_unlock(brood__local_t *local)
{
    apr_thread_mutex_unlock(local->lock);
}

/* ---- workers.c; under the lock, in the supervisor's thread ---- */

/* How many of the first so many members there are. */
unsigned brood__workers_count(const brood__local_t *local, unsigned members);
/* Start whoever is missing.  If workers wear out there is one more, which waits for a seat that becomes free.  The lock is
 * given up meanwhile. */
void brood__workers_start(brood__local_t *local);
/* When that is to be done again; 0: not before somebody has ended. */
apr_time_t brood__workers_look_again(const brood__local_t *local);
/* One more start of which nothing has come, at that place among the members. */
void brood__workers_despair(brood__local_t *local, unsigned index, apr_status_t status, const char *why);

/* ---- supervisor.c: the thread that starts, watches and ends workers ---- */

/* Start the workers and, when they are there, the thread. */
apr_status_t brood__supervisor_begin(brood__local_t *local);
/* Under the lock: there is something new to look at. */
void brood__supervisor_poke(brood__local_t *local);
/* Without the lock: wait until all workers have ended.  APR_TIMEUP, BROOD_ECANCELLED. */
apr_status_t brood__supervisor_join(brood__local_t *local, apr_time_t deadline);
/* And until the thread has. */
void brood__supervisor_end(brood__local_t *local);
/* Under the lock: end the worker that has this id. */
void brood__supervisor_stop(brood__local_t *local, brood__id_t id);
/* Under the lock: what a worker has said first. */
void brood__supervisor_hello(brood__local_t *local, unsigned index, const brood__outcome_t *hello);

/* ---- local.c ---- */

/* Under the lock: the worker at this seat has ended, and all that it had is an outcome now. */
void brood__local_bury(brood__local_t *local, unsigned index, int exitcode, const char *epitaph);
/* Under the lock: a worker's first word, if it hangs at this place. */
void brood__local_take_hello(brood__local_t *local, uint32_t ticket);
/* Under the lock: end what has run too long, and say when to look again. */
void brood__local_look_at_limits(brood__local_t *local);
/* Under the lock: nothing runs any more, for this reason. */
void brood__local_break(brood__local_t *local, apr_status_t status, const char *reason);

#endif
