#include "queue/task.h"
#include "base/deadline.h"
#include "base/step.h"
#include "memory/sleep.h"
#include "queue/end.h"
#include "queue/lease.h"

/* Of a task's word `ended`. */
#define FINISHED(word) ((uint32_t) (word))
#define LOST(word) ((uint32_t) ((word) >> 32))
#define ENDED(finished, lost) ((uint64_t) (lost) << 32 | (finished))

/* This process's entry, known to those who look at all. */
static brood__task_t *own_task(brood__ring_t *ring)
{
    const uint32_t slot = BROOD__ID_SLOT(brood__me);
    uint32_t used = atomic_load_explicit(&ring->tasks_used, memory_order_relaxed);

    while (used <= slot && !atomic_compare_exchange_weak(&ring->tasks_used, &used, slot + 1))
        ;
    return &ring->task[slot];
}

/* ---- got ---- */

uint64_t brood__tasks_begin(brood__ring_t *ring, uint32_t position, uint32_t count)
{
    brood__task_t *task = own_task(ring);
    const uint64_t before = atomic_load_explicit(&task->after, memory_order_relaxed);

    atomic_store_explicit(&task->got, before, memory_order_relaxed); /* of a get that another thread is just ending */
    atomic_store_explicit(&task->at, position, memory_order_release);
    atomic_store_explicit(&task->after, before + count, memory_order_release);
    BROOD__STEP(TASK_BEGUN);
    return before;
}

/* Unless the next get of this process has done it. */
void brood__tasks_commit(brood__ring_t *ring, uint64_t before, uint32_t count)
{
    (void) atomic_compare_exchange_strong(&own_task(ring)->got, &before, before + count);
    BROOD__STEP(TASK_COMMITTED);
}

/* Before its commit: who dies in between has one too many until it is told of its end. */
void brood__tasks_take_back(brood__ring_t *ring)
{
    brood__task_t *task = own_task(ring);
    const uint64_t before = atomic_load_explicit(&task->after, memory_order_relaxed);

    atomic_store(&task->got, before + 1);
    atomic_store(&task->after, before + 1);
    BROOD__STEP(TASK_BEGUN);
}

void brood__tasks_revoke(brood__ring_t *ring, uint32_t position)
{
    const uint32_t used = atomic_load(&ring->tasks_used);

    for (uint32_t i = 0; i < used; i++) {
        brood__task_t *task = &ring->task[i];
        const uint64_t got = atomic_load(&task->got);

        if (atomic_load(&task->after) != got && (int32_t) (atomic_load(&task->at) - position) > 0)
            atomic_store(&task->after, got);
    }
    BROOD__STEP(TASK_REVOKED);
}

/* All that it has ever got, while the head was at `head` or has been since: to be read before.  `got` comes last, since the
 * next get settles it before it says its own position. */
static uint64_t total_of(brood__task_t *task, uint32_t head)
{
    const uint64_t after = atomic_load(&task->after);
    const uint32_t at = atomic_load(&task->at);
    const uint64_t got = atomic_load(&task->got);

    return after == got || (int32_t) (head - at) >= 0 ? after : got;
}

/* Of so many that were got ever, how many are in hand? */
static int32_t in_hand(uint64_t total, uint64_t ended)
{
    return (int32_t) ((uint32_t) total - FINISHED(ended) - LOST(ended));
}

/* ---- done, or lost ---- */

static bool finish(brood__task_t *task)
{
    uint64_t ended = atomic_load(&task->ended);

    do {
        if (in_hand(atomic_load(&task->got), ended) <= 0)
            return false;
    } while (!atomic_compare_exchange_weak(&task->ended, &ended, ENDED(FINISHED(ended) + 1, LOST(ended))));
    return true;
}

bool brood__tasks_finish(brood__ring_t *ring)
{
    brood__task_t *own = own_task(ring);
    bool done = finish(own);

    for (uint32_t i = 0; !done && !brood__leases(ring) && i < atomic_load(&ring->tasks_used); i++)
        done = finish(&ring->task[i]);
    BROOD__STEP(TASK_FINISHED);
    if (done && atomic_load(&ring->join_attention) != 0 && brood__ring_count(ring) == 0)
        brood__tasks_ring(ring);
    return done;
}

