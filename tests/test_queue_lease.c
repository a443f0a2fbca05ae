/* The option lease: what a process has got and not done comes back when it ends, whole, to be got by another. */
#include "lease_fixture.h"
#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

#define ARENA (32u << 20)

/* The same with bytes, in each way that there is. */
static apr_status_t hold_bytes(brood_call_t *call)
{
    static char room[300000];
    brood_queue_t *tasks, *ready;
    brood_bytes_t items[2];
    apr_size_t size = sizeof room, two = 2;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &ready));
    BROOD_TRY(brood_queue_get_into(room, &size, tasks, BROOD_FOREVER));
    BROOD_TRY(brood_queue_get_bytes(&items[0], tasks, BROOD_FOREVER, call->mem));
    BROOD_TRY(brood_queue_borrow(&items[0], tasks, BROOD_FOREVER));
    brood_queue_give_back(tasks, items[0]); /* does not end the lease */
    BROOD_TRY(brood_queue_get_many_bytes(items, &two, tasks, BROOD_FOREVER, call->mem));
    BROOD_TRY(brood_queue_put(ready, brood_uint(two), BROOD_FOREVER));
    for (;;)
        apr_sleep(apr_time_from_sec(1));
}

/* ---- claims ---- */

static void an_item_is_its_takers_until_it_is_done(void) /* JQ-06 */
{
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_tasks(0), *plain = new_queue(0);
    brood_process_t *holder;

    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT(brood_queue_deliveries(tasks) == 0 && brood_queue_deliveries(plain) == 0);
    for (int i = 0; i < 4; i++)
        put_number(tasks, i);
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(tasks));
    EXPECT_MESSAGE("more often");
    holder = holder_of(tasks, 2, KILLED);
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(tasks)); /* it has some, this process has none */
    EXPECT(get_number(tasks) == 2 && get_number(tasks) == 3);
    EXPECT(brood_queue_deliveries(tasks) == 1);
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(tasks));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, 1000));
    EXPECT_KILLED(holder);
    expect_item(tasks, 0, 2);
    expect_item(tasks, 1, 2);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_TEXT("<JoinableQueue size=0>", brood_value_string(brood_queue_to_value(tasks), mem));
    brood_queue_close(tasks);
    EXPECT(brood_queue_deliveries(tasks) == 0);
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_task_done(tasks));
    brood_queue_close(plain);
    expect_use(&before);
}

/* Before all others, in their order. */
static void comes_back_from(int how)
{
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_tasks(0);
    brood_process_t *holder, *second;

    for (int i = 0; i < 8; i++)
        put_number(tasks, i);
    holder = holder_of(tasks, 3, KILLED);
    second = holder_of(tasks, 3, how);
    EXPECT_KILLED(holder);
    if (how == KILLED)
        EXPECT_KILLED(second);
    else if (how == ENDS)
        EXPECT_EXIT(0, second);
    expect_size(tasks, 8);
    EXPECT_TEXT("<JoinableQueue size=8>", brood_value_string(brood_queue_to_value(tasks), mem));
    for (int i = 0; i < 6; i++)
        expect_item(tasks, i, 2);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, BROOD_NOWAIT));
    expect_item(tasks, 6, 1);
    expect_item(tasks, 7, 1);
    EXPECT_OK(brood_queue_join(tasks, BROOD_NOWAIT)); /* none was lost */
    if (how == CLOSES)
        EXPECT_KILLED(second);
    EXPECT_OK(brood_queue_join(tasks, BROOD_NOWAIT));
    brood_queue_close(tasks);
    expect_use(&before);
}

static void what_a_killed_process_had_comes_back(void) /* JQ-06 */
{
    comes_back_from(KILLED);
}

static void what_a_process_had_that_ended_comes_back(void) /* JQ-06 */
{
    comes_back_from(ENDS);
}

static void what_a_process_had_that_closed_comes_back(void) /* JQ-06 */
{
    comes_back_from(CLOSES);
}

