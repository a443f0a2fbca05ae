/* clock.c - CLOCK_MONOTONIC: one origin for all processes of a boot, and on Linux read without a system call. */
#include "platform/clock.h"

#include <sched.h>
#include <time.h>

apr_time_t brood__clock_now(void)
{
    struct timespec time;
    apr_time_t now;

    clock_gettime(CLOCK_MONOTONIC, &time); /* cannot fail: POSIX has required this clock since 2008 */
    now = (apr_time_t) time.tv_sec * 1000000 + time.tv_nsec / 1000;
    return now > 0 ? now : 1; /* a container's clock may have been set back to its start */
}

void brood__clock_yield(void)
{
    sched_yield();
}

void brood__clock_pause(void)
{
#if defined __x86_64__ || defined __i386__
    __asm__ __volatile__("pause");
#elif defined __aarch64__ || (defined __arm__ && defined __ARM_ARCH && __ARM_ARCH >= 7)
    __asm__ __volatile__("yield");
#endif
}
