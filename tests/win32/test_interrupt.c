/* test_interrupt.c - brood_process_interrupt: Ctrl-Break for a child with own_group and a console (PROC-18). */
#include "harness_children.h"
#include "harness_tree.h"

#include <signal.h>
#include <stdio.h>
#include <windows.h>

#define BY_CONTROL ((int) 0xC000013Au) /* STATUS_CONTROL_C_EXIT */

static brood_queue_t *for_handler;

/* In a thread of its own, so that it may wait. */
static BOOL WINAPI hear(DWORD kind)
{
    BROOD_IGNORE(brood_queue_put(for_handler, brood_int((int) kind), BROOD_FOREVER));
    return TRUE;
}

/* ---- entries ---- */

static apr_status_t hearing(brood_call_t *call)
{
    brood_queue_t *go;

    BROOD_TRY(BROOD_UNPACK(call->args, &for_handler, &go));
    CHECK(SetConsoleCtrlHandler(hear, TRUE));
    return waiting(call);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(waiting), BROOD_ENTRY(hearing),
                                        BROOD_ENTRIES_END};

/* ---- helpers ---- */

static brood_process_t *start(brood_entry_fn entry, bool own_group, brood_queue_t *queue, brood_queue_t *go,
                              apr_pool_t *mem)
{
    const brood_process_options_t options = {.own_group = own_group};
    brood_process_t *process = NULL;

    EXPECT_OK(brood_process_start(&process, entry, BROOD_ARGS(queue, go), &options, mem));
    (void) harness_get(queue, mem);
    return process;
}

static bool has_console(void)
{
    if (GetConsoleCP() != 0)
        return true;
    printf("there is no console ");
    return false;
}

/* ---- tests ---- */

static void one_without_a_group_is_refused_and_lives_on__PROC_18(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = start(waiting, false, queue, go, mem);

    EXPECT_STATUS(APR_ENOTIMPL, brood_process_interrupt(process));
    EXPECT_MESSAGE("own_group");
    EXPECT(brood_process_is_alive(process));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
}

static void by_default_it_ends_a_child_with_a_group__PROC_18(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem), *others = harness_queue(mem);
    brood_process_t *process = start(waiting, true, queue, go, mem);
    brood_process_t *other = start(waiting, true, queue, others, mem);

    if (has_console()) {
        EXPECT_OK(brood_process_interrupt(process));
        EXPECT_EXIT(BY_CONTROL, process);
    } else {
        EXPECT_STATUS(APR_ENOTIMPL, brood_process_interrupt(process));
        EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
        EXPECT_EXIT(0, process);
    }
    EXPECT(brood_process_is_alive(other));
    EXPECT_OK(brood_queue_put(others, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, other);
}

static void a_child_that_handles_it_lives_on_and_hears_each__PROC_18(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process = start(hearing, true, queue, go, mem);

    for (int i = 0; has_console() && i < 3; i++) {
        EXPECT_OK(brood_process_interrupt(process));
        EXPECT(harness_get(queue, mem).as.integer == CTRL_BREAK_EVENT);
    }
    EXPECT(brood_process_is_alive(process));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
}

static void who_has_ended_is_not_interrupted__PROC_18_PROC_19(void)
{
    apr_pool_t *mem = harness_mem();
    brood_process_t *process = harness_start(nothing, BROOD_NO_ARGS, mem);

    EXPECT_EXIT(0, process);
    EXPECT_OK(brood_process_interrupt(process));
    EXPECT_OK(brood_process_close(process));
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_interrupt(process));
    EXPECT_STATUS(BROOD_EMISUSE, brood_process_interrupt((brood_process_t *) brood_current_process()));
}

static const brood_test_t tests[] = {
    TEST(one_without_a_group_is_refused_and_lives_on__PROC_18),
    TEST(by_default_it_ends_a_child_with_a_group__PROC_18),
    TEST(a_child_that_handles_it_lives_on_and_hears_each__PROC_18),
    TEST(who_has_ended_is_not_interrupted__PROC_18_PROC_19),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "interrupt", tests, sizeof tests / sizeof *tests);
}
