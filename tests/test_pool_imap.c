/* imap and imap_unordered: results, one at a time, of input that is read as they are taken. */
#include "iterator_fixture.h"
#include <stdint.h>

static const brood_task_options_t star = {.star = true};

/* ---- tasks ---- */

static apr_status_t add(brood_call_t *call)
{
    int a, b;

    BROOD_TRY(BROOD_UNPACK(call->args, &a, &b));
    return brood_return(call, brood_int(a + b));
}

static apr_status_t fail_as(brood_call_t *call)
{
    int status;

    BROOD_TRY(BROOD_UNPACK(call->args, &status));
    return (apr_status_t) status;
}

static apr_status_t count_arguments(brood_call_t *call)
{
    return brood_return(call, brood_uint(brood_value_count(call->args)));
}

/* ---- results ---- */

static void results_come_in_the_order_of_the_input(void) /* POOL-15, IMAP-02 */
{
    brood_pool_t *pool = new_pool(3);

    for (apr_size_t chunk = 0; chunk < 8; chunk++) {
        const brood_task_options_t options = {.chunk_size = chunk};
        brood_iterator_t *iterator = imap(pool, square, numbers(100), &options);

        for (int64_t i = 0; i < 100; i++)
            EXPECT(next_number(iterator) == i * i);
        expect_end(iterator);
    }
}

static void ten_thousand_results_come_once_each_in_any_order(void) /* POOL-15 */
{
    enum { COUNT = 10000 };
    static const brood_task_options_t options[] = {{.chunk_size = 1}, {.chunk_size = 37}};
    brood_pool_t *pool = new_pool(4);

    for (int round = 0; round < 2; round++) {
        counter_t counter = until(COUNT);
        brood_iterator_t *iterator = unordered(pool, square, brood_source_function(count, &counter), &options[round]);
        char *seen = apr_pcalloc(mem, COUNT);
        int wrong = 0;

        for (int i = 0; i < COUNT; i++) {
            const int64_t result = next_number(iterator);
            int64_t root = 0;

            while (root < COUNT && root * root < result)
                root++;
            wrong += root == COUNT || root * root != result || seen[root]++ != 0;
        }
        EXPECT(wrong == 0);
        EXPECT(counter.calls == COUNT + 1);
        expect_end(iterator);
    }
}

