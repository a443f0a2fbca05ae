/* test_crash.c - a child that crashes: its parent tells on stderr who it was, what it ran, and what ended it. */
#include "harness_children.h"
#include "harness_output.h"
#include "harness_tree.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *self;

/* ---- entries, and the program that is run ---- */

/* As it is in a program that no sanitizer watches, and without a file of its memory. */
static apr_status_t crash(brood_call_t *call)
{
    const struct rlimit none = {0, 0};
    int number;

    BROOD_TRY(BROOD_UNPACK(call->args, &number));
    CHECK(setrlimit(RLIMIT_CORE, &none) == 0);
    CHECK(signal(number, SIG_DFL) != SIG_ERR);
    if (number == SIGABRT)
        abort();
    (void) raise(number);
    return APR_SUCCESS;
}

/* It crashes and nobody joins it. */
static apr_status_t leave_one_crashing(brood_call_t *call)
{
    const brood_process_options_t options = {.name = "Grandchild"};

    return brood_process_start(NULL, crash, BROOD_ARGS(SIGABRT), &options, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(crash), BROOD_ENTRY(listening), BROOD_ENTRY(leave_one_crashing),
                                        BROOD_ENTRIES_END};

static apr_status_t crash_by(int number, const char *name, apr_pool_t *mem)
{
    const brood_process_options_t options = {.name = name};
    brood_process_t *process;

    BROOD_TRY(brood_process_start(&process, crash, BROOD_ARGS(number), &options, mem));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    CHECK(brood_process_exitcode(process) == -number);
    return brood_process_join(process, BROOD_FOREVER); /* told once */
}

/* Who ends a child knows of it. */
static apr_status_t end_by(apr_status_t (*end)(brood_process_t *process), apr_pool_t *mem)
{
    brood_queue_t *never;
    brood_process_t *process;

    BROOD_TRY(brood_queue_create(&never, 0, NULL, mem));
    BROOD_TRY(brood_process_start(&process, listening, BROOD_ARGS(never), NULL, mem));
    BROOD_TRY(end(process));
    return brood_process_join(process, BROOD_FOREVER);
}

static apr_status_t app(brood_call_t *call)
{
    brood_process_t *process;

    if (strcmp(call->argv[1], "quiet") == 0) {
        (void) signal(SIGINT, SIG_DFL);
        BROOD_TRY(end_by(brood_process_interrupt, call->mem));
        BROOD_TRY(end_by(brood_process_terminate, call->mem));
        return end_by(brood_process_kill, call->mem);
    }
    if (strcmp(call->argv[1], "below") == 0) {
        BROOD_TRY(brood_process_start(&process, leave_one_crashing, BROOD_NO_ARGS, NULL, call->mem));
        return brood_process_join(process, BROOD_FOREVER);
    }
    BROOD_TRY(crash_by(SIGSEGV, "Ada", call->mem));
    BROOD_TRY(crash_by(SIGABRT, "Bob", call->mem));
    BROOD_TRY(crash_by(SIGFPE, "Cid", call->mem));
    return crash_by(SIGTERM, "Dan", call->mem); /* not by us */
}

/* ---- tests ---- */

/* Run it so, and have it end well; returns what it has printed. */
static const char *output_of(const char *what)
{
    int exitcode = -1;
    const char *output = harness_output(&exitcode, self, what, harness_mem());

    EXPECT(exitcode == 0);
    return output;
}

static void a_crash_is_told_with_process_entry_and_signal__C_49(void)
{
    const char *output = output_of("crash");

    EXPECT_ONCE("Ada (pid ", output);
    EXPECT_ONCE("): main.crash was ended by SIGSEGV (exit code -11); it had used ", output);
    EXPECT_ONCE("Bob (pid ", output);
    EXPECT_ONCE("): main.crash was ended by SIGABRT (exit code -6); it had used ", output);
    EXPECT_ONCE("Cid (pid ", output);
    EXPECT_ONCE("): main.crash was ended by SIGFPE (exit code -8); it had used ", output);
    EXPECT_ONCE("Dan (pid ", output);
    EXPECT_ONCE("): main.crash was ended by SIGTERM (exit code -15); it had used ", output);
    EXPECT(harness_count(output, "\n") == 4);
}

static void so_is_one_that_nobody_joins__C_49(void)
{
    const char *output = output_of("below");

    EXPECT_ONCE("Grandchild (pid ", output);
    EXPECT_ONCE("): main.crash was ended by SIGABRT (exit code -6); ", output);
}

static void an_end_that_was_asked_for_is_not_told__C_49(void)
{
    EXPECT_TEXT("", output_of("quiet"));
}

static const brood_test_t tests[] = {
    TEST(a_crash_is_told_with_process_entry_and_signal__C_49),
    TEST(so_is_one_that_nobody_joins__C_49),
    TEST(an_end_that_was_asked_for_is_not_told__C_49),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return brood_main(argc, argv, app, entries);
    self = argv[0];
    return harness_tree(argc, argv, entries, "crash", tests, sizeof tests / sizeof *tests);
}
