/* listener.c - sockets that listen, named pipes that wait for a client, and those that connect to them. */
#include <winsock2.h>
#include <ws2tcpip.h> /* before APR, which has another name for in6_addr */

#include "win32/os.h"

#include "platform/listener.h"
#include <stdio.h>
#include <string.h>

#define PIPE_BUFFER 8192 /* as Python's */
#define NAP_MS 50        /* between two looks at a pipe that is busy */

const brood__family_kind_t brood__listener_family = BROOD__FAMILY_PIPE;

struct brood__listener_t {
    SOCKET socket;  /* or */
    HANDLE pipe;    /* the instance that waits for the next client */
    OVERLAPPED io;  /* its wait */
    bool connected; /* which is over */
    WCHAR name[BROOD__ADDRESS_SIZE];
};

static apr_status_t socket_status(void)
{
    return brood__os_status((DWORD) WSAGetLastError());
}

/* ---- addresses ---- */

static apr_status_t each_inet(const brood__address_t *address, bool passive,
                              apr_status_t (*use)(void *data, const struct sockaddr *to, int size), void *data)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0};
    struct addrinfo *list;
    char port[8];
    apr_status_t rc = APR_EINVAL;

    (void) snprintf(port, sizeof port, "%u", (unsigned) address->port);
    if (getaddrinfo(*address->name != '\0' ? address->name : NULL, port, &hints, &list) != 0)
        return APR_EINVAL;
    for (const struct addrinfo *one = list; one != NULL && rc != APR_SUCCESS; one = one->ai_next)
        rc = use(data, one->ai_addr, (int) one->ai_addrlen);
    freeaddrinfo(list);
    return rc;
}

/* "127.0.0.1:80", "[::1]:80". */
static void describe(char text[BROOD__ADDRESS_SIZE], const struct sockaddr_storage *address)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *) address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) address;
    char host[INET6_ADDRSTRLEN] = "";

    text[0] = '\0';
    if (address->ss_family == AF_INET) {
        (void) inet_ntop(AF_INET, (void *) (uintptr_t) &in->sin_addr, host, sizeof host);
        (void) snprintf(text, BROOD__ADDRESS_SIZE, "%s:%u", host, (unsigned) ntohs(in->sin_port));
    } else if (address->ss_family == AF_INET6) {
        (void) inet_ntop(AF_INET6, (void *) (uintptr_t) &in6->sin6_addr, host, sizeof host);
        (void) snprintf(text, BROOD__ADDRESS_SIZE, "[%s]:%u", host, (unsigned) ntohs(in6->sin6_port));
    }
}

static apr_status_t pipe_name(WCHAR name[BROOD__ADDRESS_SIZE], const char *text)
{
    static const char head[] = "\\\\.\\pipe\\";

    if (_strnicmp(text, head, sizeof head - 1) != 0 || text[sizeof head - 1] == '\0'
        || MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, name, BROOD__ADDRESS_SIZE) == 0)
        return APR_EINVAL;
    return APR_SUCCESS;
}

/* ---- sockets ---- */

static void set_blocking(SOCKET socket, bool blocking)
{
    u_long nonblocking = !blocking;

    (void) ioctlsocket(socket, (long) FIONBIO, &nonblocking);
}

static apr_status_t open_socket(SOCKET *made, int family)
{
    const BOOL on = TRUE;

    *made = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (*made == INVALID_SOCKET)
        return socket_status();
    (void) setsockopt(*made, IPPROTO_TCP, TCP_NODELAY, (const char *) &on, sizeof on);
    set_blocking(*made, false);
    return APR_SUCCESS;
}

