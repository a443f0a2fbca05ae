/* test_pool_callback.c - who is told of what became of a task, and when. */
#include "pool_fixture.h"
#include "pool_tasks.h"
#include <stdatomic.h>
#include <string.h>

/* ---- entries ---- */

static apr_status_t square_natural(brood_call_t *call)
{
    apr_int64_t number;

    BROOD_TRY(BROOD_UNPACK(call->args, &number));
    if (number < 0)
        return brood_fail(APR_EINVAL, "%ld is too small", (long) number);
    return brood_return(call, brood_int(number * number));
}

/* ---- callbacks ---- */

/* What was told, by whichever thread. */
typedef struct told_t {
    _Atomic int times;
    apr_status_t status;
    apr_int64_t value;
    char message[64];
    int pid;
    brood_event_t *then; /* set when told; NULL: none */
    brood_event_t *wait; /* for this, before; NULL: none */
    brood_pool_t *pool;  /* to give another task to; NULL: none */
    struct told_t *next; /* to be told of that one */
} told_t;

static void hear(void *user, apr_status_t status, brood_value_t value)
{
    told_t *told = user;

    if (told->wait != NULL && brood_event_wait(told->wait, BROOD_FOREVER) != APR_SUCCESS)
        return;
    told->status = status;
    told->value = value.kind == BROOD_KIND_LIST  ? (apr_int64_t) brood_value_count(value)
                  : value.kind == BROOD_KIND_INT ? value.as.integer
                                                 : -1;
    told->message[0] = '\0';
    if (status != APR_SUCCESS)
        (void) strncat(told->message, brood_last_error()->message, sizeof told->message - 1);
    told->pid = brood_current_pid();
    if (told->pool != NULL)
        told->status = brood_pool_apply_async(NULL, told->pool, square_natural, BROOD_ARGS(told->value),
                                              &(brood_task_options_t){.done = hear, .user = told->next}, mem);
    atomic_fetch_add(&told->times, 1);
    if (told->then != NULL)
        (void) brood_event_set(told->then);
}

/* ---- claims ---- */

static void a_callback_gets_the_value_in_this_process_before_get_returns(void) /* POOL-08, POOL-23, ARES-07 */
{
    brood_pool_t *pool = new_pool(2);

    for (int i = 0; i < 50; i++) {
        told_t told = {.value = -1};
        brood_future_t *future =
            give_with(pool, square_natural, BROOD_ARGS(i), &(brood_task_options_t){.done = hear, .user = &told});

        EXPECT(value_of(future).as.integer == (apr_int64_t) i * i);
        EXPECT(told.times == 1);
        EXPECT(told.status == APR_SUCCESS && told.value == (apr_int64_t) i * i);
        EXPECT(told.pid == brood_current_pid());
    }
    end_pool(pool);
}

static void a_callback_is_told_of_a_failure_with_its_message(void) /* POOL-08 */
{
    brood_pool_t *pool = new_pool(1);
    told_t told = {.times = 0};
    brood_future_t *future =
        give_with(pool, square_natural, BROOD_ARGS(-3), &(brood_task_options_t){.done = hear, .user = &told});

    EXPECT_STATUS(APR_EINVAL, status_of(future));
    EXPECT(told.times == 1 && told.status == APR_EINVAL && told.value == -1);
    EXPECT_TEXT("-3 is too small", told.message);
    end_pool(pool);
}

static void a_callback_is_told_though_nobody_waits(void) /* POOL-08 */
{
    brood_pool_t *pool = new_pool(1);
    told_t told = {.then = new_event()};

    EXPECT_OK(brood_pool_apply_async(NULL, pool, square_natural, BROOD_ARGS(8),
                                     &(brood_task_options_t){.done = hear, .user = &told}, mem));
    EXPECT_OK(brood_event_wait(told.then, BROOD_FOREVER));
    EXPECT(told.value == 64);
    end_pool(pool);
}

