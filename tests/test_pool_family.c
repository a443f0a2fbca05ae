/* test_pool_family.c - pools and other processes: within workers, inherited, and without their own. */
#include "pool_fixture.h"
#include "pool_tasks.h"
#include <string.h>

/* ---- entries ---- */

/* The sum of squares, by a pool of the worker's own. */
static apr_status_t sum_in_a_pool(brood_call_t *call)
{
    brood_pool_t *pool;
    brood_value_t values;
    apr_int64_t end, sum = 0;

    BROOD_TRY(BROOD_UNPACK(call->args, &end));
    BROOD_TRY(brood_pool_create(&pool, 2, NULL, call->mem));
    BROOD_TRY(brood_pool_map(&values, pool, square, brood_range(0, end, call->mem), call->mem));
    for (apr_int64_t i = 0; i < end; i++)
        sum += brood_value_at(values, (apr_size_t) i).as.integer;
    return brood_return(call, brood_int(sum));
}

static brood_pool_t *inherited; /* by a forked child, of its parent */

static apr_status_t use_the_parents(brood_call_t *call)
{
    brood_value_t value;

    if (inherited == NULL)
        return APR_SUCCESS;
    CHECK(brood_pool_apply(&value, inherited, square, BROOD_ARGS(1), call->mem) == BROOD_EMISUSE);
    CHECK(strstr(brood_last_error()->message, "belong to the process") != NULL);
    CHECK(brood_pool_join(inherited, BROOD_FOREVER) == BROOD_EMISUSE);
    CHECK(brood_pool_workers(inherited, call->mem) == NULL);
    brood_pool_close(inherited);
    brood_pool_terminate(inherited);
    return APR_SUCCESS;
}

static apr_status_t lock_and_hold(brood_call_t *call)
{
    brood_queue_t *begun;
    brood_lock_t *lock;

    BROOD_TRY(BROOD_UNPACK(call->args, &begun, &lock));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    BROOD_TRY(brood_queue_put(begun, brood_nil(), BROOD_FOREVER));
    for (;;)
        apr_sleep(apr_time_from_sec(1));
}

/* A process with a pool whose workers each hold a lock; it waits for what never comes. */
static apr_status_t own_a_pool(brood_call_t *call)
{
    brood_queue_t *begun;
    brood_lock_t *lock[2];
    brood_pool_t *pool;
    brood_value_t value;

    BROOD_TRY(BROOD_UNPACK(call->args, &begun, &lock[0], &lock[1]));
    BROOD_TRY(brood_pool_create(&pool, 2, NULL, call->mem));
    for (int i = 0; i < 2; i++)
        BROOD_TRY(brood_pool_apply_async(NULL, pool, lock_and_hold, BROOD_ARGS(begun, lock[i]), NULL, call->mem));
    return brood_pool_apply(&value, pool, square, BROOD_ARGS(1), call->mem);
}

