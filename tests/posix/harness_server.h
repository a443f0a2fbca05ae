/* harness_server.h - for tests of the fork server: children of its, and its death. */
#ifndef BROOD_TESTS_POSIX_HARNESS_SERVER_H
#define BROOD_TESTS_POSIX_HARNESS_SERVER_H

#include "harness_tree.h"
#include <sys/types.h>

/* By the fork server, whatever the start method of the run. */
extern const brood_process_options_t harness_served;

/* Start such a child, or fail the test and return NULL. */
brood_process_t *harness_start_served(brood_entry_fn entry, brood_value_t args, apr_pool_t *mem);

/* The server that this process has started; 0: it has started none, or the last is known to be dead. */
pid_t harness_server_pid(void);

/* Kill it.  It is dead then, and nobody has noticed. */
void harness_server_kill(void);

#endif
