/* Connections and listeners among those that are waited for. */
#include "listener_fixture.h"
#include <apr_thread_proc.h>

static apr_pool_t *mem;

/* ---- children ---- */

/* Sends back one message. */
static apr_status_t echo_once(brood_call_t *call)
{
    brood_connection_t *connection;
    const char *address;
    brood_value_t value;

    BROOD_TRY(BROOD_UNPACK(call->args, &address));
    BROOD_TRY(brood_client_connect(&connection, address, NULL, call->mem));
    BROOD_TRY(brood_connection_recv(&value, connection, BROOD_FOREVER, call->mem));
    return brood_connection_send(connection, value, BROOD_FOREVER);
}

/* ---- tests ---- */

static void listeners_and_connections_are_waited_for__WAIT_02_WAIT_03_WAIT_05_WAIT_10_LIS_18(void)
{
    brood_listener_t *listener = listen_at(NULL, NULL, mem);
    brood_process_t *child = harness_start(echo_once, BROOD_ARGS(brood_listener_address(listener)), mem);
    brood_connection_t *connection, *ends[2];
    brood_wait_t items[3];
    brood_value_t value;

    EXPECT_OK(brood_pipe_create(&ends[0], &ends[1], BROOD_ONE_WAY, mem));
    items[0] = BROOD_WAIT(listener);
    items[1] = BROOD_WAIT(ends[0]);
    EXPECT_OK(brood_wait(items, 2, BROOD_FOREVER));
    EXPECT(items[0].ready && !items[1].ready);
    connection = accept_one(listener, mem);
    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, 2, BROOD_NOWAIT));
    items[0] = BROOD_WAIT(connection);
    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, 2, 2000));
    EXPECT_OK(brood_connection_send(connection, brood_int(5), BROOD_FOREVER));
    EXPECT_OK(brood_wait(items, 2, BROOD_FOREVER));
    EXPECT(items[0].ready && !items[1].ready);
    EXPECT_OK(brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
    items[2] = BROOD_WAIT(child);
    EXPECT_OK(brood_connection_send(ends[1], brood_int(1), BROOD_FOREVER));
    EXPECT_OK(brood_connection_send(ends[1], brood_int(2), BROOD_FOREVER));
    EXPECT_OK(brood_wait(items, 3, BROOD_FOREVER));
    EXPECT(items[1].ready);
    EXPECT_OK(brood_connection_recv(&value, ends[0], BROOD_FOREVER, mem));
    EXPECT_OK(brood_wait(items, 3, BROOD_FOREVER)); /* the second was read ahead, perhaps */
    EXPECT(items[1].ready);
    EXPECT_OK(brood_connection_recv(&value, ends[0], BROOD_FOREVER, mem));
    brood_connection_close(ends[1]);
    EXPECT_EXIT(0, child);
    EXPECT_OK(brood_wait(items, 3, BROOD_FOREVER));
    EXPECT(items[0].ready && items[1].ready && items[2].ready); /* all at their end */
    EXPECT_STATUS(APR_EOF, brood_connection_recv(&value, ends[0], BROOD_FOREVER, mem));
    brood_connection_close(ends[0]);
    EXPECT_STATUS(BROOD_ECLOSED, brood_wait(items, 3, BROOD_FOREVER));
    brood_listener_close(listener);
    items[1] = BROOD_WAIT(listener);
    EXPECT_STATUS(BROOD_ECLOSED, brood_wait(items, 2, BROOD_FOREVER));
    brood_connection_close(connection);
}

static void *APR_THREAD_FUNC accept_and_end(apr_thread_t *thread, void *data)
{
    brood_connection_close(accept_one(data, mem));
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void accept_in_a_thread_that_ends(brood_listener_t *listener)
{
    brood_connection_t *client;
    apr_thread_t *thread;
    apr_status_t rc;

    EXPECT_OK(brood_client_connect(&client, brood_listener_address(listener), NULL, mem));
    EXPECT(apr_thread_create(&thread, NULL, accept_and_end, listener, mem) == APR_SUCCESS);
    EXPECT(apr_thread_join(&rc, thread) == APR_SUCCESS);
    brood_connection_close(client);
}

/* Where the next client is waited for in the thread's name, say. */
static void whose_thread_has_accepted_and_ended_still_listens__LIS_16_WAIT_02(void)
{
    static const char *const addresses[] = {NULL, "127.0.0.1:0"};

    for (int i = 0; i < 2; i++) {
        brood_listener_t *listener = listen_at(addresses[i], NULL, mem);
        brood_wait_t item = BROOD_WAIT(listener);
        brood_connection_t *client;

        accept_in_a_thread_that_ends(listener);
        EXPECT_STATUS(APR_TIMEUP, brood_wait(&item, 1, 2000));
        accept_in_a_thread_that_ends(listener);
        EXPECT_STATUS(APR_TIMEUP, brood_listener_accept(&client, listener, 2000, mem));
        accept_in_a_thread_that_ends(listener);
        EXPECT_STATUS(APR_TIMEUP, brood_wait(&item, 1, BROOD_NOWAIT));
        EXPECT_OK(brood_client_connect(&client, brood_listener_address(listener), NULL, mem));
        EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
        brood_connection_close(accept_one(listener, mem));
        brood_connection_close(client);
        brood_listener_close(listener);
    }
}

static void six_hundred_are_waited_for_at_once__WAIT_01_WAIT_06_WAIT_07(void)
{
    enum { MANY = 600 };
    brood_connection_t *ends[MANY][2];
    brood_wait_t items[MANY];
    int ready = 0;

    for (int i = 0; i < MANY; i++) {
        if (!EXPECT_OK(brood_pipe_create(&ends[i][0], &ends[i][1], BROOD_ONE_WAY, mem)))
            return;
        items[i] = BROOD_WAIT(ends[i][0]);
    }
    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, MANY, BROOD_NOWAIT));
    EXPECT_OK(brood_connection_send(ends[MANY - 1][1], BROOD_NIL, BROOD_FOREVER));
    EXPECT_OK(brood_wait(items, MANY, BROOD_FOREVER));
    EXPECT(items[MANY - 1].ready && !items[0].ready);
    for (int i = 0; i < MANY; i += 2)
        EXPECT_OK(brood_connection_send(ends[i][1], BROOD_NIL, BROOD_FOREVER));
    EXPECT_OK(brood_wait(items, MANY, BROOD_FOREVER));
    for (int i = 0; i < MANY; i++)
        ready += items[i].ready;
    EXPECT(ready == MANY / 2 + 1);
    for (int i = 0; i < MANY; i++) {
        brood_connection_close(ends[i][0]);
        brood_connection_close(ends[i][1]);
    }
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(listeners_and_connections_are_waited_for__WAIT_02_WAIT_03_WAIT_05_WAIT_10_LIS_18),
        TEST(whose_thread_has_accepted_and_ended_still_listens__LIS_16_WAIT_02),
        TEST(six_hundred_are_waited_for_at_once__WAIT_01_WAIT_06_WAIT_07),
    };

    mem = call->mem;
    return harness_run("wait_connections", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(echo_once))
