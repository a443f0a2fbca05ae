/* lease_fixture.h - queues whose items are leased, and children that have some. */
#ifndef BROOD_TESTS_LEASE_FIXTURE_H
#define BROOD_TESTS_LEASE_FIXTURE_H

#include "queue_fixture.h"

/* Gets some and does none; then it waits to be killed, or ends, or closes the queue, perhaps not before that was shut
 * down, and waits. */
static apr_status_t hold(brood_call_t *call)
{
    brood_queue_t *tasks, *ready;
    brood_value_t items[32];
    int count, how;
    apr_size_t got = 0;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &ready, &count, &how));
    while (got < (apr_size_t) count) {
        apr_size_t some = (apr_size_t) count - got;

        BROOD_TRY(brood_queue_get_many(&items[got], &some, tasks, BROOD_FOREVER, call->mem));
        got += some;
    }
    if (how == CLOSES)
        brood_queue_close(tasks);
    BROOD_TRY(brood_queue_put(ready, brood_int(count), BROOD_FOREVER));
    if (how == CLOSES_LATE) {
        while (brood_queue_get(items, tasks, BROOD_FOREVER, call->mem) == APR_SUCCESS)
            ;
        brood_queue_close(tasks);
        BROOD_TRY(brood_queue_put(ready, brood_int(-1), BROOD_FOREVER));
    }
    while (how != ENDS)
        apr_sleep(apr_time_from_sec(1));
    return APR_SUCCESS;
}

static inline brood_queue_t *new_tasks(apr_size_t maxsize)
{
    return new_queue_with(maxsize, &(brood_queue_options_t){.lease = true});
}

/* A child that has got `count` items. */
static inline brood_process_t *holder_of(brood_queue_t *tasks, int count, int how)
{
    brood_queue_t *ready = new_queue(0);
    brood_process_t *holder = start(hold, BROOD_ARGS(tasks, ready, count, how));

    EXPECT(get_number(ready) == count);
    brood_queue_close(ready);
    return holder;
}

static inline void expect_item(brood_queue_t *tasks, int64_t number, unsigned deliveries)
{
    EXPECT(get_number(tasks) == number);
    EXPECT(brood_queue_deliveries(tasks) == deliveries);
    EXPECT_OK(brood_queue_task_done(tasks));
}

static inline apr_status_t try_get(brood_queue_t *queue)
{
    brood_value_t item;

    return brood_queue_get(&item, queue, BROOD_NOWAIT, mem);
}

#endif
