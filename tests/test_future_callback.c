/* test_future_callback.c - functions that are told of futures: in which order, how often, and what they may do. */
#include "future_fixture.h"

#include <apr_thread_proc.h>

/* Puts its number in the order, or says that it has waited. */
typedef struct turn_t {
    brood_future_t *future;
    brood_queue_t *order;
    int number;
    bool waited;
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
    turn->waited = true;
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
    EXPECT(turn.waited);
    EXPECT_OK(brood_future_wait(second, BROOD_FOREVER));
    EXPECT(notes.count == 1);
}

#define ADDED 2000

static void *APR_THREAD_FUNC add_many(apr_thread_t *thread, void *data)
{
    turn_t *turn = data;
    static notes_t notes;

    (void) thread;
    atomic_store(&notes.count, 0);
    for (int i = 0; i < ADDED; i++)
        EXPECT_OK(brood_future_on_done(turn->future, note, &notes));
    EXPECT_OK(brood_future_wait(turn->future, BROOD_FOREVER));
    EXPECT(atomic_load(&notes.count) == ADDED);
    return NULL;
}

static void each_that_is_added_while_others_run_is_called_once__FUT_06(void)
{
    brood_pool_t *pool = new_pool(1);

    for (int i = 0; i < 20; i++) {
        turn_t turn = {.future = give(pool, echo, BROOD_ARGS(i))};
        apr_thread_t *thread = NULL;

        EXPECT_OK(apr_thread_create(&thread, NULL, add_many, &turn, mem));
        EXPECT_OK(brood_future_wait(turn.future, BROOD_FOREVER));
        harness_join(thread);
    }
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

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(echo), BROOD_ENTRY(fail), BROOD_ENTRY(hold), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(callbacks_come_in_the_order_of_adding_and_before_get_returns__FUT_06_ARES_07),
        TEST(a_callback_has_the_value_or_the_failure__FUT_06),
        TEST(one_that_is_done_calls_at_once__FUT_06),
        TEST(a_callback_may_add_another_and_wait_for_its_future__FUT_06),
        TEST(a_callback_does_not_wait_for_callbacks_of_another__FUT_06),
        TEST(each_that_is_added_while_others_run_is_called_once__FUT_06),
        TEST(callbacks_by_hand_run_before_it_is_ready__FUT_06_ARES_07),
    };

    return harness_tree(argc, argv, entries, "future, callbacks", tests, sizeof tests / sizeof tests[0]);
}
