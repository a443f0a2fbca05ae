/* stream.c - named pipes and sockets, by overlapped operations.
 *
 * Who waits for a stream among others needs an object that is signalled when there is something to read.  So a read into
 * the buffer is left pending then, and its event is that object; the next reader takes over what it got.  A read of no
 * bytes, which would only wait, takes an empty message of a pipe with it. */
#include "win32/stream_parts.h"

#include "platform/channel.h"
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

#define SHORT_MESSAGE 16384u         /* so much is copied to be sent in one piece with its head */
#define CHUNK ((size_t) 1024 * 1024) /* of what is written in one operation */

typedef struct pending_t {
    OVERLAPPED io;
    bool begun; /* a read into the buffer, which may have ended, and was not taken over */
} pending_t;

static SOCKET socket_of(const brood__stream_t *stream)
{
    return (SOCKET) stream->handle;
}

/* ---- operations ---- */

apr_status_t brood__stream_status(DWORD error, bool reading)
{
    switch (error) {
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
    case ERROR_PIPE_NOT_CONNECTED:
    case ERROR_HANDLE_EOF:
    case ERROR_NETNAME_DELETED:
    case WSAECONNRESET:
    case WSAECONNABORTED:
    case WSAESHUTDOWN:
    case WSAENOTCONN:
        return reading ? APR_EOF : APR_EPIPE;
    case ERROR_OPERATION_ABORTED: /* by us */
        return APR_TIMEUP;
    default:
        return brood__os_status(error);
    }
}

/* Begin one; ERROR_IO_PENDING: it is under way. */
static DWORD begin_read(const brood__stream_t *stream, void *buffer, size_t size, OVERLAPPED *io)
{
    const DWORD bytes = size < CHUNK ? (DWORD) size : (DWORD) CHUNK;

    if (stream->kind == BROOD__HANDLE_SOCKET) {
        WSABUF part = {bytes, buffer};
        DWORD flags = 0;

        return WSARecv(socket_of(stream), &part, 1, NULL, &flags, io, NULL) == 0 ? ERROR_SUCCESS
                                                                                 : (DWORD) WSAGetLastError();
    }
    return ReadFile(brood__os_handle(stream->handle), buffer, bytes, NULL, io) ? ERROR_SUCCESS : GetLastError();
}

DWORD brood__stream_begin_write(const brood__stream_t *stream, const void *data, DWORD bytes, OVERLAPPED *io)
{
    if (stream->kind == BROOD__HANDLE_SOCKET) {
        WSABUF part = {bytes, (char *) (uintptr_t) data};

        return WSASend(socket_of(stream), &part, 1, NULL, 0, io, NULL) == 0 ? ERROR_SUCCESS : (DWORD) WSAGetLastError();
    }
    return WriteFile(brood__os_handle(stream->handle), data, bytes, NULL, io) ? ERROR_SUCCESS : GetLastError();
}

/* ERROR_MORE_DATA is a success, of a part of a message. */
static bool is_over(DWORD error)
{
    return error == ERROR_SUCCESS || error == ERROR_MORE_DATA;
}

DWORD brood__stream_outcome(const brood__stream_t *stream, OVERLAPPED *io, DWORD *moved)
{
    *moved = 0;
    return GetOverlappedResult(brood__os_handle(stream->handle), io, moved, FALSE) ? ERROR_SUCCESS : GetLastError();
}

void brood__stream_call_off(const brood__stream_t *stream, OVERLAPPED *io)
{
    CancelIoEx(brood__os_handle(stream->handle), io);
    (void) WaitForSingleObject(io->hEvent, INFINITE);
}

/* Take one that was begun with `error` to its end.  A cancelled one may have succeeded. */
static DWORD finish(const brood__stream_t *stream, OVERLAPPED *io, DWORD error, DWORD *moved, apr_time_t deadline)
{
    *moved = 0;
    if (!is_over(error) && error != ERROR_IO_PENDING)
        return error;
    if (error == ERROR_IO_PENDING && brood__os_wait(io->hEvent, deadline) != WAIT_OBJECT_0)
        brood__stream_call_off(stream, io);
    return brood__stream_outcome(stream, io, moved);
}

/* ---- streams ---- */

apr_status_t brood__stream_pair(brood__stream_t ends[2])
{
    brood__handle_t pair[2];
    const apr_status_t rc = brood__channel_pair(pair);

    if (rc != APR_SUCCESS)
        return rc;
    brood__stream_init(&ends[0], pair[0], BROOD__HANDLE_PIPE);
    brood__stream_init(&ends[1], pair[1], BROOD__HANDLE_PIPE);
    return APR_SUCCESS;
}

void brood__stream_init(brood__stream_t *stream, brood__handle_t handle, brood__handle_kind_t kind)
{
    DWORD flags = 0;

    *stream = (brood__stream_t){.handle = handle, .kind = kind};
    if (handle != BROOD__NO_HANDLE && kind == BROOD__HANDLE_PIPE
        && GetNamedPipeInfo(brood__os_handle(handle), &flags, NULL, NULL, NULL))
        stream->whole = (flags & PIPE_TYPE_MESSAGE) != 0;
}

