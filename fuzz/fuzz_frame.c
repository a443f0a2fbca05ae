/* fuzz_frame.c - bytes from anybody, in pieces of any length, into the reader of messages (WIRE-01 to WIRE-06): what comes
 * out is what a parser of the whole says. */
#include "connection/message.h"
#include "platform/clock.h"
#include <apr_general.h>
#include <brood/status.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define AT_ONCE ((apr_time_t) 0)
#define LARGEST 8192u /* of an input: the system keeps so much */
#define ROOM 64u      /* messages that fit are read into a buffer */

/* The second byte of an input. */
#define INTO 1u   /* such messages are */
#define MIXED 2u  /* and now and then are not: a call may go on with what another has begun */
#define VARIED 4u /* pieces of different lengths */
#define LIMIT 8u  /* none that is longer is taken */

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* ---- the parser of the whole ---- */

static uint64_t number(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* The next message, of `size` bytes at `*data`, and what is left then; or how it ends.  *size is untouched unless the head
 * is whole and a head. */
static apr_status_t next(const uint8_t **data, size_t *left, uint64_t *size)
{
    size_t head = 4;
    uint64_t said;

    if (*left == 0)
        return APR_EOF;
    if (*left < head)
        return BROOD_ETRUNCATED;
    said = number(*data, 4);
    if (said == UINT32_MAX) {
        head = 12;
        if (*left < head)
            return BROOD_ETRUNCATED;
        said = number(*data + 4, 8);
    } else if (said > INT32_MAX) {
        return BROOD_EPROTOCOL;
    }
    if (said > SIZE_MAX / 2)
        return BROOD_EPROTOCOL;
    *size = said;
    if (*size > *left - head)
        return BROOD_ETRUNCATED;
    *data += head;
    *left -= head;
    return APR_SUCCESS;
}

/* ---- the reader ---- */

typedef struct reader_t {
    brood__stream_t stream;
    brood__message_t message;
    const uint8_t *expected; /* what is to come */
    size_t left;
    unsigned how;
    unsigned calls;
} reader_t;

/* Refused before anything is taken for it. */
static bool is_refused(const reader_t *reader)
{
    const brood__message_t *message = &reader->message;

    if ((reader->how & LIMIT) == 0 || message->size <= ROOM)
        return false;
    must(message->body == NULL && message->room == 0);
    return true;
}

static bool reads_into(reader_t *reader)
{
    const bool other = (reader->how & MIXED) != 0 && reader->calls++ % 3 == 1;

    return ((reader->how & INTO) != 0) != other && reader->message.size <= ROOM;
}

/* It is done with: in either way that there is. */
static void end(reader_t *reader)
{
    char *body = NULL;

    if ((reader->how & MIXED) != 0)
        body = brood__message_release(&reader->message);
    if (body == NULL)
        brood__message_end(&reader->message, &reader->stream);
    free(body);
}

static apr_status_t read_one(reader_t *reader)
{
    const uint8_t *data = reader->expected;
    size_t left = reader->left;
    uint64_t size = 0;
    uint8_t buffer[ROOM];
    brood_bytes_t bytes;
    apr_status_t rc = brood__message_begin(&reader->message, &reader->stream, AT_ONCE);
    bool into = false;

    if (rc == APR_SUCCESS && is_refused(reader))
        return BROOD_ETOOBIG;
    if (rc == APR_SUCCESS)
        rc = (into = reads_into(reader)) ? brood__message_into(buffer, &reader->message, &reader->stream, AT_ONCE)
                                         : brood__message_complete(&reader->message, &reader->stream, AT_ONCE);
    must(reader->message.room <= reader->message.have + ((size_t) 1 << 20)); /* whatever is announced */
    if (rc != APR_SUCCESS)
        return rc;
    must(next(&data, &left, &size) == APR_SUCCESS);
    if (into) {
        must(memcmp(buffer, data, (size_t) size) == 0);
    } else {
        bytes = brood__message_bytes(&reader->message, &reader->stream);
        must(bytes.size == size && (size == 0 || memcmp(bytes.data, data, (size_t) size) == 0));
        end(reader);
    }
    must(!reader->message.begun && reader->message.body == NULL);
    reader->expected = data + size;
    reader->left = left - (size_t) size;
    return APR_SUCCESS;
}

/* What the parser says of the rest, which is not read. */
static apr_status_t expected_end(reader_t *reader)
{
    const uint8_t *data = reader->expected;
    size_t left = reader->left;
    uint64_t size = 0;
    const apr_status_t rc = next(&data, &left, &size);

    return (reader->how & LIMIT) != 0 && size > ROOM ? BROOD_ETOOBIG : rc;
}

/* All that has come. */
static apr_status_t read_all(reader_t *reader)
{
    apr_status_t rc;

    do
        rc = read_one(reader);
    while (rc == APR_SUCCESS);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    reader_t reader = {.expected = data + 2};
    brood__stream_t ends[2];
    apr_status_t rc = APR_TIMEUP;
    size_t piece, sent;
    uint8_t state;

    if (!begun)
        must(apr_initialize() == APR_SUCCESS);
    begun = true;
    if (size < 2 || size > LARGEST)
        return 0;
    state = data[0];
    piece = state == 0 ? size : state;
    reader.how = data[1];
    reader.left = size - 2;
    must(brood__stream_pair(ends) == APR_SUCCESS);
    reader.stream = ends[1];
    for (size_t at = 2; at < size && rc == APR_TIMEUP; at += sent) {
        const size_t part = piece < size - at ? piece : size - at;

        must(brood__stream_write(&ends[0], NULL, 0, data + at, part, NULL, &sent, AT_ONCE) == APR_SUCCESS);
        must(sent == part);
        rc = read_all(&reader);
        if ((reader.how & VARIED) != 0) {
            state = (uint8_t) (state * 37 + 11); /* every value in turn */
            piece = 1u + (unsigned) (state >> (state & 7));
        }
    }
    brood__stream_close(&ends[0]);
    if (rc == APR_TIMEUP)
        rc = read_all(&reader);
    must(rc == expected_end(&reader));
    brood__message_drop(&reader.message);
    brood__stream_close(&reader.stream);
    return 0;
}
