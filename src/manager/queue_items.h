/* queue_items.h - inside of a server's queue: its items, and who has got which of them.
 *
 * An item that has been got is counted until it is done, if the queue is joinable, or it is kept, if it gives its items
 * out on a lease.  Items are in order of their sequence, so what comes back is before all that has never been got. */
#ifndef BROOD_MANAGER_QUEUE_ITEMS_H
#define BROOD_MANAGER_QUEUE_ITEMS_H

#include "manager/number_map.h"
#include "manager/sync_types.h"

typedef struct brood__queued_t {
    struct brood__queued_t *before, *next;
    brood__stored_t *stored;
    uint64_t length; /* of bytes */
    uint64_t sequence;
    uint64_t client, thread; /* that have it on a lease */
    uint64_t batch;          /* the get it was last given with */
    uint32_t deliveries;
} brood__queued_t;

typedef struct brood__queued_list_t {
    brood__queued_t *first, *last;
    size_t count;
} brood__queued_list_t;

typedef enum brood__queue_content_t { BROOD__NOT_KNOWN, BROOD__OF_VALUES, BROOD__OF_BYTES } brood__queue_content_t;
typedef enum brood__queue_state_t { BROOD__QUEUE_OPEN, BROOD__QUEUE_SHUT, BROOD__QUEUE_DROPPED } brood__queue_state_t;

typedef struct brood__server_queue_t {
    brood__referent_t referent;
    uint64_t maxsize; /* 0: none */
    bool joinable, leases;
    uint32_t most; /* deliveries */
    brood__queue_content_t content;
    brood__queue_state_t state;
    brood__queued_list_t items, leased;
    uint64_t last_sequence, last_batch;
    brood__number_map_t hands; /* how many items clients have got and not done, if they are not leased */
    uint64_t in_hand;          /* all of those */
    uint64_t lost;             /* with clients, and no join has told of them */
    brood__line_t getters, putters, joiners;
} brood__server_queue_t;

static inline brood__server_queue_t *brood__server_queue_of(brood__referent_t *self)
{
    return (brood__server_queue_t *) self;
}

static inline bool brood__queue_has_room(const brood__server_queue_t *queue)
{
    return queue->maxsize == 0 || queue->items.count < queue->maxsize;
}

/* One more item, which takes the value over; APR_ENOMEM. */
apr_status_t brood__queued_append(brood__server_queue_t *queue, brood__stored_t *stored, uint64_t length);

/* The first items belong to a client from now on; they can be taken back by what brood__queued_undo gives.
 * *kept: the value of a single one, or the list of them, which is the caller's; NULL if they are leased.  APR_ENOMEM:
 * nothing has changed. */
apr_status_t brood__queued_take(brood__stored_t **kept, brood__server_queue_t *queue, size_t count, uint64_t client,
                                uint64_t thread);
/* For what has been taken last: the function for brood__request_undo, and what is its `thread`. */
brood__undo_fn brood__queued_undo(uint64_t *mark, const brood__server_queue_t *queue, size_t count);

/* The same for a put of as many as have been put last. */
void brood__queued_undo_put(brood__referent_t *self, uint64_t client, uint64_t mark, brood__stored_t *nothing);
uint64_t brood__queued_put_mark(const brood__server_queue_t *queue, size_t count);
#define BROOD__PUT_MOST 0xffffU /* items */

/* Something has been got, as the client says, and is done.  False: there is none. */
bool brood__queued_finish(brood__server_queue_t *queue, uint64_t client, uint64_t thread);
/* What the next call of that would finish, if it is on a lease. */
const brood__queued_t *brood__queued_leased(const brood__server_queue_t *queue, uint64_t client, uint64_t thread);
/* What a client has comes back, or is lost. */
void brood__queued_left(brood__server_queue_t *queue, uint64_t client);

/* All are freed, those in the queue only, or those that others have, too. */
void brood__queued_clear(brood__server_queue_t *queue, bool leased);

/* ---- queue_serve.c ---- */

#define BROOD__QUEUE_EMPTY "the queue stayed empty"
#define BROOD__QUEUE_FULL "the queue stayed full"
#define BROOD__QUEUE_UNDONE "some items of the queue are not done yet"

/* Of the waiters' `count`: the item's length, or the most bytes that are wanted. */
extern const brood__line_ops_t brood__queue_putting, brood__queue_getting, brood__queue_getting_bytes,
    brood__queue_joining;

apr_status_t brood__queue_fail_kind(void);
apr_status_t brood__queue_fail_put(void);
apr_status_t brood__queue_fail_get(void);
/* The first one decides what a queue carries.  BROOD_EKIND: the other. */
apr_status_t brood__queue_agree_on(brood__server_queue_t *queue, brood__queue_content_t content);

/* Nothing will come for this client: what others have may come back, unless he has some himself, and others may wait for
 * him. */
bool brood__queue_has_ended(const brood__server_queue_t *queue, uint64_t client);
/* All that was put is done, or lost. */
bool brood__queue_is_done(const brood__server_queue_t *queue);

/* Items have come or gone: let those go on who wait for that. */
void brood__queue_serve(brood__server_queue_t *queue);

#endif
