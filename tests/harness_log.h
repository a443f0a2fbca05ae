/* harness_log.h - for tests of the logger: a function that keeps records, and how to look at them. */
#ifndef BROOD_TESTS_HARNESS_LOG_H
#define BROOD_TESTS_HARNESS_LOG_H

#include "harness_tree.h"

typedef struct record_t {
    int level;
    const char *process;
    const char *message;
} record_t;

/* Does a thread live here that is neither the program's nor brood's, but a checker's?  It counts as one of the
 * program's, and a forked child, where it is missing, cannot be sure of the threads that it begins. */
bool harness_watched(void);

/* What brood has to say of such a thread, for which it is no topic here. */
bool harness_is_warning(const char *message);

/* A brood_log_fn: to the queue `user`. */
void harness_collect(void *user, brood_log_level_t level, const char *process, const char *message);

/* How often a call of it has begun during another, in this process. */
int harness_collected_at_once(void);

/* The oldest record, waited for; its texts live in `mem`. */
record_t harness_record(brood_queue_t *records, apr_pool_t *mem);
void harness_expect_record(int level, const char *process, const char *message, brood_queue_t *records,
                           apr_pool_t *mem);

/* Is there a record of `process` whose message begins and ends so?  They stay. */
bool harness_has_record(brood_queue_t *records, const char *process, const char *begin, const char *end,
                        apr_pool_t *mem);

apr_size_t harness_size(brood_queue_t *queue);

void harness_log_to_nobody(void);

/* A thread's function: it logs, at level INFO, until the _Atomic bool is set. */
void *APR_THREAD_FUNC harness_log_on(apr_thread_t *thread, void *stop);

/* As harness_start, by this name. */
brood_process_t *harness_start_named(const char *name, brood_entry_fn entry, brood_value_t args, apr_pool_t *mem);

#endif
