/* Leases and the end of a queue; who waits; threads; workers killed at any moment. */
#include "lease_fixture.h"
#include <apr_thread_proc.h>

/* ---- children ---- */

/* Does each number until the end, and says which.  `done` counts how often each was done. */
static apr_status_t work(brood_call_t *call)
{
    brood_queue_t *tasks;
    brood_array_t *done;
    apr_status_t rc;
    int64_t number;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &done));
    for (;;) {
        apr_size_t size = sizeof number;

        rc = brood_queue_get_into(&number, &size, tasks, BROOD_FOREVER);
        if (rc == APR_EOF)
            return APR_SUCCESS;
        BROOD_TRY(rc);
        atomic_fetch_add((_Atomic int *) brood_array_data(done) + number, 1);
        BROOD_TRY(brood_queue_task_done(tasks));
    }
}

/* Tells of each item, how often that was given out, and at last of the end. */
static apr_status_t say(brood_call_t *call)
{
    brood_queue_t *tasks, *results;
    brood_value_t item;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &results));
    BROOD_TRY(brood_queue_put(results, brood_nil(), BROOD_FOREVER));
    while ((rc = brood_queue_get(&item, tasks, BROOD_FOREVER, call->mem)) == APR_SUCCESS) {
        const unsigned deliveries = brood_queue_deliveries(tasks);

        BROOD_TRY(brood_queue_task_done(tasks));
        BROOD_TRY(brood_queue_put(results, BROOD_LIST(item, deliveries), BROOD_FOREVER));
    }
    return brood_queue_put(results, BROOD_LIST(rc == APR_EOF ? -1 : -2, 0), BROOD_FOREVER);
}

static void *APR_THREAD_FUNC do_one(apr_thread_t *thread, void *queue)
{
    static brood_value_t item; /* not on the stack, which it leaves without a return */
    apr_status_t rc = brood_queue_get(&item, queue, BROOD_FOREVER, apr_thread_pool_get(thread));

    apr_thread_exit(thread, rc != APR_SUCCESS ? rc : brood_queue_task_done(queue));
    return NULL;
}

/* Two threads get an item each; the second one does its own. */
static apr_status_t hold_in_one_thread(brood_call_t *call)
{
    brood_queue_t *tasks, *ready;
    apr_thread_t *thread;
    brood_value_t item;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &ready));
    BROOD_TRY(brood_queue_get(&item, tasks, BROOD_FOREVER, call->mem));
    BROOD_TRY(apr_thread_create(&thread, NULL, do_one, tasks, call->mem));
    BROOD_TRY(apr_thread_join(&rc, thread));
    BROOD_TRY(rc);
    BROOD_TRY(brood_queue_put(ready, item, BROOD_FOREVER));
    for (;;)
        apr_sleep(apr_time_from_sec(1));
}

/* ---- help ---- */

static void expect_told(brood_queue_t *results, int64_t number, int64_t deliveries)
{
    const brood_value_t told = get_value(results);

    EXPECT(brood_value_at(told, 0).as.integer == number);
    EXPECT(brood_value_at(told, 1).as.integer == deliveries);
}

/* ---- claims ---- */

static void who_waits_gets_what_comes_back(void)
{
    brood_queue_t *tasks = new_tasks(0), *results = new_queue(0);
    brood_process_t *holder, *teller;

    put_number(tasks, 7);
    holder = holder_of(tasks, 1, KILLED);
    teller = start(say, BROOD_ARGS(tasks, results));
    (void) get_value(results);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, 20000)); /* it sleeps by now, perhaps */
    EXPECT_KILLED(holder);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    expect_told(results, 7, 2);
    EXPECT_KILLED(teller);
    brood_queue_close(tasks);
    brood_queue_close(results);
}

static void the_end_is_told_when_nothing_can_come_back(void)
{
    brood_queue_t *tasks = new_tasks(0), *results = new_queue(0);
    brood_process_t *holder, *teller;
    int64_t first;

    put_number(tasks, 1);
    put_number(tasks, 2);
    holder = holder_of(tasks, 2, KILLED);
    EXPECT_OK(brood_queue_shutdown(tasks, false));
    EXPECT_STATUS(APR_TIMEUP, try_get(tasks)); /* they may come back */
    teller = start(say, BROOD_ARGS(tasks, results));
    (void) get_value(results);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, 20000));
    EXPECT_KILLED(holder);
    first = brood_value_at(get_value(results), 0).as.integer;
    expect_told(results, 3 - first, 2); /* in any order, as it waits for them while they come */
    expect_told(results, -1, 0);
    EXPECT_EXIT(0, teller);
    EXPECT_STATUS(APR_EOF, try_get(tasks));
    EXPECT_OK(brood_queue_join(tasks, BROOD_NOWAIT));
    brood_queue_close(tasks);
    brood_queue_close(results);
}

static void who_has_an_item_is_told_the_end_at_once(void)
{
    brood_queue_t *tasks = new_tasks(0), *results = new_queue(0);
    brood_process_t *teller;
    brood_value_t item;

    put_number(tasks, 1);
    EXPECT(get_number(tasks) == 1);
    EXPECT_OK(brood_queue_shutdown(tasks, false));
    teller = start(say, BROOD_ARGS(tasks, results));
    (void) get_value(results);
    EXPECT_STATUS(APR_EOF, brood_queue_get(&item, tasks, BROOD_FOREVER, mem)); /* or both would wait for ever */
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&item, results, 20000, mem));
    EXPECT_OK(brood_queue_task_done(tasks)); /* it was the last one: the other wakes */
    expect_told(results, -1, 0);
    EXPECT_EXIT(0, teller);
    brood_queue_close(tasks);
    brood_queue_close(results);
}

