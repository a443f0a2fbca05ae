/* test_forkserver.c - the fork server: who starts it, what its children get, its end (FSRV-*).
 *
 * Every child here is the fork server's, whatever the start method of the run. */
#include "posix/harness_program.h"
#include "posix/harness_server.h"

#include "base/deadline.h"
#include "memory/arena.h"
#include "platform/channel.h"
#include "platform/self.h"
#include "process/forkserver.h"
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *self;

/* ---- entries ---- */

static apr_status_t nothing(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

/* Who has forked this process, and so on down. */
static apr_status_t whose(brood_call_t *call)
{
    brood_queue_t *queue;
    brood_process_t *child;
    int depth;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &depth));
    BROOD_TRY(brood_queue_put(queue, brood_int((int) getppid()), BROOD_FOREVER));
    if (depth == 0)
        return APR_SUCCESS;
    BROOD_TRY(brood_process_start(&child, whose, BROOD_ARGS(queue, depth - 1), &harness_served, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    CHECK(brood_process_exitcode(child) == 0);
    return APR_SUCCESS;
}

static bool ignores(int number)
{
    struct sigaction now;

    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static bool is_default(int number)
{
    struct sigaction now;

    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

/* What signals do here; which of them are held back. */
static bool is_handled(int number)
{
    return !ignores(number) && !is_default(number);
}

static apr_status_t dispositions(brood_call_t *call)
{
    brood_queue_t *queue;
    sigset_t mask;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
    return brood_queue_put(queue,
                           BROOD_LIST(brood_bool(ignores(SIGINT)), brood_bool(is_handled(SIGINT)),
                                      brood_bool(ignores(SIGUSR1)), brood_bool(is_default(SIGCHLD)),
                                      brood_bool(sigismember(&mask, SIGUSR2) == 1),
                                      brood_bool(sigismember(&mask, SIGTERM) == 1)),
                           BROOD_FOREVER);
}

/* Outlive the parent, and then have a child of the same server's. */
static apr_status_t survive(brood_call_t *call)
{
    brood_process_t *child;

    BROOD_TRY(brood_process_join(brood_parent_process(), BROOD_FOREVER));
    BROOD_TRY(brood_process_start(&child, nothing, BROOD_NO_ARGS, &harness_served, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    CHECK(brood_process_exitcode(child) == 0);
    CHECK(brood__forkserver_child() == NULL); /* not one that had to be started anew */
    printf("survived\n");
    return APR_SUCCESS;
}

static apr_status_t leaving(brood_call_t *call)
{
    brood_queue_t *queue;
    int code;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &code));
    BROOD_TRY(brood_queue_put(queue, brood_int(getpid()), BROOD_FOREVER));
    if (code >= 0)
        exit(code);
    CHECK(code == -SIGKILL || signal(-code, SIG_DFL) != SIG_ERR);
    (void) raise(-code);
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing),      BROOD_ENTRY(whose),   BROOD_ENTRY(survive),
                                        BROOD_ENTRY(dispositions), BROOD_ENTRY(leaving), BROOD_ENTRIES_END};

/* ---- the program that is run ---- */

static apr_status_t app(brood_call_t *call)
{
    const brood_process_options_t lasting = {.start_method = BROOD_START_FORKSERVER, .outlives_parent = true};
    brood_process_t *child;
    brood_queue_t *never;
    brood_value_t word;

    if (strcmp(call->argv[1], "leave") == 0)
        return brood_process_start(NULL, survive, BROOD_NO_ARGS, &lasting, call->mem);
    BROOD_TRY(brood_process_start(&child, nothing, BROOD_NO_ARGS, &harness_served, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    printf("served\n");
    (void) fflush(stdout);
    if (strcmp(call->argv[1], "end") == 0)
        return APR_SUCCESS;
    BROOD_TRY(brood_queue_create(&never, 0, NULL, call->mem));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

/* ---- helpers ---- */

static pid_t server_of_next_child(apr_pool_t *mem)
{
    brood_queue_t *queue = harness_queue(mem);

    EXPECT_EXIT(0, harness_start_served(whose, BROOD_ARGS(queue, 0), mem));
    return (pid_t) harness_get(queue, mem).as.integer;
}

/* ---- tests ---- */

static void it_is_started_when_first_needed__FSRV_01(void)
{
    apr_pool_t *mem = harness_mem();

    EXPECT(harness_server_pid() == 0);
    EXPECT_EXIT(0, harness_start_served(nothing, BROOD_NO_ARGS, mem));
    EXPECT(harness_server_pid() > 0);
    EXPECT(server_of_next_child(mem) == harness_server_pid());
}

static void it_has_one_thread__FSRV_01(void)
{
    char path[60];
    struct dirent *entry;
    DIR *tasks;
    int count = 0;

    EXPECT_EXIT(0, harness_start_served(nothing, BROOD_NO_ARGS, harness_mem()));
    (void) snprintf(path, sizeof path, "/proc/%d/task", (int) harness_server_pid());
    tasks = opendir(path);
    if (tasks == NULL) {
        printf("skipped: there is no %s here ", path);
        return;
    }
    while ((entry = readdir(tasks)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    EXPECT(count == 1);
}

static void one_server_serves_children_and_theirs__FSRV_11(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);
    brood_process_t *process = harness_start_served(whose, BROOD_ARGS(queue, 2), mem);
    const pid_t server = harness_server_pid();

    for (int depth = 0; depth < 3; depth++)
        EXPECT(harness_get(queue, mem).as.integer == server);
    EXPECT_EXIT(0, process);
    /* A child of another method, that was started when the server was there, asks it too. */
    process = harness_start(whose, BROOD_ARGS(queue, 1), mem);
    (void) harness_get(queue, mem);
    EXPECT(harness_get(queue, mem).as.integer == server);
    EXPECT_EXIT(0, process);
}

static void it_reports_pids_and_exit_codes__FSRV_03(void)
{
    static const int codes[] = {0, 1, 7, 255, -SIGTERM, -SIGKILL, -SIGUSR1};
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        brood_process_t *process = harness_start_served(leaving, BROOD_ARGS(queue, codes[i]), mem);
        apr_os_file_t sentinel = -1;
        struct pollfd wait;

        EXPECT_OK(brood_process_sentinel(&sentinel, process));
        wait = (struct pollfd){.fd = sentinel, .events = POLLIN};
        EXPECT(poll(&wait, 1, -1) == 1 && (wait.revents & (POLLIN | POLLHUP)) != 0);
        EXPECT_EXIT(codes[i], process);
        EXPECT(harness_get(queue, mem).as.integer == brood_process_pid(process));
    }
}

/* One byte wrong, in any place; and as it must be. */
static void who_does_not_know_the_key_gets_nothing__FSRV_09(void)
{
    apr_pool_t *mem = harness_mem();
    const pid_t server = server_of_next_child(mem);
    const int before = harness_handles();

    for (int i = 0; i <= BROOD__SERVER_KEY; i++) {
        unsigned char key[BROOD__SERVER_KEY];
        const brood__start_t start = {.server = brood__forkserver_handle(), .server_key = key};
        brood__handle_t channel = BROOD__NO_HANDLE;
        brood__child_t *child = NULL;
        int exitcode = -1;

        memcpy(key, brood__arena_key(), sizeof key);
        if (i < BROOD__SERVER_KEY) {
            key[i] ^= 1;
            EXPECT_STATUS(APR_EACCES, brood__child_request(&child, &channel, &start, BROOD__NEVER, mem));
            EXPECT(child == NULL && channel == BROOD__NO_HANDLE);
        } else if (EXPECT_OK(brood__child_request(&child, &channel, &start, BROOD__NEVER, mem))) {
            brood__channel_close(channel); /* told nothing, it ends */
            EXPECT_OK(brood__child_wait(child, &exitcode, BROOD__NEVER));
            EXPECT(exitcode == 1);
            brood__child_close(child);
        }
    }
    EXPECT(harness_handles() == before);
    EXPECT(server_of_next_child(mem) == server); /* unimpressed */
}

/* What is no request at all: of another size, without descriptors. */
static void nor_does_who_sends_something_else__FSRV_09(void)
{
    static const char words[] = "give me a process, and a thousand bytes for it";
    apr_pool_t *mem = harness_mem();
    const pid_t server = server_of_next_child(mem);

    for (size_t size = 1; size < sizeof words; size += 9)
        EXPECT(send((int) brood__forkserver_handle(), words, size, 0) == (ssize_t) size);
    EXPECT(server_of_next_child(mem) == server);
}

static void children_have_the_dispositions_of_its_starter__FSRV_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);
    bool ignores_int, handles_int, ignores_usr1, default_chld, blocks_usr2, blocks_term;
    sigset_t usr2, before;

    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    for (int round = 0; round < 2; round++) {
        EXPECT_EXIT(0, harness_start_served(nothing, BROOD_NO_ARGS, mem));
        harness_server_kill();
        /* As it is now, at the next server's start: */
        EXPECT(signal(SIGINT, round == 0 ? SIG_DFL : SIG_IGN) != SIG_ERR);
        EXPECT(signal(SIGUSR1, round == 0 ? SIG_IGN : SIG_DFL) != SIG_ERR);
        EXPECT(pthread_sigmask(SIG_BLOCK, &usr2, &before) == 0);
        EXPECT_EXIT(0, harness_start_served(nothing, BROOD_NO_ARGS, mem));
        /* And not as it is later. */
        EXPECT(signal(SIGINT, round == 0 ? SIG_IGN : SIG_DFL) != SIG_ERR);
        EXPECT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
        EXPECT_EXIT(0, harness_start_served(dispositions, BROOD_ARGS(queue), mem));
        EXPECT_OK(BROOD_UNPACK(harness_get(queue, mem), &ignores_int, &handles_int, &ignores_usr1, &default_chld,
                               &blocks_usr2, &blocks_term));
        EXPECT(ignores_int == (round == 1) && handles_int == (round == 0)); /* by brood, in the default's place */
        EXPECT(ignores_usr1 == (round == 0));
        EXPECT(default_chld);
        EXPECT(blocks_usr2 && !blocks_term);
    }
    EXPECT(signal(SIGINT, SIG_DFL) != SIG_ERR);
    harness_server_kill();
}

static void it_does_not_hear_the_terminals_interrupt__FSRV_06(void)
{
    apr_pool_t *mem = harness_mem();
    const pid_t server = server_of_next_child(mem);

    EXPECT(kill(server, SIGINT) == 0);
    EXPECT(server_of_next_child(mem) == server); /* signals come before what is asked later */
    EXPECT(!brood__self_gone((uint32_t) server, 0));
}

static void it_ends_with_the_program__FSRV_07(void)
{
    harness_program_t program = harness_program_start(self, "end");
    char line[100];

    harness_program_line(line, sizeof line, &program);
    EXPECT_TEXT("served", line);
    EXPECT(harness_program_gone(&program) == 0);
}

static void it_ends_when_the_program_is_killed__FSRV_07(void)
{
    harness_program_t program = harness_program_start(self, "stay");
    char line[100];

    harness_program_line(line, sizeof line, &program);
    EXPECT_TEXT("served", line);
    EXPECT(kill(program.pid, SIGKILL) == 0);
    EXPECT(harness_program_gone(&program) == -SIGKILL);
}

static void it_serves_those_who_outlive_the_program_and_ends_with_them__FSRV_07_FSRV_11(void)
{
    harness_program_t program = harness_program_start(self, "leave");
    char line[100];

    harness_program_line(line, sizeof line, &program);
    EXPECT_TEXT("survived", line);
    EXPECT(harness_program_gone(&program) == 0);
}

static const brood_test_t tests[] = {
    TEST(it_is_started_when_first_needed__FSRV_01),
    TEST(it_has_one_thread__FSRV_01),
    TEST(one_server_serves_children_and_theirs__FSRV_11),
    TEST(it_reports_pids_and_exit_codes__FSRV_03),
    TEST(who_does_not_know_the_key_gets_nothing__FSRV_09),
    TEST(nor_does_who_sends_something_else__FSRV_09),
    TEST(children_have_the_dispositions_of_its_starter__FSRV_06),
    TEST(it_does_not_hear_the_terminals_interrupt__FSRV_06),
    TEST(it_ends_with_the_program__FSRV_07),
    TEST(it_ends_when_the_program_is_killed__FSRV_07),
    TEST(it_serves_those_who_outlive_the_program_and_ends_with_them__FSRV_07_FSRV_11),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return brood_main(argc, argv, app, entries);
    self = argv[0];
    return harness_tree(argc, argv, entries, "forkserver", tests, sizeof tests / sizeof *tests);
}
