/* tls.c - a stream over another: who has to wait does it outside of the lock, so that one thread may read while another
 * writes. */
#include "connection/tls.h"

#include "base/deadline.h"
#include "connection/mac.h"
#include "connection/tls_engine.h"
#include <stdlib.h>
#include <string.h>

#if BROOD__TLS

#define TOGETHER 4096u /* so much of a message is copied to be in one record with its head */

/* ---- waiting ---- */

/* Until there is something to go on with, of a handshake in either direction. */
static apr_status_t wait_for(brood__tls_t *tls, bool to_write, apr_time_t deadline)
{
    brood__watch_t watches[2];
    size_t count = 0;
    bool ready = false;

    if (deadline <= 0 && !to_write)
        return APR_TIMEUP;
    brood__tls_lock(tls);
    if (!to_write || !tls->shaken)
        ready = !brood__stream_watch(&tls->inner, &watches[count++]);
    if (!ready && (brood__tls_is_waiting(tls) || (to_write && tls->shaken)))
        ready = !brood__stream_watch_post(&tls->inner, &watches[count++]);
    brood__tls_unlock(tls);
    return ready ? APR_SUCCESS : brood__wait_any(watches, count, deadline);
}

static apr_status_t shake_until(brood__tls_t *tls, apr_time_t deadline)
{
    for (;;) {
        apr_status_t rc;

        brood__tls_lock(tls);
        rc = brood__tls_shake(tls);
        brood__tls_unlock(tls);
        if (rc != APR_EAGAIN)
            return rc;
        BROOD_TRY(wait_for(tls, false, deadline));
    }
}

static apr_status_t read_over(brood__stream_t *stream, void *buffer, size_t size, size_t *got, apr_time_t deadline)
{
    brood__tls_t *tls = stream->over_state;

    for (;;) {
        apr_status_t rc;

        brood__tls_lock(tls);
        rc = brood__tls_read(tls, buffer, size, got);
        brood__tls_unlock(tls);
        if (rc != APR_EAGAIN)
            return rc;
        BROOD_TRY(wait_for(tls, false, deadline));
    }
}

static apr_status_t fill_over(brood__stream_t *stream, apr_time_t deadline)
{
    size_t got = 0;

    if (stream->begin < stream->end)
        return APR_SUCCESS;
    if (stream->ahead == NULL)
        stream->ahead = malloc(BROOD__STREAM_AHEAD);
    if (stream->ahead == NULL)
        return APR_ENOMEM;
    BROOD_TRY(read_over(stream, stream->ahead, BROOD__STREAM_AHEAD, &got, deadline));
    stream->begin = 0;
    stream->end = got;
    return APR_SUCCESS;
}

/* The next of both parts: as much as goes in one record, or of the body all that is left. */
static const unsigned char *next_piece(unsigned char together[TOGETHER], const brood_bytes_t parts[2], size_t gone,
                                       size_t *size)
{
    const unsigned char *head = parts[0].data, *body = parts[1].data;
    size_t left, more;

    if (gone >= parts[0].size) {
        *size = parts[0].size + parts[1].size - gone;
        return body + (gone - parts[0].size);
    }
    left = parts[0].size - gone;
    if (left >= TOGETHER) {
        *size = left;
        return head + gone;
    }
    more = parts[1].size < TOGETHER - left ? parts[1].size : TOGETHER - left;
    memcpy(together, head + gone, left);
    if (more != 0)
        memcpy(together + left, body, more);
    *size = left + more;
    return together;
}

/* It begins when something goes, so that what did not go in time was not sent in part. */
static apr_status_t write_over(brood__stream_t *stream, const void *head, size_t head_size, const void *body,
                               size_t body_size, size_t *sent, apr_time_t deadline)
{
    const brood_bytes_t parts[2] = {{head, head_size}, {body, body_size}};
    brood__tls_t *tls = stream->over_state;
    unsigned char together[TOGETHER];
    apr_status_t rc = shake_until(tls, deadline);

    *sent = 0;
    if (rc == APR_SUCCESS)
        rc = wait_for(tls, true, deadline);
    while (rc == APR_SUCCESS && *sent < head_size + body_size) {
        size_t size, moved;
        const unsigned char *piece = next_piece(together, parts, *sent, &size);

        brood__tls_lock(tls);
        rc = brood__tls_write(tls, piece, size, &moved);
        brood__tls_unlock(tls);
        *sent += moved;
        if (rc == APR_EAGAIN)
            rc = wait_for(tls, true, deadline);
    }
    return rc;
}

