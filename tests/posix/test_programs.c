/* test_programs.c - programs that know nothing of brood, in a child's group: they end with the tree, and not before. */
#include "harness_tree.h"

#include "platform/self.h"
#include "posix/system.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* ---- entries, and the program that is run ---- */

/* Run this program as one that waits until it is killed; 0: it cannot be run. */
static pid_t run_program(const char *program)
{
    const pid_t pid = fork();

    if (pid == 0) {
        (void) execl(program, program, "stay", (char *) NULL);
        _exit(127);
    }
    return pid > 0 ? pid : 0;
}

/* Have two programs, one of them deaf to what can be ignored, say who they are, and wait for a word; then end. */
static apr_status_t with_programs(brood_call_t *call)
{
    brood_queue_t *ready, *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &go));
    for (int deaf = 0; deaf < 2; deaf++) {
        pid_t pid;

        CHECK(signal(SIGTERM, deaf == 1 ? SIG_IGN : SIG_DFL) != SIG_ERR); /* which programs inherit */
        pid = run_program(call->argv[0]);
        CHECK(pid != 0 && signal(SIGTERM, SIG_DFL) != SIG_ERR); /* before anybody hears of the program */
        BROOD_TRY(brood_queue_put(ready, brood_int(pid), BROOD_FOREVER));
    }
    return brood_queue_get(&word, go, BROOD_FOREVER, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(with_programs), BROOD_ENTRIES_END};

/* ---- helpers ---- */

typedef struct tree_t {
    brood_process_t *leader;
    brood_queue_t *go;
    pid_t plain, deaf;
} tree_t;

static tree_t grow(apr_pool_t *mem)
{
    const brood_process_options_t options = {.own_group = true};
    brood_queue_t *ready = harness_queue(mem);
    tree_t tree = {NULL, harness_queue(mem), 0, 0};

    EXPECT_OK(brood_process_start(&tree.leader, with_programs, BROOD_ARGS(ready, tree.go), &options, mem));
    tree.plain = (pid_t) harness_get(ready, mem).as.integer;
    tree.deaf = (pid_t) harness_get(ready, mem).as.integer;
    EXPECT(getpgid(tree.plain) == brood_process_pid(tree.leader));
    EXPECT(getpgid(tree.deaf) == brood_process_pid(tree.leader));
    return tree;
}

static bool is_gone(pid_t pid)
{
    return brood__self_gone((uint32_t) pid, 0);
}

static void await_end(pid_t pid)
{
    while (!is_gone(pid))
        apr_sleep(1000);
}

/* Can this system mean a group whose leader has ended? */
static bool knows_leaderless_groups(void)
{
    const int pidfd = brood__system_pidfd(getpid());
    /* This process need not be a leader itself. */
    const bool knows = pidfd >= 0 && (brood__system_pidfd_signal_group(pidfd, 0) == 0 || errno == ESRCH);

    if (pidfd >= 0)
        (void) close(pidfd);
    return knows;
}

/* ---- tests ---- */

static void kill_ends_programs_too__C_29(void)
{
    const tree_t tree = grow(harness_mem());

    EXPECT_OK(brood_process_kill_tree(tree.leader));
    EXPECT_EXIT(-SIGKILL, tree.leader);
    await_end(tree.plain);
    await_end(tree.deaf);
}

static void terminate_asks_them_and_kill_ends_who_does_not_hear__C_29(void)
{
    const tree_t tree = grow(harness_mem());

    EXPECT_OK(brood_process_terminate_tree(tree.leader));
    await_end(tree.plain);
    EXPECT_EXIT(-SIGTERM, tree.leader);
    EXPECT(!is_gone(tree.deaf));
    EXPECT_OK(brood_process_kill_tree(tree.leader));
    if (!knows_leaderless_groups()) {
        EXPECT(!is_gone(tree.deaf));
        EXPECT(kill(tree.deaf, SIGKILL) == 0);
    }
    await_end(tree.deaf);
}

/* The leader has ended by itself and has been joined. */
static void what_it_has_left_behind_ends_too__C_29(void)
{
    const tree_t tree = grow(harness_mem());

    EXPECT_OK(brood_queue_put(tree.go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, tree.leader);
    EXPECT(!is_gone(tree.plain) && !is_gone(tree.deaf)); /* its end is not theirs */
    EXPECT_OK(brood_process_kill_tree(tree.leader));
    if (!knows_leaderless_groups()) {
        EXPECT(!is_gone(tree.plain) && !is_gone(tree.deaf));
        EXPECT(kill(tree.plain, SIGKILL) == 0 && kill(tree.deaf, SIGKILL) == 0);
    }
    await_end(tree.plain);
    await_end(tree.deaf);
    EXPECT_OK(brood_process_kill_tree(tree.leader)); /* nobody is left */
}

/* Ended, but nobody has heard of it: the number of the group is taken still. */
static void and_before_its_end_was_heard_of__C_29(void)
{
    const tree_t tree = grow(harness_mem());
    const pid_t leader = brood_process_pid(tree.leader);

    EXPECT_OK(brood_queue_put(tree.go, brood_nil(), BROOD_FOREVER));
    await_end(leader);
    EXPECT_OK(brood_process_kill_tree(tree.leader));
    EXPECT_EXIT(0, tree.leader);    /* its end was its own */
    if (!knows_leaderless_groups()) /* to ask is to hear of the end */
        EXPECT(kill(tree.plain, SIGKILL) == 0 && kill(tree.deaf, SIGKILL) == 0);
    await_end(tree.plain);
    await_end(tree.deaf);
}

static void kill_without_the_tree_leaves_them_alone__PROC_15(void)
{
    const tree_t tree = grow(harness_mem());

    EXPECT_OK(brood_process_kill(tree.leader));
    EXPECT_EXIT(-SIGKILL, tree.leader);
    EXPECT(!is_gone(tree.plain) && !is_gone(tree.deaf));
    EXPECT(kill(tree.plain, SIGKILL) == 0 && kill(tree.deaf, SIGKILL) == 0);
    await_end(tree.plain);
    await_end(tree.deaf);
}

static const brood_test_t tests[] = {
    TEST(kill_ends_programs_too__C_29),
    TEST(terminate_asks_them_and_kill_ends_who_does_not_hear__C_29),
    TEST(what_it_has_left_behind_ends_too__C_29),
    TEST(and_before_its_end_was_heard_of__C_29),
    TEST(kill_without_the_tree_leaves_them_alone__PROC_15),
};

int main(int argc, char **argv)
{
    while (argc > 1) /* the program that knows nothing of brood */
        (void) pause();
    return harness_tree(argc, argv, entries, "programs", tests, sizeof tests / sizeof *tests);
}
