/* Peers that mean no good cost nothing but their own connections: others are served meanwhile. */
#include "harness_tree.h"
#include "connection/connection.h"
#include "platform/listener.h"
#include <apr_strings.h>
#include <string.h>

static apr_pool_t *mem;

#define MANY 50

/* ---- children ---- */

/* A good client: its number comes back. */
static apr_status_t ask(brood_call_t *call)
{
    const brood_connect_options_t options = {.authkey = "secret"};
    brood_connection_t *connection;
    const char *address;
    brood_value_t value;
    int number;

    BROOD_TRY(BROOD_UNPACK(call->args, &address, &number));
    BROOD_TRY(brood_client_connect(&connection, address, &options, call->mem));
    BROOD_TRY(brood_connection_send(connection, brood_int(number), BROOD_FOREVER));
    BROOD_TRY(brood_connection_recv(&value, connection, BROOD_FOREVER, call->mem));
    CHECK(brood_value_equal(brood_int(number), value));
    return APR_SUCCESS;
}

/* ---- help ---- */

static brood_listener_t *listening(const char *key)
{
    const brood_connect_options_t options = {.authkey = key};
    brood_listener_t *listener = NULL;

    EXPECT_OK(brood_listener_create(&listener, "127.0.0.1:0", &options, mem));
    return listener;
}

static void connect_raw(brood__stream_t *stream, const brood_listener_t *listener)
{
    const brood__address_t to = {BROOD__FAMILY_INET, "127.0.0.1",
                                 (uint16_t) apr_atoi64(strrchr(brood_listener_address(listener), ':') + 1), false};

    EXPECT_OK(brood__listener_connect(stream, &to, INT64_MAX));
}

static void say(brood__stream_t *stream, const void *data, size_t size)
{
    size_t sent;

    EXPECT_OK(brood__stream_write(stream, NULL, 0, data, size, NULL, &sent, INT64_MAX));
}

/* Serve one good client among whoever else is there: the bad are refused, or wait. */
static void serve(brood_listener_t *listener, int number)
{
    brood_process_t *child = harness_start(ask, BROOD_ARGS(brood_listener_address(listener), number), mem);
    brood_connection_t *connection = NULL;
    brood_value_t value;
    apr_status_t rc;

    do
        rc = brood_listener_accept(&connection, listener, BROOD_FOREVER, mem);
    while (rc == BROOD_EAUTH);
    if (!EXPECT_OK(rc))
        return;
    EXPECT_OK(brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
    EXPECT_OK(brood_connection_send(connection, value, BROOD_FOREVER));
    EXPECT_EXIT(0, child);
    brood_connection_close(connection);
}

/* ---- tests ---- */

static void bad_handshakes_hold_nobody_up__AUTH_11_AUTH_12_LIS_14(void)
{
    static const struct {
        const char *bytes;
        size_t size;
    } bad[] = {
        {"GET / HTTP/1.0\r\n\r\n", 18},                                   /* a size that is none of the handshake's */
        {"\xff\xff\xff\xfe", 4},                                          /* below zero */
        {"\x00\x00\x00\x28{sha256}0123", 16},                             /* half an answer */
        {"\x00\x00", 2},                                                  /* half a head */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12},         /* more than there can be */
        {"\x00\x00\x00\x28{sha256}0123456789abcdef0123456789abcdef", 44}, /* a wrong answer */
        {"\x00\x00\x00\x00", 4},                                          /* none */
        {"", 0},
    };
    enum { BAD = sizeof bad / sizeof *bad };
    brood_listener_t *listener = listening("secret");
    brood__stream_t stream[BAD];

    for (int i = 0; i < BAD; i++) {
        connect_raw(&stream[i], listener);
        say(&stream[i], bad[i].bytes, bad[i].size);
        serve(listener, i);
    }
    for (int i = 0; i < BAD; i++)
        brood__stream_close(&stream[i]);
    serve(listener, BAD);
    brood_listener_close(listener);
}

static void many_connections_that_say_nothing_do_not_keep_the_next_out__LIS_14(void)
{
    static brood__stream_t stream[MANY];
    const int before = harness_handles();
    brood_listener_t *listener = listening("secret");

    for (int i = 0; i < MANY; i++)
        connect_raw(&stream[i], listener);
    serve(listener, 1);
    for (int i = 0; i < MANY; i++)
        brood__stream_close(&stream[i]);
    serve(listener, 2);
    brood_listener_close(listener);
    EXPECT(harness_handles() <= before + 8);
}

/* One after the other, each with a byte at a time, and all at once. */
static void slow_bytes_are_waited_for_by_nobody_else__LIS_18(void)
{
    static const char challenge[] = "\x00\x00\x00\x3b#CHALLENGE#";
    brood_listener_t *listener = listening("secret");
    brood__stream_t slow;

    connect_raw(&slow, listener);
    for (size_t i = 0; i < sizeof challenge - 1; i++) {
        say(&slow, challenge + i, 1);
        if (i % 5 == 0)
            serve(listener, (int) i);
    }
    brood__stream_close(&slow);
    brood_listener_close(listener);
}

/* A gigabyte is announced, and some of it comes. */
static void memory_is_taken_for_what_comes_and_not_for_what_is_announced__CONN_22(void)
{
    static const char head[] = "\x40\x00\x00\x00";
    brood__stream_t ends[2];
    brood_connection_t *connection;
    brood_bytes_t bytes;
    char some[5000] = {0};

    EXPECT_OK(brood__stream_pair(ends));
    EXPECT_OK(brood__connection_create(&connection, &ends[1], true, true, mem));
    say(&ends[0], head, 4);
    EXPECT_STATUS(APR_TIMEUP, brood_connection_recv_bytes(&bytes, connection, 0, BROOD_NOWAIT, mem));
    for (int i = 0; i < 100; i++) {
        say(&ends[0], some, sizeof some);
        EXPECT_STATUS(APR_TIMEUP, brood_connection_recv_bytes(&bytes, connection, 0, BROOD_NOWAIT, mem));
        EXPECT(connection->message.room <= (2 << 20));
    }
    EXPECT(connection->message.begun && connection->message.size == 1 << 30);
    brood__stream_close(&ends[0]);
    EXPECT_STATUS(BROOD_ETRUNCATED, brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
    brood_connection_close(connection);
}

static void a_limit_refuses_what_is_announced_before_it_comes__CONN_13(void)
{
    static const char head[] = "\x40\x00\x00\x00";
    brood__stream_t ends[2];
    brood_connection_t *connection;
    brood_value_t value;

    EXPECT_OK(brood__stream_pair(ends));
    EXPECT_OK(brood__connection_create(&connection, &ends[1], true, true, mem));
    brood_connection_limit(connection, 1000);
    say(&ends[0], head, 4);
    EXPECT_STATUS(BROOD_ETOOBIG, brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
    EXPECT(connection->message.room == 0);
    brood__stream_close(&ends[0]);
    brood_connection_close(connection);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(bad_handshakes_hold_nobody_up__AUTH_11_AUTH_12_LIS_14),
        TEST(many_connections_that_say_nothing_do_not_keep_the_next_out__LIS_14),
        TEST(slow_bytes_are_waited_for_by_nobody_else__LIS_18),
        TEST(memory_is_taken_for_what_comes_and_not_for_what_is_announced__CONN_22),
        TEST(a_limit_refuses_what_is_announced_before_it_comes__CONN_13),
    };

    mem = call->mem;
    return harness_run("hostile", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(ask))
