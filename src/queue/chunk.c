#include "queue/chunk.h"
#include "base/step.h"
#include "memory/heap.h"

#define SLOTS 255u /* of the largest chunk: with its head 16 KiB */

uint32_t brood__chunk_slots(uint32_t capacity)
{
    uint32_t slots = 15;

    while (slots < capacity && slots < SLOTS)
        slots = slots * 2 + 1;
    return slots;
}

void brood__chunk_begin(brood__chunk_t *chunk, uint32_t base, uint32_t slots)
{
    chunk->base = base;
    for (uint32_t i = 0; i < slots; i++)
        atomic_store_explicit(&chunk->slot[i].sequence, base, memory_order_relaxed);
}

apr_status_t brood__chunk_create(uint64_t *chunk, brood__ring_t *ring, uint32_t base)
{
    BROOD_TRY(brood__heap_alloc(chunk, sizeof(brood__chunk_t) + ring->slots * sizeof(brood__slot_t)));
    brood__chunk_begin(brood__chunk_at(*chunk), base, ring->slots);
    return APR_SUCCESS;
}

/* One that is linked already, by someone who died then, may still be among the spare ones. */
static void forget_spare(brood__ring_t *ring, uint64_t linked)
{
    for (unsigned i = 0; i < BROOD__SPARES; i++)
        if (atomic_load_explicit(&ring->spare[i], memory_order_relaxed) == linked)
            atomic_store(&ring->spare[i], 0);
}

static uint64_t find_spare(brood__ring_t *ring)
{
    uint64_t spare = 0;

    for (unsigned i = 0; i < BROOD__SPARES && spare == 0; i++)
        spare = atomic_load_explicit(&ring->spare[i], memory_order_acquire);
    return spare;
}

/* Ours from here on, or nobody's if we die; the ring's by its link.  A spare one's sequences are of the past. */
static void link_new(brood__ring_t *ring, brood__chunk_t *last, uint32_t position, uint64_t *fresh)
{
    uint64_t offset = find_spare(ring);
    brood__chunk_t *chunk = brood__chunk_at(offset != 0 ? offset : *fresh);

    if (offset == 0) {
        if ((offset = *fresh) == 0)
            return;
        *fresh = 0;
        if (chunk->base != position)
            brood__chunk_begin(chunk, position, ring->slots);
    }
    chunk->base = position;
    atomic_store_explicit(&chunk->next, 0, memory_order_relaxed);
    brood__heap_publish(offset, brood__offset(ring), position);
    BROOD__STEP(CHUNK_READY);
    atomic_store_explicit(&last->next, offset, memory_order_release);
    BROOD__STEP(CHUNK_LINKED);
}

brood__chunk_t *brood__chunk_extend(brood__ring_t *ring, uint32_t position, uint64_t *fresh)
{
    brood__chunk_t *chunk = brood__chunk_of(&ring->tail);
    uint64_t next;

    if (atomic_load_explicit(&chunk->next, memory_order_relaxed) == 0)
        link_new(ring, chunk, position, fresh);
    next = atomic_load_explicit(&chunk->next, memory_order_relaxed);
    if (next == 0)
        return NULL;
    forget_spare(ring, next);
    BROOD__STEP(CHUNK_SPARE_TAKEN);
    atomic_store_explicit(&ring->tail.chunk, next, memory_order_relaxed);
    return brood__chunk_at(next);
}

uint64_t brood__chunk_leave(brood__ring_t *ring, const brood__chunk_t *chunk)
{
    const uint64_t before = atomic_load_explicit(&ring->head.chunk, memory_order_relaxed);

    brood__heap_take(before);
    BROOD__STEP(CHUNK_TAKEN);
    if (atomic_load_explicit(&ring->looked, memory_order_relaxed) >> 32 << 7 == before)
        atomic_store_explicit(&ring->looked, 0, memory_order_relaxed);
    atomic_store_explicit(&ring->head.chunk, brood__offset(chunk), memory_order_relaxed);
    BROOD__STEP(CHUNK_LEFT);
    return before;
}

void brood__chunk_recycle(brood__ring_t *ring, uint64_t drained)
{
    for (unsigned i = 0; i < BROOD__SPARES; i++) {
        uint64_t none = 0;

        if (atomic_load_explicit(&ring->spare[i], memory_order_relaxed) == 0
            && atomic_compare_exchange_strong(&ring->spare[i], &none, drained))
            return;
    }
    brood__heap_free(drained);
}

bool brood__chunk_is_spare(brood__ring_t *ring, uint64_t chunk)
{
    bool spare = false;

    for (unsigned i = 0; i < BROOD__SPARES && !spare; i++)
        spare = atomic_load(&ring->spare[i]) == chunk;
    return spare;
}

/* ---- under both locks ---- */

/* Where the last look ended is a good begin for the next, unless it was farther on: offset >> 7 << 32 | base. */
static brood__chunk_t *first_for(brood__ring_t *ring, uint32_t position)
{
    brood__chunk_t *first = brood__chunk_of(&ring->head);
    const uint64_t looked = atomic_load_explicit(&ring->looked, memory_order_relaxed);

    if (looked == 0 || (uint32_t) looked - first->base > position - first->base)
        return first;
    return brood__chunk_at(looked >> 32 << 7);
}

brood__chunk_t *brood__chunk_find(brood__ring_t *ring, uint32_t position)
{
    uint64_t offset;

    if (atomic_load(&ring->head.chunk) == 0)
        return NULL;
    for (offset = brood__offset(first_for(ring, position)); offset != 0;
         offset = atomic_load(&brood__chunk_at(offset)->next))
        if (brood__chunk_has(ring, brood__chunk_at(offset), position)) {
            atomic_store_explicit(&ring->looked, offset >> 7 << 32 | brood__chunk_at(offset)->base,
                                  memory_order_relaxed);
            return brood__chunk_at(offset);
        }
    return NULL;
}

/* Each is ours before the ring forgets it, and the ring has forgotten it before it is free.  The chain comes last: while
 * it is there, there is something left to do. */
void brood__chunk_free_all(brood__ring_t *ring)
{
    uint64_t offset;

    if (atomic_load(&ring->head.chunk) == 0)
        return;
    forget_spare(ring, atomic_load(&brood__chunk_of(&ring->tail)->next));
    while ((offset = find_spare(ring)) != 0) {
        brood__heap_take(offset);
        forget_spare(ring, offset);
        brood__heap_free(offset);
    }
    while ((offset = atomic_load(&ring->head.chunk)) != 0) {
        brood__heap_take(offset);
        atomic_store(&ring->head.chunk, atomic_load(&brood__chunk_at(offset)->next));
        BROOD__STEP(CHUNK_LEFT);
        brood__heap_free(offset);
    }
}
