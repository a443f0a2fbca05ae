/* stream_post.c - what a socket takes at once; nothing is done in the background. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/stream.h"

#include <errno.h>
#include <sys/socket.h>

#ifndef MSG_NOSIGNAL /* macOS: SO_NOSIGPIPE, set of each socket that is made */
#define MSG_NOSIGNAL 0
#endif

apr_status_t brood__stream_post(brood__stream_t *stream, const void *data, size_t size, size_t *sent)
{
    const char *next = data;

    if (stream->over != NULL)
        return stream->over->post(stream, data, size, sent);
    *sent = 0;
    while (*sent < size) {
        const ssize_t moved = send((int) stream->handle, next + *sent, size - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (moved >= 0)
            *sent += (size_t) moved;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return APR_SUCCESS;
        else if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
            return EPIPE;
        else if (errno != EINTR)
            return errno;
    }
    return APR_SUCCESS;
}

bool brood__stream_watch_post(brood__stream_t *stream, brood__watch_t *watch)
{
    if (stream->over != NULL)
        return stream->over->watch_post(stream, watch);
    *watch = (brood__watch_t){.handle = stream->handle, .is_socket = true, .writes = true};
    return true;
}
