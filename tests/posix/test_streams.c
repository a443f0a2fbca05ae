/* test_streams.c - the standard streams of a program and its children (EXIT-01, EXIT-02, EXIT-03).
 *
 * The program runs itself by the shell, with streams as they are to be, and looks at what comes out. */
#include "harness.h"

#include <brood.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *self;

/* ---- entries, and the program that is run ---- */

static apr_status_t say(brood_call_t *call)
{
    (void) call;
    printf("child\n"); /* stays in the buffer: the end flushes it */
    return APR_SUCCESS;
}

static apr_status_t repeat(brood_call_t *call)
{
    char word[100];

    (void) call;
    printf("%s", fgets(word, sizeof word, stdin) != NULL ? word : "nothing\n");
    return APR_SUCCESS;
}

static apr_status_t run(brood_entry_fn entry, const brood_process_options_t *options, apr_pool_t *mem)
{
    brood_process_t *process;

    BROOD_TRY(brood_process_start(&process, entry, BROOD_NO_ARGS, options, mem));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    return brood_process_exitcode(process) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

/* As another thread that prints between the flush and the fork. */
static void print_late(void)
{
    printf("late\n");
}

static apr_status_t app(brood_call_t *call)
{
    const brood_process_options_t keep = {.keep_stdin = true};
    const char *what = call->argv[1];

    if (strcmp(what, "read") == 0)
        return run(repeat, &keep, call->mem);
    if (strcmp(what, "ignore") == 0)
        return run(repeat, NULL, call->mem);
    if (strcmp(what, "late") == 0 && pthread_atfork(print_late, NULL, NULL) != 0)
        return APR_EGENERAL;
    printf("parent\n");
    if (strcmp(what, "flush") == 0)
        (void) fflush(stdout);
    return run(say, NULL, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(say), BROOD_ENTRY(repeat), BROOD_ENTRIES_END};

/* ---- helpers ---- */

/* Run this program by a shell: its exit code, and the lines that it prints, as one text. */
static int shell(char *output, size_t room, const char *before, const char *argument, const char *after)
{
    char command[4200];
    size_t size;
    FILE *pipe;
    int status;

    (void) snprintf(command, sizeof command, "%s '%s' %s %s", before, self, argument, after);
    pipe = popen(command, "r");
    if (pipe == NULL)
        return -1;
    size = fread(output, 1, room - 1, pipe);
    output[size] = '\0';
    status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- tests ---- */

static void nothing_is_printed_twice__EXIT_01_EXIT_02(void)
{
    char output[100];

    EXPECT(shell(output, sizeof output, "", "print", "") == 0);
    EXPECT(strlen(output) == strlen("parent\nchild\n"));
    EXPECT(strstr(output, "parent\n") != NULL && strstr(output, "child\n") != NULL);
}

static void what_is_printed_while_a_child_starts_is_printed_once__EXIT_01(void)
{
    char output[100];
    const char *late;

    EXPECT(shell(output, sizeof output, "BROOD_START_METHOD=fork", "late", "") == 0);
    late = strstr(output, "late\n");
    EXPECT(late != NULL && strstr(late + 1, "late\n") == NULL);
    EXPECT(strstr(output, "parent\n") != NULL && strstr(output, "child\n") != NULL);
}

static void a_child_reads_nothing_unless_it_is_told_to__EXIT_03_GUID_05(void)
{
    char output[100];

    EXPECT(shell(output, sizeof output, "echo word |", "ignore", "") == 0);
    EXPECT_TEXT("nothing\n", output);
    EXPECT(shell(output, sizeof output, "echo word |", "read", "") == 0);
    EXPECT_TEXT("word\n", output);
}

/* Descriptors that take the numbers of closed streams must not be what is printed into. */
static void closed_streams_change_nothing__EXIT_02(void)
{
    static const char *const closed[] = {"<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"};
    char output[100];

    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        EXPECT(shell(output, sizeof output, "", "flush", closed[i]) == 0);
        EXPECT(strlen(output) == (strchr(closed[i], '>') == closed[i] || i >= 3 ? 0 : strlen("parent\nchild\n")));
    }
    EXPECT(shell(output, sizeof output, "", "read", "<&-") == 0);
    EXPECT_TEXT("nothing\n", output);
}

static const brood_test_t tests[] = {
    TEST(nothing_is_printed_twice__EXIT_01_EXIT_02),
    TEST(what_is_printed_while_a_child_starts_is_printed_once__EXIT_01),
    TEST(a_child_reads_nothing_unless_it_is_told_to__EXIT_03_GUID_05),
    TEST(closed_streams_change_nothing__EXIT_02),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return brood_main(argc, argv, app, entries);
    self = argv[0];
    return harness_run("streams", tests, sizeof tests / sizeof *tests);
}
