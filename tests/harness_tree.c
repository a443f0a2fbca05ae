/* harness_tree.c - for tests that start processes. */
#include "harness_tree.h"

#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>

static apr_pool_t *root;
static apr_pool_t *current;

apr_pool_t *harness_mem(void)
{
    if (current != NULL)
        apr_pool_destroy(current);
    if (apr_pool_create(&current, root) != APR_SUCCESS)
        abort();
    return current;
}

static int give_up(const char *what)
{
    (void) fprintf(stderr, "%s: %s\n", what, brood_last_error()->message);
    return EXIT_FAILURE;
}

int harness_tree(int argc, char **argv, const brood_entry_t *entries, const char *suite, const brood_test_t *tests,
                 size_t count)
{
    int result;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&root, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    if (brood_register("test", entries) != APR_SUCCESS)
        return give_up("brood_register");
    if (brood_init(argc, argv, NULL, root) != APR_SUCCESS)
        return give_up("brood_init");
    result = harness_run(suite, tests, count);
    apr_pool_destroy(root);
    apr_terminate();
    return result;
}

brood_process_t *harness_start(brood_entry_fn entry, brood_value_t args, apr_pool_t *mem)
{
    brood_process_t *process = NULL;

    EXPECT_OK(brood_process_start(&process, entry, args, NULL, mem));
    return process;
}

bool harness_expect_exit(int code, brood_process_t *process, const char *file, int line)
{
    int exitcode;

    if (process == NULL)
        return harness_expect(false, "the process was started", file, line);
    if (!harness_expect_status(APR_SUCCESS, brood_process_join(process, BROOD_FOREVER), "join", file, line))
        return false;
    exitcode = brood_process_exitcode(process);
    if (exitcode != code)
        (void) fprintf(stderr, "\n%s:%d: %s: exit code %d, expected %d\n", file, line, brood_process_name(process),
                       exitcode, code);
    return harness_expect(exitcode == code, "exit code", file, line);
}

bool harness_expect_killed(brood_process_t *process, const char *file, int line)
{
    if (process != NULL && !harness_expect_status(APR_SUCCESS, brood_process_kill(process), "kill", file, line))
        return false;
    return harness_expect_exit(harness_killed(), process, file, line);
}

brood_queue_t *harness_queue(apr_pool_t *mem)
{
    brood_queue_t *queue = NULL;

    EXPECT_OK(brood_queue_create(&queue, 0, NULL, mem));
    return queue;
}

brood_value_t harness_get(brood_queue_t *queue, apr_pool_t *mem)
{
    brood_value_t item = brood_nil();

    EXPECT_OK(brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    return item;
}

void harness_join(apr_thread_t *thread)
{
    apr_status_t status;

    /* APR on Windows: incomplete, since it did not call apr_thread_exit. */
    EXPECT_OK(brood_allow(apr_thread_join(&status, thread), APR_INCOMPLETE));
}

apr_size_t harness_count_ready(const brood_wait_t *items, apr_size_t count)
{
    apr_size_t ready = 0;

    for (apr_size_t i = 0; i < count; i++)
        ready += items[i].ready;
    return ready;
}

apr_size_t harness_children(apr_pool_t *mem)
{
    brood_process_t **children = brood_active_children(mem);
    apr_size_t count = 0;

    while (children[count] != NULL)
        count++;
    return count;
}

int harness_killed(void)
{
    brood_start_method_t methods[3];

    return brood_start_methods(methods) == 1 ? -15 : -9;
}
