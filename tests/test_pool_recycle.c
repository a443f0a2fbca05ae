/* test_pool_recycle.c - workers that have served long enough: when they end, and who takes their place. */
#include "harness_log.h"
#include "pool_fixture.h"
#include "pool_tasks.h"
#include "platform/clock.h"
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE ((apr_size_t) 64 << 20) /* bytes; no worker has so much of its own accord */

/* ---- entries ---- */

/* Initializer: say who is here. */
static apr_status_t say_who(brood_call_t *call)
{
    brood_queue_t *here;

    BROOD_TRY(BROOD_UNPACK(call->args, &here));
    return brood_queue_put(here, brood_int(brood_current_pid()), BROOD_FOREVER);
}

/* The same, and all but the first end there, while the array says so: how many there were, whether they are to. */
static apr_status_t say_who_and_die(brood_call_t *call)
{
    brood_queue_t *here;
    brood_array_t *dies;

    BROOD_TRY(BROOD_UNPACK(call->args, &here, &dies));
    BROOD_TRY(brood_queue_put(here, brood_int(brood_current_pid()), BROOD_FOREVER));
    if (atomic_fetch_add(counts(dies), 1) != 0 && atomic_load(counts(dies) + 1) != 0)
        _Exit(3);
    return APR_SUCCESS;
}

/* Become older than a microsecond. */
static apr_status_t take_time(brood_call_t *call)
{
    for (const apr_time_t begin = brood__clock_now(); brood__clock_now() < begin + 10;)
        ;
    return process_id(call);
}

static apr_status_t take_memory(brood_call_t *call)
{
    static void *volatile kept;

    kept = malloc(LARGE);
    if (kept == NULL)
        return APR_ENOMEM;
    memset(kept, 1, LARGE);
    return process_id(call);
}

static apr_status_t cry_and_die(brood_call_t *call)
{
    const char *text;

    BROOD_TRY(BROOD_UNPACK(call->args, &text));
    (void) fputs(text, stderr);
    exit(3);
}

/* ---- help ---- */

/* A pool of one worker that ends after one task, and where it and its successors say that they are here. */
static brood_pool_t *new_pool_of_one(brood_queue_t **here)
{
    mem = harness_mem();
    *here = harness_queue(mem);
    return new_pool_with(1, &(brood_pool_options_t){.initializer = say_who,
                                                    .initargs = BROOD_LIST(*here),
                                                    .max_tasks_per_worker = 1});
}

static apr_int64_t next(brood_queue_t *queue)
{
    return harness_get(queue, mem).as.integer;
}

static apr_int64_t worker_of(brood_pool_t *pool)
{
    return apply(pool, process_id, brood_nil()).as.integer;
}

static void kill_child(apr_int64_t pid)
{
    brood_process_t **children = brood_active_children(mem);
    bool found = false;

    for (int i = 0; children[i] != NULL; i++)
        if (brood_process_pid(children[i]) == pid) {
            EXPECT_KILLED(children[i]);
            found = true;
        }
    EXPECT(found);
}

/* ---- claims: when ---- */

static void a_worker_ends_after_so_many_tasks_and_is_replaced(void) /* POOL-30 */
{
    brood_pool_t *pool;
    apr_int64_t last = 0;
    int changes = 0;

    mem = harness_mem();
    pool = new_pool_with(1, &(brood_pool_options_t){.max_tasks_per_worker = 3});
    for (int i = 0; i < 12; i++) {
        const apr_int64_t pid = worker_of(pool);

        EXPECT((pid != last) == (i % 3 == 0));
        changes += pid != last;
        last = pid;
    }
    EXPECT(changes == 4);
    end_pool(pool);
}

