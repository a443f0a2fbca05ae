/* test_pack.c - C variables to values and back, by type (GEN-02). */
#include "harness.h"

#include "base/kind.h"
#include <apr_general.h>
#include <brood/pack.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *mem;

#define STRING(value) brood_value_string((value), mem)

/* A kind of object that only this program has. */
#define TAG_COIN 200

typedef struct coin_t {
    const brood__kind_t *kind;
    int side;
} coin_t;

static apr_status_t coin_copy(void **copied, void *object, apr_pool_t *into)
{
    *copied = apr_palloc(into, sizeof(coin_t));
    memcpy(*copied, object, sizeof(coin_t));
    return APR_SUCCESS;
}

static bool coin_same(const void *a, const void *b)
{
    return ((const coin_t *) a)->side == ((const coin_t *) b)->side;
}

static const char *coin_string(void *object, apr_pool_t *into)
{
    (void) into;
    return ((coin_t *) object)->side == 1 ? "<Coin heads>" : "<Coin tails>";
}

static const brood__kind_t coin_kind = {
    .tag = TAG_COIN, .name = "Coin", .copy = coin_copy, .same = coin_same, .string = coin_string};

static apr_status_t work(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static void every_c_type_becomes_the_value_it_should(void)
{
    const char *constant = "constant";
    char variable[] = "variable";
    brood_entry_fn entry = work;
    bool flag = true;

    EXPECT(BROOD_VALUE((char) 'a').as.integer == 'a');
    EXPECT(BROOD_VALUE((signed char) -5).as.integer == -5);
    EXPECT(BROOD_VALUE((unsigned char) 250).as.integer == 250);
    EXPECT(BROOD_VALUE((short) -300).as.integer == -300);
    EXPECT(BROOD_VALUE((unsigned short) 65000).as.integer == 65000);
    EXPECT(BROOD_VALUE(-7).as.integer == -7);
    EXPECT(BROOD_VALUE(4000000000u).as.integer == 4000000000);
    EXPECT(BROOD_VALUE(LONG_MIN).as.integer == LONG_MIN);
    EXPECT(BROOD_VALUE(LLONG_MIN).as.integer == LLONG_MIN);
    EXPECT(BROOD_VALUE(5ul).kind == BROOD_KIND_INT);
    EXPECT(BROOD_VALUE(ULLONG_MAX).as.natural == ULLONG_MAX);
    EXPECT(BROOD_VALUE(1.5f).as.real == 1.5);
    EXPECT(BROOD_VALUE(0.1).as.real == (double) 0.1);
    EXPECT(BROOD_VALUE(flag).kind == BROOD_KIND_BOOL);
    EXPECT_TEXT("literal", STRING(BROOD_VALUE("literal")));
    EXPECT_TEXT("constant", STRING(BROOD_VALUE(constant)));
    EXPECT_TEXT("variable", STRING(BROOD_VALUE(variable)));
    EXPECT(BROOD_VALUE(work).as.entry == work);
    EXPECT(BROOD_VALUE(entry).as.entry == work);
    EXPECT(BROOD_VALUE(BROOD_NIL).kind == BROOD_KIND_NIL);
}

static void lists_and_maps_are_written_in_place(void)
{
    EXPECT_TEXT("[42, None, 'hello', [1.5]]", STRING(BROOD_LIST(42, BROOD_NIL, "hello", BROOD_LIST(1.5))));
    EXPECT_TEXT("{'rate': 1.5, 'name': 'x'}", STRING(BROOD_MAP("rate", 1.5, "name", "x")));
    EXPECT_TEXT("[]", STRING(BROOD_NO_ARGS));
    EXPECT(brood_value_count(BROOD_LIST(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
                                        23, 24, 25, 26, 27, 28, 29, 30, 31, 32))
           == 32);
}

static void items_are_evaluated_once(void)
{
    int n = 0;

    EXPECT_TEXT("[1]", STRING(BROOD_LIST(++n)));
    EXPECT_OK(BROOD_READ((n++, &n), brood_int(7)));
    EXPECT(n == 7);
}

static void every_variable_gets_its_argument(void)
{
    brood_value_t any = brood_nil();
    bool flag = false;
    short s = 0;
    int i = 0;
    long l = 0;
    long long ll = 0;
    unsigned short us = 0;
    unsigned u = 0;
    unsigned long ul = 0;
    unsigned long long ull = 0;
    float f = 0;
    double d = 0;
    const char *text = NULL;
    brood_bytes_t bytes = {NULL, 0};
    brood_entry_fn entry = NULL;

    EXPECT_OK(
        BROOD_UNPACK(BROOD_ARGS(BROOD_LIST(1), brood_bool(true), SHRT_MIN, INT_MAX, LONG_MIN, LLONG_MAX, USHRT_MAX,
                                UINT_MAX, ULONG_MAX, ULLONG_MAX, 1.5, 0.1, "Mike", brood_bytes("ab", 2), work),
                     &any, &flag, &s, &i, &l, &ll, &us, &u, &ul, &ull, &f, &d, &text, &bytes, &entry));
    EXPECT(any.kind == BROOD_KIND_LIST && flag && s == SHRT_MIN && i == INT_MAX && l == LONG_MIN && ll == LLONG_MAX);
    EXPECT(us == USHRT_MAX && u == UINT_MAX && ul == ULONG_MAX && ull == ULLONG_MAX);
    EXPECT(f == 1.5f && d == (double) 0.1 && entry == work && bytes.size == 2 && memcmp(bytes.data, "ab", 2) == 0);
    EXPECT_TEXT("Mike", text);
}

static void no_arguments_fit_no_variables(void)
{
    EXPECT_OK(brood_unpack(BROOD_NO_ARGS, NULL, 0));
}

static void a_wrong_number_of_arguments_is_named(void)
{
    int a = 5, b = 5;

    EXPECT_STATUS(BROOD_EARGS, BROOD_UNPACK(BROOD_ARGS(1), &a, &b));
    EXPECT_TEXT("1 argument given, 2 expected", brood_last_error()->message);
    EXPECT_STATUS(BROOD_EARGS, BROOD_UNPACK(BROOD_ARGS(1, 2, 3), &a, &b));
    EXPECT_TEXT("3 arguments given, 2 expected", brood_last_error()->message);
    EXPECT_STATUS(BROOD_EARGS, BROOD_UNPACK(brood_nil(), &a, &b));
    EXPECT_TEXT("arguments are nil, expected list", brood_last_error()->message);
    EXPECT_STATUS(BROOD_EARGS, BROOD_UNPACK(BROOD_MAP(1, 2), &a, &b));
    EXPECT(a == 5 && b == 5);
}

static void a_wrong_kind_names_index_and_kinds_and_stores_nothing(void)
{
    int a = 5, b = 5;
    const char *text = "kept";

    EXPECT_STATUS(BROOD_EARGS, BROOD_UNPACK(BROOD_ARGS(1, "two", "three"), &a, &b, &text));
    EXPECT_TEXT("argument 2 is text, expected int", brood_last_error()->message);
    EXPECT(brood_last_error()->item == 1);
    EXPECT(a == 5 && b == 5 && strcmp(text, "kept") == 0);
    EXPECT_STATUS(BROOD_EARGS, BROOD_UNPACK(BROOD_ARGS(1, 2, BROOD_NIL), &a, &b, &text));
    EXPECT_TEXT("argument 3 is nil, expected text", brood_last_error()->message);
    EXPECT(a == 5 && b == 5);
}

static void a_number_out_of_range_is_named_and_nothing_stored(void)
{
    int first = 5;
    short s = 5;
    int i = 5;
    unsigned short us = 5;
    unsigned u = 5;
    long long ll = 5;
    unsigned long long ull = 5;
    float f = 5;

    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, 32768), &first, &s));
    EXPECT_TEXT("argument 2 is 32768, which does not fit a signed 16-bit number", brood_last_error()->message);
    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, -32769), &first, &s));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, 2147483648ll), &first, &i));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, -2147483649ll), &first, &i));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, 65536), &first, &us));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, -1), &first, &u));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, 4294967296ll), &first, &u));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, ULLONG_MAX), &first, &ll));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, LLONG_MIN), &first, &ull));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, DBL_MAX), &first, &f));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_UNPACK(BROOD_ARGS(1, 16777217), &first, &f));
    EXPECT(brood_last_error()->item == 1);
    EXPECT(first == 5 && s == 5 && i == 5 && us == 5 && u == 5 && ll == 5 && ull == 5 && f == 5);
}

