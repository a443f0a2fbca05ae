/* test_codec.c - values to bytes and back, whatever the bytes are (GEN-03, GEN-04, CONN-30). */
#include "harness.h"

#include "base/codec.h"
#include "base/kind.h"
#include "base/value.h"
#include <apr_general.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *mem;

#define BYTES(literal) literal, sizeof literal - 1

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

static const brood__entry_names_t entry_names = {name_of, find_entry};

/* A kind of object that only this program has. */
#define TAG_COIN 200

static int coins[3];
static int *closed_coin;
static int handed_over;
static uint32_t handed_to;

static apr_status_t coin_pack(uint64_t *word, void *object, uint32_t to)
{
    if (object == closed_coin)
        return brood_fail_text(BROOD_ECLOSED, "Coin is closed");
    *word = UINT64_C(0x8000000000000001) + (uint64_t) ((int *) object - coins);
    handed_over++;
    handed_to = to;
    return APR_SUCCESS;
}

static apr_status_t coin_unpack(void **object, uint64_t word, apr_pool_t *into)
{
    (void) into;
    if (word - UINT64_C(0x8000000000000001) > 2)
        return brood_fail_text(BROOD_EDECODE, "no such Coin");
    *object = &coins[word - UINT64_C(0x8000000000000001)];
    return APR_SUCCESS;
}

static bool coin_same(const void *a, const void *b)
{
    return a == b;
}

static const brood__kind_t coin_kind = {
    .tag = TAG_COIN, .name = "Coin", .pack = coin_pack, .unpack = coin_unpack, .same = coin_same};

static apr_status_t decode(brood_value_t *value, const void *data, size_t size)
{
    return brood__decode(value, data, size, true, mem);
}

/* The value encodes to exactly these bytes, and they decode to it. */
static void expect_bytes(brood_value_t value, const char *bytes, size_t size)
{
    unsigned char room[600];
    brood__output_t output = {room, 0, sizeof room, NULL};
    brood_value_t back;

    EXPECT_OK(brood__encode(&output, value, 0));
    EXPECT(output.size == size && memcmp(room, bytes, size) == 0);
    if (EXPECT_OK(decode(&back, bytes, size))) {
        EXPECT(back.kind == value.kind);
        EXPECT(brood_value_equal(back, value));
    }
}

static void refuse(apr_status_t expected, const void *bytes, size_t size)
{
    /* In a block of just this size, so that a sanitizer sees a byte read too many. */
    unsigned char *exact = malloc(size == 0 ? 1 : size);
    brood_value_t value = brood_int(77);

    memcpy(exact, bytes, size);
    EXPECT_STATUS(expected, decode(&value, exact, size));
    EXPECT(value.kind == BROOD_KIND_INT && value.as.integer == 77);
    free(exact);
}

