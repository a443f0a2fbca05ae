/* managed_queue.c - a manager's queues, as their users have them. */
#include "queue/managed.h"

#include "base/deadline.h"
#include "base/own.h"
#include "manager/manager.h"
#include "manager/methods.h"
#include <inttypes.h>
#include <string.h>

#define BATCH 256 /* items of one call */

typedef brood_queue_t brood_managed_queue_t;

BROOD__PROXY_KIND(managed_queue, BROOD__TAG_MANAGED_QUEUE, "QueueProxy", BROOD__TAG_QUEUE)

apr_status_t brood_manager_queue(brood_queue_t **queue, brood_manager_t *manager, const char *name, apr_size_t maxsize,
                                 const brood_queue_options_t *options, apr_pool_t *mem)
{
    static const brood_queue_options_t none;
    void *ref = NULL;

    if (options == NULL)
        options = &none;
    if (options->ends_with_writers)
        return brood_fail_text(APR_ENOTIMPL, "a manager does not know who writes to a queue: its end is said by "
                                             "brood_queue_shutdown, not by ends_with_writers");
    if (maxsize > BROOD_QUEUE_LIMIT)
        return brood_fail(APR_EINVAL, "maxsize is %" PRIu64 "; a queue holds %u items at most", (uint64_t) maxsize,
                          BROOD_QUEUE_LIMIT);
    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood__proxy_open(&ref, &brood__managed_queue_kind, brood__manager_origin(manager), "queue", name,
                                BROOD__WITH(brood_uint(maxsize), brood_bool(options->joinable),
                                            brood_bool(options->lease), brood_uint(options->deliveries)),
                                mem));
    *queue = ref;
    return APR_SUCCESS;
}

static brood_value_t this_thread(void)
{
    return brood_uint(brood__client_thread());
}

/* ---- put ---- */

static apr_status_t put(brood_queue_t *queue, brood_value_t item, apr_interval_time_t timeout)
{
    return brood__proxy_wait(NULL, queue, "put", BROOD__WITH(item, brood_int(timeout)), timeout, NULL);
}

static apr_status_t put_bytes(brood_queue_t *queue, const void *data, apr_size_t size, apr_interval_time_t timeout)
{
    return brood__proxy_wait(NULL, queue, "put_bytes", BROOD__WITH(brood_bytes(data, size), brood_int(timeout)),
                             timeout, NULL);
}

/* As many as there is room for now, or make a request that is not too large. */
static apr_status_t put_some(apr_size_t *done, brood_queue_t *queue, const char *method, const brood_value_t *items,
                             apr_size_t count)
{
    apr_size_t some = 0;
    apr_status_t rc;

    do
        rc = brood__proxy_size(&some, queue, method, BROOD__WITH(brood_list(items, count)));
    while (rc == BROOD_ETOOBIG && (count /= 2) != 0);
    *done += some <= count ? some : count;
    return rc;
}

/* Where there is no more room, one waits for it, and then the others try again. */
static apr_status_t put_batch(apr_size_t *done, brood_queue_t *queue, bool bytes, const brood_value_t *items,
                              apr_size_t count, apr_time_t deadline)
{
    while (*done < count) {
        const apr_interval_time_t timeout = brood__timeout_left(deadline);
        const brood_value_t *next;

        BROOD_TRY(put_some(done, queue, bytes ? "put_many_bytes" : "put_many", items + *done, count - *done));
        if (*done == count)
            break;
        next = &items[*done];
        BROOD_TRY(bytes ? put_bytes(queue, next->as.bytes.data, next->as.bytes.size, timeout)
                        : put(queue, *next, timeout));
        ++*done;
    }
    return APR_SUCCESS;
}

