/* test_process.c - one process: start, join, exit codes, refusals, what it is given (PROC-*, SPWN-*). */
#include "harness_children.h"
#include "harness_tree.h"

#include "base/deadline.h"
#include "memory/heap.h"
#include "memory/table.h"
#include <apr_env.h>
#include <apr_file_info.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int global = 1;

/* ---- entries ---- */

static apr_status_t doubler(brood_call_t *call)
{
    brood_array_t *array;
    int index;
    int *numbers;

    BROOD_TRY(BROOD_UNPACK(call->args, &array, &index));
    numbers = brood_array_data(array);
    numbers[index] *= 2;
    return APR_SUCCESS;
}

static apr_status_t failing(brood_call_t *call)
{
    const char *what;

    BROOD_TRY(BROOD_UNPACK(call->args, &what));
    return brood_fail(APR_ENOENT, "no such %s", what);
}

static apr_status_t change_global(brood_call_t *call)
{
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    global = 2;
    return brood_queue_put(queue, brood_int(global), BROOD_FOREVER);
}

static apr_status_t surroundings(brood_call_t *call)
{
    brood_queue_t *queue;
    char *variable, *directory;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    if (apr_env_get(&variable, "BROOD_TEST_VARIABLE", call->mem) != APR_SUCCESS)
        variable = NULL;
    CHECK(getenv("PATH") != NULL); /* the C library's own view is whole, too */
    BROOD_TRY(apr_filepath_get(&directory, APR_FILEPATH_NATIVE, call->mem));
    return brood_queue_put(queue,
                           BROOD_LIST(variable, directory, call->argc, call->argv[0],
                                      brood_bool(call->argv[call->argc] == NULL), brood_bool(getchar() == EOF)),
                           BROOD_FOREVER);
}

static apr_status_t hand_on(brood_call_t *call)
{
    brood_process_t *child;

    BROOD_TRY(brood_process_start(&child, doubler, call->args, NULL, call->mem));
    return brood_process_join(child, BROOD_FOREVER);
}

static apr_status_t unlisted(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(doubler),       BROOD_ENTRY(nothing),      BROOD_ENTRY(failing),
                                        BROOD_ENTRY(leaving),       BROOD_ENTRY(waiting),      BROOD_ENTRY(listening),
                                        BROOD_ENTRY(change_global), BROOD_ENTRY(surroundings), BROOD_ENTRY(hand_on),
                                        BROOD_ENTRIES_END};

/* ---- tests ---- */

static void five_processes_double_a_number_each__PROC_02_PROC_08_PROC_09(void)
{
    apr_pool_t *mem = harness_mem();
    const int numbers[] = {5, 10, 15, 20, 25};
    brood_process_t *process[5];
    brood_array_t *array;

    EXPECT_OK(brood_array_create(&array, 5, sizeof(int), numbers, mem));
    for (int i = 0; i < 5; i++)
        process[i] = harness_start(doubler, BROOD_ARGS(array, i), mem);
    for (int i = 0; i < 5; i++) {
        EXPECT_EXIT(0, process[i]);
        EXPECT(((int *) brood_array_data(array))[i] == 2 * numbers[i]);
    }
}

static void start_does_not_wait__PROC_02_PROC_13_PROC_30(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(ready, go), mem);

    EXPECT(brood_process_is_alive(process));
    EXPECT(brood_process_exitcode(process) == BROOD_RUNNING);
    EXPECT(harness_get(ready, mem).as.integer == brood_process_pid(process)); /* PROC-33 */
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
    EXPECT(!brood_process_is_alive(process));
}

static void join_waits_as_long_as_it_is_told__PROC_10(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(ready, go), mem);
    const apr_time_t start = brood__clock_now();

    EXPECT_STATUS(APR_TIMEUP, brood_process_join(process, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_process_join(process, apr_time_from_msec(20)));
    EXPECT(brood__clock_now() - start >= apr_time_from_msec(20));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    for (int i = 0; i < 3; i++) /* PROC-09 */
        EXPECT_EXIT(0, process);
    EXPECT_OK(brood_process_join(process, BROOD_NOWAIT));
}

static void the_exit_code_tells_how_it_ended__PROC_30_PROC_31_PROC_32(void)
{
    apr_pool_t *mem = harness_mem();

    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, mem));
    EXPECT_EXIT(0, harness_start(nothing, brood_nil(), mem));
    EXPECT_EXIT(1, harness_start(failing, BROOD_ARGS("thing"), mem));
    EXPECT_EXIT(7, harness_start(leaving, BROOD_ARGS(7), mem));
    EXPECT_EXIT(0, harness_start(leaving, BROOD_ARGS(0), mem));
    EXPECT_EXIT(255, harness_start(leaving, BROOD_ARGS(255), mem));
}

