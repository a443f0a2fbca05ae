/* client.c - Client, and the handshake for connections that came about in another way. */
#include "base/deadline.h"
#include "base/status.h"
#include "connection/address.h"
#include "connection/connection.h"
#include "connection/handshake.h"
#include "connection/options.h"
#include "connection/tls.h"
#include "memory/table.h"
#include <inttypes.h>

static apr_status_t fail_connect(apr_status_t rc, const char *address)
{
    if (rc == APR_ENOTIMPL)
        return brood_fail(rc, "this system has no addresses like %s", address);
    if (rc == APR_TIMEUP)
        return brood_fail(rc, "nobody at %s accepts in time", address);
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    return brood_fail(rc, "cannot connect to %s", address);
}

/* Both sides know the key, or it has failed, with a message. */
static apr_status_t shake_hands(brood__stream_t *stream, brood_bytes_t key, const char *address, apr_time_t deadline)
{
    brood__handshake_t handshake;
    brood__message_t message = {.begun = false};
    apr_status_t rc;

    brood__handshake_begin(&handshake, BROOD__HANDSHAKE_CONNECTS, key);
    rc = brood__handshake_run(&handshake, stream, &message, deadline);
    brood__message_drop(&message);
    if (rc == APR_TIMEUP)
        return brood_fail(rc, "%s has not finished the handshake in time: it has no key, perhaps", address);
    return rc == APR_EINTR ? brood__fail_interrupted() : rc;
}

apr_status_t brood_client_connect(brood_connection_t **connection, const char *address,
                                  const brood_connect_options_t *options, apr_pool_t *mem)
{
    const brood_bytes_t key = brood__options_key(options);
    const apr_time_t deadline = brood__deadline(brood__options_handshake(options));
    brood__address_t to;
    brood__stream_t stream;
    apr_status_t rc;

    if (brood__me == 0)
        return brood_fail_text(BROOD_EGUARD, "a client needs brood_main or brood_init to have run in this program");
    if (address == NULL)
        return brood_fail_text(APR_EINVAL, "the address is NULL");
    BROOD_TRY(brood__address_parse(&to, address, mem));
    BROOD_TRY(brood__tls_check(&to, key));
    rc = brood__listener_connect(&stream, &to, deadline);
    if (rc != APR_SUCCESS)
        return fail_connect(rc, address);
    if (key.data != NULL) {
        rc = to.tls ? brood__tls_begin(&stream, false, key) : APR_SUCCESS;
        if (rc == APR_SUCCESS)
            rc = shake_hands(&stream, key, address, deadline);
        if (rc != APR_SUCCESS) {
            brood__stream_close(&stream);
            return rc;
        }
    }
    BROOD_TRY(brood__connection_create(connection, &stream, true, true, mem));
    (*connection)->fresh = key.data == NULL;
    return APR_SUCCESS;
}

/* ---- by halves ---- */

static apr_status_t half(brood_connection_t *connection, brood__handshake_role_t role, brood_bytes_t key,
                         apr_time_t deadline)
{
    brood__handshake_t handshake;
    apr_status_t rc;

    if (key.data == NULL && key.size != 0)
        return brood_fail(APR_EINVAL, "a key of %" PRIu64 " bytes at NULL", (uint64_t) key.size);
    BROOD_TRY(brood__connection_enter(connection, false));
    rc = brood__connection_enter(connection, true);
    if (rc == APR_SUCCESS) {
        brood__handshake_begin(&handshake, role, key);
        rc = brood__handshake_run(&handshake, &connection->stream, &connection->message, deadline);
        connection->fresh = false;
        brood__connection_leave(connection, true);
    }
    brood__connection_leave(connection, false);
    if (rc == APR_TIMEUP)
        return brood_fail_text(rc, "the other side has not finished the handshake in time");
    return rc == APR_EINTR ? brood__fail_interrupted() : rc;
}

apr_status_t brood_deliver_challenge(brood_connection_t *connection, const void *key, apr_size_t size,
                                     apr_interval_time_t timeout)
{
    return half(connection, BROOD__HANDSHAKE_DELIVERS, (brood_bytes_t){key, size}, brood__deadline(timeout));
}

apr_status_t brood_answer_challenge(brood_connection_t *connection, const void *key, apr_size_t size,
                                    apr_interval_time_t timeout)
{
    return half(connection, BROOD__HANDSHAKE_ANSWERS, (brood_bytes_t){key, size}, brood__deadline(timeout));
}
