/* test_pool_failure.c - tasks that fail, and initializers that run, fail, or never come back. */
#include "harness_log.h"
#include "pool_fixture.h"
#include "pool_tasks.h"
#include <stdlib.h>
#include <string.h>

/* ---- entries ---- */

static apr_status_t fail_with(brood_call_t *call)
{
    const char *message;
    int status;

    BROOD_TRY(BROOD_UNPACK(call->args, &status, &message));
    return brood_fail((apr_status_t) status, "%s", message);
}

static apr_status_t just_fail(brood_call_t *call)
{
    (void) call;
    return APR_EINVAL;
}

static apr_status_t fail_with_payload(brood_call_t *call)
{
    return brood_fail_value(APR_EGENERAL, "with more", brood_list(call->args.as.list.items, call->args.as.list.count));
}

static apr_status_t return_nonsense(brood_call_t *call)
{
    return brood_return(call, brood_text("\xff\xfe"));
}

static int of_worker; /* what an initializer has set, and tasks change */

static apr_status_t initialize(brood_call_t *call)
{
    brood_array_t *array;
    int value;

    BROOD_TRY(BROOD_UNPACK(call->args, &array, &value));
    atomic_fetch_add(counts(array), 1);
    of_worker += value;
    return APR_SUCCESS;
}

static apr_status_t initialize_never(brood_call_t *call)
{
    (void) call;
    _Exit(3);
}

/* The second worker's fails. */
static apr_status_t initialize_sometimes(brood_call_t *call)
{
    brood_array_t *array;

    BROOD_TRY(BROOD_UNPACK(call->args, &array));
    return atomic_fetch_add(counts(array), 1) == 1 ? brood_fail(APR_ENOENT, "no such thing") : APR_SUCCESS;
}

/* With a task in every worker at once. */
static apr_status_t change_what_is_set(brood_call_t *call)
{
    brood_barrier_t *barrier;
    unsigned index;

    BROOD_TRY(BROOD_UNPACK(call->args, &barrier));
    BROOD_TRY(brood_barrier_wait(&index, barrier, BROOD_FOREVER));
    return brood_return(call, brood_int(of_worker++));
}

/* ---- claims: tasks ---- */

static void a_failure_arrives_with_all_that_is_known_of_it(void) /* POOL-22, PPE-12 */
{
    brood_pool_t *pool = new_pool(1);
    const apr_int64_t pid = apply(pool, process_id, brood_nil()).as.integer;
    brood_value_t value = brood_int(5);

    EXPECT_STATUS(APR_ENOENT,
                  brood_pool_apply(&value, pool, fail_with, BROOD_ARGS((int) APR_ENOENT, "not there"), mem));
    EXPECT(value.kind == BROOD_KIND_INT && value.as.integer == 5);
    EXPECT_TEXT("not there", brood_last_error()->message);
    EXPECT(brood_last_error()->pid == pid);
    EXPECT(strncmp(brood_last_error()->process, "PoolWorker-", 11) == 0);
    EXPECT(brood_last_error()->entry != NULL && strstr(brood_last_error()->entry, "fail_with") != NULL);
    EXPECT(brood_last_error()->item == -1);
    EXPECT_STATUS(APR_EINVAL, brood_pool_apply(&value, pool, just_fail, brood_nil(), mem));
    EXPECT(*brood_last_error()->message != '\0');
    EXPECT_STATUS(APR_EGENERAL, brood_pool_apply(&value, pool, fail_with_payload, BROOD_ARGS(1, "x"), mem));
    EXPECT_TEXT("[1, 'x']", brood_value_string(brood_last_payload(mem), mem));
    EXPECT(apply(pool, process_id, brood_nil()).as.integer == pid);
    end_pool(pool);
}

static void a_status_that_get_has_for_itself_arrives_as_a_failed_task(void) /* ARES-01 */
{
    const apr_status_t status[] = {APR_TIMEUP, APR_EOF, BROOD_ECANCELLED, BROOD_ETIMELIMIT, BROOD_EWORKER, BROOD_EPOOL};
    brood_pool_t *pool = new_pool(1);

    for (int i = 0; i < 6; i++) {
        brood_future_t *future = give(pool, fail_with, BROOD_ARGS((int) status[i], "on purpose"));

        EXPECT_STATUS(BROOD_ETASK, status_of(future));
        EXPECT(brood_last_error()->status == status[i]);
        EXPECT_TEXT("on purpose", brood_last_error()->message);
        EXPECT(brood_future_state(future) == BROOD_FAILED);
    }
    end_pool(pool);
}

static void a_result_that_cannot_be_encoded_fails_its_task_alone(void) /* POOL-21, PPE-10, C-16 */
{
    brood_pool_t *pool = new_pool(1);
    const apr_int64_t pid = apply(pool, process_id, brood_nil()).as.integer;
    brood_value_t value;

    for (int i = 0; i < 20; i++)
        EXPECT_STATUS(BROOD_EENCODE, brood_pool_apply(&value, pool, return_nonsense, brood_nil(), mem));
    EXPECT(apply(pool, process_id, brood_nil()).as.integer == pid);
    end_pool(pool);
}

