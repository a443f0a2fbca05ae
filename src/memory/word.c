#include "memory/word.h"
#include "base/deadline.h"
#include "memory/layout.h"
#include "memory/sleep.h"

/* The critical section is short most of the time: the owner may be about to leave. */
static bool spin(_Atomic uint32_t *word)
{
    for (int i = 0; i < BROOD__PAUSES + BROOD__YIELDS; i++) {
        uint32_t w = atomic_load_explicit(word, memory_order_relaxed);

        if (w == 0
            && atomic_compare_exchange_strong_explicit(word, &w, brood__me, memory_order_acquire,
                                                       memory_order_relaxed)) {
            BROOD__STEP(LOCK_SPUN);
            return true;
        }
        if (i < BROOD__PAUSES)
            brood__clock_pause();
        else
            brood__clock_yield();
    }
    return false;
}

/* Take a free word or a dead owner's.  Others may sleep on it, hence always with the bit. */
static bool take(_Atomic uint32_t *word, uint32_t seen)
{
    return atomic_compare_exchange_strong_explicit(word, &seen, brood__me | BROOD__WAITERS, memory_order_acquire,
                                                   memory_order_relaxed);
}

/* Sleep until the word changes, the deadline, or `look` has passed, when the owner is looked after. */
static void sleep_on(_Atomic uint32_t *word, uint32_t seen, apr_time_t now, apr_time_t deadline, apr_time_t *look)
{
    const brood__id_t owner = seen & BROOD__ID_MASK;
    const apr_time_t until = deadline - now < *look ? deadline : now + *look;
    brood__sleep_t sleep;
    bool up = false;

    BROOD__STEP(LOCK_MARKED);
    brood__sleep_declare(&sleep, word);
    BROOD__STEP(LOCK_NOTED);
    if (brood__table_alive(owner)) /* after the declaration: a sweep marks first and then reads who sleeps */
        up = brood__sleep_park(&sleep, seen, until);
    brood__sleep_end(&sleep);
    BROOD__STEP(LOCK_WOKEN);
    if (up && until < deadline) {
        (void) brood__table_probe(owner);
        *look = brood__look_later(*look);
    }
}

apr_status_t brood__word_wait(_Atomic uint32_t *word, apr_interval_time_t timeout)
{
    const apr_time_t deadline = brood__deadline(timeout);
    apr_time_t look = brood__look_first;
    bool slept = false;

    if (timeout != 0 && spin(word))
        return APR_SUCCESS;
    for (;;) {
        uint32_t w = atomic_load_explicit(word, memory_order_relaxed);
        const brood__id_t owner = w & BROOD__ID_MASK;
        bool interrupted;
        apr_time_t now;

        if (owner == 0) {
            if (!take(word, w))
                continue;
            BROOD__STEP(LOCK_TAKEN);
            return APR_SUCCESS;
        }
        if (!brood__table_alive(owner)) {
            if (!take(word, w))
                continue;
            BROOD__STEP(LOCK_STOLEN);
            return BROOD_EOWNERDEAD;
        }
        now = timeout == 0 ? deadline : brood__clock_now();
        interrupted = timeout != 0 && brood__critical_interrupted();
        if (interrupted || now >= deadline) { /* a wake may have ended here: leave the bit behind for the others */
            if (brood__table_glance(owner))
                continue;
            if (slept && (w & BROOD__WAITERS) == 0 && !atomic_compare_exchange_strong(word, &w, w | BROOD__WAITERS))
                continue;
            BROOD__STEP(LOCK_TIMEUP);
            return interrupted ? APR_EINTR : APR_TIMEUP;
        }
        if ((w & BROOD__WAITERS) == 0 && !atomic_compare_exchange_strong(word, &w, w | BROOD__WAITERS))
            continue;
        sleep_on(word, w | BROOD__WAITERS, now, deadline, &look);
        slept = true;
    }
}

void brood__word_wake(_Atomic uint32_t *word)
{
    brood__wake(word, 1);
    BROOD__STEP(LOCK_RANG);
}

brood__id_t brood__word_owner(_Atomic uint32_t *word)
{
    const brood__id_t owner = atomic_load(word) & BROOD__ID_MASK;

    return brood__table_alive(owner) ? owner : 0;
}
