/* wait.c - a few objects by the system's own call, which takes 64; any number by one bell.
 *
 * The system's thread pool waits for any number, by as many threads as it takes, and rings.  Sockets are no such objects,
 * unless they are changed for it: WSAPoll waits for them, and the bell is one more. */
#include "win32/os.h"

#include "platform/wait.h"
#include <stdlib.h>
#include <winsock2.h>

/* Rung when an object is signalled.  A socket if there are sockets among the watches, else an event. */
typedef struct bell_t {
    HANDLE event;
    SOCKET socket; /* connected to itself; INVALID_SOCKET: none */
} bell_t;

typedef struct objects_t {
    const brood__watch_t *watches;
    size_t count;
    HANDLE *copies;        /* of handles; NULL: no handle there */
    HANDLE *registrations; /* with the thread pool; NULL: none */
    WSAPOLLFD *polls;      /* of sockets, and one more for the bell */
    ULONG polled;
    bell_t bell;
} objects_t;

static VOID CALLBACK ring(PVOID data, BOOLEAN timed_out)
{
    const bell_t *bell = data;

    (void) timed_out;
    if (bell->socket != INVALID_SOCKET)
        send(bell->socket, "", 1, 0);
    else
        SetEvent(bell->event);
}

static apr_status_t socket_status(void)
{
    return APR_FROM_OS_ERROR((apr_status_t) WSAGetLastError());
}

/* A datagram socket that hears what it says, and nobody else. */
static apr_status_t open_bell_socket(SOCKET *bell)
{
    struct sockaddr_in address = {0};
    int size = sizeof address;
    u_long nonblocking = 1;
    apr_status_t rc;

    *bell = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (*bell == INVALID_SOCKET)
        return socket_status();
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(*bell, (struct sockaddr *) &address, size) == 0
        && getsockname(*bell, (struct sockaddr *) &address, &size) == 0
        && connect(*bell, (struct sockaddr *) &address, size) == 0
        && ioctlsocket(*bell, (long) FIONBIO, &nonblocking) == 0)
        return APR_SUCCESS;
    rc = socket_status();
    closesocket(*bell);
    *bell = INVALID_SOCKET;
    return rc;
}

static SHORT events_of(const brood__watch_t *watch)
{
    return watch->writes ? POLLWRNORM : POLLRDNORM;
}

/* Mark what is ready now.  APR_TIMEUP: nothing. */
static apr_status_t look(brood__watch_t *watches, size_t count)
{
    apr_status_t rc = APR_TIMEUP;

    for (size_t i = 0; i < count; i++) {
        brood__watch_t *watch = &watches[i];

        watch->ready = false;
        if (watch->handle == BROOD__NO_HANDLE)
            continue;
        if (watch->is_socket) {
            WSAPOLLFD poll = {.fd = (SOCKET) watch->handle, .events = events_of(watch)};

            if (WSAPoll(&poll, 1, 0) == SOCKET_ERROR)
                return socket_status();
            if (poll.revents & POLLNVAL)
                return APR_EBADF;
            watch->ready = poll.revents != 0;
        } else {
            DWORD result = WaitForSingleObject(brood__os_handle(watch->handle), 0);

            if (result == WAIT_FAILED)
                return GetLastError() == ERROR_INVALID_HANDLE ? APR_EBADF : brood__os_status(GetLastError());
            watch->ready = result == WAIT_OBJECT_0;
        }
        if (watch->ready)
            rc = APR_SUCCESS;
    }
    return rc;
}

/* Have the bell rung for one object.  By a copy of its handle: one handle must not be registered twice, and another
 * thread may wait for it as well. */
static apr_status_t watch_object(objects_t *objects, size_t at)
{
    HANDLE self = GetCurrentProcess(), handle = brood__os_handle(objects->watches[at].handle);

    if (!DuplicateHandle(self, handle, self, &objects->copies[at], SYNCHRONIZE, FALSE, 0))
        return brood__os_status(GetLastError());
    if (!RegisterWaitForSingleObject(&objects->registrations[at], objects->copies[at], ring, &objects->bell, INFINITE,
                                     WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD))
        return brood__os_status(GetLastError());
    return APR_SUCCESS;
}

