/* test_process.c - processes: start, join, end, names, family (PROC-*, SPWN-*, EXIT-*).  Under each start method. */
#include "harness_tree.h"

#include "base/deadline.h"
#include "memory/heap.h"
#include "memory/table.h"
#include "platform/self.h"
#include <apr_env.h>
#include <apr_file_info.h>
#include <apr_thread_proc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 100

static int global = 1;
static brood_process_t *inherited; /* what a forked child finds in its memory */

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

static apr_status_t nothing(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static apr_status_t failing(brood_call_t *call)
{
    const char *what;

    BROOD_TRY(BROOD_UNPACK(call->args, &what));
    return brood_fail(APR_ENOENT, "no such %s", what);
}

static apr_status_t leaving(brood_call_t *call)
{
    int code;

    BROOD_TRY(BROOD_UNPACK(call->args, &code));
    exit(code);
}

/* Say so when it runs, then wait until it is told to go on. */
static apr_status_t waiting(brood_call_t *call)
{
    brood_queue_t *ready, *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &go));
    BROOD_TRY(brood_queue_put(ready, brood_int(brood_current_pid()), BROOD_FOREVER));
    return brood_queue_get(&word, go, BROOD_FOREVER, call->mem);
}

/* Wait for a word that never comes, and say nothing. */
static apr_status_t stuck(brood_call_t *call)
{
    brood_queue_t *never;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &never));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

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

static apr_status_t change_global(brood_call_t *call)
{
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    global = 2;
    return brood_queue_put(queue, brood_int(global), BROOD_FOREVER);
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

static apr_status_t surroundings(brood_call_t *call)
{
    brood_queue_t *queue;
    char *variable, *directory;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    if (apr_env_get(&variable, "BROOD_TEST_VARIABLE", call->mem) != APR_SUCCESS)
        variable = NULL;
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

static apr_status_t unlisted(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {
    BROOD_ENTRY(doubler),          BROOD_ENTRY(nothing),      BROOD_ENTRY(failing),
    BROOD_ENTRY(leaving),          BROOD_ENTRY(waiting),      BROOD_ENTRY(stuck),
    BROOD_ENTRY(who_am_i),         BROOD_ENTRY(nested),       BROOD_ENTRY(change_global),
    BROOD_ENTRY(start_and_wait),   BROOD_ENTRY(orphan),       BROOD_ENTRY(leave_child_waiting),
    BROOD_ENTRY(parent_of_orphan), BROOD_ENTRY(surroundings), BROOD_ENTRY(hand_on),
    BROOD_ENTRY(join_others),      BROOD_ENTRIES_END};

/* ---- helpers ---- */

static brood_queue_t *new_queue(apr_pool_t *mem)
{
    brood_queue_t *queue = NULL;

    EXPECT_OK(brood_queue_create(&queue, 0, NULL, mem));
    return queue;
}

static brood_value_t get(brood_queue_t *queue, apr_pool_t *mem)
{
    brood_value_t item = brood_nil();

    EXPECT_OK(brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    return item;
}

static apr_size_t count_children(apr_pool_t *mem)
{
    brood_process_t **children = brood_active_children(mem);
    apr_size_t count = 0;

    while (children[count] != NULL)
        count++;
    return count;
}

/* The exit code of one that was killed: where there is nothing but spawn, there are no signals. */
static int killed(void)
{
    brood_start_method_t methods[3];

    return brood_start_methods(methods) == 1 ? -15 : -9;
}

/* Open descriptors of this process; 0: the system does not tell. */
static int count_descriptors(apr_pool_t *mem)
{
    apr_finfo_t entry;
    apr_dir_t *dir;
    int count = 0;

    if (apr_dir_open(&dir, "/proc/self/fd", mem) != APR_SUCCESS)
        return 0;
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS)
        count++;
    apr_dir_close(dir);
    return count;
}

/* ---- start and end ---- */

static void five_processes_double_a_number_each__PROC_02_PROC_09(void)
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
    brood_queue_t *ready = new_queue(mem), *go = new_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(ready, go), mem);

    EXPECT(brood_process_is_alive(process));
    EXPECT(brood_process_exitcode(process) == BROOD_RUNNING);
    EXPECT(get(ready, mem).as.integer == brood_process_pid(process)); /* PROC-33 */
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
    EXPECT(!brood_process_is_alive(process));
}

static void join_waits_as_long_as_it_is_told__PROC_10(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = new_queue(mem), *go = new_queue(mem);
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
    brood_queue_t *ready = new_queue(mem), *go = new_queue(mem);
    brood_process_t *one = harness_start(waiting, BROOD_ARGS(ready, go), mem);
    brood_process_t *other = harness_start(waiting, BROOD_ARGS(ready, go), mem);

    (void) get(ready, mem);
    (void) get(ready, mem);
    EXPECT_OK(brood_process_terminate(one));
    EXPECT_OK(brood_process_kill(other));
    EXPECT_EXIT(-15, one);
    EXPECT_EXIT(killed(), other);
    EXPECT_OK(brood_process_terminate(one));
    EXPECT_OK(brood_process_kill(one));
    EXPECT(brood_process_exitcode(one) == -15);
}

static void a_failure_is_told_on_stderr__PROC_32(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t options = {.name = "Clumsy"};
    brood_process_t *process;
    apr_file_t *file, *standard, *kept = NULL;
    const char *folder;
    char *path, text[1000];
    apr_size_t size = sizeof text - 1;
    apr_off_t start = 0;

    if (brood_get_start_method(true) == BROOD_START_FORKSERVER)
        return; /* the server has its stderr since its start */
    EXPECT(apr_temp_dir_get(&folder, mem) == APR_SUCCESS);
    path = apr_pstrcat(mem, folder, "/brood_test.XXXXXX", NULL);
    EXPECT(apr_file_mktemp(&file, path, 0, mem) == APR_SUCCESS);
    EXPECT(apr_file_open_stderr(&standard, mem) == APR_SUCCESS);
    EXPECT(apr_file_dup(&kept, standard, mem) == APR_SUCCESS);
    EXPECT(apr_file_dup2(standard, file, mem) == APR_SUCCESS);
    BROOD_IGNORE(brood_process_start(&process, failing, BROOD_ARGS("thing"), &options, mem));
    BROOD_IGNORE(brood_process_join(process, BROOD_FOREVER));
    EXPECT(apr_file_dup2(standard, kept, mem) == APR_SUCCESS);
    EXPECT(apr_file_seek(file, APR_SET, &start) == APR_SUCCESS);
    EXPECT(apr_file_read(file, text, &size) == APR_SUCCESS);
    text[size] = '\0';
    EXPECT(strstr(text, "Clumsy: failing failed: no such thing") != NULL);
}

/* ---- refusals: nothing is started ---- */

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
    brood_queue_t *queue = new_queue(mem);
    brood__heap_use_t use;

    EXPECT_STATUS(BROOD_EENCODE, brood_process_start(NULL, nothing, BROOD_ARGS(queue, "\xff"), NULL, mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_process_start(NULL, nothing, BROOD_ARGS(queue), &misnamed, mem));
    EXPECT(brood__table_count() == 1);
    EXPECT(count_children(mem) == 0);
    brood_queue_close(queue);
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_start(NULL, nothing, BROOD_ARGS(queue), NULL, mem));
    brood__heap_count(&use);
    EXPECT(use.objects == 0); /* what was lent to the process that never was is given back */
}

