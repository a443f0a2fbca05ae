/* Sets of streams and listeners. */
#include "pollset_fixture.h"

#include "platform/clock.h"
#include <stdatomic.h>
#include <stdlib.h>

#define MANY 300 /* pairs, where so many may be open */
#define FEW_AT_LEAST 50
#define ROUNDS 2000

/* ---- help ---- */

/* A word from the other end. */
static void say(pair_t *pair)
{
    size_t sent = 0;

    EXPECT_OK(brood__stream_write(&pair->ends[1], NULL, 0, "word", 4, NULL, &sent, INT64_MAX));
    EXPECT(sent == 4);
}

/* ---- who is ready ---- */

static int open_many(brood__pollset_t *set, pair_t *pairs)
{
    int count = 0;

    while (count < MANY && brood__stream_pair(pairs[count].ends) == APR_SUCCESS) {
        pair_t *pair = &pairs[count++];

        pair->poll = (brood__poll_t){.data = pair};
        EXPECT_OK(brood__pollset_add_stream(set, &pair->poll, &pair->ends[0], true, false));
    }
    EXPECT(count >= FEW_AT_LEAST);
    return count;
}

/* Wait until as many are ready; they are to be every `step`th. */
static void expect_each(brood__pollset_t *set, const pair_t *pairs, size_t number, int step)
{
    brood__poll_t **ready = NULL;
    size_t count;

    do
        count = await(&ready, set);
    while (count < number);
    EXPECT(count == number);
    for (size_t i = 0; i < count; i++) {
        const pair_t *pair = ready[i]->data;

        EXPECT((pair - pairs) % step == 0 && ready[i] == &pair->poll);
        EXPECT(ready[i]->readable && !ready[i]->writable);
        for (size_t j = 0; j < i; j++)
            EXPECT(ready[j] != ready[i]);
    }
}

static void of_many_those_are_listed_that_can_be_read(void)
{
    pair_t *pairs = calloc(MANY, sizeof *pairs);
    brood__pollset_t *set = new_set(MANY);
    brood__poll_t **ready;
    size_t number = 0;
    int count;

    if (!EXPECT(pairs != NULL))
        return;
    count = open_many(set, pairs);
    EXPECT(look(&ready, set) == 0);
    for (int i = 0; i < count; i += 7, number++)
        say(&pairs[i]);
    expect_each(set, pairs, number, 7);
    expect_each(set, pairs, number, 7); /* again: they were not read */
    for (int i = 0; i < count; i += 7)
        EXPECT(hear(&pairs[i].ends[0]) == 4);
    EXPECT(look(&ready, set) == 0);
    for (int i = 0; i < count; i++)
        close_pair(set, &pairs[i]);
    EXPECT(look(&ready, set) == 0);
    brood__pollset_close(set);
    brood__pollset_close(set);
    free(pairs);
}

/* Whichever of many has been idle for long. */
static void each_of_many_wakes_the_wait(void)
{
    pair_t *pairs = calloc(MANY, sizeof *pairs);
    brood__pollset_t *set = new_set(MANY);
    brood__poll_t **ready;
    size_t none = 7;
    int count;

    if (!EXPECT(pairs != NULL))
        return;
    count = open_many(set, pairs);
    EXPECT_STATUS(APR_TIMEUP, brood__pollset_wait(&ready, &none, set, brood__clock_now() + 1000));
    EXPECT(none == 0);
    for (int round = 0, i = 0; round < 3 * count; round++, i = (i + 101) % count) {
        say(&pairs[i]);
        EXPECT(await(&ready, set) == 1 && ready[0] == &pairs[i].poll);
        EXPECT(hear(&pairs[i].ends[0]) == 4);
    }
    for (int i = 0; i < count; i++) {
        say(&pairs[i]); /* it may be told of now, or never */
        if (i % 3 == 0)
            EXPECT_OK(brood__pollset_change(set, &pairs[i].poll, false, false));
        else if (i % 3 == 1)
            close_pair(set, &pairs[i]);
    }
    for (int left = 0; left < count / 3;) /* all that are waited for */
        left = (int) await(&ready, set);
    for (size_t i = 0; i < (size_t) count; i++)
        EXPECT(i % 3 == 1 || (pairs[i].poll.listed > 0) == (i % 3 == 2));
    for (int i = 0; i < count; i++)
        if (i % 3 != 1)
            close_pair(set, &pairs[i]);
    EXPECT(look(&ready, set) == 0);
    brood__pollset_close(set);
    free(pairs);
}

static void there_are_no_more_than_was_said(void)
{
    brood__pollset_t *set = new_set(2);
    brood__poll_t **ready;
    pair_t pairs[3];

    add_pair(set, &pairs[0], true, false);
    add_pair(set, &pairs[1], true, false);
    for (int i = 0; i < 1000; i++) {
        open_pair(&pairs[2]);
        EXPECT_STATUS(APR_ENOSPC, brood__pollset_add_stream(set, &pairs[2].poll, &pairs[2].ends[0], true, false));
        close_pair(NULL, &pairs[2]);
        close_pair(set, &pairs[i % 2]); /* then there is a place, again and again */
        add_pair(set, &pairs[i % 2], true, true);
    }
    say(&pairs[0]);
    say(&pairs[1]);
    EXPECT(await(&ready, set) > 0);
    close_pair(set, &pairs[0]);
    close_pair(set, &pairs[1]);
    brood__pollset_close(set);
}

