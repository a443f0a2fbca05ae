/* wait.h - sleep until one of many handles is ready. */
#ifndef BROOD_PLATFORM_WAIT_H
#define BROOD_PLATFORM_WAIT_H

#include "platform/handle.h"
#include <apr_time.h>
#include <stddef.h>

/* One of those that are waited for. */
typedef struct brood__watch_t {
    brood__handle_t handle; /* BROOD__NO_HANDLE: never ready */
    bool is_socket;         /* a socket of the program's, as the system knows it; else a handle of brood's */
    bool ready;             /* out: signalled; readable, or at its end, so that to read does not wait */
    bool writes;            /* of a socket: until it is writable instead */
} brood__watch_t;

/* Mark every watch that is ready; at least one, with APR_SUCCESS.  APR_TIMEUP: none by the deadline; with one that has
 * passed it only looks.  Any number of watches, also of one handle, also none.  Any number of threads may wait for one
 * handle, which must stay open meanwhile; nothing is taken from it, and it stays as it was.  APR_EBADF: no handle.
 * APR_EINTR: see interrupt.h. */
apr_status_t brood__wait_any(brood__watch_t *watches, size_t count, apr_time_t deadline);

/* A new handle that is ready from now on and for ever. */
apr_status_t brood__wait_always(brood__handle_t *handle);

#endif
