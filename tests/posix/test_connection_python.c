/* Python's multiprocessing.connection on the other side, as Client and as Listener. */
#include "harness_python.h"

#include <apr_env.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_HUGE 0x80000000u /* bytes that need the long form */

static apr_pool_t *mem;
static size_t ways; /* how many */

static brood_connection_t *meet(size_t way, const char *script)
{
    return harness_meet_with(&harness_ways[way], NULL, script, mem);
}

/* ---- messages ---- */

/* Bytes of which no two places of a message are easily mistaken for each other. */
static void fill(unsigned char *data, apr_size_t size)
{
    for (apr_size_t i = 0; i < size; i++)
        data[i] = (unsigned char) (i * 31 + (i >> 8) * 7 + (i >> 20));
}

static bool is_filled(const unsigned char *data, apr_size_t size)
{
    for (apr_size_t i = 0; i < size; i++)
        if (data[i] != (unsigned char) (i * 31 + (i >> 8) * 7 + (i >> 20)))
            return false;
    return true;
}

static void expect_echo(brood_connection_t *connection, unsigned char *data, apr_size_t size)
{
    apr_size_t got = size;

    fill(data, size);
    EXPECT_OK(brood_connection_send_bytes(connection, data, size, BROOD_FOREVER));
    memset(data, 0, size);
    EXPECT_OK(brood_connection_recv_into(data, &got, connection, BROOD_FOREVER));
    EXPECT(got == size && is_filled(data, size));
}

static void messages_of_every_size_go_both_ways__WIRE_01_WIRE_04_WIRE_05_CONN_21_LIS_02_LIS_19(void)
{
    static const apr_size_t sizes[] = {0, 1, 4, 16383, 16384, 16385, 20480, 65536, 1 << 20, 0, 1};
    unsigned char *data = apr_palloc(mem, 1 << 20);

    for (size_t i = 0; i < ways; i++) {
        brood_connection_t *connection = meet(i, HARNESS_ECHO);

        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
            expect_echo(connection, data, sizes[k]);
        brood_connection_close(connection);
        EXPECT(harness_python_ends() == 7); /* EOFError */
    }
}

/* ---- the end ---- */