/* ---- who is who ---- */

static void parent_and_child_know_each_other__PROC_25_PROC_33_PROC_39_PROC_40(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t options = {.name = "Ada", .daemon = BROOD_YES};
    brood_queue_t *queue = new_queue(mem);
    brood_process_t *process;
    const char *name, *parent;
    int pid, real_pid, parent_pid, children;
    bool parent_alive, daemon;

    EXPECT_TEXT("MainProcess", brood_current_name());
    EXPECT(brood_parent_process() == NULL);
    EXPECT_OK(brood_process_start(&process, who_am_i, BROOD_ARGS(queue), &options, mem));
    EXPECT_OK(BROOD_UNPACK(get(queue, mem), &name, &pid, &real_pid, &parent, &parent_pid, &parent_alive, &children,
                           &daemon));
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
    brood_queue_t *queue = new_queue(mem);
    brood_process_t *process = harness_start(nested, BROOD_ARGS(queue, 3), mem);
    const char *name = brood_process_name(process);
    const brood_process_options_t options = {.name = "Ada"};
    int number = atoi(name + strlen("Process-"));

    EXPECT(strncmp(name, "Process-", 8) == 0);
    EXPECT_TEXT(apr_pstrcat(mem, name, ":1:1", NULL), brood_value_string(get(queue, mem), mem));
    EXPECT_TEXT(apr_pstrcat(mem, name, ":1", NULL), brood_value_string(get(queue, mem), mem));
    EXPECT_TEXT(name, brood_value_string(get(queue, mem), mem));
    EXPECT_EXIT(0, process);
    EXPECT_OK(brood_process_start(&process, nested, BROOD_ARGS(queue, 2), &options, mem));
    EXPECT_TEXT(apr_psprintf(mem, "Process-%d:1", number + 1), brood_value_string(get(queue, mem), mem));
    EXPECT_TEXT("Ada", brood_value_string(get(queue, mem), mem));
    EXPECT_EXIT(0, process);
}

