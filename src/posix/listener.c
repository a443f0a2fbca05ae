/* listener.c - sockets that listen, and those that connect to them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/listener.h"

#include "platform/clock.h"
#include "posix/fd.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

const brood__family_kind_t brood__listener_family = BROOD__FAMILY_UNIX;

struct brood__listener_t {
    int fd;
    char path[sizeof(((struct sockaddr_un *) 0)->sun_path)]; /* of its file; "": it has none */
    dev_t device;                                            /* of that, since another may have the path by now */
    ino_t inode;
};

/* A sockaddr of any family. */
typedef struct socket_address_t {
    struct sockaddr_storage storage;
    socklen_t size;
} socket_address_t;

/* ---- addresses ---- */

static apr_status_t unix_address(socket_address_t *to, const char *name)
{
    struct sockaddr_un *un = (struct sockaddr_un *) &to->storage;
    const size_t length = strlen(name);

    memset(to, 0, sizeof *to);
    un->sun_family = AF_UNIX;
    if (length >= sizeof un->sun_path)
        return ENAMETOOLONG;
    memcpy(un->sun_path, name, length);
    to->size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length + 1);
    if (*name == '@') {
#ifdef __linux__
        un->sun_path[0] = '\0';
        to->size--; /* such a name has no end but the address's */
#else
        return APR_ENOTIMPL;
#endif
    }
    return APR_SUCCESS;
}

/* Call `use` with each address of a host until it succeeds.  Finding them may ask a name server, which takes its time. */
static apr_status_t each_inet(const brood__address_t *address, bool passive,
                              apr_status_t (*use)(void *data, const struct sockaddr *to, socklen_t size), void *data)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)};
    struct addrinfo *list;
    char port[8];
    apr_status_t rv = APR_EINVAL;
    int error;

    (void) snprintf(port, sizeof port, "%u", (unsigned) address->port);
    error = getaddrinfo(*address->name != '\0' ? address->name : NULL, port, &hints, &list);
    if (error != 0)
        return error == EAI_SYSTEM ? errno : error == EAI_MEMORY ? APR_ENOMEM : APR_EINVAL;
    for (const struct addrinfo *one = list; one != NULL && rv != APR_SUCCESS; one = one->ai_next)
        rv = use(data, one->ai_addr, one->ai_addrlen);
    freeaddrinfo(list);
    return rv;
}

/* "127.0.0.1:80", "[::1]:80", a path, "@name", or "" for a socket without a name. */
static void describe(char text[BROOD__ADDRESS_SIZE], const socket_address_t *address)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *) &address->storage;
    const struct sockaddr_in *in = (const struct sockaddr_in *) &address->storage;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) &address->storage;
    const size_t head = offsetof(struct sockaddr_un, sun_path);
    char host[INET6_ADDRSTRLEN] = "";

    text[0] = '\0';
    switch (address->storage.ss_family) {
    case AF_INET:
        (void) inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        (void) snprintf(text, BROOD__ADDRESS_SIZE, "%s:%u", host, (unsigned) ntohs(in->sin_port));
        break;
    case AF_INET6:
        (void) inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
        (void) snprintf(text, BROOD__ADDRESS_SIZE, "[%s]:%u", host, (unsigned) ntohs(in6->sin6_port));
        break;
    case AF_UNIX:
        if (address->size <= head)
            break;
        (void) snprintf(text, BROOD__ADDRESS_SIZE, "%.*s", (int) (address->size - head), un->sun_path);
        if (un->sun_path[0] == '\0')
            (void) snprintf(text, BROOD__ADDRESS_SIZE, "@%.*s", (int) (address->size - head - 1), un->sun_path + 1);
        break;
    default:
        break;
    }
}

/* ---- sockets ---- */

