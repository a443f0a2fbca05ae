/* word.h - a lock that survives its owner: one 32-bit word of the arena, which names him.
 *
 * The word's owner field is the only statement of ownership, so a death anywhere leaves either the old owner or the
 * new one.  If any thread sleeps on the word, then BROOD__WAITERS is set in it, or a wake is on its way, or the one
 * who bears it is dead and a sweep is due. */
#ifndef BROOD_MEMORY_WORD_H
#define BROOD_MEMORY_WORD_H

#include "base/step.h"
#include "memory/table.h"
#include <brood/status.h>
#include <stdatomic.h>

/* The part of acquire that may wait. */
apr_status_t brood__word_wait(_Atomic uint32_t *word, apr_interval_time_t timeout);
/* The part of release that wakes. */
void brood__word_wake(_Atomic uint32_t *word);

/* APR_SUCCESS, BROOD_EOWNERDEAD (acquired all the same), APR_TIMEUP, or APR_EINTR (see interrupt.h; never inside a
 * critical section); no message. */
static inline apr_status_t brood__word_acquire(_Atomic uint32_t *word, apr_interval_time_t timeout)
{
    uint32_t nobody = 0;

    if (atomic_compare_exchange_strong_explicit(word, &nobody, brood__me, memory_order_acquire, memory_order_relaxed)) {
        BROOD__STEP(LOCK_FAST);
        return APR_SUCCESS;
    }
    return brood__word_wait(word, timeout);
}

/* Whoever calls it.  APR_EINVAL: it was free; no message. */
static inline apr_status_t brood__word_release(_Atomic uint32_t *word)
{
    const uint32_t old = atomic_exchange_explicit(word, 0, memory_order_release);

    if ((old & ~BROOD__ID_MASK) != 0) {
        BROOD__STEP(LOCK_RELEASED_WAITED);
        brood__word_wake(word);
        return APR_SUCCESS;
    }
    BROOD__STEP(LOCK_RELEASED);
    return old != 0 ? APR_SUCCESS : APR_EINVAL;
}

/* Its living owner, or 0. */
brood__id_t brood__word_owner(_Atomic uint32_t *word);

#endif
