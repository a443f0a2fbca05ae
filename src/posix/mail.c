/* mail.c - descriptors as ancillary data of socket messages. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/mail.h"

#include "posix/fd.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL /* macOS: brood__fd_socketpair sets SO_NOSIGPIPE */
#define MSG_NOSIGNAL 0
#endif
#ifndef MSG_CMSG_CLOEXEC /* macOS */
#define MSG_CMSG_CLOEXEC 0
#define MARK_RECEIVED
#endif

/* After a call that failed: APR_SUCCESS, try again. */
static apr_status_t after_failure(int error, int socket, short events, apr_time_t deadline)
{
    if (error == EINTR)
        return APR_SUCCESS;
    if (error == EAGAIN || error == EWOULDBLOCK)
        return brood__fd_wait(socket, events, deadline);
    return error == EPIPE || error == ECONNRESET || error == ENOTCONN ? APR_EOF : error;
}

apr_status_t brood__mail_send(int socket, const void *data, size_t size, const brood__mail_t *mail, apr_time_t deadline)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int) * BROOD__MAIL_MOST)];
    } control;
    struct iovec bytes = {(void *) (uintptr_t) data, size};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    apr_status_t rv = APR_SUCCESS;
    ssize_t sent = -1;

    if (mail->count > 0) {
        size_t length = sizeof(int) * (size_t) mail->count;
        struct cmsghdr *header;

        memset(&control, 0, sizeof control);
        message.msg_control = control.room;
        message.msg_controllen = (socklen_t) CMSG_SPACE(length);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = (socklen_t) CMSG_LEN(length);
        memcpy(CMSG_DATA(header), mail->fd, length);
    }
    while (rv == APR_SUCCESS && (sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL)) < 0)
        rv = after_failure(errno, socket, POLLOUT, deadline);
    if (rv != APR_SUCCESS)
        return rv;
    return (size_t) sent == size ? APR_SUCCESS : APR_EGENERAL;
}

void brood__mail_close(brood__mail_t *mail)
{
    while (mail->count > 0)
        brood__fd_close(mail->fd[--mail->count]);
}

/* All of them, or none is of use: as if they had not fitted. */
static void lift_all(brood__mail_t *mail)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < mail->count; i++)
        if (brood__fd_lift(&mail->fd[i]) != APR_SUCCESS)
            rv = APR_EGENERAL;
    if (rv != APR_SUCCESS)
        brood__mail_close(mail);
}

apr_status_t brood__mail_receive(int socket, void *data, size_t least, size_t *size, brood__mail_t *mail,
                                 apr_time_t deadline)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int) * BROOD__MAIL_MOST)];
    } control;
    struct iovec bytes = {data, *size};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = CMSG_LEN(sizeof(int) * BROOD__MAIL_MOST)}; /* SPACE takes one more */
    struct cmsghdr *header;
    apr_status_t rv = APR_SUCCESS;
    ssize_t got = -1;

    mail->count = 0;
    while (rv == APR_SUCCESS && (got = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0)
        rv = after_failure(errno, socket, POLLIN, deadline);
    if (rv != APR_SUCCESS)
        return rv;
    header = CMSG_FIRSTHDR(&message); /* there is one at most: nobody asked for credentials */
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        mail->count = (int) ((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        if (mail->count > BROOD__MAIL_MOST)
            mail->count = BROOD__MAIL_MOST;
        memcpy(mail->fd, CMSG_DATA(header), sizeof(int) * (size_t) mail->count);
    }
#ifdef MARK_RECEIVED
    for (int i = 0; i < mail->count; i++)
        brood__fd_cloexec(mail->fd[i]);
#endif
    lift_all(mail);
    if (got == 0)
        return APR_EOF;
    *size = (size_t) got;
    return (size_t) got >= least && !(message.msg_flags & MSG_TRUNC) ? APR_SUCCESS : APR_EINVAL;
}
