/* harness_chance.c - random numbers for tests, and how to get the same ones again. */
#include "harness_chance.h"

#include "platform/clock.h"
#include <stdio.h>
#include <stdlib.h>

static uint64_t next(uint64_t *chance)
{
    uint64_t mixed = *chance += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

uint64_t harness_chance(const char *what)
{
    const char *given = getenv("BROOD_TEST_SEED");
    const uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t) brood__clock_now();

    printf("%s: BROOD_TEST_SEED=%llu ", what, (unsigned long long) seed);
    (void) fflush(stdout);
    return seed;
}

uint32_t harness_below(uint64_t *chance, uint32_t below)
{
    return (uint32_t) (next(chance) % below);
}
