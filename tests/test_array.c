/* Shared arrays, and objects' lives in general. */
#include "harness_tree.h"
#include "memory/heap.h"
#include "memory/object.h"
#include <apr_atomic.h>
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

static apr_status_t hold_for_ever(brood_call_t *call)
{
    brood_array_t *array;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &array, &said));
    BROOD_TRY(brood_lock_acquire(brood_array_lock(array), BROOD_FOREVER));
    ((int *) brood_array_data(array))[0] = 5;
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

static void children_see_and_change_the_same_items__SHC_01_SHC_03_SHC_14(void)
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

/* One process's; counted without the lock, and characters. */
static apr_status_t count_atomically(brood_call_t *call)
{
    brood_array_t *standard, *portable;

    BROOD_TRY(BROOD_UNPACK(call->args, &standard, &portable));
    for (int i = 0; i < 20000; i++) {
        atomic_fetch_add((_Atomic uint64_t *) brood_array_data(standard), 1);
        apr_atomic_inc32(brood_array_data(portable));
    }
    return APR_SUCCESS;
}

static void atomics_count_without_the_lock__SHC_09(void)
{
    brood_array_t *standard, *portable;
    brood_process_t *children[4];

    EXPECT_OK(brood_raw_array_create(&standard, 1, sizeof(_Atomic uint64_t), NULL, mem));
    EXPECT_OK(brood_raw_array_create(&portable, 1, sizeof(apr_uint32_t), NULL, mem));
    for (int i = 0; i < 4; i++)
        EXPECT_OK(brood_process_start(&children[i], count_atomically, BROOD_ARGS(standard, portable), NULL, mem));
    for (int i = 0; i < 4; i++) {
        EXPECT_OK(brood_process_join(children[i], BROOD_FOREVER));
        EXPECT(brood_process_exitcode(children[i]) == 0);
    }
    EXPECT(atomic_load((_Atomic uint64_t *) brood_array_data(standard)) == 80000);
    EXPECT(apr_atomic_read32(brood_array_data(portable)) == 80000);
}

static void a_raw_array_has_no_lock__SHC_05_SHC_06_SHC_09(void)
{
    const int numbers[] = {1, 2, 3};
    const brood__heap_use_t before = count();
    brood_array_t *array, *second;

    EXPECT_OK(brood_raw_array_create(&array, 3, sizeof(int), numbers, mem));
    EXPECT(count().objects == before.objects + 1);
    EXPECT(brood_array_lock(array) == NULL);
    EXPECT(memcmp(brood_array_data(array), numbers, sizeof numbers) == 0);
    EXPECT_OK(brood_array_from_value(&second, brood_value_copy(BROOD_VALUE(array), mem)));
    EXPECT(brood_array_lock(second) == NULL);
    EXPECT(brood_array_data(second) == brood_array_data(array));
    brood_array_close(array);
    brood_array_close(second);
    EXPECT(count().objects == before.objects);
    EXPECT_STATUS(APR_EINVAL, brood_raw_array_create(&array, 1, 0, NULL, mem));
}

/* Any type and any structure, and as many characters as one likes. */
typedef struct mixed_t {
    char c;
    _Alignas(64) double vector[8];
    struct {
        short s;
        long double l;
    } inner;
    unsigned char u;
} mixed_t;

static apr_status_t change_mixed(brood_call_t *call)
{
    brood_array_t *array;

    BROOD_TRY(BROOD_UNPACK(call->args, &array));
    mixed_t *items = brood_array_data(array);
    for (apr_size_t i = 0; i < brood_array_count(array); i++) {
        items[i].c = 'c';
        items[i].vector[7] += 0.5;
        items[i].inner.l = 3;
        items[i].u = 255;
    }
    return APR_SUCCESS;
}

