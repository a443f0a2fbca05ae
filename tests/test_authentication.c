/* test_authentication.c - what either side says to prove that it knows the key: Python's bytes. */
#include "authentication_fixture.h"
#include "harness_tree.h"

/* ---- helpers ---- */

/* The answer to a challenge, which must be one. */
static brood_bytes_t answer(brood_bytes_t key, brood_bytes_t challenge, apr_pool_t *mem)
{
    unsigned char *response = apr_pcalloc(mem, BROOD__RESPONSE_MOST);
    size_t size = 0;

    EXPECT_OK(brood__auth_response(response, &size, key, challenge));
    EXPECT(size <= BROOD__RESPONSE_MOST);
    return (brood_bytes_t){response, size};
}

static void expect_refused(brood_bytes_t challenge, const char *why)
{
    unsigned char response[BROOD__RESPONSE_MOST];
    size_t size = 0;

    EXPECT_STATUS(BROOD_EAUTH, brood__auth_response(response, &size, jobs, challenge));
    EXPECT_MESSAGE(why);
    EXPECT(size == 0);
}

static void expect_wrong(brood_bytes_t response, const char *why, apr_pool_t *mem)
{
    EXPECT_STATUS(BROOD_EAUTH, brood__auth_verify(jobs, known_challenge(mem), response));
    EXPECT_MESSAGE(why);
}

/* ---- the challenge ---- */

static void a_challenge_is_a_marker_a_digest_and_40_random_bytes__AUTH_01_AUTH_02(void)
{
    static const unsigned char zeros[40];
    unsigned char one[BROOD__CHALLENGE_SIZE] = {0}, other[BROOD__CHALLENGE_SIZE] = {0};

    EXPECT(BROOD__CHALLENGE_SIZE == 0x3b);
    EXPECT_OK(brood__auth_challenge(one));
    EXPECT_OK(brood__auth_challenge(other));
    EXPECT(memcmp(one, "#CHALLENGE#{sha256}", 19) == 0 && memcmp(other, one, 19) == 0);
    EXPECT(memcmp(one + 19, other + 19, 40) != 0);
    EXPECT(memcmp(one + 19, zeros, 40) != 0 && memcmp(one + 39, zeros, 20) != 0);
}

static void a_challenge_is_known_by_its_marker__AUTH_01(void)
{
    EXPECT(brood__auth_is_challenge(counting("#CHALLENGE#{sha256}", 40, harness_mem())));
    EXPECT(brood__auth_is_challenge(text("#CHALLENGE#")));
    EXPECT(!brood__auth_is_challenge(text("#CHALLENGE")));
    EXPECT(!brood__auth_is_challenge(text("#challenge#...........")));
    EXPECT(!brood__auth_is_challenge((brood_bytes_t){NULL, 0}));
}

/* ---- answers ---- */

static void the_modern_response_is_hmac_sha256_over_the_prefixed_body__AUTH_04_AUTH_17(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_bytes_t response = answer(jobs, counting("#CHALLENGE#{sha256}", 40, mem), mem);

    EXPECT(response.size == 0x28);
    EXPECT(same(response, unhex("{sha256}", "8340807d3eb6ce126712f9588ea5fedbe1a1285f4b0c9fff129dc69048b4a754", mem)));
}

static void the_legacy_response_is_16_bytes_of_hmac_md5__AUTH_03_AUTH_05_AUTH_18(void)
{
    apr_pool_t *mem = harness_mem();

    if (is_there(BROOD__MD5))
        EXPECT(same(answer(jobs, counting("#CHALLENGE#", 20, mem), mem),
                    unhex("", "fb73887247e78ae1b781bff727fbe7ac", mem)));
}

static void expect_vector(brood__digest_t digest, const char *prefix, const char *hex)
{
    apr_pool_t *mem = harness_mem();
    const brood_bytes_t challenge = counting(apr_pstrcat(mem, "#CHALLENGE#", prefix, NULL), 40, mem);

    if (is_there(digest))
        EXPECT(same(answer(jobs, challenge, mem), unhex(prefix, hex, mem)));
    else
        expect_refused(challenge, apr_psprintf(mem, "Mbed TLS has no %s", brood__digest_name(digest)));
}

static void the_response_is_by_the_digest_that_the_challenge_names__AUTH_09_AUTH_19(void)
{
    expect_vector(BROOD__MD5, "{md5}", "46b47e3866766a37cefd113ee72b89d9");
    expect_vector(BROOD__SHA384, "{sha384}",
                  "ebefabb1688cc4304bebd0c3eb018a7e8afd01aa287c7e8fda3e30b674dc95c7d9b66b8c8c12de9677bef6cfc5e98643");
    expect_vector(BROOD__SHA3_256, "{sha3_256}", "7ce95691b807dbf2444fbf45bb779d0f8e173c1c58947dfb1e8ccfc250028c0f");
    expect_vector(BROOD__SHA3_384, "{sha3_384}",
                  "9e7c0b091f2eb299d10b26c18ac33283e24cba7a78d19906333f0d4de9e6309bff2bdf832e4cc72f07cbbfda83858075");
}

