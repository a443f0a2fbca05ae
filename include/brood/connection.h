/** @file connection.h  Pipes: two connected ends, between processes or threads, that carry values or bytes.
 *
 *     brood_connection_t *mine, *theirs;
 *
 *     BROOD_TRY(brood_pipe_create(&mine, &theirs, BROOD_DUPLEX, mem));
 *     BROOD_TRY(brood_process_start(NULL, work, BROOD_ARGS(theirs), NULL, mem));
 *     brood_connection_close(theirs);
 *     BROOD_TRY(brood_connection_recv(&value, mine, BROOD_FOREVER, mem));
 *
 * Messages stay whole and in order.  Their frames are those of Python's multiprocessing.connection: a Python peer sees
 * with recv_bytes what brood_connection_send_bytes has sent, and the reverse.
 *
 * Any thread may make every call at any time between brood_init and its end.  One thread at a time may receive on an
 * end while another sends; a second one in the same direction gets BROOD_EMISUSE.  An end is one process's: hand it to
 * a child (as an argument, or in a message) and close your own, or the other side never sees the end of file.  A child
 * started by fork has only those ends it was given, like any other child.
 *
 * What the system has for an end is read ahead, so a foreign event loop that waits for brood_connection_fileno has to
 * receive until brood_connection_poll finds nothing more.  Messages that were read ahead are this process's. */
#ifndef BROOD_CONNECTION_H
#define BROOD_CONNECTION_H

#include <apr_network_io.h>
#include <apr_portable.h>
#include <brood/value.h>

BROOD_BEGIN

/** One end of a connection, in this process. */
typedef struct brood_connection_t brood_connection_t;

/** What the two ends of a pipe can do. */
typedef enum brood_direction_t {
    BROOD_DUPLEX = 0, /**< both ends send and receive */
    BROOD_ONE_WAY     /**< the first end receives, the second sends */
} brood_direction_t;

/** Make two connected ends.
 *
 *  @param[out] first   yours until `mem` ends or brood_connection_close.  Untouched unless APR_SUCCESS.
 *  @param[out] second  the same.
 *  @param direction    what the ends can do.
 *  @param mem          owner of both.
 *  @retval APR_SUCCESS   they are there.
 *  @retval APR_EINVAL    no such direction.
 *  @retval BROOD_EGUARD  brood_main or brood_init has not run, or has ended.
 *  @return otherwise the status of what the system refused: too many files are open, say.
 *  SPEC CONN-01, CONN-02, CONN-25. */
BROOD_API BROOD_CHECKED apr_status_t brood_pipe_create(brood_connection_t **first, brood_connection_t **second,
                                                       brood_direction_t direction, apr_pool_t *mem);

/** Send one value.  Waits while the other side does not read and the system's buffers are full.
 *
 *  @param connection  open connection, borrowed for the call.
 *  @param value       encoded before the call returns; connections and APR sockets in it, 64 at most, are copied to the
 *                     receiver, where the connection is one between processes of this machine; other objects are
 *                     refused.
 *  @param timeout     microseconds; BROOD_NOWAIT only sends what there is room for, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS       it is on its way, whole.
 *  @retval APR_TIMEUP        nothing of it was sent.
 *  @retval BROOD_ETRUNCATED  time ran out, or Ctrl-C was pressed, with a part of it sent: the connection is closed, and
 *                            the receiver gets the same.
 *  @retval APR_EPIPE         the other side is closed; no signal is raised.
 *  @retval BROOD_EENCODE, BROOD_EENTRY, BROOD_ETOOBIG  the value cannot be sent; nothing was.
 *  @retval BROOD_ECANCELLED  Ctrl-C was pressed before anything was sent: see brood_main.
 *  @retval BROOD_EDIRECTION  this end only receives.
 *  @retval BROOD_EMISUSE     another thread is sending on it, or receiving on a connection in the value.
 *  @retval BROOD_ECLOSED     it is closed, or an object in the value is.
 *  @retval APR_ENOMEM        no memory to encode the value.
 *  @return otherwise the status of what the system refused.
 *  SPEC CONN-04, CONN-05, CONN-09, CONN-21, CONN-22, CONN-23, CONN-27, CONN-28, WIRE-08. */
