/* A queue without a bound, in an arena that has one. */
#include "queue_fixture.h"
#include "queue/ring.h"
#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

#define ARENA (32u << 20)

/* Gets all, one after the other, until nil; puts back how many bytes that were. */
static apr_status_t consume(brood_call_t *call)
{
    brood_queue_t *queue, *results;
    uint64_t sum = 0;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &results));
    for (;;) {
        brood_bytes_t item;

        BROOD_TRY(brood_queue_borrow(&item, queue, BROOD_FOREVER));
        sum += item.size;
        brood_queue_give_back(queue, item);
        if (item.size == 0)
            return brood_queue_put(results, brood_uint(sum), BROOD_FOREVER);
    }
}

static void an_unbounded_queue_grows_and_gives_its_memory_back(void) /* QUE-02 */
{
    const brood__heap_use_t before = use();
    brood_queue_t *queue = new_queue(0);
    apr_size_t size;

    EXPECT(brood_queue_maxsize(queue) == 0);
    EXPECT_TEXT("<Queue size=0>", brood_value_string(brood_queue_to_value(queue), mem));
    for (int round = 0; round < 3; round++) {
        brood__heap_use_t now;

        for (uint32_t i = 0; i < 200000; i++)
            if (brood_queue_put_bytes(queue, &i, sizeof i, BROOD_NOWAIT) != APR_SUCCESS)
                EXPECT(false);
        EXPECT_OK(brood_queue_size(&size, queue));
        EXPECT(size == 200000);
        now = use();
        EXPECT(now.mine - before.mine > 200000 / 256);
        for (uint32_t i = 0; i < 200000; i++) {
            uint32_t got = 0;

            size = sizeof got;
            if (brood_queue_get_into(&got, &size, queue, BROOD_NOWAIT) != APR_SUCCESS || got != i)
                EXPECT(got == i);
        }
        now = use();
        EXPECT(now.mine - before.mine <= 2 + BROOD__SPARES); /* where it is, and some where it will go on */
    }
    brood_queue_close(queue);
    expect_use(&before);
}

static void a_full_arena_is_a_full_queue(void) /* QUE-03 */
{
    static char large[1 << 20];
    brood_queue_t *queue = new_queue(0);
    apr_status_t rc;
    apr_size_t count = 0, size;

    while ((rc = brood_queue_put_bytes(queue, large, sizeof large, BROOD_NOWAIT)) == APR_SUCCESS)
        count++;
    EXPECT_STATUS(APR_TIMEUP, rc);
    EXPECT_MESSAGE("arena");
    EXPECT(count > 10 && count < 32);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put_bytes(queue, large, sizeof large, 20000));
    EXPECT_STATUS(APR_ENOMEM, brood_queue_put_bytes(queue, large, 2 * (apr_size_t) ARENA, BROOD_FOREVER));
    EXPECT_OK(brood_queue_size(&size, queue));
    EXPECT(size == count);
    while (brood_queue_put_bytes(queue, large, 100, BROOD_NOWAIT) == APR_SUCCESS) /* to the last block */
        count++;
    while (brood_queue_put_bytes(queue, large, 8, BROOD_NOWAIT) == APR_SUCCESS)
        count++;
    EXPECT_OK(brood_queue_size(&size, queue));
    EXPECT(size == count);
    while (count-- > 0) {
        size = sizeof large;
        EXPECT_OK(brood_queue_get_into(large, &size, queue, BROOD_NOWAIT));
    }
    EXPECT_OK(brood_queue_put_bytes(queue, large, sizeof large, BROOD_NOWAIT));
    brood_queue_close(queue);
}

static void a_put_into_a_full_arena_waits_for_a_get(void) /* QUE-03 */
{
    brood_queue_t *queue = new_queue(0), *results = new_queue(0);
    brood_process_t *consumer;
    static char large[3 << 20];
    brood_value_t sum;

    EXPECT_OK(brood_process_start(&consumer, consume, BROOD_ARGS(queue, results), NULL, mem));
    for (int i = 0; i < 100; i++)
        EXPECT_OK(brood_queue_put_bytes(queue, large, sizeof large, BROOD_FOREVER));
    EXPECT_OK(brood_queue_put_bytes(queue, "", 0, BROOD_FOREVER));
    EXPECT_OK(brood_queue_get(&sum, results, BROOD_FOREVER, mem));
    EXPECT(brood_value_equal(sum, brood_uint(100u * sizeof large)));
    EXPECT_OK(brood_process_join(consumer, BROOD_FOREVER));
    brood_queue_close(queue);
    brood_queue_close(results);
}

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(an_unbounded_queue_grows_and_gives_its_memory_back),
        TEST(a_full_arena_is_a_full_queue),
        TEST(a_put_into_a_full_arena_waits_for_a_get),
    };
    static const brood_entry_t entries[] = {BROOD_ENTRY(consume), BROOD_ENTRIES_END};
    static const brood_init_options_t options = {.arena_limit = ARENA};
    int result = EXIT_FAILURE;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    if (brood_register("main", entries) == APR_SUCCESS && brood_init(argc, argv, &options, mem) == APR_SUCCESS)
        result = harness_run("queue, room", tests, sizeof tests / sizeof tests[0]);
    apr_pool_destroy(mem);
    apr_terminate();
    return result;
}