static void scalars_have_the_shortest_messagepack_form(void)
{
    expect_bytes(brood_nil(), BYTES("\xC0"));
    expect_bytes(brood_bool(false), BYTES("\xC2"));
    expect_bytes(brood_bool(true), BYTES("\xC3"));
    expect_bytes(brood_int(0), BYTES("\x00"));
    expect_bytes(brood_int(127), BYTES("\x7F"));
    expect_bytes(brood_int(128), BYTES("\xCC\x80"));
    expect_bytes(brood_int(256), BYTES("\xCD\x01\x00"));
    expect_bytes(brood_int(65536), BYTES("\xCE\x00\x01\x00\x00"));
    expect_bytes(brood_int(INT64_C(1) << 32), BYTES("\xCF\x00\x00\x00\x01\x00\x00\x00\x00"));
    expect_bytes(brood_int(INT64_MAX), BYTES("\xCF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
    expect_bytes(brood_uint(UINT64_MAX), BYTES("\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
    expect_bytes(brood_int(-1), BYTES("\xFF"));
    expect_bytes(brood_int(-32), BYTES("\xE0"));
    expect_bytes(brood_int(-33), BYTES("\xD0\xDF"));
    expect_bytes(brood_int(-129), BYTES("\xD1\xFF\x7F"));
    expect_bytes(brood_int(-32769), BYTES("\xD2\xFF\xFF\x7F\xFF"));
    expect_bytes(brood_int(INT64_MIN), BYTES("\xD3\x80\x00\x00\x00\x00\x00\x00\x00"));
    expect_bytes(brood_double(1.0), BYTES("\xCB\x3F\xF0\x00\x00\x00\x00\x00\x00"));
}

/* By itself a number takes a short way through the codec, in a list the long one. */
static void a_number_has_the_same_bytes_alone_and_in_a_list(void)
{
    unsigned char alone[16], listed[16];
    brood_value_t values[5], back;
    int shift, i, off;

    for (shift = 0; shift < 64; shift++) {
        for (off = -2; off <= 2; off++) {
            apr_uint64_t number = (UINT64_C(1) << shift) + (apr_uint64_t) off;

            values[0] = brood_uint(number);
            values[1] = brood_int((apr_int64_t) (number >> 1));
            values[2] = brood_int(-1 - (apr_int64_t) (number >> 1));
            values[3] = brood_double(0);
            memcpy(&values[3].as.real, &number, sizeof number);
            values[4] = (brood_value_t){.kind = BROOD_KIND_UINT, .as.natural = number}; /* whatever its size */
            for (i = 0; i < 5; i++) {
                brood__output_t output = {alone, 0, sizeof alone, NULL};
                brood__output_t list = {listed, 0, sizeof listed, NULL};

                EXPECT_OK(brood__encode(&output, values[i], 0));
                EXPECT_OK(brood__encode(&list, brood_list(&values[i], 1), 0));
                EXPECT(list.size == output.size + 1 && memcmp(alone, listed + 1, output.size) == 0);
                EXPECT_OK(decode(&back, alone, output.size));
                EXPECT(brood_value_equal(back, values[i]));
                EXPECT(back.kind != BROOD_KIND_UINT || back.as.natural > INT64_MAX);
            }
        }
    }
}

static void containers_and_extensions_have_messagepack_form(void)
{
    brood_value_t items[4];

    items[0] = brood_text("a");
    items[1] = brood_int(1);
    items[2] = brood_nil();
    items[3] = brood_list(NULL, 0);
    expect_bytes(brood_list(items, 4), BYTES("\x94\xA1" "a\x01\xC0\x90"));
    expect_bytes(brood_map(items, 2), BYTES("\x82\xA1" "a\x01\xC0\x90"));
    expect_bytes(brood_map(NULL, 0), BYTES("\x80"));
    expect_bytes(brood_text(""), BYTES("\xA0"));
    expect_bytes(brood_bytes("xy", 2), BYTES("\xC4\x02xy"));
    expect_bytes(brood_bytes(NULL, 0), BYTES("\xC4\x00"));
    expect_bytes(brood_ext(5, "abcd", 4), BYTES("\xD6\x05" "abcd"));
    expect_bytes(brood_ext(0, NULL, 0), BYTES("\xC7\x00\x00"));
    expect_bytes(brood_ext(127, "abc", 3), BYTES("\xC7\x03\x7F" "abc"));
    expect_bytes(brood_entry(work), BYTES("\xC7\x09\xFEmain.work"));
}

static void doubles_arrive_bit_for_bit(void)
{
    static const double numbers[] = {0.0,     -0.0,    0.1,     DBL_MAX, DBL_MIN,  DBL_EPSILON,
                                     5e-324, -1.0 / 3, INFINITY, -INFINITY, NAN};
    brood__output_t output = {NULL, 0, 0, mem};
    brood_value_t back;
    size_t i;

    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        output.size = 0;
        EXPECT_OK(brood__encode(&output, brood_double(numbers[i]), 0));
        EXPECT_OK(decode(&back, output.data, output.size));
        EXPECT(memcmp(&back.as.real, &numbers[i], sizeof(double)) == 0);
    }
}

static void other_forms_of_messagepack_are_read(void)
{
    brood_value_t value;

    EXPECT_OK(decode(&value, BYTES("\xCA\x3F\xC0\x00\x00"))); /* a float */
    EXPECT(value.kind == BROOD_KIND_DOUBLE && value.as.real == 1.5);
    EXPECT_OK(decode(&value, BYTES("\xCF\x00\x00\x00\x00\x00\x00\x00\x05"))); /* 5 in eight bytes */
    EXPECT(value.kind == BROOD_KIND_INT && value.as.integer == 5);
    EXPECT_OK(decode(&value, BYTES("\xDB\x00\x00\x00\x01x")));
    EXPECT(value.kind == BROOD_KIND_TEXT && value.as.text.size == 1);
    EXPECT_OK(decode(&value, BYTES("\xDF\x00\x00\x00\x00")));
    EXPECT(value.kind == BROOD_KIND_MAP && value.as.list.count == 0);
    EXPECT_OK(decode(&value, BYTES("\xC9\x00\x00\x00\x01\x07x")));
    EXPECT(value.kind == BROOD_KIND_EXT && value.tag == 7 && value.as.bytes.size == 1);
}

static void lengths_at_every_boundary_round_trip(void)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 257, 65535, 65536, 70000};
    char *data = apr_palloc(mem, 70000);
    brood_value_t *items = apr_palloc(mem, 140000 * sizeof *items);
    brood_value_t values[5], back;
    size_t i, j;

    memset(data, 'd', 70000);
    for (i = 0; i < 140000; i++)
        items[i] = brood_int((apr_int64_t) i);
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        values[0] = brood_text_n(data, sizes[i]);
        values[1] = brood_bytes(data, sizes[i]);
        values[2] = brood_ext(1, data, sizes[i]);
        values[3] = brood_list(items, sizes[i]);
        values[4] = brood_map(items, sizes[i]);
        for (j = 0; j < 5; j++) {
            brood__output_t output = {NULL, 0, 0, mem};

            EXPECT_OK(brood__encode(&output, values[j], 0));
            EXPECT_OK(decode(&back, output.data, output.size));
            EXPECT(brood_value_equal(values[j], back));
        }
    }
}

