/* Clients that find nobody, and many that nobody has accepted yet. */
#include "harness_tree.h"

#include "platform/listener.h"
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

static apr_pool_t *mem;

static brood__address_t port_of(const brood_listener_t *listener)
{
    const char *colon = strrchr(brood_listener_address(listener), ':');

    return (brood__address_t){BROOD__FAMILY_INET, "127.0.0.1", (uint16_t) apr_atoi64(colon + 1), false};
}

static void where_nobody_listens_a_client_fails_at_once__LIS_15(void)
{
    brood_listener_t *listener;
    brood_connection_t *connection = NULL;
    const char *addresses[2];

    EXPECT_OK(brood_listener_create(&listener, "127.0.0.1:0", NULL, mem));
    addresses[0] = apr_pstrdup(mem, brood_listener_address(listener));
    brood_listener_close(listener);
    EXPECT(APR_STATUS_IS_ECONNREFUSED(brood_client_connect(&connection, addresses[0], NULL, mem)));
    EXPECT_MESSAGE("cannot connect to 127.0.0.1:");

    EXPECT_OK(brood_listener_create(&listener, NULL, NULL, mem));
    addresses[1] = apr_pstrdup(mem, brood_listener_address(listener));
    brood_listener_close(listener);
    EXPECT(APR_STATUS_IS_ENOENT(brood_client_connect(&connection, addresses[1], NULL, mem)));
    EXPECT_MESSAGE(addresses[1]);
    EXPECT(connection == NULL);
}

/* None of them is refused, or waits, before anybody accepts: the default is no backlog of 1. */
static void a_hundred_may_wait_to_be_accepted__LIS_08(void)
{
    enum { MANY = 100 };
    static brood__stream_t waiting[MANY];
    brood_listener_t *listener;
    brood_connection_t *connection;
    brood__address_t address;

    EXPECT_OK(brood_listener_create(&listener, "127.0.0.1:0", NULL, mem));
    address = port_of(listener);
    for (int i = 0; i < MANY; i++)
        EXPECT_OK(brood__listener_connect(&waiting[i], &address, INT64_MAX));
    for (int i = 0; i < MANY; i++) {
        EXPECT_OK(brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
        brood_connection_close(connection);
        brood__stream_close(&waiting[i]);
    }
    brood_listener_close(listener);
}

/* The port is not kept for the connections that it had, which the system remembers a while. */
static void a_port_that_was_in_use_can_be_listened_at_again__LIS_07(void)
{
    brood_listener_t *listener;
    brood_connection_t *client, *connection;
    const char *address;
    brood_bytes_t bytes;

    if (brood__listener_family != BROOD__FAMILY_UNIX) {
        puts("here the system decides when a port is free again");
        return;
    }
    EXPECT_OK(brood_listener_create(&listener, "127.0.0.1:0", NULL, mem));
    address = apr_pstrdup(mem, brood_listener_address(listener));
    EXPECT_OK(brood_client_connect(&client, address, NULL, mem));
    EXPECT_OK(brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
    brood_connection_close(connection); /* first: so the wait is this side's */
    EXPECT_STATUS(APR_EOF, brood_connection_recv_bytes(&bytes, client, 0, BROOD_FOREVER, mem));
    brood_connection_close(client);
    brood_listener_close(listener);
    EXPECT_OK(brood_listener_create(&listener, address, NULL, mem));
    EXPECT_TEXT(address, brood_listener_address(listener));
    brood_listener_close(listener);
}

static void a_loop_of_the_programs_own_can_wait_for_a_connection__CONN_20(void)
{
    brood_connection_t *ends[2];
    brood_listener_t *listener;
    apr_os_file_t file, other;

    EXPECT_OK(brood_listener_create(&listener, "127.0.0.1:0", NULL, mem));
    EXPECT_OK(brood_client_connect(&ends[0], brood_listener_address(listener), NULL, mem));
    EXPECT_OK(brood_listener_accept(&ends[1], listener, BROOD_FOREVER, mem));
    EXPECT_OK(brood_connection_fileno(&file, ends[0]));
    EXPECT_OK(brood_connection_fileno(&other, ends[1]));
    EXPECT(file != other);
    brood_connection_close(ends[0]);
    EXPECT_STATUS(BROOD_ECLOSED, brood_connection_fileno(&file, ends[0]));
    brood_connection_close(ends[1]);
    brood_listener_close(listener);

    EXPECT_OK(brood_pipe_create(&ends[0], &ends[1], BROOD_ONE_WAY, mem));
    EXPECT_OK(brood_connection_fileno(&file, ends[0]));
    if (brood__listener_family
        == BROOD__FAMILY_UNIX) { /* a pipe of Windows is signalled by what was begun on it alone */
        brood_wait_t item = brood_wait_handle(file);

        EXPECT_STATUS(APR_TIMEUP, brood_wait(&item, 1, BROOD_NOWAIT));
        EXPECT_OK(brood_connection_send(ends[1], BROOD_NIL, BROOD_FOREVER));
        EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
        EXPECT(item.ready);
    }
    brood_connection_close(ends[0]);
    brood_connection_close(ends[1]);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(where_nobody_listens_a_client_fails_at_once__LIS_15),
        TEST(a_hundred_may_wait_to_be_accepted__LIS_08),
        TEST(a_port_that_was_in_use_can_be_listened_at_again__LIS_07),
        TEST(a_loop_of_the_programs_own_can_wait_for_a_connection__CONN_20),
    };

    mem = call->mem;
    return harness_run("client", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRIES_END)
