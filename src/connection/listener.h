/* listener.h - inside of a listener: who has connected, and has not proved to know the key yet. */
#ifndef BROOD_CONNECTION_LISTENER_H
#define BROOD_CONNECTION_LISTENER_H

#include "platform/wait.h"
#include <brood/listener.h>

#define BROOD__CLIENTS_MOST 128 /* in their handshake; one more, and the one that has taken longest is dropped */
#define BROOD__LISTENER_WATCHES (BROOD__CLIENTS_MOST + 1)

/* For brood_wait: what to wait for until there is something to accept, or to go on with.  `*count` of `watches`, which
 * has room for BROOD__LISTENER_WATCHES; 0: there is something now.  BROOD_ECLOSED; BROOD_EMISUSE: another thread accepts. */
apr_status_t brood__listener_watches(brood_listener_t *listener, brood__watch_t *watches, size_t *count);

#endif
