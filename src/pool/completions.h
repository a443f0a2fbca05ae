/* completions.h - the numbers of the places that are done, from the workers to the pool's process.
 *
 * Each worker has a ring of its own at its seat, which nobody else writes, so nobody waits for anybody who might have died;
 * one bit says that there is something in it.  A worker that dies before it has said that it is done is found when it is
 * buried. */
#ifndef BROOD_POOL_COMPLETIONS_H
#define BROOD_POOL_COMPLETIONS_H

#include "pool/board.h"

#define BROOD__ARRIVALS 64

/* Tasks that may have an outcome now. */
typedef struct brood__arrivals_t {
    uint32_t count;
    uint32_t ticket[BROOD__ARRIVALS];
} brood__arrivals_t;

/* ---- a worker ---- */

/* It has said its first word, at its own place. */
void brood__completions_hello(brood__board_t *board, uint32_t worker);
/* A place is done. */
void brood__completions_put(brood__board_t *board, uint32_t worker, uint32_t number);

/* ---- the pool; any thread ---- */

/* There is something to say of a place, whoever had it. */
void brood__completions_tell(brood__board_t *board, uint32_t number);
/* A worker has ended: whatever it has put is looked for. */
void brood__completions_bury(brood__board_t *board, uint32_t worker);
/* Who takes comes back, with nothing perhaps. */
void brood__completions_interrupt(brood__board_t *board);

/* ---- the pool; one thread at a time ---- */

/* Wait for some.  APR_TIMEUP, without a message; BROOD_ECANCELLED (Ctrl-C); BROOD_EPOOL: the board is ended. */
apr_status_t brood__completions_take(brood__arrivals_t *arrivals, brood__board_t *board, apr_interval_time_t timeout);

#endif
