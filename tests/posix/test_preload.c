/* test_preload.c - what the fork server runs once before it serves (FSRV-08, FSRV-10).
 *
 * The program runs itself, since it counts what its processes print. */
#include "harness_output.h"
#include "posix/harness_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *self;
static int loaded;   /* by how many preloads this process, or the one it is a copy of, has been through */
static bool serving; /* what a preload has got, children of the server have */

/* ---- entries, and the program that is run ---- */

/* Prints, and leaves it to others to flush. */
static apr_status_t loading(brood_call_t *call)
{
    CHECK(brood_value_count(call->args) == 0);
    loaded++;
    serving = true;
    printf("preloaded\n");
    return APR_SUCCESS;
}

static apr_status_t failing(brood_call_t *call)
{
    (void) call;
    loaded++;
    printf("preloaded\n");
    return brood_fail(APR_EGENERAL, "on purpose");
}

static apr_status_t dying(brood_call_t *call)
{
    (void) call;
    (void) raise(SIGKILL);
    return APR_SUCCESS;
}

static apr_status_t leaving(brood_call_t *call)
{
    (void) call;
    exit(3);
}

static apr_status_t unlisted(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static apr_status_t run(brood_start_method_t method, brood_entry_fn entry, int depth, apr_pool_t *mem)
{
    const brood_process_options_t options = {.start_method = method};
    brood_process_t *process;

    BROOD_TRY(brood_process_start(&process, entry, BROOD_ARGS(depth), &options, mem));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    CHECK(brood_process_exitcode(process) == 0);
    return APR_SUCCESS;
}

/* Say how often it was loaded, and so on down. */
static apr_status_t telling(brood_call_t *call)
{
    int depth;

    BROOD_TRY(BROOD_UNPACK(call->args, &depth));
    printf("child has %d%s\n", loaded, serving ? ", set up" : "");
    return depth > 1 ? run(BROOD_START_FORKSERVER, telling, depth - 1, call->mem) : APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(loading), BROOD_ENTRY(failing), BROOD_ENTRY(dying),
                                        BROOD_ENTRY(leaving), BROOD_ENTRY(telling), BROOD_ENTRIES_END};

/* Three children of the server's, each with one of its own. */
static apr_status_t serve_six(apr_pool_t *mem)
{
    for (int i = 0; i < 3; i++)
        BROOD_TRY(run(BROOD_START_FORKSERVER, telling, 2, mem));
    return APR_SUCCESS;
}

/* A server that ends before it serves is a failed start, and no more. */
static apr_status_t end_early(brood_entry_fn preload, apr_pool_t *mem)
{
    BROOD_TRY(brood_set_forkserver_preload(preload));
    CHECK(run(BROOD_START_FORKSERVER, telling, 1, mem) == APR_EGENERAL);
    CHECK(strstr(brood_last_error()->message, "the fork server ends as soon as it is asked") != NULL);
    CHECK(brood_active_children(mem)[0] == NULL);
    BROOD_TRY(brood_set_forkserver_preload(NULL));
    return run(BROOD_START_FORKSERVER, telling, 1, mem);
}

static apr_status_t load_late(apr_pool_t *mem)
{
    BROOD_TRY(run(BROOD_START_FORKSERVER, telling, 1, mem));
    BROOD_TRY(brood_set_forkserver_preload(loading));
    return run(BROOD_START_FORKSERVER, telling, 1, mem);
}

static apr_status_t app(brood_call_t *call)
{
    const char *what = call->argv[1];

    if (strcmp(what, "late") == 0)
        return load_late(call->mem);
    if (strcmp(what, "die") == 0)
        return end_early(dying, call->mem);
    if (strcmp(what, "leave") == 0)
        return end_early(leaving, call->mem);
    BROOD_TRY(brood_set_forkserver_preload(strcmp(what, "fail") == 0 ? failing : loading));
    if (strcmp(what, "others") == 0) {
        BROOD_TRY(run(BROOD_START_SPAWN, telling, 0, call->mem));
        return run(BROOD_START_FORK, telling, 0, call->mem);
    }
    return serve_six(call->mem);
}

/* ---- tests ---- */

/* Run it so, and have it end well; returns what it has printed. */
static const char *output_of(const char *what)
{
    int exitcode = -1;
    const char *output = harness_output(&exitcode, self, what, harness_mem());

    if (!EXPECT(exitcode == 0))
        (void) fprintf(stderr, "%s: %s\n", what, output);
    return output;
}

static void it_runs_once_and_all_children_have_what_it_has_set_up__FSRV_08_FSRV_10(void)
{
    const char *output = output_of("load");

    EXPECT_ONCE("preloaded\n", output); /* in a buffer when the server forks: yet no child repeats it */
    EXPECT(harness_count(output, "child has 1, set up\n") == 6);
    EXPECT(harness_count(output, "\n") == 7);
}

static void one_that_fails_is_told_of_and_done_without__FSRV_08_FSRV_10(void)
{
    const char *output = output_of("fail");

    EXPECT_ONCE("fork server: main.failing failed: on purpose\n", output);
    EXPECT_ONCE("preloaded\n", output);
    EXPECT(harness_count(output, "child has 1\n") == 6);
}

static void one_that_ends_the_server_fails_the_start__FSRV_08(void)
{
    EXPECT_TEXT("child has 0\n", output_of("die"));
    EXPECT_TEXT("child has 0\n", output_of("leave"));
}

static void it_counts_for_servers_to_come__FSRV_08(void)
{
    EXPECT_TEXT("child has 0\nchild has 0\n", output_of("late"));
}

static void other_methods_do_without_it__FSRV_08(void)
{
    EXPECT_TEXT("child has 0\nchild has 0\n", output_of("others"));
}

static void what_is_in_no_table_is_refused__FSRV_08(void)
{
    EXPECT_STATUS(BROOD_EENTRY, brood_set_forkserver_preload(unlisted));
    EXPECT_OK(brood_set_forkserver_preload(loading));
    EXPECT_OK(brood_set_forkserver_preload(NULL));
}

static const brood_test_t tests[] = {
    TEST(it_runs_once_and_all_children_have_what_it_has_set_up__FSRV_08_FSRV_10),
    TEST(one_that_fails_is_told_of_and_done_without__FSRV_08_FSRV_10),
    TEST(one_that_ends_the_server_fails_the_start__FSRV_08),
    TEST(it_counts_for_servers_to_come__FSRV_08),
    TEST(other_methods_do_without_it__FSRV_08),
    TEST(what_is_in_no_table_is_refused__FSRV_08),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return brood_main(argc, argv, app, entries);
    self = argv[0];
    return harness_tree(argc, argv, entries, "preload", tests, sizeof tests / sizeof *tests);
}
