/** @file listener.h  Listener and Client: connections between programs that are not each other's children.
 *
 *     const brood_connect_options_t options = {.authkey = "secret"};
 *
 *     BROOD_TRY(brood_listener_create(&listener, "localhost:6000", &options, mem));
 *     BROOD_TRY(brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
 *
 * and in the other program
 *
 *     BROOD_TRY(brood_client_connect(&connection, "localhost:6000", &options, mem));
 *
 * Addresses are text: "host:port" ("[::1]:80" for an IPv6 number; port 0: a free one; an empty host: all of this
 * machine's addresses), a path with a slash in it or "@name" (Unix sockets; the latter are Linux's abstract ones),
 * "\\.\pipe\name" (Windows).  With a key either side proves to the other that it knows it, before anything else is
 * sent; the key itself never is.  The handshake is that of Python's multiprocessing.connection, before and since 3.12.
 *
 * With tls: before any of them, or tls:// before "host:port", connections are encrypted, and nothing in them can be
 * changed unnoticed: by TLS 1.2, or 1.3, without certificates, but with the authkey, which there must be, and (EC)DHE:
 * who learns the key later cannot read what was said before.  Both sides must say so, and Python's cannot.  Such a
 * connection stays in the process that made it.  That the other side has closed is told also if it was somebody in
 * between who cut the connection between two messages.  Other programs take as pre-shared key, with the identity
 * "brood", the 32 bytes of HMAC-SHA256 by the authkey of the text "brood tls psk" (RFC 4279, 5487, 5489 and 7905; TLS
 * 1.3: RFC 8446).
 *
 * Any thread may make every call at any time between brood_init and its end.  A listener is one process's, and one
 * thread at a time accepts. */
#ifndef BROOD_LISTENER_H
#define BROOD_LISTENER_H

#include <brood/connection.h>

BROOD_BEGIN

/** Where connections come in, in this process. */
typedef struct brood_listener_t brood_listener_t;

/** A zeroed struct is the default. */
typedef struct brood_connect_options_t {
    const char *authkey;           /**< NULL: no authentication; "" is a key, but not for tls: addresses.  Copied. */
    apr_size_t authkey_size;       /**< bytes; 0: up to the NUL */
    apr_interval_time_t handshake; /**< microseconds for connecting and the handshake; 0: 20 s; < 0: for ever */
    int backlog;                   /**< listeners: how many may wait to be accepted; 0: 128 */
    void *reserved[6];             /**< NULL */
} brood_connect_options_t;

/** Listen.
 *
 *  @param[out] listener  yours until `mem` ends or brood_listener_close.  Untouched unless APR_SUCCESS.
 *  @param address        copied; NULL: a free private one, for processes of this user on this machine.
 *  @param options        borrowed for the call; NULL: the default.
 *  @param mem            owner of the listener.
 *  @retval APR_SUCCESS   connections can come in.
 *  @retval APR_EINVAL    that is no address; or it begins with tls: and there is no key.
 *  @retval APR_ENOTIMPL  this system has no such addresses; or this build's Mbed TLS has no TLS of the kind.
 *  @retval BROOD_EGUARD  brood_main or brood_init has not run, or has ended.
 *  @return otherwise the status of what the system refused: the address is in use, say.
 *  SPEC LIS-01 to LIS-08, LIS-12, LIS-19. */
BROOD_API BROOD_CHECKED apr_status_t brood_listener_create(brood_listener_t **listener, const char *address,
                                                           const brood_connect_options_t *options, apr_pool_t *mem);

