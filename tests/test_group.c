/* test_group.c - a child with a group of its own, and the end of all that is in it. */
#include "harness_children.h"
#include "harness_tree.h"

#include "memory/table.h"
#include "platform/self.h"
#include <apr_strings.h>
#include <string.h>

/* ---- entries ---- */

/* Start one that would live on, say that there are two, and wait. */
static apr_status_t leading(brood_call_t *call)
{
    const brood_process_options_t options = {.outlives_parent = true};

    BROOD_TRY(brood_process_start(NULL, waiting, call->args, &options, call->mem));
    return waiting(call);
}

/* Start one that would live on, and end. */
static apr_status_t leaving_one_behind(brood_call_t *call)
{
    const brood_process_options_t options = {.outlives_parent = true};

    return brood_process_start(NULL, waiting, call->args, &options, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(waiting), BROOD_ENTRY(leading), BROOD_ENTRY(leaving_one_behind),
                                        BROOD_ENTRIES_END};

/* ---- tests ---- */

static void await_end(uint32_t pid)
{
    while (!brood__self_gone(pid, 0))
        apr_sleep(1000);
}

static void expect_one_process(void)
{
    do
        brood__table_sweep(true);
    while (brood__table_count() != 1);
}

static void end_tree(apr_status_t (*end)(brood_process_t *), int exitcode)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t options = {.own_group = true};
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = NULL, *other = harness_start(waiting, BROOD_ARGS(ready, go), mem);
    uint32_t pid[2];

    (void) harness_get(ready, mem);
    EXPECT_OK(brood_process_start(&process, leading, BROOD_ARGS(ready, go), &options, mem));
    pid[0] = (uint32_t) harness_get(ready, mem).as.integer;
    pid[1] = (uint32_t) harness_get(ready, mem).as.integer;
    EXPECT(pid[0] != pid[1]);
    EXPECT_OK(end(process));
    EXPECT_EXIT(exitcode, process);
    await_end(pid[0]);
    await_end(pid[1]);
    EXPECT(brood_process_is_alive(other)); /* not of that group */
    EXPECT_OK(end(process));               /* nobody is left */
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, other);
    expect_one_process();
}

static void kill_ends_the_whole_tree__C_29(void)
{
    end_tree(brood_process_kill_tree, harness_killed());
}

static void terminate_ends_the_whole_tree__C_29(void)
{
    end_tree(brood_process_terminate_tree, -15);
}

static void terminate_without_the_tree_leaves_it_alone__PROC_15(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t options = {.own_group = true};
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = NULL;
    int64_t pid[2];

    EXPECT_OK(brood_process_start(&process, leading, BROOD_ARGS(ready, go), &options, mem));
    pid[0] = harness_get(ready, mem).as.integer;
    pid[1] = harness_get(ready, mem).as.integer;
    EXPECT_OK(brood_process_terminate(process));
    EXPECT_EXIT(-15, process);
    EXPECT(!brood__self_gone((uint32_t) (pid[0] == brood_process_pid(process) ? pid[1] : pid[0]), 0));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER)); /* it hears, so it lives */
    expect_one_process();
}

static void a_tree_without_a_group_is_refused(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(ready, go), mem);

    EXPECT_STATUS(BROOD_EMISUSE, brood_process_kill_tree(process));
    EXPECT_MESSAGE("own_group");
    EXPECT_STATUS(BROOD_EMISUSE, brood_process_terminate_tree(process));
    EXPECT(brood_process_is_alive(process));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
}

static void what_a_group_has_left_behind_goes_on_when_its_object_ends(void)
{
    apr_pool_t *mem = harness_mem(), *brief;
    const brood_process_options_t options = {.own_group = true};
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = NULL;
    uint32_t left;

    EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
    EXPECT_OK(brood_process_start(&process, leaving_one_behind, BROOD_ARGS(ready, go), &options, brief));
    EXPECT_EXIT(0, process);
    left = (uint32_t) harness_get(ready, mem).as.integer;
    EXPECT_OK(brood_process_close(process));
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_kill_tree(process));
    apr_pool_destroy(brief);
    EXPECT(!brood__self_gone(left, 0));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    expect_one_process();
}

static void groups_leave_no_handles_behind(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t options = {.own_group = true};
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    int before = 0;

    for (int i = 0; i < 10; i++) {
        brood_process_t *process = NULL;
        apr_pool_t *brief;

        if (i == 1)
            before = harness_handles();
        EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
        EXPECT_OK(brood_process_start(&process, waiting, BROOD_ARGS(ready, go), &options, brief));
        EXPECT_OK(brood_process_kill_tree(process));
        EXPECT_EXIT(harness_killed(), process);
        apr_pool_destroy(brief);
    }
    EXPECT(harness_handles() == before);
}

static const brood_test_t tests[] = {
    TEST(kill_ends_the_whole_tree__C_29),
    TEST(terminate_ends_the_whole_tree__C_29),
    TEST(terminate_without_the_tree_leaves_it_alone__PROC_15),
    TEST(a_tree_without_a_group_is_refused),
    TEST(what_a_group_has_left_behind_goes_on_when_its_object_ends),
    TEST(groups_leave_no_handles_behind),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "group", tests, sizeof tests / sizeof *tests);
}
