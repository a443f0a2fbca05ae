/* put.c - items into a queue: encoded or copied by the caller, in full view when the call returns. */
#include "base/codec.h"
#include "base/deadline.h"
#include "base/status.h"
#include "memory/heap.h"
#include "memory/loan.h"
#include "queue/lease.h"
#include "queue/managed.h"
#include <inttypes.h>
#include <string.h>

#define SCRATCH 512 /* a value is encoded here first; most are shorter */

apr_status_t brood__queue_agree(brood__ring_t *ring, uint32_t content)
{
    uint32_t carries = atomic_load_explicit(&ring->content, memory_order_relaxed);

    if (carries == content
        || (carries == BROOD__ANY && atomic_compare_exchange_strong(&ring->content, &carries, content))
        || carries == content)
        return APR_SUCCESS;
    return brood__queue_failed(BROOD_EKIND, true);
}

/* ---- when the arena is full ---- */

static apr_status_t nap(brood__ring_t *ring, apr_time_t deadline, unsigned turn)
{
    const apr_status_t rc = brood__ring_nap(ring, deadline, turn);

    if (rc == APR_TIMEUP)
        return brood_fail_text(rc, "the arena stayed full: there was no memory for an item of the queue");
    return rc == APR_EINTR ? brood__fail_interrupted() : rc;
}

apr_status_t brood__queue_alloc(uint64_t *block, brood__ring_t *ring, uint64_t size, apr_interval_time_t *timeout)
{
    apr_status_t rc;
    apr_time_t deadline;

    if (size <= brood__heap_limit())
        size += brood__lease_room(ring);
    rc = brood__heap_alloc(block, size);
    if (rc != APR_ENOMEM || size > brood__heap_limit())
        return rc;
    deadline = brood__deadline(*timeout);
    for (unsigned turn = 0; rc == APR_ENOMEM; turn++) {
        BROOD_TRY(nap(ring, deadline, turn));
        rc = brood__heap_alloc(block, size);
    }
    *timeout = brood__timeout_left(deadline);
    return rc;
}

apr_status_t brood__queue_put(uint32_t *count, brood__ring_t *ring, const brood__item_t *items,
                              apr_interval_time_t timeout)
{
    apr_status_t rc = brood__ring_put(count, ring, items, timeout);
    apr_time_t deadline;

    if (rc != APR_ENOMEM)
        return rc == APR_SUCCESS ? rc : brood__queue_failed(rc, true);
    deadline = brood__deadline(timeout);
    for (unsigned turn = 0; rc == APR_ENOMEM; turn++) {
        BROOD_TRY(nap(ring, deadline, turn));
        rc = brood__ring_put(count, ring, items, brood__timeout_left(deadline));
    }
    return rc == APR_SUCCESS ? rc : brood__queue_failed(rc, true);
}

/* All of them; *count: how many are in.  The blocks of the others are free. */
static apr_status_t put_all(apr_size_t *count, brood__ring_t *ring, const brood__item_t *items,
                            apr_interval_time_t timeout)
{
    apr_time_t deadline = BROOD__NEVER;
    apr_status_t rc = APR_SUCCESS;
    apr_size_t done = 0;

    if (*count > 1)
        deadline = brood__deadline(timeout);
    while (done < *count && rc == APR_SUCCESS) {
        uint32_t some = (uint32_t) (*count - done);

        rc = brood__queue_put(&some, ring, &items[done],
                              done == 0 || timeout == 0 ? timeout : brood__timeout_left(deadline));
        if (rc == APR_SUCCESS)
            done += some;
    }
    for (apr_size_t i = done; i < *count; i++)
        brood__queue_drop(&items[i]);
    *count = done;
    return rc;
}

/* ---- bytes ---- */

/* What is too much for a slot has a block, and so has what is to be leased. */
static apr_status_t copy_in(brood__item_t *item, brood__ring_t *ring, const void *data, apr_size_t size,
                            apr_interval_time_t *timeout)
{
    *item = (brood__item_t){0, size, data, BROOD__BYTES};
    if (size <= BROOD__INLINE && !brood__leases(ring))
        return APR_SUCCESS;
    BROOD_TRY(brood__queue_alloc(&item->block, ring, size, timeout));
    memcpy(brood__at(item->block), data, size);
    return APR_SUCCESS;
}

apr_status_t brood_queue_put_bytes(brood_queue_t *queue, const void *data, apr_size_t size, apr_interval_time_t timeout)
{
    brood__ring_t *ring = brood__queue_ring(queue);
    apr_size_t count = 1;
    brood__item_t item;

    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.put_bytes(queue, data, size, timeout);
    if (ring == NULL)
        return brood__object_closed("queue");
    BROOD_TRY(brood__queue_agree(ring, BROOD__BYTES));
    BROOD_TRY(copy_in(&item, ring, data, size, &timeout));
    return put_all(&count, ring, &item, timeout);
}

/* ---- values ---- */

/* Encode where it is to lie: behind the list of the objects in it, if there are any. */
static apr_status_t encode_in_block(brood__item_t *item, brood_value_t value, uint64_t size, brood__loans_t *loans)
{
    const uint64_t begin = loans->count == 0 ? 0 : brood__loans_size(loans);
    brood__output_t output = {(unsigned char *) brood__at(item->block) + begin, 0, (size_t) size, NULL};

    BROOD_TRY(brood__loans_encode(&output, value, loans));
    return loans->count == 0 ? APR_SUCCESS : brood__loan_begin(item->block, loans);
}

