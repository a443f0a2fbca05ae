/* clock.h - time that only goes forward. */
#ifndef BROOD_PLATFORM_CLOCK_H
#define BROOD_PLATFORM_CLOCK_H

#include <apr_time.h>

/* Microseconds since some point in the past, the same point for all processes; always above 0; not moved when the
 * wall clock is set. */
apr_time_t brood__clock_now(void);

/* Let somebody else run. */
void brood__clock_yield(void);

/* Tell the CPU that this is a spinning loop. */
void brood__clock_pause(void);

#endif
