/* pool_fixture.h - pools, what their workers run, and what they leave behind. */
#ifndef BROOD_TESTS_POOL_FIXTURE_H
#define BROOD_TESTS_POOL_FIXTURE_H

#include "harness_heap.h"
#include "harness_tree.h"
#include "task_fixture.h"
#include <stdint.h>

/* ---- pools ---- */

static inline brood_pool_t *new_pool_with(unsigned workers, const brood_pool_options_t *options)
{
    brood_pool_t *pool = NULL;

    EXPECT_OK(brood_pool_create(&pool, workers, options, mem));
    return pool;
}

/* In a test that begins: what the test before had in `mem` has ended. */
static inline brood_pool_t *new_pool(unsigned workers)
{
    mem = harness_mem();
    return new_pool_with(workers, NULL);
}

static inline void end_pool(brood_pool_t *pool)
{
    brood_pool_close(pool);
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
}

/* ---- tasks ---- */

static inline brood_value_t value_of(brood_future_t *future)
{
    brood_value_t value = brood_nil();

    EXPECT_OK(brood_future_get(&value, future, BROOD_FOREVER, mem));
    return value;
}

/* End one that runs a task which has put its pid there. */
static inline void kill_worker(brood_pool_t *pool, brood_queue_t *begun)
{
    const apr_int64_t pid = harness_get(begun, mem).as.integer;
    brood_process_t **workers = brood_pool_workers(pool, mem);
    bool found = false;

    for (int i = 0; workers[i] != NULL; i++)
        if (brood_process_pid(workers[i]) == pid) {
            EXPECT_OK(brood_process_kill(workers[i]));
            found = true;
        }
    EXPECT(found);
}

/* ---- shared things ---- */

static inline brood_event_t *new_event(void)
{
    brood_event_t *event = NULL;

    EXPECT_OK(brood_event_create(&event, mem));
    return event;
}

/* So many ints, all 0, that processes count in. */
static inline brood_array_t *new_counts(apr_size_t count)
{
    brood_array_t *array = NULL;

    EXPECT_OK(brood_raw_array_create(&array, count, sizeof(int), NULL, mem));
    return array;
}

static inline _Atomic int *counts(brood_array_t *array)
{
    return brood_array_data(array);
}

#endif
