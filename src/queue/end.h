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
    apr_interval_time_t timeout;
    apr_time_t deadline;
    apr_time_t look;
} brood__wait_t;

static inline brood__slot_t *brood__slot_at(brood__ring_t *ring, uint32_t position)
{
    return &ring->slot[position & ring->mask];
}

/* Below 0: the item of this position has not been put; 0: it is there; above: it is history. */
static inline int32_t brood__slot_state(brood__ring_t *ring, uint32_t position)
{
    return (int32_t) (atomic_load(&brood__slot_at(ring, position)->sequence) - (position + 1));
}

bool brood__ring_is_empty(brood__ring_t *ring);
bool brood__ring_is_full(brood__ring_t *ring);

/* Spin, yield or sleep once: until `end` is unlocked, or for a commit at it that ends emptiness (tail) or fullness
 * (head).  APR_SUCCESS: look again. */
apr_status_t brood__end_wait(brood__ring_t *ring, brood__end_t *end, unsigned what, brood__wait_t *wait);
/* Who has slept ends so: the one wake that a commit gives may have ended here, so it is passed on. */
void brood__end_leave(brood__ring_t *ring, brood__end_t *mine, brood__end_t *other, const brood__wait_t *wait);
/* Ring those who sleep on this end. */
void brood__end_attend(brood__end_t *end);

/* A dead owner's end is unlocked where the truth stands.  False: its owner lives, or it has none. */
bool brood__end_free_dead(brood__ring_t *ring, brood__end_t *end, uint64_t word);

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

#endif