/* Its last get is settled, too: nobody else would, and one day the head seems to be before it. */
void brood__tasks_lose(brood__ring_t *ring, uint32_t id)
{
    const uint32_t head = BROOD__POSITION(atomic_load(&ring->head.word));
    brood__task_t *task = &ring->task[BROOD__ID_SLOT(id)];
    const uint64_t total = total_of(task, head);
    uint64_t ended = atomic_load(&task->ended);

    if (in_hand(total, ended) != 0)
        atomic_fetch_add(&ring->closed, 1);
    while (in_hand(total, ended) != 0
           && !atomic_compare_exchange_weak(&task->ended, &ended,
                                            ENDED(FINISHED(ended), (uint32_t) total - FINISHED(ended))))
        ;
    atomic_store(&task->got, total);
    atomic_store(&task->after, total);
    BROOD__STEP(TASK_LOST);
    brood__tasks_ring(ring);
}

void brood__tasks_ring(brood__ring_t *ring)
{
    if (atomic_exchange(&ring->join_attention, 0) == 0)
        return;
    BROOD__STEP(JOIN_CLAIMED);
    atomic_fetch_add(&ring->join_sequence, 1);
    brood__wake(&ring->join_sequence, UINT32_MAX);
}

/* ---- join ---- */

static bool is_empty(brood__task_t *task, uint32_t head)
{
    return in_hand(total_of(task, head), atomic_load(&task->ended)) == 0;
}

/* At one instant no item was in the ring or in hand: the ring was empty, each hand was empty after that, and nothing
 * has been put or got, nor come back from a hand, meanwhile.  A getter may be past the tail's word, whose putter has not
 * come to write it yet: then the ring is empty, too. */
static bool all_done(brood__ring_t *ring)
{
    for (;;) {
        const uint32_t closed = atomic_load(&ring->closed);
        const uint32_t head = BROOD__POSITION(atomic_load(&ring->head.word));
        const uint64_t tail = atomic_load(&ring->tail.word);

        if (brood__end_free_dead(ring, &ring->tail, tail))
            continue;
        if ((int32_t) (BROOD__POSITION(tail) - head) > 0
            || (brood__lease_waits(ring) && atomic_load(&ring->state) != BROOD__DROPPED))
            return false;
        for (uint32_t i = 0; i < atomic_load(&ring->tasks_used); i++)
            if (!is_empty(&ring->task[i], head))
                return false;
        if (BROOD__POSITION(atomic_load(&ring->tail.word)) == BROOD__POSITION(tail)
            && BROOD__POSITION(atomic_load(&ring->head.word)) == head && atomic_load(&ring->closed) == closed)
            return true;
    }
}

bool brood__tasks_rest(brood__ring_t *ring)
{
    return !is_empty(own_task(ring), BROOD__POSITION(atomic_load(&ring->head.word))) || all_done(ring);
}

static uint64_t claim_losses(brood__ring_t *ring)
{
    uint64_t lost = 0, reported = atomic_load(&ring->reported);

    for (uint32_t i = 0; i < atomic_load(&ring->tasks_used); i++)
        lost += LOST(atomic_load(&ring->task[i].ended));
    while (lost > reported)
        if (atomic_compare_exchange_weak(&ring->reported, &reported, lost))
            return lost - reported;
    return 0;
}

apr_status_t brood__tasks_join(uint64_t *lost, brood__ring_t *ring, apr_interval_time_t timeout)
{
    brood__sleeper_t sleeper = brood__sleeper(brood__deadline(timeout));

    for (;;) {
        const uint32_t ticket = atomic_load(&ring->join_sequence);

        if (all_done(ring))
            break;
        if (brood__sleeper_spins(&sleeper))
            continue;
        atomic_store(&ring->join_attention, 1);
        BROOD__STEP(JOIN_ARMED);
        if (all_done(ring))
            break;
        BROOD_TRY(brood__sleeper_sleep(&sleeper, &ring->join_sequence, ticket));
        if (sleeper.looked)
            brood__table_look();
    }
    *lost = brood__leases(ring) ? brood__lease_claim(ring) : claim_losses(ring);
    return APR_SUCCESS;
}
