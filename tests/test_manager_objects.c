/* Manager: dictionaries, paths, and objects in objects, call by call. */
#include "manager_objects_fixture.h"
#include <math.h>

/* ---- dict ---- */

static void dict_is_as_pythons__STYP_03(void)
{
    begin();
    void *dict = made("dict", ARGS(BROOD_MAP("a", 1, "b", "two")));

    answers(brood_int(1), dict, "get", ARGS("a"));
    answers(brood_int(7), dict, "get", ARGS("c", 7));
    answers(brood_nil(), dict, "get", ARGS("c", brood_nil()));
    tell_to(dict, "set", ARGS("c", BROOD_LIST(1.5)));
    tell_to(dict, "set", ARGS("a", brood_nil()));
    is_now(BROOD_MAP("a", brood_nil(), "b", "two", "c", BROOD_LIST(1.5)), dict);
    answers(BROOD_LIST("a", "b", "c"), dict, "keys", NOTHING);
    answers(BROOD_LIST(brood_nil(), "two", BROOD_LIST(1.5)), dict, "values", NOTHING);
    answers(BROOD_LIST("two", brood_nil(), brood_nil()), dict, "get_many", ARGS(BROOD_LIST("b", "a", "z")));
    reads("{'a': None, 'b': 'two', 'c': [1.5]}", dict);
    answers(brood_int(3), dict, "count", NOTHING);
    answers(brood_bool(true), dict, "contains", ARGS("a"));
    answers(brood_bool(false), dict, "contains", ARGS("z"));
    answers(brood_text("two"), dict, "pop", ARGS("b"));
    answers(brood_int(9), dict, "pop", ARGS("b", 9));
    tell_to(dict, "set", ARGS("b", 2));
    answers(BROOD_LIST(BROOD_LIST("a", brood_nil()), BROOD_LIST("c", BROOD_LIST(1.5)), BROOD_LIST("b", 2)), dict,
            "items", NOTHING);
    answers(BROOD_LIST("b", 2), dict, "popitem", NOTHING);
    answers(brood_int(4), dict, "setdefault", ARGS("d", 4));
    answers(brood_int(4), dict, "setdefault", ARGS("d", 5));
    tell_to(dict, "delete", ARGS("a"));
    tell_to(dict, "update", ARGS(BROOD_MAP("c", 3, "e", 5)));
    is_now(BROOD_MAP("c", 3, "d", 4, "e", 5), dict);
    tell_to(dict, "clear", NOTHING);
    is_now(brood_map(NULL, 0), dict);
    reads("{}", dict);
}

static void what_a_dict_does_not_have_is_named__STYP_03(void)
{
    begin();
    void *dict = made("dict", NOTHING);

    fails(BROOD_ERANGE, "no key 'missing'", dict, "get", ARGS("missing"));
    fails(BROOD_ERANGE, "no key 7", dict, "pop", ARGS(7));
    fails(BROOD_ERANGE, "no key a list of 2 items", dict, "delete", ARGS(BROOD_LIST(1, 2)));
    fails(BROOD_ERANGE, "empty", dict, "popitem", NOTHING);
    fails(BROOD_EKIND, "argument 1 of dict.update is 5, expected map", dict, "update", ARGS(5));
    fails(BROOD_EKIND, "argument 1 of dict.get_many is 'a', expected list", dict, "get_many", ARGS("a"));
    fails(BROOD_EARGS, "", dict, "set", ARGS("a"));
}

