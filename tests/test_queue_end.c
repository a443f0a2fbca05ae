/* How a queue ends: shut down, or left by all others. */
#include "queue_fixture.h"
#include <apr_thread_proc.h>
#include <string.h>

/* ---- children ---- */

/* Gets until the end; then says how many, and by which status it was. */
static apr_status_t consume(brood_call_t *call)
{
    brood_queue_t *queue, *results;
    apr_status_t rc;
    int count = -1;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &results));
    do {
        brood_value_t item;

        rc = brood_queue_get(&item, queue, BROOD_FOREVER, call->mem);
        count++;
    } while (rc == APR_SUCCESS);
    BROOD_TRY(brood_queue_put(results, BROOD_LIST(count, rc == APR_EOF), BROOD_FOREVER));
    return APR_SUCCESS;
}

/* Puts until the end; then says how many were put. */
static apr_status_t produce(brood_call_t *call)
{
    brood_queue_t *queue, *results;
    apr_status_t rc;
    int count = -1;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &results));
    do {
        rc = brood_queue_put(queue, brood_int(count), BROOD_FOREVER);
        count++;
    } while (rc == APR_SUCCESS);
    BROOD_TRY(brood_queue_put(results, BROOD_LIST(count, rc == APR_EOF), BROOD_FOREVER));
    return APR_SUCCESS;
}

/* Puts some, says so, and then ends, closes, or waits to be killed. */
static apr_status_t write_some(brood_call_t *call)
{
    brood_queue_t *queue, *ready, *go;
    brood_value_t item;
    int count, how;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &ready, &go, &count, &how));
    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_queue_put(queue, brood_int(i), BROOD_FOREVER));
    BROOD_TRY(brood_queue_put(ready, brood_nil(), BROOD_FOREVER));
    BROOD_TRY(brood_queue_get(&item, go, BROOD_FOREVER, call->mem));
    if (how == CLOSES)
        brood_queue_close(queue);
    while (how != ENDS)
        apr_sleep(apr_time_from_sec(1));
    return APR_SUCCESS;
}

/* ---- help ---- */

static brood_queue_t *new_that_ends(void)
{
    return new_queue_with(0, &(brood_queue_options_t){.ends_with_writers = true});
}

static apr_status_t try_get(brood_queue_t *queue)
{
    brood_value_t item;

    return brood_queue_get(&item, queue, BROOD_NOWAIT, mem);
}

/* ---- claims ---- */

static void a_queue_that_is_shut_down_gives_what_is_left_and_then_the_end(void)
{
    brood_queue_t *queue = new_queue(0);
    brood_value_t items[5] = {brood_nil()};
    apr_size_t count = 5;
    void *room;

    put_number(queue, 1);
    put_number(queue, 2);
    EXPECT_OK(brood_queue_shutdown(queue, false));
    EXPECT_STATUS(APR_EOF, brood_queue_put(queue, brood_int(3), BROOD_FOREVER));
    EXPECT_MESSAGE("shut down");
    EXPECT_STATUS(APR_EOF, brood_queue_put_many(queue, items, &count, BROOD_NOWAIT));
    EXPECT(count == 0);
    EXPECT(get_value(queue).as.integer == 1);
    count = 5;
    EXPECT_OK(brood_queue_get_many(items, &count, queue, BROOD_FOREVER, mem));
    EXPECT(count == 1 && items[0].as.integer == 2);
    EXPECT_STATUS(APR_EOF, try_get(queue));
    EXPECT_MESSAGE("nothing will come");
    EXPECT_STATUS(APR_EOF, brood_queue_get_many(items, &count, queue, BROOD_FOREVER, mem));
    EXPECT_OK(brood_queue_shutdown(queue, false));
    brood_queue_close(queue);
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_shutdown(queue, false));

    queue = new_queue(1);
    EXPECT_OK(brood_queue_reserve(&room, queue, 100, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_shutdown(queue, false));
    EXPECT_STATUS(APR_EOF, brood_queue_publish(queue, room, 100, BROOD_NOWAIT));
    brood_queue_drop(queue, room);
    brood_queue_close(queue);
}

static void an_immediate_shutdown_drops_what_is_left(void)
{
    static char large[100000];
    brood_queue_t *queue = new_queue(0);
    apr_size_t size = 99;

    for (int i = 0; i < 1000; i++)
        EXPECT_OK(brood_queue_put(queue, i % 10 == 0 ? brood_bytes(large, sizeof large) : brood_int(i), BROOD_NOWAIT));
    EXPECT_OK(brood_queue_shutdown(queue, true));
    EXPECT_STATUS(APR_EOF, try_get(queue));
    EXPECT_OK(brood_queue_size(&size, queue));
    EXPECT(size == 0);
    EXPECT_OK(brood_queue_shutdown(queue, false)); /* no way back */
    EXPECT_STATUS(APR_EOF, try_get(queue));
    brood_queue_close(queue);
}

