/* test_pool_end.c - how pools and their workers end: close, terminate, join; workers that end after so many tasks. */
#include "harness_log.h"
#include "pool_fixture.h"
#include "pool_tasks.h"
#include <apr_thread_proc.h>
#include <stdatomic.h>
#include <string.h>

#define WAITERS 4
#define MANY 10000
#define LARGE_POOL 200

/* ---- entries ---- */

/* ---- help ---- */

static void expect_no_workers(brood_pool_t *pool)
{
    EXPECT(brood_pool_workers(pool, mem)[0] == NULL);
}

typedef struct waiter_t {
    brood_future_t *future;
    apr_pool_t *mem;
    brood_value_t value;
    apr_status_t rc;
} waiter_t;

static void *APR_THREAD_FUNC wait_for_it(apr_thread_t *thread, void *data)
{
    waiter_t *self = data;

    (void) thread;
    self->rc = brood_future_get(&self->value, self->future, BROOD_FOREVER, self->mem);
    return NULL;
}

static void begin_to_wait(apr_thread_t **thread, waiter_t *waiter, brood_future_t *future)
{
    waiter->future = future;
    EXPECT_OK(apr_pool_create_unmanaged(&waiter->mem));
    EXPECT_OK(apr_thread_create(thread, NULL, wait_for_it, waiter, mem));
}

static void expect_waited(apr_thread_t *thread, waiter_t *waiter, apr_status_t expected)
{
    harness_join(thread);
    EXPECT_STATUS(expected, waiter->rc);
    apr_pool_destroy(waiter->mem);
}

/* ---- claims: close and join ---- */

static void a_closed_pool_does_what_was_given_and_takes_no_more(void) /* POOL-25, PPE-13 */
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *held = give(pool, hold, BROOD_ARGS(begun, go)), *future[50];
    brood_value_t value;

    for (int i = 0; i < 50; i++)
        future[i] = give(pool, square, BROOD_ARGS(i));
    brood_pool_close(pool);
    brood_pool_close(pool);
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply(&value, pool, square, BROOD_ARGS(1), mem));
    EXPECT_MESSAGE("takes no more tasks");
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_map(&value, pool, square, BROOD_LIST(1), mem));
    EXPECT_STATUS(APR_TIMEUP, brood_pool_join(pool, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_pool_join(pool, 1000));
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    expect_no_workers(pool);
    EXPECT_OK(status_of(held));
    for (int i = 0; i < 50; i++) {
        EXPECT(brood_future_ready(future[i]));
        EXPECT(value_of(future[i]).as.integer == (apr_int64_t) i * i);
    }
}

static void a_closed_pool_ends_though_nobody_waits(void) /* POOL-25 */
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_process_t **workers = brood_pool_workers(pool, mem);

    (void) give(pool, hold, BROOD_ARGS(begun, go));
    (void) harness_get(begun, mem);
    brood_pool_close(pool);
    EXPECT_OK(brood_event_set(go));
    for (int i = 0; i < 2; i++)
        EXPECT_EXIT(0, workers[i]);
}

static void join_of_a_pool_that_runs_is_refused(void) /* POOL-27 */
{
    brood_pool_t *pool = new_pool(1);

    EXPECT_STATUS(BROOD_EMISUSE, brood_pool_join(pool, BROOD_FOREVER));
    EXPECT_MESSAGE("neither closed nor terminated");
    EXPECT(value_of(give(pool, square, BROOD_ARGS(2))).as.integer == 4);
    end_pool(pool);
}

/* ---- claims: terminate ---- */

static void terminate_resolves_all_that_is_not_done(void) /* POOL-26, POOL-29, POOL-34, C-10 */
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *never = new_event();
    brood_future_t *done = give(pool, square, BROOD_ARGS(3)), **future = apr_palloc(mem, MANY * sizeof(void *));
    waiter_t waiter[WAITERS];
    apr_thread_t *thread[WAITERS];
    brood_value_t value;

    EXPECT_OK(brood_future_wait(done, BROOD_FOREVER));
    for (int i = 0; i < MANY; i++)
        future[i] = give(pool, hold, BROOD_ARGS(begun, never));
    for (int i = 0; i < WAITERS; i++)
        begin_to_wait(&thread[i], &waiter[i], future[i * (MANY / WAITERS)]);
    for (int i = 0; i < 2; i++)
        (void) harness_get(begun, mem);
    brood_pool_terminate(pool);
    brood_pool_terminate(pool);
    for (int i = 0; i < WAITERS; i++)
        expect_waited(thread[i], &waiter[i], BROOD_ECANCELLED);
    for (int i = 0; i < MANY; i++)
        EXPECT(brood_future_state(future[i]) == BROOD_CANCELLED);
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(future[MANY - 1]));
    EXPECT_MESSAGE("terminated");
    EXPECT(value_of(done).as.integer == 9);
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply(&value, pool, square, BROOD_ARGS(1), mem));
    brood_pool_close(pool);
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    expect_no_workers(pool);
}

