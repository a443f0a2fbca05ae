/** @file queue.h  Queue, JoinableQueue, SimpleQueue: many producers, many consumers, first in first out; one type.
 *
 *     BROOD_TRY(brood_queue_create(&queue, 0, NULL, mem));
 *     BROOD_TRY(brood_process_start(NULL, work, BROOD_ARGS(queue), NULL, mem));
 *     BROOD_TRY(brood_queue_put(queue, BROOD_LIST(42, "hello"), BROOD_FOREVER));
 *     BROOD_TRY(brood_queue_get(&item, queue, BROOD_FOREVER, mem));
 *
 * When put returns, the item is visible to all and outlives its producer.  No thread, no flush, nothing to join: what
 * join_thread and cancel_join_thread are for elsewhere cannot happen here.  A process that dies at any instruction
 * loses at most what is in its hands.
 *
 * Any thread of any process that has a queue may make every call on it, at any time between brood_init and its end;
 * _close, and the end of `mem`, must be the last that a process does with it.  A call that fails has changed nothing
 * unless it says so.
 *
 * A manager's queues (manager.h) are used with the same calls, each of which is then a message to its server and back,
 * with the statuses that this can have (managed.h). */
#ifndef BROOD_QUEUE_H
#define BROOD_QUEUE_H

#include <brood/value.h>

BROOD_BEGIN

/** This process's hold of a queue. */
typedef struct brood_queue_t brood_queue_t;

/** A zeroed struct is the default. */
typedef struct brood_queue_options_t {
    bool joinable;          /**< JoinableQueue: brood_queue_task_done and brood_queue_join work */
    bool ends_with_writers; /**< gets end with APR_EOF when it is empty and no other process, nor an item of a
                             *   queue, holds it any more: SimpleQueue's end of file.  Who only reads holds it, too:
                             *   so that one reader sees the end, all others must have closed it. */
    bool lease;             /**< joinable, and items of a process that dies come back: see brood_queue_deliveries */
    unsigned deliveries;    /**< of such a queue: how often an item is given out at most; 0: BROOD_QUEUE_DELIVERIES */
    void *reserved[7];      /**< NULL */
} brood_queue_options_t;

/** The most items that a queue can hold. */
#define BROOD_QUEUE_LIMIT 0x7fffffffU

/** How often a queue with the option `lease` gives an item out at most, if it was not made with another number. */
#define BROOD_QUEUE_DELIVERIES 20

