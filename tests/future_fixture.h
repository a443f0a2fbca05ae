/* future_fixture.h - futures of tasks that end when they are told to. */
#ifndef BROOD_TESTS_FUTURE_FIXTURE_H
#define BROOD_TESTS_FUTURE_FIXTURE_H

#include "harness_tree.h"
#include <stdatomic.h>

static apr_pool_t *mem; /* of all that a test makes */

/* ---- tasks ---- */

static inline apr_status_t echo(brood_call_t *call)
{
    return brood_return(call, brood_value_at(call->args, 0));
}

static inline apr_status_t fail(brood_call_t *call)
{
    (void) call;
    return brood_fail(BROOD_ERANGE, "as told");
}

/* Says that it runs, and returns its argument when the event is set. */
static inline apr_status_t hold(brood_call_t *call)
{
    brood_queue_t *said;
    brood_event_t *go;
    int number;

    BROOD_TRY(BROOD_UNPACK(call->args, &said, &go, &number));
    BROOD_TRY(brood_queue_put(said, brood_int(number), BROOD_FOREVER));
    BROOD_TRY(brood_event_wait(go, BROOD_FOREVER));
    return brood_return(call, brood_int(number));
}

/* Says that it runs, and ends when it is asked to. */
static inline apr_status_t until_asked(brood_call_t *call)
{
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &said));
    BROOD_TRY(brood_queue_put(said, brood_nil(), BROOD_FOREVER));
    while (!brood_call_cancelled())
        apr_sleep(1000);
    return BROOD_ECANCELLED;
}

/* ---- help ---- */

static inline brood_pool_t *new_pool(unsigned workers)
{
    brood_pool_t *pool = NULL;

    mem = harness_mem();
    EXPECT_OK(brood_pool_create(&pool, workers, NULL, mem));
    return pool;
}

static inline brood_event_t *new_event(void)
{
    brood_event_t *event = NULL;

    EXPECT_OK(brood_event_create(&event, mem));
    return event;
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

static inline brood_future_t *new_future(void)
{
    brood_future_t *future = NULL;

    EXPECT_OK(brood_future_create(&future, mem));
    return future;
}

/* One that is done. */
static inline brood_future_t *done_with(int number)
{
    brood_future_t *future = new_future();

    EXPECT_OK(brood_future_set(future, brood_int(number)));
    return future;
}

static inline apr_status_t status_of(brood_future_t *future)
{
    brood_value_t value;

    return brood_future_get(&value, future, BROOD_FOREVER, mem);
}

static inline void expect_value(brood_future_t *future, brood_value_t expected)
{
    brood_value_t value = brood_nil();

    EXPECT_OK(brood_future_get(&value, future, BROOD_FOREVER, mem));
    EXPECT(brood_value_equal(expected, value));
}

/* ---- callbacks that take notes ---- */

#define NOTES 16

typedef struct notes_t {
    _Atomic int begun, count;
    apr_status_t status[NOTES];
    brood_value_t value[NOTES]; /* numbers, which need no memory */
} notes_t;

static inline void note(void *user, apr_status_t status, brood_value_t value)
{
    notes_t *notes = user;
    const int number = atomic_fetch_add(&notes->begun, 1);

    if (number < NOTES) {
        notes->status[number] = status;
        notes->value[number] = value;
    }
    atomic_fetch_add(&notes->count, 1);
}

#endif
