/* Manager: its calls over connections that are encrypted. */
#include "tls_fixture.h"

static apr_pool_t *mem;

static apr_status_t count_up(brood_call_t *call)
{
    const brood_manager_options_t options = {.authkey = KEY};
    brood_manager_options_t to = options;
    brood_managed_list_t *list;
    brood_manager_t *manager;

    BROOD_TRY(BROOD_UNPACK(call->args, &to.address, &list));
    BROOD_TRY(brood_manager_connect(&manager, &to, call->mem));
    for (int i = 0; i < 200; i++)
        BROOD_TRY(brood_managed_list_append(list, brood_int(i)));
    return APR_SUCCESS;
}

static void a_managers_calls_are_encrypted_like_that(void)
{
    const brood_manager_options_t options = {.address = "tls://127.0.0.1:0", .authkey = KEY};
    brood_manager_options_t wrong = {.authkey = "close sesame"};
    brood_manager_t *manager = NULL, *other = NULL;
    brood_managed_list_t *list = NULL;
    brood_process_t *children[2];
    apr_size_t length = 0;
    char *bytes = apr_pcalloc(mem, 1u << 20);
    brood_value_t value;

    if (!EXPECT_OK(brood_manager_start(&manager, &options, mem)))
        return;
    EXPECT(strncmp(brood_manager_address(manager), "tls://127.0.0.1:", 16) == 0);
    EXPECT_OK(brood_manager_list(&list, manager, NULL, mem));
    for (int i = 0; i < 2; i++)
        children[i] = harness_start(count_up, BROOD_ARGS(brood_manager_address(manager), list), mem);
    EXPECT_EXIT(0, children[0]);
    EXPECT_EXIT(0, children[1]);
    EXPECT_OK(brood_managed_list_count(&length, list));
    EXPECT(length == 400);
    EXPECT_OK(brood_managed_list_append(list, brood_bytes(bytes, 1u << 20)));
    EXPECT_OK(brood_managed_list_get(&value, list, 400, mem));
    EXPECT(brood_value_equal(brood_bytes(bytes, 1u << 20), value));
    wrong.address = brood_manager_address(manager);
    EXPECT_STATUS(BROOD_EAUTH, brood_manager_connect(&other, &wrong, mem));
    EXPECT_OK(brood_manager_shutdown(manager));
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_managers_calls_are_encrypted_like_that),
    };

    mem = call->mem;
    return harness_run("manager_tls", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(count_up))
