/* newborn.h - what a new process does, however it came to be.  None of these returns. */
#ifndef BROOD_PROCESS_NEWBORN_H
#define BROOD_PROCESS_NEWBORN_H

#include "platform/child.h"
#include "process/startup.h"

/* A forked copy of the parent, whose start data are in the memory it inherited, with the family's lock held;
 * `mem` is its own from now on. */
void brood__newborn_forked(const brood__startup_t *startup, apr_pool_t *mem);

/* The program run anew: a child, the fork server, or the keeper. */
void brood__newborn_spawned(const brood__bequest_t *bequest);

#endif
