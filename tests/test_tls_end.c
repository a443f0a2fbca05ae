/* Connections that are encrypted: their end, and how long they wait. */
#include "harness_children.h"
#include "tls_fixture.h"

#include "platform/self.h"
#include <stdlib.h>

static apr_pool_t *mem;

/* ---- children ---- */

/* Sends one message, and perhaps the beginning of another, and ends; without a farewell, if it is killed. */
static apr_status_t leave(brood_call_t *call)
{
    brood_connection_t *connection;
    const char *address;
    bool half, killed;

    BROOD_TRY(BROOD_UNPACK(call->args, &address, &half, &killed));
    BROOD_TRY(connect_by(&connection, address, call->mem));
    BROOD_TRY(brood_connection_send_bytes(connection, "whole", 5, BROOD_FOREVER));
    if (half) { /* more than goes without being read */
        const size_t size = 64u << 20;
        char *bytes = calloc(1, size);

        CHECK(bytes != NULL);
        CHECK(brood_connection_send_bytes(connection, bytes, size, 200000) == BROOD_ETRUNCATED);
        free(bytes);
    }
    if (killed)
        brood__self_kill();
    brood_connection_close(connection);
    return APR_SUCCESS;
}

/* ---- the end ---- */

static void the_end_is_told_apart_from_a_cut(void)
{
    for (int i = 0; i < 4; i++) {
        const bool half = (i & 1) != 0, killed = (i & 2) != 0;
        brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
        brood_process_t *child = harness_start(leave, BROOD_ARGS(brood_listener_address(listener), half, killed), mem);
        brood_connection_t *connection = accept_one(listener, mem);
        brood_bytes_t bytes = {NULL, 0};

        EXPECT_EXIT(killed ? harness_killed() : 0, child);
        EXPECT_OK(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        EXPECT(bytes.size == 5);
        EXPECT_STATUS(half ? BROOD_ETRUNCATED : APR_EOF,
                      brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        brood_connection_close(connection);
        brood_listener_close(listener);
    }
}

/* A forked copy of this process has the connection, too, for a moment. */
static void a_child_that_ends_leaves_its_parents_connections_alone(void)
{
    brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
    const brood__address_t to = port_of(brood_listener_address(listener));
    brood_connection_t *connection = NULL, *none = NULL;
    brood_process_t *child = start_echo(&connection, listener, mem), *other;
    brood__stream_t begun;

    EXPECT_OK(brood__listener_connect(&begun, &to, INT64_MAX));
    EXPECT_STATUS(APR_TIMEUP, brood_listener_accept(&none, listener, BROOD_NOWAIT, mem));
    other = harness_start(nothing, BROOD_NIL, mem);
    EXPECT_EXIT(0, other);
    send_and_hear(connection, "still", 5, mem);
    brood_connection_close(connection);
    EXPECT_EXIT(0, child);
    brood__stream_close(&begun);
    brood_listener_close(listener);
}

static void it_cannot_be_sent_to_another_process(void)
{
    brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
    brood_connection_t *connection = NULL, *ends[2];
    brood_process_t *child = start_echo(&connection, listener, mem), *other = NULL;

    EXPECT_OK(brood_pipe_create(&ends[0], &ends[1], BROOD_DUPLEX, mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_connection_send(ends[0], brood_connection_to_value(connection), BROOD_FOREVER));
    EXPECT_MESSAGE("encrypted");
    EXPECT_STATUS(BROOD_EENCODE, brood_connection_send(connection, brood_connection_to_value(ends[0]), BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EENCODE, brood_process_start(&other, nothing, BROOD_ARGS(connection), NULL, mem));
    send_and_hear(connection, "still", 5, mem);
    brood_connection_close(connection);
    EXPECT_EXIT(0, child);
    brood_connection_close(ends[0]);
    brood_connection_close(ends[1]);
    brood_listener_close(listener);
}

/* ---- time ---- */

static void nothing_waits_longer_than_it_is_told(void)
{
    brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
    brood_connection_t *connection = NULL;
    brood_process_t *child;
    brood_bytes_t bytes;

    EXPECT_STATUS(APR_TIMEUP, brood_listener_accept(&connection, listener, BROOD_NOWAIT, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_listener_accept(&connection, listener, 2000, mem));
    child = start_echo(&connection, listener, mem);
    EXPECT_STATUS(APR_TIMEUP, brood_connection_recv_bytes(&bytes, connection, 0, BROOD_NOWAIT, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_connection_recv_bytes(&bytes, connection, 0, 2000, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(connection, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(connection, 2000));
    send_and_hear(connection, "x", 1, mem);
    brood_connection_close(connection);
    EXPECT_EXIT(0, child);
    brood_listener_close(listener);
}

/* It takes nothing more at some point, and later everything. */
static void what_was_not_sent_in_time_was_not_sent(void)
{
    brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
    brood_connection_t *connection = NULL;
    brood_process_t *child = start_echo(&connection, listener, mem);
    static const char piece[3000];
    char buffer[3000];
    apr_size_t size;
    int sent = 0;
    apr_status_t rc;

    while ((rc = brood_connection_send_bytes(connection, piece, sizeof piece, BROOD_NOWAIT)) == APR_SUCCESS)
        sent++;
    EXPECT(rc == APR_TIMEUP || rc == BROOD_ETRUNCATED);
    if (rc == APR_TIMEUP) {
        for (; sent > 0; sent--) {
            size = sizeof buffer;
            if (!EXPECT_OK(brood_connection_recv_into(buffer, &size, connection, BROOD_FOREVER)))
                break;
        }
        EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(connection, BROOD_NOWAIT));
        send_and_hear(connection, "last", 4, mem);
    }
    brood_connection_close(connection);
    EXPECT_EXIT(rc == APR_TIMEUP ? 0 : 1, child);
    brood_listener_close(listener);
}

static void it_can_be_waited_for(void)
{
    brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
    brood_process_t *child = harness_start(echo, BROOD_ARGS(brood_listener_address(listener)), mem);
    brood_connection_t *connection = NULL;
    brood_wait_t item = BROOD_WAIT(listener);
    brood_bytes_t bytes = {NULL, 0};
    apr_status_t rc;

    do { /* the handshake takes several looks */
        EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
        rc = brood_listener_accept(&connection, listener, BROOD_NOWAIT, mem);
    } while (rc == APR_TIMEUP);
    if (!EXPECT_OK(rc))
        return;
    item = BROOD_WAIT(connection);
    EXPECT_STATUS(APR_TIMEUP, brood_wait(&item, 1, BROOD_NOWAIT));
    for (int i = 0; i < 3; i++)
        EXPECT_OK(brood_connection_send_bytes(connection, "abc", (size_t) i + 1, BROOD_FOREVER));
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
        EXPECT_OK(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        EXPECT(bytes.size == (size_t) i + 1);
    }
    EXPECT_STATUS(APR_TIMEUP, brood_wait(&item, 1, 2000));
    brood_connection_close(connection);
    EXPECT_EXIT(0, child);
    brood_listener_close(listener);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(the_end_is_told_apart_from_a_cut),       TEST(a_child_that_ends_leaves_its_parents_connections_alone),
        TEST(it_cannot_be_sent_to_another_process),   TEST(nothing_waits_longer_than_it_is_told),
        TEST(what_was_not_sent_in_time_was_not_sent), TEST(it_can_be_waited_for),
    };

    mem = call->mem;
    return harness_run("tls_end", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(echo), BROOD_ENTRY(leave), BROOD_ENTRY(nothing))
