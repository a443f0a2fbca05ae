/* own.h - memory pools of brood's own, that belong to no pool of the program.
 *
 * APR's pools share a lock with their ancestors, which another thread may hold while this process is forked: a forked
 * child that asks for one may wait for ever.  These share one that whoever forks holds meanwhile. */
#ifndef BROOD_BASE_OWN_H
#define BROOD_BASE_OWN_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <stddef.h>

/* Once, before other threads; again does nothing. */
apr_status_t brood__own_begin(void);

/* A new pool; any thread may end it. */
apr_status_t brood__own_pool(apr_pool_t **pool);

/* One that lasts as long as this process.  For those who are the only thread, or have brood__own_lock. */
apr_pool_t *brood__own_root(void);

/* Memory that lasts as long as this process, all zero, and a copy in such; any thread.  NULL: there is no more. */
void *brood__own_alloc(size_t size);
void *brood__own_copy(const void *data, size_t size);

/* Threads that the portable code has begun in this process; in a forked child there are none but its own.  Who creates
 * one says so before, who has joined it, or failed, after. */
unsigned brood__own_threads(void);
void brood__own_thread_begins(void);
void brood__own_thread_ended(void);

/* Around a fork, in the thread that forks; the latter also in the child.  In between nothing is allocated here, but from
 * brood__own_root. */
void brood__own_lock(void);
void brood__own_unlock(void);

#endif
