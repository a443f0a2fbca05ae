/* harness_tree.h - for tests that start processes: the test program is the first of a tree, or a child of one. */
#ifndef BROOD_TESTS_HARNESS_TREE_H
#define BROOD_TESTS_HARNESS_TREE_H

#include "harness.h"
#include <apr_thread_proc.h>
#include <apr_time.h>
#include <brood.h>

/* main of such a program: APR, the table as module "test", brood_init, the tests, the end.  In a re-executed child it
 * runs the entry and does not return.  Returns main's exit code. */
int harness_tree(int argc, char **argv, const brood_entry_t *entries, const char *suite, const brood_test_t *tests,
                 size_t count);

/* A pool for the test that begins: what the test before had in it has ended. */
apr_pool_t *harness_mem(void);

/* Start a child with the default options, or fail the test and return NULL. */
brood_process_t *harness_start(brood_entry_fn entry, brood_value_t args, apr_pool_t *mem);

/* A queue; its next item, waited for. */
brood_queue_t *harness_queue(apr_pool_t *mem);
brood_value_t harness_get(brood_queue_t *queue, apr_pool_t *mem);

/* Wait for the end of a thread that returns, and so leaves its stack in good order. */
void harness_join(apr_thread_t *thread);

/* How many of what was waited for is ready. */
apr_size_t harness_count_ready(const brood_wait_t *items, apr_size_t count);

/* How many children of this process live. */
apr_size_t harness_children(apr_pool_t *mem);

/* Open descriptors or handles of this process, one or two more for the asking; 0: the system does not tell. */
int harness_handles(void);

/* Children of this process that have ended and were not reaped: 1 for any number of them. */
int harness_ended_unheard(void);

/* Does the system close the sockets of a process whenever it is killed? */
bool harness_closes_sockets(void);

/* The exit code of one that was killed: where there is nothing but spawn, there are no signals. */
int harness_killed(void);

/* In an entry: fail unless this holds.  CUnit runs in the first process only. */
#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition))                                                                 \
            return brood_fail(APR_EGENERAL, "%s:%d: %s", __FILE__, __LINE__, #condition); \
    } while (0)

/* Join a child and expect this exit code. */
#define EXPECT_EXIT(code, process) harness_expect_exit((code), (process), __FILE__, __LINE__)
bool harness_expect_exit(int code, brood_process_t *process, const char *file, int line);

/* Kill a child and expect that it is this that has ended it. */
#define EXPECT_KILLED(process) harness_expect_killed((process), __FILE__, __LINE__)
bool harness_expect_killed(brood_process_t *process, const char *file, int line);

#endif
