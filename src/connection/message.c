#include "connection/message.h"

#include <brood/status.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_HEAD 4u
#define LONG_HEAD 12u
#define LONGEST_SHORT UINT32_C(0x7fffffff)
#define LONG_MARK UINT32_C(0xffffffff)

#define AT_ONCE ((size_t) 1 << 20) /* so much is taken as announced; beyond, as it comes */

static uint64_t number(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void put_number(unsigned char *bytes, size_t size, uint64_t value)
{
    for (size_t i = size; i-- > 0; value >>= 8)
        bytes[i] = (unsigned char) value;
}

/* ---- coming in ---- */

/* Move what is ahead in the stream. */
static size_t take_ahead(void *to, size_t size, brood__stream_t *stream)
{
    const size_t ahead = stream->end - stream->begin, taken = size < ahead ? size : ahead;

    if (taken != 0)
        memcpy(to, stream->ahead + stream->begin, taken);
    stream->begin += taken;
    return taken;
}

/* `wanted` bytes of the head. */
static apr_status_t read_head(brood__message_t *message, brood__stream_t *stream, size_t wanted, apr_time_t deadline)
{
    while (message->head_size < wanted) {
        const apr_status_t rc = brood__stream_fill(stream, deadline);

        if (rc == APR_EOF && message->head_size != 0)
            return BROOD_ETRUNCATED;
        if (rc != APR_SUCCESS)
            return rc;
        message->head_size += take_ahead(message->head + message->head_size, wanted - message->head_size, stream);
    }
    return APR_SUCCESS;
}

/* Room for `more` bytes. */
static apr_status_t make_room(brood__message_t *message, size_t more)
{
    const uint64_t whole = message->size > message->have + more ? message->size : message->have + more;
    size_t room = message->room * 2 > AT_ONCE ? message->room * 2 : AT_ONCE;
    char *body;

    if (message->room - message->have >= more && message->body != NULL)
        return APR_SUCCESS;
    if (room < message->have + more)
        room = message->have + more;
    if (room > whole)
        room = (size_t) whole;
    body = realloc(message->body, room != 0 ? room : 1);
    if (body == NULL)
        return APR_ENOMEM;
    message->body = body;
    message->room = room;
    return APR_SUCCESS;
}

/* One that the system itself keeps whole. */
static apr_status_t read_whole(brood__message_t *message, brood__stream_t *stream, apr_time_t deadline)
{
    do {
        apr_status_t rc = brood__stream_fill(stream, deadline);

        if (rc == APR_EOF && message->have != 0)
            return BROOD_ETRUNCATED;
        if (rc == APR_SUCCESS)
            rc = make_room(message, stream->end - stream->begin);
        if (rc != APR_SUCCESS)
            return rc;
        message->have += take_ahead(message->body + message->have, message->room - message->have, stream);
    } while (stream->more);
    message->size = message->have;
    return APR_SUCCESS;
}

apr_status_t brood__message_begin(brood__message_t *message, brood__stream_t *stream, apr_time_t deadline)
{
    uint32_t size;

    if (message->begun)
        return APR_SUCCESS;
    if (stream->whole) {
        BROOD_TRY(read_whole(message, stream, deadline));
        message->begun = true;
        return APR_SUCCESS;
    }
    BROOD_TRY(read_head(message, stream, SHORT_HEAD, deadline));
    size = (uint32_t) number(message->head, SHORT_HEAD);
    message->size = size;
    if (size == LONG_MARK) {
        BROOD_TRY(read_head(message, stream, LONG_HEAD, deadline));
        message->size = number(message->head + SHORT_HEAD, LONG_HEAD - SHORT_HEAD);
    } else if (size > LONGEST_SHORT) {
        return BROOD_EPROTOCOL;
    }
    if (message->size > SIZE_MAX / 2) /* which no C object is larger than */
        return BROOD_EPROTOCOL;
    message->begun = true;
    return APR_SUCCESS;
}

static bool is_ahead(const brood__message_t *message, const brood__stream_t *stream)
{
    return message->body == NULL && stream->end - stream->begin >= message->size;
}

/* The rest of the body to where it is to be; *have says how far it has come. */
static apr_status_t read_rest(char *body, size_t *have, size_t size, brood__stream_t *stream, apr_time_t deadline)
{
    size_t got;

    *have += take_ahead(body + *have, size - *have, stream);
    while (*have < size) {
        const apr_status_t rc = brood__stream_read(stream, body + *have, size - *have, &got, deadline);

        if (rc != APR_SUCCESS)
            return rc == APR_EOF ? BROOD_ETRUNCATED : rc;
        *have += got;
    }
    return APR_SUCCESS;
}

apr_status_t brood__message_complete(brood__message_t *message, brood__stream_t *stream, apr_time_t deadline)
{
    if (is_ahead(message, stream))
        return APR_SUCCESS;
    while (message->have < message->size) {
        const size_t left = (size_t) message->size - message->have;

        BROOD_TRY(make_room(message, left < AT_ONCE ? left : 1));
        BROOD_TRY(read_rest(message->body, &message->have, message->room, stream, deadline));
    }
    return APR_SUCCESS;
}

brood_bytes_t brood__message_bytes(const brood__message_t *message, const brood__stream_t *stream)
{
    const char *data = message->body != NULL ? message->body : stream->ahead + stream->begin;

    return (brood_bytes_t){data, (size_t) message->size};
}

apr_status_t brood__message_into(void *buffer, brood__message_t *message, brood__stream_t *stream, apr_time_t deadline)
{
    const size_t size = (size_t) message->size;
    size_t have = message->have;
    apr_status_t rc;

    if (have != 0)
        memcpy(buffer, message->body, have);
    rc = read_rest(buffer, &have, size, stream, deadline);
    if (rc == APR_SUCCESS)
        brood__message_drop(message);
    if (rc == APR_SUCCESS || have == message->have)
        return rc;
    if (make_room(message, have - message->have) != APR_SUCCESS) /* it goes on later */
        return APR_ENOMEM;
    memcpy(message->body + message->have, (char *) buffer + message->have, have - message->have);
    message->have = have;
    return rc;
}

void brood__message_end(brood__message_t *message, brood__stream_t *stream)
{
    if (message->body == NULL)
        stream->begin += (size_t) message->size;
    brood__message_drop(message);
}

char *brood__message_release(brood__message_t *message)
{
    char *body = message->body;

    message->body = NULL;
    if (body != NULL)
        *message = (brood__message_t){.begun = false};
    return body;
}

void brood__message_drop(brood__message_t *message)
{
    free(message->body);
    *message = (brood__message_t){.begun = false};
}

/* ---- going out ---- */

apr_status_t brood__message_write(brood__stream_t *stream, const void *data, size_t size, const brood__parcel_t *parcel,
                                  size_t *sent, apr_time_t deadline)
{
    unsigned char head[LONG_HEAD];
    size_t head_size = SHORT_HEAD;

    put_number(head, SHORT_HEAD, size <= LONGEST_SHORT ? size : LONG_MARK);
    if (size > LONGEST_SHORT) {
        put_number(head + SHORT_HEAD, LONG_HEAD - SHORT_HEAD, size);
        head_size = LONG_HEAD;
    }
    return brood__stream_write(stream, head, stream->whole ? 0 : head_size, data, size, parcel, sent, deadline);
}