static void items_are_of_any_type__SHC_02_SHC_11(void)
{
    brood_process_t *child;
    brood_array_t *array;

    EXPECT_OK(brood_array_create(&array, 3, sizeof(mixed_t), NULL, mem));
    mixed_t *items = brood_array_data(array);
    for (int i = 0; i < 3; i++) {
        EXPECT((uintptr_t) &items[i] % _Alignof(mixed_t) == 0);
        items[i].vector[7] = i;
    }
    EXPECT_OK(brood_process_start(&child, change_mixed, BROOD_ARGS(array), NULL, mem));
    EXPECT_OK(brood_process_join(child, BROOD_FOREVER));
    EXPECT(brood_process_exitcode(child) == 0);
    for (int i = 0; i < 3; i++)
        EXPECT(items[i].c == 'c' && items[i].vector[7] == i + 0.5 && items[i].vector[6] == 0 && items[i].inner.l == 3
               && items[i].u == 255);
}

static void characters_are_text_up_to_the_first_null__SHC_10(void)
{
    brood_array_t *array;

    EXPECT_OK(brood_array_create(&array, 10, 1, "ab\0cdefgh", mem));
    EXPECT_TEXT("ab", (const char *) brood_array_data(array));
    EXPECT(memcmp(brood_array_data(array), "ab\0cdefgh", 10) == 0);
}

static void a_copy_is_another_array__SHC_12(void)
{
    const int numbers[] = {1, 2, 3};
    brood_array_t *array, *copy;

    EXPECT_OK(brood_array_create(&array, 3, sizeof(int), numbers, mem));
    EXPECT_OK(brood_array_create(&copy, brood_array_count(array), brood_array_item_size(array), brood_array_data(array),
                                 mem));
    ((int *) brood_array_data(array))[0] = 7;
    EXPECT(memcmp(brood_array_data(copy), numbers, sizeof numbers) == 0);
}

/* Neither reading nor writing waits for whoever holds the lock; who wants both in one takes it. */
static void access_takes_no_lock_by_itself__SHC_07_SHC_08(void)
{
    brood_array_t *array;
    brood_process_t *child;
    brood_queue_t *said;
    brood_value_t item;

    EXPECT_OK(brood_queue_create(&said, 4, NULL, mem));
    EXPECT_OK(brood_array_create(&array, 2, sizeof(int), NULL, mem));
    EXPECT_OK(brood_process_start(&child, hold_for_ever, BROOD_ARGS(array, said), NULL, mem));
    EXPECT_OK(brood_queue_get(&item, said, BROOD_FOREVER, mem));
    EXPECT(((int *) brood_array_data(array))[0] == 5);
    ((int *) brood_array_data(array))[1] = 6;
    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(brood_array_lock(array), BROOD_NOWAIT));
    EXPECT_KILLED(child);
    EXPECT_STATUS(BROOD_EOWNERDEAD, brood_lock_acquire(brood_array_lock(array), BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(brood_array_lock(array)));
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
    EXPECT_STATUS(APR_ENOMEM, brood_array_create(&array, SIZE_MAX / 64, 24, NULL, mem));
    EXPECT_MESSAGE("arena_limit");
}

static void an_array_is_freed_with_its_last_holder__SHC_15(void)
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
    EXPECT_KILLED(child);
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
        TEST(children_see_and_change_the_same_items__SHC_01_SHC_03_SHC_14),
        TEST(a_raw_array_has_no_lock__SHC_05_SHC_06_SHC_09),
        TEST(atomics_count_without_the_lock__SHC_09),
        TEST(items_are_of_any_type__SHC_02_SHC_11),
        TEST(characters_are_text_up_to_the_first_null__SHC_10),
        TEST(a_copy_is_another_array__SHC_12),
        TEST(access_takes_no_lock_by_itself__SHC_07_SHC_08),
        TEST(it_knows_its_shape_and_is_aligned),
        TEST(what_cannot_be_is_refused),
        TEST(an_array_is_freed_with_its_last_holder__SHC_15),
        TEST(the_end_of_its_pool_closes_it),
        TEST(a_word_that_names_no_object_is_refused),
    };

    mem = call->mem;
    return harness_run("array", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(negate), BROOD_ENTRY(pass_on), BROOD_ENTRY(wait_for_ever), BROOD_ENTRY(hold_for_ever),
           BROOD_ENTRY(count_atomically), BROOD_ENTRY(change_mixed))
