/* test_handlers.c - exit handlers, exit(n), and a wait at exit that has its limit (EXIT-02, EXIT-05, EXIT-06, EXIT-14).
 *
 * The program runs itself and looks at what comes out. */
#include "harness_output.h"
#include "harness_tree.h"

#include <apr_general.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef BROOD_HAVE_ON_EXIT
#define KNOWS_EXIT_CODES true
#else
#define KNOWS_EXIT_CODES false
#endif

static const char *self;
static pid_t first; /* who has registered it */

/* ---- entries, and the program that is run ---- */

static void older(void)
{
    printf("older handler\n");
}

static void newer(void)
{
    printf("newer handler\n");
}

/* In a child it is heard only if that is the one that has registered it: a spawned one. */
static void of_main(void)
{
    printf(getpid() == first ? "handler of main\n" : "inherited handler\n");
}

static void finalize(void *nothing)
{
    (void) nothing;
    printf("finalizer\n");
}

static apr_status_t with_handlers(brood_call_t *call)
{
    const char *how;

    BROOD_TRY(BROOD_UNPACK(call->args, &how));
    BROOD_TRY(brood_finalizer_create(NULL, finalize, NULL, 0, call->mem));
    if (atexit(older) != 0 || atexit(newer) != 0)
        return brood_fail(APR_ENOMEM, "no memory for handlers");
    if (strcmp(how, "fail") == 0)
        return brood_fail(APR_EGENERAL, "on purpose");
    if (strcmp(how, "exit") == 0)
        exit(7);
    return APR_SUCCESS;
}

/* Does not listen to SIGTERM. */
static apr_status_t deaf(brood_call_t *call)
{
    brood_queue_t *ready, *never;
    brood_value_t word;
    bool is_deaf;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &never, &is_deaf));
    if (is_deaf && signal(SIGTERM, SIG_IGN) == SIG_ERR)
        return APR_EGENERAL;
    BROOD_TRY(brood_queue_put(ready, brood_nil(), BROOD_FOREVER));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(with_handlers), BROOD_ENTRY(deaf), BROOD_ENTRIES_END};

static apr_status_t run_with_handlers(const char *how, apr_pool_t *mem)
{
    brood_process_t *process;

    BROOD_TRY(brood_process_start(&process, with_handlers, BROOD_ARGS(how), NULL, mem));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    printf("exit code %d\n", brood_process_exitcode(process));
    return APR_SUCCESS;
}

/* One that ends when it is asked to, and one that does not. */
static apr_status_t leave_two(apr_pool_t *mem)
{
    const brood_process_options_t good = {.name = "Good"}, bad = {.name = "Bad"};
    brood_queue_t *ready, *never;
    brood_value_t word;

    BROOD_TRY(brood_queue_create(&ready, 0, NULL, mem));
    BROOD_TRY(brood_queue_create(&never, 0, NULL, mem));
    BROOD_TRY(brood_process_start(NULL, deaf, BROOD_ARGS(ready, never, brood_bool(false)), &good, mem));
    BROOD_TRY(brood_process_start(NULL, deaf, BROOD_ARGS(ready, never, brood_bool(true)), &bad, mem));
    BROOD_TRY(brood_queue_get(&word, ready, BROOD_FOREVER, mem));
    return brood_queue_get(&word, ready, BROOD_FOREVER, mem);
}

static apr_status_t program(const char *what, apr_pool_t *mem)
{
    if (strcmp(what, "leave") == 0)
        return leave_two(mem);
    if (strcmp(what, "leave by exit") != 0)
        return run_with_handlers(what, mem);
    BROOD_TRY(brood_finalizer_create(NULL, finalize, NULL, 0, mem));
    BROOD_TRY(leave_two(mem));
    exit(3);
}