static void a_shutdown_wakes_all_who_wait(void)
{
    brood_queue_t *empty = new_queue(0), *full = new_queue(2), *results = new_queue(0);
    brood_process_t *process[6];

    for (int i = 0; i < 3; i++) {
        process[i] = start(consume, BROOD_ARGS(empty, results));
        process[3 + i] = start(produce, BROOD_ARGS(full, results));
    }
    put_number(empty, 1);
    (void) get_value(full); /* somebody is at work by now */
    EXPECT_OK(brood_queue_shutdown(empty, false));
    EXPECT_OK(brood_queue_shutdown(full, false));
    for (int i = 0, got = 0; i < 6; i++) {
        brood_value_t result = get_value(results);

        EXPECT(brood_value_at(result, 1).as.integer == 1);
        got += (int) brood_value_at(result, 0).as.integer;
        if (i == 5)
            EXPECT(got >= 1 + 1 && got <= 1 + 3); /* one of the empty one; one taken of the full one, and its two */
    }
    for (int i = 0; i < 6; i++)
        EXPECT_EXIT(0, process[i]);
    brood_queue_close(empty);
    brood_queue_close(full);
    brood_queue_close(results);
}

static void the_last_writer_is_the_end(int how)
{
    brood_queue_t *queue = new_that_ends(), *ready = new_queue(0), *go = new_queue(0);
    brood_process_t *writer[2];
    brood_value_t item;

    EXPECT_STATUS(APR_EOF, try_get(queue)); /* there is nobody yet */
    for (int i = 0; i < 2; i++)
        writer[i] = start(write_some, BROOD_ARGS(queue, ready, go, 3, i == 0 ? how : CLOSES));
    for (int i = 0; i < 2; i++)
        (void) get_value(ready);
    for (int i = 0; i < 6; i++)
        EXPECT(get_value(queue).as.integer < 3);
    EXPECT_STATUS(APR_TIMEUP, try_get(queue));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&item, queue, 1000, mem));
    for (int i = 0; i < 2; i++)
        put_number(go, 0);
    if (how == KILLED)
        EXPECT_OK(brood_process_kill(writer[0]));
    EXPECT_STATUS(APR_EOF, brood_queue_get(&item, queue, BROOD_FOREVER, mem)); /* wakes when they have gone */
    if (how == ENDS)
        EXPECT_EXIT(0, writer[0]);
    else
        EXPECT_KILLED(writer[0]);
    EXPECT_KILLED(writer[1]);
    brood_queue_close(queue);
    brood_queue_close(ready);
    brood_queue_close(go);
}

static void get_ends_when_the_last_writer_has_ended(void) /* SQ-06 */
{
    the_last_writer_is_the_end(ENDS);
}

static void get_ends_when_the_last_writer_has_closed(void) /* SQ-06 */
{
    the_last_writer_is_the_end(CLOSES);
}

static void get_ends_when_the_last_writer_was_killed(void) /* SQ-06 */
{
    the_last_writer_is_the_end(KILLED);
}

/* Not on the thread's stack, which it leaves without a return. */
typedef struct getter_t {
    brood_queue_t *queue;
    unsigned char byte;
    apr_size_t size;
} getter_t;

static void *APR_THREAD_FUNC get_in_thread(apr_thread_t *thread, void *data)
{
    getter_t *getter = data;

    apr_thread_exit(thread, brood_queue_get_into(&getter->byte, &getter->size, getter->queue, BROOD_FOREVER));
    return NULL;
}

static void threads_wake_when_it_is_shut_down(void)
{
    brood_queue_t *queue = new_queue(0);
    getter_t getter[3];
    apr_thread_t *thread[3];
    apr_status_t rc;

    for (int i = 0; i < 3; i++) {
        getter[i] = (getter_t){queue, 0, 1};
        EXPECT_OK(apr_thread_create(&thread[i], NULL, get_in_thread, &getter[i], mem));
    }
    EXPECT_OK(brood_queue_put_bytes(queue, "x", 1, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_shutdown(queue, false));
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(apr_thread_join(&rc, thread[i]));
        EXPECT(rc == APR_EOF || rc == APR_SUCCESS);
    }
    brood_queue_close(queue);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_queue_that_is_shut_down_gives_what_is_left_and_then_the_end),
        TEST(an_immediate_shutdown_drops_what_is_left),
        TEST(a_shutdown_wakes_all_who_wait),
        TEST(get_ends_when_the_last_writer_has_ended),
        TEST(get_ends_when_the_last_writer_has_closed),
        TEST(get_ends_when_the_last_writer_was_killed),
        TEST(threads_wake_when_it_is_shut_down),
    };

    mem = call->mem;
    return harness_run("queue, its end", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(consume), BROOD_ENTRY(produce), BROOD_ENTRY(write_some))
