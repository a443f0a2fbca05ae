/* lock_fixture.h - locks, and children that hold them. */
#ifndef BROOD_TESTS_LOCK_FIXTURE_H
#define BROOD_TESTS_LOCK_FIXTURE_H

#include "harness_children.h"
#include "harness_tree.h"

static apr_pool_t *mem;

/* ---- children ---- */

/* Takes the lock `depth` times, says so in the queue, and holds it until it is killed or told to end. */
static apr_status_t hold(brood_call_t *call)
{
    brood_lock_t *lock;
    brood_queue_t *said, *told;
    brood_value_t go;
    int depth;
    bool exit_holding;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &said, &told, &depth, &exit_holding));
    for (int i = 0; i < depth; i++)
        BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    BROOD_TRY(brood_queue_put(said, brood_int(1), BROOD_FOREVER));
    BROOD_TRY(brood_queue_get(&go, told, BROOD_FOREVER, call->mem));
    if (exit_holding)
        return APR_SUCCESS;
    for (int i = 0; i < depth; i++)
        BROOD_TRY(brood_lock_release(lock));
    return APR_SUCCESS;
}

/* ---- help ---- */

static brood_lock_t *new_lock(bool recursive)
{
    brood_lock_t *lock = NULL;

    EXPECT_OK(recursive ? brood_rlock_create(&lock, mem) : brood_lock_create(&lock, mem));
    return lock;
}

static void expect_said(brood_queue_t *queue, int number)
{
    EXPECT(brood_value_equal(brood_int(number), harness_get(queue, mem)));
}

/* A child that holds the lock. */
static brood_process_t *holder(brood_lock_t *lock, brood_queue_t *told, int depth, bool exit_holding)
{
    brood_queue_t *said = harness_queue(mem);
    brood_process_t *process = harness_start(hold, BROOD_ARGS(lock, said, told, depth, brood_bool(exit_holding)), mem);

    expect_said(said, 1);
    return process;
}

#endif
