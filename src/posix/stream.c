/* stream.c - sockets, and pipes to read from. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/stream.h"

#include "platform/clock.h"
#include "platform/interrupt.h"
#include "posix/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL /* macOS: SO_NOSIGPIPE, set of each socket that is made */
#define MSG_NOSIGNAL 0
#endif
#ifndef MSG_CMSG_CLOEXEC /* macOS */
#define MSG_CMSG_CLOEXEC 0
#define MARK_RECEIVED
#endif

/* Room for the descriptors of one message; aligned as the system wants it. */
typedef union control_t {
    struct cmsghdr align;
    char room[CMSG_SPACE(sizeof(int) * BROOD__PARCEL_MOST)];
} control_t;

/* With no deadline the kernel may sleep in the one call; with one, or if Ctrl-C is to end it, poll does. */
static int flags_for(apr_time_t deadline)
{
    return deadline == INT64_MAX && !brood__interrupt_possible() ? MSG_NOSIGNAL : MSG_NOSIGNAL | MSG_DONTWAIT;
}

/* What to do after a call that moved nothing: APR_SUCCESS, try again. */
static apr_status_t after_failure(int error, int fd, short events, apr_time_t deadline)
{
    if (error == EINTR)
        return APR_SUCCESS;
    if (error == EAGAIN || error == EWOULDBLOCK)
        return brood__fd_wait(fd, events, deadline);
    if (error == EPIPE || error == ECONNRESET
        || error == ENOTCONN) /* ECONNRESET: it closed with bytes of ours unread */
        return events == POLLIN ? APR_EOF : EPIPE;
    return error;
}

apr_status_t brood__stream_pair(brood__stream_t ends[2])
{
    int pair[2];
    apr_status_t rv = brood__fd_socketpair(pair, SOCK_STREAM);

    if (rv != APR_SUCCESS)
        return rv;
    brood__stream_init(&ends[0], pair[0], BROOD__HANDLE_SOCKET);
    brood__stream_init(&ends[1], pair[1], BROOD__HANDLE_SOCKET);
    return APR_SUCCESS;
}

void brood__stream_init(brood__stream_t *stream, brood__handle_t handle, brood__handle_kind_t kind)
{
    *stream = (brood__stream_t){.handle = handle, .kind = kind};
}

/* Keep a descriptor that has come along; one too many is closed. */
static void keep(brood__stream_t *stream, int fd)
{
    brood__parcel_t *parcel = stream->parcel;

#ifdef MARK_RECEIVED
    brood__fd_cloexec(fd);
#endif
    if (brood__fd_lift(&fd) != APR_SUCCESS)
        return;
    if (parcel == NULL)
        parcel = stream->parcel = calloc(1, sizeof *parcel);
    if (parcel == NULL || parcel->count == BROOD__PARCEL_MOST) {
        brood__fd_close(fd);
        return;
    }
    parcel->handle[parcel->count] = fd;
    parcel->due[parcel->count++] = brood__clock_now() + brood__parcel_patience;
}

/* CMSG_NXTHDR, which musl has with conversions that the compiler warns of. */
static struct cmsghdr *header_after(const struct msghdr *message, struct cmsghdr *header)
{
    const size_t at =
        (size_t) ((char *) header - (char *) message->msg_control) + CMSG_SPACE(header->cmsg_len - CMSG_LEN(0));

    return at + sizeof *header <= message->msg_controllen ? (void *) ((char *) message->msg_control + at) : NULL;
}

static void keep_all(brood__stream_t *stream, struct msghdr *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = header_after(message, header)) {
        size_t count;

        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            keep(stream, fd);
        }
    }
}

apr_status_t brood__stream_fill(brood__stream_t *stream, apr_time_t deadline)
{
    size_t got;
    apr_status_t rv;

    if (stream->over != NULL)
        return stream->over->fill(stream, deadline);
    if (stream->begin < stream->end)
        return APR_SUCCESS;
    if (stream->ahead == NULL)
        stream->ahead = malloc(BROOD__STREAM_AHEAD);
    if (stream->ahead == NULL)
        return APR_ENOMEM;
    rv = brood__stream_read(stream, stream->ahead, BROOD__STREAM_AHEAD, &got, deadline);
    if (rv == APR_SUCCESS) {
        stream->begin = 0;
        stream->end = got;
    }
    return rv;
}

/* brood__channel_pipe's. */
static apr_status_t read_pipe(int fd, void *buffer, size_t size, size_t *got, apr_time_t deadline)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS) {
        const ssize_t moved = read(fd, buffer, size);

        if (moved >= 0) {
            *got = (size_t) moved;
            return moved > 0 ? APR_SUCCESS : APR_EOF;
        }
        rv = after_failure(errno, fd, POLLIN, deadline);
    }
    return rv;
}

