/* mode_heap.c - blocks of all sizes: none is given to two, and what the dead held comes back. */
#include "torture.h"

#include "memory/block.h"

#define HELD 96u
#define SPANS_MOST 256u /* of the largest blocks: they are never given back */
#define FEW 3u          /* of large ones: then they are cut out of one another's places */

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

static uint32_t some_size(torture_thread_t *thread, bool large)
{
    const uint64_t dice = torture_random(&thread->random);

    if (large || dice % 100 == 0)
        return 300000 + (uint32_t) (dice / 128 % 900000);
    return UINT32_C(64) << (dice / 128 % (dice % 40 == 1 ? 12 : 6));
}

static void take(torture_thread_t *thread, held_t *held, uint32_t size)
{
    const bool zeroed = torture_below(&thread->random, 16) == 0;

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

/* Take blocks of the largest class until there is room for one more: the heap has grown, once. */
static void hoard(torture_thread_t *thread)
{
    _Atomic uint32_t *spans = &brood__heap()->spans[BROOD__CLASSES - 1];
    const uint32_t before = atomic_load(spans);
    held_t *held;
    uint32_t count = 0;

    if (before >= SPANS_MOST)
        return;
    held = apr_pcalloc(thread->mem, (before + 1) * 4 * sizeof *held);
    while (count < (before + 1) * 4 && atomic_load(spans) == before && atomic_load(&thread->books->stop) == 0)
        take(thread, &held[count++], 200000);
    while (count > 0)
        if (held[--count].block != 0)
            give_back(thread, &held[count]);
}

static void work(torture_thread_t *thread)
{
    held_t *held = apr_pcalloc(thread->mem, HELD * sizeof *held);
    const bool large = torture_below(&thread->random, 3) == 0;

    if (torture_below(&thread->random, 4) == 0)
        hoard(thread);
    while (!torture_over(thread)) {
        held_t *one = &held[torture_below(&thread->random, large ? FEW : HELD)];

        if (one->block != 0)
            give_back(thread, one);
        else
            take(thread, one, some_size(thread, large));
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

const torture_mode_t torture_heap = {"heap", TORTURE_USUAL_WORKERS, work, account, steps, 0};
