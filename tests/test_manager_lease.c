/* JoinableQueue of a manager: who has what in hand, and what comes back. */
#include "manager_sync_fixture.h"

/* Gets so many and does none; then it ends, or stays until it is killed. */
static apr_status_t hold(brood_call_t *call)
{
    brood_value_t item;
    brood_queue_t *tasks, *said;
    int count;
    bool ends;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &said, &count, &ends));
    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_queue_get(&item, tasks, BROOD_FOREVER, call->mem));
    BROOD_TRY(brood_queue_put(said, brood_int(count), BROOD_FOREVER));
    return ends ? APR_SUCCESS : stay();
}

/* Does all there is. */
static apr_status_t work(brood_call_t *call)
{
    brood_value_t item;
    brood_queue_t *tasks;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks));
    while ((rc = brood_queue_get(&item, tasks, BROOD_FOREVER, call->mem)) == APR_SUCCESS)
        BROOD_TRY(brood_queue_task_done(tasks));
    return brood_allow(rc, APR_EOF);
}

/* ---- help ---- */

static brood_queue_t *new_tasks(bool lease, unsigned deliveries)
{
    const brood_queue_options_t options = {.joinable = true, .lease = lease, .deliveries = deliveries};
    brood_queue_t *tasks = NULL;

    EXPECT_OK(brood_manager_queue(&tasks, manager, NULL, 0, &options, mem));
    return tasks;
}

static void put_numbers(brood_queue_t *tasks, int first, int end)
{
    for (int i = first; i < end; i++)
        EXPECT_OK(brood_queue_put(tasks, brood_int(i), BROOD_NOWAIT));
}

static brood_process_t *holder_of(brood_queue_t *tasks, int count, bool ends)
{
    brood_queue_t *said = harness_queue(mem);
    brood_process_t *holder = harness_start(hold, BROOD_ARGS(tasks, said, count, ends), mem);

    expect_number(count, said, mem);
    return holder;
}

static void expect_task(apr_int64_t number, unsigned deliveries, brood_queue_t *tasks)
{
    expect_number(number, tasks, mem);
    EXPECT(brood_queue_deliveries(tasks) == deliveries);
    EXPECT_OK(brood_queue_task_done(tasks));
}

/* ---- claims ---- */

static void join_waits_until_all_is_done__STYP_09(void)
{
    brood_queue_t *tasks, *plain = NULL;
    brood_process_t *worker[2];

    fresh();
    tasks = new_tasks(false, 0);
    EXPECT_OK(brood_manager_queue(&plain, manager, NULL, 0, NULL, mem));
    EXPECT_STATUS(BROOD_EMISUSE, brood_queue_task_done(plain));
    EXPECT_STATUS(BROOD_EMISUSE, brood_queue_join(plain, BROOD_NOWAIT));
    EXPECT_MESSAGE("join of a queue that was not created with the option joinable");
    EXPECT_OK(brood_queue_join(tasks, BROOD_NOWAIT));
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(tasks));
    put_numbers(tasks, 0, 20);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, 1000));
    EXPECT_MESSAGE("some items of the queue are not done yet");
    EXPECT_TEXT("<JoinableQueue size=20>", brood_value_string(BROOD_VALUE(tasks), mem));
    for (int i = 0; i < 2; i++)
        worker[i] = harness_start(work, BROOD_ARGS(tasks), mem);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_OK(brood_queue_shutdown(tasks, false));
    for (int i = 0; i < 2; i++)
        EXPECT_EXIT(0, worker[i]);
}

static void what_was_in_the_hands_of_the_dead_is_lost_and_told_once__STYP_09(void)
{
    brood_process_t *holder;
    brood_queue_t *tasks;

    fresh();
    tasks = new_tasks(false, 0);
    put_numbers(tasks, 0, 3);
    holder = holder_of(tasks, 2, false);
    expect_number(2, tasks, mem);
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, BROOD_NOWAIT));
    EXPECT_KILLED(holder);
    EXPECT_STATUS(BROOD_EOWNERDEAD, brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_MESSAGE("all items are done but for 2, which were lost");
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
}

