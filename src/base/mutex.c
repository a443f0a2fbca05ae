/* mutex.c - spin a little, yield a few times, sleep. */
#include "base/mutex.h"

#include "base/thread_local.h"
#include "platform/clock.h"

#define PAUSES 50
#define YIELDS 20
#define SLEEP_FIRST 50 /* microseconds */
#define SLEEP_LAST 1000
#define PATIENCE (PAUSES + YIELDS + 5)
#define LONGEST 1000

static BROOD__THREAD_LOCAL char here; /* its address is this thread's number */

static void wait_a_little(int waited)
{
    const apr_interval_time_t sleep = (apr_interval_time_t) SLEEP_FIRST * (waited - PAUSES - YIELDS);

    if (waited < PAUSES)
        brood__clock_pause();
    else if (waited < PAUSES + YIELDS)
        brood__clock_yield();
    else
        apr_sleep(sleep < SLEEP_LAST ? sleep : SLEEP_LAST);
}

/* One at a time of those who have lost their patience comes first, since others may lock without a break. */
static bool take(brood__mutex_t *mutex, uintptr_t me, bool impatient)
{
    uintptr_t nobody = 0, first = 0;

    if (!atomic_compare_exchange_strong(&mutex->next, &first, impatient ? me : 0) && first != me)
        return false;
    if (!atomic_compare_exchange_strong(&mutex->owner, &nobody, me))
        return false;
    if (impatient)
        atomic_store(&mutex->next, 0);
    return true;
}

void brood__mutex_lock(brood__mutex_t *mutex)
{
    const uintptr_t me = (uintptr_t) &here;

    for (int waited = 0; atomic_load(&mutex->owner) != me && !take(mutex, me, waited >= PATIENCE);
         waited += waited < LONGEST)
        wait_a_little(waited);
    mutex->depth++;
}

void brood__mutex_unlock(brood__mutex_t *mutex)
{
    if (--mutex->depth == 0)
        atomic_store(&mutex->owner, 0);
}

uintptr_t brood__mutex_owner(const brood__mutex_t *mutex)
{
    return atomic_load(&mutex->owner);
}

bool brood__mutex_is_mine(const brood__mutex_t *mutex)
{
    return atomic_load(&mutex->owner) == (uintptr_t) &here;
}

unsigned brood__mutex_let_go(brood__mutex_t *mutex)
{
    const unsigned depth = mutex->depth;

    mutex->depth = 0;
    atomic_store(&mutex->owner, 0);
    return depth;
}

void brood__mutex_take_back(brood__mutex_t *mutex, unsigned depth)
{
    brood__mutex_lock(mutex);
    mutex->depth = depth;
}

void brood__mutex_forked(brood__mutex_t *mutex)
{
    mutex->depth = 0;
    atomic_store(&mutex->next, 0);
    atomic_store(&mutex->owner, 0);
}

bool brood__mutex_abandoned(brood__mutex_t *mutex, uintptr_t owner)
{
    atomic_store(&mutex->next, 0);
    if (owner == 0 || owner == (uintptr_t) &here)
        return false;
    mutex->depth = 0;
    return atomic_compare_exchange_strong(&mutex->owner, &owner, 0);
}