static void an_item_that_ends_its_takers_is_lost_in_the_end(void)
{
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_queue_with(0, &(brood_queue_options_t){.lease = true, .deliveries = 3});

    put_number(tasks, 1);
    for (unsigned i = 1; i <= 2; i++) {
        EXPECT_KILLED(holder_of(tasks, 1, KILLED));
        expect_size(tasks, 1);
    }
    put_number(tasks, 2);
    EXPECT(get_number(tasks) == 1 && brood_queue_deliveries(tasks) == 3);
    EXPECT_OK(brood_queue_task_done(tasks));

    put_number(tasks, 3);
    for (int i = 0; i < 3; i++)
        EXPECT_KILLED(holder_of(tasks, 2, i % 2 == 0 ? KILLED : CLOSES));
    expect_size(tasks, 0);
    EXPECT_STATUS(APR_TIMEUP, try_get(tasks));
    EXPECT_STATUS(BROOD_EOWNERDEAD, brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_MESSAGE("2");
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER)); /* told once */
    put_number(tasks, 4);
    for (int i = 0; i < 3; i++)
        EXPECT_KILLED(holder_of(tasks, 1, KILLED));
    brood_queue_close(tasks); /* told never */
    expect_use(&before);
}

static void objects_in_an_item_come_back_with_it(void) /* QUE-22 */
{
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_tasks(0), *inner = new_queue(0);
    brood_lock_t *lock;
    brood_value_t item;
    apr_pool_t *own;

    put_number(inner, 5);
    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_OK(brood_queue_put(tasks, BROOD_LIST(lock, inner, "text"), BROOD_NOWAIT));
    brood_queue_close(inner);
    brood_lock_close(lock);
    for (int i = 0; i < 3; i++)
        EXPECT_KILLED(holder_of(tasks, 1, i % 2 == 0 ? KILLED : CLOSES));
    EXPECT_OK(apr_pool_create(&own, mem));
    EXPECT_OK(brood_queue_get(&item, tasks, BROOD_NOWAIT, own));
    EXPECT_OK(brood_lock_from_value(&lock, brood_value_at(item, 0)));
    EXPECT_OK(brood_queue_from_value(&inner, brood_value_at(item, 1)));
    EXPECT_TEXT("text", brood_value_string(brood_value_at(item, 2), own));
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT(get_number(inner) == 5);
    EXPECT_OK(brood_queue_put(tasks, BROOD_LIST(lock, inner), BROOD_NOWAIT));
    EXPECT_KILLED(holder_of(tasks, 1, KILLED));
    brood_queue_close(tasks); /* with what has come back */
    apr_pool_destroy(own);
    expect_use(&before);
}

static void bytes_come_back_whole(void)
{
    static char large[300000], got[300000];
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_tasks(0), *ready = new_queue(0);
    const apr_size_t sizes[5] = {sizeof large, 0, 88, 10000, 262144};
    brood_process_t *holder;
    void *room;

    for (apr_size_t i = 0; i < sizeof large; i++)
        large[i] = (char) (i * 7 + i / 251);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(brood_queue_put_bytes(tasks, large, sizes[i], BROOD_NOWAIT));
    for (int i = 3; i < 5; i++) {
        EXPECT_OK(brood_queue_reserve(&room, tasks, sizes[i], BROOD_NOWAIT));
        memcpy(room, large, sizes[i]);
        EXPECT_STATUS(APR_EINVAL, brood_queue_publish(tasks, room, sizes[i] * 2, BROOD_NOWAIT));
        EXPECT_OK(brood_queue_publish(tasks, room, sizes[i], BROOD_NOWAIT));
    }
    EXPECT_STATUS(APR_ENOMEM, brood_queue_reserve(&room, tasks, (apr_size_t) -1, BROOD_NOWAIT));
    holder = start(hold_bytes, BROOD_ARGS(tasks, ready));
    EXPECT(get_number(ready) == 2);
    EXPECT_KILLED(holder);
    for (int i = 0; i < 5; i++) {
        apr_size_t size = sizeof got;

        EXPECT_OK(brood_queue_get_into(got, &size, tasks, BROOD_NOWAIT));
        EXPECT(size == sizes[i] && memcmp(got, large, size) == 0);
        EXPECT(brood_queue_deliveries(tasks) == 2);
        EXPECT_OK(brood_queue_task_done(tasks));
    }
    EXPECT_OK(brood_queue_join(tasks, BROOD_NOWAIT));
    brood_queue_close(tasks);
    brood_queue_close(ready);
    expect_use(&before);
}