static void text_is_utf8_both_ways_and_ends_in_nul(void)
{
    static const char *const wrong[] = {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xED\xBF\xBF",
                                        "\xF4\x90\x80\x80", "\xF0\x80\x80\x80", "\xFF", "abcdefgh\xC3", "\xE2\x82"};
    char bytes[20];
    brood_value_t value;
    brood__output_t output = {NULL, 0, 0, mem};
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        output.size = 3;
        output.room = 0;
        EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_text(wrong[i]), 0));
        EXPECT(output.size == 3);
        bytes[0] = (char) (0xA0 | strlen(wrong[i]));
        memcpy(bytes + 1, wrong[i], strlen(wrong[i]));
        refuse(BROOD_EDECODE, bytes, strlen(wrong[i]) + 1);
    }
    EXPECT_OK(decode(&value, BYTES("\xA5" "a\0b\xC3\xA9" "")));
    EXPECT(value.as.text.size == 5 && memcmp(value.as.text.data, "a\0b\xC3\xA9", 6) == 0);
    EXPECT_OK(decode(&value, BYTES("\xA9\xED\x9F\xBF\xF4\x8F\xBF\xBF\xC2\x80"))); /* the last before each gap */
}

static void entries_travel_by_name(void) /* GEN-01 */
{
    brood__output_t output = {NULL, 0, 0, mem};
    brood_value_t value = brood_nil();

    EXPECT_STATUS(BROOD_EENTRY, brood__encode(&output, brood_entry(hidden), 0));
    EXPECT_STATUS(BROOD_EENTRY, brood__encode(&output, brood_entry(NULL), 0));
    EXPECT_STATUS(BROOD_EENTRY, decode(&value, BYTES("\xC7\x09\xFEmain.walk")));
    EXPECT_MESSAGE("'main.walk'");
    EXPECT_STATUS(BROOD_EENTRY, decode(&value, BYTES("\xC7\x00\xFE")));
    EXPECT_STATUS(BROOD_EENTRY, decode(&value, BYTES("\xC7\x02\xFE\xFF\x00")));
}

