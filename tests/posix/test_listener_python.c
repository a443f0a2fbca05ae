/* Keys, with Python's multiprocessing.connection on the other side, as Client and as Listener. */
#include "harness_python.h"

#include <string.h>

static apr_pool_t *mem;
static size_t ways; /* how many */

static void expect_echo(brood_connection_t *connection)
{
    brood_bytes_t bytes = {NULL, 0};

    EXPECT_OK(brood_connection_send_bytes(connection, "hello", 5, BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
    EXPECT(bytes.size == 5 && memcmp(bytes.data, "hello", 5) == 0);
}

/* Longer than a block of MD5 and of SHA-256, which is 64 bytes: its digest is taken instead. */
#define LONG_KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, and more"

static void both_know_the_key__AUTH_03_AUTH_05_AUTH_06_AUTH_08_LIS_11_LIS_12(void)
{
    static const char *const keys[] = {"secret", "", LONG_KEY};

    for (size_t i = 0; i < ways; i++)
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            brood_connection_t *connection = harness_meet_with(&harness_ways[i], keys[k], HARNESS_ECHO, mem);

            expect_echo(connection);
            brood_connection_close(connection);
            EXPECT(harness_python_ends() == 7);
        }
}

#define REFUSED                                     \
    HARNESS_CONNECT "try:\n"                        \
                    "    connect()\n"               \
                    "except AuthenticationError:\n" \
                    "    sys.exit(7)\n"

static void a_wrong_key_is_refused_and_both_hear_of_it__AUTH_07_AUTH_11_LIS_11(void)
{
    static const char *const keys[][2] = {{"secret", "guess"}, {"secret", ""}, {"", "secret"}};

    for (size_t i = 0; i < ways; i++)
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            brood_connection_t *connection;

            EXPECT_STATUS(BROOD_EAUTH,
                          harness_meet(&connection, &harness_ways[i], keys[k][0], keys[k][1], 0, REFUSED, mem));
            EXPECT(connection == NULL);
            EXPECT(harness_python_ends() == 7);
        }
}

/* Python's Client has none, and takes our challenge for a message. */
static void a_client_of_pythons_without_a_key_is_refused__LIS_14(void)
{
    brood_connection_t *connection;

    for (size_t i = 0; i < ways; i++) {
        if (harness_ways[i].python_listens)
            continue;
        EXPECT_STATUS(BROOD_EAUTH,
                      harness_meet(&connection, &harness_ways[i], "secret", NULL, 0,
                                   HARNESS_CONNECT "connection = connect()\n"
                                                   "connection.send_bytes(b'hello')\n"
                                                   "assert connection.recv_bytes().startswith(b'#CHALLENGE#')\n"
                                                   "assert connection.recv_bytes() == b'#FAILURE#'\n"
                                                   "try:\n"
                                                   "    connection.recv_bytes()\n"
                                                   "except EOFError:\n"
                                                   "    sys.exit(7)\n",
                                   mem));
        EXPECT(harness_python_ends() == 7);
    }
}

/* Python's Listener has one, and waits for an answer; then the reverse. */
static void a_key_on_one_side_is_an_error_at_a_listener_of_pythons__LIS_14(void)
{
    brood_connection_t *connection;
    brood_bytes_t bytes;

    for (size_t i = 0; i < ways; i++) {
        if (!harness_ways[i].python_listens)
            continue;
        EXPECT_OK(harness_meet(&connection, &harness_ways[i], NULL, "secret", 0,
                               HARNESS_CONNECT "try:\n"
                                               "    connect()\n"
                                               "except EOFError:\n"
                                               "    sys.exit(7)\n",
                               mem));
        EXPECT_STATUS(BROOD_EAUTH, brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        EXPECT_MESSAGE("asks for a key");
        brood_connection_close(connection);
        EXPECT(harness_python_ends() == 7);

        EXPECT_STATUS(APR_TIMEUP, harness_meet(&connection, &harness_ways[i], "secret", NULL, 50000,
                                               HARNESS_CONNECT "connection = connect()\n"
                                                               "try:\n"
                                                               "    connection.recv_bytes()\n"
                                                               "except EOFError:\n"
                                                               "    sys.exit(7)\n",
                                               mem));
        EXPECT(harness_python_ends() == 7);
    }
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(both_know_the_key__AUTH_03_AUTH_05_AUTH_06_AUTH_08_LIS_11_LIS_12),
        TEST(a_wrong_key_is_refused_and_both_hear_of_it__AUTH_07_AUTH_11_LIS_11),
        TEST(a_client_of_pythons_without_a_key_is_refused__LIS_14),
        TEST(a_key_on_one_side_is_an_error_at_a_listener_of_pythons__LIS_14),
    };

    mem = call->mem;
    ways = harness_ways_count(mem);
    if (ways == 0)
        return APR_SUCCESS;
    return harness_run("listener_python", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRIES_END)
