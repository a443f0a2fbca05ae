/* deadline.h - timeouts become points of time once, at the door. */
#ifndef BROOD_BASE_DEADLINE_H
#define BROOD_BASE_DEADLINE_H

#include "platform/clock.h"
#include <brood/status.h>
#include <stdint.h>

#define BROOD__NEVER ((apr_time_t) INT64_MAX)
#define BROOD__AT_ONCE ((apr_time_t) 0)

/* A timeout in microseconds (< 0: for ever, 0: only look) as a deadline; asks no clock for those two. */
static inline apr_time_t brood__deadline(apr_interval_time_t timeout)
{
    apr_time_t now;

    if (timeout < 0)
        return BROOD__NEVER;
    if (timeout == 0)
        return BROOD__AT_ONCE;
    now = brood__clock_now();
    return timeout > BROOD__NEVER - now ? BROOD__NEVER : now + timeout;
}

/* And back: how long until then. */
static inline apr_interval_time_t brood__timeout_left(apr_time_t deadline)
{
    const apr_time_t now = deadline == BROOD__NEVER || deadline == BROOD__AT_ONCE ? 0 : brood__clock_now();

    if (deadline == BROOD__NEVER)
        return -1;
    return deadline > now ? deadline - now : 0;
}

#endif