static void a_chunk_is_one_task_of_a_worker_that_ends_after_so_many(void) /* POOL-30 */
{
    brood_future_t *future = NULL;
    brood_value_t values;
    brood_pool_t *pool;

    mem = harness_mem();
    pool = new_pool_with(1, &(brood_pool_options_t){.max_tasks_per_worker = 1});
    EXPECT_OK(brood_pool_map_async(&future, pool, square, brood_range(0, 30, mem),
                                   &(brood_task_options_t){.chunk_size = 10}, mem));
    brood_pool_close(pool);
    EXPECT_OK(brood_pool_join(pool, BROOD_FOREVER)); /* closed early, it still does all */
    values = value_of(future);
    for (apr_size_t i = 0; i < 30; i++)
        EXPECT(brood_value_at(values, i).as.integer == (apr_int64_t) (i * i));
}

static void workers_may_end_after_each_task_though_nobody_waits(void) /* POOL-30, PPE-18 */
{
    brood_pool_t *pool;
    brood_queue_t *begun;
    brood_event_t *go;

    mem = harness_mem();
    begun = harness_queue(mem);
    go = new_event();
    EXPECT_OK(brood_event_set(go));
    pool = new_pool_with(2, &(brood_pool_options_t){.max_tasks_per_worker = 1});
    for (int i = 0; i < 30; i++)
        EXPECT_OK(brood_pool_apply_async(NULL, pool, hold, BROOD_ARGS(begun, go), NULL, mem));
    for (int i = 0; i < 30; i++) /* not by a future: nobody fetches what the workers say */
        (void) harness_get(begun, mem);
    EXPECT(value_of(give(pool, square, BROOD_ARGS(7))).as.integer == 49);
    end_pool(pool);
}

static void a_worker_ends_after_the_task_that_has_taken_too_much_memory(void) /* C-43 */
{
    brood_pool_t *pool;
    apr_int64_t first;

    mem = harness_mem();
    pool = new_pool_with(1, &(brood_pool_options_t){.max_memory_per_worker = LARGE});
    first = worker_of(pool);
    EXPECT(worker_of(pool) == first);
    EXPECT(apply(pool, take_memory, brood_nil()).as.integer == first);
    EXPECT(worker_of(pool) != first);
    end_pool(pool);
}

static void a_worker_ends_after_a_task_at_a_certain_age(void) /* C-43 */
{
    static const apr_interval_time_t age[] = {1, apr_time_from_sec(3600)};

    for (int old = 0; old < 2; old++) {
        brood_pool_t *pool;
        apr_int64_t first;

        mem = harness_mem();
        pool = new_pool_with(1, &(brood_pool_options_t){.max_age_of_worker = age[old]});
        first = apply(pool, take_time, brood_nil()).as.integer;
        EXPECT((worker_of(pool) == first) == (old == 1));
        end_pool(pool);
    }
}

/* ---- claims: by whom ---- */

static void who_replaces_it_has_begun_before_it_ends(void) /* C-43 */
{
    brood_queue_t *here, *begun;
    brood_pool_t *pool = new_pool_of_one(&here);
    const apr_int64_t first = next(here);
    brood_event_t *go = new_event();
    brood_future_t *held;
    apr_int64_t second;

    begun = harness_queue(mem);
    held = give(pool, hold, BROOD_ARGS(begun, go));
    EXPECT(next(begun) == first);
    second = next(here); /* though the first one works yet */
    EXPECT(second != first && !brood_future_ready(held));
    EXPECT(brood_process_pid(brood_pool_workers(pool, mem)[0]) == first);
    EXPECT(brood_pool_workers(pool, mem)[1] == NULL);
    EXPECT_OK(brood_event_set(go));
    (void) value_of(held);
    EXPECT(worker_of(pool) == second);
    end_pool(pool);
}

static void nobody_is_started_before_if_workers_do_not_wear_out(void)
{
    brood_pool_t *pool;

    mem = harness_mem();
    pool = new_pool_with(2, NULL);
    (void) worker_of(pool);
    EXPECT(harness_children(mem) == 2);
    end_pool(pool);
}

