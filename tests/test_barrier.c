/* Barrier: between threads and processes. */
#include "barrier_fixture.h"
#include <limits.h>

static apr_pool_t *mem;

/* ---- children ---- */

/* Waits, and says what that came to. */
static apr_status_t come(brood_call_t *call)
{
    brood_barrier_t *barrier;
    brood_queue_t *said;
    int rounds;

    BROOD_TRY(BROOD_UNPACK(call->args, &barrier, &said, &rounds));
    for (int i = 0; i < rounds; i++) {
        const apr_status_t rc = brood_barrier_wait(NULL, barrier, BROOD_FOREVER);

        BROOD_TRY(brood_queue_put(said, brood_int(rc), BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

/* Has the barrier, says so, and ends as it is told. */
static apr_status_t stay_away(brood_call_t *call)
{
    brood_barrier_t *barrier;
    brood_queue_t *said, *told;
    brood_value_t go;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &barrier, &said, &told));
    BROOD_TRY(brood_queue_put(said, brood_int(-1), BROOD_FOREVER));
    BROOD_TRY(brood_queue_get(&go, told, BROOD_FOREVER, call->mem));
    BROOD_TRY(BROOD_READ(&rc, go));
    return rc == APR_SUCCESS ? rc : brood_fail(rc, "failed on purpose");
}

/* ---- help ---- */

static brood_barrier_t *new_barrier(unsigned parties, brood_entry_fn action)
{
    brood_barrier_t *barrier = NULL;

    EXPECT_OK(brood_barrier_create(&barrier, parties, action, mem));
    return barrier;
}

static void expect_said(brood_queue_t *said, int number)
{
    EXPECT(brood_value_equal(brood_int(number), harness_get(said, mem)));
}

/* ---- claims ---- */

static void all_keep_in_step__BAR_02_BAR_03_BAR_04_BAR_12(void)
{
    brood_barrier_t *barrier;

    EXPECT_OK(brood_array_create(&board, 1, sizeof(long), NULL, mem));
    barrier = new_barrier(3, act);
    expect_in_step(barrier, 500, mem);
    EXPECT(!state_of(barrier).broken);
}

static void one_party_never_waits__BAR_10(void)
{
    brood_barrier_t *barrier = new_barrier(1, NULL);
    unsigned index = 7;

    for (int i = 0; i < 3; i++) {
        EXPECT_OK(brood_barrier_wait(&index, barrier, BROOD_NOWAIT));
        EXPECT(index == 0);
    }
    EXPECT_OK(brood_array_create(&board, 1, sizeof(long), NULL, mem));
    barrier = new_barrier(1, act);
    EXPECT_OK(brood_barrier_wait(&index, barrier, BROOD_NOWAIT));
    EXPECT(((long *) brood_array_data(board))[0] == 1);
}

static apr_status_t in_no_table(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static void what_cannot_be_is_refused__BAR_01(void)
{
    brood_barrier_t *barrier;

    EXPECT_STATUS(APR_EINVAL, brood_barrier_create(&barrier, 0, NULL, mem));
    EXPECT_STATUS(APR_EINVAL, brood_barrier_create(&barrier, UINT_MAX, NULL, mem));
    EXPECT_STATUS(BROOD_EENTRY, brood_barrier_create(&barrier, 2, in_no_table, mem));
    EXPECT_MESSAGE("BROOD_ENTRY");
}

static void it_tells_how_it_stands__BAR_09(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_barrier_t *barrier = new_barrier(3, NULL);
    brood_process_t *child = harness_start(come, BROOD_ARGS(barrier, said, 1), mem);

    await_waiting(barrier, 1);
    EXPECT(state_of(barrier).parties == 3);
    EXPECT(!state_of(barrier).broken);
    EXPECT_TEXT("<Barrier waiters=1/3>", brood_value_string(BROOD_VALUE(barrier), mem));
    EXPECT_OK(brood_barrier_abort(barrier));
    EXPECT(state_of(barrier).waiting == 0);
    EXPECT(state_of(barrier).broken);
    EXPECT_TEXT("<Barrier broken>", brood_value_string(BROOD_VALUE(barrier), mem));
    expect_said(said, BROOD_EBROKEN);
    EXPECT_EXIT(0, child);
}

static void a_failing_action_breaks_it__BAR_05(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_barrier_t *barrier = new_barrier(2, act_in_vain);
    brood_process_t *child = harness_start(come, BROOD_ARGS(barrier, said, 1), mem);

    await_waiting(barrier, 1);
    EXPECT_STATUS(APR_EGENERAL, brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
    EXPECT_MESSAGE("failed on purpose");
    expect_said(said, BROOD_EBROKEN);
    EXPECT_EXIT(0, child);
    EXPECT_STATUS(BROOD_EBROKEN, brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
}

static void who_waits_too_long_breaks_it__BAR_06(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_barrier_t *barrier = new_barrier(3, NULL);
    brood_process_t *child = harness_start(come, BROOD_ARGS(barrier, said, 1), mem);
    const apr_time_t before = apr_time_now();
    unsigned index = 7;

    await_waiting(barrier, 1);
    EXPECT_STATUS(BROOD_EBROKEN, brood_barrier_wait(&index, barrier, apr_time_from_msec(20)));
    EXPECT_MESSAGE("did not come in time");
    EXPECT(apr_time_now() - before >= apr_time_from_msec(19));
    EXPECT(index == 7);
    expect_said(said, BROOD_EBROKEN);
    EXPECT_EXIT(0, child);
    EXPECT_STATUS(BROOD_EBROKEN, brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
}

static void abort_breaks_it_until_reset__BAR_07_BAR_08(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_barrier_t *barrier = new_barrier(2, NULL);
    brood_process_t *child = harness_start(come, BROOD_ARGS(barrier, said, 2), mem);

    await_waiting(barrier, 1);
    EXPECT_OK(brood_barrier_abort(barrier));
    expect_said(said, BROOD_EBROKEN);
    expect_said(said, BROOD_EBROKEN); /* the second time without waiting */
    EXPECT_EXIT(0, child);
    EXPECT_STATUS(BROOD_EBROKEN, brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
    EXPECT_MESSAGE("was aborted");
    EXPECT_OK(brood_barrier_reset(barrier));
    EXPECT(!state_of(barrier).broken);
    child = harness_start(come, BROOD_ARGS(barrier, said, 1), mem);
    EXPECT_OK(brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
    expect_said(said, APR_SUCCESS);
    EXPECT_EXIT(0, child);
}

static void reset_sends_away_who_waits_and_begins_anew__BAR_08(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_barrier_t *barrier = new_barrier(2, NULL);
    brood_process_t *child;

    EXPECT_OK(brood_barrier_reset(barrier)); /* nobody is there */
    for (int i = 0; i < 2; i++) {
        child = harness_start(come, BROOD_ARGS(barrier, said, 1), mem);
        await_waiting(barrier, 1);
        EXPECT_OK(i == 0 ? brood_barrier_reset(barrier) : brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
        EXPECT(!state_of(barrier).broken);
        EXPECT(state_of(barrier).waiting == 0);
        expect_said(said, i == 0 ? BROOD_EBROKEN : APR_SUCCESS);
        EXPECT_EXIT(0, child);
    }
}

static void a_killed_party_breaks_it__BAR_11(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_barrier_t *barrier = new_barrier(3, NULL);
    brood_process_t *victim = harness_start(come, BROOD_ARGS(barrier, said, 1), mem);
    brood_process_t *other = harness_start(come, BROOD_ARGS(barrier, said, 1), mem);

    await_waiting(barrier, 2);
    EXPECT_OK(brood_process_kill(victim));
    expect_said(said, BROOD_EBROKEN);
    EXPECT_EXIT(0, other);
    EXPECT_EXIT(harness_killed(), victim);
    EXPECT_STATUS(BROOD_EBROKEN, brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
    EXPECT_MESSAGE("a process that had it has ended");
}

static void so_does_one_killed_elsewhere_or_failing_but_not_one_that_succeeds__BAR_11(void)
{
    for (int how = 0; how < 3; how++) {
        brood_queue_t *said = harness_queue(mem), *told = harness_queue(mem);
        brood_barrier_t *barrier = new_barrier(2, NULL);
        brood_process_t *waiting = harness_start(come, BROOD_ARGS(barrier, said, 1), mem);
        brood_process_t *away = harness_start(stay_away, BROOD_ARGS(barrier, said, told), mem);

        expect_said(said, -1);
        await_waiting(barrier, 1);
        if (how == 0)
            EXPECT_OK(brood_process_kill(away));
        else
            EXPECT_OK(brood_queue_put(told, brood_int(how == 1 ? APR_EGENERAL : APR_SUCCESS), BROOD_FOREVER));
        EXPECT_EXIT(how == 0 ? harness_killed() : how == 1 ? 1 : 0, away);
        if (how == 2)
            EXPECT_OK(brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
        expect_said(said, how == 2 ? APR_SUCCESS : BROOD_EBROKEN);
        EXPECT_EXIT(0, waiting);
    }
}

static void a_closed_one_is_of_no_use(void)
{
    brood_barrier_t *barrier = new_barrier(2, act), *other;
    brood_barrier_state_t state;

    EXPECT_OK(brood_barrier_from_value(&other, brood_value_copy(BROOD_VALUE(barrier), mem)));
    EXPECT(brood_value_equal(BROOD_VALUE(barrier), BROOD_VALUE(other)));
    brood_barrier_close(barrier);
    brood_barrier_close(barrier);
    EXPECT_STATUS(BROOD_ECLOSED, brood_barrier_wait(NULL, barrier, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ECLOSED, brood_barrier_abort(barrier));
    EXPECT_STATUS(BROOD_ECLOSED, brood_barrier_reset(barrier));
    EXPECT_STATUS(BROOD_ECLOSED, brood_barrier_state(&state, barrier));
    EXPECT_TEXT("<Barrier closed>", brood_value_string(BROOD_VALUE(barrier), mem));
    EXPECT(state_of(other).parties == 2);
    EXPECT_STATUS(BROOD_EKIND, brood_barrier_from_value(&barrier, brood_text("barrier")));
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(all_keep_in_step__BAR_02_BAR_03_BAR_04_BAR_12),
        TEST(one_party_never_waits__BAR_10),
        TEST(what_cannot_be_is_refused__BAR_01),
        TEST(it_tells_how_it_stands__BAR_09),
        TEST(a_failing_action_breaks_it__BAR_05),
        TEST(who_waits_too_long_breaks_it__BAR_06),
        TEST(abort_breaks_it_until_reset__BAR_07_BAR_08),
        TEST(reset_sends_away_who_waits_and_begins_anew__BAR_08),
        TEST(a_killed_party_breaks_it__BAR_11),
        TEST(so_does_one_killed_elsewhere_or_failing_but_not_one_that_succeeds__BAR_11),
        TEST(a_closed_one_is_of_no_use),
    };

    mem = call->mem;
    return harness_run("barrier", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(act), BROOD_ENTRY(act_in_vain), BROOD_ENTRY(keep_in_step), BROOD_ENTRY(come),
           BROOD_ENTRY(stay_away))
