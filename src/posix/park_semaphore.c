/* park_semaphore.c - POSIX without waits on addresses: a semaphore per cell, the notes being the wait queue.
 *
 * A semaphore, because it is the one thing of pthreads that forgets a waiter that is killed asleep: in glibc a
 * process-shared condition blocks its next signaller then. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/park.h"

#include "platform/clock.h"
#include <errno.h>
#include <semaphore.h>
#include <time.h>

#define WITHOUT_CELL 1000 /* microseconds */

/* The longest time in one go.  A waker that is killed after it claimed a cell and before it posted leaves a sleeper
 * that no other waker chooses: it finds itself claimed when the slice is over. */
#define SLICE 100000

_Static_assert(sizeof(sem_t) <= sizeof(((brood__cell_t *) 0)->wake), "a cell has room for a semaphore");
_Static_assert(_Alignof(sem_t) <= 8, "a cell aligns its semaphore");

static brood__cells_t all;

static sem_t *semaphore(brood__cell_t *cell)
{
    return (sem_t *) (void *) cell->wake;
}

apr_status_t brood__park_attach(const brood__cells_t *cells, bool first)
{
    uint32_t i;

    if (first)
        for (i = 0; i < cells->count; i++)
            if (sem_init(semaphore(&cells->cell[i]), 1, 0) != 0)
                return errno;
    all = *cells;
    return APR_SUCCESS;
}

void brood__park_detach(void)
{
    all = (brood__cells_t){0}; /* the semaphores end with the arena: others may still use them */
}

/* Wait for a token for `time` microseconds.  0, ETIMEDOUT or EINTR. */
static int take(sem_t *sem, apr_time_t time)
{
    struct timespec until;
    int rv;

#ifdef BROOD_HAVE_SEM_CLOCKWAIT
    clock_gettime(CLOCK_MONOTONIC, &until);
#else
    clock_gettime(CLOCK_REALTIME, &until); /* when somebody sets it, this slice is longer or shorter, not the wait */
#endif
    until.tv_sec += (time_t) (time / 1000000);
    until.tv_nsec += (long) (time % 1000000 * 1000);
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
#ifdef BROOD_HAVE_SEM_CLOCKWAIT
    rv = sem_clockwait(sem, CLOCK_MONOTONIC, &until);
#else
    rv = sem_timedwait(sem, &until);
#endif
    return rv == 0 ? 0 : errno;
}

/* No cell, so no waker can find us: look again soon. */
static bool nap(apr_time_t deadline)
{
    apr_time_t left = deadline - brood__clock_now();

    if (left > 0) {
        struct timespec time = {0, (long) (left < WITHOUT_CELL ? left : WITHOUT_CELL) * 1000};

        nanosleep(&time, NULL);
    }
    return brood__clock_now() >= deadline;
}

bool brood__park(brood__cell_t *cell, _Atomic uint32_t *word, uint32_t expected, apr_time_t deadline)
{
    /* This look comes after the note, and a waker's look at the note after its change of the word: one of the two
     * sees the other. */
    if (atomic_load(word) != expected)
        return false;
    if (cell == NULL)
        return nap(deadline);
    for (;;) {
        apr_time_t left = deadline - brood__clock_now();
        int error;

        if (left <= 0)
            return true;
        error = take(semaphore(cell), left < SLICE ? left : SLICE);
        if (error != ETIMEDOUT)
            return false; /* woken, perhaps by the token of a waker that came too late for an earlier sleep */
        if (atomic_load(&cell->note) == BROOD__NOTE_CLAIMED) {
            /* Chosen all the same: whoever did so counts on us.  Its token is here, or wakes a later sleep, or never
             * comes because it was killed. */
            sem_trywait(semaphore(cell));
            return false;
        }
        if (atomic_load(word) != expected)
            return false;
    }
}

void brood__unpark(_Atomic uint32_t *word, uint64_t offset, uint32_t count)
{
    uint32_t used;
    uint32_t i;

    /* Writes what is there: a change of the word and a look at the notes may not swap places, and an addition is in
     * the one order of all such accesses, unlike a store with release or, for some checkers, a fence. */
    atomic_fetch_add(word, 0);
    used = atomic_load(all.used);
    for (i = 0; i < used && count > 0; i++) {
        brood__cell_t *cell = &all.cell[i];
        uint64_t note = atomic_load(&cell->note);

        /* The token comes after the claim: a token first could end a sleep whose successor, on the same word, is
         * claimed and then gets none. */
        if (note == offset && atomic_compare_exchange_strong(&cell->note, &note, BROOD__NOTE_CLAIMED)) {
            sem_post(semaphore(cell));
            count--;
        }
    }
}
