/* Manager: its server's life, who can reach it, and how long objects live. */
#include "manager_fixture.h"
#include <apr_strings.h>
#include <stdlib.h>

static apr_pool_t *mem;
static int initialized; /* in the server: by its initializer */

/* ---- children, and what runs in servers ---- */

static apr_status_t prepare(brood_call_t *call)
{
    return BROOD_UNPACK(call->args, &initialized);
}

static apr_status_t refuse(brood_call_t *call)
{
    (void) call;
    return brood_fail_text(APR_EGENERAL, "there is nothing to serve");
}

static apr_status_t leave(brood_call_t *call)
{
    (void) call;
    exit(3);
}

static apr_status_t make_teller(brood_call_t *call)
{
    call->self = &initialized;
    return APR_SUCCESS;
}

static apr_status_t say(brood_call_t *call)
{
    return brood_return(call, brood_int(*(int *) call->self));
}

static const brood_method_t teller_methods[] = {BROOD_METHOD("say", say), BROOD_METHODS_END};
static const brood_type_t teller = {"Teller", make_teller, teller_methods};

/* Is a server of its own, and says where. */
static apr_status_t serve(brood_call_t *call)
{
    brood_manager_t *manager;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &said));
    BROOD_TRY(brood_manager_create(&manager, NULL, call->mem));
    BROOD_TRY(brood_queue_put(said, brood_text(brood_manager_address(manager)), BROOD_FOREVER));
    return brood_manager_serve(manager);
}

/* ---- its life ---- */

/* A manager, and what the test before had has ended. */
static brood_manager_t *fresh(void)
{
    mem = harness_mem();
    return started(mem);
}

static void it_serves_in_a_process_of_its_own_until_shutdown__MGR_01_MGR_03_MGR_08_MGR_11_MGR_12_STYP_01(void)
{
    brood_manager_t *manager = fresh();
    brood_managed_dict_t *dict = new_dict(manager, NULL, mem);
    brood_value_t value = brood_nil();

    EXPECT(*brood_manager_address(manager) != '\0');
    EXPECT(brood_process_pid(brood_manager_process(manager)) != brood_current_pid());
    EXPECT_OK(brood_managed_dict_set(dict, brood_text("a"), brood_int(1)));
    EXPECT_OK(brood_managed_dict_get(&value, dict, brood_text("a"), mem));
    expect_value(brood_int(1), value, mem);
    EXPECT_STATUS(APR_TIMEUP, brood_manager_join(manager, BROOD_NOWAIT));
    EXPECT_OK(brood_manager_shutdown(manager));
    EXPECT_OK(brood_manager_shutdown(manager));
    EXPECT_OK(brood_manager_join(manager, BROOD_FOREVER));
    EXPECT(brood_process_exitcode(brood_manager_process(manager)) == 0);
}

static void after_shutdown_nothing_is_made_and_what_was_made_is_lost__MGR_02_MGR_18_PROX_17_PROX_18(void)
{
    brood_manager_t *manager = fresh();
    brood_managed_dict_t *dict = new_dict(manager, NULL, mem), *other;

    EXPECT_OK(brood_manager_shutdown(manager));
    EXPECT_STATUS(BROOD_ECLOSED, brood_manager_dict(&other, manager, NULL, mem));
    EXPECT_STATUS(BROOD_ELOST, brood_managed_dict_clear(dict));
    EXPECT_STATUS(BROOD_ELOST, brood_managed_dict_clear(dict));
    brood_managed_dict_close(dict);
    EXPECT_STATUS(BROOD_ECLOSED, brood_managed_dict_clear(dict));
    brood_managed_dict_close(dict);
}

static void it_ends_with_its_memory__MGR_09_MGR_10(void)
{
    apr_pool_t *own = NULL;
    brood_manager_t *manager, *again;
    const char *address;

    mem = harness_mem();
    EXPECT_OK(apr_pool_create(&own, mem));
    manager = started(own);
    address = apr_pstrdup(mem, brood_manager_address(manager));
    apr_pool_destroy(own);
    EXPECT(brood_manager_connect(&again, &(brood_manager_options_t){.address = address}, mem) != APR_SUCCESS);
}

static void its_initializer_has_run_before_anybody_is_served__MGR_04(void)
{
    const brood_manager_options_t options = {.initializer = prepare, .initargs = BROOD_ARGS(42)};
    brood_manager_t *manager = NULL;
    brood_proxy_t *proxy;
    brood_value_t said = brood_nil();

    EXPECT_OK(brood_manager_start(&manager, &options, mem));
    EXPECT_OK(brood_manager_object(&proxy, manager, "Teller", NULL, brood_nil(), mem));
    EXPECT_OK(brood_proxy_call(&said, proxy, "say", brood_nil(), mem));
    expect_value(brood_int(42), said, mem);
}