static void the_callback_of_a_map_gets_the_whole_list_once(void) /* POOL-12, POOL-13 */
{
    brood_pool_t *pool = new_pool(2);
    brood_future_t *future = NULL;
    told_t told[2] = {{.times = 0}, {.times = 0}};

    EXPECT_OK(brood_pool_map_async(&future, pool, square_natural, brood_range(0, 30, mem),
                                   &(brood_task_options_t){.done = hear, .user = &told[0]}, mem));
    EXPECT_OK(status_of(future));
    EXPECT(told[0].times == 1 && told[0].value == 30);
    EXPECT_OK(brood_pool_map_async(&future, pool, square_natural, brood_range(-9, 30, mem),
                                   &(brood_task_options_t){.done = hear, .user = &told[1]}, mem));
    EXPECT_STATUS(APR_EINVAL, status_of(future));
    EXPECT(told[1].times == 1 && told[1].status == APR_EINVAL);
    end_pool(pool);
}

static void a_slow_callback_holds_up_nothing_but_its_own_result(void) /* POOL-23, POOL-24, C-14 */
{
    brood_pool_t *pool = new_pool(1);
    told_t told = {.wait = new_event()};
    brood_future_t *slow =
        give_with(pool, square_natural, BROOD_ARGS(2), &(brood_task_options_t){.done = hear, .user = &told});

    for (int i = 0; i < 20; i++)
        EXPECT(apply(pool, square_natural, BROOD_ARGS(i)).as.integer == (apr_int64_t) i * i);
    EXPECT(!brood_future_ready(slow) && told.times == 0);
    EXPECT_STATUS(APR_TIMEUP, brood_future_wait(slow, 1000));
    EXPECT_OK(brood_event_set(told.wait));
    EXPECT(value_of(slow).as.integer == 4 && told.times == 1);
    end_pool(pool);
}

static void a_callback_may_give_tasks_to_the_pool(void) /* POOL-24 */
{
    brood_pool_t *pool = new_pool(1);
    told_t last = {.then = new_event()}, first = {.pool = pool, .next = &last};

    EXPECT_OK(brood_pool_apply_async(NULL, pool, square_natural, BROOD_ARGS(3),
                                     &(brood_task_options_t){.done = hear, .user = &first}, mem));
    EXPECT_OK(brood_event_wait(last.then, BROOD_FOREVER));
    EXPECT(first.value == 9 && last.value == 81);
    end_pool(pool);
}

static void callbacks_are_told_of_a_pool_that_is_terminated(void) /* POOL-29 */
{
    brood_pool_t *pool = new_pool(1);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *never = new_event();
    told_t told[4] = {{.times = 0}, {.times = 0}, {.times = 0}, {.times = 0}};
    brood_future_t *future[4];

    for (int i = 0; i < 4; i++)
        future[i] =
            give_with(pool, hold, BROOD_ARGS(begun, never), &(brood_task_options_t){.done = hear, .user = &told[i]});
    (void) harness_get(begun, mem);
    brood_pool_terminate(pool);
    for (int i = 0; i < 4; i++) {
        EXPECT_STATUS(BROOD_ECANCELLED, status_of(future[i]));
        EXPECT(told[i].times == 1 && told[i].status == BROOD_ECANCELLED);
    }
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER));
}

static void a_refused_task_tells_nobody(void) /* POOL-25 */
{
    brood_pool_t *pool = new_pool(1);
    brood_future_t *future = NULL;
    told_t told = {.times = 0};

    end_pool(pool);
    EXPECT_STATUS(BROOD_EPOOL, brood_pool_apply_async(&future, pool, square_natural, BROOD_ARGS(1),
                                                      &(brood_task_options_t){.done = hear, .user = &told}, mem));
    EXPECT(future == NULL && told.times == 0);
    mem = harness_mem(); /* the pool's threads have ended by now */
    EXPECT(told.times == 0);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(square_natural), BROOD_ENTRY(hold), BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(a_callback_gets_the_value_in_this_process_before_get_returns),
        TEST(a_callback_is_told_of_a_failure_with_its_message),
        TEST(a_callback_is_told_though_nobody_waits),
        TEST(the_callback_of_a_map_gets_the_whole_list_once),
        TEST(a_slow_callback_holds_up_nothing_but_its_own_result),
        TEST(a_callback_may_give_tasks_to_the_pool),
        TEST(callbacks_are_told_of_a_pool_that_is_terminated),
        TEST(a_refused_task_tells_nobody),
    };

    return harness_tree(argc, argv, entries, "pool, callbacks", tests, sizeof tests / sizeof tests[0]);
}
