/* Semaphore and BoundedSemaphore: between threads and processes. */
#include "harness_tree.h"
#include <limits.h>

static apr_pool_t *mem;

/* What children and tests share. */
enum { INSIDE, MOST, TOTAL, FIELDS };

static unsigned value_of(brood_semaphore_t *semaphore)
{
    unsigned value = UINT_MAX;

    EXPECT_OK(brood_semaphore_get_value(&value, semaphore));
    return value;
}

/* ---- children ---- */

static apr_status_t pass_the_gate(brood_call_t *call)
{
    brood_semaphore_t *gate;
    brood_array_t *shared;
    int rounds;

    BROOD_TRY(BROOD_UNPACK(call->args, &gate, &shared, &rounds));
    long *field = brood_array_data(shared);
    for (int i = 0; i < rounds; i++) {
        BROOD_TRY(brood_semaphore_acquire(gate, BROOD_FOREVER));
        BROOD_TRY(brood_lock_acquire(brood_array_lock(shared), BROOD_FOREVER));
        if (++field[INSIDE] > field[MOST])
            field[MOST] = field[INSIDE];
        field[TOTAL]++;
        BROOD_TRY(brood_lock_release(brood_array_lock(shared)));
        BROOD_TRY(brood_lock_acquire(brood_array_lock(shared), BROOD_FOREVER));
        field[INSIDE]--;
        BROOD_TRY(brood_lock_release(brood_array_lock(shared)));
        BROOD_TRY(brood_semaphore_release(gate));
    }
    return APR_SUCCESS;
}

static apr_status_t acquire_once(brood_call_t *call)
{
    brood_semaphore_t *semaphore;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &semaphore, &said));
    BROOD_TRY(brood_queue_put(said, brood_int(1), BROOD_FOREVER));
    BROOD_TRY(brood_semaphore_acquire(semaphore, BROOD_FOREVER));
    return brood_queue_put(said, brood_int(2), BROOD_FOREVER);
}

static apr_status_t release_some(brood_call_t *call)
{
    brood_semaphore_t *semaphore;
    int count;

    BROOD_TRY(BROOD_UNPACK(call->args, &semaphore, &count));
    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_semaphore_release(semaphore));
    return APR_SUCCESS;
}

/* ---- claims ---- */

static void it_counts_down_and_up__LOCK_07_LOCK_09_LOCK_20(void)
{
    brood_semaphore_t *semaphore;

    EXPECT_OK(brood_semaphore_create(&semaphore, 2, mem));
    EXPECT(value_of(semaphore) == 2);
    EXPECT_OK(brood_semaphore_acquire(semaphore, BROOD_NOWAIT));
    EXPECT_OK(brood_semaphore_acquire(semaphore, BROOD_NOWAIT));
    EXPECT(value_of(semaphore) == 0);
    EXPECT_STATUS(APR_TIMEUP, brood_semaphore_acquire(semaphore, BROOD_NOWAIT));
    EXPECT_OK(brood_semaphore_release(semaphore));
    EXPECT_OK(brood_semaphore_release(semaphore));
    EXPECT_OK(brood_semaphore_release(semaphore)); /* above what it began with */
    EXPECT(value_of(semaphore) == 3);
    EXPECT_TEXT("<Semaphore value=3>", brood_value_string(BROOD_VALUE(semaphore), mem));
}

static void a_bounded_one_is_never_above_its_bound__LOCK_08_LOCK_10(void)
{
    brood_semaphore_t *semaphore;

    EXPECT_OK(brood_bounded_semaphore_create(&semaphore, 2, mem));
    EXPECT_STATUS(APR_EINVAL, brood_semaphore_release(semaphore));
    EXPECT_MESSAGE("2 is its most");
    EXPECT_OK(brood_semaphore_acquire(semaphore, BROOD_NOWAIT));
    EXPECT_TEXT("<BoundedSemaphore value=1 bound=2>", brood_value_string(BROOD_VALUE(semaphore), mem));
    EXPECT_OK(brood_semaphore_release(semaphore));
    EXPECT_STATUS(APR_EINVAL, brood_semaphore_release(semaphore));
    EXPECT(value_of(semaphore) == 2);
    EXPECT_OK(brood_bounded_semaphore_create(&semaphore, 0, mem));
    EXPECT_STATUS(APR_EINVAL, brood_semaphore_release(semaphore));
}

static void what_it_cannot_hold_is_refused__LOCK_07_LOCK_15(void)
{
    brood_semaphore_t *semaphore;

    EXPECT_STATUS(APR_EINVAL, brood_semaphore_create(&semaphore, (unsigned) INT_MAX + 1, mem));
    EXPECT_STATUS(APR_EINVAL, brood_bounded_semaphore_create(&semaphore, UINT_MAX, mem));
    EXPECT_OK(brood_semaphore_create(&semaphore, INT_MAX, mem));
    EXPECT_STATUS(APR_EINVAL, brood_semaphore_release(semaphore));
    EXPECT_OK(brood_semaphore_acquire(semaphore, BROOD_NOWAIT));
    EXPECT_OK(brood_semaphore_release(semaphore));
    EXPECT(value_of(semaphore) == INT_MAX);
}

