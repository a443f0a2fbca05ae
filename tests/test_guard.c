/* test_guard.c - the guard around main, and the end of everything (CTX-17, CTX-18, EXIT-*). */
#include "harness_children.h"
#include "harness_tree.h"

#include "base/deadline.h"
#include "memory/arena.h"
#include "platform/self.h"
#include <apr_file_io.h>
#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

static int program_argc;
static char **program_argv;
static apr_status_t status_without_guard;

/* ---- entries ---- */

/* Leave a mark in a file, but not before the parent is in its end: it has no more to tell us by then. */
static apr_status_t mark_file(brood_call_t *call)
{
    const char *path;
    apr_file_t *file;
    int pause;

    BROOD_TRY(BROOD_UNPACK(call->args, &path, &pause));
    apr_sleep(pause);
    BROOD_TRY(apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_APPEND, APR_OS_DEFAULT, call->mem));
    apr_file_printf(file, "done\n");
    return apr_file_close(file);
}

static apr_status_t wait_for_ever(brood_call_t *call)
{
    brood_queue_t *ready, *never;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &never));
    BROOD_TRY(brood_queue_put(ready, brood_int(brood_current_pid()), BROOD_FOREVER));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

/* Have a child that does not end, and end. */
static apr_status_t leave_one(brood_call_t *call)
{
    brood_queue_t *ready, *never;
    brood_value_t pid;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &never));
    BROOD_TRY(brood_process_start(NULL, wait_for_ever, call->args, NULL, call->mem));
    return brood_queue_get(&pid, ready, BROOD_FOREVER, call->mem);
}

/* brood_init has run already in a child. */
static apr_status_t begin_again(brood_call_t *call)
{
    CHECK(brood_init(program_argc, program_argv, NULL, call->mem) == BROOD_EMISUSE);
    CHECK(brood_register("late", NULL) == BROOD_EMISUSE);
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(mark_file), BROOD_ENTRY(wait_for_ever), BROOD_ENTRY(leave_one),
                                        BROOD_ENTRY(nothing),   BROOD_ENTRY(begin_again),   BROOD_ENTRIES_END};

/* ---- helpers ---- */

static apr_pool_t *begin(apr_interval_time_t grace)
{
    const brood_init_options_t options = {.exit_grace = grace};
    apr_pool_t *life = NULL;

    EXPECT(apr_pool_create(&life, NULL) == APR_SUCCESS);
    EXPECT_OK(brood_init(program_argc, program_argv, &options, life));
    return life;
}

/* A child that waits for ever and is known to run; returns its pid. */
static uint32_t start_waiting(const brood_process_options_t *options, apr_pool_t *mem)
{
    brood_queue_t *ready, *never;
    brood_value_t pid = brood_nil();

    EXPECT_OK(brood_queue_create(&ready, 0, NULL, mem));
    EXPECT_OK(brood_queue_create(&never, 0, NULL, mem));
    EXPECT_OK(brood_process_start(NULL, wait_for_ever, BROOD_ARGS(ready, never), options, mem));
    EXPECT_OK(brood_queue_get(&pid, ready, BROOD_FOREVER, mem));
    return (uint32_t) pid.as.integer;
}

/* ---- tests ---- */

static void without_the_guard_nothing_is_started__CTX_18(void)
{
    brood_process_t *process = NULL;
    brood_queue_t *queue;
    apr_pool_t *mem;

    EXPECT(status_without_guard == BROOD_EGUARD); /* before the first brood_init */
    EXPECT(apr_pool_create(&mem, NULL) == APR_SUCCESS);
    EXPECT_STATUS(BROOD_EGUARD, brood_process_start(&process, nothing, BROOD_NO_ARGS, NULL, mem));
    EXPECT_MESSAGE("brood_main");
    EXPECT(process == NULL);
    EXPECT_STATUS(BROOD_EGUARD, brood_queue_create(&queue, 0, NULL, mem));
    EXPECT_TEXT("MainProcess", brood_current_name());
    EXPECT(brood_current_pid() == (int) brood__self_pid());
    EXPECT(brood_parent_process() == NULL);
    EXPECT(brood_active_children(mem)[0] == NULL);
    EXPECT_OK(brood_call(NULL, nothing, brood_nil(), mem)); /* here and now needs no guard */
    apr_pool_destroy(mem);
}

