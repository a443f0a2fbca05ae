/* test_pool_array.c - maps over C arrays and reductions of them: kernels, chunks, results. */
#include "harness_children.h"
#include "harness_tree.h"

#include "memory/heap.h"
#include "process/entry.h"
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS 3

static apr_pool_t *mem;
static brood_pool_t *pool;

/* ---- kernels ---- */

/* 3 * in + index, or the index alone. */
static apr_status_t triple(brood_chunk_t *chunk)
{
    const int32_t *in = chunk->in;
    int64_t *out = chunk->out;

    for (apr_size_t i = 0; i < chunk->count; i++)
        out[i] = (in != NULL ? 3 * (int64_t) in[i] : 0) + (int64_t) (chunk->first + i);
    return APR_SUCCESS;
}

/* In place. */
static apr_status_t negate(brood_chunk_t *chunk)
{
    const int32_t *in = chunk->in;
    int32_t *out = chunk->out;

    for (apr_size_t i = 0; i < chunk->count; i++)
        out[i] = -in[i];
    return APR_SUCCESS;
}

/* How large the chunk is that an item was in. */
static apr_status_t tell_count(brood_chunk_t *chunk)
{
    for (apr_size_t i = 0; i < chunk->count; i++)
        ((apr_size_t *) chunk->out)[i] = chunk->count;
    return APR_SUCCESS;
}

static apr_status_t count_one(void *counter)
{
    atomic_fetch_add((_Atomic int *) counter, 1);
    return APR_SUCCESS;
}

