/* harness_program.h - the test program run anew as the first process of a tree of its own, and watched from outside. */
#ifndef BROOD_TESTS_POSIX_HARNESS_PROGRAM_H
#define BROOD_TESTS_POSIX_HARNESS_PROGRAM_H

#include "harness.h"
#include <sys/types.h>

typedef struct harness_program_t {
    pid_t pid;  /* of the first process; the whole tree is one process group, which has this number */
    int output; /* what any of them prints; its end is the end of all who have not closed theirs */
} harness_program_t;

/* Run the program in the file `self` with one argument. */
harness_program_t harness_program_start(const char *self, const char *argument);

/* Its next line, waited for, without the end of line; "" if all have ended. */
void harness_program_line(char *line, size_t size, const harness_program_t *program);

/* Wait until no process of the tree is left, orphans and the fork server included; what they print still is lost.
 * Returns the first one's exit code, -N if signal N has ended it. */
int harness_program_gone(harness_program_t *program);

#endif
