/* JoinableQueue: tasks until they are done, or lost. */
#include "queue_fixture.h"
#include <apr_thread_proc.h>
#include <string.h>

/* ---- children ---- */

/* Does each number that it gets, until nil; the sum goes to `results`. */
static apr_status_t work(brood_call_t *call)
{
    brood_queue_t *tasks, *results;
    brood_value_t item;
    int64_t sum = 0;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &results));
    do {
        BROOD_TRY(brood_queue_get(&item, tasks, BROOD_FOREVER, call->mem));
        if (item.kind == BROOD_KIND_INT)
            sum += item.as.integer;
        BROOD_TRY(brood_queue_task_done(tasks));
    } while (item.kind == BROOD_KIND_INT);
    return brood_queue_put(results, brood_int(sum), BROOD_FOREVER);
}

/* A task above 0 makes two smaller ones before it is done. */
static apr_status_t split(brood_call_t *call)
{
    brood_queue_t *tasks;
    brood_array_t *done;
    int depth;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &done));
    for (;;) {
        brood_value_t item;
        apr_status_t rc = brood_queue_get(&item, tasks, BROOD_FOREVER, call->mem);

        if (rc == APR_EOF)
            return APR_SUCCESS;
        BROOD_TRY(rc);
        BROOD_TRY(BROOD_READ(&depth, item));
        for (int i = 0; i < 2 && depth > 0; i++)
            BROOD_TRY(brood_queue_put(tasks, brood_int(depth - 1), BROOD_FOREVER));
        BROOD_IGNORE(brood_lock_acquire(brood_array_lock(done), BROOD_FOREVER));
        ++*(int *) brood_array_data(done);
        BROOD_IGNORE(brood_lock_release(brood_array_lock(done)));
        BROOD_TRY(brood_queue_task_done(tasks));
    }
}

/* Gets some, says so, and does none: it waits to be killed, or ends, or closes the queue and then waits. */
static apr_status_t hold(brood_call_t *call)
{
    brood_queue_t *tasks, *ready;
    brood_value_t item;
    int count, how;

    BROOD_TRY(BROOD_UNPACK(call->args, &tasks, &ready, &count, &how));
    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_queue_get(&item, tasks, BROOD_FOREVER, call->mem));
    if (how == CLOSES)
        brood_queue_close(tasks);
    BROOD_TRY(brood_queue_put(ready, brood_int(count), BROOD_FOREVER));
    while (how != ENDS)
        apr_sleep(apr_time_from_sec(1));
    return APR_SUCCESS;
}

/* ---- help ---- */

static brood_queue_t *new_tasks(void)
{
    return new_queue_with(0, &(brood_queue_options_t){.joinable = true});
}

/* ---- claims ---- */

static void join_waits_until_all_is_done(void) /* JQ-01, JQ-02, JQ-04, JQ-05 */
{
    brood_queue_t *queue = new_tasks();

    EXPECT_OK(brood_queue_join(queue, BROOD_FOREVER)); /* nothing was ever put */
    put_number(queue, 1);
    put_number(queue, 2);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(queue, BROOD_NOWAIT));
    EXPECT(get_number(queue) == 1 && get_number(queue) == 2);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(queue, 1000));
    EXPECT_MESSAGE("not done");
    EXPECT_OK(brood_queue_task_done(queue));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(queue, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_task_done(queue));
    EXPECT_OK(brood_queue_join(queue, BROOD_FOREVER));
    EXPECT_TEXT("<JoinableQueue size=0>", brood_value_string(brood_queue_to_value(queue), mem));
    brood_queue_close(queue);
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_join(queue, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_task_done(queue));
}

static void too_many_task_done_are_refused(void) /* JQ-03 */
{
    brood_queue_t *queue = new_tasks(), *plain = new_queue(0);

    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(queue));
    EXPECT_MESSAGE("more often");
    put_number(queue, 1);
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(queue)); /* nobody has got it */
    EXPECT(get_number(queue) == 1);
    EXPECT_OK(brood_queue_task_done(queue));
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(queue));
    EXPECT_OK(brood_queue_join(queue, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_EMISUSE, brood_queue_task_done(plain));
    EXPECT_STATUS(BROOD_EMISUSE, brood_queue_join(plain, BROOD_NOWAIT));
    EXPECT_MESSAGE("joinable");
    brood_queue_close(queue);
    brood_queue_close(plain);
}

static void workers_do_tasks_and_the_joiner_wakes(void) /* JQ-02, JQ-08 */
{
    brood_queue_t *tasks = new_tasks(), *results = new_queue(0);
    brood_process_t *workers[4];
    int64_t sum = 0;

    for (int i = 0; i < 4; i++)
        workers[i] = start(work, BROOD_ARGS(tasks, results));
    for (int round = 0; round < 10; round++) {
        for (int i = 1; i <= 100; i++)
            put_number(tasks, i);
        EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    }
    for (int i = 0; i < 4; i++)
        EXPECT_OK(brood_queue_put(tasks, brood_nil(), BROOD_FOREVER));
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    for (int i = 0; i < 4; i++) {
        sum += get_number(results);
        EXPECT_EXIT(0, workers[i]);
    }
    EXPECT(sum == 10 * 5050);
    brood_queue_close(tasks);
    brood_queue_close(results);
}