static void what_has_come_back_is_got_under_the_same_rules(void)
{
    brood_queue_t *tasks = new_tasks(0), *again;
    brood_bytes_t borrowed;
    brood_value_t value;
    char small[4];
    apr_size_t size = sizeof small;

    EXPECT_OK(brood_queue_put_bytes(tasks, "0123456789", 10, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_from_value(&again, brood_value_copy(brood_queue_to_value(tasks), mem)));
    EXPECT_OK(brood_queue_borrow(&borrowed, tasks, BROOD_NOWAIT));
    brood_queue_close(again); /* the process has it still, by the other one */
    expect_size(tasks, 0);
    EXPECT(memcmp(borrowed.data, "0123456789", 10) == 0);
    EXPECT_OK(brood_queue_task_done(tasks));
    brood_queue_give_back(tasks, borrowed); /* too late for anything */

    EXPECT_OK(brood_queue_put_bytes(tasks, "0123456789", 10, BROOD_NOWAIT));
    {
        brood_queue_t *ready = new_queue(0);
        brood_process_t *holder = start(hold_bytes, BROOD_ARGS(tasks, ready));

        for (int i = 0; i < 4; i++)
            EXPECT_OK(brood_queue_put_bytes(tasks, "x", 1, BROOD_NOWAIT));
        EXPECT(get_number(ready) > 0);
        EXPECT_KILLED(holder);
        brood_queue_close(ready);
    }
    EXPECT_STATUS(BROOD_EKIND, brood_queue_get(&value, tasks, BROOD_NOWAIT, mem));
    EXPECT_STATUS(BROOD_ETOOSHORT, brood_queue_get_into(small, &size, tasks, BROOD_NOWAIT));
    EXPECT(size == 10);
    EXPECT_OK(brood_queue_borrow(&borrowed, tasks, BROOD_NOWAIT));
    EXPECT(borrowed.size == 10 && memcmp(borrowed.data, "0123456789", 10) == 0);
    EXPECT_OK(brood_queue_task_done(tasks));
    brood_queue_close(tasks);
}

static void what_comes_back_has_a_place_in_a_full_queue(void) /* QUE-03 */
{
    brood_queue_t *tasks = new_tasks(1);
    brood_process_t *holder;

    put_number(tasks, 1);
    holder = holder_of(tasks, 1, KILLED);
    put_number(tasks, 2);
    EXPECT_KILLED(holder);
    expect_size(tasks, 2);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(tasks, brood_int(3), BROOD_NOWAIT));
    expect_item(tasks, 1, 2);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(tasks, brood_int(3), BROOD_NOWAIT));
    expect_item(tasks, 2, 1);
    put_number(tasks, 3);
    brood_queue_close(tasks);
}

static void what_comes_back_needs_no_memory(void)
{
    static char large[1 << 20];
    brood_queue_t *tasks = new_tasks(0), *rest = new_queue(0);
    const brood_value_t item = brood_bytes(large, sizeof large);
    brood_process_t *holder;

    large[5] = 'x';
    for (int i = 0; i < 5; i++)
        EXPECT_OK(brood_queue_put(tasks, item, BROOD_NOWAIT));
    holder = holder_of(tasks, 5, KILLED);
    for (apr_size_t size = sizeof large; size > 0; size /= 8) /* to the last block */
        while (brood_queue_put_bytes(rest, large, size, BROOD_NOWAIT) == APR_SUCCESS)
            ;
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(tasks, item, BROOD_NOWAIT));
    EXPECT_KILLED(holder);
    expect_size(tasks, 5);
    for (int i = 0; i < 5; i++) {
        EXPECT(brood_value_equal(get_value(tasks), item));
        EXPECT_OK(brood_queue_task_done(tasks)); /* only this gives its memory back */
        EXPECT_OK(brood_queue_put(tasks, item, BROOD_NOWAIT));
    }
    brood_queue_close(rest);
    brood_queue_close(tasks);
}

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(an_item_is_its_takers_until_it_is_done),
        TEST(what_a_killed_process_had_comes_back),
        TEST(what_a_process_had_that_ended_comes_back),
        TEST(what_a_process_had_that_closed_comes_back),
        TEST(an_item_that_ends_its_takers_is_lost_in_the_end),
        TEST(objects_in_an_item_come_back_with_it),
        TEST(bytes_come_back_whole),
        TEST(what_has_come_back_is_got_under_the_same_rules),
        TEST(what_comes_back_has_a_place_in_a_full_queue),
        TEST(what_comes_back_needs_no_memory),
    };
    static const brood_entry_t entries[] = {BROOD_ENTRY(hold), BROOD_ENTRY(hold_bytes), BROOD_ENTRIES_END};
    static const brood_init_options_t options = {.arena_limit = ARENA};
    int result = EXIT_FAILURE;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    if (brood_register("main", entries) == APR_SUCCESS && brood_init(argc, argv, &options, mem) == APR_SUCCESS)
        result = harness_run("queue, lease", tests, sizeof tests / sizeof tests[0]);
    apr_pool_destroy(mem);
    apr_terminate();
    return result;
}
