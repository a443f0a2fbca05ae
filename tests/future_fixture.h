/* future_fixture.h - futures, tasks that end when they are told to, and callbacks that take notes. */
#ifndef BROOD_TESTS_FUTURE_FIXTURE_H
#define BROOD_TESTS_FUTURE_FIXTURE_H

#include "pool_fixture.h"
#include <stdatomic.h>

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
