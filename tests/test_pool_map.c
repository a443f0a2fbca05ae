/* test_pool_map.c - map and starmap: chunks, and the order of results. */
#include "pool_fixture.h"
#include "pool_tasks.h"

/* ---- entries ---- */

static apr_status_t power(brood_call_t *call)
{
    apr_int64_t base, exponent, result = 1;

    BROOD_TRY(BROOD_UNPACK(call->args, &base, &exponent));
    while (exponent-- > 0)
        result *= base;
    return brood_return(call, brood_int(result));
}

/* Item: array, place, whether to fail there.  What was run is marked. */
static apr_status_t mark(brood_call_t *call)
{
    brood_array_t *array;
    int place;
    bool fails;

    BROOD_TRY(BROOD_UNPACK(call->args, &array, &place, &fails));
    atomic_fetch_add(counts(array) + place, 1);
    return fails ? brood_fail(APR_EINVAL, "item %d is bad", place) : APR_SUCCESS;
}

static apr_status_t count_one(void *ends)
{
    ++*(int *) ends;
    return APR_SUCCESS;
}

/* How many calls have given their memory back in this worker. */
static apr_status_t count_ends(brood_call_t *call)
{
    static int ends;

    apr_pool_cleanup_register(call->mem, &ends, count_one, apr_pool_cleanup_null);
    return brood_return(call, brood_int(ends));
}

/* ---- help ---- */

static brood_value_t marks(brood_array_t *array, int count, int bad)
{
    brood_value_t *items = apr_palloc(mem, (apr_size_t) count * sizeof *items);

    for (int i = 0; i < count; i++) {
        brood_value_t *item = apr_palloc(mem, 3 * sizeof *item);

        item[0] = brood_array_to_value(array);
        item[1] = brood_int(i);
        item[2] = brood_bool(i == bad);
        items[i] = brood_list(item, 3);
    }
    return brood_list(items, (apr_size_t) count);
}

/* ---- claims ---- */

static void map_gives_results_in_the_order_of_the_items(void) /* POOL-09 */
{
    brood_pool_t *pool = new_pool(3);

    for (apr_int64_t count = 1; count < 60; count += 7) {
        brood_value_t values = brood_nil();

        EXPECT_OK(brood_pool_map(&values, pool, square, brood_range(0, count, mem), mem));
        EXPECT((apr_int64_t) brood_value_count(values) == count);
        for (apr_int64_t i = 0; i < count; i++)
            EXPECT(brood_value_at(values, (apr_size_t) i).as.integer == i * i);
    }
    end_pool(pool);
}

static void an_empty_map_is_an_empty_list_whatever_the_chunk_size(void) /* POOL-10 */
{
    brood_pool_t *pool = new_pool(1);
    brood_value_t values = brood_int(1);
    brood_future_t *future = NULL;

    EXPECT_OK(brood_pool_map(&values, pool, square, brood_list(NULL, 0), mem));
    EXPECT(values.kind == BROOD_KIND_LIST && brood_value_count(values) == 0);
    for (apr_size_t chunk = 0; chunk < 5; chunk += 2) {
        EXPECT_OK(brood_pool_map_async(&future, pool, square, brood_list(NULL, 0),
                                       &(brood_task_options_t){.chunk_size = chunk}, mem));
        EXPECT(brood_future_ready(future));
        EXPECT(brood_value_count(value_of(future)) == 0);
    }
    end_pool(pool);
}

static void any_chunk_size_gives_the_same(void) /* POOL-10, ARES-06 */
{
    brood_pool_t *pool = new_pool(2);

    for (apr_size_t chunk = 1; chunk < 40; chunk += 6) {
        brood_future_t *future = NULL;
        brood_value_t values;
        apr_size_t done = 0, total = 0;

        EXPECT_OK(brood_pool_map_async(&future, pool, square, brood_range(0, 30, mem),
                                       &(brood_task_options_t){.chunk_size = chunk}, mem));
        values = value_of(future);
        EXPECT(brood_value_count(values) == 30);
        for (apr_size_t i = 0; i < 30; i++)
            EXPECT(brood_value_at(values, i).as.integer == (apr_int64_t) (i * i));
        brood_future_progress(&done, &total, future);
        EXPECT(done == 30 && total == 30);
    }
    end_pool(pool);
}