static void a_deadline_ends_it(void)
{
    const apr_time_t deadline = brood__clock_now() + 30000;
    brood__pollset_t *set = new_set(1);
    brood__poll_t **ready;
    size_t count = 7;
    pair_t pair;

    EXPECT_STATUS(APR_TIMEUP, brood__pollset_wait(&ready, &count, set, 1));
    add_pair(set, &pair, true, false);
    EXPECT_STATUS(APR_TIMEUP, brood__pollset_wait(&ready, &count, set, deadline));
    EXPECT(brood__clock_now() >= deadline && count == 0);
    say(&pair);
    while (look(&ready, set) == 0) /* what is there is found, also by who only looks */
        brood__clock_yield();
    close_pair(set, &pair);
    brood__pollset_close(set);
}

static void who_is_waited_for_neither_way_is_not_looked_at(void)
{
    brood__pollset_t *set = new_set(2);
    brood__poll_t **ready;
    pair_t pairs[2];

    add_pair(set, &pairs[0], true, false);
    add_pair(set, &pairs[1], false, false);
    say(&pairs[0]);
    say(&pairs[1]);
    EXPECT(await(&ready, set) == 1 && ready[0] == &pairs[0].poll);
    EXPECT_OK(brood__pollset_change(set, &pairs[0].poll, false, false));
    EXPECT(look(&ready, set) == 0);
    brood__stream_close(&pairs[0].ends[1]); /* not even that it is at its end */
    EXPECT(look(&ready, set) == 0);
    EXPECT_OK(brood__pollset_change(set, &pairs[1].poll, true, true));
    EXPECT(await(&ready, set) == 1 && ready[0] == &pairs[1].poll && ready[0]->writable);
    EXPECT_OK(brood__pollset_change(set, &pairs[1].poll, true, false));
    EXPECT(await(&ready, set) == 1 && ready[0]->readable && !ready[0]->writable);
    EXPECT(hear(&pairs[1].ends[0]) == 4);
    EXPECT_OK(brood__pollset_change(set, &pairs[0].poll, true, false));
    EXPECT(await(&ready, set) == 1 && ready[0] == &pairs[0].poll);
    close_pair(set, &pairs[0]);
    close_pair(set, &pairs[1]);
    brood__pollset_close(set);
}

static void a_closed_other_end_is_ready(void)
{
    brood__pollset_t *set = new_set(2);
    brood__poll_t **ready;
    pair_t reads, writes;
    size_t sent = 7;

    add_pair(set, &reads, true, false);
    brood__stream_close(&reads.ends[1]);
    EXPECT(await(&ready, set) == 1 && ready[0] == &reads.poll && ready[0]->readable);
    EXPECT_STATUS(APR_EOF, brood__stream_fill(&reads.ends[0], INT64_MAX));
    EXPECT(await(&ready, set) == 1 && ready[0] == &reads.poll); /* for ever */
    close_pair(set, &reads);

    add_pair(set, &writes, false, true);
    EXPECT(stuff(&writes.ends[0]) > 0);
    EXPECT(look(&ready, set) == 0);
    brood__stream_close(&writes.ends[1]);
    EXPECT(await(&ready, set) == 1 && ready[0] == &writes.poll && ready[0]->writable);
    for (int i = 0; i < 2; i++)
        EXPECT_STATUS(APR_EPIPE, brood__stream_post(&writes.ends[0], "x", 1, &sent));
    EXPECT(sent == 0);
    EXPECT(await(&ready, set) == 1 && ready[0] == &writes.poll);
    close_pair(set, &writes);
    brood__pollset_close(set);
}

static void who_is_removed_meanwhile_is_in_the_list_no_more(void)
{
    brood__pollset_t *set = new_set(3);
    brood__poll_t **ready;
    pair_t pairs[3];
    size_t left = 0;

    for (int i = 0; i < 3; i++) {
        add_pair(set, &pairs[i], true, false);
        say(&pairs[i]);
    }
    while (await(&ready, set) < 3)
        ;
    close_pair(set, &pairs[1]);
    for (int i = 0; i < 3; i++) {
        EXPECT(ready[i] != &pairs[1].poll);
        left += ready[i] != NULL;
    }
    EXPECT(left == 2);
    add_pair(set, &pairs[1], true, false); /* perhaps with the same number */
    for (int i = 0; i < 3; i++)
        EXPECT(ready[i] != &pairs[1].poll);
    EXPECT(await(&ready, set) == 2);
    for (int i = 0; i < 3; i++)
        close_pair(set, &pairs[i]);
    EXPECT(look(&ready, set) == 0);
    brood__pollset_close(set);
}

/* ---- waking ---- */

