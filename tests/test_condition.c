/* Condition: between threads and processes. */
#include "condition_fixture.h"
#include <apr_thread_proc.h>
#include <limits.h>
#include <string.h>

static apr_pool_t *mem;

/* ---- children ---- */

static apr_status_t say(brood_queue_t *said, int number)
{
    return brood_queue_put(said, brood_int(number), BROOD_FOREVER);
}

/* Takes the lock `depth` times, says `number` with the lock held, waits, and says what that came to. */
static apr_status_t wait_for_it(brood_call_t *call)
{
    brood_condition_t *condition;
    brood_queue_t *said;
    int number, depth;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &condition, &said, &number, &depth));
    for (int i = 0; i < depth; i++)
        BROOD_TRY(brood_lock_acquire(brood_condition_lock(condition), BROOD_FOREVER));
    BROOD_TRY(say(said, number));
    rc = brood_condition_wait(condition, BROOD_FOREVER);
    BROOD_TRY(say(said, rc == APR_SUCCESS ? number + 100 : rc == BROOD_EOWNERDEAD ? number + 200 : -1));
    for (int i = 0; i < depth; i++)
        BROOD_TRY(brood_lock_release(brood_condition_lock(condition)));
    return brood_lock_release(brood_condition_lock(condition)) == APR_SUCCESS
               ? brood_fail(APR_EGENERAL, "it was held more often than before")
               : APR_SUCCESS;
}

static apr_status_t notify_and_hold(brood_call_t *call)
{
    brood_condition_t *condition;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &condition, &said));
    BROOD_TRY(brood_lock_acquire(brood_condition_lock(condition), BROOD_FOREVER));
    BROOD_TRY(brood_condition_notify(condition, 1));
    BROOD_TRY(say(said, 5));
    for (;;)
        apr_sleep(apr_time_from_sec(1));
}

/* ---- help ---- */

static int said_number(brood_queue_t *said)
{
    int number = INT_MIN;

    EXPECT_OK(BROOD_READ(&number, harness_get(said, mem)));
    return number;
}

/* A child that waits: it says so with the lock held, so once we hold the lock, it waits. */
static brood_process_t *waiter(brood_condition_t *condition, brood_queue_t *said, int number, int depth)
{
    brood_process_t *child = harness_start(wait_for_it, BROOD_ARGS(condition, said, number, depth), mem);

    EXPECT(said_number(said) == number);
    acquire(condition);
    release(condition);
    return child;
}

static const char *text_of(brood_condition_t *condition)
{
    return brood_value_string(BROOD_VALUE(condition), mem);
}

/* ---- claims ---- */

static void it_stands_on_its_own_or_a_given_lock__COND_01(void)
{
    brood_condition_t *condition = new_condition(mem), *first, *second;
    brood_lock_t *lock;

    acquire(condition);
    acquire(condition);
    EXPECT_TEXT("<Condition <RLock owner=MainProcess depth=2> waiters=0>", text_of(condition));
    release(condition);
    release(condition);
    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_OK(brood_condition_create(&first, lock, mem));
    EXPECT_OK(brood_condition_create(&second, lock, mem));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(brood_condition_lock(first), BROOD_NOWAIT));
    EXPECT_OK(brood_condition_notify(first, 1));
    EXPECT_OK(brood_condition_notify_all(second));
    EXPECT_OK(brood_lock_release(brood_condition_lock(second)));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    brood_lock_close(lock); /* the conditions have it still */
    EXPECT_STATUS(APR_TIMEUP, brood_condition_wait(first, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(brood_condition_lock(first)));
    EXPECT_STATUS(BROOD_ECLOSED, brood_condition_create(&condition, lock, mem));
}

static bool always(void *user)
{
    (void) user;
    return true;
}

static void without_its_lock_it_is_misuse__COND_02(void)
{
    brood_condition_t *condition = new_condition(mem), *plain;
    brood_lock_t *lock;

    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_OK(brood_condition_create(&plain, lock, mem));
    for (int i = 0; i < 2; i++, condition = plain) {
        EXPECT_STATUS(BROOD_EMISUSE, brood_condition_wait(condition, BROOD_FOREVER));
        EXPECT_STATUS(BROOD_EMISUSE, brood_condition_wait_for(condition, always, NULL, BROOD_FOREVER));
        EXPECT_STATUS(BROOD_EMISUSE, brood_condition_notify(condition, 1));
        EXPECT_MESSAGE("whose lock this thread does not hold");
        EXPECT_STATUS(BROOD_EMISUSE, brood_condition_notify_all(condition));
    }
}

