/* Manager: lists, sets and namespaces, call by call. */
#include "manager_objects_fixture.h"

/* ---- list ---- */

static void list_is_as_pythons__STYP_02(void)
{
    begin();
    void *list = made("list", ARGS(BROOD_LIST(1, "two", 3.0)));

    answers(brood_double(3.0), list, "get", ARGS(-1));
    tell_to(list, "set", ARGS(0, brood_nil()));
    tell_to(list, "append", ARGS(BROOD_LIST(4)));
    tell_to(list, "extend", ARGS(BROOD_LIST(5, 6)));
    is_now(BROOD_LIST(brood_nil(), "two", 3, BROOD_LIST(4), 5, 6), list);
    reads("[None, 'two', 3.0, [4], 5, 6]", list);
    tell_to(list, "insert", ARGS(1, "in"));
    tell_to(list, "insert", ARGS(-100, "first"));
    tell_to(list, "insert", ARGS(100, "last"));
    tell_to(list, "insert", ARGS(-1, "before"));
    is_now(BROOD_LIST("first", brood_nil(), "in", "two", 3, BROOD_LIST(4), 5, 6, "before", "last"), list);
    answers(brood_text("last"), list, "pop", NOTHING);
    answers(brood_text("first"), list, "pop", ARGS(0));
    answers(brood_text("before"), list, "pop", ARGS(-1));
    tell_to(list, "remove", ARGS(3));
    answers(brood_int(3), list, "index", ARGS(BROOD_LIST(4.0)));
    answers(brood_bool(true), list, "contains", ARGS(brood_nil()));
    answers(brood_bool(false), list, "contains", ARGS(3));
    tell_to(list, "extend", ARGS(BROOD_LIST(5, 5.0)));
    answers(brood_int(3), list, "count_of", ARGS(5));
    answers(brood_int(8), list, "count", NOTHING);
    answers(BROOD_LIST("two", 5, brood_nil()), list, "get_many", ARGS(BROOD_LIST(2, -1, 8)));
    tell_to(list, "delete", ARGS(-2));
    is_now(BROOD_LIST(brood_nil(), "in", "two", BROOD_LIST(4), 5, 6, 5.0), list);
    tell_to(list, "clear", NOTHING);
    is_now(brood_list(NULL, 0), list);
}

static void what_a_list_does_not_have_is_named__STYP_02(void)
{
    begin();
    void *list = made("list", ARGS(BROOD_LIST(1, 2)));

    fails(BROOD_ERANGE, "no index 2, but 2 items", list, "get", ARGS(2));
    fails(BROOD_ERANGE, "no index -3", list, "set", ARGS(-3, 1));
    fails(BROOD_ERANGE, "no item 'a'", list, "remove", ARGS("a"));
    fails(BROOD_ERANGE, "no item 3", list, "index", ARGS(3));
    fails(BROOD_ERANGE, "no index 5", list, "pop", ARGS(5));
    fails(BROOD_EKIND, "argument 1 of list.get is 'a', expected int", list, "get", ARGS("a"));
    fails(BROOD_EKIND, "argument 1 of list.get is None", list, "get", ARGS(brood_nil()));
    fails(BROOD_EKIND, "argument 1 of list.extend is a map of 1 pairs, expected list", list, "extend",
          ARGS(BROOD_MAP(1, 2)));
    fails(BROOD_EKIND, "index 1", list, "get_many", ARGS(BROOD_LIST(0, "a")));
    is_now(BROOD_LIST(1, 2), list);
    tell_to(list, "clear", NOTHING);
    fails(BROOD_ERANGE, "empty", list, "pop", NOTHING);
}