static void objects_travel_by_tag_and_word_within_the_tree(void)
{
    unsigned char room[64];
    brood__output_t output = {room, 0, sizeof room, NULL};
    brood_value_t value, coin = brood__kind_to_value(TAG_COIN, &coins[1]);

    handed_over = 0;
    EXPECT_OK(brood__encode(&output, coin, 7));
    EXPECT(output.size == 12 && memcmp(room, "\xC7\x09\xFD\xC8\x80\x00\x00\x00\x00\x00\x00\x02", 12) == 0);
    EXPECT(handed_over == 1 && handed_to == 7);
    EXPECT_OK(decode(&value, room, output.size));
    EXPECT(value.kind == BROOD_KIND_OBJECT && value.tag == TAG_COIN && value.as.object == &coins[1]);
    EXPECT_STATUS(BROOD_EDECODE, brood__decode(&value, room, output.size, false, mem));
    EXPECT_MESSAGE("outside");
    refuse(BROOD_EDECODE, BYTES("\xC7\x09\xFD\xC7\x80\x00\x00\x00\x00\x00\x00\x02")); /* no such kind */
    refuse(BROOD_EDECODE, BYTES("\xC7\x09\xFD\x00\x80\x00\x00\x00\x00\x00\x00\x02")); /* tag 0 */
    refuse(BROOD_EDECODE, BYTES("\xC7\x09\xFD\xC8\x80\x00\x00\x00\x00\x00\x00\x04")); /* no such object */
    refuse(BROOD_EDECODE, BYTES("\xD7\xFD\xC8\x80\x00\x00\x00\x00\x00\x00"));         /* one byte short */
    refuse(BROOD_EDECODE, BYTES("\xC7\x00\xFD"));
}

static void an_object_is_handed_over_only_if_all_else_is_encoded(void)
{
    unsigned char room[64];
    brood__output_t output = {room, 5, sizeof room, NULL};
    brood_value_t items[2];
    brood_bytes_t bytes;

    handed_over = 0;
    items[0] = brood__kind_to_value(TAG_COIN, &coins[0]);
    items[1] = brood_text("\xFF");
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_list(items, 2), 7));
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, items[0], 0));
    EXPECT_MESSAGE("Coin");
    EXPECT_STATUS(BROOD_EENCODE, brood_value_encode(&bytes, items[0], mem));
    output.room = 0; /* only measured */
    EXPECT_OK(brood__encode(&output, items[0], 7));
    EXPECT(output.size == 5 + 12);
    EXPECT(handed_over == 0);
    output.size = 5;
    items[1] = brood__kind_to_value(TAG_COIN, &coins[2]);
    output.room = sizeof room;
    closed_coin = &coins[2];
    EXPECT_STATUS(BROOD_ECLOSED, brood__encode(&output, brood_list(items, 2), 7));
    closed_coin = NULL;
    EXPECT(output.size == 5);
    items[1].tag = 199;
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, items[1], 7));
}

static void what_cannot_be_encoded_leaves_the_output_as_it_was(void) /* GEN-04 */
{
    unsigned char room[64] = "before";
    brood__output_t output = {room, 6, sizeof room, NULL};
    brood_value_t items[2];
    brood_value_t no_kind = brood_nil();

    no_kind.kind = (brood_kind_t) 99;
    items[0] = brood_int(1);
    items[1] = brood_bytes(NULL, 3);
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_list(items, 2), 0));
    items[1] = brood_text_n(NULL, 3);
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_list(items, 2), 0));
    items[1] = brood_list(NULL, 3);
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_list(items, 2), 0));
    items[1] = no_kind;
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_list(items, 2), 0));
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_ext(128, "x", 1), 0));
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_ext(-1, "x", 1), 0));
    EXPECT(output.size == 6 && memcmp(room, "before", 6) == 0);
}

static void depth_32_passes_and_33_does_not(void)
{
    brood_value_t lists[34];
    unsigned char bytes[40];
    brood__output_t output = {bytes, 0, sizeof bytes, NULL};
    brood_value_t back;
    int i;

    lists[0] = brood_list(NULL, 0);
    for (i = 1; i < 34; i++)
        lists[i] = brood_list(&lists[i - 1], 1);
    EXPECT_OK(brood__encode(&output, lists[31], 0)); /* 32 lists */
    EXPECT_OK(decode(&back, bytes, output.size));
    EXPECT(brood_value_equal(back, lists[31]));
    EXPECT(brood_value_equal(brood_value_copy(back, mem), lists[31]));
    output.size = 0;
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, lists[32], 0));
    memset(bytes, 0x91, 32);
    bytes[32] = 0x90;
    refuse(BROOD_EDECODE, bytes, 33);
    EXPECT_MESSAGE("deeper than 32");
    bytes[32] = 0x80;
    refuse(BROOD_EDECODE, bytes, 33);
    bytes[32] = 0xC0; /* 32 lists around a nil */
    EXPECT_OK(decode(&back, bytes, 33));
}