/** The next connection, duplex.  With a key, of those who have proved to know it: who is silent, or slow, or wrong
 *  holds nobody else up.
 *
 *  @param[out] connection  yours until `mem` ends or brood_connection_close.  Untouched unless APR_SUCCESS.
 *  @param listener         open listener, borrowed for the call.
 *  @param timeout          microseconds; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @param mem              owner of the connection.
 *  @retval APR_SUCCESS    it is there.
 *  @retval APR_TIMEUP     there is none yet.
 *  @retval BROOD_EAUTH    one was refused, whose address brood_listener_last_accepted says; accept again.
 *  @retval BROOD_ECANCELLED  Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EMISUSE  another thread is accepting.
 *  @retval BROOD_ECLOSED  it is closed.
 *  @retval APR_ENOMEM     no memory.
 *  @return otherwise the status of what the system refused: too many files are open, say.
 *  SPEC LIS-09, LIS-11, LIS-14, LIS-16, LIS-18, AUTH-16. */
BROOD_API BROOD_CHECKED apr_status_t brood_listener_accept(brood_connection_t **connection, brood_listener_t *listener,
                                                           apr_interval_time_t timeout, apr_pool_t *mem);

/** The address it has, with the real port: what a client connects to.
 *
 *  @param listener  also closed.
 *  @return borrowed until its `mem` ends.  SPEC LIS-05. */
BROOD_API const char *brood_listener_address(const brood_listener_t *listener);
/** The address of the peer that was accepted or refused last.  In the thread that accepts.
 *
 *  @param listener  also closed.
 *  @return borrowed until the next brood_listener_accept; NULL: there is none, or it has no address.  SPEC LIS-05. */
BROOD_API const char *brood_listener_last_accepted(const brood_listener_t *listener);

/** Let nobody in any more, as `mem` does otherwise; the socket's file goes, connections stay.  Twice is fine.  Not
 *  while another thread accepts.  SPEC LIS-10. */
BROOD_API void brood_listener_close(brood_listener_t *listener);

/** Connect to a listener: Python's Client.
 *
 *  @param[out] connection  duplex; yours until `mem` ends or brood_connection_close.  Untouched unless APR_SUCCESS.
 *  @param address          as brood_listener_address says, or any other; borrowed for the call.
 *  @param options          borrowed for the call; NULL: the default.
 *  @param mem              owner of the connection.
 *  @retval APR_SUCCESS    it is there, and with a key both sides know it.
 *  @retval BROOD_EAUTH    the other side does not know the key, or says that this one does not.
 *  @retval APR_TIMEUP     not within options->handshake: nobody accepts, or the listener has no key.
 *  @retval APR_EINVAL, APR_ENOTIMPL, BROOD_EGUARD  as brood_listener_create; APR_EINVAL also: the address is NULL.
 *  @retval BROOD_ECANCELLED  Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EPROTOCOL, BROOD_ETOOBIG  what answers is no listener.
 *  @return otherwise the status of what the system refused: APR_ECONNREFUSED, APR_ENOENT.  SPEC LIS-15, AUTH-08. */
BROOD_API BROOD_CHECKED apr_status_t brood_client_connect(brood_connection_t **connection, const char *address,
                                                          const brood_connect_options_t *options, apr_pool_t *mem);

/** The two halves of the handshake, for connections that came about in another way: one side delivers while the other
 *  answers, then the reverse.
 *
 *  @param connection  open, duplex, and nothing else was sent on it; borrowed for the call.
 *  @param key         `size` bytes, borrowed for the call; may be NULL if that is 0.
 *  @param size        bytes.
 *  @param timeout     microseconds for all of it; BROOD_FOREVER waits.
 *  @retval APR_SUCCESS  this half is done: the other side knows the key, or believes that this one does.
 *  @retval APR_EINVAL   bytes at NULL; nothing was sent.
 *  @return otherwise BROOD_EAUTH, APR_TIMEUP, and what brood_connection_recv_bytes and _send_bytes return: then nothing
 *          more should be believed of this connection.  SPEC AUTH-01 to AUTH-19. */
BROOD_API BROOD_CHECKED apr_status_t brood_deliver_challenge(brood_connection_t *connection, const void *key,
                                                             apr_size_t size, apr_interval_time_t timeout);
BROOD_API BROOD_CHECKED apr_status_t brood_answer_challenge(brood_connection_t *connection, const void *key,
                                                            apr_size_t size, apr_interval_time_t timeout);

BROOD_END
#endif
