/* Objects as items: queues in queues, locks in requests. */
#include "queue_fixture.h"

/* ---- children ---- */

/* Answers requests [number, reply queue] until nil. */
static apr_status_t serve(brood_call_t *call)
{
    brood_queue_t *requests;
    apr_pool_t *pool;

    BROOD_TRY(BROOD_UNPACK(call->args, &requests));
    BROOD_TRY(apr_pool_create(&pool, call->mem));
    for (;;) {
        brood_queue_t *reply;
        brood_value_t request;
        int number;

        BROOD_TRY(brood_queue_get(&request, requests, BROOD_FOREVER, pool));
        if (request.kind == BROOD_KIND_NIL)
            return APR_SUCCESS;
        BROOD_TRY(BROOD_UNPACK(request, &number, &reply));
        BROOD_TRY(brood_queue_put(reply, brood_int(number * 2), BROOD_FOREVER));
        apr_pool_clear(pool);
    }
}

/* Asks with a new queue for each answer, until `count` have come; below 0: until it is killed. */
static apr_status_t ask(brood_call_t *call)
{
    brood_queue_t *requests;
    apr_pool_t *pool;
    int count;

    BROOD_TRY(BROOD_UNPACK(call->args, &requests, &count));
    BROOD_TRY(apr_pool_create(&pool, call->mem));
    for (int i = 0; i != count; i++) {
        brood_queue_t *reply;
        brood_value_t answer;

        BROOD_TRY(brood_queue_create(&reply, 1, NULL, pool));
        BROOD_TRY(brood_queue_put(requests, BROOD_LIST(i % 1000, reply), BROOD_FOREVER));
        BROOD_TRY(brood_queue_get(&answer, reply, BROOD_FOREVER, pool));
        if (answer.as.integer != i % 1000 * 2)
            return brood_fail(APR_EGENERAL, "another answer was due");
        apr_pool_clear(pool);
    }
    return APR_SUCCESS;
}

/* Adds under the lock that comes in an item, `times` times. */
static apr_status_t add(brood_call_t *call)
{
    brood_queue_t *queue;
    brood_array_t *sum;
    brood_lock_t *lock;
    brood_value_t item;
    int times;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    BROOD_TRY(brood_queue_get(&item, queue, BROOD_FOREVER, call->mem));
    BROOD_TRY(BROOD_UNPACK(item, &lock, &sum, &times));
    for (int i = 0; i < times; i++) {
        BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
        ++*(int *) brood_array_data(sum);
        BROOD_TRY(brood_lock_release(lock));
    }
    return APR_SUCCESS;
}

