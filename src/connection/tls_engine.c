#include "connection/tls_engine.h"

#include "base/deadline.h"
#include "connection/mac.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#if BROOD__TLS

#define OUT_MOST ((size_t) 1 << 18) /* bytes that wait; more are answers to a flood of nonsense */

/* ---- locks ---- */

void brood__tls_lock(brood__tls_t *tls)
{
    brood__mutex_lock(&tls->mutex);
    if (BROOD__TLS_BY_PSA)
        brood__mac_lock();
}

void brood__tls_unlock(brood__tls_t *tls)
{
    if (BROOD__TLS_BY_PSA)
        brood__mac_unlock();
    brood__mutex_unlock(&tls->mutex);
}

/* ---- what Mbed TLS calls ---- */

static int take(void *data, unsigned char *buffer, size_t size)
{
    brood__tls_t *tls = data;
    brood__stream_t *inner = &tls->inner;
    size_t ahead;

    while (inner->begin == inner->end) { /* an empty message of a pipe is nothing */
        const apr_status_t rc = brood__stream_fill(inner, BROOD__AT_ONCE);

        if (rc == APR_TIMEUP || rc == APR_EINTR)
            return MBEDTLS_ERR_SSL_WANT_READ;
        if (rc != APR_SUCCESS) {
            tls->below = rc;
            return rc == APR_EOF ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
        }
    }
    ahead = inner->end - inner->begin;
    if (size > ahead)
        size = ahead;
    memcpy(buffer, inner->ahead + inner->begin, size);
    inner->begin += size;
    return (int) size;
}

static int keep(void *data, const unsigned char *bytes, size_t size)
{
    brood__tls_t *tls = data;

    if (size > OUT_MOST - tls->out_end)
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    if (tls->out_room - tls->out_end < size) {
        char *out = realloc(tls->out, tls->out_end + size);

        if (out == NULL)
            return MBEDTLS_ERR_SSL_ALLOC_FAILED;
        tls->out = out;
        tls->out_room = tls->out_end + size;
    }
    memcpy(tls->out + tls->out_end, bytes, size);
    tls->out_end += size;
    return (int) size;
}

/* ---- going out and coming in ---- */

bool brood__tls_is_waiting(const brood__tls_t *tls)
{
    return tls->out_begin < tls->out_end;
}

/* As much as goes of what waits. */
static apr_status_t flush(brood__tls_t *tls)
{
    size_t sent = 0;
    apr_status_t rc = APR_SUCCESS;

    if (brood__tls_is_waiting(tls))
        rc = brood__stream_post(&tls->inner, tls->out + tls->out_begin, tls->out_end - tls->out_begin, &sent);
    tls->out_begin += sent;
    if (rc != APR_SUCCESS)
        tls->broken = true;
    if (rc != APR_SUCCESS || brood__tls_is_waiting(tls))
        return rc != APR_SUCCESS ? rc : APR_EAGAIN;
    tls->out_begin = tls->out_end = 0;
    return APR_SUCCESS;
}

apr_status_t brood__tls_shake(brood__tls_t *tls)
{
    apr_status_t rc;

    if (tls->shaken)
        return APR_SUCCESS;
    if (tls->error == 0) {
        const int error = mbedtls_ssl_handshake(&tls->ssl);

        rc = flush(tls);
        if (rc == APR_SUCCESS && error == 0)
            tls->shaken = true;
        else if (error != 0 && error != MBEDTLS_ERR_SSL_WANT_READ && error != MBEDTLS_ERR_SSL_WANT_WRITE)
            tls->error = error;
        else if (rc != APR_SUCCESS && rc != APR_EAGAIN)
            tls->error = MBEDTLS_ERR_SSL_CONN_EOF;
        else
            return APR_EAGAIN;
    }
    return tls->error == 0 ? APR_SUCCESS : BROOD_EAUTH;
}

