/* queue_serve.c - calls that wait for a queue of a server, and when they go on. */
#include "manager/queue_items.h"

apr_status_t brood__queue_fail_kind(void)
{
    return brood_fail_text(BROOD_EKIND,
                           "a queue carries either values or bytes, as its first item says; this is the other");
}

apr_status_t brood__queue_agree_on(brood__server_queue_t *queue, brood__queue_content_t content)
{
    if (queue->content == BROOD__NOT_KNOWN)
        queue->content = content;
    return queue->content == content ? APR_SUCCESS : brood__queue_fail_kind();
}

apr_status_t brood__queue_fail_put(void)
{
    return brood_fail_text(APR_EOF, "the queue has been shut down");
}

apr_status_t brood__queue_fail_get(void)
{
    return brood_fail_text(APR_EOF, "the queue is empty, and nothing will come");
}

bool brood__queue_has_ended(const brood__server_queue_t *queue, uint64_t client)
{
    if (queue->state == BROOD__QUEUE_OPEN || queue->items.count != 0)
        return false;
    return queue->state == BROOD__QUEUE_DROPPED || queue->leased.count == 0
           || brood__queued_leased(queue, client, 0) != NULL;
}

/* ---- those who wait ---- */

const brood__line_ops_t brood__queue_putting = {NULL, BROOD__QUEUE_FULL, NULL};
const brood__line_ops_t brood__queue_getting = {NULL, BROOD__QUEUE_EMPTY, NULL};
const brood__line_ops_t brood__queue_getting_bytes = {NULL, BROOD__QUEUE_EMPTY, NULL};
const brood__line_ops_t brood__queue_joining = {NULL, BROOD__QUEUE_UNDONE, NULL};

static void admit(brood__server_queue_t *queue, brood__waiter_t *waiter)
{
    brood__stored_t *stored = waiter->stored;

    if (brood__queued_append(queue, stored, waiter->count) != APR_SUCCESS) {
        brood__waiter_fail(waiter);
        return;
    }
    waiter->stored = NULL;
    waiter->thread = brood__queued_put_mark(queue, 1);
    brood__waiter_undo(waiter, brood__queued_undo_put, NULL);
    brood__waiter_return(waiter, brood_nil());
}

static void give(brood__server_queue_t *queue, brood__waiter_t *waiter)
{
    brood__queued_t *item = queue->items.first;
    const bool bytes = waiter->ops == &brood__queue_getting_bytes;
    brood__stored_t *kept = NULL;
    brood__undo_fn undo;

    if (bytes != (queue->content == BROOD__OF_BYTES)) {
        BROOD_IGNORE(brood__queue_fail_kind());
        brood__waiter_fail(waiter);
        return;
    }
    if (item->length > waiter->count) {
        brood__waiter_return(waiter, brood_uint(item->length));
        return;
    }
    if (brood__queued_take(&kept, queue, 1, waiter->client, waiter->thread) != APR_SUCCESS) {
        brood__waiter_fail(waiter);
        return;
    }
    undo = brood__queued_undo(&waiter->thread, queue, 1);
    brood__waiter_undo(waiter, undo, kept);
    brood__waiter_return_stored(waiter, kept != NULL ? kept : queue->leased.last->stored);
}

static void end_getters(brood__server_queue_t *queue)
{
    brood__waiter_t *next;

    for (brood__waiter_t *waiter = queue->getters.first; waiter != NULL; waiter = next) {
        next = waiter->next;
        if (brood__queue_has_ended(queue, waiter->client)) {
            BROOD_IGNORE(brood__queue_fail_get());
            brood__waiter_fail(waiter);
        }
    }
}

bool brood__queue_is_done(const brood__server_queue_t *queue)
{
    return queue->items.count == 0 && queue->leased.count == 0 && queue->in_hand == 0;
}

/* One of them is told of those that were lost. */
static void end_joiners(brood__server_queue_t *queue)
{
    while (queue->joiners.first != NULL && brood__queue_is_done(queue)) {
        const uint64_t lost = queue->lost;

        queue->lost = 0;
        brood__waiter_return(queue->joiners.first, brood_uint(lost));
    }
}

void brood__queue_serve(brood__server_queue_t *queue)
{
    bool moved = true;

    while (moved) {
        moved = false;
        if (queue->putters.first != NULL && brood__queue_has_room(queue)) {
            admit(queue, queue->putters.first);
            moved = true;
        }
        if (queue->getters.first != NULL && queue->items.first != NULL) {
            give(queue, queue->getters.first);
            moved = true;
        }
    }
    if (queue->state != BROOD__QUEUE_OPEN)
        end_getters(queue);
    end_joiners(queue);
}
