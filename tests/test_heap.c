/* The arena's heap: blocks that belong to processes, and come back when those are gone. */
#include "harness.h"
#include "memory/heap.h"
#include "platform/self.h"
#include <apr_thread_proc.h>
#include <brood.h>
#include <string.h>

static apr_pool_t *mem;

/* ---- children ---- */

/* Allocates blocks of many sizes, says so, and waits to be killed, or ends with them. */
static apr_status_t hoard(brood_call_t *call)
{
    brood_queue_t *said;
    bool stay;

    BROOD_TRY(BROOD_UNPACK(call->args, &said, &stay));
    for (uint64_t size = 1; size < UINT64_C(4) << 20; size = size * 3 + 1) {
        uint64_t block;

        BROOD_TRY(brood__heap_alloc(&block, size));
        memset(brood__at(block), 0x5a, (size_t) size);
    }
    BROOD_TRY(brood_queue_put(said, brood_int(1), BROOD_FOREVER));
    while (stay)
        apr_sleep(apr_time_from_sec(1));
    return APR_SUCCESS;
}

static apr_status_t churn(brood_call_t *call)
{
    int seed;

    BROOD_TRY(BROOD_UNPACK(call->args, &seed));
    for (int i = 0; i < 20000; i++) {
        const uint64_t size = 1 + (uint64_t) (i * 7919 + seed * 104729) % (i % 64 == 0 ? 600000 : 3000);
        unsigned char *bytes;
        uint64_t block;

        BROOD_TRY(brood__heap_alloc(&block, size));
        bytes = brood__at(block);
        bytes[0] = bytes[size - 1] = (unsigned char) seed;
        if (bytes[0] != (unsigned char) seed || bytes[size - 1] != (unsigned char) seed)
            return brood_fail(APR_EGENERAL, "a block was given to two");
        brood__heap_free(block);
    }
    return APR_SUCCESS;
}

/* ---- help ---- */

static brood__heap_use_t count(void)
{
    brood__heap_use_t use;

    brood__heap_flush();
    brood__heap_count(&use);
    return use;
}

static void expect_balance(brood__heap_use_t before)
{
    const brood__heap_use_t after = count();

    EXPECT(after.mine == before.mine);
    EXPECT(after.queued == before.queued);
    EXPECT(after.objects == before.objects);
}

/* ---- claims ---- */

static void blocks_are_aligned_and_do_not_overlap(void)
{
    const brood__heap_use_t before = count();
    uint64_t blocks[300], sizes[300];

    for (int i = 0; i < 300; i++) {
        sizes[i] = 1 + (uint64_t) i * (uint64_t) i * 13;
        EXPECT_OK(brood__heap_alloc(&blocks[i], sizes[i]));
        EXPECT(blocks[i] % 128 == 0);
        EXPECT(brood__heap_size(blocks[i]) >= sizes[i]);
        memset(brood__at(blocks[i]), i % 251, (size_t) sizes[i]);
    }
    for (int i = 0; i < 300; i++) {
        const unsigned char *bytes = brood__at(blocks[i]);

        EXPECT(bytes[0] == i % 251 && bytes[sizes[i] - 1] == i % 251 && bytes[sizes[i] / 2] == i % 251);
        brood__heap_free(blocks[i]);
    }
    expect_balance(before);
}

static void zeroed_blocks_are_zero_also_the_second_time(void) /* SHC-04 */
{
    const uint64_t sizes[] = {1, 128, 5000, 300000, 8 << 20};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int again = 0; again < 3; again++) {
            uint64_t block, sum = 0;

            EXPECT_OK(brood__heap_calloc(&block, sizes[i]));
            for (uint64_t k = 0; k < sizes[i]; k++)
                sum += ((unsigned char *) brood__at(block))[k];
            EXPECT(sum == 0);
            memset(brood__at(block), 0xff, (size_t) sizes[i]);
            brood__heap_free(block);
        }
}

