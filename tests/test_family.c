/* test_family.c - many processes: who is who, whose child is whose, how they end together (PROC-*, EXIT-*). */
#include "harness_children.h"
#include "harness_tree.h"

#include "memory/heap.h"
#include "memory/table.h"
#include "platform/self.h"
#include <apr_file_info.h>
#include <apr_thread_proc.h>
#include <stdlib.h>
#include <string.h>

#define MANY 100

static brood_process_t *inherited; /* what a forked child finds in its memory */

/* ---- entries ---- */

static apr_status_t who_am_i(brood_call_t *call)
{
    brood_queue_t *queue;
    brood_process_t *parent = brood_parent_process();
    apr_size_t children = 0;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    while (brood_active_children(call->mem)[children] != NULL)
        children++;
    return brood_queue_put(queue,
                           BROOD_LIST(brood_current_name(), brood_current_pid(), (int) brood__self_pid(),
                                      brood_process_name(parent), brood_process_pid(parent),
                                      brood_bool(brood_process_is_alive(parent)), brood_uint(children),
                                      brood_bool(brood_process_daemon(brood_current_process()))),
                           BROOD_FOREVER);
}

static apr_status_t nested(brood_call_t *call)
{
    brood_queue_t *queue;
    int depth;
    brood_process_t *child;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &depth));
    if (depth > 1) {
        BROOD_TRY(brood_process_start(&child, nested, BROOD_ARGS(queue, depth - 1), NULL, call->mem));
        BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    }
    return brood_queue_put(queue, brood_text(brood_current_name()), BROOD_FOREVER);
}

/* Start a child that waits, and end without a word to it. */
static apr_status_t leave_child_waiting(brood_call_t *call)
{
    return brood_process_start(NULL, waiting, call->args, NULL, call->mem);
}

static apr_status_t start_and_wait(brood_call_t *call)
{
    brood_queue_t *ready, *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &go));
    BROOD_TRY(brood_process_start(NULL, waiting, call->args, NULL, call->mem));
    return brood_queue_get(&word, go, BROOD_FOREVER, call->mem);
}

