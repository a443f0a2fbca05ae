/* ring.h - a bounded queue in the arena that survives the death of anybody at any instruction.
 *
 * Each end has one word: position << 32 | owner, so that its index is its lock.  Each slot has a sequence: position
 * + 1 says that the item of this position exists, and is the truth of a put; the head's word is the truth of a get.
 * A death leaves the old truth or the new one; what else the dead had begun is overwritten by the next comer.  A
 * put is delivered once or not at all; of a get, at most the one item in the dead's hands is lost. */
#ifndef BROOD_QUEUE_RING_H
#define BROOD_QUEUE_RING_H

#include "memory/object.h"
#include <apr_time.h>
#include <stdatomic.h>

#define BROOD__INLINE 48u /* bytes of an item that lie in its slot; larger ones in a block */

/* An item on its way in or out. */
typedef struct brood__item_t {
    uint64_t block; /* where its bytes are, or 0: beside it */
    uint32_t length;
    uint32_t content; /* BROOD__VALUES or BROOD__BYTES */
} brood__item_t;

enum { BROOD__ANY = 0, BROOD__VALUES = 1, BROOD__BYTES = 2 };

/* Blocks begin at multiples of 128, which leaves room for the content. */
typedef struct brood__slot_t {
    _Alignas(64) uint64_t block;
    uint32_t length;
    _Atomic uint32_t sequence;
    unsigned char data[BROOD__INLINE];
} brood__slot_t;

/* What putters write and what getters write never share a line, nor the words that only sleepers use. */
typedef struct brood__end_t {
    _Alignas(128) _Atomic uint64_t word;
    _Atomic uint32_t attention;                   /* who sleeps and is to be rung after a commit here */
    _Atomic uint32_t seen;                        /* the tail's: where the head was last seen */
    _Alignas(128) _Atomic uint32_t lock_sequence; /* slept on for this end's lock */
    _Atomic uint32_t commit_sequence; /* slept on for a commit here: the tail's brings an item, the head's room */
} brood__end_t;

typedef struct brood__ring_t {
    brood__object_t object;
    uint32_t capacity;
    uint32_t mask;            /* slots - 1; a power of two of them */
    _Atomic uint32_t content; /* what the first put has brought */
    brood__end_t tail, head;
    _Alignas(128) brood__slot_t slot[];
} brood__ring_t;

/* Bytes that a ring takes. */
uint64_t brood__ring_size(uint32_t capacity);
/* In zeroed memory of that size. */
void brood__ring_init(brood__ring_t *ring, uint32_t capacity);

/* Publish an item, which is at `data` if it has no block; its block, if any, is the queue's from then on.  APR_TIMEUP:
 * full; else it is there, even if this process has been declared dead meanwhile.  No messages. */
apr_status_t brood__ring_put(brood__ring_t *ring, const brood__item_t *item, const void *data,
                             apr_interval_time_t timeout);

/* Take the oldest item, into `data` if it has no block: that needs `room` bytes or BROOD__INLINE, whichever is less.
 * Its block, if any, is this process's from then on.  APR_TIMEUP: empty.  BROOD_EMISUSE: this process has been declared
 * dead, and the item may be another's.  BROOD_EKIND: its content is not `content`; BROOD_ETOOSHORT: it is longer than
 * `room`: item->length says how long; it stays.  No messages. */
apr_status_t brood__ring_get(brood__item_t *item, void *data, brood__ring_t *ring, uint32_t content, uint32_t room,
                             apr_interval_time_t timeout);

/* Exact at one instant of the call. */
uint32_t brood__ring_count(brood__ring_t *ring);

/* For brood__kind_t. */
int brood__ring_holds(void *object, uint32_t position, uint64_t block);
void brood__ring_drain(void *object);

#endif
