/* test_gone.c - processes that have ended before anybody asks, and those that were killed (PROC-20, EXIT-18, GUID-01). */
#include "harness_chance.h"
#include "harness_children.h"
#include "harness_tree.h"

#include "memory/heap.h"
#include "platform/clock.h"
#include "platform/self.h"
#include <apr_file_info.h>
#include <stdio.h>
#include <stdlib.h>

#define RACES 60

/* ---- entries ---- */

static void speak(void *queue)
{
    BROOD_IGNORE(brood_queue_put(queue, brood_text("finalized"), BROOD_FOREVER));
}

static brood_queue_t *for_handler;

static void handler(void)
{
    if (for_handler != NULL)
        BROOD_IGNORE(brood_queue_put(for_handler, brood_text("handled"), BROOD_FOREVER));
}

/* Have everything that an end would see to, and no end. */
static apr_status_t stay(brood_call_t *call)
{
    brood_queue_t *queue, *told, *never;
    brood_lock_t *lock;
    brood_value_t word;
    const char *directory;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &told, &never, &lock));
    for_handler = told;
    if (atexit(handler) != 0)
        return brood_fail(APR_ENOMEM, "no memory for a handler");
    BROOD_TRY(brood_finalizer_create(NULL, speak, told, 0, call->mem));
    BROOD_TRY(brood_finalizer_create(NULL, speak, told, BROOD_NOT_AT_EXIT, call->mem));
    BROOD_TRY(brood_temp_dir(&directory));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    BROOD_TRY(brood_queue_put(queue, brood_text(directory), BROOD_FOREVER));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(leaving), BROOD_ENTRY(stay), BROOD_ENTRIES_END};

/* ---- helpers ---- */

/* One that has ended, and nobody here knows. */
static brood_process_t *ended(int code, apr_pool_t *mem)
{
    brood_process_t *process = harness_start(leaving, BROOD_ARGS(code), mem);

    while (process != NULL && !brood__self_gone((uint32_t) brood_process_pid(process), 0))
        apr_sleep(1000);
    return process;
}

/* As children of this process that nobody has asked for; those of the fork server are its own. */
static bool leaves_zombies(void)
{
    brood_start_method_t methods[3];

    return brood_start_methods(methods) > 1 && brood_get_start_method(true) != BROOD_START_FORKSERVER;
}

/* How the end can come to be known. */
static void by_join(brood_process_t *process, apr_pool_t *mem)
{
    (void) mem;
    EXPECT_OK(brood_process_join(process, BROOD_FOREVER));
}

static void by_is_alive(brood_process_t *process, apr_pool_t *mem)
{
    (void) mem;
    while (brood_process_is_alive(process)) /* the fork server tells of an end a moment later */
        apr_sleep(1000);
}

static void by_exitcode(brood_process_t *process, apr_pool_t *mem)
{
    (void) mem;
    while (brood_process_exitcode(process) == BROOD_RUNNING)
        apr_sleep(1000);
}

static void by_active_children(brood_process_t *process, apr_pool_t *mem)
{
    (void) process;
    while (harness_children(mem) != 0)
        apr_sleep(1000);
}

static void by_start(brood_process_t *process, apr_pool_t *mem)
{
    (void) process;
    EXPECT_EXIT(0, harness_start(leaving, BROOD_ARGS(0), mem));
}

static void by_wait(brood_process_t *process, apr_pool_t *mem)
{
    brood_wait_t item = BROOD_WAIT(process);

    (void) mem;
    EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
}

static void by_close(brood_process_t *process, apr_pool_t *mem)
{
    (void) mem;
    while (brood_process_close(process) != APR_SUCCESS)
        apr_sleep(1000);
}

/* ---- tests ---- */

static void whoever_asks_reaps__GUID_01_PROC_06_PROC_13_PROC_38(void)
{
    static void (*const ask[])(brood_process_t * process,
                               apr_pool_t * mem) = {by_join,  by_is_alive, by_exitcode, by_active_children,
                                                    by_start, by_wait,     by_close};

    for (size_t i = 0; i < sizeof ask / sizeof *ask; i++) {
        apr_pool_t *mem = harness_mem();
        brood_process_t *process = ended(7, mem);

        EXPECT(harness_ended_unheard() == (leaves_zombies() ? 1 : 0));
        ask[i](process, mem);
        EXPECT(harness_ended_unheard() == 0);
        EXPECT(brood_process_exitcode(process) == 7);
    }
}