static void what_is_no_block_is_left_alone(void)
{
    const brood__heap_use_t before = count();
    uint64_t block;

    EXPECT_OK(brood__heap_alloc(&block, 1000));
    brood__heap_free(0);
    brood__heap_free(block + 8);
    brood__heap_free(UINT64_MAX);
    brood__heap_free(brood__arena_segment()->size);
    EXPECT(brood__heap_size(block + 8) == 0);
    brood__heap_free(block);
    expect_balance(before);
}

static void a_full_arena_is_a_status_and_it_goes_on(void)
{
    const brood__heap_use_t before = count();
    const uint64_t half = brood__arena_segment()->size / 2;
    uint64_t block, second;

    EXPECT_STATUS(APR_ENOMEM, brood__heap_alloc(&block, brood__arena_segment()->size));
    EXPECT_MESSAGE("arena_limit");
    EXPECT_STATUS(APR_ENOMEM, brood__heap_alloc(&block, UINT64_MAX / 2));
    EXPECT_OK(brood__heap_alloc(&block, half));
    EXPECT_STATUS(APR_ENOMEM, brood__heap_alloc(&second, half));
    brood__heap_free(block);
    EXPECT_OK(brood__heap_alloc(&block, half));
    brood__heap_free(block);
    expect_balance(before);
}

static void processes_allocate_at_once(void)
{
    const brood__heap_use_t before = count();
    brood_process_t *children[4];

    for (int i = 0; i < 4; i++)
        EXPECT_OK(brood_process_start(&children[i], churn, BROOD_ARGS(i + 1), NULL, mem));
    for (int i = 0; i < 4; i++) {
        EXPECT_OK(brood_process_join(children[i], BROOD_FOREVER));
        EXPECT(brood_process_exitcode(children[i]) == 0);
    }
    expect_balance(before);
}

static void a_dead_processes_blocks_come_back(void)
{
    const brood__heap_use_t before = count();
    brood_queue_t *said;

    EXPECT_OK(brood_queue_create(&said, 16, NULL, mem));
    for (int stay = 0; stay < 2; stay++) {
        brood_process_t *child;
        brood_value_t item;

        EXPECT_OK(brood_process_start(&child, hoard, BROOD_ARGS(said, brood_bool(stay != 0)), NULL, mem));
        EXPECT_OK(brood_queue_get(&item, said, BROOD_FOREVER, mem));
        if (stay != 0)
            EXPECT_OK(brood_process_kill(child));
        EXPECT_OK(brood_process_join(child, BROOD_FOREVER));
    }
    brood_queue_close(said);
    expect_balance(before);
}

static void *APR_THREAD_FUNC churn_in_thread(apr_thread_t *thread, void *data)
{
    uint64_t blocks[64];

    (void) data;
    for (int round = 0; round < 500; round++) {
        for (int i = 0; i < 64; i++)
            if (brood__heap_alloc(&blocks[i], 1 + (uint64_t) i * 40) != APR_SUCCESS)
                apr_thread_exit(thread, APR_ENOMEM);
        for (int i = 0; i < 64; i++)
            brood__heap_free(blocks[i]);
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void threads_allocate_at_once_and_leave_nothing(void)
{
    const brood__heap_use_t before = count();
    apr_thread_t *threads[6];

    for (int i = 0; i < 6; i++)
        EXPECT_OK(apr_thread_create(&threads[i], NULL, churn_in_thread, NULL, mem));
    for (int i = 0; i < 6; i++) {
        apr_status_t rc;

        EXPECT_OK(apr_thread_join(&rc, threads[i]));
        EXPECT_OK(rc);
    }
    expect_balance(before);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(blocks_are_aligned_and_do_not_overlap),
        TEST(zeroed_blocks_are_zero_also_the_second_time),
        TEST(what_is_no_block_is_left_alone),
        TEST(a_full_arena_is_a_status_and_it_goes_on),
        TEST(processes_allocate_at_once),
        TEST(a_dead_processes_blocks_come_back),
        TEST(threads_allocate_at_once_and_leave_nothing),
    };

    mem = call->mem;
    return harness_run("heap", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(hoard), BROOD_ENTRY(churn))
