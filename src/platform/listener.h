/* listener.h - where connections come in, and how they are made from the other side. */
#ifndef BROOD_PLATFORM_LISTENER_H
#define BROOD_PLATFORM_LISTENER_H

#include "platform/stream.h"

typedef enum brood__family_kind_t { BROOD__FAMILY_INET, BROOD__FAMILY_UNIX, BROOD__FAMILY_PIPE } brood__family_kind_t;

typedef struct brood__address_t {
    brood__family_kind_t family;
    const char
        *name;     /* INET: host, of either version; UNIX: path, or with an @ before it a name of Linux's own; PIPE */
    uint16_t port; /* INET */
    bool tls;      /* what is said there is encrypted: not by this floor */
} brood__address_t;

/* Who has gone by INET without a word, as when its machine has lost its power, is found out: a minute after the last that
 * came from there it is asked, as often and as far apart as this says, and then it is taken for closed. */
#define BROOD__KEEPALIVE_IDLE 60 /* seconds */
#define BROOD__KEEPALIVE_INTERVAL 10
#define BROOD__KEEPALIVE_COUNT 6 /* Windows: always 10 */

#define BROOD__ADDRESS_SIZE 280u /* of an address as text, with its end */

typedef struct brood__listener_t brood__listener_t; /* each backend defines it */

/* The family of addresses that nobody has chosen. */
extern const brood__family_kind_t brood__listener_family;

/* Listen there; `mem` keeps it until brood__listener_close.  `text` is the address that it has got, with the port.
 * APR_ENOTIMPL: not this family here; APR_EINVAL: no such address; otherwise what the system says, as EADDRINUSE. */
apr_status_t brood__listener_open(brood__listener_t **listener, const brood__address_t *address, int backlog,
                                  char text[BROOD__ADDRESS_SIZE], apr_pool_t *mem);

/* The next that has connected, and its address as text, "" if it has none.  APR_TIMEUP; APR_EINTR: see interrupt.h. */
apr_status_t brood__listener_accept(brood__stream_t *stream, char peer[BROOD__ADDRESS_SIZE],
                                    brood__listener_t *listener, apr_time_t deadline);

/* What to wait for until brood__listener_accept does not. */
bool brood__listener_watch(brood__listener_t *listener, brood__watch_t *watch);

/* Nobody can connect any more; a file that stood for it is gone, unless `forked`: this is a copy of the process whose it
 * is.  Twice is fine. */
void brood__listener_close(brood__listener_t *listener, bool forked);

/* Connect.  APR_ECONNREFUSED, APR_ENOENT, or whatever the system says; APR_TIMEUP; APR_EINTR. */
apr_status_t brood__listener_connect(brood__stream_t *stream, const brood__address_t *address, apr_time_t deadline);

#endif
