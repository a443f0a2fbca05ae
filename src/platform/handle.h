/* handle.h - an operating system handle: a file descriptor on POSIX, a HANDLE on Windows.
 *
 * Rules for every header in this folder: implemented by posix/ and win32/ with the same file names, the same
 * functions in the same order; 0 is success and anything else an APR status; pointers are non-NULL unless said;
 * deadlines are brood__clock_now's microseconds; a wait survives signals; nothing here logs, retries or knows
 * what a process, a queue or a value is.  Handles are never inherited by accident: all are close-on-exec. */
#ifndef BROOD_PLATFORM_HANDLE_H
#define BROOD_PLATFORM_HANDLE_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <stdbool.h>
#include <stdint.h>

typedef intptr_t brood__handle_t;

#define BROOD__NO_HANDLE ((brood__handle_t) -1)

#endif