static void a_slow_first_element_holds_up_only_ordered_results(void) /* IMAP-01, IMAP-03 */
{
    brood_pool_t *pool = new_pool(2);
    brood_event_t *gate = new_event();
    const brood_value_t items[] = {BROOD_LIST(0, gate), BROOD_LIST(1, brood_nil()), BROOD_LIST(2, brood_nil())};
    brood_iterator_t *ordered = imap(pool, pass, brood_source_list(brood_list(items, 3)), &star), *other;
    brood_value_t value = brood_int(77);

    EXPECT_STATUS(APR_TIMEUP, brood_iterator_next(&value, ordered, BROOD_NOWAIT, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_iterator_next(&value, ordered, 1000, mem));
    EXPECT(value.as.integer == 77);
    EXPECT_OK(brood_event_set(gate));
    for (int i = 0; i < 3; i++)
        EXPECT(next_number(ordered) == i);
    expect_end(ordered);

    EXPECT_OK(brood_event_clear(gate));
    other = unordered(pool, pass, brood_source_list(brood_list(items, 3)), &star);
    EXPECT(next_number(other) == 1);
    EXPECT(next_number(other) == 2);
    EXPECT_STATUS(APR_TIMEUP, brood_iterator_next(&value, other, 1000, mem));
    EXPECT_OK(brood_event_set(gate));
    EXPECT(next_number(other) == 0);
    expect_end(other);
}

static void a_timed_next_works_with_chunks_too(void) /* POOL-16, IMAP-01 */
{
    const brood_task_options_t options = {.star = true, .chunk_size = 2};
    brood_pool_t *pool = new_pool(1);
    brood_event_t *gate = new_event();
    const brood_value_t items[] = {BROOD_LIST(0, brood_nil()), BROOD_LIST(1, brood_nil()), BROOD_LIST(2, brood_nil()),
                                   BROOD_LIST(3, gate), BROOD_LIST(4, brood_nil())};
    brood_iterator_t *iterator = imap(pool, pass, brood_source_list(brood_list(items, 5)), &options);
    brood_value_t value;

    EXPECT(next_number(iterator) == 0);
    EXPECT_OK(brood_iterator_next(&value, iterator, BROOD_NOWAIT, mem)); /* of the same chunk */
    EXPECT(value.as.integer == 1);
    EXPECT_STATUS(APR_TIMEUP, brood_iterator_next(&value, iterator, 1000, mem));
    EXPECT_OK(brood_event_set(gate));
    for (int i = 2; i < 5; i++)
        EXPECT(next_number(iterator) == i);
    expect_end(iterator);
}

static void each_item_may_be_a_list_of_arguments(void) /* POOL-15 */
{
    brood_pool_t *pool = new_pool(2);
    brood_iterator_t *iterator =
        imap(pool, add, brood_source_list(BROOD_LIST(BROOD_LIST(1, 2), 5, BROOD_LIST(30, 40))), &star);
    brood_value_t value;

    EXPECT(next_number(iterator) == 3);
    EXPECT_STATUS(BROOD_EARGS, next(iterator)); /* 5 is none */
    EXPECT(brood_last_error()->item == 1);
    EXPECT(next_number(iterator) == 70);
    expect_end(iterator);

    iterator = imap(pool, count_arguments, brood_source_list(BROOD_LIST(brood_nil(), BROOD_LIST(1, 2))), &star);
    EXPECT(next_number(iterator) == 0);
    EXPECT(next_number(iterator) == 2);
    iterator = imap(pool, count_arguments, brood_source_list(BROOD_LIST(BROOD_LIST(1, 2))), NULL);
    EXPECT(next_number(iterator) == 1);
    iterator = imap(pool, pass, brood_source_list(BROOD_LIST(BROOD_LIST("a longer text", brood_nil()))), &star);
    EXPECT_OK(brood_iterator_next(&value, iterator, BROOD_FOREVER, mem));
    EXPECT_TEXT("a longer text", brood_value_string(value, mem));
}

/* ---- input ---- */

static void an_endless_source_is_read_no_further_than_it_is_told(void) /* POOL-17, C-36 */
{
    brood_pool_t *pool = new_pool(2);

    for (int in_order = 0; in_order < 2; in_order++)
        for (int chunk = 1; chunk < 4; chunk += 2) {
            const brood_task_options_t options = {.look_ahead = 5, .chunk_size = (apr_size_t) chunk};
            counter_t counter = until(-1);
            brood_iterator_t *iterator =
                imap_or_not(in_order, pool, square, brood_source_function(count, &counter), &options);

            EXPECT(counter.calls == 0);
            for (int taken = 0; taken < 1000; taken += chunk) {
                for (int i = 0; i < chunk; i++)
                    EXPECT_OK(next(iterator));
                if (counter.calls > taken + 5 * chunk)
                    EXPECT(counter.calls <= taken + 5 * chunk);
            }
            brood_iterator_close(iterator);
            expect_end(iterator);
        }
}

static apr_status_t count_gates(brood_call_t *call)
{
    counter_t *counter = call->self;

    counter->calls++;
    return brood_return(call, brood_nil());
}

static brood_event_t *gate_of_all; /* inherited by the pool's initializer arguments */

static apr_status_t keep_gate(brood_call_t *call)
{
    return BROOD_UNPACK(call->args, &gate_of_all);
}

static apr_status_t wait_for_gate(brood_call_t *call)
{
    (void) call;
    return brood_event_wait(gate_of_all, BROOD_FOREVER);
}

static void four_tasks_for_each_worker_are_ahead_unless_it_is_told(void) /* POOL-17 */
{
    brood_pool_options_t options = {.initializer = keep_gate};
    counter_t counter = until(-1);
    brood_iterator_t *iterator;
    brood_pool_t *pool = NULL;
    brood_event_t *gate;
    brood_value_t value;

    mem = harness_mem();
    gate = new_event();
    options.initargs = BROOD_LIST(gate);
    EXPECT_OK(brood_pool_create(&pool, 2, &options, mem));
    iterator = imap(pool, wait_for_gate, brood_source_function(count_gates, &counter), NULL);
    for (int before = -1; counter.calls < 8 && EXPECT(counter.calls > before);) {
        before = counter.calls; /* each look gives out another one at least */
        EXPECT_STATUS(APR_TIMEUP, brood_iterator_next(&value, iterator, BROOD_NOWAIT, mem));
    }
    for (int i = 0; i < 10; i++)
        EXPECT_STATUS(APR_TIMEUP, brood_iterator_next(&value, iterator, 1000, mem));
    EXPECT(counter.calls == 8);
    EXPECT_OK(brood_event_set(gate));
    EXPECT_OK(next(iterator));
    EXPECT(counter.calls == 8);
    brood_iterator_close(iterator);
}

static void the_end_is_told_as_soon_as_it_is_known(void) /* IMAP-04 */
{
    brood_pool_t *pool = new_pool(2);
    brood_value_t value;

    for (int in_order = 0; in_order < 2; in_order++)
        for (apr_size_t look_ahead = 1; look_ahead < 6; look_ahead++) {
            const brood_task_options_t options = {.look_ahead = look_ahead};
            counter_t counter = until(3);
            brood_iterator_t *iterator =
                imap_or_not(in_order, pool, square, brood_source_function(count, &counter), &options);

            for (int i = 0; i < 3; i++)
                EXPECT_OK(next(iterator));
            EXPECT_STATUS(APR_EOF, brood_iterator_next(&value, iterator, BROOD_NOWAIT, mem));
            expect_end(iterator);
            EXPECT(counter.calls == 4);

            iterator = imap_or_not(in_order, pool, square, numbers(0), &options);
            EXPECT_STATUS(APR_EOF, brood_iterator_next(&value, iterator, BROOD_NOWAIT, mem));
        }
}

/* ---- failures ---- */

static void a_failing_call_is_told_at_its_place_and_others_go_on(void) /* POOL-19 */
{
    brood_pool_t *pool = new_pool(3);

    for (apr_size_t chunk = 1; chunk < 9; chunk++) {
        const brood_task_options_t options = {.chunk_size = chunk};
        brood_iterator_t *iterator = imap(pool, halve, numbers(20), &options);
        int failed = 0;

        for (int i = 0; i < 20; i += 2) {
            EXPECT(next_number(iterator) == i / 2);
            EXPECT_STATUS(APR_EGENERAL, next(iterator));
            EXPECT_MESSAGE("is odd");
            EXPECT(brood_last_error()->item == i + 1);
            EXPECT_TEXT("halve", brood_last_error()->entry);
        }
        expect_end(iterator);

        iterator = unordered(pool, halve, numbers(20), &options);
        for (int i = 0; i < 20; i++)
            failed += next(iterator) != APR_SUCCESS && brood_last_error()->item % 2 == 1;
        EXPECT(failed == 10);
        expect_end(iterator);
    }
}

static void statuses_of_the_iterators_own_are_not_a_tasks(void) /* IMAP-01, IMAP-02 */
{
    static const apr_status_t own[] = {APR_EOF, APR_TIMEUP, BROOD_ECANCELLED, BROOD_EPOOL, BROOD_EWORKER};
    brood_pool_t *pool = new_pool(1);

    for (apr_size_t chunk = 1; chunk < 4; chunk += 2) {
        const brood_task_options_t options = {.chunk_size = chunk};
        brood_iterator_t *iterator =
            imap(pool, fail_as, brood_source_list(BROOD_LIST(own[0], own[1], own[2], own[3], own[4], APR_EINVAL)),
                 &options);

        for (int i = 0; i < 5; i++) {
            EXPECT_STATUS(BROOD_ETASK, next(iterator));
            EXPECT(brood_last_error()->status == own[i] && brood_last_error()->item == i);
        }
        EXPECT_STATUS(APR_EINVAL, next(iterator));
        expect_end(iterator);
    }
}

static void an_argument_that_cannot_be_encoded_fails_alone(void) /* POOL-20 */
{
    brood_pool_t *pool = new_pool(2);
    const brood_value_t items[] = {BROOD_LIST("a"), BROOD_LIST("\xff\xfe"), BROOD_LIST("b"), BROOD_LIST("c"),
                                   BROOD_LIST(count_gates)};

    for (apr_size_t chunk = 1; chunk < 6; chunk++) {
        const brood_task_options_t options = {.star = true, .chunk_size = chunk};
        brood_iterator_t *iterator = imap(pool, count_arguments, brood_source_list(brood_list(items, 5)), &options);

        EXPECT(next_number(iterator) == 1);
        EXPECT_STATUS(BROOD_EENCODE, next(iterator));
        EXPECT(brood_last_error()->item == 1);
        EXPECT(next_number(iterator) == 1);
        EXPECT(next_number(iterator) == 1);
        EXPECT_STATUS(BROOD_EENTRY, next(iterator));
        EXPECT(brood_last_error()->item == 4);
        expect_end(iterator);
    }
}

static void a_failing_source_is_told_once_behind_the_results_before_it(void) /* POOL-18 */
{
    static const apr_status_t given[] = {APR_EGENERAL, BROOD_ECANCELLED, APR_TIMEUP, BROOD_EENCODE};
    static const apr_status_t told[] = {APR_EGENERAL, BROOD_ECANCELLED, BROOD_ETASK, BROOD_EENCODE};
    brood_pool_t *pool = new_pool(2);

    for (int round = 0; round < 24; round++) {
        const brood_task_options_t options = {.chunk_size = (apr_size_t) (round % 3 + 1)};
        counter_t counter = {0, 10, given[round / 6]};
        brood_iterator_t *iterator =
            imap_or_not(round % 2 == 0, pool, square, brood_source_function(count, &counter), &options);

        for (int i = 0; i < 10; i++)
            EXPECT_OK(next(iterator));
        EXPECT_STATUS(told[round / 6], next(iterator));
        EXPECT_MESSAGE("the source is dry");
        expect_end(iterator);
        EXPECT(counter.calls == 11);
    }
    EXPECT(next_number(imap(pool, square, numbers(2), NULL)) == 0);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(square),        BROOD_ENTRY(halve),
                                            BROOD_ENTRY(pass),          BROOD_ENTRY(add),
                                            BROOD_ENTRY(fail_as),       BROOD_ENTRY(count_arguments),
                                            BROOD_ENTRY(wait_for_gate), BROOD_ENTRY(keep_gate),
                                            BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(results_come_in_the_order_of_the_input),
        TEST(ten_thousand_results_come_once_each_in_any_order),
        TEST(a_slow_first_element_holds_up_only_ordered_results),
        TEST(a_timed_next_works_with_chunks_too),
        TEST(each_item_may_be_a_list_of_arguments),
        TEST(an_endless_source_is_read_no_further_than_it_is_told),
        TEST(four_tasks_for_each_worker_are_ahead_unless_it_is_told),
        TEST(the_end_is_told_as_soon_as_it_is_known),
        TEST(a_failing_call_is_told_at_its_place_and_others_go_on),
        TEST(statuses_of_the_iterators_own_are_not_a_tasks),
        TEST(an_argument_that_cannot_be_encoded_fails_alone),
        TEST(a_failing_source_is_told_once_behind_the_results_before_it),
    };

    return harness_tree(argc, argv, entries, "pool, imap", tests, sizeof tests / sizeof tests[0]);
}
