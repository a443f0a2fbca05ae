/* test_pool_death.c - workers that die: whose task is lost, and whose is not. */
#include "harness_log.h"
#include "pool_fixture.h"
#include "pool_tasks.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define TASKS 100

/* ---- entries ---- */

enum { BY_ABORT, BY_EXIT, BY_QUICK_EXIT, BY_GOOD_EXIT };

static void die_so(int how)
{
    switch (how) {
    case BY_ABORT:
        abort();
    case BY_EXIT:
        exit(7);
    case BY_QUICK_EXIT:
        _Exit(9);
    default:
        exit(0);
    }
}

static apr_status_t die(brood_call_t *call)
{
    int how;

    BROOD_TRY(BROOD_UNPACK(call->args, &how));
    die_so(how);
    return APR_SUCCESS;
}

/* The first `times` times; how often it was begun is counted. */
static apr_status_t die_sometimes(brood_call_t *call)
{
    brood_array_t *array;
    int times, begun;

    BROOD_TRY(BROOD_UNPACK(call->args, &array, &times));
    begun = atomic_fetch_add(counts(array), 1);
    if (begun < times)
        die_so(BY_QUICK_EXIT);
    return brood_return(call, brood_int(begun));
}

/* Item: place and whether to die there. */
static apr_status_t mark(brood_call_t *call)
{
    brood_array_t *array;
    int place;
    bool dies;

    BROOD_TRY(BROOD_UNPACK(call->args, &array, &place, &dies));
    atomic_fetch_add(counts(array) + place, 1);
    if (dies)
        die_so(BY_ABORT);
    return APR_SUCCESS;
}

/* The same, and nothing but a kill ends it. */
static apr_status_t hold_on(brood_call_t *call)
{
    (void) signal(SIGTERM, SIG_IGN);
    return hold(call);
}

/* ---- help ---- */

/* As many as there should be live: all have to come. */
static void expect_workers(brood_pool_t *pool, unsigned count)
{
    brood_future_t *future[8];
    brood_barrier_t *barrier = NULL;

    EXPECT_OK(brood_barrier_create(&barrier, count, NULL, mem));
    for (unsigned i = 0; i < count; i++)
        future[i] = give(pool, meet, BROOD_ARGS(barrier));
    for (unsigned i = 0; i < count; i++)
        EXPECT_OK(status_of(future[i]));
}

/* The future is that of a task whose worker has died, which its failure tells. */
static void expect_loss(brood_future_t *future, const char *entry, int exitcode)
{
    EXPECT_STATUS(BROOD_EWORKER, status_of(future));
    EXPECT(brood_future_state(future) == BROOD_FAILED);
    EXPECT_STATUS(BROOD_EWORKER, status_of(future));
    EXPECT(brood_last_error()->exitcode == exitcode);
    EXPECT(brood_last_error()->entry != NULL && strstr(brood_last_error()->entry, entry) != NULL);
    EXPECT_MESSAGE("PoolWorker-");
    EXPECT_MESSAGE(entry);
    EXPECT_MESSAGE(apr_psprintf(mem, "exit code %d", exitcode));
}

static int aborted(void)
{
    return harness_killed() == -15 ? 3 : -SIGABRT; /* where there are no signals */
}

/* ---- claims ---- */

static void a_worker_that_ends_in_a_task_fails_that_task_alone(void) /* POOL-31, POOL-33, C-01 */
{
    static const int how[] = {BY_ABORT, BY_EXIT, BY_QUICK_EXIT, BY_GOOD_EXIT};
    const int exitcode[] = {aborted(), 7, 9, 0};
    brood_pool_t *pool = new_pool(2);

    harness_log_to_nobody();
    for (int i = 0; i < 4; i++) {
        brood_future_t *before = give(pool, square, BROOD_ARGS(5)), *lost = give(pool, die, BROOD_ARGS(how[i])),
                       *after = give(pool, square, BROOD_ARGS(6));

        expect_loss(lost, "die", exitcode[i]);
        EXPECT(value_of(before).as.integer == 25);
        EXPECT(value_of(after).as.integer == 36);
    }
    expect_workers(pool, 2);
    end_pool(pool);
}