/* ---- reading ---- */

/* Of a read that was begun: has its thread ended, and taken it along? */
static bool is_forsaken(const brood__stream_t *stream)
{
    pending_t *pending = stream->pending;
    DWORD moved;

    return brood__stream_is_over(&pending->io)
           && brood__stream_outcome(stream, &pending->io, &moved) == ERROR_OPERATION_ABORTED;
}

/* A read into the buffer is under way.  Else why not: APR_EOF, say. */
static apr_status_t begin_ahead(brood__stream_t *stream)
{
    pending_t *pending = stream->pending;
    DWORD error;

    if (stream->ahead == NULL)
        stream->ahead = malloc(BROOD__STREAM_AHEAD);
    if (pending == NULL)
        pending = stream->pending = calloc(1, sizeof *pending);
    if (stream->ahead == NULL || pending == NULL)
        return APR_ENOMEM;
    if (pending->begun && !is_forsaken(stream))
        return APR_SUCCESS;
    if (pending->begun)
        (void) WaitForSingleObject(pending->io.hEvent, INFINITE); /* it may be late, and is the next one's then */
    if (pending->io.hEvent == NULL)
        pending->io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (pending->io.hEvent == NULL)
        return brood__os_status(GetLastError());
    pending->io = (OVERLAPPED){.hEvent = pending->io.hEvent};
    error = begin_read(stream, stream->ahead, BROOD__STREAM_AHEAD, &pending->io);
    pending->begun = is_over(error) || error == ERROR_IO_PENDING;
    if (!pending->begun) {
        (void) SetEvent(pending->io.hEvent); /* who waits for it already is to find out */
        return brood__stream_status(error, true);
    }
    return APR_SUCCESS;
}

/* It is over: what it got is ahead. */
static apr_status_t end_ahead(brood__stream_t *stream)
{
    pending_t *pending = stream->pending;
    DWORD moved;
    const DWORD error = brood__stream_outcome(stream, &pending->io, &moved);

    pending->begun = false;
    if (!is_over(error))
        return brood__stream_status(error, true);
    stream->begin = 0;
    stream->end = moved;
    stream->more = error == ERROR_MORE_DATA;
    return moved == 0 && stream->kind == BROOD__HANDLE_SOCKET ? APR_EOF : APR_SUCCESS;
}

bool brood__stream_has_read(const brood__stream_t *stream, const brood__watch_t *watch)
{
    const pending_t *pending = stream->pending;

    if (stream->over != NULL)
        return WaitForSingleObject(brood__os_handle(watch->handle), 0) == WAIT_OBJECT_0;
    return pending != NULL && pending->begun && brood__stream_is_over(&pending->io);
}

apr_status_t brood__stream_fill(brood__stream_t *stream, apr_time_t deadline)
{
    if (stream->over != NULL)
        return stream->over->fill(stream, deadline);
    while (stream->begin == stream->end) {
        const pending_t *pending;
        apr_status_t rc = begin_ahead(stream);

        if (rc != APR_SUCCESS)
            return rc;
        pending = stream->pending;
        if ((deadline <= 0 && !brood__stream_is_over(&pending->io))
            || brood__os_wait(pending->io.hEvent, deadline) != WAIT_OBJECT_0)
            return APR_TIMEUP;
        rc = end_ahead(stream);
        if (APR_STATUS_IS_TIMEUP(rc)) /* forsaken meanwhile */
            continue;
        if (rc != APR_SUCCESS)
            return rc;
        if (stream->whole) /* an empty message is one */
            break;
    }
    return APR_SUCCESS;
}

apr_status_t brood__stream_read(brood__stream_t *stream, void *buffer, size_t size, size_t *got, apr_time_t deadline)
{
    const pending_t *pending = stream->pending;
    OVERLAPPED io = {0};
    DWORD moved = 0, error;

    if (stream->over != NULL)
        return stream->over->read(stream, buffer, size, got, deadline);
    if (pending != NULL && pending->begun) { /* its bytes come first */
        const apr_status_t rc = brood__stream_fill(stream, deadline);

        if (rc != APR_SUCCESS)
            return rc;
        *got = stream->end - stream->begin < size ? stream->end - stream->begin : size;
        memcpy(buffer, stream->ahead + stream->begin, *got);
        stream->begin += *got;
        return APR_SUCCESS;
    }
    io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (io.hEvent == NULL)
        return brood__os_status(GetLastError());
    do
        error = finish(stream, &io, begin_read(stream, buffer, size, &io), &moved, deadline);
    while (error == ERROR_SUCCESS && moved == 0 && stream->kind == BROOD__HANDLE_PIPE);
    CloseHandle(io.hEvent);
    if (!is_over(error))
        return brood__stream_status(error, true);
    *got = moved;
    return moved == 0 ? APR_EOF : APR_SUCCESS;
}

/* ---- writing ---- */

