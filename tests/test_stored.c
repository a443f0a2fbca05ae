/* What a manager keeps: values by themselves, in arrays and in tables.  Without a server. */
#include "harness.h"
#include "manager/stored_array.h"
#include "manager/stored_table.h"
#include <apr_general.h>
#include <brood/pack.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *mem;

static brood__stored_t *stored_of(brood_value_t value)
{
    brood__stored_t *stored = NULL;

    EXPECT_OK(brood__stored_create(&stored, value));
    return stored;
}

static bool equals(brood_value_t a, brood_value_t b)
{
    brood__stored_t *one = stored_of(a), *other = stored_of(b);
    const bool equal = brood__stored_equals(one, other, mem);

    EXPECT(equal == brood_value_equal(a, b));
    EXPECT(equal == brood__stored_equals(other, one, mem));
    brood__stored_free(one);
    brood__stored_free(other);
    return equal;
}

static void comes_back(brood_value_t value)
{
    brood__stored_t *stored = stored_of(value);
    brood_value_t back = brood_nil();
    brood_bytes_t encoded;

    EXPECT_OK(brood__stored_value(&back, stored, mem));
    EXPECT(brood_value_equal(value, back));
    EXPECT(back.kind == value.kind);
    EXPECT_OK(brood_value_encode(&encoded, value, mem)); /* the same bytes, behind a first one */
    EXPECT(encoded.size == stored->size + 1
           && memcmp((const char *) encoded.data + 1, stored->bytes, stored->size) == 0);
    brood__stored_free(stored);
}

/* Also at each size from which text and bytes have a longer head. */
static void values_come_back_as_they_were(void)
{
    static const size_t sizes[] = {0, 1, 31, 32, 255, 256, 65535, 65536, 300000};
    char *data = apr_pcalloc(mem, 300000);

    comes_back(brood_nil());
    comes_back(brood_bool(true));
    comes_back(brood_int(INT64_MIN));
    comes_back(brood_uint(UINT64_MAX));
    comes_back(brood_double(0.1));
    comes_back(brood_ext(5, "abc", 3));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        comes_back(brood_text_n(memset(data, 'x', sizes[i]), sizes[i]));
        comes_back(brood_bytes(data, sizes[i]));
        comes_back(BROOD_LIST(brood_bytes(data, sizes[i]), BROOD_MAP("a", 1)));
    }
}

/* SPEC GEN-03: what brood_value_equal says, also where the bytes differ. */
static void equal_values_are_equal_when_stored(void)
{
    const brood_value_t one_way = BROOD_MAP("a", 1, "b", BROOD_LIST(2.0));
    const brood_value_t other_way = BROOD_MAP("b", BROOD_LIST(2), "a", 1.0);

    EXPECT(equals(brood_int(1), brood_double(1.0)));
    EXPECT(equals(brood_int(0), brood_double(-0.0)));
    EXPECT(equals(brood_double(0.0), brood_double(-0.0)));
    EXPECT(equals(brood_int(INT64_MIN), brood_double(-9223372036854775808.0)));
    EXPECT(equals(brood_uint(UINT64_C(1) << 63), brood_double(9223372036854775808.0)));
    EXPECT(equals(brood_double(NAN), brood_double(-NAN)));
    EXPECT(equals(one_way, other_way));
    EXPECT(equals(BROOD_LIST(1, BROOD_LIST(2)), BROOD_LIST(1.0, BROOD_LIST(2.0))));
}

static void other_values_are_not_equal_when_stored(void)
{
    EXPECT(!equals(brood_int(1), brood_bool(true)));
    EXPECT(!equals(brood_int(1), brood_text("1")));
    EXPECT(!equals(brood_text("a"), brood_bytes("a", 1)));
    EXPECT(!equals(brood_int(-1), brood_uint(UINT64_MAX)));
    EXPECT(!equals(brood_int((INT64_C(1) << 53) + 1), brood_double(9007199254740992.0)));
    EXPECT(!equals(brood_nil(), brood_bool(false)));
    EXPECT(!equals(BROOD_LIST(1, 2), BROOD_LIST(2, 1)));
    EXPECT(!equals(BROOD_MAP("a", "b"), BROOD_MAP("b", "a")));
    EXPECT(!equals(brood_ext(1, "a", 1), brood_ext(2, "a", 1)));
}

/* ---- arrays ---- */

/* The same numbers in a plain array. */
typedef struct model_t {
    int64_t numbers[4096];
    size_t count;
} model_t;

static void model_replace(model_t *model, size_t place, size_t removed, int64_t first, size_t added)
{
    memmove(model->numbers + place + added, model->numbers + place + removed,
            (model->count - place - removed) * sizeof *model->numbers);
    for (size_t i = 0; i < added; i++)
        model->numbers[place + i] = first + (int64_t) i;
    model->count = model->count - removed + added;
}

static int64_t number_in(const brood__stored_t *stored)
{
    brood_value_t value = brood_nil();

    EXPECT_OK(brood__stored_value(&value, stored, mem));
    return value.as.integer;
}

static bool same(const brood__stored_array_t *array, const model_t *model)
{
    bool same = array->count == model->count && array->first + array->count <= array->room + (array->room == 0);

    for (size_t i = 0; same && i < model->count; i++)
        same = number_in(*brood__stored_array_at(array, i)) == model->numbers[i];
    return same;
}

static void replace_both(brood__stored_array_t *array, model_t *model, size_t place, size_t removed, size_t added)
{
    static int64_t next;
    brood__stored_t *items[64] = {NULL};

    for (size_t i = 0; i < added; i++)
        items[i] = stored_of(brood_int(next + (int64_t) i));
    EXPECT_OK(brood__stored_array_replace(array, place, removed, items, added));
    model_replace(model, place, removed, next, added);
    next += (int64_t) added;
}

