/* test_reaped.c - children that somebody else reaps, or that are another user's by now (PROC-20, PROC-45). */
#include "harness_children.h"
#include "harness_output.h"
#include "harness_tree.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOMEBODY 65534 /* users without rights of any kind */
#define ANOTHER 65533

static const char *self;

/* ---- entries, and the program that is run ---- */

/* Be somebody else, and wait for a word. */
static apr_status_t be_another(brood_call_t *call)
{
    brood_queue_t *ready, *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &go));
    CHECK(setuid(ANOTHER) == 0);
    BROOD_TRY(brood_queue_put(ready, brood_nil(), BROOD_FOREVER));
    return brood_queue_get(&word, go, BROOD_FOREVER, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(leaving), BROOD_ENTRY(be_another), BROOD_ENTRIES_END};

/* Give up all rights over a child that lives. */
static apr_status_t app(brood_call_t *call)
{
    static apr_status_t (*const end[])(brood_process_t *) = {brood_process_interrupt, brood_process_terminate,
                                                             brood_process_kill};
    brood_queue_t *ready, *go;
    brood_process_t *process;
    brood_value_t word;

    BROOD_TRY(brood_queue_create(&ready, 0, NULL, call->mem));
    BROOD_TRY(brood_queue_create(&go, 0, NULL, call->mem));
    BROOD_TRY(brood_process_start(&process, be_another, BROOD_ARGS(ready, go), NULL, call->mem));
    BROOD_TRY(brood_queue_get(&word, ready, BROOD_FOREVER, call->mem));
    CHECK(setuid(SOMEBODY) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK(end[i](process) == EPERM);
        CHECK(brood_last_error()->status == EPERM);
        CHECK(strstr(brood_last_error()->message, brood_process_name(process)) != NULL);
    }
    CHECK(brood_process_is_alive(process));
    BROOD_TRY(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    CHECK(brood_process_exitcode(process) == 0);
    for (int i = 0; i < 3; i++)
        BROOD_TRY(end[i](process));
    return APR_SUCCESS;
}

/* ---- helpers ---- */

static brood_process_t *start(brood_start_method_t method, int code, apr_pool_t *mem)
{
    const brood_process_options_t options = {.start_method = method};
    brood_process_t *process = NULL;

    EXPECT_OK(brood_process_start(&process, leaving, BROOD_ARGS(code), &options, mem));
    return process;
}

static void expect_unknown_end(brood_process_t *process)
{
    EXPECT_EXIT(255, process);
    EXPECT(!brood_process_is_alive(process));
    EXPECT_OK(brood_process_kill(process)); /* nobody else who may have its pid by now */
    EXPECT_OK(brood_process_close(process));
}

/* ---- tests ---- */

static void one_that_the_program_has_reaped_has_ended_somehow__PROC_45(void)
{
    static const brood_start_method_t methods[] = {BROOD_START_FORK, BROOD_START_SPAWN};

    for (int i = 0; i < 2; i++) {
        apr_pool_t *mem = harness_mem();
        brood_process_t *process = start(methods[i], 7, mem);
        int status;

        EXPECT(waitpid(brood_process_pid(process), &status, 0) == brood_process_pid(process));
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 7);
        expect_unknown_end(process);
    }
}

/* A program that ignores SIGCHLD has its children reaped by the system. */
static void so_has_one_that_the_system_has_reaped__PROC_45(void)
{
    static const brood_start_method_t methods[] = {BROOD_START_FORK, BROOD_START_SPAWN};
    apr_pool_t *mem = harness_mem();

    EXPECT(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    for (int i = 0; i < 20; i++) {
        brood_process_t *process = start(methods[i % 2], 7, mem);

        if (i % 3 == 0)
            while (kill(brood_process_pid(process), 0) == 0)
                apr_sleep(1000);
        expect_unknown_end(process);
    }
    EXPECT(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
}

/* They are the server's children, whatever is ignored here. */
static void the_fork_server_knows_the_ends_of_its_children__PROC_45_FSRV_03(void)
{
    apr_pool_t *mem = harness_mem();

    EXPECT(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    for (int i = 0; i < 10; i++)
        EXPECT_EXIT(i, start(BROOD_START_FORKSERVER, i, mem));
    EXPECT(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
}

static void who_may_not_be_ended_is_told_of_as_long_as_it_lives__PROC_20(void)
{
    int exitcode = -1;
    const char *output;

    if (getuid() != 0) {
        printf("skipped: only root can be another ");
        return;
    }
    output = harness_output(&exitcode, self, "give up", harness_mem());
    if (!EXPECT(exitcode == 0))
        (void) fprintf(stderr, "%s\n", output);
}

static const brood_test_t tests[] = {
    TEST(one_that_the_program_has_reaped_has_ended_somehow__PROC_45),
    TEST(so_has_one_that_the_system_has_reaped__PROC_45),
    TEST(the_fork_server_knows_the_ends_of_its_children__PROC_45_FSRV_03),
    TEST(who_may_not_be_ended_is_told_of_as_long_as_it_lives__PROC_20),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return brood_main(argc, argv, app, entries);
    self = argv[0];
    return harness_tree(argc, argv, entries, "reaped", tests, sizeof tests / sizeof *tests);
}
