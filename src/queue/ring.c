#include "queue/ring.h"
#include "base/deadline.h"
#include "base/step.h"
#include "memory/heap.h"
#include "queue/end.h"
#include "queue/chunk.h"
#include "queue/lease.h"
#include "queue/task.h"
#include <brood/status.h>
#include <string.h>

#define CONTENT UINT64_C(127)
#define PATIENCE 200 /* looks at a putter that is just inside */

uint64_t brood__ring_size(uint32_t options)
{
    return sizeof(brood__ring_t) + (options & BROOD__JOINABLE ? BROOD__SLOTS * sizeof(brood__task_t) : 0);
}

apr_status_t brood__ring_init(brood__ring_t *ring, uint32_t capacity, uint32_t options)
{
    uint64_t first;

    ring->capacity = capacity;
    ring->slots = brood__chunk_slots(capacity);
    ring->options = options;
    BROOD_TRY(brood__chunk_create(&first, ring, 0));
    atomic_store(&brood__chunk_at(first)->next, 0);
    brood__heap_publish(first, brood__offset(ring), 0);
    atomic_store(&ring->tail.chunk, first);
    atomic_store(&ring->head.chunk, first);
    return APR_SUCCESS;
}

/* The tail first: the head only grows. */
bool brood__ring_is_full(brood__ring_t *ring)
{
    const uint32_t tail = BROOD__POSITION(atomic_load(&ring->tail.word));

    return (int32_t) (tail - BROOD__POSITION(atomic_load(&ring->head.word))) >= (int32_t) ring->capacity;
}

/* A put counts when its putter is out; one that is just inside is waited for a little, and a dead one helped out. */
uint32_t brood__ring_count(brood__ring_t *ring)
{
    for (int i = 0;; i++) {
        const uint32_t head = BROOD__POSITION(atomic_load(&ring->head.word));
        const uint64_t tail = atomic_load(&ring->tail.word);
        const int32_t count = (int32_t) (BROOD__POSITION(tail) - head);

        if (brood__end_free_dead(ring, &ring->tail, tail))
            continue;
        if (BROOD__OWNER(tail) != 0 && i < PATIENCE)
            brood__clock_pause();
        else if (BROOD__POSITION(atomic_load(&ring->head.word)) == head)
            return count > 0 ? (uint32_t) count : 0;
    }
}

/* ---- put ---- */

/* Lock the tail with room behind it, for *room items.  APR_EAGAIN: look again. */
static apr_status_t enter_tail(brood__ring_t *ring, uint64_t *word, uint32_t *room, brood__wait_t *wait)
{
    brood__end_t *tail = &ring->tail;
    uint32_t seen = atomic_load_explicit(&tail->seen, memory_order_acquire);
    const uint32_t before = seen;

    *word = atomic_load_explicit(&tail->word, memory_order_acquire);
    if (atomic_load_explicit(&ring->state, memory_order_relaxed) != BROOD__OPEN)
        return APR_EOF;
    if (BROOD__OWNER(*word) != 0) {
        BROOD_TRY(brood__end_wait(ring, tail, BROOD__FOR_LOCK, wait));
        return APR_EAGAIN;
    }
    if ((int32_t) (BROOD__POSITION(*word) - seen) >= (int32_t) ring->capacity) {
        seen = BROOD__POSITION(atomic_load_explicit(&ring->head.word, memory_order_acquire));
        if ((int32_t) (BROOD__POSITION(*word) - seen) >= (int32_t) ring->capacity) {
            BROOD_TRY(brood__end_wait(ring, &ring->head, BROOD__FOR_COMMIT, wait));
            return APR_EAGAIN;
        }
    }
    /* The position is unchanged if this succeeds, so there is still room. */
    if (!brood__end_lock(tail, word))
        return APR_EAGAIN;
    *room = ring->capacity - (BROOD__POSITION(*word) - seen);
    if (seen != before)
        atomic_store_explicit(&tail->seen, seen, memory_order_release);
    if (atomic_load_explicit(&ring->state, memory_order_relaxed) == BROOD__OPEN)
        return APR_SUCCESS;
    brood__end_unlock_as_was(tail, *word);
    return APR_EOF;
}

/* At most BROOD__INLINE bytes, without a call: pieces of fixed sizes that overlap. */
static void copy(unsigned char *to, const unsigned char *from, uint32_t size)
{
    if (size >= 16) {
        memcpy(to, from, 16);
        if (size > 32)
            memcpy(to + 16, from + 16, 16);
        memcpy(to + size - 16, from + size - 16, 16);
    } else if (size >= 8) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        memcpy(to, from, 4);
        memcpy(to + size - 4, from + size - 4, 4);
    } else if (size > 0) {
        to[0] = from[0];
        to[size / 2] = from[size / 2];
        to[size - 1] = from[size - 1];
    }
}

