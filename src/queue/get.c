/* get.c - items out of a queue, decoded or copied when no lock is held. */
#include "base/codec.h"
#include "base/status.h"
#include "memory/heap.h"
#include "memory/loan.h"
#include "queue/lease.h"
#include "queue/managed.h"
#include "queue/task.h"
#include <apr_strings.h>
#include <inttypes.h>
#include <string.h>

static const brood__wish_t one_value = {BROOD__VALUES, 1, UINT64_MAX, false};
static const brood__wish_t one_bytes = {BROOD__BYTES, 1, UINT64_MAX, false};

void brood__queue_free(const brood__item_t *item)
{
    if (item->block == 0)
        return;
    brood__loan_end(item->block);
    brood__heap_free(item->block);
}

void brood__queue_drop(const brood__item_t *item)
{
    if (item->block != 0)
        brood__loan_revoke(item->block);
    brood__queue_free(item);
}

/* Not if it is on a lease. */
void brood__queue_done_with(brood__ring_t *ring, const brood__item_t *item)
{
    if (!brood__leases(ring))
        brood__queue_free(item);
}

void brood__queue_give_up(brood__ring_t *ring, const brood__item_t *item)
{
    if (item->block != 0)
        brood__loan_revoke(item->block);
    brood__queue_done_with(ring, item);
    if (brood__leases(ring))
        brood__lease_finish(ring, item->block);
    else if (ring->options & BROOD__JOINABLE)
        (void) brood__tasks_finish(ring);
}

bool brood__queue_is_whole(const brood__item_t *item)
{
    return item->block == 0 || item->length <= brood__heap_size(item->block);
}

apr_status_t brood__queue_fail_overwritten(void)
{
    return brood_fail_text(BROOD_EDECODE, "an item of the queue has been overwritten");
}

apr_status_t brood__queue_take(uint32_t *count, brood__item_t *items, void *with, const brood_queue_t *queue,
                               const brood__wish_t *wish, apr_interval_time_t timeout)
{
    brood__ring_t *ring = brood__queue_ring(queue);
    apr_status_t rc;

    if (ring == NULL)
        return brood__object_closed("queue");
    rc = brood__ring_get(count, items, with, ring, wish, timeout);
    if (rc == APR_SUCCESS && brood__leases(ring))
        brood__lease_keep(ring, items, *count);
    return rc == APR_SUCCESS ? rc : brood__queue_failed(rc, false);
}

/* The one item that was wished. */
static apr_status_t take_one(brood__item_t *item, void *with, const brood_queue_t *queue, const brood__wish_t *wish,
                             apr_interval_time_t timeout)
{
    uint32_t count;

    *item = (brood__item_t){0, 0, NULL, BROOD__ANY};
    BROOD_TRY(brood__queue_take(&count, item, with, queue, wish, timeout));
    if (brood__queue_is_whole(item))
        return APR_SUCCESS;
    brood__queue_give_up(brood__queue_ring(queue), item);
    return brood__queue_fail_overwritten();
}

/* ---- one ---- */

static apr_status_t decode(brood_value_t *value, brood__ring_t *ring, const brood__item_t *item, apr_pool_t *mem)
{
    const apr_status_t rc = brood__queue_is_whole(item)
                                ? brood__loan_decode(value, item->block, item->data, item->length, mem)
                                : brood__queue_fail_overwritten();

    if (rc == APR_SUCCESS)
        brood__queue_done_with(ring, item);
    else
        brood__queue_give_up(ring, item);
    return rc;
}

apr_status_t brood_queue_get(brood_value_t *value, brood_queue_t *queue, apr_interval_time_t timeout, apr_pool_t *mem)
{
    unsigned char with[BROOD__INLINE];
    brood__item_t item = {0, 0, NULL, BROOD__ANY};
    uint32_t count;

    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.get(value, queue, timeout, mem);
    BROOD_TRY(brood__queue_take(&count, &item, with, queue, &one_value, timeout));
    return decode(value, brood__queue_ring(queue), &item, mem);
}

static void copy_out(brood_bytes_t *bytes, brood__ring_t *ring, const brood__item_t *item, apr_pool_t *mem)
{
    const apr_size_t size = (apr_size_t) item->length;
    char *data = apr_palloc(mem, size + 1);

    memcpy(data, item->data, size);
    data[size] = 0;
    *bytes = (brood_bytes_t){data, size};
    brood__queue_done_with(ring, item);
}

