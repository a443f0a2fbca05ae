/* Locks of a manager: the type and the calls of local ones. */
#include "exclusion_fixture.h"
#include "harness_children.h"
#include "manager_sync_fixture.h"

/* ---- children ---- */

/* Takes it so often, says so, and then ends, or stays until it is killed. */
static apr_status_t hold(brood_call_t *call)
{
    brood_lock_t *lock;
    brood_queue_t *said;
    int depth;
    bool ends;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &said, &depth, &ends));
    for (int i = 0; i < depth; i++)
        BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    BROOD_TRY(brood_queue_put(said, brood_int(depth), BROOD_FOREVER));
    return ends ? APR_SUCCESS : stay();
}

/* Says what acquiring it comes to, and releases it. */
static apr_status_t acquire_it(brood_call_t *call)
{
    brood_lock_t *lock;
    brood_queue_t *said;
    apr_interval_time_t timeout;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &said, &timeout));
    BROOD_TRY(brood_queue_put(said, brood_int(-1), BROOD_FOREVER));
    const apr_status_t rc = brood_lock_acquire(lock, timeout);

    BROOD_TRY(brood_queue_put(said, brood_int(rc), BROOD_FOREVER));
    return rc == APR_SUCCESS || rc == BROOD_EOWNERDEAD ? brood_lock_release(lock) : APR_SUCCESS;
}

/* ---- help ---- */

static brood_lock_t *new_lock(bool recursive)
{
    brood_lock_t *lock = NULL;

    EXPECT_OK(recursive ? brood_manager_rlock(&lock, manager, NULL, mem)
                        : brood_manager_lock(&lock, manager, NULL, mem));
    return lock;
}

static bool is_locked(brood_lock_t *lock)
{
    bool locked = false;

    EXPECT_OK(brood_lock_locked(&locked, lock));
    return locked;
}

static brood_process_t *holder_of(brood_lock_t *lock, int depth, bool ends)
{
    brood_queue_t *said = harness_queue(mem);
    brood_process_t *holder = harness_start(hold, BROOD_ARGS(lock, said, depth, ends), mem);

    expect_number(depth, said, mem);
    return holder;
}

/* ---- locks ---- */

static void a_lock_is_used_as_a_local_one__STYP_06(void)
{
    brood_lock_t *lock, *again;
    bool locked = true;

    fresh();
    lock = new_lock(false);
    EXPECT(!is_locked(lock));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    EXPECT(is_locked(lock));
    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_MESSAGE("the lock did not become free in time");
    EXPECT_OK(brood_lock_from_value(&again, brood_lock_to_value(lock)));
    EXPECT_OK(brood_lock_release(again));
    EXPECT_STATUS(APR_EINVAL, brood_lock_release(lock));
    EXPECT_MESSAGE("the lock that is released is free");
    EXPECT_TEXT("<Lock owner=None>", brood_value_string(BROOD_VALUE(lock), mem));
    brood_lock_close(lock);
    brood_lock_close(lock);
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_acquire(lock, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_release(lock));
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_locked(&locked, lock));
}

static void *APR_THREAD_FUNC in_another_thread(apr_thread_t *thread, void *data)
{
    (void) thread;
    EXPECT_STATUS(BROOD_ENOTOWNER, brood_lock_release(data));
    EXPECT_MESSAGE("does not hold the RLock");
    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(data, 1000));
    return NULL;
}

static void an_rlock_is_its_threads__STYP_06(void)
{
    apr_thread_t *thread = NULL;
    brood_lock_t *lock;

    fresh();
    lock = new_lock(true);
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT(strstr(brood_value_string(BROOD_VALUE(lock), mem), "depth=2>") != NULL);
    EXPECT_OK(apr_thread_create(&thread, NULL, in_another_thread, lock, mem));
    harness_join(thread);
    EXPECT_OK(brood_lock_release(lock));
    EXPECT(is_locked(lock));
    EXPECT_EXIT(1, harness_start(releasing, BROOD_ARGS(lock), mem));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT(!is_locked(lock));
    EXPECT_STATUS(BROOD_ENOTOWNER, brood_lock_release(lock));
}

static void a_lock_can_be_released_by_another_process__STYP_06(void)
{
    brood_lock_t *lock;

    fresh();
    lock = new_lock(false);
    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    EXPECT_EXIT(0, harness_start(releasing, BROOD_ARGS(lock), mem));
    EXPECT(!is_locked(lock));
}

static void nobody_is_inside_with_another__STYP_06(void)
{
    fresh();
    for (int recursive = 0; recursive < 2; recursive++)
        expect_exclusion(new_lock(recursive != 0), 3, 100, mem);
}

static void who_waits_is_told_that_the_owner_was_killed__STYP_11(void)
{
    brood_queue_t *said;
    brood_process_t *holder, *waiter;

    fresh();
    said = harness_queue(mem);
    for (int recursive = 0; recursive < 2; recursive++) {
        brood_lock_t *lock = new_lock(recursive != 0);

        holder = holder_of(lock, recursive + 1, false);
        EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(lock, 1000));
        waiter = harness_start(acquire_it, BROOD_ARGS(lock, said, BROOD_FOREVER), mem);
        expect_number(-1, said, mem);
        EXPECT_KILLED(holder);
        expect_number(BROOD_EOWNERDEAD, said, mem);
        EXPECT_EXIT(0, waiter);
        EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
        EXPECT_OK(brood_lock_release(lock));
    }
}