static void it_begins_once_at_a_time(void)
{
    apr_pool_t *life = begin(0);

    EXPECT_STATUS(BROOD_EMISUSE, brood_init(program_argc, program_argv, NULL, life));
    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, life));
    EXPECT_EXIT(0, harness_start(begin_again, BROOD_NO_ARGS, life));
    apr_pool_destroy(life);
    EXPECT(brood__arena_base == NULL);
    life = begin(0); /* and again */
    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, life));
    apr_pool_destroy(life);
    EXPECT_STATUS(BROOD_EGUARD, brood_process_start(NULL, nothing, BROOD_NO_ARGS, NULL, NULL));
}

static void a_refused_beginning_leaves_nothing(void)
{
    const brood_init_options_t small = {.arena_limit = 1};
    apr_pool_t *life;

    EXPECT(apr_pool_create(&life, NULL) == APR_SUCCESS);
    EXPECT_STATUS(APR_EINVAL, brood_init(program_argc, program_argv, &small, life));
    EXPECT_STATUS(APR_EINVAL, brood_init(-1, NULL, NULL, life));
    EXPECT(brood__arena_base == NULL);
    EXPECT_OK(brood_register("between", NULL)); /* not frozen */
    EXPECT_OK(brood_init(program_argc, program_argv, NULL, life));
    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, life));
    apr_pool_destroy(life);
}

static void the_end_joins_children_that_nobody_joined__EXIT_06(void)
{
    apr_pool_t *life = begin(BROOD_FOREVER), *mem;
    const char *folder;
    char *path, line[20] = "";
    apr_file_t *file;

    EXPECT(apr_pool_create(&mem, NULL) == APR_SUCCESS);
    EXPECT(apr_temp_dir_get(&folder, mem) == APR_SUCCESS);
    path = apr_pstrcat(mem, folder, "/brood_guard.XXXXXX", NULL);
    EXPECT(apr_file_mktemp(&file, path, 0, mem) == APR_SUCCESS);
    EXPECT_OK(brood_process_start(NULL, mark_file, BROOD_ARGS(path, 50000), NULL, life));
    apr_pool_destroy(life);
    EXPECT(apr_file_gets(line, sizeof line, file) == APR_SUCCESS);
    EXPECT_TEXT("done\n", line);
    apr_pool_destroy(mem);
}

static void the_end_terminates_daemonic_children__PROC_28(void)
{
    const brood_process_options_t options = {.daemon = BROOD_YES};
    apr_pool_t *life = begin(BROOD_FOREVER); /* joined without limit, hence terminated first */
    const uint32_t pid = start_waiting(&options, life);
    const uint64_t born = brood__self_start_time(pid); /* a pid alone may be another\'s soon */

    EXPECT(!brood__self_gone(pid, born));
    apr_pool_destroy(life);
    EXPECT(brood__self_gone(pid, born));
}

static void the_end_waits_only_so_long__EXIT_06(void)
{
    apr_pool_t *life = begin(apr_time_from_msec(20));
    const uint32_t pid = start_waiting(NULL, life);
    const uint64_t born = brood__self_start_time(pid); /* a pid alone may be another\'s soon */
    const apr_time_t start = brood__clock_now();

    apr_pool_destroy(life); /* says on stderr what it had to do */
    EXPECT(brood__clock_now() - start >= apr_time_from_msec(20));
    EXPECT(brood__self_gone(pid, born));
}

/* By every method: with the default it would wait longer, without a limit for ever. */
static void settings_of_the_program_are_its_childrens__CTX_21(void)
{
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);
    apr_pool_t *life = begin(apr_time_from_msec(20));

    for (apr_size_t i = 0; i < count; i++) {
        const brood_process_options_t options = {.start_method = methods[i]};
        brood_queue_t *ready, *never;
        brood_process_t *process = NULL;
        const apr_time_t start = brood__clock_now();

        EXPECT_OK(brood_queue_create(&ready, 0, NULL, life));
        EXPECT_OK(brood_queue_create(&never, 0, NULL, life));
        EXPECT_OK(brood_process_start(&process, leave_one, BROOD_ARGS(ready, never), &options, life));
        EXPECT_EXIT(0, process);
        EXPECT(brood__clock_now() - start >= apr_time_from_msec(20));
    }
    apr_pool_destroy(life);
}