static void arguments_of_the_wrong_kind_fail_in_the_child__PROC_32(void)
{
    apr_pool_t *mem = harness_mem();

    EXPECT_EXIT(1, harness_start(failing, BROOD_ARGS(1), mem));
    EXPECT_EXIT(1, harness_start(failing, BROOD_NO_ARGS, mem));
}

static void terminate_and_kill_end_it__PROC_15_PROC_16_PROC_17_PROC_19(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *one = harness_start(waiting, BROOD_ARGS(ready, go), mem);
    brood_process_t *other = harness_start(waiting, BROOD_ARGS(ready, go), mem);

    (void) harness_get(ready, mem);
    (void) harness_get(ready, mem);
    EXPECT_OK(brood_process_terminate(one));
    EXPECT_OK(brood_process_kill(other));
    EXPECT_EXIT(-15, one);
    EXPECT_EXIT(harness_killed(), other);
    EXPECT_OK(brood_process_terminate(one));
    EXPECT_OK(brood_process_kill(one));
    EXPECT(brood_process_exitcode(one) == -15);
}

static void its_text_says_who_it_is_and_how_it_is__PROC_46(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t options = {.name = "Ada", .daemon = BROOD_YES};
    brood_queue_t *never = harness_queue(mem);
    brood_process_t *process = NULL;
    const char *who, *how;

    EXPECT_OK(brood_process_start(&process, listening, BROOD_ARGS(never), &options, mem));
    who = apr_psprintf(mem, "<Process Ada pid=%d parent=%d ", brood_process_pid(process), brood_current_pid());
    EXPECT_TEXT(apr_pstrcat(mem, who, "started, daemon>", NULL), brood_process_string(process, mem));
    EXPECT_OK(brood_process_terminate(process));
    EXPECT_EXIT(-15, process);
    how = harness_killed() == -15 ? "ended by TerminateProcess" : "ended by SIGTERM"; /* where there are signals */
    EXPECT_TEXT(apr_pstrcat(mem, who, how, ", daemon>", NULL), brood_process_string(process, mem));
    EXPECT_OK(brood_process_close(process));
    EXPECT_TEXT(apr_pstrcat(mem, who, how, ", closed, daemon>", NULL), brood_process_string(process, mem));
    process = harness_start(leaving, BROOD_ARGS(7), mem);
    EXPECT_EXIT(7, process);
    EXPECT_TEXT(apr_psprintf(mem, "<Process %s pid=%d parent=%d ended, exit code 7>", brood_process_name(process),
                             brood_process_pid(process), brood_current_pid()),
                brood_process_string(process, mem));
    EXPECT_TEXT(apr_psprintf(mem, "<Process MainProcess pid=%d started>", brood_current_pid()),
                brood_process_string(brood_current_process(), mem));
}

static void a_function_in_no_table_is_refused__SPWN_09(void)
{
    apr_pool_t *mem = harness_mem();
    brood_process_t *process = NULL;

    EXPECT_STATUS(BROOD_EENTRY, brood_process_start(&process, unlisted, BROOD_NO_ARGS, NULL, mem));
    EXPECT_MESSAGE("brood_register");
    EXPECT_STATUS(BROOD_EENTRY, brood_process_start(&process, nothing, BROOD_ARGS(unlisted), NULL, mem));
    EXPECT(process == NULL);
    EXPECT(brood__table_count() == 1);
}

static void arguments_that_are_no_list_are_refused(void)
{
    apr_pool_t *mem = harness_mem();

    EXPECT_STATUS(BROOD_EARGS, brood_process_start(NULL, nothing, brood_int(1), NULL, mem));
    EXPECT_STATUS(BROOD_EARGS, brood_process_start(NULL, nothing, BROOD_MAP("a", 1), NULL, mem));
    EXPECT(brood__table_count() == 1);
}

static void what_cannot_be_encoded_starts_nothing__SPWN_07(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t misnamed = {.name = "\xff"};
    brood_queue_t *queue = harness_queue(mem);
    brood__heap_use_t use;

    EXPECT_STATUS(BROOD_EENCODE, brood_process_start(NULL, nothing, BROOD_ARGS(queue, "\xff"), NULL, mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_process_start(NULL, nothing, BROOD_ARGS(queue), &misnamed, mem));
    EXPECT(brood__table_count() == 1);
    EXPECT(harness_children(mem) == 0);
    brood_queue_close(queue);
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_start(NULL, nothing, BROOD_ARGS(queue), NULL, mem));
    brood__heap_count(&use);
    EXPECT(use.objects == 0); /* what was lent to the process that never was is given back */
}

static void a_closed_process_keeps_only_what_it_was__PROC_22_PROC_23(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(ready, go), mem);
    const int pid = brood_process_pid(process);

    EXPECT_STATUS(BROOD_EMISUSE, brood_process_close(process));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
    EXPECT_OK(brood_process_close(process));
    EXPECT_OK(brood_process_close(process));
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_join(process, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_terminate(process));
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_kill(process));
    EXPECT(!brood_process_is_alive(process));
    EXPECT(brood_process_pid(process) == pid && brood_process_exitcode(process) == 0);
    EXPECT(strstr(brood_process_string(process, mem), "closed") != NULL);
}

