/* pollset.c - those who were ready of late are waited for by the system's own call, which takes 64; all others by its
 * thread pool, which is told of each once, and again only after it has rung for it: who is idle costs a wait nothing.
 *
 * All have events: of the operations that a stream leaves to the background, or a listener's. */
#include "win32/stream_parts.h"

#include "platform/pollset.h"
#include <stdatomic.h>

#define DIRECT ((DWORD) MAXIMUM_WAIT_OBJECTS - 1) /* sides that the system's own call takes beside the bell */

typedef enum state_t {
    OFF,     /* not waited for */
    RECENT,  /* looked at by each wait */
    AWAITED, /* by the thread pool, which puts it among those that have fired */
} state_t;

/* One way of a member: to read from it, or to write to it. */
typedef struct side_t {
    brood__pollset_t *set;
    brood__poll_t *poll;
    bool writes;
    state_t state;
    HANDLE event;                 /* of a recent one that is not ready: what tells when it is */
    HANDLE registration;          /* of an awaited one */
    struct side_t *before, *next; /* in the list of the recent ones; NULL: its end */
    struct side_t *next_fired;
} side_t;

struct brood__pollset_t {
    HANDLE bell;             /* wakes the wait: there is something in the two below */
    _Atomic(side_t *) fired; /* put there by the thread pool */
    _Atomic bool woken;
    side_t *first; /* recent ones, that which was ready last first */
    size_t most, vacancies;
    side_t *sides;  /* two of each place */
    size_t *vacant; /* places */
    size_t count;   /* in the list */
    brood__poll_t **ready;
};

static side_t *sides_of(const brood__pollset_t *set, size_t place)
{
    return &set->sides[2 * place];
}

/* ---- the set ---- */

apr_status_t brood__pollset_create(brood__pollset_t **set, size_t most, apr_pool_t *mem)
{
    brood__pollset_t *made = apr_pcalloc(mem, sizeof *made);

    if (most >= INT32_MAX / 2)
        return APR_ENOMEM;
    made->most = made->vacancies = most;
    made->sides = apr_pcalloc(mem, 2 * most * sizeof *made->sides);
    made->vacant = apr_palloc(mem, most * sizeof *made->vacant);
    made->ready = apr_palloc(mem, most * sizeof *made->ready);
    if (made->sides == NULL || made->vacant == NULL || made->ready == NULL)
        return APR_ENOMEM;
    for (size_t i = 0; i < most; i++)
        made->vacant[i] = most - 1 - i;
    made->bell = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (made->bell == NULL)
        return brood__os_status(GetLastError());
    *set = made;
    return APR_SUCCESS;
}

/* ---- sides ---- */

static void leave_recent(side_t *side)
{
    *(side->before != NULL ? &side->before->next : &side->set->first) = side->next;
    if (side->next != NULL)
        side->next->before = side->before;
}

static void become_recent(side_t *side)
{
    brood__pollset_t *set = side->set;

    side->state = RECENT;
    side->before = NULL;
    side->next = set->first;
    if (set->first != NULL)
        set->first->before = side;
    set->first = side;
}

/* After it no callback runs, or will. */
static void stop_awaiting(side_t *side)
{
    if (side->registration != NULL)
        UnregisterWaitEx(side->registration, INVALID_HANDLE_VALUE);
    side->registration = NULL;
}

static void take_fired(brood__pollset_t *set)
{
    side_t *side = atomic_load_explicit(&set->fired, memory_order_relaxed);

    if (side != NULL)
        side = atomic_exchange(&set->fired, NULL);
    while (side != NULL) {
        side_t *next = side->next_fired;

        stop_awaiting(side);
        become_recent(side);
        side = next;
    }
}

static VOID CALLBACK fire(PVOID data, BOOLEAN timed_out)
{
    side_t *side = data;
    brood__pollset_t *set = side->set;

    (void) timed_out;
    side->next_fired = atomic_load(&set->fired);
    while (!atomic_compare_exchange_weak(&set->fired, &side->next_fired, side))
        ;
    SetEvent(set->bell);
}

/* A recent one.  By one handle alone, which is in no other set: it must not be registered twice. */
static apr_status_t begin_awaiting(side_t *side)
{
    leave_recent(side);
    side->state = AWAITED;
    if (RegisterWaitForSingleObject(&side->registration, side->event, fire, side, INFINITE,
                                    WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD))
        return APR_SUCCESS;
    side->registration = NULL;
    become_recent(side);
    return brood__os_status(GetLastError());
}

static void turn(side_t *side, bool on)
{
    if (on == (side->state != OFF))
        return;
    if (on) {
        become_recent(side);
        return;
    }
    stop_awaiting(side);
    take_fired(side->set); /* it may be there */
    if (side->state == RECENT)
        leave_recent(side);
    side->state = OFF;
}

/* ---- members ---- */

