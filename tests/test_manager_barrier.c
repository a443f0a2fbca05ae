/* Barriers of a manager: the type and the calls of local ones. */
#include "barrier_fixture.h"
#include "manager_sync_fixture.h"

/* ---- children ---- */

/* The second field says that it has begun, the first when it is to end. */
static apr_status_t act_until_told(brood_call_t *call)
{
    volatile long *field = brood_array_data(board);

    (void) call;
    field[1] = 1;
    while (field[0] == 0)
        apr_sleep(1000);
    return APR_SUCCESS;
}

/* Waits, and says what that came to. */
static apr_status_t come(brood_call_t *call)
{
    brood_barrier_t *barrier;
    brood_queue_t *said;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &barrier, &board, &said));
    rc = brood_barrier_wait(NULL, barrier, BROOD_FOREVER);
    return brood_queue_put(said, brood_int(rc), BROOD_FOREVER);
}

/* ---- help ---- */

static void fresh_with_board(void)
{
    fresh();
    EXPECT_OK(brood_array_create(&board, 2, sizeof(long), NULL, mem));
}

static brood_barrier_t *new_barrier(unsigned parties, brood_entry_fn action)
{
    brood_barrier_t *barrier = NULL;

    EXPECT_OK(brood_manager_barrier(&barrier, manager, NULL, parties, action, mem));
    return barrier;
}

static brood_process_t *comer_to(brood_barrier_t *barrier, brood_queue_t *said)
{
    return harness_start(come, BROOD_ARGS(barrier, board, said), mem);
}

/* The first waits, and the actor is in the action. */
static brood_barrier_t *barrier_in_action(brood_process_t **first, brood_process_t **actor, brood_queue_t *said)
{
    brood_barrier_t *barrier = new_barrier(2, act_until_told);

    *first = comer_to(barrier, said);
    await_waiting(barrier, 1);
    *actor = comer_to(barrier, said);
    while (((volatile long *) brood_array_data(board))[1] == 0)
        apr_sleep(1000);
    return barrier;
}

/* ---- claims ---- */

static void all_wait_for_all_round_after_round__STYP_08(void)
{
    fresh_with_board();
    expect_in_step(new_barrier(3, act), 50, mem);
}

static void one_party_does_not_wait__STYP_08(void)
{
    brood_barrier_t *barrier = NULL;
    unsigned index = 9;

    fresh_with_board();
    barrier = new_barrier(1, NULL);
    EXPECT_OK(brood_barrier_wait(&index, barrier, BROOD_NOWAIT));
    EXPECT(index == 0);
    EXPECT(state_of(barrier).parties == 1 && state_of(barrier).waiting == 0 && !state_of(barrier).broken);
    EXPECT_TEXT("<Barrier waiters=0/1>", brood_value_string(BROOD_VALUE(barrier), mem));
    barrier = new_barrier(1, act);
    EXPECT_OK(brood_barrier_wait(&index, barrier, BROOD_NOWAIT));
    EXPECT(((long *) brood_array_data(board))[0] == 1);
    EXPECT_STATUS(APR_EINVAL, brood_manager_barrier(&barrier, manager, NULL, 0, NULL, mem));
    brood_barrier_close(barrier);
    EXPECT_STATUS(BROOD_ECLOSED, brood_barrier_wait(NULL, barrier, BROOD_NOWAIT));
}

static void who_waits_too_long_breaks_it__STYP_08(void)
{
    brood_barrier_t *barrier;
    brood_process_t *child;
    brood_queue_t *said;

    fresh_with_board();
    said = harness_queue(mem);
    barrier = new_barrier(3, NULL);
    child = comer_to(barrier, said);
    await_waiting(barrier, 1);
    EXPECT_STATUS(BROOD_EBROKEN, brood_barrier_wait(NULL, barrier, 1000));
    EXPECT_MESSAGE("a party did not come in time");
    expect_number(BROOD_EBROKEN, said, mem);
    EXPECT_EXIT(0, child);
    EXPECT(state_of(barrier).broken);
    EXPECT_TEXT("<Barrier broken>", brood_value_string(BROOD_VALUE(barrier), mem));
    EXPECT_OK(brood_barrier_reset(barrier));
    EXPECT(!state_of(barrier).broken);
    EXPECT_STATUS(BROOD_EBROKEN, brood_barrier_wait(NULL, barrier, BROOD_NOWAIT));
}

