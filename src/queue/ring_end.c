/* ring_end.c - what becomes of a ring when somebody dies, shuts it, or is the last to have it. */
#include "base/deadline.h"
#include "base/step.h"
#include "memory/heap.h"
#include "memory/loan.h"
#include "memory/sleep.h"
#include "queue/end.h"
#include "queue/chunk.h"
#include "queue/lease.h"
#include "queue/task.h"

/* ---- for sweeps ---- */

/* Lock an end for a short while, whoever is in it; false: somebody alive stays in it.  Only marks the dead. */
static bool lock_for_sweep(brood__ring_t *ring, brood__end_t *end, uint64_t *word)
{
    const apr_time_t begin = brood__clock_now();

    for (int i = 0;; i++) {
        const apr_time_t waited = i < 50 ? 0 : brood__clock_now() - begin;

        *word = atomic_load(&end->word);
        if (BROOD__OWNER(*word) == 0) {
            if (brood__end_lock(end, word))
                return true;
        } else if (!brood__end_free_dead(ring, end, *word)) {
            if (waited > apr_time_from_msec(20))
                return false;
            if (waited > apr_time_from_msec(1))
                (void) brood__table_probe(BROOD__OWNER(*word));
            if (i < 50)
                brood__clock_pause();
            else
                brood__clock_yield();
        }
    }
}

/* Of a position its last bits are known.  Under both locks. */
static bool is_held(brood__ring_t *ring, uint64_t head, uint64_t tail, uint32_t position, uint64_t block)
{
    const uint64_t first = atomic_load(&ring->head.chunk);
    brood__chunk_t *chunk;

    if (brood__chunk_is_spare(ring, block))
        return true;
    if (first == 0)
        return false;
    position = brood__chunk_at(first)->base + ((position - brood__chunk_at(first)->base) & BROOD__POSITIONS);
    if ((chunk = brood__chunk_find(ring, position)) == NULL)
        return false;
    if (brood__offset(chunk) == block)
        return true;
    return position - BROOD__POSITION(head) < BROOD__POSITION(tail) - BROOD__POSITION(head)
           && (brood__chunk_slot(chunk, position)->block & ~UINT64_C(127)) == block;
}

int brood__ring_holds(void *object, uint32_t position, uint64_t block, uint32_t owner)
{
    brood__ring_t *ring = object;
    uint64_t head, tail;
    int held = -1;

    brood__critical_enter();
    if (lock_for_sweep(ring, &ring->head, &head)) {
        BROOD__STEP(SWEEP_ENDS_LOCKED);
        if (lock_for_sweep(ring, &ring->tail, &tail)) {
            held = is_held(ring, head, tail, position, block)
                   || (brood__leases(ring) && brood__lease_return(ring, block, owner));
            BROOD__STEP(SWEEP_ENDS_LOCKED);
            brood__end_unlock_as_was(&ring->tail, tail);
        }
        brood__end_unlock_as_was(&ring->head, head);
    }
    if (brood__lease_waits(ring))
        brood__end_attend(&ring->tail, BROOD__FOR_COMMIT);
    brood__critical_leave();
    return held;
}

void brood__ring_dropped(void *object, uint32_t id, bool ended)
{
    brood__ring_t *ring = object;

    if (brood__leases(ring)) {
        if (ended)
            brood__lease_forget_all(ring, id);
        else
            brood__lease_return_all(ring);
    }
    if (ring->options & BROOD__JOINABLE)
        brood__tasks_lose(ring, id); /* what has come back has done so before */
    if (ring->options & (BROOD__ENDS_WITH_WRITERS | BROOD__LEASES))
        brood__end_wake_all(&ring->tail);
}

/* ---- the end of puts ---- */

bool brood__ring_ended(brood__ring_t *ring)
{
    const uint32_t state = atomic_load(&ring->state);

    if (state == BROOD__SHUT && brood__leases(ring))
        return brood__tasks_rest(ring);
    return state != BROOD__OPEN
           || ((ring->options & BROOD__ENDS_WITH_WRITERS) != 0 && brood__object_alone(&ring->object));
}

/* Under the tail's lock, so that whoever sees it sees all that was put before. */
void brood__ring_shut(brood__ring_t *ring, uint32_t state)
{
    uint64_t word;

    brood__critical_enter();
    word = brood__end_enter(ring, &ring->tail);
    if (atomic_load(&ring->state) < state)
        atomic_store(&ring->state, state);
    BROOD__STEP(RING_SHUT);
    brood__end_unlock_as_was(&ring->tail, word);
    brood__critical_leave();
    brood__end_wake_all(&ring->tail);
    brood__end_wake_all(&ring->head);
}

/* As any getter: if we die in the middle, the rest is there for the next.  Not done before it is empty: a sweep that
 * looks into it may be in the way for a moment. */
void brood__ring_drain(brood__ring_t *ring)
{
    const brood__wish_t all = {BROOD__ANY, BROOD__BATCH, UINT64_MAX, true};
    unsigned char with[BROOD__BATCH * BROOD__INLINE];
    brood__item_t items[BROOD__BATCH];
    apr_status_t rc = APR_SUCCESS;
    uint32_t count;

    while (rc != BROOD_EMISUSE && (brood__ring_count(ring) != 0 || brood__lease_waits(ring))) {
        rc = brood__ring_get(&count, items, with, ring, &all, apr_time_from_msec(100));
        for (uint32_t i = 0; rc == APR_SUCCESS && i < count; i++)
            if (items[i].block != 0) {
                brood__loan_revoke(items[i].block);
                brood__loan_end(items[i].block);
                brood__heap_free(items[i].block);
            }
    }
}

/* Of its holders there is only this process, but sweeps may still look into it. */
void brood__ring_destroy(void *object)
{
    brood__ring_t *ring = object;
    uint64_t head, tail;

    if (atomic_load(&ring->head.chunk) == 0)
        return; /* somebody who died then had done it */
    brood__ring_drain(ring);
    (void) brood__lease_claim(ring);
    brood__critical_enter();
    head = brood__end_enter(ring, &ring->head);
    tail = brood__end_enter(ring, &ring->tail);
    brood__chunk_free_all(ring);
    brood__end_unlock_as_was(&ring->tail, tail);
    brood__end_unlock_as_was(&ring->head, head);
    brood__critical_leave();
}

/* ---- when the arena is full ---- */

/* Whoever gets something here frees what we need; others may, too, who do not tell us. */
apr_status_t brood__ring_nap(brood__ring_t *ring, apr_time_t deadline, unsigned turn)
{
    const brood__wait_t wait = {.slept = BROOD__FOR_COMMIT};
    const uint32_t ticket = atomic_load(&ring->head.commit_sequence);
    brood__sleeper_t sleeper = brood__sleeper(deadline);
    apr_status_t rc;

    sleeper.look = turn < 6 ? BROOD__LOOK_FIRST << turn : BROOD__LOOK_LAST;
    atomic_fetch_or(&ring->head.attention, BROOD__FOR_COMMIT);
    rc = brood__sleeper_sleep(&sleeper, &ring->head.commit_sequence, ticket);
    brood__end_leave(ring, &ring->tail, &ring->head, &wait); /* others wait for a place there */
    return rc;
}