static void one_that_dies_before_it_has_a_place_is_replaced_itself(void) /* C-43 */
{
    brood_queue_t *here, *begun;
    brood_pool_t *pool = new_pool_of_one(&here);
    brood_event_t *go = new_event();
    brood_future_t *held;
    apr_int64_t third;

    harness_log_to_nobody();
    begun = harness_queue(mem);
    held = give(pool, hold, BROOD_ARGS(begun, go));
    (void) next(begun);
    (void) next(here);
    kill_child(next(here));
    third = next(here);
    EXPECT_OK(brood_event_set(go));
    (void) value_of(held); /* nothing is lost by it */
    EXPECT(worker_of(pool) == third);
    end_pool(pool);
}

static void however_many_die_before_that_the_pool_goes_on(void) /* C-43, C-15 */
{
    brood_queue_t *here = harness_queue(mem = harness_mem());
    brood_array_t *dies = new_counts(2);
    brood_queue_t *begun = harness_queue(mem);
    brood_event_t *go = new_event();
    brood_future_t *held;
    brood_pool_t *pool;

    harness_log_to_nobody();
    atomic_store(counts(dies) + 1, 1);
    pool = new_pool_with(1, &(brood_pool_options_t){.initializer = say_who_and_die,
                                                    .initargs = BROOD_LIST(here, dies),
                                                    .max_tasks_per_worker = 1});
    held = give(pool, hold, BROOD_ARGS(begun, go));
    (void) next(begun);
    for (int i = 0; i < 14; i++) /* more than a pool bears of those that are to work */
        (void) next(here);
    EXPECT_OK(brood_event_set(go));
    (void) value_of(held);
    for (int i = 0; i < 3; i++) /* and of these */
        (void) next(here);
    atomic_store(counts(dies) + 1, 0);
    (void) worker_of(pool);
    end_pool(pool);
}

static void its_death_at_work_is_told_like_any_other(void) /* C-49 */
{
    brood_queue_t *here;
    brood_pool_t *pool = new_pool_of_one(&here);
    brood_future_t *future;

    for (int i = 0; i < 3; i++) {
        const char *text = apr_psprintf(mem, "cry %d\n", i);

        (void) worker_of(pool);
        future = give(pool, cry_and_die, BROOD_ARGS(text));
        EXPECT_STATUS(BROOD_EWORKER, status_of(future));
        EXPECT_MESSAGE("exit code 3");
        EXPECT_MESSAGE(apr_psprintf(mem, "\"cry %d\"", i));
    }
    end_pool(pool);
}

static void a_pool_may_end_at_any_moment_of_it(void) /* C-43 */
{
    for (int i = 0; i < 30; i++) {
        brood_pool_t *pool;

        mem = harness_mem();
        pool = new_pool_with(2, &(brood_pool_options_t){.max_tasks_per_worker = 1});
        for (int k = 0; k < i % 5; k++)
            (void) give(pool, square, BROOD_ARGS(k));
        if (i % 3 == 0)
            brood_pool_terminate(pool);
        end_pool(pool);
        EXPECT(harness_children(mem) == 0);
    }
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(say_who),     BROOD_ENTRY(say_who_and_die),
                                            BROOD_ENTRY(take_memory), BROOD_ENTRY(take_time),
                                            BROOD_ENTRY(cry_and_die), BROOD_ENTRY(process_id),
                                            BROOD_ENTRY(square),      BROOD_ENTRY(hold),
                                            BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(a_worker_ends_after_so_many_tasks_and_is_replaced),
        TEST(a_chunk_is_one_task_of_a_worker_that_ends_after_so_many),
        TEST(workers_may_end_after_each_task_though_nobody_waits),
        TEST(a_worker_ends_after_the_task_that_has_taken_too_much_memory),
        TEST(a_worker_ends_after_a_task_at_a_certain_age),
        TEST(who_replaces_it_has_begun_before_it_ends),
        TEST(nobody_is_started_before_if_workers_do_not_wear_out),
        TEST(one_that_dies_before_it_has_a_place_is_replaced_itself),
        TEST(however_many_die_before_that_the_pool_goes_on),
        TEST(its_death_at_work_is_told_like_any_other),
        TEST(a_pool_may_end_at_any_moment_of_it),
    };

    return harness_tree(argc, argv, entries, "pool, recycling", tests, sizeof tests / sizeof tests[0]);
}
