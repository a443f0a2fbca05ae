/* wait.c - poll. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/wait.h"

#include "posix/fd.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const int one = ((const struct pollfd *) a)->fd, other = ((const struct pollfd *) b)->fd;

    return (one > other) - (one < other);
}

static short events_of(const brood__watch_t *watch)
{
    return watch->writes ? POLLOUT : POLLIN;
}

/* Each descriptor once, in order; returns how many.  There are no more than this process may have open, which is also
 * the most that poll takes. */
static size_t gather(struct pollfd *polls, const brood__watch_t *watches, size_t count)
{
    size_t all = 0;
    size_t kept = 0;
    size_t i;

    for (i = 0; i < count; i++)
        if (watches[i].handle != BROOD__NO_HANDLE)
            polls[all++] = (struct pollfd){.fd = (int) watches[i].handle, .events = events_of(&watches[i])};
    qsort(polls, all, sizeof *polls, compare);
    for (i = 0; i < all; i++)
        if (kept == 0 || polls[kept - 1].fd != polls[i].fd)
            polls[kept++] = polls[i];
        else
            polls[kept - 1].events = (short) (polls[kept - 1].events | polls[i].events);
    return kept;
}

/* What poll has said of each. */
static apr_status_t tell(brood__watch_t *watches, size_t count, const struct pollfd *polls, size_t polled)
{
    apr_status_t rv = APR_SUCCESS;
    size_t i;

    for (i = 0; i < count; i++) {
        const struct pollfd key = {.fd = (int) watches[i].handle};
        const struct pollfd *found = NULL;

        if (polled > 0)
            found = bsearch(&key, polls, polled, sizeof key, compare);
        watches[i].ready =
            found != NULL && (found->revents & (events_of(&watches[i]) | POLLERR | POLLHUP | POLLNVAL)) != 0;
        if (watches[i].ready && (found->revents & POLLNVAL))
            rv = APR_EBADF;
    }
    return rv;
}

apr_status_t brood__wait_any(brood__watch_t *watches, size_t count, apr_time_t deadline)
{
    struct pollfd *polls = malloc((count + 1) * sizeof *polls);
    size_t polled;
    apr_status_t rv;

    if (polls == NULL)
        return APR_ENOMEM;
    polled = gather(polls, watches, count);
    rv = brood__fd_poll(polls, polled, deadline);
    if (rv == APR_SUCCESS || rv == APR_TIMEUP) {
        apr_status_t told = tell(watches, count, polls, polled);

        if (told != APR_SUCCESS)
            rv = told;
    }
    free(polls);
    return rv;
}

apr_status_t brood__wait_always(brood__handle_t *handle)
{
    int ends[2];
    apr_status_t rv = brood__fd_pipe(ends);

    if (rv != APR_SUCCESS)
        return rv;
    brood__fd_close(ends[1]); /* at its end, that is */
    *handle = ends[0];
    return APR_SUCCESS;
}
