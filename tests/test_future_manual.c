/* test_future_manual.c - futures that the program completes by hand. */
#include "future_fixture.h"

#include <apr_thread_proc.h>

/* ---- completion ---- */

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

static void *APR_THREAD_FUNC complete(apr_thread_t *thread, void *future)
{
    (void) thread;
    EXPECT_OK(brood_future_set(future, brood_int(9)));
    return NULL;
}

static void who_waits_is_woken_by_another_thread__FUT_04(void)
{
    mem = harness_mem();
    for (int i = 0; i < 50; i++) {
        brood_future_t *future = new_future();
        apr_thread_t *thread = NULL;

        EXPECT_OK(apr_thread_create(&thread, NULL, complete, future, mem));
        expect_value(future, brood_int(9));
        harness_join(thread);
    }
}

/* ---- ends ---- */

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
    static const brood_entry_t entries[] = {BROOD_ENTRY(echo), BROOD_ENTRY(try_to_make_one), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(it_is_completed_by_a_value__FUT_01_FUT_03),
        TEST(it_is_completed_by_a_failure__FUT_05),
        TEST(it_is_completed_once__FUT_07),
        TEST(a_cancelled_one_is_not_started__FUT_08),
        TEST(what_cannot_be_encoded_leaves_it_as_it_was),
        TEST(a_tasks_future_is_not_completed_by_hand),
        TEST(who_waits_is_woken_by_another_thread__FUT_04),
        TEST(one_may_end_in_its_own_callback),
        TEST(one_by_hand_that_ends_pending_tells_nobody),
        TEST(any_process_may_have_its_own),
    };

    return harness_tree(argc, argv, entries, "future, by hand", tests, sizeof tests / sizeof tests[0]);
}
