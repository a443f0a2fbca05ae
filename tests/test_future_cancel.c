/* Cancelling: by the program, and by a limit of the time in which a task may wait for a worker. */
#include "future_fixture.h"

#include "memory/heap.h"
#include <apr_thread_proc.h>
#include <stdint.h>
#include <string.h>

/* Says that it runs. */
static apr_status_t say(brood_call_t *call)
{
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &said));
    return brood_queue_put(said, brood_text("ran"), BROOD_FOREVER);
}

/* Likewise, and never ends; its second argument is only there to be large. */
static apr_status_t stay(brood_call_t *call)
{
    brood_queue_t *said;
    brood_value_t ballast;

    BROOD_TRY(BROOD_UNPACK(call->args, &said, &ballast));
    BROOD_TRY(brood_queue_put(said, brood_int(brood_process_pid(brood_current_process())), BROOD_FOREVER));
    for (;;)
        apr_sleep(apr_time_from_sec(1));
}

static void expect_nothing_said(brood_queue_t *said)
{
    brood_value_t word;

    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&word, said, BROOD_NOWAIT, mem));
}

static void expect_cancelled(brood_future_t *future)
{
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(future));
    EXPECT(brood_future_state(future) == BROOD_CANCELLED && brood_future_ready(future));
}

/* ---- pending ones ---- */

static void a_pending_one_never_runs__FUT_02_FUT_03(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem), *told = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *held = give(pool, hold, BROOD_ARGS(told, go, 1)), *future;

    (void) harness_get(told, mem);
    future = give(pool, say, BROOD_ARGS(said));
    EXPECT_OK(brood_future_cancel(future, false));
    expect_cancelled(future);
    EXPECT_MESSAGE("the task was cancelled");
    EXPECT_OK(brood_future_cancel(future, true)); /* again */
    EXPECT_OK(brood_event_set(go));
    expect_value(held, brood_int(1));
    expect_value(give(pool, echo, BROOD_ARGS(2)), brood_int(2));
    expect_nothing_said(said);
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_cancel(held, false));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_cancel(held, true));
}

#define MANY 1500 /* more than are given out ahead */

static void every_pending_one_can_be_cancelled__PPE_06(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem), *told = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *held = give(pool, hold, BROOD_ARGS(told, go, 1)), **futures;

    (void) harness_get(told, mem);
    futures = apr_palloc(mem, MANY * sizeof *futures);
    for (int i = 0; i < MANY; i++)
        futures[i] = give(pool, say, BROOD_ARGS(said));
    for (int i = 0; i < MANY; i++)
        EXPECT_OK(brood_future_cancel(futures[i], false));
    EXPECT_OK(brood_futures_wait(futures, MANY, BROOD_ALL_DONE, BROOD_NOWAIT));
    EXPECT_OK(brood_event_set(go));
    expect_value(held, brood_int(1));
    expect_value(give(pool, echo, BROOD_ARGS(2)), brood_int(2));
    expect_nothing_said(said);
}

static void get_cancelled(brood_future_t *future)
{
    brood_value_t value;

    EXPECT_STATUS(BROOD_ECANCELLED, brood_future_get(&value, future, BROOD_FOREVER, mem));
}

static void *APR_THREAD_FUNC wait_for_it(apr_thread_t *thread, void *future)
{
    (void) thread;
    get_cancelled(future);
    return NULL;
}

static void who_waits_and_who_is_to_be_told_hears_of_it__FUT_04_FUT_06(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *futures[2];

    (void) give(pool, hold, BROOD_ARGS(said, go, 1));
    futures[0] = give(pool, say, BROOD_ARGS(said));
    futures[1] = new_future();
    for (int i = 0; i < 2; i++) {
        apr_thread_t *thread = NULL;
        notes_t notes = {0};

        EXPECT_OK(brood_future_on_done(futures[i], note, &notes));
        EXPECT_OK(apr_thread_create(&thread, NULL, wait_for_it, futures[i], mem));
        EXPECT_OK(brood_future_cancel(futures[i], false));
        harness_join(thread);
        EXPECT(notes.count == 1 && notes.status[0] == BROOD_ECANCELLED);
    }
    EXPECT_OK(brood_event_set(go));
}

/* ---- started ones ---- */

static void a_started_one_is_asked__FUT_02(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *obeys = give(pool, until_asked, BROOD_ARGS(said)), *deaf;
    const int pid = brood_process_pid(brood_pool_workers(pool, mem)[0]);

    (void) harness_get(said, mem);
    EXPECT_OK(brood_future_cancel(obeys, false));
    expect_cancelled(obeys);
    deaf = give(pool, hold, BROOD_ARGS(said, go, 5));
    (void) harness_get(said, mem);
    EXPECT_OK(brood_future_cancel(deaf, false));
    EXPECT(brood_future_state(deaf) == BROOD_STARTED);
    EXPECT_OK(brood_event_set(go));
    expect_value(deaf, brood_int(5));
    EXPECT(brood_future_state(deaf) == BROOD_SUCCEEDED);
    EXPECT(brood_process_pid(brood_pool_workers(pool, mem)[0]) == pid);
}

