/* Pools and futures whose memory outlives brood_init's. */
#include "future_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static int words;
static char **argv_of_main;

static apr_pool_t *begin_life(void)
{
    apr_pool_t *life = NULL;

    EXPECT_OK(apr_pool_create(&life, NULL));
    EXPECT_OK(brood_init(words, argv_of_main, NULL, life));
    EXPECT_OK(apr_pool_create(&mem, NULL));
    return life;
}

typedef struct legacy_t {
    brood_pool_t *pool;
    brood_future_t *done, *running, *pending, *manual;
    notes_t notes;
} legacy_t;

/* What a life has made, when it has ended. */
static void make(legacy_t *legacy)
{
    apr_pool_t *life = begin_life();
    brood_queue_t *said = NULL;
    brood_event_t *never = NULL;
    char *ballast = apr_pcalloc(mem, 100000);

    EXPECT_OK(brood_queue_create(&said, 0, NULL, life));
    EXPECT_OK(brood_event_create(&never, life));
    EXPECT_OK(brood_pool_create(&legacy->pool, 1, NULL, mem));
    legacy->done = give(legacy->pool, echo, BROOD_ARGS(brood_bytes(ballast, 100000)));
    EXPECT_OK(brood_future_wait(legacy->done, BROOD_FOREVER));
    legacy->running = give(legacy->pool, hold, BROOD_ARGS(said, never, 1));
    (void) harness_get(said, mem);
    legacy->pending = give(legacy->pool, echo, BROOD_ARGS(brood_bytes(ballast, 100000)));
    legacy->manual = new_future();
    EXPECT_OK(brood_future_on_done(legacy->pending, note, &legacy->notes));
    EXPECT_OK(brood_future_on_done(legacy->manual, note, &legacy->notes));
    apr_pool_destroy(life);
    EXPECT(legacy->notes.count == 1 && legacy->notes.status[0] == BROOD_ECANCELLED);
}

static void expect_nobodys(legacy_t *legacy)
{
    brood_future_t *const all[] = {legacy->done, legacy->running, legacy->pending, legacy->manual};
    brood_future_t *future;
    brood_value_t value;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        EXPECT_STATUS(BROOD_EMISUSE, brood_future_get(&value, all[i], BROOD_NOWAIT, mem));
        EXPECT_STATUS(BROOD_EMISUSE, brood_future_wait(all[i], BROOD_NOWAIT));
        EXPECT_STATUS(BROOD_EMISUSE, brood_future_cancel(all[i], true));
        EXPECT_STATUS(BROOD_EMISUSE, brood_future_on_done(all[i], note, &legacy->notes));
        EXPECT_STATUS(BROOD_EMISUSE, brood_futures_wait(&all[i], 1, BROOD_ALL_DONE, BROOD_NOWAIT));
        EXPECT(!brood_future_ready(all[i]));
    }
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_set(legacy->manual, brood_nil()));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_set_started(legacy->manual));
    EXPECT_STATUS(BROOD_EMISUSE, brood_pool_apply_async(&future, legacy->pool, echo, BROOD_ARGS(1), NULL, mem));
    EXPECT_STATUS(BROOD_EMISUSE, brood_pool_shutdown(legacy->pool, true, BROOD_FOREVER));
    brood_pool_close(legacy->pool);
    brood_pool_terminate(legacy->pool);
    brood_pool_kill(legacy->pool);
    EXPECT(legacy->notes.count == 1);
}

static void what_a_life_has_left_is_nobodys(void)
{
    legacy_t legacy = {0};

    make(&legacy);
    expect_nobodys(&legacy);
    apr_pool_destroy(mem);
}

static void nor_is_it_the_next_lifes(void)
{
    legacy_t legacy = {0};
    apr_pool_t *old, *life;

    make(&legacy);
    old = mem;
    life = begin_life();
    expect_nobodys(&legacy);
    apr_pool_destroy(old);
    EXPECT_OK(brood_pool_create(&legacy.pool, 1, NULL, mem));
    expect_value(give(legacy.pool, echo, BROOD_ARGS(1)), brood_int(1));
    apr_pool_destroy(mem);
    apr_pool_destroy(life);
}

/* Later in the end of the process than pools. */
static void look_back(void *user)
{
    legacy_t *legacy = user;
    brood_value_t value;
    brood_future_t *future;

    EXPECT_STATUS(BROOD_ECANCELLED, brood_future_get(&value, legacy->pending, BROOD_FOREVER, mem));
    EXPECT_OK(brood_future_on_done(legacy->pending, note, &legacy->notes));
    EXPECT_OK(brood_futures_wait(&legacy->pending, 1, BROOD_ALL_DONE, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply_async(&future, legacy->pool, echo, BROOD_ARGS(1), NULL, mem));
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_map(&value, legacy->pool, echo, BROOD_LIST(1), mem));
    brood_pool_close(legacy->pool);
    brood_pool_kill(legacy->pool);
    EXPECT_OK(brood_pool_shutdown(legacy->pool, true, BROOD_FOREVER));
    EXPECT(brood_pool_workers(legacy->pool, mem)[0] == NULL);
}

static void a_pool_ends_before_finalizers_of_lower_priority__EXIT_06(void)
{
    legacy_t legacy = {0};
    apr_pool_t *life = begin_life();

    EXPECT_OK(brood_finalizer_create(NULL, look_back, &legacy, 0, life));
    EXPECT_OK(brood_pool_create(&legacy.pool, 1, NULL, mem));
    (void) give(legacy.pool, until_asked, BROOD_ARGS(harness_queue(life)));
    legacy.pending = give(legacy.pool, echo, BROOD_ARGS(1));
    apr_pool_destroy(life);
    EXPECT(legacy.notes.count == 1);
    apr_pool_destroy(mem);
}

static void without_a_life_there_are_none(void)
{
    brood_future_t *future;
    brood_pool_t *pool;

    EXPECT_OK(apr_pool_create(&mem, NULL));
    EXPECT_STATUS(BROOD_EGUARD, brood_future_create(&future, mem));
    EXPECT_STATUS(BROOD_EGUARD, brood_pool_create(&pool, 1, NULL, mem));
    apr_pool_destroy(mem);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(echo), BROOD_ENTRY(fail), BROOD_ENTRY(hold),
                                            BROOD_ENTRY(until_asked), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(what_a_life_has_left_is_nobodys),
        TEST(nor_is_it_the_next_lifes),
        TEST(a_pool_ends_before_finalizers_of_lower_priority__EXIT_06),
        TEST(without_a_life_there_are_none),
    };
    apr_pool_t *first;

    words = argc;
    argv_of_main = argv;
    if (apr_initialize() != APR_SUCCESS || brood_register("test", entries) != APR_SUCCESS
        || apr_pool_create(&first, NULL) != APR_SUCCESS || brood_init(argc, argv, NULL, first) != APR_SUCCESS)
        return EXIT_FAILURE; /* and here a child goes its own way */
    apr_pool_destroy(first);
    return harness_run("pool_life", tests, sizeof tests / sizeof tests[0]);
}
