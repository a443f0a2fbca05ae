/* test_value.c - make values, read them, compare, copy and print them (GEN-03). */
#include "harness.h"

#include "base/codec.h"
#include "base/kind.h"
#include <apr_general.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *mem;

#define STRING(value) brood_value_string((value), mem)

static apr_status_t work(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static apr_status_t hidden(brood_call_t *call)
{
    (void) call;
    return APR_EGENERAL;
}

static const char *name_of(brood_entry_fn entry)
{
    return entry == work ? "main.work" : NULL;
}

static brood_entry_fn find_entry(const char *name, size_t size)
{
    return size == 9 && memcmp(name, "main.work", 9) == 0 ? work : NULL;
}

static void a_value_is_24_bytes(void)
{
    EXPECT(sizeof(void *) != 8 || sizeof(brood_value_t) == 24);
}

static void numbers_are_read_as_they_were_made(void)
{
    apr_int64_t number = 0;
    apr_uint64_t natural = 0;
    double real = 0;
    bool flag = false;

    EXPECT_OK(brood_value_int(&number, brood_int(INT64_MIN)));
    EXPECT(number == INT64_MIN);
    EXPECT_OK(brood_value_uint(&natural, brood_uint(UINT64_MAX)));
    EXPECT(natural == UINT64_MAX);
    EXPECT(brood_uint(INT64_MAX).kind == BROOD_KIND_INT);
    EXPECT(brood_uint((apr_uint64_t) INT64_MAX + 1).kind == BROOD_KIND_UINT);
    EXPECT_OK(brood_value_uint(&natural, brood_int(7)));
    EXPECT(natural == 7);
    EXPECT_OK(brood_value_double(&real, brood_double(0.1)));
    EXPECT(real == (double) 0.1);
    EXPECT_OK(brood_value_double(&real, brood_int(-(INT64_C(1) << 53))));
    EXPECT(real == -9007199254740992.0);
    EXPECT_OK(brood_value_bool(&flag, brood_bool(true)));
    EXPECT(flag);
}

static void a_number_that_does_not_fit_is_refused_and_nothing_stored(void)
{
    apr_int64_t number = 5;
    apr_uint64_t natural = 5;
    double real = 5;

    EXPECT_STATUS(BROOD_ERANGE, brood_value_int(&number, brood_uint(UINT64_MAX)));
    EXPECT_MESSAGE("18446744073709551615");
    EXPECT_STATUS(BROOD_ERANGE, brood_value_uint(&natural, brood_int(-1)));
    EXPECT_STATUS(BROOD_ERANGE, brood_value_double(&real, brood_int((INT64_C(1) << 53) + 1)));
    EXPECT_STATUS(BROOD_ERANGE, brood_value_double(&real, brood_int(INT64_MAX)));
    EXPECT_STATUS(BROOD_ERANGE, brood_value_double(&real, brood_uint(UINT64_MAX)));
    EXPECT(number == 5 && natural == 5 && real == 5);
}

static void another_kind_is_refused_by_name(void)
{
    apr_int64_t number = 5;
    bool flag = true;
    double real = 5;
    const char *text = "kept";
    brood_bytes_t bytes = {NULL, 5};
    brood_entry_fn entry = work;
    brood_value_t found = brood_int(5);

    EXPECT_STATUS(BROOD_EKIND, brood_value_int(&number, brood_text("1")));
    EXPECT_MESSAGE("value is text, expected int");
    EXPECT_STATUS(BROOD_EKIND, brood_value_int(&number, brood_double(1)));
    EXPECT_STATUS(BROOD_EKIND, brood_value_int(&number, brood_bool(true)));
    EXPECT_STATUS(BROOD_EKIND, brood_value_bool(&flag, brood_int(0)));
    EXPECT_STATUS(BROOD_EKIND, brood_value_double(&real, brood_nil()));
    EXPECT_STATUS(BROOD_EKIND, brood_value_text(&text, brood_bytes("x", 1)));
    EXPECT_STATUS(BROOD_EKIND, brood_value_bytes(&bytes, brood_text("x")));
    EXPECT_STATUS(BROOD_EKIND, brood_value_entry(&entry, brood_text("main.work")));
    EXPECT_STATUS(BROOD_EKIND, brood_value_find(&found, brood_list(NULL, 0), brood_int(1)));
    EXPECT(number == 5 && flag && real == 5 && strcmp(text, "kept") == 0 && bytes.size == 5 && entry == work);
    EXPECT(found.as.integer == 5);
}

static void text_is_given_only_if_it_ends_in_nul_and_has_none_inside(void)
{
    const char *text = NULL;

    EXPECT_OK(brood_value_text(&text, brood_text("hello")));
    EXPECT_TEXT("hello", text);
    EXPECT_STATUS(BROOD_ERANGE, brood_value_text(&text, brood_text_n("hello", 4)));
    EXPECT_OK(brood_value_text(&text, brood_value_copy(brood_text_n("hello", 4), mem)));
    EXPECT_TEXT("hell", text);
    EXPECT_STATUS(BROOD_ERANGE, brood_value_text(&text, brood_value_copy(brood_text_n("a\0b", 3), mem)));
    EXPECT_TEXT("hell", text);
    EXPECT(brood_text(NULL).kind == BROOD_KIND_NIL);
}

static void lists_and_maps_can_be_looked_into(void)
{
    brood_value_t items[4];
    brood_value_t found = brood_nil();
    brood_value_t list, map;

    items[0] = brood_text("a");
    items[1] = brood_int(1);
    items[2] = brood_int(2);
    items[3] = brood_text("two");
    list = brood_list(items, 4);
    map = brood_map(items, 2);
    EXPECT(brood_value_count(list) == 4 && brood_value_count(map) == 2 && brood_value_count(brood_int(9)) == 0);
    EXPECT(brood_value_count(brood_text("abc")) == 3 && brood_value_count(brood_bytes("abc", 2)) == 2);
    EXPECT(brood_value_at(list, 1).as.integer == 1);
    EXPECT(brood_value_at(list, 4).kind == BROOD_KIND_NIL && brood_value_at(map, 0).kind == BROOD_KIND_NIL);
    EXPECT(brood_value_key_at(map, 1).as.integer == 2);
    EXPECT_TEXT("two", STRING(brood_value_item_at(map, 1)));
    EXPECT(brood_value_key_at(map, 2).kind == BROOD_KIND_NIL && brood_value_item_at(list, 0).kind == BROOD_KIND_NIL);
    EXPECT_OK(brood_value_find(&found, map, brood_double(2.0)));
    EXPECT_TEXT("two", STRING(found));
    EXPECT_STATUS(BROOD_ERANGE, brood_value_find(&found, map, brood_text("b")));
    EXPECT_MESSAGE("the map has no key 'b'");
}

static void numbers_are_equal_by_value_exactly(void)
{
    EXPECT(brood_value_equal(brood_int(1), brood_double(1.0)));
    EXPECT(brood_value_equal(brood_double(-0.0), brood_int(0)));
    EXPECT(!brood_value_equal(brood_bool(true), brood_int(1)));
    EXPECT(!brood_value_equal(brood_int(INT64_MAX), brood_double(9223372036854775808.0)));
    EXPECT(brood_value_equal(brood_uint(UINT64_C(1) << 63), brood_double(9223372036854775808.0)));
    EXPECT(!brood_value_equal(brood_uint(UINT64_MAX), brood_double(18446744073709551616.0)));
    EXPECT(brood_value_equal(brood_int(INT64_MIN), brood_double(-9223372036854775808.0)));
    EXPECT(!brood_value_equal(brood_int(INT64_MIN), brood_double(-DBL_MAX)));
    EXPECT(!brood_value_equal(brood_int(0), brood_double(0.5)) && !brood_value_equal(brood_int(0), brood_double(-0.5)));
    EXPECT(!brood_value_equal(brood_int(-1), brood_double(-1.5)));
    EXPECT(!brood_value_equal(brood_int(-1), brood_uint(UINT64_MAX)));
    EXPECT(brood_value_equal(brood_double(NAN), brood_double(NAN)));
    EXPECT(!brood_value_equal(brood_double(NAN), brood_int(0)));
    EXPECT(!brood_value_equal(brood_text("a"), brood_bytes("a", 1)));
    EXPECT(!brood_value_equal(brood_ext(1, "a", 1), brood_ext(2, "a", 1)));
}

static void maps_are_equal_in_any_order(void)
{
    brood_value_t a[6], b[6], inner[1];
    int i;

    inner[0] = brood_text("inside");
    for (i = 0; i < 3; i++) {
        a[2 * i] = b[4 - 2 * i] = brood_int(i);
        a[2 * i + 1] = b[4 - 2 * i + 1] = brood_list(inner, 1);
    }
    EXPECT(brood_value_equal(brood_map(a, 3), brood_map(b, 3)));
    b[0] = brood_int(3);
    EXPECT(!brood_value_equal(brood_map(a, 3), brood_map(b, 3)));
    b[0] = brood_int(2);
    b[1] = brood_nil();
    EXPECT(!brood_value_equal(brood_map(a, 3), brood_map(b, 3)));
    EXPECT(!brood_value_equal(brood_map(a, 3), brood_map(b, 2)));
    EXPECT(!brood_value_equal(brood_map(a, 3), brood_list(a, 6)));
}

static void a_copy_shares_nothing_with_its_original(void)
{
    char text[] = "text";
    char bytes[] = "bytes";
    brood_value_t inner[2], items[4], copy;

    inner[0] = brood_text(text);
    inner[1] = brood_bytes(bytes, 5);
    items[0] = brood_list(inner, 2);
    items[1] = brood_map(inner, 1);
    items[2] = brood_ext(9, bytes, 5);
    items[3] = brood_list(NULL, 0);
    copy = brood_value_copy(brood_list(items, 4), mem);
    EXPECT(brood_value_equal(copy, brood_list(items, 4)));
    memset(text, 'x', 4);
    memset(bytes, 'x', 5);
    inner[0] = items[2] = brood_nil();
    EXPECT_TEXT("[['text', b'bytes'], {'text': b'bytes'}, <ext 9 b'bytes'>, []]", STRING(copy));
}

static void a_list_that_holds_itself_is_refused_everywhere(void)
{
    brood_value_t self[2] = {{BROOD_KIND_NIL, 0, {0}}};
    brood_bytes_t bytes = {NULL, 7};

    self[0] = brood_list(self, 2);
    self[1] = brood_map(self, 1);
    EXPECT(brood_value_copy(self[0], mem).kind == BROOD_KIND_NIL);
    EXPECT(brood_last_error()->status == APR_EINVAL);
    EXPECT_TEXT("<nested too deeply>", STRING(self[0]));
    EXPECT_STATUS(BROOD_EENCODE, brood_value_encode(&bytes, self[1], mem));
    EXPECT(bytes.size == 7);
    EXPECT(!brood_value_equal(self[0], self[0]));
}

static void a_size_without_data_is_refused(void)
{
    EXPECT(brood_value_copy(brood_text_n(NULL, 1), mem).kind == BROOD_KIND_NIL);
    EXPECT(brood_last_error()->status == APR_EINVAL);
    EXPECT_TEXT("b''", STRING(brood_value_copy(brood_bytes(NULL, 0), mem)));
    EXPECT_TEXT("", STRING(brood_text_n(NULL, 0)));
}

static void a_range_is_a_list_of_numbers(void)
{
    EXPECT_TEXT("[-1, 0, 1]", STRING(brood_range(-1, 2, mem)));
    EXPECT_TEXT("[]", STRING(brood_range(2, 2, mem)));
    EXPECT_TEXT("[]", STRING(brood_range(INT64_MAX, INT64_MIN, mem)));
    EXPECT_TEXT("[9223372036854775806]", STRING(brood_range(INT64_MAX - 1, INT64_MAX, mem)));
    EXPECT(brood_range(INT64_MIN, INT64_MAX, mem).kind == BROOD_KIND_NIL);
    EXPECT(brood_last_error()->status == APR_ENOMEM);
}

static void values_print_as_in_python(void)
{
    brood_value_t items[8];

    items[0] = brood_int(42);
    items[1] = brood_nil();
    items[2] = brood_text("hello");
    items[3] = brood_bool(true);
    items[4] = brood_bool(false);
    items[5] = brood_uint(UINT64_MAX);
    items[6] = brood_int(INT64_MIN);
    items[7] = brood_double(1.5);
    EXPECT_TEXT("[42, None, 'hello', True, False, 18446744073709551615, -9223372036854775808, 1.5]",
                STRING(brood_list(items, 8)));
    EXPECT_TEXT("{42: None, 'hello': True}", STRING(brood_map(items, 2)));
    EXPECT_TEXT("hello", STRING(items[2]));
    EXPECT_TEXT("None", STRING(brood_nil()));
    EXPECT_TEXT("{}", STRING(brood_map(NULL, 0)));
    EXPECT_TEXT("b'a\\x00\\xff\\n\\'\"'", STRING(brood_bytes("a\0\xFF\n'\"", 6)));
    EXPECT_TEXT("<ext 5 b'x'>", STRING(brood_ext(5, "x", 1)));
    EXPECT_TEXT("<entry main.work>", STRING(brood_entry(work)));
    EXPECT_TEXT("<entry in no table>", STRING(brood_entry(hidden)));
    EXPECT_TEXT("<entry in no table>", STRING(brood_entry(NULL)));
}

static void texts_in_lists_are_quoted_as_in_python(void)
{
    static const char *const expected[][2] = {
        {"plain", "'plain'"},
        {"it's", "\"it's\""},
        {"\"it's\"", "'\"it\\'s\"'"},
        {"\"", "'\"'"},
        {"a\\b", "'a\\\\b'"},
        {"\n\r\t\x01\x7F", "'\\n\\r\\t\\x01\\x7f'"},
        {"caf\xC3\xA9 \xF0\x9F\x90\x98 \xE2\x82\xAC", "'caf\xC3\xA9 \xF0\x9F\x90\x98 \xE2\x82\xAC'"},
        {"\xC2\xA0\xC2\xAD\xC2\x85", "'\\xa0\\xad\\x85'"},
        {"\xE2\x80\xA8\xEF\xBB\xBF", "'\\u2028\\ufeff'"},
        {"\xF3\xA0\x80\x81", "'\\U000e0001'"},
        {"\xFF.", "'\\xff.'"},
    };
    brood_value_t item;
    char bracketed[100];
    size_t i;

    for (i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        item = brood_text(expected[i][0]);
        (void) snprintf(bracketed, sizeof bracketed, "[%s]", expected[i][1]);
        EXPECT_TEXT(bracketed, STRING(brood_list(&item, 1)));
    }
}

static void doubles_print_as_in_python(void)
{
    static const struct {
        double number;
        const char *expected;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {0.30000000000000004, "0.30000000000000004"},
        {100.0, "100.0"},
        {123456789.125, "123456789.125"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {9007199254740993.0, "9007199254740992.0"},
        {12345678901234567890.0, "1.2345678901234567e+19"},
        {1e22, "1e+22"},
        {1e100, "1e+100"},
        {1.5e300, "1.5e+300"},
        {0.0001, "0.0001"},
        {0.00012, "0.00012"},
        {0.00001, "1e-05"},
        {1.5e-7, "1.5e-07"},
        {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {3.14, "3.14"},
        {1e-10, "1e-10"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {0.05, "0.05"},
        {12.0, "12.0"},
        {1234.5, "1234.5"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        EXPECT_TEXT(cases[i].expected, STRING(brood_double(cases[i].number)));
}

static void doubles_print_the_same_in_every_locale(void)
{
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
        (void) printf("(no locale with a decimal comma here) ");
    EXPECT_TEXT("1.5", STRING(brood_double(1.5)));
    EXPECT_TEXT("1.25e-07", STRING(brood_double(1.25e-7)));
    (void) setlocale(LC_NUMERIC, "C");
}

static void long_values_print_whole(void)
{
    const char *printed = STRING(brood_range(0, 20000, mem));

    EXPECT(strlen(printed) == 20000 * 2 + 10 + 90 * 2 + 900 * 3 + 9000 * 4 + 10000 * 5);
    EXPECT(strcmp(printed + strlen(printed) - 8, " 19999]") >= 0);
}

static void a_large_key_is_named_in_short(void)
{
    char text[300];
    brood_value_t found, key;

    memset(text, 'k', sizeof text);
    key = brood_text_n(text, sizeof text);
    EXPECT_STATUS(BROOD_ERANGE, brood_value_find(&found, brood_map(NULL, 0), key));
    EXPECT_MESSAGE("kkkkkkk'...");
    EXPECT_STATUS(BROOD_ERANGE, brood_value_find(&found, brood_map(NULL, 0), brood_bytes(text, sizeof text)));
    EXPECT_STATUS(BROOD_ERANGE, brood_value_find(&found, brood_map(NULL, 0), brood_list(&key, 1)));
    EXPECT_MESSAGE("a list of 1 items");
}

int main(void)
{
    static const brood_test_t tests[] = {
        TEST(a_value_is_24_bytes),
        TEST(numbers_are_read_as_they_were_made),
        TEST(a_number_that_does_not_fit_is_refused_and_nothing_stored),
        TEST(another_kind_is_refused_by_name),
        TEST(text_is_given_only_if_it_ends_in_nul_and_has_none_inside),
        TEST(lists_and_maps_can_be_looked_into),
        TEST(numbers_are_equal_by_value_exactly),
        TEST(maps_are_equal_in_any_order),
        TEST(a_copy_shares_nothing_with_its_original),
        TEST(a_list_that_holds_itself_is_refused_everywhere),
        TEST(a_size_without_data_is_refused),
        TEST(a_range_is_a_list_of_numbers),
        TEST(values_print_as_in_python),
        TEST(texts_in_lists_are_quoted_as_in_python),
        TEST(doubles_print_as_in_python),
        TEST(doubles_print_the_same_in_every_locale),
        TEST(long_values_print_whole),
        TEST(a_large_key_is_named_in_short),
    };
    static const brood__entry_table_t names = {name_of, find_entry, NULL};
    int exitcode;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    brood__codec_entries(&names);
    exitcode = harness_run("value", tests, sizeof tests / sizeof tests[0]);
    apr_pool_destroy(mem);
    apr_terminate();
    return exitcode;
}
