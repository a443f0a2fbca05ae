#include "manager/queue_items.h"

#include "manager/rpc.h"
#include "manager/server.h"
#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

static void unlink_item(brood__queued_list_t *list, brood__queued_t *item)
{
    *(item->before != NULL ? &item->before->next : &list->first) = item->next;
    *(item->next != NULL ? &item->next->before : &list->last) = item->before;
    list->count--;
}

/* There is one. */
static brood__queued_t *take_first(brood__queued_list_t *list)
{
    brood__queued_t *item = list->first;

    list->first = item->next;
    *(list->first != NULL ? &list->first->before : &list->last) = NULL;
    list->count--;
    return item;
}

/* Behind `before`; NULL: as the first. */
static void link_item(brood__queued_list_t *list, brood__queued_t *before, brood__queued_t *item)
{
    item->before = before;
    item->next = before != NULL ? before->next : list->first;
    *(before != NULL ? &before->next : &list->first) = item;
    *(item->next != NULL ? &item->next->before : &list->last) = item;
    list->count++;
}

static void link_in_order(brood__queued_list_t *list, brood__queued_t *item)
{
    brood__queued_t *before = NULL, *next = list->first;

    while (next != NULL && next->sequence < item->sequence) {
        before = next;
        next = next->next;
    }
    link_item(list, before, item);
}

static void free_item(brood__queued_list_t *list, brood__queued_t *item)
{
    unlink_item(list, item);
    brood__stored_free(item->stored);
    free(item);
}

static void clear(brood__queued_list_t *list)
{
    while (list->first != NULL) {
        brood__queued_t *item = take_first(list);

        brood__stored_free(item->stored);
        free(item);
    }
}

void brood__queued_clear(brood__server_queue_t *queue, bool leased)
{
    clear(&queue->items);
    if (leased)
        clear(&queue->leased);
}

/* ---- put ---- */

apr_status_t brood__queued_append(brood__server_queue_t *queue, brood__stored_t *stored, uint64_t length)
{
    brood__queued_t *item = calloc(1, sizeof *item);

    if (item == NULL)
        return brood_fail_text(APR_ENOMEM, "the manager has no memory for an item of a queue");
    item->stored = stored;
    item->length = length;
    item->sequence = ++queue->last_sequence;
    link_item(&queue->items, queue->items.last, item);
    return APR_SUCCESS;
}

uint64_t brood__queued_put_mark(const brood__server_queue_t *queue, size_t count)
{
    return queue->last_sequence << 16 | count;
}

/* Those that are there still: what somebody has got is gone. */
void brood__queued_undo_put(brood__referent_t *self, uint64_t client, uint64_t mark, brood__stored_t *nothing)
{
    brood__server_queue_t *queue = brood__server_queue_of(self);
    const uint64_t last = mark >> 16, count = mark & BROOD__PUT_MOST;
    brood__queued_t *before;

    (void) client;
    (void) nothing;
    for (brood__queued_t *item = queue->items.last; item != NULL && item->sequence + count > last; item = before) {
        before = item->before;
        if (item->sequence <= last && item->deliveries == 0)
            free_item(&queue->items, item);
    }
    brood__queue_serve(queue);
}

/* ---- who has how many ---- */

static bool add_to_hands(brood__server_queue_t *queue, uint64_t client, size_t count)
{
    uint64_t *hand = brood__number_map_put(&queue->hands, client);

    if (hand == NULL)
        return false;
    *hand += count;
    queue->in_hand += count;
    return true;
}

static void take_from_hands(brood__server_queue_t *queue, uint64_t client, uint64_t count)
{
    uint64_t *hand = brood__number_map_find(&queue->hands, client);

    if (hand == NULL)
        return;
    if (count > *hand)
        count = *hand;
    *hand -= count;
    queue->in_hand -= count;
    if (*hand == 0)
        brood__number_map_remove(&queue->hands, client);
}

/* ---- get ---- */

#define HEAD_ROOM 8

/* The list of the first items, whose objects it takes over. */
static brood__stored_t *join(const brood__server_queue_t *queue, size_t count)
{
    unsigned char head[HEAD_ROOM];
    brood__output_t output = {head, 0, sizeof head, NULL};
    const brood__queued_t *item = queue->items.first;
    brood__stored_t *joined;
    size_t size, objects = 0, at;

    if (brood__rpc_write_list(&output, count) != APR_SUCCESS)
        return NULL;
    size = at = output.size;
    for (size_t i = 0; i < count; i++, item = item->next) {
        size += item->stored->size;
        objects += item->stored->objects;
    }
    joined = malloc(sizeof *joined + size + objects * sizeof(uint64_t));
    if (joined == NULL)
        return NULL;
    *joined = (brood__stored_t){.size = size, .objects = (uint32_t) objects};
    memcpy(joined->bytes, head, output.size);
    item = queue->items.first;
    for (size_t i = 0; i < count; i++, item = item->next) {
        const size_t numbers = item->stored->objects * sizeof(uint64_t);

        memcpy(joined->bytes + at, item->stored->bytes, item->stored->size);
        memcpy(joined->bytes + size, item->stored->bytes + item->stored->size, numbers);
        at += item->stored->size;
        size += numbers;
    }
    return joined;
}

static void lease_first(brood__server_queue_t *queue, uint64_t client, uint64_t thread)
{
    brood__queued_t *item = queue->items.first;

    unlink_item(&queue->items, item);
    item->client = client;
    item->thread = thread;
    item->batch = queue->last_batch;
    item->deliveries++;
    link_item(&queue->leased, queue->leased.last, item);
}