static void a_task_that_makes_tasks_is_not_the_last_one(void) /* JQ-01: at no instant were all done before */
{
    enum { DEPTH = 9 };
    brood_queue_t *tasks = new_tasks();
    brood_process_t *workers[3];
    brood_array_t *done;

    EXPECT_OK(brood_array_create(&done, 1, sizeof(int), NULL, mem));
    for (int i = 0; i < 3; i++)
        workers[i] = start(split, BROOD_ARGS(tasks, done));
    for (int round = 1; round <= 3; round++) {
        put_number(tasks, DEPTH);
        EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
        BROOD_IGNORE(brood_lock_acquire(brood_array_lock(done), BROOD_FOREVER));
        EXPECT(*(int *) brood_array_data(done) == round * ((2 << DEPTH) - 1));
        BROOD_IGNORE(brood_lock_release(brood_array_lock(done)));
    }
    EXPECT_OK(brood_queue_shutdown(tasks, false));
    for (int i = 0; i < 3; i++) {
        EXPECT_EXIT(0, workers[i]);
    }
    brood_queue_close(tasks);
    brood_array_close(done);
}

static void lost_with(int how)
{
    brood_queue_t *tasks = new_tasks(), *ready = new_queue(0);
    brood_process_t *holder;

    for (int i = 0; i < 5; i++)
        put_number(tasks, i);
    holder = start(hold, BROOD_ARGS(tasks, ready, 3, how));
    EXPECT(get_number(ready) == 3);
    EXPECT(get_number(tasks) == 3 && get_number(tasks) == 4);
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_OK(brood_queue_task_done(tasks));
    if (how == KILLED) {
        EXPECT_STATUS(APR_TIMEUP, brood_queue_join(tasks, BROOD_NOWAIT));
        EXPECT_OK(brood_process_kill(holder));
    }
    EXPECT_STATUS(BROOD_EOWNERDEAD, brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_MESSAGE("3");
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER)); /* told once */
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(tasks));
    put_number(tasks, 7);
    EXPECT(get_number(tasks) == 7);
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    if (how == ENDS)
        EXPECT_EXIT(0, holder);
    else
        EXPECT_KILLED(holder);
    brood_queue_close(tasks);
    brood_queue_close(ready);
}

static void tasks_lost_with_a_killed_process_are_told_of_and_join_goes_on(void) /* JQ-06 */
{
    lost_with(KILLED);
}

static void tasks_lost_with_a_process_that_ends_are_told_of(void) /* JQ-06 */
{
    lost_with(ENDS);
}

static void tasks_lost_with_a_process_that_closes_are_told_of(void) /* JQ-06 */
{
    lost_with(CLOSES);
}

static void *APR_THREAD_FUNC join_in_thread(apr_thread_t *thread, void *queue)
{
    apr_thread_exit(thread, brood_queue_join(queue, BROOD_FOREVER));
    return NULL;
}

static void all_joiners_wake(void) /* JQ-02 */
{
    brood_queue_t *queue = new_tasks();
    apr_thread_t *joiner[3];
    apr_status_t rc;

    put_number(queue, 1);
    EXPECT(get_number(queue) == 1);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(apr_thread_create(&joiner[i], NULL, join_in_thread, queue, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(queue, apr_time_from_msec(20))); /* they sleep by now, perhaps */
    EXPECT_OK(brood_queue_task_done(queue));
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(apr_thread_join(&rc, joiner[i]));
        EXPECT_OK(rc);
    }
    brood_queue_close(queue);
}

static void what_another_process_has_got_may_be_done_here(void)
{
    brood_queue_t *tasks = new_tasks(), *ready = new_queue(0);
    brood_process_t *holder;

    put_number(tasks, 1);
    holder = start(hold, BROOD_ARGS(tasks, ready, 1, 0));
    EXPECT(get_number(ready) == 1);
    EXPECT_OK(brood_queue_task_done(tasks));
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(tasks));
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_KILLED(holder);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER)); /* nothing was lost */
    brood_queue_close(tasks);
    brood_queue_close(ready);
}

static void what_is_dropped_counts_as_done(void) /* JQ-09 */
{
    brood_queue_t *queue = new_tasks();

    for (int i = 0; i < 300; i++)
        put_number(queue, i);
    EXPECT(get_number(queue) == 0);
    EXPECT_OK(brood_queue_shutdown(queue, true));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_join(queue, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_task_done(queue));
    EXPECT_OK(brood_queue_join(queue, BROOD_FOREVER));
    brood_queue_close(queue);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(join_waits_until_all_is_done),
        TEST(too_many_task_done_are_refused),
        TEST(workers_do_tasks_and_the_joiner_wakes),
        TEST(a_task_that_makes_tasks_is_not_the_last_one),
        TEST(tasks_lost_with_a_killed_process_are_told_of_and_join_goes_on),
        TEST(tasks_lost_with_a_process_that_ends_are_told_of),
        TEST(tasks_lost_with_a_process_that_closes_are_told_of),
        TEST(all_joiners_wake),
        TEST(what_another_process_has_got_may_be_done_here),
        TEST(what_is_dropped_counts_as_done),
    };

    mem = call->mem;
    return harness_run("queue, joinable", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(work), BROOD_ENTRY(split), BROOD_ENTRY(hold))
