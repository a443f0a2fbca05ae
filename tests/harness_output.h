/* harness_output.h - the test program run anew, and what it prints. */
#ifndef BROOD_TESTS_HARNESS_OUTPUT_H
#define BROOD_TESTS_HARNESS_OUTPUT_H

#include "harness.h"
#include <apr_pools.h>

/* Run the program in the file `self` with one argument, to its end.  Returns what it and its children have printed to
 * stdout and stderr, in `mem`; *exitcode is its exit code, -N if signal N has ended it. */
const char *harness_output(int *exitcode, const char *self, const char *argument, apr_pool_t *mem);

/* How often `part` is in `text`. */
int harness_count(const char *text, const char *part);

/* `part` is in the output, once; else the output is shown. */
bool harness_expect_once(const char *part, const char *output, const char *file, int line);
#define EXPECT_ONCE(part, output) harness_expect_once((part), (output), __FILE__, __LINE__)

#endif
