/* Conditions of a manager: the type and the calls of local ones. */
#include "condition_fixture.h"
#include "manager_sync_fixture.h"

/* ---- children ---- */

/* Waits with the lock acquired so often, and says what it came to. */
static apr_status_t wait_for_news(brood_call_t *call)
{
    brood_condition_t *condition;
    brood_queue_t *said;
    apr_interval_time_t timeout;
    int depth;

    BROOD_TRY(BROOD_UNPACK(call->args, &condition, &said, &depth, &timeout));
    brood_lock_t *lock = brood_condition_lock(condition);

    for (int i = 0; i < depth; i++)
        BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    const apr_status_t rc = brood_condition_wait(condition, timeout);

    BROOD_TRY(brood_queue_put(said, brood_int(rc), BROOD_FOREVER));
    for (int i = 0; i < depth; i++)
        BROOD_TRY(brood_lock_release(lock));
    return APR_SUCCESS;
}

static bool is_three(void *user)
{
    brood_value_t value = brood_nil();

    return brood_managed_list_get(&value, user, 0, mem) == APR_SUCCESS && value.as.integer == 3;
}

static apr_status_t wait_for_three(brood_call_t *call)
{
    brood_condition_t *condition;
    brood_managed_list_t *list;

    mem = call->mem;
    BROOD_TRY(BROOD_UNPACK(call->args, &condition, &list));
    BROOD_TRY(brood_lock_acquire(brood_condition_lock(condition), BROOD_FOREVER));
    BROOD_TRY(brood_condition_wait_for(condition, is_three, list, BROOD_FOREVER));
    return brood_lock_release(brood_condition_lock(condition));
}

/* Is given the condition's lock by itself, too. */
static apr_status_t notify_and_stay(brood_call_t *call)
{
    brood_condition_t *condition;
    brood_queue_t *said;
    brood_lock_t *lock;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &condition, &said));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    BROOD_TRY(brood_condition_notify(condition, 1));
    BROOD_TRY(brood_queue_put(said, brood_int(1), BROOD_FOREVER));
    return stay();
}

/* ---- help ---- */

static brood_condition_t *managed_condition(brood_lock_t *lock)
{
    brood_condition_t *condition = NULL;

    EXPECT_OK(brood_manager_condition(&condition, manager, NULL, lock, mem));
    return condition;
}

static void await_waiters(brood_condition_t *condition, int count)
{
    char text[32];

    (void) snprintf(text, sizeof text, "waiters=%d>", count);
    await_text(text, BROOD_VALUE(condition), mem);
}

static brood_process_t *waiter_of(brood_condition_t *condition, brood_queue_t *said, int depth)
{
    return harness_start(wait_for_news, BROOD_ARGS(condition, said, depth, BROOD_FOREVER), mem);
}

/* ---- claims ---- */

static void who_waits_is_notified__STYP_07(void)
{
    brood_condition_t *condition;
    brood_process_t *child[3];
    brood_queue_t *said;

    fresh();
    said = harness_queue(mem);
    condition = managed_condition(NULL);
    for (int i = 0; i < 3; i++) {
        child[i] = waiter_of(condition, said, i + 1);
        await_waiters(condition, i + 1);
    }
    acquire(condition);
    EXPECT_OK(brood_condition_notify(condition, 0));
    EXPECT_OK(brood_condition_notify(condition, 1));
    EXPECT(strstr(brood_value_string(BROOD_VALUE(condition), mem), "waiters=2>") != NULL);
    release(condition);
    expect_number(APR_SUCCESS, said, mem);
    EXPECT_EXIT(0, child[0]); /* the first has waited longest */
    acquire(condition);
    EXPECT_OK(brood_condition_notify_all(condition));
    release(condition);
    for (int i = 1; i < 3; i++)
        expect_number(APR_SUCCESS, said, mem);
    for (int i = 1; i < 3; i++)
        EXPECT_EXIT(0, child[i]);
    EXPECT_TEXT("<Condition <RLock owner=None> waiters=0>", brood_value_string(BROOD_VALUE(condition), mem));
}

