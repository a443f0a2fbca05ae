/* Waiters: what conditions and barriers are made of. */
#include "harness_tree.h"

#include "base/deadline.h"
#include "memory/layout.h"
#include "platform/clock.h"

#define HERE UINT64_C(1) /* no object's offset */
#define ROUNDS 300u
#define ROUSES 200u
#define NO_LOOK apr_time_from_sec(86400) /* who is not woken sleeps on, and the test does not end */

static apr_pool_t *mem;

/* ---- children ---- */

static apr_status_t wait_in_rounds(brood_call_t *call)
{
    (void) call;
    brood__look_first = NO_LOOK;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        brood__waiter_t *waiter = brood__waiter_enter(HERE, round, false);
        brood__sleeper_t sleeper = brood__sleeper(BROOD__NEVER);

        sleeper.spun = BROOD__PAUSES + BROOD__YIELDS; /* to the sleep */
        while (brood__waiter_state(waiter) == BROOD__WAITS)
            CHECK(brood__waiter_wait(waiter, &sleeper) == APR_SUCCESS);
        CHECK(brood__waiter_state(waiter) == BROOD__PASSED);
        brood__waiter_leave(waiter);
    }
    return APR_SUCCESS;
}

/* ---- help ---- */

static brood__waiter_t *await_one(void)
{
    brood__waiter_t *waiter;

    while ((waiter = brood__waiter_first(HERE)) == NULL)
        brood__clock_yield();
    return waiter;
}

/* It is about to sleep, or sleeps by then. */
static void rouse_after(uint32_t pauses, brood__waiter_t *waiter)
{
    while (atomic_load(&waiter->asleep) == 0)
        brood__clock_yield();
    for (uint32_t i = 0; i < pauses; i++)
        brood__clock_pause();
    brood__waiter_rouse(waiter);
}

/* ---- claims ---- */

/* A rouse may be meant for one who had the entry before, so it comes at any moment: also when the waiter has had its
 * last look and does not sleep yet. */
static void who_is_roused_looks_again_and_who_is_told_goes_on(void)
{
    brood_process_t *child = harness_start(wait_in_rounds, brood_nil(), mem);

    for (uint32_t round = 0; round < ROUNDS; round++) {
        brood__waiter_t *waiter = await_one();

        EXPECT(atomic_load(&waiter->ticket) == round);
        for (uint32_t i = 0; i < ROUSES; i++)
            rouse_after(i % 50, waiter);
        EXPECT(brood__waiter_tell(waiter, BROOD__PASSED));
    }
    EXPECT_EXIT(0, child);
    EXPECT(brood__waiter_count(HERE) == 0);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(who_is_roused_looks_again_and_who_is_told_goes_on),
    };

    mem = call->mem;
    return harness_run("waiter", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(wait_in_rounds))
