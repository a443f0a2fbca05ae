/* Waiting for several futures: of tasks, of several pools, and by hand, in one list. */
#include "future_fixture.h"

#include <apr_thread_proc.h>

static bool done(const brood_future_t *future)
{
    return brood_future_ready(future);
}

static void the_first_that_is_done_ends_the_wait__FUT_09(void)
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *never = new_event(), *go = new_event();
    brood_future_t *futures[] = {give(pool, hold, BROOD_ARGS(said, never, 1)),
                                 give(pool, hold, BROOD_ARGS(said, go, 2))};

    EXPECT_STATUS(APR_TIMEUP, brood_futures_wait(futures, 2, BROOD_FIRST_DONE, BROOD_NOWAIT));
    EXPECT_MESSAGE("2 of 2 futures are not done yet");
    EXPECT_STATUS(APR_TIMEUP, brood_futures_wait(futures, 2, BROOD_FIRST_DONE, 1000));
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_futures_wait(futures, 2, BROOD_FIRST_DONE, BROOD_FOREVER));
    EXPECT(!done(futures[0]) && done(futures[1]));
    EXPECT_OK(brood_futures_wait(futures, 2, BROOD_FIRST_DONE, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_futures_wait(futures, 2, BROOD_ALL_DONE, 1000));
    EXPECT_MESSAGE("1 of 2 futures are not done yet");
    EXPECT_OK(brood_event_set(never));
    EXPECT_OK(brood_futures_wait(futures, 2, BROOD_ALL_DONE, BROOD_FOREVER));
    EXPECT(done(futures[0]));
}

static void the_first_failure_ends_the_wait__FUT_09(void)
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *futures[] = {done_with(1), give(pool, hold, BROOD_ARGS(said, go, 1)), new_future()};

    EXPECT_STATUS(APR_TIMEUP, brood_futures_wait(futures, 3, BROOD_FIRST_FAILED, 1000));
    EXPECT_OK(brood_future_cancel(futures[2], false)); /* which is no failure */
    EXPECT_STATUS(APR_TIMEUP, brood_futures_wait(futures, 3, BROOD_FIRST_FAILED, 1000));
    futures[2] = give(pool, fail, brood_nil());
    EXPECT_OK(brood_futures_wait(futures, 3, BROOD_FIRST_FAILED, BROOD_FOREVER));
    EXPECT(!done(futures[1]) && done(futures[2]));
    EXPECT_OK(brood_event_set(go));
}

static void without_a_failure_it_is_all_that_ends_it__FUT_09(void)
{
    brood_pool_t *pool = new_pool(2);
    brood_future_t *futures[20];

    for (int i = 0; i < 20; i++)
        futures[i] = give(pool, echo, BROOD_ARGS(i));
    EXPECT_OK(brood_future_cancel(futures[10] = new_future(), false));
    EXPECT_OK(brood_futures_wait(futures, 20, BROOD_FIRST_FAILED, BROOD_FOREVER));
    for (int i = 0; i < 20; i++)
        EXPECT(done(futures[i]));
}

static void a_cancelled_one_is_done__FUT_09(void)
{
    brood_future_t *futures[2];

    mem = harness_mem();
    futures[0] = new_future();
    futures[1] = new_future();
    EXPECT_OK(brood_future_cancel(futures[1], false));
    EXPECT_OK(brood_futures_wait(futures, 2, BROOD_FIRST_DONE, BROOD_FOREVER));
    EXPECT_OK(brood_future_cancel(futures[0], false));
    EXPECT_OK(brood_futures_wait(futures, 2, BROOD_ALL_DONE, BROOD_FOREVER));
}

static void one_that_comes_twice_counts_once__FUT_09_FUT_10(void)
{
    brood_future_t *futures[5], *other, *next = NULL;
    apr_size_t count = 5;

    mem = harness_mem();
    other = new_future();
    futures[0] = futures[2] = futures[4] = done_with(1);
    futures[1] = futures[3] = other;
    EXPECT_STATUS(APR_TIMEUP, brood_futures_wait(futures, 5, BROOD_ALL_DONE, 1000));
    EXPECT_OK(brood_futures_next(&next, futures, &count, BROOD_NOWAIT));
    EXPECT(count == 2 && next != other && futures[0] == other && futures[1] == other);
    EXPECT_OK(brood_future_set(other, brood_int(2)));
    EXPECT_OK(brood_futures_wait(futures, 2, BROOD_ALL_DONE, BROOD_FOREVER));
    EXPECT_OK(brood_futures_next(&next, futures, &count, BROOD_FOREVER));
    EXPECT(count == 0 && next == other);
}

