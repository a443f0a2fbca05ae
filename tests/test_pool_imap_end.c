/* imap and imap_unordered: what becomes of them when pools end, and when nobody wants the rest. */
#include "iterator_fixture.h"

#include <apr_thread_proc.h>
#include <string.h>

static const brood_task_options_t star = {.star = true};

/* ---- tasks ---- */

/* Arguments: a queue that counts calls, an event to wait for. */
static apr_status_t count_and_wait(brood_call_t *call)
{
    brood_queue_t *calls;
    brood_event_t *gate;

    BROOD_TRY(BROOD_UNPACK(call->args, &calls, &gate));
    BROOD_TRY(brood_queue_put(calls, brood_nil(), BROOD_FOREVER));
    while (brood_event_wait(gate, apr_time_from_msec(10)) == APR_TIMEUP)
        if (brood_call_cancelled())
            return BROOD_ECANCELLED;
    return APR_SUCCESS;
}

static apr_status_t enlarge(brood_call_t *call)
{
    static char large[100000];
    brood_value_t item;

    BROOD_TRY(BROOD_UNPACK(call->args, &item));
    memset(large, 'L', sizeof large);
    return brood_return(call, brood_text_n(large, sizeof large));
}

/* ---- helpers ---- */

static brood_source_t gated(int count, brood_queue_t *calls, brood_event_t *gate)
{
    brood_value_t *items = apr_palloc(mem, (apr_size_t) count * sizeof *items);

    for (int i = 0; i < count; i++)
        items[i] = brood_value_copy(BROOD_LIST(calls, gate), mem);
    return brood_source_list(brood_list(items, (apr_size_t) count));
}

/* ---- ends of pools ---- */

typedef struct consumer_t {
    brood_iterator_t *iterator;
    apr_status_t first, second;
    apr_pool_t *mem;
} consumer_t;

static void *APR_THREAD_FUNC consume(apr_thread_t *thread, void *data)
{
    consumer_t *consumer = data;
    brood_value_t value;

    (void) thread;
    consumer->first = brood_iterator_next(&value, consumer->iterator, BROOD_FOREVER, consumer->mem);
    consumer->second = brood_iterator_next(&value, consumer->iterator, BROOD_FOREVER, consumer->mem);
    return NULL;
}

static void who_waits_in_another_thread_is_told_that_the_pool_was_terminated(void)
{
    for (int round = 0; round < 6; round++) {
        brood_pool_t *pool = new_pool(2);
        brood_queue_t *calls = harness_queue(mem);
        const brood_source_t items = gated(100, calls, new_event());
        const brood_task_options_t options = {.star = true, .chunk_size = (apr_size_t) (round % 5 + 1)};
        consumer_t consumer = {imap_or_not(round % 2 == 0, pool, count_and_wait, items, &options), 0, 0, NULL};
        apr_thread_t *thread;

        EXPECT_OK(apr_pool_create(&consumer.mem, mem));
        EXPECT_OK(apr_thread_create(&thread, NULL, consume, &consumer, mem));
        (void) harness_get(calls, mem);
        brood_pool_terminate(pool);
        harness_join(thread);
        EXPECT_STATUS(BROOD_ECANCELLED, consumer.first);
        EXPECT_STATUS(APR_EOF, consumer.second);
        expect_end(consumer.iterator);
        EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    }
}

static void of_a_terminated_pool_what_was_done_comes_before_its_end(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *told = harness_queue(mem);
    const brood_source_t items = all_but(2, 100, told);
    brood_iterator_t *ordered = imap(pool, linger, items, &star);
    counter_t counter = until(-1);
    brood_iterator_t *endless;

    (void) harness_get(told, mem); /* both before it are done */
    endless = unordered(pool, square, brood_source_function(count, &counter), NULL);
    brood_pool_terminate(pool);
    EXPECT_STATUS(BROOD_ECANCELLED, next(endless)); /* it had not begun */
    EXPECT_MESSAGE("terminated");
    expect_end(endless);
    while (next(ordered) == APR_SUCCESS)
        ;
    EXPECT_STATUS(BROOD_ECANCELLED, brood_last_error()->status);
    expect_end(ordered);
}