static apr_status_t add(brood__pollset_t *set, brood__poll_t *poll, bool reads, bool writes)
{
    side_t *sides;

    if (set->vacancies == 0)
        return APR_ENOSPC;
    poll->place = set->vacant[--set->vacancies];
    poll->readable = poll->writable = false;
    poll->listed = 0;
    sides = sides_of(set, poll->place);
    for (int i = 0; i < 2; i++)
        sides[i] = (side_t){.set = set, .poll = poll, .writes = i == 1};
    return brood__pollset_change(set, poll, reads, writes);
}

apr_status_t brood__pollset_add_stream(brood__pollset_t *set, brood__poll_t *poll, brood__stream_t *stream, bool reads,
                                       bool writes)
{
    poll->stream = stream;
    poll->listener = NULL;
    return add(set, poll, reads, writes);
}

apr_status_t brood__pollset_add_listener(brood__pollset_t *set, brood__poll_t *poll, brood__listener_t *listener)
{
    poll->stream = NULL;
    poll->listener = listener;
    return add(set, poll, true, false);
}

apr_status_t brood__pollset_change(brood__pollset_t *set, brood__poll_t *poll, bool reads, bool writes)
{
    side_t *sides = sides_of(set, poll->place);

    turn(&sides[0], reads);
    turn(&sides[1], writes);
    poll->reads = reads;
    poll->writes = writes;
    return APR_SUCCESS;
}

void brood__pollset_remove(brood__pollset_t *set, brood__poll_t *poll)
{
    (void) brood__pollset_change(set, poll, false, false);
    if (poll->listed > 0)
        set->ready[poll->listed - 1] = NULL;
    poll->listed = 0;
    set->vacant[set->vacancies++] = poll->place;
}

/* ---- waiting ---- */

static void forget_list(brood__pollset_t *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->ready[i] != NULL)
            set->ready[i]->listed = 0;
    set->count = 0;
}

static void list(brood__pollset_t *set, brood__poll_t *poll, bool writes)
{
    if (poll->listed == 0) {
        set->ready[set->count++] = poll;
        poll->listed = set->count;
        poll->readable = poll->writable = false;
    }
    *(writes ? &poll->writable : &poll->readable) = true;
}

/* Else its event is what to wait for. */
static bool is_ready(side_t *side)
{
    const brood__poll_t *poll = side->poll;
    brood__watch_t watch;
    bool waits;

    if (poll->stream == NULL)
        waits = brood__listener_watch(poll->listener, &watch)
                && WaitForSingleObject(brood__os_handle(watch.handle), 0) != WAIT_OBJECT_0;
    else if (side->writes)
        waits = brood__stream_watch_post(poll->stream, &watch);
    else
        waits = brood__stream_watch(poll->stream, &watch) && !brood__stream_has_read(poll->stream, &watch);
    side->event = brood__os_handle(watch.handle);
    return !waits;
}

static void look(brood__pollset_t *set)
{
    side_t *next;

    take_fired(set);
    for (side_t *side = set->first; side != NULL; side = next) {
        next = side->next;
        if (is_ready(side)) {
            list(set, side->poll, side->writes);
            leave_recent(side);
            become_recent(side);
        }
    }
}

/* Until the bell rings, or something is ready, which nothing was. */
static apr_status_t rest(brood__pollset_t *set, apr_time_t deadline)
{
    HANDLE objects[MAXIMUM_WAIT_OBJECTS] = {set->bell};
    DWORD count = 1;
    side_t *next;

    for (side_t *side = set->first; side != NULL; side = next) {
        next = side->next;
        if (count <= DIRECT) {
            objects[count++] = side->event;
        } else {
            const apr_status_t rc = begin_awaiting(side);

            if (rc != APR_SUCCESS)
                return rc;
        }
    }
    return brood__os_wait_any(objects, count, deadline) == WAIT_FAILED ? brood__os_status(GetLastError()) : APR_SUCCESS;
}

apr_status_t brood__pollset_wait(brood__poll_t ***ready, size_t *count, brood__pollset_t *set, apr_time_t deadline)
{
    forget_list(set);
    *ready = set->ready;
    *count = 0;
    for (bool late = deadline <= 0;; late = deadline <= 0 || brood__clock_now() >= deadline) {
        const bool woken = atomic_exchange(&set->woken, false); /* before the look: it sees what was done before */
        apr_status_t rc;

        look(set);
        if (woken || set->count > 0)
            break;
        if (late)
            return APR_TIMEUP;
        rc = rest(set, deadline);
        if (rc != APR_SUCCESS)
            return rc;
    }
    *count = set->count;
    return APR_SUCCESS;
}

void brood__pollset_wake(brood__pollset_t *set)
{
    atomic_store(&set->woken, true);
    SetEvent(set->bell);
}

void brood__pollset_close(brood__pollset_t *set)
{
    for (size_t i = 0; i < 2 * set->most; i++)
        if (set->sides[i].set != NULL)
            turn(&set->sides[i], false);
    if (set->bell != NULL)
        CloseHandle(set->bell);
    set->bell = NULL;
}
