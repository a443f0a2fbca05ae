/* park.h - sleep while a 32-bit word of the arena has a value; wake those who do.
 *
 * The one primitive under every lock, queue and condition.  Two mechanisms: the kernel's wait on an address (park
 * needs no cell), or one kernel semaphore per cell, the cells' notes being the wait queue.  Wakes may be spurious:
 * every caller looks again. */
#ifndef BROOD_PLATFORM_PARK_H
#define BROOD_PLATFORM_PARK_H

#include "platform/handle.h"
#include <apr_time.h>
#include <stdatomic.h>

/* Where one sleeping thread says on which word it sleeps, so that others can find it.  Lives in the arena.  A cell
 * is claimed (owner: the process id, 0: free) for one sleep; `note` is the arena offset of the word, a multiple of 4
 * above 0, BROOD__NOTE_NONE, or BROOD__NOTE_CLAIMED once a waker has chosen it. */
typedef struct brood__cell_t {
    _Alignas(64) _Atomic uint64_t note;
    _Atomic uint32_t owner;
    uint32_t reserved;
    _Alignas(8) unsigned char wake[40]; /* the backend's: a semaphore, or nothing */
} brood__cell_t;

#define BROOD__NOTE_NONE UINT64_C(0)
#define BROOD__NOTE_CLAIMED UINT64_C(2)

/* The cells of the arena: `used` is how many were ever claimed at once, the lowest first. */
typedef struct brood__cells_t {
    brood__cell_t *cell;
    uint32_t count;
    _Atomic uint32_t *used;
    const unsigned char *key; /* 16 random bytes of this arena, for mechanisms that need unguessable names */
} brood__cells_t;

/* Once in every process, before its first park; `first`: by the arena's creator, when the cells are zero.
 * `cells` is copied.  Again with another arena after brood__park_detach. */
apr_status_t brood__park_attach(const brood__cells_t *cells, bool first);
void brood__park_detach(void);

/* Sleep while *word == expected, until `deadline`.  The caller has put `note` into `cell` before it looked at *word
 * for the last time, and clears it afterwards; cell NULL: all cells are taken, sleep for 1 ms at most.
 * Returns true when the deadline has passed, false when woken, when *word differs, or for no reason.  Who times out
 * after a waker has claimed its cell gets false, too: callers look at the clock themselves. */
bool brood__park(brood__cell_t *cell, _Atomic uint32_t *word, uint32_t expected, apr_time_t deadline);

/* Wake up to `count` of those who sleep on *word, whose arena offset is `offset`.  The caller has changed *word
 * (or what the sleepers look at besides) before.  Never blocks. */
void brood__unpark(_Atomic uint32_t *word, uint64_t offset, uint32_t count);

#endif
