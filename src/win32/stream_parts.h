/* stream_parts.h - what stream.c and stream_post.c share. */
#ifndef BROOD_WIN32_STREAM_PARTS_H
#define BROOD_WIN32_STREAM_PARTS_H

#include "win32/os.h"

#include "platform/stream.h"

/* Of an error of an operation. */
apr_status_t brood__stream_status(DWORD error, bool reading);

/* Begin to write; ERROR_IO_PENDING: it is under way. */
DWORD brood__stream_begin_write(const brood__stream_t *stream, const void *data, DWORD bytes, OVERLAPPED *io);

/* How an operation came out, once it is over; waits for the end of one that was cancelled: until then the buffer is the
 * kernel's. */
DWORD brood__stream_outcome(const brood__stream_t *stream, OVERLAPPED *io, DWORD *moved);

/* What was posted and is on its way is called off. */
void brood__stream_end_post(brood__stream_t *stream);

#endif
