/* mode_heap.c - blocks of all sizes: none is given to two, and what the dead held comes back. */
#include "torture.h"

#define HELD 96u
#define FEW 3u /* of large ones: then they are cut out of one another's places */

typedef struct held_t {
    uint64_t block;
    uint32_t words;
    uint64_t stamp;
} held_t;

static uint64_t *words_of(const held_t *held)
{
    return brood__at(held->block);
}

static uint32_t stride(const held_t *held)
{
    return held->words / 8 + 1;
}

static void give_back(torture_thread_t *thread, held_t *held)
{
    for (uint32_t i = 0; i < held->words; i += stride(held))
        if (words_of(held)[i] != held->stamp + i) {
            torture_fault(thread->books, TORTURE_VIOLATIONS, "a block of %u words was another's, too",
                          (unsigned) held->words);
            break;
        }
    brood__heap_free(held->block);
    held->block = 0;
}

static void take(torture_thread_t *thread, held_t *held, bool large)
{
    const uint64_t dice = torture_random(&thread->random);
    const bool zeroed = dice % 16 == 5;
    uint32_t size;

    if (large || dice % 100 == 0)
        size = 300000 + (uint32_t) (dice / 128 % 900000);
    else
        size = UINT32_C(64) << (dice / 128 % (dice % 40 == 1 ? 12 : 6));
    if ((zeroed ? brood__heap_calloc(&held->block, size) : brood__heap_alloc(&held->block, size)) != APR_SUCCESS) {
        torture_count(thread->books, TORTURE_NO_MEMORY);
        held->block = 0;
        return;
    }
    held->words = size / 8;
    held->stamp = torture_mix(torture_random(&thread->random));
    for (uint32_t i = 0; zeroed && i < held->words; i++)
        if (words_of(held)[i] != 0) {
            torture_fault(thread->books, TORTURE_VIOLATIONS, "a zeroed block of %u bytes is not", (unsigned) size);
            break;
        }
    for (uint32_t i = 0; i < held->words; i += stride(held))
        words_of(held)[i] = held->stamp + i;
}

static void work(torture_thread_t *thread)
{
    held_t *held = apr_pcalloc(thread->mem, HELD * sizeof *held);
    const bool large = torture_below(&thread->random, 3) == 0;

    while (!torture_over(thread)) {
        held_t *one = &held[torture_below(&thread->random, large ? FEW : HELD)];

        if (one->block != 0)
            give_back(thread, one);
        else
            take(thread, one, large);
        torture_progress(thread);
    }
    if (torture_below(&thread->random, 2) != 0) /* else the process's end gives them back */
        for (unsigned i = 0; i < HELD; i++)
            if (held[i].block != 0)
                give_back(thread, &held[i]);
}

static bool account(const torture_shared_t *shared, char *line, apr_size_t size, apr_pool_t *mem)
{
    (void) shared;
    (void) size;
    (void) mem;
    *line = '\0';
    return true;
}

static const int steps[] = {BROOD__STEP_HEAP_GROW_LOCKED,
                            BROOD__STEP_HEAP_GROW_LISTED,
                            BROOD__STEP_HEAP_GROW_COMMITTED,
                            BROOD__STEP_HEAP_GROW_COUNTED,
                            BROOD__STEP_HEAP_LARGE_COMMITTED,
                            BROOD__STEP_HEAP_LARGE_FREED,
                            BROOD__STEP_HEAP_CLAIMED,
                            BROOD__STEP_HEAP_REFILLED,
                            BROOD__STEP_HEAP_FREED,
                            BROOD__STEP_LOCK_STOLEN,
                            BROOD__STEP_LOCK_TAKEN,
                            BROOD__STEP_SWEEP_BLOCK,
                            0};

const torture_mode_t torture_heap = {"heap", work, account, steps};
