/* iterator_fixture.h - iterators, and sources that count how often they are called. */
#ifndef BROOD_TESTS_ITERATOR_FIXTURE_H
#define BROOD_TESTS_ITERATOR_FIXTURE_H

#include "pool_fixture.h"
#include "pool_tasks.h"

/* ---- iterators ---- */

static inline brood_iterator_t *imap(brood_pool_t *pool, brood_entry_fn entry, brood_source_t items,
                                     const brood_task_options_t *options)
{
    brood_iterator_t *iterator = NULL;

    EXPECT_OK(brood_pool_imap(&iterator, pool, entry, items, options, mem));
    return iterator;
}

static inline brood_iterator_t *unordered(brood_pool_t *pool, brood_entry_fn entry, brood_source_t items,
                                          const brood_task_options_t *options)
{
    brood_iterator_t *iterator = NULL;

    EXPECT_OK(brood_pool_imap_unordered(&iterator, pool, entry, items, options, mem));
    return iterator;
}

/* Both kinds in turn, for what is the same with both. */
static inline brood_iterator_t *imap_or_not(bool in_order, brood_pool_t *pool, brood_entry_fn entry,
                                            brood_source_t items, const brood_task_options_t *options)
{
    return in_order ? imap(pool, entry, items, options) : unordered(pool, entry, items, options);
}

static inline brood_source_t numbers(int64_t count)
{
    return brood_source_list(brood_range(0, count, mem));
}

static inline apr_status_t next(brood_iterator_t *iterator)
{
    brood_value_t value;

    return brood_iterator_next(&value, iterator, BROOD_FOREVER, mem);
}

static inline int64_t next_number(brood_iterator_t *iterator)
{
    brood_value_t value = brood_int(-1);

    EXPECT_OK(brood_iterator_next(&value, iterator, BROOD_FOREVER, mem));
    return value.as.integer;
}

static inline void expect_end(brood_iterator_t *iterator) /* IMAP-02 */
{
    EXPECT_STATUS(APR_EOF, next(iterator));
    EXPECT_STATUS(APR_EOF, next(iterator));
}

/* ---- sources ---- */

/* 0, 1, 2 ... */
typedef struct counter_t {
    int calls;           /* so far */
    int end;             /* < 0: there is none */
    apr_status_t status; /* at the end */
} counter_t;

static inline apr_status_t count(brood_call_t *call)
{
    counter_t *counter = call->self;

    if (counter->calls++ == counter->end)
        return counter->status == APR_EOF ? APR_EOF : brood_fail(counter->status, "the source is dry");
    return brood_return(call, brood_int(counter->calls - 1));
}

static inline counter_t until(int end)
{
    const counter_t counter = {0, end, APR_EOF};

    return counter;
}

/* ---- tasks ---- */

/* Fails with odd numbers. */
static inline apr_status_t halve(brood_call_t *call)
{
    int x;

    BROOD_TRY(BROOD_UNPACK(call->args, &x));
    return x % 2 != 0 ? brood_fail(APR_EGENERAL, "%d is odd", x) : brood_return(call, brood_int(x / 2));
}

/* Arguments: a number, its result; an event to wait for, or nil. */
static inline apr_status_t pass(brood_call_t *call)
{
    brood_value_t number, gate;
    brood_event_t *event;

    BROOD_TRY(BROOD_UNPACK(call->args, &number, &gate));
    if (gate.kind != BROOD_KIND_NIL) {
        BROOD_TRY(BROOD_UNPACK(call->args, &number, &event));
        BROOD_TRY(brood_event_wait(event, BROOD_FOREVER));
    }
    return brood_return(call, number);
}

/* Arguments: a number, its result; a queue that is told of it, or nil.  Whoever tells ends by being ended only. */
static inline apr_status_t linger(brood_call_t *call)
{
    brood_value_t number, told;
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &number, &told));
    if (told.kind == BROOD_KIND_NIL)
        return brood_return(call, number);
    BROOD_TRY(BROOD_UNPACK(call->args, &number, &queue));
    BROOD_TRY(brood_queue_put(queue, brood_int(brood_current_pid()), BROOD_FOREVER));
    while (!brood_call_cancelled())
        apr_sleep(1000);
    BROOD_TRY(brood_queue_put(queue, brood_text("asked"), BROOD_FOREVER));
    return brood_fail(BROOD_ECANCELLED, "it was asked to end");
}

/* Numbers from 0, of which one lingers. */
static inline brood_source_t all_but(int lingering, int count, brood_queue_t *told)
{
    brood_value_t *items = apr_palloc(mem, (apr_size_t) count * sizeof *items);

    for (int i = 0; i < count; i++)
        items[i] = brood_value_copy(i == lingering ? BROOD_LIST(i, told) : BROOD_LIST(i, brood_nil()), mem);
    return brood_source_list(brood_list(items, (apr_size_t) count));
}

#endif
