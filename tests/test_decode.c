/* test_decode.c - the decoder against bytes from anybody (CONN-30), and the bounds that the encoder keeps, too. */
#include "codec_fixture.h"

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
    refuse(BROOD_EDECODE, BYTES("\x82\xA1"
                                "a\x01\xA1"
                                "a\x02"));
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

    return brood__encode(&first, value, 9) == APR_SUCCESS
           && brood__decode(&again, first.data, first.size, true, scratch) == APR_SUCCESS
           && brood__encode(&second, again, 9) == APR_SUCCESS && first.size == second.size
           && memcmp(first.data, second.data, first.size) == 0 && brood_value_equal(value, again);
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

int main(void)
{
    static const brood_test_t tests[] = {
        TEST(depth_32_passes_and_33_does_not),
        TEST(a_repeated_key_is_refused_both_ways),
        TEST(a_repeated_key_in_a_large_map_is_found_fast),
        TEST(a_count_larger_than_the_bytes_is_refused_at_once),
        TEST(bytes_that_are_no_value_are_refused),
        TEST(input_cut_anywhere_is_refused),
        TEST(mutated_input_is_refused_or_stable),
        TEST(what_was_decoded_does_not_point_into_the_input),
    };
    int exitcode;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    brood__codec_entries(&entry_names);
    brood__kind_register(&coin_kind);
    exitcode = harness_run("decode", tests, sizeof tests / sizeof tests[0]);
    apr_pool_destroy(mem);
    apr_terminate();
    return exitcode;
}