static apr_status_t bind_at(void *data, const struct sockaddr *to, int size)
{
    const BOOL on = TRUE;
    SOCKET *made = data;
    apr_status_t rc = open_socket(made, to->sa_family);

    if (rc != APR_SUCCESS)
        return rc;
    /* What SO_REUSEADDR is elsewhere is the default here; the option of that name lets others steal the port. */
    (void) setsockopt(*made, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *) &on, sizeof on);
    if (bind(*made, to, size) == 0)
        return APR_SUCCESS;
    rc = socket_status();
    closesocket(*made);
    *made = INVALID_SOCKET;
    return rc;
}

static apr_status_t open_inet(brood__listener_t *made, const brood__address_t *address, int backlog,
                              char text[BROOD__ADDRESS_SIZE])
{
    struct sockaddr_storage own;
    int size = sizeof own;
    apr_status_t rc = each_inet(address, true, bind_at, &made->socket);

    if (rc != APR_SUCCESS)
        return rc;
    if (listen(made->socket, backlog) != 0 || getsockname(made->socket, (struct sockaddr *) &own, &size) != 0) {
        rc = socket_status();
        closesocket(made->socket);
        made->socket = INVALID_SOCKET;
        return rc;
    }
    describe(text, &own);
    return APR_SUCCESS;
}

/* Until the socket is readable, or writable or has failed to become so. */
static apr_status_t wait_for_socket(SOCKET socket, bool to_write, apr_time_t deadline)
{
    for (;;) {
        const apr_time_t now = deadline > 0 ? brood__clock_now() : 0, left = deadline > now ? deadline - now : 0;
        const long step = left > APR_INT64_C(1000000) ? 1000000 : (long) left;
        struct timeval time = {step / 1000000, step % 1000000};
        fd_set ready, failed;
        int count;

        FD_ZERO(&ready);
        FD_ZERO(&failed);
        FD_SET(socket, &ready);
        FD_SET(socket, &failed); /* where a failure to connect is told */
        count = select(0, to_write ? NULL : &ready, to_write ? &ready : NULL, &failed, &time);
        if (count == SOCKET_ERROR)
            return socket_status();
        if (count > 0)
            return APR_SUCCESS;
        if (left == 0)
            return APR_TIMEUP;
    }
}

static apr_status_t accept_socket(brood__stream_t *stream, char peer[BROOD__ADDRESS_SIZE], SOCKET listener,
                                  apr_time_t deadline)
{
    for (;;) {
        const BOOL on = TRUE;
        struct sockaddr_storage address;
        int size = sizeof address;
        SOCKET made = accept(listener, (struct sockaddr *) &address, &size);
        apr_status_t rc = APR_SUCCESS;

        if (made != INVALID_SOCKET) {
            (void) SetHandleInformation((HANDLE) made, HANDLE_FLAG_INHERIT, 0);
            (void) setsockopt(made, IPPROTO_TCP, TCP_NODELAY, (const char *) &on, sizeof on);
            set_blocking(made, true);
            describe(peer, &address);
            brood__stream_init(stream, (brood__handle_t) made, BROOD__HANDLE_SOCKET);
            return APR_SUCCESS;
        }
        if (WSAGetLastError() == WSAEWOULDBLOCK)
            rc = wait_for_socket(listener, false, deadline);
        else if (WSAGetLastError() != WSAECONNRESET) /* this one is gone */
            rc = socket_status();
        if (rc != APR_SUCCESS)
            return rc;
    }
}

/* ---- pipes ---- */

/* One more instance of the pipe, that waits for a client. */
static apr_status_t open_instance(brood__listener_t *listener, bool first)
{
    HANDLE pipe =
        CreateNamedPipeW(listener->name,
                         PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
                         PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                         PIPE_UNLIMITED_INSTANCES, PIPE_BUFFER, PIPE_BUFFER, 0, NULL);
    DWORD error;

    if (pipe == INVALID_HANDLE_VALUE)
        return brood__os_status(GetLastError());
    listener->io = (OVERLAPPED){.hEvent = listener->io.hEvent};
    (void) ResetEvent(listener->io.hEvent);
    error = ConnectNamedPipe(pipe, &listener->io) ? ERROR_PIPE_CONNECTED : GetLastError();
    if (error != ERROR_IO_PENDING && error != ERROR_PIPE_CONNECTED && error != ERROR_NO_DATA) {
        CloseHandle(pipe);
        return brood__os_status(error);
    }
    listener->connected = error != ERROR_IO_PENDING;
    if (listener->connected)
        (void) SetEvent(listener->io.hEvent);
    listener->pipe = pipe;
    return APR_SUCCESS;
}

