/* test_pool_array_end.c - maps over C arrays that end early: failures, deaths, cancels, limits. */
#include "harness_tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS 3
#define MANY 1000000

static apr_pool_t *mem;
static brood_pool_t *pool;

/* ---- kernels ---- */

static apr_status_t triple(brood_chunk_t *chunk)
{
    int64_t *out = chunk->out;

    for (apr_size_t i = 0; i < chunk->count; i++)
        out[i] = 3 * (int64_t) (chunk->first + i);
    return APR_SUCCESS;
}

/* Fails where the item is. */
static apr_status_t refuse(brood_chunk_t *chunk)
{
    apr_size_t bad;
    int status;

    BROOD_TRY(BROOD_UNPACK(chunk->args, &bad, &status));
    memset(chunk->out, 1, chunk->count);
    if (bad >= chunk->first && bad - chunk->first < chunk->count)
        return status < 0 ? -status : brood_fail(status, "item %d is bad", (int) bad);
    return APR_SUCCESS;
}

/* Dies where the item is, as often as the array says. */
static apr_status_t die(brood_chunk_t *chunk)
{
    brood_array_t *lives;
    apr_size_t bad;

    BROOD_TRY(BROOD_UNPACK(chunk->args, &bad, &lives));
    if (bad >= chunk->first && bad - chunk->first < chunk->count) {
        int *left = brood_array_data(lives);

        if (*left > 0) {
            --*left;
            exit(7);
        }
    }
    return triple(chunk);
}

/* Says that it has begun, and goes on until it is to end. */
static apr_status_t linger(brood_chunk_t *chunk)
{
    brood_event_t *begun;
    bool listens;

    BROOD_TRY(BROOD_UNPACK(chunk->args, &begun, &listens));
    BROOD_TRY(brood_event_set(begun));
    while (!listens || !brood_call_cancelled())
        apr_sleep(1000);
    return BROOD_ECANCELLED;
}

static apr_status_t nap(brood_chunk_t *chunk)
{
    (void) chunk;
    apr_sleep(1000);
    return APR_SUCCESS;
}

/* ---- the pool ---- */

static void begin(void)
{
    mem = harness_mem();
    pool = NULL;
    EXPECT_OK(brood_pool_create(&pool, WORKERS, NULL, mem));
}

static void expect_triples(const int64_t *out, apr_size_t count)
{
    apr_size_t wrong = 0;

    for (apr_size_t i = 0; i < count; i++)
        wrong += out[i] != 3 * (int64_t) i;
    EXPECT(wrong == 0);
}

/* ---- tests ---- */

static void a_failure_tells_its_item_and_stops_the_rest(void)
{
    static char out[MANY];
    brood_array_t *array;
    apr_size_t written = 0;

    begin();
    EXPECT_OK(brood_raw_array_create(&array, MANY, 1, NULL, mem));
    EXPECT_STATUS(APR_ENOENT, brood_pool_map_array(brood_array_data(array), 1, pool, refuse, NULL, 0, MANY,
                                                   &(brood_task_options_t){.chunk_size = 10,
                                                                           .args = BROOD_ARGS(3456, APR_ENOENT)}));
    EXPECT_MESSAGE("item 3456 is bad");
    EXPECT_TEXT("refuse", brood_last_error()->entry);
    EXPECT(brood_last_error()->item == 3450);
    for (int i = 0; i < MANY; i++)
        written += ((char *) brood_array_data(array))[i] != 0;
    EXPECT(written >= 10 && written < MANY);
    /* One of the statuses that the pool gives for itself, and one without a message. */
    EXPECT_STATUS(BROOD_ETASK, brood_pool_map_array(out, 1, pool, refuse, NULL, 0, 10,
                                                    &(brood_task_options_t){.args = BROOD_ARGS(5, APR_EOF)}));
    EXPECT_STATUS(APR_EINVAL, brood_pool_map_array(out, 1, pool, refuse, NULL, 0, 10,
                                                   &(brood_task_options_t){.args = BROOD_ARGS(9, -APR_EINVAL)}));
    EXPECT_OK(brood_pool_map_array(out, 1, pool, refuse, NULL, 0, 10,
                                   &(brood_task_options_t){.args = BROOD_ARGS(10, APR_EOF)}));
}

static apr_status_t map_to_death(int64_t *out, int lives, unsigned retries)
{
    brood_array_t *array;

    EXPECT_OK(brood_raw_array_create(&array, 1, sizeof lives, &lives, mem));
    return brood_pool_map_array(out, sizeof *out, pool, die, NULL, 0, 10000,
                                &(brood_task_options_t){.chunk_size = 10,
                                                        .retries = retries,
                                                        .args = BROOD_ARGS(3456, array)});
}