/* What opens a file from here on may be given the place of the one that is closed. */
static apr_status_t work_without_stdin(brood_call_t *call)
{
    brood_pool_t *pool;
    brood_value_t value;

    CHECK(fclose(stdin) == 0);
    for (int i = 0; i < 2; i++) {
        BROOD_TRY(brood_pool_create(&pool, 2, NULL, call->mem));
        BROOD_TRY(brood_pool_apply(&value, pool, square, BROOD_ARGS(7), call->mem));
        CHECK(value.as.integer == 49);
        BROOD_TRY(brood_pool_shutdown(pool, false, BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

/* Its workers hold a lock each, and a task more waits for one of them; with `closed` nothing new could be given. */
static apr_status_t leave_a_pool_open(brood_call_t *call)
{
    brood_queue_t *begun;
    brood_lock_t *lock[2];
    brood_pool_t *pool;
    brood_value_t begins;
    apr_pool_t *kept;
    bool closed;

    BROOD_TRY(BROOD_UNPACK(call->args, &begun, &lock[0], &lock[1], &closed));
    BROOD_TRY(apr_pool_create(&kept, NULL)); /* nobody ends this */
    BROOD_TRY(brood_pool_create(&pool, 2, NULL, kept));
    for (int i = 0; i < 3; i++)
        BROOD_TRY(brood_pool_apply_async(NULL, pool, lock_and_hold, BROOD_ARGS(begun, lock[i % 2]), NULL, kept));
    for (int i = 0; i < 2; i++)
        BROOD_TRY(brood_queue_get(&begins, begun, BROOD_FOREVER, call->mem));
    if (closed)
        brood_pool_close(pool);
    return APR_SUCCESS;
}

/* ---- claims ---- */

static void a_task_may_have_a_pool_of_its_own(void) /* C-27, PPE-05 */
{
    brood_pool_t *pool = new_pool(2);
    brood_value_t values = brood_nil();

    EXPECT_OK(brood_pool_map(&values, pool, sum_in_a_pool, BROOD_LIST(3, 10, 20), mem));
    EXPECT_TEXT("[5, 285, 2470]", brood_value_string(values, mem));
    end_pool(pool);
}

static void another_process_may_not_use_a_pool(void) /* POOL-36 */
{
    brood_process_t *child;
    brood_pool_t *pool = new_pool(1);

    inherited = pool;
    child = harness_start(use_the_parents, brood_nil(), mem);
    EXPECT_EXIT(0, child);
    inherited = NULL;
    EXPECT(value_of(give(pool, square, BROOD_ARGS(4))).as.integer == 16);
    end_pool(pool);
}

static void workers_end_when_the_process_of_their_pool_is_killed(void)
{
    brood_queue_t *begun;
    brood_process_t *owner;
    brood_lock_t *lock[2] = {NULL};

    mem = harness_mem();
    begun = harness_queue(mem);
    for (int i = 0; i < 2; i++)
        EXPECT_OK(brood_lock_create(&lock[i], mem));
    owner = harness_start(own_a_pool, BROOD_ARGS(begun, lock[0], lock[1]), mem);
    for (int i = 0; i < 2; i++)
        (void) harness_get(begun, mem);
    EXPECT_KILLED(owner);
    for (int i = 0; i < 2; i++)
        EXPECT_STATUS(BROOD_EOWNERDEAD, brood_lock_acquire(lock[i], BROOD_FOREVER));
}

static void a_process_without_stdin_may_have_one__POOL_39(void)
{
    mem = harness_mem();
    EXPECT_EXIT(0, harness_start(work_without_stdin, brood_nil(), mem));
}

/* It waits for its workers, so they have ended when it has. */
static void one_that_is_left_open_is_terminated_at_exit__EXIT_19_PPE_17(void)
{
    for (int closed = 0; closed < 2; closed++) {
        brood_lock_t *lock[2] = {NULL};
        brood_queue_t *begun;

        mem = harness_mem();
        begun = harness_queue(mem);
        for (int i = 0; i < 2; i++)
            EXPECT_OK(brood_lock_create(&lock[i], mem));
        EXPECT_EXIT(0, harness_start(leave_a_pool_open, BROOD_ARGS(begun, lock[0], lock[1], brood_bool(closed)), mem));
        for (int i = 0; i < 2; i++)
            EXPECT_STATUS(BROOD_EOWNERDEAD, brood_lock_acquire(lock[i], BROOD_NOWAIT));
    }
}

static const brood_entry_t entries[] = {BROOD_ENTRY(square),
                                        BROOD_ENTRY(sum_in_a_pool),
                                        BROOD_ENTRY(use_the_parents),
                                        BROOD_ENTRY(lock_and_hold),
                                        BROOD_ENTRY(own_a_pool),
                                        BROOD_ENTRY(work_without_stdin),
                                        BROOD_ENTRY(leave_a_pool_open),
                                        BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(a_task_may_have_a_pool_of_its_own),
        TEST(another_process_may_not_use_a_pool),
        TEST(workers_end_when_the_process_of_their_pool_is_killed),
        TEST(a_process_without_stdin_may_have_one__POOL_39),
        TEST(one_that_is_left_open_is_terminated_at_exit__EXIT_19_PPE_17),
    };

    return harness_tree(argc, argv, entries, "pool, family", tests, sizeof tests / sizeof tests[0]);
}