static void who_comes_later_is_told_once__STYP_11(void)
{
    fresh();
    for (int ends = 0; ends < 2; ends++) {
        brood_lock_t *lock = new_lock(ends != 0);
        brood_process_t *holder = holder_of(lock, 1, ends != 0);

        if (ends != 0)
            EXPECT_EXIT(0, holder);
        else
            EXPECT_KILLED(holder);
        EXPECT_STATUS(BROOD_EOWNERDEAD, brood_lock_acquire(lock, BROOD_FOREVER));
        EXPECT_MESSAGE("mend what it guards");
        EXPECT(is_locked(lock));
        EXPECT_OK(brood_lock_release(lock));
        EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
        EXPECT_OK(brood_lock_release(lock));
    }
}

static void a_wait_lasts_as_long_as_it_was_to__STYP_06(void)
{
    brood_lock_t *lock;
    apr_time_t begin;

    fresh();
    lock = new_lock(false);
    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    begin = apr_time_now();
    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(lock, apr_time_from_msec(50)));
    EXPECT(apr_time_now() - begin >= apr_time_from_msec(45));
    EXPECT_OK(brood_lock_release(lock));
}

static void who_is_killed_while_it_waits_gets_nothing__STYP_11(void)
{
    brood_queue_t *said;
    brood_process_t *waiter;
    brood_lock_t *lock;

    fresh();
    said = harness_queue(mem);
    lock = new_lock(false);
    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    waiter = harness_start(acquire_it, BROOD_ARGS(lock, said, BROOD_FOREVER), mem);
    expect_number(-1, said, mem);
    EXPECT_KILLED(waiter);
    EXPECT_OK(brood_lock_release(lock));
    /* Perhaps the server has not heard yet of its end: then it was an owner that died. */
    EXPECT_OK(brood_allow(brood_lock_acquire(lock, BROOD_FOREVER), BROOD_EOWNERDEAD));
}

static void local_and_managed_do_not_mix__STYP_07(void)
{
    brood_condition_t *condition = NULL;
    brood_lock_t *lock, *local;

    fresh();
    lock = new_lock(false);
    EXPECT_OK(brood_lock_create(&local, mem));
    EXPECT_STATUS(BROOD_EMISUSE, brood_condition_create(&condition, lock, mem));
    EXPECT_MESSAGE("brood_manager_condition");
    EXPECT_STATUS(BROOD_EMISUSE, brood_manager_condition(&condition, manager, NULL, local, mem));
    EXPECT_MESSAGE("a lock of the same manager");
    EXPECT(condition == NULL);
}

static void a_lock_is_found_in_a_dictionary_and_by_its_name__PROX_08_MGR_14(void)
{
    brood_lock_t *lock, *named, *found;
    brood_event_t *event = NULL;
    brood_managed_dict_t *dict;
    brood_value_t value = brood_nil();

    fresh();
    dict = new_dict(manager, NULL, mem);
    EXPECT_OK(brood_manager_rlock(&lock, manager, "the lock", mem));
    EXPECT_OK(brood_manager_rlock(&named, manager, "the lock", mem));
    EXPECT_STATUS(BROOD_EKIND, brood_manager_lock(&named, manager, "the lock", mem));
    EXPECT_STATUS(BROOD_EKIND, brood_manager_event(&event, manager, "the lock", mem));
    EXPECT_OK(brood_managed_dict_set(dict, brood_text("lock"), BROOD_VALUE(lock)));
    EXPECT_OK(brood_managed_dict_get(&value, dict, brood_text("lock"), mem));
    EXPECT_OK(brood_lock_from_value(&found, value));
    EXPECT_OK(brood_lock_acquire(found, BROOD_FOREVER));
    EXPECT(is_locked(lock));
    EXPECT_OK(brood_lock_release(named));
    EXPECT(!is_locked(found));
    EXPECT_STATUS(BROOD_EKIND, brood_event_from_value(&event, value));
}

static void who_waits_when_the_server_ends_is_told__PROX_17(void)
{
    brood_lock_t *lock;
    brood_queue_t *said;
    brood_process_t *waiter;

    fresh();
    said = harness_queue(mem);
    lock = new_lock(false);
    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    waiter = harness_start(acquire_it, BROOD_ARGS(lock, said, BROOD_FOREVER), mem);
    expect_number(-1, said, mem);
    EXPECT_OK(brood_manager_shutdown(manager));
    expect_number(BROOD_ELOST, said, mem);
    EXPECT_EXIT(0, waiter);
    EXPECT_STATUS(BROOD_ELOST, brood_lock_release(lock));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(count_under_lock), BROOD_ENTRY(hold), BROOD_ENTRY(acquire_it),
                                            BROOD_ENTRY(releasing), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(a_lock_is_used_as_a_local_one__STYP_06),
        TEST(an_rlock_is_its_threads__STYP_06),
        TEST(a_lock_can_be_released_by_another_process__STYP_06),
        TEST(nobody_is_inside_with_another__STYP_06),
        TEST(who_waits_is_told_that_the_owner_was_killed__STYP_11),
        TEST(who_comes_later_is_told_once__STYP_11),
        TEST(a_wait_lasts_as_long_as_it_was_to__STYP_06),
        TEST(who_is_killed_while_it_waits_gets_nothing__STYP_11),
        TEST(local_and_managed_do_not_mix__STYP_07),
        TEST(a_lock_is_found_in_a_dictionary_and_by_its_name__PROX_08_MGR_14),
        TEST(who_waits_when_the_server_ends_is_told__PROX_17),
    };

    return harness_tree(argc, argv, entries, "manager_lock", tests, sizeof tests / sizeof tests[0]);
}
