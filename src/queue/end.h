/* end.h - one end of a ring: its lock, and waiting at it.  Only for the ring's files. */
#ifndef BROOD_QUEUE_END_H
#define BROOD_QUEUE_END_H

#include "queue/ring.h"

#define BROOD__POSITION(word) ((uint32_t) ((word) >> 32))
#define BROOD__OWNER(word) ((uint32_t) (word))
#define BROOD__END_WORD(position, owner) ((uint64_t) (uint32_t) (position) << 32 | (owner))

/* What sleepers wait for at an end. */
enum { BROOD__FOR_LOCK = 1, BROOD__FOR_COMMIT = 2 };

/* One wait: how far it has spun, and what it has slept for. */
typedef struct brood__wait_t {
    int spun;
    unsigned slept; /* BROOD__FOR_... */
    bool timed;     /* deadline has been made from timeout */
    bool ended;     /* nothing will come: what is not there at the next look never will be */
    apr_interval_time_t timeout;
    apr_time_t deadline;
    apr_time_t look;
} brood__wait_t;

/* Spin, yield or sleep once: until `end` is unlocked, or for a commit at it that ends emptiness (tail) or fullness
 * (head).  APR_SUCCESS: look again. */
apr_status_t brood__end_wait(brood__ring_t *ring, brood__end_t *end, unsigned what, brood__wait_t *wait);
/* It has spun enough, and would sleep now or give up. */
bool brood__end_is_patient(const brood__wait_t *wait);
/* Who has slept ends so: the one wake that a commit gives may have ended here, so it is passed on. */
void brood__end_leave(brood__ring_t *ring, brood__end_t *mine, brood__end_t *other, const brood__wait_t *wait);
/* Ring those who sleep on this end for one of `what`. */
void brood__end_attend(brood__end_t *end, unsigned what);
/* Have all look again who sleep on this end. */
void brood__end_wake_all(brood__end_t *end);

/* A dead owner's end is unlocked where the truth stands.  False: its owner lives, or it has none. */
bool brood__end_free_dead(brood__ring_t *ring, brood__end_t *end, uint64_t word);
bool brood__ring_is_full(brood__ring_t *ring);
/* Lock it, however long that takes; in a critical section. */
uint64_t brood__end_enter(brood__ring_t *ring, brood__end_t *end);

/* Lock an end.  False: somebody else was faster. */
static inline bool brood__end_lock(brood__end_t *end, uint64_t *word)
{
    if (!atomic_compare_exchange_strong_explicit(&end->word, word, *word | brood__me, memory_order_acquire,
                                                 memory_order_relaxed))
        return false;
    *word |= brood__me;
    return true;
}

/* Unlock it at `position`.  False: it has been taken from us, since we were declared dead. */
static inline bool brood__end_unlock(brood__end_t *end, uint64_t word, uint32_t position)
{
    return atomic_compare_exchange_strong_explicit(&end->word, &word, BROOD__END_WORD(position, 0),
                                                   memory_order_seq_cst, memory_order_relaxed);
}

/* Unlock it where it was: nothing has come of it but that others may have begun to wait for the lock. */
static inline void brood__end_unlock_as_was(brood__end_t *end, uint64_t word)
{
    (void) brood__end_unlock(end, word, BROOD__POSITION(word));
    if (atomic_load(&end->attention) != 0)
        brood__end_attend(end, BROOD__FOR_LOCK);
}

#endif