static void an_immediate_shutdown_drops_what_comes_back(void) /* JQ-09 */
{
    const brood__heap_use_t before = use();

    for (int how = KILLED; how <= CLOSES_LATE; how += CLOSES_LATE - KILLED) {
        brood_queue_t *tasks = new_tasks(0), *ready = new_queue(0);
        brood_process_t *holder;

        for (int i = 0; i < 5; i++)
            put_number(tasks, i);
        EXPECT(get_number(tasks) == 0);
        holder = start(hold, BROOD_ARGS(tasks, ready, 2, how));
        EXPECT(get_number(ready) == 2);
        if (how == KILLED)
            EXPECT_KILLED(holder_of(tasks, 1, KILLED)); /* one that has come back already */
        EXPECT_OK(brood_queue_shutdown(tasks, true));
        if (how == CLOSES_LATE)
            EXPECT(get_number(ready) == -1);
        EXPECT_KILLED(holder);
        EXPECT_STATUS(APR_EOF, try_get(tasks));
        expect_size(tasks, 0);
        EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, BROOD_NOWAIT)); /* this process has one */
        EXPECT_OK(brood_queue_task_done(tasks));
        EXPECT_OK(brood_queue_join(tasks, BROOD_NOWAIT));
        brood_queue_close(tasks);
        brood_queue_close(ready);
    }
    expect_use(&before);
}

static void the_last_writers_items_come_back_before_the_end(void) /* SQ-06 */
{
    brood_queue_t *tasks = new_queue_with(0, &(brood_queue_options_t){.lease = true, .ends_with_writers = true});
    brood_process_t *holder;

    put_number(tasks, 1);
    put_number(tasks, 2);
    holder = holder_of(tasks, 2, KILLED);
    EXPECT_STATUS(APR_TIMEUP, try_get(tasks));
    EXPECT_OK(brood_process_kill(holder));
    EXPECT(get_number(tasks) + get_number(tasks) == 3); /* in any order, likewise */
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_KILLED(holder);
    EXPECT_STATUS(APR_EOF, try_get(tasks));
    brood_queue_close(tasks);
}

static void each_thread_does_its_own(void)
{
    brood_queue_t *tasks = new_tasks(0), *ready = new_queue(0);
    brood_process_t *holder;

    put_number(tasks, 1);
    put_number(tasks, 2);
    holder = start(hold_in_one_thread, BROOD_ARGS(tasks, ready));
    EXPECT(get_number(ready) == 1);
    EXPECT_KILLED(holder);
    expect_item(tasks, 1, 2); /* not the other thread's */
    EXPECT_OK(brood_queue_join(tasks, BROOD_NOWAIT));
    brood_queue_close(tasks);
    brood_queue_close(ready);
}

static void workers_that_are_killed_anywhere_lose_nothing(void) /* JQ-06, QUE-20 */
{
    enum { ITEMS = 3000, WORKERS = 3 };
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_queue_with(20, &(brood_queue_options_t){.lease = true, .deliveries = 1000});
    brood_process_t *worker[WORKERS];
    brood_array_t *done;
    _Atomic int *times;

    EXPECT_OK(brood_array_create(&done, ITEMS, sizeof(int), NULL, mem));
    times = brood_array_data(done);
    for (int i = 0; i < WORKERS; i++)
        worker[i] = start(work, BROOD_ARGS(tasks, done));
    for (int64_t i = 0; i < ITEMS; i++) {
        EXPECT_OK(brood_queue_put_bytes(tasks, &i, sizeof i, BROOD_FOREVER));
        if (i % 60 == 59) {
            EXPECT_KILLED(worker[i / 60 % WORKERS]);
            worker[i / 60 % WORKERS] = start(work, BROOD_ARGS(tasks, done));
        }
    }
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_OK(brood_queue_shutdown(tasks, false));
    for (int i = 0; i < WORKERS; i++)
        EXPECT_EXIT(0, worker[i]);
    for (int i = 0, again = 0; i < ITEMS; i++) {
        if (atomic_load(&times[i]) == 0)
            EXPECT(false);
        again += atomic_load(&times[i]) - 1;
        if (i == ITEMS - 1)
            EXPECT(again <= ITEMS / 60); /* only what somebody had who was killed */
    }
    brood_array_close(done);
    brood_queue_close(tasks);
    expect_use(&before);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(who_waits_gets_what_comes_back),
        TEST(the_end_is_told_when_nothing_can_come_back),
        TEST(who_has_an_item_is_told_the_end_at_once),
        TEST(an_immediate_shutdown_drops_what_comes_back),
        TEST(the_last_writers_items_come_back_before_the_end),
        TEST(each_thread_does_its_own),
        TEST(workers_that_are_killed_anywhere_lose_nothing),
    };

    mem = call->mem;
    return harness_run("queue, leases and the end", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS
                                                                                                : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(hold), BROOD_ENTRY(work), BROOD_ENTRY(say), BROOD_ENTRY(hold_in_one_thread))
