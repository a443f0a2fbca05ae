/* os.h - what several files of this folder need of Windows.  Included first: APR's own way of including windows.h
 * leaves parts of it out, and keeps away once it is there. */
#ifndef BROOD_WIN32_OS_H
#define BROOD_WIN32_OS_H

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include "platform/clock.h"
#include "platform/handle.h"

static inline HANDLE brood__os_handle(brood__handle_t handle)
{
    return (HANDLE) handle; /* BROOD__NO_HANDLE is INVALID_HANDLE_VALUE */
}

static inline apr_status_t brood__os_status(DWORD error)
{
    return APR_FROM_OS_ERROR((apr_status_t) error);
}

/* Errors that say "no memory" in other words: of the paging file, of kernel pools, of address space. */
static inline apr_status_t brood__os_memory_status(DWORD error)
{
    switch (error) {
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_COMMITMENT_MINIMUM:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NOT_ENOUGH_QUOTA:
    case ERROR_WORKING_SET_QUOTA:
    case ERROR_DISK_FULL:
        return APR_ENOMEM;
    default:
        return brood__os_status(error);
    }
}

/* Wait until one of `objects`, MAXIMUM_WAIT_OBJECTS at most and each once, is signalled or `deadline` has passed; looks
 * once even if it has passed already.  Returns WAIT_OBJECT_0 and its index, WAIT_TIMEOUT or WAIT_FAILED. */
static inline DWORD brood__os_wait_any(const HANDLE *objects, DWORD count, apr_time_t deadline)
{
    for (;;) {
        apr_time_t now = deadline > 0 ? brood__clock_now() : 0;
        apr_time_t left = deadline > now ? deadline - now : 0;
        /* Rounded up, and in steps: the system counts whole milliseconds, and 2^32 - 1 of them mean for ever. */
        DWORD step = left > APR_INT64_C(1000000000) ? 1000000 : (DWORD) ((left + 999) / 1000);
        DWORD result = WaitForMultipleObjects(count, objects, FALSE, step);

        if (result != WAIT_TIMEOUT || left == 0)
            return result;
    }
}

/* The same for one. */
static inline DWORD brood__os_wait(HANDLE object, apr_time_t deadline)
{
    return brood__os_wait_any(&object, 1, deadline);
}

#endif
