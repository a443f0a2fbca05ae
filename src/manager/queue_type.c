/* queue_type.c - Queue and JoinableQueue as a server keeps them.
 *
 *   put(item, timeout)                 put_bytes
 *   put_many(items)                    put_many_bytes    how many there was room for: the first ones
 *   get(thread, timeout)               get_bytes(thread, timeout, limit): a number: the item has as many bytes, and stays
 *   get_many(thread, most)             get_many_bytes    a list of those that are there
 *   task_done(thread)
 *   join(timeout)                      how many were lost
 *   deliveries(thread)
 *   shutdown(immediate), size(), maxsize() */
#include "manager/queue_items.h"
#include <apr_strings.h>
#include <brood/queue.h>
#include <inttypes.h>

#define MOST_BYTES ((size_t) 4 << 20) /* of a get of many */

/* ---- put ---- */

static apr_status_t check_bytes(brood_value_t value, brood__queue_content_t content)
{
    return content == BROOD__OF_VALUES || value.kind == BROOD_KIND_BYTES ? APR_SUCCESS : brood__queue_fail_kind();
}

static uint64_t length_of(brood_value_t value, brood__queue_content_t content)
{
    return content == BROOD__OF_BYTES ? value.as.bytes.size : 0;
}

static apr_status_t append(brood__server_queue_t *queue, brood_value_t value)
{
    brood__stored_t *stored = NULL;
    apr_status_t rc;

    BROOD_TRY(brood__stored_create(&stored, value));
    rc = brood__queued_append(queue, stored, length_of(value, queue->content));
    if (rc != APR_SUCCESS)
        brood__stored_free(stored);
    return rc;
}

static apr_status_t wait_for_room(brood__server_queue_t *queue, brood__request_t *request, apr_interval_time_t timeout)
{
    brood__stored_t *stored = NULL;
    brood__waiter_t *waiter;
    apr_status_t rc;

    BROOD_TRY(brood__stored_create(&stored, request->args[0]));
    rc = brood__request_park(&waiter, request, &queue->putters, &brood__queue_putting, timeout);
    if (rc == BROOD__PARKED) {
        waiter->stored = stored;
        waiter->count = length_of(request->args[0], queue->content);
    } else
        brood__stored_free(stored);
    return rc;
}

static apr_status_t put_as(brood__request_t *request, brood__queue_content_t content)
{
    brood__server_queue_t *queue = brood__server_queue_of(request->self);
    apr_interval_time_t timeout = -1;

    BROOD_TRY(brood__request_timeout(&timeout, request, 1));
    BROOD_TRY(check_bytes(request->args[0], content));
    BROOD_TRY(brood__queue_agree_on(queue, content));
    if (queue->state != BROOD__QUEUE_OPEN)
        return brood__queue_fail_put();
    if (!brood__queue_has_room(queue))
        return timeout == 0 ? brood_fail_text(APR_TIMEUP, BROOD__QUEUE_FULL) : wait_for_room(queue, request, timeout);
    BROOD_TRY(brood__request_return(request, brood_nil()));
    BROOD_TRY(append(queue, request->args[0]));
    brood__request_undo(request, brood__queued_undo_put, brood__queued_put_mark(queue, 1), NULL);
    brood__queue_serve(queue);
    return APR_SUCCESS;
}

static apr_status_t put(brood__request_t *request)
{
    return put_as(request, BROOD__OF_VALUES);
}

static apr_status_t put_bytes(brood__request_t *request)
{
    return put_as(request, BROOD__OF_BYTES);
}

/* What is put before a failure stays: then as many have been put, and the next call has the failure. */
static apr_status_t append_some(size_t *count, brood__server_queue_t *queue, const brood_value_t *items, size_t most)
{
    for (*count = 0; *count < most && brood__queue_has_room(queue); ++*count) {
        apr_status_t rc = check_bytes(items[*count], queue->content);

        if (rc == APR_SUCCESS)
            rc = append(queue, items[*count]);
        if (rc != APR_SUCCESS)
            return *count != 0 ? APR_SUCCESS : rc;
    }
    return APR_SUCCESS;
}

static apr_status_t put_many_as(brood__request_t *request, brood__queue_content_t content)
{
    brood__server_queue_t *queue = brood__server_queue_of(request->self);
    const brood_value_t list = request->args[0];
    size_t count = 0;

    if (list.kind != BROOD_KIND_LIST)
        return brood_fail_text(BROOD_EKIND, "many items are put as a list");
    BROOD_TRY(brood__queue_agree_on(queue, content));
    if (queue->state != BROOD__QUEUE_OPEN)
        return brood__queue_fail_put();
    BROOD_TRY(append_some(&count, queue, list.as.list.items,
                          list.as.list.count < BROOD__PUT_MOST ? list.as.list.count : BROOD__PUT_MOST));
    BROOD_TRY(brood__request_return(request, brood_uint(count)));
    brood__request_undo(request, brood__queued_undo_put, brood__queued_put_mark(queue, count), NULL);
    brood__queue_serve(queue);
    return APR_SUCCESS;
}

static apr_status_t put_many(brood__request_t *request)
{
    return put_many_as(request, BROOD__OF_VALUES);
}

