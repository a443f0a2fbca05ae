/* pollset.c - APR's pollset, which is epoll, kqueue or an event port, and a pipe that wakes it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/pollset.h"

#include "base/own.h"
#include "platform/clock.h"
#include "platform/interrupt.h"
#include "posix/fd.h"
#include <apr_poll.h>
#include <apr_portable.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define END_EVENTS (APR_POLLERR | APR_POLLHUP | APR_POLLNVAL) /* whatever was asked for */

/* What APR is told of a member.  There are as many as were ever in it at once: APR's sockets are never freed. */
typedef struct slot_t {
    apr_pollfd_t pollfd; /* 0 requested: APR does not have it now */
    apr_socket_t *socket;
    brood__poll_t *poll; /* NULL: of the pipe */
} slot_t;

struct brood__pollset_t {
    apr_pool_t *mem; /* its own; NULL: closed */
    apr_pollset_t *poller;
    pid_t maker;
    int wake[2]; /* a pipe, of which no end waits */
    slot_t waker;
    size_t most, used, freed;
    slot_t **slots; /* `used` of them */
    size_t *vacant; /* `freed` of those, that nobody has */
    size_t count;   /* in the list */
    brood__poll_t **ready;
};

/* ---- the set ---- */

/* APR's own descriptor must not get the number of a standard stream, see brood__fd_lift: those that are free are taken
 * meanwhile. */
static apr_status_t create_poller(apr_pollset_t **poller, uint32_t size, int any, apr_pool_t *mem)
{
    int low[STDERR_FILENO + 1];
    size_t taken = 0;
    apr_status_t rv;

    for (;;) {
        const int fd = fcntl(any, F_DUPFD_CLOEXEC, 0);

        if (fd < 0 || fd > STDERR_FILENO) {
            brood__fd_close(fd);
            break;
        }
        low[taken++] = fd;
    }
    rv = apr_pollset_create(poller, size, mem, APR_POLLSET_NOCOPY);
    while (taken > 0)
        brood__fd_close(low[--taken]);
    return rv;
}

/* Have APR wait for `fd`. */
static apr_status_t tell_poller(brood__pollset_t *set, slot_t *slot, int fd, bool reads, bool writes)
{
    apr_os_sock_t number = fd;
    apr_status_t rv = apr_os_sock_put(&slot->socket, &number, set->mem); /* also of a pipe: only its number counts */

    if (rv != APR_SUCCESS)
        return rv;
    slot->pollfd = (apr_pollfd_t){.p = set->mem,
                                  .desc_type = APR_POLL_SOCKET,
                                  .reqevents = (apr_int16_t) ((reads ? APR_POLLIN : 0) | (writes ? APR_POLLOUT : 0)),
                                  .desc = {.s = slot->socket},
                                  .client_data = slot};
    rv = apr_pollset_add(set->poller, &slot->pollfd);
    if (rv != APR_SUCCESS)
        slot->pollfd.reqevents = 0;
    return rv;
}

static apr_status_t fill_in(brood__pollset_t *made)
{
    apr_status_t rv;

    made->slots = apr_palloc(made->mem, made->most * sizeof *made->slots);
    made->vacant = apr_palloc(made->mem, made->most * sizeof *made->vacant);
    made->ready = apr_palloc(made->mem, made->most * sizeof *made->ready);
    if (made->slots == NULL || made->vacant == NULL || made->ready == NULL)
        return APR_ENOMEM;
    (void) fcntl(made->wake[0], F_SETFL, O_RDONLY | O_NONBLOCK);
    (void) fcntl(made->wake[1], F_SETFL, O_WRONLY | O_NONBLOCK);
    rv = create_poller(&made->poller, (uint32_t) made->most + 1, made->wake[0], made->mem);
    return rv == APR_SUCCESS ? tell_poller(made, &made->waker, made->wake[0], true, false) : rv;
}

apr_status_t brood__pollset_create(brood__pollset_t **set, size_t most, apr_pool_t *mem)
{
    brood__pollset_t *made = apr_pcalloc(mem, sizeof *made);
    apr_status_t rv;

    if (most >= INT32_MAX / 2) /* APR counts by int, and kqueue's events are two of each */
        return APR_ENOMEM;
    made->wake[0] = made->wake[1] = -1;
    made->most = most;
    made->maker = getpid();
    rv = brood__own_pool(&made->mem);
    if (rv == APR_SUCCESS)
        rv = brood__fd_pipe(made->wake);
    if (rv == APR_SUCCESS)
        rv = fill_in(made);
    if (rv != APR_SUCCESS) {
        brood__pollset_close(made);
        return rv;
    }
    *set = made;
    return APR_SUCCESS;
}

/* ---- members ---- */