static void a_large_failure_arrives_and_leaves_nothing_behind(void) /* POOL-22, POOL-38 */
{
    brood__heap_use_t before;
    char text[900];
    brood_pool_t *pool;
    brood_value_t value;

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    mem = harness_mem();
    before = use();
    pool = new_pool_with(2, NULL);
    for (int i = 0; i < 20; i++) {
        EXPECT_STATUS(APR_EINVAL, brood_pool_apply(&value, pool, fail_with, BROOD_ARGS((int) APR_EINVAL, text), mem));
        EXPECT_TEXT(text, brood_last_error()->message);
    }
    end_pool(pool);
    mem = harness_mem();
    expect_use(&before);
}

/* ---- claims: initializers ---- */

static void the_initializer_runs_once_in_each_worker(void) /* POOL-05, POOL-40 */
{
    brood_array_t *array;
    brood_barrier_t *barrier = NULL;
    brood_future_t *future[3];
    brood_pool_t *pool;

    mem = harness_mem();
    array = new_counts(1);
    EXPECT_OK(brood_barrier_create(&barrier, 3, NULL, mem));
    pool = new_pool_with(3, &(brood_pool_options_t){.initializer = initialize, .initargs = BROOD_LIST(array, 5)});
    EXPECT(counts(array)[0] == 3);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++)
            future[i] = give(pool, change_what_is_set, BROOD_ARGS(barrier));
        for (int i = 0; i < 3; i++)
            EXPECT(value_of(future[i]).as.integer == 5 + round);
    }
    EXPECT(counts(array)[0] == 3 && of_worker == 0);
    end_pool(pool);
}

static void it_runs_in_workers_that_replace_others_too(void) /* POOL-05, POOL-30 */
{
    brood_array_t *array;
    brood_pool_t *pool;

    mem = harness_mem();
    array = new_counts(1);
    pool = new_pool_with(1, &(brood_pool_options_t){.initializer = initialize,
                                                    .initargs = BROOD_LIST(array, 5),
                                                    .max_tasks_per_worker = 1});
    for (int i = 0; i < 4; i++)
        (void) apply(pool, process_id, brood_nil());
    EXPECT(counts(array)[0] >= 4 && counts(array)[0] <= 6);
    end_pool(pool);
}

static void a_pool_whose_initializer_fails_is_not_created(void) /* POOL-03, POOL-06, PPE-09, C-15 */
{
    brood_array_t *array;
    brood_pool_t *pool = NULL;
    apr_size_t children;

    mem = harness_mem();
    array = new_counts(1);
    children = harness_children(mem);
    EXPECT_STATUS(APR_EINVAL, brood_pool_create(&pool, 3, &(brood_pool_options_t){.initializer = just_fail}, mem));
    EXPECT_MESSAGE("initializer failed");
    EXPECT_STATUS(APR_ENOENT, brood_pool_create(&pool, 3,
                                                &(brood_pool_options_t){.initializer = initialize_sometimes,
                                                                        .initargs = BROOD_LIST(array)},
                                                mem));
    EXPECT_MESSAGE("no such thing");
    EXPECT(pool == NULL && harness_children(mem) == children);
}

static void a_pool_whose_workers_never_come_to_work_is_not_created(void) /* POOL-06, C-15 */
{
    brood_pool_t *pool = NULL;

    mem = harness_mem();
    harness_log_to_nobody();
    EXPECT_STATUS(BROOD_EWORKER,
                  brood_pool_create(&pool, 2, &(brood_pool_options_t){.initializer = initialize_never}, mem));
    EXPECT_MESSAGE("exit code 3");
    EXPECT(pool == NULL);
}

static void a_pool_whose_later_workers_fail_runs_nothing_any_more(void) /* POOL-06, C-15 */
{
    brood_array_t *array;
    brood_pool_t *pool;
    brood_value_t value;

    mem = harness_mem();
    array = new_counts(1);
    pool = new_pool_with(1, &(brood_pool_options_t){.initializer = initialize_sometimes,
                                                    .initargs = BROOD_LIST(array),
                                                    .max_tasks_per_worker = 1});
    (void) apply(pool, process_id, brood_nil());
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply(&value, pool, process_id, brood_nil(), mem));
    EXPECT_MESSAGE("no such thing");
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply(&value, pool, process_id, brood_nil(), mem));
    end_pool(pool);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(fail_with),          BROOD_ENTRY(just_fail),
                                        BROOD_ENTRY(fail_with_payload),  BROOD_ENTRY(return_nonsense),
                                        BROOD_ENTRY(process_id),         BROOD_ENTRY(initialize),
                                        BROOD_ENTRY(initialize_never),   BROOD_ENTRY(initialize_sometimes),
                                        BROOD_ENTRY(change_what_is_set), BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(a_failure_arrives_with_all_that_is_known_of_it),
        TEST(a_status_that_get_has_for_itself_arrives_as_a_failed_task),
        TEST(a_result_that_cannot_be_encoded_fails_its_task_alone),
        TEST(a_large_failure_arrives_and_leaves_nothing_behind),
        TEST(the_initializer_runs_once_in_each_worker),
        TEST(it_runs_in_workers_that_replace_others_too),
        TEST(a_pool_whose_initializer_fails_is_not_created),
        TEST(a_pool_whose_workers_never_come_to_work_is_not_created),
        TEST(a_pool_whose_later_workers_fail_runs_nothing_any_more),
    };

    return harness_tree(argc, argv, entries, "pool, failures", tests, sizeof tests / sizeof tests[0]);
}