/* Starts a child of its own with the queue that comes through the queue, and says how that ended. */
static apr_status_t hand_on(brood_call_t *call)
{
    brood_process_t *child;
    brood_queue_t *queue, *inner;
    brood_value_t item;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    BROOD_TRY(brood_queue_get(&item, queue, BROOD_FOREVER, call->mem));
    BROOD_TRY(brood_queue_from_value(&inner, item));
    BROOD_TRY(brood_process_start(&child, ask, BROOD_ARGS(inner, 20), NULL, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    return brood_process_exitcode(child) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

/* ---- claims ---- */

static void a_request_carries_the_queue_for_its_answer__CTX_15(void) /* QUE-22: better */
{
    const brood__heap_use_t before = use();
    brood_queue_t *requests = new_queue(0);
    brood_process_t *server[2], *client[3];

    for (int i = 0; i < 2; i++)
        server[i] = start(serve, BROOD_ARGS(requests));
    for (int i = 0; i < 3; i++)
        client[i] = start(ask, BROOD_ARGS(requests, 300));
    for (int i = 0; i < 3; i++)
        EXPECT_EXIT(0, client[i]);
    for (int i = 0; i < 2; i++)
        EXPECT_OK(brood_queue_put(requests, brood_nil(), BROOD_FOREVER));
    for (int i = 0; i < 2; i++)
        EXPECT_EXIT(0, server[i]);
    brood_queue_close(requests);
    expect_use(&before);
}

static void clients_and_servers_that_are_killed_leave_nothing_behind(void) /* QUE-20 */
{
    const brood__heap_use_t before = use();
    brood_queue_t *requests = new_queue(0);

    for (int round = 0; round < 15; round++) {
        brood_process_t *server = start(serve, BROOD_ARGS(requests)), *client = start(ask, BROOD_ARGS(requests, -1)),
                        *other = start(ask, BROOD_ARGS(requests, 20));

        EXPECT_OK(brood_process_join(other, BROOD_FOREVER)); /* they are at work */
        EXPECT_OK(brood_process_kill(round % 2 == 0 ? server : client));
        EXPECT_OK(brood_process_kill(round % 2 == 0 ? client : server));
        EXPECT_OK(brood_process_join(server, BROOD_FOREVER));
        EXPECT_OK(brood_process_join(client, BROOD_FOREVER));
    }
    brood_queue_close(requests);
    expect_use(&before);
}

static void a_lock_in_an_item_locks_and_outlives_who_has_put_it(void)
{
    const brood__heap_use_t before = use();
    brood_queue_t *queue = new_queue(0);
    brood_process_t *process[3];
    brood_array_t *sum;
    brood_lock_t *lock;

    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_OK(brood_raw_array_create(&sum, 1, sizeof(int), NULL, mem));
    for (int i = 0; i < 3; i++)
        EXPECT_OK(brood_queue_put(queue, BROOD_LIST(lock, sum, 1000), BROOD_FOREVER));
    brood_lock_close(lock);
    for (int i = 0; i < 3; i++)
        process[i] = start(add, BROOD_ARGS(queue));
    for (int i = 0; i < 3; i++)
        EXPECT_EXIT(0, process[i]);
    EXPECT(*(int *) brood_array_data(sum) == 3000);
    brood_array_close(sum);
    brood_queue_close(queue);
    expect_use(&before);
}

static void a_queue_from_a_queue_goes_on_to_a_grandchild(void)
{
    const brood__heap_use_t before = use();
    brood_queue_t *queue = new_queue(0), *inner = new_queue(0);
    brood_process_t *server = start(serve, BROOD_ARGS(inner)), *child = start(hand_on, BROOD_ARGS(queue));

    EXPECT_OK(brood_queue_put(queue, BROOD_VALUE(inner), BROOD_FOREVER));
    brood_queue_close(queue);
    EXPECT_EXIT(0, child);
    EXPECT_OK(brood_queue_put(inner, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, server);
    brood_queue_close(inner);
    expect_use(&before);
}

static void many_objects_go_at_once(void)
{
    const brood__heap_use_t before = use();
    brood_queue_t *queue = new_queue(0), *inner[40], *got;
    brood_value_t items[40];
    apr_size_t count = 40;

    for (int i = 0; i < 40; i++) {
        inner[i] = new_queue(0);
        EXPECT_OK(brood_queue_put(inner[i], brood_int(i), BROOD_NOWAIT));
        items[i] = BROOD_VALUE(inner[i]);
    }
    EXPECT_OK(brood_queue_put_many(queue, items, &count, BROOD_NOWAIT));
    EXPECT(count == 40);
    for (int i = 0; i < 40; i++)
        brood_queue_close(inner[i]);
    EXPECT_OK(brood_queue_get_many(items, &count, queue, BROOD_NOWAIT, mem));
    EXPECT(count == 40);
    for (int i = 0; i < 40; i++) {
        brood_value_t item = brood_nil();

        EXPECT_OK(brood_queue_from_value(&got, items[i]));
        EXPECT_OK(brood_queue_get(&item, got, BROOD_NOWAIT, mem));
        EXPECT(item.as.integer == i);
        brood_queue_close(got);
    }
    brood_queue_close(queue);
    expect_use(&before);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_request_carries_the_queue_for_its_answer__CTX_15),
        TEST(clients_and_servers_that_are_killed_leave_nothing_behind),
        TEST(a_lock_in_an_item_locks_and_outlives_who_has_put_it),
        TEST(a_queue_from_a_queue_goes_on_to_a_grandchild),
        TEST(many_objects_go_at_once),
    };

    mem = call->mem;
    return harness_run("queue, objects", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(serve), BROOD_ENTRY(ask), BROOD_ENTRY(add), BROOD_ENTRY(hand_on))