static void a_float_takes_what_it_can_hold(void)
{
    float f = 0;
    double d = 0;

    EXPECT_OK(BROOD_READ(&f, brood_double(0.1)));
    EXPECT(f == (float) 0.1f);
    EXPECT_OK(BROOD_READ(&f, brood_int(16777216)));
    EXPECT(f == 16777216.0f);
    EXPECT_OK(BROOD_READ(&f, brood_double(-INFINITY)));
    EXPECT(isinf(f));
    EXPECT_OK(BROOD_READ(&f, brood_double(NAN)));
    EXPECT(isnan(f));
    EXPECT_OK(BROOD_READ(&d, brood_int(3)));
    EXPECT(d == 3);
    EXPECT_STATUS(BROOD_ERANGE, BROOD_READ(&d, brood_int(INT64_MAX)));
}

static void one_value_is_read_with_the_getters_statuses(void)
{
    int i = 5;
    bool flag = false;
    const char *text = "kept";

    EXPECT_STATUS(BROOD_EKIND, BROOD_READ(&i, brood_text("x")));
    EXPECT_TEXT("value is text, expected int", brood_last_error()->message);
    EXPECT_STATUS(BROOD_EKIND, BROOD_READ(&i, brood_bool(true)));
    EXPECT_STATUS(BROOD_EKIND, BROOD_READ(&flag, brood_int(1)));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_READ(&i, brood_int(INT64_MAX)));
    EXPECT_STATUS(BROOD_ERANGE, BROOD_READ(&text, brood_text_n("abc", 2)));
    EXPECT(brood_last_error()->item == -1);
    EXPECT(i == 5 && !flag && strcmp(text, "kept") == 0);
    EXPECT_OK(BROOD_READ(&i, brood_int(6)));
    EXPECT(i == 6);
}

