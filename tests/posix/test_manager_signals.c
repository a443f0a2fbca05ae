/* Signals to a manager's server, and a server that is stopped for a while. */
#include "manager_fixture.h"
#include <signal.h>

static apr_pool_t *mem;

static void signal_to(brood_manager_t *manager, int number)
{
    EXPECT(kill((pid_t) brood_process_pid(brood_manager_process(manager)), number) == 0);
}

static void the_server_is_not_interrupted__MGR_05_SMM_03(void)
{
    brood_manager_t *manager;
    brood_managed_dict_t *dict;

    mem = harness_mem();
    manager = started(mem);
    dict = new_dict(manager, NULL, mem);
    signal_to(manager, SIGINT);
    EXPECT_OK(brood_managed_dict_set(dict, brood_int(1), brood_int(1)));
    EXPECT_OK(brood_manager_shutdown(manager));
    EXPECT(brood_process_exitcode(brood_manager_process(manager)) == 0);
}

static void one_that_does_not_answer_is_given_up_and_answers_again_later__C_19(void)
{
    const brood_manager_options_t options = {.call_timeout = 100000};
    brood_manager_t *manager = NULL;
    brood_managed_dict_t *dict;
    brood_value_t value = brood_nil();
    apr_status_t rc;

    mem = harness_mem();
    EXPECT_OK(brood_manager_start(&manager, &options, mem));
    dict = new_dict(manager, NULL, mem);
    EXPECT_OK(brood_managed_dict_set(dict, brood_int(1), brood_int(1)));
    signal_to(manager, SIGSTOP);
    EXPECT_STATUS(APR_TIMEUP, brood_managed_dict_get(&value, dict, brood_int(1), mem));
    signal_to(manager, SIGCONT);
    do
        rc = brood_managed_dict_get(&value, dict, brood_int(1), mem);
    while (rc == APR_TIMEUP);
    EXPECT_OK(rc);
    expect_value(brood_int(1), value, mem);
}

static void one_that_does_not_end_is_killed__MGR_08(void)
{
    const brood_manager_options_t options = {.shutdown_grace = 50000};
    brood_manager_t *manager = NULL;

    mem = harness_mem();
    EXPECT_OK(brood_manager_start(&manager, &options, mem));
    signal_to(manager, SIGSTOP);
    EXPECT_OK(brood_manager_shutdown(manager));
    EXPECT(brood_process_exitcode(brood_manager_process(manager)) == -SIGKILL);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(the_server_is_not_interrupted__MGR_05_SMM_03),
        TEST(one_that_does_not_answer_is_given_up_and_answers_again_later__C_19),
        TEST(one_that_does_not_end_is_killed__MGR_08),
    };

    return harness_tree(argc, argv, entries, "manager_signals", tests, sizeof tests / sizeof tests[0]);
}