static void an_iterator_outlives_its_pool(void)
{
    for (int round = 0; round < 8; round++) {
        brood_iterator_t *iterator;
        brood_pool_t *pool = NULL;
        apr_pool_t *short_lived;
        counter_t counter = until(-1);

        mem = harness_mem();
        EXPECT_OK(apr_pool_create(&short_lived, mem));
        EXPECT_OK(brood_pool_create(&pool, 2, NULL, short_lived));
        iterator = imap_or_not(round % 2 == 0, pool, square, brood_source_function(count, &counter), NULL);
        for (int i = 0; i < round / 2; i++)
            EXPECT_OK(next(iterator));
        apr_pool_destroy(short_lived);
        if (round % 4 < 2)
            while (next(iterator) == APR_SUCCESS)
                ;
        else
            brood_iterator_close(iterator);
        expect_end(iterator);
        brood_iterator_close(iterator);
    }
}

static void a_closed_pool_goes_on_with_the_iterators_it_has(void)
{
    for (int round = 0; round < 4; round++) {
        brood_pool_t *pool = new_pool(2);
        const brood_source_t list = numbers(100);
        counter_t counter = until(100);
        brood_iterator_t *iterator =
            imap_or_not(round % 2 == 0, pool, square, round < 2 ? list : brood_source_function(count, &counter), NULL);
        brood_iterator_t *late = NULL;

        brood_pool_close(pool);
        EXPECT_STATUS(BROOD_EPOOL, brood_pool_imap(&late, pool, square, list, NULL, mem));
        EXPECT(late == NULL);
        EXPECT_STATUS(APR_TIMEUP, brood_pool_join(pool, BROOD_NOWAIT));
        for (int i = 0; i < 100; i++)
            EXPECT_OK(next(iterator));
        expect_end(iterator);
        EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    }
}

static void closing_an_iterator_lets_a_closed_pool_end(void)
{
    brood_pool_t *pool = new_pool(2);
    counter_t counter = until(-1);
    brood_iterator_t *iterator = imap(pool, square, brood_source_function(count, &counter), NULL);

    EXPECT(next_number(iterator) == 0);
    brood_pool_close(pool);
    EXPECT(next_number(iterator) == 1);
    brood_iterator_close(iterator);
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
}

static void a_pool_that_is_shut_down_need_not_go_on(void) /* PPE-13 */
{
    for (int in_order = 0; in_order < 2; in_order++) {
        brood_pool_t *pool = new_pool(1);
        counter_t counter = until(-1);
        brood_iterator_t *iterator = imap_or_not(in_order, pool, square, brood_source_function(count, &counter), NULL);
        apr_status_t rc;

        EXPECT(next_number(iterator) == 0);
        EXPECT_OK(brood_pool_shutdown(pool, true, BROOD_FOREVER));
        do
            rc = next(iterator);
        while (rc == APR_SUCCESS || brood_last_error()->item >= 0); /* done, or not begun */
        EXPECT_STATUS(BROOD_ECANCELLED, rc);
        EXPECT_MESSAGE("shut down");
        expect_end(iterator);
        EXPECT(counter.calls < 10);
    }
}

/* ---- what nobody wants any more ---- */

static void what_has_not_run_when_an_iterator_is_closed_never_does(void) /* PPE-07 */
{
    brood_pool_t *pool = new_pool(1);

    for (int round = 0; round < 4; round++) {
        const brood_task_options_t options = {.star = true, .look_ahead = 50};
        brood_queue_t *calls = harness_queue(mem);
        brood_event_t *gate = new_event();
        const brood_source_t items = gated(100, calls, gate);
        brood_iterator_t *iterator = NULL;
        brood_value_t value;
        apr_pool_t *own;

        EXPECT_OK(apr_pool_create(&own, mem));
        if (round % 2 == 0)
            EXPECT_OK(brood_pool_imap(&iterator, pool, count_and_wait, items, &options, own));
        else
            EXPECT_OK(brood_pool_imap_unordered(&iterator, pool, count_and_wait, items, &options, own));
        (void) harness_get(calls, mem);
        if (round < 2)
            brood_iterator_close(iterator);
        apr_pool_destroy(own);
        EXPECT_OK(brood_event_set(gate));
        EXPECT_OK(brood_pool_apply(&value, pool, square, BROOD_ARGS(3), mem));
        EXPECT(value.as.integer == 9);
        EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&value, calls, BROOD_NOWAIT, mem));
    }
}

static void what_runs_when_an_iterator_is_closed_is_asked_to_end(void) /* PPE-07 */
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *told = harness_queue(mem);
    brood_iterator_t *iterator = imap(pool, linger, all_but(0, 10, told), &star);

    (void) harness_get(told, mem);
    brood_iterator_close(iterator);
    EXPECT_TEXT("asked", brood_value_string(harness_get(told, mem), mem));
}

