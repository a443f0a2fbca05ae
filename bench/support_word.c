#include "support.h"

#include "raw/raw.h"

#define PAUSES 50
#define YIELDS 20

static bool take(_Atomic uint32_t *word)
{
    uint32_t nobody = 0;

    return atomic_compare_exchange_strong_explicit(word, &nobody, 1, memory_order_acquire, memory_order_relaxed);
}

static void wait_for(_Atomic uint32_t *word)
{
    for (int i = 0; i < PAUSES + YIELDS; i++) {
        if (atomic_load_explicit(word, memory_order_relaxed) == 0 && take(word))
            return;
        if (i < PAUSES)
            raw_pause();
        else
            raw_yield();
    }
    while (atomic_exchange_explicit(word, 2, memory_order_acquire) != 0)
        raw_park(word, 2);
}

void bench_word_acquire(_Atomic uint32_t *word)
{
    if (!take(word))
        wait_for(word);
}

void bench_word_release(_Atomic uint32_t *word)
{
    if (atomic_exchange_explicit(word, 0, memory_order_release) == 2)
        raw_unpark(word);
}
