/* The option lease: what a process has got and not done comes back when it ends, whole, to be got by another. */
#include "queue_fixture.h"
#include <apr_general.h>
#include <apr_thread_proc.h>
#include <stdlib.h>
#include <string.h>

#define ARENA (32u << 20)

/* How a holder ends. */
enum { KILLED, ENDS, CLOSES, CLOSES_LATE };

/* ---- children ---- */

/* Gets some and does none; then it waits to be killed, or ends, or closes the queue, perhaps not before that was shut
 * down, and waits. */
static apr_status_t hold(brood_call_t *call)
{
    brood_queue_t *tasks, *ready;
    brood_value_t items[32];
    int count, how;
    apr_size_t got = 0;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &ready, &count, &how));
    while (got < (apr_size_t) count) {
        apr_size_t some = (apr_size_t) count - got;

        BROOD_TRY(brood_queue_get_many(&items[got], &some, tasks, BROOD_FOREVER, call->mem));
        got += some;
    }
    if (how == CLOSES)
        brood_queue_close(tasks);
    BROOD_TRY(brood_queue_put(ready, brood_int(count), BROOD_FOREVER));
    if (how == CLOSES_LATE) {
        while (brood_queue_get(items, tasks, BROOD_FOREVER, call->mem) == APR_SUCCESS)
            ;
        brood_queue_close(tasks);
        BROOD_TRY(brood_queue_put(ready, brood_int(-1), BROOD_FOREVER));
    }
    while (how != ENDS)
        apr_sleep(apr_time_from_sec(1));
    return APR_SUCCESS;
}

/* The same with bytes, in each way that there is. */
static apr_status_t hold_bytes(brood_call_t *call)
{
    static char room[300000];
    brood_queue_t *tasks, *ready;
    brood_bytes_t items[2];
    apr_size_t size = sizeof room, two = 2;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &ready));
    BROOD_TRY(brood_queue_get_into(room, &size, tasks, BROOD_FOREVER));
    BROOD_TRY(brood_queue_get_bytes(&items[0], tasks, BROOD_FOREVER, call->mem));
    BROOD_TRY(brood_queue_borrow(&items[0], tasks, BROOD_FOREVER));
    brood_queue_give_back(tasks, items[0]); /* does not end the lease */
    BROOD_TRY(brood_queue_get_many_bytes(items, &two, tasks, BROOD_FOREVER, call->mem));
    BROOD_TRY(brood_queue_put(ready, brood_uint(two), BROOD_FOREVER));
    for (;;)
        apr_sleep(apr_time_from_sec(1));
}

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
static apr_status_t tell(brood_call_t *call)
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

/* Two threads get an item each; the second one does its own. */
static void *APR_THREAD_FUNC do_one(apr_thread_t *thread, void *queue)
{
    brood_value_t item;
    apr_status_t rc = brood_queue_get(&item, queue, BROOD_FOREVER, apr_thread_pool_get(thread));

    if (rc == APR_SUCCESS)
        rc = brood_queue_task_done(queue);
    apr_thread_exit(thread, rc);
    return NULL;
}

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

static brood_queue_t *new_tasks(apr_size_t maxsize)
{
    return new_queue_with(maxsize, &(brood_queue_options_t){.lease = true});
}

/* A child that has got `count` items. */
static brood_process_t *holder_of(brood_queue_t *tasks, int count, int how)
{
    brood_queue_t *ready = new_queue(0);
    brood_process_t *holder = start(hold, BROOD_ARGS(tasks, ready, count, how));

    EXPECT(get_number(ready) == count);
    brood_queue_close(ready);
    return holder;
}

static void expect_item(brood_queue_t *tasks, int64_t number, unsigned deliveries)
{
    EXPECT(get_number(tasks) == number);
    EXPECT(brood_queue_deliveries(tasks) == deliveries);
    EXPECT_OK(brood_queue_task_done(tasks));
}