static void iterators_leave_nothing_behind(void)
{
    brood__heap_use_t before;
    brood_pool_t *pool;

    mem = harness_mem();
    before = use();
    pool = new_pool(2);
    for (int round = 0; round < 40; round++) {
        const brood_task_options_t options = {.chunk_size = (apr_size_t) (round % 3)};
        counter_t counter = until(30);
        brood_iterator_t *iterator =
            imap_or_not(round % 2 == 0, pool, enlarge, brood_source_function(count, &counter), &options);

        for (int i = 0; i < round; i++)
            BROOD_IGNORE(next(iterator));
        brood_iterator_close(iterator);
    }
    mem = harness_mem();
    expect_use(&before);
}

/* ---- misuse ---- */

typedef struct greedy_t {
    brood_iterator_t *iterator;
    bool closes;
} greedy_t;

static apr_status_t ask_for_more(brood_call_t *call)
{
    greedy_t *greedy = call->self;
    brood_value_t value;

    if (!greedy->closes)
        return brood_iterator_next(&value, greedy->iterator, BROOD_FOREVER, call->mem);
    brood_iterator_close(greedy->iterator);
    return brood_return(call, brood_int(1));
}

static void a_source_may_close_its_iterator_but_not_take_from_it(void)
{
    brood_pool_t *pool = new_pool(1);
    greedy_t greedy = {NULL, false};

    greedy.iterator = imap(pool, square, brood_source_function(ask_for_more, &greedy), NULL);
    EXPECT_STATUS(BROOD_EMISUSE, next(greedy.iterator));
    expect_end(greedy.iterator);
    greedy.closes = true;
    greedy.iterator = imap(pool, square, brood_source_function(ask_for_more, &greedy), NULL);
    expect_end(greedy.iterator);
    EXPECT(next_number(imap(pool, square, numbers(1), NULL)) == 0);
}

static void done(void *user, apr_status_t status, brood_value_t value)
{
    (void) user;
    (void) status;
    (void) value;
}

static void progress(void *user, apr_size_t some, apr_size_t total)
{
    (void) user;
    (void) some;
    (void) total;
}

static void what_makes_no_iterator_is_told(void) /* POOL-16 */
{
    const brood_task_options_t called = {.done = done}, shown = {.progress = progress};
    brood_pool_t *pool = new_pool(1);
    brood_iterator_t *iterator = NULL;
    brood_source_t nothing = {NULL, NULL, {0}};

    EXPECT_STATUS(APR_EINVAL, brood_pool_imap(&iterator, pool, square, numbers(1), &called, mem));
    EXPECT_STATUS(APR_EINVAL, brood_pool_imap_unordered(&iterator, pool, square, numbers(1), &shown, mem));
    EXPECT_STATUS(BROOD_EARGS, brood_pool_imap(&iterator, pool, square, nothing, NULL, mem));
    EXPECT_STATUS(BROOD_EARGS, brood_pool_imap(&iterator, pool, square, brood_source_list(brood_int(1)), NULL, mem));
    EXPECT_STATUS(BROOD_EENTRY, brood_pool_imap(&iterator, pool, ask_for_more, numbers(1), NULL, mem));
    EXPECT(iterator == NULL);
    brood_pool_terminate(pool);
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_imap(&iterator, pool, square, numbers(1), NULL, mem));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(square), BROOD_ENTRY(linger), BROOD_ENTRY(count_and_wait),
                                            BROOD_ENTRY(enlarge), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(who_waits_in_another_thread_is_told_that_the_pool_was_terminated),
        TEST(of_a_terminated_pool_what_was_done_comes_before_its_end),
        TEST(an_iterator_outlives_its_pool),
        TEST(a_closed_pool_goes_on_with_the_iterators_it_has),
        TEST(closing_an_iterator_lets_a_closed_pool_end),
        TEST(a_pool_that_is_shut_down_need_not_go_on),
        TEST(what_has_not_run_when_an_iterator_is_closed_never_does),
        TEST(what_runs_when_an_iterator_is_closed_is_asked_to_end),
        TEST(iterators_leave_nothing_behind),
        TEST(a_source_may_close_its_iterator_but_not_take_from_it),
        TEST(what_makes_no_iterator_is_told),
    };

    return harness_tree(argc, argv, entries, "pool, ends of imap", tests, sizeof tests / sizeof tests[0]);
}