static void a_wait_in_vain_times_out_with_the_lock_held__COND_03_COND_04(void)
{
    brood_condition_t *condition = new_condition(mem);
    const apr_time_t before = apr_time_now();

    acquire(condition);
    acquire(condition);
    EXPECT_STATUS(APR_TIMEUP, brood_condition_wait(condition, apr_time_from_msec(30)));
    EXPECT(apr_time_now() - before >= apr_time_from_msec(29));
    EXPECT_STATUS(APR_TIMEUP, brood_condition_wait(condition, BROOD_NOWAIT));
    EXPECT_TEXT("<Condition <RLock owner=MainProcess depth=2> waiters=0>", text_of(condition));
    release(condition);
    release(condition);
}

static void the_lock_is_free_meanwhile_and_back_at_its_depth__COND_03_COND_04(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_condition_t *condition = new_condition(mem);
    brood_process_t *child = waiter(condition, said, 1, 3);

    acquire(condition);
    EXPECT_TEXT("<Condition <RLock owner=MainProcess depth=1> waiters=1>", text_of(condition));
    EXPECT_OK(brood_condition_notify(condition, 1));
    EXPECT_TEXT("<Condition <RLock owner=MainProcess depth=1> waiters=0>", text_of(condition));
    release(condition);
    EXPECT(said_number(said) == 101);
    EXPECT_EXIT(0, child); /* it has released three times, and could not a fourth time */
}

static void notify_wakes_so_many_the_longest_waiting_first__COND_05(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_condition_t *condition = new_condition(mem);
    brood_process_t *children[4];
    int first, second;

    acquire(condition);
    EXPECT_OK(brood_condition_notify(condition, 2)); /* nobody waits: not remembered */
    release(condition);
    for (int i = 0; i < 4; i++)
        children[i] = waiter(condition, said, i, 1);
    acquire(condition);
    EXPECT_OK(brood_condition_notify(condition, 0));
    EXPECT_OK(brood_condition_notify(condition, 2));
    EXPECT_TEXT("<Condition <RLock owner=MainProcess depth=1> waiters=2>", text_of(condition));
    release(condition);
    first = said_number(said);
    second = said_number(said);
    EXPECT(first + second == 100 + 101 && first != second && first >= 100 && second >= 100);
    acquire(condition);
    EXPECT_OK(brood_condition_notify(condition, UINT_MAX));
    release(condition);
    EXPECT(said_number(said) + said_number(said) == 102 + 103);
    for (int i = 0; i < 4; i++)
        EXPECT_EXIT(0, children[i]);
}

static void *APR_THREAD_FUNC wait_in_thread(apr_thread_t *thread, void *data)
{
    brood_condition_t *condition = data;
    apr_status_t rc = brood_lock_acquire(brood_condition_lock(condition), BROOD_FOREVER);

    if (rc == APR_SUCCESS) {
        rc = brood_condition_wait(condition, BROOD_FOREVER);
        (void) brood_lock_release(brood_condition_lock(condition));
    }
    apr_thread_exit(thread, rc);
    return NULL;
}

static void notify_all_wakes_threads_and_processes__COND_06_COND_10(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_condition_t *condition = new_condition(mem);
    brood_process_t *children[2];
    apr_thread_t *threads[2];

    for (int i = 0; i < 2; i++)
        children[i] = waiter(condition, said, i, 1);
    for (int i = 0; i < 2; i++)
        EXPECT_OK(apr_thread_create(&threads[i], NULL, wait_in_thread, condition, mem));
    for (bool all = false; !all;) { /* the threads have no way to tell us but by waiting */
        acquire(condition);
        all = strstr(text_of(condition), "waiters=4") != NULL;
        if (all)
            EXPECT_OK(brood_condition_notify_all(condition));
        release(condition);
        apr_sleep(500);
    }
    EXPECT(said_number(said) + said_number(said) == 100 + 101);
    for (int i = 0; i < 2; i++) {
        apr_status_t rc = APR_EGENERAL;

        EXPECT_OK(apr_thread_join(&rc, threads[i]));
        EXPECT_OK(rc);
        EXPECT_EXIT(0, children[i]);
    }
}

