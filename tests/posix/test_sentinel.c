/* test_sentinel.c - sentinels in a program's own event loop, and what copies of a child do to them (PROC-36, PROC-37). */
#include "harness_children.h"
#include "harness_tree.h"

#include "platform/clock.h"
#include "process/forkserver.h"
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- entries ---- */

/* Leave a child behind that lives until it is killed: made by brood, or by the program's own fork. */
static apr_status_t leave_somebody(brood_call_t *call)
{
    const brood_process_options_t options = {.outlives_parent = true, .start_method = BROOD_START_FORK};
    brood_queue_t *queue, *never;
    brood_process_t *child;
    bool own;
    pid_t pid;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &never, &own));
    if (own) {
        pid = fork();
        while (pid == 0)
            pause();
        CHECK(pid > 0);
    } else {
        BROOD_TRY(brood_process_start(&child, listening, BROOD_ARGS(never), &options, call->mem));
        pid = (pid_t) brood_process_pid(child);
    }
    return brood_queue_put(queue, brood_int(pid), BROOD_FOREVER);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(listening), BROOD_ENTRY(leave_somebody),
                                        BROOD_ENTRIES_END};

/* ---- helpers ---- */

static bool by_poll(int fd, int milliseconds)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    return poll(&wait, 1, milliseconds) == 1 && wait.revents != 0 && !(wait.revents & POLLNVAL);
}

static bool by_select(int fd)
{
    const unsigned short number = (unsigned short) fd; /* which no C library's macros convert with a warning */
    struct timeval none = {0, 0};
    fd_set set;

    FD_ZERO(&set);
    FD_SET(number, &set);
    return select(number + 1, &set, NULL, NULL, &none) == 1 && FD_ISSET(number, &set);
}

static int sentinel_of(brood_process_t *process)
{
    apr_os_file_t sentinel = -1;

    EXPECT_OK(brood_process_sentinel(&sentinel, process));
    return sentinel;
}

static void ignore(int number)
{
    (void) number;
}

/* ---- tests ---- */

static void a_sentinel_works_in_poll_and_select__PROC_36(void)
{
    static const brood_start_method_t methods[] = {BROOD_START_FORK, BROOD_START_SPAWN, BROOD_START_FORKSERVER};

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        const brood_process_options_t options = {.start_method = methods[i]};
        apr_pool_t *mem = harness_mem();
        brood_queue_t *go = harness_queue(mem);
        brood_process_t *process = NULL;
        int sentinel;

        EXPECT_OK(brood_process_start(&process, listening, BROOD_ARGS(go), &options, mem));
        sentinel = sentinel_of(process);
        EXPECT(!by_poll(sentinel, 0) && !by_select(sentinel));
        EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
        EXPECT(by_poll(sentinel, -1) && by_select(sentinel));
        EXPECT_EXIT(0, process);
        EXPECT(by_poll(sentinel, 0) && by_select(sentinel));
        EXPECT(sentinel_of(process) == sentinel);
        EXPECT_OK(brood_process_close(process));
        EXPECT_OK(brood_process_start(&process, nothing, BROOD_NO_ARGS, &options, mem));
        EXPECT_EXIT(0, process); /* reaped, and only then asked */
        sentinel = sentinel_of(process);
        EXPECT(by_poll(sentinel, 0) && by_select(sentinel));
    }
}

static void a_grandchild_that_lives_on_holds_nothing_back__PROC_37(void)
{
    for (int own = 0; own < 2; own++) {
        apr_pool_t *mem = harness_mem();
        brood_queue_t *queue = harness_queue(mem), *never = harness_queue(mem);
        brood_process_t *process = harness_start(leave_somebody, BROOD_ARGS(queue, never, brood_bool(own == 1)), mem);
        brood_wait_t item = BROOD_WAIT(process);
        const int sentinel = sentinel_of(process);
        const pid_t grandchild = (pid_t) harness_get(queue, mem).as.integer;

        EXPECT(by_poll(sentinel, -1));
        EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
        EXPECT_EXIT(0, process);
        EXPECT(kill(grandchild, SIGKILL) == 0); /* it was there all the time */
    }
}

static void a_killed_fork_server_is_no_end_of_its_children__PROC_36(void)
{
    const brood_process_options_t options = {.start_method = BROOD_START_FORKSERVER};
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = NULL;
    brood_wait_t item;
    int sentinel;

    EXPECT_OK(brood_process_start(&process, listening, BROOD_ARGS(go), &options, mem));
    sentinel = sentinel_of(process);
    item = BROOD_WAIT(process);
    EXPECT_OK(brood__child_kill(brood__forkserver_child()));
    EXPECT_STATUS(APR_TIMEUP, brood_wait(&item, 1, 50000));
    EXPECT(!by_poll(sentinel, 0));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
    EXPECT(by_poll(sentinel, 0));
    EXPECT_EXIT(255, process);
}

/* A timer that rings all the time: each ring interrupts the wait. */
static void signals_do_not_shorten_a_wait__WAIT_09(void)
{
    const apr_interval_time_t timeout = apr_time_from_msec(200);
    const struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = ignore}, before;
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = harness_start(listening, BROOD_ARGS(go), mem);
    brood_wait_t item = BROOD_WAIT(process);
    apr_time_t began;

    sigemptyset(&action.sa_mask);
    EXPECT(sigaction(SIGALRM, &action, &before) == 0);
    EXPECT(setitimer(ITIMER_REAL, &often, NULL) == 0);
    began = brood__clock_now();
    EXPECT_STATUS(APR_TIMEUP, brood_wait(&item, 1, timeout));
    EXPECT(brood__clock_now() - began >= timeout);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
    EXPECT(setitimer(ITIMER_REAL, &never, NULL) == 0);
    EXPECT(sigaction(SIGALRM, &before, NULL) == 0);
    EXPECT_EXIT(0, process);
}

static const brood_test_t tests[] = {
    TEST(a_sentinel_works_in_poll_and_select__PROC_36),
    TEST(a_grandchild_that_lives_on_holds_nothing_back__PROC_37),
    TEST(a_killed_fork_server_is_no_end_of_its_children__PROC_36),
    TEST(signals_do_not_shorten_a_wait__WAIT_09),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "sentinel", tests, sizeof tests / sizeof *tests);
}
