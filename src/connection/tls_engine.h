/* tls_engine.h - TLS of one connection, of which every function here does what can be done without waiting.
 *
 * Mbed TLS never waits: what it sends is kept, and goes out as the stream below takes it.  APR_EAGAIN: it would have to
 * wait, for that or for what is to come.  All but the first, the last, and the locks themselves are called under the lock. */
#ifndef BROOD_CONNECTION_TLS_ENGINE_H
#define BROOD_CONNECTION_TLS_ENGINE_H

#include "base/mutex.h"
#include "connection/tls_config.h"
#include "platform/stream.h"

#if BROOD__TLS

typedef struct brood__tls_t {
    brood__stream_t inner;
    brood__mutex_t mutex;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    bool shaken; /* the handshake is done */
    bool broken; /* nothing can be said any more */
    bool owed;   /* the last byte of a record that waits was not counted as sent yet: whoever writes comes back */
    int error;   /* why the handshake has failed; 0: it has not */
    apr_status_t ended; /* why nothing more comes; APR_SUCCESS: it does */
    apr_status_t below; /* what the stream below has said of it */
    char *out;          /* what waits to go there */
    size_t out_begin, out_end, out_room;
} brood__tls_t;

/* Over a stream, which it takes over; `key` is borrowed for the call.  APR_ENOMEM and the like, with a message. */
apr_status_t brood__tls_create(brood__tls_t **tls, const brood__stream_t *inner, bool accepts, brood_bytes_t key);

void brood__tls_lock(brood__tls_t *tls);
void brood__tls_unlock(brood__tls_t *tls);

/* Go on with the handshake.  BROOD_EAUTH: it has failed, and tls->error says how. */
apr_status_t brood__tls_shake(brood__tls_t *tls);

/* Is there something to go out still? */
bool brood__tls_is_waiting(const brood__tls_t *tls);

/* 1 to `size` bytes.  APR_EOF; BROOD_EPROTOCOL: they were changed on their way, or are no TLS; otherwise what the stream
 * below says. */
apr_status_t brood__tls_read(brood__tls_t *tls, void *buffer, size_t size, size_t *got);

/* *sent as brood__stream_post.  APR_EPIPE; APR_ENOMEM. */
apr_status_t brood__tls_write(brood__tls_t *tls, const unsigned char *data, size_t size, size_t *sent);

/* With a farewell, if that goes at once; the stream below is closed, too. */
void brood__tls_end(brood__tls_t *tls);

#endif
#endif
