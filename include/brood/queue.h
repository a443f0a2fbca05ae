/** @file queue.h  Queue: many producers, many consumers, bounded, first in first out.
 *
 * When put returns, the item is visible to all and outlives its producer.  No thread, no flush, nothing
 * to join.  A process that dies at any instruction loses at most the one item in its hands.
 *
 * Any thread of any process that has a queue may make every call on it, at any time between brood_init and its end;
 * _close, and the end of `mem`, must be the last that a process does with it.  Waits are measured on the monotonic
 * clock and go on after signals (SPEC GEN-07, GEN-08).  A call that fails has changed nothing unless it says so. */
#ifndef BROOD_QUEUE_H
#define BROOD_QUEUE_H

#include <brood/value.h>

BROOD_BEGIN

/** This process's hold of a queue. */
typedef struct brood_queue_t brood_queue_t;

/** A zeroed struct is the default. */
typedef struct brood_queue_options_t {
    void *reserved[8]; /**< NULL */
} brood_queue_options_t;

/** Items that a queue takes when maxsize is 0; the most it can. */
#define BROOD_QUEUE_MAXSIZE 65536
#define BROOD_QUEUE_LIMIT 16777216

/** Make a queue.
 *
 *  @param[out] queue  the new queue, empty; yours until `mem` ends or brood_queue_close.
 *  @param maxsize     items it holds at most, up to BROOD_QUEUE_LIMIT; 0: BROOD_QUEUE_MAXSIZE.  Room is taken as it
 *                     is used.
 *  @param options     NULL, or zeroed.
 *  @param mem         owner of this process's reference.
 *  @return APR_SUCCESS; APR_EINVAL: maxsize above the limit; BROOD_EGUARD before brood_init; APR_ENOMEM: the arena is
 *          full.  SPEC QUE-01, QUE-02. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_create(brood_queue_t **queue, apr_size_t maxsize,
                                                        const brood_queue_options_t *options, apr_pool_t *mem);

/** Encode a value and publish it.  Any number of threads and processes may do so at once.
 *
 *  @param queue    open, borrowed for the call.
 *  @param item     encoded before the call returns.  brood's objects (locks, arrays, queues) are handed over as
 *                  arguments of a starting process, not through queues: BROOD_EENCODE.
 *  @param timeout  microseconds to wait for room; BROOD_NOWAIT: fail at once when full; BROOD_FOREVER.
 *  @retval APR_SUCCESS     it is in the queue, for all to see.
 *  @retval BROOD_ECANCELLED  not put: Ctrl-C was pressed, see brood_main.
 *  @retval APR_TIMEUP      full all that time; not put.
 *  @retval BROOD_EENCODE   the value cannot be encoded; not put.  BROOD_EENTRY, BROOD_ETOOBIG likewise.
 *  @retval APR_ENOMEM      the arena has no room for it; not put.
 *  @retval BROOD_EKIND     the queue carries bytes; not put.
 *  @retval BROOD_ECLOSED   closed by this process.
 *  SPEC GEN-04, QUE-01, QUE-03, QUE-07, QUE-08, QUE-09, QUE-12, QUE-16, QUE-18, QUE-20, QUE-22, QUE-26. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_put(brood_queue_t *queue, brood_value_t item,
                                                     apr_interval_time_t timeout);

/** Take the oldest value; it goes to exactly one caller.
 *
 *  @param[out] item  in `mem` (numbers, bools and nil take none of it); untouched unless APR_SUCCESS.
 *  @param queue      open, borrowed for the call.
 *  @param timeout    microseconds to wait for an item; BROOD_NOWAIT: fail at once when empty; BROOD_FOREVER.
 *  @param mem        owner of what the item points to.
 *  @retval APR_SUCCESS    the item is the caller's.
 *  @retval BROOD_ECANCELLED  nothing was got: Ctrl-C was pressed, see brood_main.
 *  @retval APR_TIMEUP     empty all that time.
 *  @retval BROOD_EKIND    the queue carries bytes; the item stays.
 *  @retval BROOD_EENTRY   the item, which is taken, names an entry that this program does not have.
 *  @retval BROOD_EDECODE  the item, which is taken, is no value: somebody has written over the arena.
 *  @retval BROOD_EMISUSE  the others have taken this process for dead, and the item may be another's: it must end.
 *  @retval BROOD_ECLOSED  closed by this process.
 *  SPEC QUE-01, QUE-05, QUE-08, QUE-12, QUE-20, QUE-24, QUE-25, QUE-26. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_get(brood_value_t *item, brood_queue_t *queue,
                                                     apr_interval_time_t timeout, apr_pool_t *mem);

/** @name Plain bytes, not encoded.
 *
 *  A queue carries values or bytes, as its first item says: BROOD_EKIND for the other, ever after.  SPEC GEN-02. @{ */
