/* pollset.c - brood__wait_any, with an event that wakes it. */
#include "win32/os.h"

#include "platform/pollset.h"

struct brood__pollset_t {
    HANDLE wake;
    size_t most, members;
    brood__poll_t **member;
    brood__watch_t *watches; /* of `wake`, and then two of each member: to read, and to write */
    size_t count;            /* in the list */
    brood__poll_t **ready;
};

static brood__watch_t *watches_of(const brood__pollset_t *set, size_t place)
{
    return &set->watches[1 + 2 * place];
}

/* ---- the set ---- */

apr_status_t brood__pollset_create(brood__pollset_t **set, size_t most, apr_pool_t *mem)
{
    brood__pollset_t *made = apr_pcalloc(mem, sizeof *made);

    if (most >= INT32_MAX / 2)
        return APR_ENOMEM;
    made->most = most;
    made->member = apr_palloc(mem, most * sizeof *made->member);
    made->watches = apr_palloc(mem, (2 * most + 1) * sizeof *made->watches);
    made->ready = apr_palloc(mem, most * sizeof *made->ready);
    if (made->member == NULL || made->watches == NULL || made->ready == NULL)
        return APR_ENOMEM;
    made->wake = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (made->wake == NULL)
        return brood__os_status(GetLastError());
    *set = made;
    return APR_SUCCESS;
}

/* ---- members ---- */

static apr_status_t add(brood__pollset_t *set, brood__poll_t *poll, bool reads, bool writes)
{
    if (set->members == set->most)
        return APR_ENOSPC;
    poll->place = set->members;
    poll->readable = poll->writable = false;
    poll->listed = 0;
    set->member[set->members++] = poll;
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
    (void) set; /* it is asked each time */
    poll->reads = reads;
    poll->writes = writes;
    return APR_SUCCESS;
}

void brood__pollset_remove(brood__pollset_t *set, brood__poll_t *poll)
{
    brood__poll_t *last = set->member[--set->members];

    if (poll->listed > 0)
        set->ready[poll->listed - 1] = NULL;
    poll->listed = 0;
    poll->reads = poll->writes = false;
    set->member[poll->place] = last;
    last->place = poll->place;
}

/* ---- waiting ---- */

static void forget_list(brood__pollset_t *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->ready[i] != NULL)
            set->ready[i]->listed = 0;
    set->count = 0;
}

static void list(brood__pollset_t *set, brood__poll_t *poll, bool readable, bool writable)
{
    if (poll->listed == 0) {
        set->ready[set->count++] = poll;
        poll->listed = set->count;
        poll->readable = poll->writable = false;
    }
    poll->readable |= readable;
    poll->writable |= writable;
}

static bool has_to_wait(const brood__poll_t *poll, brood__watch_t *watch)
{
    return poll->stream != NULL ? brood__stream_watch(poll->stream, watch)
                                : brood__listener_watch(poll->listener, watch);
}

/* What to wait for; who needs not is in the list. */
static void gather(brood__pollset_t *set)
{
    set->watches[0] = (brood__watch_t){.handle = (brood__handle_t) set->wake};
    for (size_t i = 0; i < set->members; i++) {
        brood__poll_t *poll = set->member[i];
        brood__watch_t *watches = watches_of(set, i);

        watches[0] = watches[1] = (brood__watch_t){.handle = BROOD__NO_HANDLE};
        if (poll->reads && !has_to_wait(poll, &watches[0])) {
            watches[0].handle = BROOD__NO_HANDLE;
            list(set, poll, true, false);
        }
        if (poll->writes && !brood__stream_watch_post(poll->stream, &watches[1]))
            list(set, poll, false, true);
    }
}

/* What the watches say.  False: nothing, since what a write has done may not be all of it. */
static bool look(brood__pollset_t *set)
{
    const bool woken = set->watches[0].ready;

    if (woken)
        ResetEvent(set->wake);
    for (size_t i = 0; i < set->members; i++) {
        brood__poll_t *poll = set->member[i];
        brood__watch_t *watches = watches_of(set, i);

        if (watches[0].ready)
            list(set, poll, true, false);
        if (watches[1].ready && !brood__stream_watch_post(poll->stream, &watches[1]))
            list(set, poll, false, true);
    }
    return woken || set->count > 0;
}

apr_status_t brood__pollset_wait(brood__poll_t ***ready, size_t *count, brood__pollset_t *set, apr_time_t deadline)
{
    forget_list(set);
    *ready = set->ready;
    *count = 0;
    for (;;) {
        apr_status_t rc;

        gather(set);
        rc = brood__wait_any(set->watches, 2 * set->members + 1, set->count > 0 ? 0 : deadline);
        if (APR_STATUS_IS_TIMEUP(rc) && set->count == 0)
            return rc;
        if (rc != APR_SUCCESS && !APR_STATUS_IS_TIMEUP(rc))
            return rc;
        if (look(set))
            break;
    }
    *count = set->count;
    return APR_SUCCESS;
}

void brood__pollset_wake(brood__pollset_t *set)
{
    SetEvent(set->wake);
}

void brood__pollset_close(brood__pollset_t *set)
{
    if (set->wake != NULL)
        CloseHandle(set->wake);
    set->wake = NULL;
}