static void abort_and_reset_let_those_go_who_wait__STYP_08(void)
{
    brood_barrier_t *barrier;
    brood_process_t *child;
    brood_queue_t *said;

    fresh_with_board();
    said = harness_queue(mem);
    barrier = new_barrier(2, NULL);
    for (int i = 0; i < 2; i++) {
        child = comer_to(barrier, said);
        await_waiting(barrier, 1);
        EXPECT_OK(i == 0 ? brood_barrier_abort(barrier) : brood_barrier_reset(barrier));
        expect_number(BROOD_EBROKEN, said, mem);
        EXPECT_EXIT(0, child);
        EXPECT(state_of(barrier).broken == (i == 0));
        if (i == 0) {
            EXPECT_STATUS(BROOD_EBROKEN, brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
            EXPECT_MESSAGE("it was aborted");
        }
        EXPECT_OK(brood_barrier_reset(barrier));
    }
    child = comer_to(barrier, said);
    EXPECT_OK(brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
    EXPECT_EXIT(0, child);
}

static void who_is_killed_while_it_waits_breaks_it__STYP_08_BAR_11(void)
{
    brood_barrier_t *barrier;
    brood_process_t *first, *second;
    brood_queue_t *said;

    fresh_with_board();
    said = harness_queue(mem);
    barrier = new_barrier(3, NULL);
    first = comer_to(barrier, said);
    second = comer_to(barrier, said);
    await_waiting(barrier, 2);
    EXPECT_KILLED(first);
    expect_number(BROOD_EBROKEN, said, mem);
    EXPECT_EXIT(0, second);
    EXPECT_STATUS(BROOD_EBROKEN, brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
    EXPECT_MESSAGE("a party has ended");
}

static void an_action_that_fails_breaks_it__STYP_08(void)
{
    brood_barrier_t *barrier;
    brood_process_t *child;
    brood_queue_t *said;

    fresh_with_board();
    said = harness_queue(mem);
    barrier = new_barrier(2, act_in_vain);
    child = comer_to(barrier, said);
    await_waiting(barrier, 1);
    EXPECT_STATUS(APR_EGENERAL, brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
    EXPECT_MESSAGE("failed on purpose");
    expect_number(BROOD_EBROKEN, said, mem);
    EXPECT_EXIT(0, child);
}

static void who_is_killed_in_the_action_breaks_it__STYP_08_BAR_11(void)
{
    brood_barrier_t *barrier;
    brood_process_t *first, *actor;
    brood_queue_t *said;

    fresh_with_board();
    said = harness_queue(mem);
    barrier = barrier_in_action(&first, &actor, said);
    EXPECT(state_of(barrier).waiting == 0 && !state_of(barrier).broken);
    EXPECT_KILLED(actor);
    expect_number(BROOD_EBROKEN, said, mem);
    EXPECT_EXIT(0, first);
}

static void a_round_can_fill_while_the_action_of_the_one_before_runs__STYP_08(void)
{
    brood_barrier_t *barrier;
    brood_process_t *first, *actor, *more[2];
    brood_queue_t *said;

    fresh_with_board();
    said = harness_queue(mem);
    barrier = barrier_in_action(&first, &actor, said);
    for (unsigned i = 0; i < 2; i++) {
        more[i] = comer_to(barrier, said);
        await_waiting(barrier, i + 1);
    }
    ((volatile long *) brood_array_data(board))[0] = 1;
    for (int i = 0; i < 4; i++)
        expect_number(APR_SUCCESS, said, mem);
    EXPECT_EXIT(0, first);
    EXPECT_EXIT(0, actor);
    EXPECT_EXIT(0, more[0]);
    EXPECT_EXIT(0, more[1]);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {
        BROOD_ENTRY(act),          BROOD_ENTRY(act_in_vain), BROOD_ENTRY(act_until_told),
        BROOD_ENTRY(keep_in_step), BROOD_ENTRY(come),        BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(all_wait_for_all_round_after_round__STYP_08),
        TEST(one_party_does_not_wait__STYP_08),
        TEST(who_waits_too_long_breaks_it__STYP_08),
        TEST(abort_and_reset_let_those_go_who_wait__STYP_08),
        TEST(who_is_killed_while_it_waits_breaks_it__STYP_08_BAR_11),
        TEST(an_action_that_fails_breaks_it__STYP_08),
        TEST(who_is_killed_in_the_action_breaks_it__STYP_08_BAR_11),
        TEST(a_round_can_fill_while_the_action_of_the_one_before_runs__STYP_08),
    };

    return harness_tree(argc, argv, entries, "manager_barrier", tests, sizeof tests / sizeof tests[0]);
}
