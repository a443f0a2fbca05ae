/* loan.h - objects in an item on its way: the block that the item lies in bears them.
 *
 * An item outlives its producer, and nobody knows who will get it, so no process can hold the objects in it for it.  An
 * item with objects therefore lies in a block of its own, which begins with a list of them, and whose `where` has one bit
 * (BROOD__BEARING) that says that the list holds.  That bit is the truth: one store begins all the loans of a block and
 * one ends them.  How many loans an object has is only counted, under the lock of the holder sets, and counted anew from
 * the blocks when somebody has died inside it.  A block of the dead that bears objects is ended by a sweep, unless a queue
 * holds it.
 *
 * Put: encode, allocate, fill in behind the list, brood__loan_begin, brood__heap_publish.  Get: brood__heap_take, decode,
 * brood__loan_end, brood__heap_free: in this order, so that an object in it is never without somebody.
 *
 * Connections and sockets are in no memory: the producer keeps a copy for whoever comes for it (platform/ticket.h), and the
 * list says by which word.
 *
 * A queue that lies in an item of its own, by way of other queues perhaps, is wanted by itself: unless somebody gets that
 * item it lasts as long as the tree. */
#ifndef BROOD_MEMORY_LOAN_H
#define BROOD_MEMORY_LOAN_H

#include "base/output.h"
#include "memory/object.h"
#include "platform/handle.h"
#include "platform/parcel.h"

#define BROOD__LOANS_MOST 256 /* objects in one item */

/* The objects in a value, as often as they are in it, and those that they come with. */
typedef struct brood__loans_t {
    uint32_t count;
    uint64_t object[BROOD__LOANS_MOST]; /* or a ticket's word, and a bit that says so */
} brood__loans_t;

/* brood__encode for an item: objects may be in it, and *loans says how many.  What has been measured is what will be
 * encoded, byte for byte if there are none.  BROOD_EENCODE: also if there are more than BROOD__LOANS_MOST. */
apr_status_t brood__loans_measure(brood__output_t *output, brood_value_t value, brood__loans_t *loans);
/* And with those that are in it, which are brood__loan_begin's then, or brood__loans_revoke's. */
apr_status_t brood__loans_encode(brood__output_t *output, brood_value_t value, brood__loans_t *loans);

/* For brood__object_pack: there is one more. */
apr_status_t brood__loans_note(uint64_t object);
/* For the pack of what has a handle: the same, and by which word it will be found.  See brood__ticket_leave. */
apr_status_t brood__loans_leave(uint64_t *word, brood__handle_t handle, brood__handle_kind_t kind);

/* The item will not be. */
void brood__loans_revoke(const brood__loans_t *loans);

/* The bytes of a block that the list of so many takes; the item's come behind it. */
static inline uint64_t brood__loans_size(const brood__loans_t *loans)
{
    return (1 + (uint64_t) loans->count) * sizeof(uint64_t);
}

/* A block of this process, that nobody else knows, bears these from now on; its list is written here.  BROOD_ECLOSED: one
 * of them has been closed since, and it bears nothing. */
apr_status_t brood__loan_begin(uint64_t block, const brood__loans_t *loans);

/* A block of this process bears nothing any more; what nobody holds is destroyed.  Always before the block is freed; if it
 * bears nothing this does nothing, without a lock. */
void brood__loan_end(uint64_t block);

/* Before that: nobody will come for what is kept for it elsewhere. */
void brood__loan_revoke(uint64_t block);

/* brood__decode for the item in a block, behind the list if there is one; `data` is where the block is.  BROOD_EDECODE: also
 * if it was overwritten. */
apr_status_t brood__loan_decode(brood_value_t *value, uint64_t block, const void *data, uint64_t size, apr_pool_t *mem);
/* The same of the value that `data` begins with; `bears`: it is in a block that does. */
apr_status_t brood__loan_decode_next(brood_value_t *value, size_t *used, bool bears, const void *data, size_t size,
                                     apr_pool_t *mem);
/* For the unpack of what has a handle: see brood__ticket_fetch.  APR_ENOTIMPL: no item with such is decoded now. */
apr_status_t brood__loans_fetch(brood__handle_t *handle, uint64_t word);

/* Where the item's bytes begin in a block: 0 if it bears nothing, more than the block has if it was overwritten. */
uint64_t brood__loan_data(uint64_t block);

#endif
