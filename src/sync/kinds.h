/* kinds.h - what this floor's objects are as values. */
#ifndef BROOD_SYNC_KINDS_H
#define BROOD_SYNC_KINDS_H

#include "base/kind.h"

extern const brood__kind_t brood__lock_kind;
extern const brood__kind_t brood__semaphore_kind;
extern const brood__kind_t brood__condition_kind;
extern const brood__kind_t brood__event_kind;
extern const brood__kind_t brood__barrier_kind;
extern const brood__kind_t brood__array_kind;

/* The entry of this process has failed: every lock that it holds is released, since what it guards is not in doubt for
 * others because of that, and every barrier that it has is broken, since it does not come to it any more.  In a copy
 * of this process that the program has forked by itself: nothing. */
void brood__sync_fail(void);

#endif
