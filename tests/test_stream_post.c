/* What a stream takes without waiting. */
#include "pollset_fixture.h"

#include <stdlib.h>
#include <string.h>

#define BIG ((size_t) 8 << 20) /* more than any system buffers */

static void a_full_stream_is_writable_after_the_other_side_has_read(void)
{
    brood__pollset_t *set = new_set(1);
    brood__poll_t **ready;
    pair_t pair;

    add_pair(set, &pair, false, true);
    EXPECT(await(&ready, set) == 1 && ready[0]->writable && !ready[0]->readable);
    for (int i = 0; i < 3; i++) {
        size_t gone = stuff(&pair.ends[0]), come = 0;
        brood__watch_t watch;

        EXPECT(gone > 0);
        EXPECT(look(&ready, set) == 0);
        EXPECT(brood__stream_watch_post(&pair.ends[0], &watch));
        EXPECT_STATUS(APR_TIMEUP, brood__wait_any(&watch, 1, 0));
        while (come < gone)
            come += hear(&pair.ends[1]);
        EXPECT(come == gone);
        EXPECT(await(&ready, set) == 1 && ready[0]->writable);
        EXPECT(!brood__stream_watch_post(&pair.ends[0], &watch) || brood__wait_any(&watch, 1, 0) == APR_SUCCESS);
    }
    close_pair(set, &pair);
    brood__pollset_close(set);
}

static char *new_message(size_t size, unsigned seed)
{
    char *bytes = malloc(size);

    for (size_t i = 0; bytes != NULL && i < size; i++)
        bytes[i] = (char) ((i * 31 + i / 251 + seed) & 127);
    return bytes;
}

/* What `stream` has now, or of a whole one a message to its end, is the next of `bytes`. */
static size_t hear_part(brood__stream_t *stream, const char *bytes, size_t most)
{
    size_t got = 0;

    do {
        size_t part;

        EXPECT_OK(brood__stream_fill(stream, INT64_MAX));
        part = stream->end - stream->begin;
        if (!EXPECT(got + part <= most && memcmp(stream->ahead + stream->begin, bytes + got, part) == 0))
            exit(1);
        got += part;
        stream->begin = stream->end;
    } while (stream->whole && stream->more);
    return got;
}

/* From ends[1] to ends[0], by one thread. */
static void post_over(pair_t *pair, const char *bytes, size_t size)
{
    brood__pollset_t *set = new_set(2);
    brood__poll_t writer = {.data = NULL}, **ready;
    size_t gone = 0, come = 0, steps = 0;

    EXPECT_OK(brood__pollset_add_stream(set, &pair->poll, &pair->ends[0], true, false));
    EXPECT_OK(brood__pollset_add_stream(set, &writer, &pair->ends[1], false, true));
    while (come < size) {
        const size_t count = await(&ready, set);

        for (size_t i = 0; i < count; i++) {
            size_t sent;

            if (ready[i] == &pair->poll) {
                come += hear_part(&pair->ends[0], bytes + come, size - come);
                continue;
            }
            EXPECT_OK(brood__stream_post(&pair->ends[1], bytes + gone, size - gone, &sent));
            EXPECT(sent > 0);
            gone += sent;
            steps++;
            if (gone == size)
                EXPECT_OK(brood__pollset_change(set, &writer, false, false));
        }
    }
    EXPECT(gone == size && (pair->ends[1].whole || size < BIG ? steps == 1 : steps > 1));
    brood__pollset_remove(set, &writer);
    brood__pollset_remove(set, &pair->poll);
    brood__pollset_close(set);
}

static void post_both_ways(pair_t *pair)
{
    char *bytes = new_message(BIG, 1);
    brood__stream_t other;

    if (!EXPECT(bytes != NULL))
        return;
    post_over(pair, bytes, BIG);
    other = pair->ends[0];
    pair->ends[0] = pair->ends[1];
    pair->ends[1] = other;
    post_over(pair, bytes, BIG);
    free(bytes);
}

static void what_is_too_big_goes_over_as_it_is_read(void)
{
    pair_t pair;

    open_pair(&pair);
    post_both_ways(&pair);
    close_pair(NULL, &pair);
}

