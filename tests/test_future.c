/* Futures: of tasks, and those that the program completes by hand. */
#include "future_fixture.h"

#include <apr_thread_proc.h>
#include <string.h>

/* ---- of tasks ---- */

static void it_goes_from_pending_by_started_to_succeeded__FUT_01_FUT_03_ARES_03_ARES_04(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *first = give(pool, hold, BROOD_ARGS(said, go, 1));
    brood_future_t *second = give(pool, hold, BROOD_ARGS(said, go, 2));

    EXPECT(brood_value_equal(brood_int(1), harness_get(said, mem)));
    EXPECT(brood_future_state(first) == BROOD_STARTED && !brood_future_ready(first));
    EXPECT(brood_future_state(second) == BROOD_PENDING && !brood_future_ready(second));
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_future_wait(second, BROOD_FOREVER));
    EXPECT(brood_future_state(first) == BROOD_SUCCEEDED && brood_future_ready(first));
    EXPECT(brood_future_state(second) == BROOD_SUCCEEDED && brood_future_ready(second));
}

static void what_is_not_done_in_time_can_be_had_later_and_again__ARES_01_ARES_05_FUT_04(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *future = give(pool, hold, BROOD_ARGS(said, go, 5));
    brood_value_t value = brood_int(77);

    EXPECT_STATUS(APR_TIMEUP, brood_future_get(&value, future, BROOD_NOWAIT, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_future_get(&value, future, 1000, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_future_wait(future, 1000));
    EXPECT(brood_value_equal(brood_int(77), value));
    EXPECT_OK(brood_event_set(go));
    expect_value(future, brood_int(5));
    expect_value(future, brood_int(5));
}

static void a_failure_is_gets_not_waits__ARES_01_ARES_02_ARES_04_FUT_05(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_future_t *future = give(pool, fail, brood_nil());

    EXPECT_OK(brood_future_wait(future, BROOD_FOREVER));
    EXPECT(brood_future_state(future) == BROOD_FAILED);
    EXPECT_STATUS(BROOD_ERANGE, status_of(future));
    EXPECT_MESSAGE("as told");
    EXPECT_TEXT("fail", brood_last_error()->entry);
    EXPECT_STATUS(BROOD_ERANGE, status_of(future));
}

static void a_maps_value_is_the_list_once_every_chunk_is_in__ARES_06(void)
{
    const brood_task_options_t options = {.chunk_size = 1, .star = true};
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go[2] = {new_event(), new_event()};
    brood_value_t items = BROOD_LIST(BROOD_LIST(said, go[0], 10), BROOD_LIST(said, go[1], 11));
    brood_future_t *future = NULL;
    apr_size_t done = 0, total = 0;

    EXPECT_OK(brood_pool_map_async(&future, pool, hold, items, &options, mem));
    (void) harness_get(said, mem);
    (void) harness_get(said, mem);
    EXPECT_OK(brood_event_set(go[1]));
    while (done == 0)
        brood_future_progress(&done, &total, future);
    EXPECT(done == 1 && total == 2 && !brood_future_ready(future));
    EXPECT_OK(brood_event_set(go[0]));
    expect_value(future, BROOD_LIST(10, 11));
}

/* ---- callbacks ---- */

/* Puts its place in the order, and looks whether the future is ready. */
typedef struct turn_t {
    brood_future_t *future;
    brood_queue_t *order;
    int number;
    bool ready;
} turn_t;

static void take_turn(void *user, apr_status_t status, brood_value_t value)
{
    turn_t *turn = user;

    (void) status;
    (void) value;
    EXPECT_OK(brood_queue_put(turn->order, brood_int(turn->number), BROOD_FOREVER));
}

static void callbacks_come_in_the_order_of_adding_and_before_get_returns__FUT_06_ARES_07(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem), *order = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *future = give(pool, hold, BROOD_ARGS(said, go, 1));
    turn_t turns[20];

    for (int i = 0; i < 20; i++) {
        turns[i] = (turn_t){.order = order, .number = i};
        EXPECT_OK(brood_future_on_done(future, take_turn, &turns[i]));
    }
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_future_wait(future, BROOD_FOREVER));
    for (int i = 0; i < 20; i++) {
        brood_value_t number = brood_nil();

        EXPECT_OK(brood_queue_get(&number, order, BROOD_NOWAIT, mem));
        EXPECT(brood_value_equal(brood_int(i), number));
    }
}

