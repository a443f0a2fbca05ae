/* test_storm.c - many children that end soon, at once or at any moment: each is told as it was, and nothing is left. */
#include "harness_chance.h"
#include "harness_children.h"
#include "harness_tree.h"

#include "memory/heap.h"
#include "memory/layout.h"
#include "memory/table.h"
#include "platform/clock.h"
#include "platform/self.h"
#include <stdio.h>

#define ROUNDS 20
#define ROUNDS_LEAST 4                     /* where a start takes long it is fewer, */
#define ROUNDS_LAST apr_time_from_sec(100) /* after this time */
#define MANY 100
#define AT_ONCE 20u
#define LIFE 20000u /* microseconds: a start takes less, so some are caught in it and some are not */

/* ---- entries ---- */

/* Use all that is shared, over and over, for some turns: 0 for ever. */
static apr_status_t busy(brood_call_t *call)
{
    brood_queue_t *queue;
    brood_lock_t *lock;
    brood_value_t item;
    int turns;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &lock, &turns));
    for (int turn = 1; turns == 0 || turn <= turns; turn++) {
        BROOD_TRY(brood_allow(brood_lock_acquire(lock, BROOD_FOREVER), BROOD_EOWNERDEAD));
        BROOD_TRY(brood_queue_put(queue, BROOD_LIST("word", turn), BROOD_FOREVER));
        BROOD_TRY(brood_lock_release(lock));
        BROOD_TRY(brood_allow(brood_queue_get(&item, queue, BROOD_NOWAIT, call->mem), APR_TIMEUP));
    }
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(listening), BROOD_ENTRY(busy),
                                        BROOD_ENTRIES_END};

/* ---- helpers ---- */

/* All that a process could leave behind. */
typedef struct stock_t {
    brood__heap_use_t use;
    int handles;
} stock_t;

static stock_t take_stock(void)
{
    stock_t stock = {.handles = harness_handles()};

    brood__heap_flush();
    brood__heap_count(&stock.use);
    return stock;
}

/* Where there is nothing but spawn, who is asleep is woken by a kernel object with a name, which the waker keeps open: at
 * most one for each place to sleep that was ever taken, and the folder of such names. */
static int kept_open(void)
{
    brood_start_method_t methods[3];

    return brood_start_methods(methods) == 1 ? (int) atomic_load(&brood__head()->cells_used) + 1 : 0;
}

/* No sweep comes before: each end was heard of, and what the dead held went back with that. */
static void expect_stock(const stock_t *before, apr_pool_t *mem)
{
    const stock_t now = take_stock();

    EXPECT(harness_children(mem) == 0);
    EXPECT(harness_ended_unheard() == 0);
    EXPECT(brood__table_count() == 1);
    EXPECT(now.use.mine == before->use.mine);
    EXPECT(now.use.queued == before->use.queued);
    EXPECT(now.use.objects == before->use.objects);
    if (!EXPECT(now.handles >= before->handles && now.handles <= before->handles + kept_open()))
        printf("%d handles, %d before, %d of them may be kept\n", now.handles, before->handles, kept_open());
}

static bool goes_on(int round, apr_time_t begin)
{
    return round < ROUNDS_LEAST || (round < ROUNDS && brood__clock_now() - begin < ROUNDS_LAST);
}

/* What is made once is made: the way to start, the fork server. */
static stock_t warm_up(apr_pool_t *mem)
{
    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, mem));
    return take_stock();
}

/* ---- tests ---- */

static void terminated_at_once(apr_pool_t *mem)
{
    brood_queue_t *never = harness_queue(mem);
    brood_process_t *process[MANY];
    uint64_t born[MANY]; /* a pid alone may be another's soon */

    for (int i = 0; i < MANY; i++) {
        process[i] = harness_start(listening, BROOD_ARGS(never), mem);
        EXPECT_OK(brood_process_terminate(process[i]));
        born[i] = brood__self_start_time((uint32_t) brood_process_pid(process[i]));
    }
    for (int i = 0; i < MANY; i++) {
        EXPECT_EXIT(-15, process[i]);
        EXPECT(born[i] == 0 || brood__self_gone((uint32_t) brood_process_pid(process[i]), born[i]));
    }
    brood_queue_close(never);
}

