/* clock.c - time that only goes forward. */
#include "win32/os.h"

#include "platform/clock.h"

apr_time_t brood__clock_now(void)
{
    LARGE_INTEGER count, frequency;

    /* Neither can fail since Windows XP; both are read in user space; one counter, from boot on, for all processes. */
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    /* Whole seconds apart: count * 1000000 would overflow after 10 days at 10 MHz. */
    return count.QuadPart / frequency.QuadPart * APR_USEC_PER_SEC
           + count.QuadPart % frequency.QuadPart * APR_USEC_PER_SEC / frequency.QuadPart + 1;
}

void brood__clock_yield(void)
{
    SwitchToThread();
}

void brood__clock_pause(void)
{
    YieldProcessor();
}