/* Encode into the scratch, where short ones stay; others have a block, for what has been measured there. */
static apr_status_t encode(brood__item_t *item, brood__ring_t *ring, unsigned char scratch[SCRATCH],
                           brood_value_t value, apr_interval_time_t *timeout)
{
    brood__output_t output = {scratch, 0, SCRATCH, NULL};
    brood__loans_t loans;
    apr_status_t rc;

    *item = (brood__item_t){0, 0, scratch, BROOD__VALUES};
    BROOD_TRY(brood__loans_measure(&output, value, &loans));
    item->length = output.size + (loans.count == 0 ? 0 : brood__loans_size(&loans));
    if (item->length <= BROOD__INLINE && loans.count == 0 && !brood__leases(ring))
        return APR_SUCCESS;
    BROOD_TRY(brood__queue_alloc(&item->block, ring, item->length, timeout));
    if (output.size <= SCRATCH && loans.count == 0) {
        memcpy(brood__at(item->block), scratch, output.size);
        return APR_SUCCESS;
    }
    if ((rc = encode_in_block(item, value, output.size, &loans)) != APR_SUCCESS)
        brood__heap_free(item->block);
    return rc;
}

apr_status_t brood_queue_put(brood_queue_t *queue, brood_value_t value, apr_interval_time_t timeout)
{
    brood__ring_t *ring = brood__queue_ring(queue);
    unsigned char scratch[SCRATCH];
    apr_size_t count = 1;
    brood__item_t item;

    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.put(queue, value, timeout);
    if (ring == NULL)
        return brood__object_closed("queue");
    BROOD_TRY(encode(&item, ring, scratch, value, &timeout));
    if (brood__queue_agree(ring, BROOD__VALUES) != APR_SUCCESS) {
        brood__queue_drop(&item);
        return BROOD_EKIND;
    }
    return put_all(&count, ring, &item, timeout);
}

/* ---- many ---- */

/* One of many: what is short goes to `with`. */
typedef apr_status_t (*prepare_fn)(brood__item_t *item, brood__ring_t *ring, unsigned char *with, const void *items,
                                   apr_size_t index);

static apr_status_t prepare_value(brood__item_t *item, brood__ring_t *ring, unsigned char *with, const void *items,
                                  apr_size_t index)
{
    apr_interval_time_t timeout = BROOD_NOWAIT;
    unsigned char scratch[SCRATCH];

    BROOD_TRY(encode(item, ring, scratch, ((const brood_value_t *) items)[index], &timeout));
    if (item->block == 0)
        memcpy(with, scratch, (size_t) item->length);
    item->data = with;
    return APR_SUCCESS;
}

static apr_status_t prepare_bytes(brood__item_t *item, brood__ring_t *ring, unsigned char *with, const void *items,
                                  apr_size_t index)
{
    const brood_bytes_t *bytes = (const brood_bytes_t *) items + index;
    apr_interval_time_t timeout = BROOD_NOWAIT;

    (void) with;
    return copy_in(item, ring, bytes->data, bytes->size, &timeout);
}

/* As many as can be prepared go at once.  The first one that has no memory may wait for it when all before it are in. */
static apr_status_t put_batch(apr_size_t *count, brood__ring_t *ring, prepare_fn prepare, const void *items,
                              apr_size_t from, apr_time_t deadline)
{
    unsigned char with[BROOD__BATCH][BROOD__INLINE];
    brood__item_t batch[BROOD__BATCH];
    apr_size_t ready = 0, done;
    apr_status_t rc = APR_SUCCESS, put;

    while (ready < *count && ready < BROOD__BATCH && rc == APR_SUCCESS)
        if ((rc = prepare(&batch[ready], ring, with[ready], items, from + ready)) == APR_SUCCESS)
            ready++;
    done = ready;
    *count = 0;
    if (ready == 0 && rc == APR_TIMEUP)
        return nap(ring, deadline, 1);
    if (ready == 0)
        return rc;
    put = put_all(&done, ring, batch, deadline == BROOD__AT_ONCE ? BROOD_NOWAIT : brood__timeout_left(deadline));
    *count = done;
    return put != APR_SUCCESS || rc == APR_TIMEUP ? put : rc;
}

static apr_status_t put_many(brood_queue_t *queue, prepare_fn prepare, uint32_t content, const void *items,
                             apr_size_t *count, apr_interval_time_t timeout)
{
    brood__ring_t *ring = brood__queue_ring(queue);
    const apr_time_t deadline = brood__deadline(timeout);
    const apr_size_t all = *count;
    apr_status_t rc = APR_SUCCESS;

    *count = 0;
    if (ring == NULL)
        return brood__object_closed("queue");
    BROOD_TRY(brood__queue_agree(ring, content));
    while (*count < all && rc == APR_SUCCESS) {
        apr_size_t some = all - *count;

        rc = put_batch(&some, ring, prepare, items, *count, deadline);
        *count += some;
    }
    return rc;
}

apr_status_t brood_queue_put_many(brood_queue_t *queue, const brood_value_t *items, apr_size_t *count,
                                  apr_interval_time_t timeout)
{
    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.put_many(queue, items, count, timeout);
    return put_many(queue, prepare_value, BROOD__VALUES, items, count, timeout);
}

apr_status_t brood_queue_put_many_bytes(brood_queue_t *queue, const brood_bytes_t *items, apr_size_t *count,
                                        apr_interval_time_t timeout)
{
    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.put_many_bytes(queue, items, count, timeout);
    return put_many(queue, prepare_bytes, BROOD__BYTES, items, count, timeout);
}