/* On Windows: access is denied to who would end one that has ended. */
static void a_signal_to_one_that_has_vanished_does_nothing__PROC_19_PROC_20_PROC_21(void)
{
    static apr_status_t (*const end[])(brood_process_t *) = {brood_process_terminate, brood_process_kill};
    apr_pool_t *mem = harness_mem();

    for (int i = 0; i < 2; i++) {
        brood_process_t *process = ended(5, mem);

        EXPECT_OK(end[i](process));
        EXPECT_EXIT(5, process);
        EXPECT_OK(end[i](process));
        EXPECT(brood_process_exitcode(process) == 5);
    }
}

/* At any moment of its life: it ends by itself or by us, and its exit code says which. */
static void nor_does_one_that_comes_with_the_end__PROC_20_PROC_21(void)
{
    uint64_t chance = harness_chance("ends");
    apr_pool_t *mem = harness_mem();
    const apr_time_t start = brood__clock_now();
    uint32_t life;
    int by_us = 0;

    EXPECT_EXIT(5, harness_start(leaving, BROOD_ARGS(5), mem));
    EXPECT_EXIT(5, harness_start(leaving, BROOD_ARGS(5), mem));
    life = (uint32_t) (brood__clock_now() - start); /* longer than one lives */
    for (int i = 0; i < RACES; i++) {
        brood_process_t *process = harness_start(leaving, BROOD_ARGS(5), mem);
        int exitcode;

        apr_sleep(harness_below(&chance, life));
        EXPECT_OK(brood_process_terminate(process));
        EXPECT_OK(brood_process_join(process, BROOD_FOREVER));
        exitcode = brood_process_exitcode(process);
        EXPECT(exitcode == 5 || exitcode == -15);
        by_us += exitcode == -15;
    }
    printf("%d of %d ended by us ", by_us, RACES);
}

static void who_is_killed_has_no_end_of_its_own__EXIT_18_PROC_15_GUID_02(void)
{
    static apr_status_t (*const end[])(brood_process_t *) = {brood_process_terminate, brood_process_kill};

    for (int i = 0; i < 2; i++) {
        apr_pool_t *mem = harness_mem();
        brood_queue_t *queue = harness_queue(mem), *told = harness_queue(mem), *never = harness_queue(mem);
        brood_lock_t *lock = NULL;
        brood_process_t *process;
        brood__heap_use_t use;
        brood_value_t word;
        const char *directory;
        apr_finfo_t info;

        EXPECT_OK(brood_lock_create(&lock, mem));
        process = harness_start(stay, BROOD_ARGS(queue, told, never, lock), mem);
        directory = brood_value_string(harness_get(queue, mem), mem);
        EXPECT_OK(end[i](process));
        EXPECT_EXIT(i == 0 ? -15 : harness_killed(), process);
        EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&word, told, BROOD_NOWAIT, mem));
        EXPECT(apr_stat(&info, directory, APR_FINFO_TYPE, mem) == APR_SUCCESS); /* nobody was there to remove it */
        EXPECT(apr_dir_remove(directory, mem) == APR_SUCCESS);
        EXPECT_STATUS(BROOD_EOWNERDEAD, brood_lock_acquire(lock, BROOD_NOWAIT)); /* but this goes on */
        EXPECT_OK(brood_lock_release(lock));
        EXPECT_OK(brood_queue_put(never, brood_nil(), BROOD_NOWAIT));
        brood_lock_close(lock);
        brood_queue_close(queue);
        brood_queue_close(told);
        brood_queue_close(never);
        brood__heap_count(&use);
        EXPECT(use.objects == 0); /* and this is taken back */
    }
}

static const brood_test_t tests[] = {
    TEST(whoever_asks_reaps__GUID_01_PROC_06_PROC_13_PROC_38),
    TEST(a_signal_to_one_that_has_vanished_does_nothing__PROC_19_PROC_20_PROC_21),
    TEST(nor_does_one_that_comes_with_the_end__PROC_20_PROC_21),
    TEST(who_is_killed_has_no_end_of_its_own__EXIT_18_PROC_15_GUID_02),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "gone", tests, sizeof tests / sizeof *tests);
}
