/* How long a manager's objects live: as long as somebody has them, and no longer, whatever becomes of him. */
#include "manager_fixture.h"
#include <apr_strings.h>

static apr_pool_t *mem;

/* ---- children ---- */

static apr_status_t add_one(brood_call_t *call)
{
    brood_managed_dict_t *dict;

    BROOD_TRY(BROOD_UNPACK(call->args, &dict));
    return brood_managed_dict_set(dict, brood_text("child"), brood_int(1));
}

/* Holds what it was given, and one of its own, until it is killed. */
static apr_status_t hold(brood_call_t *call)
{
    brood_managed_list_t *given, *list;
    brood_manager_t *manager;
    const char *address;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &address, &given, &said));
    BROOD_TRY(brood_manager_connect(&manager, &(brood_manager_options_t){.address = address}, call->mem));
    BROOD_TRY(brood_manager_list(&list, manager, NULL, call->mem));
    BROOD_TRY(brood_managed_list_append(given, brood_int(1)));
    BROOD_TRY(brood_queue_put(said, brood_int(1), BROOD_FOREVER));
    for (;;)
        apr_sleep(1000000);
}

static apr_status_t make_and_leave(brood_call_t *call)
{
    brood_managed_list_t *list;
    brood_manager_t *manager;
    const char *address;

    BROOD_TRY(BROOD_UNPACK(call->args, &address));
    BROOD_TRY(brood_manager_connect(&manager, &(brood_manager_options_t){.address = address}, call->mem));
    return brood_manager_list(&list, manager, NULL, call->mem);
}

/* A manager, and what the test before had has ended. */
static brood_manager_t *fresh(void)
{
    mem = harness_mem();
    return started(mem);
}

/* ---- claims ---- */

static void an_object_lives_as_long_as_somebody_has_it__PROX_10_MGR_23(void)
{
    brood_manager_t *manager = fresh();
    brood_managed_dict_t *dict = new_dict(manager, NULL, mem);
    brood_value_t info = brood_nil();

    EXPECT(objects(manager) == 1);
    EXPECT_OK(brood_manager_debug_info(&info, manager, mem));
    EXPECT(brood_value_count(info) == 1);
    EXPECT_TEXT("dict", brood_value_string(brood_value_item_at(brood_value_at(info, 0), 1), mem));
    brood_managed_dict_close(dict);
    await_objects(manager, 0);
}

static void a_child_has_what_it_was_given__PROX_01_PROX_07_PROX_14(void)
{
    brood_manager_t *manager = fresh();
    brood_managed_dict_t *dict = new_dict(manager, NULL, mem);
    brood_process_t *child = harness_start(add_one, BROOD_ARGS(dict), mem);
    brood_value_t value = brood_nil();

    EXPECT_EXIT(0, child);
    EXPECT_OK(brood_managed_dict_get(&value, dict, brood_text("child"), mem));
    expect_value(brood_int(1), value, mem);
    brood_managed_dict_close(dict);
    await_objects(manager, 0);
}

static void it_travels_in_items__PROX_07(void)
{
    brood_manager_t *manager = fresh();
    brood_managed_dict_t *dict = new_dict(manager, NULL, mem), *got;
    brood_queue_t *queue = harness_queue(mem);
    apr_size_t count = 0;

    EXPECT_OK(brood_queue_put(queue, BROOD_LIST(dict, 1), BROOD_FOREVER));
    EXPECT_OK(brood_managed_dict_set(dict, brood_int(1), brood_int(1)));
    brood_managed_dict_close(dict);
    EXPECT(objects(manager) == 1); /* the item has it */
    EXPECT_OK(brood_managed_dict_from_value(&got, brood_value_at(harness_get(queue, mem), 0)));
    EXPECT_OK(brood_managed_dict_count(&count, got));
    EXPECT(count == 1);
}

static void who_is_killed_leaves_nothing_behind__PROX_13(void)
{
    brood_manager_t *manager = fresh();
    brood_queue_t *said = harness_queue(mem);
    brood_managed_list_t *given = new_list(manager, NULL, mem);
    brood_process_t *child = harness_start(hold, BROOD_ARGS(brood_manager_address(manager), given, said), mem);

    (void) harness_get(said, mem);
    EXPECT(objects(manager) == 2);
    EXPECT_KILLED(child);
    brood_managed_list_close(given);
    await_objects(manager, 0);
}

