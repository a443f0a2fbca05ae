/* test_start_method.c - which start method is used, and the fork server (CTX-*, FSRV-*). */
#include "harness_children.h"
#include "harness_tree.h"

#include "base/deadline.h"
#include "memory/table.h"
#include "process/forkserver.h"
#include <apr_env.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "BROOD_START_METHOD"

static bool has_variable; /* the method of this run comes from the environment */

static apr_status_t report_method(brood_call_t *call)
{
    brood_queue_t *queue;
    int depth;
    brood_process_t *child;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &depth));
    BROOD_TRY(
        brood_queue_put(queue, brood_text(brood_start_method_name(brood_get_start_method(false))), BROOD_FOREVER));
    if (depth == 1)
        return APR_SUCCESS;
    BROOD_TRY(brood_process_start(&child, report_method, BROOD_ARGS(queue, depth - 1), NULL, call->mem));
    return brood_process_join(child, BROOD_FOREVER);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(report_method), BROOD_ENTRY(nothing), BROOD_ENTRY(waiting),
                                        BROOD_ENTRIES_END};

static void expect_method(const char *name, brood_queue_t *queue, apr_pool_t *mem)
{
    brood_value_t item;

    EXPECT_OK(brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    EXPECT_TEXT(name, brood_value_string(item, mem));
}

/* The variable as it was, or another. */
static void set_variable(const char *name, apr_pool_t *mem)
{
    if (name != NULL)
        EXPECT(apr_env_set(VARIABLE, name, mem) == APR_SUCCESS);
    else
        BROOD_IGNORE(apr_env_delete(VARIABLE, mem));
}

static void the_platforms_methods_are_known_by_name__CTX_01_CTX_02(void)
{
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);

    EXPECT(count == 1 || count == 3);
    EXPECT(count == 3 || methods[0] == BROOD_START_SPAWN);
    EXPECT_TEXT("fork", brood_start_method_name(BROOD_START_FORK));
    EXPECT_TEXT("spawn", brood_start_method_name(BROOD_START_SPAWN));
    EXPECT_TEXT("forkserver", brood_start_method_name(BROOD_START_FORKSERVER));
    EXPECT_TEXT("default", brood_start_method_name(BROOD_START_DEFAULT));
}

static void the_default_is_the_environments_or_the_platforms__CTX_03_CTX_07(void)
{
    apr_pool_t *mem = harness_mem();
    brood_start_method_t methods[3];
    char *name;

    (void) brood_start_methods(methods);
    EXPECT(brood_get_start_method(false) == BROOD_START_DEFAULT);
    EXPECT(brood_get_start_method(false) == BROOD_START_DEFAULT); /* asking has not fixed it */
    if (has_variable && apr_env_get(&name, VARIABLE, mem) == APR_SUCCESS)
        EXPECT_TEXT(name, brood_start_method_name(brood_get_start_method(true)));
    else
        EXPECT(brood_get_start_method(true) == methods[0]);
    EXPECT(brood_get_start_method(false) != BROOD_START_DEFAULT);
    EXPECT_STATUS(BROOD_EMISUSE, brood_set_start_method(BROOD_START_SPAWN, false)); /* it is fixed */
    EXPECT_OK(brood_set_start_method(BROOD_START_DEFAULT, true));
}

static void a_choice_is_made_once_unless_forced__CTX_04_CTX_05_CTX_06(void)
{
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);

    EXPECT_OK(brood_set_start_method(BROOD_START_SPAWN, false));
    EXPECT_STATUS(BROOD_EMISUSE, brood_set_start_method(methods[0], false));
    EXPECT_MESSAGE("spawn");
    EXPECT(brood_get_start_method(false) == BROOD_START_SPAWN);
    EXPECT_OK(brood_set_start_method(methods[0], true));
    EXPECT(brood_get_start_method(false) == methods[0]);
    EXPECT_STATUS(APR_EINVAL, brood_set_start_method((brood_start_method_t) 9, true));
    EXPECT(brood_get_start_method(false) == methods[0]);
    if (count == 1)
        EXPECT_STATUS(APR_ENOTIMPL, brood_set_start_method(BROOD_START_FORK, true));
    EXPECT_OK(brood_set_start_method(BROOD_START_DEFAULT, true));
    EXPECT(brood_get_start_method(false) == BROOD_START_DEFAULT);
}

static void a_start_fixes_the_default__CTX_08(void)
{
    apr_pool_t *mem = harness_mem();

    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, mem));
    EXPECT(brood_get_start_method(false) != BROOD_START_DEFAULT);
    EXPECT_STATUS(BROOD_EMISUSE, brood_set_start_method(BROOD_START_SPAWN, false));
    EXPECT_OK(brood_set_start_method(BROOD_START_DEFAULT, true));
}