/* What that result of reading, which is no number of bytes, means. */
static apr_status_t end_of(brood__tls_t *tls, int result)
{
    switch (result) {
    case MBEDTLS_ERR_SSL_WANT_READ:
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return APR_EAGAIN;
    case 0: /* without a farewell, as of a process that was killed */
    case MBEDTLS_ERR_SSL_CONN_EOF:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        tls->ended = APR_EOF;
        break;
    case MBEDTLS_ERR_SSL_ALLOC_FAILED:
        tls->ended = APR_ENOMEM;
        break;
    default:
        tls->ended = tls->below != APR_SUCCESS ? tls->below : BROOD_EPROTOCOL;
    }
    if (tls->ended != APR_EOF)
        tls->broken = true;
    return tls->ended;
}

/* Nothing that the program is to see: an empty record, or a message between the two sides of TLS. */
static bool is_nothing(const brood__tls_t *tls, int result)
{
#if defined(MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
    if (result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        return true;
#endif
    return result == 0 && tls->below == APR_SUCCESS;
}

apr_status_t brood__tls_read(brood__tls_t *tls, void *buffer, size_t size, size_t *got)
{
    int result;

    BROOD_TRY(brood__tls_shake(tls));
    if (tls->ended != APR_SUCCESS)
        return tls->ended;
    do
        result = mbedtls_ssl_read(&tls->ssl, buffer, size < INT_MAX ? size : INT_MAX);
    while (is_nothing(tls, result));
    (void) flush(tls); /* a complaint, perhaps */
    if (result <= 0)
        return end_of(tls, result);
    *got = (size_t) result;
    return APR_SUCCESS;
}

/* A record that was made has to go out, or what follows makes no sense: as long as it waits, all of it but one byte counts
 * as sent. */
apr_status_t brood__tls_write(brood__tls_t *tls, const unsigned char *data, size_t size, size_t *sent)
{
    *sent = 0;
    BROOD_TRY(brood__tls_shake(tls));
    for (;;) {
        int result;

        if (tls->broken)
            return APR_EPIPE;
        BROOD_TRY(flush(tls));
        *sent += tls->owed ? 1 : 0;
        tls->owed = false;
        if (*sent == size)
            return APR_SUCCESS;
        result = mbedtls_ssl_write(&tls->ssl, data + *sent, size - *sent);
        if (result <= 0) {
            tls->broken = true;
            return result == MBEDTLS_ERR_SSL_ALLOC_FAILED ? APR_ENOMEM : APR_EGENERAL;
        }
        *sent += (size_t) result - 1;
        tls->owed = true;
    }
}

/* ---- beginning and end ---- */

static apr_status_t set_up(brood__tls_t *tls, bool accepts, brood_bytes_t key)
{
    int error;

    BROOD_TRY(brood__tls_configure(&tls->config, accepts, key));
    error = mbedtls_ssl_setup(&tls->ssl, &tls->config);
    if (error != 0)
        return brood_fail(error == MBEDTLS_ERR_SSL_ALLOC_FAILED ? APR_ENOMEM : APR_EGENERAL,
                          "Mbed TLS cannot be set up for TLS: its status is -0x%04x", (unsigned) -error);
    mbedtls_ssl_set_bio(&tls->ssl, tls, keep, take, NULL);
    return APR_SUCCESS;
}

static void end(brood__tls_t *tls)
{
    mbedtls_ssl_free(&tls->ssl);
    mbedtls_ssl_config_free(&tls->config);
    brood__tls_unlock(tls);
    free(tls->out);
    free(tls);
}

apr_status_t brood__tls_create(brood__tls_t **tls, const brood__stream_t *inner, bool accepts, brood_bytes_t key)
{
    brood__tls_t *made = calloc(1, sizeof *made);
    apr_status_t rc;

    if (made == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for TLS");
    brood__tls_lock(made);
    mbedtls_ssl_config_init(&made->config);
    mbedtls_ssl_init(&made->ssl);
    rc = set_up(made, accepts, key);
    if (rc != APR_SUCCESS) {
        end(made);
        return rc;
    }
    made->inner = *inner;
    brood__tls_unlock(made);
    *tls = made;
    return APR_SUCCESS;
}

void brood__tls_end(brood__tls_t *tls)
{
    brood__tls_lock(tls);
    if (tls->shaken && !tls->broken && mbedtls_ssl_close_notify(&tls->ssl) == 0)
        (void) flush(tls);
    brood__stream_close(&tls->inner);
    end(tls);
}

#else

typedef int brood__tls_engine_is_not_there_t;

#endif
