/* channel.h - a pair of connected byte streams between two processes. */
#ifndef BROOD_PLATFORM_CHANNEL_H
#define BROOD_PLATFORM_CHANNEL_H

#include "platform/handle.h"
#include <apr_time.h>
#include <stddef.h>

/* Two connected ends, each readable and writable. */
apr_status_t brood__channel_pair(brood__handle_t ends[2]);

/* A pipe: a stream of the kind BROOD__HANDLE_PIPE reads from ends[0]; ends[1] is one that any program can have as its
 * standard error.  Not for the functions below, but for brood__channel_close. */
apr_status_t brood__channel_pipe(brood__handle_t ends[2]);

/* Write all of `size` bytes.  APR_TIMEUP: not all by the deadline.  APR_EOF: the other end is gone (no signal is
 * raised).  After a failure the channel is of no more use. */
apr_status_t brood__channel_write(brood__handle_t channel, const void *data, size_t size, apr_time_t deadline);

/* Read exactly `size` bytes.  APR_TIMEUP: not all by the deadline.  APR_EOF: the other end is gone before that. */
apr_status_t brood__channel_read(brood__handle_t channel, void *buffer, size_t size, apr_time_t deadline);

/* Close a handle of any kind; BROOD__NO_HANDLE is left alone. */
void brood__channel_close(brood__handle_t channel);

#endif
