/* harness_chance.h - random numbers for tests, and how to get the same ones again. */
#ifndef BROOD_TESTS_HARNESS_CHANCE_H
#define BROOD_TESTS_HARNESS_CHANCE_H

#include <stdint.h>

/* A new state for what `what` names: BROOD_TEST_SEED, or the clock's.  Prints the seed. */
uint64_t harness_chance(const char *what);

/* 0 ... below - 1. */
uint32_t harness_below(uint64_t *chance, uint32_t below);

#endif
