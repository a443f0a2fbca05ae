/* test_signals.c - a signal with a handler comes every few milliseconds: no wait is shorter for it, none fails (GEN-08).
 *
 * The handler is installed without SA_RESTART: every system call that can be interrupted is. */
#include "harness_children.h"
#include "harness_tree.h"

#include "platform/clock.h"
#include <signal.h>
#include <sys/time.h>

#define PERIOD 10000 /* microseconds */
#define QUICKLY 1000
#define PATIENCE (12 * PERIOD)
#define STARTS 30

static volatile sig_atomic_t ticks;

static void tick(int number)
{
    (void) number;
    ticks = ticks + 1;
}

/* From now on; 0: no more. */
static bool set_clock(long period)
{
    const struct itimerval interval = {{0, period}, {0, period}};
    struct sigaction action = {.sa_handler = tick};

    sigemptyset(&action.sa_mask);
    ticks = 0;
    return sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &interval, NULL) == 0;
}

/* ---- entries ---- */

/* Let some time go by, then end. */
static apr_status_t lasting(brood_call_t *call)
{
    brood_queue_t *never;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &never));
    CHECK(brood_queue_get(&word, never, PATIENCE, call->mem) == APR_TIMEUP);
    return APR_SUCCESS;
}

/* The same, then put one word, or take one, or let a lock go that was taken before a word about it was put. */
static apr_status_t put_late(brood_call_t *call)
{
    brood_queue_t *never, *queue;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &never, &queue));
    CHECK(brood_queue_get(&word, never, PATIENCE, call->mem) == APR_TIMEUP);
    return brood_queue_put(queue, brood_text("late"), BROOD_FOREVER);
}

static apr_status_t get_late(brood_call_t *call)
{
    brood_queue_t *never, *queue;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &never, &queue));
    CHECK(brood_queue_get(&word, never, PATIENCE, call->mem) == APR_TIMEUP);
    return brood_queue_get(&word, queue, BROOD_FOREVER, call->mem);
}

static apr_status_t release_late(brood_call_t *call)
{
    brood_queue_t *never, *ready;
    brood_lock_t *lock;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &never, &ready, &lock));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    BROOD_TRY(brood_queue_put(ready, brood_nil(), BROOD_FOREVER));
    CHECK(brood_queue_get(&word, never, PATIENCE, call->mem) == APR_TIMEUP);
    return brood_lock_release(lock);
}

/* Join the parent: in vain at first, then until it is dead. */
static apr_status_t join_parent(brood_call_t *call)
{
    brood_queue_t *queue;
    apr_time_t begun;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    CHECK(set_clock(PERIOD));
    begun = brood__clock_now();
    CHECK(brood_process_join(brood_parent_process(), PATIENCE) == APR_TIMEUP);
    CHECK(brood__clock_now() - begun >= PATIENCE);
    CHECK(ticks > 0);
    BROOD_TRY(brood_queue_put(queue, brood_text("in vain"), BROOD_FOREVER));
    BROOD_TRY(brood_process_join(brood_parent_process(), BROOD_FOREVER));
    return brood_queue_put(queue, brood_bool(brood_process_is_alive(brood_parent_process())), BROOD_FOREVER);
}

static apr_status_t parent(brood_call_t *call)
{
    const brood_process_options_t options = {.outlives_parent = true};
    brood_queue_t *queue, *never;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &never));
    BROOD_TRY(brood_process_start(NULL, join_parent, BROOD_ARGS(queue), &options, call->mem));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing),     BROOD_ENTRY(listening), BROOD_ENTRY(lasting),
                                        BROOD_ENTRY(put_late),    BROOD_ENTRY(get_late),  BROOD_ENTRY(release_late),
                                        BROOD_ENTRY(join_parent), BROOD_ENTRY(parent),    BROOD_ENTRIES_END};

/* ---- helpers ---- */

static apr_time_t begin(void)
{
    EXPECT(set_clock(PERIOD));
    return brood__clock_now();
}

/* It lasted at least so long, and was interrupted. */
static void end(apr_time_t begun, apr_interval_time_t least)
{
    EXPECT(brood__clock_now() - begun >= least);
    EXPECT(ticks > 0);
    EXPECT(set_clock(0));
}

/* ---- tests ---- */

static void a_join_lasts_its_time__GEN_08(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = harness_start(listening, BROOD_ARGS(go), mem);
    const apr_time_t begun = begin();

    EXPECT_STATUS(APR_TIMEUP, brood_process_join(process, PATIENCE));
    end(begun, PATIENCE);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
}

