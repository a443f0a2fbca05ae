#include "queue/lease.h"
#include "base/step.h"
#include "base/thread_local.h"
#include "memory/heap.h"
#include "memory/loan.h"
#include "platform/clock.h"
#include "queue/end.h"
#include "queue/task.h"
#include <brood/status.h>

#define LINK(block, deliveries) ((block) >> 7 << 32 | (deliveries))
#define BLOCK(link) ((link) >> 32 << 7)
#define DELIVERIES(link) ((uint32_t) (link))

/* NULL: there is no such block. */
static brood__lease_t *lease_of(uint64_t block)
{
    const uint64_t size = brood__heap_size(block);

    return size == 0 ? NULL : brood__at(block + size - sizeof(brood__lease_t));
}

static void free_block(uint64_t block)
{
    brood__loan_end(block);
    brood__heap_publish(block, 0, 0); /* whoever has borrowed it and gives it back is too late */
    brood__heap_free(block);
}

/* ---- lists ---- */

/* The link to a block; NULL: it is not in the list. */
static _Atomic uint64_t *find(_Atomic uint64_t *list, uint64_t block)
{
    brood__lease_t *lease;

    for (uint64_t link = atomic_load(list); BLOCK(link) != block; link = atomic_load(list)) {
        if ((lease = lease_of(BLOCK(link))) == NULL)
            return NULL;
        list = &lease->next;
    }
    return list;
}

/* Nobody else takes anything out; but a process that closes may put something before it. */
static void take_out(_Atomic uint64_t *list, uint64_t block)
{
    const uint64_t next = atomic_load(&lease_of(block)->next);
    _Atomic uint64_t *link;

    while ((link = find(list, block)) != NULL) {
        uint64_t old = atomic_load(link);

        if (BLOCK(old) == block && atomic_compare_exchange_strong(link, &old, next))
            return;
    }
}

/* The link to the one that was put first; 0: there is none. */
static uint64_t first_of(_Atomic uint64_t *list)
{
    uint64_t link, first = 0;
    brood__lease_t *lease;

    for (; (lease = lease_of(BLOCK(link = atomic_load(list)))) != NULL; list = &lease->next)
        if (first == 0 || (int32_t) (lease->position - lease_of(BLOCK(first))->position) < 0)
            first = link;
    return first;
}

/* A leased block comes back. */
static void put_in(brood__ring_t *ring, uint64_t block)
{
    brood__lease_t *lease = lease_of(block);
    _Atomic uint64_t *list = lease->deliveries < ring->deliveries ? &ring->returned : &ring->given_up;
    uint64_t next = atomic_load(list);

    do {
        atomic_store(&lease->next, next);
        BROOD__STEP(LEASE_LINKED);
    } while (!atomic_compare_exchange_strong(list, &next, LINK(block, lease->deliveries)));
    BROOD__STEP(LEASE_RETURNED);
}

/* ---- get ---- */

void brood__lease_begin(const brood__item_t *items, uint32_t count, uint32_t position)
{
    for (uint32_t i = 0; i < count; i++) {
        brood__lease_t *lease = lease_of(items[i].block);

        if (lease == NULL)
            continue; /* somebody has written over the arena */
        lease->length = items[i].length;
        lease->content = items[i].content;
        lease->position = position + i;
        lease->deliveries = 1;
        brood__heap_lease(items[i].block);
    }
}

static apr_status_t get_one(brood__item_t *item, brood__ring_t *ring, const brood__wish_t *wish)
{
    const uint64_t link = first_of(&ring->returned), block = BLOCK(link);
    brood__lease_t *lease = lease_of(block);

    if (lease == NULL)
        return APR_TIMEUP;
    *item = (brood__item_t){block, lease->length, brood__at(block), lease->content};
    if (wish->content != BROOD__ANY && item->content != wish->content)
        return BROOD_EKIND;
    if (item->length > wish->room)
        return BROOD_ETOOSHORT;
    if (wish->drains)
        brood__heap_take(block);
    else {
        lease->deliveries = DELIVERIES(link) + 1;
        brood__heap_lease(block);
        brood__tasks_take_back(ring);
    }
    BROOD__STEP(LEASE_OWNED);
    take_out(&ring->returned, block); /* the commit */
    BROOD__STEP(LEASE_GOT);
    return APR_SUCCESS;
}

apr_status_t brood__lease_get(uint32_t *count, brood__item_t *items, brood__ring_t *ring, const brood__wish_t *wish)
{
    apr_status_t rc = APR_SUCCESS;

    *count = 0;
    while (*count < wish->count && (rc = get_one(&items[*count], ring, wish)) == APR_SUCCESS)
        ++*count;
    return *count != 0 ? APR_SUCCESS : rc;
}

/* ---- what this process has ---- */

/* An address that no other thread has at the same time. */
static uint64_t this_thread(void)
{
    static BROOD__THREAD_LOCAL char here;

    return (uint64_t) (uintptr_t) &here;
}

/* In the arena, since a forked child has another entry; the threads of one process go through it one by one. */
static brood__task_t *enter(brood__ring_t *ring)
{
    brood__task_t *own = &ring->task[BROOD__ID_SLOT(brood__me)];

    while (atomic_exchange_explicit(&own->busy, 1, memory_order_acquire) != 0)
        brood__clock_yield();
    return own;
}

static void leave(brood__task_t *own)
{
    atomic_store_explicit(&own->busy, 0, memory_order_release);
}

static uint64_t next_of(uint64_t block)
{
    return BLOCK(atomic_load(&lease_of(block)->next));
}

