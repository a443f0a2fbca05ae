/* board.h - where the tasks of a pool hang, so that a death is charged to exactly the task it has interrupted.
 *
 * A place of the board is one task on its way: what it is to be given, who has it, what came of it.  Its state is one
 * word, phase and worker, and the truth of everything: a worker claims a place by one compare-and-swap and is done with it
 * by another.  What goes through the queues beside it, a place's number, is only a hint where to look; it may come twice,
 * or late, or get lost with a dead worker that had it in hand and be given again. */
#ifndef BROOD_POOL_BOARD_H
#define BROOD_POOL_BOARD_H

#include "memory/object.h"
#include <brood/value.h>

#define BROOD__PLACES 1024u      /* for tasks; behind them one for each worker, for its first word */
#define BROOD__PLACE_ARGS 160u   /* bytes that lie in the place; more in a block of the arena */
#define BROOD__PLACE_RESULT 192u /* likewise */

/* The phases of a place: no one's; to be claimed; claimed by a worker; done by it.  And claimed by one that is to end,
 * since its task is: the pool has given it up.  Each but the first two with the worker's id. */
enum { BROOD__FREE, BROOD__READY, BROOD__CLAIMED, BROOD__DONE, BROOD__STOPPED = BROOD__FREE };
#define BROOD__STATE(phase, worker) ((uint32_t) (phase) << 30 | (worker))
#define BROOD__PHASE(state) ((state) >> 30)
#define BROOD__WORKER(state) (BROOD__ID_MASK & (state))

/* What a worker makes of a task. */
enum {
    BROOD__CALL, /* call the entry with the arguments */
    BROOD__MAP,  /* once for each item of them, up to the first failure: a list of the results */
    BROOD__EACH, /* once for each, whatever fails: a list of status, value, status, value ... */
    BROOD__ARRAY /* a part in a map over C arrays: see array_job.h */
};
#define BROOD__STAR 4u /* beside BROOD__MAP and BROOD__EACH: each item is a whole list of arguments */

typedef struct brood__place_t {
    _Alignas(128) _Atomic uint32_t state;
    _Atomic uint32_t cancelled; /* the task is asked to end */
    uint32_t work;              /* BROOD__CALL ... */
    uint32_t entry;             /* its number, or the kernel's, see process/entry.h */
    uint64_t args;              /* a block; 0: they are in the place */
    uint64_t args_size;
    _Atomic apr_time_t begun; /* when it was claimed; 0: not yet */
    apr_time_t limit;         /* of its running; 0: none, and nobody asks when it has begun */
    int32_t status;
    uint32_t first;  /* BROOD__MAP, a failure: index of the item */
    uint64_t result; /* a block; 0: in the place.  Of a failure: see brood__status_to_value */
    uint64_t result_size;
    _Alignas(64) unsigned char args_here[BROOD__PLACE_ARGS];
    unsigned char result_here[BROOD__PLACE_RESULT];
} brood__place_t;

typedef struct brood__board_t {
    brood__object_t object;
    _Alignas(128) _Atomic uint32_t ended; /* terminated: every task is asked to end */
    uint32_t places;
    brood__place_t place[];
} brood__board_t;

extern const brood__kind_t brood__board_kind;

apr_status_t brood__board_create(brood__ref_t **board, unsigned workers, apr_pool_t *mem);

static inline brood__board_t *brood__board(const brood__ref_t *board)
{
    return (brood__board_t *) board->object;
}

#endif
