/* condition_fixture.h - conditions, and their locks. */
#ifndef BROOD_TESTS_CONDITION_FIXTURE_H
#define BROOD_TESTS_CONDITION_FIXTURE_H

#include "harness_tree.h"

static inline brood_condition_t *new_condition(apr_pool_t *mem)
{
    brood_condition_t *condition = NULL;

    EXPECT_OK(brood_condition_create(&condition, NULL, mem));
    return condition;
}

static inline void acquire(brood_condition_t *condition)
{
    EXPECT_OK(brood_lock_acquire(brood_condition_lock(condition), BROOD_FOREVER));
}

static inline void release(brood_condition_t *condition)
{
    EXPECT_OK(brood_lock_release(brood_condition_lock(condition)));
}

#endif