static void expect_told(brood_queue_t *results, int64_t number, int64_t deliveries)
{
    const brood_value_t told = get_value(results);

    EXPECT(brood_value_at(told, 0).as.integer == number);
    EXPECT(brood_value_at(told, 1).as.integer == deliveries);
}

static apr_status_t try_get(brood_queue_t *queue)
{
    brood_value_t item;

    return brood_queue_get(&item, queue, BROOD_NOWAIT, mem);
}

/* ---- claims ---- */

static void an_item_is_its_takers_until_it_is_done(void) /* JQ-06 */
{
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_tasks(0), *plain = new_queue(0);
    brood_process_t *holder;

    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT(brood_queue_deliveries(tasks) == 0 && brood_queue_deliveries(plain) == 0);
    for (int i = 0; i < 4; i++)
        put_number(tasks, i);
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(tasks));
    EXPECT_MESSAGE("more often");
    holder = holder_of(tasks, 2, KILLED);
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(tasks)); /* it has some, this process has none */
    EXPECT(get_number(tasks) == 2 && get_number(tasks) == 3);
    EXPECT(brood_queue_deliveries(tasks) == 1);
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(tasks));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, 1000));
    kill_and_join(holder);
    expect_item(tasks, 0, 2);
    expect_item(tasks, 1, 2);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_TEXT("<JoinableQueue size=0>", brood_value_string(brood_queue_to_value(tasks), mem));
    brood_queue_close(tasks);
    EXPECT(brood_queue_deliveries(tasks) == 0);
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_task_done(tasks));
    brood_queue_close(plain);
    expect_use(&before);
}

/* Before all others, in their order. */
static void comes_back_from(int how)
{
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_tasks(0);
    brood_process_t *holder, *second;

    for (int i = 0; i < 8; i++)
        put_number(tasks, i);
    holder = holder_of(tasks, 3, KILLED);
    second = holder_of(tasks, 3, how);
    kill_and_join(holder);
    if (how == KILLED)
        kill_and_join(second);
    else if (how == ENDS)
        expect_end(second);
    expect_size(tasks, 8);
    EXPECT_TEXT("<JoinableQueue size=8>", brood_value_string(brood_queue_to_value(tasks), mem));
    if (how != CLOSES) {
        for (int i = 0; i < 6; i++)
            expect_item(tasks, i, 2);
    } else { /* it had closed before the other one died */
        int64_t sum = 0;

        for (int i = 0; i < 6; i++) {
            sum += get_number(tasks);
            EXPECT(brood_queue_deliveries(tasks) == 2);
            EXPECT_OK(brood_queue_task_done(tasks));
        }
        EXPECT(sum == 15);
    }
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, BROOD_NOWAIT));
    expect_item(tasks, 6, 1);
    expect_item(tasks, 7, 1);
    EXPECT_OK(brood_queue_join(tasks, BROOD_NOWAIT)); /* none was lost */
    if (how == CLOSES)
        kill_and_join(second);
    EXPECT_OK(brood_queue_join(tasks, BROOD_NOWAIT));
    brood_queue_close(tasks);
    expect_use(&before);
}

static void what_a_killed_process_had_comes_back(void) /* JQ-06 */
{
    comes_back_from(KILLED);
}

static void what_a_process_had_that_ended_comes_back(void) /* JQ-06 */
{
    comes_back_from(ENDS);
}

static void what_a_process_had_that_closed_comes_back(void) /* JQ-06 */
{
    comes_back_from(CLOSES);
}

static void who_waits_gets_what_comes_back(void)
{
    brood_queue_t *tasks = new_tasks(0), *results = new_queue(0);
    brood_process_t *holder, *teller;

    put_number(tasks, 7);
    holder = holder_of(tasks, 1, KILLED);
    teller = start(tell, BROOD_ARGS(tasks, results));
    (void) get_value(results);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, 20000)); /* it sleeps by now, perhaps */
    kill_and_join(holder);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    expect_told(results, 7, 2);
    kill_and_join(teller);
    brood_queue_close(tasks);
    brood_queue_close(results);
}

