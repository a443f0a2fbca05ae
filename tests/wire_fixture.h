/* wire_fixture.h - the other end of a connection as a program that knows nothing of brood: raw bytes. */
#ifndef BROOD_TESTS_WIRE_FIXTURE_H
#define BROOD_TESTS_WIRE_FIXTURE_H

#include "harness.h"

#include "base/deadline.h"
#include "platform/stream.h"
#include <stdlib.h>
#include <string.h>

/* Say these bytes, in one write; none: say nothing. */
static inline void say_bytes(brood__stream_t *raw, const void *bytes, size_t size)
{
    size_t sent = 0;

    if (size != 0)
        EXPECT_OK(brood__stream_write(raw, "", 0, bytes, size, NULL, &sent, BROOD__NEVER));
    EXPECT(sent == size);
}

/* Those of a literal, in which there may be zeros. */
#define SAY(raw, literal) say_bytes((raw), (literal), sizeof(literal) - 1)

/* Hear `size` bytes, waiting for them; false if the end comes before. */
static inline bool hear_bytes(brood__stream_t *raw, void *bytes, size_t size)
{
    for (size_t have = 0, got; have < size; have += got)
        if (!EXPECT_OK(brood__stream_read(raw, (char *) bytes + have, size - have, &got, BROOD__NEVER)))
            return false;
    return true;
}

/* The next bytes are these. */
static inline bool hear_exactly(brood__stream_t *raw, const void *wanted, size_t size)
{
    char *bytes = malloc(size);
    const bool right = bytes != NULL && hear_bytes(raw, bytes, size) && memcmp(bytes, wanted, size) == 0;

    free(bytes);
    return right;
}

#define HEARD(raw, literal) hear_exactly((raw), (literal), sizeof(literal) - 1)

/* Nothing is there now. */
static inline bool hears_nothing(brood__stream_t *raw)
{
    char byte;
    size_t got;

    return brood__stream_read(raw, &byte, 1, &got, BROOD__AT_ONCE) == APR_TIMEUP;
}

/* The end is there, or comes. */
static inline bool hears_the_end(brood__stream_t *raw)
{
    char byte;
    size_t got;

    return brood__stream_read(raw, &byte, 1, &got, BROOD__NEVER) == APR_EOF;
}

#endif
