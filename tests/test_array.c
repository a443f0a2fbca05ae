/* Shared arrays, and objects' lives in general. */
#include "harness.h"
#include "memory/heap.h"
#include "memory/object.h"
#include <brood.h>
#include <string.h>

static apr_pool_t *mem;

static apr_status_t negate(brood_call_t *call)
{
    brood_array_t *number, *array;

    BROOD_TRY(BROOD_UNPACK(call->args, &number, &array));
    int *items = brood_array_data(array);
    BROOD_TRY(brood_lock_acquire(brood_array_lock(number), BROOD_FOREVER));
    *(double *) brood_array_data(number) += 1;
    for (apr_size_t i = 0; i < brood_array_count(array); i++)
        items[i] = -items[i];
    return brood_lock_release(brood_array_lock(number));
}

/* Hands the array on to a child of its own. */
static apr_status_t pass_on(brood_call_t *call)
{
    brood_array_t *number, *array;
    brood_process_t *child;

    BROOD_TRY(BROOD_UNPACK(call->args, &number, &array));
    BROOD_TRY(brood_process_start(&child, negate, BROOD_ARGS(number, array), NULL, call->mem));
    brood_array_close(number);
    brood_array_close(array);
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    return brood_process_exitcode(child) == 0 ? APR_SUCCESS : brood_fail(APR_EGENERAL, "the grandchild failed");
}

static apr_status_t wait_for_ever(brood_call_t *call)
{
    brood_array_t *array;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &array, &said));
    BROOD_TRY(brood_queue_put(said, BROOD_NIL, BROOD_FOREVER));
    for (;;)
        apr_sleep(apr_time_from_sec(1));
}

static brood__heap_use_t count(void)
{
    brood__heap_use_t use;

    brood__heap_flush();
    brood__heap_count(&use);
    return use;
}

static void children_see_and_change_the_same_items(void) /* SHC-01, SHC-03 */
{
    const int numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const brood_entry_fn entries[] = {negate, pass_on};
    brood_array_t *number, *array;
    brood_process_t *child;

    EXPECT_OK(brood_array_create(&number, 1, sizeof(double), NULL, mem));
    EXPECT_OK(brood_array_create(&array, 10, sizeof(int), numbers, mem));
    EXPECT(*(double *) brood_array_data(number) == 0);
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(brood_process_start(&child, entries[i % 2], BROOD_ARGS(number, array), NULL, mem));
        EXPECT_OK(brood_process_join(child, BROOD_FOREVER));
        EXPECT(brood_process_exitcode(child) == 0);
    }
    EXPECT(*(double *) brood_array_data(number) == 3);
    for (int i = 0; i < 10; i++)
        EXPECT(((int *) brood_array_data(array))[i] == -i);
    brood_array_close(number);
    brood_array_close(array);
}

static void it_knows_its_shape_and_is_aligned(void)
{
    brood_array_t *array;

    EXPECT_OK(brood_array_create(&array, 7, 24, NULL, mem));
    EXPECT(brood_array_count(array) == 7);
    EXPECT(brood_array_item_size(array) == 24);
    EXPECT((uintptr_t) brood_array_data(array) % 64 == 0);
    EXPECT_TEXT("<Array count=7 item_size=24>", brood_value_string(BROOD_VALUE(array), mem));
    brood_array_close(array);
    EXPECT(brood_array_data(array) == NULL);
    EXPECT_TEXT("<Array closed>", brood_value_string(BROOD_VALUE(array), mem));
    EXPECT_OK(brood_array_create(&array, 0, 8, NULL, mem));
    EXPECT(brood_array_count(array) == 0);
    brood_array_close(array);
}

static void what_cannot_be_is_refused(void) /* HEAP-02 */
{
    brood_array_t *array;

    EXPECT_STATUS(APR_EINVAL, brood_array_create(&array, 1, 0, NULL, mem));
    EXPECT_STATUS(APR_EINVAL, brood_array_create(&array, SIZE_MAX, 16, NULL, mem));
    EXPECT_STATUS(APR_ENOMEM, brood_array_create(&array, SIZE_MAX / 64, 16, NULL, mem));
    EXPECT_MESSAGE("arena_limit");
}

static void an_array_is_freed_with_its_last_holder(void)
{
    const brood__heap_use_t before = count();
    brood_array_t *array, *second;
    brood_process_t *child;
    brood_queue_t *said;
    brood_value_t item;

    EXPECT_OK(brood_queue_create(&said, 4, NULL, mem));
    EXPECT_OK(brood_array_create(&array, 1000000, 8, NULL, mem));
    EXPECT_OK(brood_array_from_value(&second, brood_value_copy(BROOD_VALUE(array), mem)));
    EXPECT(brood_array_data(second) == brood_array_data(array));
    EXPECT(brood_value_equal(BROOD_VALUE(second), BROOD_VALUE(array)));
    EXPECT_OK(brood_process_start(&child, wait_for_ever, BROOD_ARGS(array, said), NULL, mem));
    EXPECT_OK(brood_queue_get(&item, said, BROOD_FOREVER, mem));
    EXPECT(count().objects == before.objects + 3); /* queue, array, its lock */
    brood_array_close(array);
    EXPECT(count().objects == before.objects + 3);
    brood_array_close(second);
    EXPECT(count().objects == before.objects + 3); /* the child holds it */
    EXPECT_OK(brood_process_kill(child));
    EXPECT_OK(brood_process_join(child, BROOD_FOREVER));
    EXPECT(count().objects == before.objects + 1);
    brood_queue_close(said);
    EXPECT(count().objects == before.objects);
    EXPECT(count().mine == before.mine);
}

static void the_end_of_its_pool_closes_it(void)
{
    const brood__heap_use_t before = count();
    apr_pool_t *sub;
    brood_array_t *array;

    EXPECT_OK(apr_pool_create(&sub, mem));
    for (int i = 0; i < 100; i++)
        EXPECT_OK(brood_array_create(&array, (apr_size_t) i * 1000, 8, NULL, sub));
    EXPECT(count().objects == before.objects + 200);
    apr_pool_destroy(sub);
    EXPECT(count().objects == before.objects);
}

static void a_word_that_names_no_object_is_refused(void)
{
    void *ref;
    uint64_t block;
    brood_lock_t *lock;
    brood_array_t *array;

    EXPECT_OK(brood__heap_alloc(&block, 1000));
    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_OK(brood_array_create(&array, 1, 1, NULL, mem));
    const brood__kind_t *kind = brood__kind_find(BROOD__TAG_ARRAY);
    const uint64_t words[] = {0,
                              1,
                              128,
                              block,
                              block + 64,
                              UINT64_MAX,
                              brood__arena_segment()->size,
                              brood__offset(((brood__ref_t *) BROOD_VALUE(lock).as.object)->object)};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        EXPECT_STATUS(BROOD_EDECODE, kind->unpack(&ref, words[i], mem));
    brood__heap_free(block);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(children_see_and_change_the_same_items),
        TEST(it_knows_its_shape_and_is_aligned),
        TEST(what_cannot_be_is_refused),
        TEST(an_array_is_freed_with_its_last_holder),
        TEST(the_end_of_its_pool_closes_it),
        TEST(a_word_that_names_no_object_is_refused),
    };

    mem = call->mem;
    return harness_run("array", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(negate), BROOD_ENTRY(pass_on), BROOD_ENTRY(wait_for_ever))
