/* Semaphores and events of a manager: the types and calls of the local ones. */
#include "manager_sync_fixture.h"

/* ---- children ---- */

static apr_status_t take_unit(brood_call_t *call)
{
    brood_semaphore_t *semaphore;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &semaphore, &said));
    BROOD_TRY(brood_semaphore_acquire(semaphore, BROOD_FOREVER));
    return brood_queue_put(said, brood_int(1), BROOD_FOREVER);
}

static apr_status_t pass_gate(brood_call_t *call)
{
    brood_event_t *gate, *passed;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &gate, &passed, &said));
    BROOD_TRY(brood_queue_put(said, brood_int(1), BROOD_FOREVER));
    BROOD_TRY(brood_event_wait(gate, BROOD_FOREVER));
    return brood_event_set(passed);
}

/* ---- help ---- */

static unsigned value_of(brood_semaphore_t *semaphore)
{
    unsigned value = 0;

    EXPECT_OK(brood_semaphore_get_value(&value, semaphore));
    return value;
}

/* ---- semaphores ---- */

static void a_semaphore_counts__STYP_06(void)
{
    brood_semaphore_t *semaphore = NULL, *bounded = NULL;

    fresh();
    EXPECT_OK(brood_manager_semaphore(&semaphore, manager, NULL, 1, mem));
    EXPECT_OK(brood_manager_bounded_semaphore(&bounded, manager, NULL, 2, mem));
    EXPECT_OK(brood_semaphore_acquire(semaphore, BROOD_FOREVER));
    EXPECT(value_of(semaphore) == 0);
    EXPECT_STATUS(APR_TIMEUP, brood_semaphore_acquire(semaphore, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_semaphore_acquire(semaphore, 1000));
    EXPECT_MESSAGE("the semaphore was not released in time");
    for (int i = 0; i < 3; i++)
        EXPECT_OK(brood_semaphore_release(semaphore));
    EXPECT(value_of(semaphore) == 3);
    EXPECT_STATUS(APR_EINVAL, brood_semaphore_release(bounded));
    EXPECT_MESSAGE("2 is its most");
    EXPECT_OK(brood_semaphore_acquire(bounded, BROOD_NOWAIT));
    EXPECT_OK(brood_semaphore_release(bounded));
    EXPECT_TEXT("<Semaphore value=3>", brood_value_string(BROOD_VALUE(semaphore), mem));
    EXPECT_TEXT("<BoundedSemaphore value=2 bound=2>", brood_value_string(BROOD_VALUE(bounded), mem));
    EXPECT_STATUS(APR_EINVAL, brood_manager_semaphore(&semaphore, manager, NULL, 0x80000000u, mem));
    brood_semaphore_close(bounded);
    EXPECT_STATUS(BROOD_ECLOSED, brood_semaphore_release(bounded));
}

static void what_a_process_has_acquired_stays_acquired__STYP_06(void)
{
    brood_semaphore_t *semaphore = NULL;
    brood_process_t *child[2];
    brood_queue_t *said;

    fresh();
    said = harness_queue(mem);
    EXPECT_OK(brood_manager_semaphore(&semaphore, manager, NULL, 1, mem));
    for (int i = 0; i < 2; i++)
        child[i] = harness_start(take_unit, BROOD_ARGS(semaphore, said), mem);
    expect_number(1, said, mem);
    EXPECT(value_of(semaphore) == 0);
    EXPECT_OK(brood_semaphore_release(semaphore));
    expect_number(1, said, mem);
    for (int i = 0; i < 2; i++)
        EXPECT_EXIT(0, child[i]);
    EXPECT(value_of(semaphore) == 0);
}

/* ---- events ---- */

static void an_event_lets_all_pass__STYP_08(void)
{
    brood_event_t *gate = NULL, *passed = NULL;
    brood_process_t *child;
    brood_queue_t *said;
    bool set = true;

    fresh();
    said = harness_queue(mem);
    EXPECT_OK(brood_manager_event(&gate, manager, NULL, mem));
    EXPECT_OK(brood_manager_event(&passed, manager, NULL, mem));
    EXPECT_OK(brood_event_is_set(&set, gate));
    EXPECT(!set);
    EXPECT_STATUS(APR_TIMEUP, brood_event_wait(gate, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_event_wait(gate, 1000));
    EXPECT_MESSAGE("the event was not set in time");
    child = harness_start(pass_gate, BROOD_ARGS(gate, passed, said), mem);
    expect_number(1, said, mem);
    EXPECT_TEXT("<Event unset>", brood_value_string(BROOD_VALUE(gate), mem));
    EXPECT_OK(brood_event_set(gate));
    EXPECT_OK(brood_event_wait(passed, BROOD_FOREVER));
    EXPECT_EXIT(0, child);
    EXPECT_OK(brood_event_set(gate));
    EXPECT_OK(brood_event_wait(gate, BROOD_NOWAIT));
    EXPECT_TEXT("<Event set>", brood_value_string(BROOD_VALUE(gate), mem));
    EXPECT_OK(brood_event_clear(gate));
    EXPECT_STATUS(APR_TIMEUP, brood_event_wait(gate, BROOD_NOWAIT));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(take_unit), BROOD_ENTRY(pass_gate), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(a_semaphore_counts__STYP_06),
        TEST(what_a_process_has_acquired_stays_acquired__STYP_06),
        TEST(an_event_lets_all_pass__STYP_08),
    };

    return harness_tree(argc, argv, entries, "manager_event", tests, sizeof tests / sizeof tests[0]);
}
