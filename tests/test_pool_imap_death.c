/* imap and imap_unordered: a worker's death costs the item that it ran, and nothing else. */
#include "iterator_fixture.h"

#include <stdint.h>
#include <stdlib.h>

static const brood_task_options_t star = {.star = true};

/* Ends its process the first time. */
static apr_status_t die_once(brood_call_t *call)
{
    int number;
    brood_queue_t *lives;
    brood_value_t life;

    BROOD_TRY(BROOD_UNPACK(call->args, &number, &lives));
    if (brood_queue_get(&life, lives, BROOD_NOWAIT, call->mem) == APR_SUCCESS)
        _Exit(3);
    return brood_return(call, brood_int(number));
}

static void a_killed_worker_fails_exactly_one_item(void) /* POOL-19 */
{
    enum { COUNT = 200, KILLED = 70 };
    brood_pool_t *pool = new_pool(2);

    for (int in_order = 0; in_order < 2; in_order++) {
        brood_queue_t *told = harness_queue(mem);
        brood_iterator_t *iterator = imap_or_not(in_order, pool, linger, all_but(KILLED, COUNT, told), &star);
        char seen[COUNT] = {0};
        int taken = 0;

        for (; taken < KILLED; taken++)
            seen[next_number(iterator)]++;
        kill_worker(pool, told);
        for (; taken < COUNT; taken++) {
            brood_value_t value;
            const apr_status_t rc = brood_iterator_next(&value, iterator, BROOD_FOREVER, mem);

            if (rc == APR_SUCCESS) {
                seen[value.as.integer]++;
                continue;
            }
            EXPECT_STATUS(BROOD_EWORKER, rc);
            EXPECT(brood_last_error()->item == KILLED && brood_last_error()->exitcode == harness_killed());
            EXPECT_TEXT("linger", brood_last_error()->entry);
        }
        for (int i = 0; i < COUNT; i++)
            EXPECT(seen[i] == (i != KILLED));
        expect_end(iterator);
    }
}

static void items_of_a_dead_worker_run_again_if_they_may(void)
{
    const brood_task_options_t options = {.star = true, .retries = 3};
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *lives = harness_queue(mem);
    brood_value_t items[50];
    brood_iterator_t *iterator;

    for (int i = 0; i < 3; i++)
        EXPECT_OK(brood_queue_put(lives, brood_nil(), BROOD_FOREVER));
    for (int i = 0; i < 50; i++)
        items[i] = brood_value_copy(BROOD_LIST(i, lives), mem);
    iterator = imap(pool, die_once, brood_source_list(brood_list(items, 50)), &options);
    for (int i = 0; i < 50; i++)
        EXPECT(next_number(iterator) == i);
    expect_end(iterator);
}

static void an_item_that_takes_too_long_fails_alone(void)
{
    const brood_task_options_t options = {.star = true, .time_limit = apr_time_from_msec(200)};
    brood_pool_t *pool = new_pool(2);
    brood_iterator_t *iterator = imap(pool, linger, all_but(1, 3, harness_queue(mem)), &options);

    EXPECT(next_number(iterator) == 0);
    EXPECT_STATUS(BROOD_ETIMELIMIT, next(iterator));
    EXPECT(brood_last_error()->item == 1);
    EXPECT(next_number(iterator) == 2);
    expect_end(iterator);
}

static void each_item_of_a_dead_workers_chunk_fails(void) /* POOL-16 */
{
    const brood_task_options_t options = {.star = true, .chunk_size = 4};
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *told = harness_queue(mem);
    brood_iterator_t *iterator = imap(pool, linger, all_but(6, 20, told), &options);

    kill_worker(pool, told);
    for (int i = 0; i < 20; i++)
        if (i / 4 != 1) {
            EXPECT(next_number(iterator) == i);
        } else {
            EXPECT_STATUS(BROOD_EWORKER, next(iterator));
            EXPECT(brood_last_error()->item == i);
        }
    expect_end(iterator);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(linger), BROOD_ENTRY(die_once), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(a_killed_worker_fails_exactly_one_item),
        TEST(items_of_a_dead_worker_run_again_if_they_may),
        TEST(an_item_that_takes_too_long_fails_alone),
        TEST(each_item_of_a_dead_workers_chunk_fails),
    };

    return harness_tree(argc, argv, entries, "pool, deaths in imap", tests, sizeof tests / sizeof tests[0]);
}
