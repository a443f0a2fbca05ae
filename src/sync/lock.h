/* lock.h - inside of Lock and RLock. */
#ifndef BROOD_SYNC_LOCK_H
#define BROOD_SYNC_LOCK_H

#include "base/kind.h"

extern const brood__kind_t brood__lock_kind;

/* Release every lock that this process holds: its entry has failed, and what it held is not in doubt for others
 * because of that.  In a copy of this process that the program has forked by itself: nothing. */
void brood__locks_release_all(void);

#endif
