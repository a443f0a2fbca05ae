/* test_pool_within.c - what a task or a callback may do with the very pool that runs it. */
#include "pool_fixture.h"
#include "pool_tasks.h"
#include <string.h>

/* ---- tasks, of threads: they see what this process has ---- */

static brood_pool_t *own, *other;
static brood_future_t *held; /* of own; runs until the event is set */
static brood_event_t *go;

static apr_status_t await_go(brood_call_t *call)
{
    (void) call;
    return brood_event_wait(go, BROOD_FOREVER);
}

static apr_status_t triple(brood_chunk_t *chunk)
{
    const int *in = chunk->in;
    int *out = chunk->out;

    for (apr_size_t i = 0; i < chunk->count; i++)
        out[i] = 3 * in[i];
    return APR_SUCCESS;
}

#define CHECK_REFUSED(call)                                                          \
    do {                                                                             \
        CHECK((call) == BROOD_EMISUSE);                                              \
        CHECK(strstr(brood_last_error()->message, "the pool that runs it") != NULL); \
    } while (0)

static apr_status_t call_and_wait(brood_call_t *call)
{
    const brood_value_t items = brood_range(0, 4, call->mem);
    const int in[4] = {0};
    brood_value_t value;
    int out[4];

    CHECK_REFUSED(brood_pool_apply(&value, own, square, BROOD_ARGS(1), call->mem));
    CHECK_REFUSED(brood_pool_map(&value, own, square, items, call->mem));
    CHECK_REFUSED(brood_pool_map_array(out, sizeof *out, own, triple, in, sizeof *in, 4, NULL));
    CHECK_REFUSED(brood_pool_reduce_array(out, sizeof *out, own, triple, triple, in, sizeof *in, 4, NULL));
    return APR_SUCCESS;
}

static apr_status_t wait_for_futures(brood_call_t *call)
{
    brood_future_t *futures[2] = {NULL, held}, *next;
    apr_size_t count = 2;
    brood_value_t value;

    BROOD_TRY(brood_pool_apply_async(&futures[0], other, await_go, brood_nil(), NULL, call->mem));
    CHECK_REFUSED(brood_future_get(&value, held, BROOD_FOREVER, call->mem));
    CHECK_REFUSED(brood_future_wait(held, apr_time_from_sec(3600)));
    CHECK_REFUSED(brood_futures_wait(futures, 2, BROOD_ALL_DONE, BROOD_FOREVER));
    CHECK_REFUSED(brood_futures_next(&next, futures, &count, BROOD_FOREVER));
    CHECK(brood_future_wait(held, BROOD_NOWAIT) == APR_TIMEUP);
    CHECK(brood_futures_wait(futures, 2, BROOD_FIRST_DONE, BROOD_NOWAIT) == APR_TIMEUP);
    BROOD_TRY(brood_event_set(go));
    return brood_future_wait(futures[0], BROOD_FOREVER);
}

static apr_status_t wait_for_an_iterator(brood_call_t *call)
{
    brood_iterator_t *iterator;
    brood_value_t value;
    apr_status_t rc;

    BROOD_TRY(brood_pool_imap(&iterator, own, square, brood_source_list(BROOD_LIST(7)), NULL, call->mem));
    CHECK_REFUSED(brood_iterator_next(&value, iterator, BROOD_FOREVER, call->mem)); /* no worker is left for it */
    BROOD_TRY(brood_event_set(go));
    while ((rc = brood_iterator_next(&value, iterator, BROOD_NOWAIT, call->mem)) == APR_TIMEUP)
        apr_sleep(1000);
    BROOD_TRY(rc);
    CHECK(value.as.integer == 49);
    return APR_SUCCESS;
}

static apr_status_t wait_for_the_end(brood_call_t *call)
{
    (void) call;
    CHECK_REFUSED(brood_pool_shutdown(own, true, BROOD_FOREVER));
    brood_pool_close(own);
    CHECK_REFUSED(brood_pool_join(own, BROOD_FOREVER));
    CHECK(brood_pool_join(own, BROOD_NOWAIT) == APR_TIMEUP);
    return APR_SUCCESS;
}

