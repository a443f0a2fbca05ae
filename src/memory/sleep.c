#include "memory/sleep.h"
#include "base/deadline.h"
#include "base/step.h"
#include "base/thread_local.h"
#include "memory/layout.h"
#include "platform/park.h"
#include <stddef.h>

_Atomic apr_time_t brood__look_first = BROOD__LOOK_FIRST;

static BROOD__THREAD_LOCAL uint32_t last; /* this thread's cell of last time is most likely free again */

static bool claim(brood__cell_t *cell)
{
    uint32_t nobody = 0;

    return atomic_load_explicit(&cell->owner, memory_order_relaxed) == 0
           && atomic_compare_exchange_strong(&cell->owner, &nobody, brood__me);
}

/* Counted before it is claimed, so that who has claimed a cell can be found. */
static void count_cell(uint32_t index)
{
    _Atomic uint32_t *cells_used = &brood__head()->cells_used;
    uint32_t used = atomic_load(cells_used);

    while (used <= index && !atomic_compare_exchange_weak(cells_used, &used, index + 1))
        ;
}

/* A free cell, the lowest but for the one of last time, so that those who look through them find few; NULL if
 * BROOD__CELLS threads sleep. */
static brood__cell_t *claim_any(void)
{
    brood__cell_t *cells = brood__head()->cell;

    if (last != 0) {
        count_cell(last); /* it may be that of an arena before this one */
        if (claim(&cells[last]))
            return &cells[last];
    }
    for (uint32_t i = 0; i < BROOD__CELLS; i++) {
        count_cell(i);
        if (claim(&cells[i])) {
            last = i;
            return &cells[i];
        }
    }
    return NULL;
}

void brood__sleep_declare(brood__sleep_t *sleep, _Atomic uint32_t *word)
{
    sleep->word = word;
    sleep->cell = claim_any();
    if (sleep->cell != NULL)
        atomic_store(&sleep->cell->note, brood__offset((const void *) word));
}

bool brood__sleep_park(brood__sleep_t *sleep, uint32_t expected, apr_time_t deadline)
{
    return brood__park(sleep->cell, sleep->word, expected, deadline);
}

void brood__sleep_end(brood__sleep_t *sleep)
{
    if (sleep->cell == NULL)
        return;
    atomic_store_explicit(&sleep->cell->note, BROOD__NOTE_NONE, memory_order_relaxed);
    atomic_store_explicit(&sleep->cell->owner, 0, memory_order_release);
}

void brood__wake(_Atomic uint32_t *word, uint32_t count)
{
    brood__unpark(word, brood__offset((const void *) word), count);
}

brood__sleeper_t brood__sleeper(apr_time_t deadline)
{
    return (brood__sleeper_t){0, false, false, deadline, brood__look_first};
}

bool brood__sleeper_spins(brood__sleeper_t *sleeper)
{
    if (sleeper->spun >= BROOD__PAUSES + BROOD__YIELDS || sleeper->deadline == BROOD__AT_ONCE)
        return false;
    if (sleeper->spun++ < BROOD__PAUSES)
        brood__clock_pause();
    else
        brood__clock_yield();
    return true;
}

apr_status_t brood__sleeper_sleep(brood__sleeper_t *sleeper, _Atomic uint32_t *word, uint32_t seen)
{
    const apr_time_t now = sleeper->deadline == BROOD__AT_ONCE ? BROOD__AT_ONCE : brood__clock_now();
    apr_time_t until = sleeper->deadline;
    brood__sleep_t sleep;

    sleeper->looked = false;
    if (now >= until)
        return APR_TIMEUP;
    if (brood__critical_interrupted())
        return APR_EINTR;
    if (until - now > sleeper->look)
        until = now + sleeper->look;
    brood__sleep_declare(&sleep, word);
    BROOD__STEP(SLEEP_DECLARED);
    sleeper->slept = true;
    if (brood__sleep_park(&sleep, seen, until) && until < sleeper->deadline) {
        sleeper->looked = true;
        sleeper->look = brood__look_later(sleeper->look);
    }
    brood__sleep_end(&sleep);
    BROOD__STEP(SLEEP_ENDED);
    return APR_SUCCESS;
}

/* Send the sleepers on one word back to look.  A word of an object is not written to: since its note was read the
 * object may have ended, and its memory be another's.  So who was just about to sleep there is missed, and looks when
 * BROOD__LOOK_FIRST has passed.  The locks in the head, which all wait for, change from a dead owner to nobody. */
static void rouse(uint64_t note)
{
    _Atomic uint32_t *word = brood__at(note);

    if (note < offsetof(brood__head_t, life)) {
        uint32_t w = atomic_load(word), owner = w & BROOD__ID_MASK;

        if (owner != 0 && owner != BROOD__OWNER_ORPHAN && !brood__table_alive(owner))
            (void) atomic_compare_exchange_strong(word, &w, BROOD__OWNER_ORPHAN | BROOD__WAITERS);
    }
    BROOD__STEP(SWEEP_BUMPED);
    brood__wake(word, UINT32_MAX);
    BROOD__STEP(SWEEP_WOKE);
}

/* A cell of the dead is free again.  It is taken over first: no other sweep frees it meanwhile, and if this one dies, it
 * is a cell of the dead as before.  Who has left the table has no say in that. */
static void free_cell(brood__cell_t *cell)
{
    uint32_t owner = atomic_load(&cell->owner);

    if (owner == 0 || brood__table_alive(owner) || !brood__table_alive(brood__me)
        || !atomic_compare_exchange_strong(&cell->owner, &owner, brood__me))
        return;
    atomic_store(&cell->note, BROOD__NOTE_NONE); /* first: a free cell must not take a wake meant for the living */
    atomic_store(&cell->owner, 0);
}

void brood__sleep_wake_all(void)
{
    brood__head_t *head = brood__head();
    uint32_t used = atomic_load(&head->cells_used);

    for (uint32_t i = 0; i < used; i++) {
        const uint64_t note = atomic_load(&head->cell[i].note);

        if (note > BROOD__NOTE_CLAIMED && note < head->size)
            rouse(note);
        free_cell(&head->cell[i]);
    }
}
