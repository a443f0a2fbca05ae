/* Types of the program's own in a manager: constructors, methods, what they return, and what becomes of their failures. */
#include "manager_fixture.h"
#include <string.h>

static apr_pool_t *mem;

/* ---- a counter ---- */

typedef struct counter_t {
    apr_int64_t value;
} counter_t;

static apr_status_t counter_create(brood_call_t *call)
{
    counter_t *self = apr_pcalloc(call->mem, sizeof *self);
    long long first = 0;

    if (brood_value_count(call->args) != 0)
        BROOD_TRY(BROOD_UNPACK(call->args, &first));
    if (first < 0)
        return brood_fail_value(BROOD_ERANGE, "no counter begins below 0", brood_int(first));
    self->value = first;
    call->self = self;
    return APR_SUCCESS;
}

static apr_status_t counter_add(brood_call_t *call)
{
    counter_t *self = call->self;
    long long more;

    BROOD_TRY(BROOD_UNPACK(call->args, &more));
    self->value += more;
    return brood_return(call, brood_int(self->value));
}

static apr_status_t counter_fail(brood_call_t *call)
{
    (void) call;
    return brood_fail_value(BROOD_ERANGE, "the counter has run over", BROOD_LIST(1, "two"));
}

/* What no message can carry. */
static apr_status_t counter_lock(brood_call_t *call)
{
    brood_lock_t *lock;

    BROOD_TRY(brood_lock_create(&lock, call->mem));
    return brood_return(call, BROOD_VALUE(lock));
}

/* What is to stay in the server. */
static apr_status_t counter_numbers(brood_call_t *call)
{
    const counter_t *self = call->self;

    return brood_return(call, brood_range(0, self->value, call->mem));
}

static apr_status_t counter_twin(brood_call_t *call)
{
    const counter_t *self = call->self;

    return brood_return(call, brood_int(self->value));
}

/* Puts its value into a managed dict. */
static apr_status_t counter_store(brood_call_t *call)
{
    const counter_t *self = call->self;
    brood_managed_dict_t *dict;

    BROOD_TRY(BROOD_UNPACK(call->args, &dict));
    return brood_managed_dict_set(dict, brood_text("value"), brood_int(self->value));
}

/* Waits until the gate is open. */
static apr_status_t counter_wait(brood_call_t *call)
{
    brood_event_t *gate;

    BROOD_TRY(BROOD_UNPACK(call->args, &gate));
    return brood_event_wait(gate, BROOD_FOREVER);
}

static const brood_method_t counter_methods[] = {
    BROOD_METHOD("add", counter_add),
    BROOD_METHOD("fail", counter_fail),
    BROOD_METHOD("lock", counter_lock),
    BROOD_METHOD_RETURNING("numbers", counter_numbers, "list"),
    BROOD_METHOD_RETURNING("twin", counter_twin, "Counter"),
    BROOD_METHOD("store", counter_store),
    BROOD_METHOD("wait", counter_wait),
    BROOD_METHODS_END,
};
static const brood_type_t counter = {"Counter", counter_create, counter_methods};

/* One that is its argument. */
static apr_status_t constant_get(brood_call_t *call)
{
    return brood_return(call, *(const brood_value_t *) call->self);
}

static const brood_method_t constant_methods[] = {BROOD_METHOD("get", constant_get), BROOD_METHODS_END};
static const brood_type_t constant = {"Constant", NULL, constant_methods};

/* ---- children ---- */

static apr_status_t add_many(brood_call_t *call)
{
    brood_proxy_t *proxy;
    int times;

    BROOD_TRY(BROOD_UNPACK(call->args, &proxy, &times));
    for (int i = 0; i < times; i++)
        BROOD_TRY(brood_proxy_call(NULL, proxy, "add", BROOD_LIST(1), call->mem));
    return APR_SUCCESS;
}

static apr_status_t wait_at(brood_call_t *call)
{
    brood_proxy_t *proxy;
    brood_event_t *gate;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &proxy, &gate, &said));
    BROOD_TRY(brood_queue_put(said, brood_int(1), BROOD_FOREVER));
    return brood_proxy_call(NULL, proxy, "wait", BROOD_LIST(gate), call->mem);
}

/* ---- help ---- */

static brood_manager_t *fresh(void)
{
    mem = harness_mem();
    return started(mem);
}