static apr_status_t add(brood__pollset_t *set, brood__poll_t *poll, bool reads, bool writes)
{
    apr_status_t rv;

    if (set->freed == 0 && set->used == set->most)
        return APR_ENOSPC;
    if (set->freed == 0) {
        set->slots[set->used] = apr_pcalloc(set->mem, sizeof(slot_t));
        set->vacant[set->freed++] = set->used++;
    }
    poll->place = set->vacant[--set->freed];
    poll->reads = poll->writes = poll->readable = poll->writable = false;
    poll->listed = 0;
    set->slots[poll->place]->poll = poll;
    rv = brood__pollset_change(set, poll, reads, writes);
    if (rv != APR_SUCCESS)
        brood__pollset_remove(set, poll);
    return rv;
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

static int descriptor_of(const brood__poll_t *poll)
{
    brood__watch_t watch;

    if (poll->stream != NULL)
        return (int) poll->stream->handle;
    (void) brood__listener_watch(poll->listener, &watch);
    return (int) watch.handle;
}

/* Whoever is waited for neither way is out of the poller, which would go on telling that its end is closed. */
apr_status_t brood__pollset_change(brood__pollset_t *set, brood__poll_t *poll, bool reads, bool writes)
{
    slot_t *slot = set->slots[poll->place];
    apr_status_t rv = APR_SUCCESS;

    if (poll->reads == reads && poll->writes == writes)
        return APR_SUCCESS;
    if (slot->pollfd.reqevents != 0) {
        (void) apr_pollset_remove(set->poller, &slot->pollfd);
        slot->pollfd.reqevents = 0;
    }
    if (reads || writes)
        rv = tell_poller(set, slot, descriptor_of(poll), reads, writes);
    poll->reads = reads && rv == APR_SUCCESS;
    poll->writes = writes && rv == APR_SUCCESS;
    return rv;
}

void brood__pollset_remove(brood__pollset_t *set, brood__poll_t *poll)
{
    (void) brood__pollset_change(set, poll, false, false);
    if (poll->listed > 0)
        set->ready[poll->listed - 1] = NULL;
    poll->listed = 0;
    set->slots[poll->place]->poll = NULL;
    set->vacant[set->freed++] = poll->place;
}

/* ---- waiting ---- */

static void forget_list(brood__pollset_t *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->ready[i] != NULL)
            set->ready[i]->listed = 0;
    set->count = 0;
}

/* kqueue has an event for each of reading and writing, so one may come twice. */
static void list(brood__pollset_t *set, brood__poll_t *poll, int events)
{
    if (poll->listed == 0) {
        set->ready[set->count++] = poll;
        poll->listed = set->count;
        poll->readable = poll->writable = false;
    }
    poll->readable |= poll->reads && (events & (APR_POLLIN | END_EVENTS)) != 0;
    poll->writable |= poll->writes && (events & (APR_POLLOUT | END_EVENTS)) != 0;
}

static void drain(int fd)
{
    char bytes[256];

    while (read(fd, bytes, sizeof bytes) == (ssize_t) sizeof bytes)
        ;
}

/* One look, or sleep, of the poller.  APR_EAGAIN: of no consequence. */
static apr_status_t ask_poller(brood__pollset_t *set, int milliseconds)
{
    const apr_interval_time_t timeout = milliseconds < 0 ? -1 : apr_time_from_msec(milliseconds);
    const apr_pollfd_t *found;
    bool woken = false;
    apr_int32_t number = 0;
    apr_status_t rv = apr_pollset_poll(set->poller, timeout, &number, &found);

    if (APR_STATUS_IS_TIMEUP(rv) || APR_STATUS_IS_EINTR(rv))
        return APR_EAGAIN;
    if (rv != APR_SUCCESS)
        return rv;
    for (apr_int32_t i = 0; i < number; i++) {
        const slot_t *slot = found[i].client_data;

        if (slot == &set->waker)
            woken = true;
        else if (slot->poll != NULL)
            list(set, slot->poll, found[i].rtnevents);
    }
    if (woken)
        drain(set->wake[0]);
    return woken || set->count > 0 ? APR_SUCCESS : APR_EAGAIN;
}

apr_status_t brood__pollset_wait(brood__poll_t ***ready, size_t *count, brood__pollset_t *set, apr_time_t deadline)
{
    apr_status_t rv;

    forget_list(set);
    *ready = set->ready;
    *count = 0;
    for (;;) {
        const int milliseconds = brood__fd_time_left(deadline);

        if (milliseconds != 0 && brood__interrupt_pending())
            return APR_EINTR;
        rv = ask_poller(set, milliseconds);
        if (rv != APR_EAGAIN)
            break;
        if (deadline != INT64_MAX && (deadline <= 0 || brood__clock_now() >= deadline))
            return APR_TIMEUP;
    }
    *count = set->count;
    return rv;
}

void brood__pollset_wake(brood__pollset_t *set)
{
    const int error = errno;
    const ssize_t written = write(set->wake[1], "", 1); /* a full pipe wakes, too */

    (void) written;
    errno = error;
}

void brood__pollset_close(brood__pollset_t *set)
{
    /* A kqueue is not there in a forked child, where its number may be another's by now: then it is better left alone,
     * with the pool that would close it. */
    if (set->mem != NULL
        && (set->poller == NULL || set->maker == getpid() || strcmp(apr_poll_method_defname(), "kqueue") != 0))
        apr_pool_destroy(set->mem);
    set->mem = NULL;
    set->poller = NULL;
    brood__fd_close(set->wake[0]);
    brood__fd_close(set->wake[1]);
    set->wake[0] = set->wake[1] = -1;
}
