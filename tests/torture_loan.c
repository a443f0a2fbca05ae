/* A process ends at each step of a loan in turn: nothing of it is left, and nothing is gone that others have.
 *
 * Without BROOD_TORTURE there are no steps, and each lives on. */
#include "harness_tree.h"
#include "loan_fixture.h"
#include "base/step.h"
#include "platform/self.h"

#ifdef BROOD_TORTURE
static int planned;

static void on_step(int step)
{
    if (step == planned)
        brood__self_kill();
}

static void end_at(int step)
{
    planned = step;
    brood__step = on_step;
}

static int expected_end(void)
{
    return harness_killed();
}
#else
static void end_at(int step)
{
    (void) step;
}

static int expected_end(void)
{
    return 0;
}
#endif

/* ---- lives, each given a step, a queue and a lock that others have ---- */

/* Puts an item, gets it, and ends what was in it. */
static apr_status_t pass_by(brood_call_t *call)
{
    brood_queue_t *queue, *bag;
    brood_lock_t *kept, *own;
    brood_value_t value;
    int step;

    BROOD_TRY(BROOD_UNPACK(call->args, &step, &queue, &kept));
    BROOD_TRY(brood_lock_create(&own, call->mem));
    BROOD_TRY(brood_queue_create(&bag, 1, NULL, call->mem));
    end_at(step);
    BROOD_TRY(brood_queue_put(bag, BROOD_LIST(own, kept), 0));
    BROOD_TRY(brood_queue_put(queue, BROOD_LIST(bag, own, kept), 0));
    brood_lock_close(own);
    brood_queue_close(bag);
    return brood_queue_get(&value, queue, 0, call->mem);
}

/* Comes into the lock of the holder sets as if the one before had died in it. */
static apr_status_t recount(brood_call_t *call)
{
    uint32_t nobody = 0;
    brood_value_t item;
    brood_queue_t *queue;
    brood_lock_t *kept;
    int step;

    BROOD_TRY(BROOD_UNPACK(call->args, &step, &queue, &kept));
    BROOD_TRY(brood_queue_put(queue, BROOD_LIST(queue, kept), 0));
    end_at(step);
    while (!atomic_compare_exchange_weak(&brood__head()->object_lock, &nobody, BROOD__OWNER_ORPHAN))
        nobody = 0;
    return brood_queue_get(&item, queue, 0, call->mem);
}

static apr_status_t die_with_item(brood_call_t *call)
{
    brood_queue_t *queue;
    brood__item_t item;
    brood_lock_t *kept;
    int step;

    BROOD_TRY(BROOD_UNPACK(call->args, &step, &queue, &kept));
    BROOD_TRY(make_item(&item, BROOD_LIST(queue, kept)));
    brood__self_kill();
    return APR_SUCCESS;
}

/* Sweeps after a child that has died with an item in its hands. */
static apr_status_t sweep(brood_call_t *call)
{
    brood_process_t *child;
    apr_int64_t step;

    BROOD_TRY(brood_value_int(&step, brood_value_at(call->args, 0)));
    BROOD_TRY(brood_process_start(&child, die_with_item, call->args, NULL, call->mem));
    end_at((int) step);
    return brood_process_join(child, BROOD_FOREVER);
}

/* ---- claims ---- */

/* Afterwards what others have is there, and is theirs alone. */
static void expect_death_at(int step, brood_entry_fn life)
{
    apr_pool_t *mem = harness_mem(), *got;
    const brood__heap_use_t before = count();
    brood_queue_t *queue = harness_queue(mem);
    brood_value_t value;
    brood_lock_t *kept;
    apr_status_t rc;

    EXPECT_OK(brood_lock_create(&kept, mem));
    EXPECT_EXIT(expected_end(), harness_start(life, BROOD_ARGS(step, queue, kept), mem));
    EXPECT_OK(apr_pool_create(&got, mem));
    while ((rc = brood_queue_get(&value, queue, 0, got)) == APR_SUCCESS)
        ;
    EXPECT_STATUS(APR_TIMEUP, rc);
    apr_pool_destroy(got);
    EXPECT(brood__object_alone(object_of(queue)));
    EXPECT(brood__object_alone(object_of(kept)));
    EXPECT_OK(brood_lock_acquire(kept, BROOD_FOREVER));
    EXPECT_OK(brood_lock_release(kept));
    apr_pool_clear(mem);
    expect_balance(before);
}

static void at_each_step_of_an_item(void)
{
    static const int steps[] = {
        BROOD__STEP_LOAN_COUNTED,   BROOD__STEP_LOAN_BEGUN,       BROOD__STEP_PUT_HALF,     BROOD__STEP_PUT_FILLED,
        BROOD__STEP_PUT_COMMITTED,  BROOD__STEP_GET_LOCKED,       BROOD__STEP_GET_OWNED,    BROOD__STEP_GET_COMMITTED,
        BROOD__STEP_LOAN_UNMARKED,  BROOD__STEP_LOAN_RETURNED,    BROOD__STEP_LOAN_ENDED,   BROOD__STEP_OBJECT_HELD,
        BROOD__STEP_OBJECT_DROPPED, BROOD__STEP_OBJECT_DESTROYED, BROOD__STEP_OBJECT_TAKEN,
    };

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        expect_death_at(steps[i], pass_by);
}

static void at_each_step_of_a_recount(void)
{
    expect_death_at(BROOD__STEP_LOANS_FORGOTTEN, recount);
    expect_death_at(BROOD__STEP_LOANS_RECOUNTED, recount);
}

static void at_each_step_of_a_sweep(void)
{
    static const int steps[] = {BROOD__STEP_SWEEP_TAKEN, BROOD__STEP_LOAN_UNMARKED, BROOD__STEP_LOAN_RETURNED,
                                BROOD__STEP_LOAN_ENDED, BROOD__STEP_SWEEP_BLOCK};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        expect_death_at(steps[i], sweep);
}

static const brood_test_t tests[] = {
    TEST(at_each_step_of_an_item),
    TEST(at_each_step_of_a_recount),
    TEST(at_each_step_of_a_sweep),
};

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(pass_by), BROOD_ENTRY(recount), BROOD_ENTRY(die_with_item),
                                            BROOD_ENTRY(sweep), BROOD_ENTRIES_END};

    return harness_tree(argc, argv, entries, "torture_loan", tests, sizeof tests / sizeof tests[0]);
}