static void time_is_kept__LOCK_02_LOCK_11(void)
{
    const apr_time_t before = apr_time_now();
    brood_semaphore_t *semaphore;

    EXPECT_OK(brood_semaphore_create(&semaphore, 0, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_semaphore_acquire(semaphore, apr_time_from_msec(30)));
    EXPECT(apr_time_now() - before >= apr_time_from_msec(29));
}

static void no_more_than_its_value_are_inside__LOCK_07(void)
{
    const long none[FIELDS] = {0};
    brood_process_t *children[4];
    brood_semaphore_t *gate;
    brood_array_t *shared;

    EXPECT_OK(brood_bounded_semaphore_create(&gate, 2, mem));
    EXPECT_OK(brood_array_create(&shared, FIELDS, sizeof(long), none, mem));
    for (int i = 0; i < 4; i++)
        children[i] = harness_start(pass_the_gate, BROOD_ARGS(gate, shared, 3000), mem);
    for (int i = 0; i < 4; i++)
        EXPECT_EXIT(0, children[i]);
    const long *field = brood_array_data(shared);
    EXPECT(field[TOTAL] == 4 * 3000L);
    EXPECT(field[MOST] >= 1 && field[MOST] <= 2);
    EXPECT(value_of(gate) == 2);
}

/* All given at once by another process: the first release alone rings, and each who is woken wakes the next. */
static void as_many_wake_as_are_released__LOCK_07(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_process_t *waiters[4], *giver;
    brood_semaphore_t *semaphore;

    EXPECT_OK(brood_semaphore_create(&semaphore, 0, mem));
    for (int i = 0; i < 4; i++)
        waiters[i] = harness_start(acquire_once, BROOD_ARGS(semaphore, said), mem);
    for (int i = 0; i < 4; i++)
        EXPECT(brood_value_equal(brood_int(1), harness_get(said, mem)));
    giver = harness_start(release_some, BROOD_ARGS(semaphore, 4), mem);
    for (int i = 0; i < 4; i++)
        EXPECT(brood_value_equal(brood_int(2), harness_get(said, mem)));
    for (int i = 0; i < 4; i++)
        EXPECT_EXIT(0, waiters[i]);
    EXPECT_EXIT(0, giver);
    EXPECT(value_of(semaphore) == 0);
}

static void a_killed_waiter_takes_nothing_with_it(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_process_t *victim, *other;
    brood_semaphore_t *semaphore;

    EXPECT_OK(brood_semaphore_create(&semaphore, 0, mem));
    victim = harness_start(acquire_once, BROOD_ARGS(semaphore, said), mem);
    other = harness_start(acquire_once, BROOD_ARGS(semaphore, said), mem);
    for (int i = 0; i < 2; i++)
        EXPECT(brood_value_equal(brood_int(1), harness_get(said, mem)));
    EXPECT_KILLED(victim);
    EXPECT_OK(brood_semaphore_release(semaphore));
    EXPECT(brood_value_equal(brood_int(2), harness_get(said, mem)));
    EXPECT_EXIT(0, other);
    EXPECT(value_of(semaphore) == 0);
}

static void a_closed_one_is_of_no_use(void)
{
    brood_semaphore_t *semaphore, *other;
    unsigned value = 7;

    EXPECT_OK(brood_semaphore_create(&semaphore, 1, mem));
    EXPECT_OK(brood_semaphore_from_value(&other, brood_value_copy(BROOD_VALUE(semaphore), mem)));
    brood_semaphore_close(semaphore);
    brood_semaphore_close(semaphore);
    EXPECT_STATUS(BROOD_ECLOSED, brood_semaphore_acquire(semaphore, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ECLOSED, brood_semaphore_release(semaphore));
    EXPECT_STATUS(BROOD_ECLOSED, brood_semaphore_get_value(&value, semaphore));
    EXPECT(value == 7);
    EXPECT_TEXT("<Semaphore closed>", brood_value_string(BROOD_VALUE(semaphore), mem));
    EXPECT_OK(brood_semaphore_acquire(other, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_EKIND, brood_semaphore_from_value(&semaphore, brood_int(1)));
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(it_counts_down_and_up__LOCK_07_LOCK_09_LOCK_20),
        TEST(a_bounded_one_is_never_above_its_bound__LOCK_08_LOCK_10),
        TEST(what_it_cannot_hold_is_refused__LOCK_07_LOCK_15),
        TEST(time_is_kept__LOCK_02_LOCK_11),
        TEST(no_more_than_its_value_are_inside__LOCK_07),
        TEST(as_many_wake_as_are_released__LOCK_07),
        TEST(a_killed_waiter_takes_nothing_with_it),
        TEST(a_closed_one_is_of_no_use),
    };

    mem = call->mem;
    return harness_run("semaphore", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(pass_the_gate), BROOD_ENTRY(acquire_once), BROOD_ENTRY(release_some))
