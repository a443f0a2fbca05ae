/* Pools that are shut down or killed, as an executor is. */
#include "future_fixture.h"

static apr_status_t ask_nobody(brood_call_t *call)
{
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &said));
    BROOD_TRY(brood_queue_put(said, brood_nil(), BROOD_FOREVER));
    for (;;)
        apr_sleep(apr_time_from_sec(1));
}

static void what_was_given_is_done_and_then_nothing_is_taken__PPE_04_PPE_13_PPE_15(void)
{
    brood_pool_t *pool = new_pool(2);
    brood_future_t *futures[50], *none = NULL;

    for (int i = 0; i < 50; i++)
        futures[i] = give(pool, echo, BROOD_ARGS(i));
    EXPECT_OK(brood_pool_shutdown(pool, false, BROOD_FOREVER));
    EXPECT(harness_children(mem) == 0);
    for (int i = 0; i < 50; i++)
        expect_value(futures[i], brood_int(i));
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply_async(&none, pool, echo, BROOD_ARGS(1), NULL, mem));
    EXPECT_OK(brood_pool_shutdown(pool, false, BROOD_FOREVER));
    EXPECT_OK(brood_pool_shutdown(pool, true, BROOD_NOWAIT));
}

static void it_need_not_be_waited_for__PPE_13_PPE_15(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *held = give(pool, hold, BROOD_ARGS(said, go, 1)), *queued = give(pool, echo, BROOD_ARGS(2)), *none;

    EXPECT_STATUS(APR_TIMEUP, brood_pool_shutdown(pool, false, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply_async(&none, pool, echo, BROOD_ARGS(1), NULL, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_pool_shutdown(pool, false, 1000));
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_pool_shutdown(pool, false, BROOD_FOREVER));
    expect_value(held, brood_int(1));
    expect_value(queued, brood_int(2));
}

#define MANY 3000

static void what_has_not_begun_can_be_cancelled__PPE_14_PPE_20(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *held = give(pool, hold, BROOD_ARGS(said, go, 1)), **futures = apr_palloc(mem, MANY * sizeof held);
    const brood_task_options_t options = {.chunk_size = 1, .star = true};
    brood_future_t *map = NULL;

    (void) harness_get(said, mem);
    for (int i = 0; i < MANY; i++)
        futures[i] = give(pool, echo, BROOD_ARGS(i));
    EXPECT_OK(brood_pool_map_async(&map, pool, echo, BROOD_LIST(BROOD_ARGS(1), BROOD_ARGS(2)), &options, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_pool_shutdown(pool, true, BROOD_NOWAIT));
    EXPECT_OK(brood_futures_wait(futures, MANY, BROOD_ALL_DONE, BROOD_NOWAIT));
    for (int i = 0; i < MANY; i++)
        EXPECT(brood_future_state(futures[i]) == BROOD_CANCELLED);
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(map));
    EXPECT_MESSAGE("the pool was shut down before the task ran");
    EXPECT(brood_future_state(held) == BROOD_STARTED);
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_pool_shutdown(pool, true, BROOD_FOREVER));
    expect_value(held, brood_int(1));
}

static void giving_and_cancelling_just_before_hangs_nobody__PPE_21(void)
{
    for (int i = 0; i < 20; i++) {
        brood_pool_t *pool = new_pool(1);
        brood_future_t *futures[10];

        for (int k = 0; k < 10; k++)
            futures[k] = give(pool, echo, BROOD_ARGS(k));
        for (int k = 0; k < 10; k++) {
            const apr_status_t rc = brood_future_cancel(futures[k], false);

            EXPECT(rc == APR_SUCCESS || rc == BROOD_EMISUSE);
        }
        EXPECT_OK(brood_pool_shutdown(pool, i % 2 != 0, BROOD_FOREVER));
        EXPECT_OK(brood_futures_wait(futures, 10, BROOD_ALL_DONE, BROOD_NOWAIT));
    }
}

static void callbacks_run_before_it_returns_or_the_future_is_ready(void)
{
    brood_pool_t *pool = new_pool(1);
    notes_t notes = {0};
    const brood_task_options_t options = {.done = note, .user = &notes};
    brood_future_t *futures[10];

    for (int i = 0; i < 10; i++)
        futures[i] = give_with(pool, echo, BROOD_ARGS(i), &options);
    EXPECT_OK(brood_pool_shutdown(pool, true, BROOD_FOREVER));
    EXPECT_OK(brood_futures_wait(futures, 10, BROOD_ALL_DONE, BROOD_FOREVER));
    EXPECT(notes.count == 10);
}

/* ---- terminate and kill ---- */

static void end_it(void (*end)(brood_pool_t *pool))
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *said = harness_queue(mem);
    brood_future_t *futures[20], *none;

    for (int i = 0; i < 20; i++)
        futures[i] = give(pool, ask_nobody, BROOD_ARGS(said));
    (void) harness_get(said, mem);
    (void) harness_get(said, mem);
    end(pool);
    EXPECT_OK(brood_futures_wait(futures, 20, BROOD_ALL_DONE, BROOD_NOWAIT));
    for (int i = 0; i < 20; i++)
        EXPECT_STATUS(BROOD_ECANCELLED, status_of(futures[i]));
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    EXPECT(harness_children(mem) == 0);
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply_async(&none, pool, echo, BROOD_ARGS(1), NULL, mem));
}

static void workers_can_be_terminated_or_killed__PPE_19(void)
{
    end_it(brood_pool_terminate);
    end_it(brood_pool_kill);
}

static void who_was_terminated_can_be_killed__PPE_19(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_future_t *future = give(pool, ask_nobody, BROOD_ARGS(said));

    (void) harness_get(said, mem);
    brood_pool_terminate(pool);
    brood_pool_kill(pool);
    brood_pool_kill(pool);
    EXPECT_OK(brood_pool_shutdown(pool, true, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(future));
}

static void without_workers_there_is_nothing_to_kill__PPE_19(void)
{
    const brood_pool_options_t options = {.lazy = true};
    brood_pool_t *pool = NULL;

    mem = harness_mem();
    EXPECT_OK(brood_pool_create(&pool, 2, &options, mem));
    brood_pool_kill(pool);
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(echo), BROOD_ENTRY(fail), BROOD_ENTRY(hold),
                                            BROOD_ENTRY(ask_nobody), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(what_was_given_is_done_and_then_nothing_is_taken__PPE_04_PPE_13_PPE_15),
        TEST(it_need_not_be_waited_for__PPE_13_PPE_15),
        TEST(what_has_not_begun_can_be_cancelled__PPE_14_PPE_20),
        TEST(giving_and_cancelling_just_before_hangs_nobody__PPE_21),
        TEST(callbacks_run_before_it_returns_or_the_future_is_ready),
        TEST(workers_can_be_terminated_or_killed__PPE_19),
        TEST(who_was_terminated_can_be_killed__PPE_19),
        TEST(without_workers_there_is_nothing_to_kill__PPE_19),
    };

    return harness_tree(argc, argv, entries, "pool_shutdown", tests, sizeof tests / sizeof tests[0]);
}