static void a_worker_killed_from_outside_fails_its_task_alone(void) /* POOL-31, C-01, PPE-08 */
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *begun = harness_queue(mem), *other = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *goes_on = give(pool, hold, BROOD_ARGS(other, go)), *lost;

    (void) harness_get(other, mem);
    lost = give(pool, hold, BROOD_ARGS(begun, go));
    kill_worker(pool, begun);
    expect_loss(lost, "hold", harness_killed());
    EXPECT(brood_future_state(goes_on) == BROOD_STARTED);
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(status_of(goes_on));
    expect_workers(pool, 2);
    end_pool(pool);
}

static void idle_workers_that_are_killed_are_replaced(void) /* POOL-31, POOL-32, C-02 */
{
    brood_pool_t *pool = new_pool(3);

    for (int round = 0; round < 5; round++) {
        brood_process_t **workers;

        expect_workers(pool, 3); /* now they wait for the next task */
        workers = brood_pool_workers(pool, mem);
        for (int i = 0; workers[i] != NULL; i++)
            EXPECT_OK(brood_process_kill(workers[i]));
        EXPECT_OK(status_of(give(pool, square, BROOD_ARGS(round))));
    }
    expect_workers(pool, 3);
    end_pool(pool);
}

static void a_chunk_is_lost_with_its_worker_and_the_others_run(void) /* POOL-13, POOL-31 */
{
    brood_pool_t *pool = new_pool(2);
    brood_array_t *array = new_counts(12);
    brood_future_t *future = NULL;
    brood_value_t items[12];
    apr_size_t done = 0;

    for (int i = 0; i < 12; i++) {
        brood_value_t *item = apr_palloc(mem, 3 * sizeof *item);

        item[0] = brood_array_to_value(array);
        item[1] = brood_int(i);
        item[2] = brood_bool(i == 4);
        items[i] = brood_list(item, 3);
    }
    EXPECT_OK(brood_pool_map_async(&future, pool, mark, brood_list(items, 12),
                                   &(brood_task_options_t){.star = true, .chunk_size = 3}, mem));
    expect_loss(future, "mark", aborted());
    brood_future_progress(&done, NULL, future);
    EXPECT(done == 12);
    for (int i = 0; i < 12; i++)
        EXPECT(counts(array)[i] == (i != 5));
    end_pool(pool);
}

static void a_task_is_run_again_as_often_as_its_options_say(void)
{
    brood_pool_t *pool = new_pool(2);
    brood_array_t *array[2] = {new_counts(1), new_counts(1)};
    brood_future_t *lives =
        give_with(pool, die_sometimes, BROOD_ARGS(array[0], 3), &(brood_task_options_t){.retries = 3});
    brood_future_t *lost =
        give_with(pool, die_sometimes, BROOD_ARGS(array[1], 5), &(brood_task_options_t){.retries = 1});

    EXPECT(value_of(lives).as.integer == 3);
    expect_loss(lost, "die_sometimes", 9);
    EXPECT(counts(array[0])[0] == 4 && counts(array[1])[0] == 2);
    end_pool(pool);
}

static void a_task_that_runs_too_long_is_ended_alone(brood_entry_fn entry) /* C-11 */
{
    brood_pool_t *pool = new_pool(2);
    brood_queue_t *begun = harness_queue(mem), *other = harness_queue(mem);
    brood_event_t *go = new_event(), *never = new_event();
    const brood_task_options_t short_time = {.time_limit = apr_time_from_msec(50)},
                               long_time = {.time_limit = apr_time_from_sec(1000)};
    brood_future_t *goes_on = give_with(pool, hold, BROOD_ARGS(other, go), &long_time), *late;

    (void) harness_get(other, mem);
    late = give_with(pool, entry, BROOD_ARGS(begun, never), &short_time);
    EXPECT_STATUS(BROOD_ETIMELIMIT, status_of(late));
    EXPECT(brood_future_state(late) == BROOD_FAILED);
    EXPECT_MESSAGE("longer than it may");
    EXPECT(brood_future_state(goes_on) == BROOD_STARTED);
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(status_of(goes_on));
    expect_workers(pool, 2);
    end_pool(pool);
}

static void one_that_can_be_asked_to_end_and_runs_too_long_is_ended(void)
{
    a_task_that_runs_too_long_is_ended_alone(hold);
}

