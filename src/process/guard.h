/* guard.h - what brood_init was given, and what a new process is run with. */
#ifndef BROOD_PROCESS_GUARD_H
#define BROOD_PROCESS_GUARD_H

/* The program's command line, NULL-ended: what a spawned child is run with. */
const char *const *brood__guard_argv(void);

/* What brood_set_executable was given; NULL: the running image. */
const char *brood__guard_executable(void);

#endif
