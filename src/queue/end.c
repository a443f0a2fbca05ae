#include "queue/end.h"
#include "base/deadline.h"
#include "base/step.h"
#include "memory/sleep.h"
#include "queue/chunk.h"
#include "queue/lease.h"
#include "queue/task.h"
#include <brood/status.h>

#define ROUNDS 6 /* of 1, 2, 4 ... 32 pauses: each look takes the line from him who works on it */
#define YIELDS 20

static _Atomic uint32_t *sequence_of(brood__end_t *end, unsigned what)
{
    return what == BROOD__FOR_LOCK ? &end->lock_sequence : &end->commit_sequence;
}

/* Claimed by whoever rings: one wake for one declaration, so a sleeper costs the stream one system call. */
static void ring_for(brood__end_t *end, unsigned what)
{
    if ((atomic_fetch_and(&end->attention, ~what) & what) == 0)
        return;
    BROOD__STEP(RING_CLAIMED);
    atomic_fetch_add(sequence_of(end, what), 1);
    BROOD__STEP(RING_BUMPED);
    brood__wake(sequence_of(end, what), 1);
    BROOD__STEP(RING_RANG);
}

void brood__end_attend(brood__end_t *end, unsigned what)
{
    const uint32_t attention = atomic_load(&end->attention) & what;

    if (attention & BROOD__FOR_LOCK)
        ring_for(end, BROOD__FOR_LOCK);
    if (attention & BROOD__FOR_COMMIT)
        ring_for(end, BROOD__FOR_COMMIT);
}

void brood__end_wake_all(brood__end_t *end)
{
    for (unsigned what = BROOD__FOR_LOCK; what <= BROOD__FOR_COMMIT; what++) {
        atomic_fetch_add(sequence_of(end, what), 1);
        brood__wake(sequence_of(end, what), UINT32_MAX);
    }
}

/* A put happened if its slot says so. */
static uint32_t committed(brood__ring_t *ring, uint32_t position)
{
    brood__chunk_t *chunk = brood__chunk_of(&ring->tail);

    while (brood__chunk_has(ring, chunk, position) && brood__slot_is_full(brood__chunk_slot(chunk, position), position))
        position++;
    return position;
}

/* It is ours first, so that nobody else changes what we look at.  A get that did not move the head did not happen. */
bool brood__end_free_dead(brood__ring_t *ring, brood__end_t *end, uint64_t word)
{
    const uint64_t ours = BROOD__END_WORD(BROOD__POSITION(word), brood__me);
    uint32_t position = BROOD__POSITION(word);

    if (BROOD__OWNER(word) == 0 || brood__table_alive(BROOD__OWNER(word)))
        return false;
    if (!atomic_compare_exchange_strong(&end->word, &word, ours))
        return true;
    BROOD__STEP(END_TAKEN);
    if (end == &ring->tail)
        position = committed(ring, position);
    else if (ring->options & BROOD__JOINABLE)
        brood__tasks_revoke(ring, position);
    (void) brood__end_unlock(end, ours, position);
    BROOD__STEP(END_UNLOCKED_DEAD);
    brood__end_attend(end, BROOD__FOR_LOCK | BROOD__FOR_COMMIT);
    return true;
}

uint64_t brood__end_enter(brood__ring_t *ring, brood__end_t *end)
{
    brood__wait_t wait = {.timeout = BROOD_FOREVER};

    for (;;) {
        uint64_t word = atomic_load(&end->word);

        if (BROOD__OWNER(word) == 0 && brood__end_lock(end, &word))
            return word;
        if (BROOD__OWNER(word) != 0)
            BROOD_IGNORE(brood__end_wait(ring, end, BROOD__FOR_LOCK, &wait));
    }
}

/* Does what a sleeper waits for still not hold?  Who is inside the tail and lives rings when he leaves. */
static bool is_blocked(brood__ring_t *ring, brood__end_t *end, unsigned what)
{
    const uint64_t word = atomic_load(&end->word);

    if (brood__end_free_dead(ring, end, word))
        return false;
    if (what == BROOD__FOR_LOCK)
        return BROOD__OWNER(word) != 0;
    if (end == &ring->head)
        return atomic_load(&ring->state) == BROOD__OPEN && brood__ring_is_full(ring);
    return (int32_t) (BROOD__POSITION(word) - BROOD__POSITION(atomic_load(&ring->head.word))) <= 0
           && !brood__lease_waits(ring) && !brood__ring_ended(ring);
}