static void an_item_that_ends_its_takers_is_lost_in_the_end(void)
{
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_queue_with(0, &(brood_queue_options_t){.lease = true, .deliveries = 3});

    put_number(tasks, 1);
    for (unsigned i = 1; i <= 2; i++) {
        kill_and_join(holder_of(tasks, 1, KILLED));
        expect_size(tasks, 1);
    }
    put_number(tasks, 2);
    EXPECT(get_number(tasks) == 1 && brood_queue_deliveries(tasks) == 3);
    EXPECT_OK(brood_queue_task_done(tasks));

    put_number(tasks, 3);
    for (int i = 0; i < 3; i++)
        kill_and_join(holder_of(tasks, 2, i % 2 == 0 ? KILLED : CLOSES));
    expect_size(tasks, 0);
    EXPECT_STATUS(APR_TIMEUP, try_get(tasks));
    EXPECT_STATUS(BROOD_EOWNERDEAD, brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_MESSAGE("2");
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER)); /* told once */
    put_number(tasks, 4);
    for (int i = 0; i < 3; i++)
        kill_and_join(holder_of(tasks, 1, KILLED));
    brood_queue_close(tasks); /* told never */
    expect_use(&before);
}

static void objects_in_an_item_come_back_with_it(void) /* QUE-22 */
{
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_tasks(0), *inner = new_queue(0);
    brood_lock_t *lock;
    brood_value_t item;
    apr_pool_t *own;

    put_number(inner, 5);
    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_OK(brood_queue_put(tasks, BROOD_LIST(lock, inner, "text"), BROOD_NOWAIT));
    brood_queue_close(inner);
    brood_lock_close(lock);
    for (int i = 0; i < 3; i++)
        kill_and_join(holder_of(tasks, 1, i % 2 == 0 ? KILLED : CLOSES));
    EXPECT_OK(apr_pool_create(&own, mem));
    EXPECT_OK(brood_queue_get(&item, tasks, BROOD_NOWAIT, own));
    EXPECT_OK(brood_lock_from_value(&lock, brood_value_at(item, 0)));
    EXPECT_OK(brood_queue_from_value(&inner, brood_value_at(item, 1)));
    EXPECT_TEXT("text", brood_value_string(brood_value_at(item, 2), own));
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT(get_number(inner) == 5);
    EXPECT_OK(brood_queue_put(tasks, BROOD_LIST(lock, inner), BROOD_NOWAIT));
    kill_and_join(holder_of(tasks, 1, KILLED));
    brood_queue_close(tasks); /* with what has come back */
    apr_pool_destroy(own);
    expect_use(&before);
}

static void bytes_come_back_whole(void)
{
    static char large[300000], got[300000];
    const brood__heap_use_t before = use();
    brood_queue_t *tasks = new_tasks(0), *ready = new_queue(0);
    const apr_size_t sizes[5] = {sizeof large, 0, 88, 10000, 262144};
    brood_process_t *holder;
    void *room;

    for (apr_size_t i = 0; i < sizeof large; i++)
        large[i] = (char) (i * 7 + i / 251);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(brood_queue_put_bytes(tasks, large, sizes[i], BROOD_NOWAIT));
    for (int i = 3; i < 5; i++) {
        EXPECT_OK(brood_queue_reserve(&room, tasks, sizes[i], BROOD_NOWAIT));
        memcpy(room, large, sizes[i]);
        EXPECT_STATUS(APR_EINVAL, brood_queue_publish(tasks, room, sizes[i] * 2, BROOD_NOWAIT));
        EXPECT_OK(brood_queue_publish(tasks, room, sizes[i], BROOD_NOWAIT));
    }
    EXPECT_STATUS(APR_ENOMEM, brood_queue_reserve(&room, tasks, (apr_size_t) -1, BROOD_NOWAIT));
    holder = start(hold_bytes, BROOD_ARGS(tasks, ready));
    EXPECT(get_number(ready) == 2);
    kill_and_join(holder);
    for (int i = 0; i < 5; i++) {
        apr_size_t size = sizeof got;

        EXPECT_OK(brood_queue_get_into(got, &size, tasks, BROOD_NOWAIT));
        EXPECT(size == sizes[i] && memcmp(got, large, size) == 0);
        EXPECT(brood_queue_deliveries(tasks) == 2);
        EXPECT_OK(brood_queue_task_done(tasks));
    }
    EXPECT_OK(brood_queue_join(tasks, BROOD_NOWAIT));
    brood_queue_close(tasks);
    brood_queue_close(ready);
    expect_use(&before);
}