static apr_status_t orphan(brood_call_t *call)
{
    brood_queue_t *queue;
    brood_process_t *parent = brood_parent_process();

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    CHECK(brood_process_join(parent, BROOD_NOWAIT) == APR_TIMEUP);
    BROOD_TRY(brood_queue_put(queue, brood_text("born"), BROOD_FOREVER));
    BROOD_TRY(brood_process_join(parent, BROOD_FOREVER));
    return brood_queue_put(queue, brood_bool(brood_process_is_alive(parent)), BROOD_FOREVER);
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

static apr_status_t join_others(brood_call_t *call)
{
    const brood_process_t *self = brood_current_process();

    (void) call;
    CHECK(brood_process_join((brood_process_t *) self, BROOD_FOREVER) == BROOD_EMISUSE);
    CHECK(brood_process_terminate(brood_parent_process()) == BROOD_EMISUSE);
    CHECK(brood_process_kill(brood_parent_process()) == BROOD_EMISUSE);
    CHECK(brood_process_exitcode(brood_parent_process()) == BROOD_RUNNING);
    if (inherited != NULL) { /* by fork: the parent's child, not ours */
        CHECK(brood_process_join(inherited, BROOD_FOREVER) == BROOD_EMISUSE);
        CHECK(brood_process_terminate(inherited) == BROOD_EMISUSE);
        CHECK(brood_process_close(inherited) == BROOD_EMISUSE);
        CHECK(brood_process_is_alive(inherited));
    }
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {
    BROOD_ENTRY(nothing),          BROOD_ENTRY(leaving),     BROOD_ENTRY(waiting),
    BROOD_ENTRY(listening),        BROOD_ENTRY(who_am_i),    BROOD_ENTRY(nested),
    BROOD_ENTRY(start_and_wait),   BROOD_ENTRY(orphan),      BROOD_ENTRY(leave_child_waiting),
    BROOD_ENTRY(parent_of_orphan), BROOD_ENTRY(join_others), BROOD_ENTRIES_END};

/* ---- tests ---- */

static void parent_and_child_know_each_other__PROC_25_PROC_33_PROC_39_PROC_40(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t options = {.name = "Ada", .daemon = BROOD_YES};
    brood_queue_t *queue = harness_queue(mem);
    brood_process_t *process;
    const char *name, *parent;
    int pid, real_pid, parent_pid, children;
    bool parent_alive, daemon;

    EXPECT_TEXT("MainProcess", brood_current_name());
    EXPECT(brood_parent_process() == NULL);
    EXPECT_OK(brood_process_start(&process, who_am_i, BROOD_ARGS(queue), &options, mem));
    EXPECT_OK(BROOD_UNPACK(harness_get(queue, mem), &name, &pid, &real_pid, &parent, &parent_pid, &parent_alive,
                           &children, &daemon));
    EXPECT_TEXT("Ada", name);
    EXPECT(pid == real_pid && pid == brood_process_pid(process));
    EXPECT_TEXT("MainProcess", parent);
    EXPECT(parent_pid == brood_current_pid() && parent_alive);
    EXPECT(children == 0);
    EXPECT(daemon && brood_process_daemon(process)); /* PROC-27 */
    EXPECT_TEXT("Ada", brood_process_name(process));
    EXPECT_EXIT(0, process);
    EXPECT(strstr(brood_process_string(process, mem), "Ada") != NULL); /* PROC-46 */
}

static void names_number_children_and_their_children__PROC_24_PROC_42(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);
    brood_process_t *process = harness_start(nested, BROOD_ARGS(queue, 3), mem);
    const char *name = brood_process_name(process);
    const brood_process_options_t options = {.name = "Ada"};
    int number = atoi(name + strlen("Process-"));

    EXPECT(strncmp(name, "Process-", 8) == 0);
    EXPECT_TEXT(apr_pstrcat(mem, name, ":1:1", NULL), brood_value_string(harness_get(queue, mem), mem));
    EXPECT_TEXT(apr_pstrcat(mem, name, ":1", NULL), brood_value_string(harness_get(queue, mem), mem));
    EXPECT_TEXT(name, brood_value_string(harness_get(queue, mem), mem));
    EXPECT_EXIT(0, process);
    EXPECT_OK(brood_process_start(&process, nested, BROOD_ARGS(queue, 2), &options, mem));
    EXPECT_TEXT(apr_psprintf(mem, "Process-%d:1", number + 1), brood_value_string(harness_get(queue, mem), mem));
    EXPECT_TEXT("Ada", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_EXIT(0, process);
}

static void only_its_parent_can_join_a_process__PROC_11_PROC_12_PROC_14_PROC_47(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *never = harness_queue(mem);
    brood_process_t *process;

    EXPECT_STATUS(BROOD_EMISUSE, brood_process_join((brood_process_t *) brood_current_process(), BROOD_NOWAIT));
    EXPECT(brood_process_is_alive(brood_current_process()));                     /* PROC-14 */
    EXPECT_OK(brood_process_close((brood_process_t *) brood_current_process())); /* PROC-47 */
    inherited = process = harness_start(listening, BROOD_ARGS(never), mem);
    EXPECT_EXIT(0, harness_start(join_others, BROOD_NO_ARGS, mem));
    EXPECT_OK(brood_process_terminate(process));
    EXPECT_EXIT(-15, process);
    inherited = NULL;
}

static void active_children_are_those_that_live__PROC_38_PROC_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process, **children;

    EXPECT(harness_children(mem) == 0);
    process = harness_start(waiting, BROOD_ARGS(ready, go), mem);
    children = brood_active_children(mem);
    EXPECT(children[0] == process && children[1] == NULL);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
    EXPECT(harness_children(mem) == 0);
}

static void a_process_lives_on_without_its_object(void)
{
    apr_pool_t *mem = harness_mem(), *brief;
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t **children;

    EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
    (void) harness_start(waiting, BROOD_ARGS(ready, go), brief);
    EXPECT_OK(brood_process_start(NULL, waiting, BROOD_ARGS(ready, go), NULL, brief)); /* start and forget */
    apr_pool_destroy(brief);
    children = brood_active_children(mem);
    EXPECT(children[0] != NULL && children[1] != NULL && children[2] == NULL);
    (void) harness_get(ready, mem);
    (void) harness_get(ready, mem);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, children[0]);
    EXPECT_EXIT(0, children[1]);
}