/* With a wait at exit that is short. */
static int run_program(int argc, char **argv)
{
    const brood_init_options_t options = {.exit_grace = 1000};
    apr_pool_t *mem;
    apr_status_t rc;

    first = getpid();
    if (atexit(of_main) != 0 || apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    rc = brood_register("test", entries);
    if (rc == APR_SUCCESS)
        rc = brood_init(argc, argv, &options, mem);
    if (rc == APR_SUCCESS)
        rc = program(argv[1], mem);
    apr_pool_destroy(mem);
    apr_terminate();
    return rc == APR_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- helpers ---- */

/* Run it so, and have it end with this exit code; returns what it has printed. */
static const char *output_of(const char *argument, int expected)
{
    int exitcode = -1;
    const char *output = harness_output(&exitcode, self, argument, harness_mem());

    EXPECT(exitcode == expected);
    return output;
}

static bool is_spawn(void)
{
    const char *method = getenv("BROOD_START_METHOD");

    return method != NULL && strcmp(method, "spawn") == 0;
}

/* What the child prints comes before what its parent does, since that joins it.  A spawned child is a program of its
 * own, whose main has registered a handler as well. */
static const char *child_and(const char *rest, char *text, size_t size)
{
    (void) snprintf(text, size, "newer handler\nolder handler\nfinalizer\n%s%shandler of main\n",
                    is_spawn() ? "handler of main\n" : "", rest);
    return text;
}

/* ---- tests ---- */

static void a_child_runs_its_own_handlers_and_none_it_inherited__EXIT_02_EXIT_05(void)
{
    const char *output = output_of("return", 0);
    char wanted[200];

    EXPECT_TEXT(child_and("exit code 0\n", wanted, sizeof wanted), output);
    output = output_of("fail", 0);
    EXPECT(strstr(output, "with_handlers failed: on purpose") != NULL);
    EXPECT(strstr(output, child_and("exit code 1\n", wanted, sizeof wanted)) != NULL);
}

static void exit_in_an_entry_is_an_end_like_any_other__EXIT_05_EXIT_14_PROC_30(void)
{
    const char *output = output_of("exit", 0);
    char wanted[200];

    if (KNOWS_EXIT_CODES || is_spawn())
        EXPECT_TEXT(child_and("exit code 7\n", wanted, sizeof wanted), output);
    else /* inherited handlers cannot be left out then */
        EXPECT_TEXT("newer handler\nolder handler\nfinalizer\ninherited handler\nexit code 7\nhandler of main\n",
                    output);
}

static void the_wait_at_exit_ends_and_each_that_it_ends_is_told__EXIT_06(void)
{
    static const char *const told[] = {"Good (pid ", ") had not ended in time and was terminated\n", "Bad (pid ",
                                       ") had not ended in time and was killed\n", "handler of main\n"};
    const char *output = output_of("leave", 0);

    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        EXPECT(strstr(output, told[i]) != NULL);
}

static void exit_in_the_program_is_its_end__EXIT_06_EXIT_14(void)
{
    const char *output = output_of("leave by exit", 3);
    const char *finalizer = strstr(output, "finalizer\n");

    EXPECT(finalizer != NULL && strstr(finalizer + 1, "finalizer\n") == NULL);
    EXPECT(strstr(output, "was killed\n") != NULL);
    EXPECT(strstr(output, "handler of main\n") != NULL && strstr(output, "inherited") == NULL);
}

static const brood_test_t tests[] = {
    TEST(a_child_runs_its_own_handlers_and_none_it_inherited__EXIT_02_EXIT_05),
    TEST(exit_in_an_entry_is_an_end_like_any_other__EXIT_05_EXIT_14_PROC_30),
    TEST(the_wait_at_exit_ends_and_each_that_it_ends_is_told__EXIT_06),
    TEST(exit_in_the_program_is_its_end__EXIT_06_EXIT_14),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return run_program(argc, argv);
    self = argv[0];
    return harness_tree(argc, argv, entries, "handlers", tests, sizeof tests / sizeof *tests);
}