/** Make a queue.
 *
 *  @param[out] queue  the new queue, empty; yours until `mem` ends or brood_queue_close.  Untouched unless APR_SUCCESS.
 *  @param maxsize     items it holds at most, up to BROOD_QUEUE_LIMIT; 0: as many as fit the arena.  Memory is taken as
 *                     items come and given back as they go.
 *  @param options     borrowed for the call; NULL: the default.
 *  @param mem         owner of this process's reference.
 *  @retval APR_SUCCESS   it is there.
 *  @retval APR_EINVAL    maxsize is above the limit.
 *  @retval BROOD_EGUARD  brood_main or brood_init has not run, or has ended.
 *  @retval APR_ENOMEM    the arena is full.
 *  SPEC QUE-01, QUE-02. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_create(brood_queue_t **queue, apr_size_t maxsize,
                                                        const brood_queue_options_t *options, apr_pool_t *mem);

/** Encode a value and publish it.
 *
 *  @param queue    open queue, borrowed for the call.
 *  @param item     encoded before the call returns.  brood's objects (locks, arrays, queues) may be in it, with
 *                  connections and sockets 256 at most: they live as long as the item, whoever else closes them or
 *                  ends.  Of a connection or a socket this process keeps a copy for whoever gets it, as long as the
 *                  item is there and this process lives; the caller's own stays its own to close.
 *  @param timeout  microseconds to wait for room; BROOD_NOWAIT only tries, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS       it is in the queue, for all to see.
 *  @retval APR_TIMEUP        full all that time, be it that `maxsize` items were in it or that the arena had no memory
 *                            for one more; not put.
 *  @retval BROOD_ECANCELLED  not put, and Ctrl-C was pressed: see brood_main.
 *  @retval APR_EOF           shut down; not put.
 *  @retval BROOD_EENCODE, BROOD_EENTRY, BROOD_ETOOBIG  the value cannot be encoded; not put.
 *  @retval APR_ENOMEM        it is larger than the whole arena; not put.
 *  @retval BROOD_EKIND       the queue carries bytes; not put.
 *  @retval BROOD_EMISUSE     another thread receives on a connection in the value; not put.
 *  @retval BROOD_ECLOSED     the queue, or an object in the value, is closed by this process; not put.
 *  @return otherwise, of a connection or a socket, the status of what the system refused; not put.
 *  SPEC GEN-04, QUE-01, QUE-03, QUE-07, QUE-08, QUE-09, QUE-12, QUE-16, QUE-18, QUE-20, QUE-22, QUE-26, SQ-01, SQ-05,
 *  JQ-01. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_put(brood_queue_t *queue, brood_value_t item,
                                                     apr_interval_time_t timeout);

/** Take the oldest value; it goes to exactly one caller.
 *
 *  @param[out] item  untouched unless APR_SUCCESS.
 *  @param queue      open queue, borrowed for the call.
 *  @param timeout    microseconds to wait for an item; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @param mem        owner of what the item points to; numbers, bools and nil take none of it.
 *  @retval APR_SUCCESS       the item is the caller's.
 *  @retval APR_TIMEUP        empty all that time.
 *  @retval BROOD_ECANCELLED  nothing was got, and Ctrl-C was pressed: see brood_main.
 *  @retval APR_EOF           empty, and nothing will come: shut down, or see ends_with_writers.
 *  @retval BROOD_EKIND       the queue carries bytes; the item stays.
 *  @retval BROOD_EENTRY      the item, which is taken and counts as done, names an entry that this program does not
 *                            have.
 *  @retval BROOD_EDECODE     the item, likewise, has a connection or a socket in it whose producer has ended, or cannot
 *                            hand it out; or is no value, since somebody has written over the arena.
 *  @retval APR_ENOENT        the item, likewise, has shared memory in it whose name has gone.
 *  @retval APR_ENOMEM        the item, likewise: no memory for it.
 *  @retval BROOD_EMISUSE     the others have taken this process for dead, and the item may be another's: it must end.
 *  @retval BROOD_ECLOSED     closed by this process.
 *  SPEC QUE-01, QUE-05, QUE-08, QUE-12, QUE-20, QUE-24, QUE-25, QUE-26, SQ-02, SQ-05, SQ-06. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_get(brood_value_t *item, brood_queue_t *queue,
                                                     apr_interval_time_t timeout, apr_pool_t *mem);

/** @name Plain bytes, not encoded.
 *
 *  A queue carries values or bytes, as the first put says: BROOD_EKIND for the other, ever after.  SPEC GEN-02. @{ */