static void an_object_is_handed_through_by_its_kind(void)
{
    coin_t coin = {&coin_kind, 1};
    coin_t *taken = NULL;
    void *object = NULL;
    brood_value_t value = brood__kind_to_value(TAG_COIN, &coin);
    const brood_slot_t slot = brood__kind_slot(TAG_COIN, (void *) &taken);
    const brood_slot_t other = brood__kind_slot(BROOD__TAG_QUEUE, (void *) &taken);
    int i;

    EXPECT_STATUS(BROOD_EKIND, brood_read(other, value));
    EXPECT_MESSAGE("value is Coin, expected ");
    EXPECT_STATUS(BROOD_EKIND, BROOD_READ(&i, value));
    EXPECT_TEXT("value is Coin, expected int", brood_last_error()->message);
    EXPECT_STATUS(BROOD_EARGS, brood_unpack(BROOD_ARGS(5), &slot, 1));
    EXPECT_TEXT("argument 1 is int, expected Coin", brood_last_error()->message);
    EXPECT(taken == NULL);
    EXPECT_OK(brood_unpack(BROOD_ARGS(value), &slot, 1));
    EXPECT(taken == &coin);
    EXPECT_OK(brood__kind_from_value(&object, TAG_COIN, value));
    EXPECT(object == &coin);
    EXPECT_STATUS(BROOD_EKIND, brood__kind_from_value(&object, TAG_COIN, brood_int(1)));
    EXPECT_TEXT("value is int, expected Coin", brood_last_error()->message);
    EXPECT(brood__kind_to_value(TAG_COIN, NULL).kind == BROOD_KIND_NIL);
}

static void objects_compare_copy_and_print_by_their_kind(void)
{
    coin_t coin = {&coin_kind, 1};
    coin_t same = {&coin_kind, 1};
    coin_t other = {&coin_kind, 0};
    brood_value_t value = brood__kind_to_value(TAG_COIN, &coin);
    brood_value_t copy = brood_value_copy(BROOD_LIST(value), mem);

    EXPECT(brood_value_equal(value, brood__kind_to_value(TAG_COIN, &same)));
    EXPECT(!brood_value_equal(value, brood__kind_to_value(TAG_COIN, &other)));
    EXPECT(brood_value_equal(brood_value_at(copy, 0), value));
    EXPECT(brood_value_at(copy, 0).as.object != &coin);
    EXPECT_TEXT("[<Coin heads>, <Coin tails>]", STRING(BROOD_LIST(value, brood__kind_to_value(TAG_COIN, &other))));
    EXPECT(brood_value_copy(brood__kind_to_value(199, &coin), mem).kind == BROOD_KIND_NIL);
    EXPECT(brood_last_error()->status == BROOD_EKIND);
}

static void a_named_argument_is_found_in_a_map(void) /* GEN-02 */
{
    brood_value_t options = BROOD_MAP("rate", 1.5, "name", "x");
    brood_value_t found;
    double rate = 0;

    EXPECT_OK(brood_value_find(&found, options, brood_text("rate")));
    EXPECT_OK(BROOD_READ(&rate, found));
    EXPECT(rate == 1.5);
    EXPECT_STATUS(BROOD_ERANGE, brood_value_find(&found, options, brood_text("absent")));
}

int main(void)
{
    static const brood_test_t tests[] = {
        TEST(every_c_type_becomes_the_value_it_should),
        TEST(lists_and_maps_are_written_in_place),
        TEST(items_are_evaluated_once),
        TEST(every_variable_gets_its_argument),
        TEST(no_arguments_fit_no_variables),
        TEST(a_wrong_number_of_arguments_is_named),
        TEST(a_wrong_kind_names_index_and_kinds_and_stores_nothing),
        TEST(a_number_out_of_range_is_named_and_nothing_stored),
        TEST(a_float_takes_what_it_can_hold),
        TEST(one_value_is_read_with_the_getters_statuses),
        TEST(an_object_is_handed_through_by_its_kind),
        TEST(objects_compare_copy_and_print_by_their_kind),
        TEST(a_named_argument_is_found_in_a_map),
    };
    int exitcode;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    brood__kind_register(&coin_kind);
    exitcode = harness_run("pack", tests, sizeof tests / sizeof tests[0]);
    apr_pool_destroy(mem);
    apr_terminate();
    return exitcode;
}
