/* Shareable lists. */
#include "harness_tree.h"
#include "memory/list_layout.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *mem;

/* ---- children ---- */

static apr_status_t change(brood_call_t *call)
{
    brood_shareable_list_t *list, *second;
    brood_value_t item;

    BROOD_TRY(BROOD_UNPACK(call->args, &list));
    BROOD_TRY(
        brood_shareable_list_open(&second, brood_shared_memory_name(brood_shareable_list_memory(list)), call->mem));
    BROOD_TRY(brood_shareable_list_get(&item, second, 0, call->mem));
    CHECK(brood_value_equal(item, brood_int(1)));
    BROOD_TRY(brood_shareable_list_set(second, 0, brood_int(2)));
    return brood_shareable_list_set(list, -1, brood_text("from the child"));
}

/* ---- help ---- */

static brood_shareable_list_t *create(brood_value_t items)
{
    brood_shareable_list_t *list = NULL;

    EXPECT_OK(brood_shareable_list_create(&list, NULL, items, mem));
    return list;
}

static void expect_item(brood_shareable_list_t *list, apr_ssize_t index, brood_value_t expected)
{
    brood_value_t item = BROOD_NIL;

    EXPECT_OK(brood_shareable_list_get(&item, list, index, mem));
    if (!EXPECT(brood_value_equal(item, expected)))
        printf("item %d is %s, not %s\n", (int) index, brood_value_string(item, mem),
               brood_value_string(expected, mem));
}

/* ---- claims ---- */

static void it_holds_six_kinds__SLIST_01_SLIST_05_SLIST_06(void)
{
    const brood_value_t items[] = {
        brood_int(INT64_MIN),       brood_bool(true),       brood_bool(false), brood_double(-0.5),
        brood_text("h\xc3\xa9llo"), brood_bytes("b\0c", 3), BROOD_NIL,         brood_text("")};
    brood_shareable_list_t *list = create(brood_list(items, 8));
    brood_value_t item = brood_int(7), all;
    apr_size_t number = 99;

    EXPECT(brood_shareable_list_count(list) == 8);
    for (apr_ssize_t i = 0; i < 8; i++) {
        expect_item(list, i, items[i]);
        expect_item(list, i - 8, items[i]);
    }
    EXPECT_STATUS(BROOD_ERANGE, brood_shareable_list_get(&item, list, 8, mem));
    EXPECT_STATUS(BROOD_ERANGE, brood_shareable_list_get(&item, list, -9, mem));
    EXPECT_STATUS(BROOD_ERANGE, brood_shareable_list_set(list, 8, item));
    EXPECT_MESSAGE("no item 8 of 8");
    EXPECT(brood_value_equal(item, brood_int(7)));
    EXPECT_OK(brood_shareable_list_items(&all, list, mem));
    EXPECT(brood_value_equal(all, brood_list(items, 8)));
    EXPECT_OK(brood_shareable_list_count_of(&number, list, BROOD_NIL));
    EXPECT(number == 1);
    EXPECT_OK(brood_shareable_list_count_of(&number, list, brood_text("x")));
    EXPECT(number == 0);
    EXPECT_OK(brood_shareable_list_index_of(&number, list, brood_double(-0.5)));
    EXPECT(number == 3);
    EXPECT_STATUS(APR_ENOENT, brood_shareable_list_index_of(&number, list, brood_text("x")));
    EXPECT(number == 3);
}

