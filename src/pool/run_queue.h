/* run_queue.h - the numbers of the places that are to be claimed, from the pool's process to its workers.
 *
 * A ring with one writer, who is whoever has the pool's lock, and any number of readers, each of whom takes a number by one
 * compare-and-swap.  Nobody waits for anybody who might have died: a number that a dead worker has taken is lost, which
 * the pool finds out when it buries it.  Workers that find nothing sleep, each at its own seat, and are woken one by one. */
#ifndef BROOD_POOL_RUN_QUEUE_H
#define BROOD_POOL_RUN_QUEUE_H

#include "pool/board.h"

/* ---- the pool, under its lock ---- */

/* The worker of this number, which waits at one seat, is known, and may take its own. */
void brood__run_queue_admit(brood__board_t *board, uint32_t at, uint32_t number, uint32_t to);
/* It has done so: another may wait there. */
bool brood__run_queue_has_entered(brood__board_t *board, uint32_t at, uint32_t number);
/* A place is READY.  Workers need not see it before the next flush. */
void brood__run_queue_put(brood__board_t *board, uint32_t number);
/* They see all that was put, and as many as are needed for it are awake. */
void brood__run_queue_flush(brood__board_t *board);
/* Nothing comes any more.  Workers take what there is, unless the board is ended. */
void brood__run_queue_close(brood__board_t *board);
/* This worker has ended: what it may have had in hand is there again. */
void brood__run_queue_bury(brood__board_t *board, uint32_t worker);

/* ---- a worker ---- */

/* Wait to be admitted: before that it says and takes nothing.  False: it was one to spare, and no more are wanted. */
bool brood__run_queue_enter(uint32_t *worker, brood__board_t *board, uint32_t at, uint32_t number);
/* Wait for a number.  False: none will come. */
bool brood__run_queue_take(uint32_t *number, brood__board_t *board, uint32_t worker);

#endif