static void parts_of_a_list_are_as_pythons_slices__STYP_02(void)
{
    begin();
    void *list = made("list", ARGS(brood_range(0, 6, mem)));

    answers(brood_range(1, 3, mem), list, "slice", ARGS(1, 3));
    answers(brood_range(4, 6, mem), list, "slice", ARGS(-2, brood_nil()));
    answers(brood_range(0, 6, mem), list, "slice", ARGS(-100, 100));
    answers(brood_list(NULL, 0), list, "slice", ARGS(4, 2));
    answers(brood_range(0, 6, mem), list, "slice", NOTHING);
    tell_to(list, "splice", ARGS(1, 3, BROOD_LIST("a", "b", "c")));
    is_now(BROOD_LIST(0, "a", "b", "c", 3, 4, 5), list);
    tell_to(list, "splice", ARGS(-3, -1, brood_list(NULL, 0)));
    is_now(BROOD_LIST(0, "a", "b", "c", 5), list);
    tell_to(list, "splice", ARGS(4, 2, BROOD_LIST("in")));
    is_now(BROOD_LIST(0, "a", "b", "c", "in", 5), list);
    tell_to(list, "splice", ARGS(brood_nil(), brood_nil(), BROOD_LIST(1)));
    is_now(BROOD_LIST(1), list);
}

static void a_list_is_sorted_and_what_is_equal_stays_in_order__STYP_02(void)
{
    begin();
    void *list = made("list", ARGS(BROOD_LIST(3, 1.0, -2, "b", 1, "a", 2.5)));
    brood_value_t sorted;

    tell_to(list, "sort", NOTHING);
    sorted = ask(list, "copy", NOTHING);
    expect_value(BROOD_LIST(-2, 1, 1, 2.5, 3, "a", "b"), sorted, mem);
    EXPECT(brood_value_at(sorted, 1).kind == BROOD_KIND_DOUBLE && brood_value_at(sorted, 2).kind == BROOD_KIND_INT);
    tell_to(list, "sort", ARGS(brood_bool(true)));
    sorted = ask(list, "copy", NOTHING);
    expect_value(BROOD_LIST("b", "a", 3, 2.5, 1, 1, -2), sorted, mem);
    EXPECT(brood_value_at(sorted, 4).kind == BROOD_KIND_DOUBLE);
    tell_to(list, "reverse", NOTHING);
    is_now(BROOD_LIST(-2, 1, 1, 2.5, 3, "a", "b"), list);
    tell_to(list, "sort_reverse", NOTHING);
    is_now(BROOD_LIST("b", "a", 3, 2.5, 1, 1, -2), list);
    tell_to(list, "append", ARGS(BROOD_LIST(brood_managed_list_to_value(list))));
    fails(BROOD_EKIND, "item 7 of the managed list", list, "sort", NOTHING);
    tell_to(list, "clear", NOTHING);
    tell_to(list, "sort", NOTHING);
    tell_to(list, "reverse", NOTHING);
}

static void a_list_is_repeated_in_place__STYP_02(void)
{
    begin();
    void *list = made("list", ARGS(BROOD_LIST(1, "a")));

    tell_to(list, "repeat", ARGS(3));
    is_now(BROOD_LIST(1, "a", 1, "a", 1, "a"), list);
    tell_to(list, "repeat", ARGS(1));
    fails(BROOD_ETOOBIG, "2^24 items", list, "repeat", ARGS(INT64_MAX));
    tell_to(list, "append", ARGS(brood_bytes(apr_pcalloc(mem, 1 << 20), 1 << 20)));
    fails(BROOD_ETOOBIG, "1 GiB", list, "repeat", ARGS(1024));
    tell_to(list, "repeat", ARGS(-1));
    is_now(brood_list(NULL, 0), list);
    tell_to(list, "repeat", ARGS(INT64_MAX));
}

/* ---- set and namespace ---- */

