/* test_interrupt.c - brood_process_interrupt: a child that handles SIGINT and one that does not (PROC-18). */
#include "harness_children.h"
#include "harness_tree.h"

#include "platform/self.h"
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t heard;

static void hear(int number)
{
    heard = number;
}

/* ---- entries ---- */

/* Say which signals it hears, one after the other, until there is a word. */
static apr_status_t hearing(brood_call_t *call)
{
    struct sigaction action = {.sa_handler = hear};
    brood_queue_t *queue, *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &go));
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGINT, &action, NULL) == 0);
    BROOD_TRY(brood_queue_put(queue, brood_nil(), BROOD_FOREVER));
    while (brood_queue_get(&word, go, 1000, call->mem) == APR_TIMEUP) {
        const int number = heard;

        if (number == 0)
            continue;
        heard = 0; /* the next comes when this one has been told */
        BROOD_TRY(brood_queue_put(queue, brood_int(number), BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

/* Ignores it from the beginning of its entry. */
static apr_status_t ignoring(brood_call_t *call)
{
    CHECK(signal(SIGINT, SIG_IGN) != SIG_ERR);
    return waiting(call);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(waiting), BROOD_ENTRY(hearing),
                                        BROOD_ENTRY(ignoring), BROOD_ENTRIES_END};

/* ---- helpers ---- */

/* In a group of its own, where the terminal's Ctrl-C does not reach it, or in ours. */
static brood_process_t *start(brood_entry_fn entry, bool own_group, brood_queue_t *queue, brood_queue_t *go,
                              apr_pool_t *mem)
{
    const brood_process_options_t options = {.own_group = own_group};
    brood_process_t *process = NULL;

    EXPECT_OK(brood_process_start(&process, entry, BROOD_ARGS(queue, go), &options, mem));
    (void) harness_get(queue, mem);
    return process;
}

/* ---- tests ---- */

static void by_default_it_ends_a_child_with_minus_2__PROC_18(void)
{
    for (int own_group = 0; own_group < 2; own_group++) {
        apr_pool_t *mem = harness_mem();
        brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem);
        brood_process_t *process = start(waiting, own_group == 1, queue, go, mem);
        brood_process_t *other = start(waiting, own_group == 1, queue, go, mem);

        EXPECT_OK(brood_process_interrupt(process));
        EXPECT_EXIT(-SIGINT, process);
        EXPECT(brood_process_exitcode(process) == -2);
        EXPECT(brood_process_is_alive(other)); /* it is for the one child, not for its group */
        EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
        EXPECT_EXIT(0, other);
    }
}

static void a_child_that_handles_it_lives_on_and_hears_each__PROC_18(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = start(hearing, false, queue, go, mem);

    for (int i = 0; i < 3; i++) {
        EXPECT_OK(brood_process_interrupt(process));
        EXPECT(harness_get(queue, mem).as.integer == SIGINT);
    }
    EXPECT(brood_process_is_alive(process));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
}

static void a_child_that_ignores_it_lives_on__PROC_18(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = start(ignoring, false, queue, go, mem);

    EXPECT_OK(brood_process_interrupt(process));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
}

static void who_has_ended_is_not_interrupted__PROC_18_PROC_19(void)
{
    apr_pool_t *mem = harness_mem();
    brood_process_t *process = harness_start(nothing, BROOD_NO_ARGS, mem);

    while (!brood__self_gone((uint32_t) brood_process_pid(process), 0))
        apr_sleep(1000);
    EXPECT_OK(brood_process_interrupt(process)); /* not heard of yet */
    EXPECT_EXIT(0, process);
    EXPECT_OK(brood_process_interrupt(process));
    EXPECT_OK(brood_process_close(process));
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_interrupt(process));
    EXPECT_STATUS(BROOD_EMISUSE, brood_process_interrupt((brood_process_t *) brood_current_process()));
    EXPECT_MESSAGE("interrupt");
}

static const brood_test_t tests[] = {
    TEST(by_default_it_ends_a_child_with_minus_2__PROC_18),
    TEST(a_child_that_handles_it_lives_on_and_hears_each__PROC_18),
    TEST(a_child_that_ignores_it_lives_on__PROC_18),
    TEST(who_has_ended_is_not_interrupted__PROC_18_PROC_19),
};

int main(int argc, char **argv)
{
    (void) signal(SIGINT, SIG_DFL); /* whoever runs this may ignore it, which is inherited */
    return harness_tree(argc, argv, entries, "interrupt", tests, sizeof tests / sizeof *tests);
}