/* A socket, and what each of ours has set. */
static apr_status_t open_socket(int *fd, int family)
{
    int type = SOCK_STREAM;

#ifdef SOCK_CLOEXEC
    type |= SOCK_CLOEXEC;
#endif
    *fd = socket(family, type, 0);
    return *fd < 0 ? errno : brood__fd_lift(fd);
}

static void keep_alive(int fd)
{
    const int on = 1, idle = BROOD__KEEPALIVE_IDLE, interval = BROOD__KEEPALIVE_INTERVAL,
              count = BROOD__KEEPALIVE_COUNT;

    (void) setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#if defined TCP_KEEPIDLE
    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
#elif defined TCP_KEEPALIVE /* macOS */
    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPALIVE, &idle, sizeof idle);
#endif
    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static void set_up(int fd, int family)
{
    const int on = 1;

    brood__fd_cloexec(fd);
#ifdef SO_NOSIGPIPE /* macOS: a property of the socket; elsewhere every send says MSG_NOSIGNAL */
    (void) setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    if (family != AF_UNIX) { /* a message is sent in one piece: nothing is gained by waiting for more */
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        keep_alive(fd);
    }
}

static void set_blocking(int fd, bool blocking)
{
    const int flags = fcntl(fd, F_GETFL);

    (void) fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

static apr_status_t listen_at(void *data, const struct sockaddr *to, socklen_t size)
{
    const int on = 1;
    int *fd = data;
    apr_status_t rv = open_socket(fd, to->sa_family);

    if (rv != APR_SUCCESS)
        return rv;
    set_up(*fd, to->sa_family);
    set_blocking(*fd, false); /* who was ready to be accepted may be gone by then */
    if (to->sa_family != AF_UNIX)
        (void) setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    else
        (void) fchmod(*fd, S_IRUSR | S_IWUSR); /* Linux: of the file that it will have */
    if (bind(*fd, to, size) == 0)
        return APR_SUCCESS;
    rv = errno;
    brood__fd_close(*fd);
    *fd = -1;
    return rv;
}

static apr_status_t bind_unix(brood__listener_t *made, const char *name)
{
    socket_address_t address;
    struct stat file;
    apr_status_t rv = unix_address(&address, name);

    if (rv == APR_SUCCESS)
        rv = listen_at(&made->fd, (const struct sockaddr *) &address.storage, address.size);
    if (rv != APR_SUCCESS || *name == '@')
        return rv;
    (void) chmod(name, S_IRUSR | S_IWUSR); /* where fchmod could not */
    if (stat(name, &file) == 0) {
        made->device = file.st_dev;
        made->inode = file.st_ino;
        memcpy(made->path, name, strlen(name) + 1);
    }
    return APR_SUCCESS;
}

apr_status_t brood__listener_open(brood__listener_t **listener, const brood__address_t *address, int backlog,
                                  char text[BROOD__ADDRESS_SIZE], apr_pool_t *mem)
{
    brood__listener_t *made = apr_pcalloc(mem, sizeof *made);
    socket_address_t own = {.size = sizeof own.storage};
    apr_status_t rv = APR_ENOTIMPL;

    made->fd = -1;
    if (address->family == BROOD__FAMILY_UNIX)
        rv = bind_unix(made, address->name);
    else if (address->family == BROOD__FAMILY_INET)
        rv = each_inet(address, true, listen_at, &made->fd);
    if (rv != APR_SUCCESS)
        return rv;
    if (listen(made->fd, backlog) != 0 || getsockname(made->fd, (struct sockaddr *) &own.storage, &own.size) != 0) {
        rv = errno;
        brood__listener_close(made, false);
        return rv;
    }
    describe(text, &own);
    *listener = made;
    return APR_SUCCESS;
}

/* These say that this one is gone or that there is none, and nothing of the listener. */
static bool is_passing(int error)
{
    return error == EINTR || error == ECONNABORTED || error == EPROTO;
}

apr_status_t brood__listener_accept(brood__stream_t *stream, char peer[BROOD__ADDRESS_SIZE],
                                    brood__listener_t *listener, apr_time_t deadline)
{
    for (;;) {
        socket_address_t address = {.size = sizeof address.storage};
        int fd = accept(listener->fd, (struct sockaddr *) &address.storage, &address.size);
        apr_status_t rv = APR_SUCCESS;

        if (fd >= 0) {
            set_up(fd, address.storage.ss_family);
            set_blocking(fd, true);
            rv = brood__fd_lift(&fd);
            if (rv != APR_SUCCESS)
                return rv;
            describe(peer, &address);
            brood__stream_init(stream, fd, BROOD__HANDLE_SOCKET);
            return APR_SUCCESS;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            rv = brood__fd_wait(listener->fd, POLLIN, deadline);
        else if (!is_passing(errno))
            rv = errno;
        if (rv != APR_SUCCESS)
            return rv;
    }
}

bool brood__listener_watch(brood__listener_t *listener, brood__watch_t *watch)
{
    *watch = (brood__watch_t){.handle = listener->fd, .is_socket = true};
    return true;
}

void brood__listener_close(brood__listener_t *listener, bool forked)
{
    struct stat file;

    brood__fd_close(listener->fd);
    listener->fd = -1;
    if (!forked && listener->path[0] != '\0' && stat(listener->path, &file) == 0 && file.st_dev == listener->device
        && file.st_ino == listener->inode)
        (void) unlink(listener->path);
    listener->path[0] = '\0';
}

/* ---- the other side ---- */

/* One attempt, as far as its end. */
typedef struct attempt_t {
    int fd;
    apr_time_t deadline;
} attempt_t;

static apr_status_t settle(const attempt_t *attempt)
{
    int error = 0;
    socklen_t size = sizeof error;
    apr_status_t rv = brood__fd_wait(attempt->fd, POLLOUT, attempt->deadline);

    if (rv == APR_SUCCESS && getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    return rv != APR_SUCCESS ? rv : error;
}

static apr_status_t connect_to(void *data, const struct sockaddr *to, socklen_t size)
{
    attempt_t *attempt = data;
    apr_status_t rv = open_socket(&attempt->fd, to->sa_family);

    if (rv != APR_SUCCESS)
        return rv;
    set_up(attempt->fd, to->sa_family);
    set_blocking(attempt->fd, false);
    while (connect(attempt->fd, to, size) != 0 && (rv = errno) == EAGAIN) {
        /* Only of Unix sockets: too many wait there to be accepted, and there is nothing to poll for. */
        rv = brood__fd_poll(NULL, 0, brood__clock_now() + apr_time_from_msec(1));
        if (rv == APR_TIMEUP && brood__clock_now() < attempt->deadline)
            rv = APR_SUCCESS;
        if (rv != APR_SUCCESS)
            break;
    }
    if (rv == EINPROGRESS || rv == EINTR)
        rv = settle(attempt);
    if (rv == APR_SUCCESS) {
        set_blocking(attempt->fd, true);
    } else {
        brood__fd_close(attempt->fd);
        attempt->fd = -1;
    }
    return rv;
}

apr_status_t brood__listener_connect(brood__stream_t *stream, const brood__address_t *address, apr_time_t deadline)
{
    attempt_t attempt = {-1, deadline};
    socket_address_t to;
    apr_status_t rv = APR_ENOTIMPL;

    if (address->family == BROOD__FAMILY_UNIX) {
        rv = unix_address(&to, address->name);
        if (rv == APR_SUCCESS)
            rv = connect_to(&attempt, (const struct sockaddr *) &to.storage, to.size);
    } else if (address->family == BROOD__FAMILY_INET) {
        rv = each_inet(address, false, connect_to, &attempt);
    }
    if (rv == APR_SUCCESS)
        brood__stream_init(stream, attempt.fd, BROOD__HANDLE_SOCKET);
    return rv;
}
