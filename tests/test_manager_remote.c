/* A manager and programs that are not its tree: over TCP, IPv4 and IPv6, as between machines. */
#include "manager_fixture.h"
#include "pool_tasks.h"
#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdlib.h>
#include <string.h>

#define KEY "jobs"
#define TASKS 20
#define SIGNAL_KILL 9 /* which not every system has a name for */

static apr_pool_t *mem;
static const char *self; /* this program */

static const brood_queue_options_t leased = {.joinable = true, .lease = true};

/* ---- the other program: slave ADDRESS, or hang ADDRESS ---- */

static apr_status_t open_queues(brood_queue_t **tasks, brood_queue_t **results, const char *address, apr_pool_t *pool)
{
    brood_manager_t *manager;

    BROOD_TRY(brood_manager_connect(&manager, &(brood_manager_options_t){.address = address, .authkey = KEY}, pool));
    BROOD_TRY(brood_manager_queue(tasks, manager, "tasks", 0, &leased, pool));
    return brood_manager_queue(results, manager, "results", 0, NULL, pool);
}

/* Run what comes, by its name, until there is no more. */
static apr_status_t slave(brood_call_t *call)
{
    brood_queue_t *tasks, *results;
    brood_value_t task, args, result;
    brood_entry_fn function;
    apr_status_t rc;

    BROOD_TRY(open_queues(&tasks, &results, call->argv[2], call->mem));
    while ((rc = brood_queue_get(&task, tasks, BROOD_FOREVER, call->mem)) == APR_SUCCESS) {
        BROOD_TRY(BROOD_UNPACK(task, &function, &args));
        BROOD_TRY(brood_call(&result, function, args, call->mem));
        BROOD_TRY(brood_queue_put(results, BROOD_LIST(args, result), BROOD_FOREVER));
        BROOD_TRY(brood_queue_task_done(tasks));
    }
    return brood_allow(rc, APR_EOF);
}

/* Take one task, say so, and hang. */
static apr_status_t hang(brood_call_t *call)
{
    brood_queue_t *tasks, *results;
    brood_value_t task;

    BROOD_TRY(open_queues(&tasks, &results, call->argv[2], call->mem));
    BROOD_TRY(brood_queue_get(&task, tasks, BROOD_FOREVER, call->mem));
    BROOD_TRY(brood_queue_put(results, brood_text("taken"), BROOD_FOREVER));
    for (;;)
        apr_sleep(1000000);
}

/* ---- help ---- */

static apr_proc_t *run(const char *what, const char *address)
{
    const char *const argv[] = {self, what, address, NULL};
    apr_proc_t *program = apr_pcalloc(mem, sizeof *program);
    apr_procattr_t *attributes = NULL;

    EXPECT_OK(apr_procattr_create(&attributes, mem));
    EXPECT_OK(apr_procattr_cmdtype_set(attributes, APR_PROGRAM_ENV));
    EXPECT_OK(apr_proc_create(program, self, argv, NULL, attributes, mem));
    return program;
}

static int ended(apr_proc_t *program)
{
    apr_exit_why_e why = APR_PROC_EXIT;
    int code = -1;

    EXPECT(apr_proc_wait(program, &code, &why, APR_WAIT) == APR_CHILD_DONE);
    return why == APR_PROC_EXIT ? code : -1;
}

static brood_manager_t *fresh_at(const char *address)
{
    brood_manager_t *manager = NULL;

    mem = harness_mem();
    EXPECT_OK(brood_manager_start(&manager, &(brood_manager_options_t){.address = address, .authkey = KEY}, mem));
    return manager;
}

static void make_queues(brood_queue_t **tasks, brood_queue_t **results, brood_manager_t *manager)
{
    EXPECT_OK(brood_manager_queue(tasks, manager, "tasks", 0, &leased, mem));
    EXPECT_OK(brood_manager_queue(results, manager, "results", 0, NULL, mem));
}

static void put_tasks(brood_queue_t *tasks, int count)
{
    for (int i = 0; i < count; i++)
        EXPECT_OK(brood_queue_put(tasks, BROOD_LIST(square, BROOD_LIST(i)), BROOD_FOREVER));
}

