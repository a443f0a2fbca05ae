/* Tasks of a manager's pool that do not come to their end: by a death, or since somebody has no use for them. */
#include "manager_pool_fixture.h"

#include <stdlib.h>

/* ---- what workers run ---- */

static apr_status_t vanish(brood_call_t *call)
{
    (void) call;
    _Exit(7);
}

/* Until it is asked to end. */
static apr_status_t go_on(brood_call_t *call)
{
    brood_queue_t *begun;

    BROOD_TRY(BROOD_UNPACK(call->args, &begun));
    BROOD_TRY(brood_queue_put(begun, brood_int(brood_current_pid()), BROOD_FOREVER));
    while (!brood_call_cancelled())
        apr_sleep(1000);
    return BROOD_ECANCELLED;
}

/* ---- what children run ---- */

/* A client with a task in each worker is killed. */
static apr_status_t hold_all(brood_call_t *call)
{
    brood_manager_options_t options = {.address = NULL};
    brood_manager_t *manager;
    brood_pool_t *pool;
    brood_queue_t *begun;
    brood_event_t *go;
    brood_future_t *future;

    BROOD_TRY(BROOD_UNPACK(call->args, &options.address, &begun, &go));
    BROOD_TRY(brood_manager_connect(&manager, &options, call->mem));
    BROOD_TRY(brood_manager_pool(&pool, manager, "it", 2, NULL, call->mem));
    for (int i = 0; i < 10; i++)
        BROOD_TRY(brood_pool_apply_async(&future, pool, hold, BROOD_LIST(begun, go), NULL, call->mem));
    return brood_event_wait(go, BROOD_FOREVER);
}

/* ---- claims ---- */

static void a_worker_that_dies_fails_its_task_alone__POOL_25(void)
{
    brood_manager_t *manager = fresh();
    brood_pool_t *pool = new_pool_with(manager, 2, NULL);
    brood_queue_t *begun = managed_queue(manager);
    brood_event_t *go = managed_event(manager);
    brood_future_t *held = give(pool, hold, BROOD_LIST(begun, go));
    const brood_task_options_t again = {.retries = 1};

    (void) harness_get(begun, mem);
    EXPECT_STATUS(BROOD_EWORKER, status_of(give(pool, vanish, brood_nil())));
    EXPECT_MESSAGE("vanish");
    EXPECT_STATUS(BROOD_EWORKER, status_of(give_with(pool, vanish, brood_nil(), &again)));
    EXPECT(apply(pool, square, BROOD_LIST(5)).as.integer == 25);
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(status_of(held));
}

static void a_task_that_waits_can_be_cancelled__FUT_05(void)
{
    brood_manager_t *manager = fresh();
    brood_pool_t *pool = new_pool_with(manager, 1, NULL);
    brood_queue_t *begun = managed_queue(manager);
    brood_event_t *go = managed_event(manager);
    brood_future_t *held = give(pool, hold, BROOD_LIST(begun, go)), *waits = give(pool, square, BROOD_LIST(2));

    (void) harness_get(begun, mem);
    EXPECT(brood_future_state(held) == BROOD_STARTED);
    EXPECT(brood_future_state(waits) == BROOD_PENDING);
    EXPECT_OK(brood_future_cancel(waits, false));
    EXPECT(brood_future_state(waits) == BROOD_CANCELLED);
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(waits));
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(status_of(held));
    EXPECT(brood_future_state(held) == BROOD_SUCCEEDED);
}

static void a_task_that_runs_can_be_asked_to_end_or_ended__FUT_06(void)
{
    brood_manager_t *manager = fresh();
    brood_pool_t *pool = new_pool_with(manager, 1, NULL);
    brood_queue_t *begun = managed_queue(manager);
    brood_event_t *go = managed_event(manager);
    brood_future_t *asked = give(pool, go_on, BROOD_LIST(begun)), *ended;

    (void) harness_get(begun, mem);
    EXPECT_OK(brood_future_cancel(asked, false));
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(asked));
    ended = give(pool, hold, BROOD_LIST(begun, go));
    (void) harness_get(begun, mem);
    EXPECT_OK(brood_future_cancel(ended, true));
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(ended));
    EXPECT(apply(pool, square, BROOD_LIST(6)).as.integer == 36);
}

static void time_limits_hold__POOL_30(void)
{
    brood_manager_t *manager = fresh();
    brood_pool_t *pool = new_pool_with(manager, 1, NULL);
    brood_queue_t *begun = managed_queue(manager);
    brood_event_t *go = managed_event(manager);
    const brood_task_options_t runs = {.time_limit = 100000}, waits = {.queue_limit = 50000};

    EXPECT_STATUS(BROOD_ETIMELIMIT, status_of(give_with(pool, hold, BROOD_LIST(begun, go), &runs)));
    (void) harness_get(begun, mem);
    (void) give(pool, hold, BROOD_LIST(begun, go));
    (void) harness_get(begun, mem);
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(give_with(pool, square, BROOD_LIST(2), &waits)));
    EXPECT_OK(brood_event_set(go));
    EXPECT(apply(pool, square, BROOD_LIST(6)).as.integer == 36);
}

