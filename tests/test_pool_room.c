/* test_pool_room.c - pools in an arena that is full: who needs memory fails, and nobody else. */
#include "pool_fixture.h"

#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

#define ARENA (32u << 20)
#define LARGE (1 << 20)

/* ---- entries ---- */

static apr_status_t echo(brood_call_t *call)
{
    return brood_return(call, brood_value_at(call->args, 0));
}

/* So many bytes. */
static apr_status_t produce(brood_call_t *call)
{
    int size;
    char *bytes;

    BROOD_TRY(BROOD_UNPACK(call->args, &size));
    bytes = apr_pcalloc(call->mem, (apr_size_t) size);
    return brood_return(call, brood_bytes(bytes, (apr_size_t) size));
}

static apr_status_t size_of(brood_call_t *call)
{
    return brood_return(call, brood_uint(brood_value_at(call->args, 0).as.bytes.size));
}

static apr_status_t negate(brood_chunk_t *chunk)
{
    const char *in = chunk->in;
    char *out = chunk->out;

    for (apr_size_t i = 0; i < chunk->count; i++)
        out[i] = (char) -in[i];
    return APR_SUCCESS;
}

/* ---- the arena ---- */

static uint64_t taken; /* the last of the blocks that fill it; each has the one before in it */

static void fill(void)
{
    uint64_t block;

    for (uint64_t size = LARGE; size >= sizeof block; size /= 2)
        while (brood__heap_alloc(&block, size) == APR_SUCCESS) {
            memcpy(brood__at(block), &taken, sizeof taken);
            taken = block;
        }
}

static void make_room(void)
{
    while (taken != 0) {
        const uint64_t block = taken;

        memcpy(&taken, brood__at(block), sizeof taken);
        brood__heap_free(block);
    }
}

static apr_pool_t *whole; /* of the program */
static unsigned char large[LARGE];

/* A pool whose workers have worked, and no room for more. */
static brood_pool_t *pool_without_room(unsigned workers)
{
    brood_pool_t *pool;

    EXPECT_OK(apr_pool_create(&mem, whole));
    pool = new_pool_with(workers, NULL);
    for (int i = 0; i < 20; i++)
        EXPECT(apply(pool, echo, BROOD_ARGS(i)).as.integer == i);
    fill();
    return pool;
}

/* With room again it does what it could not. */
static void end_with_room(brood_pool_t *pool)
{
    make_room();
    EXPECT(apply(pool, size_of, BROOD_ARGS(brood_bytes(large, LARGE))).as.integer == LARGE);
    EXPECT(apply(pool, produce, BROOD_ARGS(LARGE)).as.bytes.size == LARGE);
    end_pool(pool);
    apr_pool_destroy(mem);
}

/* ---- claims ---- */

static void arguments_without_room_are_refused_before_anything_runs(void)
{
    brood_pool_t *pool = pool_without_room(2);
    const brood_value_t args = BROOD_ARGS(brood_bytes(large, LARGE));
    brood_future_t *future = NULL;
    brood_value_t value;

    for (int i = 0; i < 3; i++) {
        EXPECT_STATUS(APR_ENOMEM, brood_pool_apply(&value, pool, size_of, args, mem));
        EXPECT_MESSAGE("arena");
        EXPECT_STATUS(APR_ENOMEM, brood_pool_apply_async(&future, pool, size_of, args, NULL, mem));
        EXPECT_STATUS(APR_ENOMEM, brood_pool_map(&value, pool, size_of, brood_list(&args, 1), mem));
        EXPECT_STATUS(APR_ENOMEM, brood_pool_map_array(large, 1, pool, negate, large, 1, LARGE, NULL));
        EXPECT(future == NULL && apply(pool, echo, BROOD_ARGS(i)).as.integer == i);
    }
    end_with_room(pool);
}

static void a_result_without_room_fails_its_task_alone(void)
{
    brood_pool_t *pool = pool_without_room(2);
    brood_future_t *futures[100];

    for (int i = 0; i < 100; i++)
        futures[i] = i % 3 == 0 ? give(pool, produce, BROOD_ARGS(LARGE)) : give(pool, echo, BROOD_ARGS(i));
    for (int i = 0; i < 100; i++) {
        if (i % 3 == 0) {
            EXPECT_STATUS(APR_ENOMEM, status_of(futures[i]));
        } else {
            EXPECT(value_of(futures[i]).as.integer == i);
        }
    }
    end_with_room(pool);
}

static void so_it_is_with_the_chunks_of_maps(void)
{
    const brood_task_options_t options = {.chunk_size = 1};
    brood_pool_t *pool = pool_without_room(2);
    const brood_value_t items = BROOD_LIST(8, 8, LARGE, 8);
    brood_iterator_t *iterator = NULL;
    brood_future_t *map = NULL;
    brood_value_t value;

    EXPECT_OK(brood_pool_map_async(&map, pool, produce, items, &options, mem));
    EXPECT_STATUS(APR_ENOMEM, status_of(map));
    EXPECT(brood_last_error()->item == 2);
    EXPECT_OK(brood_pool_imap(&iterator, pool, produce, brood_source_list(items), NULL, mem));
    for (int i = 0; i < 4; i++)
        EXPECT_STATUS(i == 2 ? APR_ENOMEM : APR_SUCCESS, brood_iterator_next(&value, iterator, BROOD_FOREVER, mem));
    EXPECT_STATUS(APR_EOF, brood_iterator_next(&value, iterator, BROOD_FOREVER, mem));
    end_with_room(pool);
}

static void more_tasks_than_places_run_without_room(void)
{
    enum { TASKS = 3000 };
    brood_pool_t *pool = pool_without_room(2);
    brood_future_t **futures = apr_palloc(mem, TASKS * sizeof(brood_future_t *));

    for (int i = 0; i < TASKS; i++)
        futures[i] = give(pool, echo, BROOD_ARGS(i));
    for (int i = 0; i < TASKS; i++)
        EXPECT(value_of(futures[i]).as.integer == i);
    end_with_room(pool);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(echo), BROOD_ENTRY(produce), BROOD_ENTRY(size_of),
                                            BROOD_KERNEL(negate), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(arguments_without_room_are_refused_before_anything_runs),
        TEST(a_result_without_room_fails_its_task_alone),
        TEST(so_it_is_with_the_chunks_of_maps),
        TEST(more_tasks_than_places_run_without_room),
    };
    static const brood_init_options_t options = {.arena_limit = ARENA};
    int result = EXIT_FAILURE;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&whole, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    if (brood_register("main", entries) == APR_SUCCESS && brood_init(argc, argv, &options, whole) == APR_SUCCESS)
        result = harness_run("pool, room", tests, sizeof tests / sizeof tests[0]);
    apr_pool_destroy(whole);
    apr_terminate();
    return result;
}