static void fill(brood__ring_t *ring, brood__slot_t *slot, uint32_t position, const brood__item_t *item)
{
    slot->block = item->block | item->content;
    BROOD__STEP(PUT_HALF);
    if (item->block != 0) {
        memcpy(slot->data, &item->length, sizeof item->length);
        brood__heap_publish(item->block, brood__offset(ring), position);
    } else {
        slot->length = (uint32_t) item->length;
        copy(slot->data, item->data, (uint32_t) item->length);
    }
    BROOD__STEP(PUT_FILLED);
    /* The commit: visible to all from here on, and survives us. */
    atomic_store_explicit(&slot->sequence, position + 1, memory_order_release);
    BROOD__STEP(PUT_COMMITTED);
}

/* APR_ENOSPC: there is no chunk for them. */
static apr_status_t commit_put(uint32_t *count, brood__ring_t *ring, uint64_t word, const brood__item_t *items,
                               uint64_t *fresh)
{
    const uint32_t position = BROOD__POSITION(word);
    brood__chunk_t *chunk = brood__chunk_of(&ring->tail);
    uint32_t left;

    if (!brood__chunk_has(ring, chunk, position) && (chunk = brood__chunk_extend(ring, position, fresh)) == NULL) {
        brood__end_unlock_as_was(&ring->tail, word);
        return APR_ENOSPC;
    }
    left = chunk->base + ring->slots - position;
    if (*count > left)
        *count = left;
    for (uint32_t i = 0; i < *count; i++)
        fill(ring, brood__chunk_slot(chunk, position + i), position + i, &items[i]);
    (void) brood__end_unlock(&ring->tail, word, position + *count); /* if others took us for dead, they did it */
    BROOD__STEP(PUT_UNLOCKED);
    if (atomic_load(&ring->tail.attention) != 0)
        brood__end_attend(&ring->tail, BROOD__FOR_LOCK | BROOD__FOR_COMMIT);
    return APR_SUCCESS;
}

apr_status_t brood__ring_put(uint32_t *count, brood__ring_t *ring, const brood__item_t *items,
                             apr_interval_time_t timeout)
{
    brood__wait_t wait = {.timeout = timeout};
    uint64_t word, fresh = 0;
    uint32_t room;
    apr_status_t rc;

    do {
        rc = enter_tail(ring, &word, &room, &wait);
        if (rc == APR_SUCCESS) {
            BROOD__STEP(PUT_LOCKED);
            if (*count > room)
                *count = room;
            rc = commit_put(count, ring, word, items, &fresh);
        }
        if (rc == APR_ENOSPC) {
            rc = brood__chunk_create(&fresh, ring, BROOD__POSITION(word));
            rc = rc == APR_SUCCESS ? APR_EAGAIN : rc;
        }
    } while (rc == APR_EAGAIN);
    if (fresh != 0)
        brood__heap_free(fresh);
    if (wait.slept != 0)
        brood__end_leave(ring, &ring->tail, &ring->head, &wait);
    BROOD__STEP(PUT_DONE);
    return rc;
}

/* ---- get ---- */

/* Empty.  APR_EAGAIN: look again. */
static apr_status_t wait_for_item(brood__ring_t *ring, brood__wait_t *wait)
{
    if (wait->ended)
        return APR_EOF;
    /* Who looks whether anybody else is there disturbs all: when it would sleep or give up. */
    if (atomic_load_explicit(&ring->state, memory_order_relaxed) != BROOD__OPEN || wait->timeout == 0
        || brood__end_is_patient(wait))
        wait->ended = brood__ring_ended(ring);
    if (!wait->ended)
        BROOD_TRY(brood__end_wait(ring, &ring->tail, BROOD__FOR_COMMIT, wait));
    return APR_EAGAIN;
}

/* Lock the head, and only then look: a chunk may go when another has got its last item.  Never touches the tail's
 * line.  *chunk: NULL if it is an item that has come back.  APR_EAGAIN: look again. */
static apr_status_t enter_head(brood__ring_t *ring, uint64_t *word, brood__chunk_t **chunk, brood__wait_t *wait)
{
    brood__end_t *head = &ring->head;

    *word = atomic_load_explicit(&head->word, memory_order_acquire);
    if (BROOD__OWNER(*word) != 0) {
        BROOD_TRY(brood__end_wait(ring, head, BROOD__FOR_LOCK, wait));
        return APR_EAGAIN;
    }
    if (!brood__end_lock(head, word))
        return APR_EAGAIN;
    if (brood__lease_waits(ring)) {
        *chunk = NULL;
        return APR_SUCCESS;
    }
    *chunk = brood__chunk_of_head(ring, BROOD__POSITION(*word));
    if (*chunk != NULL
        && brood__slot_is_full(brood__chunk_slot(*chunk, BROOD__POSITION(*word)), BROOD__POSITION(*word)))
        return APR_SUCCESS;
    brood__end_unlock_as_was(head, *word);
    return wait_for_item(ring, wait);
}

