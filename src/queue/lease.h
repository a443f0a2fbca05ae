/* lease.h - items of a ring that its getters have on a lease.  Only for the queue's files.
 *
 * Every item of such a ring lies in a block of its own, with a few words at the block's end.  Whoever gets it owns the
 * block and says in the owner word that it is leased; that word is the truth of the lease: a store before the get's
 * commit begins it, one exchange in task_done ends it.  So a sweep that finds a leased block of the dead, and does not
 * find it in the ring, knows that it is unfinished, and puts it back.
 *
 * What comes back is linked into the list `returned` of the ring, which needs no memory and has no limit; getters take
 * from there first, the one that was put first.  Whatever comes is linked at the begin; only under the head's lock is
 * anything taken out.  Either is committed by one exchange of a link.  A block in a list keeps its owner, as in a slot:
 * a dead one's goes to the queue.  A link says how often the item has been given out, since in the block a get that was
 * cut short may have said more.
 *
 * The leases that a process has are linked in the same way, from its entry in the ring, for task_done and close. */
#ifndef BROOD_QUEUE_LEASE_H
#define BROOD_QUEUE_LEASE_H

#include "queue/ring.h"

/* At the end of an item's block; written by its getter.  A link is block >> 7 << 32 | how often given out; 0: none. */
typedef struct brood__lease_t {
    _Atomic uint64_t next; /* in a list, or of the leases of a process */
    uint64_t length;
    uint64_t thread; /* that got it */
    uint32_t content;
    uint32_t position; /* in the ring, at first */
    uint32_t deliveries;
} brood__lease_t;

static inline bool brood__leases(const brood__ring_t *ring)
{
    return (ring->options & BROOD__LEASES) != 0;
}

/* Bytes more that the block of an item has. */
static inline uint64_t brood__lease_room(const brood__ring_t *ring)
{
    return brood__leases(ring) ? sizeof(brood__lease_t) : 0;
}

/* Has an item come back that is to be got first? */
static inline bool brood__lease_waits(brood__ring_t *ring)
{
    return brood__leases(ring) && atomic_load(&ring->returned) != 0;
}

/* ---- get: under the head's lock ---- */

/* Items of the ring, from `position` on, are leased to this process, if the commit comes. */
void brood__lease_begin(const brood__item_t *items, uint32_t count, uint32_t position);
/* As brood__ring_get, from those that have come back. */
apr_status_t brood__lease_get(uint32_t *count, brood__item_t *items, brood__ring_t *ring, const brood__wish_t *wish);

/* ---- what this process has ---- */

/* It has got these. */
void brood__lease_keep(brood__ring_t *ring, const brood__item_t *items, uint32_t count);
/* It has done the oldest that this thread has got, or else another.  False: it has none. */
bool brood__lease_finish_next(brood__ring_t *ring);
/* It has done this one. */
void brood__lease_finish(brood__ring_t *ring, uint64_t block);
/* How often the one that brood__lease_finish_next would finish has been given out; 0: there is none. */
uint32_t brood__lease_deliveries(brood__ring_t *ring);

/* ---- what comes back ---- */

/* For a sweep, under both locks: is a block of the dead in a list?  It is if it was on a lease. */
bool brood__lease_return(brood__ring_t *ring, uint64_t block, uint32_t owner);
/* This process lets go of the ring: what it has comes back.  Waits for nobody. */
void brood__lease_return_all(brood__ring_t *ring);
/* Process `id` has ended; what it had has come back. */
void brood__lease_forget_all(brood__ring_t *ring, uint32_t id);
/* As brood__ring_count, with those that have come back. */
uint32_t brood__lease_count(brood__ring_t *ring);
/* Free those that have come back too often.  Returns how many. */
uint64_t brood__lease_claim(brood__ring_t *ring);

#endif
