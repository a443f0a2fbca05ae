/* test_keeper.c - names of shared memory go, also when all of a tree is killed at once.
 *
 * The program runs itself as the first process of such a tree. */
#include "harness_chance.h"
#include "posix/harness_program.h"

#include "memory/table.h"
#include "platform/named.h"
#include "platform/self.h"
#include <apr_time.h>
#include <brood.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define FELLED 10
#define FELLED_WITHIN 2000 /* microseconds */

#define CHURN "brood-churn-%d-%u" /* of which process, and its count */
#define CHURN_SIZE 64
#define CHURNED 8u

static const char *self;

/* ---- entries, and the program that is run ---- */

static apr_status_t wait_for_ever(brood_call_t *call)
{
    brood_queue_t *never;
    brood_value_t word;

    BROOD_TRY(brood_queue_create(&never, 0, NULL, call->mem));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

/* "psm_... PID": a name, and the keeper. */
static apr_status_t say(const brood_shared_memory_t *memory)
{
    printf("%s %lu\n", brood_shared_memory_name(memory), (unsigned long) brood__table_pid(brood__table_keeper()));
    return fflush(stdout) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

static apr_status_t own(brood_call_t *call)
{
    brood_shared_memory_t *memory;

    BROOD_TRY(brood_shared_memory_create(&memory, NULL, 4096, call->mem));
    BROOD_TRY(say(memory));
    return wait_for_ever(call);
}

static apr_status_t keep(brood_call_t *call)
{
    brood_shared_memory_t *memory;

    BROOD_TRY(brood_shared_memory_create(&memory, NULL, 4096, call->mem));
    BROOD_TRY(brood_shared_memory_keep(memory));
    BROOD_TRY(say(memory));
    return wait_for_ever(call);
}

/* A child has one, too. */
static apr_status_t family(brood_call_t *call)
{
    BROOD_TRY(brood_process_start(NULL, own, BROOD_NIL, NULL, call->mem));
    return own(call);
}

static apr_status_t end(brood_call_t *call)
{
    brood_shared_memory_t *memory;

    BROOD_TRY(brood_shared_memory_create(&memory, NULL, 4096, call->mem));
    return say(memory);
}

/* The first keeper is killed before the second name. */
static apr_status_t lose_keeper(brood_call_t *call)
{
    brood_shared_memory_t *memory;
    uint32_t first;

    BROOD_TRY(brood_shared_memory_create(&memory, NULL, 4096, call->mem));
    first = brood__table_pid(brood__table_keeper());
    if (kill((pid_t) first, SIGKILL) != 0)
        return APR_EGENERAL;
    while (!brood__self_gone(first, 0))
        apr_sleep(1000);
    return own(call);
}

/* One after the other, until it is killed, all with names that tell this process. */
static apr_status_t churn(brood_call_t *call)
{
    for (unsigned i = 0;; i++) {
        brood_shared_memory_t *memory;
        char name[CHURN_SIZE];

        (void) snprintf(name, sizeof name, CHURN, (int) brood_current_pid(), i % CHURNED);
        BROOD_TRY(brood_shared_memory_create(&memory, name, 65536, call->mem));
        if (i == 0)
            BROOD_TRY(say(memory));
        brood_shared_memory_close(memory);
    }
}

static apr_status_t app(brood_call_t *call)
{
    static const struct {
        const char *name;
        brood_entry_fn entry;
    } all[] = {{"own", own},    {"keep", keep}, {"family", family}, {"end", end}, {"lose_keeper", lose_keeper},
               {"churn", churn}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(call->argv[1], all[i].name) == 0)
            return all[i].entry(call);
    return APR_EINVAL;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(own), BROOD_ENTRIES_END};

/* ---- help ---- */

typedef struct found_t {
    char name[100];
    unsigned long keeper;
} found_t;

static bool read_found(found_t *found, const harness_program_t *program)
{
    char line[200];

    *found = (found_t){.keeper = 0};
    harness_program_line(line, sizeof line, program);
    return EXPECT(sscanf(line, "%99s %lu", found->name, &found->keeper) == 2) && EXPECT(found->keeper != 0);
}

static bool is_there(const char *name)
{
    brood__named_t named;
    const apr_status_t rc = brood__named_open(&named, name);

    if (rc == APR_SUCCESS)
        brood__named_close(&named);
    return rc == APR_SUCCESS;
}

static void wait_for_end(unsigned long pid)
{
    while (!brood__self_gone((uint32_t) pid, 0))
        apr_sleep(1000);
}

/* All at once, but for the keeper, which is in no group that a terminal or a supervisor of ours would kill. */
static void fell(harness_program_t *program)
{
    EXPECT(kill(-program->pid, SIGKILL) == 0);
    EXPECT(harness_program_gone(program) == -SIGKILL);
}

/* ---- tests ---- */

static void names_go_when_all_processes_are_killed_at_once__SHM_12_SHM_13_TRK_01_TRK_09(void)
{
    harness_program_t program = harness_program_start(self, "family");
    found_t found[2];

    for (int i = 0; i < 2; i++)
        if (read_found(&found[i], &program))
            EXPECT(is_there(found[i].name));
    EXPECT(found[0].keeper == found[1].keeper); /* one for all */
    fell(&program);
    wait_for_end(found[0].keeper);
    EXPECT(!is_there(found[0].name));
    EXPECT(!is_there(found[1].name));
}

static void what_is_kept_stays__SHM_09(void)
{
    harness_program_t program = harness_program_start(self, "keep");
    found_t found;

    if (!read_found(&found, &program))
        return;
    fell(&program);
    wait_for_end(found.keeper);
    EXPECT(is_there(found.name));
    EXPECT_OK(brood__named_unlink(found.name, 0));
}

static void told(void *data, uint64_t identity)
{
    *(uint64_t *) data = identity;
}

static void a_name_that_is_another_s_by_now_is_left_alone__SHM_12(void)
{
    harness_program_t program = harness_program_start(self, "own");
    brood__named_t ours;
    uint64_t identity = 0;
    found_t found;

    if (!read_found(&found, &program))
        return;
    EXPECT_OK(brood__named_unlink(found.name, 0));
    EXPECT_OK(brood__named_create(&ours, found.name, 4096, told, &identity));
    EXPECT(ours.identity == identity);
    fell(&program);
    wait_for_end(found.keeper);
    EXPECT(is_there(found.name));
    EXPECT(brood__named_unlink(found.name, identity + 1) == APR_ENOENT);
    EXPECT_OK(brood__named_unlink(found.name, identity));
    brood__named_close(&ours);
}

static void the_keeper_ends_with_the_tree(void)
{
    harness_program_t program = harness_program_start(self, "end");
    found_t found;

    if (!read_found(&found, &program))
        return;
    EXPECT(harness_program_gone(&program) == 0); /* its output has ended, too: the keeper does not hold it */
    wait_for_end(found.keeper);
    EXPECT(!is_there(found.name));
}

static void a_killed_keeper_has_a_successor__TRK_06(void)
{
    harness_program_t program = harness_program_start(self, "lose_keeper");
    found_t found;

    if (!read_found(&found, &program))
        return;
    fell(&program);
    wait_for_end(found.keeper);
    EXPECT(!is_there(found.name));
}

/* Wherever it is killed: before a block has its name, while it gets it, or loses it.  Where names come first, an empty one
 * may be left, which is none to is_there. */
static void nor_is_one_left_that_was_in_the_making__SHM_12_SHM_15(void)
{
    uint64_t chance = harness_chance("keeper");
    found_t found;

    for (int i = 0; i < FELLED; i++) {
        harness_program_t program = harness_program_start(self, "churn");
        const int pid = (int) program.pid;

        if (!read_found(&found, &program))
            return;
        apr_sleep(harness_below(&chance, FELLED_WITHIN));
        fell(&program);
        wait_for_end(found.keeper);
        for (unsigned n = 0; n < CHURNED; n++) {
            char name[CHURN_SIZE];

            (void) snprintf(name, sizeof name, CHURN, pid, n);
            EXPECT(!is_there(name));
        }
    }
}

static const brood_test_t tests[] = {
    TEST(names_go_when_all_processes_are_killed_at_once__SHM_12_SHM_13_TRK_01_TRK_09),
    TEST(what_is_kept_stays__SHM_09),
    TEST(a_name_that_is_another_s_by_now_is_left_alone__SHM_12),
    TEST(nor_is_one_left_that_was_in_the_making__SHM_12_SHM_15),
    TEST(the_keeper_ends_with_the_tree),
    TEST(a_killed_keeper_has_a_successor__TRK_06),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return brood_main(argc, argv, app, entries);
    self = argv[0];
    return harness_run("keeper", tests, sizeof tests / sizeof *tests);
}
