/* fd.h - what every file here does with descriptors. */
#ifndef BROOD_POSIX_FD_H
#define BROOD_POSIX_FD_H

#include "platform/handle.h"
#include <apr_time.h>
#include <stddef.h>

/* A pipe, ends[0] to read from, and a socket pair of that type: both ends close-on-exec. */
apr_status_t brood__fd_pipe(int ends[2]);
apr_status_t brood__fd_socketpair(int ends[2], int type);

/* How long to sleep, in milliseconds rounded up; 0: not at all; -1: for ever.  Less than a second for a thread that may be
 * interrupted, which looks at brood__interrupt_pending each time. */
int brood__fd_time_left(apr_time_t deadline);

struct pollfd;

/* poll until a deadline; signals do not cut it short.  APR_TIMEUP; APR_EINTR: see interrupt.h. */
apr_status_t brood__fd_poll(struct pollfd *polls, size_t count, apr_time_t deadline);

/* Wait until one of poll's `events` is there, or an error or end of file, which counts as any.  As above. */
apr_status_t brood__fd_wait(int fd, short events, apr_time_t deadline);

/* A descriptor that has the number of a standard stream, since that is closed here, gets another, or who prints would
 * print into it.  `*fd` is taken over also on failure; -1 stays -1. */
apr_status_t brood__fd_lift(int *fd);

/* Have a descriptor closed when this process starts another program. */
void brood__fd_cloexec(int fd);

/* Close it, unless it is -1. */
void brood__fd_close(int fd);

#endif
