/* stream_post.c - a copy of what is posted is written in the background; its event is what to wait for until more can be.
 *
 * The system calls such a write off when the thread that began it ends. */
#include "win32/stream_parts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PART ((size_t) 256 * 1024) /* of what is no message, and goes in one operation */

typedef struct posted_t {
    OVERLAPPED io;
    bool begun;      /* a write, which may have ended, and was not taken to its end */
    apr_status_t rc; /* of the one that failed: it fails again */
    char *bytes;
    size_t room, begin, end;
} posted_t;

/* Write what is left of the bytes. */
static void begin(brood__stream_t *stream)
{
    posted_t *posted = stream->posted;
    DWORD error;

    posted->io = (OVERLAPPED){.hEvent = posted->io.hEvent};
    error = brood__stream_begin_write(stream, posted->bytes + posted->begin, (DWORD) (posted->end - posted->begin),
                                      &posted->io);
    posted->begun = error == ERROR_SUCCESS || error == ERROR_IO_PENDING;
    if (!posted->begun) {
        posted->rc = brood__stream_status(error, false);
        (void) SetEvent(posted->io.hEvent); /* who waits for it already is to find out */
    }
}

/* A write is over. */
static void finish(brood__stream_t *stream)
{
    posted_t *posted = stream->posted;
    DWORD moved;
    const DWORD error = brood__stream_outcome(stream, &posted->io, &moved);

    posted->begun = false;
    if (error == ERROR_OPERATION_ABORTED) /* nobody knows how much has gone */
        posted->rc = APR_EPIPE;
    else if (error != ERROR_SUCCESS)
        posted->rc = brood__stream_status(error, false);
    posted->begin += moved;
    if (posted->rc == APR_SUCCESS && !stream->whole && posted->begin < posted->end) {
        begin(stream);
        return;
    }
    if (posted->room > PART) {
        free(posted->bytes);
        posted->bytes = NULL;
        posted->room = 0;
    }
}

static bool is_under_way(brood__stream_t *stream)
{
    const posted_t *posted = stream->posted;

    while (posted->begun) {
        if (!brood__stream_is_over(&posted->io) || WaitForSingleObject(posted->io.hEvent, 0) != WAIT_OBJECT_0)
            return true;
        finish(stream);
    }
    return false;
}

static apr_status_t prepare(brood__stream_t *stream)
{
    posted_t *posted;

    if (stream->posted != NULL)
        return APR_SUCCESS;
    posted = calloc(1, sizeof *posted);
    if (posted == NULL)
        return APR_ENOMEM;
    posted->io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (posted->io.hEvent == NULL) {
        free(posted);
        return brood__os_status(GetLastError());
    }
    stream->posted = posted;
    return APR_SUCCESS;
}

static apr_status_t copy(posted_t *posted, const char *data, size_t size)
{
    if (posted->room < size) {
        char *bytes = malloc(size);

        if (bytes == NULL)
            return APR_ENOMEM;
        free(posted->bytes);
        posted->bytes = bytes;
        posted->room = size;
    }
    memcpy(posted->bytes, data, size);
    posted->begin = 0;
    posted->end = size;
    return APR_SUCCESS;
}

apr_status_t brood__stream_post(brood__stream_t *stream, const void *data, size_t size, size_t *sent)
{
    posted_t *posted;
    apr_status_t rc;

    if (stream->over != NULL)
        return stream->over->post(stream, data, size, sent);
    rc = prepare(stream);
    *sent = 0;
    if (rc != APR_SUCCESS)
        return rc;
    if (stream->whole && size > UINT32_MAX)
        return APR_ENOSPC;
    posted = stream->posted;
    while (*sent < size && !is_under_way(stream)) {
        const size_t part = stream->whole || size - *sent < PART ? size - *sent : PART;

        if (posted->rc == APR_SUCCESS) {
            rc = copy(posted, (const char *) data + *sent, part);
            if (rc != APR_SUCCESS)
                return rc;
            begin(stream);
        }
        if (posted->rc != APR_SUCCESS)
            return posted->rc;
        *sent += part;
    }
    return APR_SUCCESS;
}

bool brood__stream_watch_post(brood__stream_t *stream, brood__watch_t *watch)
{
    if (stream->over != NULL)
        return stream->over->watch_post(stream, watch);
    *watch = (brood__watch_t){.handle = BROOD__NO_HANDLE};
    if (stream->posted == NULL || !is_under_way(stream))
        return false;
    watch->handle = (brood__handle_t) ((posted_t *) stream->posted)->io.hEvent;
    return true;
}

void brood__stream_end_post(brood__stream_t *stream)
{
    posted_t *posted = stream->posted;

    if (posted == NULL)
        return;
    if (posted->begun)
        brood__stream_call_off(stream, &posted->io);
    CloseHandle(posted->io.hEvent);
    free(posted->bytes);
    free(posted);
    stream->posted = NULL;
}
