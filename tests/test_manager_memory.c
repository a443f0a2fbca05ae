/* Shared memory that a manager's server takes care of. */
#include "manager_fixture.h"
#include <apr_strings.h>
#include <string.h>

static apr_pool_t *mem;

static brood_manager_t *fresh(void)
{
    mem = harness_mem();
    return started(mem);
}

static apr_status_t reopen(const char *name)
{
    brood_shared_memory_t *again = NULL;
    const apr_status_t rc = brood_shared_memory_open(&again, name, mem);

    if (rc == APR_SUCCESS)
        brood_shared_memory_close(again);
    return rc;
}

/* Makes a block with a manager that it has only connected to, and ends. */
static apr_status_t make_block(brood_call_t *call)
{
    brood_shared_memory_t *memory;
    brood_manager_t *manager;
    brood_queue_t *said;
    const char *address;

    BROOD_TRY(BROOD_UNPACK(call->args, &address, &said));
    BROOD_TRY(brood_manager_connect(&manager, &(brood_manager_options_t){.address = address}, call->mem));
    BROOD_TRY(brood_manager_shared_memory(&memory, manager, 100, call->mem));
    memcpy(brood_shared_memory_data(memory), "hello", 6);
    return brood_queue_put(said, brood_text(brood_shared_memory_name(memory)), BROOD_FOREVER);
}

static void blocks_live_as_long_as_the_server__SMM_01_SMM_04(void)
{
    brood_manager_t *manager = fresh();
    brood_shared_memory_t *memory = NULL;
    brood_shareable_list_t *list = NULL;
    const char *names[2];

    EXPECT_OK(brood_manager_shared_memory(&memory, manager, 1000, mem));
    EXPECT_OK(brood_manager_shareable_list(&list, manager, BROOD_LIST(1, "two"), mem));
    names[0] = apr_pstrdup(mem, brood_shared_memory_name(memory));
    names[1] = apr_pstrdup(mem, brood_shared_memory_name(brood_shareable_list_memory(list)));
    brood_shared_memory_close(memory);
    brood_shareable_list_close(list);
    EXPECT_OK(reopen(names[0]));
    EXPECT_OK(reopen(names[1]));
    EXPECT(objects(manager) == 2);
    EXPECT_OK(brood_manager_shutdown(manager));
    EXPECT_STATUS(APR_ENOENT, reopen(names[0]));
    EXPECT_STATUS(APR_ENOENT, reopen(names[1]));
}

static void they_go_with_a_server_that_is_killed__SMM_01(void)
{
    brood_manager_t *manager = fresh();
    brood_shared_memory_t *memory = NULL;
    const char *name;

    EXPECT_OK(brood_manager_shared_memory(&memory, manager, 1000, mem));
    name = apr_pstrdup(mem, brood_shared_memory_name(memory));
    brood_shared_memory_close(memory);
    EXPECT_OK(brood_process_kill((brood_process_t *) brood_manager_process(manager)));
    EXPECT_OK(brood_manager_join(manager, BROOD_FOREVER));
    while (reopen(name) == APR_SUCCESS)
        apr_sleep(1000);
}

static void a_client_leaves_its_blocks_to_the_server__SMM_01_SMM_02(void)
{
    brood_manager_t *manager = fresh();
    brood_queue_t *said = harness_queue(mem);
    brood_process_t *child = harness_start(make_block, BROOD_ARGS(brood_manager_address(manager), said), mem);
    brood_shared_memory_t *memory = NULL;
    const char *name = NULL;

    EXPECT_OK(brood_value_text(&name, harness_get(said, mem)));
    EXPECT_EXIT(0, child);
    EXPECT_OK(brood_shared_memory_open(&memory, name, mem));
    EXPECT_TEXT("hello", brood_shared_memory_data(memory));
    brood_shared_memory_close(memory);
    EXPECT_OK(brood_manager_shutdown(manager));
    EXPECT_STATUS(APR_ENOENT, reopen(name));
}

static void one_can_be_released__SMM_05(void)
{
    brood_manager_t *manager = fresh();
    brood_shared_memory_t *memory = NULL;
    brood_value_t info = brood_nil();
    const char *name;

    EXPECT_OK(brood_manager_shared_memory(&memory, manager, 1000, mem));
    name = apr_pstrdup(mem, brood_shared_memory_name(memory));
    EXPECT_OK(brood_manager_debug_info(&info, manager, mem));
    EXPECT(strstr(brood_value_string(info, mem), name) != NULL);
    brood_shared_memory_close(memory);
    EXPECT_OK(brood_manager_release_memory(manager, name));
    EXPECT_STATUS(APR_ENOENT, reopen(name));
    await_objects(manager, 0);
    EXPECT(brood_manager_release_memory(manager, name) != APR_SUCCESS);
}

static void after_shutdown_none_is_made__SMM_02(void)
{
    brood_manager_t *manager = fresh();
    brood_shared_memory_t *memory = NULL;
    brood_shareable_list_t *list = NULL;

    EXPECT_OK(brood_manager_shutdown(manager));
    EXPECT_STATUS(BROOD_ECLOSED, brood_manager_shared_memory(&memory, manager, 1000, mem));
    EXPECT_STATUS(BROOD_ECLOSED, brood_manager_shareable_list(&list, manager, BROOD_LIST(1), mem));
    EXPECT(memory == NULL && list == NULL);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(make_block), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(blocks_live_as_long_as_the_server__SMM_01_SMM_04),
        TEST(they_go_with_a_server_that_is_killed__SMM_01),
        TEST(a_client_leaves_its_blocks_to_the_server__SMM_01_SMM_02),
        TEST(one_can_be_released__SMM_05),
        TEST(after_shutdown_none_is_made__SMM_02),
    };

    return harness_tree(argc, argv, entries, "manager_memory", tests, sizeof tests / sizeof tests[0]);
}