static void what_was_leased_comes_back_before_all_others__STYP_09(void)
{
    brood_process_t *first, *second;
    brood_queue_t *tasks;

    fresh();
    tasks = new_tasks(true, 0);
    put_numbers(tasks, 0, 6);
    first = holder_of(tasks, 2, false);
    second = holder_of(tasks, 2, true);
    EXPECT_EXIT(0, second);
    await_text("size=4", BROOD_VALUE(tasks), mem);
    EXPECT_KILLED(first);
    await_text("size=6", BROOD_VALUE(tasks), mem);
    EXPECT(brood_queue_deliveries(tasks) == 0);
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(tasks));
    for (int i = 0; i < 6; i++)
        expect_task(i, i < 4 ? 2 : 1, tasks);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
}

static void who_waits_gets_what_comes_back__STYP_09(void)
{
    brood_process_t *holder, *worker;
    brood_queue_t *tasks;

    fresh();
    tasks = new_tasks(true, 0);
    put_numbers(tasks, 0, 2);
    holder = holder_of(tasks, 2, false);
    EXPECT_OK(brood_queue_shutdown(tasks, false));
    worker = harness_start(work, BROOD_ARGS(tasks), mem); /* does not end: they may come back */
    EXPECT_KILLED(holder);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_EXIT(0, worker);
}

static void who_has_some_itself_is_told_of_the_end__STYP_09(void)
{
    brood_value_t item = brood_nil();
    brood_process_t *holder;
    brood_queue_t *tasks;

    fresh();
    tasks = new_tasks(true, 0);
    put_numbers(tasks, 0, 2);
    holder = holder_of(tasks, 1, false);
    EXPECT_OK(brood_queue_get(&item, tasks, BROOD_NOWAIT, mem));
    EXPECT_OK(brood_queue_shutdown(tasks, false));
    EXPECT_STATUS(APR_EOF, brood_queue_get(&item, tasks, BROOD_FOREVER, mem));
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&item, tasks, BROOD_NOWAIT, mem));
    EXPECT_KILLED(holder);
    EXPECT_OK(brood_queue_get(&item, tasks, BROOD_FOREVER, mem));
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_STATUS(APR_EOF, brood_queue_get(&item, tasks, BROOD_FOREVER, mem));
}

static void it_is_given_out_so_often_at_most__STYP_09(void)
{
    brood_queue_t *tasks;

    fresh();
    tasks = new_tasks(true, 2);
    put_numbers(tasks, 0, 1);
    for (int i = 0; i < 2; i++)
        EXPECT_KILLED(holder_of(tasks, 1, false));
    EXPECT_STATUS(BROOD_EOWNERDEAD, brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_MESSAGE("all items are done but for 1");
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
}

static void what_comes_back_after_the_end_is_dropped__STYP_09(void)
{
    brood_process_t *holder;
    brood_queue_t *tasks;

    fresh();
    tasks = new_tasks(true, 0);
    put_numbers(tasks, 0, 3);
    holder = holder_of(tasks, 2, false);
    EXPECT_OK(brood_queue_shutdown(tasks, true));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, BROOD_NOWAIT));
    EXPECT_KILLED(holder);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(hold), BROOD_ENTRY(work), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(join_waits_until_all_is_done__STYP_09),
        TEST(what_was_in_the_hands_of_the_dead_is_lost_and_told_once__STYP_09),
        TEST(what_was_leased_comes_back_before_all_others__STYP_09),
        TEST(who_waits_gets_what_comes_back__STYP_09),
        TEST(who_has_some_itself_is_told_of_the_end__STYP_09),
        TEST(it_is_given_out_so_often_at_most__STYP_09),
        TEST(what_comes_back_after_the_end_is_dropped__STYP_09),
    };

    return harness_tree(argc, argv, entries, "manager_lease", tests, sizeof tests / sizeof tests[0]);
}
