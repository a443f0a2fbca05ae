/* park_futex.c - Linux: the kernel waits on the word itself, wherever each process has it mapped. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/park.h"

#include "platform/clock.h"
#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WITHOUT_CELL 1000 /* microseconds */

/* <linux/futex.h> does not come with every C library. */
#define FUTEX_WAKE 1
#define FUTEX_WAIT_BITSET 9
#define FUTEX_BITSET_MATCH_ANY 0xffffffffU

/* The kernel's own idea of a time, which the C library's timespec need not be: 32-bit systems have a 64-bit time_t
 * and still this call; the youngest of them have only the other one. */
#ifdef SYS_futex
#define FUTEX_CALL SYS_futex
#define SECONDS_MAX LONG_MAX
typedef long kernel_long_t;
#else
#define FUTEX_CALL SYS_futex_time64
#define SECONDS_MAX LLONG_MAX
typedef long long kernel_long_t;
#endif

typedef struct kernel_time_t {
    kernel_long_t seconds;
    kernel_long_t nanoseconds;
} kernel_time_t;

apr_status_t brood__park_attach(const brood__cells_t *cells, bool first)
{
    (void) cells;
    (void) first;
    return APR_SUCCESS;
}

void brood__park_detach(void)
{
}

bool brood__park(brood__cell_t *cell, _Atomic uint32_t *word, uint32_t expected, apr_time_t deadline)
{
    apr_time_t until = deadline < 0 ? 0 : deadline;
    kernel_time_t time;
    kernel_time_t *limit = NULL;

    if (cell == NULL) { /* no sweep finds this sleeper */
        apr_time_t soon = brood__clock_now() + WITHOUT_CELL;

        if (soon < until)
            until = soon;
    }
    if (until / 1000000 < SECONDS_MAX && until != INT64_MAX) {
        time.seconds = (kernel_long_t) (until / 1000000);
        time.nanoseconds = (kernel_long_t) (until % 1000000 * 1000);
        limit = &time;
    }
    /* Without the PRIVATE flag, as processes share the word; the BITSET form takes a point of time instead of a
     * duration, on the monotonic clock. */
    if (syscall(FUTEX_CALL, word, FUTEX_WAIT_BITSET, expected, limit, NULL, FUTEX_BITSET_MATCH_ANY) == 0)
        return false;
    return errno == ETIMEDOUT && brood__clock_now() >= deadline;
}

void brood__unpark(_Atomic uint32_t *word, uint64_t offset, uint32_t count)
{
    (void) offset;
    syscall(FUTEX_CALL, word, FUTEX_WAKE, count > INT_MAX ? INT_MAX : (int) count, NULL, NULL, 0);
}
