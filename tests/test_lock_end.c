/* Lock and RLock: their owners' death and end, what they tell of themselves, and their own end. */
#include "lock_fixture.h"

/* ---- children ---- */

static apr_status_t fail_holding(brood_call_t *call)
{
    brood_lock_t *lock;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    return brood_fail(APR_EGENERAL, "failed on purpose, holding a lock");
}

/* ---- claims ---- */

static void a_dead_owners_lock_goes_on_and_it_is_told_once(void) /* LOCK-14 */
{
    for (int recursive = 0; recursive < 2; recursive++) {
        brood_lock_t *lock = new_lock(recursive != 0);
        brood_process_t *child = holder(lock, harness_queue(mem), recursive != 0 ? 3 : 1, false);

        EXPECT_OK(brood_process_kill(child));
        EXPECT_STATUS(BROOD_EOWNERDEAD, brood_lock_acquire(lock, BROOD_FOREVER)); /* not joined: found by itself */
        EXPECT_OK(brood_lock_release(lock));
        EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
        EXPECT_OK(brood_lock_release(lock));
        EXPECT_OK(brood_process_join(child, BROOD_FOREVER));
    }
}

static void a_lock_held_at_the_end_had_an_owner_that_died(void)
{
    brood_queue_t *told = harness_queue(mem);
    brood_lock_t *lock = new_lock(false);
    brood_process_t *child = holder(lock, told, 1, true);

    EXPECT_OK(brood_queue_put(told, BROOD_NIL, BROOD_FOREVER));
    EXPECT_EXIT(0, child);
    EXPECT_STATUS(BROOD_EOWNERDEAD, brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(lock));
}

static void a_failing_entry_releases_what_it_holds__LOCK_18(void)
{
    brood_lock_t *lock = new_lock(false);

    EXPECT_EXIT(1, harness_start(fail_holding, BROOD_ARGS(lock), mem));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(lock));
}

static void locked_tells_whether_anybody_alive_holds_it(void) /* LOCK-20 */
{
    brood_lock_t *lock = new_lock(false);
    brood_process_t *child;
    bool locked = true;

    EXPECT_OK(brood_lock_locked(&locked, lock));
    EXPECT(!locked);
    child = holder(lock, harness_queue(mem), 1, false);
    EXPECT_OK(brood_lock_locked(&locked, lock));
    EXPECT(locked);
    EXPECT_KILLED(child);
    EXPECT_OK(brood_lock_locked(&locked, lock));
    EXPECT(!locked);
}

static void its_text_names_owner_and_depth(void) /* LOCK-19 */
{
    brood_lock_t *lock = new_lock(true), *plain = new_lock(false);

    EXPECT_TEXT("<RLock owner=None>", brood_value_string(BROOD_VALUE(lock), mem));
    EXPECT_TEXT("<Lock owner=None>", brood_value_string(BROOD_VALUE(plain), mem));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_acquire(plain, BROOD_NOWAIT));
    EXPECT_TEXT("<RLock owner=MainProcess depth=2>", brood_value_string(BROOD_VALUE(lock), mem));
    EXPECT_TEXT("[<Lock owner=MainProcess>]", brood_value_string(BROOD_LIST(plain), mem));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT_OK(brood_lock_release(plain));
}

static void a_closed_lock_says_so(void)
{
    brood_lock_t *lock = new_lock(false);
    brood_process_t *process;
    bool locked;

    brood_lock_close(lock);
    brood_lock_close(lock);
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_acquire(lock, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_release(lock));
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_locked(&locked, lock));
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_start(&process, releasing, BROOD_ARGS(lock), NULL, mem));
    EXPECT_MESSAGE("closed");
}

static void a_child_goes_on_with_a_lock_that_its_parent_closed(void)
{
    brood_queue_t *told = harness_queue(mem), *said = harness_queue(mem);
    brood_lock_t *lock = new_lock(false);
    brood_process_t *child = harness_start(hold, BROOD_ARGS(lock, said, told, 1, brood_bool(false)), mem);

    brood_lock_close(lock);
    expect_said(said, 1);
    EXPECT_OK(brood_queue_put(told, BROOD_NIL, BROOD_FOREVER));
    EXPECT_EXIT(0, child);
}

static void a_value_that_is_no_lock_is_refused(void)
{
    brood_lock_t *lock;
    brood_queue_t *queue = harness_queue(mem);

    EXPECT_STATUS(BROOD_EKIND, brood_lock_from_value(&lock, brood_int(1)));
    EXPECT_STATUS(BROOD_EKIND, brood_lock_from_value(&lock, BROOD_VALUE(queue)));
    EXPECT_STATUS(BROOD_EARGS, BROOD_UNPACK(BROOD_LIST(queue), &lock));
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_dead_owners_lock_goes_on_and_it_is_told_once),
        TEST(a_lock_held_at_the_end_had_an_owner_that_died),
        TEST(a_failing_entry_releases_what_it_holds__LOCK_18),
        TEST(locked_tells_whether_anybody_alive_holds_it),
        TEST(its_text_names_owner_and_depth),
        TEST(a_closed_lock_says_so),
        TEST(a_child_goes_on_with_a_lock_that_its_parent_closed),
        TEST(a_value_that_is_no_lock_is_refused),
    };

    mem = call->mem;
    return harness_run("lock_end", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(hold), BROOD_ENTRY(fail_holding), BROOD_ENTRY(releasing))