static apr_status_t open_pipe(brood__listener_t *made, const brood__address_t *address, char text[BROOD__ADDRESS_SIZE])
{
    apr_status_t rc = pipe_name(made->name, address->name);

    if (rc != APR_SUCCESS)
        return rc;
    made->io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (made->io.hEvent == NULL)
        return brood__os_status(GetLastError());
    rc = open_instance(made, true);
    if (rc != APR_SUCCESS) {
        CloseHandle(made->io.hEvent);
        made->io.hEvent = NULL;
        return rc;
    }
    (void) snprintf(text, BROOD__ADDRESS_SIZE, "%s", address->name);
    return APR_SUCCESS;
}

static apr_status_t accept_pipe(brood__stream_t *stream, brood__listener_t *listener, apr_time_t deadline)
{
    HANDLE pipe = listener->pipe;
    DWORD none;
    apr_status_t rc;

    if (pipe == INVALID_HANDLE_VALUE) { /* the last time there could be no other */
        rc = open_instance(listener, false);
        if (rc != APR_SUCCESS)
            return rc;
        pipe = listener->pipe;
    }
    if (brood__os_wait(listener->io.hEvent, deadline) != WAIT_OBJECT_0)
        return APR_TIMEUP;
    if (!listener->connected && !GetOverlappedResult(pipe, &listener->io, &none, TRUE)
        && GetLastError() != ERROR_NO_DATA) { /* that has come and gone: its messages are there */
        rc = brood__os_status(GetLastError());
        CloseHandle(pipe);
        listener->pipe = INVALID_HANDLE_VALUE;
        return rc;
    }
    listener->pipe = INVALID_HANDLE_VALUE;
    (void) open_instance(listener, false); /* before the next asks for it; else with the next accept */
    brood__stream_init(stream, (brood__handle_t) pipe, BROOD__HANDLE_PIPE);
    return APR_SUCCESS;
}

/* ---- listeners ---- */

apr_status_t brood__listener_open(brood__listener_t **listener, const brood__address_t *address, int backlog,
                                  char text[BROOD__ADDRESS_SIZE], apr_pool_t *mem)
{
    brood__listener_t *made = apr_pcalloc(mem, sizeof *made);
    apr_status_t rc = APR_ENOTIMPL;

    made->socket = INVALID_SOCKET;
    made->pipe = INVALID_HANDLE_VALUE;
    if (address->family == BROOD__FAMILY_PIPE)
        rc = open_pipe(made, address, text);
    else if (address->family == BROOD__FAMILY_INET)
        rc = open_inet(made, address, backlog, text);
    if (rc == APR_SUCCESS)
        *listener = made;
    return rc;
}

apr_status_t brood__listener_accept(brood__stream_t *stream, char peer[BROOD__ADDRESS_SIZE],
                                    brood__listener_t *listener, apr_time_t deadline)
{
    peer[0] = '\0';
    return listener->socket != INVALID_SOCKET ? accept_socket(stream, peer, listener->socket, deadline)
                                              : accept_pipe(stream, listener, deadline);
}

bool brood__listener_watch(brood__listener_t *listener, brood__watch_t *watch)
{
    if (listener->socket != INVALID_SOCKET)
        *watch = (brood__watch_t){.handle = (brood__handle_t) listener->socket, .is_socket = true};
    else
        *watch = (brood__watch_t){.handle = (brood__handle_t) listener->io.hEvent};
    return listener->socket != INVALID_SOCKET || listener->pipe != INVALID_HANDLE_VALUE;
}