apr_status_t brood__queued_take(brood__stored_t **kept, brood__server_queue_t *queue, size_t count, uint64_t client,
                                uint64_t thread)
{
    brood__queued_t *item = queue->items.first;

    *kept = NULL;
    queue->last_batch++;
    if (queue->leases) {
        for (size_t i = 0; i < count; i++)
            lease_first(queue, client, thread);
        return APR_SUCCESS;
    }
    *kept = count == 1 ? item->stored : join(queue, count);
    if (*kept == NULL || (queue->joinable && !add_to_hands(queue, client, count))) {
        if (count != 1)
            free(*kept);
        return brood_fail_text(APR_ENOMEM, "the manager has no memory for the items of a queue");
    }
    for (size_t i = 0; i < count; i++) {
        item = take_first(&queue->items);
        if (count != 1)
            free(item->stored);
        free(item);
    }
    return APR_SUCCESS;
}

/* ---- what comes back ---- */

/* False: it is gone for good. */
static bool come_back(brood__server_queue_t *queue, brood__queued_t *item, bool heard)
{
    if (queue->state == BROOD__QUEUE_DROPPED || (heard && item->deliveries >= queue->most)) {
        queue->lost += queue->state == BROOD__QUEUE_DROPPED ? 0 : 1;
        free_item(&queue->leased, item);
        return false;
    }
    unlink_item(&queue->leased, item);
    link_in_order(&queue->items, item);
    return true;
}

static void undo_leased(brood__referent_t *self, uint64_t client, uint64_t batch, brood__stored_t *nothing)
{
    brood__server_queue_t *queue = brood__server_queue_of(self);
    brood__queued_t *next;

    (void) nothing;
    for (brood__queued_t *item = queue->leased.first; item != NULL; item = next) {
        next = item->next;
        if (item->client == client && item->batch == batch && come_back(queue, item, false))
            item->deliveries--;
    }
    brood__queue_serve(queue);
}

/* As the first. */
static void put_back(brood__server_queue_t *queue, brood__stored_t *stored, brood_value_t value)
{
    brood__queued_t *item = calloc(1, sizeof *item);

    if (item == NULL) {
        brood__stored_free(stored);
        return;
    }
    item->stored = stored;
    item->length = value.kind == BROOD_KIND_BYTES ? value.as.bytes.size : 0;
    link_item(&queue->items, NULL, item);
}

static void undo_one(brood__referent_t *self, uint64_t client, uint64_t nothing, brood__stored_t *stored)
{
    brood__server_queue_t *queue = brood__server_queue_of(self);
    brood_value_t value = brood_nil();

    (void) nothing;
    take_from_hands(queue, client, 1);
    if (queue->state == BROOD__QUEUE_DROPPED
        || brood__stored_value(&value, stored, brood__server_here()->scratch) != APR_SUCCESS)
        brood__stored_free(stored);
    else
        put_back(queue, stored, value);
    brood__queue_serve(queue);
}

static void undo_many(brood__referent_t *self, uint64_t client, uint64_t nothing, brood__stored_t *joined)
{
    brood__server_queue_t *queue = brood__server_queue_of(self);
    brood_value_t list = brood_nil();
    brood__stored_t *stored = NULL;

    (void) nothing;
    if (brood__stored_value(&list, joined, brood__server_here()->scratch) == APR_SUCCESS) {
        take_from_hands(queue, client, list.as.list.count);
        for (size_t i = list.as.list.count; i > 0 && queue->state != BROOD__QUEUE_DROPPED; i--)
            if (brood__stored_create(&stored, list.as.list.items[i - 1]) == APR_SUCCESS)
                put_back(queue, stored, list.as.list.items[i - 1]);
    }
    brood__stored_free(joined);
    brood__queue_serve(queue);
}

brood__undo_fn brood__queued_undo(uint64_t *mark, const brood__server_queue_t *queue, size_t count)
{
    *mark = queue->last_batch;
    if (queue->leases)
        return undo_leased;
    return count == 1 ? undo_one : undo_many;
}

/* ---- done ---- */

const brood__queued_t *brood__queued_leased(const brood__server_queue_t *queue, uint64_t client, uint64_t thread)
{
    const brood__queued_t *other = NULL;

    for (const brood__queued_t *item = queue->leased.first; item != NULL; item = item->next) {
        if (item->client == client && item->thread == thread)
            return item;
        if (item->client == client && other == NULL)
            other = item;
    }
    return other;
}

static bool finish_leased(brood__server_queue_t *queue, uint64_t client, uint64_t thread)
{
    brood__queued_t *item = (brood__queued_t *) brood__queued_leased(queue, client, thread);

    if (item != NULL)
        free_item(&queue->leased, item);
    return item != NULL;
}

bool brood__queued_finish(brood__server_queue_t *queue, uint64_t client, uint64_t thread)
{
    uint64_t other = client, hand;
    size_t at = 0;

    if (queue->leases)
        return finish_leased(queue, client, thread);
    if (brood__number_map_find(&queue->hands, client) == NULL
        && !brood__number_map_next(&queue->hands, &at, &other, &hand))
        return false;
    take_from_hands(queue, other, 1);
    return true;
}

void brood__queued_left(brood__server_queue_t *queue, uint64_t client)
{
    const uint64_t *hand = brood__number_map_find(&queue->hands, client);
    brood__queued_t *next;

    if (hand != NULL) {
        queue->lost += *hand;
        take_from_hands(queue, client, *hand);
    }
    for (brood__queued_t *item = queue->leased.first; item != NULL; item = next) {
        next = item->next;
        if (item->client == client)
            (void) come_back(queue, item, true);
    }
    brood__queue_serve(queue);
}