static void who_timed_out_takes_no_notification__COND_07(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_condition_t *condition = new_condition(mem);
    brood_process_t *child;

    acquire(condition);
    EXPECT_STATUS(APR_TIMEUP, brood_condition_wait(condition, 1));
    release(condition);
    child = waiter(condition, said, 1, 1);
    acquire(condition);
    EXPECT_STATUS(APR_TIMEUP, brood_condition_wait(condition, 1));
    EXPECT_OK(brood_condition_notify(condition, 1));
    EXPECT_TEXT("<Condition <RLock owner=MainProcess depth=1> waiters=0>", text_of(condition));
    release(condition);
    EXPECT(said_number(said) == 101);
    EXPECT_EXIT(0, child);
}

static void a_killed_waiter_takes_no_notification__COND_08(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_condition_t *condition = new_condition(mem);
    brood_process_t *victim = waiter(condition, said, 1, 1), *other = waiter(condition, said, 2, 1);

    EXPECT_KILLED(victim);
    acquire(condition);
    EXPECT_OK(brood_condition_notify(condition, 1));
    release(condition);
    EXPECT(said_number(said) == 102);
    EXPECT_EXIT(0, other);
}

/* It is notified, cannot come back since we hold the lock, and dies. */
static void what_a_killed_waiter_was_notified_of_goes_to_the_next__COND_08(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_condition_t *condition = new_condition(mem);
    brood_process_t *victim = waiter(condition, said, 1, 1), *other = waiter(condition, said, 2, 1);

    acquire(condition);
    EXPECT_OK(brood_condition_notify(condition, 1));
    EXPECT_TEXT("<Condition <RLock owner=MainProcess depth=1> waiters=1>", text_of(condition));
    EXPECT_KILLED(victim);
    release(condition);
    EXPECT(said_number(said) == 102);
    EXPECT_EXIT(0, other);
}

/* Notified while another one holds the lock, which dies. */
static void who_comes_back_after_a_dead_owner_is_told__LOCK_14(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_condition_t *condition = new_condition(mem);
    brood_process_t *child = waiter(condition, said, 1, 1);
    brood_process_t *victim = harness_start(notify_and_hold, BROOD_ARGS(condition, said), mem);

    EXPECT(said_number(said) == 5);
    EXPECT_KILLED(victim);
    EXPECT(said_number(said) == 201);
    EXPECT_EXIT(0, child);
}

static void a_closed_one_is_of_no_use(void)
{
    brood_condition_t *condition = new_condition(mem), *other;

    EXPECT_OK(brood_condition_from_value(&other, brood_value_copy(BROOD_VALUE(condition), mem)));
    EXPECT(brood_value_equal(BROOD_VALUE(condition), BROOD_VALUE(other)));
    brood_condition_close(condition);
    brood_condition_close(condition);
    EXPECT_STATUS(BROOD_ECLOSED, brood_condition_wait(condition, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ECLOSED, brood_condition_wait_for(condition, always, NULL, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ECLOSED, brood_condition_notify(condition, 1));
    EXPECT_STATUS(BROOD_ECLOSED, brood_condition_notify_all(condition));
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_acquire(brood_condition_lock(condition), BROOD_NOWAIT));
    EXPECT_TEXT("<Condition closed>", text_of(condition));
    acquire(other);
    release(other);
    EXPECT_STATUS(BROOD_EKIND, brood_condition_from_value(&condition, BROOD_VALUE(brood_condition_lock(other))));
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(it_stands_on_its_own_or_a_given_lock__COND_01),
        TEST(without_its_lock_it_is_misuse__COND_02),
        TEST(a_wait_in_vain_times_out_with_the_lock_held__COND_03_COND_04),
        TEST(the_lock_is_free_meanwhile_and_back_at_its_depth__COND_03_COND_04),
        TEST(notify_wakes_so_many_the_longest_waiting_first__COND_05),
        TEST(notify_all_wakes_threads_and_processes__COND_06_COND_10),
        TEST(who_timed_out_takes_no_notification__COND_07),
        TEST(a_killed_waiter_takes_no_notification__COND_08),
        TEST(what_a_killed_waiter_was_notified_of_goes_to_the_next__COND_08),
        TEST(who_comes_back_after_a_dead_owner_is_told__LOCK_14),
        TEST(a_closed_one_is_of_no_use),
    };

    mem = call->mem;
    return harness_run("condition", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(wait_for_it), BROOD_ENTRY(notify_and_hold))