/** Publish a copy of some bytes.
 *
 *  @param queue    open queue, borrowed for the call.
 *  @param data     borrowed for the call; may be NULL if size is 0.
 *  @param size     bytes.
 *  @param timeout  as for brood_queue_put.
 *  @return as brood_queue_put, but nothing that comes of encoding; BROOD_EKIND if the queue carries values.
 *  SPEC QUE-01, QUE-03, QUE-08, QUE-09, QUE-12, QUE-20, QUE-26. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_put_bytes(brood_queue_t *queue, const void *data, apr_size_t size,
                                                           apr_interval_time_t timeout);
/** Take the oldest item.
 *
 *  @param[out] item  a copy, followed by a NUL that does not count; data is never NULL.  Untouched unless APR_SUCCESS.
 *  @param queue      open queue, borrowed for the call.
 *  @param timeout    as for brood_queue_get.
 *  @param mem        owner of the bytes.
 *  @return as brood_queue_get, BROOD_EKIND if the queue carries values; BROOD_EDECODE: the item was overwritten;
 *          BROOD_EENTRY and APR_ENOENT cannot be.
 *  SPEC QUE-01, QUE-05, QUE-08, QUE-12, QUE-20. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_get_bytes(brood_bytes_t *item, brood_queue_t *queue,
                                                           apr_interval_time_t timeout, apr_pool_t *mem);
/** Take the oldest item into memory of the caller's.
 *
 *  @param[out] buffer    room for it.  Untouched unless APR_SUCCESS.
 *  @param[in,out] size   in: bytes of the buffer; out: bytes of the item, also with BROOD_ETOOSHORT; else untouched.
 *  @param queue          open queue, borrowed for the call.
 *  @param timeout        as for brood_queue_get.
 *  @retval BROOD_ETOOSHORT  the item has `size` bytes, more than fit; it stays.
 *  @return otherwise as brood_queue_get_bytes.
 *  SPEC QUE-01, QUE-05, QUE-08, QUE-12, QUE-20. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_get_into(void *buffer, apr_size_t *size, brood_queue_t *queue,
                                                          apr_interval_time_t timeout);
/** @} */

/** @name Many at once: the price of one call and one lock for up to 32 items. @{ */
/** Publish values in their order, as if by that many calls of brood_queue_put; items of others may come in between.
 *
 *  @param queue           open queue, borrowed for the call.
 *  @param items           an array of `*count`, borrowed for the call.
 *  @param[in,out] count   in: how many; out: how many are in the queue, which are the first ones, whatever the status.
 *  @param timeout         microseconds to wait for room for all; BROOD_NOWAIT puts as many as there is room for now,
 *                         BROOD_FOREVER waits.
 *  @return APR_SUCCESS: all of them; otherwise why the next one could not be put, as brood_queue_put says.
 *  SPEC QUE-01, QUE-03, QUE-08. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_put_many(brood_queue_t *queue, const brood_value_t *items,
                                                          apr_size_t *count, apr_interval_time_t timeout);
/** Take the oldest values: waits for the first of them only, and takes what else is there.
 *
 *  @param[out] items      an array with room for `*count`.
 *  @param[in,out] count   in: how many at most; out: how many are in `items`, whatever the status.
 *  @param queue           open queue, borrowed for the call.
 *  @param timeout         microseconds to wait for one; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @param mem             owner of what the items point to.
 *  @return APR_SUCCESS: one at least, unless `*count` was 0.  BROOD_EENTRY, BROOD_EDECODE, APR_ENOENT, APR_ENOMEM: one
 *          or more that were taken could not be decoded and are left out; the others are in `items`.  Otherwise none
 *          was taken: as brood_queue_get says.
 *  SPEC QUE-01, QUE-05, QUE-08. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_get_many(brood_value_t *items, apr_size_t *count, brood_queue_t *queue,
                                                          apr_interval_time_t timeout, apr_pool_t *mem);
/** The same for bytes.
 *
 *  @param items           an array of `*count`, borrowed for the call.
 *  @param[in,out] count   as for brood_queue_put_many. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_put_many_bytes(brood_queue_t *queue, const brood_bytes_t *items,
                                                                apr_size_t *count, apr_interval_time_t timeout);
/** The same for bytes.
 *
 *  @param[out] items      an array with room for `*count`.
 *  @param[in,out] count   as for brood_queue_get_many. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_get_many_bytes(brood_bytes_t *items, apr_size_t *count,
                                                                brood_queue_t *queue, apr_interval_time_t timeout,
                                                                apr_pool_t *mem);
/** @} */

/** @name No copy at all: write in place and publish; read in place and give back.
 *
 *  For bytes; APR_ENOTIMPL for a manager's queue, whose items lie in its server.  What a process has reserved or
 *  borrowed goes with it when it ends. @{ */