static void what_has_come_back_is_got_under_the_same_rules(void)
{
    brood_queue_t *tasks = new_tasks(0), *again;
    brood_bytes_t borrowed;
    brood_value_t value;
    char small[4];
    apr_size_t size = sizeof small;

    EXPECT_OK(brood_queue_put_bytes(tasks, "0123456789", 10, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_from_value(&again, brood_value_copy(brood_queue_to_value(tasks), mem)));
    EXPECT_OK(brood_queue_borrow(&borrowed, tasks, BROOD_NOWAIT));
    brood_queue_close(again); /* the process has it still, by the other one */
    expect_size(tasks, 0);
    EXPECT(memcmp(borrowed.data, "0123456789", 10) == 0);
    EXPECT_OK(brood_queue_task_done(tasks));
    brood_queue_give_back(tasks, borrowed); /* too late for anything */

    EXPECT_OK(brood_queue_put_bytes(tasks, "0123456789", 10, BROOD_NOWAIT));
    {
        brood_queue_t *ready = new_queue(0);
        brood_process_t *holder = start(hold_bytes, BROOD_ARGS(tasks, ready));

        for (int i = 0; i < 4; i++)
            EXPECT_OK(brood_queue_put_bytes(tasks, "x", 1, BROOD_NOWAIT));
        EXPECT(get_number(ready) > 0);
        kill_and_join(holder);
        brood_queue_close(ready);
    }
    EXPECT_STATUS(BROOD_EKIND, brood_queue_get(&value, tasks, BROOD_NOWAIT, mem));
    EXPECT_STATUS(BROOD_ETOOSHORT, brood_queue_get_into(small, &size, tasks, BROOD_NOWAIT));
    EXPECT(size == 10);
    EXPECT_OK(brood_queue_borrow(&borrowed, tasks, BROOD_NOWAIT));
    EXPECT(borrowed.size == 10 && memcmp(borrowed.data, "0123456789", 10) == 0);
    EXPECT_OK(brood_queue_task_done(tasks));
    brood_queue_close(tasks);
}

static void what_comes_back_has_a_place_in_a_full_queue(void) /* QUE-03 */
{
    brood_queue_t *tasks = new_tasks(1);
    brood_process_t *holder;

    put_number(tasks, 1);
    holder = holder_of(tasks, 1, KILLED);
    put_number(tasks, 2);
    kill_and_join(holder);
    expect_size(tasks, 2);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(tasks, brood_int(3), BROOD_NOWAIT));
    expect_item(tasks, 1, 2);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(tasks, brood_int(3), BROOD_NOWAIT));
    expect_item(tasks, 2, 1);
    put_number(tasks, 3);
    brood_queue_close(tasks);
}

