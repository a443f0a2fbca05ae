#include "queue/queue.h"
#include "base/codec.h"
#include "base/status.h"
#include "memory/heap.h"
#include "queue/ring.h"
#include <apr_strings.h>
#include <brood/queue.h>
#include <inttypes.h>
#include <string.h>

#define SCRATCH 512 /* a value is encoded here first; most are shorter */

struct brood_queue_t {
    brood__ref_t ref;
    apr_size_t maxsize;
};

static brood__ring_t *ring_of(const brood_queue_t *queue)
{
    return (brood__ring_t *) queue->ref.object;
}

apr_status_t brood_queue_create(brood_queue_t **queue, apr_size_t maxsize, const brood_queue_options_t *options,
                                apr_pool_t *mem)
{
    const apr_size_t capacity = maxsize == 0 ? BROOD_QUEUE_MAXSIZE : maxsize;
    void *ref;

    (void) options;
    if (capacity > BROOD_QUEUE_LIMIT)
        return brood_fail(APR_EINVAL, "maxsize is %" PRIu64 "; a queue holds %d items at most", (uint64_t) maxsize,
                          BROOD_QUEUE_LIMIT);
    BROOD_TRY(
        brood__object_create(&ref, sizeof **queue, &brood__queue_kind, brood__ring_size((uint32_t) capacity), mem));
    *queue = ref;
    (*queue)->maxsize = capacity;
    brood__ring_init(ring_of(*queue), (uint32_t) capacity);
    brood__object_publish(ref);
    return APR_SUCCESS;
}

/* ---- failures ---- */

/* A ring's status with its message.  The common ones allocate and format nothing. */
static apr_status_t failed(apr_status_t rc, bool put)
{
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    if (rc == APR_TIMEUP)
        return brood_fail_text(rc, put ? "the queue stayed full" : "the queue stayed empty");
    if (rc == BROOD_EKIND)
        return brood_fail_text(rc, "a queue carries either values or bytes, as its first item says; this is the other");
    if (rc == BROOD_EMISUSE)
        return brood_fail_text(rc, "this process has been taken for dead by the others and must end");
    return rc;
}

/* The first put decides what a queue carries. */
static apr_status_t agree(brood__ring_t *ring, uint32_t content)
{
    uint32_t carries = atomic_load_explicit(&ring->content, memory_order_relaxed);

    if (carries == content
        || (carries == BROOD__ANY && atomic_compare_exchange_strong(&ring->content, &carries, content))
        || carries == content)
        return APR_SUCCESS;
    return failed(BROOD_EKIND, true);
}

/* ---- put ---- */

static apr_status_t put(brood__ring_t *ring, const brood__item_t *item, const void *data, apr_interval_time_t timeout)
{
    const apr_status_t rc = brood__ring_put(ring, item, data, timeout);

    if (rc == APR_SUCCESS)
        return rc;
    if (item->block != 0)
        brood__heap_free(item->block);
    return failed(rc, true);
}

/* A block for bytes that are too many for a slot. */
static apr_status_t make_room(brood__item_t *item, apr_size_t size)
{
    if (size > UINT32_MAX)
        return brood_fail(BROOD_ETOOBIG, "an item of %" PRIu64 " bytes; 2^32 - 1 are possible", (uint64_t) size);
    item->length = (uint32_t) size;
    return size <= BROOD__INLINE ? APR_SUCCESS : brood__heap_alloc(&item->block, size);
}

apr_status_t brood_queue_put_bytes(brood_queue_t *queue, const void *data, apr_size_t size, apr_interval_time_t timeout)
{
    brood__item_t item = {0, 0, BROOD__BYTES};

    if (ring_of(queue) == NULL)
        return brood__object_closed("queue");
    BROOD_TRY(agree(ring_of(queue), BROOD__BYTES));
    BROOD_TRY(make_room(&item, size));
    if (item.block != 0)
        memcpy(brood__at(item.block), data, size);
    return put(ring_of(queue), &item, data, timeout);
}

/* Encode into the scratch, where short ones stay.  What is longer is measured there and then encoded where it is to
 * lie. */
static apr_status_t encode(brood__item_t *item, unsigned char scratch[SCRATCH], brood_value_t value)
{
    brood__output_t output = {scratch, 0, SCRATCH, NULL};
    apr_status_t rc;

    BROOD_TRY(brood__encode(&output, value, 0));
    BROOD_TRY(make_room(item, output.size));
    if (item->block == 0)
        return APR_SUCCESS;
    if (output.size <= SCRATCH) {
        memcpy(brood__at(item->block), scratch, output.size);
        return APR_SUCCESS;
    }
    output = (brood__output_t){brood__at(item->block), 0, item->length, NULL};
    if ((rc = brood__encode(&output, value, 0)) != APR_SUCCESS)
        brood__heap_free(item->block);
    return rc;
}

apr_status_t brood_queue_put(brood_queue_t *queue, brood_value_t value, apr_interval_time_t timeout)
{
    brood__item_t item = {0, 0, BROOD__VALUES};
    unsigned char scratch[SCRATCH];

    if (ring_of(queue) == NULL)
        return brood__object_closed("queue");
    BROOD_TRY(encode(&item, scratch, value));
    if (agree(ring_of(queue), BROOD__VALUES) != APR_SUCCESS) {
        if (item.block != 0)
            brood__heap_free(item.block);
        return BROOD_EKIND;
    }
    return put(ring_of(queue), &item, scratch, timeout);
}