static void force_ends_its_worker_and_nothing_else(void)
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *said = harness_queue(mem), *told = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *lost = give(pool, stay, BROOD_ARGS(said, 0)), *held, *next[10];
    const brood_value_t pid = harness_get(said, mem);

    held = give(pool, hold, BROOD_ARGS(told, go, 1));
    (void) harness_get(told, mem);
    for (int i = 0; i < 10; i++)
        next[i] = give(pool, echo, BROOD_ARGS(i));
    EXPECT_OK(brood_future_cancel(lost, true));
    expect_cancelled(lost);
    for (int i = 0; i < 10; i++)
        expect_value(next[i], brood_int(i));
    EXPECT_OK(brood_event_set(go));
    expect_value(held, brood_int(1));
    for (brood_process_t **worker = brood_pool_workers(pool, mem); *worker != NULL; worker++)
        EXPECT(brood_process_pid(*worker) != pid.as.integer);
}

static uint64_t blocks_in_use(void)
{
    brood__heap_use_t use;

    brood__heap_flush();
    brood__heap_count(&use);
    return use.mine;
}

static void arguments_of_those_ended_by_force_are_given_back(void)
{
    brood_queue_t *said;
    uint64_t before;
    apr_pool_t *own;

    mem = harness_mem();
    said = harness_queue(mem);
    before = blocks_in_use();
    EXPECT_OK(apr_pool_create(&own, mem));
    for (int i = 0; i < 2; i++) {
        brood_pool_t *pool = NULL;
        char *ballast = apr_pcalloc(own, 100000);

        EXPECT_OK(brood_pool_create(&pool, 1, NULL, own));
        for (int k = 0; k < 3; k++) {
            brood_future_t *future = NULL;

            EXPECT_OK(
                brood_pool_apply_async(&future, pool, stay, BROOD_ARGS(said, brood_bytes(ballast, 100000)), NULL, own));
            (void) harness_get(said, mem);
            EXPECT_OK(brood_future_cancel(future, true));
            expect_cancelled(future);
        }
        EXPECT_OK(brood_pool_shutdown(pool, false, BROOD_FOREVER));
    }
    apr_pool_destroy(own);
    EXPECT(blocks_in_use() == before);
}

#define ROUNDS 100

static void whatever_a_cancel_meets_the_next_task_runs__FUT_02(void)
{
    brood_pool_t *pool = new_pool(1);
    int cancelled = 0;

    for (int i = 0; i < ROUNDS; i++) {
        brood_future_t *future = give(pool, echo, BROOD_ARGS(i)), *next = give(pool, echo, BROOD_ARGS(-i));
        apr_status_t rc;

        for (volatile int k = 0; k < i * 100; k++)
            ;
        rc = brood_future_cancel(future, true);
        EXPECT(rc == APR_SUCCESS || rc == BROOD_EMISUSE);
        cancelled += status_of(future) == BROOD_ECANCELLED;
        EXPECT((brood_future_state(future) == BROOD_CANCELLED) == (status_of(future) == BROOD_ECANCELLED));
        EXPECT(rc == APR_SUCCESS || brood_future_state(future) == BROOD_SUCCEEDED);
        expect_value(next, brood_int(-i));
    }
    EXPECT(cancelled > 0);
}

/* ---- maps ---- */

static brood_future_t *map_said(brood_pool_t *pool, brood_entry_fn entry, brood_queue_t *said)
{
    const brood_task_options_t options = {.chunk_size = 1};
    brood_future_t *future = NULL;

    EXPECT_OK(brood_pool_map_async(&future, pool, entry, BROOD_LIST(said, said, said, said), &options, mem));
    return future;
}

static void of_a_map_what_has_not_begun_never_runs__FUT_02(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_future_t *future = map_said(pool, until_asked, said);

    (void) harness_get(said, mem);
    EXPECT_OK(brood_future_cancel(future, false));
    expect_cancelled(future);
    expect_nothing_said(said);
    future = map_said(pool, until_asked, said);
    (void) harness_get(said, mem);
    EXPECT_OK(brood_future_cancel(future, true));
    expect_cancelled(future);
    expect_value(give(pool, echo, BROOD_ARGS(1)), brood_int(1));
    expect_nothing_said(said);
}

/* ---- by hand ---- */

