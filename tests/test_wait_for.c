/* Condition: waiting for a predicate. */
#include "condition_fixture.h"

static apr_pool_t *mem;

/* ---- taking turns, in two processes ---- */

/* A number goes up and down between two processes, each waiting for its own parity. */
typedef struct turn_t {
    int *number;
    int mine;
} turn_t;

static bool my_turn(void *user)
{
    const turn_t *turn = user;

    return *turn->number % 2 == turn->mine;
}

static apr_status_t take_turns(brood_condition_t *condition, int *number, int mine, int rounds)
{
    turn_t turn = {number, mine};

    for (int i = 0; i < rounds; i++) {
        BROOD_TRY(brood_lock_acquire(brood_condition_lock(condition), BROOD_FOREVER));
        BROOD_TRY(brood_condition_wait_for(condition, my_turn, &turn, BROOD_FOREVER));
        ++*number;
        BROOD_TRY(brood_condition_notify(condition, 1));
        BROOD_TRY(brood_lock_release(brood_condition_lock(condition)));
    }
    return APR_SUCCESS;
}

static apr_status_t other_turns(brood_call_t *call)
{
    brood_condition_t *condition;
    brood_array_t *shared;
    int rounds;

    BROOD_TRY(BROOD_UNPACK(call->args, &condition, &shared, &rounds));
    return take_turns(condition, brood_array_data(shared), 1, rounds);
}

/* ---- claims ---- */

static bool count_calls(void *user)
{
    return ++*(int *) user >= 3;
}

static bool never(void *user)
{
    ++*(int *) user;
    return false;
}

static void wait_for_asks_before_and_after_each_wait__COND_09(void)
{
    brood_condition_t *condition = new_condition(mem);
    int calls = 2;

    acquire(condition);
    EXPECT_OK(brood_condition_wait_for(condition, count_calls, &calls, BROOD_FOREVER)); /* true at once: no wait */
    EXPECT(calls == 3);
    calls = 0;
    EXPECT_STATUS(APR_TIMEUP, brood_condition_wait_for(condition, never, &calls, apr_time_from_msec(20)));
    EXPECT(calls == 2);
    calls = 1;
    EXPECT_OK(brood_condition_wait_for(condition, count_calls, &calls, apr_time_from_msec(20))); /* asked at the end */
    EXPECT(calls == 3);
    release(condition);
}

static void two_processes_take_turns__COND_09(void)
{
    brood_condition_t *condition = new_condition(mem);
    brood_process_t *child;
    brood_array_t *shared;

    EXPECT_OK(brood_array_create(&shared, 1, sizeof(int), NULL, mem));
    child = harness_start(other_turns, BROOD_ARGS(condition, shared, 2000), mem);
    EXPECT_OK(take_turns(condition, brood_array_data(shared), 0, 2000));
    EXPECT_EXIT(0, child);
    EXPECT(*(int *) brood_array_data(shared) == 4000);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(wait_for_asks_before_and_after_each_wait__COND_09),
        TEST(two_processes_take_turns__COND_09),
    };

    mem = call->mem;
    return harness_run("wait_for", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(other_turns))
