/* Connections and APR's sockets go to other processes: as arguments, and in messages. */
#include "pipe_fixture.h"
#include "platform/listener.h"
#include <apr_network_io.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <string.h>

#define TEN 10

/* ---- children ---- */

/* Says its number on each of ten connections. */
static apr_status_t say_on_all(brood_call_t *call)
{
    brood_connection_t *connection;

    CHECK(brood_value_count(call->args) == TEN);
    for (int i = 0; i < TEN; i++) {
        BROOD_TRY(brood_connection_from_value(&connection, brood_value_at(call->args, (apr_size_t) i)));
        BROOD_TRY(brood_connection_send(connection, brood_int(i), BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

/* Accepts at a socket that it was given, and says hello. */
static apr_status_t accept_there(brood_call_t *call)
{
    apr_socket_t *listener, *socket;
    apr_size_t size = 5;

    BROOD_TRY(BROOD_UNPACK(call->args, &listener));
    BROOD_TRY(apr_socket_accept(&socket, listener, call->mem));
    BROOD_TRY(apr_socket_send(socket, "hello", &size));
    CHECK(size == 5);
    return apr_socket_close(socket);
}

/* Receives sockets, and says hello at each, until the end. */
static apr_status_t greet(brood_call_t *call)
{
    brood_connection_t *connection;
    apr_socket_t *socket;
    brood_value_t value;
    apr_pool_t *turn;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &connection));
    BROOD_TRY(apr_pool_create(&turn, call->mem));
    while ((rc = brood_connection_recv(&value, connection, BROOD_FOREVER, turn)) == APR_SUCCESS) {
        apr_size_t size = 5;

        BROOD_TRY(BROOD_READ(&socket, value));
        BROOD_TRY(apr_socket_send(socket, "hello", &size));
        apr_pool_clear(turn);
    }
    return brood_allow(rc, APR_EOF);
}

/* ---- help ---- */

static apr_socket_t *listening(apr_sockaddr_t **address)
{
    apr_socket_t *listener = NULL;

    EXPECT(apr_sockaddr_info_get(address, "127.0.0.1", APR_INET, 0, 0, mem) == APR_SUCCESS);
    EXPECT(apr_socket_create(&listener, APR_INET, SOCK_STREAM, APR_PROTO_TCP, mem) == APR_SUCCESS);
    EXPECT(apr_socket_bind(listener, *address) == APR_SUCCESS);
    EXPECT(apr_socket_listen(listener, 10) == APR_SUCCESS);
    EXPECT(apr_socket_addr_get(address, APR_LOCAL, listener) == APR_SUCCESS);
    return listener;
}

static apr_socket_t *connected(apr_sockaddr_t *address)
{
    apr_socket_t *socket = NULL;

    EXPECT(apr_socket_create(&socket, APR_INET, SOCK_STREAM, APR_PROTO_TCP, mem) == APR_SUCCESS);
    EXPECT(apr_socket_connect(socket, address) == APR_SUCCESS);
    return socket;
}

static void hear_hello(apr_socket_t *socket)
{
    char text[6] = "";
    apr_size_t got = 0;

    while (got < 5) {
        apr_size_t size = 5 - got;

        if (!EXPECT(apr_socket_recv(socket, text + got, &size) == APR_SUCCESS))
            break;
        got += size;
    }
    EXPECT_TEXT("hello", text);
    EXPECT(apr_socket_close(socket) == APR_SUCCESS);
}

/* ---- tests ---- */

static void give_ten(void)
{
    brood_connection_t *ends[TEN][2];
    brood_value_t args[TEN], value;
    brood_process_t *child;

    for (int i = 0; i < TEN; i++) {
        pair(ends[i], BROOD_ONE_WAY);
        args[i] = BROOD_VALUE(ends[i][1]);
    }
    child = harness_start(say_on_all, brood_list(args, TEN), mem);
    for (int i = 0; i < TEN; i++) {
        brood_connection_close(ends[i][1]);
        EXPECT_OK(brood_connection_recv(&value, ends[i][0], BROOD_FOREVER, mem));
        EXPECT(brood_value_equal(brood_int(i), value));
        EXPECT_STATUS(APR_EOF, brood_connection_recv(&value, ends[i][0], BROOD_FOREVER, mem));
        brood_connection_close(ends[i][0]);
    }
    EXPECT_EXIT(0, child);
}

static void ten_connections_are_arguments__CONN_27_HND_05(void)
{
    int before;

    give_ten();
    before = harness_handles(); /* the fork server's included */
    give_ten();
    give_ten();
    EXPECT(harness_handles() <= before + 2);
}

static void a_listening_socket_is_an_argument__CONN_28(void)
{
    apr_sockaddr_t *address;
    apr_socket_t *listener = listening(&address);
    brood_process_t *child = harness_start(accept_there, BROOD_ARGS(listener), mem);

    hear_hello(connected(address));
    EXPECT_EXIT(0, child);
    EXPECT(apr_socket_close(listener) == APR_SUCCESS);
}

static void sockets_travel_in_messages__CONN_28_CONN_29_HND_01(void)
{
    apr_sockaddr_t *address;
    apr_socket_t *listener = listening(&address);
    brood_connection_t *ends[2];
    brood_process_t *child;

    pair(ends, BROOD_ONE_WAY);
    child = harness_start(greet, BROOD_ARGS(ends[0]), mem);
    brood_connection_close(ends[0]);
    for (int i = 0; i < 100; i++) {
        apr_socket_t *client = connected(address), *server = NULL;

        EXPECT(apr_socket_accept(&server, listener, mem) == APR_SUCCESS);
        EXPECT(apr_socket_timeout_set(server, i % 2 == 0 ? -1 : 1000000) == APR_SUCCESS);
        EXPECT_OK(brood_connection_send(ends[1], BROOD_VALUE(server), BROOD_FOREVER));
        EXPECT(apr_socket_close(server) == APR_SUCCESS);
        hear_hello(client);
    }
    brood_connection_close(ends[1]);
    EXPECT_EXIT(0, child);
    EXPECT(apr_socket_close(listener) == APR_SUCCESS);
}

static void many_travel_in_one_message_and_too_many_do_not__HND_03(void)
{
    enum { MOST = 64, BEFORE = 130 };
    brood_connection_t *ends[2], *before[BEFORE][2], *others[MOST + 1][2], *received;
    brood_value_t items[MOST + 1], value, answer;

    pair(ends, BROOD_DUPLEX);
    for (int i = 0; i < BEFORE; i++) /* so that the numbers of the others are large */
        pair(before[i], BROOD_DUPLEX);
    for (int i = 0; i <= MOST; i++) {
        pair(others[i], BROOD_DUPLEX);
        items[i] = BROOD_VALUE(others[i][1]);
    }
    EXPECT_STATUS(BROOD_EENCODE, brood_connection_send(ends[0], brood_list(items, MOST + 1), BROOD_FOREVER));
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(ends[1], BROOD_NOWAIT));
    for (int i = 0; i < 5; i++) { /* they are taken out in time for the next */
        EXPECT_OK(brood_connection_send(ends[0], brood_list(items, MOST), BROOD_FOREVER));
        EXPECT_OK(brood_connection_recv(&value, ends[1], BROOD_FOREVER, mem));
        for (int k = 0; k < MOST; k++) {
            EXPECT_OK(brood_connection_from_value(&received, brood_value_at(value, (apr_size_t) k)));
            EXPECT_OK(brood_connection_send(received, brood_int(k), BROOD_FOREVER));
            brood_connection_close(received);
            EXPECT_OK(brood_connection_recv(&answer, others[k][0], BROOD_FOREVER, mem));
            EXPECT(brood_value_equal(brood_int(k), answer));
        }
    }
    for (int i = 0; i <= MOST; i++)
        close_pair(others[i]);
    for (int i = 0; i < BEFORE; i++)
        close_pair(before[i]);
    close_pair(ends);
}

/* Where they go along with the messages, the receiver has them; else the sender keeps them for him. */
static void what_nobody_has_taken_is_closed__HND_06(void)
{
    const int before = harness_handles();
    const bool go_along = brood__listener_family == BROOD__FAMILY_UNIX;
    brood_connection_t *ends[2], *other[2];
    brood_bytes_t bytes;
    brood_value_t value;

    pair(ends, BROOD_DUPLEX);
    pair(other, BROOD_DUPLEX);
    brood__parcel_patience = go_along ? brood__parcel_patience : 0;
    for (int i = 0; i < 20; i++)
        EXPECT_OK(brood_connection_send(ends[0], BROOD_LIST(other[0], other[1]), BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&bytes, ends[1], 0, BROOD_FOREVER, mem));
    brood__parcel_patience = apr_time_from_sec(60);
    if (!go_along)
        EXPECT_STATUS(BROOD_EDECODE, brood_connection_recv(&value, ends[1], BROOD_FOREVER, mem));
    close_pair(other);
    close_pair(ends);
    EXPECT(harness_handles() <= before + 2);
}

/* Those of messages that were read as bytes: later ones of the connection are there still. */
static void what_is_not_taken_in_time_is_closed__HND_06(void)
{
    brood_connection_t *ends[2], *other[2];
    brood_bytes_t bytes;
    brood_value_t value;

    pair(ends, BROOD_DUPLEX);
    pair(other, BROOD_DUPLEX);
    brood__parcel_patience = 0;
    EXPECT_OK(brood_connection_send(ends[0], BROOD_VALUE(other[0]), BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&bytes, ends[1], 0, BROOD_FOREVER, mem));
    brood__parcel_patience = apr_time_from_sec(60);
    EXPECT_OK(brood_connection_send(ends[0], BROOD_VALUE(other[1]), BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv(&value, ends[1], BROOD_FOREVER, mem));
    close_pair(other);
    EXPECT_OK(brood_connection_from_value(&other[1], value)); /* the only end of it that is open */
    EXPECT(APR_STATUS_IS_EPIPE(brood_connection_send(other[1], BROOD_NIL, BROOD_FOREVER)));
    brood_connection_close(other[1]);
    close_pair(ends);
}

/* The bytes of a message that named one, when that has gone: for good, where the name alone is enough to take it. */
static void a_name_alone_is_no_connection__HND_02_HND_05(void)
{
    brood_connection_t *ends[2], *other[2];
    brood_bytes_t bytes;
    brood_value_t value;
    apr_status_t rc;

    pair(ends, BROOD_DUPLEX);
    pair(other, BROOD_DUPLEX);
    EXPECT_OK(brood_connection_send(ends[0], BROOD_VALUE(other[0]), BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&bytes, ends[1], 0, BROOD_FOREVER, mem));
    EXPECT_OK(brood_connection_send_bytes(ends[1], bytes.data, bytes.size, BROOD_FOREVER));
    EXPECT_OK(brood_connection_send_bytes(ends[1], bytes.data, bytes.size, BROOD_FOREVER));
    rc = brood_connection_recv(&value, ends[0], BROOD_FOREVER, mem);
    EXPECT(rc == (brood__listener_family == BROOD__FAMILY_UNIX ? BROOD_EDECODE : APR_SUCCESS));
    EXPECT_STATUS(BROOD_EDECODE, brood_connection_recv(&value, ends[0], BROOD_FOREVER, mem));
    close_pair(other);
    close_pair(ends);
}

static void another_machine_is_no_way_for_them(void)
{
    brood_connection_t *ends[2], *client, *server;
    brood_listener_t *listener;

    pair(ends, BROOD_DUPLEX);
    EXPECT_OK(brood_listener_create(&listener, "127.0.0.1:0", NULL, mem));
    EXPECT_OK(brood_client_connect(&client, brood_listener_address(listener), NULL, mem));
    EXPECT_OK(brood_listener_accept(&server, listener, BROOD_FOREVER, mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_connection_send(client, BROOD_VALUE(ends[0]), BROOD_FOREVER));
    EXPECT_MESSAGE("another machine");
    EXPECT_OK(brood_connection_send(client, brood_int(1), BROOD_FOREVER));
    brood_connection_close(client);
    brood_connection_close(server);
    brood_listener_close(listener);
    close_pair(ends);
}

static void a_copied_value_has_an_end_of_its_own__CONN_27(void)
{
    brood_connection_t *ends[2], *copied = NULL;
    brood_value_t copy, value;

    pair(ends, BROOD_ONE_WAY);
    copy = brood_value_copy(BROOD_VALUE(ends[1]), mem);
    brood_connection_close(ends[1]);
    EXPECT_OK(brood_connection_from_value(&copied, copy));
    EXPECT(!brood_connection_readable(copied) && brood_connection_writable(copied));
    EXPECT_OK(brood_connection_send(copied, brood_int(1), BROOD_FOREVER));
    brood_connection_close(copied);
    EXPECT_OK(brood_connection_recv(&value, ends[0], BROOD_FOREVER, mem));
    EXPECT_STATUS(APR_EOF, brood_connection_recv(&value, ends[0], BROOD_FOREVER, mem));
    close_pair(ends);
}

static void handles_are_waited_for__WAIT_03(void)
{
    brood_connection_t *ends[2];
    brood_process_t *child;
    apr_sockaddr_t *address;
    apr_socket_t *listener = listening(&address);
    apr_os_file_t sentinel;
    brood_wait_t items[2];

    child = harness_start(accept_there, BROOD_ARGS(listener), mem);
    pair(ends, BROOD_ONE_WAY);
    EXPECT_OK(brood_process_sentinel(&sentinel, child));
    items[0] = brood_wait_handle(sentinel);
    items[1] = BROOD_WAIT(ends[0]);
    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, 2, BROOD_NOWAIT));
    hear_hello(connected(address));
    EXPECT_OK(brood_wait(items, 2, BROOD_FOREVER));
    EXPECT(items[0].ready && !items[1].ready);
    EXPECT_EXIT(0, child);
    EXPECT(apr_socket_close(listener) == APR_SUCCESS);
    close_pair(ends);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(ten_connections_are_arguments__CONN_27_HND_05),
        TEST(a_listening_socket_is_an_argument__CONN_28),
        TEST(sockets_travel_in_messages__CONN_28_CONN_29_HND_01),
        TEST(many_travel_in_one_message_and_too_many_do_not__HND_03),
        TEST(what_nobody_has_taken_is_closed__HND_06),
        TEST(what_is_not_taken_in_time_is_closed__HND_06),
        TEST(a_name_alone_is_no_connection__HND_02_HND_05),
        TEST(another_machine_is_no_way_for_them),
        TEST(a_copied_value_has_an_end_of_its_own__CONN_27),
        TEST(handles_are_waited_for__WAIT_03),
    };

    mem = call->mem;
    return harness_run("travel", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(say_on_all), BROOD_ENTRY(accept_there), BROOD_ENTRY(greet))