static void a_repeated_key_is_refused_both_ways(void)
{
    brood__output_t output = {NULL, 0, 0, mem};
    brood_value_t items[4];

    items[0] = brood_text("twice");
    items[2] = brood_text("twice");
    items[1] = items[3] = brood_nil();
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_map(items, 2), 0));
    EXPECT_MESSAGE("'twice' twice");
    items[0] = brood_int(1);
    items[2] = brood_double(1.0);
    EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_map(items, 2), 0));
    items[2] = brood_text("1");
    EXPECT_OK(brood__encode(&output, brood_map(items, 2), 0));
    refuse(BROOD_EDECODE, BYTES("\x82\xA1" "a\x01\xA1" "a\x02"));
    refuse(BROOD_EDECODE, BYTES("\x82\x01\x01\xCC\x01\x02")); /* 1 in two forms */
    refuse(BROOD_EDECODE, BYTES("\x82\x90\x01\x90\x02"));
    refuse(BROOD_EDECODE, BYTES("\x91\x81\x82\xC0\xC0\xC0\xC0\xC0"));
}

/* 200 000 keys: comparing each with each would take minutes. */
static void a_repeated_key_in_a_large_map_is_found_fast(void)
{
    enum { PAIRS = 200000 };
    apr_pool_t *large;
    brood_value_t *items;
    brood_value_t back;
    unsigned i;

    EXPECT_OK(apr_pool_create(&large, mem));
    items = apr_palloc(large, 2 * PAIRS * sizeof *items);
    for (i = 0; i < PAIRS; i++) {
        items[2 * i] = brood_int((apr_int64_t) (i * UINT64_C(7919) % PAIRS)); /* every number once, shuffled */
        items[2 * i + 1] = brood_nil();
    }
    {
        brood__output_t output = {NULL, 0, 0, large};

        EXPECT_OK(brood__encode(&output, brood_map(items, PAIRS), 0));
        EXPECT_OK(brood__decode(&back, output.data, output.size, false, large));
        EXPECT(back.as.list.count == PAIRS);
        items[2 * (PAIRS - 1)] = items[0];
        output.size = 0;
        EXPECT_STATUS(BROOD_EENCODE, brood__encode(&output, brood_map(items, PAIRS), 0));
    }
    apr_pool_destroy(large);
}

static void a_count_larger_than_the_bytes_is_refused_at_once(void)
{
    unsigned char nested[33 * 5];
    int i;

    refuse(BROOD_EDECODE, BYTES("\xDD\xFF\xFF\xFF\xFF"));
    refuse(BROOD_EDECODE, BYTES("\xDD\xFF\xFF\xFF\xFF\xC0\xC0\xC0"));
    refuse(BROOD_EDECODE, BYTES("\xDF\xFF\xFF\xFF\xFF\xC0\xC0\xC0"));
    refuse(BROOD_EDECODE, BYTES("\xDF\x80\x00\x00\x00\xC0\xC0\xC0")); /* twice that is 2^32 */
    refuse(BROOD_EDECODE, BYTES("\xDC\xFF\xFF\xC0"));
    refuse(BROOD_EDECODE, BYTES("\xDB\xFF\xFF\xFF\xFFx"));
    refuse(BROOD_EDECODE, BYTES("\xC6\xFF\xFF\xFF\xFFx"));
    refuse(BROOD_EDECODE, BYTES("\xC9\xFF\xFF\xFF\xFF\x01x")); /* with its type that is 2^32 */
    refuse(BROOD_EDECODE, BYTES("\xC9\xFF\xFF\xFF\xFE\x01x"));
    for (i = 0; i < 33; i++)
        memcpy(nested + 5 * i, "\xDD\x00\x00\x00\xA0", 5); /* each list alone could have so many */
    refuse(BROOD_EDECODE, nested, sizeof nested);
}

static void bytes_that_are_no_value_are_refused(void)
{
    refuse(BROOD_EDECODE, "", 0);
    refuse(BROOD_EDECODE, BYTES("\xC1"));
    EXPECT_MESSAGE("0xC1");
    refuse(BROOD_EDECODE, BYTES("\x92\xC0\xC1"));
    refuse(BROOD_EDECODE, BYTES("\xC0\xC0"));
    EXPECT_MESSAGE("go on");
    refuse(BROOD_EDECODE, BYTES("\xD4\xFFx")); /* extension types below 0 are not ours */
    refuse(BROOD_EDECODE, BYTES("\xD4\x80x"));
}

