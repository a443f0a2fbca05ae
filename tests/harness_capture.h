/* harness_capture.h - what this program and its children write to stderr.
 *
 * All of it goes to one file, as the fork server has its stderr since its start. */
#ifndef BROOD_TESTS_HARNESS_CAPTURE_H
#define BROOD_TESTS_HARNESS_CAPTURE_H

#include "harness.h"
#include <apr_pools.h>

/* From now on. */
void harness_capture(void);

/* How many bytes so far. */
apr_size_t harness_capture_size(void);

/* And no longer.  Returns all that has been written since, by whomever, with 0 behind it, in `mem`; *size without that. */
char *harness_captured_bytes(apr_size_t *size, apr_pool_t *mem);
/* The same as text: without the lines that a checker's thread brings about. */
char *harness_captured(apr_pool_t *mem);

#endif
