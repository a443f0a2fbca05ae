/* test_crash.c - a child that crashes: its parent tells on stderr who it was, what it ran, and what ended it. */
#include "harness_children.h"
#include "harness_output.h"
#include "harness_tree.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

static const char *self;

/* ---- entries, and the program that is run ---- */

static apr_status_t crash(brood_call_t *call)
{
    unsigned code;

    BROOD_TRY(BROOD_UNPACK(call->args, &code));
    SetErrorMode(SEM_NOGPFAULTERRORBOX | SEM_FAILCRITICALERRORS); /* nobody is there to answer a question */
    TerminateProcess(GetCurrentProcess(), code);                  /* as the system does it */
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(crash), BROOD_ENTRY(listening), BROOD_ENTRIES_END};

static apr_status_t crash_by(unsigned code, const char *name, apr_pool_t *mem)
{
    const brood_process_options_t options = {.name = name};
    brood_process_t *process;

    BROOD_TRY(brood_process_start(&process, crash, BROOD_ARGS(code), &options, mem));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    CHECK(brood_process_exitcode(process) == (int) code);
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    brood_queue_t *never;
    brood_process_t *process;

    if (strcmp(call->argv[1], "crash") == 0) {
        BROOD_TRY(crash_by(EXCEPTION_ACCESS_VIOLATION, "Ada", call->mem));
        return crash_by(0xC0000409u, "Bob", call->mem);
    }
    BROOD_TRY(brood_queue_create(&never, 0, NULL, call->mem));
    BROOD_TRY(brood_process_start(&process, listening, BROOD_ARGS(never), NULL, call->mem));
    BROOD_TRY(brood_process_terminate(process));
    return brood_process_join(process, BROOD_FOREVER);
}

/* ---- tests ---- */

/* Windows knows what an ended process had used at most for as long as there is a handle to it; Wine asks /proc, which
   forgets. */
static bool remembers_memory(void)
{
    return GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version") == NULL;
}

static void a_crash_is_told_with_process_entry_and_exception__C_49(void)
{
    int exitcode = -1;
    const char *output = harness_output(&exitcode, self, "crash", harness_mem());

    EXPECT(exitcode == 0);
    EXPECT_ONCE("Ada (pid ", output);
    EXPECT_ONCE("): main.crash was ended by EXCEPTION_ACCESS_VIOLATION (exit code -1073741819)", output);
    EXPECT_ONCE("Bob (pid ", output);
    EXPECT_ONCE("): main.crash was ended by STATUS_STACK_BUFFER_OVERRUN (exit code -1073740791)", output);
    if (remembers_memory())
        EXPECT(harness_count(output, "; it had used ") == 2);
    else
        (void) printf("skipped: Wine forgets what an ended process had used ");
}

static void an_end_that_was_asked_for_is_not_told__C_49(void)
{
    int exitcode = -1;
    const char *output = harness_output(&exitcode, self, "terminate", harness_mem());

    EXPECT(exitcode == 0);
    EXPECT(harness_count(output, "was ended by") == 0);
}

static const brood_test_t tests[] = {
    TEST(a_crash_is_told_with_process_entry_and_exception__C_49),
    TEST(an_end_that_was_asked_for_is_not_told__C_49),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return brood_main(argc, argv, app, entries);
    self = argv[0];
    return harness_tree(argc, argv, entries, "crash", tests, sizeof tests / sizeof *tests);
}
