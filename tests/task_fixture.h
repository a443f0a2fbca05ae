/* task_fixture.h - tasks for a pool, whoever's it is, and what becomes of them. */
#ifndef BROOD_TESTS_TASK_FIXTURE_H
#define BROOD_TESTS_TASK_FIXTURE_H

#include "harness_tree.h"

static apr_pool_t *mem; /* of all that a test makes */

static inline brood_future_t *give_with(brood_pool_t *pool, brood_entry_fn entry, brood_value_t args,
                                        const brood_task_options_t *options)
{
    brood_future_t *future = NULL;

    EXPECT_OK(brood_pool_apply_async(&future, pool, entry, args, options, mem));
    return future;
}

static inline brood_future_t *give(brood_pool_t *pool, brood_entry_fn entry, brood_value_t args)
{
    return give_with(pool, entry, args, NULL);
}

static inline apr_status_t status_of(brood_future_t *future)
{
    brood_value_t value;

    return brood_future_get(&value, future, BROOD_FOREVER, mem);
}

static inline brood_value_t apply(brood_pool_t *pool, brood_entry_fn entry, brood_value_t args)
{
    brood_value_t value = brood_nil();

    EXPECT_OK(brood_pool_apply(&value, pool, entry, args, mem));
    return value;
}

#endif
