/* pool_workers.h - the workers of a pool in a manager's server: an engine that is opened and ended in threads, and a thread that
 * hears of outcomes, so that the server's loop waits for none of it.
 *
 * All calls are of the server's thread. */
#ifndef BROOD_MANAGER_POOL_WORKERS_H
#define BROOD_MANAGER_POOL_WORKERS_H

#include "manager/jobs.h"
#include "manager/server.h"
#include "pool/engine.h"
#include <apr_thread_proc.h>

#define BROOD__POOL_WORKERS_WORDS ((BROOD__PLACES + BROOD_POOL_LIMIT + 63u) / 64u)

typedef struct brood__pool_workers_t {
    brood__job_t job; /* that opens it, and later the one that ends it */
    brood__server_t *server;
    apr_pool_t *mem;          /* in which all of this is; once it is open, of the engine */
    apr_thread_mutex_t *lock; /* the engine's: of its functions that say nothing else */
    brood__engine_t *engine;  /* NULL: it is not open (yet) */
    unsigned count;
    brood_pool_options_t options; /* initargs: encoded, below */
    brood_bytes_t initargs;       /* data NULL: none */
    brood__origin_t origin;       /* for objects in them */
    apr_status_t status;          /* of the opening, and its record, encoded: */
    brood__output_t failure;
    void (*opened)(void *user); /* NULL: nobody is to be told */
    void *user;
    apr_thread_t *receiver;
    _Atomic bool news, ending;
    bool kill;
    _Atomic uint64_t arrived[BROOD__POOL_WORKERS_WORDS]; /* a bit for each ticket that may have an outcome now */
    uint64_t blocks[BROOD__PLACES];                      /* of messages that are still there at the end */
} brood__pool_workers_t;

/* So many workers, 0: one for each CPU, by a map of options (managed_pool.c).  BROOD_EARGS, BROOD_EENTRY ... */
apr_status_t brood__pool_workers_create(brood__pool_workers_t **workers, apr_int64_t count, brood_value_t options);

/* Open it in a thread; then `opened` is called in this one.  After a failure all is as before. */
apr_status_t brood__pool_workers_open(brood__pool_workers_t *workers, void (*opened)(void *user), void *user);
/* Why it could not be opened, as this thread's last failure. */
apr_status_t brood__pool_workers_fail(const brood__pool_workers_t *workers, apr_pool_t *mem);

/* Has anything happened since this was asked last?  Then: the next ticket that may have an outcome. */
bool brood__pool_workers_has_news(brood__pool_workers_t *workers);
bool brood__pool_workers_next(uint32_t *ticket, brood__pool_workers_t *workers);

/* Nobody uses it any more: the workers end, in a thread if there is one, and all of this is gone.  It is not being opened. */
void brood__pool_workers_end(brood__pool_workers_t *workers);

static inline void brood__pool_workers_lock(brood__pool_workers_t *workers)
{
    apr_thread_mutex_lock(workers->lock);
}

static inline void brood__pool_workers_unlock(brood__pool_workers_t *workers)
{
    apr_thread_mutex_unlock(workers->lock);
}

#endif