static void starmap_unpacks_each_item(void) /* POOL-11 */
{
    brood_pool_t *pool = new_pool(2);
    const brood_value_t items = BROOD_LIST(BROOD_LIST(2, 10), BROOD_LIST(3, 3), BROOD_LIST(7, 0));
    brood_future_t *future = NULL;
    brood_value_t values = brood_nil();

    EXPECT_OK(brood_pool_starmap(&values, pool, power, items, mem));
    EXPECT_TEXT("[1024, 27, 1]", brood_value_string(values, mem));
    EXPECT_OK(brood_pool_map_async(&future, pool, power, items, &(brood_task_options_t){.star = true}, mem));
    EXPECT_TEXT("[1024, 27, 1]", brood_value_string(value_of(future), mem));
    EXPECT_STATUS(BROOD_EARGS, brood_pool_starmap(&values, pool, power, BROOD_LIST(BROOD_LIST(2)), mem));
    EXPECT_STATUS(BROOD_EARGS, brood_pool_map(&values, pool, power, brood_int(3), mem));
    EXPECT_MESSAGE("goes over a list");
    end_pool(pool);
}

/* Two workers, 24 items: eight chunks of three. */
static void a_failure_ends_its_chunk_and_no_other(void) /* POOL-10, POOL-13, POOL-14 */
{
    brood_pool_t *pool = new_pool(2);
    brood_array_t *array = new_counts(24);
    brood_value_t values = brood_int(5);

    EXPECT_STATUS(APR_EINVAL, brood_pool_starmap(&values, pool, mark, marks(array, 24, 6), mem));
    EXPECT(values.kind == BROOD_KIND_INT);
    EXPECT_TEXT("item 6 is bad", brood_last_error()->message);
    EXPECT(brood_last_error()->item == 6);
    for (int i = 0; i < 24; i++)
        EXPECT(counts(array)[i] == (i != 7 && i != 8));
    end_pool(pool);
}

/* However many are in it. */
static void each_call_of_a_chunk_gives_its_memory_back_before_the_next(void) /* C-43 */
{
    const brood_task_options_t options = {.chunk_size = 50};
    brood_pool_t *pool = new_pool(1);
    brood_future_t *map = NULL;
    brood_value_t values = brood_nil(), value;
    brood_iterator_t *iterator = NULL;

    EXPECT_OK(brood_pool_map_async(&map, pool, count_ends, brood_range(0, 100, mem), &options, mem));
    EXPECT_OK(brood_future_get(&values, map, BROOD_FOREVER, mem));
    for (int i = 0; i < 100; i++)
        EXPECT(brood_value_at(values, (apr_size_t) i).as.integer == i);
    EXPECT_OK(brood_pool_imap(&iterator, pool, count_ends, brood_source_list(brood_range(0, 100, mem)), &options, mem));
    for (int i = 0; i < 100; i++) {
        EXPECT_OK(brood_iterator_next(&value, iterator, BROOD_FOREVER, mem));
        EXPECT(value.as.integer == 100 + i);
    }
    end_pool(pool);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(square), BROOD_ENTRY(power), BROOD_ENTRY(mark),
                                        BROOD_ENTRY(count_ends), BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(map_gives_results_in_the_order_of_the_items),
        TEST(an_empty_map_is_an_empty_list_whatever_the_chunk_size),
        TEST(any_chunk_size_gives_the_same),
        TEST(each_call_of_a_chunk_gives_its_memory_back_before_the_next),
        TEST(starmap_unpacks_each_item),
        TEST(a_failure_ends_its_chunk_and_no_other),
    };

    return harness_tree(argc, argv, entries, "pool, map", tests, sizeof tests / sizeof tests[0]);
}
