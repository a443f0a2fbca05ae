/* waiter.h - threads that wait in an object, each by a word of its own, so that each can be told what becomes of it.
 *
 * One exchange of the word tells a waiter, and it is told once, under the object's own lock: whoever holds that knows
 * all who wait.  If it dies before it has done what it was told, a sweep tells another one, where that is wanted. */
#ifndef BROOD_MEMORY_WAITER_H
#define BROOD_MEMORY_WAITER_H

#include "memory/sleep.h"
#include <stdint.h>

/* In the arena.  `word` is 0: free, or the process's id and a state. */
typedef struct brood__waiter_t {
    _Alignas(64) _Atomic uint32_t word;
    _Atomic uint32_t asleep;    /* 1: it sleeps on this, or is about to; whoever takes it away wakes it */
    _Atomic uint64_t where;     /* offset of the object */
    _Atomic uint32_t ticket;    /* the object's: in what order they came, or for which round */
    _Atomic uint32_t inherited; /* if it dies, another is let pass in its stead */
} brood__waiter_t;

#define BROOD__WAITER_STATE(word) ((word) >> 30)
enum { BROOD__WAITS, BROOD__ENTERS, BROOD__PASSED, BROOD__BROKEN };

/* This thread waits at `where` from now on.  `inherited`: that it is let pass is not to be lost with it.
 * NULL: BROOD__WAITERS_MOST threads wait already. */
brood__waiter_t *brood__waiter_enter(uint64_t where, uint32_t ticket, bool inherited);
/* No longer. */
void brood__waiter_leave(brood__waiter_t *waiter);

/* BROOD__WAITS until it is told. */
static inline uint32_t brood__waiter_state(brood__waiter_t *waiter)
{
    return BROOD__WAITER_STATE(atomic_load(&waiter->word));
}

/* Spin, yield or sleep a while, unless it has been told or roused since it was called last.  APR_SUCCESS: look again;
 * APR_TIMEUP; APR_EINTR. */
apr_status_t brood__waiter_wait(brood__waiter_t *waiter, brood__sleeper_t *sleeper);

/* Tell one that waits, and wake it.  False: it does not wait any more. */
bool brood__waiter_tell(brood__waiter_t *waiter, uint32_t state);
/* Have it look again for what has been changed before. */
void brood__waiter_rouse(brood__waiter_t *waiter);

/* Of those who wait at `where`: the next after `previous` (NULL: from the beginning); the one with the least ticket.
 * NULL: none. */
brood__waiter_t *brood__waiter_next(uint64_t where, brood__waiter_t *previous);
brood__waiter_t *brood__waiter_first(uint64_t where);
/* How many wait there. */
unsigned brood__waiter_count(uint64_t where);

#endif