static void keys_that_are_equal_are_one__STYP_03(void)
{
    begin();
    void *dict = made("dict", NOTHING);

    tell_to(dict, "set", ARGS(1, "int"));
    tell_to(dict, "set", ARGS(1.0, "double"));
    tell_to(dict, "set", ARGS(brood_bool(true), "bool"));
    tell_to(dict, "set", ARGS("1", "text"));
    answers(brood_int(3), dict, "count", NOTHING);
    tell_to(dict, "clear", NOTHING);
    tell_to(dict, "set", ARGS(BROOD_MAP("x", 1, "y", 2), "map"));
    answers(brood_text("map"), dict, "get", ARGS(BROOD_MAP("y", 2.0, "x", 1)));
    tell_to(dict, "set", ARGS(NAN, "nan"));
    answers(brood_text("nan"), dict, "get", ARGS(NAN));
    tell_to(dict, "set", ARGS(BROOD_LIST(0, BROOD_LIST(1)), "list"));
    answers(brood_text("list"), dict, "get", ARGS(BROOD_LIST(-0.0, BROOD_LIST(1.0))));
    answers(brood_int(3), dict, "count", NOTHING);
}

static void a_dict_is_gone_through_without_a_copy__STYP_03(void)
{
    begin();
    void *dict = made("dict", ARGS(BROOD_MAP("a", 1, "b", 2, "c", 3)));
    apr_int64_t position = 0;
    brood_value_t key = brood_nil(), value = brood_nil();
    bool more = true;
    int sum = 0;

    EXPECT_OK(brood_managed_dict_delete(dict, brood_text("b")));
    while (EXPECT_OK(brood_managed_dict_next(&more, &position, &key, &value, dict, mem)) && more) {
        sum += (int) value.as.integer;
        tell_to(dict, "set", ARGS(key, 0)); /* no change of size */
    }
    EXPECT(sum == 4);
    is_now(BROOD_MAP("a", 0, "c", 0), dict);

    position = 0;
    EXPECT_OK(brood_managed_dict_next(&more, &position, &key, &value, dict, mem));
    EXPECT_OK(brood_managed_dict_set(dict, brood_text("d"), brood_int(4)));
    EXPECT_STATUS(BROOD_EMISUSE, brood_managed_dict_next(&more, &position, &key, &value, dict, mem));
    EXPECT_MESSAGE("changed size during iteration");
    position = 0;
    EXPECT_OK(brood_managed_dict_next(&more, &position, &key, &value, dict, mem));
    EXPECT_OK(brood_managed_dict_pop(NULL, dict, brood_text("d"), mem));
    EXPECT_STATUS(BROOD_EMISUSE, brood_managed_dict_next(&more, &position, &key, &value, dict, mem));
}

/* The last of the values cannot be kept; nor can one that could not be given out again in a list of pairs. */
static void many_are_set_together_or_none__C_42(void)
{
    begin();
    void *dict = made("dict", ARGS(BROOD_MAP("a", 1))), *list = made("list", ARGS(BROOD_LIST(1, 2, 3)));

    fails(BROOD_EENCODE, "nested", dict, "update", ARGS(BROOD_MAP("a", 2, "b", 3, "c", nested(31))));
    is_now(BROOD_MAP("a", 1), dict);
    fails(BROOD_EENCODE, "nested", list, "extend", ARGS(BROOD_LIST(4, nested(31))));
    fails(BROOD_EENCODE, "nested", list, "splice", ARGS(0, 2, BROOD_LIST(4, nested(31))));
    is_now(BROOD_LIST(1, 2, 3), list);
    tell_to(dict, "set", ARGS("a", nested(30)));
    answers(BROOD_LIST(BROOD_LIST("a", nested(30))), dict, "items", NOTHING);
}

/* ---- inside of what is inside ---- */

static void a_plain_list_inside_is_a_copy__PROX_09(void)
{
    begin();
    void *dict = made("dict", ARGS(BROOD_MAP("a", BROOD_LIST(1, BROOD_MAP("x", BROOD_LIST(2, 3))))));

    tell_to(dict, "set_path", ARGS(BROOD_LIST("a", 1, "x", -1), "deep"));
    answers(BROOD_LIST(1, BROOD_MAP("x", BROOD_LIST(2, "deep"))), dict, "get", ARGS("a"));
    tell_to(dict, "set_path", ARGS(BROOD_LIST("a", 1, "new"), 5));
    tell_to(dict, "set_path", ARGS(BROOD_LIST("a", 0), 0));
    tell_to(dict, "set_path", ARGS(BROOD_LIST("b"), brood_nil()));
    is_now(BROOD_MAP("a", BROOD_LIST(0, BROOD_MAP("x", BROOD_LIST(2, "deep"), "new", 5)), "b", brood_nil()), dict);
}

