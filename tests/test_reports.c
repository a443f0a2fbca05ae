/* test_reports.c - what a process that fails says on stderr: its name, its entry, what happened (PROC-31, PROC-32). */
#include "harness_children.h"
#include "harness_output.h"
#include "harness_tree.h"

#include <string.h>

static const char *self;

/* ---- entries, and the program that is run ---- */

static apr_status_t with_message(brood_call_t *call)
{
    const char *what;

    BROOD_TRY(BROOD_UNPACK(call->args, &what));
    return brood_fail(APR_ENOENT, "no such %s", what);
}

static apr_status_t without_message(brood_call_t *call)
{
    (void) call;
    return BROOD_EENTRY;
}

/* The message is of another failure, which was got over. */
static apr_status_t with_an_old_message(brood_call_t *call)
{
    BROOD_IGNORE(brood_fail(APR_ENOENT, "long ago"));
    (void) call;
    return BROOD_EENTRY;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(with_message), BROOD_ENTRY(without_message),
                                        BROOD_ENTRY(with_an_old_message), BROOD_ENTRY(leaving), BROOD_ENTRIES_END};

static apr_status_t expect_code(int code, const char *name, brood_entry_fn entry, brood_value_t args, apr_pool_t *mem)
{
    const brood_process_options_t options = {.name = name};
    brood_process_t *process;

    BROOD_TRY(brood_process_start(&process, entry, args, &options, mem));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    CHECK(brood_process_exitcode(process) == code);
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    if (strcmp(call->argv[1], "itself") == 0)
        return brood_fail(APR_EGENERAL, "the program's own");
    BROOD_TRY(expect_code(1, "Clumsy", with_message, BROOD_ARGS("thing"), call->mem));
    BROOD_TRY(expect_code(1, "Confused", with_message, BROOD_ARGS(1), call->mem));
    BROOD_TRY(expect_code(1, "Silent", without_message, BROOD_NO_ARGS, call->mem));
    BROOD_TRY(expect_code(1, "Healed", with_an_old_message, BROOD_NO_ARGS, call->mem));
    return expect_code(3, "Leaver", leaving, BROOD_ARGS(3), call->mem);
}

/* ---- tests ---- */

static void a_failure_is_told_with_process_entry_and_message__PROC_31_PROC_32_C_49(void)
{
    apr_pool_t *mem = harness_mem();
    int exitcode = -1;
    const char *output = harness_output(&exitcode, self, "children", mem);
    char text[200];

    EXPECT(exitcode == 0);
    EXPECT_ONCE("Clumsy: with_message failed: no such thing\n", output);
    EXPECT_ONCE("Confused: with_message failed: ", output);
    (void) brood_strerror(BROOD_EENTRY, text, sizeof text);
    EXPECT_ONCE(apr_pstrcat(mem, "Silent: without_message failed: ", text, "\n", NULL), output);
    EXPECT_ONCE(apr_pstrcat(mem, "Healed: with_an_old_message failed: ", text, "\n", NULL), output);
    EXPECT(strstr(output, "Leaver") == NULL); /* to leave with a number is no failure */
    EXPECT(harness_count(output, "\n") == 4);
}

static void a_program_that_fails_says_so_and_ends_with_1__PROC_32(void)
{
    apr_pool_t *mem = harness_mem();
    int exitcode = -1;
    const char *output = harness_output(&exitcode, self, "itself", mem);

    EXPECT(exitcode == 1);
    EXPECT_ONCE(" failed: the program's own\n", output);
}

static const brood_test_t tests[] = {
    TEST(a_failure_is_told_with_process_entry_and_message__PROC_31_PROC_32_C_49),
    TEST(a_program_that_fails_says_so_and_ends_with_1__PROC_32),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return brood_main(argc, argv, app, entries);
    self = argv[0];
    return harness_tree(argc, argv, entries, "reports", tests, sizeof tests / sizeof *tests);
}