/* Each comes, whoever has run it. */
static void expect_results(brood_queue_t *results, int count)
{
    bool seen[TASKS] = {false};

    for (int i = 0; i < count; i++) {
        brood_value_t pair = harness_get(results, mem);
        const apr_int64_t number = brood_value_at(brood_value_at(pair, 0), 0).as.integer;

        EXPECT(number >= 0 && number < count && !seen[number]);
        EXPECT(brood_value_at(pair, 1).as.integer == number * number);
        seen[number] = true;
    }
}

static void slaves_run_tasks_at(const char *address)
{
    brood_manager_t *manager = fresh_at(address);
    brood_queue_t *tasks = NULL, *results = NULL;
    apr_proc_t *slaves[2];

    make_queues(&tasks, &results, manager);
    put_tasks(tasks, TASKS);
    for (int i = 0; i < 2; i++)
        slaves[i] = run("slave", brood_manager_address(manager));
    expect_results(results, TASKS);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_OK(brood_queue_shutdown(tasks, false));
    for (int i = 0; i < 2; i++)
        EXPECT(ended(slaves[i]) == 0);
}

/* ---- claims ---- */

static void other_programs_take_tasks_over_TCP__MGR_21_STYP_09(void)
{
    slaves_run_tasks_at("127.0.0.1:0");
}

static void and_over_IPv6__MGR_21(void)
{
    apr_sockaddr_t *address;
    apr_socket_t *probe;

    mem = harness_mem();
    if (apr_sockaddr_info_get(&address, "::1", APR_UNSPEC, 0, 0, mem) != APR_SUCCESS
        || apr_socket_create(&probe, address->family, SOCK_STREAM, 0, mem) != APR_SUCCESS
        || apr_socket_bind(probe, address) != APR_SUCCESS)
        return; /* there is no IPv6 here */
    EXPECT_OK(apr_socket_close(probe));
    slaves_run_tasks_at("[::1]:0");
}

static void a_task_of_a_program_that_is_killed_is_given_to_another(void)
{
    brood_manager_t *manager = fresh_at("127.0.0.1:0");
    brood_queue_t *tasks = NULL, *results = NULL;
    apr_proc_t *first, *second;

    make_queues(&tasks, &results, manager);
    put_tasks(tasks, 1);
    first = run("hang", brood_manager_address(manager));
    EXPECT_TEXT("taken", brood_value_string(harness_get(results, mem), mem));
    second = run("slave", brood_manager_address(manager));
    EXPECT_OK(apr_proc_kill(first, SIGNAL_KILL));
    (void) ended(first);
    expect_results(results, 1);
    EXPECT_OK(brood_queue_join(tasks, BROOD_FOREVER));
    EXPECT_OK(brood_queue_shutdown(tasks, false));
    EXPECT(ended(second) == 0);
}

static void a_program_with_another_key_gets_nothing__MGR_21(void)
{
    brood_manager_t *manager = NULL;
    apr_proc_t *other;

    mem = harness_mem();
    EXPECT_OK(
        brood_manager_start(&manager, &(brood_manager_options_t){.address = "127.0.0.1:0", .authkey = "another"}, mem));
    other = run("slave", brood_manager_address(manager));
    EXPECT(ended(other) == 1);
    EXPECT(objects(manager) == 0);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(square), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(other_programs_take_tasks_over_TCP__MGR_21_STYP_09),
        TEST(and_over_IPv6__MGR_21),
        TEST(a_task_of_a_program_that_is_killed_is_given_to_another),
        TEST(a_program_with_another_key_gets_nothing__MGR_21),
    };

    self = argv[0];
    if (argc > 2 && brood_register("test", entries) == APR_SUCCESS)
        return brood_main(argc, argv, strcmp(argv[1], "slave") == 0 ? slave : hang, NULL);
    return harness_tree(argc, argv, entries, "manager_remote", tests, sizeof tests / sizeof tests[0]);
}
