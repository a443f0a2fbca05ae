/* test_pool.c - apply: what goes in, what comes out, and who runs it. */
#include "harness_children.h"
#include "pool_fixture.h"
#include "pool_tasks.h"
#include <apr_thread_proc.h>
#include <stdlib.h>
#include <string.h>

#define LARGE (1 << 20)

/* ---- entries ---- */

static apr_status_t unlisted(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static apr_status_t echo(brood_call_t *call)
{
    return brood_return(call, call->args);
}

/* With a lock in hand write to an array, and say so by queue and connection. */
static apr_status_t use_objects(brood_call_t *call)
{
    brood_connection_t *connection;
    brood_array_t *array;
    brood_queue_t *queue;
    brood_lock_t *lock;
    int place;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &lock, &array, &connection, &place));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    ((int *) brood_array_data(array))[place] += 100 + place;
    BROOD_TRY(brood_lock_release(lock));
    BROOD_TRY(brood_queue_put(queue, brood_int(place), BROOD_FOREVER));
    return brood_connection_send(connection, brood_text("done"), BROOD_FOREVER);
}

/* The argument's bytes, each one more. */
static apr_status_t add_one(brood_call_t *call)
{
    unsigned char *result;
    brood_bytes_t bytes;

    BROOD_TRY(BROOD_UNPACK(call->args, &bytes));
    result = apr_palloc(call->mem, bytes.size);
    for (apr_size_t i = 0; i < bytes.size; i++)
        result[i] = (unsigned char) (((const unsigned char *) bytes.data)[i] + 1);
    return brood_return(call, brood_bytes(result, bytes.size));
}

/* ---- claims: apply ---- */

static void apply_runs_one_call_in_a_worker_and_gives_its_result(void) /* POOL-07 */
{
    brood_pool_t *pool = new_pool(2);
    brood_value_t value;

    EXPECT(apply(pool, square, BROOD_ARGS(7)).as.integer == 49);
    EXPECT(apply(pool, process_id, brood_nil()).as.integer != brood_current_pid());
    EXPECT(apply(pool, nothing, brood_nil()).kind == BROOD_KIND_NIL);
    value = apply(pool, echo, BROOD_ARGS(1, "two", 3.5, brood_bool(true), BROOD_NIL, BROOD_LIST(4, 5)));
    EXPECT_TEXT("[1, 'two', 3.5, True, None, [4, 5]]", brood_value_string(value, mem));
    end_pool(pool);
}

static void apply_async_returns_before_the_task_is_done(void) /* POOL-08, ARES-01, ARES-05 */
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *future = give(pool, hold, BROOD_ARGS(begun, go));
    brood_value_t value;

    (void) harness_get(begun, mem);
    EXPECT(!brood_future_ready(future));
    EXPECT(brood_future_state(future) == BROOD_STARTED);
    EXPECT_STATUS(APR_TIMEUP, brood_future_get(&value, future, BROOD_NOWAIT, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_future_get(&value, future, 1000, mem));
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_future_get(&value, future, BROOD_FOREVER, mem));
    EXPECT_OK(brood_future_get(&value, future, BROOD_NOWAIT, mem));
    EXPECT(brood_future_state(future) == BROOD_SUCCEEDED);
    end_pool(pool);
}

static void nobody_has_to_want_a_result(void) /* POOL-08 */
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *go = new_event();

    EXPECT_OK(brood_event_set(go));
    for (int i = 0; i < 10; i++)
        EXPECT_OK(brood_pool_apply_async(NULL, pool, hold, BROOD_ARGS(begun, go), NULL, mem));
    for (int i = 0; i < 10; i++)
        (void) harness_get(begun, mem);
    end_pool(pool);
}

static void as_many_tasks_run_at_once_as_there_are_workers(void) /* POOL-41 */
{
    brood_pool_t *pool = new_pool(3);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_barrier_t *barrier = NULL;
    brood_future_t *future[6];
    int started = 0, pending = 0;
    apr_size_t waiting = 1;

    EXPECT_OK(brood_barrier_create(&barrier, 3, NULL, mem));
    for (int i = 0; i < 3; i++)
        future[i] = give(pool, meet, BROOD_ARGS(barrier));
    for (int i = 0; i < 3; i++)
        EXPECT_OK(status_of(future[i]));
    for (int i = 0; i < 6; i++)
        future[i] = give(pool, hold, BROOD_ARGS(begun, go));
    for (int i = 0; i < 3; i++)
        (void) harness_get(begun, mem);
    for (int i = 0; i < 6; i++) {
        started += brood_future_state(future[i]) == BROOD_STARTED;
        pending += brood_future_state(future[i]) == BROOD_PENDING;
    }
    EXPECT(started == 3 && pending == 3);
    EXPECT_OK(brood_queue_size(&waiting, begun));
    EXPECT(waiting == 0);
    EXPECT_OK(brood_event_set(go));
    for (int i = 0; i < 6; i++)
        EXPECT_OK(status_of(future[i]));
    end_pool(pool);
}