static void a_death_costs_the_chunk_that_it_has_interrupted(void)
{
    static int64_t out[10000];

    begin();
    EXPECT_STATUS(BROOD_EWORKER, map_to_death(out, 1, 0));
    EXPECT_MESSAGE("die");
    EXPECT_MESSAGE("exit code 7");
    EXPECT_MESSAGE("worker");
    EXPECT_TEXT("die", brood_last_error()->entry);
    EXPECT(brood_last_error()->item == 3450);
    EXPECT_OK(map_to_death(out, 2, 2));
    expect_triples(out, 10000);
    EXPECT_STATUS(BROOD_EWORKER, map_to_death(out, 3, 2));
    EXPECT_OK(map_to_death(out, 0, 0));
    expect_triples(out, 10000);
}

/* Between chunks, at a chunk, while it starts: whoever is killed, nothing is lost that may be tried again. */
static void workers_killed_at_any_moment_lose_nothing(void)
{
    static int64_t out[20000];
    brood_process_t **workers;
    brood_future_t *future;
    brood_value_t value;

    begin();
    for (int k = 0; k < 12; k++) {
        memset(out, 0xff, sizeof out);
        EXPECT_OK(brood_pool_map_array_async(&future, out, sizeof *out, pool, triple, NULL, 0, 20000,
                                             &(brood_task_options_t){.chunk_size = 1, .retries = 100}, mem));
        for (int j = 0; j < 3; j++) {
            workers = brood_pool_workers(pool, mem);
            if (workers != NULL && workers[0] != NULL)
                (void) brood_process_kill(workers[0]);
            apr_sleep(500 * k);
        }
        EXPECT_OK(brood_future_get(&value, future, BROOD_FOREVER, mem));
        expect_triples(out, 20000);
    }
}

static brood_future_t *begin_lingering(bool listens, apr_interval_time_t limit, brood_event_t **begun)
{
    brood_future_t *future = NULL;

    begin();
    EXPECT_OK(brood_event_create(begun, mem));
    EXPECT_OK(brood_pool_map_array_async(
        &future, NULL, 0, pool, linger, NULL, 0, 1000,
        &(brood_task_options_t){.time_limit = limit, .chunk_size = 10, .args = BROOD_ARGS(*begun, listens)}, mem));
    EXPECT_OK(brood_event_wait(*begun, BROOD_FOREVER));
    return future;
}

static void it_can_be_cancelled(void)
{
    brood_event_t *begun;
    brood_future_t *future = begin_lingering(true, 0, &begun);
    brood_value_t value;

    EXPECT_OK(brood_future_cancel(future, false));
    EXPECT_STATUS(BROOD_ECANCELLED, brood_future_get(&value, future, BROOD_FOREVER, mem));
    EXPECT(brood_future_state(future) == BROOD_CANCELLED);
    future = begin_lingering(false, 0, &begun);
    EXPECT_OK(brood_future_cancel(future, true));
    EXPECT_STATUS(BROOD_ECANCELLED, brood_future_get(&value, future, BROOD_FOREVER, mem));
    EXPECT_OK(brood_pool_map_array(NULL, 0, pool, nap, NULL, 0, 10, NULL)); /* and the pool goes on */
}

static void a_terminated_pool_ends_it(void)
{
    brood_event_t *begun;
    brood_future_t *future = begin_lingering(false, 0, &begun);
    brood_value_t value;

    brood_pool_terminate(pool);
    EXPECT_STATUS(BROOD_ECANCELLED, brood_future_get(&value, future, BROOD_FOREVER, mem));
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_map_array(NULL, 0, pool, linger, NULL, 0, 10, NULL));
}

static void a_time_limit_is_that_of_each_chunk(void)
{
    brood_event_t *begun;
    brood_future_t *future = begin_lingering(false, apr_time_from_msec(250), &begun);
    brood_value_t value;

    EXPECT_STATUS(BROOD_ETIMELIMIT, brood_future_get(&value, future, BROOD_FOREVER, mem));
    EXPECT(brood_last_error()->item >= 0 && brood_last_error()->item % 10 == 0);
    begin();
    /* One chunk takes 1 ms, all of a worker's at least 300. */
    EXPECT_OK(brood_pool_map_array(NULL, 0, pool, nap, NULL, 0, 300 * WORKERS,
                                   &(brood_task_options_t){.chunk_size = 1, .time_limit = apr_time_from_msec(250)}));
}

static const brood_entry_t entries[] = {BROOD_KERNEL(triple), BROOD_KERNEL(refuse), BROOD_KERNEL(die),
                                        BROOD_KERNEL(linger), BROOD_KERNEL(nap),    BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(a_failure_tells_its_item_and_stops_the_rest),
        TEST(a_death_costs_the_chunk_that_it_has_interrupted),
        TEST(workers_killed_at_any_moment_lose_nothing),
        TEST(it_can_be_cancelled),
        TEST(a_terminated_pool_ends_it),
        TEST(a_time_limit_is_that_of_each_chunk),
    };

    return harness_tree(argc, argv, entries, "pool_array_end", tests, sizeof tests / sizeof tests[0]);
}