static void close_lets_tasks_end_and_terminate_does_not__POOL_18_POOL_19(void)
{
    brood_manager_t *manager = fresh();
    brood_pool_t *first = NULL, *second = NULL, *third = NULL;
    brood_queue_t *begun = managed_queue(manager);
    brood_event_t *go = managed_event(manager);
    brood_future_t *held, *waits;

    EXPECT_OK(brood_manager_pool(&first, manager, "it", 2, NULL, mem));
    EXPECT_OK(brood_manager_pool(&second, manager, "it", 2, NULL, mem));
    EXPECT_OK(brood_manager_pool(&third, manager, "it", 2, NULL, mem));
    held = give(first, hold, BROOD_LIST(begun, go));
    (void) harness_get(begun, mem);
    waits = give(second, square, BROOD_LIST(7));
    brood_pool_close(second);
    EXPECT_OK(brood_pool_join(second, BROOD_FOREVER));
    EXPECT(brood_future_state(waits) == BROOD_SUCCEEDED);
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply_async(&waits, second, square, BROOD_LIST(7), NULL, mem));
    brood_pool_terminate(first);
    EXPECT_OK(brood_pool_join(first, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(held));
    /* both workers are there again for others */
    held = give(third, hold, BROOD_LIST(begun, go));
    waits = give(third, hold, BROOD_LIST(begun, go));
    (void) harness_get(begun, mem);
    (void) harness_get(begun, mem);
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(status_of(held));
    EXPECT_OK(status_of(waits));
}

static void tasks_of_a_client_that_dies_hold_up_nobody(void)
{
    brood_manager_t *manager = fresh();
    brood_queue_t *begun = managed_queue(manager);
    brood_event_t *go = managed_event(manager);
    brood_pool_t *pool = NULL;
    brood_process_t *child;

    child = harness_start(hold_all, BROOD_ARGS(brood_manager_address(manager), begun, go), mem);
    EXPECT_OK(brood_manager_pool(&pool, manager, "it", 2, NULL, mem));
    (void) harness_get(begun, mem);
    (void) harness_get(begun, mem);
    EXPECT_OK(brood_process_kill(child));
    EXPECT(apply(pool, square, BROOD_LIST(8)).as.integer == 64);
    EXPECT_EXIT(harness_killed(), child);
}

static void when_the_server_dies_tasks_fail__PROX_17(void)
{
    brood_manager_t *manager = fresh();
    brood_pool_t *pool = new_pool_with(manager, 1, NULL);
    brood_queue_t *begun = managed_queue(manager);
    brood_event_t *go = managed_event(manager);
    brood_future_t *runs = give(pool, hold, BROOD_LIST(begun, go)), *waits = give(pool, square, BROOD_LIST(2));
    brood_value_t value;

    (void) harness_get(begun, mem);
    EXPECT_OK(brood_process_kill((brood_process_t *) (uintptr_t) brood_manager_process(manager)));
    EXPECT_STATUS(BROOD_ELOST, status_of(runs));
    EXPECT_MESSAGE("is gone");
    EXPECT_STATUS(BROOD_ELOST, status_of(waits));
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply(&value, pool, square, BROOD_LIST(2), mem));
    EXPECT_MESSAGE("is gone");
    brood_pool_close(pool);
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
}

static void workers_end_with_the_last_who_has_the_pool(void)
{
    brood_manager_t *manager = fresh();
    apr_pool_t *inner = NULL;
    brood_pool_t *pool = NULL;

    EXPECT_OK(apr_pool_create(&inner, mem));
    EXPECT_OK(brood_manager_pool(&pool, manager, NULL, 2, NULL, inner));
    EXPECT(apply(pool, square, BROOD_LIST(8)).as.integer == 64);
    EXPECT(objects(manager) == 1);
    apr_pool_destroy(inner);
    await_objects(manager, 0);
    EXPECT_OK(brood_manager_shutdown(manager));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(square), BROOD_ENTRY(hold),     BROOD_ENTRY(vanish),
                                            BROOD_ENTRY(go_on),  BROOD_ENTRY(hold_all), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(a_worker_that_dies_fails_its_task_alone__POOL_25),
        TEST(a_task_that_waits_can_be_cancelled__FUT_05),
        TEST(a_task_that_runs_can_be_asked_to_end_or_ended__FUT_06),
        TEST(time_limits_hold__POOL_30),
        TEST(close_lets_tasks_end_and_terminate_does_not__POOL_18_POOL_19),
        TEST(tasks_of_a_client_that_dies_hold_up_nobody),
        TEST(when_the_server_dies_tasks_fail__PROX_17),
        TEST(workers_end_with_the_last_who_has_the_pool),
    };

    return harness_tree(argc, argv, entries, "manager_pool_end", tests, sizeof tests / sizeof tests[0]);
}