typedef struct waker_t {
    brood__pollset_t *set;
    _Atomic unsigned asked, rung;
} waker_t;

static void *APR_THREAD_FUNC ring(apr_thread_t *thread, void *data)
{
    waker_t *waker = data;

    for (unsigned round = 1; round <= ROUNDS; round++) {
        while (atomic_load(&waker->asked) < round)
            brood__clock_yield();
        for (unsigned i = 0; i < round % 64; i++) /* now before it sleeps, now after */
            brood__clock_yield();
        atomic_store(&waker->rung, round);
        brood__pollset_wake(waker->set);
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void a_wake_by_another_thread_ends_a_wait(void)
{
    waker_t waker = {.set = new_set(1)};
    brood__poll_t **ready;
    apr_thread_t *thread;
    pair_t pair;

    add_pair(waker.set, &pair, true, false);
    EXPECT_OK(apr_thread_create(&thread, NULL, ring, &waker, mem));
    for (unsigned round = 1; round <= ROUNDS; round++) {
        atomic_store(&waker.asked, round);
        do
            EXPECT(await(&ready, waker.set) == 0);
        while (atomic_load(&waker.rung) < round);
    }
    harness_join(thread);
    close_pair(waker.set, &pair);
    brood__pollset_close(waker.set);
}

static void a_wake_before_the_wait_is_not_lost(void)
{
    brood__pollset_t *set = new_set(1);
    brood__poll_t **ready;
    size_t count = 7;
    pair_t pair;

    brood__pollset_wake(set);
    EXPECT(await(&ready, set) == 0); /* also of none */
    EXPECT_STATUS(APR_TIMEUP, brood__pollset_wait(&ready, &count, set, 0));
    add_pair(set, &pair, true, false);
    for (int i = 0; i < 100000; i++) /* more than a pipe holds, at once */
        brood__pollset_wake(set);
    EXPECT_OK(brood__pollset_wait(&ready, &count, set, 0));
    EXPECT(count == 0);
    while (brood__pollset_wait(&ready, &count, set, 0) == APR_SUCCESS) /* it ends */
        EXPECT(count == 0);
    say(&pair);
    brood__pollset_wake(set);
    while (await(&ready, set) == 0)
        ;
    EXPECT(ready[0] == &pair.poll);
    close_pair(set, &pair);
    brood__pollset_close(set);
}

/* ---- connections ---- */

static void a_listener_is_ready_when_somebody_connects(const brood__address_t *address)
{
    char text[BROOD__ADDRESS_SIZE], peer[BROOD__ADDRESS_SIZE];
    brood__pollset_t *set = new_set(2);
    brood__listener_t *listener = listen_at(address, text);
    const brood__address_t to = target(address, text);
    brood__poll_t poll = {.data = NULL}, **ready;
    pair_t pairs[3];

    EXPECT_OK(brood__pollset_add_listener(set, &poll, listener));
    EXPECT(look(&ready, set) == 0);
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(brood__listener_connect(&pairs[i].ends[1], &to, INT64_MAX));
        EXPECT(await(&ready, set) == 1 && ready[0] == &poll && poll.readable);
        EXPECT_OK(brood__listener_accept(&pairs[i].ends[0], peer, listener, INT64_MAX));
        EXPECT(look(&ready, set) == 0);
        pairs[i].poll = (brood__poll_t){.data = NULL};
    }
    EXPECT_OK(brood__pollset_add_stream(set, &pairs[1].poll, &pairs[1].ends[0], true, true));
    EXPECT(await(&ready, set) == 1 && ready[0] == &pairs[1].poll && ready[0]->writable);
    brood__pollset_remove(set, &poll);
    brood__pollset_remove(set, &pairs[1].poll);
    for (int i = 0; i < 3; i++)
        close_pair(NULL, &pairs[i]);
    brood__listener_close(listener, false);
    brood__pollset_close(set);
}

static void a_listener_of_this_machine_is_ready_when_somebody_connects(void)
{
    brood__address_t address;

    EXPECT_OK(brood__address_private(&address, mem));
    a_listener_is_ready_when_somebody_connects(&address);
}

static void a_listener_of_the_net_is_ready_when_somebody_connects(void)
{
    a_listener_is_ready_when_somebody_connects(&(brood__address_t){BROOD__FAMILY_INET, "127.0.0.1", 0, false});
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(of_many_those_are_listed_that_can_be_read),
        TEST(each_of_many_wakes_the_wait),
        TEST(there_are_no_more_than_was_said),
        TEST(a_deadline_ends_it),
        TEST(who_is_waited_for_neither_way_is_not_looked_at),
        TEST(a_closed_other_end_is_ready),
        TEST(who_is_removed_meanwhile_is_in_the_list_no_more),
        TEST(a_wake_by_another_thread_ends_a_wait),
        TEST(a_wake_before_the_wait_is_not_lost),
        TEST(a_listener_of_this_machine_is_ready_when_somebody_connects),
        TEST(a_listener_of_the_net_is_ready_when_somebody_connects),
    };

    mem = call->mem;
    return harness_run("pollset", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRIES_END)
