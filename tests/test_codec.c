/* test_codec.c - values to bytes and back (GEN-03, GEN-04). */
#include "codec_fixture.h"

#include <float.h>
#include <math.h>

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
    expect_bytes(brood_list(items, 4), BYTES("\x94\xA1"
                                             "a\x01\xC0\x90"));
    expect_bytes(brood_map(items, 2), BYTES("\x82\xA1"
                                            "a\x01\xC0\x90"));
    expect_bytes(brood_map(NULL, 0), BYTES("\x80"));
    expect_bytes(brood_text(""), BYTES("\xA0"));
    expect_bytes(brood_bytes("xy", 2), BYTES("\xC4\x02xy"));
    expect_bytes(brood_bytes(NULL, 0), BYTES("\xC4\x00"));
    expect_bytes(brood_ext(5, "abcd", 4), BYTES("\xD6\x05"
                                                "abcd"));
    expect_bytes(brood_ext(0, NULL, 0), BYTES("\xC7\x00\x00"));
    expect_bytes(brood_ext(127, "abc", 3), BYTES("\xC7\x03\x7F"
                                                 "abc"));
    expect_bytes(brood_entry(work), BYTES("\xC7\x09\xFEmain.work"));
}

static void doubles_arrive_bit_for_bit(void)
{
    static const double numbers[] = {0.0,    -0.0,     0.1,      DBL_MAX,   DBL_MIN, DBL_EPSILON,
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
    static const char *const wrong[] = {"\x80",         "\xC3",         "\xC0\x80",         "\xE0\x80\x80",
                                        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF0\x80\x80\x80",
                                        "\xFF",         "abcdefgh\xC3", "\xE2\x82"};
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
    EXPECT_OK(decode(&value, BYTES("\xA5"
                                   "a\0b\xC3\xA9"
                                   "")));
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
