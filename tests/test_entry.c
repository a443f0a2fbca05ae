/* test_entry.c - tables of functions, their names, and calls in this process (SPWN-09). */
#include "harness.h"

#include "process/entry.h"
#include <apr_general.h>
#include <brood.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *mem;

static apr_status_t square(brood_call_t *call)
{
    int x;

    BROOD_TRY(BROOD_UNPACK(call->args, &x));
    return brood_return(call, brood_int(x * x));
}

static apr_status_t echo(brood_call_t *call)
{
    return brood_return(call, call->args);
}

static apr_status_t name(brood_call_t *call)
{
    return brood_return(call, brood_text(call->name));
}

static apr_status_t silent(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static apr_status_t failing(brood_call_t *call)
{
    (void) call;
    return brood_fail(APR_ENOENT, "no such %s", "thing");
}

static apr_status_t twice(brood_call_t *call)
{
    BROOD_TRY(brood_return(call, brood_int(1)));
    return brood_return(call, brood_int(2));
}

static apr_status_t refused(brood_call_t *call)
{
    BROOD_TRY(brood_return(call, brood_int(1)));
    EXPECT_STATUS(BROOD_EENCODE, brood_return(call, brood_text("\xff")));
    return APR_SUCCESS;
}

static apr_status_t unlisted(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static const brood_entry_t first[] = {BROOD_ENTRY(square),  BROOD_ENTRY(echo),    BROOD_ENTRY(name),
                                      BROOD_ENTRY(silent),  BROOD_ENTRY(failing), BROOD_ENTRY(twice),
                                      BROOD_ENTRY(refused), BROOD_ENTRIES_END};
static const brood_entry_t second[] = {{"square", silent, NULL, NULL},
                                       {"alias", square, NULL, NULL},
                                       BROOD_ENTRIES_END};

static void a_module_adds_its_functions(void)
{
    uint64_t before = brood__entry_fingerprint();

    EXPECT(brood_entry_name(square) == NULL);
    EXPECT_OK(brood_register("first", first));
    EXPECT_TEXT("square", brood_entry_name(square));
    EXPECT_TEXT("first.square", brood__entry_full_name(square));
    EXPECT(brood__entry_by_name("first.square", 12) == square);
    EXPECT(brood__entry_by_name("first.squar", 11) == NULL);
    EXPECT(brood__entry_by_name("square", 6) == NULL);
    EXPECT(brood_entry_name(unlisted) == NULL);
    EXPECT(brood__entry_fingerprint() != before);
}

static void modules_may_use_equal_names_and_the_first_name_counts(void)
{
    EXPECT_OK(brood_register("second", second));
    EXPECT(brood__entry_by_name("second.square", 13) == silent);
    EXPECT(brood__entry_by_name("second.alias", 12) == square);
    EXPECT_TEXT("first.square", brood__entry_full_name(square));
    EXPECT_TEXT("first.silent", brood__entry_full_name(silent));
}

static void a_bad_table_changes_nothing(void)
{
    static const brood_entry_t doubled[] = {BROOD_ENTRY(echo),
                                            {"x", echo, NULL, NULL},
                                            {"x", square, NULL, NULL},
                                            BROOD_ENTRIES_END};
    static const brood_entry_t nameless[] = {{"y", echo, NULL, NULL}, {NULL, square, NULL, NULL}, BROOD_ENTRIES_END};
    static const brood_entry_t hollow[] = {{"z", NULL, NULL, NULL}, BROOD_ENTRIES_END};
    uint64_t before = brood__entry_fingerprint();

    EXPECT_STATUS(APR_EEXIST, brood_register("first", second));
    EXPECT_MESSAGE("first");
    EXPECT_STATUS(APR_EINVAL, brood_register("third", doubled));
    EXPECT_MESSAGE("third.x");
    EXPECT_STATUS(APR_EINVAL, brood_register("third", nameless));
    EXPECT_STATUS(APR_EINVAL, brood_register("third", hollow));
    EXPECT_STATUS(APR_EINVAL, brood_register("a.b", second));
    EXPECT_STATUS(APR_EINVAL, brood_register("", second));
    EXPECT_STATUS(APR_EINVAL, brood_register(NULL, second));
    EXPECT(brood__entry_fingerprint() == before);
    EXPECT(brood__entry_by_name("third.x", 7) == NULL);
    EXPECT_OK(brood_register("fir", NULL)); /* a name that another begins with, and no rows */
}

static void a_call_runs_the_entry_and_brings_its_result(void)
{
    brood_value_t result = brood_nil();
    int number = 0;

    EXPECT_OK(brood_call(&result, square, BROOD_ARGS(7), mem));
    EXPECT_OK(BROOD_READ(&number, result));
    EXPECT(number == 49);
    EXPECT_OK(brood_call(&result, echo, BROOD_ARGS("a", 1.5, BROOD_NIL), mem));
    EXPECT_TEXT("['a', 1.5, None]", brood_value_string(result, mem));
    EXPECT_OK(brood_call(&result, echo, brood_nil(), mem)); /* no arguments */
    EXPECT_TEXT("[]", brood_value_string(result, mem));
    EXPECT_OK(brood_call(&result, name, brood_nil(), mem));
    EXPECT_TEXT("name", brood_value_string(result, mem));
    EXPECT_OK(brood_call(NULL, square, BROOD_ARGS(7), mem));
}

static void without_a_result_it_is_nil_and_the_last_one_counts(void)
{
    brood_value_t result = brood_int(5);

    EXPECT_OK(brood_call(&result, silent, brood_nil(), mem));
    EXPECT(result.kind == BROOD_KIND_NIL);
    EXPECT_OK(brood_call(&result, twice, brood_nil(), mem));
    EXPECT_TEXT("2", brood_value_string(result, mem));
}

static void a_result_that_cannot_be_encoded_leaves_the_one_before(void)
{
    brood_value_t result = brood_nil();

    EXPECT_OK(brood_call(&result, refused, brood_nil(), mem));
    EXPECT_TEXT("1", brood_value_string(result, mem));
}

static void a_failure_passes_through_with_its_message(void)
{
    brood_value_t result = brood_int(5);

    EXPECT_STATUS(APR_ENOENT, brood_call(&result, failing, brood_nil(), mem));
    EXPECT_TEXT("no such thing", brood_last_error()->message);
    EXPECT(result.kind == BROOD_KIND_INT);
    EXPECT_STATUS(BROOD_EARGS, brood_call(&result, square, BROOD_ARGS("seven"), mem));
}

static void an_unregistered_function_is_refused_with_its_place(void)
{
    brood_value_t result;

    EXPECT_STATUS(BROOD_EENTRY, brood_call(&result, unlisted, brood_nil(), mem));
    EXPECT_MESSAGE("is in no entry table");
    EXPECT_MESSAGE("0x");
    EXPECT_STATUS(BROOD_EENTRY, brood_call(&result, NULL, brood_nil(), mem));
}

static void arguments_are_a_list_or_nil(void)
{
    brood_value_t result;

    EXPECT_STATUS(BROOD_EARGS, brood_call(&result, square, brood_int(7), mem));
    EXPECT_MESSAGE("int");
    EXPECT_STATUS(BROOD_EARGS, brood_call(&result, square, BROOD_MAP("x", 7), mem));
}

static void the_fingerprint_does_not_depend_on_the_order_of_modules(void)
{
    static const brood_entry_t table[] = {{"a", echo, NULL, NULL}, {"b", square, NULL, NULL}, BROOD_ENTRIES_END};
    static const brood_entry_t reversed[] = {{"b", square, NULL, NULL}, {"a", echo, NULL, NULL}, BROOD_ENTRIES_END};
    uint64_t once, again;

    brood__entry_clear();
    EXPECT_OK(brood_register("one", table));
    EXPECT_OK(brood_register("two", table));
    once = brood__entry_fingerprint();
    brood__entry_clear();
    EXPECT_OK(brood_register("two", reversed));
    EXPECT_OK(brood_register("one", reversed));
    again = brood__entry_fingerprint();
    EXPECT(once == again);
    brood__entry_clear();
    EXPECT_OK(brood_register("one", table));
    EXPECT(brood__entry_fingerprint() != once);
}

static void after_brood_init_it_is_too_late_to_register(void)
{
    char *argv[] = {"test", NULL};
    apr_pool_t *life;

    EXPECT(apr_pool_create(&life, mem) == APR_SUCCESS);
    EXPECT_OK(brood_init(1, argv, NULL, life));
    EXPECT_STATUS(BROOD_EMISUSE, brood_register("late", second));
    EXPECT_MESSAGE("late");
    apr_pool_destroy(life);
    EXPECT_OK(brood_register("late", second));
}

static const brood_test_t tests[] = {
    TEST(a_module_adds_its_functions),
    TEST(modules_may_use_equal_names_and_the_first_name_counts),
    TEST(a_bad_table_changes_nothing),
    TEST(a_call_runs_the_entry_and_brings_its_result),
    TEST(without_a_result_it_is_nil_and_the_last_one_counts),
    TEST(a_result_that_cannot_be_encoded_leaves_the_one_before),
    TEST(a_failure_passes_through_with_its_message),
    TEST(an_unregistered_function_is_refused_with_its_place),
    TEST(arguments_are_a_list_or_nil),
    TEST(the_fingerprint_does_not_depend_on_the_order_of_modules),
    TEST(after_brood_init_it_is_too_late_to_register),
};

int main(void)
{
    int result;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    result = harness_run("entry", tests, sizeof tests / sizeof *tests);
    brood__entry_clear();
    apr_pool_destroy(mem);
    apr_terminate();
    return result;
}