static void a_body_of_20_bytes_is_legacy_whatever_it_begins_with__AUTH_05(void)
{
    apr_pool_t *mem = harness_mem();

    if (is_there(BROOD__MD5)) {
        EXPECT(answer(jobs, counting("#CHALLENGE#{sha256}", 12, mem), mem).size == 16);
        EXPECT(answer(jobs, counting("#CHALLENGE#{sha1}", 14, mem), mem).size == 16);
    }
    EXPECT(answer(jobs, counting("#CHALLENGE#{sha256}", 13, mem), mem).size == 40);
}

static void a_body_as_long_as_a_message_may_be_is_answered__AUTH_12(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_bytes_t challenge = counting("#CHALLENGE#{sha256}", BROOD__HANDSHAKE_MOST - 19, mem);

    EXPECT(BROOD__HANDSHAKE_MOST == 256);
    EXPECT(same(answer(jobs, challenge, mem),
                unhex("{sha256}", "f25c1ccfadb19ea4161d048ee1ab86601b01608bd87fa29927c7c9bfde0dbe2c", mem)));
}

/* ---- challenges that are refused ---- */

static void what_does_not_begin_with_the_marker_is_no_challenge__AUTH_11(void)
{
    apr_pool_t *mem = harness_mem();

    expect_refused((brood_bytes_t){NULL, 0}, "sends no challenge");
    expect_refused(text("#CHALLENGE"), "sends no challenge");
    expect_refused(text("#WELCOME#"), "sends no challenge");
    expect_refused(counting("#CHALLENGE?{sha256}", 40, mem), "sends no challenge");
    expect_refused(counting(" #CHALLENGE#{sha256}", 40, mem), "sends no challenge");
}

static void a_body_of_less_than_20_bytes_is_refused__AUTH_11(void)
{
    apr_pool_t *mem = harness_mem();

    expect_refused(text("#CHALLENGE#"), "too short: 0 bytes");
    expect_refused(counting("#CHALLENGE#", 16, mem), "too short: 16 bytes"); /* a length of a legacy answer */
    expect_refused(counting("#CHALLENGE#", 19, mem), "too short: 19 bytes");
    expect_refused(counting("#CHALLENGE#{sha256}", 11, mem), "too short: 19 bytes");
}

static void a_body_that_names_no_digest_is_refused__AUTH_09(void)
{
    apr_pool_t *mem = harness_mem();

    expect_refused(counting("#CHALLENGE#", 21, mem), "of 21 bytes, names no digest");
    expect_refused(counting("#CHALLENGE#", 40, mem), "of 40 bytes, names no digest");
    expect_refused(counting("#CHALLENGE# {sha256}", 40, mem), "names no digest");
    expect_refused(counting("#CHALLENGE#sha256}", 40, mem), "names no digest");
    expect_refused(counting("#CHALLENGE#{sha256", 40, mem), "names no digest");
    expect_refused(counting("#CHALLENGE#{}", 40, mem), "names no digest");
    expect_refused(counting("#CHALLENGE#{sha\n56}", 40, mem), "names no digest"); /* not for a message */
    expect_refused(counting("#CHALLENGE#{sh\xff"
                            "256}",
                            40, mem),
                   "names no digest");
}

static void a_digest_that_is_not_allowed_is_refused__AUTH_09(void)
{
    apr_pool_t *mem = harness_mem();

    expect_refused(counting("#CHALLENGE#{sha1}", 40, mem), "'sha1'");
    expect_refused(counting("#CHALLENGE#{sha512}", 40, mem), "'sha512'");
    expect_refused(counting("#CHALLENGE#{sha3_512}", 40, mem), "'sha3_512'");
    expect_refused(counting("#CHALLENGE#{SHA256}", 40, mem), "'SHA256'");
    expect_refused(counting("#CHALLENGE#{sha25}", 40, mem), "'sha25'");
    expect_refused(counting("#CHALLENGE#{sha2567}", 40, mem), "'sha2567'");
}

static void the_brace_is_looked_for_in_10_bytes__AUTH_10(void)
{
    apr_pool_t *mem = harness_mem();

    expect_refused(counting("#CHALLENGE#{12345678}", 40, mem), "'12345678'");       /* the 10th */
    expect_refused(counting("#CHALLENGE#{123456789}", 40, mem), "names no digest"); /* the 11th */
}

/* ---- answers to ours ---- */

