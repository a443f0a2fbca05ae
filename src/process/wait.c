/* wait.c - wait for many kinds of things at once: the system tells of a sign, and a look at a process decides. */
#include <brood/wait.h>

#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "connection/connection.h"
#include "connection/listener.h"
#include "platform/self.h"
#include "platform/wait.h"
#include "process/family.h"
#include <apr_portable.h>

/* 0 is none: a zeroed item is a mistake. */
enum { KIND_PROCESS = 1, KIND_SOCKET, KIND_CONNECTION, KIND_LISTENER, KIND_HANDLE };

/* A process without a handle that surely tells is looked after this often. */
#define LOOK_AGAIN apr_time_from_msec(20)

/* A sign can be ahead of the exit code, by next to nothing, or by as long as a debugger or the fork server takes. */
#define SIGN_AHEAD apr_time_from_msec(1)

/* One call.  watches[i] goes with items[i]; those after them are further ones of listeners. */
typedef struct wait_t {
    brood_wait_t *items;
    brood__watch_t *watches;
    apr_size_t *owner; /* of each watch, an item */
    bool *now;         /* ready from the beginning */
    bool *held;        /* a child whose handle is in use */
    apr_size_t count;
    apr_size_t watched;        /* how many watches */
    apr_interval_time_t pause; /* the longest sleep between two looks; BROOD_FOREVER */
} wait_t;

brood_wait_t brood_wait_process(brood_process_t *process)
{
    return (brood_wait_t){KIND_PROCESS, false, process};
}

brood_wait_t brood_wait_socket(apr_socket_t *socket)
{
    return (brood_wait_t){KIND_SOCKET, false, socket};
}

brood_wait_t brood_wait_connection(brood_connection_t *connection)
{
    return (brood_wait_t){KIND_CONNECTION, false, connection};
}

brood_wait_t brood_wait_listener(brood_listener_t *listener)
{
    return (brood_wait_t){KIND_LISTENER, false, listener};
}

brood_wait_t brood_wait_handle(apr_os_file_t handle)
{
    return (brood_wait_t){KIND_HANDLE, false, (void *) (intptr_t) handle};
}

/* Its clients are watched as well. */
static apr_status_t begin_listener(wait_t *wait, apr_size_t at)
{
    brood__watch_t *more = &wait->watches[wait->watched];
    size_t count;

    BROOD_TRY(brood__listener_watches(wait->items[at].object, more, &count));
    wait->now[at] = count == 0;
    for (size_t i = 0; i < count; i++)
        wait->owner[wait->watched++] = at;
    return APR_SUCCESS;
}

/* Check one item; all but a process is watched from here on. */
static apr_status_t begin(wait_t *wait, apr_size_t at)
{
    const brood_wait_t *item = &wait->items[at];
    brood__watch_t *watch = &wait->watches[at];
    apr_os_sock_t handle;
    apr_status_t rc;

    wait->owner[at] = at;
    *watch = (brood__watch_t){.handle = BROOD__NO_HANDLE};
    if (item->object == NULL && item->kind != KIND_HANDLE)
        return brood_fail(APR_EINVAL, "there is an item of no object: it cannot be waited for");
    switch (item->kind) {
    case KIND_PROCESS:
        return ((brood_process_t *) item->object)->relation == BROOD__PARENT
                   ? APR_SUCCESS
                   : brood__record_check(item->object, "wait for");
    case KIND_SOCKET:
        if (apr_os_sock_get(&handle, item->object) != APR_SUCCESS || (brood__handle_t) handle == BROOD__NO_HANDLE)
            return brood_fail(BROOD_ECLOSED, "a socket is closed: it cannot be waited for");
        *watch = (brood__watch_t){.handle = (brood__handle_t) handle, .is_socket = true};
        return APR_SUCCESS;
    case KIND_CONNECTION:
        wait->now[at] = !brood__connection_watch(item->object, watch, &rc);
        return rc;
    case KIND_LISTENER:
        return begin_listener(wait, at);
    case KIND_HANDLE:
        *watch = (brood__watch_t){.handle = (brood__handle_t) (intptr_t) item->object};
        return APR_SUCCESS;
    default:
        return brood_fail(APR_EINVAL, "there is an item of no kind: brood_wait_process and the like make them");
    }
}

/* Has it ended, perhaps with a sign of it?  APR_TIMEUP: not as far as is known. */
static apr_status_t ended(brood_process_t *process, bool sign, apr_time_t deadline)
{
    apr_time_t soon = BROOD__AT_ONCE;

    if (process->relation != BROOD__CHILD)
        return sign || brood__self_gone(process->pid, process->born) ? APR_SUCCESS : APR_TIMEUP;
    if (sign)
        soon = brood__deadline(SIGN_AHEAD);
    return brood__record_wait(process, soon < deadline ? soon : deadline);
}

/* Items of one process are equal: between two questions it may have ended. */
static void even_out(wait_t *wait)
{
    for (apr_size_t i = 0; i < wait->count; i++) {
        const brood_process_t *process = wait->items[i].object;

        if (wait->items[i].kind == KIND_PROCESS && process->relation == BROOD__CHILD && process->ended)
            wait->items[i].ready = true;
    }
}

/* After the watches are marked: mark the items.  `all`: ask each process; else only those that gave a sign, and those
 * that can give none.  APR_TIMEUP: nothing is ready. */