apr_status_t brood__stream_read(brood__stream_t *stream, void *buffer, size_t size, size_t *got, apr_time_t deadline)
{
    const int fd = (int) stream->handle, flags = flags_for(deadline) | MSG_CMSG_CLOEXEC;
    control_t control;
    struct iovec bytes = {buffer, size};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    apr_status_t rv = APR_SUCCESS;
    ssize_t moved = -1;

    if (stream->over != NULL)
        return stream->over->read(stream, buffer, size, got, deadline);
    if (stream->parcel != NULL)
        brood__parcel_expire(stream->parcel);
    while (rv == APR_SUCCESS) {
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        moved = recvmsg(fd, &message, flags);
        if (moved >= 0)
            break;
        if (errno == ENOTSOCK)
            return read_pipe(fd, buffer, size, got, deadline);
        rv = after_failure(errno, fd, POLLIN, deadline);
    }
    if (rv != APR_SUCCESS)
        return rv;
    if (message.msg_controllen > 0)
        keep_all(stream, &message);
    *got = (size_t) moved;
    return moved > 0 ? APR_SUCCESS : APR_EOF;
}

/* The descriptors of a parcel go with the message's first byte. */
static void load(struct msghdr *message, control_t *control, const brood__parcel_t *parcel)
{
    const size_t length = sizeof(int) * (size_t) parcel->count;
    struct cmsghdr *header;

    memset(control, 0, sizeof *control);
    message->msg_control = control->room;
    message->msg_controllen = (socklen_t) CMSG_SPACE(length);
    header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = (socklen_t) CMSG_LEN(length);
    for (int i = 0; i < parcel->count; i++) {
        const int fd = (int) parcel->handle[i];

        memcpy(CMSG_DATA(header) + (size_t) i * sizeof fd, &fd, sizeof fd);
    }
}

/* Leave out what has gone. */
static void advance(struct iovec parts[2], size_t moved)
{
    for (int i = 0; i < 2; i++) {
        const size_t part = moved < parts[i].iov_len ? moved : parts[i].iov_len;

        if (part == 0) /* perhaps of none at NULL */
            continue;
        parts[i].iov_base = (char *) parts[i].iov_base + part;
        parts[i].iov_len -= part;
        moved -= part;
    }
}

apr_status_t brood__stream_write(brood__stream_t *stream, const void *head, size_t head_size, const void *body,
                                 size_t body_size, const brood__parcel_t *parcel, size_t *sent, apr_time_t deadline)
{
    const int fd = (int) stream->handle, flags = flags_for(deadline);
    struct iovec parts[2] = {{(void *) (uintptr_t) head, head_size}, {(void *) (uintptr_t) body, body_size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    control_t control;
    apr_status_t rv = APR_SUCCESS;

    if (stream->over != NULL)
        return stream->over->write(stream, head, head_size, body, body_size, sent, deadline);
    if (parcel != NULL && parcel->count > 0)
        load(&message, &control, parcel);
    *sent = 0;
    while (rv == APR_SUCCESS && *sent < head_size + body_size) {
        const ssize_t moved = sendmsg(fd, &message, flags);

        if (moved < 0) {
            rv = after_failure(errno, fd, POLLOUT, deadline);
            continue;
        }
        *sent += (size_t) moved;
        advance(parts, (size_t) moved);
        message.msg_control = NULL;
        message.msg_controllen = 0;
    }
    return rv;
}

bool brood__stream_watch(brood__stream_t *stream, brood__watch_t *watch)
{
    if (stream->over != NULL)
        return stream->over->watch(stream, watch);
    *watch = (brood__watch_t){.handle = stream->handle, .is_socket = true};
    return stream->begin == stream->end;
}

void brood__stream_settle(brood__stream_t *stream)
{
    (void) stream; /* nothing is done in the background */
}

bool brood__stream_carries(const brood__stream_t *stream)
{
    struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof own;

    return stream->over == NULL && getsockname((int) stream->handle, (struct sockaddr *) &own, &size) == 0
           && own.ss_family == AF_UNIX;
}

apr_status_t brood__stream_copy(brood__handle_t *handle, const brood__stream_t *stream)
{
    int fd;

    if (stream->over != NULL)
        return APR_ENOTIMPL;
    fd = fcntl((int) stream->handle, F_DUPFD_CLOEXEC, 3); /* above the standard streams */
    *handle = fd;
    return fd >= 0 ? APR_SUCCESS : errno;
}

void brood__stream_close(brood__stream_t *stream)
{
    if (stream->over != NULL)
        stream->over->close(stream);
    else
        brood__fd_close((int) stream->handle);
    free(stream->ahead);
    if (stream->parcel != NULL)
        brood__parcel_end(stream->parcel);
    free(stream->parcel);
    brood__stream_init(stream, BROOD__NO_HANDLE, stream->kind);
}