BROOD_API BROOD_CHECKED apr_status_t brood_connection_send(brood_connection_t *connection, brood_value_t value,
                                                           apr_interval_time_t timeout);

/** Receive one value.  A message that has come in part when time runs out goes on with the next call.
 *
 *  @param[out] value  untouched unless APR_SUCCESS.
 *  @param connection  open connection, borrowed for the call.
 *  @param timeout     microseconds; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @param mem         owner of what the value points to.
 *  @retval APR_SUCCESS       it is there.
 *  @retval APR_TIMEUP        none is there yet.
 *  @retval APR_EOF           the other side is closed, in every process, and nothing is left.
 *  @retval BROOD_ETRUNCATED  it has closed in the middle of a message; the connection is closed.
 *  @retval BROOD_EDECODE, BROOD_EENTRY  the message is no value, or not one for this program: it has been consumed.
 *  @retval BROOD_ETOOBIG     longer than brood_connection_limit: nothing more can be received, as after
 *                            brood_connection_recv_bytes.
 *  @retval BROOD_EPROTOCOL   the other side sends no frames, or they were changed on their way; the connection is
 *                            closed.
 *  @retval BROOD_EAUTH       the other side asks for a key, and this one connected without; that message was consumed.
 *  @retval BROOD_ECANCELLED  Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EDIRECTION  this end only sends, or has met a message that was too long.
 *  @retval BROOD_EMISUSE     another thread is receiving on it.
 *  @retval BROOD_ECLOSED     it is closed.
 *  @retval APR_ENOMEM        no memory for the message.
 *  @return otherwise the status of what the system refused.
 *  SPEC CONN-06, CONN-07, CONN-08, CONN-30. */
BROOD_API BROOD_CHECKED apr_status_t brood_connection_recv(brood_value_t *value, brood_connection_t *connection,
                                                           apr_interval_time_t timeout, apr_pool_t *mem);

/** Send one message of plain bytes, as many as a size can say.
 *
 *  @param connection  open connection, borrowed for the call.
 *  @param data        `size` bytes, borrowed for the call; may be NULL if that is 0, which sends an empty message.
 *  @param size        bytes.
 *  @param timeout     as for brood_connection_send.
 *  @return as brood_connection_send, but nothing that comes of encoding; APR_EINVAL: bytes at NULL.
 *  SPEC CONN-10, CONN-11, CONN-22, WIRE-01, WIRE-03, WIRE-05. */
BROOD_API BROOD_CHECKED apr_status_t brood_connection_send_bytes(brood_connection_t *connection, const void *data,
                                                                 apr_size_t size, apr_interval_time_t timeout);

/** Receive one message as plain bytes.
 *
 *  @param[out] message  untouched unless APR_SUCCESS.
 *  @param connection    open connection, borrowed for the call.
 *  @param limit         bytes at most; 0: no limit but brood_connection_limit.
 *  @param timeout       as for brood_connection_recv.
 *  @param mem           owner of the bytes.
 *  @retval BROOD_ETOOBIG  it is longer, and stays unread for ever: a duplex end only sends from then on, a one-way end
 *                         is closed.
 *  @return otherwise as brood_connection_recv; never BROOD_EDECODE or BROOD_EENTRY.
 *  SPEC CONN-12, CONN-13, WIRE-04, WIRE-06. */
BROOD_API BROOD_CHECKED apr_status_t brood_connection_recv_bytes(brood_bytes_t *message, brood_connection_t *connection,
                                                                 apr_size_t limit, apr_interval_time_t timeout,
                                                                 apr_pool_t *mem);