static void what_is_too_big_goes_over_the_net_as_it_is_read(void)
{
    pair_t pair;

    connect_pair(&pair, &(brood__address_t){BROOD__FAMILY_INET, "127.0.0.1", 0, false});
    post_both_ways(&pair);
    close_pair(NULL, &pair);
}

/* Of a whole stream each is one message, and the next waits for the one before; else they are bytes. */
static void messages_go_over_one_after_the_other(void)
{
    static const size_t sizes[] = {BIG, 1, 3 * BROOD__STREAM_AHEAD, BROOD__STREAM_AHEAD, 8192, 200000, 2};
    brood__address_t address;
    pair_t pair;

    EXPECT_OK(brood__address_private(&address, mem));
    connect_pair(&pair, &address);
    post_both_ways(&pair);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *bytes = new_message(sizes[i], i);

        if (!EXPECT(bytes != NULL))
            break;
        if (pair.ends[1].whole || sizes[i] < 1000)
            post_over(&pair, bytes, sizes[i]);
        free(bytes);
    }
    close_pair(NULL, &pair);
}

static void one_message_is_on_its_way_at_a_time(void)
{
    char *first = new_message(BIG, 3), *second = new_message(20, 4);
    brood__address_t address;
    brood__watch_t watch;
    size_t sent = 7;
    pair_t pair;

    EXPECT_OK(brood__address_private(&address, mem));
    connect_pair(&pair, &address);
    if (EXPECT(first != NULL && second != NULL) && pair.ends[1].whole) {
        EXPECT_OK(brood__stream_post(&pair.ends[1], first, BIG, &sent));
        EXPECT(sent == BIG);
        memset(first, 1, BIG); /* it has a copy */
        free(first);
        first = new_message(BIG, 3);
        EXPECT_OK(brood__stream_post(&pair.ends[1], second, 20, &sent));
        EXPECT(sent == 0 && first != NULL);
        EXPECT(hear_part(&pair.ends[0], first, BIG) == BIG);
        while (brood__stream_watch_post(&pair.ends[1], &watch))
            EXPECT_OK(brood__wait_any(&watch, 1, INT64_MAX));
        EXPECT_OK(brood__stream_post(&pair.ends[1], second, 20, &sent));
        EXPECT(sent == 20);
        EXPECT(hear_part(&pair.ends[0], second, 20) == 20);
    }
    free(first);
    free(second);
    close_pair(NULL, &pair);
}

/* Its end does not wait for anybody, and the other end hears of it. */
static void a_stream_is_closed_with_something_on_its_way(void)
{
    char buffer[65536];
    size_t got;
    pair_t pair;
    apr_status_t rc;

    open_pair(&pair);
    EXPECT(stuff(&pair.ends[0]) > 0);
    brood__stream_close(&pair.ends[0]);
    do
        rc = brood__stream_read(&pair.ends[1], buffer, sizeof buffer, &got, INT64_MAX);
    while (rc == APR_SUCCESS);
    EXPECT_STATUS(APR_EOF, rc);
    close_pair(NULL, &pair);
}

static void nothing_stays_open(void)
{
    int before = 0;

    for (int i = 0; i < 60; i++) {
        brood__pollset_t *set = new_set(1);
        brood__poll_t **ready;
        pair_t pair;

        add_pair(set, &pair, true, true);
        EXPECT(await(&ready, set) == 1);
        EXPECT(stuff(&pair.ends[0]) > 0);
        close_pair(set, &pair);
        brood__pollset_close(set);
        if (i == 9)
            before = harness_handles();
    }
    EXPECT(harness_handles() <= before + 9);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_full_stream_is_writable_after_the_other_side_has_read),
        TEST(what_is_too_big_goes_over_as_it_is_read),
        TEST(what_is_too_big_goes_over_the_net_as_it_is_read),
        TEST(messages_go_over_one_after_the_other),
        TEST(one_message_is_on_its_way_at_a_time),
        TEST(a_stream_is_closed_with_something_on_its_way),
        TEST(nothing_stays_open),
    };

    mem = call->mem;
    return harness_run("stream_post", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRIES_END)
