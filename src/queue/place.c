/* place.c - large items without a copy: written where they will lie, read where they lie. */
#include "base/status.h"
#include "memory/heap.h"
#include "queue/lease.h"
#include "queue/managed.h"
#include "queue/task.h"
#include <inttypes.h>

/* Where a reserved block is published: there is no object.  So neither it nor a borrowed one can be given twice. */
#define NOWHERE UINT64_C(128)

static apr_status_t check_local(const brood_queue_t *queue)
{
    if (brood__queue_is_managed(queue))
        return brood_fail_text(APR_ENOTIMPL, "the items of a manager's queue lie in its server, and cannot be read or "
                                             "written in place: use brood_queue_put_bytes and brood_queue_get_bytes");
    return APR_SUCCESS;
}

static void give_up(uint64_t block)
{
    brood__heap_publish(block, 0, 0);
    brood__heap_free(block);
}

apr_status_t brood_queue_reserve(void **room, brood_queue_t *queue, apr_size_t size, apr_interval_time_t timeout)
{
    brood__ring_t *ring = brood__queue_ring(queue);
    uint64_t block;

    BROOD_TRY(check_local(queue));
    if (ring == NULL)
        return brood__object_closed("queue");
    BROOD_TRY(brood__queue_agree(ring, BROOD__BYTES));
    BROOD_TRY(brood__queue_alloc(&block, ring, size, &timeout));
    brood__heap_publish(block, NOWHERE, 0);
    *room = brood__at(block);
    return APR_SUCCESS;
}

apr_status_t brood_queue_publish(brood_queue_t *queue, void *room, apr_size_t size, apr_interval_time_t timeout)
{
    brood__ring_t *ring = brood__queue_ring(queue);
    const brood__item_t item = {brood__offset(room), size, room, BROOD__BYTES};
    uint32_t count = 1;

    BROOD_TRY(check_local(queue));
    if (ring == NULL)
        return brood__object_closed("queue");
    if (brood__heap_container(item.block) != NOWHERE)
        return brood_fail_text(APR_EINVAL,
                               "this is no room that brood_queue_reserve gave, or it is not yours any more");
    if (size > brood__heap_size(item.block) - brood__lease_room(ring))
        return brood_fail(APR_EINVAL, "%" PRIu64 " bytes are more than were reserved", (uint64_t) size);
    return brood__queue_put(&count, ring, &item, timeout);
}

void brood_queue_drop(brood_queue_t *queue, void *room)
{
    if (room != NULL && !brood__queue_is_managed(queue) && brood__heap_container(brood__offset(room)) == NOWHERE)
        give_up(brood__offset(room));
}

static const brood__wish_t to_borrow = {BROOD__BYTES, 1, UINT64_MAX, false};

/* What lies in a slot is copied out: the slot is the next one's.  The room for it is there before the item is taken. */
static apr_status_t borrow(brood__item_t *item, brood_queue_t *queue, apr_interval_time_t timeout)
{
    brood__ring_t *ring = brood__queue_ring(queue);
    uint32_t count;
    uint64_t small;
    apr_status_t rc;

    BROOD_TRY(brood__queue_alloc(&small, ring, BROOD__INLINE, &timeout));
    rc = brood__queue_take(&count, item, brood__at(small), queue, &to_borrow, timeout);
    if (rc == APR_SUCCESS && item->block == 0)
        brood__heap_publish(small, brood__offset(ring), 0);
    else
        brood__heap_free(small);
    return rc;
}

/* None does. */
static apr_status_t borrow_leased(brood__item_t *item, brood_queue_t *queue, apr_interval_time_t timeout)
{
    uint32_t count;

    return brood__queue_take(&count, item, NULL, queue, &to_borrow, timeout);
}

apr_status_t brood_queue_borrow(brood_bytes_t *bytes, brood_queue_t *queue, apr_interval_time_t timeout)
{
    brood__ring_t *ring = brood__queue_ring(queue);
    brood__item_t item;

    BROOD_TRY(check_local(queue));
    if (ring == NULL)
        return brood__object_closed("queue");
    BROOD_TRY(brood__leases(ring) ? borrow_leased(&item, queue, timeout) : borrow(&item, queue, timeout));
    if (!brood__queue_is_whole(&item)) {
        brood__queue_give_up(ring, &item);
        return brood__queue_fail_overwritten();
    }
    *bytes = (brood_bytes_t){item.data, (apr_size_t) item.length};
    return APR_SUCCESS;
}

/* What is on a lease is not this process's wholly, so it stays. */
void brood_queue_give_back(brood_queue_t *queue, brood_bytes_t item)
{
    const bool none = item.data == NULL || brood__queue_is_managed(queue);
    const uint64_t block = none ? 0 : brood__offset(item.data), container = brood__heap_container(block);

    if (container != 0 && container != NOWHERE)
        give_up(block);
}