/** Receive one message of plain bytes into your own memory.
 *
 *  @param[out] buffer    for `*size` bytes; may be NULL if that is 0.  After a failure that is not said below, a part
 *                        of the message may be in it.
 *  @param[in,out] size   in: the room; out: bytes of the message, also with BROOD_ETOOSHORT.
 *  @param connection     open connection, borrowed for the call.
 *  @param timeout        as for brood_connection_recv.
 *  @retval BROOD_ETOOSHORT  it does not fit: the buffer is untouched, the message is the next one still.
 *  @retval APR_EINVAL       room at NULL; nothing changed.
 *  @return otherwise as brood_connection_recv_bytes; after any other failure but BROOD_EAUTH `*size` is untouched.
 *  SPEC CONN-14, CONN-15. */
BROOD_API BROOD_CHECKED apr_status_t brood_connection_recv_into(void *buffer, apr_size_t *size,
                                                                brood_connection_t *connection,
                                                                apr_interval_time_t timeout);

/** Wait until something is to be received: (the beginning of) a message, or the end.  Nothing is consumed.
 *
 *  @param connection  open connection, borrowed for the call.
 *  @param timeout     as for brood_connection_recv.
 *  @retval APR_SUCCESS  there is something.
 *  @retval APR_TIMEUP   there is not.
 *  @return otherwise BROOD_ECANCELLED, BROOD_EDIRECTION, BROOD_EMISUSE, BROOD_ECLOSED or the system's, as
 *          brood_connection_recv.
 *  SPEC CONN-16, CONN-17, CONN-18. */
BROOD_API BROOD_CHECKED apr_status_t brood_connection_poll(brood_connection_t *connection, apr_interval_time_t timeout);

/** Say how long a message this end will receive at most: for peers that are not trusted.  Memory is taken as a message
 *  comes in, not as it is announced, but as much as it has.  Not while another thread receives on it.
 *
 *  @param connection  borrowed for the call.
 *  @param limit       bytes; 0: no limit, as it is in the beginning. */
BROOD_API void brood_connection_limit(brood_connection_t *connection, apr_size_t limit);

/** Can it receive; can it send?  False once it is closed.  SPEC CONN-03. */
BROOD_API bool brood_connection_readable(const brood_connection_t *connection);
BROOD_API bool brood_connection_writable(const brood_connection_t *connection);

/** Its descriptor or handle, for a foreign event loop.
 *
 *  @param[out] file   stays brood's: do not close it, and read or write nothing.  Untouched unless APR_SUCCESS.
 *  @param connection  borrowed for the call.
 *  @return APR_SUCCESS; BROOD_ECLOSED: it is closed.  SPEC CONN-20. */
BROOD_API BROOD_CHECKED apr_status_t brood_connection_fileno(apr_os_file_t *file, brood_connection_t *connection);

/** Close this process's end, as `mem` does otherwise.  Twice is fine.  A thread that is in a call on it finishes that
 *  first.  SPEC CONN-19. */
BROOD_API void brood_connection_close(brood_connection_t *connection);

/** @name As a value: for a child's arguments, messages, and items of queues; and back, owned by the pool that the value
 *  was received in.
 *
 *  The receiver gets an end of its own, with the same directions; the sender's stays its own to close.  An end that has
 *  messages read ahead, or is encrypted (listener.h), cannot be sent, BROOD_EENCODE; nor one that another thread
 *  receives on, BROOD_EMISUSE.  BROOD_EKIND from _from_value: the value is something else; the output is untouched.
 *  SPEC CONN-27, HND-04. @{ */
BROOD_API brood_value_t brood_connection_to_value(brood_connection_t *connection);
BROOD_API BROOD_CHECKED apr_status_t brood_connection_from_value(brood_connection_t **connection, brood_value_t value);
BROOD_API brood_slot_t brood_slot_connection(brood_connection_t **target);
/** @} */

/** @name The same for APR's sockets, listening ones included.  The receiver's blocks, whatever the sender's timeout.
 *  SPEC CONN-28, CONN-29. @{ */
BROOD_API brood_value_t brood_socket_to_value(apr_socket_t *socket);
BROOD_API BROOD_CHECKED apr_status_t brood_socket_from_value(apr_socket_t **socket, brood_value_t value);
BROOD_API brood_slot_t brood_slot_socket(apr_socket_t **target);
/** @} */

BROOD_END
#endif
