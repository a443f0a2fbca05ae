/* test_mac.c - HMAC by Mbed TLS: keys of any length, several threads, forked copies. */
#include "authentication_fixture.h"
#include "harness_tree.h"

#include <apr_thread_proc.h>
#include <stdatomic.h>

#define THREADS 4
#define ROUNDS 300
#define CHILDREN 12

/* ---- keys ---- */

typedef struct key_vector_t {
    size_t size; /* of a key of counting bytes */
    const char *sha256, *md5;
} key_vector_t;

static void keys_have_any_length_and_none_is_one_too__AUTH_04(void)
{
    static const key_vector_t vectors[] = {
        {0, "d18b190a737f779d3125c4a2dfddcebf933e2f2713bc92fbe386ca25df9fd7af", "ce41ab84017ef3f9983d4f85bdc11d08"},
        {1, "d18b190a737f779d3125c4a2dfddcebf933e2f2713bc92fbe386ca25df9fd7af", "ce41ab84017ef3f9983d4f85bdc11d08"},
        {64, "8e3543e5077937cfa76a5242c066d40e5eda79c2a02d20896937a8e665bc30ee", "d2fcfe24fd29283998b7ba2dd78e2625"},
        {65, "3985ebe5a8e4c3f27dfe55c96d1bb21f0d2c08c367d7e11d7e4f7cca58251337", "64efce3c2e6cf8939882556c6ed2e1d2"},
        {136, "bddd8510744f25cc6dfca701064ab3b9daf28ca4597943c7f34667e4067b326f", "2239cfedecb97fdffad275f65c5fa057"},
        {137, "33e874c7ee0b965f8ff8553110eb23fce4161de244a9da73be4372faaa422ae9", "dd13326c7b18c7d92b9eddb26a9aad48"},
        {1000, "eecb4393417831142764151fafa23344e2420a5ccfdafa144b809723bd09803c", "ca6a2c071f290afb0e51b4cf7547f1e2"},
        {100000, "ce924039fd3c5a199a0e07730cf7317be15ea661b845e8b13f1b6417811fb776",
         "2904d9f006e92c7b73642c94118bc0cc"},
    };
    apr_pool_t *mem = harness_mem();
    const unsigned char *challenge = known_challenge(mem);

    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const brood_bytes_t key = counting("", vectors[i].size, mem);

        EXPECT(same(prefixed(BROOD__SHA256, key, challenge, mem), unhex("{sha256}", vectors[i].sha256, mem)));
        EXPECT_OK(brood__auth_verify(key, challenge, unhex("{sha256}", vectors[i].sha256, mem)));
        if (is_there(BROOD__MD5))
            EXPECT_OK(brood__auth_verify(key, challenge, unhex("", vectors[i].md5, mem)));
    }
    EXPECT_OK(brood__auth_verify((brood_bytes_t){NULL, 0}, challenge, unhex("{sha256}", vectors[0].sha256, mem)));
}

static void a_long_key_stands_for_its_digest_by_every_digest__AUTH_19(void)
{
    static const char *const macs[BROOD__DIGESTS] = {
        [BROOD__MD5] = "ca6a2c071f290afb0e51b4cf7547f1e2",
        [BROOD__SHA256] = "eecb4393417831142764151fafa23344e2420a5ccfdafa144b809723bd09803c",
        [BROOD__SHA384] =
            "6bdcd7fa7549d22ac87ee4dcd75d6e1cbfcbf93f649ce95b05c38c5d0dc8a0304e8a5feac638ea257f395fa18b565c47",
        [BROOD__SHA3_256] = "8d38e50c0af8ba57ec8b66a8301ef82b3c73850e316a383e40a68e3d0244cd0a",
        [BROOD__SHA3_384] =
            "53ea724bd28cb1ac2fe7aa69a48cc8ed68388d27561c072dd3362a358234159ec9c3e811aac682c8cc6f106326759250",
    };
    apr_pool_t *mem = harness_mem();
    const unsigned char *challenge = known_challenge(mem);
    const brood_bytes_t key = counting("", 1000, mem);

    for (int i = 0; i < BROOD__DIGESTS; i++) {
        const brood__digest_t digest = (brood__digest_t) i;
        const char *prefix = apr_psprintf(mem, "{%s}", brood__digest_name(digest));

        if (is_there(digest))
            EXPECT(same(prefixed(digest, key, challenge, mem), unhex(prefix, macs[digest], mem)));
    }
}

/* ---- threads and processes ---- */

static _Atomic bool enough;
static _Atomic unsigned wrong, rounds;

static bool one_round(brood_bytes_t key)
{
    unsigned char challenge[BROOD__CHALLENGE_SIZE], response[BROOD__RESPONSE_MOST];
    const brood_bytes_t stranger = {"stranger", 8};
    size_t size = 0;

    return brood__auth_challenge(challenge) == APR_SUCCESS
           && brood__auth_response(response, &size, key, (brood_bytes_t){challenge, sizeof challenge}) == APR_SUCCESS
           && brood__auth_verify(key, challenge, (brood_bytes_t){response, size}) == APR_SUCCESS
           && brood__auth_verify(stranger, challenge, (brood_bytes_t){response, size}) == BROOD_EAUTH;
}

static apr_status_t answer_some(brood_call_t *call)
{
    (void) call;
    for (int i = 0; i < 3; i++)
        CHECK(one_round(jobs));
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(answer_some), BROOD_ENTRIES_END};

static void *APR_THREAD_FUNC answer_always(apr_thread_t *thread, void *letter)
{
    const brood_bytes_t key = {letter, 1};

    while (!atomic_load(&enough)) {
        if (!one_round(key))
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_add(&rounds, 1);
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void begin_threads(apr_thread_t *threads[THREADS], apr_pool_t *mem)
{
    static char letters[] = "abcd";

    atomic_store(&enough, false);
    atomic_store(&wrong, 0);
    atomic_store(&rounds, 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(apr_thread_create(&threads[i], NULL, answer_always, &letters[i], mem) == APR_SUCCESS);
}

static void end_threads(apr_thread_t *threads[THREADS])
{
    apr_status_t rc;

    atomic_store(&enough, true);
    for (int i = 0; i < THREADS; i++)
        EXPECT(apr_thread_join(&rc, threads[i]) == APR_SUCCESS);
    EXPECT(atomic_load(&wrong) == 0);
}

/* The first of all: who comes first makes Mbed TLS ready. */
static void threads_answer_at_once(void)
{
    apr_thread_t *threads[THREADS];

    begin_threads(threads, harness_mem());
    while (atomic_load(&rounds) < ROUNDS)
        apr_thread_yield();
    end_threads(threads);
}

static void a_child_answers_whatever_the_threads_of_its_parent_were_at(void)
{
    apr_pool_t *mem = harness_mem();
    apr_thread_t *threads[THREADS];

    begin_threads(threads, mem);
    for (int i = 0; i < CHILDREN; i++) {
        brood_process_t *child = harness_start(answer_some, BROOD_NO_ARGS, mem);

        if (child != NULL)
            EXPECT_EXIT(0, child);
    }
    end_threads(threads);
}

static const brood_test_t tests[] = {
    TEST(threads_answer_at_once),
    TEST(a_child_answers_whatever_the_threads_of_its_parent_were_at),
    TEST(keys_have_any_length_and_none_is_one_too__AUTH_04),
    TEST(a_long_key_stands_for_its_digest_by_every_digest__AUTH_19),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "mac", tests, sizeof tests / sizeof *tests);
}
