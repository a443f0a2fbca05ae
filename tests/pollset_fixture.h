/* pollset_fixture.h - pairs of streams, and sets that one end of each is in. */
#ifndef BROOD_TESTS_POLLSET_FIXTURE_H
#define BROOD_TESTS_POLLSET_FIXTURE_H

#include "harness_tree.h"

#include "connection/address.h"
#include "platform/pollset.h"
#include <apr_strings.h>
#include <string.h>

typedef struct pair_t {
    brood__stream_t ends[2];
    brood__poll_t poll; /* of ends[0] */
} pair_t;

static apr_pool_t *mem; /* the whole program's */

/* ---- what there is ---- */

static inline brood__pollset_t *new_set(size_t most)
{
    brood__pollset_t *set = NULL;

    EXPECT_OK(brood__pollset_create(&set, most, mem));
    return set;
}

static inline void open_pair(pair_t *pair)
{
    EXPECT_OK(brood__stream_pair(pair->ends));
    pair->poll = (brood__poll_t){.data = pair};
}

static inline void add_pair(brood__pollset_t *set, pair_t *pair, bool reads, bool writes)
{
    open_pair(pair);
    EXPECT_OK(brood__pollset_add_stream(set, &pair->poll, &pair->ends[0], reads, writes));
}

static inline void close_pair(brood__pollset_t *set, pair_t *pair)
{
    if (set != NULL)
        brood__pollset_remove(set, &pair->poll);
    brood__stream_close(&pair->ends[0]);
    brood__stream_close(&pair->ends[1]);
}

static inline brood__listener_t *listen_at(const brood__address_t *address, char text[BROOD__ADDRESS_SIZE])
{
    brood__listener_t *listener = NULL;

    EXPECT_OK(brood__listener_open(&listener, address, 5, text, mem));
    return listener;
}

/* Where that is. */
static inline brood__address_t target(const brood__address_t *address, const char *text)
{
    brood__address_t to = *address;

    if (to.family == BROOD__FAMILY_INET)
        to.port = (uint16_t) apr_atoi64(strrchr(text, ':') + 1);
    return to;
}

static inline void connect_pair(pair_t *pair, const brood__address_t *address)
{
    char text[BROOD__ADDRESS_SIZE], peer[BROOD__ADDRESS_SIZE];
    brood__listener_t *listener = listen_at(address, text);
    const brood__address_t to = target(address, text);

    EXPECT_OK(brood__listener_connect(&pair->ends[1], &to, INT64_MAX));
    EXPECT_OK(brood__listener_accept(&pair->ends[0], peer, listener, INT64_MAX));
    brood__listener_close(listener, false);
    pair->poll = (brood__poll_t){.data = pair};
}

/* ---- what they say ---- */

/* All that is ahead is taken. */
static inline size_t hear(brood__stream_t *stream)
{
    size_t got;

    EXPECT_OK(brood__stream_fill(stream, INT64_MAX));
    got = stream->end - stream->begin;
    stream->begin = stream->end;
    return got;
}

/* How many are ready by now. */
static inline size_t look(brood__poll_t ***ready, brood__pollset_t *set)
{
    size_t count = 0;
    const apr_status_t rc = brood__pollset_wait(ready, &count, set, 0);

    EXPECT(rc == APR_SUCCESS || rc == APR_TIMEUP);
    EXPECT((rc == APR_SUCCESS) == (count > 0));
    return count;
}

static inline size_t await(brood__poll_t ***ready, brood__pollset_t *set)
{
    size_t count = 0;

    EXPECT_OK(brood__pollset_wait(ready, &count, set, INT64_MAX));
    return count;
}

/* Until no more of it goes; what has gone. */
static inline size_t stuff(brood__stream_t *stream)
{
    static const char bytes[65536];
    size_t all = 0, sent;

    do {
        EXPECT_OK(brood__stream_post(stream, bytes, sizeof bytes, &sent));
        all += sent;
    } while (sent > 0);
    return all;
}

#endif
