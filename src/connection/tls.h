/* tls.h - a connection's stream over that of the system, encrypted: addresses that begin with tls:
 *
 * TLS 1.2, or 1.3 where Mbed TLS has it, without certificates: both sides have a pre-shared key, and agree on another for
 * this connection alone, so that who learns the first can read nothing of what was said before.  The identity of the
 * pre-shared key is "brood"; its 32 bytes are the HMAC-SHA256 by the authkey of the text "brood tls psk".  Inside of it
 * the handshake of handshake.h follows, as always.
 *
 * One thread may read while another writes, once the handshake is done. */
#ifndef BROOD_CONNECTION_TLS_H
#define BROOD_CONNECTION_TLS_H

#include "platform/listener.h"
#include <brood/value.h>

/* Is this a key that an address like that can do with?  APR_EINVAL: TLS, and it is empty; APR_ENOTIMPL: this build of Mbed
 * TLS has no TLS of the kind.  With a message. */
apr_status_t brood__tls_check(const brood__address_t *address, brood_bytes_t key);

/* A stream that has just come about, at an address that begins with tls:, becomes one over it.  With a message, also if
 * there is no memory; then it is as it was. */
apr_status_t brood__tls_begin(brood__stream_t *stream, bool accepts, brood_bytes_t key);

/* The handshake, as far as it goes until the deadline; of a stream that has none, and of one that is through with it, it
 * is done.  APR_TIMEUP: not yet, call again; BROOD_EAUTH, with a message; APR_EINTR: see interrupt.h. */
apr_status_t brood__tls_handshake(brood__stream_t *stream, apr_time_t deadline);

#endif
