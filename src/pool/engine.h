/* engine.h - what a pool asks of those who run its tasks, and the only thing it knows of them.
 *
 * The pool hands an engine one message a task and gets one outcome for it, whatever happens: a worker that dies is an
 * outcome, too.  Who the workers are, how they are started, replaced and stopped is the engine's.  All of it is called
 * with the pool's lock held, unless it says otherwise. */
#ifndef BROOD_POOL_ENGINE_H
#define BROOD_POOL_ENGINE_H

#include "pool/completions.h"
#include <apr_thread_mutex.h>
#include <brood/pool.h>

/* What a worker is to do: see board.h for the kinds of work. */
typedef struct brood__order_t {
    uint32_t work;
    uint32_t entry;
    apr_interval_time_t limit; /* of its running; 0: none */
} brood__order_t;

/* Plain memory in which short arguments lie, those of one task behind those of another. */
typedef struct brood__bytes_t {
    unsigned char *data; /* by malloc */
    size_t size, room;
} brood__bytes_t;

/* Room for `more`, and at first for no more than that: most jobs are one task.  APR_ENOMEM. */
apr_status_t brood__bytes_reserve(brood__bytes_t *bytes, size_t more);

/* And with what: encoded arguments. */
typedef struct brood__args_t {
    uint64_t block; /* the engine's memory; 0: they lie in such bytes, from here on: */
    size_t at;
    uint64_t size;
} brood__args_t;

/* What came of it.  Everything is the engine's until it is given back. */
typedef struct brood__outcome_t {
    apr_status_t status;
    uint32_t first;   /* a failure of BROOD__MAP: index of the item */
    bool plain;       /* the engine's own failure: `data` is text, no record */
    int exitcode;     /* of the worker, then */
    const void *data; /* the encoded result, or the record of the failure; NULL: none */
    uint64_t size;
    uint64_t block; /* where that lies, if it may be kept until the engine is told to free it; else 0 */
} brood__outcome_t;

typedef struct brood__engine_t brood__engine_t;

typedef struct brood__engine_ops_t {
    /* Encode arguments, the short ones behind what is in *bytes; without the lock.  Others lie in a block, and objects in
     * them are lent until it is discarded. */
    apr_status_t (*prepare)(brood__args_t *message, brood__bytes_t *bytes, brood__engine_t *engine, brood_value_t args);
    void (*discard)(uint64_t block);

    /* Give it to the workers, who need not hear of it before the next flush; a message's block must stay until there is an
     * outcome.  False: too many are on their way; if there is room again by anything but collect and withdraw, receive
     * returns. */
    bool (*send)(uint32_t *ticket, brood__engine_t *engine, const brood__order_t *order, const brood__args_t *message,
                 const brood__bytes_t *bytes);
    void (*flush)(brood__engine_t *engine);
    /* Wait for arrivals; without the lock, and in one thread at a time if it may wait.  APR_TIMEUP, BROOD_ECANCELLED. */
    apr_status_t (*receive)(brood__arrivals_t *arrivals, brood__engine_t *engine, apr_interval_time_t timeout);
    /* Whoever waits for arrivals comes back, with none perhaps. */
    void (*interrupt)(brood__engine_t *engine);
    /* Fetch an outcome, which is good until something is sent; the ticket is void then.  False: there is none (any more, or
     * yet); any number may be asked for. */
    bool (*collect)(brood__outcome_t *outcome, brood__engine_t *engine, uint32_t ticket);
    /* A block that was kept, or is not wanted; 0: nothing. */
    void (*free)(uint64_t block);

    /* Take a task back that nobody has begun: the ticket is void.  False: somebody has. */
    bool (*withdraw)(brood__engine_t *engine, uint32_t ticket);
    /* Ask a task to end: see brood_call_cancelled. */
    void (*ask)(brood__engine_t *engine, uint32_t ticket);
    /* End a task together with its worker: the ticket is void, whatever the task does yet counts for nothing, and the
     * message's block is the engine's.  False: it has an outcome, or cannot be ended. */
    bool (*stop)(brood__engine_t *engine, uint32_t ticket);
    /* Has somebody begun with it? */
    bool (*begun)(brood__engine_t *engine, uint32_t ticket);

    /* No more will be sent, and all have had their outcome: workers end. */
    void (*finish)(brood__engine_t *engine);
    /* Workers are ended, at once if they are to be killed, and no outcome comes any more. */
    void (*terminate)(brood__engine_t *engine, bool kill);
    /* Wait until the workers have ended; without the lock.  APR_TIMEUP, BROOD_ECANCELLED. */
    apr_status_t (*join)(brood__engine_t *engine, apr_time_t deadline);
    /* Those there are, an array that ends with NULL, held until `mem` ends; without the lock. */
    brood_process_t **(*workers)(brood__engine_t *engine, apr_pool_t *mem);
    /* After terminate; without the lock.  What is called of it afterwards finds no worker. */
    void (*destroy)(brood__engine_t *engine);
} brood__engine_ops_t;

struct brood__engine_t {
    const brood__engine_ops_t *ops;
    brood__board_t *board; /* NULL: workers are elsewhere, and share no memory with this process */
    unsigned workers;      /* how many there are to be */
    bool broken;           /* no worker will run anything any more; failure says why */
    apr_status_t failure;
    char reason[768];
};

/* Open one for a pool.  `lock` is the pool's, `mem` one that the engine may use for as long as it lives, under the lock;
 * `what` says how it is to be. */
typedef apr_status_t (*brood__engine_open_fn)(brood__engine_t **engine, const void *what, apr_thread_mutex_t *lock,
                                              apr_pool_t *mem);

/* Processes, or threads, of this machine.  The workers run, and their initializers have succeeded, when this returns, unless
 * they are to start lazily. */
apr_status_t brood__local_open(brood__engine_t **engine, unsigned workers, const brood_pool_options_t *options,
                               apr_thread_mutex_t *lock, apr_pool_t *mem);

#endif
