/** @file listener.h  Listener and Client: connections between programs that are not each other's children.
 *
 * Addresses are text: "host:port" ("[::1]:80" for an IPv6 number; port 0: a free one; an empty host: all of this machine's
 * addresses), a path with a slash in it or "@name" (Unix sockets; the latter are Linux's abstract ones), "\\.\pipe\name"
 * (Windows).  With a key either side proves to the other that it knows it, before anything else is sent; the key itself
 * never is.  The handshake is that of Python's multiprocessing.connection, before and since 3.12.
 *
 * With tls: before any of them, or tls:// before "host:port", connections are encrypted, and nothing in them can be changed
 * unnoticed: by TLS 1.2, or 1.3, without certificates, but with the authkey, which there must be, and (EC)DHE: who learns
 * the key later cannot read what was said before.  Both sides must say so, and Python's cannot.  Such a connection stays in
 * the process that made it.  That the other side has closed is told also if it was somebody in between who cut the
 * connection between two messages.  Other programs take as pre-shared key, with the identity "brood", the 32 bytes of
 * HMAC-SHA256 by the authkey of the text "brood tls psk". */
#ifndef BROOD_LISTENER_H
#define BROOD_LISTENER_H

#include <brood/connection.h>

BROOD_BEGIN

/** Where connections come in.  One thread at a time accepts. */
typedef struct brood_listener_t brood_listener_t;

/** All zero is the default. */
typedef struct brood_connect_options_t {
    const char *authkey;           /**< NULL: no authentication; "" is a key, but not for tls: addresses.  Copied. */
    apr_size_t authkey_size;       /**< bytes; 0: up to the NUL */
    apr_interval_time_t handshake; /**< limit for connecting and for the handshake, microseconds; 0: 20 seconds */
    int backlog;                   /**< listeners: how many may wait to be accepted; 0: 128 */
    void *reserved[6];             /**< NULL */
} brood_connect_options_t;

/** Listen.
 *
 *  @param[out] listener  yours until `mem` ends or brood_listener_close.
 *  @param address        copied; NULL: a free private one, for processes of this user on this machine.
 *  @param options        borrowed for the call; NULL: all default.
 *  @param mem            its owner.
 *  @retval APR_SUCCESS   connections can come in.
 *  @retval APR_EINVAL    that is no address; or it begins with tls: and there is no key.
 *  @retval APR_ENOTIMPL  this system has no such addresses; or this build's Mbed TLS has no TLS of the kind.
 *  @retval BROOD_EGUARD  before brood_init.
 *  @return otherwise the system's: the address is in use, say.  After a failure *listener is untouched.
 *  SPEC LIS-01 to LIS-08, LIS-12, LIS-19. */
BROOD_API BROOD_CHECKED apr_status_t brood_listener_create(brood_listener_t **listener, const char *address,
                                                           const brood_connect_options_t *options, apr_pool_t *mem);

/** The next connection, duplex.  With a key, of those who have proved to know it: who is silent, or slow, or wrong holds
 *  nobody else up.
 *
 *  @param[out] connection  yours until `mem` ends or brood_connection_close; untouched after a failure.
 *  @param listener         borrowed for the call.
 *  @param timeout          microseconds; BROOD_NOWAIT; BROOD_FOREVER.
 *  @param mem              owner of the connection.
 *  @retval APR_SUCCESS    it is there.
 *  @retval APR_TIMEUP     there is none yet.
 *  @retval BROOD_EAUTH    one was refused, whose address brood_listener_last_accepted says; accept again.
 *  @retval BROOD_ECANCELLED  Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EMISUSE  another thread is accepting.
 *  @retval BROOD_ECLOSED  it is closed.
 *  @return otherwise the system's, as for too many open files.  SPEC LIS-09, LIS-11, LIS-14, LIS-16, LIS-18, AUTH-16. */
BROOD_API BROOD_CHECKED apr_status_t brood_listener_accept(brood_connection_t **connection, brood_listener_t *listener,
                                                           apr_interval_time_t timeout, apr_pool_t *mem);

/** The address it has, with the real port: what a client connects to.  As long as its `mem`.  SPEC LIS-05. */
BROOD_API const char *brood_listener_address(const brood_listener_t *listener);
/** The address of the peer that was accepted or refused last; NULL: none, or it has no address.  As long as the next
 *  brood_listener_accept.  SPEC LIS-05. */
BROOD_API const char *brood_listener_last_accepted(const brood_listener_t *listener);

/** Let nobody in any more; the socket's file goes.  `mem` does it otherwise.  Twice is fine.  Connections stay.
 *  SPEC LIS-10. */
BROOD_API void brood_listener_close(brood_listener_t *listener);

/** Connect to a listener: Python's Client.
 *
 *  @param[out] connection  duplex; yours until `mem` ends or brood_connection_close; untouched after a failure.
 *  @param address          as brood_listener_address says, or any other.
 *  @param options          borrowed for the call; NULL: all default.
 *  @param mem              owner of the connection.
 *  @retval APR_SUCCESS    it is there, and with a key both sides know it.
 *  @retval BROOD_EAUTH    the other side does not know the key, or says that this one does not.
 *  @retval APR_TIMEUP     not within options->handshake: nobody accepts, or the listener has no key.
 *  @retval APR_EINVAL, APR_ENOTIMPL, BROOD_EGUARD  as brood_listener_create.
 *  @retval BROOD_ECANCELLED  Ctrl-C was pressed: see brood_main.
 *  @return otherwise the system's: APR_ECONNREFUSED, APR_ENOENT.  SPEC LIS-15, AUTH-08. */
BROOD_API BROOD_CHECKED apr_status_t brood_client_connect(brood_connection_t **connection, const char *address,
                                                          const brood_connect_options_t *options, apr_pool_t *mem);

/** The two halves of the handshake, for connections that came about in another way: one side delivers while the other
 *  answers, then the reverse.
 *
 *  @param connection  duplex, and nothing else was sent on it.
 *  @param key         `size` bytes; may be NULL if that is 0.
 *  @param timeout     microseconds; BROOD_FOREVER.
 *  @return APR_SUCCESS; BROOD_EAUTH, APR_TIMEUP, and what brood_connection_recv_bytes and _send_bytes return: then nothing
 *          more should be believed of this connection.  SPEC AUTH-01 to AUTH-19. */
BROOD_API BROOD_CHECKED apr_status_t brood_deliver_challenge(brood_connection_t *connection, const void *key,
                                                             apr_size_t size, apr_interval_time_t timeout);
BROOD_API BROOD_CHECKED apr_status_t brood_answer_challenge(brood_connection_t *connection, const void *key,
                                                            apr_size_t size, apr_interval_time_t timeout);

BROOD_END
#endif