static void a_join_ends_with_the_process__GEN_08(void)
{
    for (int limited = 0; limited < 2; limited++) {
        apr_pool_t *mem = harness_mem();
        brood_process_t *process = harness_start(lasting, BROOD_ARGS(harness_queue(mem)), mem);
        const apr_time_t begun = begin();

        EXPECT_OK(brood_process_join(process, limited ? apr_time_from_sec(600) : BROOD_FOREVER));
        end(begun, 0);
        EXPECT_EXIT(0, process);
    }
}

static void a_join_of_the_parent_too__GEN_08(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *never = harness_queue(mem);
    brood_process_t *process = harness_start(parent, BROOD_ARGS(queue, never), mem);

    EXPECT_TEXT("in vain", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_OK(brood_process_kill(process));
    EXPECT_TEXT("False", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_EXIT(harness_killed(), process);
}

static void a_get_lasts_its_time_or_until_there_is_something__GEN_08(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *never = harness_queue(mem), *queue = harness_queue(mem);
    brood_value_t item;
    apr_time_t begun = begin();

    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&item, never, PATIENCE, mem));
    end(begun, PATIENCE);
    for (int limited = 0; limited < 2; limited++) {
        brood_process_t *process = harness_start(put_late, BROOD_ARGS(never, queue), mem);

        begun = begin();
        EXPECT_OK(brood_queue_get(&item, queue, limited ? apr_time_from_sec(600) : BROOD_FOREVER, mem));
        end(begun, 0);
        EXPECT_TEXT("late", brood_value_string(item, mem));
        EXPECT_EXIT(0, process);
    }
}

static void a_put_lasts_its_time_or_until_there_is_room__GEN_08(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *never = harness_queue(mem), *queue = NULL;
    apr_time_t begun;

    EXPECT_OK(brood_queue_create(&queue, 1, NULL, mem));
    EXPECT_OK(brood_queue_put(queue, brood_nil(), BROOD_FOREVER));
    begun = begin();
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(queue, brood_nil(), PATIENCE));
    end(begun, PATIENCE);
    for (int limited = 0; limited < 2; limited++) {
        brood_process_t *process = harness_start(get_late, BROOD_ARGS(never, queue), mem);

        begun = begin();
        EXPECT_OK(brood_queue_put(queue, brood_nil(), limited ? apr_time_from_sec(600) : BROOD_FOREVER));
        end(begun, 0);
        EXPECT_EXIT(0, process);
    }
}

static void an_acquire_lasts_its_time_or_until_it_is_free__GEN_08(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *never = harness_queue(mem), *ready = harness_queue(mem);
    brood_lock_t *lock = NULL;
    apr_time_t begun;

    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    begun = begin();
    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(lock, PATIENCE));
    end(begun, PATIENCE);
    EXPECT_OK(brood_lock_release(lock));
    for (int limited = 0; limited < 2; limited++) {
        brood_process_t *process = harness_start(release_late, BROOD_ARGS(never, ready, lock), mem);

        (void) harness_get(ready, mem);
        begun = begin();
        EXPECT_OK(brood_lock_acquire(lock, limited ? apr_time_from_sec(600) : BROOD_FOREVER));
        end(begun, 0);
        EXPECT_OK(brood_lock_release(lock));
        EXPECT_EXIT(0, process);
    }
}

static void a_start_succeeds_by_each_method__GEN_08(void)
{
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);

    for (apr_size_t i = 0; i < count; i++) {
        const brood_process_options_t options = {.start_method = methods[i]};
        apr_pool_t *mem = harness_mem();
        brood_process_t *process[STARTS] = {NULL};

        EXPECT(set_clock(QUICKLY));
        for (int j = 0; j < STARTS || ticks == 0; j++) {
            EXPECT_OK(brood_process_start(&process[j % STARTS], nothing, BROOD_NO_ARGS, &options, mem));
            EXPECT_EXIT(0, process[j % STARTS]);
        }
        EXPECT(set_clock(0));
    }
}

static const brood_test_t tests[] = {
    TEST(a_join_lasts_its_time__GEN_08),
    TEST(a_join_ends_with_the_process__GEN_08),
    TEST(a_join_of_the_parent_too__GEN_08),
    TEST(a_get_lasts_its_time_or_until_there_is_something__GEN_08),
    TEST(a_put_lasts_its_time_or_until_there_is_room__GEN_08),
    TEST(an_acquire_lasts_its_time_or_until_it_is_free__GEN_08),
    TEST(a_start_succeeds_by_each_method__GEN_08),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "signals", tests, sizeof tests / sizeof *tests);
}