static void a_path_that_leads_nowhere_changes_nothing__C_41(void)
{
    begin();
    void *dict = made("dict", ARGS(BROOD_MAP("a", BROOD_LIST(1, BROOD_MAP("x", 2)))));
    void *list = made("list", ARGS(BROOD_LIST(BROOD_MAP("a", 1), brood_managed_dict_to_value(dict))));

    fails(BROOD_ERANGE, "step 1 of the path: the managed dict has no key 'z'", dict, "set_path",
          ARGS(BROOD_LIST("z", 0), 1));
    fails(BROOD_ERANGE, "step 2 of the path is index 2, but the list has 2 items", dict, "set_path",
          ARGS(BROOD_LIST("a", 2), 1));
    fails(BROOD_ERANGE, "step 2 of the path is index -3", dict, "set_path", ARGS(BROOD_LIST("a", -3), 1));
    fails(BROOD_ERANGE, "step 3 of the path: the map there has no key 'y'", dict, "set_path",
          ARGS(BROOD_LIST("a", 1, "y", 0), 1));
    fails(BROOD_EKIND, "step 2 of the path, 'x', leads into a list", dict, "set_path", ARGS(BROOD_LIST("a", "x"), 1));
    fails(BROOD_EKIND, "step 3 of the path, 0, leads into 1", dict, "set_path", ARGS(BROOD_LIST("a", 0, 0), 1));
    fails(BROOD_EKIND, "a path is a list", dict, "set_path", ARGS("a", 1));
    fails(APR_EINVAL, "empty", dict, "set_path", ARGS(brood_list(NULL, 0), 1));
    fails(BROOD_EENCODE, "nested", dict, "set_path", ARGS(BROOD_LIST("a", 0), nested(30)));
    is_now(BROOD_MAP("a", BROOD_LIST(1, BROOD_MAP("x", 2))), dict);

    fails(BROOD_EKIND, "step 2 of the path, 'a', leads into a DictProxy", list, "set_path",
          ARGS(BROOD_LIST(-1, "a"), 1));
    fails(BROOD_ERANGE, "no index 2", list, "set_path", ARGS(BROOD_LIST(2), 1));
    tell_to(list, "set_path", ARGS(BROOD_LIST(-2, "a"), 3));
    answers(BROOD_MAP("a", 3), list, "get", ARGS(0));
}

/* ---- objects in objects ---- */

static void what_an_object_holds_lives_as_long_as_it_is_there__PROX_08_PROX_11(void)
{
    begin();
    const apr_size_t before = objects(manager);
    void *dict = made("dict", NOTHING), *list = made("list", NOTHING), *again;

    tell_to(list, "append", ARGS(1));
    tell_to(dict, "set", ARGS("inner", BROOD_LIST(brood_managed_list_to_value(list), 2)));
    brood_managed_list_close(list);
    await_objects(manager, before + 2);
    again = brood_value_at(ask(dict, "get", ARGS("inner")), 0).as.object;
    tell_to(again, "append", ARGS(3));
    is_now(BROOD_LIST(1, 3), again);
    answers(brood_bool(true), made("list", ARGS(BROOD_LIST(brood_managed_list_to_value(again)))), "contains",
            ARGS(brood_managed_list_to_value(again)));
    brood_managed_list_close(again);
    tell_to(dict, "set", ARGS("inner", brood_nil()));
    brood_managed_dict_close(dict);
}