/** Publish a copy of some bytes.
 *
 *  @param queue    open, borrowed for the call.
 *  @param data     borrowed for the call; may be NULL if size is 0.
 *  @param size     their number, up to 2^32 - 1.
 *  @param timeout  as for brood_queue_put.
 *  @retval APR_SUCCESS     they are in the queue, for all to see.
 *  @retval BROOD_ECANCELLED  not put: Ctrl-C was pressed, see brood_main.
 *  @retval APR_TIMEUP      full all that time; not put.
 *  @retval APR_ENOMEM      the arena has no room for them; not put.
 *  @retval BROOD_EKIND     the queue carries values; not put.
 *  @retval BROOD_ETOOBIG   too many; not put.
 *  @retval BROOD_ECLOSED   closed by this process.
 *  SPEC QUE-01, QUE-03, QUE-08, QUE-09, QUE-12, QUE-20, QUE-26. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_put_bytes(brood_queue_t *queue, const void *data, apr_size_t size,
                                                           apr_interval_time_t timeout);
/** Take the oldest item.
 *
 *  @param[out] item  a copy in `mem`; data is never NULL.  Untouched unless APR_SUCCESS.
 *  @param queue      open, borrowed for the call.
 *  @param timeout    as for brood_queue_get.
 *  @param mem        owner of the bytes.
 *  @return as brood_queue_get, BROOD_EKIND if the queue carries values; BROOD_EENTRY cannot be.
 *  SPEC QUE-01, QUE-05, QUE-08, QUE-12, QUE-20. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_get_bytes(brood_bytes_t *item, brood_queue_t *queue,
                                                           apr_interval_time_t timeout, apr_pool_t *mem);
/** Take the oldest item into memory of the caller's.
 *
 *  @param[out] buffer    room for it.  Untouched unless APR_SUCCESS.
 *  @param[in,out] size   in: bytes of the buffer; out: bytes of the item, also after BROOD_ETOOSHORT; else untouched.
 *  @param queue          open, borrowed for the call.
 *  @param timeout        as for brood_queue_get.
 *  @retval BROOD_ETOOSHORT  the item has `size` bytes, more than fit; it stays.
 *  @return otherwise as brood_queue_get_bytes.
 *  SPEC QUE-01, QUE-05, QUE-08, QUE-12, QUE-20. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_get_into(void *buffer, apr_size_t *size, brood_queue_t *queue,
                                                          apr_interval_time_t timeout);
/** @} */

/** Items in it now: exact at one instant of the call.
 *
 *  @param[out] size  their number; untouched unless APR_SUCCESS.
 *  @param queue      open, borrowed for the call.
 *  @return APR_SUCCESS; BROOD_ECLOSED: closed by this process.  SPEC QUE-10, QUE-11, QUE-13. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_size(apr_size_t *size, brood_queue_t *queue);
/** As given to create, BROOD_QUEUE_MAXSIZE for 0; of a closed queue, too.  SPEC QUE-02. */
BROOD_API apr_size_t brood_queue_maxsize(const brood_queue_t *queue);
/** This process uses it no more (then BROOD_ECLOSED); items and other processes are not affected.  Twice is fine.
 *  The queue and what is in it go with their last holder.  SPEC QUE-12, QUE-13, QUE-14, QUE-17, QUE-27. */
BROOD_API void brood_queue_close(brood_queue_t *queue);

/** @name As a value: hand it to a child; take it back, owned by the pool the value was received in.
 *  brood_queue_from_value gives BROOD_EKIND, and leaves *queue untouched, if the value is no queue.  SPEC QUE-22. @{ */
BROOD_API brood_value_t brood_queue_to_value(brood_queue_t *queue);
BROOD_API BROOD_CHECKED apr_status_t brood_queue_from_value(brood_queue_t **queue, brood_value_t value);
BROOD_API brood_slot_t brood_slot_queue(brood_queue_t **target);
/** @} */

BROOD_END
#endif
