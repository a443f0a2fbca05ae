/* manager_pool_fixture.h - pools of a manager, and what their tasks use. */
#ifndef BROOD_TESTS_MANAGER_POOL_FIXTURE_H
#define BROOD_TESTS_MANAGER_POOL_FIXTURE_H

#include "manager_fixture.h"
#include "pool_tasks.h"
#include "task_fixture.h"

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