/* Counts the ends of its memory. */
static apr_status_t scratch(brood_chunk_t *chunk)
{
    brood_array_t *ends;

    BROOD_TRY(BROOD_UNPACK(chunk->args, &ends));
    apr_pool_cleanup_register(chunk->mem, brood_array_data(ends), count_one, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

static apr_status_t unlisted(brood_chunk_t *chunk)
{
    (void) chunk;
    return APR_SUCCESS;
}

static apr_status_t add(brood_chunk_t *chunk)
{
    const float *in = chunk->in;
    float *sum = chunk->out;

    for (apr_size_t i = 0; i < chunk->count; i++)
        *sum += in[i];
    return APR_SUCCESS;
}

static apr_status_t add_indices(brood_chunk_t *chunk)
{
    for (apr_size_t i = 0; i < chunk->count; i++)
        *(uint64_t *) chunk->out += chunk->first + i;
    return chunk->in == NULL ? APR_SUCCESS : APR_EGENERAL;
}

static apr_status_t add_sums(brood_chunk_t *chunk)
{
    for (apr_size_t i = 0; i < chunk->count; i++)
        *(uint64_t *) chunk->out += ((const uint64_t *) chunk->in)[i];
    return APR_SUCCESS;
}

static apr_status_t refuse_all(brood_chunk_t *chunk)
{
    (void) chunk;
    return brood_fail(APR_EGENERAL, "no");
}

/* ---- the pool ---- */

static void begin(void)
{
    mem = harness_mem();
    pool = NULL;
    EXPECT_OK(brood_pool_create(&pool, WORKERS, NULL, mem));
}

static uint64_t objects_in_use(void)
{
    brood__heap_use_t use;

    brood__heap_flush();
    brood__heap_count(&use);
    return use.objects;
}

/* All workers have let go of what they had for the maps before. */
static void settle(void)
{
    brood_value_t values;

    for (int i = 0; i < WORKERS; i++)
        EXPECT_OK(brood_pool_map(&values, pool, nothing, BROOD_LIST(1, 2, 3, 4, 5, 6), mem));
}

static void expect_triples(const int64_t *out, const int32_t *in, apr_size_t count)
{
    apr_size_t wrong = 0;

    for (apr_size_t i = 0; i < count; i++)
        wrong += out[i] != (in != NULL ? 3 * (int64_t) in[i] : 0) + (int64_t) i;
    EXPECT(wrong == 0);
}

/* ---- tests ---- */

#define MANY 1000000

static void each_item_is_done_once_whatever_the_chunks(void)
{
    static const apr_size_t sizes[] = {0, 1, 7, 999983, MANY, 5 * MANY};
    static int32_t in[MANY];
    static int64_t out[MANY];
    uint64_t before;

    begin();
    settle();
    before = objects_in_use();
    for (int i = 0; i < MANY; i++)
        in[i] = i % 1000 - 500;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const apr_size_t count = sizes[k] == 1 ? 10000 : MANY;

        memset(out, 0xff, sizeof out);
        EXPECT_OK(brood_pool_map_array(out, sizeof *out, pool, triple, in, sizeof *in, count,
                                       &(brood_task_options_t){.chunk_size = sizes[k]}));
        expect_triples(out, in, count);
    }
    EXPECT_OK(brood_pool_map_array(out, sizeof *out, pool, triple, NULL, 0, MANY, NULL));
    expect_triples(out, NULL, MANY);
    brood_pool_close(pool);
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    EXPECT(objects_in_use() <= before);
}

static void arrays_of_brood_are_used_in_place(void)
{
    brood_array_t *array, *more;
    int32_t *items, zero[3] = {0, 1, 2};

    begin();
    EXPECT_OK(brood_raw_array_create(&array, MANY, sizeof *items, NULL, mem));
    EXPECT_OK(brood_array_create(&more, 3, sizeof *items, zero, mem)); /* in a small block, with a lock */
    items = brood_array_data(array);
    for (int i = 0; i < MANY; i++)
        items[i] = i;
    EXPECT_OK(brood_pool_map_array(items + 5, sizeof *items, pool, negate, items + 5, sizeof *items, MANY - 10, NULL));
    for (int i = 0; i < MANY; i++)
        if (items[i] != (i >= 5 && i < MANY - 5 ? -i : i)) {
            EXPECT(items[i] != items[i]);
            break;
        }
    items = brood_array_data(more);
    EXPECT_OK(brood_pool_map_array(items, sizeof *items, pool, negate, items, sizeof *items, 3, NULL));
    EXPECT(items[0] == 0 && items[1] == -1 && items[2] == -2);
    EXPECT_OK(brood_pool_map_array(items, sizeof *items, pool, negate, zero, sizeof *items, 3, NULL)); /* one of both */
    EXPECT(items[0] == 0 && items[1] == -1 && items[2] == -2);
}

static void none_and_one_are_numbers_of_items_too(void)
{
    int32_t in = 5;
    int64_t out = -1;

    begin();
    EXPECT_OK(brood_pool_map_array(&out, sizeof out, pool, triple, &in, sizeof in, 0, NULL));
    EXPECT(out == -1);
    EXPECT_OK(brood_pool_map_array(NULL, 0, pool, triple, NULL, 0, 0, NULL));
    EXPECT_OK(brood_pool_map_array(&out, sizeof out, pool, triple, &in, sizeof in, 1, NULL));
    EXPECT(out == 15);
}

static void chunks_are_equal_but_for_the_last_one(void)
{
    apr_size_t counts[1000];

    begin();
    EXPECT_OK(brood_pool_map_array(counts, sizeof *counts, pool, tell_count, NULL, 0, 1000,
                                   &(brood_task_options_t){.chunk_size = 300}));
    for (int i = 0; i < 1000; i++)
        EXPECT(counts[i] == (i < 900 ? 300 : 100));
    EXPECT_OK(brood_pool_map_array(counts, sizeof *counts, pool, tell_count, NULL, 0, 1000, NULL));
    EXPECT(counts[0] >= 2 && counts[0] <= 1000 / (4 * WORKERS)); /* some for each worker, and not one an item */
}

static void a_future_has_nil_when_all_is_written(void)
{
    static int32_t in[10000];
    static int64_t out[10000];
    brood_value_t value = brood_int(1);
    brood_future_t *future;
    apr_size_t done, total;

    begin();
    for (int i = 0; i < 10000; i++)
        in[i] = i;
    for (int k = 0; k < 20; k++) {
        memset(out, 0xff, sizeof out);
        EXPECT_OK(
            brood_pool_map_array_async(&future, out, sizeof *out, pool, triple, in, sizeof *in, 10000, NULL, mem));
        EXPECT_OK(brood_future_wait(future, BROOD_FOREVER));
        expect_triples(out, in, 10000);
    }
    EXPECT_OK(brood_future_get(&value, future, BROOD_FOREVER, mem));
    EXPECT(value.kind == BROOD_KIND_NIL);
    brood_future_progress(&done, &total, future);
    EXPECT(done == 10000 && total == 10000);
}

static void several_maps_go_on_at_once(void)
{
    static int64_t out[8][5000];
    brood_future_t *futures[8];

    begin();
    for (int k = 0; k < 8; k++)
        EXPECT_OK(brood_pool_map_array_async(&futures[k], out[k], sizeof **out, pool, triple, NULL, 0, 5000,
                                             &(brood_task_options_t){.chunk_size = 13}, mem));
    for (int k = 0; k < 8; k++) {
        EXPECT_OK(brood_future_wait(futures[k], BROOD_FOREVER));
        expect_triples(out[k], NULL, 5000);
    }
}

static void a_chunk_s_memory_is_its_own(void)
{
    brood_array_t *ends;

    begin();
    EXPECT_OK(brood_raw_array_create(&ends, 1, sizeof(int), NULL, mem));
    EXPECT_OK(brood_pool_map_array(NULL, 0, pool, scratch, NULL, 0, 2000,
                                   &(brood_task_options_t){.chunk_size = 2, .args = BROOD_ARGS(ends)}));
    EXPECT(*(int *) brood_array_data(ends) == 1000);
}

static void a_reduction_s_result_depends_on_the_chunks_alone(void)
{
    static float in[100000];
    float results[4] = {0};
    float sum = 0, partial;

    for (int i = 0; i < 100000; i++)
        in[i] = 1.0f / (float) (1 + (i * 7919) % 10007);
    for (int k = 0; k < 4; k++) {
        mem = harness_mem();
        EXPECT_OK(brood_pool_create(&pool, 1 + (unsigned) k, NULL, mem));
        EXPECT_OK(brood_pool_reduce_array(&results[k], sizeof *results, pool, add, add, in, sizeof *in, 100000,
                                          &(brood_task_options_t){.chunk_size = 77}));
    }
    for (int i = 0; i < 100000; i += 77) {
        partial = 0;
        for (int j = i; j < i + 77 && j < 100000; j++)
            partial += in[j];
        sum += partial;
    }
    for (int k = 0; k < 4; k++)
        EXPECT(memcmp(&results[k], &sum, sizeof sum) == 0);
}

static void a_reduction_needs_no_items(void)
{
    uint64_t sum = 1;

    begin();
    EXPECT_OK(brood_pool_reduce_array(&sum, sizeof sum, pool, add_indices, add_sums, NULL, 0, MANY, NULL));
    EXPECT(sum == UINT64_C(499999500000));
    EXPECT_OK(brood_pool_reduce_array(&sum, sizeof sum, pool, add_indices, add_sums, NULL, 0, 0, NULL));
    EXPECT(sum == 0);
    sum = 5;
    EXPECT_STATUS(APR_EGENERAL,
                  brood_pool_reduce_array(&sum, sizeof sum, pool, refuse_all, add_sums, NULL, 0, 10, NULL));
    EXPECT(sum == 5);
    EXPECT_STATUS(APR_EGENERAL,
                  brood_pool_reduce_array(&sum, sizeof sum, pool, add_indices, refuse_all, NULL, 0, 10, NULL));
    EXPECT_TEXT("refuse_all", brood_last_error()->entry);
}

static void misuse_is_told(void)
{
    uint64_t items[2] = {0};
    char *end = (char *) items;

    begin();
    EXPECT_STATUS(BROOD_EENTRY, brood_pool_map_array(items, 8, pool, unlisted, NULL, 0, 2, NULL));
    EXPECT_MESSAGE("is in no entry table");
    EXPECT_STATUS(BROOD_EENTRY, brood_pool_map_array(items, 8, pool, NULL, NULL, 0, 2, NULL));
    EXPECT_STATUS(APR_EINVAL, brood_pool_map_array(items, SIZE_MAX / 2, pool, triple, NULL, 0, 3, NULL));
    EXPECT_STATUS(APR_EINVAL, brood_pool_map_array(items, 8, pool, triple, items, 8, SIZE_MAX / 4, NULL));
    EXPECT_STATUS(APR_EINVAL, brood_pool_map_array(NULL, 8, pool, triple, NULL, 0, 2, NULL));
    EXPECT_MESSAGE("out");
    EXPECT_STATUS(APR_EINVAL, brood_pool_map_array(items, 8, pool, triple, end, 0, 2, NULL));
    EXPECT_MESSAGE("in");
    EXPECT_STATUS(APR_EINVAL, brood_pool_reduce_array(NULL, 0, pool, add, add, items, 4, 2, NULL));
    EXPECT_STATUS(BROOD_EENTRY, brood_pool_reduce_array(items, 4, pool, add, unlisted, items, 4, 2, NULL));
    EXPECT_STATUS(APR_ENOMEM, brood_pool_map_array(items, 8, pool, triple, NULL, 0, SIZE_MAX / 20, NULL));
    EXPECT_STATUS(BROOD_EENCODE, brood_pool_map_array(items, 8, pool, triple, NULL, 0, 2,
                                                      &(brood_task_options_t){.args = brood_text("\xff")}));
    brood_pool_close(pool);
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_map_array(items, 8, pool, triple, NULL, 0, 2, NULL));
}