/** Room for an item, in the arena.
 *
 *  @param[out] room  `size` bytes of anything, aligned to 128; the caller's until published or dropped.  Untouched
 *                    unless APR_SUCCESS.
 *  @param queue      open queue, borrowed for the call.
 *  @param size       bytes.
 *  @param timeout    microseconds to wait while the arena is full; BROOD_NOWAIT only tries, BROOD_FOREVER waits.
 *  @return APR_SUCCESS; APR_TIMEUP, APR_ENOMEM, BROOD_EKIND, BROOD_ECANCELLED, BROOD_ECLOSED as
 *          brood_queue_put_bytes. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_reserve(void **room, brood_queue_t *queue, apr_size_t size,
                                                         apr_interval_time_t timeout);
/** The first `size` bytes of reserved room become an item.
 *
 *  @param queue    open queue, borrowed for the call.
 *  @param room     as reserved; the queue's from then on if APR_SUCCESS, else still the caller's.
 *  @param size     bytes, not more than were reserved.
 *  @param timeout  as for brood_queue_put.
 *  @return as brood_queue_put_bytes; APR_EINVAL: more than there is room for, or `room` was never reserved, or has been
 *          published or dropped. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_publish(brood_queue_t *queue, void *room, apr_size_t size,
                                                         apr_interval_time_t timeout);
/** Give reserved room back without an item.
 *
 *  @param queue  borrowed for the call.
 *  @param room   as reserved; NULL, and room that is not the caller's any more, are left alone. */
BROOD_API void brood_queue_drop(brood_queue_t *queue, void *room);
/** Take the oldest item where it lies.
 *
 *  @param[out] item  its bytes, which the caller may also write to, until brood_queue_give_back.  Untouched unless
 *                    APR_SUCCESS.
 *  @param queue      open queue, borrowed for the call.
 *  @param timeout    as for brood_queue_get.
 *  @return as brood_queue_get_bytes; APR_ENOMEM, APR_TIMEUP also if the arena is full. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_borrow(brood_bytes_t *item, brood_queue_t *queue,
                                                        apr_interval_time_t timeout);
/** The caller has done with a borrowed item.
 *
 *  @param queue  borrowed for the call.
 *  @param item   as borrowed.  One that has been given back already is left alone, and so is one of a queue with the
 *                option `lease`: it stays the caller's until it is done. */
BROOD_API void brood_queue_give_back(brood_queue_t *queue, brood_bytes_t item);
/** @} */

/** @name JoinableQueue.
 *
 *  An item is a task from its put until it is done.  BROOD_EMISUSE for a queue that was not made joinable. @{ */
/** One item that was got earlier is done: one that this process has got, or, if it has none in hand, one of another
 *  process.  With the option `lease` it is the oldest that this thread has got, or, if it has none in hand, the oldest
 *  of this process; others' cannot be done here.
 *
 *  @param queue  open queue, borrowed for the call.
 *  @return APR_SUCCESS; APR_EINVAL: more often than items have been got; BROOD_EMISUSE: not joinable; BROOD_ECLOSED:
 *          closed by this process.  SPEC JQ-02, JQ-03, JQ-07. */
