/* test_future.c - futures of tasks: how far they are, what they give, how long they last. */
#include "future_fixture.h"

#include <string.h>

/* ---- results ---- */

static void it_goes_from_pending_by_started_to_succeeded__FUT_01_FUT_03_ARES_03_ARES_04(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *first = give(pool, hold, BROOD_ARGS(said, go, 1));
    brood_future_t *second = give(pool, hold, BROOD_ARGS(said, go, 2));

    EXPECT(brood_value_equal(brood_int(1), harness_get(said, mem)));
    EXPECT(brood_future_state(first) == BROOD_STARTED && !brood_future_ready(first));
    EXPECT(brood_future_state(second) == BROOD_PENDING && !brood_future_ready(second));
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_future_wait(second, BROOD_FOREVER));
    EXPECT(brood_future_state(first) == BROOD_SUCCEEDED && brood_future_ready(first));
    EXPECT(brood_future_state(second) == BROOD_SUCCEEDED && brood_future_ready(second));
}

static void what_is_not_done_in_time_can_be_had_later_and_again__ARES_01_ARES_05_FUT_04(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *future = give(pool, hold, BROOD_ARGS(said, go, 5));
    brood_value_t value = brood_int(77);

    EXPECT_STATUS(APR_TIMEUP, brood_future_get(&value, future, BROOD_NOWAIT, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_future_get(&value, future, 1000, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_future_wait(future, 1000));
    EXPECT(brood_value_equal(brood_int(77), value));
    EXPECT_OK(brood_event_set(go));
    expect_value(future, brood_int(5));
    expect_value(future, brood_int(5));
}

static void a_failure_is_gets_not_waits__ARES_01_ARES_02_ARES_04_FUT_05(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_future_t *future = give(pool, fail, brood_nil());

    EXPECT_OK(brood_future_wait(future, BROOD_FOREVER));
    EXPECT(brood_future_state(future) == BROOD_FAILED);
    EXPECT_STATUS(BROOD_ERANGE, status_of(future));
    EXPECT_MESSAGE("as told");
    EXPECT_TEXT("fail", brood_last_error()->entry);
    EXPECT_STATUS(BROOD_ERANGE, status_of(future));
}

static void a_maps_value_is_the_list_once_every_chunk_is_in__ARES_06(void)
{
    const brood_task_options_t options = {.chunk_size = 1, .star = true};
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go[2] = {new_event(), new_event()};
    brood_value_t items = BROOD_LIST(BROOD_LIST(said, go[0], 10), BROOD_LIST(said, go[1], 11));
    brood_future_t *future = NULL;
    apr_size_t done = 0, total = 0;

    EXPECT_OK(brood_pool_map_async(&future, pool, hold, items, &options, mem));
    (void) harness_get(said, mem);
    (void) harness_get(said, mem);
    EXPECT_OK(brood_event_set(go[1]));
    while (done == 0)
        brood_future_progress(&done, &total, future);
    EXPECT(done == 1 && total == 2 && !brood_future_ready(future));
    EXPECT_OK(brood_event_set(go[0]));
    expect_value(future, BROOD_LIST(10, 11));
}

/* ---- ends ---- */

static void it_outlives_its_pool__ARES_01(void)
{
    brood_pool_t *pool = NULL;
    brood_future_t *done, *large, *lost;
    notes_t notes = {0};
    brood_queue_t *said;
    brood_value_t text;
    apr_pool_t *own;
    char *bytes;

    mem = harness_mem();
    said = harness_queue(mem);
    bytes = apr_palloc(mem, 100001);
    memset(bytes, 'x', 100000);
    bytes[100000] = '\0';
    text = brood_text(bytes);
    EXPECT_OK(apr_pool_create(&own, mem));
    EXPECT_OK(brood_pool_create(&pool, 1, NULL, own));
    done = give(pool, echo, BROOD_ARGS(1));
    large = give(pool, echo, brood_list(&text, 1));
    lost = give(pool, hold, BROOD_ARGS(said, new_event(), 2));
    EXPECT_OK(brood_future_on_done(lost, note, &notes));
    (void) harness_get(said, mem);
    EXPECT_OK(brood_future_wait(large, BROOD_FOREVER));
    apr_pool_destroy(own);
    expect_value(done, brood_int(1));
    expect_value(large, text);
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(lost));
    EXPECT(brood_future_state(lost) == BROOD_CANCELLED && brood_future_ready(lost));
    EXPECT(notes.count == 1 && notes.status[0] == BROOD_ECANCELLED);
    EXPECT_OK(brood_future_on_done(lost, note, &notes));
    EXPECT_OK(brood_future_cancel(lost, true));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_cancel(done, true));
    EXPECT_OK(brood_futures_wait(&lost, 1, BROOD_ALL_DONE, BROOD_FOREVER));
}

static void one_that_ends_before_its_task_leaves_the_task_alone(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *future = NULL;
    apr_pool_t *own;
    notes_t notes = {0};

    EXPECT_OK(apr_pool_create(&own, mem));
    EXPECT_OK(brood_pool_apply_async(&future, pool, hold, BROOD_ARGS(said, go, 1), NULL, own));
    EXPECT_OK(brood_future_on_done(future, note, &notes));
    apr_pool_destroy(own);
    (void) harness_get(said, mem);
    EXPECT_OK(brood_event_set(go));
    brood_pool_close(pool);
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    (void) harness_mem(); /* which ends the pool: its threads have called what there was to be called */
    EXPECT(notes.count == 1 && brood_value_equal(brood_int(1), notes.value[0]));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(echo), BROOD_ENTRY(fail), BROOD_ENTRY(hold), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(it_goes_from_pending_by_started_to_succeeded__FUT_01_FUT_03_ARES_03_ARES_04),
        TEST(what_is_not_done_in_time_can_be_had_later_and_again__ARES_01_ARES_05_FUT_04),
        TEST(a_failure_is_gets_not_waits__ARES_01_ARES_02_ARES_04_FUT_05),
        TEST(a_maps_value_is_the_list_once_every_chunk_is_in__ARES_06),
        TEST(it_outlives_its_pool__ARES_01),
        TEST(one_that_ends_before_its_task_leaves_the_task_alone),
    };

    return harness_tree(argc, argv, entries, "future", tests, sizeof tests / sizeof tests[0]);
}