static apr_status_t put_many_bytes(brood__request_t *request)
{
    return put_many_as(request, BROOD__OF_BYTES);
}

/* ---- get ---- */

static apr_status_t take(brood__server_queue_t *queue, brood__request_t *request, size_t count, uint64_t thread)
{
    brood__stored_t *kept = NULL;
    brood__undo_fn undo;
    uint64_t mark;

    BROOD_TRY(brood__queued_take(&kept, queue, count, request->client, thread));
    undo = brood__queued_undo(&mark, queue, count);
    brood__request_undo(request, undo, mark, kept);
    brood__queue_serve(queue);
    return APR_SUCCESS;
}

static apr_status_t get_as(brood__request_t *request, brood__queue_content_t content)
{
    brood__server_queue_t *queue = brood__server_queue_of(request->self);
    const brood__queued_t *item = queue->items.first;
    apr_int64_t limit = INT64_MAX;
    apr_interval_time_t timeout = -1;
    uint64_t thread = 0;
    brood__waiter_t *waiter;
    apr_status_t rc;

    BROOD_TRY(brood__request_thread(&thread, request, 0));
    BROOD_TRY(brood__request_timeout(&timeout, request, 1));
    BROOD_TRY(brood__request_int(&limit, request, 2));
    if (item != NULL) {
        BROOD_TRY(brood__queue_agree_on(queue, content));
        if (item->length > (uint64_t) limit)
            return brood__request_return(request, brood_uint(item->length));
        BROOD_TRY(brood__request_return_stored(request, item->stored));
        return take(queue, request, 1, thread);
    }
    if (brood__queue_has_ended(queue, request->client))
        return brood__queue_fail_get();
    if (timeout == 0)
        return brood_fail_text(APR_TIMEUP, BROOD__QUEUE_EMPTY);
    rc = brood__request_park(&waiter, request, &queue->getters,
                             content == BROOD__OF_BYTES ? &brood__queue_getting_bytes : &brood__queue_getting, timeout);
    if (rc == BROOD__PARKED) {
        waiter->thread = thread;
        waiter->count = (uint64_t) limit;
    }
    return rc;
}

static apr_status_t get(brood__request_t *request)
{
    return get_as(request, BROOD__OF_VALUES);
}

static apr_status_t get_bytes(brood__request_t *request)
{
    return get_as(request, BROOD__OF_BYTES);
}

/* As many of the first as make no monster of an answer. */
static size_t count_items(const brood__server_queue_t *queue, uint64_t most)
{
    size_t count = 0, size = 0;

    for (const brood__queued_t *item = queue->items.first; item != NULL && count < most && size < MOST_BYTES;
         item = item->next) {
        size += item->stored->size;
        count++;
    }
    return count;
}

static apr_status_t get_many_as(brood__request_t *request, brood__queue_content_t content)
{
    brood__server_queue_t *queue = brood__server_queue_of(request->self);
    const brood__queued_t *item = queue->items.first;
    uint64_t thread = 0, most = 0;
    size_t count;

    BROOD_TRY(brood__request_thread(&thread, request, 0));
    BROOD_TRY(brood__request_thread(&most, request, 1));
    if (item != NULL)
        BROOD_TRY(brood__queue_agree_on(queue, content));
    else if (brood__queue_has_ended(queue, request->client))
        return brood__queue_fail_get();
    count = count_items(queue, most);
    BROOD_TRY(brood__request_begin_list(request, count));
    for (size_t i = 0; i < count; i++, item = item->next)
        BROOD_TRY(brood__request_add_stored(request, item->stored));
    return count == 0 ? APR_SUCCESS : take(queue, request, count, thread);
}

static apr_status_t get_many(brood__request_t *request)
{
    return get_many_as(request, BROOD__OF_VALUES);
}

static apr_status_t get_many_bytes(brood__request_t *request)
{
    return get_many_as(request, BROOD__OF_BYTES);
}

/* ---- tasks ---- */

static apr_status_t check_joinable(const brood__server_queue_t *queue, const char *call)
{
    if (queue->joinable)
        return APR_SUCCESS;
    return brood_fail(BROOD_EMISUSE, "%s of a queue that was not created with the option joinable", call);
}

static apr_status_t task_done(brood__request_t *request)
{
    brood__server_queue_t *queue = brood__server_queue_of(request->self);
    uint64_t thread = 0;

    BROOD_TRY(check_joinable(queue, "task_done"));
    BROOD_TRY(brood__request_thread(&thread, request, 0));
    BROOD_TRY(brood__request_return(request, brood_nil()));
    if (!brood__queued_finish(queue, request->client, thread))
        return brood_fail_text(APR_EINVAL, "task_done more often than items have been got");
    brood__queue_serve(queue);
    return APR_SUCCESS;
}

static void undo_join(brood__referent_t *self, uint64_t client, uint64_t lost, brood__stored_t *nothing)
{
    (void) client;
    (void) nothing;
    brood__server_queue_of(self)->lost += lost;
}

