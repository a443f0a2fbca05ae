/* recv.c - the receiving side of a connection. */
#include "connection/connection.h"

#include "base/codec.h"
#include "base/deadline.h"
#include "base/status.h"
#include "connection/authentication.h"
#include <apr_strings.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Its message, and what becomes of the connection. */
static apr_status_t recv_failed(brood_connection_t *connection, apr_status_t rc)
{
    switch (rc) {
    case APR_SUCCESS:
        return rc;
    case APR_TIMEUP:
        return brood__fail_often(rc, "no message came in time");
    case APR_EINTR:
        return brood__fail_interrupted();
    case APR_EOF:
        return brood__fail_often(rc, "the other end of the connection is closed");
    case APR_ENOMEM:
        return brood_fail_text(rc, "no memory for a message");
    case BROOD_ETRUNCATED:
        brood_connection_close(connection);
        return brood_fail_text(rc, "the other end of the connection closed in the middle of a message");
    case BROOD_EPROTOCOL:
        brood_connection_close(connection);
        return brood_fail_text(rc,
                               "what comes from the other end of the connection is no message: its size cannot be, or "
                               "it was changed on its way");
    default:
        return brood_fail(rc, "the connection has failed");
    }
}

/* What follows cannot be told from the rest of this message. */
static apr_status_t too_long(brood_connection_t *connection, uint64_t most)
{
    const uint64_t size = connection->message.size;

    brood__message_drop(&connection->message);
    connection->can_recv = false;
    if (!connection->can_send)
        brood_connection_close(connection);
    return brood_fail(BROOD_ETOOBIG, "a message of %" PRIu64 " bytes; the limit is %" PRIu64, size, most);
}

/* The head of the next message, that is not too long. */
static apr_status_t begin_message(brood_connection_t *connection, uint64_t most, apr_time_t deadline)
{
    brood__message_t *message = &connection->message;

    BROOD_TRY(recv_failed(connection, brood__message_begin(message, &connection->stream, deadline)));
    if (connection->limit != 0 && connection->limit < most)
        most = connection->limit;
    return message->size > most ? too_long(connection, most) : APR_SUCCESS;
}

/* A listener with a key begins like this.  Nothing else that may be said by accident does. */
static apr_status_t check_first(brood_connection_t *connection, brood_bytes_t bytes)
{
    if (!connection->fresh)
        return APR_SUCCESS;
    connection->fresh = false;
    if (!brood__auth_is_challenge(bytes))
        return APR_SUCCESS;
    return brood_fail_text(BROOD_EAUTH, "the other side asks for a key, and this connection was made without");
}

/* As brood__connection_recv, for a thread that has entered. */
static apr_status_t recv_entered(brood_bytes_t *bytes, brood_connection_t *connection, uint64_t most,
                                 apr_time_t deadline)
{
    apr_status_t rc;

    BROOD_TRY(begin_message(connection, most, deadline));
    BROOD_TRY(recv_failed(connection, brood__message_complete(&connection->message, &connection->stream, deadline)));
    *bytes = brood__message_bytes(&connection->message, &connection->stream);
    rc = check_first(connection, *bytes);
    if (rc != APR_SUCCESS)
        brood__message_end(&connection->message, &connection->stream);
    return rc;
}

apr_status_t brood__connection_recv(brood_bytes_t *bytes, brood_connection_t *connection, uint64_t most,
                                    apr_time_t deadline)
{
    apr_status_t rc;

    BROOD_TRY(brood__connection_enter(connection, false));
    rc = recv_entered(bytes, connection, most, deadline);
    if (rc != APR_SUCCESS)
        brood__connection_leave(connection, false);
    return rc;
}

void brood__connection_recv_end(brood_connection_t *connection)
{
    brood__message_end(&connection->message, &connection->stream);
    brood__connection_leave(connection, false);
}

/* Without the magic; objects come by what has come along. */
static apr_status_t decode(brood_value_t *value, brood_bytes_t bytes, brood_connection_t *connection, apr_pool_t *mem)
{
    apr_status_t rc;

    if (bytes.size == 0 || *(const unsigned char *) bytes.data != BROOD__VALUE_MAGIC)
        return brood_fail_text(BROOD_EDECODE, "the message is no value: plain bytes, perhaps");
    brood__connection_arrived(connection->stream.parcel);
    rc = brood__decode(value, (const char *) bytes.data + 1, bytes.size - 1, false, mem);
    brood__connection_arrived(NULL);
    return rc;
}