static void the_right_answer_is_accepted__AUTH_04_AUTH_14_AUTH_17(void)
{
    apr_pool_t *mem = harness_mem();
    const unsigned char *challenge = known_challenge(mem);
    unsigned char random[BROOD__CHALLENGE_SIZE];

    EXPECT_OK(
        brood__auth_verify(jobs, challenge,
                           unhex("{sha256}", "8340807d3eb6ce126712f9588ea5fedbe1a1285f4b0c9fff129dc69048b4a754", mem)));
    EXPECT_OK(brood__auth_challenge(random));
    EXPECT_OK(brood__auth_verify(jobs, random, answer(jobs, (brood_bytes_t){random, sizeof random}, mem)));
}

static void an_answer_by_any_digest_that_is_allowed_is_accepted__AUTH_09_AUTH_14(void)
{
    apr_pool_t *mem = harness_mem();
    const unsigned char *challenge = known_challenge(mem);

    for (int i = 0; i < BROOD__DIGESTS; i++) {
        const brood__digest_t digest = (brood__digest_t) i;

        if (is_there(digest)) {
            EXPECT_OK(brood__auth_verify(jobs, challenge, prefixed(digest, jobs, challenge, mem)));
        } else {
            expect_wrong(counting(apr_psprintf(mem, "{%s}", brood__digest_name(digest)), brood__mac_size(digest), mem),
                         apr_psprintf(mem, "Mbed TLS has no %s", brood__digest_name(digest)), mem);
        }
    }
}

/* What Python before 3.12 makes of ours: HMAC-MD5 of all 48 bytes. */
static void a_legacy_answer_is_accepted__AUTH_06(void)
{
    apr_pool_t *mem = harness_mem();
    const unsigned char *challenge = known_challenge(mem);
    const brood_bytes_t response = unhex("", "3389aee570567cd505ad920f9d39bd5d", mem);

    if (!is_there(BROOD__MD5))
        return;
    EXPECT_OK(brood__auth_verify(jobs, challenge, response));
    EXPECT_STATUS(BROOD_EAUTH, brood__auth_verify(text("job"), challenge, response));
}

static void an_answer_of_20_bytes_is_no_md5__AUTH_06_AUTH_13(void)
{
    apr_pool_t *mem = harness_mem();

    expect_wrong(counting("", 20, mem), "of 20 bytes, where md5 has 16", mem);
    expect_wrong(counting("{sha256}", 12, mem), "of 20 bytes, where md5 has 16",
                 mem); /* legacy, whatever it begins with */
    expect_wrong(counting("{sha256}", 8, mem), is_there(BROOD__MD5) ? "does not know the key" : "has no md5", mem);
}

static void an_answer_of_the_wrong_length_is_refused__AUTH_13(void)
{
    apr_pool_t *mem = harness_mem();
    const brood_bytes_t right = prefixed(BROOD__SHA256, jobs, known_challenge(mem), mem);

    expect_wrong((brood_bytes_t){right.data, right.size - 1}, "of 31 bytes, where sha256 has 32", mem);
    expect_wrong((brood_bytes_t){apr_pstrmemdup(mem, right.data, right.size), right.size + 1},
                 "of 33 bytes, where sha256 has 32", mem);
    expect_wrong(text("{sha256}"), "of 0 bytes, where sha256 has 32", mem);
    expect_wrong(counting("{sha384}", 32, mem), "of 32 bytes, where sha384 has 48", mem);
}

static void an_answer_that_names_no_digest_is_refused__AUTH_09_AUTH_10(void)
{
    apr_pool_t *mem = harness_mem();

    expect_wrong((brood_bytes_t){NULL, 0}, "of 0 bytes, names no digest", mem);
    expect_wrong(counting("", 15, mem), "of 15 bytes, names no digest", mem);
    expect_wrong(counting("", 17, mem), "of 17 bytes, names no digest", mem);
    expect_wrong(counting("", 32, mem), "of 32 bytes, names no digest", mem); /* right digest, no prefix */
    expect_wrong(counting("{sha256", 33, mem), "names no digest", mem);
    expect_wrong(counting("{123456789}", 32, mem), "names no digest", mem);
    expect_wrong(counting("{sha1}", 20, mem), "'sha1'", mem);
    expect_wrong(text("{"), "of 1 bytes, names no digest", mem);
}

static void every_bit_of_an_answer_counts__AUTH_13(void)
{
    apr_pool_t *mem = harness_mem();
    const unsigned char *challenge = known_challenge(mem);
    const brood_bytes_t right = prefixed(BROOD__SHA256, jobs, challenge, mem);

    for (size_t bit = 8 * 8; bit < 8 * right.size; bit++) {
        unsigned char *wrong = apr_pmemdup(mem, right.data, right.size);

        wrong[bit / 8] ^= (unsigned char) (1u << bit % 8);
        expect_wrong((brood_bytes_t){wrong, right.size}, "does not know the key", mem);
    }
    EXPECT_OK(brood__auth_verify(jobs, challenge, right));
}