static void a_callback_has_the_value_or_the_failure__FUT_06(void)
{
    brood_pool_t *pool = new_pool(1);
    notes_t notes = {0};
    brood_future_t *good = give_with(pool, echo, BROOD_ARGS(3), &(brood_task_options_t){.done = note, .user = &notes});

    EXPECT_OK(brood_future_wait(good, BROOD_FOREVER));
    EXPECT(notes.count == 1 && notes.status[0] == APR_SUCCESS && brood_value_equal(brood_int(3), notes.value[0]));
    EXPECT_STATUS(BROOD_ERANGE,
                  status_of(give_with(pool, fail, brood_nil(), &(brood_task_options_t){.done = note, .user = &notes})));
    EXPECT(notes.count == 2 && notes.status[1] == BROOD_ERANGE && notes.value[1].kind == BROOD_KIND_NIL);
}

static void one_that_is_done_calls_at_once__FUT_06(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_future_t *future = give(pool, echo, BROOD_ARGS(3)), *failed = give(pool, fail, brood_nil());
    notes_t notes = {0};

    EXPECT_OK(brood_future_wait(future, BROOD_FOREVER));
    EXPECT_OK(brood_future_on_done(future, note, &notes));
    EXPECT(notes.count == 1 && brood_value_equal(brood_int(3), notes.value[0]));
    EXPECT_OK(brood_future_wait(failed, BROOD_FOREVER));
    EXPECT_OK(brood_future_on_done(failed, note, &notes));
    EXPECT(notes.count == 2 && notes.status[1] == BROOD_ERANGE);
}

/* Adds another, and waits for what is only ready when it has returned. */
static void add_another(void *user, apr_status_t status, brood_value_t value)
{
    turn_t *turn = user;
    brood_future_t *future = turn->future;
    apr_pool_t *own = NULL;

    EXPECT_OK(apr_pool_create(&own, NULL));
    EXPECT_OK(status);
    EXPECT(brood_future_ready(future));
    EXPECT_OK(brood_future_get(&value, future, BROOD_FOREVER, own));
    EXPECT_OK(brood_futures_wait(&future, 1, BROOD_ALL_DONE, BROOD_FOREVER));
    EXPECT_OK(brood_future_on_done(future, take_turn, turn));
    apr_pool_destroy(own);
}

static void a_callback_may_add_another_and_wait_for_its_future__FUT_06(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem), *order = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *future = give(pool, hold, BROOD_ARGS(said, go, 1));
    turn_t turn = {future, order, 1, false};
    brood_value_t number;

    EXPECT_OK(brood_future_on_done(future, add_another, &turn));
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_future_wait(future, BROOD_FOREVER));
    EXPECT_OK(brood_queue_get(&number, order, BROOD_NOWAIT, mem));
}

static void wait_for_the_other(void *user, apr_status_t status, brood_value_t value)
{
    turn_t *turn = user;

    (void) status;
    (void) value;
    EXPECT_OK(brood_futures_wait(&turn->future, 1, BROOD_ALL_DONE, BROOD_FOREVER));
    EXPECT_OK(brood_future_wait(turn->future, BROOD_FOREVER));
    turn->ready = true;
}

static void a_callback_does_not_wait_for_callbacks_of_another__FUT_06(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *first = give(pool, echo, BROOD_ARGS(1)), *second = give(pool, hold, BROOD_ARGS(said, go, 2));
    turn_t turn = {.future = second};
    notes_t notes = {0};

    EXPECT_OK(brood_future_on_done(second, note, &notes));
    (void) harness_get(said, mem);
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(brood_future_on_done(first, wait_for_the_other, &turn));
    EXPECT_OK(brood_future_wait(first, BROOD_FOREVER));
    EXPECT(turn.ready);
    EXPECT_OK(brood_future_wait(second, BROOD_FOREVER));
    EXPECT(notes.count == 1);
}

#define ADDED 2000