/* ---- get ---- */

/* Where an item's bytes are; NULL if what it says of them cannot be. */
static const void *bytes_of(const brood__item_t *item, const void *with)
{
    if (item->block == 0)
        return item->length <= BROOD__INLINE ? with : NULL;
    return item->length <= brood__heap_size(item->block) ? brood__at(item->block) : NULL;
}

/* Short items come into `with`, which has room for `room` or BROOD__INLINE bytes, whichever is less. */
static apr_status_t get(brood__item_t *item, const void **bytes, void *with, brood_queue_t *queue, uint32_t content,
                        uint32_t room, apr_interval_time_t timeout)
{
    brood__ring_t *ring = ring_of(queue);
    apr_status_t rc;

    if (ring == NULL)
        return brood__object_closed("queue");
    rc = brood__ring_get(item, with, ring, content, room, timeout);
    if (rc != APR_SUCCESS)
        return failed(rc, false);
    *bytes = bytes_of(item, with);
    if (*bytes == NULL && item->length != 0)
        return brood_fail_text(BROOD_EDECODE, "an item of the queue has been overwritten");
    return APR_SUCCESS;
}

static void done_with(const brood__item_t *item)
{
    if (item->block != 0)
        brood__heap_free(item->block);
}

apr_status_t brood_queue_get(brood_value_t *value, brood_queue_t *queue, apr_interval_time_t timeout, apr_pool_t *mem)
{
    unsigned char with[BROOD__INLINE];
    const void *bytes;
    brood__item_t item;
    apr_status_t rc;

    BROOD_TRY(get(&item, &bytes, with, queue, BROOD__VALUES, UINT32_MAX, timeout));
    rc = brood__decode(value, bytes, item.length, false, mem);
    done_with(&item);
    return rc;
}

apr_status_t brood_queue_get_bytes(brood_bytes_t *bytes, brood_queue_t *queue, apr_interval_time_t timeout,
                                   apr_pool_t *mem)
{
    unsigned char with[BROOD__INLINE];
    const void *data;
    brood__item_t item;

    BROOD_TRY(get(&item, &data, with, queue, BROOD__BYTES, UINT32_MAX, timeout));
    *bytes = (brood_bytes_t){apr_pmemdup(mem, data, item.length), item.length};
    done_with(&item);
    return APR_SUCCESS;
}

apr_status_t brood_queue_get_into(void *buffer, apr_size_t *size, brood_queue_t *queue, apr_interval_time_t timeout)
{
    const uint32_t room = *size < UINT32_MAX ? (uint32_t) *size : UINT32_MAX;
    const void *data;
    brood__item_t item;
    apr_status_t rc;

    rc = get(&item, &data, buffer, queue, BROOD__BYTES, room, timeout);
    if (rc == BROOD_ETOOSHORT)
        rc = brood_fail(rc, "the oldest item has %u bytes, the buffer %" PRIu64, item.length, (uint64_t) *size);
    if (rc == BROOD_ETOOSHORT || rc == APR_SUCCESS)
        *size = item.length;
    if (rc != APR_SUCCESS)
        return rc;
    if (item.block != 0)
        memcpy(buffer, data, item.length);
    done_with(&item);
    return APR_SUCCESS;
}

/* ---- questions ---- */

apr_status_t brood_queue_size(apr_size_t *size, brood_queue_t *queue)
{
    if (ring_of(queue) == NULL)
        return brood__object_closed("queue");
    *size = brood__ring_count(ring_of(queue));
    return APR_SUCCESS;
}

apr_size_t brood_queue_maxsize(const brood_queue_t *queue)
{
    return queue->maxsize;
}

void brood_queue_close(brood_queue_t *queue)
{
    brood__object_close(queue);
}

/* ---- as a value ---- */

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    brood_queue_t *queue;

    BROOD_TRY(brood__object_unpack(object, sizeof *queue, &brood__queue_kind, word, mem));
    queue = *object;
    queue->maxsize = ring_of(queue)->capacity;
    return APR_SUCCESS;
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    BROOD_TRY(brood__object_copy(copied, sizeof(brood_queue_t), object, mem));
    ((brood_queue_t *) *copied)->maxsize = ((brood_queue_t *) object)->maxsize;
    return APR_SUCCESS;
}

static const char *string(void *object, apr_pool_t *mem)
{
    const brood_queue_t *queue = object;

    if (queue->ref.object == NULL)
        return "<Queue closed>";
    return apr_psprintf(mem, "<Queue size=%u maxsize=%u>", brood__ring_count(ring_of(queue)), ring_of(queue)->capacity);
}

const brood__kind_t brood__queue_kind = {
    .tag = BROOD__TAG_QUEUE,
    .name = "Queue",
    .pack = brood__object_pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
    .destroy = brood__ring_drain,
    .holds = brood__ring_holds,
};

BROOD__KIND_FUNCTIONS(queue, BROOD__TAG_QUEUE)