static apr_status_t put_many(brood_queue_t *queue, const brood_value_t *items, apr_size_t *count,
                             apr_interval_time_t timeout)
{
    const apr_time_t deadline = brood__deadline(timeout);
    const apr_size_t all = *count;
    apr_status_t rc = APR_SUCCESS;

    *count = 0;
    while (*count < all && rc == APR_SUCCESS) {
        const apr_size_t left = all - *count;
        apr_size_t done = 0;

        rc = put_batch(&done, queue, false, items + *count, left < BATCH ? left : BATCH, deadline);
        *count += done;
    }
    return rc;
}

static apr_status_t put_many_bytes(brood_queue_t *queue, const brood_bytes_t *items, apr_size_t *count,
                                   apr_interval_time_t timeout)
{
    const apr_time_t deadline = brood__deadline(timeout);
    const apr_size_t all = *count;
    apr_status_t rc = APR_SUCCESS;

    *count = 0;
    while (*count < all && rc == APR_SUCCESS) {
        brood_value_t batch[BATCH];
        apr_size_t ready = 0, done = 0;

        for (; ready < BATCH && ready < all - *count; ready++)
            batch[ready] = brood_bytes(items[*count + ready].data, items[*count + ready].size);
        rc = put_batch(&done, queue, true, batch, ready, deadline);
        *count += done;
    }
    return rc;
}

/* ---- get ---- */

static apr_status_t get(brood_value_t *item, brood_queue_t *queue, apr_interval_time_t timeout, apr_pool_t *mem)
{
    return brood__proxy_wait(item, queue, "get", BROOD__WITH(this_thread(), brood_int(timeout)), timeout, mem);
}

static apr_status_t ask_bytes(brood_value_t *item, brood_queue_t *queue, brood_value_t limit,
                              apr_interval_time_t timeout, apr_pool_t *mem)
{
    return brood__proxy_wait(item, queue, "get_bytes", BROOD__WITH(this_thread(), brood_int(timeout), limit), timeout,
                             mem);
}

static apr_status_t get_bytes(brood_bytes_t *item, brood_queue_t *queue, apr_interval_time_t timeout, apr_pool_t *mem)
{
    brood_value_t value = brood_nil();

    BROOD_TRY(ask_bytes(&value, queue, brood_nil(), timeout, mem));
    return brood_value_bytes(item, value);
}

/* Instead of an item that is too long comes its length. */
static apr_status_t fill(void *buffer, apr_size_t *size, brood_value_t value)
{
    const apr_size_t room = *size;
    apr_uint64_t length = 0;

    if (value.kind == BROOD_KIND_BYTES && value.as.bytes.size <= room) {
        *size = value.as.bytes.size;
        if (*size != 0)
            memcpy(buffer, value.as.bytes.data, *size);
        return APR_SUCCESS;
    }
    BROOD_TRY(brood_value_uint(&length, value));
    *size = (apr_size_t) length;
    return brood_fail(BROOD_ETOOSHORT, "the oldest item has %" PRIu64 " bytes, the buffer %" PRIu64, length,
                      (uint64_t) room);
}

static apr_status_t get_into(void *buffer, apr_size_t *size, brood_queue_t *queue, apr_interval_time_t timeout)
{
    const brood_value_t limit = *size < (apr_size_t) PTRDIFF_MAX ? brood_uint(*size) : brood_nil();
    brood_value_t value = brood_nil();
    apr_pool_t *mem;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&mem));
    rc = ask_bytes(&value, queue, limit, timeout, mem);
    if (rc == APR_SUCCESS)
        rc = fill(buffer, size, value);
    apr_pool_destroy(mem);
    return rc;
}

/* Those that are there now. */
static apr_status_t get_some(brood_value_t *list, brood_queue_t *queue, const char *method, apr_size_t most,
                             apr_pool_t *mem)
{
    BROOD_TRY(brood__proxy_call(list, queue, method, BROOD__WITH(this_thread(), brood_uint(most)), mem));
    if (list->kind == BROOD_KIND_LIST && list->as.list.count <= most)
        return APR_SUCCESS;
    return brood_fail_text(BROOD_EPROTOCOL, "the manager answers with other items than it was asked for");
}

