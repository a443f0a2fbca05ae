/* chunk.h - the slots of a ring, in blocks that are linked as it grows.  Only for the ring's files.
 *
 * The link is the truth of a chunk's being there: it is set once, under the tail's lock, by whoever finds none.  A
 * getter takes the drained one for himself before he moves on, so that it is his, and goes with him, if he dies then. */
#ifndef BROOD_QUEUE_CHUNK_H
#define BROOD_QUEUE_CHUNK_H

#include "queue/ring.h"

typedef struct brood__chunk_t {
    _Alignas(64) _Atomic uint64_t next; /* offset of the chunk after it; 0: none yet */
    uint32_t base;                      /* position of its first slot */
    brood__slot_t slot[];
} brood__chunk_t;

/* How many slots the chunks of such a ring have. */
uint32_t brood__chunk_slots(uint32_t capacity);

/* Memory for a chunk, probably to begin at `base`.  APR_ENOMEM. */
apr_status_t brood__chunk_create(uint64_t *chunk, brood__ring_t *ring, uint32_t base);

/* A new chunk's slots are those from `base` on, with nothing in them. */
void brood__chunk_begin(brood__chunk_t *chunk, uint32_t base, uint32_t slots);

static inline brood__chunk_t *brood__chunk_at(uint64_t offset)
{
    return brood__at(offset);
}

static inline bool brood__chunk_has(const brood__ring_t *ring, const brood__chunk_t *chunk, uint32_t position)
{
    return position - chunk->base < ring->slots;
}

static inline brood__slot_t *brood__chunk_slot(brood__chunk_t *chunk, uint32_t position)
{
    return &chunk->slot[position - chunk->base];
}

/* Is the item of this position there? */
static inline bool brood__slot_is_full(brood__slot_t *slot, uint32_t position)
{
    return atomic_load_explicit(&slot->sequence, memory_order_acquire) == position + 1;
}

/* The chunk that an end is in: of its position, or at the end of that chunk the one before. */
static inline brood__chunk_t *brood__chunk_of(brood__end_t *end)
{
    return brood__chunk_at(atomic_load_explicit(&end->chunk, memory_order_relaxed));
}

/* Under the tail's lock, at the end of its chunk: the next one, linked if need be: a spare one or *fresh, which is then 0.
 * NULL: there is neither. */
brood__chunk_t *brood__chunk_extend(brood__ring_t *ring, uint32_t position, uint64_t *fresh);

/* Under the head's lock: the chunk of its position; NULL: not linked, so there is no item. */
static inline brood__chunk_t *brood__chunk_of_head(brood__ring_t *ring, uint32_t position)
{
    brood__chunk_t *chunk = brood__chunk_of(&ring->head);
    uint64_t next;

    if (brood__chunk_has(ring, chunk, position))
        return chunk;
    next = atomic_load_explicit(&chunk->next, memory_order_acquire);
    return next == 0 ? NULL : brood__chunk_at(next);
}

/* Under the head's lock: it is in `chunk` now, the next one.  Returns the one before, which is this process's, to be
 * recycled when the items have been got. */
uint64_t brood__chunk_leave(brood__ring_t *ring, const brood__chunk_t *chunk);
void brood__chunk_recycle(brood__ring_t *ring, uint64_t drained);

/* Is it a drained one that the ring keeps? */
bool brood__chunk_is_spare(brood__ring_t *ring, uint64_t chunk);

/* Under both locks: the chunk of a position; NULL: there is none. */
brood__chunk_t *brood__chunk_find(brood__ring_t *ring, uint32_t position);

/* Under both locks, when there is no item any more: give all back.  May be cut short by death and done again. */
void brood__chunk_free_all(brood__ring_t *ring);

#endif
