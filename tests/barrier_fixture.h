/* barrier_fixture.h - children that meet at a barrier, their actions, and how it stands. */
#ifndef BROOD_TESTS_BARRIER_FIXTURE_H
#define BROOD_TESTS_BARRIER_FIXTURE_H

#include "harness_tree.h"

static brood_array_t *board; /* longs, where an action of this process writes; the first: how often it has run */

/* ---- actions ---- */

static apr_status_t act(brood_call_t *call)
{
    (void) call;
    ((long *) brood_array_data(board))[0]++;
    return APR_SUCCESS;
}

static apr_status_t act_in_vain(brood_call_t *call)
{
    (void) call;
    return brood_fail_text(APR_EGENERAL, "failed on purpose");
}

/* ---- children ---- */

/* `rounds` times through the barrier: after each round all have counted, and the action has run once more. */
static apr_status_t keep_in_step(brood_call_t *call)
{
    brood_barrier_t *barrier;
    brood_array_t *marks;
    int rounds, parties;
    unsigned index;

    BROOD_TRY(BROOD_UNPACK(call->args, &barrier, &board, &marks, &rounds, &parties));
    volatile long *mark = brood_array_data(marks), *actions = brood_array_data(board);
    for (int i = 0; i < rounds; i++) {
        BROOD_TRY(brood_barrier_wait(&index, barrier, BROOD_FOREVER));
        CHECK(index < (unsigned) parties);
        CHECK(*actions == 2 * i + 1);
        CHECK(mark[index] == i); /* nobody else has this number in this round */
        mark[index]++;
        BROOD_TRY(brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
        for (int k = 0; k < parties; k++)
            CHECK(mark[k] == i + 1);
    }
    return APR_SUCCESS;
}

/* ---- help ---- */

/* Three children, for whom the barrier and a new board are. */
static inline void expect_in_step(brood_barrier_t *barrier, int rounds, apr_pool_t *mem)
{
    brood_process_t *children[3];
    brood_array_t *marks;

    EXPECT_OK(brood_array_create(&marks, 3, sizeof(long), NULL, mem));
    for (int i = 0; i < 3; i++)
        children[i] = harness_start(keep_in_step, BROOD_ARGS(barrier, board, marks, rounds, 3), mem);
    for (int i = 0; i < 3; i++)
        EXPECT_EXIT(0, children[i]);
    EXPECT(((long *) brood_array_data(board))[0] == 2L * rounds);
}

static inline brood_barrier_state_t state_of(brood_barrier_t *barrier)
{
    brood_barrier_state_t state = {0, 0, false};

    EXPECT_OK(brood_barrier_state(&state, barrier));
    return state;
}

static inline void await_waiting(brood_barrier_t *barrier, unsigned count)
{
    while (state_of(barrier).waiting != count)
        apr_sleep(500);
}

#endif
