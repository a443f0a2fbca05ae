/* test_forkserver.c - the fork server: who starts it, what its children get, its death and its end (FSRV-*).
 *
 * Every child here is the fork server's, whatever the start method of the run. */
#include "harness_chance.h"
#include "harness_tree.h"
#include "posix/harness_program.h"

#include "memory/table.h"
#include "platform/self.h"
#include "process/family.h"
#include "process/forkserver.h"
#include <apr_thread_proc.h>
#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STARTERS 3
#define STARTS 60 /* of each */
#define WAITING 10

static const brood_process_options_t served = {.start_method = BROOD_START_FORKSERVER};
static const char *self;

/* ---- entries ---- */

static apr_status_t nothing(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

/* The number that it was given. */
static apr_status_t answer(brood_call_t *call)
{
    brood_queue_t *queue;
    int number;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &number));
    return brood_queue_put(queue, brood_int(number), BROOD_FOREVER);
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
    BROOD_TRY(brood_process_start(&child, whose, BROOD_ARGS(queue, depth - 1), &served, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    CHECK(brood_process_exitcode(child) == 0);
    return APR_SUCCESS;
}

static apr_status_t waiting(brood_call_t *call)
{
    brood_queue_t *ready, *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &go));
    BROOD_TRY(brood_queue_put(ready, brood_nil(), BROOD_FOREVER));
    BROOD_TRY(brood_queue_get(&word, go, BROOD_FOREVER, call->mem));
    return brood_queue_put(ready, word, BROOD_FOREVER);
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
static apr_status_t dispositions(brood_call_t *call)
{
    brood_queue_t *queue;
    sigset_t mask;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
    return brood_queue_put(queue,
                           BROOD_LIST(brood_bool(ignores(SIGINT)), brood_bool(is_default(SIGINT)),
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
    BROOD_TRY(brood_process_start(&child, nothing, BROOD_NO_ARGS, &served, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    CHECK(brood_process_exitcode(child) == 0);
    CHECK(brood__forkserver_child() == NULL); /* not one that had to be started anew */
    printf("survived\n");
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(answer),  BROOD_ENTRY(whose),
                                        BROOD_ENTRY(waiting), BROOD_ENTRY(survive), BROOD_ENTRY(dispositions),
                                        BROOD_ENTRIES_END};

/* ---- the program that is run ---- */

static apr_status_t app(brood_call_t *call)
{
    const brood_process_options_t lasting = {.start_method = BROOD_START_FORKSERVER, .outlives_parent = true};
    brood_process_t *child;
    brood_queue_t *never;
    brood_value_t word;

    if (strcmp(call->argv[1], "leave") == 0)
        return brood_process_start(NULL, survive, BROOD_NO_ARGS, &lasting, call->mem);
    BROOD_TRY(brood_process_start(&child, nothing, BROOD_NO_ARGS, &served, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    printf("served\n");
    (void) fflush(stdout);
    if (strcmp(call->argv[1], "end") == 0)
        return APR_SUCCESS;
    BROOD_TRY(brood_queue_create(&never, 0, NULL, call->mem));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

/* ---- helpers ---- */

static brood_process_t *start(brood_entry_fn entry, brood_value_t args, apr_pool_t *mem)
{
    brood_process_t *process = NULL;

    EXPECT_OK(brood_process_start(&process, entry, args, &served, mem));
    return process;
}

/* 0: none has been started, or the last is known to be dead. */
static pid_t server_pid(void)
{
    brood__child_t *child;
    pid_t pid;

    brood__family_lock();
    child = brood__forkserver_child();
    pid = child == NULL ? 0 : (pid_t) brood__child_pid(child);
    brood__family_unlock();
    return pid;
}

/* It is dead, and nobody has noticed. */
static void kill_server(void)
{
    const pid_t pid = server_pid();

    if (!EXPECT(pid > 0 && kill(pid, SIGKILL) == 0))
        return;
    while (!brood__self_gone((uint32_t) pid, 0))
        apr_sleep(1000);
}

static pid_t server_of_next_child(apr_pool_t *mem)
{
    brood_queue_t *queue = harness_queue(mem);

    EXPECT_EXIT(0, start(whose, BROOD_ARGS(queue, 0), mem));
    return (pid_t) harness_get(queue, mem).as.integer;
}

/* ---- tests ---- */

static void it_is_started_when_first_needed__FSRV_01(void)
{
    apr_pool_t *mem = harness_mem();

    EXPECT(server_pid() == 0);
    EXPECT_EXIT(0, start(nothing, BROOD_NO_ARGS, mem));
    EXPECT(server_pid() > 0);
    EXPECT(server_of_next_child(mem) == server_pid());
}

static void it_has_one_thread__FSRV_01(void)
{
    char path[60];
    struct dirent *entry;
    DIR *tasks;
    int count = 0;

    EXPECT_EXIT(0, start(nothing, BROOD_NO_ARGS, harness_mem()));
    (void) snprintf(path, sizeof path, "/proc/%d/task", (int) server_pid());
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
    brood_process_t *process = start(whose, BROOD_ARGS(queue, 2), mem);
    const pid_t server = server_pid();

    for (int depth = 0; depth < 3; depth++)
        EXPECT(harness_get(queue, mem).as.integer == server);
    EXPECT_EXIT(0, process);
    /* A child of another method, that was started when the server was there, asks it too. */
    process = harness_start(whose, BROOD_ARGS(queue, 1), mem);
    (void) harness_get(queue, mem);
    EXPECT(harness_get(queue, mem).as.integer == server);
    EXPECT_EXIT(0, process);
}

static void its_death_is_not_noticed__FSRV_05(void)
{
    apr_pool_t *mem = harness_mem();
    pid_t last = 0;

    for (int i = 0; i < 20; i++) {
        const pid_t server = server_of_next_child(mem);

        EXPECT(server == server_pid() && server != last);
        last = server;
        kill_server();
    }
    EXPECT(harness_ended_unheard() == 1); /* the server, until it is missed */
    EXPECT_EXIT(0, start(nothing, BROOD_NO_ARGS, mem));
    EXPECT(harness_ended_unheard() == 0);
}

static void children_go_on_without_it__FSRV_04(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process[WAITING];

    for (int i = 0; i < WAITING; i++)
        process[i] = start(waiting, BROOD_ARGS(ready, go), mem);
    for (int i = 0; i < WAITING; i++)
        (void) harness_get(ready, mem);
    kill_server();
    EXPECT_EXIT(0, start(nothing, BROOD_NO_ARGS, mem));
    for (int i = 0; i < WAITING; i++) {
        EXPECT(brood_process_is_alive(process[i]));
        EXPECT_STATUS(APR_TIMEUP, brood_process_join(process[i], 1000));
    }
    EXPECT_OK(brood_process_terminate(process[0]));
    EXPECT_EXIT(255, process[0]);
    for (int i = 1; i < WAITING; i++)
        EXPECT_OK(brood_queue_put(go, brood_int(i), BROOD_FOREVER));
    for (int i = 1; i < WAITING; i++)
        (void) harness_get(ready, mem);
    for (int i = 1; i < WAITING; i++)
        EXPECT_EXIT(255, process[i]);
    EXPECT(brood__table_count() == 1);
}

/* What all threads of the next test share. */
typedef struct battle_t {
    brood_queue_t *queue;
    _Atomic int fighting;
    _Atomic int started, refused, killed;
    _Atomic int ended[STARTERS * STARTS]; /* exit codes; BROOD_RUNNING: it was not started */
} battle_t;

typedef struct starter_t {
    battle_t *battle;
    int first;
} starter_t;

static void *APR_THREAD_FUNC start_many(apr_thread_t *thread, void *data)
{
    starter_t *starter = data;
    battle_t *battle = starter->battle;
    apr_pool_t *mem = apr_thread_pool_get(thread);

    for (int number = starter->first; number < starter->first + STARTS; number++) {
        brood_process_t *process = NULL;
        const apr_status_t rc = brood_process_start(&process, answer, BROOD_ARGS(battle->queue, number), &served, mem);

        if (rc == APR_SUCCESS) {
            EXPECT_OK(brood_process_join(process, BROOD_FOREVER));
            battle->ended[number] = brood_process_exitcode(process);
            battle->started++;
        } else { /* a second one has been killed within the same start */
            EXPECT_STATUS(APR_EGENERAL, rc);
            EXPECT_MESSAGE("the fork server ends as soon as it is asked");
            battle->refused++;
        }
    }
    battle->fighting--;
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* Nobody else ends servers, so the pid is the server's until here. */
static void kill_servers(battle_t *battle, uint64_t *chance)
{
    pid_t last = 0;

    while (battle->fighting > 0) {
        const pid_t pid = server_pid();

        apr_sleep(harness_below(chance, 3000));
        if (pid == 0 || pid == last)
            continue;
        EXPECT(kill(pid, SIGKILL) == 0);
        last = pid;
        battle->killed++;
    }
}

static void it_is_killed_while_threads_start__FSRV_04_FSRV_05(void)
{
    static battle_t battle;
    uint64_t chance = harness_chance("battle");
    apr_pool_t *mem = harness_mem();
    starter_t starter[STARTERS];
    apr_thread_t *thread[STARTERS];
    int heard[STARTERS * STARTS] = {0};
    brood_value_t item;
    apr_status_t rc;

    EXPECT_EXIT(0, start(nothing, BROOD_NO_ARGS, mem));
    battle.queue = harness_queue(mem);
    battle.fighting = STARTERS;
    for (int i = 0; i < STARTERS * STARTS; i++)
        battle.ended[i] = BROOD_RUNNING;
    for (int i = 0; i < STARTERS; i++) {
        starter[i] = (starter_t){&battle, i * STARTS};
        EXPECT(apr_thread_create(&thread[i], NULL, start_many, &starter[i], mem) == APR_SUCCESS);
    }
    kill_servers(&battle, &chance);
    for (int i = 0; i < STARTERS; i++)
        EXPECT(apr_thread_join(&rc, thread[i]) == APR_SUCCESS);
    while (brood_queue_get(&item, battle.queue, BROOD_NOWAIT, mem) == APR_SUCCESS)
        heard[item.as.integer]++;
    for (int i = 0; i < STARTERS * STARTS; i++) { /* whatever was started has run once, all else never */
        EXPECT(heard[i] == (battle.ended[i] == BROOD_RUNNING ? 0 : 1));
        EXPECT(battle.ended[i] == BROOD_RUNNING || battle.ended[i] == 0 || battle.ended[i] == 255);
    }
    EXPECT(battle.started > 0 && battle.killed > 0);
    printf("%d started, %d refused, %d servers killed ", battle.started, battle.refused, battle.killed);
    EXPECT_EXIT(0, start(nothing, BROOD_NO_ARGS, mem));
    EXPECT(harness_children(mem) == 0);
    EXPECT(brood__table_count() == 1);
}

static void children_have_the_dispositions_of_its_starter__FSRV_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);
    bool ignores_int, default_int, ignores_usr1, default_chld, blocks_usr2, blocks_term;
    sigset_t usr2, before;

    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    for (int round = 0; round < 2; round++) {
        EXPECT_EXIT(0, start(nothing, BROOD_NO_ARGS, mem));
        kill_server();
        /* As it is now, at the next server's start: */
        EXPECT(signal(SIGINT, round == 0 ? SIG_DFL : SIG_IGN) != SIG_ERR);
        EXPECT(signal(SIGUSR1, round == 0 ? SIG_IGN : SIG_DFL) != SIG_ERR);
        EXPECT(pthread_sigmask(SIG_BLOCK, &usr2, &before) == 0);
        EXPECT_EXIT(0, start(nothing, BROOD_NO_ARGS, mem));
        /* And not as it is later. */
        EXPECT(signal(SIGINT, round == 0 ? SIG_IGN : SIG_DFL) != SIG_ERR);
        EXPECT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
        EXPECT_EXIT(0, start(dispositions, BROOD_ARGS(queue), mem));
        EXPECT_OK(BROOD_UNPACK(harness_get(queue, mem), &ignores_int, &default_int, &ignores_usr1, &default_chld,
                               &blocks_usr2, &blocks_term));
        EXPECT(ignores_int == (round == 1) && default_int == (round == 0));
        EXPECT(ignores_usr1 == (round == 0));
        EXPECT(default_chld);
        EXPECT(blocks_usr2 && !blocks_term);
    }
    EXPECT(signal(SIGINT, SIG_DFL) != SIG_ERR);
    kill_server();
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
    TEST(its_death_is_not_noticed__FSRV_05),
    TEST(children_go_on_without_it__FSRV_04),
    TEST(it_is_killed_while_threads_start__FSRV_04_FSRV_05),
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