static void a_failure_before_it_serves_is_the_starters__MGR_03_MGR_04(void)
{
    brood_manager_t *manager = NULL;

    mem = harness_mem();
    EXPECT_STATUS(APR_EGENERAL, brood_manager_start(&manager, &(brood_manager_options_t){.initializer = refuse}, mem));
    EXPECT_MESSAGE("nothing to serve");
    EXPECT_STATUS(BROOD_ELOST, brood_manager_start(&manager, &(brood_manager_options_t){.initializer = leave}, mem));
    EXPECT_STATUS(APR_EINVAL, brood_manager_start(&manager, &(brood_manager_options_t){.address = "no address"}, mem));
    EXPECT(manager == NULL);
    EXPECT(harness_children(mem) == 0);
}

static void a_process_can_be_the_server_itself__MGR_06(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_process_t *child = harness_start(serve, BROOD_ARGS(said), mem);
    brood_manager_options_t options = {.address = NULL};
    brood_manager_t *manager;
    brood_managed_dict_t *dict;

    EXPECT_OK(brood_value_text(&options.address, harness_get(said, mem)));
    EXPECT_OK(brood_manager_connect(&manager, &options, mem));
    dict = new_dict(manager, "named", mem);
    EXPECT_OK(brood_managed_dict_set(dict, brood_text("a"), brood_int(1)));
    EXPECT_STATUS(BROOD_EMISUSE, brood_manager_shutdown(manager));
    EXPECT_STATUS(BROOD_EMISUSE, brood_manager_join(manager, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_EMISUSE, brood_manager_serve(manager));
    EXPECT(brood_manager_process(manager) == NULL);
    EXPECT_KILLED(child);
    EXPECT_STATUS(BROOD_ELOST, brood_managed_dict_clear(dict));
}

static void *APR_THREAD_FUNC serve_here(apr_thread_t *thread, void *manager)
{
    (void) thread;
    if (brood_manager_serve(manager) != APR_SUCCESS)
        abort();
    return NULL;
}

static void a_thread_serves_until_another_ends_it__MGR_06(void)
{
    brood_manager_t *manager;
    brood_managed_list_t *list;
    apr_thread_t *thread;
    apr_size_t count = 0;

    EXPECT_OK(brood_manager_create(&manager, NULL, mem));
    EXPECT_OK(apr_thread_create(&thread, NULL, serve_here, manager, mem));
    list = new_list(manager, NULL, mem);
    EXPECT_OK(brood_managed_list_append(list, brood_int(1)));
    EXPECT_OK(brood_managed_list_count(&count, list));
    EXPECT(count == 1);
    EXPECT_OK(brood_manager_shutdown(manager));
    harness_join(thread);
    EXPECT_STATUS(BROOD_EMISUSE, brood_manager_serve(manager));
    EXPECT_STATUS(BROOD_ELOST, brood_managed_list_append(list, brood_int(1)));
}

static void one_address_can_be_used_again_at_once__MGR_22(void)
{
    brood_manager_options_t options = {.address = "127.0.0.1:0"};
    brood_manager_t *manager;

    EXPECT_OK(brood_manager_start(&manager, &options, mem));
    options.address = apr_pstrdup(mem, brood_manager_address(manager));
    for (int i = 0; i < 3; i++) {
        brood_managed_dict_t *dict = new_dict(manager, NULL, mem);

        EXPECT_OK(brood_managed_dict_clear(dict));
        EXPECT_OK(brood_manager_shutdown(manager));
        EXPECT_OK(brood_manager_start(&manager, &options, mem));
    }
}

/* ---- who can reach it ---- */

static void without_the_key_nobody_gets_in__MGR_07_MGR_21(void)
{
    brood_manager_options_t options = {.address = "127.0.0.1:0", .authkey = "right"};
    brood_manager_t *manager, *other;

    EXPECT_OK(brood_manager_start(&manager, &options, mem));
    options.address = brood_manager_address(manager);
    options.authkey = "wrong";
    EXPECT_STATUS(BROOD_EAUTH, brood_manager_connect(&other, &options, mem));
    options.authkey = "right";
    EXPECT_OK(brood_manager_connect(&other, &options, mem));
    EXPECT_OK(brood_manager_shutdown(manager));
    EXPECT(brood_manager_connect(&other, &options, mem) != APR_SUCCESS);
    EXPECT_STATUS(APR_EINVAL, brood_manager_connect(&other, NULL, mem));
}

static void a_name_is_one_object_for_all__MGR_14(void)
{
    brood_manager_t *manager = fresh(), *other;
    brood_managed_dict_t *dict = new_dict(manager, "settings", mem), *same;
    brood_managed_list_t *list;
    brood_value_t value = brood_nil();

    EXPECT_OK(brood_managed_dict_set(dict, brood_text("a"), brood_int(1)));
    EXPECT_OK(
        brood_manager_connect(&other, &(brood_manager_options_t){.address = brood_manager_address(manager)}, mem));
    same = new_dict(other, "settings", mem);
    EXPECT_OK(brood_managed_dict_get(&value, same, brood_text("a"), mem));
    expect_value(brood_int(1), value, mem);
    EXPECT_STATUS(BROOD_EKIND, brood_manager_list(&list, other, "settings", mem));
    EXPECT(!brood_value_equal(BROOD_VALUE(dict), BROOD_VALUE(same))); /* PROX-16 */
    brood_managed_dict_close(dict);
    brood_managed_dict_close(same);
    EXPECT(objects(manager) == 1);
}

/* Where one is killed, and another is to be at once: a file of a Unix socket would be in the way, and Wine keeps the TCP
 * sockets of a process that is killed while it waits for them. */
static const char *address_to_die_at(void)
{
    apr_pool_t *own = NULL;
    bool is_pipe;

    EXPECT_OK(apr_pool_create(&own, mem));
    is_pipe = brood_manager_address(started(own))[0] == '\\';
    apr_pool_destroy(own);
    return is_pipe ? apr_psprintf(mem, "\\\\.\\pipe\\brood-test-%d", brood_current_pid()) : "127.0.0.1:0";
}

static void another_manager_at_the_same_place_is_not_taken_for_it__C_19_MGR_25_PROX_17(void)
{
    brood_manager_options_t options = {.address = NULL};
    brood_manager_t *manager, *second;
    brood_managed_dict_t *dict;

    mem = harness_mem();
    options.address = address_to_die_at();
    EXPECT_OK(brood_manager_start(&manager, &options, mem));
    dict = new_dict(manager, NULL, mem);
    options.address = apr_pstrdup(mem, brood_manager_address(manager));
    EXPECT_OK(brood_process_kill((brood_process_t *) brood_manager_process(manager)));
    EXPECT_OK(brood_manager_join(manager, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ELOST, brood_managed_dict_clear(dict));
    BROOD_IGNORE(brood_fail_text(APR_EGENERAL, "before"));
    EXPECT(!brood_manager_alive(manager));
    EXPECT_TEXT("before", brood_last_error()->message);
    EXPECT_OK(brood_manager_start(&second, &options, mem));
    EXPECT(brood_manager_alive(second));
    EXPECT(new_dict(second, NULL, mem) != NULL);
    EXPECT_STATUS(BROOD_ELOST, brood_managed_dict_clear(dict));
    EXPECT_OK(brood_manager_shutdown(manager));
}

static void nothing_stays_open(void)
{
    int before = 0;

    for (int round = 0; round < 3; round++) {
        apr_pool_t *own;
        brood_manager_t *manager;

        EXPECT_OK(apr_pool_create(&own, mem));
        manager = started(own);
        EXPECT(new_dict(manager, NULL, own) != NULL);
        apr_pool_destroy(own);
        if (round == 0)
            before = harness_handles();
    }
    EXPECT(harness_handles() == before);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(prepare), BROOD_ENTRY(refuse), BROOD_ENTRY(leave),
                                            BROOD_TYPE(teller),   BROOD_ENTRY(serve),  BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(it_serves_in_a_process_of_its_own_until_shutdown__MGR_01_MGR_03_MGR_08_MGR_11_MGR_12_STYP_01),
        TEST(after_shutdown_nothing_is_made_and_what_was_made_is_lost__MGR_02_MGR_18_PROX_17_PROX_18),
        TEST(it_ends_with_its_memory__MGR_09_MGR_10),
        TEST(its_initializer_has_run_before_anybody_is_served__MGR_04),
        TEST(a_failure_before_it_serves_is_the_starters__MGR_03_MGR_04),
        TEST(a_process_can_be_the_server_itself__MGR_06),
        TEST(a_thread_serves_until_another_ends_it__MGR_06),
        TEST(one_address_can_be_used_again_at_once__MGR_22),
        TEST(without_the_key_nobody_gets_in__MGR_07_MGR_21),
        TEST(a_name_is_one_object_for_all__MGR_14),
        TEST(another_manager_at_the_same_place_is_not_taken_for_it__C_19_MGR_25_PROX_17),
        TEST(nothing_stays_open),
    };

    return harness_tree(argc, argv, entries, "manager", tests, sizeof tests / sizeof tests[0]);
}