static void *APR_THREAD_FUNC add_many(apr_thread_t *thread, void *data)
{
    turn_t *turn = data;
    static notes_t notes;

    atomic_store(&notes.count, 0);
    for (int i = 0; i < ADDED; i++)
        EXPECT_OK(brood_future_on_done(turn->future, note, &notes));
    EXPECT_OK(brood_future_wait(turn->future, BROOD_FOREVER));
    EXPECT(atomic_load(&notes.count) == ADDED);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void each_that_is_added_while_others_run_is_called_once__FUT_06(void)
{
    brood_pool_t *pool = new_pool(1);

    for (int i = 0; i < 20; i++) {
        turn_t turn = {.future = give(pool, echo, BROOD_ARGS(i))};
        apr_thread_t *thread = NULL;
        apr_status_t rc;

        EXPECT_OK(apr_thread_create(&thread, NULL, add_many, &turn, mem));
        EXPECT_OK(brood_future_wait(turn.future, BROOD_FOREVER));
        EXPECT_OK(apr_thread_join(&rc, thread));
    }
}

/* ---- by hand ---- */

static void it_is_completed_by_a_value__FUT_01_FUT_03(void)
{
    brood_future_t *future;
    brood_value_t value;

    mem = harness_mem();
    future = new_future();
    EXPECT(brood_future_state(future) == BROOD_PENDING && !brood_future_ready(future));
    EXPECT_STATUS(APR_TIMEUP, brood_future_get(&value, future, BROOD_NOWAIT, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_future_wait(future, 1000));
    EXPECT_OK(brood_future_set_started(future));
    EXPECT(brood_future_state(future) == BROOD_STARTED);
    EXPECT_OK(brood_future_set(future, BROOD_LIST(1, "two")));
    EXPECT(brood_future_state(future) == BROOD_SUCCEEDED && brood_future_ready(future));
    expect_value(future, BROOD_LIST(1, "two"));
}

static void it_is_completed_by_a_failure__FUT_05(void)
{
    brood_future_t *future;

    mem = harness_mem();
    future = new_future();
    EXPECT_STATUS(APR_EINVAL, brood_future_fail(future, APR_SUCCESS, "no"));
    EXPECT_OK(brood_future_fail(future, BROOD_ERANGE, "by hand"));
    EXPECT(brood_future_state(future) == BROOD_FAILED);
    EXPECT_STATUS(BROOD_ERANGE, status_of(future));
    EXPECT_MESSAGE("by hand");
    future = new_future();
    EXPECT_OK(brood_future_fail(future, BROOD_EKIND, NULL));
    EXPECT_STATUS(BROOD_EKIND, status_of(future));
    EXPECT_MESSAGE("value is of another kind");
    future = new_future();
    EXPECT_OK(brood_future_fail(future, APR_TIMEUP, "not get's"));
    EXPECT_STATUS(BROOD_ETASK, status_of(future));
    EXPECT_MESSAGE("not get's");
}

static void it_is_completed_once__FUT_07(void)
{
    brood_future_t *future;

    mem = harness_mem();
    future = done_with(1);
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_set(future, brood_int(2)));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_fail(future, BROOD_ERANGE, "no"));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_set_started(future));
    expect_value(future, brood_int(1));
    future = new_future();
    EXPECT_OK(brood_future_cancel(future, false));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_set(future, brood_int(2)));
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(future));
}

static void a_cancelled_one_is_not_started__FUT_08(void)
{
    brood_future_t *future;
    notes_t notes = {0};

    mem = harness_mem();
    future = new_future();
    EXPECT_OK(brood_future_on_done(future, note, &notes));
    EXPECT_OK(brood_future_cancel(future, false));
    EXPECT(notes.count == 1 && notes.status[0] == BROOD_ECANCELLED);
    EXPECT_STATUS(BROOD_ECANCELLED, brood_future_set_started(future));
    future = new_future();
    EXPECT_OK(brood_future_set_started(future));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_set_started(future));
}

static void what_cannot_be_encoded_leaves_it_as_it_was(void)
{
    brood_event_t *event;
    brood_future_t *future;

    mem = harness_mem();
    event = new_event();
    future = new_future();
    EXPECT_STATUS(BROOD_EENCODE, brood_future_set(future, BROOD_VALUE(event)));
    EXPECT(brood_future_state(future) == BROOD_PENDING);
    EXPECT_OK(brood_future_set(future, brood_nil()));
}