static uint32_t chance(uint32_t below)
{
    static uint64_t state = 88172645463325252;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t) (state >> 32) % below;
}

static void an_array_is_what_was_done_to_it(void)
{
    static model_t model;
    brood__stored_array_t array = {0};
    bool right = true;

    model.count = 0;
    for (int i = 0; i < 4000; i++) {
        const size_t place = chance((uint32_t) model.count + 1), left = model.count - place;
        const size_t removed = chance((uint32_t) (left < 40 ? left : 40) + 1);
        const bool grow = (i / 500) % 2 == 0;

        replace_both(&array, &model, place, grow ? removed / 4 : removed, chance(grow ? 20 : 10));
        if (model.count > 3900)
            replace_both(&array, &model, 10, 3800, 0);
        right = right && (i % 16 != 0 || same(&array, &model));
    }
    EXPECT(right && same(&array, &model));
    replace_both(&array, &model, 0, model.count, 0);
    EXPECT(array.count == 0 && array.room <= 64);
    brood__stored_array_clear(&array);
}

/* Also one that is empty now and then, and whose items wander through the room. */
static void both_ends_of_an_array_are_ends(void)
{
    static model_t model;
    brood__stored_array_t array = {0};

    model.count = 0;
    for (int i = 0; i < 3000; i++) {
        replace_both(&array, &model, model.count, 0, 1 + (size_t) i % 3);
        replace_both(&array, &model, 0, 1 + (size_t) i % 3, 0);
    }
    EXPECT(array.count == 0 && array.room <= 64);
    for (int i = 0; i < 3000; i++)
        replace_both(&array, &model, i % 2 == 0 ? 0 : model.count, 0, 1);
    EXPECT(same(&array, &model));
    for (int i = 0; i < 3000; i++)
        replace_both(&array, &model, i % 3 == 0 ? 0 : model.count - 1, 1, 0);
    EXPECT(array.count == 0);
    brood__stored_array_clear(&array);
}

/* ---- tables ---- */

#define KEYS 300

static brood__stored_pair_t *find(const brood__stored_table_t *table, int key)
{
    brood__stored_t *stored = stored_of(brood_int(key));
    brood__stored_pair_t *pair = brood__stored_table_find(table, stored, mem);

    brood__stored_free(stored);
    return pair;
}

static void add(brood__stored_table_t *table, int key, int value)
{
    EXPECT_OK(brood__stored_table_reserve(table, 1));
    brood__stored_table_add(table, stored_of(brood_int(key)), stored_of(brood_int(value)));
}

/* `order` has the keys as they came. */
static bool is_in_order(const brood__stored_table_t *table, const int *order, size_t count)
{
    bool right = table->count == count;
    size_t at = 0;

    for (size_t i = 0; right && i < count; i++)
        right = number_in(brood__stored_table_next(table, &at)->key) == order[i];
    return right && brood__stored_table_next(table, &at) == NULL
           && (count == 0) == (brood__stored_table_last(table) == NULL);
}

static size_t forget(int *order, size_t count, int key)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (order[i] != key)
            order[kept++] = order[i];
    return kept;
}

static void a_table_keeps_the_order_in_which_keys_came(void)
{
    brood__stored_table_t table = {0};
    int order[KEYS], values[KEYS] = {0};
    size_t count = 0;
    bool right = true;

    for (int i = 1; i < 30000; i++) {
        const int key = (int) chance((i / 3000) % 2 == 0 ? KEYS : 20);
        brood__stored_pair_t *pair = find(&table, key);

        right =
            right && (pair != NULL) == (values[key] != 0) && (pair == NULL || number_in(pair->value) == values[key]);
        if (pair == NULL) {
            add(&table, key, i);
            values[key] = i;
            order[count++] = key;
        } else {
            brood__stored_table_remove(&table, pair);
            values[key] = 0;
            count = forget(order, count, key);
        }
        right = right && (i % 64 != 0 || is_in_order(&table, order, count));
    }
    EXPECT(right && is_in_order(&table, order, count));
    while (brood__stored_table_last(&table) != NULL)
        brood__stored_table_remove(&table, brood__stored_table_last(&table));
    EXPECT(table.count == 0 && table.used == 0 && table.room <= 32);
    brood__stored_table_clear(&table);
}

/* A position of an iteration is worth something only as long as this stays as it is. */
static void each_key_that_comes_or_goes_is_a_change(void)
{
    brood__stored_table_t table = {0};
    uint32_t seen;

    add(&table, 1, 1);
    seen = table.changes;
    EXPECT_OK(brood__stored_table_reserve(&table, 1000));
    EXPECT(table.changes == seen);
    add(&table, 2, 1);
    EXPECT(table.changes != seen);
    seen = table.changes;
    brood__stored_table_remove(&table, find(&table, 1));
    EXPECT(table.changes != seen);
    seen = table.changes;
    brood__stored_table_clear(&table);
    EXPECT(table.changes != seen);
}

int main(void)
{
    static const brood_test_t tests[] = {
        TEST(values_come_back_as_they_were),           TEST(equal_values_are_equal_when_stored),
        TEST(other_values_are_not_equal_when_stored),  TEST(an_array_is_what_was_done_to_it),
        TEST(both_ends_of_an_array_are_ends),          TEST(a_table_keeps_the_order_in_which_keys_came),
        TEST(each_key_that_comes_or_goes_is_a_change),
    };
    int failed;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    failed = harness_run("stored", tests, sizeof tests / sizeof *tests);
    apr_pool_destroy(mem);
    apr_terminate();
    return failed;
}