static brood_proxy_t *new_counter(brood_manager_t *manager, const char *name, int first)
{
    brood_proxy_t *proxy = NULL;

    EXPECT_OK(brood_manager_object(&proxy, manager, "Counter", name, BROOD_LIST(first), mem));
    return proxy;
}

static void expect_call(brood_value_t expected, brood_proxy_t *proxy, const char *method, brood_value_t args)
{
    brood_value_t result = brood_nil();

    EXPECT_OK(brood_proxy_call(&result, proxy, method, args, mem));
    expect_value(expected, result, mem);
}

/* ---- claims ---- */

static void methods_run_in_the_server_and_results_are_copies__MGR_13_MGR_14_MGR_15_PROX_01(void)
{
    brood_manager_t *manager = fresh();
    brood_proxy_t *proxy = new_counter(manager, NULL, 5);

    expect_call(brood_int(8), proxy, "add", BROOD_LIST(3));
    expect_call(brood_int(9), proxy, "add", BROOD_LIST(1));
    EXPECT_EXIT(0, harness_start(add_many, BROOD_ARGS(proxy, 10), mem));
    expect_call(brood_int(20), proxy, "add", BROOD_LIST(1));
    brood_proxy_close(proxy);
    await_objects(manager, 0);
}

static void a_name_is_one_object__MGR_14(void)
{
    brood_manager_t *manager = fresh();
    brood_proxy_t *proxy = new_counter(manager, "counter", 5), *same = new_counter(manager, "counter", 100);

    expect_call(brood_int(6), proxy, "add", BROOD_LIST(1));
    expect_call(brood_int(7), same, "add", BROOD_LIST(1));
    EXPECT(objects(manager) == 1);
}

static void what_is_not_in_the_table_is_refused__MGR_15_MGR_17_PROX_02(void)
{
    brood_manager_t *manager = fresh();
    brood_proxy_t *proxy = new_counter(manager, NULL, 5), *other;

    EXPECT_STATUS(BROOD_EMETHOD, brood_proxy_call(NULL, proxy, "multiply", BROOD_LIST(1), mem));
    EXPECT_MESSAGE("multiply");
    EXPECT_STATUS(BROOD_EKIND, brood_manager_object(&other, manager, "Adder", NULL, brood_nil(), mem));
    EXPECT_MESSAGE("Adder");
    expect_call(brood_int(6), proxy, "add", BROOD_LIST(1));
}

static void failures_come_back_whole__PROX_03_MGR_26(void)
{
    brood_manager_t *manager = fresh();
    brood_proxy_t *proxy = new_counter(manager, NULL, 5), *other = NULL;

    EXPECT_STATUS(BROOD_ERANGE, brood_proxy_call(NULL, proxy, "fail", brood_nil(), mem));
    EXPECT_MESSAGE("the counter has run over");
    EXPECT_TEXT("Manager", brood_last_error()->process);
    EXPECT_TEXT("fail", brood_last_error()->entry);
    expect_value(BROOD_LIST(1, "two"), brood_last_payload(mem), mem);
    EXPECT_STATUS(BROOD_EARGS, brood_proxy_call(NULL, proxy, "add", BROOD_LIST("text"), mem));
    EXPECT_STATUS(BROOD_ERANGE, brood_manager_object(&other, manager, "Counter", NULL, BROOD_LIST(-1), mem));
    EXPECT_MESSAGE("below 0");
    EXPECT(other == NULL);
    await_objects(manager, 1);
    expect_call(brood_int(6), proxy, "add", BROOD_LIST(1));
}

static void a_result_that_cannot_travel_fails_alone__PROX_04(void)
{
    brood_manager_t *manager = fresh();
    brood_proxy_t *proxy = new_counter(manager, NULL, 5);

    EXPECT_STATUS(BROOD_EENCODE, brood_proxy_call(NULL, proxy, "lock", brood_nil(), mem));
    expect_call(brood_int(6), proxy, "add", BROOD_LIST(1));
}

static void a_result_can_stay_as_an_object__MGR_16(void)
{
    brood_manager_t *manager = fresh();
    brood_proxy_t *proxy = new_counter(manager, NULL, 3), *twin;
    brood_managed_list_t *numbers;
    brood_value_t result = brood_nil(), items = brood_nil();

    EXPECT_OK(brood_proxy_call(&result, proxy, "numbers", brood_nil(), mem));
    EXPECT_OK(brood_managed_list_from_value(&numbers, result));
    EXPECT_OK(brood_managed_list_append(numbers, brood_int(3)));
    EXPECT_OK(brood_managed_list_copy(&items, numbers, mem));
    expect_value(BROOD_LIST(0, 1, 2, 3), items, mem);
    EXPECT_OK(brood_proxy_call(&result, proxy, "twin", brood_nil(), mem));
    EXPECT_OK(brood_proxy_from_value(&twin, result));
    expect_call(brood_int(13), twin, "add", BROOD_LIST(10));
    expect_call(brood_int(4), proxy, "add", BROOD_LIST(1));
}