static void of_none_there_is_nothing_to_wait_for__FUT_09_FUT_10(void)
{
    brood_future_t *next = NULL;
    apr_size_t count = 0;

    EXPECT_OK(brood_futures_wait(NULL, 0, BROOD_FIRST_DONE, BROOD_FOREVER));
    EXPECT_OK(brood_futures_wait(NULL, 0, BROOD_FIRST_FAILED, BROOD_FOREVER));
    EXPECT_OK(brood_futures_wait(NULL, 0, BROOD_ALL_DONE, BROOD_FOREVER));
    EXPECT_STATUS(APR_EOF, brood_futures_next(&next, NULL, &count, BROOD_FOREVER));
    EXPECT(next == NULL);
}

static void another_word_than_those_three_is_refused__FUT_09(void)
{
    brood_future_t *future;

    mem = harness_mem();
    future = done_with(1);
    EXPECT_STATUS(APR_EINVAL, brood_futures_wait(&future, 1, (brood_when_t) 3, BROOD_FOREVER));
}

/* ---- as they complete ---- */

static void those_that_are_done_come_first__FUT_10(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *held = give(pool, hold, BROOD_ARGS(said, go, 1)), *next = NULL;
    brood_future_t *futures[] = {held, done_with(2), give(pool, echo, BROOD_ARGS(3)), done_with(4)};
    apr_size_t count = 4;

    EXPECT_OK(brood_futures_next(&next, futures, &count, BROOD_FOREVER));
    expect_value(next, brood_int(2));
    EXPECT_OK(brood_futures_next(&next, futures, &count, BROOD_FOREVER));
    expect_value(next, brood_int(4));
    EXPECT(count == 2);
    EXPECT_STATUS(APR_TIMEUP, brood_futures_next(&next, futures, &count, 1000));
    EXPECT_MESSAGE("2 of 2 futures are not done yet");
    EXPECT(count == 2 && futures[0] == held);
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_futures_next(&next, futures, &count, BROOD_FOREVER));
    EXPECT_OK(brood_futures_next(&next, futures, &count, BROOD_FOREVER));
    EXPECT_STATUS(APR_EOF, brood_futures_next(&next, futures, &count, BROOD_FOREVER));
}

#define MANY 300

static void each_of_many_comes_once__FUT_10(void)
{
    brood_pool_t *pool = new_pool(2);
    brood_future_t *futures[MANY], *next = NULL;
    bool seen[MANY] = {false};
    apr_size_t count = MANY;

    for (int i = 0; i < MANY; i++)
        futures[i] = give(pool, echo, BROOD_ARGS(i));
    for (int i = 0; i < MANY; i++) {
        brood_value_t value = brood_nil();
        int number = 0;

        EXPECT_OK(brood_futures_next(&next, futures, &count, BROOD_FOREVER));
        EXPECT_OK(brood_future_get(&value, next, BROOD_NOWAIT, mem));
        EXPECT(value.kind == BROOD_KIND_INT);
        number = (int) value.as.integer;
        EXPECT(number >= 0 && number < MANY && !seen[number]);
        seen[number] = true;
    }
    EXPECT(count == 0);
}

/* ---- of several pools ---- */

static void pools_and_futures_by_hand_go_together__FUT_09_FUT_10(void)
{
    brood_pool_t *first = new_pool(1), *second = NULL;
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go[2] = {new_event(), new_event()};
    brood_future_t *futures[3], *next = NULL;
    apr_size_t count = 3;

    EXPECT_OK(brood_pool_create(&second, 1, NULL, mem));
    futures[0] = give(first, hold, BROOD_ARGS(said, go[0], 1));
    futures[1] = give(second, hold, BROOD_ARGS(said, go[1], 2));
    futures[2] = new_future();
    EXPECT_OK(brood_event_set(go[1]));
    EXPECT_OK(brood_futures_next(&next, futures, &count, BROOD_FOREVER));
    expect_value(next, brood_int(2));
    EXPECT_OK(brood_event_set(go[0]));
    EXPECT_OK(brood_futures_next(&next, futures, &count, BROOD_FOREVER));
    expect_value(next, brood_int(1));
    EXPECT_STATUS(APR_TIMEUP, brood_futures_wait(futures, 1, BROOD_ALL_DONE, 1000));
    EXPECT_OK(brood_future_set(futures[0], brood_int(3)));
    EXPECT_OK(brood_futures_wait(futures, 1, BROOD_ALL_DONE, BROOD_FOREVER));
}

