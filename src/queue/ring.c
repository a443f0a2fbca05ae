#include "queue/ring.h"
#include "base/deadline.h"
#include "base/step.h"
#include "memory/heap.h"
#include "memory/loan.h"
#include "queue/end.h"
#include <brood/status.h>
#include <string.h>

#define CONTENT UINT64_C(3)

uint64_t brood__ring_size(uint32_t capacity)
{
    uint64_t slots = 1;

    while (slots < capacity)
        slots *= 2;
    return sizeof(brood__ring_t) + slots * sizeof(brood__slot_t);
}

void brood__ring_init(brood__ring_t *ring, uint32_t capacity)
{
    ring->capacity = capacity;
    ring->mask = (uint32_t) ((brood__ring_size(capacity) - sizeof *ring) / sizeof(brood__slot_t)) - 1;
}

bool brood__ring_is_empty(brood__ring_t *ring)
{
    return brood__slot_state(ring, BROOD__POSITION(atomic_load(&ring->head.word))) < 0;
}

/* The tail first: the head only grows. */
bool brood__ring_is_full(brood__ring_t *ring)
{
    const uint32_t tail = BROOD__POSITION(atomic_load(&ring->tail.word));

    return (int32_t) (tail - BROOD__POSITION(atomic_load(&ring->head.word))) >= (int32_t) ring->capacity;
}

uint32_t brood__ring_count(brood__ring_t *ring)
{
    uint32_t head = BROOD__POSITION(atomic_load(&ring->head.word));

    for (;;) {
        uint32_t tail = BROOD__POSITION(atomic_load(&ring->tail.word)), again;

        tail += brood__slot_state(ring, tail) == 0; /* put, and its putter not yet out, or dead */
        again = BROOD__POSITION(atomic_load(&ring->head.word));
        if (again == head)
            return tail - head <= ring->capacity ? tail - head : 0;
        head = again;
    }
}

/* ---- put ---- */

/* Lock the tail with room behind it.  APR_EAGAIN: look again. */
static apr_status_t enter_tail(brood__ring_t *ring, uint64_t *word, brood__wait_t *wait)
{
    brood__end_t *tail = &ring->tail;
    uint32_t seen = atomic_load_explicit(&tail->seen, memory_order_acquire);
    bool reread = false;

    *word = atomic_load_explicit(&tail->word, memory_order_acquire);
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
        reread = true;
    }
    /* The position is unchanged if this succeeds, so there is still room. */
    if (!brood__end_lock(tail, word))
        return APR_EAGAIN;
    if (reread)
        atomic_store_explicit(&tail->seen, seen, memory_order_release);
    return APR_SUCCESS;
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

static apr_status_t commit_put(brood__ring_t *ring, uint64_t word, const brood__item_t *item, const void *data)
{
    const uint32_t position = BROOD__POSITION(word);
    brood__slot_t *slot = brood__slot_at(ring, position);

    slot->block = item->block | item->content;
    slot->length = item->length;
    BROOD__STEP(PUT_HALF);
    if (item->block != 0)
        brood__heap_publish(item->block, brood__offset(ring), position);
    else
        copy(slot->data, data, item->length);
    BROOD__STEP(PUT_FILLED);
    /* The commit: visible to all from here on, and survives us. */
    atomic_store_explicit(&slot->sequence, position + 1, memory_order_release);
    BROOD__STEP(PUT_COMMITTED);
    (void) brood__end_unlock(&ring->tail, word, position + 1); /* if others took us for dead, they did it */
    BROOD__STEP(PUT_UNLOCKED);
    return APR_SUCCESS;
}

apr_status_t brood__ring_put(brood__ring_t *ring, const brood__item_t *item, const void *data,
                             apr_interval_time_t timeout)
{
    brood__wait_t wait = {0, 0, false, timeout, 0, 0};
    apr_status_t rc;
    uint64_t word;

    while ((rc = enter_tail(ring, &word, &wait)) == APR_EAGAIN)
        ;
    if (rc == APR_SUCCESS) {
        BROOD__STEP(PUT_LOCKED);
        rc = commit_put(ring, word, item, data);
        if (atomic_load(&ring->tail.attention) != 0)
            brood__end_attend(&ring->tail);
    }
    if (wait.slept != 0)
        brood__end_leave(ring, &ring->tail, &ring->head, &wait);
    BROOD__STEP(PUT_DONE);
    return rc;
}

/* ---- get ---- */