static void an_unknown_name_in_the_environment_is_refused_with_the_known_ones(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_process_options_t options = {.start_method = BROOD_START_SPAWN};
    brood_process_t *process;
    char *before;

    if (apr_env_get(&before, VARIABLE, mem) != APR_SUCCESS)
        before = NULL;
    set_variable("teleport", mem);
    EXPECT_STATUS(APR_EINVAL, brood_process_start(NULL, nothing, BROOD_NO_ARGS, NULL, mem));
    EXPECT_MESSAGE("teleport");
    EXPECT_MESSAGE("spawn");
    EXPECT(brood_get_start_method(true) == BROOD_START_DEFAULT);
    EXPECT(brood__table_count() == 1);
    EXPECT_OK(brood_process_start(&process, nothing, BROOD_NO_ARGS, &options, mem)); /* who chooses needs no default */
    EXPECT_EXIT(0, process);
    EXPECT(brood_get_start_method(false) == BROOD_START_DEFAULT);
    set_variable(before, mem);
}

static void a_start_may_name_its_method_and_its_children_inherit_it__CTX_11(void)
{
    apr_pool_t *mem = harness_mem();
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);
    brood_queue_t *queue;

    EXPECT_OK(brood_queue_create(&queue, 0, NULL, mem));
    for (apr_size_t i = 0; i < count; i++) {
        const brood_process_options_t options = {.start_method = methods[i]};
        brood_process_t *process;

        EXPECT_OK(brood_process_start(&process, report_method, BROOD_ARGS(queue, 3), &options, mem));
        for (int depth = 0; depth < 3; depth++)
            expect_method(brood_start_method_name(methods[i]), queue, mem);
        EXPECT_EXIT(0, process);
    }
    EXPECT(brood_get_start_method(false) == BROOD_START_DEFAULT); /* the program's choice is untouched */
}

static void what_the_platform_lacks_is_refused__CTX_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_start_method_t methods[3];
    const brood_process_options_t wrong = {.start_method = (brood_start_method_t) 9};
    const brood_process_options_t fork = {.start_method = BROOD_START_FORK};

    EXPECT_STATUS(APR_EINVAL, brood_process_start(NULL, nothing, BROOD_NO_ARGS, &wrong, mem));
    if (brood_start_methods(methods) == 1)
        EXPECT_STATUS(APR_ENOTIMPL, brood_process_start(NULL, nothing, BROOD_NO_ARGS, &fork, mem));
}

static void a_server_that_was_killed_is_started_again__FSRV_04_FSRV_05(void)
{
    apr_pool_t *mem = harness_mem();
    brood_start_method_t methods[3];
    const brood_process_options_t options = {.start_method = BROOD_START_FORKSERVER};
    brood_process_t *process, *later;
    brood_queue_t *ready, *go;
    brood_value_t pid;
    int exitcode;

    if (brood_start_methods(methods) == 1)
        return;
    EXPECT_OK(brood_queue_create(&ready, 0, NULL, mem));
    EXPECT_OK(brood_queue_create(&go, 0, NULL, mem));
    EXPECT_OK(brood_process_start(&process, waiting, BROOD_ARGS(ready, go), &options, mem));
    EXPECT_OK(brood_queue_get(&pid, ready, BROOD_FOREVER, mem));
    EXPECT_OK(brood__child_kill(brood__forkserver_child()));
    EXPECT_OK(brood__child_wait(brood__forkserver_child(), &exitcode, BROOD__NEVER));
    EXPECT(brood_process_is_alive(process)); /* it goes on */
    EXPECT_OK(brood_process_start(&later, nothing, BROOD_NO_ARGS, &options, mem));
    EXPECT_EXIT(0, later);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(255, process); /* nobody is left who knows its exit code */
}

static const brood_test_t tests[] = {
    TEST(the_platforms_methods_are_known_by_name__CTX_01_CTX_02),
    TEST(the_default_is_the_environments_or_the_platforms__CTX_03_CTX_07),
    TEST(a_choice_is_made_once_unless_forced__CTX_04_CTX_05_CTX_06),
    TEST(a_start_fixes_the_default__CTX_08),
    TEST(an_unknown_name_in_the_environment_is_refused_with_the_known_ones),
    TEST(a_start_may_name_its_method_and_its_children_inherit_it__CTX_11),
    TEST(what_the_platform_lacks_is_refused__CTX_06),
    TEST(a_server_that_was_killed_is_started_again__FSRV_04_FSRV_05),
};

int main(int argc, char **argv)
{
    const char *method = getenv(VARIABLE);

    has_variable = method != NULL && *method != '\0';
    return harness_tree(argc, argv, entries, "start_method", tests, sizeof tests / sizeof *tests);
}