static apr_status_t post_over(brood__stream_t *stream, const void *data, size_t size, size_t *sent)
{
    brood__tls_t *tls = stream->over_state;
    apr_status_t rc;

    brood__tls_lock(tls);
    rc = brood__tls_write(tls, data, size, sent);
    brood__tls_unlock(tls);
    return rc == APR_EAGAIN ? APR_SUCCESS : rc;
}

static bool watch_post_over(brood__stream_t *stream, brood__watch_t *watch)
{
    brood__tls_t *tls = stream->over_state;
    bool waits;

    brood__tls_lock(tls);
    waits = tls->shaken || brood__tls_is_waiting(tls) ? brood__stream_watch_post(&tls->inner, watch)
                                                      : brood__stream_watch(&tls->inner, watch);
    brood__tls_unlock(tls);
    return waits;
}

/* Some of what has come may be a part of a record, or nothing for the program: then it goes on waiting.  A handshake is
 * for whoever runs it. */
static bool watch_over(brood__stream_t *stream, brood__watch_t *watch)
{
    brood__tls_t *tls = stream->over_state;
    bool waits;

    *watch = (brood__watch_t){.handle = BROOD__NO_HANDLE};
    if (tls->shaken && fill_over(stream, BROOD__AT_ONCE) != APR_TIMEUP)
        return false;
    brood__tls_lock(tls);
    waits = !tls->shaken && brood__tls_is_waiting(tls) ? brood__stream_watch_post(&tls->inner, watch)
                                                       : brood__stream_watch(&tls->inner, watch);
    brood__tls_unlock(tls);
    return waits;
}

static void close_over(brood__stream_t *stream)
{
    brood__tls_end(stream->over_state);
}

static const brood__over_t functions = {
    .fill = fill_over,
    .read = read_over,
    .write = write_over,
    .post = post_over,
    .watch_post = watch_post_over,
    .watch = watch_over,
    .close = close_over,
};

/* ---- beginning ---- */

apr_status_t brood__tls_check(const brood__address_t *address, brood_bytes_t key)
{
    if (!address->tls)
        return APR_SUCCESS;
    if (BROOD__TLS_REPEATS && brood__mac_copied())
        return brood_fail_text(APR_ENOTIMPL,
                               "no TLS in a forked process: this Mbed TLS repeats its random numbers there");
    if (key.data == NULL || key.size == 0)
        return brood_fail_text(APR_EINVAL, "an address that begins with tls: needs an authkey, which is not empty");
    return APR_SUCCESS;
}

apr_status_t brood__tls_begin(brood__stream_t *stream, bool accepts, brood_bytes_t key)
{
    brood__tls_t *tls = NULL;

    BROOD_TRY(brood__tls_create(&tls, stream, accepts, key));
    *stream =
        (brood__stream_t){.handle = tls->inner.handle, .kind = tls->inner.kind, .over = &functions, .over_state = tls};
    return APR_SUCCESS;
}

apr_status_t brood__tls_handshake(brood__stream_t *stream, apr_time_t deadline)
{
    brood__tls_t *tls = stream->over_state;
    const apr_status_t rc = stream->over != NULL ? shake_until(tls, deadline) : APR_SUCCESS;

    return rc == BROOD_EAUTH ? brood__tls_refused(tls->error) : rc;
}

#else

apr_status_t brood__tls_check(const brood__address_t *address, brood_bytes_t key)
{
    (void) key;
    return address->tls ? brood_fail_text(APR_ENOTIMPL, "this build's Mbed TLS has no TLS by pre-shared keys")
                        : APR_SUCCESS;
}

apr_status_t brood__tls_begin(brood__stream_t *stream, bool accepts, brood_bytes_t key)
{
    (void) stream;
    (void) accepts;
    (void) key;
    return brood_fail_text(APR_ENOTIMPL, "this build's Mbed TLS has no TLS by pre-shared keys");
}

apr_status_t brood__tls_handshake(brood__stream_t *stream, apr_time_t deadline)
{
    (void) stream;
    (void) deadline;
    return APR_SUCCESS;
}

#endif
