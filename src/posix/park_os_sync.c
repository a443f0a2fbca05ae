/* park_os_sync.c - macOS 14.4 and later: waits on addresses; it has no semaphores without names. */
#include "platform/park.h"

#include "platform/clock.h"
#include <errno.h>
#include <os/os_sync_wait_on_address.h>

#define WITHOUT_CELL 1000 /* microseconds */

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
    apr_time_t left = INT64_MAX;
    int rv;

    if (deadline != INT64_MAX) {
        left = deadline <= 0 ? 0 : deadline - brood__clock_now();
        if (left <= 0) /* a timeout of 0 would be refused */
            return atomic_load(word) == expected;
    }
    if (cell == NULL && left > WITHOUT_CELL) /* no sweep finds this sleeper */
        left = WITHOUT_CELL;
    if (left > INT64_MAX / 1000)
        rv = os_sync_wait_on_address((void *) word, expected, sizeof *word, OS_SYNC_WAIT_ON_ADDRESS_SHARED);
    else
        rv = os_sync_wait_on_address_with_timeout((void *) word, expected, sizeof *word, OS_SYNC_WAIT_ON_ADDRESS_SHARED,
                                                  OS_CLOCK_MACH_ABSOLUTE_TIME, (uint64_t) left * 1000);
    return rv < 0 && errno == ETIMEDOUT && brood__clock_now() >= deadline;
}

void brood__unpark(_Atomic uint32_t *word, uint64_t offset, uint32_t count)
{
    (void) offset;
    if (count > 1) { /* there is no call for some: the others look again */
        os_sync_wake_by_address_all((void *) word, sizeof *word, OS_SYNC_WAKE_BY_ADDRESS_SHARED);
        return;
    }
    if (count == 1)
        os_sync_wake_by_address_any((void *) word, sizeof *word, OS_SYNC_WAKE_BY_ADDRESS_SHARED);
}
