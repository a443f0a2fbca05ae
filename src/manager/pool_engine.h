/* pool_engine.h - the engine of a pool whose workers are a manager's: it hands tasks to the server, by a connection of its
 * own.
 *
 * Methods of the pool there; a ticket is 0 to 1023, the connection's, and free again when its task has been answered, or
 * withdrawn or stopped:
 *
 *   run(ticket, work, entry, limit, bears, arguments)
 *                      answered when the task is done: [status, first, plain, exitcode, data], as in brood__outcome_t; data
 *                      is bytes that are text if `plain`, else the result or the failure itself, or nil.  `arguments` is an
 *                      encoded list, `bears`: with managed objects in it
 *   withdraw(ticket)   true: nobody has begun it, and nobody will; run is not answered
 *   stop(ticket)       true: it is ended, together with its worker; run is not answered
 *   begun(ticket)      has somebody?
 *   ask(ticket)        to end
 *   forget()           all tasks of this connection: they are withdrawn, or stopped
 *   size()             how many workers there are to be */
#ifndef BROOD_MANAGER_POOL_ENGINE_H
#define BROOD_MANAGER_POOL_ENGINE_H

#include "manager/client.h"
#include "manager/proxy.h"
#include "pool/engine.h"

/* `ref`, a reference to the server's pool, is the engine's from now on. */
apr_status_t brood__pool_client_open(brood__engine_t **engine, const brood__origin_t *origin, brood__proxy_ref_t *ref,
                                     unsigned workers, apr_pool_t *mem);

#endif