/* Lock the head with an item behind it; never touches the tail's line.  APR_EAGAIN: look again. */
static apr_status_t enter_head(brood__ring_t *ring, uint64_t *word, brood__wait_t *wait)
{
    brood__end_t *head = &ring->head;

    *word = atomic_load_explicit(&head->word, memory_order_acquire);
    if (BROOD__OWNER(*word) != 0) {
        BROOD_TRY(brood__end_wait(ring, head, BROOD__FOR_LOCK, wait));
        return APR_EAGAIN;
    }
    if ((int32_t) (atomic_load_explicit(&brood__slot_at(ring, BROOD__POSITION(*word))->sequence, memory_order_acquire)
                   - (BROOD__POSITION(*word) + 1))
        < 0) {
        BROOD_TRY(brood__end_wait(ring, &ring->tail, BROOD__FOR_COMMIT, wait));
        return APR_EAGAIN;
    }
    if (!brood__end_lock(head, word))
        return APR_EAGAIN;
    /* Once more under the lock: positions may have gone round between the look and the lock. */
    if (brood__slot_state(ring, BROOD__POSITION(*word)) != 0) {
        (void) brood__end_unlock(head, *word, BROOD__POSITION(*word));
        brood__end_attend(head);
        return APR_EAGAIN;
    }
    return APR_SUCCESS;
}

static apr_status_t commit_get(brood__ring_t *ring, uint64_t word, brood__item_t *item, void *data, uint32_t content,
                               uint32_t room)
{
    const uint32_t position = BROOD__POSITION(word);
    const brood__slot_t *slot = brood__slot_at(ring, position);
    apr_status_t rc = APR_SUCCESS;

    item->block = slot->block & ~CONTENT;
    item->content = (uint32_t) (slot->block & CONTENT);
    item->length = slot->length;
    if (content != BROOD__ANY && item->content != content)
        rc = BROOD_EKIND;
    else if (item->length > room)
        rc = BROOD_ETOOSHORT;
    if (rc != APR_SUCCESS) {
        (void) brood__end_unlock(&ring->head, word, position);
        return rc;
    }
    if (item->block == 0)
        copy(data, slot->data, item->length <= BROOD__INLINE ? item->length : BROOD__INLINE);
    BROOD__STEP(GET_COPIED);
    if (item->block != 0)
        brood__heap_take(item->block); /* ours from here, unless the commit below does not come */
    BROOD__STEP(GET_OWNED);
    /* The commit: nobody else gets it from here on. */
    if (!brood__end_unlock(&ring->head, word, position + 1))
        return BROOD_EMISUSE;
    BROOD__STEP(GET_COMMITTED);
    return APR_SUCCESS;
}

apr_status_t brood__ring_get(brood__item_t *item, void *data, brood__ring_t *ring, uint32_t content, uint32_t room,
                             apr_interval_time_t timeout)
{
    brood__wait_t wait = {0, 0, false, timeout, 0, 0};
    apr_status_t rc;
    uint64_t word;

    while ((rc = enter_head(ring, &word, &wait)) == APR_EAGAIN)
        ;
    if (rc == APR_SUCCESS) {
        BROOD__STEP(GET_LOCKED);
        rc = commit_get(ring, word, item, data, content, room);
        if (atomic_load(&ring->head.attention) != 0)
            brood__end_attend(&ring->head);
    }
    if (wait.slept != 0)
        brood__end_leave(ring, &ring->head, &ring->tail, &wait);
    BROOD__STEP(GET_DONE);
    return rc;
}

/* ---- for sweeps, and at the end ---- */

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

static void unlock_after_sweep(brood__end_t *end, uint64_t word)
{
    (void) brood__end_unlock(end, word, BROOD__POSITION(word));
    brood__end_attend(end);
}

int brood__ring_holds(void *object, uint32_t position, uint64_t block)
{
    brood__ring_t *ring = object;
    uint64_t head, tail;
    int held = -1;

    brood__critical_enter();
    if (lock_for_sweep(ring, &ring->head, &head)) {
        BROOD__STEP(SWEEP_ENDS_LOCKED);
        if (lock_for_sweep(ring, &ring->tail, &tail)) {
            const uint32_t ahead = (position - BROOD__POSITION(head)) & BROOD__POSITIONS;

            held = ahead < BROOD__POSITION(tail) - BROOD__POSITION(head)
                   && (brood__slot_at(ring, position)->block & ~CONTENT) == block;
            BROOD__STEP(SWEEP_ENDS_LOCKED);
            unlock_after_sweep(&ring->tail, tail);
        }
        unlock_after_sweep(&ring->head, head);
    }
    brood__critical_leave();
    return held;
}

/* As any getter: if we die in the middle, the rest is there for the next.  Not done before it is empty: a sweep that
 * looks into it may be in the way for a moment. */
void brood__ring_drain(void *object)
{
    apr_status_t rc = APR_SUCCESS;
    unsigned char data[BROOD__INLINE];
    brood__item_t item;

    while (rc != BROOD_EMISUSE && !brood__ring_is_empty(object)) {
        rc = brood__ring_get(&item, data, object, BROOD__ANY, UINT32_MAX, apr_time_from_msec(100));
        if (rc == APR_SUCCESS && item.block != 0) {
            brood__loan_end(item.block);
            brood__heap_free(item.block);
        }
    }
}
