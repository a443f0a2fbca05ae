/* job.h - what one call of apply, map or imap has asked for, cut into pieces that each go to one worker.
 *
 * All of it belongs to the pool's process and is changed under the pool's lock.  A job is settled when its last piece is,
 * or when it is given up; from then on nothing of it changes but who still refers to it. */
#ifndef BROOD_POOL_JOB_H
#define BROOD_POOL_JOB_H

#include "pool/engine.h"

typedef struct brood__core_t brood__core_t;
typedef struct brood__job_t brood__job_t;

typedef struct brood__map_array_t brood__map_array_t;

#define BROOD__NO_TICKET UINT32_MAX

/* Where a piece is. */
typedef enum brood__whereabouts_t {
    BROOD__AT_HOME, /* in no list: not given out yet, or settled */
    BROOD__WAITING, /* among those that are to be sent */
    BROOD__SENT
} brood__whereabouts_t;

/* Small, as a map may have very many. */
typedef struct brood__piece_t {
    struct brood__piece_t *next, *previous; /* among those that wait */
    brood__job_t *job;
    brood__whereabouts_t whereabouts;
    uint32_t ticket;
    unsigned retries;      /* how often it may run again after a worker's death */
    uint32_t items;        /* 0: a part in a map over C arrays */
    apr_size_t first;      /* index of its first item; of such a part see brood__map_array_again */
    apr_time_t wait_until; /* for a worker; BROOD__NEVER */
    brood__args_t message;
    const void *result; /* encoded: in `small`, or else in plain memory, or in `block` of the engine's */
    uint64_t block;
    size_t result_size;
    unsigned char small[16];
} brood__piece_t;

/* Somebody who is to be told. */
typedef struct brood__callback_t {
    struct brood__callback_t *next;
    brood_done_fn done;
    void *user;
} brood__callback_t;

/* Somebody who waits for several; see together.c. */
typedef struct brood__watcher_t brood__watcher_t;

struct brood__job_t {
    brood__core_t *core;
    unsigned references;                  /* one is of all pieces together, until they are settled */
    struct brood__job_t *next, *previous; /* among the unsettled; later, `next`, among those with callbacks to run */
    brood_future_state_t state;
    bool is_list;           /* its value is the list of its pieces' values */
    bool ready;             /* settled, and whoever is to be told before others has been */
    bool wanted;            /* its outcomes must be fetched even if nobody waits: counted in the core */
    bool cancelled;         /* it was asked to end */
    apr_size_t done, total; /* items */
    apr_size_t left;        /* pieces that are not settled */
    apr_status_t status;    /* of the first failure, and its record, encoded, or its text if `plain` */
    void *failure;
    size_t failure_size;
    bool plain;
    apr_ssize_t item;                /* that has failed; -1 */
    int exitcode;                    /* of the worker, if that is the failure */
    brood__order_t order;            /* what is to be done in each piece */
    brood__bytes_t bytes;            /* their short arguments */
    brood__map_array_t *array;       /* a map over C arrays: see map_array.h; else NULL */
    apr_interval_time_t queue_limit; /* of each piece's waiting for a worker; 0: none */
    brood__watcher_t *watchers;
    brood__callback_t *callbacks, **last_callback;
    bool for_caller;            /* the pool's thread for callbacks has to do with it before it is ready */
    brood_progress_fn progress; /* NULL: nobody asks */
    void *progress_user;
    apr_size_t told; /* the last time */
    apr_time_t tell_at;
    void (*settled)(brood__job_t *job, void *user); /* under the lock: for iterators */
    void *user;
    struct brood__job_t *after; /* the next one in the list of an iterator */
    bool given_before;          /* it is part of what the pool was given before it was closed */
    apr_size_t count;           /* of pieces */
    brood__piece_t *piece;
    brood__piece_t only; /* `piece` of a job that has one */
};

/* A new one of so many pieces, with one reference, the caller's, and one of the core that it takes.  NULL: no memory. */
brood__job_t *brood__job_create(brood__core_t *core, apr_size_t pieces);
/* Under the lock.  The last one frees it. */
void brood__job_release(brood__job_t *job);

/* The arguments of a piece that has not been given out. */
apr_status_t brood__job_prepare(brood__piece_t *piece, brood_value_t args);
/* What is in them is not needed any more. */
void brood__job_discard(brood__piece_t *piece);

/* One piece is settled by an outcome; the job perhaps, too. */
void brood__job_settle_piece(brood__piece_t *piece, const brood__outcome_t *outcome);
/* It will not run, for this reason. */
void brood__job_drop_piece(brood__piece_t *piece, const char *reason);
/* So with all pieces that nobody has begun; the caller refers to the job. */
void brood__job_drop_pending(brood__job_t *job, const char *reason);
/* One thing less to wait for. */
void brood__job_end_piece(brood__job_t *job);
/* The whole job is settled with this failure, whatever its pieces do yet. */
void brood__job_fail(brood__job_t *job, apr_status_t status, const char *message);

/* Under the lock: items done so far. */
apr_size_t brood__job_done(const brood__job_t *job);
/* It may be ready now: whoever waits for it looks. */
void brood__job_news(brood__job_t *job);
/* For this thread; see brood__caller_is_me. */
bool brood__job_is_ready(const brood__job_t *job);

/* Statuses that futures and iterators give for themselves: a task that fails so arrives as BROOD_ETASK. */
bool brood__job_owns_status(apr_status_t status);

/* One that is not given out, and never will be, is settled with this thread's last failure, unless it has failed before.
 * `plain`: only the text counts. */
void brood__job_fail_unsent(brood__job_t *job, bool plain, apr_pool_t *mem);
/* It is asked to end: pieces that nobody has begun never run, with `force` those that run are ended.  Under the lock. */
void brood__job_cancel(brood__job_t *job, bool force);

/* The failure of which there is this record becomes this thread's last one, as whoever asks for a result is told it. */
apr_status_t brood__job_fail_by(const brood__job_t *job, brood_value_t record);
/* Its value or failure, when it is settled; without the lock, by whoever refers to it. */
apr_status_t brood__job_value(brood_value_t *value, const brood__job_t *job, apr_pool_t *mem);

#endif
