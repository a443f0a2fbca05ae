/* message.h - messages in a stream of bytes: the frames of Python's multiprocessing.connection. */
#ifndef BROOD_CONNECTION_MESSAGE_H
#define BROOD_CONNECTION_MESSAGE_H

#include "platform/stream.h"
#include <brood/value.h>

/* One that comes in, as far as it has come: what time cuts short goes on later. */
typedef struct brood__message_t {
    unsigned char head[12];
    size_t head_size; /* of what has come of it */
    bool begun;       /* the head is whole: */
    uint64_t size;    /* is known */
    char *body;       /* NULL: it is ahead in the stream, or has not come yet */
    size_t have;      /* bytes of body */
    size_t room;
} brood__message_t;

/* Wait for the next message's head, unless it is there.  APR_EOF: the other side has closed, between messages;
 * BROOD_ETRUNCATED: within one; BROOD_EPROTOCOL: that is no head; APR_TIMEUP, APR_EINTR, APR_ENOMEM.  No messages. */
apr_status_t brood__message_begin(brood__message_t *message, brood__stream_t *stream, apr_time_t deadline);

/* Then for all of it.  As above. */
apr_status_t brood__message_complete(brood__message_t *message, brood__stream_t *stream, apr_time_t deadline);

/* Then it is here, until brood__message_end. */
brood_bytes_t brood__message_bytes(const brood__message_t *message, const brood__stream_t *stream);

/* Instead of these: all of it into `buffer`, which has room for it. */
apr_status_t brood__message_into(void *buffer, brood__message_t *message, brood__stream_t *stream, apr_time_t deadline);

/* It has been dealt with. */
void brood__message_end(brood__message_t *message, brood__stream_t *stream);

/* Its body is the caller's, to be freed; NULL: it is ahead in the stream. */
char *brood__message_release(brood__message_t *message);

/* Free what has come. */
void brood__message_drop(brood__message_t *message);

/* Send one.  Statuses and *sent of brood__stream_write. */
apr_status_t brood__message_write(brood__stream_t *stream, const void *data, size_t size, const brood__parcel_t *parcel,
                                  size_t *sent, apr_time_t deadline);

#endif