apr_status_t brood_connection_recv(brood_value_t *value, brood_connection_t *connection, apr_interval_time_t timeout,
                                   apr_pool_t *mem)
{
    brood_bytes_t bytes;
    apr_status_t rc;

    BROOD_TRY(brood__connection_recv(&bytes, connection, UINT64_MAX, brood__deadline(timeout)));
    rc = decode(value, bytes, connection, mem);
    brood__connection_recv_end(connection);
    return rc;
}

static apr_status_t free_body(void *body)
{
    free(body);
    return APR_SUCCESS;
}

apr_status_t brood_connection_recv_bytes(brood_bytes_t *message, brood_connection_t *connection, apr_size_t limit,
                                         apr_interval_time_t timeout, apr_pool_t *mem)
{
    brood_bytes_t bytes;
    char *body;

    BROOD_TRY(brood__connection_recv(&bytes, connection, limit == 0 ? UINT64_MAX : limit, brood__deadline(timeout)));
    body = brood__message_release(&connection->message);
    if (body != NULL) {
        apr_pool_cleanup_register(mem, body, free_body, apr_pool_cleanup_null);
        brood__connection_leave(connection, false);
    } else {
        bytes.data = apr_pmemdup(mem, bytes.data, bytes.size);
        brood__connection_recv_end(connection);
    }
    *message = bytes;
    return APR_SUCCESS;
}

static apr_status_t recv_into(void *buffer, apr_size_t *size, brood_connection_t *connection, apr_time_t deadline)
{
    brood__message_t *message = &connection->message;
    const apr_size_t room = *size;
    uint64_t needed;

    BROOD_TRY(begin_message(connection, UINT64_MAX, deadline));
    needed = message->size;
    if (needed > room) {
        *size = (apr_size_t) needed;
        return brood_fail(BROOD_ETOOSHORT, "the next message has %" PRIu64 " bytes, the buffer %" PRIu64, needed,
                          (uint64_t) room);
    }
    BROOD_TRY(recv_failed(connection, brood__message_into(buffer, message, &connection->stream, deadline)));
    *size = (apr_size_t) needed;
    return check_first(connection, (brood_bytes_t){buffer, (apr_size_t) needed});
}

apr_status_t brood_connection_recv_into(void *buffer, apr_size_t *size, brood_connection_t *connection,
                                        apr_interval_time_t timeout)
{
    apr_status_t rc;

    if (buffer == NULL && *size != 0)
        return brood_fail(APR_EINVAL, "a buffer of %" PRIu64 " bytes at NULL", (uint64_t) *size);
    BROOD_TRY(brood__connection_enter(connection, false));
    rc = recv_into(buffer, size, connection, brood__deadline(timeout));
    brood__connection_leave(connection, false);
    return rc;
}

/* ---- looking ---- */

bool brood__connection_has_come(const brood_connection_t *connection)
{
    return connection->message.begun || connection->stream.begin < connection->stream.end;
}

bool brood__connection_watch(brood_connection_t *connection, brood__watch_t *watch, apr_status_t *rc)
{
    bool waits = false;

    *watch = (brood__watch_t){.handle = BROOD__NO_HANDLE};
    *rc = brood__connection_enter(connection, false);
    if (*rc != APR_SUCCESS)
        return false;
    if (!brood__connection_has_come(connection))
        waits = brood__stream_watch(&connection->stream, watch);
    brood__connection_leave(connection, false);
    return waits;
}

apr_status_t brood_connection_poll(brood_connection_t *connection, apr_interval_time_t timeout)
{
    const apr_time_t deadline = brood__deadline(timeout);
    brood__watch_t watch;
    apr_status_t rc = APR_SUCCESS;

    BROOD_TRY(brood__connection_enter(connection, false));
    while (rc == APR_SUCCESS && !brood__connection_has_come(connection)
           && brood__stream_watch(&connection->stream, &watch)) {
        rc = brood__wait_any(&watch, 1, deadline);
        if (connection->stream.over == NULL) /* else what has come need not be for the program */
            break;
    }
    brood__connection_leave(connection, false);
    return recv_failed(connection, rc);
}