static void ended_by_themselves(apr_pool_t *mem)
{
    brood_process_t *process[MANY];

    for (int i = 0; i < MANY; i++)
        process[i] = harness_start(nothing, BROOD_NO_ARGS, mem);
    for (int i = 0; i < MANY; i++)
        EXPECT_EXIT(0, process[i]);
}

static void a_hundred_end_as_they_are_told_again_and_again__PROC_43_SPWN_10(void)
{
    const stock_t before = warm_up(harness_mem());
    const apr_time_t begin = brood__clock_now();

    for (int round = 0; goes_on(round, begin); round++) {
        apr_pool_t *mem = harness_mem();

        terminated_at_once(mem);
        ended_by_themselves(mem);
        expect_stock(&before, mem);
    }
}

/* One of a mixture: what it does, and how it may end. */
typedef struct fate_t {
    brood_process_t *process;
    apr_status_t (*end)(brood_process_t *process); /* NULL: it ends by itself */
    int code;
} fate_t;

static fate_t begin_any(uint64_t *chance, brood_queue_t *queue, brood_lock_t *lock, apr_pool_t *mem)
{
    const uint32_t dice = harness_below(chance, 3);
    fate_t fate = {NULL, NULL, 0};

    if (dice == 1)
        fate = (fate_t){NULL, brood_process_terminate, -15};
    if (dice == 2)
        fate = (fate_t){NULL, brood_process_kill, harness_killed()};
    fate.process =
        harness_start(busy, BROOD_ARGS(queue, lock, fate.end != NULL ? 0 : 1 + (int) harness_below(chance, 50)), mem);
    return fate;
}

static void end_any(const fate_t *fate, uint64_t *chance)
{
    if (fate->end != NULL) {
        apr_sleep(harness_below(chance, LIFE / AT_ONCE));
        EXPECT_OK(fate->end(fate->process));
    }
    if (harness_below(chance, 2) == 0)
        EXPECT_EXIT(fate->code, fate->process);
}

static void mix(uint64_t *chance, apr_pool_t *mem)
{
    brood_queue_t *queue = harness_queue(mem);
    brood_lock_t *lock = NULL;
    fate_t fate[AT_ONCE];

    EXPECT_OK(brood_lock_create(&lock, mem));
    for (unsigned i = 0; i < AT_ONCE; i++) {
        fate[i] = begin_any(chance, queue, lock, mem);
        if (harness_below(chance, 2) == 0)
            end_any(&fate[i], chance);
    }
    for (unsigned i = 0; i < AT_ONCE; i++)
        end_any(&fate[i], chance);
    for (unsigned i = 0; i < AT_ONCE; i++)
        EXPECT_EXIT(fate[i].code, fate[i].process);
    EXPECT_OK(brood_allow(brood_lock_acquire(lock, BROOD_NOWAIT), BROOD_EOWNERDEAD)); /* nobody dead holds it */
    EXPECT_OK(brood_lock_release(lock));
    EXPECT_OK(brood_queue_put(queue, brood_nil(), BROOD_NOWAIT));
    brood_queue_close(queue);
    brood_lock_close(lock);
}

static void any_end_at_any_moment_leaves_nothing__PROC_16_PROC_17_PROC_43_GUID_02(void)
{
    uint64_t chance = harness_chance("mixtures");
    const stock_t before = warm_up(harness_mem());
    const apr_time_t begin = brood__clock_now();

    for (int round = 0; goes_on(round, begin); round++) {
        apr_pool_t *mem = harness_mem();

        mix(&chance, mem);
        expect_stock(&before, mem);
    }
}

static const brood_test_t tests[] = {
    TEST(a_hundred_end_as_they_are_told_again_and_again__PROC_43_SPWN_10),
    TEST(any_end_at_any_moment_leaves_nothing__PROC_16_PROC_17_PROC_43_GUID_02),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "storm", tests, sizeof tests / sizeof *tests);
}
