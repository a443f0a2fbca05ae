/* test_ctrl_c.c - Ctrl-C at a terminal, which sends it to the whole family (PROC-18).
 *
 * The program runs itself in a session of its own, with a terminal at which nobody sits but this test. */
#include "harness_children.h"
#include "posix/harness_program.h"

#include "platform/interrupt.h"
#include <brood.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define CHILDREN 3

static const char *self;

static void say(const char *word)
{
    puts(word);
    (void) fflush(stdout);
}

/* ---- the program ---- */

/* Have the lock, as one of all can, and never end by itself. */
static apr_status_t stuck(brood_call_t *call)
{
    brood_queue_t *ready, *orders;
    brood_lock_t *lock;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &orders, &lock));
    BROOD_TRY(brood_allow(brood_lock_acquire(lock, BROOD_NOWAIT), APR_TIMEUP));
    BROOD_TRY(brood_queue_put(ready, brood_text("ready"), BROOD_FOREVER));
    BROOD_TRY(brood_queue_get(&word, orders, BROOD_FOREVER, call->mem));
    return brood_queue_put(ready, word, BROOD_FOREVER);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(stuck), BROOD_ENTRY(nothing), BROOD_ENTRIES_END};

static void finalize(void *nothing)
{
    (void) nothing;
    say("finalized");
}

typedef struct family_t {
    brood_queue_t *ready, *orders;
    brood_lock_t *lock;
    brood_process_t *child[CHILDREN];
} family_t;

static apr_status_t grow(family_t *family, apr_pool_t *mem)
{
    brood_value_t word;

    BROOD_TRY(brood_finalizer_create(NULL, finalize, NULL, 0, mem));
    BROOD_TRY(brood_queue_create(&family->ready, 0, NULL, mem));
    BROOD_TRY(brood_queue_create(&family->orders, 0, NULL, mem));
    BROOD_TRY(brood_lock_create(&family->lock, mem));
    for (int i = 0; i < CHILDREN; i++)
        BROOD_TRY(brood_process_start(&family->child[i], stuck, BROOD_ARGS(family->ready, family->orders, family->lock),
                                      NULL, mem));
    for (int i = 0; i < CHILDREN; i++)
        BROOD_TRY(brood_queue_get(&word, family->ready, BROOD_FOREVER, mem));
    return APR_SUCCESS;
}

/* One child after another, so that it comes while one is started or joined. */
static apr_status_t start_and_join(apr_pool_t *mem)
{
    for (;;) {
        brood_process_t *child;
        apr_pool_t *own;

        BROOD_TRY(apr_pool_create(&own, mem));
        BROOD_TRY(brood_process_start(&child, nothing, brood_nil(), NULL, own));
        BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
        apr_pool_destroy(own);
    }
}

static apr_status_t wait_for(const char *how, family_t *family, apr_pool_t *mem)
{
    brood_wait_t item = brood_wait_process(family->child[0]);
    brood_future_t *future;
    brood_value_t word;
    brood_pool_t *pool;

    if (strcmp(how, "join") == 0)
        return brood_process_join(family->child[0], BROOD_FOREVER);
    if (strcmp(how, "join in time") == 0)
        return brood_process_join(family->child[0], apr_time_from_sec(3600));
    if (strcmp(how, "get") == 0)
        return brood_queue_get(&word, family->ready, BROOD_FOREVER, mem);
    if (strcmp(how, "acquire") == 0)
        return brood_lock_acquire(family->lock, BROOD_FOREVER);
    if (strcmp(how, "start") == 0)
        return start_and_join(mem);
    if (strcmp(how, "wait") == 0)
        return brood_wait(&item, 1, BROOD_FOREVER);
    BROOD_TRY(brood_future_create(&future, mem));
    if (strcmp(how, "future") == 0)
        return brood_future_wait(future, BROOD_FOREVER);
    if (strcmp(how, "futures") == 0)
        return brood_futures_wait(&future, 1, BROOD_ALL_DONE, BROOD_FOREVER);
    BROOD_TRY(brood_pool_create(&pool, 1, NULL, mem));
    return brood_pool_apply(&word, pool, stuck, BROOD_ARGS(family->ready, family->orders, family->lock), mem);
}

/* Nothing that waits hears of it, whatever comes. */
static void be_busy(void)
{
    while (!brood__interrupt_pending())
        (void) usleep(1000);
    say("pending");
    for (;;)
        (void) pause();
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
    (void) number;
    handled = 1;
}

