/* test_root.c - the first process of a tree is killed: whatever it has started is gone, as the system sees it.
 *
 * The program runs itself as that first process, and watches the process group of the whole tree. */
#include "harness_chance.h"
#include "posix/harness_program.h"

#include "platform/clock.h"
#include <brood.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define DEPTH 3 /* generations below the root */
#define WIDTH 3
#define MEMBERS (WIDTH + WIDTH * WIDTH + WIDTH * WIDTH * WIDTH)
#define FELLED 40

static const char *self;

/* ---- entries, and the program that is run ---- */

static apr_status_t member(brood_call_t *call);

/* Each generation by another method than the one above, if they are to be mixed. */
static apr_status_t have_children(brood_queue_t *born, brood_queue_t *never, int level, bool mixed, apr_pool_t *mem)
{
    static const brood_start_method_t methods[] = {BROOD_START_FORKSERVER, BROOD_START_FORK, BROOD_START_SPAWN};
    const brood_process_options_t options = {.start_method = mixed ? methods[level % 3] : BROOD_START_DEFAULT};

    for (int i = 0; level > 0 && i < WIDTH; i++)
        BROOD_TRY(
            brood_process_start(NULL, member, BROOD_ARGS(born, never, level - 1, brood_bool(mixed)), &options, mem));
    return APR_SUCCESS;
}

static apr_status_t member(brood_call_t *call)
{
    brood_queue_t *born, *never;
    brood_value_t word;
    int level;
    bool mixed;

    BROOD_TRY(BROOD_UNPACK(call->args, &born, &never, &level, &mixed));
    BROOD_TRY(brood_queue_put(born, brood_nil(), BROOD_FOREVER));
    BROOD_TRY(have_children(born, never, level, mixed, call->mem));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

/* Print a line when the tree is grown; never end. */
static apr_status_t grow(brood_call_t *call)
{
    brood_queue_t *born, *never;
    brood_value_t word;

    BROOD_TRY(brood_queue_create(&born, 0, NULL, call->mem));
    BROOD_TRY(brood_queue_create(&never, 0, NULL, call->mem));
    BROOD_TRY(have_children(born, never, DEPTH, strcmp(call->argv[1], "mixed") == 0, call->mem));
    for (int i = 0; i < MEMBERS; i++)
        BROOD_TRY(brood_queue_get(&word, born, BROOD_FOREVER, call->mem));
    puts("grown");
    (void) fflush(stdout);
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(member), BROOD_ENTRIES_END};

/* ---- tests ---- */

/* How long it took to grow. */
static apr_interval_time_t fell_grown(const char *how)
{
    const apr_time_t planted = brood__clock_now();
    harness_program_t program = harness_program_start(self, how);
    apr_time_t grown;
    char line[100];

    harness_program_line(line, sizeof line, &program);
    EXPECT_TEXT("grown", line);
    grown = brood__clock_now();
    EXPECT(kill(program.pid, SIGKILL) == 0);
    EXPECT(harness_program_gone(&program) == -SIGKILL);
    printf("all %d gone after %d us ", 1 + MEMBERS, (int) (brood__clock_now() - grown));
    return grown - planted;
}

static void fell_at_any_age(const char *how)
{
    uint64_t chance = harness_chance(how);
    const uint32_t grown = (uint32_t) fell_grown(how);

    for (int i = 0; i < FELLED; i++) {
        harness_program_t program = harness_program_start(self, how);

        apr_sleep(harness_below(&chance, grown + grown / 4));
        EXPECT(kill(program.pid, SIGKILL) == 0);
        EXPECT(harness_program_gone(&program) == -SIGKILL);
    }
}

static void nothing_is_left_of_a_tree_whose_root_was_killed__PROC_41_FSRV_07(void)
{
    fell_at_any_age("alike");
}

static void nor_of_one_of_all_methods__PROC_41_FSRV_07(void)
{
    fell_at_any_age("mixed");
}

static const brood_test_t tests[] = {
    TEST(nothing_is_left_of_a_tree_whose_root_was_killed__PROC_41_FSRV_07),
    TEST(nor_of_one_of_all_methods__PROC_41_FSRV_07),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return brood_main(argc, argv, grow, entries);
    self = argv[0];
    return harness_run("root", tests, sizeof tests / sizeof *tests);
}
