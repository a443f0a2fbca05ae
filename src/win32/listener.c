/* listener.c - sockets that listen, named pipes that wait for a client, and those that connect to them. */
#include <winsock2.h>
#include <mstcpip.h>
#include <mswsock.h>
#include <ws2tcpip.h> /* before APR, which has another name for in6_addr */

#include "win32/os.h"

#include "platform/listener.h"
#include <stdio.h>
#include <string.h>

#define PIPE_BUFFER 8192 /* as Python's */
#define NAP_MS 50        /* between two looks at a pipe that is busy */

const brood__family_kind_t brood__listener_family = BROOD__FAMILY_PIPE;

struct brood__listener_t {
    SOCKET socket;                                           /* that listens; INVALID_SOCKET: `name` is a pipe's */
    int family;                                              /* its */
    char addresses[2][sizeof(struct sockaddr_storage) + 16]; /* AcceptEx's, while it waits */
    WCHAR name[BROOD__ADDRESS_SIZE];
    HANDLE next; /* a socket, or an instance of the pipe, that waits for the next client; INVALID_HANDLE_VALUE: none */
    OVERLAPPED io;  /* its wait */
    bool connected; /* which was over at once */
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
static void describe(char text[BROOD__ADDRESS_SIZE], const struct sockaddr_storage *address, int size)
{
    char host[256], port[8];
    const int error = getnameinfo((const struct sockaddr *) address, size, host, sizeof host, port, sizeof port,
                                  NI_NUMERICHOST | NI_NUMERICSERV);

    text[0] = '\0';
    if (error == 0)
        (void) snprintf(text, BROOD__ADDRESS_SIZE, address->ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
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

static apr_status_t open_socket(SOCKET *made, int family)
{
    *made = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    return *made == INVALID_SOCKET ? socket_status() : APR_SUCCESS;
}

/* Of a connection, on either side. */
static void set_up(SOCKET socket)
{
    const BOOL on = TRUE;
    struct tcp_keepalive alive = {TRUE, BROOD__KEEPALIVE_IDLE * 1000, BROOD__KEEPALIVE_INTERVAL * 1000};
    DWORD moved;

    (void) setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, (const char *) &on, sizeof on);
    (void) WSAIoctl(socket, SIO_KEEPALIVE_VALS, &alive, sizeof alive, NULL, 0, &moved, NULL, NULL);
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
    if (listen(made->socket, backlog) != 0 || getsockname(made->socket, (struct sockaddr *) &own, &size) != 0)
        return socket_status();
    made->family = own.ss_family;
    describe(text, &own, size);
    return APR_SUCCESS;
}

/* One more socket, that waits for a client. */
static DWORD begin_socket(brood__listener_t *listener)
{
    SOCKET made = INVALID_SOCKET;
    DWORD moved;

    if (open_socket(&made, listener->family) != APR_SUCCESS)
        return (DWORD) WSAGetLastError();
    listener->next = (HANDLE) made;
    if (AcceptEx(listener->socket, made, listener->addresses, 0, sizeof *listener->addresses,
                 sizeof *listener->addresses, &moved, &listener->io))
        return ERROR_SUCCESS;
    return (DWORD) WSAGetLastError();
}

/* It has one: from now on it is like any other socket. */
static void end_socket(SOCKET accepted, char peer[BROOD__ADDRESS_SIZE], SOCKET listener)
{
    struct sockaddr_storage address = {0};
    int size = sizeof address;

    (void) setsockopt(accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char *) &listener, sizeof listener);
    set_up(accepted);
    if (getpeername(accepted, (struct sockaddr *) &address, &size) == 0)
        describe(peer, &address, size);
}

/* ---- pipes ---- */

/* One more instance of the pipe, that waits for a client. */
static DWORD begin_pipe(brood__listener_t *listener, bool first)
{
    HANDLE pipe =
        CreateNamedPipeW(listener->name,
                         PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
                         PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                         PIPE_UNLIMITED_INSTANCES, PIPE_BUFFER, PIPE_BUFFER, 0, NULL);
    DWORD error;

    if (pipe == INVALID_HANDLE_VALUE)
        return GetLastError();
    listener->next = pipe;
    error = ConnectNamedPipe(pipe, &listener->io) ? ERROR_SUCCESS : GetLastError();
    return error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA ? ERROR_SUCCESS : error;
}

/* ---- listeners ---- */

static void close_next(brood__listener_t *listener)
{
    if (listener->socket != INVALID_SOCKET)
        closesocket((SOCKET) listener->next);
    else
        CloseHandle(listener->next);
    listener->next = INVALID_HANDLE_VALUE;
}

/* From here on the next client is waited for. */
static apr_status_t begin(brood__listener_t *listener, bool first)
{
    DWORD error;

    listener->io = (OVERLAPPED){.hEvent = listener->io.hEvent};
    (void) ResetEvent(listener->io.hEvent);
    error = listener->socket != INVALID_SOCKET ? begin_socket(listener) : begin_pipe(listener, first);
    listener->connected = error == ERROR_SUCCESS;
    if (listener->connected)
        (void) SetEvent(listener->io.hEvent);
    if (error == ERROR_SUCCESS || error == ERROR_IO_PENDING)
        return APR_SUCCESS;
    if (listener->next != INVALID_HANDLE_VALUE)
        close_next(listener);
    return brood__os_status(error);
}

apr_status_t brood__listener_open(brood__listener_t **listener, const brood__address_t *address, int backlog,
                                  char text[BROOD__ADDRESS_SIZE], apr_pool_t *mem)
{
    brood__listener_t *made = apr_pcalloc(mem, sizeof *made);
    apr_status_t rc = APR_ENOTIMPL;

    made->socket = INVALID_SOCKET;
    made->next = INVALID_HANDLE_VALUE;
    made->io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (made->io.hEvent == NULL)
        return brood__os_status(GetLastError());
    if (address->family == BROOD__FAMILY_PIPE) {
        rc = pipe_name(made->name, address->name);
        (void) snprintf(text, BROOD__ADDRESS_SIZE, "%s", address->name);
    } else if (address->family == BROOD__FAMILY_INET) {
        rc = open_inet(made, address, backlog, text);
    }
    if (rc == APR_SUCCESS)
        rc = begin(made, true);
    if (rc == APR_SUCCESS)
        *listener = made;
    else
        brood__listener_close(made, false);
    return rc;
}

/* What the wait for a client is an operation of. */
static HANDLE waiting(const brood__listener_t *listener)
{
    return listener->socket != INVALID_SOCKET ? (HANDLE) listener->socket : listener->next;
}

/* How it came out; ERROR_IO_INCOMPLETE.  ERROR_NO_DATA is success: of a client that has come and gone what it sent is there. */
static DWORD outcome(brood__listener_t *listener, bool wait)
{
    DWORD none;

    if (listener->connected || GetOverlappedResult(waiting(listener), &listener->io, &none, wait)
        || GetLastError() == ERROR_NO_DATA)
        return ERROR_SUCCESS;
    return GetLastError();
}

static apr_status_t await_client(brood__listener_t *listener, apr_time_t deadline)
{
    for (;;) {
        DWORD error;

        if (listener->next == INVALID_HANDLE_VALUE) { /* the last time there could be no other */
            const apr_status_t rc = begin(listener, false);

            if (rc != APR_SUCCESS)
                return rc;
        }
        if (brood__os_wait(listener->io.hEvent, deadline) != WAIT_OBJECT_0)
            return APR_TIMEUP;
        error = outcome(listener, true);
        if (error == ERROR_SUCCESS)
            return APR_SUCCESS;
        close_next(listener);
        /* This client is gone, or the thread has ended that had begun to wait, and its wait with it. */
        if (error != ERROR_NETNAME_DELETED && error != WSAECONNRESET && error != ERROR_OPERATION_ABORTED)
            return brood__os_status(error);
    }
}

apr_status_t brood__listener_accept(brood__stream_t *stream, char peer[BROOD__ADDRESS_SIZE],
                                    brood__listener_t *listener, apr_time_t deadline)
{
    const bool is_socket = listener->socket != INVALID_SOCKET;
    const apr_status_t rc = await_client(listener, deadline);
    const HANDLE accepted = listener->next;

    peer[0] = '\0';
    if (rc != APR_SUCCESS)
        return rc;
    listener->next = INVALID_HANDLE_VALUE;
    (void) begin(listener, false); /* before the next asks for it; else with the next accept */
    if (is_socket)
        end_socket((SOCKET) accepted, peer, listener->socket);
    brood__stream_init(stream, (brood__handle_t) accepted, is_socket ? BROOD__HANDLE_SOCKET : BROOD__HANDLE_PIPE);
    return APR_SUCCESS;
}

bool brood__listener_watch(brood__listener_t *listener, brood__watch_t *watch)
{
    if (listener->next != INVALID_HANDLE_VALUE && outcome(listener, false) == ERROR_OPERATION_ABORTED) {
        (void) WaitForSingleObject(listener->io.hEvent, INFINITE); /* it may be late, and is the next one's then */
        close_next(listener);
        (void) begin(listener, false);
    }
    *watch = (brood__watch_t){.handle = (brood__handle_t) listener->io.hEvent};
    return listener->next != INVALID_HANDLE_VALUE;
}

void brood__listener_close(brood__listener_t *listener, bool forked)
{
    (void) forked; /* nothing forks here */
    if (listener->next != INVALID_HANDLE_VALUE) {
        CancelIoEx(waiting(listener), &listener->io);
        (void) outcome(listener, true);
        close_next(listener);
    }
    if (listener->socket != INVALID_SOCKET)
        closesocket(listener->socket);
    listener->socket = INVALID_SOCKET;
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

/* Until the socket is connected, or has failed to become so. */
static apr_status_t settle(const attempt_t *attempt)
{
    for (;;) {
        const apr_time_t now = brood__clock_now(), left = attempt->deadline > now ? attempt->deadline - now : 0;
        struct timeval second = {1, 0}, less = {0, (long) left};
        fd_set ready = {1, {attempt->socket}}, failed = ready; /* where a failure to connect is told */
        const int count = select(0, NULL, &ready, &failed, left >= 1000000 ? &second : &less);
        int error = 0, size = sizeof error;

        if (count == 0 && left == 0)
            return APR_TIMEUP;
        if (count < 0 || getsockopt(attempt->socket, SOL_SOCKET, SO_ERROR, (char *) &error, &size) != 0)
            return socket_status();
        if (count > 0 || error != 0)
            return error == 0 ? APR_SUCCESS : brood__os_status((DWORD) error);
    }
}

static apr_status_t connect_to(void *data, const struct sockaddr *to, int size)
{
    attempt_t *attempt = data;
    u_long on = 1, off = 0;
    apr_status_t rc = open_socket(&attempt->socket, to->sa_family);

    if (rc != APR_SUCCESS)
        return rc;
    set_up(attempt->socket);
    (void) ioctlsocket(attempt->socket, (long) FIONBIO, &on);
    if (connect(attempt->socket, to, size) != 0)
        rc = WSAGetLastError() == WSAEWOULDBLOCK ? settle(attempt) : socket_status();
    (void) ioctlsocket(attempt->socket, (long) FIONBIO, &off);
    if (rc != APR_SUCCESS) {
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

    if (pipe_name(name, text) != APR_SUCCESS)
        return APR_EINVAL;
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
        const apr_status_t rc = brood__os_status(GetLastError());

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