static apr_status_t read_slot(brood__item_t *item, unsigned char *with, const brood__slot_t *slot,
                              const brood__wish_t *wish)
{
    item->block = slot->block & ~CONTENT;
    item->content = (uint32_t) (slot->block & CONTENT);
    if (item->block != 0)
        memcpy(&item->length, slot->data, sizeof item->length);
    else
        item->length = slot->length <= BROOD__INLINE ? slot->length : BROOD__INLINE;
    if (wish->content != BROOD__ANY && (item->content & BROOD__CONTENT) != wish->content)
        return BROOD_EKIND;
    if (item->length > wish->room)
        return BROOD_ETOOSHORT;
    item->data = item->block != 0 ? brood__at(item->block) : with;
    if (item->block == 0)
        copy(with, slot->data, (uint32_t) item->length);
    return APR_SUCCESS;
}

/* As many as there are and are as wished; a failure is the first one's. */
static apr_status_t read_slots(uint32_t *count, brood__item_t *items, unsigned char *with, brood__ring_t *ring,
                               brood__chunk_t *chunk, uint32_t position, const brood__wish_t *wish)
{
    apr_status_t rc = APR_SUCCESS;

    *count = 0;
    while (*count < wish->count && brood__chunk_has(ring, chunk, position + *count)) {
        brood__slot_t *slot = brood__chunk_slot(chunk, position + *count);

        if (!brood__slot_is_full(slot, position + *count))
            break;
        if ((rc = read_slot(&items[*count], with + *count * BROOD__INLINE, slot, wish)) != APR_SUCCESS)
            break;
        ++*count;
    }
    return *count != 0 ? APR_SUCCESS : rc;
}

/* Their blocks are ours from here, unless the commit does not come. */
static void take(const brood__item_t *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (items[i].block != 0)
            brood__heap_take(items[i].block);
}

static apr_status_t commit_get(uint32_t *count, brood__item_t *items, unsigned char *with, brood__ring_t *ring,
                               uint64_t word, brood__chunk_t *chunk, const brood__wish_t *wish)
{
    const bool counts = (ring->options & BROOD__JOINABLE) != 0 && !wish->drains;
    const uint32_t position = BROOD__POSITION(word);
    const apr_status_t rc = read_slots(count, items, with, ring, chunk, position, wish);
    uint64_t drained = 0, before = 0;

    if (rc != APR_SUCCESS) {
        brood__end_unlock_as_was(&ring->head, word);
        return rc;
    }
    BROOD__STEP(GET_COPIED);
    if (counts && brood__leases(ring))
        brood__lease_begin(items, *count, position);
    else
        take(items, *count);
    BROOD__STEP(GET_OWNED);
    if (chunk != brood__chunk_of(&ring->head))
        drained = brood__chunk_leave(ring, chunk);
    if (counts)
        before = brood__tasks_begin(ring, position + *count, *count);
    /* The commit: nobody else gets them from here on. */
    if (!brood__end_unlock(&ring->head, word, position + *count))
        return BROOD_EMISUSE;
    BROOD__STEP(GET_COMMITTED);
    if (counts)
        brood__tasks_commit(ring, before, *count);
    if (drained != 0)
        brood__chunk_recycle(ring, drained);
    if (atomic_load(&ring->head.attention) != 0)
        brood__end_attend(&ring->head, BROOD__FOR_LOCK | BROOD__FOR_COMMIT);
    return APR_SUCCESS;
}

/* Each has its own commit. */
static apr_status_t get_returned(uint32_t *count, brood__item_t *items, brood__ring_t *ring, uint64_t word,
                                 const brood__wish_t *wish)
{
    const apr_status_t rc = brood__lease_get(count, items, ring, wish);

    brood__end_unlock_as_was(&ring->head, word);
    return rc;
}

apr_status_t brood__ring_get(uint32_t *count, brood__item_t *items, void *with, brood__ring_t *ring,
                             const brood__wish_t *wish, apr_interval_time_t timeout)
{
    brood__wait_t wait = {.timeout = timeout};
    brood__chunk_t *chunk = NULL;
    apr_status_t rc;
    uint64_t word;

    do
        rc = atomic_load_explicit(&ring->state, memory_order_relaxed) == BROOD__DROPPED && !wish->drains
                 ? APR_EOF
                 : enter_head(ring, &word, &chunk, &wait);
    while (rc == APR_EAGAIN);
    if (rc == APR_SUCCESS) {
        BROOD__STEP(GET_LOCKED);
        rc = chunk == NULL ? get_returned(count, items, ring, word, wish)
                           : commit_get(count, items, with, ring, word, chunk, wish);
    }
    if (wait.slept != 0)
        brood__end_leave(ring, &ring->head, &ring->tail, &wait);
    BROOD__STEP(GET_DONE);
    return rc;
}