/* The sequence is read before the declaration, or a ring between the two is slept through; the sleep is declared
 * before the second look, or a sweep misses it; the second look comes after both. */
static void sleep_at(brood__ring_t *ring, brood__end_t *end, unsigned what, brood__wait_t *wait, apr_time_t now)
{
    _Atomic uint32_t *sequence = sequence_of(end, what);
    const uint32_t ticket = atomic_load(sequence);
    const apr_time_t until = wait->deadline - now < wait->look ? wait->deadline : now + wait->look;
    brood__sleep_t sleep;
    bool up = false;

    atomic_fetch_or(&end->attention, what);
    BROOD__STEP(WAIT_ARMED);
    brood__sleep_declare(&sleep, sequence);
    BROOD__STEP(WAIT_NOTED);
    if (is_blocked(ring, end, what)) {
        up = brood__sleep_park(&sleep, ticket, until);
        wait->slept |= what;
    }
    brood__sleep_end(&sleep);
    BROOD__STEP(WAIT_WOKEN);
    if (!up || until >= wait->deadline)
        return;
    wait->look = brood__look_later(wait->look);
    if (what == BROOD__FOR_LOCK)
        (void) brood__table_probe(BROOD__OWNER(atomic_load(&end->word)));
    else if (ring->options & (BROOD__ENDS_WITH_WRITERS | BROOD__LEASES))
        brood__table_look(); /* the last of them, or who has what is to come back, may have died unnoticed */
}

bool brood__end_is_patient(const brood__wait_t *wait)
{
    return wait->spun >= ROUNDS + YIELDS;
}

apr_status_t brood__end_wait(brood__ring_t *ring, brood__end_t *end, unsigned what, brood__wait_t *wait)
{
    apr_time_t now;

    if (what == BROOD__FOR_COMMIT && wait->timeout == 0)
        return APR_TIMEUP;
    if (!wait->timed) {
        wait->timed = true;
        wait->deadline = brood__deadline(wait->timeout);
        wait->look = brood__look_first;
    }
    if (!brood__end_is_patient(wait)) {
        for (int i = 0; wait->spun < ROUNDS && i < 1 << wait->spun; i++)
            brood__clock_pause();
        if (wait->spun++ >= ROUNDS)
            brood__clock_yield();
        return APR_SUCCESS;
    }
    if (what == BROOD__FOR_LOCK && brood__end_free_dead(ring, end, atomic_load(&end->word)))
        return APR_SUCCESS;
    if (wait->timeout != 0 && brood__critical_interrupted())
        return APR_EINTR;
    now = brood__clock_now();
    if (now >= wait->deadline)
        return what == BROOD__FOR_LOCK && brood__table_glance(BROOD__OWNER(atomic_load(&end->word))) ? APR_SUCCESS
                                                                                                     : APR_TIMEUP;
    sleep_at(ring, end, what, wait, now);
    wait->spun = ROUNDS; /* yield a little, then sleep again */
    return APR_SUCCESS;
}

void brood__end_leave(brood__ring_t *ring, brood__end_t *mine, brood__end_t *other, const brood__wait_t *wait)
{
    if (wait->slept & BROOD__FOR_LOCK) {
        atomic_fetch_or(&mine->attention, BROOD__FOR_LOCK);
        BROOD__STEP(WAIT_REARMED);
        if (BROOD__OWNER(atomic_load(&mine->word)) == 0)
            ring_for(mine, BROOD__FOR_LOCK);
    }
    if (wait->slept & BROOD__FOR_COMMIT) {
        atomic_fetch_or(&other->attention, BROOD__FOR_COMMIT);
        BROOD__STEP(WAIT_REARMED);
        if (!is_blocked(ring, other, BROOD__FOR_COMMIT))
            ring_for(other, BROOD__FOR_COMMIT);
    }
}
