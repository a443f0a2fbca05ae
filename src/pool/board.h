/* board.h - where the tasks of a pool hang, so that a death is charged to exactly the task it has interrupted.
 *
 * A place of the board is one task on its way: what it is to be given, who has it, what came of it.  Its state is one
 * word, phase and worker, and the truth of everything: a worker claims a place by one compare-and-swap and is done with it
 * by another.  What goes through the run queue and the completions, a place's number, is only a hint where to look; it may
 * come twice, or late, or get lost with a dead worker that had it in hand and be given again. */
#ifndef BROOD_POOL_BOARD_H
#define BROOD_POOL_BOARD_H

#include "memory/object.h"
#include <brood/pool.h>
#include <brood/value.h>

#define BROOD__PLACES 1024u    /* for tasks; behind them one for each worker, for its first word */
#define BROOD__PLACE_ROOM 184u /* bytes of arguments, and later of the result, that lie in the place; more in a block */
#define BROOD__RUN_QUEUE 4096u /* numbers; more than there are places, as some may have been withdrawn */
#define BROOD__SEAT_NUMBERS 2048u /* likewise, as those of a dead worker may have come another way */
#define BROOD__SEAT_WORDS ((BROOD_POOL_LIMIT + 63) / 64) /* with a bit for each worker */

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

/* All that a short task needs is in two neighbouring cache lines.  The arguments are not needed any more when there is a
 * result. */
typedef struct brood__place_t {
    _Alignas(128) _Atomic uint32_t state;
    _Atomic uint32_t cancelled; /* the task is asked to end */
    uint32_t work;              /* BROOD__CALL ... */
    uint32_t entry;             /* its number, or the kernel's, see process/entry.h */
    uint64_t args;              /* a block; 0: they are in the place */
    uint64_t args_size;
    int32_t status;
    uint32_t first;  /* BROOD__MAP, a failure: index of the item */
    uint64_t result; /* a block; 0: in the place.  Of a failure: see brood__status_to_value */
    uint64_t result_size;
    apr_time_t limit;         /* of its running; 0: none, and nobody asks when it has begun */
    _Atomic apr_time_t begun; /* when it was claimed; 0: not yet */
    unsigned char here[BROOD__PLACE_ROOM];
} brood__place_t;

/* What one worker and the pool tell each other: see run_queue.h and completions.h.  A worker waits at one, or where those
 * wait who are to spare, until it is admitted to its own. */
typedef struct brood__seat_t {
    _Alignas(128) _Atomic uint32_t wake; /* counted up to wake the worker */
    _Atomic uint32_t admitted;           /* the number of the worker that has waited here */
    _Atomic uint32_t to;                 /* its seat */
    _Atomic uint32_t entered;            /* the same number, once it knows */
    _Atomic uint32_t taken;              /* how many of the numbers the pool has taken */
    _Alignas(128) _Atomic uint32_t done; /* how many the worker has put there */
    _Atomic uint16_t number[BROOD__SEAT_NUMBERS];
} brood__seat_t;

/* The numbers of places that are to be claimed, in their order: the pool puts, workers take. */
typedef struct brood__run_queue_t {
    _Alignas(128) uint64_t put; /* the pool's alone: how many it has put, and not all of them told yet */
    uint64_t head_seen;         /* likewise: the head when it looked last */
    _Alignas(128) _Atomic uint64_t tail;
    _Atomic uint32_t closed; /* no more will come */
    _Alignas(128) _Atomic uint64_t head;
    _Alignas(128) _Atomic uint64_t idle[BROOD__SEAT_WORDS]; /* workers that sleep, or will, and that nobody has woken */
    _Alignas(128) _Atomic uint16_t number[BROOD__RUN_QUEUE];
} brood__run_queue_t;

/* The numbers of places that are done: workers put, each at its seat, and one thread of the pool takes. */
typedef struct brood__completions_t {
    _Alignas(128) _Atomic uint64_t fresh[BROOD__SEAT_WORDS]; /* seats with numbers that have not been taken */
    _Alignas(128) _Atomic uint32_t waiting;                  /* he who takes sleeps, or is about to */
    _Atomic uint32_t news;                                   /* counted up to wake him */
    _Atomic uint32_t interrupted;                            /* he is to come back */
    uint32_t next;                                           /* the seat at which he looks first */
    _Atomic uint64_t hello[BROOD__SEAT_WORDS];               /* workers that have said their first word */
    _Atomic uint64_t told[BROOD__PLACES / 64];               /* places that the pool itself has something to say of */
} brood__completions_t;

typedef struct brood__board_t {
    brood__object_t object;
    _Alignas(128) _Atomic uint32_t ended; /* terminated: every task is asked to end */
    uint32_t workers;
    brood__run_queue_t run_queue;
    brood__completions_t completions;
    brood__place_t place[]; /* BROOD__PLACES, and one for each worker; behind them the seats, and one to wait at */
} brood__board_t;

extern const brood__kind_t brood__board_kind;

apr_status_t brood__board_create(brood__ref_t **board, unsigned workers, apr_pool_t *mem);

static inline brood__board_t *brood__board(const brood__ref_t *board)
{
    return (brood__board_t *) board->object;
}

static inline brood__seat_t *brood__seat(brood__board_t *board, uint32_t worker)
{
    return (brood__seat_t *) (void *) &board->place[BROOD__PLACES + board->workers] + worker;
}

#endif