static apr_status_t get_many(brood_value_t *items, apr_size_t *count, brood_queue_t *queue, apr_interval_time_t timeout,
                             apr_pool_t *mem)
{
    const apr_size_t most = *count;
    brood_value_t list = brood_nil();

    *count = 0;
    if (most == 0)
        return APR_SUCCESS;
    BROOD_TRY(get_some(&list, queue, "get_many", most, mem));
    if (list.as.list.count == 0) {
        BROOD_TRY(get(items, queue, timeout, mem));
        *count = 1;
        if (most == 1 || get_some(&list, queue, "get_many", most - 1, mem) != APR_SUCCESS)
            return APR_SUCCESS;
    }
    for (apr_size_t i = 0; i < list.as.list.count; i++)
        items[(*count)++] = list.as.list.items[i];
    return APR_SUCCESS;
}

static apr_status_t get_many_bytes(brood_bytes_t *items, apr_size_t *count, brood_queue_t *queue,
                                   apr_interval_time_t timeout, apr_pool_t *mem)
{
    const apr_size_t most = *count;
    brood_value_t list = brood_nil();

    *count = 0;
    if (most == 0)
        return APR_SUCCESS;
    BROOD_TRY(get_some(&list, queue, "get_many_bytes", most, mem));
    if (list.as.list.count == 0) {
        BROOD_TRY(get_bytes(items, queue, timeout, mem));
        *count = 1;
        if (most == 1 || get_some(&list, queue, "get_many_bytes", most - 1, mem) != APR_SUCCESS)
            return APR_SUCCESS;
    }
    for (apr_size_t i = 0; i < list.as.list.count; i++)
        BROOD_TRY(brood_value_bytes(&items[(*count)++], list.as.list.items[i]));
    return APR_SUCCESS;
}

/* ---- tasks ---- */

static apr_status_t task_done(brood_queue_t *queue)
{
    return brood__proxy_do(queue, "task_done", BROOD__WITH(this_thread()));
}

static apr_status_t join(brood_queue_t *queue, apr_interval_time_t timeout)
{
    brood_value_t answer = brood_nil();
    apr_uint64_t lost = 0;

    BROOD_TRY(brood__proxy_wait(&answer, queue, "join", BROOD__WITH(brood_int(timeout)), timeout, NULL));
    BROOD_TRY(brood_value_uint(&lost, answer));
    if (lost == 0)
        return APR_SUCCESS;
    return brood_fail(BROOD_EOWNERDEAD,
                      "all items are done but for %" PRIu64 ", which were lost with those who had them", lost);
}

static unsigned deliveries(brood_queue_t *queue)
{
    apr_size_t number = 0;

    BROOD_IGNORE(brood__proxy_size(&number, queue, "deliveries", BROOD__WITH(this_thread())));
    return (unsigned) number;
}

/* ---- the rest ---- */

static apr_status_t shut_down(brood_queue_t *queue, bool immediate)
{
    return brood__proxy_do(queue, "shutdown", BROOD__WITH(brood_bool(immediate)));
}

static apr_status_t get_size(apr_size_t *size, brood_queue_t *queue)
{
    return brood__proxy_size(size, queue, "size", BROOD__WITHOUT);
}

static apr_size_t get_maxsize(brood_queue_t *queue)
{
    apr_size_t maxsize = 0;

    BROOD_IGNORE(brood__proxy_size(&maxsize, queue, "maxsize", BROOD__WITHOUT));
    return maxsize;
}

const brood__managed_queue_calls_t brood__managed_queue_calls = {
    .put = put,
    .get = get,
    .put_bytes = put_bytes,
    .get_bytes = get_bytes,
    .get_into = get_into,
    .put_many = put_many,
    .get_many = get_many,
    .put_many_bytes = put_many_bytes,
    .get_many_bytes = get_many_bytes,
    .task_done = task_done,
    .join = join,
    .deliveries = deliveries,
    .shutdown = shut_down,
    .size = get_size,
    .maxsize = get_maxsize,
};