static void objects_may_be_arguments__PROX_08(void)
{
    brood_manager_t *manager = fresh();
    brood_proxy_t *proxy = new_counter(manager, NULL, 3);
    brood_managed_dict_t *dict = new_dict(manager, NULL, mem);
    brood_value_t value = brood_nil();

    EXPECT_OK(brood_proxy_call(NULL, proxy, "store", BROOD_LIST(dict), mem));
    EXPECT_OK(brood_managed_dict_get(&value, dict, brood_text("value"), mem));
    expect_value(brood_int(3), value, mem);
    EXPECT_OK(brood_managed_dict_set(dict, brood_text("counter"), BROOD_VALUE(proxy)));
    brood_proxy_close(proxy);
    EXPECT_OK(brood_managed_dict_get(&value, dict, brood_text("counter"), mem));
    EXPECT_OK(brood_proxy_from_value(&proxy, value));
    expect_call(brood_int(4), proxy, "add", BROOD_LIST(1));
}

static void a_type_without_a_constructor_is_its_argument__MGR_14(void)
{
    brood_manager_t *manager = fresh();
    brood_proxy_t *proxy = NULL;

    EXPECT_OK(brood_manager_object(&proxy, manager, "Constant", NULL, BROOD_LIST(BROOD_LIST(1, "two")), mem));
    expect_call(BROOD_LIST(1, "two"), proxy, "get", brood_nil());
    EXPECT_STATUS(BROOD_EARGS, brood_manager_object(&proxy, manager, "Constant", NULL, brood_nil(), mem));
}

static void one_that_waits_holds_up_nobody_else__MGR_19_PROX_05_PROX_06(void)
{
    brood_manager_t *manager = fresh();
    brood_proxy_t *waits = new_counter(manager, NULL, 1), *other = new_counter(manager, NULL, 2);
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *gate = NULL;
    brood_process_t *child;

    EXPECT_OK(brood_manager_event(&gate, manager, NULL, mem));
    child = harness_start(wait_at, BROOD_ARGS(waits, gate, said), mem);
    (void) harness_get(said, mem);
    expect_call(brood_int(3), other, "add", BROOD_LIST(1));
    EXPECT_OK(brood_event_set(gate));
    expect_call(brood_int(2), waits, "add", BROOD_LIST(1));
    EXPECT_EXIT(0, child);
}

static void calls_of_one_object_run_one_at_a_time(void)
{
    enum { CLIENTS = 3, TIMES = 200 };
    brood_manager_t *manager = fresh();
    brood_proxy_t *proxy = new_counter(manager, NULL, 0);
    brood_process_t *children[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        children[i] = harness_start(add_many, BROOD_ARGS(proxy, (int) TIMES), mem);
    for (int i = 0; i < CLIENTS; i++)
        EXPECT_EXIT(0, children[i]);
    expect_call(brood_int(CLIENTS * TIMES), proxy, "add", BROOD_LIST(0));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_TYPE(counter), BROOD_TYPE(constant), BROOD_ENTRY(add_many),
                                            BROOD_ENTRY(wait_at), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(methods_run_in_the_server_and_results_are_copies__MGR_13_MGR_14_MGR_15_PROX_01),
        TEST(a_name_is_one_object__MGR_14),
        TEST(what_is_not_in_the_table_is_refused__MGR_15_MGR_17_PROX_02),
        TEST(failures_come_back_whole__PROX_03_MGR_26),
        TEST(a_result_that_cannot_travel_fails_alone__PROX_04),
        TEST(a_result_can_stay_as_an_object__MGR_16),
        TEST(objects_may_be_arguments__PROX_08),
        TEST(a_type_without_a_constructor_is_its_argument__MGR_14),
        TEST(one_that_waits_holds_up_nobody_else__MGR_19_PROX_05_PROX_06),
        TEST(calls_of_one_object_run_one_at_a_time),
    };

    return harness_tree(argc, argv, entries, "manager_program", tests, sizeof tests / sizeof tests[0]);
}