#define WAITERS 4

typedef struct crowd_t {
    brood_future_t **futures;
    brood_when_t when;
} crowd_t;

static void *APR_THREAD_FUNC wait_in_crowd(apr_thread_t *thread, void *data)
{
    const crowd_t *crowd = data;

    (void) thread;
    EXPECT_OK(brood_futures_wait(crowd->futures, 6, crowd->when, BROOD_FOREVER));
    return NULL;
}

static void many_threads_wait_for_the_same__FUT_09(void)
{
    brood_pool_t *pools[2] = {new_pool(1), NULL};
    brood_future_t *futures[6];

    EXPECT_OK(brood_pool_create(&pools[1], 1, NULL, mem));
    for (int round = 0; round < 20; round++) {
        crowd_t crowds[] = {{futures, BROOD_ALL_DONE}, {futures, BROOD_FIRST_DONE}};
        apr_thread_t *threads[WAITERS];

        for (int i = 0; i < 5; i++)
            futures[i] = give(pools[i % 2], echo, BROOD_ARGS(i));
        futures[5] = new_future();
        for (int i = 0; i < WAITERS; i++)
            EXPECT_OK(apr_thread_create(&threads[i], NULL, wait_in_crowd, &crowds[i % 2], mem));
        EXPECT_OK(brood_future_wait(futures[0], BROOD_FOREVER));
        EXPECT_OK(brood_future_set(futures[5], brood_nil()));
        for (int i = 0; i < WAITERS; i++)
            harness_join(threads[i]);
        for (int i = 0; i < 6; i++)
            EXPECT(done(futures[i]));
    }
}

/* Whoever waits is not left alone by the one who has led and leaves. */
static void *APR_THREAD_FUNC wait_alone(apr_thread_t *thread, void *future)
{
    (void) thread;
    EXPECT_OK(brood_future_wait(future, BROOD_FOREVER));
    return NULL;
}

static void waits_for_one_and_for_several_go_together__FUT_09(void)
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *said = harness_queue(mem);

    for (int round = 0; round < 20; round++) {
        brood_event_t *go = new_event();
        brood_future_t *futures[] = {give(pool, echo, BROOD_ARGS(1)), give(pool, hold, BROOD_ARGS(said, go, 2))};
        apr_thread_t *thread = NULL;

        EXPECT_OK(apr_thread_create(&thread, NULL, wait_alone, futures[0], mem));
        EXPECT_OK(brood_futures_wait(futures, 2, BROOD_FIRST_DONE, BROOD_FOREVER));
        harness_join(thread);
        EXPECT_OK(brood_event_set(go));
        EXPECT_OK(brood_futures_wait(futures, 2, BROOD_ALL_DONE, BROOD_FOREVER));
    }
}

static void the_end_of_a_pool_ends_the_wait__FUT_09(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *never = new_event();
    brood_future_t *futures[] = {give(pool, hold, BROOD_ARGS(said, never, 1)), give(pool, echo, BROOD_ARGS(2))};
    apr_thread_t *thread = NULL;

    (void) harness_get(said, mem);
    EXPECT_OK(apr_thread_create(&thread, NULL, wait_alone, futures[1], mem));
    brood_pool_terminate(pool);
    EXPECT_OK(brood_futures_wait(futures, 2, BROOD_ALL_DONE, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(futures[0]));
    harness_join(thread);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(echo), BROOD_ENTRY(fail), BROOD_ENTRY(hold), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(the_first_that_is_done_ends_the_wait__FUT_09),
        TEST(the_first_failure_ends_the_wait__FUT_09),
        TEST(without_a_failure_it_is_all_that_ends_it__FUT_09),
        TEST(a_cancelled_one_is_done__FUT_09),
        TEST(one_that_comes_twice_counts_once__FUT_09_FUT_10),
        TEST(of_none_there_is_nothing_to_wait_for__FUT_09_FUT_10),
        TEST(another_word_than_those_three_is_refused__FUT_09),
        TEST(those_that_are_done_come_first__FUT_10),
        TEST(each_of_many_comes_once__FUT_10),
        TEST(pools_and_futures_by_hand_go_together__FUT_09_FUT_10),
        TEST(many_threads_wait_for_the_same__FUT_09),
        TEST(waits_for_one_and_for_several_go_together__FUT_09),
        TEST(the_end_of_a_pool_ends_the_wait__FUT_09),
    };

    return harness_tree(argc, argv, entries, "futures_wait", tests, sizeof tests / sizeof tests[0]);
}