/* One of everything. */
static size_t sample(unsigned char *room, size_t size)
{
    brood__output_t output = {room, 0, size, NULL};
    brood_value_t inner[4], items[12];

    inner[0] = brood_text("key");
    inner[1] = brood_double(0.1);
    inner[2] = brood_int(-1);
    inner[3] = brood_bytes("\0\1\2", 3);
    items[0] = brood_nil();
    items[1] = brood_bool(true);
    items[2] = brood_int(INT64_MIN);
    items[3] = brood_uint(UINT64_MAX);
    items[4] = brood_text("caf\xC3\xA9 and more than thirty-one bytes of text");
    items[5] = brood_map(inner, 2);
    items[6] = brood_ext(3, "ext", 3);
    items[7] = brood_entry(work);
    items[8] = brood__kind_to_value(TAG_COIN, &coins[0]);
    items[9] = brood_list(inner, 4);
    items[10] = brood_int(70000);
    items[11] = brood_ext(4, "four", 4);
    EXPECT_OK(brood__encode(&output, brood_list(items, 12), 9));
    EXPECT(output.size <= size);
    return output.size;
}

static void input_cut_anywhere_is_refused(void)
{
    unsigned char bytes[300];
    size_t size = sample(bytes, sizeof bytes);
    brood_value_t value;
    size_t cut;

    EXPECT_OK(decode(&value, bytes, size));
    for (cut = 0; cut < size; cut++)
        refuse(BROOD_EDECODE, bytes, cut);
}

