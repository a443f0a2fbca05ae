/* test_mutex.c - the lock for the threads of one process. */
#include "harness.h"

#include "base/mutex.h"
#include "platform/clock.h"
#include <apr_general.h>
#include <apr_thread_proc.h>
#include <stdlib.h>

#define THREADS 8
#define ROUNDS 20000

static apr_pool_t *mem;
static brood__mutex_t mutex;
static unsigned shared; /* under it */
static _Atomic unsigned stage;

static void reach(unsigned wanted)
{
    atomic_store(&stage, wanted);
}

static void await(unsigned wanted)
{
    while (atomic_load(&stage) != wanted)
        brood__clock_yield();
}

static void run_threads(apr_thread_start_t run, unsigned count)
{
    apr_thread_t *threads[THREADS];
    apr_status_t rc;

    for (unsigned i = 0; i < count; i++)
        EXPECT(apr_thread_create(&threads[i], NULL, run, NULL, mem) == APR_SUCCESS);
    for (unsigned i = 0; i < count; i++)
        EXPECT(apr_thread_join(&rc, threads[i]) == APR_SUCCESS);
}

/* ---- threads ---- */

static void *APR_THREAD_FUNC add(apr_thread_t *thread, void *unused)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        brood__mutex_lock(&mutex);
        brood__mutex_lock(&mutex);
        shared++;
        brood__mutex_unlock(&mutex);
        shared++;
        brood__mutex_unlock(&mutex);
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return unused;
}

/* Lock and unlock without a break until another had it. */
static void *APR_THREAD_FUNC hog(apr_thread_t *thread, void *unused)
{
    while (atomic_load(&stage) != 2) {
        brood__mutex_lock(&mutex);
        brood__mutex_unlock(&mutex);
        if (atomic_load(&stage) == 0)
            reach(1);
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return unused;
}

static void *APR_THREAD_FUNC come_between(apr_thread_t *thread, void *unused)
{
    EXPECT(!brood__mutex_is_mine(&mutex) && brood__mutex_owner(&mutex) != 0);
    reach(1);
    brood__mutex_lock(&mutex);
    shared = 7;
    brood__mutex_unlock(&mutex);
    reach(2);
    apr_thread_exit(thread, APR_SUCCESS);
    return unused;
}

static void *APR_THREAD_FUNC lock_and_leave(apr_thread_t *thread, void *unused)
{
    brood__mutex_lock(&mutex);
    brood__mutex_lock(&mutex);
    apr_thread_exit(thread, APR_SUCCESS);
    return unused;
}

/* ---- claims ---- */

static void one_thread_at_a_time_has_it(void)
{
    shared = 0;
    run_threads(add, THREADS);
    EXPECT(shared == 2 * THREADS * ROUNDS);
    EXPECT(brood__mutex_owner(&mutex) == 0);
}

static void who_has_it_may_lock_it_again(void)
{
    brood__mutex_lock(&mutex);
    brood__mutex_lock(&mutex);
    brood__mutex_unlock(&mutex);
    EXPECT(brood__mutex_is_mine(&mutex));
    brood__mutex_unlock(&mutex);
    EXPECT(!brood__mutex_is_mine(&mutex));
}

static void who_locks_without_a_break_lets_others_in(void)
{
    apr_thread_t *thread;
    apr_status_t rc;

    reach(0);
    EXPECT(apr_thread_create(&thread, NULL, hog, NULL, mem) == APR_SUCCESS);
    await(1);
    brood__mutex_lock(&mutex);
    reach(2);
    brood__mutex_unlock(&mutex);
    EXPECT(apr_thread_join(&rc, thread) == APR_SUCCESS);
}

static void it_is_let_go_and_taken_back_at_the_same_depth(void)
{
    apr_thread_t *thread;
    apr_status_t rc;
    unsigned depth;

    reach(0);
    brood__mutex_lock(&mutex);
    brood__mutex_lock(&mutex);
    shared = 3;
    EXPECT(apr_thread_create(&thread, NULL, come_between, NULL, mem) == APR_SUCCESS);
    await(1);
    EXPECT(shared == 3);
    depth = brood__mutex_let_go(&mutex);
    await(2);
    brood__mutex_take_back(&mutex, depth);
    EXPECT(shared == 7);
    brood__mutex_unlock(&mutex);
    EXPECT(brood__mutex_is_mine(&mutex));
    brood__mutex_unlock(&mutex);
    EXPECT(brood__mutex_owner(&mutex) == 0);
    EXPECT(apr_thread_join(&rc, thread) == APR_SUCCESS);
}

/* As in a forked copy, where that thread is not. */
static void a_thread_that_is_not_there_any_more_loses_it(void)
{
    uintptr_t owner;

    run_threads(lock_and_leave, 1);
    owner = brood__mutex_owner(&mutex);
    EXPECT(owner != 0);
    EXPECT(brood__mutex_abandoned(&mutex, owner));
    brood__mutex_lock(&mutex);
    EXPECT(!brood__mutex_abandoned(&mutex, brood__mutex_owner(&mutex))); /* one's own copy keeps it */
    brood__mutex_unlock(&mutex);
    EXPECT(!brood__mutex_abandoned(&mutex, 0) && brood__mutex_owner(&mutex) == 0);
}

static void who_waited_before_a_fork_is_not_waited_for_after_it(void)
{
    brood__mutex_lock(&mutex);
    brood__mutex_lock(&mutex);
    atomic_store(&mutex.next, 1); /* a thread that had lost its patience */
    brood__mutex_forked(&mutex);
    EXPECT(brood__mutex_owner(&mutex) == 0);
    brood__mutex_lock(&mutex);
    EXPECT(brood__mutex_is_mine(&mutex));
    brood__mutex_unlock(&mutex);
    EXPECT(brood__mutex_owner(&mutex) == 0);
}

static const brood_test_t tests[] = {
    TEST(one_thread_at_a_time_has_it),
    TEST(who_has_it_may_lock_it_again),
    TEST(who_locks_without_a_break_lets_others_in),
    TEST(it_is_let_go_and_taken_back_at_the_same_depth),
    TEST(a_thread_that_is_not_there_any_more_loses_it),
    TEST(who_waited_before_a_fork_is_not_waited_for_after_it),
};

int main(void)
{
    int result;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    result = harness_run("mutex", tests, sizeof tests / sizeof *tests);
    apr_pool_destroy(mem);
    apr_terminate();
    return result;
}
