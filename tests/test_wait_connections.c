/* Connections and listeners among those that are waited for. */
#include "listener_fixture.h"

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
        TEST(six_hundred_are_waited_for_at_once__WAIT_01_WAIT_06_WAIT_07),
    };

    mem = call->mem;
    return harness_run("wait_connections", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(echo_once))