/* The name is in what is signed, so an answer to another challenge, or by another digest, is none. */
static void an_answer_to_another_challenge_is_refused__AUTH_14(void)
{
    apr_pool_t *mem = harness_mem();
    unsigned char one[BROOD__CHALLENGE_SIZE], other[BROOD__CHALLENGE_SIZE];
    brood_bytes_t weaker = counting("#CHALLENGE#{md5}", 40, mem);

    EXPECT_OK(brood__auth_challenge(one));
    EXPECT_OK(brood__auth_challenge(other));
    EXPECT_STATUS(BROOD_EAUTH, brood__auth_verify(jobs, one, answer(jobs, (brood_bytes_t){other, sizeof other}, mem)));
    if (is_there(BROOD__MD5)) /* of the same 40 bytes */
        expect_wrong(answer(jobs, weaker, mem), "does not know the key", mem);
}

/* ---- keys ---- */

static void another_key_is_refused__AUTH_13(void)
{
    static const char *const others[] = {"Jobs", "job", "jobsx", " jobs", "", "8340807d"};
    apr_pool_t *mem = harness_mem();
    const unsigned char *challenge = known_challenge(mem);

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        expect_wrong(prefixed(BROOD__SHA256, text(others[i]), challenge, mem), "does not know the key", mem);
        EXPECT(strstr(brood_last_error()->message, "jobs") == NULL);
    }
}

/* ---- the verdict ---- */

static void the_verdict_is_welcome_or_failure__AUTH_07(void)
{
    EXPECT(same(brood__auth_verdict(true), text("#WELCOME#")));
    EXPECT(same(brood__auth_verdict(false), text("#FAILURE#")));
    EXPECT_OK(brood__auth_heed(text("#WELCOME#")));
    EXPECT_STATUS(BROOD_EAUTH, brood__auth_heed(text("#FAILURE#")));
    EXPECT_MESSAGE("key is wrong");
}

static void any_other_verdict_is_a_refusal__AUTH_11(void)
{
    static const char *const others[] = {"", "#WELCOME", "#WELCOME#!", "#welcome#", "WELCOME##", "#FAILURE"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        EXPECT_STATUS(BROOD_EAUTH, brood__auth_heed(text(others[i])));
        EXPECT_MESSAGE("verdict is none");
    }
    EXPECT_STATUS(BROOD_EAUTH, brood__auth_heed((brood_bytes_t){NULL, 0}));
}

static const brood_test_t tests[] = {
    TEST(a_challenge_is_a_marker_a_digest_and_40_random_bytes__AUTH_01_AUTH_02),
    TEST(a_challenge_is_known_by_its_marker__AUTH_01),
    TEST(the_modern_response_is_hmac_sha256_over_the_prefixed_body__AUTH_04_AUTH_17),
    TEST(the_legacy_response_is_16_bytes_of_hmac_md5__AUTH_03_AUTH_05_AUTH_18),
    TEST(the_response_is_by_the_digest_that_the_challenge_names__AUTH_09_AUTH_19),
    TEST(a_body_of_20_bytes_is_legacy_whatever_it_begins_with__AUTH_05),
    TEST(a_body_as_long_as_a_message_may_be_is_answered__AUTH_12),
    TEST(what_does_not_begin_with_the_marker_is_no_challenge__AUTH_11),
    TEST(a_body_of_less_than_20_bytes_is_refused__AUTH_11),
    TEST(a_body_that_names_no_digest_is_refused__AUTH_09),
    TEST(a_digest_that_is_not_allowed_is_refused__AUTH_09),
    TEST(the_brace_is_looked_for_in_10_bytes__AUTH_10),
    TEST(the_right_answer_is_accepted__AUTH_04_AUTH_14_AUTH_17),
    TEST(an_answer_by_any_digest_that_is_allowed_is_accepted__AUTH_09_AUTH_14),
    TEST(a_legacy_answer_is_accepted__AUTH_06),
    TEST(an_answer_of_20_bytes_is_no_md5__AUTH_06_AUTH_13),
    TEST(an_answer_of_the_wrong_length_is_refused__AUTH_13),
    TEST(an_answer_that_names_no_digest_is_refused__AUTH_09_AUTH_10),
    TEST(every_bit_of_an_answer_counts__AUTH_13),
    TEST(an_answer_to_another_challenge_is_refused__AUTH_14),
    TEST(another_key_is_refused__AUTH_13),
    TEST(the_verdict_is_welcome_or_failure__AUTH_07),
    TEST(any_other_verdict_is_a_refusal__AUTH_11),
};

static const brood_entry_t entries[] = {BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "authentication", tests, sizeof tests / sizeof *tests);
}
