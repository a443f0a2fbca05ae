/* stream_parts.h - what stream.c and stream_post.c share. */
#ifndef BROOD_WIN32_STREAM_PARTS_H
#define BROOD_WIN32_STREAM_PARTS_H

#include "win32/os.h"

#include "platform/stream.h"

/* Of an error of an operation. */
apr_status_t brood__stream_status(DWORD error, bool reading);

/* Begin to write; ERROR_IO_PENDING: it is under way. */
DWORD brood__stream_begin_write(const brood__stream_t *stream, const void *data, DWORD bytes, OVERLAPPED *io);

/* Is an operation over?  Asks no system.  Its event may be a moment late, and must be waited for before the next is begun
 * with it. */
static inline bool brood__stream_is_over(const volatile OVERLAPPED *io)
{
    return HasOverlappedIoCompleted(io);
}

/* Cancel an operation, and wait for its end: until then the buffer is the kernel's. */
void brood__stream_call_off(const brood__stream_t *stream, OVERLAPPED *io);

/* How an operation came out that is over, with its event. */
DWORD brood__stream_outcome(const brood__stream_t *stream, OVERLAPPED *io, DWORD *moved);

/* Is the read over that `watch` waits for?  Asks no system, unless the stream is over another. */
bool brood__stream_has_read(const brood__stream_t *stream, const brood__watch_t *watch);

/* What was posted and is on its way is called off. */
void brood__stream_end_post(brood__stream_t *stream);

#endif
