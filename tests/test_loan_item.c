/* What an item bears: which objects, how often, and until when. */
#include "harness_tree.h"
#include "loan_fixture.h"

static void an_object_ends_with_the_last_item_that_bears_it(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    brood_queue_t *queue = harness_queue(mem);
    brood_lock_t *lock;
    brood_value_t value;

    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT(brood__object_alone(object_of(lock)));
    EXPECT_OK(brood_queue_put(queue, BROOD_VALUE(lock), BROOD_FOREVER));
    EXPECT_OK(brood_queue_put(queue, BROOD_VALUE(lock), BROOD_FOREVER));
    EXPECT(!brood__object_alone(object_of(lock)));
    EXPECT(loans_of(lock) == 2);
    brood_lock_close(lock);
    EXPECT(count().objects == before.objects + 2);
    EXPECT_OK(brood_queue_get(&value, queue, BROOD_FOREVER, mem));
    EXPECT_OK(brood_lock_from_value(&lock, value));
    brood_lock_close(lock);
    EXPECT(count().objects == before.objects + 2);
    brood_queue_close(queue);
    expect_balance(before);
}

static void one_item_may_bear_an_object_twice(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    brood_queue_t *queue = harness_queue(mem);
    brood_lock_t *lock, *first, *second;
    brood_array_t *array, *got;
    brood_value_t value;

    EXPECT_OK(brood_array_create(&array, 1, 1, NULL, mem));
    lock = brood_array_lock(array);
    EXPECT_OK(brood_queue_put(queue, BROOD_LIST(lock, array, lock), BROOD_FOREVER));
    EXPECT(loans_of(lock) == 3); /* as the array's, too */
    EXPECT(loans_of(array) == 1);
    brood_array_close(array);
    EXPECT_OK(brood_queue_get(&value, queue, BROOD_FOREVER, mem));
    EXPECT_OK(BROOD_UNPACK(value, &first, &got, &second));
    EXPECT(loans_of(first) == 0 && brood__object_same(first, second));
    EXPECT_OK(brood_lock_acquire(brood_array_lock(got), BROOD_FOREVER));
    apr_pool_clear(mem);
    expect_balance(before);
}

static void an_item_that_stays_with_its_maker_is_ended_by_him(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    brood_queue_t *queue;
    brood_lock_t *lock;

    EXPECT_OK(brood_queue_create(&queue, 1, NULL, mem));
    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_OK(brood_queue_put(queue, BROOD_VALUE(lock), 0));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(queue, BROOD_VALUE(lock), 0));
    EXPECT(loans_of(lock) == 1);
    apr_pool_clear(mem);
    expect_balance(before);
}

static void what_cannot_be_in_an_item_is_refused(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    brood_value_t many[BROOD__LOANS_MOST + 1];
    brood__item_t item;
    brood_lock_t *lock;

    EXPECT_OK(brood_lock_create(&lock, mem));
    for (int i = 0; i <= BROOD__LOANS_MOST; i++)
        many[i] = BROOD_VALUE(lock);
    EXPECT_STATUS(BROOD_EENCODE, make_item(&item, brood_list(many, BROOD__LOANS_MOST + 1)));
    EXPECT_MESSAGE("256");
    EXPECT_OK(make_item(&item, brood_list(many, BROOD__LOANS_MOST)));
    EXPECT(loans_of(lock) == BROOD__LOANS_MOST);
    end_item(&item);
    EXPECT(loans_of(lock) == 0);
    brood_lock_close(lock);
    EXPECT_STATUS(BROOD_ECLOSED, make_item(&item, BROOD_VALUE(lock)));
    apr_pool_clear(mem);
    expect_balance(before);
}