static apr_status_t mark(wait_t *wait, bool all, apr_time_t deadline)
{
    bool any = false;

    for (apr_size_t i = 0; i < wait->count; i++)
        wait->items[i].ready = wait->now[i];
    for (apr_size_t i = 0; i < wait->watched; i++)
        if (wait->watches[i].ready)
            wait->items[wait->owner[i]].ready = true;
    for (apr_size_t i = 0; i < wait->count; i++) {
        brood_wait_t *item = &wait->items[i];
        const brood__watch_t *watch = &wait->watches[i];

        if (item->kind == KIND_PROCESS && (all || watch->ready || wait->pause >= 0)) {
            const apr_status_t rc = ended(item->object, watch->ready, deadline);

            if (rc != APR_SUCCESS && rc != APR_TIMEUP)
                return rc;
            item->ready = rc == APR_SUCCESS;
        }
        any = any || item->ready;
    }
    if (!any)
        return APR_TIMEUP;
    even_out(wait);
    return APR_SUCCESS;
}

/* Get handles of the processes, none of which has ended.  Whether one can be had or not, they are waited for. */
static void watch_processes(wait_t *wait)
{
    for (apr_size_t i = 0; i < wait->count; i++) {
        brood_process_t *process = wait->items[i].object;
        brood__watch_t *watch = &wait->watches[i];
        bool certain = true;
        apr_status_t rc;

        if (wait->items[i].kind != KIND_PROCESS)
            continue;
        if (process->relation == BROOD__CHILD) {
            rc = brood__record_watch(process, &watch->handle, &certain);
            wait->held[i] = rc == APR_SUCCESS;
        } else {
            rc = brood__record_sentinel(process, &watch->handle);
        }
        if (rc == APR_EOF) /* in this moment */
            wait->pause = BROOD_NOWAIT;
        else if ((rc != APR_SUCCESS || !certain) && wait->pause < 0)
            wait->pause = LOOK_AGAIN;
    }
}

static void unwatch_processes(wait_t *wait)
{
    for (apr_size_t i = 0; i < wait->count; i++)
        if (wait->held[i])
            brood__record_unwatch(wait->items[i].object);
}

/* Sleep until one of the watches is ready, or it is time for a look at those that cannot be watched. */
static apr_status_t wait_until(wait_t *wait, apr_time_t deadline)
{
    for (;;) {
        const apr_time_t next = brood__deadline(wait->pause);
        apr_status_t rc = brood__wait_any(wait->watches, wait->watched, next < deadline ? next : deadline);

        if (rc == APR_SUCCESS || rc == APR_TIMEUP)
            rc = mark(wait, false, deadline);
        if (rc != APR_TIMEUP || (deadline != BROOD__NEVER && brood__clock_now() >= deadline))
            return rc;
    }
}

static apr_status_t perform(wait_t *wait, apr_time_t deadline)
{
    apr_status_t rc = brood__wait_any(wait->watches, wait->watched, BROOD__AT_ONCE); /* the sockets */

    if (rc == APR_SUCCESS || rc == APR_TIMEUP)
        rc = mark(wait, true, BROOD__AT_ONCE);
    if (rc == APR_TIMEUP && deadline > 0) {
        watch_processes(wait);
        rc = wait_until(wait, deadline);
        unwatch_processes(wait);
    }
    if (rc == APR_SUCCESS)
        return APR_SUCCESS;
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    return rc == APR_TIMEUP ? brood__fail_often(rc, "nothing was ready in time")
                            : brood_fail(rc, "the system refuses to wait for %lu items", (unsigned long) wait->count);
}

static apr_status_t begin_all(wait_t *wait)
{
    if (wait->watches == NULL || wait->owner == NULL || wait->now == NULL || wait->held == NULL)
        return brood_fail(APR_ENOMEM, "no memory to wait for %lu items", (unsigned long) wait->count);
    for (apr_size_t i = 0; i < wait->count; i++)
        BROOD_TRY(begin(wait, i));
    return APR_SUCCESS;
}

static void unmark(brood_wait_t *items, apr_size_t count)
{
    for (apr_size_t i = 0; i < count; i++)
        items[i].ready = false;
}

apr_status_t brood_wait(brood_wait_t *items, apr_size_t count, apr_interval_time_t timeout)
{
    const apr_time_t deadline = brood__deadline(timeout);
    wait_t wait = {.items = items, .count = count, .watched = count, .pause = BROOD_FOREVER};
    apr_size_t most = count; /* watches */
    apr_pool_t *scratch;
    apr_status_t rc;

    unmark(items, count);
    if (count == 0)
        return brood_fail(APR_EINVAL, "there are no items to wait for");
    BROOD_TRY(brood__own_pool(&scratch));
    for (apr_size_t i = 0; i < count; i++)
        most += items[i].kind == KIND_LISTENER ? BROOD__LISTENER_WATCHES : 0;
    wait.watches = apr_pcalloc(scratch, most * sizeof *wait.watches);
    wait.owner = apr_pcalloc(scratch, most * sizeof *wait.owner);
    wait.now = apr_pcalloc(scratch, count * sizeof *wait.now);
    wait.held = apr_pcalloc(scratch, count * sizeof *wait.held);
    rc = begin_all(&wait);
    if (rc == APR_SUCCESS)
        rc = perform(&wait, deadline);
    apr_pool_destroy(scratch);
    if (rc != APR_SUCCESS)
        unmark(items, count);
    return rc;
}