static void globals_are_not_shared__CTX_20(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);
    brood_process_t *process = harness_start(change_global, BROOD_ARGS(queue), mem);

    EXPECT(harness_get(queue, mem).as.integer == 2);
    EXPECT(global == 1);
    EXPECT_EXIT(0, process);
}

static void an_object_can_be_handed_on__CTX_13_CTX_14(void)
{
    apr_pool_t *mem = harness_mem();
    const int number = 21;
    brood_array_t *array;

    EXPECT_OK(brood_array_create(&array, 1, sizeof(int), &number, mem));
    EXPECT_EXIT(0, harness_start(hand_on, BROOD_ARGS(array, 0), mem));
    EXPECT(*(int *) brood_array_data(array) == 42);
}

static void the_parent_may_close_what_it_has_handed_over__SPWN_08(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem), *extra = harness_queue(mem);
    brood_process_t *process;

    EXPECT_OK(brood_queue_put(extra, brood_int(1), BROOD_FOREVER));
    process = harness_start(listening, BROOD_ARGS(extra), mem);
    brood_queue_close(extra); /* the child has an item to get, however late it comes */
    EXPECT_EXIT(0, process);
    brood_queue_close(ready);
    brood_queue_close(go);
}

static void it_starts_where_its_parent_is_with_what_it_is_given__SPWN_02_EXIT_03(void)
{
    apr_pool_t *mem = harness_mem();
    const char *const environment[] = {"BROOD_TEST_VARIABLE=a=b", NULL};
    const brood_process_options_t options = {.environment = environment};
    brood_queue_t *queue = harness_queue(mem);
    brood_process_t *process;
    const char *folder, *variable, *directory, *program;
    char *before, *here, *own;
    int argc;
    bool ends, no_input;

    EXPECT(apr_filepath_get(&before, APR_FILEPATH_NATIVE, mem) == APR_SUCCESS);
    EXPECT(apr_temp_dir_get(&folder, mem) == APR_SUCCESS);
    EXPECT(apr_filepath_set(folder, mem) == APR_SUCCESS);
    EXPECT(apr_filepath_get(&here, APR_FILEPATH_NATIVE, mem) == APR_SUCCESS);
    EXPECT_OK(brood_process_start(&process, surroundings, BROOD_ARGS(queue), &options, mem));
    EXPECT_OK(BROOD_UNPACK(harness_get(queue, mem), &variable, &directory, &argc, &program, &ends, &no_input));
    EXPECT_TEXT("a=b", variable);
    EXPECT_TEXT(here, directory);
    EXPECT(argc == 1 && ends && strstr(program, "test_process") != NULL);
    EXPECT(no_input);
    EXPECT_EXIT(0, process);
    EXPECT(apr_filepath_set(before, mem) == APR_SUCCESS);
    EXPECT(apr_env_get(&own, "BROOD_TEST_VARIABLE", mem) != APR_SUCCESS);
}

static void the_machine_has_cpus__CTX_19(void)
{
    EXPECT(brood_usable_cpu_count() >= 1);
    EXPECT(brood_cpu_count() >= brood_usable_cpu_count());
}

static const brood_test_t tests[] = {
    TEST(five_processes_double_a_number_each__PROC_02_PROC_08_PROC_09),
    TEST(start_does_not_wait__PROC_02_PROC_13_PROC_30),
    TEST(join_waits_as_long_as_it_is_told__PROC_10),
    TEST(the_exit_code_tells_how_it_ended__PROC_30_PROC_31_PROC_32),
    TEST(arguments_of_the_wrong_kind_fail_in_the_child__PROC_32),
    TEST(terminate_and_kill_end_it__PROC_15_PROC_16_PROC_17_PROC_19),
    TEST(its_text_says_who_it_is_and_how_it_is__PROC_46),
    TEST(a_function_in_no_table_is_refused__SPWN_09),
    TEST(arguments_that_are_no_list_are_refused),
    TEST(what_cannot_be_encoded_starts_nothing__SPWN_07),
    TEST(a_closed_process_keeps_only_what_it_was__PROC_22_PROC_23),
    TEST(globals_are_not_shared__CTX_20),
    TEST(an_object_can_be_handed_on__CTX_13_CTX_14),
    TEST(the_parent_may_close_what_it_has_handed_over__SPWN_08),
    TEST(it_starts_where_its_parent_is_with_what_it_is_given__SPWN_02_EXIT_03),
    TEST(the_machine_has_cpus__CTX_19),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "process", tests, sizeof tests / sizeof *tests);
}
