/* sleep.h - how a thread sleeps so that a death cannot make it sleep for ever.
 *
 * Declare what you sleep on, look once more, park, end.  A sweep marks the dead first and then wakes whoever has
 * declared; a sleeper declares first and then looks who is dead: one of the two sees the other. */
#ifndef BROOD_MEMORY_SLEEP_H
#define BROOD_MEMORY_SLEEP_H

#include "memory/arena.h"
#include <apr_time.h>

typedef struct brood__sleep_t {
    brood__cell_t *cell;
    _Atomic uint32_t *word;
} brood__sleep_t;

void brood__sleep_declare(brood__sleep_t *sleep, _Atomic uint32_t *word);
/* Returns true if the time is up. */
bool brood__sleep_park(brood__sleep_t *sleep, uint32_t expected, apr_time_t deadline);
void brood__sleep_end(brood__sleep_t *sleep);

/* Wake up to `count` threads that sleep on a word of the arena. */
void brood__wake(_Atomic uint32_t *word, uint32_t count);

/* How a wait goes: spin a little, yield a few times, then sleep, looking after the one we wait for when LOOK_FIRST has
 * passed, then each time later. */
#define BROOD__PAUSES 50
#define BROOD__YIELDS 20
#define BROOD__LOOK_FIRST apr_time_from_msec(10)
#define BROOD__LOOK_LAST apr_time_from_msec(500)

/* BROOD__LOOK_FIRST.  A test in which nobody dies puts it so far off that a wake-up that is lost stays lost. */
extern _Atomic apr_time_t brood__look_first;

static inline apr_time_t brood__look_later(apr_time_t look)
{
    return look * 2 < BROOD__LOOK_LAST ? look * 2 : BROOD__LOOK_LAST;
}

/* One wait for a word to change: how far it has come. */
typedef struct brood__sleeper_t {
    int spun;
    bool slept;  /* at least once: it may have got a wake that others need */
    bool looked; /* the last sleep ended without a wake before its time: something may have died */
    apr_time_t deadline;
    apr_time_t look;
} brood__sleeper_t;

brood__sleeper_t brood__sleeper(apr_time_t deadline);
/* Spin or yield once.  False: that has been enough, the next is to sleep. */
bool brood__sleeper_spins(brood__sleeper_t *sleeper);
/* Sleep while *word == seen.  APR_SUCCESS: look again; APR_TIMEUP; APR_EINTR: see interrupt.h.  Whoever changes the word
 * must see before that somebody may sleep. */
apr_status_t brood__sleeper_sleep(brood__sleeper_t *sleeper, _Atomic uint32_t *word, uint32_t seen);

#endif