static void what_it_cannot_hold_is_refused__SLIST_01(void)
{
    brood_shareable_list_t *list = create(BROOD_LIST(1)), *none = NULL;
    char *long_one = apr_pcalloc(mem, 1000000);

    EXPECT_STATUS(BROOD_EKIND, brood_shareable_list_create(&none, NULL, BROOD_LIST(BROOD_LIST(1)), mem));
    EXPECT_STATUS(BROOD_EKIND, brood_shareable_list_create(&none, NULL, brood_int(1), mem));
    EXPECT_STATUS(BROOD_ERANGE, brood_shareable_list_create(&none, NULL, BROOD_LIST(brood_uint(UINT64_MAX)), mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_shareable_list_create(&none, NULL, BROOD_LIST("\xff"), mem));
    EXPECT_STATUS(BROOD_ETOOBIG,
                  brood_shareable_list_create(&none, NULL, BROOD_LIST(brood_bytes(long_one, 1000000)), mem));
    EXPECT_STATUS(BROOD_EKIND, brood_shareable_list_set(list, 0, brood_map(NULL, 0)));
    EXPECT_STATUS(BROOD_EENCODE, brood_shareable_list_set(list, 0, brood_text("\xff")));
    expect_item(list, 0, brood_int(1));
    EXPECT(none == NULL);
}

static void what_is_too_long_changes_nothing__SLIST_03_SLIST_04(void)
{
    brood_shareable_list_t *list = create(BROOD_LIST("left", "12345678", "right"));

    EXPECT_OK(
        brood_shareable_list_set(list, 1, brood_text("1234567890123456"))); /* 16 bytes: 8 are followed by 8 more */
    EXPECT_STATUS(BROOD_ETOOBIG, brood_shareable_list_set(list, 1, brood_text("12345678901234567")));
    EXPECT_MESSAGE("17 bytes do not fit");
    expect_item(list, 1, brood_text("1234567890123456"));
    EXPECT_STATUS(BROOD_ETOOBIG, brood_shareable_list_set(list, 0, brood_text("123456789")));
    EXPECT_OK(brood_shareable_list_set(list, 1, brood_double(0.25))); /* another kind */
    expect_item(list, 1, brood_double(0.25));
    EXPECT_OK(brood_shareable_list_set(list, 1, BROOD_NIL));
    EXPECT_OK(brood_shareable_list_set(list, 1, brood_bytes("\0\0", 2)));
    expect_item(list, 0, brood_text("left"));
    expect_item(list, 1, brood_bytes("\0\0", 2));
    expect_item(list, 2, brood_text("right"));
}

static void lengths_are_exact__SLIST_09(void)
{
    const char zeros[24] = {0};
    brood_shareable_list_t *list = create(BROOD_LIST(brood_bytes(zeros, 24), brood_text_n("a\0\0", 3), ""));

    expect_item(list, 0, brood_bytes(zeros, 24));
    expect_item(list, 1, brood_text_n("a\0\0", 3));
    expect_item(list, 2, brood_text(""));
    for (apr_size_t size = 0; size <= 24; size++) {
        EXPECT_OK(brood_shareable_list_set(list, 0, brood_bytes(zeros, size)));
        expect_item(list, 0, brood_bytes(zeros, size));
    }
    for (int i = 0; i < 8; i++) { /* characters of several bytes: as many bytes as fit, not as many characters */
        const char *const euros = "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac";

        list = create(BROOD_LIST(brood_text_n(euros, (apr_size_t) i % 4 * 3 + 3), "after"));
        expect_item(list, 0, brood_text_n(euros, (apr_size_t) i % 4 * 3 + 3));
        expect_item(list, 1, brood_text("after"));
    }
}

static void it_may_be_empty_or_long__SLIST_11(void)
{
    brood_shareable_list_t *list = create(brood_list(NULL, 0));
    brood_value_t *items = apr_palloc(mem, 10000 * sizeof *items), item;
    apr_size_t number;

    EXPECT(brood_shareable_list_count(list) == 0);
    EXPECT_STATUS(BROOD_ERANGE, brood_shareable_list_get(&item, list, 0, mem));
    EXPECT_STATUS(BROOD_ERANGE, brood_shareable_list_get(&item, list, -1, mem));
    EXPECT_OK(brood_shareable_list_count_of(&number, list, BROOD_NIL));
    EXPECT(number == 0);
    for (int i = 0; i < 10000; i++)
        items[i] = i % 2 == 0 ? brood_int(i) : brood_text("odd");
    list = create(brood_list(items, 10000));
    EXPECT_OK(brood_shareable_list_count_of(&number, list, brood_text("odd")));
    EXPECT(number == 5000);
    expect_item(list, 9998, brood_int(9998));
}

static void children_get_it_and_it_is_found_by_name__SLIST_07_SLIST_08(void)
{
    brood_shareable_list_t *list = create(BROOD_LIST(1, "a text of some length")), *copy;
    brood_value_t items;

    EXPECT_EXIT(0, harness_start(change, BROOD_ARGS(list), mem));
    expect_item(list, 0, brood_int(2));
    expect_item(list, 1, brood_text("from the child"));
    EXPECT_OK(brood_shareable_list_items(&items, list, mem)); /* another list of the same items */
    copy = create(items);
    EXPECT_OK(brood_shareable_list_set(copy, 0, brood_int(3)));
    expect_item(list, 0, brood_int(2));
    expect_item(copy, 0, brood_int(3));
    EXPECT(!brood_value_equal(BROOD_VALUE(list), BROOD_VALUE(copy)));
    EXPECT_OK(brood_shareable_list_from_value(&copy, brood_value_copy(BROOD_VALUE(list), mem)));
    EXPECT(brood_value_equal(BROOD_VALUE(list), BROOD_VALUE(copy)));
}

static void a_closed_one_is_of_no_use(void)
{
    brood_shareable_list_t *list = create(BROOD_LIST(1, "two")), *other;
    brood_value_t item = BROOD_NIL;
    apr_size_t number;

    EXPECT(strstr(brood_value_string(BROOD_VALUE(list), mem), "items=[1, 'two']>") != NULL);
    brood_shareable_list_close(list);
    brood_shareable_list_close(list);
    EXPECT_STATUS(BROOD_ECLOSED, brood_shareable_list_get(&item, list, 0, mem));
    EXPECT_STATUS(BROOD_ECLOSED, brood_shareable_list_set(list, 0, item));
    EXPECT_STATUS(BROOD_ECLOSED, brood_shareable_list_items(&item, list, mem));
    EXPECT_STATUS(BROOD_ECLOSED, brood_shareable_list_count_of(&number, list, item));
    EXPECT_TEXT("<ShareableList closed>", brood_value_string(BROOD_VALUE(list), mem));
    EXPECT_STATUS(BROOD_EKIND, brood_shareable_list_from_value(&other, brood_int(1)));
}

static void what_is_no_list_is_refused(void)
{
    brood_shared_memory_t *memory;
    brood_shareable_list_t *list;

    EXPECT_OK(brood_shared_memory_create(&memory, NULL, 100, mem));
    memset(brood_shared_memory_data(memory), 0xff, 100);
    EXPECT_STATUS(BROOD_EDECODE, brood_shareable_list_open(&list, brood_shared_memory_name(memory), mem));
    brood_shared_memory_close(memory);
}

/* Whatever stands there: a status or an item, and nothing is touched outside, which sanitizers watch. */
static void spoilt_bytes_are_a_status(void)
{
    const brood_value_t items = BROOD_LIST(1, "text", brood_bytes("bytes", 5), BROOD_NIL, 2.5, brood_bool(true));
    brood__list_t whole = {NULL, 0, 0};
    unsigned spoilt = 0;

    EXPECT_OK(brood__list_size(&whole.size, items));
    whole.bytes = apr_pcalloc(mem, (apr_size_t) whole.size);
    brood__list_write(&whole, items);
    for (uint64_t at = 0; at < whole.size; at++)
        for (int value = 0; value < 256; value += 5) {
            apr_pool_t *scratch;
            brood__list_t list = {malloc((size_t) whole.size), whole.size, 0};
            brood_value_t item;

            EXPECT_OK(apr_pool_create(&scratch, mem));
            memcpy(list.bytes, whole.bytes, (size_t) whole.size);
            list.bytes[at] = (char) value;
            if (brood__list_find(&list) == APR_SUCCESS)
                for (uint64_t i = 0; i < list.count; i++) {
                    const apr_status_t rc = brood__list_get(&item, &list, i, scratch);

                    spoilt += rc == BROOD_EDECODE;
                    EXPECT(rc == APR_SUCCESS || rc == BROOD_EDECODE);
                    BROOD_IGNORE(brood__list_set(&list, i, brood_text("1234")));
                }
            else
                spoilt++;
            free(list.bytes);
            apr_pool_destroy(scratch);
        }
    EXPECT(spoilt > 1000);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(it_holds_six_kinds__SLIST_01_SLIST_05_SLIST_06),
        TEST(what_it_cannot_hold_is_refused__SLIST_01),
        TEST(what_is_too_long_changes_nothing__SLIST_03_SLIST_04),
        TEST(lengths_are_exact__SLIST_09),
        TEST(it_may_be_empty_or_long__SLIST_11),
        TEST(children_get_it_and_it_is_found_by_name__SLIST_07_SLIST_08),
        TEST(a_closed_one_is_of_no_use),
        TEST(what_is_no_list_is_refused),
        TEST(spoilt_bytes_are_a_status),
    };

    mem = call->mem;
    return harness_run("shareable_list", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(change))