static void only_its_parent_can_join_a_process__PROC_11_PROC_12(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *never = new_queue(mem);
    brood_process_t *process;

    EXPECT_STATUS(BROOD_EMISUSE, brood_process_join((brood_process_t *) brood_current_process(), BROOD_NOWAIT));
    EXPECT(brood_process_is_alive(brood_current_process())); /* PROC-14 */
    EXPECT_OK(brood_process_close((brood_process_t *) brood_current_process())); /* PROC-47 */
    inherited = process = harness_start(stuck, BROOD_ARGS(never), mem);
    EXPECT_EXIT(0, harness_start(join_others, BROOD_NO_ARGS, mem));
    EXPECT_OK(brood_process_terminate(process));
    EXPECT_EXIT(-15, process);
    inherited = NULL;
}

static void active_children_are_those_that_live__PROC_38_PROC_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = new_queue(mem), *go = new_queue(mem);
    brood_process_t *process, **children;

    EXPECT(count_children(mem) == 0);
    process = harness_start(waiting, BROOD_ARGS(ready, go), mem);
    children = brood_active_children(mem);
    EXPECT(children[0] == process && children[1] == NULL);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
    EXPECT(count_children(mem) == 0);
}

static void a_process_lives_on_without_its_object(void)
{
    apr_pool_t *mem = harness_mem(), *brief;
    brood_queue_t *ready = new_queue(mem), *go = new_queue(mem);
    brood_process_t **children;

    EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
    (void) harness_start(waiting, BROOD_ARGS(ready, go), brief);
    EXPECT_OK(brood_process_start(NULL, waiting, BROOD_ARGS(ready, go), NULL, brief)); /* start and forget */
    apr_pool_destroy(brief);
    children = brood_active_children(mem);
    EXPECT(children[0] != NULL && children[1] != NULL && children[2] == NULL);
    (void) get(ready, mem);
    (void) get(ready, mem);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, children[0]);
    EXPECT_EXIT(0, children[1]);
}

static void a_closed_process_keeps_only_what_it_was__PROC_22_PROC_23(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = new_queue(mem), *go = new_queue(mem);
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

/* ---- what a child has ---- */

static void globals_are_not_shared__CTX_20(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = new_queue(mem);
    brood_process_t *process = harness_start(change_global, BROOD_ARGS(queue), mem);

    EXPECT(get(queue, mem).as.integer == 2);
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
    brood_queue_t *ready = new_queue(mem), *go = new_queue(mem), *extra = new_queue(mem);
    brood_process_t *process;

    EXPECT_OK(brood_queue_put(extra, brood_int(1), BROOD_FOREVER));
    process = harness_start(stuck, BROOD_ARGS(extra), mem);
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
    brood_queue_t *queue = new_queue(mem);
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
    EXPECT_OK(BROOD_UNPACK(get(queue, mem), &variable, &directory, &argc, &program, &ends, &no_input));
    EXPECT_TEXT("a=b", variable);
    EXPECT_TEXT(here, directory);
    EXPECT(argc == 1 && ends && strstr(program, "test_process") != NULL);
    EXPECT(no_input);
    EXPECT_EXIT(0, process);
    EXPECT(apr_filepath_set(before, mem) == APR_SUCCESS);
    EXPECT(apr_env_get(&own, "BROOD_TEST_VARIABLE", mem) != APR_SUCCESS);
}

/* ---- ends ---- */

static void a_child_joins_its_children_before_it_ends__EXIT_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = new_queue(mem), *go = new_queue(mem);
    brood_process_t *process = harness_start(leave_child_waiting, BROOD_ARGS(ready, go), mem);

    EXPECT(get(ready, mem).as.integer != brood_process_pid(process));
    EXPECT_STATUS(APR_TIMEUP, brood_process_join(process, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
}

static void children_die_with_their_parent(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = new_queue(mem), *go = new_queue(mem);
    brood_process_t *process = harness_start(start_and_wait, BROOD_ARGS(ready, go), mem);
    const uint32_t grandchild = (uint32_t) get(ready, mem).as.integer;

    EXPECT(!brood__self_gone(grandchild, 0));
    EXPECT_OK(brood_process_kill(process));
    EXPECT_EXIT(killed(), process);
    while (!brood__self_gone(grandchild, 0))
        apr_sleep(1000);
    brood__table_sweep(true);
    EXPECT(brood__table_count() == 1);
}

static void an_orphan_sees_its_parent_gone__PROC_41(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = new_queue(mem), *never = new_queue(mem);
    brood_process_t *process = harness_start(parent_of_orphan, BROOD_ARGS(queue, never), mem);

    EXPECT_TEXT("born", brood_value_string(get(queue, mem), mem));
    EXPECT_OK(brood_process_kill(process));
    EXPECT_TEXT("False", brood_value_string(get(queue, mem), mem));
    EXPECT_EXIT(killed(), process);
    while (brood__table_count() != 1) { /* it ends by itself */
        apr_sleep(1000);
        brood__table_sweep(true);
    }
}

/* ---- many ---- */

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
    brood_queue_t *never = new_queue(mem);
    brood_process_t *process[MANY];

    for (int i = 0; i < MANY; i++) {
        process[i] = harness_start(stuck, BROOD_ARGS(never), mem);
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
    brood_queue_t *ready = new_queue(mem), *go = new_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(ready, go), mem);
    apr_thread_t *thread[8];
    apr_status_t rc;

    for (int i = 0; i < 8; i++)
        EXPECT(apr_thread_create(&thread[i], NULL, i % 2 ? join_one : start_some, process, mem) == APR_SUCCESS);
    (void) get(ready, mem);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    for (int i = 0; i < 8; i++)
        EXPECT(apr_thread_join(&rc, thread[i]) == APR_SUCCESS);
    EXPECT(count_children(mem) == 0);
}

static void nothing_is_left_behind__SPWN_03_SPWN_04(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *never = new_queue(mem);
    brood__heap_use_t use;
    int before;

    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, mem)); /* what is made once is made */
    before = count_descriptors(mem);
    for (int i = 0; i < 20; i++) {
        brood_process_t *process = harness_start(stuck, BROOD_ARGS(never), mem);

        EXPECT_OK(brood_process_kill(process));
        EXPECT_EXIT(killed(), process);
        EXPECT_STATUS(BROOD_EENCODE, brood_process_start(NULL, stuck, BROOD_ARGS("\xff"), NULL, mem));
        EXPECT_EXIT(3, harness_start(leaving, BROOD_ARGS(3), mem));
    }
    EXPECT(count_descriptors(mem) == before);
    EXPECT(brood__table_count() == 1);
    brood_queue_close(never);
    brood__heap_count(&use);
    EXPECT(use.objects == 0);
}