BROOD_API apr_status_t brood_queue_task_done(brood_queue_t *queue);
/** Wait until every item that was put has been got and is done, or was lost with a process that had it: with the option
 *  `lease`, with the last of as many as it may be given to.
 *
 *  @param queue    open queue, borrowed for the call.
 *  @param timeout  microseconds; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS       all are done.
 *  @retval BROOD_EOWNERDEAD  all are done but for some, said in the message, that were lost with processes that have
 *                            ended, or have closed the queue, between get and task_done.  Each is told of once, by one
 *                            call.
 *  @retval APR_TIMEUP        some are not done.
 *  @retval BROOD_ECANCELLED  some are not done, and Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EMISUSE     the queue was not made joinable.
 *  @retval BROOD_ECLOSED     closed by this process.
 *  SPEC JQ-01, JQ-04, JQ-05, JQ-06, JQ-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_join(brood_queue_t *queue, apr_interval_time_t timeout);
/** How often the item that the next brood_queue_task_done of this thread is for has been given out.
 *
 *  A queue with the option `lease` gives its items out on a lease.  Whoever gets one has it until it is done; if the
 *  process dies first, at whatever instruction, or ends, or closes the queue, the item comes back, whole, to be got by
 *  another.  So every item is done once at least, and may be done twice: by somebody who died just before saying so,
 *  and by the next.  What comes back is got before all that is in the queue, the earlier put the earlier, unless
 *  somebody waits for it and gets it while it comes.  It has room whatever maxsize is, and needs no memory; the memory
 *  of an item is free when it is done.  What was written to a borrowed item is in it when it comes back.  A connection
 *  or a socket in an item is got but once: whoever gets it again has BROOD_EDECODE.
 *
 *  An item that ends all who get it does not come back for ever: when it has been given out `deliveries` times it is
 *  lost, which brood_queue_join reports.  Who wants to handle it otherwise looks at this number first.
 *
 *  @param queue  borrowed for the call.
 *  @return this time included: 1, or more if it has come back.  0: this process has none, or has closed the queue, or
 *          that was made without the option.  SPEC JQ-06. */
BROOD_API unsigned brood_queue_deliveries(brood_queue_t *queue);
/** @} */

/** No more puts, by anybody: APR_EOF.  Gets take what is left, then end with APR_EOF; those who wait are woken.  A put
 *  that is going on is in the queue before, or fails.  Again does nothing more.
 *
 *  With the option `lease`, items of others may come back.  So gets end only when there are no more of them; or at once
 *  in a process that has items itself, which would wait in vain for another that waits for it.
 *
 *  @param queue      open queue, borrowed for the call.
 *  @param immediate  what is left is dropped, and counts as done, and so does what comes back; no gets either from now
 *                    on.
 *  @return APR_SUCCESS; BROOD_ECLOSED: closed by this process. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_shutdown(brood_queue_t *queue, bool immediate);

/** Items in it now: exact at one instant of the call; 0: empty.
 *
 *  @param[out] size  their number; untouched unless APR_SUCCESS.  With the option `lease` it may be more than maxsize.
 *  @param queue      open queue, borrowed for the call.
 *  @return APR_SUCCESS; BROOD_ECLOSED: closed by this process.  SPEC QUE-10, QUE-11, QUE-13, SQ-03. */
BROOD_API BROOD_CHECKED apr_status_t brood_queue_size(apr_size_t *size, brood_queue_t *queue);
/** As given to create; of a closed queue, too.  SPEC QUE-02. */
BROOD_API apr_size_t brood_queue_maxsize(const brood_queue_t *queue);
/** This process uses it no more (then BROOD_ECLOSED); items and other processes are not affected, but that, with the
 *  option `lease`, what the process has comes back with the last of its references.  Twice is fine.
 *  The queue and what is in it go with their last holder.  SPEC QUE-12, QUE-13, QUE-14, QUE-17, QUE-27, SQ-04. */
BROOD_API void brood_queue_close(brood_queue_t *queue);

/** @name As a value: for a child's arguments, and items of queues; and back, owned by the pool that the value was
 *  received in.
 *
 *  BROOD_EKIND from _from_value: the value is something else; the output is untouched.  SPEC QUE-22. @{ */
BROOD_API brood_value_t brood_queue_to_value(brood_queue_t *queue);
BROOD_API BROOD_CHECKED apr_status_t brood_queue_from_value(brood_queue_t **queue, brood_value_t value);
BROOD_API brood_slot_t brood_slot_queue(brood_queue_t **target);
/** @} */

BROOD_END
#endif