static void kernels_and_entries_share_the_names(void)
{
    static const brood_entry_t twice[] = {BROOD_ENTRY(nothing), {"nothing", NULL, add, NULL}, BROOD_ENTRIES_END};
    static const brood_entry_t both[] = {{"both", nothing, add, NULL}, BROOD_ENTRIES_END};
    uint32_t number = 0;

    brood__entry_freeze(false);
    EXPECT_STATUS(APR_EINVAL, brood_register("twice", twice));
    EXPECT_STATUS(APR_EINVAL, brood_register("both", both));
    brood__entry_freeze(true);
    EXPECT_OK(brood__kernel_number(&number, add));
    EXPECT(brood__kernel_at(number) == add);
    EXPECT(brood__entry_at(number) == NULL);
    EXPECT_TEXT("add", brood__entry_name_at(number));
    EXPECT(brood__kernel_at(brood__entry_number(nothing)) == NULL);
    EXPECT(brood__entry_by_name("test.add", 8) == NULL);
    EXPECT(brood__kernel_at(UINT32_MAX) == NULL && brood__entry_name_at(UINT32_MAX) == NULL);
}

static const brood_entry_t entries[] = {BROOD_KERNEL(triple),     BROOD_KERNEL(negate),      BROOD_KERNEL(tell_count),
                                        BROOD_KERNEL(scratch),    BROOD_KERNEL(add),         BROOD_KERNEL(add_sums),
                                        BROOD_KERNEL(refuse_all), BROOD_KERNEL(add_indices), BROOD_ENTRY(nothing),
                                        BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(each_item_is_done_once_whatever_the_chunks),
        TEST(arrays_of_brood_are_used_in_place),
        TEST(none_and_one_are_numbers_of_items_too),
        TEST(chunks_are_equal_but_for_the_last_one),
        TEST(a_future_has_nil_when_all_is_written),
        TEST(several_maps_go_on_at_once),
        TEST(a_chunk_s_memory_is_its_own),
        TEST(a_reduction_s_result_depends_on_the_chunks_alone),
        TEST(a_reduction_needs_no_items),
        TEST(misuse_is_told),
        TEST(kernels_and_entries_share_the_names),
    };

    return harness_tree(argc, argv, entries, "pool_array", tests, sizeof tests / sizeof tests[0]);
}