static void the_end_of_its_memory_terminates_a_pool(void) /* POOL-26, POOL-28, POOL-29, POOL-37, C-10 */
{
    brood_pool_t *pool = NULL;
    brood_queue_t *begun, *records;
    brood_event_t *never;
    brood_future_t *future[3];
    waiter_t waiter[3];
    apr_thread_t *thread[3];
    apr_pool_t *own;

    mem = harness_mem();
    begun = harness_queue(mem);
    records = harness_queue(mem);
    never = new_event();
    EXPECT_OK(apr_pool_create(&own, mem));
    EXPECT_OK(brood_pool_create(&pool, 1, NULL, own));
    for (int i = 0; i < 3; i++) {
        future[i] = give(pool, hold, BROOD_ARGS(begun, never));
        begin_to_wait(&thread[i], &waiter[i], future[i]);
    }
    (void) harness_get(begun, mem);
    brood_log_to(harness_collect, records, BROOD_LOG_ERROR);
    apr_pool_destroy(own);
    for (int i = 0; i < 3; i++)
        expect_waited(thread[i], &waiter[i], BROOD_ECANCELLED);
    for (int i = 0; i < 3; i++) {
        EXPECT_STATUS(BROOD_ECANCELLED, status_of(future[i]));
        EXPECT_OK(brood_future_cancel(future[i], true)); /* it is cancelled */
    }
    EXPECT(strstr(harness_record(records, mem).message, "had not done 3 of its calls") != NULL);

    EXPECT_OK(apr_pool_create(&own, mem)); /* one that has nothing to do says nothing */
    EXPECT_OK(brood_pool_create(&pool, 1, NULL, own));
    EXPECT(value_of(give(pool, square, BROOD_ARGS(2))).as.integer == 4);
    apr_pool_destroy(own);
    EXPECT(harness_size(records) == 0);
    harness_log_to_nobody();
}

static void terminate_ends_those_who_wait_for_a_pool_to_end(void) /* PPE-19 */
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *never = new_event();

    (void) give(pool, hold, BROOD_ARGS(begun, never));
    (void) harness_get(begun, mem);
    brood_pool_close(pool);
    EXPECT_STATUS(APR_TIMEUP, brood_pool_join(pool, 1000));
    brood_pool_terminate(pool);
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    expect_no_workers(pool);
}

/* ---- claims: workers ---- */

static void two_hundred_workers_work_at_once(void) /* POOL-35, PPE-01, C-20 */
{
    const unsigned count = harness_killed() == -15 ? 70 : LARGE_POOL; /* where a process takes its time to start */
    brood_pool_t *pool = new_pool(count);
    brood_barrier_t *barrier = NULL;
    brood_future_t *future[LARGE_POOL];

    EXPECT_OK(brood_barrier_create(&barrier, count, NULL, mem));
    for (unsigned i = 0; i < count; i++)
        future[i] = give(pool, meet, BROOD_ARGS(barrier));
    for (unsigned i = 0; i < count; i++)
        EXPECT_OK(status_of(future[i]));
    end_pool(pool);
}

static void nothing_is_left_of_pools_that_have_ended(void) /* POOL-38 */
{
    brood__heap_use_t before = {.mine = 0};
    apr_size_t children = 0;
    int handles = 0;

    for (int round = 0; round < 6; round++) {
        brood_pool_t *pool;

        mem = harness_mem();
        pool = new_pool_with(2, NULL);
        for (int i = 0; i < 20; i++)
            (void) give(pool, square, BROOD_ARGS(i));
        if (round % 2 == 0)
            end_pool(pool);
        else
            brood_pool_terminate(pool);
        mem = harness_mem();
        if (round == 1) {
            before = use();
            children = harness_children(mem);
            handles = harness_handles();
        } else if (round > 1) {
            expect_use(&before);
            EXPECT(harness_children(mem) == children);
            EXPECT(harness_handles() <= handles + 1);
        }
    }
}

static const brood_entry_t entries[] = {BROOD_ENTRY(square), BROOD_ENTRY(process_id), BROOD_ENTRY(hold),
                                        BROOD_ENTRY(meet), BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(a_closed_pool_does_what_was_given_and_takes_no_more),
        TEST(a_closed_pool_ends_though_nobody_waits),
        TEST(join_of_a_pool_that_runs_is_refused),
        TEST(terminate_resolves_all_that_is_not_done),
        TEST(the_end_of_its_memory_terminates_a_pool),
        TEST(terminate_ends_those_who_wait_for_a_pool_to_end),
        TEST(two_hundred_workers_work_at_once),
        TEST(nothing_is_left_of_pools_that_have_ended),
    };

    return harness_tree(argc, argv, entries, "pool, its end", tests, sizeof tests / sizeof tests[0]);
}