static void the_machine_has_cpus__CTX_19(void)
{
    EXPECT(brood_usable_cpu_count() >= 1);
    EXPECT(brood_cpu_count() >= brood_usable_cpu_count());
}

static const brood_test_t tests[] = {
    TEST(five_processes_double_a_number_each__PROC_02_PROC_09),
    TEST(start_does_not_wait__PROC_02_PROC_13_PROC_30),
    TEST(join_waits_as_long_as_it_is_told__PROC_10),
    TEST(the_exit_code_tells_how_it_ended__PROC_30_PROC_31_PROC_32),
    TEST(arguments_of_the_wrong_kind_fail_in_the_child__PROC_32),
    TEST(terminate_and_kill_end_it__PROC_15_PROC_16_PROC_17_PROC_19),
    TEST(a_failure_is_told_on_stderr__PROC_32),
    TEST(a_function_in_no_table_is_refused__SPWN_09),
    TEST(arguments_that_are_no_list_are_refused),
    TEST(what_cannot_be_encoded_starts_nothing__SPWN_07),
    TEST(parent_and_child_know_each_other__PROC_25_PROC_33_PROC_39_PROC_40),
    TEST(names_number_children_and_their_children__PROC_24_PROC_42),
    TEST(only_its_parent_can_join_a_process__PROC_11_PROC_12),
    TEST(active_children_are_those_that_live__PROC_38_PROC_06),
    TEST(a_process_lives_on_without_its_object),
    TEST(a_closed_process_keeps_only_what_it_was__PROC_22_PROC_23),
    TEST(globals_are_not_shared__CTX_20),
    TEST(an_object_can_be_handed_on__CTX_13_CTX_14),
    TEST(the_parent_may_close_what_it_has_handed_over__SPWN_08),
    TEST(it_starts_where_its_parent_is_with_what_it_is_given__SPWN_02_EXIT_03),
    TEST(a_child_joins_its_children_before_it_ends__EXIT_06),
    TEST(children_die_with_their_parent),
    TEST(an_orphan_sees_its_parent_gone__PROC_41),
    TEST(a_hundred_at_once_end_well__PROC_43),
    TEST(a_hundred_killed_before_they_ran_leave_nothing__PROC_43_SPWN_10),
    TEST(threads_start_and_join_at_once__PROC_09),
    TEST(nothing_is_left_behind__SPWN_03_SPWN_04),
    TEST(the_machine_has_cpus__CTX_19),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "process", tests, sizeof tests / sizeof *tests);
}