static void without_the_lock_nothing_is_done__STYP_07(void)
{
    brood_condition_t *condition;

    fresh();
    condition = managed_condition(NULL);
    EXPECT_STATUS(BROOD_EMISUSE, brood_condition_wait(condition, BROOD_FOREVER));
    EXPECT_MESSAGE("wait on a condition whose lock this thread does not hold");
    EXPECT_STATUS(BROOD_EMISUSE, brood_condition_wait_for(condition, is_three, NULL, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EMISUSE, brood_condition_notify(condition, 1));
    EXPECT_STATUS(BROOD_EMISUSE, brood_condition_notify_all(condition));
    brood_condition_close(condition);
    EXPECT_STATUS(BROOD_ECLOSED, brood_condition_wait(condition, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_acquire(brood_condition_lock(condition), BROOD_FOREVER));
}

static void who_was_not_notified_in_time_has_the_lock_again__STYP_07(void)
{
    brood_condition_t *condition;
    apr_time_t begin;

    fresh();
    for (int own = 0; own < 2; own++) {
        brood_lock_t *lock = NULL;

        if (own == 0)
            EXPECT_OK(brood_manager_lock(&lock, manager, NULL, mem));
        condition = managed_condition(lock);
        for (int i = 0; i <= own; i++)
            acquire(condition);
        EXPECT_STATUS(APR_TIMEUP, brood_condition_wait(condition, BROOD_NOWAIT));
        begin = apr_time_now();
        EXPECT_STATUS(APR_TIMEUP, brood_condition_wait(condition, apr_time_from_msec(20)));
        EXPECT_MESSAGE("the condition was not notified in time");
        EXPECT(apr_time_now() - begin >= apr_time_from_msec(15));
        for (int i = 0; i <= own; i++)
            release(condition);
        EXPECT_STATUS(own == 0 ? APR_EINVAL : BROOD_ENOTOWNER, brood_lock_release(brood_condition_lock(condition)));
    }
}

static void a_predicate_is_asked_by_who_waits__STYP_07(void)
{
    brood_condition_t *condition;
    brood_managed_list_t *list;
    brood_process_t *child;

    fresh();
    condition = managed_condition(NULL);
    list = new_list(manager, NULL, mem);
    EXPECT_OK(brood_managed_list_append(list, brood_int(0)));
    child = harness_start(wait_for_three, BROOD_ARGS(condition, list), mem);
    for (int i = 1; i <= 3; i++) {
        await_waiters(condition, 1);
        acquire(condition);
        EXPECT_OK(brood_managed_list_set(list, 0, brood_int(i)));
        EXPECT_OK(brood_condition_notify(condition, 1));
        release(condition);
    }
    EXPECT_EXIT(0, child);
    acquire(condition);
    EXPECT_OK(brood_condition_wait_for(condition, is_three, list, BROOD_NOWAIT));
    EXPECT_OK(brood_managed_list_set(list, 0, brood_int(0)));
    EXPECT_STATUS(APR_TIMEUP, brood_condition_wait_for(condition, is_three, list, 1000));
    release(condition);
}

static void one_lock_serves_several__STYP_07(void)
{
    brood_condition_t *first, *second, *third;
    brood_lock_t *lock = NULL;

    fresh();
    EXPECT_OK(brood_manager_rlock(&lock, manager, NULL, mem));
    first = managed_condition(lock);
    brood_lock_close(lock);
    second = managed_condition(brood_condition_lock(first));
    third = managed_condition(NULL);
    acquire(first);
    EXPECT_OK(brood_condition_notify_all(second));
    EXPECT_STATUS(BROOD_EMISUSE, brood_condition_notify_all(third));
    EXPECT_STATUS(APR_TIMEUP, brood_condition_wait(second, BROOD_NOWAIT));
    release(second);
}

static void who_is_killed_leaves_the_news_to_the_next__STYP_07_STYP_11(void)
{
    brood_condition_t *condition;
    brood_process_t *first, *second;
    brood_queue_t *said;

    fresh();
    said = harness_queue(mem);
    condition = managed_condition(NULL);
    first = waiter_of(condition, said, 1);
    await_waiters(condition, 1);
    second = waiter_of(condition, said, 1);
    await_waiters(condition, 2);
    acquire(condition);
    EXPECT_OK(brood_condition_notify(condition, 1));
    EXPECT_KILLED(first); /* notified, and without the lock */
    await_waiters(condition, 0);
    release(condition);
    expect_number(APR_SUCCESS, said, mem);
    EXPECT_EXIT(0, second);
}

static void who_is_killed_while_it_waits_is_forgotten__STYP_07(void)
{
    brood_condition_t *condition;
    brood_process_t *waiter;
    brood_queue_t *said;

    fresh();
    said = harness_queue(mem);
    condition = managed_condition(NULL);
    waiter = waiter_of(condition, said, 1);
    await_waiters(condition, 1);
    EXPECT_KILLED(waiter);
    await_waiters(condition, 0);
    acquire(condition);
    EXPECT_OK(brood_condition_notify_all(condition));
    release(condition);
}

static void who_comes_back_is_told_that_the_owner_has_died__STYP_11(void)
{
    brood_condition_t *condition;
    brood_process_t *holder, *waiter;
    brood_queue_t *said;
    brood_lock_t *copy;

    fresh();
    said = harness_queue(mem);
    condition = managed_condition(NULL);
    EXPECT_OK(brood_lock_from_value(&copy, BROOD_VALUE(brood_condition_lock(condition))));
    waiter = waiter_of(condition, said, 2);
    await_waiters(condition, 1);
    holder = harness_start(notify_and_stay, BROOD_ARGS(copy, condition, said), mem);
    expect_number(1, said, mem); /* the waiter now waits for the lock */
    EXPECT_KILLED(holder);
    expect_number(BROOD_EOWNERDEAD, said, mem);
    EXPECT_EXIT(0, waiter);
    acquire(condition);
    release(condition);
}

static void it_is_found_in_a_dictionary_with_its_lock__PROX_08(void)
{
    brood_condition_t *condition, *found;
    brood_value_t value = brood_nil(), copy;
    brood_managed_dict_t *dict;

    fresh();
    dict = new_dict(manager, NULL, mem);
    condition = managed_condition(NULL);
    EXPECT_OK(brood_managed_dict_set(dict, brood_int(1), BROOD_VALUE(condition)));
    brood_condition_close(condition);
    EXPECT_OK(brood_managed_dict_get(&value, dict, brood_int(1), mem));
    copy = brood_value_copy(value, mem);
    EXPECT(brood_value_equal(value, copy));
    EXPECT_OK(brood_condition_from_value(&condition, value));
    EXPECT_OK(brood_condition_from_value(&found, copy));
    acquire(condition);
    EXPECT_OK(brood_condition_notify(found, 1));
    release(found);
    EXPECT_STATUS(BROOD_EENCODE,
                  brood_managed_dict_set(dict, brood_int(2), BROOD_VALUE(brood_condition_lock(condition))));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(wait_for_news), BROOD_ENTRY(wait_for_three),
                                            BROOD_ENTRY(notify_and_stay), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(who_waits_is_notified__STYP_07),
        TEST(without_the_lock_nothing_is_done__STYP_07),
        TEST(who_was_not_notified_in_time_has_the_lock_again__STYP_07),
        TEST(a_predicate_is_asked_by_who_waits__STYP_07),
        TEST(one_lock_serves_several__STYP_07),
        TEST(who_is_killed_leaves_the_news_to_the_next__STYP_07_STYP_11),
        TEST(who_is_killed_while_it_waits_is_forgotten__STYP_07),
        TEST(who_comes_back_is_told_that_the_owner_has_died__STYP_11),
        TEST(it_is_found_in_a_dictionary_with_its_lock__PROX_08),
    };

    return harness_tree(argc, argv, entries, "manager_condition", tests, sizeof tests / sizeof tests[0]);
}
