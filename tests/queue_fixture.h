/* queue_fixture.h - queues, children that use them, and what they leave behind. */
#ifndef BROOD_TESTS_QUEUE_FIXTURE_H
#define BROOD_TESTS_QUEUE_FIXTURE_H

#include "harness_heap.h"
#include "harness_tree.h"
#include <stdint.h>

static apr_pool_t *mem; /* of all that a test program makes */

/* ---- queues ---- */

static inline brood_queue_t *new_queue_with(apr_size_t maxsize, const brood_queue_options_t *options)
{
    brood_queue_t *queue = NULL;

    EXPECT_OK(brood_queue_create(&queue, maxsize, options, mem));
    return queue;
}

static inline brood_queue_t *new_queue(apr_size_t maxsize)
{
    return new_queue_with(maxsize, NULL);
}

static inline void put_number(brood_queue_t *queue, int64_t number)
{
    EXPECT_OK(brood_queue_put(queue, brood_int(number), BROOD_FOREVER));
}

static inline brood_value_t get_value(brood_queue_t *queue)
{
    brood_value_t item = brood_nil();

    EXPECT_OK(brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    return item;
}

static inline int64_t get_number(brood_queue_t *queue)
{
    return get_value(queue).as.integer;
}

static inline void expect_size(brood_queue_t *queue, apr_size_t expected)
{
    apr_size_t size = 12345;

    EXPECT_OK(brood_queue_size(&size, queue));
    EXPECT(size == expected);
}

/* ---- children ---- */

/* How a child lets go of a queue.  Who closes it (late: when it has been shut down) waits to be killed. */
enum { KILLED, ENDS, CLOSES, CLOSES_LATE };

static inline brood_process_t *start(brood_entry_fn entry, brood_value_t args)
{
    return harness_start(entry, args, mem);
}

#endif