/* With a handler of its own, the program decides; the others have not heard of anything. */
static apr_status_t ask_all(family_t *family, apr_pool_t *mem)
{
    brood_value_t word;

    while (!handled)
        (void) usleep(1000);
    for (int i = 0; i < CHILDREN; i++)
        BROOD_TRY(brood_queue_put(family->orders, brood_text("alive"), BROOD_FOREVER));
    for (int i = 0; i < CHILDREN; i++) {
        BROOD_TRY(brood_queue_get(&word, family->ready, BROOD_FOREVER, mem));
        say("alive");
    }
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    const char *how;
    family_t family;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &how));
    BROOD_TRY(grow(&family, call->mem));
    say("grown");
    if (strcmp(how, "busy") == 0)
        be_busy();
    if (strcmp(how, "handled") == 0)
        return ask_all(&family, call->mem);
    rc = wait_for(how, &family, call->mem);
    say(rc == BROOD_ECANCELLED ? "cancelled" : "not cancelled");
    return rc;
}

/* ---- the terminal ---- */

/* The program at a terminal, whose other side is `*terminal`. */
static harness_program_t start_at_terminal(int *terminal, const char *how)
{
    harness_program_t program = {-1, -1};
    int ends[2];

    *terminal = posix_openpt(O_RDWR | O_NOCTTY);
    EXPECT(*terminal >= 0 && grantpt(*terminal) == 0 && unlockpt(*terminal) == 0);
    EXPECT(pipe(ends) == 0);
    (void) fcntl(*terminal, F_SETFD, FD_CLOEXEC);
    (void) fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    program.pid = fork();
    if (program.pid == 0) {
        int fd;

        (void) setsid();
        fd = open(ptsname(*terminal), O_RDWR);
#ifdef TIOCSCTTY
        (void) ioctl(fd, TIOCSCTTY, 0);
#endif
        (void) dup2(fd, STDIN_FILENO);
        (void) close(fd);
        (void) dup2(ends[1], STDOUT_FILENO);
        (void) close(ends[1]);
        (void) execl(self, self, how, (char *) NULL);
        _exit(127);
    }
    (void) close(ends[1]);
    program.output = ends[0];
    EXPECT(program.pid > 0);
    return program;
}

static void expect_line(const char *text, const harness_program_t *program)
{
    char line[100];

    harness_program_line(line, sizeof line, program);
    EXPECT_TEXT(text, line);
}

static void press_ctrl_c(int terminal)
{
    EXPECT(write(terminal, "\x03", 1) == 1);
}

/* ThreadSanitizer forgets some of the signals that come from outside, also in programs that are nothing but a handler. */
static bool signals_get_lost(void)
{
#ifdef __SANITIZE_THREAD__
    puts("(skipped: ThreadSanitizer) ");
    return true;
#else
    return false;
#endif
}

/* ---- tests ---- */

static void ctrl_c_is_one_orderly_end_of_a_program_that_waits__PROC_18(void)
{
    static const char *const ways[] = {"join", "join in time", "get",     "acquire", "start",
                                       "wait", "future",       "futures", "apply"};

    if (signals_get_lost())
        return;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        int terminal;
        harness_program_t program = start_at_terminal(&terminal, ways[i]);

        expect_line("grown", &program);
        press_ctrl_c(terminal);
        expect_line("cancelled", &program);
        expect_line("finalized", &program);
        EXPECT(harness_program_gone(&program) == -SIGINT);
        (void) close(terminal);
    }
}

static void a_second_ctrl_c_ends_it_at_once__PROC_18(void)
{
    int terminal;
    harness_program_t program;

    if (signals_get_lost())
        return;
    program = start_at_terminal(&terminal, "busy");
    expect_line("grown", &program);
    press_ctrl_c(terminal);
    expect_line("pending", &program);
    press_ctrl_c(terminal);
    expect_line("", &program);
    EXPECT(harness_program_gone(&program) == -SIGINT);
    (void) close(terminal);
}

static void a_handler_of_the_program_s_own_comes_first_and_its_children_live__PROC_18(void)
{
    int terminal;
    harness_program_t program;

    if (signals_get_lost())
        return;
    program = start_at_terminal(&terminal, "handled");
    expect_line("grown", &program);
    press_ctrl_c(terminal);
    for (int i = 0; i < CHILDREN; i++)
        expect_line("alive", &program);
    expect_line("finalized", &program);
    EXPECT(harness_program_gone(&program) == 0);
    (void) close(terminal);
}

static const brood_test_t tests[] = {
    TEST(ctrl_c_is_one_orderly_end_of_a_program_that_waits__PROC_18),
    TEST(a_second_ctrl_c_ends_it_at_once__PROC_18),
    TEST(a_handler_of_the_program_s_own_comes_first_and_its_children_live__PROC_18),
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "handled") == 0)
        (void) signal(SIGINT, handle);
    if (argc > 1)
        return brood_main(argc, argv, app, entries);
    self = argv[0];
    return harness_run("ctrl_c", tests, sizeof tests / sizeof *tests);
}