static void more_tasks_than_places_all_run(void) /* POOL-41 */
{
    brood_pool_t *pool = new_pool(2);
    brood_future_t *future[3000];

    for (int i = 0; i < 3000; i++)
        future[i] = give(pool, square, BROOD_ARGS(i));
    for (int i = 2999; i >= 0; i--)
        EXPECT(value_of(future[i]).as.integer == (apr_int64_t) i * i);
    end_pool(pool);
}

typedef struct applier_t {
    brood_pool_t *pool;
    apr_pool_t *mem;
    brood_value_t value;
    int from, right;
} applier_t;

static void *APR_THREAD_FUNC apply_some(apr_thread_t *thread, void *data)
{
    applier_t *self = data;

    (void) thread;
    for (int i = 0; i < 100; i++) {
        const int n = self->from + i;

        if (brood_pool_apply(&self->value, self->pool, square, BROOD_ARGS(n), self->mem) == APR_SUCCESS)
            self->right += self->value.as.integer == (apr_int64_t) n * n;
    }
    return NULL;
}

static void any_thread_may_use_a_pool(void)
{
    brood_pool_t *pool = new_pool(2);
    applier_t applier[4];
    apr_thread_t *thread[4];

    for (int i = 0; i < 4; i++) {
        applier[i] = (applier_t){.pool = pool, .from = 1000 * i};
        EXPECT_OK(apr_pool_create_unmanaged(&applier[i].mem));
        EXPECT_OK(apr_thread_create(&thread[i], NULL, apply_some, &applier[i], mem));
    }
    for (int i = 0; i < 4; i++) {
        harness_join(thread[i]);
        EXPECT(applier[i].right == 100);
        apr_pool_destroy(applier[i].mem);
    }
    end_pool(pool);
}

/* ---- claims: arguments ---- */

static void objects_among_the_arguments_are_the_workers_too(void) /* POOL-38 */
{
    brood_pool_t *pool = new_pool(2);
    const brood__heap_use_t before = use();
    brood_connection_t *here = NULL, *there = NULL;
    brood_queue_t *queue = harness_queue(mem);
    brood_array_t *array = new_counts(8);
    brood_lock_t *lock = NULL;
    int sum = 0;

    EXPECT_OK(brood_lock_create(&lock, mem));
    for (int i = 0; i < 8; i++) {
        brood_value_t word = brood_nil();

        EXPECT_OK(brood_pipe_create(&here, &there, BROOD_ONE_WAY, mem));
        EXPECT(apply(pool, use_objects, BROOD_ARGS(queue, lock, array, there, i)).kind == BROOD_KIND_NIL);
        brood_connection_close(there);
        EXPECT_OK(brood_connection_recv(&word, here, BROOD_FOREVER, mem));
        EXPECT_TEXT("done", word.as.text.data);
        brood_connection_close(here);
        sum += (int) harness_get(queue, mem).as.integer;
    }
    EXPECT(sum == 28);
    for (int i = 0; i < 8; i++)
        EXPECT(counts(array)[i] == 100 + i);
    end_pool(pool);
    brood_queue_close(queue);
    brood_array_close(array);
    brood_lock_close(lock);
    EXPECT(use().objects <= before.objects);
}

static void large_arguments_and_results_leave_nothing_behind(void) /* POOL-38 */
{
    unsigned char *large = malloc(LARGE);
    brood__heap_use_t before;
    brood_pool_t *pool;

    EXPECT(large != NULL);
    for (int i = 0; i < LARGE; i++)
        large[i] = (unsigned char) (i * 7);
    mem = harness_mem();
    before = use();
    pool = new_pool_with(2, NULL);
    for (int i = 0; i < 20; i++) {
        const brood_value_t value = apply(pool, add_one, BROOD_ARGS(brood_bytes(large, LARGE)));
        bool same = value.kind == BROOD_KIND_BYTES && value.as.bytes.size == LARGE;

        for (int k = 0; same && k < LARGE; k++)
            same = ((const unsigned char *) value.as.bytes.data)[k] == (unsigned char) (large[k] + 1);
        EXPECT(same);
    }
    for (int i = 0; i < 4; i++) /* and one whose result nobody fetches */
        (void) give(pool, add_one, BROOD_ARGS(brood_bytes(large, LARGE)));
    end_pool(pool);
    mem = harness_mem();
    expect_use(&before);
    free(large);
}

/* ---- claims: what is refused ---- */

