/* mail.c - descriptors as ancillary data of socket messages. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/mail.h"

#include "posix/fd.h"
#include <errno.h>
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

apr_status_t brood__mail_send(int socket, const void *data, size_t size, const brood__mail_t *mail, int flags)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int) * BROOD__MAIL_MOST)];
    } control;
    struct iovec bytes = {(void *) (uintptr_t) data, size};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    ssize_t sent;

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
    do
        sent = sendmsg(socket, &message, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN ? APR_EOF : errno;
    return (size_t) sent == size ? APR_SUCCESS : APR_EGENERAL;
}

void brood__mail_close(brood__mail_t *mail)
{
    while (mail->count > 0)
        brood__fd_close(mail->fd[--mail->count]);
}

apr_status_t brood__mail_receive(int socket, void *data, size_t size, brood__mail_t *mail, int flags)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int) * BROOD__MAIL_MOST)];
    } control;
    struct iovec bytes = {data, size};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = CMSG_LEN(sizeof(int) * BROOD__MAIL_MOST)}; /* SPACE takes one more */
    struct cmsghdr *header;
    ssize_t got;

    mail->count = 0;
    do
        got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == ECONNRESET ? APR_EOF : errno;
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
    if (got == 0)
        return APR_EOF;
    return (size_t) got == size ? APR_SUCCESS : APR_EINVAL;
}