/* In a worker that is a process, forked when the pool was there; others do not know it. */
static apr_status_t use_inherited(brood_call_t *call)
{
    brood_value_t value;

    if (own == NULL)
        return APR_SUCCESS;
    CHECK(brood_pool_apply(&value, own, square, BROOD_ARGS(1), call->mem) == BROOD_EMISUSE);
    CHECK(strstr(brood_last_error()->message, "belong to the process") != NULL);
    CHECK(brood_pool_shutdown(own, false, BROOD_FOREVER) == BROOD_EMISUSE);
    return APR_SUCCESS;
}

/* ---- what it may do ---- */

static apr_int64_t result;

static void go_on(void *user, apr_status_t status, brood_value_t value)
{
    *(apr_int64_t *) user = status == APR_SUCCESS ? value.as.integer : -1;
    (void) brood_event_set(go);
}

static apr_status_t give_and_return(brood_call_t *call)
{
    return brood_pool_apply_async(NULL, own, square, BROOD_ARGS(9),
                                  &(brood_task_options_t){.done = go_on, .user = &result}, call->mem);
}

static apr_status_t use_the_other(brood_call_t *call)
{
    brood_future_t *done;
    brood_value_t value;

    BROOD_TRY(brood_pool_apply_async(&done, own, square, BROOD_ARGS(5), NULL, call->mem));
    while (!brood_future_ready(done))
        apr_sleep(1000);
    BROOD_TRY(brood_future_get(&value, done, BROOD_FOREVER, call->mem));
    CHECK(value.as.integer == 25);
    return brood_pool_apply(&value, other, square, BROOD_ARGS(6), call->mem);
}

/* ---- callbacks ---- */

static apr_pool_t *short_lived; /* own's */

static void close_and_join(void *user, apr_status_t status, brood_value_t value)
{
    (void) value;
    brood_pool_close(own);
    if (status == APR_SUCCESS)
        status = brood_pool_join(own, BROOD_FOREVER);
    *(apr_status_t *) user = status;
    (void) brood_event_set(go);
}

static void terminate_and_join(void *user, apr_status_t status, brood_value_t value)
{
    brood_pool_terminate(own);
    close_and_join(user, status, value);
}

static void end_its_memory(void *user, apr_status_t status, brood_value_t value)
{
    (void) value;
    apr_pool_destroy(short_lived);
    *(apr_status_t *) user = status;
    (void) brood_event_set(go);
}

static apr_status_t end_own_memory(brood_call_t *call)
{
    (void) call;
    apr_pool_destroy(short_lived);
    return brood_event_set(go);
}

/* ---- claims ---- */

/* Two pools of threads, and a task of the first that is not done. */
static void begin(void)
{
    const brood_pool_options_t options = {.threads = true};

    mem = harness_mem();
    go = new_event(); /* before the pools, whose threads may be at it until they end */
    own = new_pool_with(2, &options);
    other = new_pool_with(1, &options);
    held = give(own, await_go, brood_nil());
}

static void end(void)
{
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(status_of(held));
    EXPECT_OK(brood_pool_shutdown(own, false, BROOD_FOREVER));
    EXPECT_OK(brood_pool_shutdown(other, false, BROOD_FOREVER));
}

static void a_task_cannot_wait_for_a_call_in_its_own_pool(void)
{
    begin();
    EXPECT_OK(status_of(give(own, call_and_wait, brood_nil())));
    end();
}

static void nor_for_a_future_but_may_look(void)
{
    begin();
    EXPECT_OK(status_of(give(own, wait_for_futures, brood_nil())));
    end();
}

static void nor_for_an_iterator(void)
{
    begin();
    EXPECT_OK(status_of(give(own, wait_for_an_iterator, brood_nil())));
    end();
}

static void nor_for_the_end_of_the_pool(void)
{
    begin();
    EXPECT_OK(status_of(give(own, wait_for_the_end, brood_nil())));
    end();
}