static void bad_calls_are_refused_before_anything_runs(void) /* POOL-02, POOL-20, PPE-01, PPE-11 */
{
    brood_pool_t *pool = new_pool(1), *none = NULL;
    brood_future_t *future = NULL;
    brood_lock_t *lock = NULL;
    brood_value_t value;

    EXPECT_STATUS(BROOD_EENTRY, brood_pool_apply(&value, pool, unlisted, brood_nil(), mem));
    EXPECT_STATUS(BROOD_EARGS, brood_pool_apply(&value, pool, square, brood_int(1), mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_pool_apply(&value, pool, echo, BROOD_ARGS("\xff"), mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_pool_apply_async(&future, pool, echo, BROOD_ARGS("\xff"), NULL, mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_pool_map(&value, pool, echo, BROOD_LIST(1, 2, "\xff", 4), mem));
    EXPECT(apply(pool, square, BROOD_ARGS(3)).as.integer == 9);
    end_pool(pool);
    EXPECT_STATUS(APR_EINVAL, brood_pool_create(&none, BROOD_POOL_LIMIT + 1, NULL, mem));
    EXPECT_STATUS(BROOD_EENTRY, brood_pool_create(&none, 1, &(brood_pool_options_t){.initializer = unlisted}, mem));
    EXPECT_STATUS(BROOD_EARGS, brood_pool_create(&none, 1, &(brood_pool_options_t){.initargs = brood_int(1)}, mem));
    EXPECT_OK(brood_lock_create(&lock, mem));
    brood_lock_close(lock);
    EXPECT_STATUS(BROOD_ECLOSED,
                  brood_pool_create(&none, 1, &(brood_pool_options_t){.initargs = BROOD_LIST(lock)}, mem));
}

static void there_is_one_worker_for_each_usable_cpu(void) /* POOL-01, POOL-04, PPE-01 */
{
    brood_pool_t *pool = new_pool(0);
    brood_process_t **workers = brood_pool_workers(pool, mem);
    int count = 0;

    while (workers[count] != NULL) {
        EXPECT(strncmp(brood_process_name(workers[count]), "PoolWorker-", 11) == 0);
        EXPECT(brood_process_daemon(workers[count]));
        count++;
    }
    EXPECT(count == brood_usable_cpu_count());
    end_pool(pool);
    EXPECT(brood_pool_workers(pool, mem)[0] == NULL);
}

static apr_size_t count_workers(brood_pool_t *pool)
{
    brood_process_t **workers = brood_pool_workers(pool, mem);
    apr_size_t count = 0;

    while (workers[count] != NULL)
        count++;
    return count;
}

static void lazy_workers_start_while_none_is_idle__PPE_03(void)
{
    brood_queue_t *begun;
    brood_event_t *go;
    brood_pool_t *pool;

    mem = harness_mem();
    begun = harness_queue(mem);
    go = new_event();
    pool = new_pool_with(3, &(brood_pool_options_t){.lazy = true});
    EXPECT(count_workers(pool) == 0 && harness_children(mem) == 0);
    for (int i = 0; i < 10; i++)
        EXPECT(apply(pool, square, BROOD_ARGS(i)).as.integer == (apr_int64_t) i * i);
    EXPECT(count_workers(pool) == 1);
    for (apr_size_t i = 1; i <= 3; i++) {
        (void) give(pool, hold, BROOD_ARGS(begun, go));
        (void) harness_get(begun, mem);
        EXPECT(count_workers(pool) == i);
    }
    (void) give(pool, hold, BROOD_ARGS(begun, go));
    EXPECT_OK(brood_event_set(go));
    (void) harness_get(begun, mem);
    EXPECT(count_workers(pool) == 3);
    end_pool(pool);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing),     BROOD_ENTRY(echo),    BROOD_ENTRY(square),
                                        BROOD_ENTRY(process_id),  BROOD_ENTRY(hold),    BROOD_ENTRY(meet),
                                        BROOD_ENTRY(use_objects), BROOD_ENTRY(add_one), BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(apply_runs_one_call_in_a_worker_and_gives_its_result),
        TEST(apply_async_returns_before_the_task_is_done),
        TEST(nobody_has_to_want_a_result),
        TEST(as_many_tasks_run_at_once_as_there_are_workers),
        TEST(more_tasks_than_places_all_run),
        TEST(any_thread_may_use_a_pool),
        TEST(objects_among_the_arguments_are_the_workers_too),
        TEST(large_arguments_and_results_leave_nothing_behind),
        TEST(bad_calls_are_refused_before_anything_runs),
        TEST(there_is_one_worker_for_each_usable_cpu),
        TEST(lazy_workers_start_while_none_is_idle__PPE_03),
    };

    return harness_tree(argc, argv, entries, "pool", tests, sizeof tests / sizeof tests[0]);
}
