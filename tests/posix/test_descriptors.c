/* test_descriptors.c - the descriptors that a child finds open (SPWN-03, SPWN-04).
 *
 * A child by fork has its parent's by nature; a spawned one, or one of the fork server's, has what brood gives it. */
#include "harness_tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FOREIGN 60 /* and the next: open in this process, and not close-on-exec */
#define SIBLINGS 10

/* ---- entries ---- */

/* How many are open here, and which of the foreign ones; then wait until told to go on. */
static apr_status_t count_open(brood_call_t *call)
{
    brood_queue_t *queue, *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &go));
    BROOD_TRY(brood_queue_put(queue,
                              BROOD_LIST(harness_handles(), brood_bool(fcntl(FOREIGN, F_GETFD) >= 0),
                                         brood_bool(fcntl(FOREIGN + 1, F_GETFD) >= 0)),
                              BROOD_FOREVER));
    return brood_queue_get(&word, go, BROOD_FOREVER, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(count_open), BROOD_ENTRIES_END};

/* ---- helpers ---- */

typedef struct open_t {
    int count;
    bool first, second; /* of the foreign ones */
} open_t;

static open_t hear(brood_queue_t *queue, apr_pool_t *mem)
{
    open_t heard = {0, false, false};

    EXPECT_OK(BROOD_UNPACK(harness_get(queue, mem), &heard.count, &heard.first, &heard.second));
    return heard;
}

static bool by_fork(void)
{
    return brood_get_start_method(true) == BROOD_START_FORK;
}

/* ---- tests ---- */

/* First of all: the fork server would have to be started when they are open. */
static void what_the_program_has_open_is_not_the_childs__SPWN_03(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process;
    open_t heard;

    for (int i = 0; i < 2; i++)
        EXPECT(dup2(STDERR_FILENO, FOREIGN + i) == FOREIGN + i && fcntl(FOREIGN + i, F_GETFD) == 0);
    process = harness_start(count_open, BROOD_ARGS(queue, go), mem);
    heard = hear(queue, mem);
    EXPECT(heard.first == by_fork() && heard.second == by_fork());
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
    (void) close(FOREIGN);
    (void) close(FOREIGN + 1);
}

/* The first and the last of many hear the same number, also when each has been waited for (which opens a descriptor). */
static void no_child_finds_those_of_its_siblings__SPWN_04(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process[SIBLINGS];
    int alone = 0;

    for (int i = 0; i < SIBLINGS; i++) {
        int count;

        process[i] = harness_start(count_open, BROOD_ARGS(queue, go), mem);
        count = hear(queue, mem).count;
        EXPECT_STATUS(APR_TIMEUP, brood_process_join(process[i], 1));
        if (i == 0)
            alone = count;
        if (!EXPECT(count == alone))
            printf("child %d: %d, the first: %d\n", i, count, alone);
    }
    for (int i = 0; i < SIBLINGS; i++)
        EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    for (int i = 0; i < SIBLINGS; i++)
        EXPECT_EXIT(0, process[i]);
}

static void nor_does_one_of_many_at_once__SPWN_04(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process[SIBLINGS];
    int first;

    for (int i = 0; i < SIBLINGS; i++)
        process[i] = harness_start(count_open, BROOD_ARGS(queue, go), mem);
    first = hear(queue, mem).count;
    EXPECT(first > 3);
    for (int i = 1; i < SIBLINGS; i++)
        EXPECT(hear(queue, mem).count == first);
    for (int i = 0; i < SIBLINGS; i++)
        EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    for (int i = 0; i < SIBLINGS; i++)
        EXPECT_EXIT(0, process[i]);
}

static const brood_test_t tests[] = {
    TEST(what_the_program_has_open_is_not_the_childs__SPWN_03),
    TEST(no_child_finds_those_of_its_siblings__SPWN_04),
    TEST(nor_does_one_of_many_at_once__SPWN_04),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "descriptors", tests, sizeof tests / sizeof *tests);
}
