/* barrier.h - inside of Barrier. */
#ifndef BROOD_SYNC_BARRIER_H
#define BROOD_SYNC_BARRIER_H

#include "memory/object.h"

/* In the arena.  What is under the lock is in doubt when its holder has died: then the barrier is broken anyway.  Those
 * who wait are told one by one, so a new round can begin before all of the last have gone. */
typedef struct brood__barrier_t {
    brood__object_t object;
    _Alignas(64) _Atomic uint32_t lock;
    _Atomic uint32_t broken; /* 0, or why; set by anybody, and then told to those who wait under the lock */
    uint32_t round;          /* under the lock, as are: */
    uint32_t count;          /* parties that have come in this round */
    uint32_t parties;
    uint32_t action_size; /* of the action's full name; 0: none */
    char action[];
} brood__barrier_t;

/* For brood__sync_fail: break all that this process has. */
void brood__barriers_break_all(void);

#endif