void brood__listener_close(brood__listener_t *listener, bool forked)
{
    DWORD none;

    (void) forked; /* nothing forks here */
    if (listener->socket != INVALID_SOCKET)
        closesocket(listener->socket);
    listener->socket = INVALID_SOCKET;
    if (listener->pipe != INVALID_HANDLE_VALUE) {
        if (!listener->connected) {
            CancelIoEx(listener->pipe, &listener->io);
            (void) GetOverlappedResult(listener->pipe, &listener->io, &none, TRUE);
        }
        CloseHandle(listener->pipe);
    }
    listener->pipe = INVALID_HANDLE_VALUE;
    if (listener->io.hEvent != NULL)
        CloseHandle(listener->io.hEvent);
    listener->io.hEvent = NULL;
}

/* ---- the other side ---- */

/* One attempt, as far as its end. */
typedef struct attempt_t {
    SOCKET socket;
    apr_time_t deadline;
} attempt_t;

static apr_status_t settle(const attempt_t *attempt)
{
    int error = 0, size = sizeof error;
    apr_status_t rc = wait_for_socket(attempt->socket, true, attempt->deadline);

    if (rc == APR_SUCCESS && getsockopt(attempt->socket, SOL_SOCKET, SO_ERROR, (char *) &error, &size) != 0)
        error = WSAGetLastError();
    return rc != APR_SUCCESS || error == 0 ? rc : brood__os_status((DWORD) error);
}

static apr_status_t connect_to(void *data, const struct sockaddr *to, int size)
{
    attempt_t *attempt = data;
    apr_status_t rc = open_socket(&attempt->socket, to->sa_family);

    if (rc != APR_SUCCESS)
        return rc;
    if (connect(attempt->socket, to, size) != 0)
        rc = WSAGetLastError() == WSAEWOULDBLOCK ? settle(attempt) : socket_status();
    if (rc == APR_SUCCESS) {
        set_blocking(attempt->socket, true);
    } else {
        closesocket(attempt->socket);
        attempt->socket = INVALID_SOCKET;
    }
    return rc;
}

/* All instances may be taken for a moment. */
static apr_status_t connect_pipe(brood__stream_t *stream, const char *text, apr_time_t deadline)
{
    WCHAR name[BROOD__ADDRESS_SIZE];
    DWORD mode = PIPE_READMODE_MESSAGE;
    HANDLE pipe;
    apr_status_t rc = pipe_name(name, text);

    if (rc != APR_SUCCESS)
        return rc;
    while ((pipe = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                               FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, NULL))
           == INVALID_HANDLE_VALUE) {
        if (GetLastError() != ERROR_PIPE_BUSY)
            return brood__os_status(GetLastError());
        if (deadline <= 0 || brood__clock_now() >= deadline)
            return APR_TIMEUP;
        (void) WaitNamedPipeW(name, NAP_MS);
    }
    if (!SetNamedPipeHandleState(pipe, &mode, NULL, NULL)) {
        rc = brood__os_status(GetLastError());
        CloseHandle(pipe);
        return rc;
    }
    brood__stream_init(stream, (brood__handle_t) pipe, BROOD__HANDLE_PIPE);
    return APR_SUCCESS;
}

apr_status_t brood__listener_connect(brood__stream_t *stream, const brood__address_t *address, apr_time_t deadline)
{
    attempt_t attempt = {INVALID_SOCKET, deadline};
    apr_status_t rc = APR_ENOTIMPL;

    if (address->family == BROOD__FAMILY_PIPE)
        return connect_pipe(stream, address->name, deadline);
    if (address->family == BROOD__FAMILY_INET)
        rc = each_inet(address, false, connect_to, &attempt);
    if (rc == APR_SUCCESS)
        brood__stream_init(stream, (brood__handle_t) attempt.socket, BROOD__HANDLE_SOCKET);
    return rc;
}