static uint32_t random_number(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* What a mutated input decodes to encodes and decodes to the same. */
static bool is_stable(brood_value_t value, apr_pool_t *scratch)
{
    brood__output_t first = {NULL, 0, 0, scratch};
    brood__output_t second = {NULL, 0, 0, scratch};
    brood_value_t again;

    return brood__encode(&first, value, 9) == APR_SUCCESS &&
           brood__decode(&again, first.data, first.size, true, scratch) == APR_SUCCESS &&
           brood__encode(&second, again, 9) == APR_SUCCESS && first.size == second.size &&
           memcmp(first.data, second.data, first.size) == 0 && brood_value_equal(value, again);
}

static void mutated_input_is_refused_or_stable(void)
{
    unsigned char original[300], bytes[300];
    size_t size = sample(original, sizeof original);
    uint32_t state = 20240229;
    int accepted = 0, unstable = 0, i;
    apr_pool_t *scratch;
    brood_value_t value;

    EXPECT_OK(apr_pool_create(&scratch, mem));
    for (i = 0; i < 200000; i++) {
        size_t length = i % 4 == 0 ? 1 + random_number(&state) % 24 : size;
        uint32_t changes = 1 + random_number(&state) % 4;

        memcpy(bytes, original, size);
        if (length != size) /* or bytes that never were a value */
            for (changes = 0; changes < length; changes++)
                bytes[changes] = (unsigned char) random_number(&state);
        else
            while (changes-- > 0)
                bytes[random_number(&state) % size] = (unsigned char) random_number(&state);
        if (brood__decode(&value, bytes, length, true, scratch) == APR_SUCCESS) {
            accepted++;
            unstable += !is_stable(value, scratch);
        }
        apr_pool_clear(scratch);
    }
    EXPECT(accepted > 1000);
    EXPECT(unstable == 0);
    apr_pool_destroy(scratch);
}

static void what_was_decoded_does_not_point_into_the_input(void)
{
    unsigned char bytes[300];
    size_t size = sample(bytes, sizeof bytes);
    brood_value_t value, again;

    EXPECT_OK(decode(&value, bytes, size));
    EXPECT_OK(decode(&again, bytes, size));
    memset(bytes, 0xC1, sizeof bytes);
    EXPECT_TEXT("caf\xC3\xA9 and more than thirty-one bytes of text", value.as.list.items[4].as.text.data);
    EXPECT(brood_value_equal(value.as.list.items[5], again.as.list.items[5]));
}

static void a_lone_scalar_takes_no_memory(void)
{
    unsigned char room[16];
    brood_value_t values[6], back;
    int i;

    values[0] = brood_nil();
    values[1] = brood_bool(true);
    values[2] = brood_int(INT64_MIN);
    values[3] = brood_uint(UINT64_MAX);
    values[4] = brood_double(0.1);
    values[5] = brood_int(5);
    for (i = 0; i < 6; i++) {
        brood__output_t output = {room, 0, sizeof room, NULL};

        EXPECT_OK(brood__encode(&output, values[i], 0));
        EXPECT_OK(brood__decode(&back, room, output.size, false, NULL)); /* would crash on taking any */
        EXPECT(brood_value_equal(values[i], back));
    }
}

static void output_grows_and_measures(void)
{
    unsigned char room[8] = "1234567";
    brood__output_t growing = {room, 7, 8, mem};
    brood__output_t measuring = {room, 7, 8, NULL};
    brood_value_t text = brood_text("more than there is room for");

    EXPECT_OK(brood__encode(&growing, text, 0));
    EXPECT(growing.data != room && growing.size == 7 + 28 && memcmp(growing.data, "1234567\xBBmore", 12) == 0);
    EXPECT_OK(brood__encode(&measuring, text, 0));
    EXPECT(measuring.data == room && measuring.size == 7 + 28);
}

static void programs_encode_behind_a_magic_byte(void) /* WIRE-08 */
{
    brood_bytes_t bytes = {NULL, 0};
    brood_value_t value = brood_int(77);
    char large[3000];

    EXPECT_OK(brood_value_encode(&bytes, brood_int(5), mem));
    EXPECT(bytes.size == 2 && memcmp(bytes.data, "\xC1\x05", 2) == 0);
    EXPECT_OK(brood_value_decode(&value, bytes.data, bytes.size, mem));
    EXPECT(value.as.integer == 5);
    EXPECT_STATUS(BROOD_EDECODE, brood_value_decode(&value, "\x80\x05", 2, mem));
    EXPECT_STATUS(BROOD_EDECODE, brood_value_decode(&value, "\xC1", 1, mem));
    EXPECT_STATUS(BROOD_EDECODE, brood_value_decode(&value, NULL, 0, mem));
    EXPECT_STATUS(BROOD_EDECODE,
                  brood_value_decode(&value, BYTES("\xC1\xC7\x09\xFD\xC8\x80\x00\x00\x00\x00\x00\x00\x02"), mem));
    EXPECT(value.as.integer == 5);
    memset(large, 'x', sizeof large);
    EXPECT_OK(brood_value_encode(&bytes, brood_bytes(large, sizeof large), mem));
    EXPECT(bytes.size == 3004);
    EXPECT_OK(brood_value_decode(&value, bytes.data, bytes.size, mem));
    EXPECT(brood_value_equal(value, brood_bytes(large, sizeof large)));
}

int main(void)
{
    static const brood_test_t tests[] = {
        TEST(scalars_have_the_shortest_messagepack_form),
        TEST(a_number_has_the_same_bytes_alone_and_in_a_list),
        TEST(containers_and_extensions_have_messagepack_form),
        TEST(doubles_arrive_bit_for_bit),
        TEST(other_forms_of_messagepack_are_read),
        TEST(lengths_at_every_boundary_round_trip),
        TEST(text_is_utf8_both_ways_and_ends_in_nul),
        TEST(entries_travel_by_name),
        TEST(objects_travel_by_tag_and_word_within_the_tree),
        TEST(an_object_is_handed_over_only_if_all_else_is_encoded),
        TEST(what_cannot_be_encoded_leaves_the_output_as_it_was),
        TEST(depth_32_passes_and_33_does_not),
        TEST(a_repeated_key_is_refused_both_ways),
        TEST(a_repeated_key_in_a_large_map_is_found_fast),
        TEST(a_count_larger_than_the_bytes_is_refused_at_once),
        TEST(bytes_that_are_no_value_are_refused),
        TEST(input_cut_anywhere_is_refused),
        TEST(mutated_input_is_refused_or_stable),
        TEST(what_was_decoded_does_not_point_into_the_input),
        TEST(a_lone_scalar_takes_no_memory),
        TEST(output_grows_and_measures),
        TEST(programs_encode_behind_a_magic_byte),
    };
    int exitcode;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    brood__codec_entries(&entry_names);
    brood__kind_register(&coin_kind);
    exitcode = harness_run("codec", tests, sizeof tests / sizeof tests[0]);
    apr_pool_destroy(mem);
    apr_terminate();
    return exitcode;
}