static apr_status_t join(brood__request_t *request)
{
    brood__server_queue_t *queue = brood__server_queue_of(request->self);
    apr_interval_time_t timeout = -1;
    brood__waiter_t *waiter;

    BROOD_TRY(check_joinable(queue, "join"));
    BROOD_TRY(brood__request_timeout(&timeout, request, 0));
    if (!brood__queue_is_done(queue))
        return timeout == 0 ? brood_fail_text(APR_TIMEUP, BROOD__QUEUE_UNDONE)
                            : brood__request_park(&waiter, request, &queue->joiners, &brood__queue_joining, timeout);
    BROOD_TRY(brood__request_return(request, brood_uint(queue->lost)));
    brood__request_undo(request, undo_join, queue->lost, NULL);
    queue->lost = 0;
    return APR_SUCCESS;
}

static apr_status_t deliveries(brood__request_t *request)
{
    const brood__queued_t *item;
    uint64_t thread = 0;

    BROOD_TRY(brood__request_thread(&thread, request, 0));
    item = brood__queued_leased(brood__server_queue_of(request->self), request->client, thread);
    return brood__request_return(request, brood_uint(item != NULL ? item->deliveries : 0));
}

static void left(brood__referent_t *self, uint64_t client)
{
    brood__queued_left(brood__server_queue_of(self), client);
}

/* ---- the rest ---- */

static apr_status_t shut_down(brood__request_t *request)
{
    brood__server_queue_t *queue = brood__server_queue_of(request->self);
    bool immediate = false;

    BROOD_TRY(brood__request_bool(&immediate, request, 0));
    BROOD_TRY(brood__request_return(request, brood_nil()));
    if (immediate)
        queue->state = BROOD__QUEUE_DROPPED;
    else if (queue->state == BROOD__QUEUE_OPEN)
        queue->state = BROOD__QUEUE_SHUT;
    while (queue->putters.first != NULL) {
        BROOD_IGNORE(brood__queue_fail_put());
        brood__waiter_fail(queue->putters.first);
    }
    if (immediate)
        brood__queued_clear(queue, false);
    brood__queue_serve(queue);
    return APR_SUCCESS;
}

static apr_status_t size(brood__request_t *request)
{
    return brood__request_return(request, brood_uint(brood__server_queue_of(request->self)->items.count));
}

static apr_status_t maxsize(brood__request_t *request)
{
    return brood__request_return(request, brood_uint(brood__server_queue_of(request->self)->maxsize));
}

/* queue(maxsize, joinable, leases, deliveries) */
static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    brood__server_queue_t *queue = brood__server_queue_of(self);
    apr_int64_t most_items = 0, most = 0;

    if (request->count > 4)
        return brood_fail_text(BROOD_EARGS, "a queue is made with four arguments at most");
    BROOD_TRY(brood__request_int(&most_items, request, 0));
    BROOD_TRY(brood__request_bool(&queue->joinable, request, 1));
    BROOD_TRY(brood__request_bool(&queue->leases, request, 2));
    BROOD_TRY(brood__request_int(&most, request, 3));
    if (most_items < 0 || most_items > BROOD_QUEUE_LIMIT)
        return brood_fail(APR_EINVAL, "maxsize is %" PRId64 "; a queue holds %u items at most", (int64_t) most_items,
                          BROOD_QUEUE_LIMIT);
    queue->maxsize = (uint64_t) most_items;
    queue->joinable = queue->joinable || queue->leases;
    queue->most = most > 0 && most <= INT32_MAX ? (uint32_t) most : BROOD_QUEUE_DELIVERIES;
    return APR_SUCCESS;
}

static void destroy(brood__referent_t *self)
{
    brood__queued_clear(brood__server_queue_of(self), true);
    brood__number_map_free(&brood__server_queue_of(self)->hands);
}

/* <Queue size=0>, <JoinableQueue size=3 maxsize=10>. */
static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    const brood__server_queue_t *queue = brood__server_queue_of(self);
    const char *limit = queue->maxsize == 0 ? "" : apr_psprintf(mem, " maxsize=%lu", (unsigned long) queue->maxsize);

    return apr_psprintf(mem, "<%s size=%lu%s>", queue->joinable ? "JoinableQueue" : "Queue",
                        (unsigned long) queue->items.count, limit);
}

static const brood__method_t methods[] = {
    {"deliveries", 1, 1, deliveries},
    {"get", 2, 2, get},
    {"get_bytes", 3, 3, get_bytes},
    {"get_many", 2, 2, get_many},
    {"get_many_bytes", 2, 2, get_many_bytes},
    {"join", 1, 1, join},
    {"maxsize", 0, 0, maxsize},
    {"put", 2, 2, put},
    {"put_bytes", 2, 2, put_bytes},
    {"put_many", 1, 1, put_many},
    {"put_many_bytes", 1, 1, put_many_bytes},
    {"shutdown", 1, 1, shut_down},
    {"size", 0, 0, size},
    {"task_done", 1, 1, task_done},
};

const brood__type_t brood__queue_type = {
    .name = "queue",
    .tag = BROOD__TAG_MANAGED_QUEUE,
    .size = sizeof(brood__server_queue_t),
    .create = create,
    .destroy = destroy,
    .left = left,
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
