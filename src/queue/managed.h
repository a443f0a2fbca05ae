/* managed.h - queues of a manager: the type and the calls are those of the local ones.
 *
 * What is local has this floor's kind; a queue of any other kind is a manager's, and the call is passed on by this table,
 * which the manager's floor fills in.  All have the parameters and statuses of the public calls. */
#ifndef BROOD_QUEUE_MANAGED_H
#define BROOD_QUEUE_MANAGED_H

#include "queue/queue.h"

typedef struct brood__managed_queue_calls_t {
    apr_status_t (*put)(brood_queue_t *queue, brood_value_t item, apr_interval_time_t timeout);
    apr_status_t (*get)(brood_value_t *item, brood_queue_t *queue, apr_interval_time_t timeout, apr_pool_t *mem);
    apr_status_t (*put_bytes)(brood_queue_t *queue, const void *data, apr_size_t size, apr_interval_time_t timeout);
    apr_status_t (*get_bytes)(brood_bytes_t *item, brood_queue_t *queue, apr_interval_time_t timeout, apr_pool_t *mem);
    apr_status_t (*get_into)(void *buffer, apr_size_t *size, brood_queue_t *queue, apr_interval_time_t timeout);
    apr_status_t (*put_many)(brood_queue_t *queue, const brood_value_t *items, apr_size_t *count,
                             apr_interval_time_t timeout);
    apr_status_t (*get_many)(brood_value_t *items, apr_size_t *count, brood_queue_t *queue, apr_interval_time_t timeout,
                             apr_pool_t *mem);
    apr_status_t (*put_many_bytes)(brood_queue_t *queue, const brood_bytes_t *items, apr_size_t *count,
                                   apr_interval_time_t timeout);
    apr_status_t (*get_many_bytes)(brood_bytes_t *items, apr_size_t *count, brood_queue_t *queue,
                                   apr_interval_time_t timeout, apr_pool_t *mem);
    apr_status_t (*task_done)(brood_queue_t *queue);
    apr_status_t (*join)(brood_queue_t *queue, apr_interval_time_t timeout);
    unsigned (*deliveries)(brood_queue_t *queue);
    apr_status_t (*shutdown)(brood_queue_t *queue, bool immediate);
    apr_status_t (*size)(apr_size_t *size, brood_queue_t *queue);
    apr_size_t (*maxsize)(brood_queue_t *queue);
} brood__managed_queue_calls_t;

extern const brood__managed_queue_calls_t brood__managed_queue_calls;

static inline bool brood__queue_is_managed(const brood_queue_t *queue)
{
    return queue->ref.kind != &brood__queue_kind;
}

#endif