static void objects_are_keys_and_are_found_by_what_they_are__PROX_08(void)
{
    begin();
    void *one = made("list", NOTHING), *other = made("list", NOTHING), *dict = made("dict", NOTHING);

    tell_to(dict, "set", ARGS(brood_managed_list_to_value(one), 1));
    tell_to(dict, "set", ARGS(brood_managed_list_to_value(other), 2));
    answers(brood_int(1), dict, "get", ARGS(brood_managed_list_to_value(one)));
    answers(brood_int(2), dict, "pop", ARGS(brood_managed_list_to_value(other)));
    fails(BROOD_ERANGE, "no key", dict, "get", ARGS(brood_managed_list_to_value(other)));
}

static void an_object_can_hold_itself_and_be_printed__PROX_12(void)
{
    begin();
    void *list = made("list", NOTHING);
    const char *text;

    tell_to(list, "append", ARGS(brood_managed_list_to_value(list)));
    tell_to(list, "repeat", ARGS(2));
    text = brood_value_string(ask(list, "string", NOTHING), mem);
    EXPECT(strncmp(text, "[<", 2) == 0 && strlen(text) < 100);
    tell_to(list, "clear", NOTHING);
}

static void what_is_removed_is_let_go__PROX_10(void)
{
    begin();
    const apr_size_t before = objects(manager);
    void *list = made("list", NOTHING), *inner = made("set", NOTHING), *dict = made("dict", NOTHING);
    const brood_value_t value = brood_managed_set_to_value(inner);

    tell_to(list, "extend", ARGS(BROOD_LIST(value, value)));
    tell_to(list, "repeat", ARGS(2));
    tell_to(dict, "set", ARGS(value, value));
    tell_to(dict, "set", ARGS(value, 1));
    tell_to(dict, "delete", ARGS(value));
    brood_managed_set_close(inner);
    await_objects(manager, before + 3);
    tell_to(list, "splice", ARGS(0, 3, brood_list(NULL, 0)));
    tell_to(list, "set", ARGS(0, 1));
    await_objects(manager, before + 2);
    brood_managed_list_close(list);
    brood_managed_dict_close(dict);
    await_objects(manager, before);
}

/* ---- many ---- */

static void a_dict_can_be_large__C_42(void)
{
    begin();
    enum { COUNT = 20000 };
    void *dict = made("dict", NOTHING);
    brood_value_t *items = apr_palloc(mem, 2 * COUNT * sizeof *items);
    brood_value_t copy, map;

    for (int i = 0; i < COUNT; i++) {
        items[2 * i] = brood_int(i * 7919 % COUNT);
        items[2 * i + 1] = brood_int(i);
    }
    map = brood_map(items, COUNT);
    tell_to(dict, "update", ARGS(map));
    copy = ask(dict, "copy", NOTHING);
    EXPECT(brood_value_equal(map, copy));
    for (int i = 0; i < 2000; i++)
        tell_to(dict, "delete", ARGS(i));
    answers(brood_int(COUNT - 2000), dict, "count", NOTHING);
    answers(brood_bool(false), dict, "contains", ARGS(1999));
    answers(brood_bool(true), dict, "contains", ARGS(2000));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(dict_is_as_pythons__STYP_03),
        TEST(what_a_dict_does_not_have_is_named__STYP_03),
        TEST(keys_that_are_equal_are_one__STYP_03),
        TEST(a_dict_is_gone_through_without_a_copy__STYP_03),
        TEST(many_are_set_together_or_none__C_42),
        TEST(a_plain_list_inside_is_a_copy__PROX_09),
        TEST(a_path_that_leads_nowhere_changes_nothing__C_41),
        TEST(what_an_object_holds_lives_as_long_as_it_is_there__PROX_08_PROX_11),
        TEST(objects_are_keys_and_are_found_by_what_they_are__PROX_08),
        TEST(an_object_can_hold_itself_and_be_printed__PROX_12),
        TEST(what_is_removed_is_let_go__PROX_10),
        TEST(a_dict_can_be_large__C_42),
    };

    return harness_tree(argc, argv, entries, "manager_objects", tests, sizeof tests / sizeof tests[0]);
}
