/* Lock and RLock: between threads and processes. */
#include "exclusion_fixture.h"
#include "lock_fixture.h"

#include <apr_thread_proc.h>

/* ---- children ---- */

/* Announces that it waits, then waits. */
static apr_status_t wait_for_it(brood_call_t *call)
{
    brood_lock_t *lock;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &said));
    BROOD_TRY(brood_queue_put(said, brood_int(1), BROOD_FOREVER));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    BROOD_TRY(brood_queue_put(said, brood_int(2), BROOD_FOREVER));
    return brood_lock_release(lock);
}

/* ---- help ---- */

typedef struct work_t {
    apr_status_t (*run)(brood_lock_t *lock);
    brood_lock_t *lock;
} work_t;

static void *APR_THREAD_FUNC in_thread(apr_thread_t *thread, void *data)
{
    const work_t *work = data;

    apr_thread_exit(thread, work->run(work->lock));
    return NULL;
}

/* Run `run` on the lock in another thread of this process, and return what it returned. */
static apr_status_t elsewhere(apr_status_t (*run)(brood_lock_t *lock), brood_lock_t *lock)
{
    work_t work = {run, lock};
    apr_status_t rc = APR_EGENERAL;
    apr_thread_t *thread;

    EXPECT_OK(apr_thread_create(&thread, NULL, in_thread, &work, mem));
    EXPECT_OK(apr_thread_join(&rc, thread));
    return rc;
}

static apr_status_t try_it(brood_lock_t *lock)
{
    return brood_lock_acquire(lock, BROOD_NOWAIT);
}

/* ---- claims ---- */

static void a_lock_excludes_all_others(void) /* LOCK-01, LOCK-22 */
{
    expect_exclusion(new_lock(false), 4, 20000, mem);
}

static void an_rlock_excludes_all_others(void) /* LOCK-05 */
{
    brood_array_t *array;

    EXPECT_OK(brood_array_create(&array, 1, sizeof(int), NULL, mem));
    expect_exclusion(brood_array_lock(array), 3, 10000, mem);
}

static void a_held_lock_is_not_acquired_and_time_is_kept(void) /* LOCK-01, LOCK-02, LOCK-11, LOCK-13 */
{
    brood_queue_t *told = harness_queue(mem);
    brood_lock_t *lock = new_lock(false);
    brood_process_t *child = holder(lock, told, 1, false);
    const apr_time_t before = apr_time_now();

    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(lock, apr_time_from_msec(30)));
    EXPECT(apr_time_now() - before >= apr_time_from_msec(29));
    EXPECT_OK(brood_queue_put(told, BROOD_NIL, BROOD_FOREVER));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT_EXIT(0, child);
}

static void a_sleeper_is_woken_by_the_release(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_lock_t *lock = new_lock(false);
    brood_process_t *waiters[4];

    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    for (int i = 0; i < 4; i++)
        waiters[i] = harness_start(wait_for_it, BROOD_ARGS(lock, said), mem);
    for (int i = 0; i < 4; i++)
        expect_said(said, 1);
    EXPECT_OK(brood_lock_release(lock));
    for (int i = 0; i < 4; i++)
        expect_said(said, 2);
    for (int i = 0; i < 4; i++)
        EXPECT_EXIT(0, waiters[i]);
}

static void a_free_lock_cannot_be_released(void) /* LOCK-04 */
{
    brood_lock_t *lock = new_lock(false);

    EXPECT_STATUS(APR_EINVAL, brood_lock_release(lock));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT_STATUS(APR_EINVAL, brood_lock_release(lock));
}

static void a_lock_is_released_by_anybody(void) /* LOCK-03 */
{
    brood_lock_t *lock = new_lock(false);

    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_EXIT(0, harness_start(releasing, BROOD_ARGS(lock), mem));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(elsewhere(brood_lock_release, lock));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(lock));
}

static long guarded; /* by the lock alone */

static apr_status_t count_plainly(brood_lock_t *lock)
{
    for (int i = 0; i < 20000; i++) {
        BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
        guarded++;
        BROOD_TRY(brood_lock_release(lock));
    }
    return APR_SUCCESS;
}

static void threads_of_one_process_exclude_each_other(void) /* LOCK-01, LOCK-05 */
{
    for (int recursive = 0; recursive < 2; recursive++) {
        work_t work = {count_plainly, new_lock(recursive != 0)};
        apr_thread_t *threads[4];

        guarded = 0;
        for (int i = 0; i < 4; i++)
            EXPECT_OK(apr_thread_create(&threads[i], NULL, in_thread, &work, mem));
        for (int i = 0; i < 4; i++) {
            apr_status_t rc = APR_EGENERAL;

            EXPECT_OK(apr_thread_join(&rc, threads[i]));
            EXPECT_OK(rc);
        }
        EXPECT(guarded == 4 * 20000L);
    }
}

static void an_rlock_is_its_threads_own(void) /* LOCK-05 */
{
    brood_lock_t *lock = new_lock(true);

    for (int i = 0; i < 3; i++)
        EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ENOTOWNER, elsewhere(brood_lock_release, lock));
    EXPECT_STATUS(APR_TIMEUP, elsewhere(try_it, lock));
    for (int i = 0; i < 3; i++) {
        EXPECT_STATUS(APR_TIMEUP, elsewhere(try_it, lock));
        EXPECT_OK(brood_lock_release(lock));
    }
    EXPECT_STATUS(BROOD_ENOTOWNER, brood_lock_release(lock));
    EXPECT_OK(elsewhere(try_it, lock));
}

static void a_child_does_not_inherit_an_rlock__PROC_48(void) /* LOCK-05, LOCK-06 */
{
    brood_lock_t *lock = new_lock(true);

    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_EXIT(1, harness_start(releasing, BROOD_ARGS(lock), mem));
    EXPECT_OK(brood_lock_release(lock));
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_lock_excludes_all_others),
        TEST(an_rlock_excludes_all_others),
        TEST(a_held_lock_is_not_acquired_and_time_is_kept),
        TEST(a_sleeper_is_woken_by_the_release),
        TEST(a_free_lock_cannot_be_released),
        TEST(a_lock_is_released_by_anybody),
        TEST(threads_of_one_process_exclude_each_other),
        TEST(an_rlock_is_its_threads_own),
        TEST(a_child_does_not_inherit_an_rlock__PROC_48),
    };

    mem = call->mem;
    return harness_run("lock", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(count_under_lock), BROOD_ENTRY(hold), BROOD_ENTRY(releasing), BROOD_ENTRY(wait_for_it))