void brood__lease_keep(brood__ring_t *ring, const brood__item_t *items, uint32_t count)
{
    brood__task_t *own = enter(ring);

    for (uint32_t i = 0; i < count; i++) {
        const uint64_t block = items[i].block;
        brood__lease_t *lease = lease_of(block);

        if (lease == NULL)
            continue;
        lease->thread = this_thread();
        atomic_store(&lease->next, 0);
        if (own->newest != 0)
            atomic_store(&lease_of(own->newest)->next, LINK(block, lease->deliveries));
        else
            own->oldest = block;
        own->newest = block;
    }
    leave(own);
}

static uint64_t oldest_of_thread(const brood__task_t *own)
{
    uint64_t block = own->oldest;

    while (block != 0 && lease_of(block)->thread != this_thread())
        block = next_of(block);
    return block != 0 ? block : own->oldest;
}

static void forget(brood__task_t *own, uint64_t block)
{
    uint64_t before = 0, at = own->oldest;

    while (at != block && at != 0) {
        before = at;
        at = next_of(at);
    }
    if (at == 0)
        return;
    if (before == 0)
        own->oldest = next_of(block);
    else
        atomic_store(&lease_of(before)->next, atomic_load(&lease_of(block)->next));
    if (own->newest == block)
        own->newest = before;
}

/* The end of a lease, from which on it does not come back; then what the item takes; then the count.  So whoever
 * joins finds all of it gone. */
static void end(brood__ring_t *ring, uint64_t block)
{
    if (brood__heap_end_lease(block)) { /* else this process has been taken for dead */
        BROOD__STEP(LEASE_ENDED);
        free_block(block);
    }
    (void) brood__tasks_finish(ring);
    brood__end_attend(&ring->head, BROOD__FOR_COMMIT); /* the arena may have been full */
    if (atomic_load(&ring->state) != BROOD__OPEN)
        brood__end_attend(&ring->tail, BROOD__FOR_COMMIT); /* it may have been the last one */
}

bool brood__lease_finish_next(brood__ring_t *ring)
{
    brood__task_t *own = enter(ring);
    const uint64_t block = oldest_of_thread(own);

    if (block != 0)
        forget(own, block);
    leave(own);
    if (block != 0)
        end(ring, block);
    return block != 0;
}

void brood__lease_finish(brood__ring_t *ring, uint64_t block)
{
    brood__task_t *own = enter(ring);

    forget(own, block);
    leave(own);
    end(ring, block);
}

uint32_t brood__lease_deliveries(brood__ring_t *ring)
{
    brood__task_t *own = enter(ring);
    const uint64_t block = oldest_of_thread(own);
    const uint32_t deliveries = block != 0 ? lease_of(block)->deliveries : 0;

    leave(own);
    return deliveries;
}

/* ---- what comes back ---- */

/* Another sweeper may have put it back, and another process have got it since: then the owner is another, too.  A
 * process that leaves the tree by itself sweeps what it has kept. */
bool brood__lease_return(brood__ring_t *ring, uint64_t block, uint32_t owner)
{
    if (find(&ring->returned, block) != NULL || find(&ring->given_up, block) != NULL)
        return true;
    if ((owner & BROOD__LEASED) == 0 || brood__heap_owner(block) != owner
        || atomic_load(&ring->state) == BROOD__DROPPED)
        return false;
    if (owner == (brood__me | BROOD__LEASED)) {
        brood__task_t *own = enter(ring);

        forget(own, block);
        leave(own);
    }
    put_in(ring, block);
    return true;
}

void brood__lease_return_all(brood__ring_t *ring)
{
    brood__task_t *own = enter(ring);
    uint64_t next;

    for (uint64_t block = own->oldest; block != 0; block = next) {
        next = next_of(block);
        put_in(ring, block);
    }
    own->oldest = own->newest = 0;
    leave(own);
}

void brood__lease_forget_all(brood__ring_t *ring, uint32_t id)
{
    brood__task_t *task = &ring->task[BROOD__ID_SLOT(id)];

    task->oldest = task->newest = 0;
    atomic_store(&task->busy, 0);
}

static uint32_t length_of(_Atomic uint64_t *list)
{
    uint32_t length = 0;
    brood__lease_t *lease;

    for (; (lease = lease_of(BLOCK(atomic_load(list)))) != NULL; list = &lease->next)
        length++;
    return length;
}

/* Under the head's lock nothing goes; and if the list begins where it began, nothing has come. */
uint32_t brood__lease_count(brood__ring_t *ring)
{
    uint64_t word, first;
    uint32_t count;

    if (!brood__lease_waits(ring) || atomic_load(&ring->state) == BROOD__DROPPED)
        return brood__ring_count(ring);
    brood__critical_enter();
    word = brood__end_enter(ring, &ring->head);
    do {
        first = atomic_load(&ring->returned);
        count = brood__ring_count(ring) + length_of(&ring->returned);
    } while (atomic_load(&ring->returned) != first);
    brood__end_unlock_as_was(&ring->head, word);
    brood__critical_leave();
    return count;
}

/* One after another: whoever dies leaves the others. */
uint64_t brood__lease_claim(brood__ring_t *ring)
{
    uint64_t count = 0, word, block;

    while (atomic_load(&ring->given_up) != 0) {
        brood__critical_enter();
        word = brood__end_enter(ring, &ring->head);
        block = BLOCK(atomic_load(&ring->given_up));
        if (lease_of(block) != NULL) {
            brood__heap_take(block);
            BROOD__STEP(LEASE_OWNED);
            take_out(&ring->given_up, block);
            BROOD__STEP(LEASE_GOT);
            count++;
        }
        brood__end_unlock_as_was(&ring->head, word);
        brood__critical_leave();
        if (lease_of(block) == NULL)
            break;
        brood__loan_revoke(block);
        free_block(block);
    }
    return count;
}
