/* test_daemon.c - daemonic processes: who is one, and what becomes of their children (PROC-05, PROC-27, PROC-28). */
#include "harness_children.h"
#include "harness_tree.h"

#include "memory/table.h"
#include "platform/self.h"

/* ---- entries ---- */

/* Whether it is daemonic, and so on down: each generation is told nothing, or the opposite of what it would inherit. */
static apr_status_t tell_daemon(brood_call_t *call)
{
    const bool daemon = brood_process_daemon(brood_current_process());
    brood_process_options_t options = {.daemon = BROOD_INHERIT};
    brood_queue_t *queue;
    brood_process_t *child;
    int depth;
    bool changing;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &depth, &changing));
    BROOD_TRY(brood_queue_put(queue, brood_bool(daemon), BROOD_FOREVER));
    if (depth == 1)
        return APR_SUCCESS;
    if (changing)
        options.daemon = daemon ? BROOD_NO : BROOD_YES;
    BROOD_TRY(brood_process_start(&child, tell_daemon, BROOD_ARGS(queue, depth - 1, brood_bool(changing)), &options,
                                  call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    CHECK(brood_process_daemon(child) == (changing ? !daemon : daemon));
    return APR_SUCCESS;
}

static apr_status_t start_and_wait(brood_call_t *call)
{
    BROOD_TRY(brood_process_start(NULL, waiting, call->args, NULL, call->mem));
    return waiting(call);
}

/* Have a daemonic child which has one itself, and end once both run. */
static apr_status_t leave_daemons(brood_call_t *call)
{
    const brood_process_options_t options = {.daemon = BROOD_YES};
    brood_queue_t *ready, *never, *own;
    brood_value_t pid;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &never));
    BROOD_TRY(brood_queue_create(&own, 0, NULL, call->mem));
    BROOD_TRY(brood_process_start(NULL, start_and_wait, BROOD_ARGS(own, never), &options, call->mem));
    for (int i = 0; i < 2; i++) {
        BROOD_TRY(brood_queue_get(&pid, own, BROOD_FOREVER, call->mem));
        BROOD_TRY(brood_queue_put(ready, pid, BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(tell_daemon), BROOD_ENTRY(waiting), BROOD_ENTRY(start_and_wait),
                                        BROOD_ENTRY(leave_daemons), BROOD_ENTRIES_END};

/* ---- helpers ---- */

static void expect_line(bool first, bool changing, brood_choice_t choice)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t options = {.daemon = choice};
    brood_queue_t *queue = harness_queue(mem);
    brood_process_t *process = NULL;

    EXPECT_OK(brood_process_start(&process, tell_daemon, BROOD_ARGS(queue, 3, brood_bool(changing)), &options, mem));
    for (int depth = 0; depth < 3; depth++) {
        const bool expected = changing && depth % 2 == 1 ? !first : first;

        EXPECT(brood_value_equal(brood_bool(expected), harness_get(queue, mem)));
    }
    EXPECT_EXIT(0, process);
    EXPECT(brood_process_daemon(process) == first); /* also after the end */
}

static void expect_gone(uint32_t pid)
{
    while (!brood__self_gone(pid, 0))
        apr_sleep(1000);
}

/* ---- tests ---- */

static void a_daemons_children_are_daemons_unless_told_otherwise__PROC_05_PROC_27(void)
{
    EXPECT(!brood_process_daemon(brood_current_process()));
    expect_line(false, false, BROOD_INHERIT);
    expect_line(false, false, BROOD_NO);
    expect_line(true, false, BROOD_YES);
    expect_line(true, true, BROOD_YES);
    expect_line(false, true, BROOD_NO);
}

static void a_daemon_that_is_terminated_takes_its_children_along__PROC_05(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t options = {.daemon = BROOD_YES};
    brood_queue_t *ready = harness_queue(mem), *never = harness_queue(mem);
    brood_process_t *process = NULL;
    uint32_t pid[2];

    EXPECT_OK(brood_process_start(&process, start_and_wait, BROOD_ARGS(ready, never), &options, mem));
    for (int i = 0; i < 2; i++)
        pid[i] = (uint32_t) harness_get(ready, mem).as.integer;
    EXPECT(!brood__self_gone(pid[0], 0) && !brood__self_gone(pid[1], 0));
    EXPECT_OK(brood_process_terminate(process));
    EXPECT_EXIT(-15, process);
    expect_gone(pid[0]);
    expect_gone(pid[1]);
}

static void daemons_and_theirs_end_with_who_started_them__PROC_05_PROC_28(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *never = harness_queue(mem);
    brood_process_t *process = harness_start(leave_daemons, BROOD_ARGS(ready, never), mem);
    uint32_t pid[2];

    for (int i = 0; i < 2; i++)
        pid[i] = (uint32_t) harness_get(ready, mem).as.integer;
    EXPECT_EXIT(0, process);
    expect_gone(pid[0]);
    expect_gone(pid[1]);
    for (brood__table_sweep(true); brood__table_count() != 1; brood__table_sweep(true))
        apr_sleep(1000);
}

static const brood_test_t tests[] = {
    TEST(a_daemons_children_are_daemons_unless_told_otherwise__PROC_05_PROC_27),
    TEST(a_daemon_that_is_terminated_takes_its_children_along__PROC_05),
    TEST(daemons_and_theirs_end_with_who_started_them__PROC_05_PROC_28),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "daemon", tests, sizeof tests / sizeof *tests);
}
