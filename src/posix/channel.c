/* channel.c - a socket pair: pipes in both directions that raise no signal and tell when the other side is gone. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/channel.h"

#include "posix/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#ifndef MSG_NOSIGNAL /* macOS: brood__fd_socketpair sets SO_NOSIGPIPE */
#define MSG_NOSIGNAL 0
#endif

/* What to do after a call that moved nothing: APR_SUCCESS, try again. */
static apr_status_t after_failure(int error, int fd, short events, apr_time_t deadline)
{
    switch (error) {
    case EINTR:
        return APR_SUCCESS;
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
        return brood__fd_wait(fd, events, deadline);
    case EPIPE:
    case ECONNRESET: /* the other side closed with bytes of ours unread */
        return APR_EOF;
    default:
        return error;
    }
}

apr_status_t brood__channel_pair(brood__handle_t ends[2])
{
    int pair[2];
    apr_status_t rv = brood__fd_socketpair(pair, SOCK_STREAM);

    if (rv == APR_SUCCESS) {
        ends[0] = pair[0];
        ends[1] = pair[1];
    }
    return rv;
}

/* That it does not wait is a property of the reader's end alone. */
apr_status_t brood__channel_pipe(brood__handle_t ends[2])
{
    int pair[2];
    apr_status_t rv = brood__fd_pipe(pair);

    if (rv != APR_SUCCESS)
        return rv;
    (void) fcntl(pair[0], F_SETFL, O_RDONLY | O_NONBLOCK);
    ends[0] = pair[0];
    ends[1] = pair[1];
    return APR_SUCCESS;
}

apr_status_t brood__channel_write(brood__handle_t channel, const void *data, size_t size, apr_time_t deadline)
{
    /* With no deadline the kernel may sleep in the one call; with one, poll does. */
    int flags = deadline == INT64_MAX ? MSG_NOSIGNAL : MSG_NOSIGNAL | MSG_DONTWAIT;
    const char *next = data;

    while (size > 0) {
        ssize_t sent = send((int) channel, next, size, flags);

        if (sent >= 0) {
            next += sent;
            size -= (size_t) sent;
        } else {
            apr_status_t rv = after_failure(errno, (int) channel, POLLOUT, deadline);

            if (rv != APR_SUCCESS)
                return rv;
        }
    }
    return APR_SUCCESS;
}

apr_status_t brood__channel_read(brood__handle_t channel, void *buffer, size_t size, apr_time_t deadline)
{
    int flags = deadline == INT64_MAX ? 0 : MSG_DONTWAIT;
    char *next = buffer;

    while (size > 0) {
        ssize_t got = recv((int) channel, next, size, flags);

        if (got > 0) {
            next += got;
            size -= (size_t) got;
        } else if (got == 0) {
            return APR_EOF;
        } else {
            apr_status_t rv = after_failure(errno, (int) channel, POLLIN, deadline);

            if (rv != APR_SUCCESS)
                return rv;
        }
    }
    return APR_SUCCESS;
}

void brood__channel_close(brood__handle_t channel)
{
    brood__fd_close((int) channel);
}
