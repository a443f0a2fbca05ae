/* test_wait.c - processes waited for, one or many at once, and their sentinels (WAIT-*, PROC-36). */
#include "harness_children.h"
#include "harness_tree.h"

#include "platform/wait.h"
#include <apr_thread_proc.h>
#include <stdlib.h>

#define CYCLES 200

/* ---- entries ---- */

/* Wait for the parent in every way there is. */
static apr_status_t orphan(brood_call_t *call)
{
    brood_queue_t *queue;
    brood_process_t *parent = brood_parent_process();
    brood_wait_t item = BROOD_WAIT(parent);
    brood__watch_t watch = {.handle = BROOD__NO_HANDLE};
    apr_os_file_t sentinel;
    apr_status_t rc = brood_process_sentinel(&sentinel, parent);

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    CHECK(rc == APR_SUCCESS || rc == APR_ENOTIMPL);
    CHECK(brood_wait(&item, 1, BROOD_NOWAIT) == APR_TIMEUP && !item.ready);
    CHECK(brood_wait(&item, 1, 1000) == APR_TIMEUP && !item.ready);
    BROOD_TRY(brood_queue_put(queue, brood_text("born"), BROOD_FOREVER));
    BROOD_TRY(brood_wait(&item, 1, BROOD_FOREVER));
    CHECK(item.ready && !brood_process_is_alive(parent));
    BROOD_TRY(brood_process_join(parent, BROOD_FOREVER));
    if (rc == APR_SUCCESS) {
        watch.handle = (brood__handle_t) sentinel;
        BROOD_TRY(brood__wait_any(&watch, 1, 0));
        CHECK(watch.ready);
    }
    return brood_queue_put(queue, brood_text("orphaned"), BROOD_FOREVER);
}

static apr_status_t parent_of_orphan(brood_call_t *call)
{
    const brood_process_options_t options = {.outlives_parent = true};
    brood_queue_t *queue, *never;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &never));
    BROOD_TRY(brood_process_start(NULL, orphan, BROOD_ARGS(queue), &options, call->mem));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(leaving), BROOD_ENTRY(listening), BROOD_ENTRY(orphan),
                                        BROOD_ENTRY(parent_of_orphan), BROOD_ENTRIES_END};

/* ---- helpers ---- */

/* Is the sentinel ready?  Asked of the system, as an event loop would. */
static bool is_ready(apr_os_file_t sentinel, apr_time_t deadline)
{
    brood__watch_t watch = {.handle = (brood__handle_t) sentinel};

    return brood__wait_any(&watch, 1, deadline) == APR_SUCCESS && watch.ready;
}

/* ---- tests ---- */

static void who_ends_is_ready_with_its_exit_code__WAIT_02_WAIT_04_PROC_36(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *stays = harness_start(listening, BROOD_ARGS(go), mem), *leaves;
    brood_wait_t items[3] = {BROOD_WAIT(stays), BROOD_WAIT(stays)};

    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, 2, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, 2, 20000));
    EXPECT(harness_count_ready(items, 2) == 0);
    leaves = harness_start(leaving, BROOD_ARGS(7), mem);
    items[1] = BROOD_WAIT(leaves);
    items[2] = BROOD_WAIT(leaves); /* twice */
    EXPECT_OK(brood_wait(items, 3, BROOD_FOREVER));
    EXPECT(!items[0].ready && items[1].ready && items[2].ready);
    EXPECT(brood_process_exitcode(leaves) == 7);
    EXPECT_OK(brood_wait(items, 3, BROOD_NOWAIT)); /* and stays so */
    EXPECT(!items[0].ready && items[1].ready && items[2].ready);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_OK(brood_wait(items, 1, BROOD_FOREVER));
    EXPECT(items[0].ready);
    EXPECT_EXIT(0, stays);
}

static void an_end_is_known_as_soon_as_it_is_told(void)
{
    apr_pool_t *mem = harness_mem();

    for (int i = 0; i < 50; i++) {
        brood_process_t *process = harness_start(leaving, BROOD_ARGS(i), mem);
        brood_wait_t item = BROOD_WAIT(process);

        EXPECT_OK(brood_wait(&item, 1, i % 2 ? BROOD_FOREVER : apr_time_from_sec(3600)));
        EXPECT(item.ready);
        EXPECT_OK(brood_process_close(process)); /* refuses one that is not known to have ended */
        EXPECT(brood_process_exitcode(process) == i);
    }
}

static void every_end_is_told_once_all_are_ready__WAIT_01_WAIT_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_wait_t items[10];

    for (int i = 0; i < 10; i++) {
        brood_process_t *process = harness_start(leaving, BROOD_ARGS(i), mem);

        items[i] = BROOD_WAIT(process);
        EXPECT_EXIT(i, process);
    }
    EXPECT_OK(brood_wait(items, 10, BROOD_FOREVER));
    EXPECT(harness_count_ready(items, 10) == 10);
}

