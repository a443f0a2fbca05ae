/* test_forkserver_death.c - the fork server is killed: its children go on, and the next start has another (FSRV-04, FSRV-05).
 *
 * Every child here is the fork server's, whatever the start method of the run. */
#include "harness_chance.h"
#include "posix/harness_server.h"

#include "memory/table.h"
#include <apr_thread_proc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define STARTERS 3
#define STARTS 60 /* of each */
#define WAITING 10

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

/* Who has forked this process. */
static apr_status_t whose(brood_call_t *call)
{
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    return brood_queue_put(queue, brood_int((int) getppid()), BROOD_FOREVER);
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

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(answer), BROOD_ENTRY(whose),
                                        BROOD_ENTRY(waiting), BROOD_ENTRIES_END};

/* ---- helpers ---- */

static pid_t server_of_next_child(apr_pool_t *mem)
{
    brood_queue_t *queue = harness_queue(mem);

    EXPECT_EXIT(0, harness_start_served(whose, BROOD_ARGS(queue), mem));
    return (pid_t) harness_get(queue, mem).as.integer;
}

/* ---- tests ---- */

static void its_death_is_not_noticed__FSRV_05(void)
{
    apr_pool_t *mem = harness_mem();
    pid_t last = 0;

    for (int i = 0; i < 20; i++) {
        const pid_t server = server_of_next_child(mem);

        EXPECT(server == harness_server_pid() && server != last);
        last = server;
        harness_server_kill();
    }
    EXPECT(harness_ended_unheard() == 1); /* the server, until it is missed */
    EXPECT_EXIT(0, harness_start_served(nothing, BROOD_NO_ARGS, mem));
    EXPECT(harness_ended_unheard() == 0);
}

static void children_go_on_without_it__FSRV_04(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process[WAITING];

    for (int i = 0; i < WAITING; i++)
        process[i] = harness_start_served(waiting, BROOD_ARGS(ready, go), mem);
    for (int i = 0; i < WAITING; i++)
        (void) harness_get(ready, mem);
    harness_server_kill();
    EXPECT_EXIT(0, harness_start_served(nothing, BROOD_NO_ARGS, mem));
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
        const apr_status_t rc =
            brood_process_start(&process, answer, BROOD_ARGS(battle->queue, number), &harness_served, mem);

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
        const pid_t pid = harness_server_pid();

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

    EXPECT_EXIT(0, harness_start_served(nothing, BROOD_NO_ARGS, mem));
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
    EXPECT_EXIT(0, harness_start_served(nothing, BROOD_NO_ARGS, mem));
    EXPECT(harness_children(mem) == 0);
    EXPECT(brood__table_count() == 1);
}

static const brood_test_t tests[] = {
    TEST(its_death_is_not_noticed__FSRV_05),
    TEST(children_go_on_without_it__FSRV_04),
    TEST(it_is_killed_while_threads_start__FSRV_04_FSRV_05),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "forkserver_death", tests, sizeof tests / sizeof *tests);
}