apr_status_t brood_queue_get_bytes(brood_bytes_t *bytes, brood_queue_t *queue, apr_interval_time_t timeout,
                                   apr_pool_t *mem)
{
    unsigned char with[BROOD__INLINE];
    brood__item_t item;

    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.get_bytes(bytes, queue, timeout, mem);
    BROOD_TRY(take_one(&item, with, queue, &one_bytes, timeout));
    copy_out(bytes, brood__queue_ring(queue), &item, mem);
    return APR_SUCCESS;
}

apr_status_t brood_queue_get_into(void *buffer, apr_size_t *size, brood_queue_t *queue, apr_interval_time_t timeout)
{
    const brood__wish_t wish = {BROOD__BYTES, 1, *size, false};
    brood__item_t item;
    apr_status_t rc;

    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.get_into(buffer, size, queue, timeout);
    rc = take_one(&item, buffer, queue, &wish, timeout);
    if (rc == BROOD_ETOOSHORT)
        rc =
            brood_fail(rc, "the oldest item has %" PRIu64 " bytes, the buffer %" PRIu64, item.length, (uint64_t) *size);
    if (rc == BROOD_ETOOSHORT || rc == APR_SUCCESS)
        *size = (apr_size_t) item.length;
    if (rc != APR_SUCCESS)
        return rc;
    if (item.block != 0)
        memcpy(buffer, item.data, *size);
    brood__queue_done_with(brood__queue_ring(queue), &item);
    return APR_SUCCESS;
}

/* ---- many ---- */

/* What becomes of one of many, in its place of `items`. */
typedef apr_status_t (*deliver_fn)(void *items, apr_size_t index, brood__ring_t *ring, const brood__item_t *item,
                                   apr_pool_t *mem);

static apr_status_t deliver_value(void *items, apr_size_t index, brood__ring_t *ring, const brood__item_t *item,
                                  apr_pool_t *mem)
{
    return decode((brood_value_t *) items + index, ring, item, mem);
}

static apr_status_t deliver_bytes(void *items, apr_size_t index, brood__ring_t *ring, const brood__item_t *item,
                                  apr_pool_t *mem)
{
    if (!brood__queue_is_whole(item)) {
        brood__queue_give_up(ring, item);
        return brood__queue_fail_overwritten();
    }
    copy_out((brood_bytes_t *) items + index, ring, item, mem);
    return APR_SUCCESS;
}

/* All that are there; waits for the first only.  What cannot be delivered is left out, and told of. */
static apr_status_t get_many(void *items, apr_size_t *count, brood_queue_t *queue, deliver_fn deliver, uint32_t content,
                             apr_interval_time_t timeout, apr_pool_t *mem)
{
    const apr_size_t most = *count;
    unsigned char with[BROOD__BATCH * BROOD__INLINE];
    brood__item_t batch[BROOD__BATCH];
    apr_status_t rc = APR_SUCCESS, failure = APR_SUCCESS;
    bool any = false;

    *count = 0;
    while (*count < most && rc == APR_SUCCESS && failure == APR_SUCCESS) {
        const apr_size_t wanted = most - *count;
        const brood__wish_t wish = {content, wanted < BROOD__BATCH ? (uint32_t) wanted : BROOD__BATCH, UINT64_MAX,
                                    false};
        uint32_t got = 0;

        rc = brood__queue_take(&got, batch, with, queue, &wish, any ? BROOD_NOWAIT : timeout);
        any = any || rc == APR_SUCCESS;
        for (uint32_t i = 0; rc == APR_SUCCESS && i < got; i++) {
            const apr_status_t delivered = deliver(items, *count, brood__queue_ring(queue), &batch[i], mem);

            if (delivered == APR_SUCCESS)
                ++*count;
            else
                failure = delivered;
        }
    }
    if (failure != APR_SUCCESS)
        return failure;
    return any ? APR_SUCCESS : rc;
}

apr_status_t brood_queue_get_many(brood_value_t *items, apr_size_t *count, brood_queue_t *queue,
                                  apr_interval_time_t timeout, apr_pool_t *mem)
{
    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.get_many(items, count, queue, timeout, mem);
    return get_many(items, count, queue, deliver_value, BROOD__VALUES, timeout, mem);
}

apr_status_t brood_queue_get_many_bytes(brood_bytes_t *items, apr_size_t *count, brood_queue_t *queue,
                                        apr_interval_time_t timeout, apr_pool_t *mem)
{
    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.get_many_bytes(items, count, queue, timeout, mem);
    return get_many(items, count, queue, deliver_bytes, BROOD__BYTES, timeout, mem);
}
