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

/* How long one wait has spun and slept so far: spin a little, yield a few times, then sleep, looking after the one
 * we wait for when LOOK_FIRST has passed, then each time later. */
#define BROOD__LOOK_FIRST apr_time_from_msec(10)
#define BROOD__LOOK_LAST apr_time_from_msec(500)

static inline apr_time_t brood__look_later(apr_time_t look)
{
    return look * 2 < BROOD__LOOK_LAST ? look * 2 : BROOD__LOOK_LAST;
}

#endif
