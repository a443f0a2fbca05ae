/* connection.h - inside of an end: its stream, who uses it, what has come. */
#ifndef BROOD_CONNECTION_CONNECTION_H
#define BROOD_CONNECTION_CONNECTION_H

#include "base/kind.h"
#include "connection/message.h"
#include "connection/open.h"
#include <brood/connection.h>
#include <stdatomic.h>

extern const brood__kind_t brood__connection_kind, brood__socket_kind;

#define BROOD__VALUE_MAGIC \
    0xc1u /* a value's message begins with it: no value of MessagePack does, nor a pickle of Python's */

struct brood_connection_t {
    brood__open_t open;
    apr_pool_t *mem;
    brood__stream_t stream;
    brood__message_t message; /* that comes in */
    bool can_recv;
    bool can_send;
    bool fresh; /* without a key, and nothing has come yet: what comes may ask for one */
    uint64_t limit;
    atomic_flag receiving;
    atomic_flag sending;
    _Atomic unsigned users; /* threads in a call, and one for its being open */
    _Atomic bool closed;
};

/* An end with this stream, which it takes over.  APR_ENOMEM and the like: the stream is closed. */
apr_status_t brood__connection_create(brood_connection_t **connection, brood__stream_t *stream, bool can_recv,
                                      bool can_send, apr_pool_t *mem);

/* Around what a thread does with it in one direction.  BROOD_ECLOSED, BROOD_EDIRECTION; BROOD_EMISUSE: another is at it. */
apr_status_t brood__connection_enter(brood_connection_t *connection, bool to_send);
void brood__connection_leave(brood_connection_t *connection, bool to_send);

apr_status_t brood__connection_closed(void); /* BROOD_ECLOSED with its message */

/* Has something come that was not received? */
bool brood__connection_has_come(const brood_connection_t *connection);

/* One message of at most `most` bytes, as far as the deadline lets it come, for brood__connection_recv_end to finish
 * with; one way after the other.  Statuses as brood_connection_recv_bytes. */
apr_status_t brood__connection_recv(brood_bytes_t *bytes, brood_connection_t *connection, uint64_t most,
                                    apr_time_t deadline);
void brood__connection_recv_end(brood_connection_t *connection);

/* Send one.  Statuses as brood_connection_send_bytes. */
apr_status_t brood__connection_send(brood_connection_t *connection, const void *data, size_t size,
                                    const brood__parcel_t *parcel, apr_time_t deadline);

/* For brood_wait.  False: something is to be received already.  BROOD_ECLOSED and BROOD_EDIRECTION in *rc. */
bool brood__connection_watch(brood_connection_t *connection, brood__watch_t *watch, apr_status_t *rc);

/* What has come along with start data or a message, for the objects in what is decoded next in this thread; NULL: none. */
void brood__connection_arrived(brood__parcel_t *parcel);

#endif
