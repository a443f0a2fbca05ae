/* own.h - memory pools of brood's own, that belong to no pool of the program.
 *
 * APR's pools share a lock with their ancestors, which another thread may have held when this process was forked: a
 * forked child that asks for one may wait for ever.  These share a lock that every process makes anew. */
#ifndef BROOD_PROCESS_OWN_H
#define BROOD_PROCESS_OWN_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <stdbool.h>

/* Once in a process, before other threads; again does nothing.  `forked`: what there is is the parent's. */
apr_status_t brood__own_begin(bool forked);

/* A new pool; any thread may end it. */
apr_status_t brood__own_pool(apr_pool_t **pool);

/* One that lasts as long as this process. */
apr_pool_t *brood__own_root(void);

#endif
