/* job.h - what one call of apply, map or imap has asked for, cut into pieces that each go to one worker.
 *
 * All of it belongs to the pool's process and is changed under the pool's lock.  A job is settled when its last piece is,
 * or when it is given up; from then on nothing of it changes but who still refers to it. */
#ifndef BROOD_POOL_JOB_H
#define BROOD_POOL_JOB_H

#include "pool/engine.h"

typedef struct brood__core_t brood__core_t;
typedef struct brood__job_t brood__job_t;

#define BROOD__NO_TICKET UINT32_MAX

/* Where a piece is. */
typedef enum brood__whereabouts_t {
    BROOD__AT_HOME, /* in no list: not given out yet, or settled */
    BROOD__WAITING, /* among those that are to be sent */
    BROOD__SENT
} brood__whereabouts_t;

typedef struct brood__piece_t {
    struct brood__piece_t *next, *previous; /* among those that wait */
    brood__job_t *job;
    brood__whereabouts_t whereabouts;
    uint32_t ticket;
    unsigned retries; /* how often it may run again after a worker's death */
    apr_size_t first; /* index of its first item */
    apr_size_t items;
    brood__message_t message;
    void *result; /* encoded, in plain memory, or in `block` of the engine's */
    uint64_t block;
    size_t result_size;
} brood__piece_t;

/* Somebody who is to be told. */
typedef struct brood__callback_t {
    struct brood__callback_t *next;
    brood_done_fn done;
    void *user;
} brood__callback_t;

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
    apr_ssize_t item; /* that has failed; -1 */
    int exitcode;     /* of the worker, if that is the failure */
    uint32_t entry;   /* its number */
    brood__callback_t *callbacks, **last_callback;
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

/* One piece is settled by an outcome; the job perhaps, too. */
void brood__job_settle_piece(brood__piece_t *piece, const brood__outcome_t *outcome);
/* It will not run. */
void brood__job_drop_piece(brood__piece_t *piece);
/* One thing less to wait for. */
void brood__job_end_piece(brood__job_t *job);
/* The whole job is settled with this failure, whatever its pieces do yet. */
void brood__job_fail(brood__job_t *job, apr_status_t status, const char *message);

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
