/* queue.h - inside of Queue. */
#ifndef BROOD_QUEUE_QUEUE_H
#define BROOD_QUEUE_QUEUE_H

#include "base/kind.h"
#include "queue/ring.h"
#include <brood/queue.h>

extern const brood__kind_t brood__queue_kind;

struct brood_queue_t {
    brood__ref_t ref;
    apr_size_t maxsize;
};

/* NULL: closed. */
static inline brood__ring_t *brood__queue_ring(const brood_queue_t *queue)
{
    return (brood__ring_t *) queue->ref.object;
}

/* A ring's status with its message.  The common ones allocate and format nothing. */
apr_status_t brood__queue_failed(apr_status_t rc, bool put);

/* The first put decides what a queue carries, BROOD__VALUES or BROOD__BYTES.  BROOD_EKIND: the other. */
apr_status_t brood__queue_agree(brood__ring_t *ring, uint32_t content);

/* A block for an item, as soon as the arena has one.  *timeout: what is left of it then.  APR_TIMEUP, APR_ENOMEM: it never
 * will; BROOD_ECANCELLED. */
apr_status_t brood__queue_alloc(uint64_t *block, brood__ring_t *ring, uint64_t size, apr_interval_time_t *timeout);

/* Publish some of *count items; see brood__ring_put.  Waits, too, while there is no memory for their slots. */
apr_status_t brood__queue_put(uint32_t *count, brood__ring_t *ring, const brood__item_t *items,
                              apr_interval_time_t timeout);

/* Take items; see brood__ring_get. */
apr_status_t brood__queue_take(uint32_t *count, brood__item_t *items, void *with, const brood_queue_t *queue,
                               const brood__wish_t *wish, apr_interval_time_t timeout);

/* False: what an item says of its bytes cannot be; somebody has written over the arena. */
bool brood__queue_is_whole(const brood__item_t *item);
apr_status_t brood__queue_fail_overwritten(void);

/* An item that is in no queue is nobody's any more; or will never be anybody's. */
void brood__queue_free(const brood__item_t *item);
void brood__queue_drop(const brood__item_t *item);
/* The caller has what he wanted of an item; or it is gone for good, as nobody can have it. */
void brood__queue_done_with(brood__ring_t *ring, const brood__item_t *item);
void brood__queue_give_up(brood__ring_t *ring, const brood__item_t *item);

#endif
