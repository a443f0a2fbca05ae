/* mutex.h - a lock for the threads of this process, all zero when it is free.
 *
 * Made of atomics: it works before there is anything that another could be made of, whoever forks may hold it, and the
 * child unlocks it without a page of another library.  Who waits sleeps, as what is waited for may be a function of the
 * program's. */
#ifndef BROOD_BASE_MUTEX_H
#define BROOD_BASE_MUTEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct brood__mutex_t {
    _Atomic uintptr_t owner; /* 0: nobody */
    _Atomic uintptr_t next;  /* who has waited so long that others let it pass; 0: nobody */
    unsigned depth;
} brood__mutex_t;

/* Nested. */
void brood__mutex_lock(brood__mutex_t *mutex);
void brood__mutex_unlock(brood__mutex_t *mutex);

/* Which thread has it, as a number that no other thread has at the same time; 0: none.  Is it this one? */
uintptr_t brood__mutex_owner(const brood__mutex_t *mutex);
bool brood__mutex_is_mine(const brood__mutex_t *mutex);

/* Let others have it, however often this thread has locked it.  And back. */
unsigned brood__mutex_let_go(brood__mutex_t *mutex);
void brood__mutex_take_back(brood__mutex_t *mutex, unsigned depth);

/* In a forked child, instead of unlocking what was locked across the fork: whoever waited for it is not there. */
void brood__mutex_forked(brood__mutex_t *mutex);

/* In a copy of the process that was forked while `owner`, a thread of the original, perhaps had it.  False: it had not,
 * or this is that thread's own copy. */
bool brood__mutex_abandoned(brood__mutex_t *mutex, uintptr_t owner);

#endif
