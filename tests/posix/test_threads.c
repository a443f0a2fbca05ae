/* test_threads.c - forks in a program that has threads: a warning, or with `strict` a refusal (CTX-21).
 *
 * The program runs itself, since a process warns once.  A sanitizer may have a thread of its own: then there is always
 * one more than the program's. */
#include "harness_children.h"
#include "harness_output.h"
#include "harness_tree.h"

#include "platform/self.h"
#include <apr_general.h>
#include <apr_thread_cond.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CYCLES 500

#ifdef __linux__ /* others count a thread that has been joined for some moments more */
#define COUNTS_THE_JOINED false
#else
#define COUNTS_THE_JOINED true
#endif

static const char *self;

/* ---- a thread that does nothing for a while ---- */

typedef struct idler_t {
    apr_thread_t *thread;
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *changed;
    bool over;
} idler_t;

static void *APR_THREAD_FUNC idle(apr_thread_t *thread, void *data)
{
    idler_t *idler = data;

    apr_thread_mutex_lock(idler->lock);
    while (!idler->over)
        apr_thread_cond_wait(idler->changed, idler->lock);
    apr_thread_mutex_unlock(idler->lock);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static apr_status_t begin_idling(idler_t *idler, apr_pool_t *mem)
{
    idler->over = false;
    BROOD_TRY(apr_thread_mutex_create(&idler->lock, APR_THREAD_MUTEX_DEFAULT, mem));
    BROOD_TRY(apr_thread_cond_create(&idler->changed, mem));
    return apr_thread_create(&idler->thread, NULL, idle, idler, mem);
}

static apr_status_t end_idling(idler_t *idler)
{
    apr_status_t rc;

    apr_thread_mutex_lock(idler->lock);
    idler->over = true;
    apr_thread_cond_signal(idler->changed);
    apr_thread_mutex_unlock(idler->lock);
    return apr_thread_join(&rc, idler->thread);
}

/* ---- entries, and the program that is run ---- */

static apr_status_t start(brood_start_method_t method, brood_entry_fn entry, apr_pool_t *mem)
{
    const brood_process_options_t options = {.start_method = method};
    brood_process_t *process = NULL;

    BROOD_TRY(brood_process_start(&process, entry, BROOD_NO_ARGS, &options, mem));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    CHECK(brood_process_exitcode(process) == 0);
    return APR_SUCCESS;
}

static apr_status_t expect_refusal(apr_pool_t *mem)
{
    CHECK(start(BROOD_START_FORK, nothing, mem) == BROOD_EFORK);
    CHECK(strstr(brood_last_error()->message, "other threads") != NULL);
    CHECK(strstr(brood_last_error()->message, "spawn") != NULL);
    CHECK(brood_active_children(mem)[0] == NULL);
    return APR_SUCCESS;
}

static apr_status_t refused(brood_call_t *call)
{
    idler_t idler;

    BROOD_TRY(begin_idling(&idler, call->mem));
    BROOD_TRY(expect_refusal(call->mem));
    return end_idling(&idler);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(refused), BROOD_ENTRIES_END};

static apr_status_t fork_often(apr_pool_t *mem)
{
    for (int i = 0; i < 3; i++)
        BROOD_TRY(start(BROOD_START_FORK, nothing, mem));
    return APR_SUCCESS;
}

static apr_status_t start_otherwise(apr_pool_t *mem)
{
    BROOD_TRY(start(BROOD_START_SPAWN, nothing, mem));
    return start(BROOD_START_FORKSERVER, nothing, mem);
}

/* Wait until no other thread is counted; false: there is one that stays, a sanitizer's. */
static bool become_alone(void)
{
    for (int i = 0; i < 1000 && brood__self_threads() != 1; i++)
        apr_sleep(1000);
    return brood__self_threads() == 1;
}

/* Whose threads have ended has none. */
static apr_status_t fork_after_threads(apr_pool_t *mem)
{
    idler_t idler;

    for (int i = 0; i < CYCLES; i++) {
        BROOD_TRY(begin_idling(&idler, mem));
        BROOD_TRY(end_idling(&idler));
        if ((i == 0 || COUNTS_THE_JOINED) && !become_alone()) {
            printf("skipped: there are %d threads\n", brood__self_threads());
            return APR_SUCCESS;
        }
        BROOD_TRY(start(BROOD_START_FORK, nothing, mem));
    }
    return APR_SUCCESS;
}

static apr_status_t refuse_in_children(apr_pool_t *mem)
{
    BROOD_TRY(start(BROOD_START_SPAWN, refused, mem));
    if (brood__self_threads() == 1)
        BROOD_TRY(start(BROOD_START_FORK, refused, mem));
    return start(BROOD_START_FORKSERVER, refused, mem);
}

static apr_status_t program(const char *what, apr_pool_t *mem)
{
    idler_t idler;

    if (strstr(what, "alone") != NULL)
        return fork_after_threads(mem);
    if (strcmp(what, "strict children") == 0)
        return refuse_in_children(mem);
    BROOD_TRY(begin_idling(&idler, mem));
    if (strstr(what, "otherwise") != NULL)
        BROOD_TRY(start_otherwise(mem));
    else if (strcmp(what, "strict") == 0)
        BROOD_TRY(expect_refusal(mem));
    else
        BROOD_TRY(fork_often(mem));
    return end_idling(&idler);
}

static int run_program(int argc, char **argv)
{
    const brood_init_options_t options = {.strict = strstr(argv[1], "strict") != NULL};
    apr_pool_t *life, *mem;
    apr_status_t rc;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&life, NULL) != APR_SUCCESS
        || brood_register("test", entries) != APR_SUCCESS || brood_init(argc, argv, &options, life) != APR_SUCCESS
        || apr_pool_create(&mem, life) != APR_SUCCESS)
        return EXIT_FAILURE;
    rc = program(argv[1], mem);
    if (rc != APR_SUCCESS)
        (void) fprintf(stderr, "%s\n", brood_last_error()->message);
    apr_pool_destroy(life);
    apr_terminate();
    return rc == APR_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- tests ---- */