static void a_tasks_future_is_not_completed_by_hand(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_future_t *future = give(pool, echo, BROOD_ARGS(1));

    EXPECT_STATUS(BROOD_EMISUSE, brood_future_set(future, brood_int(2)));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_fail(future, BROOD_ERANGE, "no"));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_set_started(future));
    expect_value(future, brood_int(1));
}

static void callbacks_by_hand_run_before_it_is_ready__FUT_06_ARES_07(void)
{
    turn_t turn;
    notes_t notes = {0};

    mem = harness_mem();
    turn = (turn_t){new_future(), harness_queue(mem), 1, false};
    EXPECT_OK(brood_future_on_done(turn.future, add_another, &turn));
    EXPECT_OK(brood_future_on_done(turn.future, note, &notes));
    EXPECT_OK(brood_future_set(turn.future, brood_int(4)));
    EXPECT(notes.count == 1 && brood_value_equal(brood_int(4), notes.value[0]));
    EXPECT(brood_value_equal(brood_int(1), harness_get(turn.order, mem)));
    EXPECT_OK(brood_future_on_done(turn.future, note, &notes));
    EXPECT(notes.count == 2);
}

static void *APR_THREAD_FUNC complete(apr_thread_t *thread, void *future)
{
    EXPECT_OK(brood_future_set(future, brood_int(9)));
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void who_waits_is_woken_by_another_thread__FUT_04(void)
{
    mem = harness_mem();
    for (int i = 0; i < 50; i++) {
        brood_future_t *future = new_future();
        apr_thread_t *thread = NULL;
        apr_status_t rc;

        EXPECT_OK(apr_thread_create(&thread, NULL, complete, future, mem));
        expect_value(future, brood_int(9));
        EXPECT_OK(apr_thread_join(&rc, thread));
    }
}

/* ---- ends ---- */

static void it_outlives_its_pool__ARES_01(void)
{
    brood_pool_t *pool = NULL;
    brood_future_t *done, *large, *lost;
    notes_t notes = {0};
    brood_queue_t *said;
    brood_value_t text;
    apr_pool_t *own;
    char *bytes;

    mem = harness_mem();
    said = harness_queue(mem);
    bytes = apr_palloc(mem, 100001);
    memset(bytes, 'x', 100000);
    bytes[100000] = '\0';
    text = brood_text(bytes);
    EXPECT_OK(apr_pool_create(&own, mem));
    EXPECT_OK(brood_pool_create(&pool, 1, NULL, own));
    done = give(pool, echo, BROOD_ARGS(1));
    large = give(pool, echo, brood_list(&text, 1));
    lost = give(pool, hold, BROOD_ARGS(said, new_event(), 2));
    EXPECT_OK(brood_future_on_done(lost, note, &notes));
    (void) harness_get(said, mem);
    EXPECT_OK(brood_future_wait(large, BROOD_FOREVER));
    apr_pool_destroy(own);
    expect_value(done, brood_int(1));
    expect_value(large, text);
    EXPECT_STATUS(BROOD_ECANCELLED, status_of(lost));
    EXPECT(brood_future_state(lost) == BROOD_CANCELLED && brood_future_ready(lost));
    EXPECT(notes.count == 1 && notes.status[0] == BROOD_ECANCELLED);
    EXPECT_OK(brood_future_on_done(lost, note, &notes));
    EXPECT_OK(brood_future_cancel(lost, true));
    EXPECT_STATUS(BROOD_EMISUSE, brood_future_cancel(done, true));
    EXPECT_OK(brood_futures_wait(&lost, 1, BROOD_ALL_DONE, BROOD_FOREVER));
}

static void one_that_ends_before_its_task_leaves_the_task_alone(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *future = NULL;
    apr_pool_t *own;
    notes_t notes = {0};

    EXPECT_OK(apr_pool_create(&own, mem));
    EXPECT_OK(brood_pool_apply_async(&future, pool, hold, BROOD_ARGS(said, go, 1), NULL, own));
    EXPECT_OK(brood_future_on_done(future, note, &notes));
    apr_pool_destroy(own);
    (void) harness_get(said, mem);
    EXPECT_OK(brood_event_set(go));
    brood_pool_close(pool);
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
    (void) harness_mem(); /* which ends the pool: its threads have called what there was to be called */
    EXPECT(notes.count == 1 && brood_value_equal(brood_int(1), notes.value[0]));
}

static void end_of(void *user, apr_status_t status, brood_value_t value)
{
    (void) status;
    (void) value;
    apr_pool_destroy(user);
}

static void one_may_end_in_its_own_callback(void)
{
    brood_future_t *future = NULL;
    apr_pool_t *own;

    mem = harness_mem();
    EXPECT_OK(apr_pool_create(&own, mem));
    EXPECT_OK(brood_future_create(&future, own));
    EXPECT_OK(brood_future_on_done(future, end_of, own));
    EXPECT_OK(brood_future_set(future, brood_nil()));
    EXPECT_OK(apr_pool_create(&own, mem));
    EXPECT_OK(brood_future_create(&future, own));
    EXPECT_OK(brood_future_on_done(future, end_of, own));
    EXPECT_OK(brood_future_cancel(future, false));
}

static void one_by_hand_that_ends_pending_tells_nobody(void)
{
    brood_future_t *future = NULL;
    apr_pool_t *own;
    notes_t notes = {0};

    mem = harness_mem();
    EXPECT_OK(apr_pool_create(&own, mem));
    EXPECT_OK(brood_future_create(&future, own));
    EXPECT_OK(brood_future_on_done(future, note, &notes));
    apr_pool_destroy(own);
    EXPECT(notes.count == 0);
}

/* In a child: futures of the parent's are nobody's. */
static apr_status_t try_to_make_one(brood_call_t *call)
{
    brood_future_t *future;

    BROOD_TRY(brood_future_create(&future, call->mem));
    BROOD_TRY(brood_future_set(future, brood_int(1)));
    return brood_future_wait(future, BROOD_NOWAIT);
}

static void any_process_may_have_its_own(void)
{
    mem = harness_mem();
    EXPECT_EXIT(0, harness_start(try_to_make_one, brood_nil(), mem));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(echo), BROOD_ENTRY(fail), BROOD_ENTRY(hold),
                                            BROOD_ENTRY(try_to_make_one), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(it_goes_from_pending_by_started_to_succeeded__FUT_01_FUT_03_ARES_03_ARES_04),
        TEST(what_is_not_done_in_time_can_be_had_later_and_again__ARES_01_ARES_05_FUT_04),
        TEST(a_failure_is_gets_not_waits__ARES_01_ARES_02_ARES_04_FUT_05),
        TEST(a_maps_value_is_the_list_once_every_chunk_is_in__ARES_06),
        TEST(callbacks_come_in_the_order_of_adding_and_before_get_returns__FUT_06_ARES_07),
        TEST(a_callback_has_the_value_or_the_failure__FUT_06),
        TEST(one_that_is_done_calls_at_once__FUT_06),
        TEST(a_callback_may_add_another_and_wait_for_its_future__FUT_06),
        TEST(a_callback_does_not_wait_for_callbacks_of_another__FUT_06),
        TEST(each_that_is_added_while_others_run_is_called_once__FUT_06),
        TEST(it_is_completed_by_a_value__FUT_01_FUT_03),
        TEST(it_is_completed_by_a_failure__FUT_05),
        TEST(it_is_completed_once__FUT_07),
        TEST(a_cancelled_one_is_not_started__FUT_08),
        TEST(what_cannot_be_encoded_leaves_it_as_it_was),
        TEST(a_tasks_future_is_not_completed_by_hand),
        TEST(callbacks_by_hand_run_before_it_is_ready__FUT_06_ARES_07),
        TEST(who_waits_is_woken_by_another_thread__FUT_04),
        TEST(it_outlives_its_pool__ARES_01),
        TEST(one_may_end_in_its_own_callback),
        TEST(one_by_hand_that_ends_pending_tells_nobody),
        TEST(any_process_may_have_its_own),
        TEST(one_that_ends_before_its_task_leaves_the_task_alone),
    };

    return harness_tree(argc, argv, entries, "future", tests, sizeof tests / sizeof tests[0]);
}
