/* test_copies.c - copies of a process that the program makes by itself, with fork: nothing of brood's is theirs. */
#include "harness_children.h"
#include "harness_tree.h"

#include "memory/table.h"
#include <sys/wait.h>
#include <unistd.h>

/* ---- entries ---- */

/* Take the lock, say so, let it go when told to. */
static apr_status_t hold(brood_call_t *call)
{
    brood_lock_t *lock;
    brood_queue_t *ready, *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &ready, &go));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    BROOD_TRY(brood_queue_put(ready, brood_nil(), BROOD_FOREVER));
    BROOD_TRY(brood_queue_get(&word, go, BROOD_FOREVER, call->mem));
    return brood_lock_release(lock);
}

/* A daemonic child of its own, a lock held, and a copy that returns from here: well or with a failure. */
static apr_status_t split(brood_call_t *call)
{
    const brood_process_options_t options = {.daemon = BROOD_YES};
    brood_lock_t *lock, *other;
    brood_queue_t *ready, *go;
    brood_process_t *child;
    brood_value_t word;
    bool fails, locked = false;
    int status;
    pid_t copy;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &other, &ready, &go, &fails));
    BROOD_TRY(brood_process_start(&child, hold, BROOD_ARGS(other, ready, go), &options, call->mem));
    BROOD_TRY(brood_queue_get(&word, ready, BROOD_FOREVER, call->mem));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    copy = fork();
    if (copy == 0)
        return fails ? APR_EGENERAL : APR_SUCCESS;
    CHECK(waitpid(copy, &status, 0) == copy && WIFEXITED(status) && WEXITSTATUS(status) == (fails ? 1 : 0));
    CHECK(brood_process_is_alive(child));
    BROOD_TRY(brood_lock_locked(&locked, lock));
    CHECK(locked);
    BROOD_TRY(brood_lock_release(lock));
    BROOD_TRY(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    CHECK(brood_process_exitcode(child) == 0);
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(hold), BROOD_ENTRY(split), BROOD_ENTRIES_END};

/* ---- helpers ---- */

static brood_lock_t *new_lock(apr_pool_t *mem)
{
    brood_lock_t *lock = NULL;

    EXPECT_OK(brood_lock_create(&lock, mem));
    return lock;
}

/* A child that holds the lock until it is told to go. */
static brood_process_t *holder_of(brood_lock_t *lock, brood_queue_t *go, apr_pool_t *mem)
{
    brood_queue_t *ready = harness_queue(mem);
    brood_process_t *holder = harness_start(hold, BROOD_ARGS(lock, ready, go), mem);

    (void) harness_get(ready, mem);
    return holder;
}

/* The copy's exit code. */
static int end_of(pid_t copy)
{
    int status = -1;

    return waitpid(copy, &status, 0) == copy && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- tests ---- */

static void a_copy_has_no_family(void)
{
    apr_pool_t *mem = harness_mem();
    brood_lock_t *lock = new_lock(mem);
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *child = holder_of(lock, go, mem);
    const pid_t copy = fork();

    if (copy == 0) {
        const bool well = brood_active_children(mem)[0] == NULL && brood_parent_process() == NULL
                          && brood_current_pid() == (int) getpid()
                          && brood_process_start(NULL, nothing, BROOD_NO_ARGS, NULL, mem) == BROOD_EMISUSE
                          && brood_process_join(child, BROOD_NOWAIT) == BROOD_EMISUSE
                          && brood_process_kill(child) == BROOD_EMISUSE && brood_process_is_alive(child);

        _exit(well ? 0 : 1);
    }
    EXPECT(end_of(copy) == 0);
    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(lock, BROOD_NOWAIT)); /* its holder has not been taken for dead */
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, child);
}

static void the_end_of_a_copys_pools_ends_nothing_of_ours(void)
{
    apr_pool_t *mem = harness_mem();
    brood_lock_t *lock = new_lock(mem);
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *child = holder_of(lock, go, mem);
    const pid_t copy = fork();

    if (copy == 0) {
        apr_pool_destroy(apr_pool_parent_get(mem)); /* brood_init's too */
        _exit(0);
    }
    EXPECT(end_of(copy) == 0);
    EXPECT(brood__table_count() == 2);
    EXPECT(brood_process_is_alive(child));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, child);
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(lock));
}

static void a_copy_that_returns_from_an_entry_takes_nothing_along(void)
{
    for (int fails = 0; fails < 2; fails++) {
        apr_pool_t *mem = harness_mem();

        EXPECT_EXIT(0, harness_start(split,
                                     BROOD_ARGS(new_lock(mem), new_lock(mem), harness_queue(mem), harness_queue(mem),
                                                brood_bool(fails == 1)),
                                     mem));
    }
}

static const brood_test_t tests[] = {
    TEST(a_copy_has_no_family),
    TEST(the_end_of_a_copys_pools_ends_nothing_of_ours),
    TEST(a_copy_that_returns_from_an_entry_takes_nothing_along),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "copies", tests, sizeof tests / sizeof *tests);
}
