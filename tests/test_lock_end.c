/* Lock and RLock: their owners' death and end, what they tell of themselves, and their own end. */
#include "harness.h"
#include <brood.h>

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

static apr_status_t fail_holding(brood_call_t *call)
{
    brood_lock_t *lock;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    return brood_fail(APR_EGENERAL, "failed on purpose, holding a lock");
}

static apr_status_t release_it(brood_call_t *call)
{
    brood_lock_t *lock;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock));
    return brood_lock_release(lock);
}

/* ---- help ---- */

static brood_process_t *start(brood_entry_fn entry, brood_value_t args)
{
    brood_process_t *process = NULL;

    EXPECT_OK(brood_process_start(&process, entry, args, NULL, mem));
    return process;
}

static void expect_end(brood_process_t *process, int exitcode)
{
    EXPECT_OK(brood_process_join(process, BROOD_FOREVER));
    EXPECT(brood_process_exitcode(process) == exitcode);
}

static brood_lock_t *new_lock(bool recursive)
{
    brood_lock_t *lock = NULL;

    EXPECT_OK(recursive ? brood_rlock_create(&lock, mem) : brood_lock_create(&lock, mem));
    return lock;
}

static brood_queue_t *new_queue(void)
{
    brood_queue_t *queue = NULL;

    EXPECT_OK(brood_queue_create(&queue, 16, NULL, mem));
    return queue;
}

static void expect_said(brood_queue_t *queue, int number)
{
    brood_value_t said = BROOD_NIL;

    EXPECT_OK(brood_queue_get(&said, queue, BROOD_FOREVER, mem));
    EXPECT(brood_value_equal(said, brood_int(number)));
}

/* A child that holds the lock. */
static brood_process_t *holder(brood_lock_t *lock, brood_queue_t *told, int depth, bool exit_holding)
{
    brood_queue_t *said = new_queue();
    brood_process_t *process = start(hold, BROOD_ARGS(lock, said, told, depth, brood_bool(exit_holding)));

    expect_said(said, 1);
    return process;
}

/* ---- claims ---- */

static void a_dead_owners_lock_goes_on_and_it_is_told_once(void) /* LOCK-14 */
{
    for (int recursive = 0; recursive < 2; recursive++) {
        brood_lock_t *lock = new_lock(recursive != 0);
        brood_process_t *child = holder(lock, new_queue(), recursive != 0 ? 3 : 1, false);

        EXPECT_OK(brood_process_kill(child));
        EXPECT_STATUS(BROOD_EOWNERDEAD, brood_lock_acquire(lock, BROOD_FOREVER)); /* not joined: found by itself */
        EXPECT_OK(brood_lock_release(lock));
        EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
        EXPECT_OK(brood_lock_release(lock));
        EXPECT_OK(brood_process_join(child, BROOD_FOREVER));
    }
}

static void a_lock_held_at_the_end_had_an_owner_that_died(void)
{
    brood_queue_t *told = new_queue();
    brood_lock_t *lock = new_lock(false);
    brood_process_t *child = holder(lock, told, 1, true);

    EXPECT_OK(brood_queue_put(told, BROOD_NIL, BROOD_FOREVER));
    expect_end(child, 0);
    EXPECT_STATUS(BROOD_EOWNERDEAD, brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(lock));
}

static void a_failing_entry_releases_what_it_holds__LOCK_18(void)
{
    brood_lock_t *lock = new_lock(false);

    expect_end(start(fail_holding, BROOD_ARGS(lock)), 1);
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(lock));
}

static void locked_tells_whether_anybody_alive_holds_it(void) /* LOCK-20 */
{
    brood_lock_t *lock = new_lock(false);
    brood_process_t *child;
    bool locked = true;

    EXPECT_OK(brood_lock_locked(&locked, lock));
    EXPECT(!locked);
    child = holder(lock, new_queue(), 1, false);
    EXPECT_OK(brood_lock_locked(&locked, lock));
    EXPECT(locked);
    EXPECT_OK(brood_process_kill(child));
    EXPECT_OK(brood_process_join(child, BROOD_FOREVER));
    EXPECT_OK(brood_lock_locked(&locked, lock));
    EXPECT(!locked);
}

static void its_text_names_owner_and_depth(void) /* LOCK-19 */
{
    brood_lock_t *lock = new_lock(true), *plain = new_lock(false);

    EXPECT_TEXT("<RLock owner=None>", brood_value_string(BROOD_VALUE(lock), mem));
    EXPECT_TEXT("<Lock owner=None>", brood_value_string(BROOD_VALUE(plain), mem));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_acquire(plain, BROOD_NOWAIT));
    EXPECT_TEXT("<RLock owner=MainProcess depth=2>", brood_value_string(BROOD_VALUE(lock), mem));
    EXPECT_TEXT("[<Lock owner=MainProcess>]", brood_value_string(BROOD_LIST(plain), mem));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT_OK(brood_lock_release(plain));
}

static void a_closed_lock_says_so(void)
{
    brood_lock_t *lock = new_lock(false);
    brood_process_t *process;
    bool locked;

    brood_lock_close(lock);
    brood_lock_close(lock);
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_acquire(lock, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_release(lock));
    EXPECT_STATUS(BROOD_ECLOSED, brood_lock_locked(&locked, lock));
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_start(&process, release_it, BROOD_ARGS(lock), NULL, mem));
    EXPECT_MESSAGE("closed");
}

static void a_child_goes_on_with_a_lock_that_its_parent_closed(void)
{
    brood_queue_t *told = new_queue(), *said = new_queue();
    brood_lock_t *lock = new_lock(false);
    brood_process_t *child = start(hold, BROOD_ARGS(lock, said, told, 1, brood_bool(false)));

    brood_lock_close(lock);
    expect_said(said, 1);
    EXPECT_OK(brood_queue_put(told, BROOD_NIL, BROOD_FOREVER));
    expect_end(child, 0);
}

static void a_value_that_is_no_lock_is_refused(void)
{
    brood_lock_t *lock;
    brood_queue_t *queue = new_queue();

    EXPECT_STATUS(BROOD_EKIND, brood_lock_from_value(&lock, brood_int(1)));
    EXPECT_STATUS(BROOD_EKIND, brood_lock_from_value(&lock, BROOD_VALUE(queue)));
    EXPECT_STATUS(BROOD_EARGS, BROOD_UNPACK(BROOD_LIST(queue), &lock));
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_dead_owners_lock_goes_on_and_it_is_told_once),
        TEST(a_lock_held_at_the_end_had_an_owner_that_died),
        TEST(a_failing_entry_releases_what_it_holds__LOCK_18),
        TEST(locked_tells_whether_anybody_alive_holds_it),
        TEST(its_text_names_owner_and_depth),
        TEST(a_closed_lock_says_so),
        TEST(a_child_goes_on_with_a_lock_that_its_parent_closed),
        TEST(a_value_that_is_no_lock_is_refused),
    };

    mem = call->mem;
    return harness_run("lock_end", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(hold), BROOD_ENTRY(fail_holding), BROOD_ENTRY(release_it))