static void the_end_leaves_alone_what_outlives_it(void)
{
    const brood_process_options_t options = {.outlives_parent = true};
    apr_pool_t *life = begin(0), *mem;
    const uint32_t pid = start_waiting(&options, life);
    const uint64_t born = brood__self_start_time(pid); /* a pid alone may be another\'s soon */
    brood_process_t **children;

    EXPECT(apr_pool_create(&mem, NULL) == APR_SUCCESS);
    children = brood_active_children(mem);
    EXPECT(children[0] != NULL && children[1] == NULL);
    apr_pool_destroy(life);
    EXPECT(!brood__self_gone(pid, born));
    EXPECT(brood_process_is_alive(children[0])); /* the object still knows it */
    EXPECT_OK(brood_process_kill(children[0]));
    EXPECT_OK(brood_process_join(children[0], BROOD_FOREVER));
    EXPECT(brood__self_gone(pid, born));
    apr_pool_destroy(mem);
}

static void an_object_may_outlive_everything(void)
{
    apr_pool_t *life = begin(0), *mem;
    brood_process_t *process;

    EXPECT(apr_pool_create(&mem, NULL) == APR_SUCCESS);
    EXPECT_OK(brood_process_start(&process, nothing, BROOD_NO_ARGS, NULL, mem));
    apr_pool_destroy(life);
    EXPECT(brood_process_exitcode(process) == 0);
    EXPECT_OK(brood_process_join(process, BROOD_FOREVER));
    life = begin(0);
    EXPECT_OK(brood_process_join(process, BROOD_FOREVER)); /* in another life, too */
    EXPECT(brood_active_children(life)[0] == NULL);
    apr_pool_destroy(mem);
    apr_pool_destroy(life);
}

static apr_status_t app(brood_call_t *call)
{
    brood_process_t *process;

    CHECK(call->argc == 3 && brood_value_count(call->args) == 2);
    CHECK(strcmp(brood_value_string(call->args, call->mem), "['a', 'b c']") == 0);
    BROOD_TRY(brood_process_start(&process, nothing, BROOD_NO_ARGS, NULL, call->mem));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    return brood_fail(APR_EGENERAL, "as it should");
}

static void the_whole_guard_runs_the_program_and_tells_its_failure__CTX_17(void)
{
    brood_start_method_t methods[3];
    char *argv[] = {program_argv[0], "a", "b c", NULL};

    if (brood_start_methods(methods) == 1)
        return; /* brood_main takes the command line from the system there, and that is not this one */
    EXPECT(brood_main(3, argv, app, NULL) == 1);
    EXPECT_STATUS(BROOD_EGUARD, brood_process_start(NULL, nothing, BROOD_NO_ARGS, NULL, NULL));
}

static const brood_test_t tests[] = {
    TEST(without_the_guard_nothing_is_started__CTX_18),
    TEST(it_begins_once_at_a_time),
    TEST(a_refused_beginning_leaves_nothing),
    TEST(the_end_joins_children_that_nobody_joined__EXIT_06),
    TEST(the_end_terminates_daemonic_children__PROC_28),
    TEST(the_end_waits_only_so_long__EXIT_06),
    TEST(settings_of_the_program_are_its_childrens__CTX_21),
    TEST(the_end_leaves_alone_what_outlives_it),
    TEST(an_object_may_outlive_everything),
    TEST(the_whole_guard_runs_the_program_and_tells_its_failure__CTX_17),
};

/* Every child comes through here: it must not get further than brood_init. */
int main(int argc, char **argv)
{
    apr_pool_t *life;
    int result;

    program_argc = argc;
    program_argv = argv;
    if (apr_initialize() != APR_SUCCESS || brood_register("test", entries) != APR_SUCCESS)
        return EXIT_FAILURE;
    status_without_guard = brood_process_start(NULL, nothing, BROOD_NO_ARGS, NULL, NULL);
    if (apr_pool_create(&life, NULL) != APR_SUCCESS || brood_init(argc, argv, NULL, life) != APR_SUCCESS)
        return EXIT_FAILURE;
    apr_pool_destroy(life);
    result = harness_run("guard", tests, sizeof tests / sizeof *tests);
    apr_terminate();
    return result;
}
