/* fd.c - descriptors that are not inherited by accident, and waiting for them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/fd.h"

#include "platform/clock.h"
#include "platform/interrupt.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAP apr_time_from_msec(500) /* of a thread that can be interrupted */

apr_status_t brood__fd_lift(int *fd)
{
    int low = *fd;
    int error;

    if (low < 0 || low > STDERR_FILENO)
        return APR_SUCCESS;
    *fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    error = errno;
    close(low);
    if (*fd >= 0)
        return APR_SUCCESS;
    return error == EINVAL ? EMFILE : error; /* the limit is that low */
}

/* Both, or none. */
static apr_status_t lift_both(int ends[2])
{
    apr_status_t first = brood__fd_lift(&ends[0]);
    apr_status_t second = brood__fd_lift(&ends[1]);

    if (first == APR_SUCCESS && second == APR_SUCCESS)
        return APR_SUCCESS;
    brood__fd_close(ends[0]);
    brood__fd_close(ends[1]);
    ends[0] = ends[1] = -1;
    return first != APR_SUCCESS ? first : second;
}

apr_status_t brood__fd_pipe(int ends[2])
{
#ifdef __APPLE__ /* the one system without pipe2: a fork in another thread may come in between */
    if (pipe(ends) != 0)
        return errno;
    brood__fd_cloexec(ends[0]);
    brood__fd_cloexec(ends[1]);
#else
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
#endif
    return lift_both(ends);
}

apr_status_t brood__fd_socketpair(int ends[2], int type)
{
#ifdef SOCK_CLOEXEC
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
        return errno;
#else
    if (socketpair(AF_UNIX, type, 0, ends) != 0)
        return errno;
    brood__fd_cloexec(ends[0]);
    brood__fd_cloexec(ends[1]);
#endif
#ifdef SO_NOSIGPIPE /* macOS: a property of the socket; elsewhere every send says MSG_NOSIGNAL */
    setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
    setsockopt(ends[1], SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
    return lift_both(ends);
}

int brood__fd_time_left(apr_time_t deadline)
{
    const bool short_naps = deadline > 0 && brood__interrupt_possible();
    apr_time_t left = INT64_MAX;

    if (deadline != INT64_MAX)
        left = deadline <= 0 ? 0 : deadline - brood__clock_now();
    else if (!short_naps)
        return -1;
    if (short_naps && left > NAP)
        left = NAP;
    /* Rounded up: who sleeps must not return just before the deadline, over and over. */
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX / 1000 : (int) ((left + 999) / 1000);
}

apr_status_t brood__fd_poll(struct pollfd *polls, size_t count, apr_time_t deadline)
{
    for (;;) {
        const int milliseconds = brood__fd_time_left(deadline);
        int ready;

        if (milliseconds != 0 && brood__interrupt_pending())
            return APR_EINTR;
        ready = poll(polls, (nfds_t) count, milliseconds);
        if (ready > 0)
            return APR_SUCCESS;
        if (ready < 0 && errno != EINTR && errno != EAGAIN)
            return errno;
        if (ready == 0 && deadline != INT64_MAX && (deadline <= 0 || brood__clock_now() >= deadline))
            return APR_TIMEUP;
    }
}

apr_status_t brood__fd_wait(int fd, short events, apr_time_t deadline)
{
    struct pollfd wait = {.fd = fd, .events = events};

    return brood__fd_poll(&wait, 1, deadline);
}

void brood__fd_cloexec(int fd)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void brood__fd_close(int fd)
{
    if (fd >= 0)
        close(fd); /* not again after EINTR: it is closed then, and the number may be another thread's by now */
}