static void who_ends_leaves_nothing_behind__PROX_10(void)
{
    brood_manager_t *manager = fresh();

    EXPECT_EXIT(0, harness_start(make_and_leave, BROOD_ARGS(brood_manager_address(manager)), mem));
    await_objects(manager, 0);
}

static void objects_hold_each_other__PROX_08_PROX_11_PROX_12(void)
{
    brood_manager_t *manager = fresh();
    brood_managed_list_t *outer = new_list(manager, NULL, mem), *inner = new_list(manager, NULL, mem), *found;
    brood_value_t item = brood_nil();

    EXPECT_OK(brood_managed_list_append(outer, BROOD_VALUE(inner)));
    brood_managed_list_close(inner);
    EXPECT(objects(manager) == 2);
    EXPECT_OK(brood_managed_list_get(&item, outer, 0, mem));
    EXPECT_OK(brood_managed_list_from_value(&found, item));
    EXPECT_OK(brood_managed_list_append(found, brood_text("inside")));
    EXPECT_OK(brood_managed_list_append(found, BROOD_VALUE(outer))); /* a ring */
    EXPECT_OK(brood_managed_list_append(outer, BROOD_VALUE(outer)));
    EXPECT_TEXT("[", apr_pstrmemdup(mem, brood_value_string(BROOD_VALUE(outer), mem), 1));
    EXPECT_OK(brood_managed_list_clear(outer));
    brood_managed_list_close(found);
    brood_managed_list_close(outer);
    await_objects(manager, 0);
}

static void what_is_got_is_a_copy_and_printed_as_it_is_there__PROX_15_PROX_16(void)
{
    brood_manager_t *manager = fresh();
    brood_managed_list_t *list = new_list(manager, "list", mem), *same = new_list(manager, "list", mem);
    brood_value_t copy = brood_nil();

    EXPECT(!brood_value_equal(BROOD_VALUE(list), BROOD_VALUE(same)));
    EXPECT_OK(brood_managed_list_extend(list, BROOD_LIST(1, "two")));
    EXPECT_TEXT("[1, 'two']", brood_value_string(BROOD_VALUE(list), mem));
    EXPECT_OK(brood_managed_list_copy(&copy, list, mem));
    EXPECT_OK(brood_managed_list_append(list, brood_int(3)));
    expect_value(BROOD_LIST(1, "two"), copy, mem);
}

static void a_namespace_is_a_value_and_a_list_an_array__STYP_05(void)
{
    brood_manager_t *manager = fresh();
    brood_namespace_t *value = NULL;
    brood_managed_list_t *array = new_list(manager, NULL, mem);
    brood_value_t got = brood_nil();
    apr_size_t count = 0;

    EXPECT_OK(brood_manager_namespace(&value, manager, NULL, mem));
    EXPECT_OK(brood_namespace_set(value, "value", brood_double(1.5)));
    EXPECT_OK(brood_namespace_get(&got, value, "value", mem));
    expect_value(brood_double(1.5), got, mem);
    EXPECT_OK(brood_managed_list_extend(array, BROOD_LIST(1, 2, 3)));
    EXPECT_OK(brood_managed_list_set(array, 1, brood_int(20)));
    EXPECT_OK(brood_managed_list_get(&got, array, 1, mem));
    expect_value(brood_int(20), got, mem);
    EXPECT_OK(brood_managed_list_count(&count, array));
    EXPECT(count == 3);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(add_one), BROOD_ENTRY(hold), BROOD_ENTRY(make_and_leave),
                                            BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(an_object_lives_as_long_as_somebody_has_it__PROX_10_MGR_23),
        TEST(a_child_has_what_it_was_given__PROX_01_PROX_07_PROX_14),
        TEST(it_travels_in_items__PROX_07),
        TEST(who_is_killed_leaves_nothing_behind__PROX_13),
        TEST(who_ends_leaves_nothing_behind__PROX_10),
        TEST(objects_hold_each_other__PROX_08_PROX_11_PROX_12),
        TEST(what_is_got_is_a_copy_and_printed_as_it_is_there__PROX_15_PROX_16),
        TEST(a_namespace_is_a_value_and_a_list_an_array__STYP_05),
    };

    return harness_tree(argc, argv, entries, "manager_life", tests, sizeof tests / sizeof tests[0]);
}
