/* manager_pool_fixture.h - pools of a manager, and tasks for them. */
#ifndef BROOD_TESTS_MANAGER_POOL_FIXTURE_H
#define BROOD_TESTS_MANAGER_POOL_FIXTURE_H

#include "manager_fixture.h"
#include "pool_tasks.h"

static apr_pool_t *mem; /* of all that a test makes */

static inline brood_manager_t *fresh(void)
{
    mem = harness_mem();
    return started(mem);
}

static inline brood_pool_t *new_pool_with(brood_manager_t *manager, unsigned workers,
                                          const brood_pool_options_t *options)
{
    brood_pool_t *pool = NULL;

    EXPECT_OK(brood_manager_pool(&pool, manager, NULL, workers, options, mem));
    return pool;
}

static inline brood_pool_t *new_pool(unsigned workers)
{
    return new_pool_with(fresh(), workers, NULL);
}

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

static inline brood_queue_t *managed_queue(brood_manager_t *manager)
{
    brood_queue_t *queue = NULL;

    EXPECT_OK(brood_manager_queue(&queue, manager, NULL, 0, NULL, mem));
    return queue;
}

static inline brood_event_t *managed_event(brood_manager_t *manager)
{
    brood_event_t *event = NULL;

    EXPECT_OK(brood_manager_event(&event, manager, NULL, mem));
    return event;
}

#endif