static void an_object_that_was_closed_meanwhile_is_not_lent(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    brood__loans_t loans;
    brood_lock_t *first, *second;
    uint64_t block;

    EXPECT_OK(brood_lock_create(&first, mem));
    EXPECT_OK(brood_lock_create(&second, mem));
    loans = (brood__loans_t){3, {brood__offset(object_of(first)), brood__offset(object_of(second)), 12345}};
    EXPECT_OK(brood__heap_alloc(&block, 1000));
    EXPECT_STATUS(BROOD_ECLOSED, brood__loan_begin(block, &loans));
    EXPECT(loans_of(first) == 0 && brood__loan_data(block) == 0);
    loans.count = 2;
    brood_lock_close(second);
    EXPECT_STATUS(BROOD_ECLOSED, brood__loan_begin(block, &loans));
    EXPECT_MESSAGE("closed");
    EXPECT(loans_of(first) == 0);
    brood__loan_end(block);
    brood__heap_free(block);
    apr_pool_clear(mem);
    expect_balance(before);
}

static void an_item_that_was_overwritten_does_no_harm(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    const uint64_t counts[] = {UINT64_MAX, UINT64_MAX / 8, 16, 0};
    brood_lock_t *lock;
    brood__item_t item;
    brood_value_t value;

    EXPECT_OK(brood_lock_create(&lock, mem));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint64_t *words;

        EXPECT_OK(make_item(&item, BROOD_LIST(lock, lock)));
        words = brood__at(item.block);
        words[0] = counts[i];
        EXPECT_STATUS(BROOD_EDECODE, read_item(&value, &item, mem));
        end_item(&item);
    }
    EXPECT_OK(make_item(&item, BROOD_LIST(lock, lock)));
    ((uint64_t *) brood__at(item.block))[1] = 4242;
    ((uint64_t *) brood__at(item.block))[2] = item.block;
    end_item(&item);
    EXPECT(loans_of(lock) != 0); /* it lives longer than it should, */
    brood__object_lock();
    brood__loans_recount(); /* as long as nobody looks */
    brood__object_unlock();
    EXPECT(loans_of(lock) == 0);
    apr_pool_clear(mem);
    expect_balance(before);
}

static void every_kind_of_object_can_be_in_an_item(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    brood_queue_t *queue = harness_queue(mem);
    brood_lock_t *lock;
    brood_condition_t *condition;
    brood_semaphore_t *semaphore;
    brood_barrier_t *barrier;
    brood_array_t *array;
    brood_shared_memory_t *memory;
    brood_shareable_list_t *list;
    brood_value_t value, all;

    EXPECT_OK(brood_rlock_create(&lock, mem));
    EXPECT_OK(brood_condition_create(&condition, NULL, mem));
    EXPECT_OK(brood_semaphore_create(&semaphore, 3, mem));
    EXPECT_OK(brood_barrier_create(&barrier, 2, NULL, mem));
    EXPECT_OK(brood_raw_array_create(&array, 5, 8, NULL, mem));
    EXPECT_OK(brood_shared_memory_create(&memory, NULL, 100, mem));
    EXPECT_OK(brood_shareable_list_create(&list, NULL, BROOD_LIST(1, "two"), mem));
    all = BROOD_LIST(lock, condition, semaphore, barrier, array, memory, list, queue, "and text");
    EXPECT_OK(brood_queue_put(queue, all, BROOD_FOREVER));
    EXPECT_OK(brood_queue_get(&value, queue, BROOD_FOREVER, mem));
    EXPECT(brood_value_equal(value, all));
    EXPECT_OK(brood_condition_from_value(&condition, brood_value_at(value, 1)));
    EXPECT_OK(brood_lock_acquire(brood_condition_lock(condition), BROOD_FOREVER));
    EXPECT_OK(brood_condition_notify_all(condition));
    apr_pool_clear(mem);
    expect_balance(before);
}

static const brood_test_t tests[] = {
    TEST(an_object_ends_with_the_last_item_that_bears_it),
    TEST(one_item_may_bear_an_object_twice),
    TEST(an_item_that_stays_with_its_maker_is_ended_by_him),
    TEST(what_cannot_be_in_an_item_is_refused),
    TEST(an_object_that_was_closed_meanwhile_is_not_lent),
    TEST(an_item_that_was_overwritten_does_no_harm),
    TEST(every_kind_of_object_can_be_in_an_item),
};

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRIES_END};

    return harness_tree(argc, argv, entries, "loan_item", tests, sizeof tests / sizeof tests[0]);
}