static void one_that_ignores_the_request_and_runs_too_long_is_killed(void)
{
    a_task_that_runs_too_long_is_ended_alone(hold_on);
}

static void the_time_that_a_task_waits_for_a_worker_does_not_count(void) /* C-11 */
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *go = new_event();
    const brood_task_options_t options = {.time_limit = apr_time_from_sec(2)};
    brood_future_t *first = give(pool, hold, BROOD_ARGS(begun, go)), *second;
    brood_value_t value;

    (void) harness_get(begun, mem);
    second = give_with(pool, square, BROOD_ARGS(3), &options);
    EXPECT_STATUS(APR_TIMEUP, brood_future_get(&value, second, options.time_limit + apr_time_from_msec(100), mem));
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(status_of(first));
    EXPECT(value_of(second).as.integer == 9);
    end_pool(pool);
}

static void a_task_that_is_ended_by_force_takes_no_other_along(void) /* C-12 */
{
    brood_pool_t *pool = new_pool(2);
    int ended = 0, done = 0;

    for (int round = 0; round < 40; round++) {
        brood_future_t *future[4];

        for (int i = 0; i < 4; i++)
            future[i] = give(pool, square, BROOD_ARGS(i));
        for (int i = 0; i < round % 4; i++)
            (void) brood_future_state(future[3]);
        (void) brood_future_cancel(future[round % 2], true);
        for (int i = 0; i < 4; i++) {
            const apr_status_t rc = status_of(future[i]);

            EXPECT(rc == APR_SUCCESS || (rc == BROOD_ECANCELLED && i == round % 2));
            done += rc == APR_SUCCESS;
            ended += rc == BROOD_ECANCELLED;
        }
    }
    EXPECT(done + ended == 160);
    expect_workers(pool, 2);
    end_pool(pool);
}

static void a_hundred_rounds_of_two_deaths_lose_two_tasks_each(void) /* POOL-31, POOL-32, C-01, C-02, PPE-10 */
{
    const int rounds = harness_killed() == -15 ? 10 : 100; /* where processes take their time to start */
    brood_pool_t *pool = new_pool(4);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *never = new_event();

    for (int round = 0; round < rounds; round++) {
        brood_future_t *future[TASKS];
        int results = 0;

        for (int i = 0; i < TASKS; i++)
            future[i] = i == 20   ? give(pool, die, BROOD_ARGS(BY_ABORT))
                        : i == 60 ? give(pool, hold, BROOD_ARGS(begun, never))
                                  : give(pool, square, BROOD_ARGS(i));
        kill_worker(pool, begun);
        for (int i = 0; i < TASKS; i++)
            if (i == 20)
                expect_loss(future[i], "die", aborted());
            else if (i == 60)
                expect_loss(future[i], "hold", harness_killed());
            else
                results += value_of(future[i]).as.integer == (apr_int64_t) i * i;
        EXPECT(results == TASKS - 2);
        expect_workers(pool, 4);
    }
    end_pool(pool);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(square), BROOD_ENTRY(die),  BROOD_ENTRY(die_sometimes),
                                        BROOD_ENTRY(mark),   BROOD_ENTRY(hold), BROOD_ENTRY(hold_on),
                                        BROOD_ENTRY(meet),   BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(a_worker_that_ends_in_a_task_fails_that_task_alone),
        TEST(a_worker_killed_from_outside_fails_its_task_alone),
        TEST(idle_workers_that_are_killed_are_replaced),
        TEST(a_chunk_is_lost_with_its_worker_and_the_others_run),
        TEST(a_task_is_run_again_as_often_as_its_options_say),
        TEST(one_that_can_be_asked_to_end_and_runs_too_long_is_ended),
        TEST(one_that_ignores_the_request_and_runs_too_long_is_killed),
        TEST(the_time_that_a_task_waits_for_a_worker_does_not_count),
        TEST(a_task_that_is_ended_by_force_takes_no_other_along),
        TEST(a_hundred_rounds_of_two_deaths_lose_two_tasks_each),
    };

    return harness_tree(argc, argv, entries, "pool, deaths", tests, sizeof tests / sizeof tests[0]);
}
