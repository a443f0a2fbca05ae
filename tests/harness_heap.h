/* harness_heap.h - how much of the arena is in use, to see that nothing has been left there. */
#ifndef BROOD_TESTS_HARNESS_HEAP_H
#define BROOD_TESTS_HARNESS_HEAP_H

#include "harness.h"

#include "memory/heap.h"

static inline brood__heap_use_t use(void)
{
    brood__heap_use_t now;

    brood__heap_flush();
    brood__heap_count(&now);
    return now;
}

static inline void expect_use(const brood__heap_use_t *before)
{
    const brood__heap_use_t after = use();

    EXPECT(after.mine == before->mine && after.objects == before->objects && after.queued == before->queued);
}

#endif
