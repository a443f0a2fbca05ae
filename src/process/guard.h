/* guard.h - what brood_init was given. */
#ifndef BROOD_PROCESS_GUARD_H
#define BROOD_PROCESS_GUARD_H

/* The program's command line, NULL-ended: what a spawned child is run with. */
const char *const *brood__guard_argv(void);

#endif