/* Of a write to a pipe that was cancelled some may have gone that nobody counts: then it is taken for sent in part. */
static apr_status_t write_part(brood__stream_t *stream, const void *data, DWORD bytes, OVERLAPPED *io, size_t *sent,
                               apr_time_t deadline)
{
    DWORD moved;
    const DWORD error = finish(stream, io, brood__stream_begin_write(stream, data, bytes, io), &moved, deadline);

    *sent += moved == 0 && error == ERROR_OPERATION_ABORTED && stream->kind == BROOD__HANDLE_PIPE ? 1 : moved;
    return error == ERROR_SUCCESS ? APR_SUCCESS : brood__stream_status(error, false);
}

static apr_status_t write_all(brood__stream_t *stream, const void *data, size_t size, OVERLAPPED *io, size_t *sent,
                              apr_time_t deadline)
{
    const char *next = data;
    apr_status_t rc = APR_SUCCESS;

    for (size_t left = size; left > 0 && rc == APR_SUCCESS;) {
        const size_t before = *sent;

        rc = write_part(stream, next, (DWORD) (left < CHUNK ? left : CHUNK), io, sent, deadline);
        next += *sent - before;
        left -= *sent - before;
    }
    return rc;
}

apr_status_t brood__stream_write(brood__stream_t *stream, const void *head, size_t head_size, const void *body,
                                 size_t body_size, const brood__parcel_t *parcel, size_t *sent, apr_time_t deadline)
{
    char together[SHORT_MESSAGE + 16];
    OVERLAPPED io = {0};
    apr_status_t rc;

    (void) parcel; /* its words are all that goes */
    if (stream->over != NULL)
        return stream->over->write(stream, head, head_size, body, body_size, sent, deadline);
    *sent = 0;
    if (stream->whole && body_size > UINT32_MAX)
        return APR_ENOSPC;
    io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (io.hEvent == NULL)
        return brood__os_status(GetLastError());
    if (stream->whole) {
        rc = write_part(stream, body, (DWORD) body_size, &io, sent, deadline);
    } else if (head_size <= 16 && body_size <= SHORT_MESSAGE) {
        memcpy(together, head, head_size);
        if (body_size != 0)
            memcpy(together + head_size, body, body_size);
        rc = write_all(stream, together, head_size + body_size, &io, sent, deadline);
    } else {
        rc = write_all(stream, head, head_size, &io, sent, deadline);
        if (rc == APR_SUCCESS)
            rc = write_all(stream, body, body_size, &io, sent, deadline);
    }
    CloseHandle(io.hEvent);
    return rc;
}

/* ---- the rest ---- */

bool brood__stream_watch(brood__stream_t *stream, brood__watch_t *watch)
{
    if (stream->over != NULL)
        return stream->over->watch(stream, watch);
    *watch = (brood__watch_t){.handle = BROOD__NO_HANDLE};
    if (stream->begin < stream->end || begin_ahead(stream) != APR_SUCCESS)
        return false;
    watch->handle = (brood__handle_t) ((pending_t *) stream->pending)->io.hEvent;
    return true;
}

void brood__stream_settle(brood__stream_t *stream)
{
    pending_t *pending = stream->pending;

    if (pending == NULL || !pending->begun)
        return;
    brood__stream_call_off(stream, &pending->io);
    (void) end_ahead(stream); /* what failed fails again */
}

bool brood__stream_carries(const brood__stream_t *stream)
{
    return stream->over == NULL && stream->kind == BROOD__HANDLE_PIPE;
}

apr_status_t brood__stream_copy(brood__handle_t *handle, const brood__stream_t *stream)
{
    const HANDLE self = GetCurrentProcess();
    WSAPROTOCOL_INFOW description;
    HANDLE copy;

    if (stream->over != NULL)
        return APR_ENOTIMPL;
    if (stream->kind == BROOD__HANDLE_SOCKET) {
        SOCKET made = INVALID_SOCKET;

        if (WSADuplicateSocketW(socket_of(stream), GetCurrentProcessId(), &description) == 0)
            made = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &description, 0,
                              WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
        *handle = (brood__handle_t) made;
        return made == INVALID_SOCKET ? brood__os_status((DWORD) WSAGetLastError()) : APR_SUCCESS;
    }
    if (!DuplicateHandle(self, brood__os_handle(stream->handle), self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return brood__os_status(GetLastError());
    *handle = (brood__handle_t) copy;
    return APR_SUCCESS;
}

void brood__stream_close(brood__stream_t *stream)
{
    pending_t *pending = stream->pending;

    brood__stream_settle(stream);
    brood__stream_end_post(stream);
    if (pending != NULL && pending->io.hEvent != NULL)
        CloseHandle(pending->io.hEvent);
    free(pending);
    free(stream->ahead);
    if (stream->over != NULL)
        stream->over->close(stream);
    else if (stream->handle == BROOD__NO_HANDLE)
        ;
    else if (stream->kind == BROOD__HANDLE_SOCKET)
        closesocket(socket_of(stream));
    else
        CloseHandle(brood__os_handle(stream->handle));
    brood__stream_init(stream, BROOD__NO_HANDLE, stream->kind);
}
