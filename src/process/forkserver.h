/* forkserver.h - the way to the fork server.  Except for brood__forkserver_handle, under the family's lock. */
#ifndef BROOD_PROCESS_FORKSERVER_H
#define BROOD_PROCESS_FORKSERVER_H

#include "platform/child.h"

/* Where requests go, for children of every method: they ask the same server; BROOD__NO_HANDLE: there is none yet. */
brood__handle_t brood__forkserver_handle(void);

/* In a new process: the way it inherited.  A server that the parent started is not its child. */
void brood__forkserver_inherit(brood__handle_t handle);

/* brood__child_request with start->server set here: starts a server if there is none, and once again if it has died;
 * gives up after BROOD__STARTUP_PATIENCE. */
apr_status_t brood__forkserver_request(brood__child_t **child, brood__handle_t *channel, brood__start_t *start,
                                       apr_pool_t *mem);

/* This process asks no more.  The server ends when the last one has gone who could ask: if that was `last`, its end is
 * waited for. */
void brood__forkserver_end(bool last);

/* How many this process has started. */
unsigned brood__forkserver_starts(void);

/* The server, if this process started it; NULL: it did not. */
brood__child_t *brood__forkserver_child(void);

#endif