static void a_started_one_by_hand_is_cancelled_by_force_alone__FUT_02(void)
{
    brood_future_t *future;

    mem = harness_mem();
    future = new_future();
    EXPECT_OK(brood_future_set_started(future));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_cancel(future, false));
    EXPECT(brood_future_state(future) == BROOD_STARTED);
    EXPECT_OK(brood_future_cancel(future, true));
    expect_cancelled(future);
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_set(future, brood_nil()));
    EXPECT_OK(brood_future_cancel(future, false));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_cancel(done_with(1), true));
}

/* ---- too long in the queue ---- */

static void who_waits_too_long_for_a_worker_is_cancelled(void)
{
    const brood_task_options_t shortly = {.queue_limit = apr_time_from_msec(20)};
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem), *told = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *held = give(pool, hold, BROOD_ARGS(told, go, 1)), *late;

    (void) harness_get(told, mem);
    late = give_with(pool, say, BROOD_ARGS(said), &shortly);
    expect_cancelled(late);
    EXPECT_MESSAGE("waited for a worker longer than it may");
    EXPECT(brood_future_state(held) == BROOD_STARTED);
    EXPECT_OK(brood_event_set(go));
    expect_value(held, brood_int(1));
    expect_value(give(pool, echo, BROOD_ARGS(2)), brood_int(2));
    expect_nothing_said(said);
}

static void its_callback_hears_of_it_though_nobody_waits(void)
{
    notes_t notes = {0};
    const brood_task_options_t shortly = {.queue_limit = apr_time_from_msec(20), .done = note, .user = &notes};
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();

    (void) give(pool, hold, BROOD_ARGS(said, go, 1));
    (void) harness_get(said, mem);
    EXPECT_OK(brood_pool_apply_async(NULL, pool, say, BROOD_ARGS(said), &shortly, mem));
    while (atomic_load(&notes.count) == 0)
        apr_sleep(1000);
    EXPECT(notes.status[0] == BROOD_ECANCELLED);
    EXPECT_OK(brood_event_set(go));
}

static void a_shorter_limit_that_comes_later_is_looked_at_in_time(void)
{
    const brood_task_options_t shortly = {.queue_limit = apr_time_from_msec(20)},
                               longer = {.queue_limit = apr_time_from_sec(3600)};
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *held = give(pool, hold, BROOD_ARGS(said, go, 1)), *patient;

    (void) harness_get(said, mem);
    patient = give_with(pool, echo, BROOD_ARGS(2), &longer);
    EXPECT_STATUS(APR_TIMEUP, brood_future_wait(patient, apr_time_from_msec(30)));
    expect_cancelled(give_with(pool, echo, BROOD_ARGS(3), &shortly));
    EXPECT(brood_future_state(patient) == BROOD_PENDING);
    EXPECT_OK(brood_event_set(go));
    expect_value(patient, brood_int(2));
    expect_value(held, brood_int(1));
}

/* However slow the machine is: the limit grows until the worker begins in time. */
static void who_was_begun_in_time_may_take_long(void)
{
    brood_task_options_t options = {.queue_limit = apr_time_from_msec(50)};
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_value_t word;
    brood_future_t *future;

    for (;;) {
        future = give_with(pool, hold, BROOD_ARGS(said, go, 1), &options);
        EXPECT_OK(brood_allow(brood_future_wait(future, 2 * options.queue_limit), APR_TIMEUP));
        if (brood_queue_get(&word, said, BROOD_NOWAIT, mem) == APR_SUCCESS)
            break;
        options.queue_limit *= 2;
    }
    EXPECT(brood_future_state(future) == BROOD_STARTED);
    EXPECT_OK(brood_event_set(go));
    expect_value(future, brood_int(1));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(echo), BROOD_ENTRY(fail), BROOD_ENTRY(hold),
                                            BROOD_ENTRY(say),  BROOD_ENTRY(stay), BROOD_ENTRY(until_asked),
                                            BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(a_pending_one_never_runs__FUT_02_FUT_03),
        TEST(every_pending_one_can_be_cancelled__PPE_06),
        TEST(who_waits_and_who_is_to_be_told_hears_of_it__FUT_04_FUT_06),
        TEST(a_started_one_is_asked__FUT_02),
        TEST(force_ends_its_worker_and_nothing_else),
        TEST(arguments_of_those_ended_by_force_are_given_back),
        TEST(whatever_a_cancel_meets_the_next_task_runs__FUT_02),
        TEST(of_a_map_what_has_not_begun_never_runs__FUT_02),
        TEST(a_started_one_by_hand_is_cancelled_by_force_alone__FUT_02),
        TEST(who_waits_too_long_for_a_worker_is_cancelled),
        TEST(its_callback_hears_of_it_though_nobody_waits),
        TEST(a_shorter_limit_that_comes_later_is_looked_at_in_time),
        TEST(who_was_begun_in_time_may_take_long),
    };

    return harness_tree(argc, argv, entries, "future_cancel", tests, sizeof tests / sizeof tests[0]);
}
