/* What Lock, Semaphore, Condition, Event and Barrier have in common. */
#include "harness_children.h"
#include "harness_tree.h"
#include <stdint.h>

static apr_pool_t *mem;

#define MANY 1000
#define MONTHS apr_time_from_sec(90 * 86400) /* longer than 32 bits of milliseconds, or of anything smaller */

/* Waits for months for each, and is let pass. */
static apr_status_t wait_for_months(brood_call_t *call)
{
    brood_semaphore_t *semaphore;
    brood_event_t *event;
    brood_barrier_t *barrier;
    brood_lock_t *lock;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &semaphore, &event, &barrier, &said));
    BROOD_TRY(brood_queue_put(said, BROOD_NIL, BROOD_FOREVER));
    BROOD_TRY(brood_lock_acquire(lock, MONTHS));
    BROOD_TRY(brood_semaphore_acquire(semaphore, MONTHS));
    BROOD_TRY(brood_event_wait(event, INT64_MAX));
    return brood_barrier_wait(NULL, barrier, MONTHS);
}

static void a_timeout_may_be_of_months__LOCK_12(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_semaphore_t *semaphore;
    brood_process_t *child;
    brood_barrier_t *barrier;
    brood_event_t *event;
    brood_lock_t *lock;

    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_OK(brood_semaphore_create(&semaphore, 0, mem));
    EXPECT_OK(brood_event_create(&event, mem));
    EXPECT_OK(brood_barrier_create(&barrier, 2, NULL, mem));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    child = harness_start(wait_for_months, BROOD_ARGS(lock, semaphore, event, barrier, said), mem);
    EXPECT(brood_value_equal(BROOD_NIL, harness_get(said, mem)));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT_OK(brood_semaphore_release(semaphore));
    EXPECT_OK(brood_event_set(event));
    EXPECT_OK(brood_barrier_wait(NULL, barrier, MONTHS));
    EXPECT_EXIT(0, child);
}

/* No file, no name, no kernel object: a thousand of each cost memory of the arena and nothing else. */
static void a_thousand_of_each_take_no_descriptor__LOCK_16_LOCK_17(void)
{
    int before;
    apr_pool_t *sub;

    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, mem)); /* what is opened once is open */
    before = harness_handles();
    EXPECT_OK(apr_pool_create(&sub, mem));
    for (int i = 0; i < MANY; i++) {
        brood_semaphore_t *semaphore;
        brood_condition_t *condition;
        brood_event_t *event;
        brood_barrier_t *barrier;
        brood_lock_t *lock;

        EXPECT_OK(brood_lock_create(&lock, sub));
        EXPECT_OK(brood_condition_create(&condition, NULL, sub));
        EXPECT_OK(brood_semaphore_create(&semaphore, 1, sub));
        EXPECT_OK(brood_event_create(&event, sub));
        EXPECT_OK(brood_barrier_create(&barrier, 3, NULL, sub));
    }
    EXPECT(harness_handles() == before);
    apr_pool_destroy(sub);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_timeout_may_be_of_months__LOCK_12),
        TEST(a_thousand_of_each_take_no_descriptor__LOCK_16_LOCK_17),
    };

    mem = call->mem;
    return harness_run("sync", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(nothing), BROOD_ENTRY(wait_for_months))