static void what_comes_back_needs_no_memory(void)
{
    static char large[1 << 20];
    brood_queue_t *tasks = new_tasks(0), *rest = new_queue(0);
    const brood_value_t item = brood_bytes(large, sizeof large);
    brood_process_t *holder;

    large[5] = 'x';
    for (int i = 0; i < 5; i++)
        EXPECT_OK(brood_queue_put(tasks, item, BROOD_NOWAIT));
    holder = holder_of(tasks, 5, KILLED);
    for (apr_size_t size = sizeof large; size > 0; size /= 8) /* to the last block */
        while (brood_queue_put_bytes(rest, large, size, BROOD_NOWAIT) == APR_SUCCESS)
            ;
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(tasks, item, BROOD_NOWAIT));
    kill_and_join(holder);
    expect_size(tasks, 5);
    for (int i = 0; i < 5; i++) {
        EXPECT(brood_value_equal(get_value(tasks), item));
        EXPECT_OK(brood_queue_task_done(tasks)); /* only this gives its memory back */
        EXPECT_OK(brood_queue_put(tasks, item, BROOD_NOWAIT));
    }
    brood_queue_close(rest);
    brood_queue_close(tasks);
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
    teller = start(tell, BROOD_ARGS(tasks, results));
    (void) get_value(results);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, 20000));
    kill_and_join(holder);
    first = brood_value_at(get_value(results), 0).as.integer;
    expect_told(results, 3 - first, 2); /* in any order, as it waits for them while they come */
    expect_told(results, -1, 0);
    expect_end(teller);
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
    teller = start(tell, BROOD_ARGS(tasks, results));
    (void) get_value(results);
    EXPECT_STATUS(APR_EOF, brood_queue_get(&item, tasks, BROOD_FOREVER, mem)); /* or both would wait for ever */
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&item, results, 20000, mem));
    EXPECT_OK(brood_queue_task_done(tasks)); /* it was the last one: the other wakes */
    expect_told(results, -1, 0);
    expect_end(teller);
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
            kill_and_join(holder_of(tasks, 1, KILLED)); /* one that has come back already */
        EXPECT_OK(brood_queue_shutdown(tasks, true));
        if (how == CLOSES_LATE)
            EXPECT(get_number(ready) == -1);
        kill_and_join(holder);
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
    kill_and_join(holder);
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
    kill_and_join(holder);
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
            kill_and_join(worker[i / 60 % WORKERS]);
            worker[i / 60 % WORKERS] = start(work, BROOD_ARGS(tasks, done));
        }
    }
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_OK(brood_queue_shutdown(tasks, false));
    for (int i = 0; i < WORKERS; i++)
        expect_end(worker[i]);
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

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(an_item_is_its_takers_until_it_is_done),
        TEST(what_a_killed_process_had_comes_back),
        TEST(what_a_process_had_that_ended_comes_back),
        TEST(what_a_process_had_that_closed_comes_back),
        TEST(who_waits_gets_what_comes_back),
        TEST(an_item_that_ends_its_takers_is_lost_in_the_end),
        TEST(objects_in_an_item_come_back_with_it),
        TEST(bytes_come_back_whole),
        TEST(what_has_come_back_is_got_under_the_same_rules),
        TEST(what_comes_back_has_a_place_in_a_full_queue),
        TEST(what_comes_back_needs_no_memory),
        TEST(the_end_is_told_when_nothing_can_come_back),
        TEST(who_has_an_item_is_told_the_end_at_once),
        TEST(an_immediate_shutdown_drops_what_comes_back),
        TEST(the_last_writers_items_come_back_before_the_end),
        TEST(each_thread_does_its_own),
        TEST(workers_that_are_killed_anywhere_lose_nothing),
    };
    static const brood_entry_t entries[] = {BROOD_ENTRY(hold), BROOD_ENTRY(hold_bytes),         BROOD_ENTRY(work),
                                            BROOD_ENTRY(tell), BROOD_ENTRY(hold_in_one_thread), BROOD_ENTRIES_END};
    static const brood_init_options_t options = {.arena_limit = ARENA};
    int result = EXIT_FAILURE;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    if (brood_register("main", entries) == APR_SUCCESS && brood_init(argc, argv, &options, mem) == APR_SUCCESS)
        result = harness_run("queue, lease", tests, sizeof tests / sizeof tests[0]);
    apr_pool_destroy(mem);
    apr_terminate();
    return result;
}