static void a_process_cannot_use_the_pool_that_runs_it(void) /* POOL-36 */
{
    mem = harness_mem();
    own = new_pool_with(2, &(brood_pool_options_t){.lazy = true});
    for (int i = 0; i < 4; i++)
        EXPECT_OK(status_of(give(own, use_inherited, brood_nil())));
    end_pool(own);
}

static void a_task_may_give_tasks_that_a_callback_goes_on_with(void)
{
    begin();
    result = 0;
    EXPECT_OK(status_of(give(own, give_and_return, brood_nil())));
    EXPECT_OK(brood_event_wait(go, BROOD_FOREVER));
    EXPECT(result == 81);
    end();
}

static void a_task_may_have_what_is_done_and_wait_for_other_pools(void)
{
    begin();
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(status_of(give(own, use_the_other, brood_nil())));
    end();
}

static void a_callback_may_wait_for_the_end_of_its_pool(void)
{
    const brood_done_fn way[] = {close_and_join, terminate_and_join};

    for (int i = 0; i < 4; i++) {
        const brood_pool_options_t options = {.threads = i >= 2};
        apr_status_t told = -1;

        mem = harness_mem();
        go = new_event();
        own = new_pool_with(2, &options);
        (void) give_with(own, square, BROOD_ARGS(1), &(brood_task_options_t){.done = way[i % 2], .user = &told});
        EXPECT_OK(brood_event_wait(go, BROOD_FOREVER));
        EXPECT_OK(told);
    }
}

/* Its threads stay, and so must what they are at. */
static void begin_short(bool threads)
{
    const brood_pool_options_t options = {.threads = threads};

    EXPECT_OK(apr_pool_create(&mem, NULL));
    go = new_event();
    EXPECT_OK(apr_pool_create(&short_lived, NULL));
    EXPECT_OK(brood_pool_create(&own, 2, &options, short_lived));
}

static void a_callback_that_ends_its_pool_hangs_nobody(void)
{
    for (int threads = 0; threads < 2; threads++) {
        apr_status_t told = -1;

        begin_short(threads);
        EXPECT_OK(brood_pool_apply_async(NULL, own, square, BROOD_ARGS(1),
                                         &(brood_task_options_t){.done = end_its_memory, .user = &told}, mem));
        EXPECT_OK(brood_event_wait(go, BROOD_FOREVER));
        EXPECT_OK(told);
    }
}

static void nor_does_a_task(void)
{
    brood_future_t *future = NULL;

    begin_short(true);
    EXPECT_OK(brood_pool_apply_async(&future, own, end_own_memory, brood_nil(), NULL, mem));
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(future));
    EXPECT_OK(brood_event_wait(go, BROOD_FOREVER));
}

static const brood_entry_t entries[] = {BROOD_ENTRY(square),           BROOD_ENTRY(await_go),
                                        BROOD_KERNEL(triple),          BROOD_ENTRY(call_and_wait),
                                        BROOD_ENTRY(wait_for_futures), BROOD_ENTRY(wait_for_an_iterator),
                                        BROOD_ENTRY(wait_for_the_end), BROOD_ENTRY(use_inherited),
                                        BROOD_ENTRY(give_and_return),  BROOD_ENTRY(use_the_other),
                                        BROOD_ENTRY(end_own_memory),   BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(a_task_cannot_wait_for_a_call_in_its_own_pool),
        TEST(nor_for_a_future_but_may_look),
        TEST(nor_for_an_iterator),
        TEST(nor_for_the_end_of_the_pool),
        TEST(a_process_cannot_use_the_pool_that_runs_it),
        TEST(a_task_may_give_tasks_that_a_callback_goes_on_with),
        TEST(a_task_may_have_what_is_done_and_wait_for_other_pools),
        TEST(a_callback_may_wait_for_the_end_of_its_pool),
        TEST(a_callback_that_ends_its_pool_hangs_nobody),
        TEST(nor_does_a_task),
    };

    return harness_tree(argc, argv, entries, "pool, within", tests, sizeof tests / sizeof tests[0]);
}