static void set_is_as_pythons__STYP_01(void)
{
    begin();
    void *set = made("set", ARGS(BROOD_LIST(1, "a", 1.0)));

    is_now(BROOD_LIST(1, "a"), set);
    reads("{1, 'a'}", set);
    answers(brood_bool(true), set, "add", ARGS(2));
    answers(brood_bool(false), set, "add", ARGS(2.0));
    answers(brood_bool(true), set, "contains", ARGS(2));
    answers(brood_bool(true), set, "discard", ARGS("a"));
    answers(brood_bool(false), set, "discard", ARGS("a"));
    fails(BROOD_ERANGE, "the managed set has no item 'a'", set, "remove", ARGS("a"));
    tell_to(set, "remove", ARGS(1));
    tell_to(set, "update", ARGS(BROOD_LIST(5, 6, 5)));
    is_now(BROOD_LIST(2, 5, 6), set);
    fails(BROOD_EKIND, "argument 1 of set.update", set, "update", ARGS(1));
    answers(brood_int(3), set, "count", NOTHING);
    answers(brood_int(6), set, "pop", NOTHING);
    tell_to(set, "clear", NOTHING);
    reads("set()", set);
    fails(BROOD_ERANGE, "empty", set, "pop", NOTHING);
}

static void namespace_has_public_names__STYP_04(void)
{
    begin();
    void *space = made("namespace", ARGS(BROOD_MAP("b", "x", "a", 1)));

    reads("Namespace(a=1, b='x')", space);
    answers(brood_int(1), space, "get", ARGS("a"));
    tell_to(space, "set", ARGS("a", BROOD_LIST("y")));
    tell_to(space, "delete", ARGS("b"));
    is_now(BROOD_MAP("a", BROOD_LIST("y")), space);
    reads("Namespace(a=['y'])", space);
    fails(BROOD_ERANGE, "the managed namespace has no attribute 'b'", space, "get", ARGS("b"));
    fails(BROOD_ERANGE, "no attribute 'b'", space, "delete", ARGS("b"));
    fails(APR_EINVAL, "'_private' begins with '_'", space, "set", ARGS("_private", 1));
    fails(APR_EINVAL, "'_private' begins with '_'", space, "get", ARGS("_private"));
    fails(APR_EINVAL, "empty", space, "set", ARGS("", 1));
    fails(BROOD_EKIND, "is text, not 5", space, "set", ARGS(5, 1));
    reads("Namespace()", made("namespace", NOTHING));
}

static void what_cannot_be_made_of_the_arguments_is_not_made(void)
{
    begin();
    const apr_size_t before = objects(manager);
    const brood_value_t arguments[] = {brood_int(1), BROOD_MAP("_a", 1)};
    void *object = NULL;

    EXPECT_STATUS(BROOD_EKIND, brood__proxy_open(&object, &brood__managed_list_kind, brood__manager_origin(manager),
                                                 "list", NULL, arguments, 1, mem));
    EXPECT_MESSAGE("argument 1 of list.create is 1, expected list");
    EXPECT_STATUS(BROOD_EARGS, brood__proxy_open(&object, &brood__managed_set_kind, brood__manager_origin(manager),
                                                 "set", NULL, arguments, 2, mem));
    EXPECT_MESSAGE("a managed set is made of nothing or of one list, not of 2 arguments");
    EXPECT_STATUS(APR_EINVAL, brood__proxy_open(&object, &brood__namespace_kind, brood__manager_origin(manager),
                                                "namespace", NULL, arguments + 1, 1, mem));
    EXPECT(objects(manager) == before);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(list_is_as_pythons__STYP_02),
        TEST(what_a_list_does_not_have_is_named__STYP_02),
        TEST(parts_of_a_list_are_as_pythons_slices__STYP_02),
        TEST(a_list_is_sorted_and_what_is_equal_stays_in_order__STYP_02),
        TEST(a_list_is_repeated_in_place__STYP_02),
        TEST(set_is_as_pythons__STYP_01),
        TEST(namespace_has_public_names__STYP_04),
        TEST(what_cannot_be_made_of_the_arguments_is_not_made),
    };

    return harness_tree(argc, argv, entries, "manager_list", tests, sizeof tests / sizeof tests[0]);
}
