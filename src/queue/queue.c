#include "queue/lease.h"
#include "queue/managed.h"
#include "base/status.h"
#include "memory/heap.h"
#include "queue/task.h"
#include <apr_strings.h>
#include <inttypes.h>

static uint32_t options_of(const brood_queue_options_t *options)
{
    return (options->joinable ? BROOD__JOINABLE : 0u) | (options->ends_with_writers ? BROOD__ENDS_WITH_WRITERS : 0u)
           | (options->lease ? BROOD__LEASES | BROOD__JOINABLE : 0u);
}

apr_status_t brood_queue_create(brood_queue_t **queue, apr_size_t maxsize, const brood_queue_options_t *options,
                                apr_pool_t *mem)
{
    static const brood_queue_options_t none;
    const uint32_t capacity = maxsize == 0 ? BROOD__RING_MOST : (uint32_t) maxsize;
    uint32_t chosen;
    apr_status_t rc;
    void *ref;

    if (maxsize > BROOD_QUEUE_LIMIT)
        return brood_fail(APR_EINVAL, "maxsize is %" PRIu64 "; a queue holds %u items at most", (uint64_t) maxsize,
                          BROOD_QUEUE_LIMIT);
    if (options == NULL)
        options = &none;
    chosen = options_of(options);
    BROOD_TRY(brood__object_create(&ref, sizeof **queue, &brood__queue_kind, brood__ring_size(chosen), mem));
    brood__queue_ring(ref)->deliveries = options->deliveries != 0 ? options->deliveries : BROOD_QUEUE_DELIVERIES;
    rc = brood__ring_init(brood__queue_ring(ref), capacity, chosen);
    if (rc != APR_SUCCESS) {
        brood__object_close(ref);
        return rc;
    }
    *queue = ref;
    (*queue)->maxsize = maxsize;
    brood__object_publish(ref);
    return APR_SUCCESS;
}

apr_status_t brood__queue_failed(apr_status_t rc, bool put)
{
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    if (rc == APR_TIMEUP)
        return brood_fail_text(rc, put ? "the queue stayed full" : "the queue stayed empty");
    if (rc == APR_EOF)
        return brood_fail_text(rc, put ? "the queue has been shut down" : "the queue is empty, and nothing will come");
    if (rc == BROOD_EKIND)
        return brood_fail_text(rc, "a queue carries either values or bytes, as its first item says; this is the other");
    if (rc == BROOD_EMISUSE)
        return brood_fail_text(rc, "this process has been taken for dead by the others and must end");
    return rc;
}

/* ---- tasks ---- */

static apr_status_t check_joinable(const brood_queue_t *queue, const char *call)
{
    if (brood__queue_ring(queue) == NULL)
        return brood__object_closed("queue");
    if ((brood__queue_ring(queue)->options & BROOD__JOINABLE) == 0)
        return brood_fail(BROOD_EMISUSE, "%s of a queue that was not created with the option joinable", call);
    return APR_SUCCESS;
}

apr_status_t brood_queue_task_done(brood_queue_t *queue)
{
    brood__ring_t *ring = brood__queue_ring(queue);

    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.task_done(queue);
    BROOD_TRY(check_joinable(queue, "task_done"));
    if (brood__leases(ring) ? brood__lease_finish_next(ring) : brood__tasks_finish(ring))
        return APR_SUCCESS;
    return brood_fail_text(APR_EINVAL, "task_done more often than items have been got");
}

unsigned brood_queue_deliveries(brood_queue_t *queue)
{
    brood__ring_t *ring = brood__queue_ring(queue);

    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.deliveries(queue);
    return ring != NULL && brood__leases(ring) ? brood__lease_deliveries(ring) : 0;
}

apr_status_t brood_queue_join(brood_queue_t *queue, apr_interval_time_t timeout)
{
    uint64_t lost = 0;
    apr_status_t rc;

    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.join(queue, timeout);
    BROOD_TRY(check_joinable(queue, "join"));
    rc = brood__tasks_join(&lost, brood__queue_ring(queue), timeout);
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    if (rc != APR_SUCCESS)
        return brood_fail_text(rc, "some items of the queue are not done yet");
    if (lost != 0)
        return brood_fail(BROOD_EOWNERDEAD,
                          "all items are done but for %" PRIu64 ", which were lost with those who had them", lost);
    return APR_SUCCESS;
}

/* ---- the end ---- */

apr_status_t brood_queue_shutdown(brood_queue_t *queue, bool immediate)
{
    brood__ring_t *ring = brood__queue_ring(queue);

    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.shutdown(queue, immediate);
    if (ring == NULL)
        return brood__object_closed("queue");
    brood__ring_shut(ring, immediate ? BROOD__DROPPED : BROOD__SHUT);
    if (immediate)
        brood__ring_drain(ring);
    if (ring->options & BROOD__JOINABLE)
        brood__tasks_ring(ring);
    return APR_SUCCESS;
}

void brood_queue_close(brood_queue_t *queue)
{
    brood__object_close(queue);
}

/* ---- questions ---- */

apr_status_t brood_queue_size(apr_size_t *size, brood_queue_t *queue)
{
    if (brood__queue_is_managed(queue))
        return brood__managed_queue_calls.size(size, queue);
    if (brood__queue_ring(queue) == NULL)
        return brood__object_closed("queue");
    *size = brood__lease_count(brood__queue_ring(queue));
    return APR_SUCCESS;
}

apr_size_t brood_queue_maxsize(const brood_queue_t *queue)
{
    return brood__queue_is_managed(queue) ? brood__managed_queue_calls.maxsize((brood_queue_t *) queue)
                                          : queue->maxsize;
}

/* ---- as a value ---- */

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    brood_queue_t *queue;

    BROOD_TRY(brood__object_unpack(object, sizeof *queue, &brood__queue_kind, word, mem));
    queue = *object;
    if (brood__queue_ring(queue)->capacity != BROOD__RING_MOST)
        queue->maxsize = brood__queue_ring(queue)->capacity;
    return APR_SUCCESS;
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    BROOD_TRY(brood__object_copy(copied, sizeof(brood_queue_t), object, mem));
    ((brood_queue_t *) *copied)->maxsize = ((brood_queue_t *) object)->maxsize;
    return APR_SUCCESS;
}

/* <Queue size=0>, <JoinableQueue size=3 maxsize=10>. */
static const char *string(void *object, apr_pool_t *mem)
{
    const brood_queue_t *queue = object;
    brood__ring_t *ring = brood__queue_ring(queue);
    const char *limit;

    if (ring == NULL)
        return "<Queue closed>";
    limit = queue->maxsize == 0 ? "" : apr_psprintf(mem, " maxsize=%u", (unsigned) queue->maxsize);
    return apr_psprintf(mem, "<%s size=%u%s>", ring->options & BROOD__JOINABLE ? "JoinableQueue" : "Queue",
                        brood__lease_count(ring), limit);
}

const brood__kind_t brood__queue_kind = {
    .tag = BROOD__TAG_QUEUE,
    .name = "Queue",
    .pack = brood__object_pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
    .destroy = brood__ring_destroy,
    .dropped = brood__ring_dropped,
    .holds = brood__ring_holds,
};

BROOD__KIND_FUNCTIONS_OF_ALL(queue, BROOD__TAG_QUEUE)
