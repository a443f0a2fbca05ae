/* test_tree.c - a tree of processes ends with its root, however deep it is and whoever started whom how. */
#include "harness_chance.h"
#include "harness_tree.h"

#include "memory/table.h"
#include "platform/clock.h"
#include "platform/self.h"
#include <stdio.h>

#define DEPTH 3 /* root, child, grandchild */
#define WIDTH 3
#define MEMBERS (1 + WIDTH + WIDTH * WIDTH)
#define FELLED 40

/* ---- entries ---- */

/* One of a tree: say who it is, start those below, wait for a word that never comes.  `mixed`: each generation by
 * another method than its parents', from the program's own on. */
static apr_status_t member(brood_call_t *call)
{
    brood_process_options_t options = {0};
    brood_start_method_t methods[3];
    brood_queue_t *born, *never;
    brood_value_t word;
    int level;
    bool mixed;

    BROOD_TRY(BROOD_UNPACK(call->args, &born, &never, &level, &mixed));
    BROOD_TRY(brood_queue_put(born,
                              BROOD_LIST((unsigned long long) brood__self_pid(),
                                         (unsigned long long) brood__self_start_time(brood__self_pid())),
                              BROOD_FOREVER));
    if (mixed) {
        const apr_size_t count = brood_start_methods(methods);
        apr_size_t own = 0;

        while (own < count - 1 && methods[own] != brood_get_start_method(true))
            own++;
        options.start_method = methods[(own + 1) % count];
    }
    for (int i = 0; level > 1 && i < WIDTH; i++)
        BROOD_TRY(brood_process_start(NULL, member, BROOD_ARGS(born, never, level - 1, brood_bool(mixed)), &options,
                                      call->mem));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(member), BROOD_ENTRIES_END};

/* ---- helpers ---- */

typedef struct person_t {
    unsigned long long pid, born;
} person_t;

/* The next who has said who it is; false: there is none by now. */
static bool meet(person_t *person, brood_queue_t *born, apr_interval_time_t timeout, apr_pool_t *mem)
{
    brood_value_t item;
    const apr_status_t rc = brood_queue_get(&item, born, timeout, mem);

    EXPECT_OK(brood_allow(rc, APR_TIMEUP));
    return rc == APR_SUCCESS && EXPECT_OK(BROOD_UNPACK(item, &person->pid, &person->born));
}

static void wait_for_end(const person_t *person)
{
    while (!brood__self_gone((uint32_t) person->pid, person->born))
        apr_sleep(1000);
}

static void wait_for_empty_table(void)
{
    for (brood__table_sweep(true); brood__table_count() != 1; brood__table_sweep(true))
        apr_sleep(1000);
}

/* Kill the root of a whole tree; returns how long that took to grow. */
static apr_interval_time_t fell_grown(bool mixed)
{
    const apr_time_t planted = brood__clock_now();
    apr_pool_t *mem = harness_mem();
    brood_queue_t *born = harness_queue(mem), *never = harness_queue(mem);
    brood_process_t *root = harness_start(member, BROOD_ARGS(born, never, DEPTH, brood_bool(mixed)), mem);
    person_t person[MEMBERS];
    apr_time_t killed;
    apr_interval_time_t growth;

    for (int i = 0; i < MEMBERS; i++)
        EXPECT(meet(&person[i], born, BROOD_FOREVER, mem));
    for (int i = 0; i < MEMBERS; i++)
        EXPECT(!brood__self_gone((uint32_t) person[i].pid, person[i].born));
    killed = brood__clock_now();
    growth = killed - planted;
    EXPECT_KILLED(root);
    for (int i = 0; i < MEMBERS; i++)
        wait_for_end(&person[i]);
    printf("all %d gone after %d us ", MEMBERS, (int) (brood__clock_now() - killed));
    wait_for_empty_table();
    return growth;
}

/* Kill the root of one that may be growing still. */
static int fell_growing(apr_interval_time_t age, bool mixed)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *born = harness_queue(mem), *never = harness_queue(mem);
    brood_process_t *root = harness_start(member, BROOD_ARGS(born, never, DEPTH, brood_bool(mixed)), mem);
    person_t person;
    int met = 0;

    apr_sleep(age);
    EXPECT_KILLED(root);
    wait_for_empty_table(); /* a process has its place there before it can say a word, and before it is one */
    for (; meet(&person, born, BROOD_NOWAIT, mem); met++)
        wait_for_end(&person);
    return met;
}

/* ---- tests ---- */

static void a_tree_ends_with_its_root__PROC_41_PROC_42(void)
{
    (void) fell_grown(false);
}

static void a_tree_of_all_methods_ends_with_its_root__PROC_41_PROC_42(void)
{
    (void) fell_grown(true);
}

static void a_tree_that_grows_ends_with_its_root__PROC_41_SPWN_06(void)
{
    uint64_t chance = harness_chance("growing trees");
    const uint32_t growth[2] = {(uint32_t) fell_grown(false), (uint32_t) fell_grown(true)};
    int least = MEMBERS, most = 0;

    for (int i = 0; i < FELLED; i++) {
        const int met = fell_growing(harness_below(&chance, growth[i % 2]), i % 2 == 1);

        least = met < least ? met : least;
        most = met > most ? met : most;
    }
    printf("they had %d to %d members ", least, most);
}

static const brood_test_t tests[] = {
    TEST(a_tree_ends_with_its_root__PROC_41_PROC_42),
    TEST(a_tree_of_all_methods_ends_with_its_root__PROC_41_PROC_42),
    TEST(a_tree_that_grows_ends_with_its_root__PROC_41_SPWN_06),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "tree", tests, sizeof tests / sizeof *tests);
}
