#include "memory/waiter.h"
#include "base/step.h"
#include "base/thread_local.h"
#include "memory/layout.h"

static BROOD__THREAD_LOCAL uint32_t last; /* this thread's of last time is most likely free again */

static uint32_t word_of(brood__id_t id, uint32_t state)
{
    return state << 30 | id;
}

/* Counted before it is claimed, so that all who wait can be found. */
static bool claim(uint32_t index)
{
    _Atomic uint32_t *used = &brood__head()->waiters_used;
    uint32_t count = atomic_load(used), nobody = 0;

    while (count <= index && !atomic_compare_exchange_weak(used, &count, index + 1))
        ;
    return atomic_load_explicit(&brood__head()->waiter[index].word, memory_order_relaxed) == 0
           && atomic_compare_exchange_strong(&brood__head()->waiter[index].word, &nobody,
                                             word_of(brood__me, BROOD__ENTERS));
}

brood__waiter_t *brood__waiter_enter(uint64_t where, uint32_t ticket, bool inherited)
{
    brood__waiter_t *waiter;
    uint32_t index = last;

    if (!claim(index))
        for (index = 0; index < BROOD__WAITERS_MOST && !claim(index); index++)
            ;
    if (index == BROOD__WAITERS_MOST)
        return NULL;
    last = index;
    waiter = &brood__head()->waiter[index];
    BROOD__STEP(WAITER_CLAIMED);
    atomic_store_explicit(&waiter->asleep, 0, memory_order_relaxed);
    atomic_store_explicit(&waiter->where, where, memory_order_relaxed);
    atomic_store_explicit(&waiter->ticket, ticket, memory_order_relaxed);
    atomic_store_explicit(&waiter->inherited, inherited, memory_order_relaxed);
    atomic_store(&waiter->word, word_of(brood__me, BROOD__WAITS));
    BROOD__STEP(WAITER_ENTERED);
    return waiter;
}

void brood__waiter_leave(brood__waiter_t *waiter)
{
    BROOD__STEP(WAITER_LEAVING);
    atomic_store_explicit(&waiter->word, 0, memory_order_release);
}

/* It sleeps on what a rouse takes away, not on the word that tells it: a rouse may come late, for one who had this
 * entry before, and after it nobody would wake whoever went to sleep all the same. */
apr_status_t brood__waiter_wait(brood__waiter_t *waiter, brood__sleeper_t *sleeper)
{
    apr_status_t rc;

    if (brood__sleeper_spins(sleeper))
        return APR_SUCCESS;
    if (atomic_exchange(&waiter->asleep, 1) == 0) /* a last look comes after it, as its own after what others do */
        return APR_SUCCESS;
    if ((rc = brood__sleeper_sleep(sleeper, &waiter->asleep, 1)) == APR_SUCCESS && sleeper->looked)
        brood__table_look();
    return rc;
}

void brood__waiter_rouse(brood__waiter_t *waiter)
{
    if (atomic_exchange(&waiter->asleep, 0) != 0)
        brood__wake(&waiter->asleep, 1);
}

bool brood__waiter_tell(brood__waiter_t *waiter, uint32_t state)
{
    uint32_t word = atomic_load(&waiter->word);

    if (word == 0 || BROOD__WAITER_STATE(word) != BROOD__WAITS
        || !atomic_compare_exchange_strong(&waiter->word, &word, word_of(word, state)))
        return false;
    BROOD__STEP(WAITER_TOLD);
    brood__waiter_rouse(waiter);
    BROOD__STEP(WAITER_ROUSED);
    return true;
}

static bool waits_at(brood__waiter_t *waiter, uint64_t where)
{
    const uint32_t word = atomic_load_explicit(&waiter->word, memory_order_acquire);

    return word != 0 && BROOD__WAITER_STATE(word) == BROOD__WAITS
           && atomic_load_explicit(&waiter->where, memory_order_relaxed) == where && brood__table_alive(word);
}

brood__waiter_t *brood__waiter_next(uint64_t where, brood__waiter_t *previous)
{
    brood__waiter_t *waiters = brood__head()->waiter, *end = waiters + atomic_load(&brood__head()->waiters_used);

    for (brood__waiter_t *w = previous == NULL ? waiters : previous + 1; w < end; w++)
        if (waits_at(w, where))
            return w;
    return NULL;
}

brood__waiter_t *brood__waiter_first(uint64_t where)
{
    brood__waiter_t *first = NULL;

    for (brood__waiter_t *w = NULL; (w = brood__waiter_next(where, w)) != NULL;)
        if (first == NULL || (int32_t) (atomic_load(&w->ticket) - atomic_load(&first->ticket)) < 0)
            first = w;
    return first;
}

unsigned brood__waiter_count(uint64_t where)
{
    unsigned count = 0;

    for (brood__waiter_t *w = NULL; (w = brood__waiter_next(where, w)) != NULL;)
        count++;
    return count;
}

/* What a dead waiter was let pass with, another one gets: first, so that whoever dies here leaves one told too many.
 * Without the object's lock the chosen one may have come to wait elsewhere meanwhile: then it is told for nothing, and
 * one more is chosen. */
static void pass_on(uint64_t where)
{
    brood__waiter_t *next;

    while ((next = brood__waiter_first(where)) != NULL)
        if (brood__waiter_tell(next, BROOD__PASSED) && atomic_load(&next->where) == where)
            return;
}

void brood__waiters_sweep(brood__id_t dead)
{
    brood__head_t *head = brood__head();
    const uint32_t used = atomic_load(&head->waiters_used);

    for (uint32_t i = 0; i < used; i++) {
        brood__waiter_t *waiter = &head->waiter[i];
        uint32_t word = atomic_load(&waiter->word);

        if ((word & BROOD__ID_MASK) != dead)
            continue;
        if (BROOD__WAITER_STATE(word) == BROOD__PASSED && atomic_load(&waiter->inherited))
            pass_on(atomic_load(&waiter->where));
        BROOD__STEP(WAITER_PASSED_ON);
        (void) atomic_compare_exchange_strong(&waiter->word, &word, 0);
    }
}
