/* ring.h - a queue in the arena that survives the death of anybody at any instruction.
 *
 * Each end has one word: position << 32 | owner, so that its index is its lock.  Positions run on for ever; the slots
 * they stand for lie in chunks, linked as items come and given back as they go.  Each slot has a sequence: position
 * + 1 says that the item of this position exists, and is the truth of a put; the head's word is the truth of a get.
 * A death leaves the old truth or the new one; what else the dead had begun is overwritten by the next comer.  A
 * put is delivered once or not at all; of a get, at most what is in the dead's hands is lost. */
#ifndef BROOD_QUEUE_RING_H
#define BROOD_QUEUE_RING_H

#include "memory/object.h"
#include <apr_time.h>
#include <stdatomic.h>

#define BROOD__INLINE 48u /* bytes of an item that lie in its slot; larger ones in a block */
#define BROOD__BATCH 32u  /* items in one go, at most */
#define BROOD__RING_MOST UINT32_C(0x7fffffff)
#define BROOD__SPARES 8u /* drained chunks that a ring keeps, at most */

/* An item on its way in or out. */
typedef struct brood__item_t {
    uint64_t block; /* where its bytes are, or 0: at `data` */
    uint64_t length;
    const void *data;
    uint32_t content; /* BROOD__VALUES ... */
} brood__item_t;

/* Blocks begin at multiples of 128, which leaves room for the content. */
enum { BROOD__ANY = 0, BROOD__VALUES = 1, BROOD__BYTES = 2, BROOD__CONTENT = 3 };

typedef struct brood__slot_t {
    _Alignas(64) uint64_t block; /* and its content */
    uint32_t length;             /* of what is in `data`; that of a block is there itself */
    _Atomic uint32_t sequence;
    unsigned char data[BROOD__INLINE];
} brood__slot_t;

/* What putters write and what getters write never share a line, nor the words that only sleepers use. */
typedef struct brood__end_t {
    _Alignas(128) _Atomic uint64_t word;
    _Atomic uint64_t chunk;                       /* of its position, or the one before; under this end's lock */
    _Atomic uint32_t attention;                   /* who sleeps and is to be rung after a commit here */
    _Atomic uint32_t seen;                        /* the tail's: where the head was last seen */
    _Alignas(128) _Atomic uint32_t lock_sequence; /* slept on for this end's lock */
    _Atomic uint32_t commit_sequence; /* slept on for a commit here: the tail's brings an item, the head's room */
} brood__end_t;

/* What the items that one process has got have become; see task.h. */
typedef struct brood__task_t {
    _Alignas(64) _Atomic uint64_t got;
    _Atomic uint64_t after;
    _Atomic uint64_t ended; /* finished, and lost in the upper half, each modulo 2^32 */
    _Atomic uint32_t at;
    _Atomic uint32_t busy;   /* a thread of the process is at what follows: its leases, see lease.h */
    uint64_t oldest, newest; /* blocks; 0: none */
} brood__task_t;

enum {
    BROOD__JOINABLE = 1,
    BROOD__ENDS_WITH_WRITERS = 2,
    BROOD__LEASES = 4
};                                                 /* options; the last one with the first */
enum { BROOD__OPEN, BROOD__SHUT, BROOD__DROPPED }; /* states: no more puts; no gets either */

typedef struct brood__ring_t {
    brood__object_t object;
    uint32_t capacity;
    uint32_t slots; /* of a chunk */
    uint32_t options;
    _Atomic uint32_t content;                            /* what the first put has brought */
    _Atomic uint32_t state;                              /* under the tail's lock */
    _Alignas(128) _Atomic uint64_t spare[BROOD__SPARES]; /* drained chunks for the next ones; 0: none */
    _Atomic uint64_t looked;                             /* where a sweep has last looked; under both locks */
    _Atomic uint32_t join_attention;
    _Atomic uint32_t join_sequence;
    _Atomic uint32_t tasks_used;
    _Atomic uint64_t reported; /* of the tasks lost */
    _Atomic uint64_t returned; /* leased items that have come back, to be got before all others; see lease.h */
    _Atomic uint64_t given_up; /* those that have come back too often */
    _Atomic uint32_t closed;   /* counts the processes that have let go of it with items in hand */
    uint32_t deliveries;       /* how often an item is given out at most */
    brood__end_t tail, head;
    brood__task_t task[]; /* a joinable one's, for each slot of the process table */
} brood__ring_t;

/* Bytes that a ring takes, without its chunks. */
uint64_t brood__ring_size(uint32_t options);
/* In zeroed memory of that size.  APR_ENOMEM. */
apr_status_t brood__ring_init(brood__ring_t *ring, uint32_t capacity, uint32_t options);

/* Publish up to *count items, one at least; their blocks, if any, are the queue's from then on.  *count: how many.
 * APR_TIMEUP: full; APR_EOF: shut; APR_ENOMEM; APR_EINTR; else they are there, even if this process has been declared
 * dead meanwhile.  No messages. */
apr_status_t brood__ring_put(uint32_t *count, brood__ring_t *ring, const brood__item_t *items,
                             apr_interval_time_t timeout);

/* What a getter wants. */
typedef struct brood__wish_t {
    uint32_t content; /* BROOD__ANY: any */
    uint32_t count;   /* at most BROOD__BATCH */
    uint64_t room;    /* no item is longer */
    bool drains;      /* also of a queue whose items are to be dropped, and for nobody */
} brood__wish_t;

/* Take up to wish->count of the oldest items, one at least; those without a block into `with`, BROOD__INLINE bytes
 * each (or `room`, if that is less, of the only one).  Their blocks, if any, are this process's from then on.
 * APR_TIMEUP: empty.  APR_EOF: and nothing will come.  BROOD_EMISUSE: this process has been declared dead, and the
 * items may be another's.  BROOD_EKIND: the oldest is not of the wished content; BROOD_ETOOSHORT: it is longer than
 * `room`: items->length says how long; it stays.  No messages. */
apr_status_t brood__ring_get(uint32_t *count, brood__item_t *items, void *with, brood__ring_t *ring,
                             const brood__wish_t *wish, apr_interval_time_t timeout);

/* Exact at one instant of the call. */
uint32_t brood__ring_count(brood__ring_t *ring);

/* No more puts; and no gets, if `state` is BROOD__DROPPED. */
void brood__ring_shut(brood__ring_t *ring, uint32_t state);
/* Nothing will come: shut, or there is nobody else who could put. */
bool brood__ring_ended(brood__ring_t *ring);
/* The arena is full: sleep until somebody has got something here, or a while.  `turn` counts the calls. */
apr_status_t brood__ring_nap(brood__ring_t *ring, apr_time_t deadline, unsigned turn);

/* For brood__kind_t. */
int brood__ring_holds(void *object, uint32_t position, uint64_t block, uint32_t owner);
void brood__ring_destroy(void *object);
void brood__ring_dropped(void *object, uint32_t id, bool ended);
/* Take all items out. */
void brood__ring_drain(brood__ring_t *ring);

#endif
