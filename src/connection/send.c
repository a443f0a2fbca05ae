/* send.c - the sending side of a connection. */
#include "connection/connection.h"

#include "base/codec.h"
#include "base/deadline.h"
#include "base/status.h"
#include <inttypes.h>
#include <stdlib.h>

#define SCRATCH 1024 /* a value is encoded here first; most are shorter */

static apr_status_t send_failed(brood_connection_t *connection, apr_status_t rc, size_t sent)
{
    if (rc == APR_SUCCESS)
        return rc;
    if (APR_STATUS_IS_EPIPE(rc))
        return brood_fail_text(APR_EPIPE, "the other end of the connection is closed");
    if (sent != 0) {
        brood_connection_close(connection);
        return brood_fail_text(BROOD_ETRUNCATED,
                               "a part of a message was sent, and the rest not: the connection is closed");
    }
    if (rc == APR_TIMEUP)
        return brood__fail_often(rc, "the other end of the connection has taken nothing in time");
    return rc == APR_EINTR ? brood__fail_interrupted() : brood_fail(rc, "the connection has failed");
}

apr_status_t brood__connection_send(brood_connection_t *connection, const void *data, size_t size,
                                    const brood__parcel_t *parcel, apr_time_t deadline)
{
    size_t sent = 0;
    apr_status_t rc;

    BROOD_TRY(brood__connection_enter(connection, true));
    rc = brood__message_write(&connection->stream, data, size, parcel, &sent, deadline);
    rc = send_failed(connection, rc, sent);
    brood__connection_leave(connection, true);
    return rc;
}

apr_status_t brood_connection_send_bytes(brood_connection_t *connection, const void *data, apr_size_t size,
                                         apr_interval_time_t timeout)
{
    if (data == NULL && size != 0)
        return brood_fail(APR_EINVAL, "%" PRIu64 " bytes at NULL", (uint64_t) size);
    return brood__connection_send(connection, data, size, NULL, brood__deadline(timeout));
}

/* Into the scratch, or if it is too small into memory that is to be freed. */
static apr_status_t encode(brood__output_t *output, brood_value_t value)
{
    output->data[0] = BROOD__VALUE_MAGIC;
    output->size = 1;
    BROOD_TRY(brood__encode(output, value, 0));
    if (output->size <= output->room)
        return APR_SUCCESS;
    *output = (brood__output_t){malloc(output->size), 1, output->size, NULL};
    if (output->data == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory to encode a value");
    output->data[0] = BROOD__VALUE_MAGIC;
    return brood__encode(output, value, 0);
}

apr_status_t brood_connection_send(brood_connection_t *connection, brood_value_t value, apr_interval_time_t timeout)
{
    const apr_time_t deadline = brood__deadline(timeout);
    unsigned char scratch[SCRATCH];
    brood__output_t output = {scratch, 0, SCRATCH, NULL};
    brood__parcel_t parcel;
    apr_status_t rc;

    brood__parcel_begin(&parcel);
    rc = encode(&output, value);
    if (rc == APR_SUCCESS && parcel.count > 0 && !brood__stream_carries(&connection->stream))
        rc = brood_fail_text(BROOD_EENCODE,
                             "this connection may lead to another machine: no connection or socket can be "
                             "sent over it");
    if (rc == APR_SUCCESS)
        rc = brood__connection_send(connection, output.data, output.size, &parcel, deadline);
    brood__parcel_end(&parcel);
    if (output.data != scratch)
        free(output.data);
    return rc;
}