static apr_status_t watch_all(objects_t *objects)
{
    apr_status_t rc = APR_SUCCESS;

    objects->copies = calloc(objects->count + 1, sizeof(HANDLE));
    objects->registrations = calloc(objects->count + 1, sizeof(HANDLE));
    objects->polls = calloc(objects->count + 1, sizeof(WSAPOLLFD));
    if (objects->copies == NULL || objects->registrations == NULL || objects->polls == NULL)
        return APR_ENOMEM;
    for (size_t i = 0; i < objects->count; i++)
        if (objects->watches[i].is_socket && objects->watches[i].handle != BROOD__NO_HANDLE)
            objects->polls[objects->polled++] =
                (WSAPOLLFD){.fd = (SOCKET) objects->watches[i].handle, .events = events_of(&objects->watches[i])};
    if (objects->polled > 0)
        rc = open_bell_socket(&objects->bell.socket);
    else if ((objects->bell.event = CreateEventW(NULL, FALSE, FALSE, NULL)) == NULL)
        rc = brood__os_status(GetLastError());
    if (rc == APR_SUCCESS && objects->polled > 0)
        objects->polls[objects->polled++] = (WSAPOLLFD){.fd = objects->bell.socket, .events = POLLRDNORM};
    for (size_t i = 0; i < objects->count && rc == APR_SUCCESS; i++)
        if (!objects->watches[i].is_socket && objects->watches[i].handle != BROOD__NO_HANDLE)
            rc = watch_object(objects, i);
    return rc;
}

static void unwatch_all(objects_t *objects)
{
    for (size_t i = 0; i < objects->count; i++) {
        if (objects->registrations != NULL && objects->registrations[i] != NULL)
            UnregisterWaitEx(objects->registrations[i], INVALID_HANDLE_VALUE); /* waits until its ringing is over */
        if (objects->copies != NULL && objects->copies[i] != NULL)
            CloseHandle(objects->copies[i]);
    }
    if (objects->bell.event != NULL)
        CloseHandle(objects->bell.event);
    if (objects->bell.socket != INVALID_SOCKET)
        closesocket(objects->bell.socket);
    free(objects->copies);
    free(objects->registrations);
    free(objects->polls);
}

/* Until the bell rings or a socket is ready.  APR_TIMEUP: neither. */
static apr_status_t listen_until(objects_t *objects, apr_time_t deadline)
{
    char byte;

    if (objects->polled == 0) {
        DWORD result = brood__os_wait(objects->bell.event, deadline);

        if (result == WAIT_FAILED)
            return brood__os_status(GetLastError());
        return result == WAIT_OBJECT_0 ? APR_SUCCESS : APR_TIMEUP;
    }
    for (;;) {
        apr_time_t now = brood__clock_now(), left = deadline > now ? deadline - now : 0;
        /* Rounded up, and in steps, as in brood__os_wait. */
        int step = left > APR_INT64_C(1000000000) ? 1000000 : (int) ((left + 999) / 1000);
        int ready = WSAPoll(objects->polls, objects->polled, step);

        if (ready == SOCKET_ERROR)
            return socket_status();
        if (ready > 0) {
            recv(objects->bell.socket, &byte, 1, 0);
            return APR_SUCCESS;
        }
        if (left == 0)
            return APR_TIMEUP;
    }
}

/* The objects, each once; 0: there are sockets among them, or too many for one call, or none. */
static DWORD gather(HANDLE few[MAXIMUM_WAIT_OBJECTS], const brood__watch_t *watches, size_t count)
{
    DWORD gathered = 0;

    for (size_t i = 0; i < count; i++) {
        HANDLE handle = brood__os_handle(watches[i].handle);
        DWORD at = 0;

        if (watches[i].handle == BROOD__NO_HANDLE)
            continue;
        while (at < gathered && few[at] != handle)
            at++;
        if (watches[i].is_socket || at == MAXIMUM_WAIT_OBJECTS)
            return 0;
        if (at == gathered)
            few[gathered++] = handle;
    }
    return gathered;
}

apr_status_t brood__wait_any(brood__watch_t *watches, size_t count, apr_time_t deadline)
{
    objects_t objects = {.watches = watches, .count = count, .bell = {NULL, INVALID_SOCKET}};
    HANDLE few[MAXIMUM_WAIT_OBJECTS];
    DWORD gathered;
    apr_status_t rc = look(watches, count), heard;

    if (rc != APR_TIMEUP || deadline <= 0)
        return rc;
    gathered = gather(few, watches, count);
    if (gathered > 0) {
        if (brood__os_wait_any(few, gathered, deadline) == WAIT_FAILED)
            return brood__os_status(GetLastError());
        return look(watches, count);
    }
    heard = watch_all(&objects);
    while (heard == APR_SUCCESS && rc == APR_TIMEUP) {
        heard = listen_until(&objects, deadline);
        if (heard == APR_SUCCESS || heard == APR_TIMEUP)
            rc = look(watches, count);
    }
    unwatch_all(&objects);
    return rc == APR_TIMEUP ? heard : rc;
}

apr_status_t brood__wait_always(brood__handle_t *handle)
{
    HANDLE event = CreateEventW(NULL, TRUE, TRUE, NULL);

    if (event == NULL)
        return brood__os_status(GetLastError());
    *handle = (brood__handle_t) event;
    return APR_SUCCESS;
}