/* Also when it closes with bytes of ours that it has not read, of which some systems make a reset. */
static void pythons_end_is_ours__CONN_07_CONN_09(void)
{
    brood_bytes_t bytes = {NULL, 0};
    apr_status_t rc;

    for (size_t i = 0; i < 2 * ways; i++) {
        brood_connection_t *connection = meet(i / 2, HARNESS_CONNECT "connection = connect()\n"
                                                                     "connection.send_bytes(b'last')\n"
                                                                     "told()\n"
                                                                     "connection.close()\n"
                                                                     "told()\n");

        EXPECT_OK(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        EXPECT(bytes.size == 4 && memcmp(bytes.data, "last", 4) == 0);
        if (i % 2 == 1)
            EXPECT_OK(brood_connection_send_bytes(connection, "unread", 6, BROOD_FOREVER));
        harness_tell_python();
        EXPECT_STATUS(APR_EOF, brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        do /* by TCP it is the answer to the first that says so */
            rc = brood_connection_send_bytes(connection, "x", 1, BROOD_FOREVER);
        while (rc == APR_SUCCESS);
        EXPECT_STATUS(APR_EPIPE, rc);
        harness_tell_python();
        EXPECT(harness_python_ends() == 0);
        brood_connection_close(connection);
    }
}

static void our_end_is_pythons__CONN_07_CONN_09(void)
{
    brood_bytes_t bytes;

    for (size_t i = 0; i < 2 * ways; i++) {
        brood_connection_t *connection = meet(i / 2, HARNESS_CONNECT "connection = connect()\n"
                                                                     "connection.send_bytes(b'first')\n"
                                                                     "tell('sent')\n"
                                                                     "told()\n"
                                                                     "try:\n"
                                                                     "    connection.recv_bytes()\n"
                                                                     "except (EOFError, ConnectionResetError):\n"
                                                                     "    pass\n"
                                                                     "try:\n"
                                                                     "    while True: connection.send_bytes(b'x')\n"
                                                                     "except (BrokenPipeError, ConnectionResetError):\n"
                                                                     "    sys.exit(7)\n");

        harness_python_says();
        if (i % 2 == 0)
            EXPECT_OK(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        brood_connection_close(connection);
        harness_tell_python();
        EXPECT(harness_python_ends() == 7);
    }
}

static void the_end_within_a_message_is_told_apart__CONN_08(void)
{
    static char data[8 << 20];
    brood_bytes_t bytes;

    for (size_t i = 0; i < ways; i++) {
        brood_connection_t *connection =
            meet(i, HARNESS_CONNECT "connection = connect()\n"
                                    "os.write(connection.fileno(), struct.pack('!i', 5) + b'half')\n"
                                    "connection.close()\n");

        EXPECT_STATUS(BROOD_ETRUNCATED, brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        EXPECT_STATUS(BROOD_ECLOSED, brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        EXPECT(harness_python_ends() == 0);

        connection = meet(i, HARNESS_CONNECT "connection = connect()\n"
                                             "told()\n"
                                             "try:\n"
                                             "    connection.recv_bytes()\n"
                                             "except OSError as error:\n"
                                             "    sys.exit(7 if 'end of file during message' in str(error) else 1)\n");
        EXPECT_STATUS(BROOD_ETRUNCATED, brood_connection_send_bytes(connection, data, sizeof data, 10000));
        harness_tell_python();
        EXPECT(harness_python_ends() == 7);
    }
}

/* ---- objects ---- */

static void a_pickle_is_no_value_and_comes_as_bytes__WIRE_08_CONN_30(void)
{
    for (size_t i = 0; i < ways; i++) {
        brood_connection_t *connection = meet(i, HARNESS_CONNECT "item = {'a': [1, 2.5, None], 'b': b'bytes'}\n"
                                                                 "connection = connect()\n"
                                                                 "connection.send(item)\n"
                                                                 "connection.send(item)\n"
                                                                 "assert connection.recv() == item\n");
        brood_bytes_t bytes = {"", 0};
        brood_value_t value = BROOD_NIL;

        EXPECT_STATUS(BROOD_EDECODE, brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
        EXPECT_OK(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        EXPECT(*(const unsigned char *) bytes.data == 0x80);
        EXPECT_OK(brood_connection_send_bytes(connection, bytes.data, bytes.size, BROOD_FOREVER));
        EXPECT(harness_python_ends() == 0); /* it has got back what it sent */
        brood_connection_close(connection);
    }
}

static void a_value_is_no_pickle__WIRE_08(void)
{
    for (size_t i = 0; i < ways; i++) {
        brood_connection_t *connection =
            meet(i, HARNESS_CONNECT "connection = connect()\n"
                                    "try:\n"
                                    "    connection.recv()\n"
                                    "except pickle.UnpicklingError:\n"
                                    "    assert connection.recv_bytes() == b'\\xc1\\x93\\x01\\xa3two\\xc0'\n"
                                    "    sys.exit(7)\n");

        EXPECT_OK(brood_connection_send(connection, BROOD_LIST(1, "two", BROOD_NIL), BROOD_FOREVER));
        EXPECT_OK(brood_connection_send(connection, BROOD_LIST(1, "two", BROOD_NIL), BROOD_FOREVER));
        EXPECT(harness_python_ends() == 7);
        brood_connection_close(connection);
    }
}

/* ---- beyond 2 GiB ---- */

/* Needs 2 GiB here, and as much in Python. */
static void messages_beyond_2_gib_go_both_ways__WIRE_03_WIRE_04_CONN_22(void)
{
    const apr_size_t size = (apr_size_t) LEAST_HUGE + 12345;
    unsigned char *data;
    char *wanted = NULL;

    if (apr_env_get(&wanted, "BROOD_TEST_HUGE", mem) != APR_SUCCESS) {
        puts("SKIPPED: messages beyond 2 GiB; they take 4 GiB of memory and a minute: BROOD_TEST_HUGE=1");
        return;
    }
    if (size > SIZE_MAX / 2) {
        puts("SKIPPED: messages beyond 2 GiB; no object is that large on 32 bits");
        return;
    }
    data = malloc(size);
    if (!EXPECT(data != NULL))
        return;
    for (size_t i = 0; i < ways && i < 4; i++) { /* an abstract name's are as those of a file */
        const apr_time_t begun = apr_time_now();
        brood_connection_t *connection = meet(i, HARNESS_ECHO);

        expect_echo(connection, data, size);
        expect_echo(connection, data, 1);
        brood_connection_close(connection);
        EXPECT(harness_python_ends() == 7);
        printf("%s, %s: 2 GiB there and back in %.1f s\n", harness_ways[i].python_listens ? "Listener" : "Client",
               harness_ways[i].address != NULL ? harness_ways[i].address : "a Unix socket",
               (double) (apr_time_now() - begun) / 1e6);
    }
    free(data);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(messages_of_every_size_go_both_ways__WIRE_01_WIRE_04_WIRE_05_CONN_21_LIS_02_LIS_19),
        TEST(pythons_end_is_ours__CONN_07_CONN_09),
        TEST(our_end_is_pythons__CONN_07_CONN_09),
        TEST(the_end_within_a_message_is_told_apart__CONN_08),
        TEST(a_pickle_is_no_value_and_comes_as_bytes__WIRE_08_CONN_30),
        TEST(a_value_is_no_pickle__WIRE_08),
        TEST(messages_beyond_2_gib_go_both_ways__WIRE_03_WIRE_04_CONN_22),
    };

    mem = call->mem;
    ways = harness_ways_count(mem);
    if (ways == 0)
        return APR_SUCCESS;
    return harness_run("connection_python", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRIES_END)