/* Run it so, and have it end well; returns what it has printed. */
static const char *run(const char *what)
{
    int exitcode = -1;
    const char *output = harness_output(&exitcode, self, what, harness_mem());

    if (!EXPECT(exitcode == 0))
        (void) fprintf(stderr, "%s: %s\n", what, output);
    return output;
}

static void a_fork_with_threads_is_warned_of_once(void)
{
    const char *output = run("warn");

    EXPECT_ONCE("other threads are alive", output);
    EXPECT_ONCE("MainProcess: forks while ", output);
    EXPECT(harness_count(output, "\n") == 1);
}

static void other_methods_are_not_warned_of(void)
{
    EXPECT_TEXT("", run("otherwise"));
}

static void whose_threads_have_ended_forks_without_a_word(void)
{
    const char *output = run("alone");

    EXPECT(*output == '\0' || strncmp(output, "skipped", 7) == 0);
}

static void strict_refuses_the_fork_and_nothing_else(void)
{
    EXPECT_TEXT("", run("strict"));
    EXPECT_TEXT("", run("strict otherwise"));
}

static void strict_allows_it_once_the_threads_have_ended(void)
{
    const char *output = run("strict alone");

    EXPECT(*output == '\0' || strncmp(output, "skipped", 7) == 0);
}

static void strict_is_for_the_whole_tree__CTX_21(void)
{
    EXPECT_TEXT("", run("strict children"));
}

static const brood_test_t tests[] = {
    TEST(a_fork_with_threads_is_warned_of_once),         TEST(other_methods_are_not_warned_of),
    TEST(whose_threads_have_ended_forks_without_a_word), TEST(strict_refuses_the_fork_and_nothing_else),
    TEST(strict_allows_it_once_the_threads_have_ended),  TEST(strict_is_for_the_whole_tree__CTX_21),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return run_program(argc, argv);
    self = argv[0];
    return harness_tree(argc, argv, entries, "threads", tests, sizeof tests / sizeof *tests);
}
