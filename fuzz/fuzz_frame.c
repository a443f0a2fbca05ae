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

/* The next message, of `size` bytes at `*data`, and what is left then; or how it ends. */
static apr_status_t next(const uint8_t **data, size_t *left, uint64_t *size)
{
    size_t head = 4;

    if (*left == 0)
        return APR_EOF;
    if (*left < head)
        return BROOD_ETRUNCATED;
    *size = number(*data, 4);
    if (*size == UINT32_MAX) {
        head = 12;
        if (*left < head)
            return BROOD_ETRUNCATED;
        *size = number(*data + 4, 8);
    } else if (*size > INT32_MAX) {
        return BROOD_EPROTOCOL;
    }
    if (*size > SIZE_MAX / 4)
        return BROOD_EPROTOCOL;
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
    bool into;
} reader_t;

static apr_status_t read_one(reader_t *reader)
{
    const uint8_t *data = reader->expected;
    size_t left = reader->left;
    uint64_t size = 0;
    uint8_t buffer[ROOM];
    brood_bytes_t bytes;
    apr_status_t rc = brood__message_begin(&reader->message, &reader->stream, AT_ONCE);
    const bool into = reader->into && reader->message.size <= ROOM;

    if (rc == APR_SUCCESS)
        rc = into ? brood__message_into(buffer, &reader->message, &reader->stream, AT_ONCE)
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
        brood__message_end(&reader->message, &reader->stream);
    }
    reader->expected = data + size;
    reader->left = left - (size_t) size;
    return APR_SUCCESS;
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
    uint64_t rest;

    if (!begun)
        must(apr_initialize() == APR_SUCCESS);
    begun = true;
    if (size < 2 || size > LARGEST)
        return 0;
    piece = data[0] == 0 ? size : data[0];
    reader.into = (data[1] & 1) != 0;
    reader.left = size - 2;
    must(brood__stream_pair(ends) == APR_SUCCESS);
    reader.stream = ends[1];
    for (size_t at = 2; at < size && rc == APR_TIMEUP; at += sent) {
        const size_t part = piece < size - at ? piece : size - at;

        must(brood__stream_write(&ends[0], NULL, 0, data + at, part, NULL, &sent, AT_ONCE) == APR_SUCCESS);
        must(sent == part);
        rc = read_all(&reader);
    }
    brood__stream_close(&ends[0]);
    if (rc == APR_TIMEUP)
        rc = read_all(&reader);
    must(rc == next(&reader.expected, &reader.left, &rest));
    brood__message_drop(&reader.message);
    brood__stream_close(&reader.stream);
    return 0;
}