static void a_sentinel_is_ready_from_the_end_until_close__PROC_36(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = harness_start(listening, BROOD_ARGS(go), mem);
    apr_os_file_t sentinel, again;

    EXPECT_OK(brood_process_sentinel(&sentinel, process));
    EXPECT(!is_ready(sentinel, 0));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT(is_ready(sentinel, INT64_MAX));
    EXPECT_EXIT(0, process);
    EXPECT(is_ready(sentinel, 0));
    EXPECT_OK(brood_process_sentinel(&again, process));
    EXPECT(again == sentinel);
    EXPECT_OK(brood_process_close(process));
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_sentinel(&again, process));
    EXPECT_STATUS(BROOD_EMISUSE, brood_process_sentinel(&again, (brood_process_t *) brood_current_process()));
}

static void a_sentinel_of_one_that_was_reaped_is_ready__PROC_36(void)
{
    apr_pool_t *mem = harness_mem();
    brood_process_t *process = harness_start(leaving, BROOD_ARGS(3), mem);
    apr_os_file_t sentinel, again;

    EXPECT_EXIT(3, process);
    EXPECT_OK(brood_process_sentinel(&sentinel, process));
    EXPECT(is_ready(sentinel, 0));
    EXPECT_OK(brood_process_sentinel(&again, process));
    EXPECT(again == sentinel);
}

static void an_orphan_is_told_of_its_parents_end__PROC_41(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *never = harness_queue(mem);
    brood_process_t *process = harness_start(parent_of_orphan, BROOD_ARGS(queue, never), mem);

    EXPECT_TEXT("born", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_OK(brood_process_kill(process));
    EXPECT_TEXT("orphaned", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_EXIT(harness_killed(), process);
}

static void *APR_THREAD_FUNC wait_too(apr_thread_t *thread, void *process)
{
    brood_wait_t items[] = {brood_wait_process(process), brood_wait_process(process)};

    EXPECT_OK(brood_wait(items, 2, BROOD_FOREVER));
    EXPECT(items[0].ready && items[1].ready && brood_process_exitcode(process) == 0);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void threads_wait_for_one_process__WAIT_01(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = harness_start(listening, BROOD_ARGS(go), mem);
    apr_thread_t *thread[6];
    apr_os_file_t sentinel;
    apr_status_t rc;

    for (int i = 0; i < 6; i++)
        EXPECT(apr_thread_create(&thread[i], NULL, wait_too, process, mem) == APR_SUCCESS);
    EXPECT_OK(brood_process_sentinel(&sentinel, process));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
    EXPECT(is_ready(sentinel, 0));
    for (int i = 0; i < 6; i++)
        EXPECT(apr_thread_join(&rc, thread[i]) == APR_SUCCESS);
}

/* One round of all that opens something; the objects end with `mem`, or are closed before. */
static void cycle(int round, apr_pool_t *mem)
{
    brood_process_t *process = harness_start(leaving, BROOD_ARGS(0), mem);
    brood_wait_t item = BROOD_WAIT(process);
    apr_os_file_t sentinel;

    if (round % 2 == 0)
        EXPECT_OK(brood_process_sentinel(&sentinel, process));
    EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
    EXPECT_OK(brood_process_sentinel(&sentinel, process));
    EXPECT(is_ready(sentinel, 0));
    if (round % 3 == 0)
        EXPECT_OK(brood_process_close(process));
}

static void sentinels_and_waits_leave_nothing_open__PROC_22(void)
{
    apr_pool_t *mem = harness_mem(), *brief;
    int before;

    EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
    for (int i = 0; i < 3; i++) { /* what is made once is made */
        cycle(i, brief);
        apr_pool_clear(brief);
    }
    before = harness_handles();
    for (int i = 0; i < CYCLES; i++) {
        cycle(i, brief);
        apr_pool_clear(brief);
    }
    EXPECT(harness_handles() == before);
}

static const brood_test_t tests[] = {
    /* First: the threads by which a system waits for many end when it likes. */
    TEST(sentinels_and_waits_leave_nothing_open__PROC_22),
    TEST(who_ends_is_ready_with_its_exit_code__WAIT_02_WAIT_04_PROC_36),
    TEST(an_end_is_known_as_soon_as_it_is_told),
    TEST(every_end_is_told_once_all_are_ready__WAIT_01_WAIT_06),
    TEST(a_sentinel_is_ready_from_the_end_until_close__PROC_36),
    TEST(a_sentinel_of_one_that_was_reaped_is_ready__PROC_36),
    TEST(an_orphan_is_told_of_its_parents_end__PROC_41),
    TEST(threads_wait_for_one_process__WAIT_01),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "wait", tests, sizeof tests / sizeof *tests);
}