static void a_child_joins_its_children_before_it_ends__EXIT_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = harness_start(leave_child_waiting, BROOD_ARGS(ready, go), mem);

    EXPECT(harness_get(ready, mem).as.integer != brood_process_pid(process));
    EXPECT_STATUS(APR_TIMEUP, brood_process_join(process, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
}

static void children_die_with_their_parent(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = harness_start(start_and_wait, BROOD_ARGS(ready, go), mem);
    const uint32_t grandchild = (uint32_t) harness_get(ready, mem).as.integer;

    EXPECT(!brood__self_gone(grandchild, 0));
    EXPECT_KILLED(process);
    while (!brood__self_gone(grandchild, 0))
        apr_sleep(1000);
    brood__table_sweep(true);
    EXPECT(brood__table_count() == 1);
}

static void an_orphan_sees_its_parent_gone__PROC_41(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *never = harness_queue(mem);
    brood_process_t *process = harness_start(parent_of_orphan, BROOD_ARGS(queue, never), mem);

    EXPECT_TEXT("born", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_OK(brood_process_kill(process));
    EXPECT_TEXT("False", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_EXIT(harness_killed(), process);
    while (brood__table_count() != 1) { /* it ends by itself */
        apr_sleep(1000);
        brood__table_sweep(true);
    }
}

static void a_hundred_at_once_end_well__PROC_43(void)
{
    apr_pool_t *mem = harness_mem();
    brood_process_t *process[MANY];

    for (int i = 0; i < MANY; i++)
        process[i] = harness_start(nothing, BROOD_NO_ARGS, mem);
    for (int i = 0; i < MANY; i++)
        EXPECT_EXIT(0, process[i]);
}

static void a_hundred_killed_before_they_ran_leave_nothing__PROC_43_SPWN_10(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *never = harness_queue(mem);
    brood_process_t *process[MANY];

    for (int i = 0; i < MANY; i++) {
        process[i] = harness_start(listening, BROOD_ARGS(never), mem);
        EXPECT_OK(brood_process_terminate(process[i]));
    }
    for (int i = 0; i < MANY; i++)
        EXPECT_EXIT(-15, process[i]);
    EXPECT(brood__table_count() == 1);
}

static void *APR_THREAD_FUNC start_some(apr_thread_t *thread, void *data)
{
    apr_pool_t *mem = apr_thread_pool_get(thread);

    (void) data;
    for (int i = 0; i < 5; i++)
        EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, mem));
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void *APR_THREAD_FUNC join_one(apr_thread_t *thread, void *process)
{
    EXPECT_EXIT(0, process);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void threads_start_and_join_at_once__PROC_09(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(ready, go), mem);
    apr_thread_t *thread[8];
    apr_status_t rc;

    for (int i = 0; i < 8; i++)
        EXPECT(apr_thread_create(&thread[i], NULL, i % 2 ? join_one : start_some, process, mem) == APR_SUCCESS);
    (void) harness_get(ready, mem);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    for (int i = 0; i < 8; i++)
        EXPECT(apr_thread_join(&rc, thread[i]) == APR_SUCCESS);
    EXPECT(harness_children(mem) == 0);
}

static void nothing_is_left_behind__SPWN_03_SPWN_04(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *never = harness_queue(mem);
    brood__heap_use_t use;
    int before;

    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, mem)); /* what is made once is made */
    before = harness_handles();
    for (int i = 0; i < 20; i++) {
        brood_process_t *process = harness_start(listening, BROOD_ARGS(never), mem);

        EXPECT_KILLED(process);
        EXPECT_STATUS(BROOD_EENCODE, brood_process_start(NULL, listening, BROOD_ARGS("\xff"), NULL, mem));
        EXPECT_EXIT(3, harness_start(leaving, BROOD_ARGS(3), mem));
    }
    EXPECT(harness_handles() == before);
    EXPECT(brood__table_count() == 1);
    brood_queue_close(never);
    brood__heap_count(&use);
    EXPECT(use.objects == 0);
}

static const brood_test_t tests[] = {
    TEST(parent_and_child_know_each_other__PROC_25_PROC_33_PROC_39_PROC_40),
    TEST(names_number_children_and_their_children__PROC_24_PROC_42),
    TEST(only_its_parent_can_join_a_process__PROC_11_PROC_12_PROC_14_PROC_47),
    TEST(active_children_are_those_that_live__PROC_38_PROC_06),
    TEST(a_process_lives_on_without_its_object),
    TEST(a_child_joins_its_children_before_it_ends__EXIT_06),
    TEST(children_die_with_their_parent),
    TEST(an_orphan_sees_its_parent_gone__PROC_41),
    TEST(a_hundred_at_once_end_well__PROC_43),
    TEST(a_hundred_killed_before_they_ran_leave_nothing__PROC_43_SPWN_10),
    TEST(threads_start_and_join_at_once__PROC_09),
    TEST(nothing_is_left_behind__SPWN_03_SPWN_04),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "family", tests, sizeof tests / sizeof *tests);
}
