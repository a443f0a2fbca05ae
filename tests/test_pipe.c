/* Pipes between processes: whoever has an end was given it, and nobody else has. */
#include "pipe_fixture.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

/* ---- children ---- */

/* Sends back what it gets, until nil. */
static apr_status_t echo(brood_call_t *call)
{
    brood_connection_t *connection;
    brood_value_t value;
    apr_pool_t *turn;

    BROOD_TRY(BROOD_UNPACK(call->args, &connection));
    BROOD_TRY(apr_pool_create(&turn, call->mem));
    for (;;) {
        BROOD_TRY(brood_connection_recv(&value, connection, BROOD_FOREVER, turn));
        if (value.kind == BROOD_KIND_NIL)
            return APR_SUCCESS;
        BROOD_TRY(brood_connection_send(connection, value, BROOD_FOREVER));
        apr_pool_clear(turn);
    }
}

static apr_status_t echo_bytes(brood_call_t *call)
{
    brood_connection_t *connection;
    brood_bytes_t bytes;
    apr_pool_t *turn;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &connection));
    BROOD_TRY(apr_pool_create(&turn, call->mem));
    while ((rc = brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, turn)) == APR_SUCCESS) {
        BROOD_TRY(brood_connection_send_bytes(connection, bytes.data, bytes.size, BROOD_FOREVER));
        apr_pool_clear(turn);
    }
    return brood_allow(rc, APR_EOF);
}

/* Holds an end that it was given until it hears a word; says so first. */
static apr_status_t hold(brood_call_t *call)
{
    brood_connection_t *connection;
    brood_queue_t *said, *told;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &connection, &said, &told));
    BROOD_TRY(brood_queue_put(said, BROOD_NIL, BROOD_FOREVER));
    return brood_queue_get(&word, told, BROOD_FOREVER, call->mem);
}

/* Has no end: under fork it is a copy of a process that has. */
static apr_status_t wait_for_word(brood_call_t *call)
{
    brood_queue_t *told;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &told));
    return brood_queue_get(&word, told, BROOD_FOREVER, call->mem);
}

/* Receives an end by an end, and answers there. */
static apr_status_t answer_there(brood_call_t *call)
{
    brood_connection_t *connection, *other;
    brood_value_t value;
    int number;

    BROOD_TRY(BROOD_UNPACK(call->args, &connection));
    BROOD_TRY(brood_connection_recv(&value, connection, BROOD_FOREVER, call->mem));
    BROOD_TRY(BROOD_UNPACK(value, &number, &other));
    return brood_connection_send(other, brood_int(number + 1), BROOD_FOREVER);
}

/* ---- tests ---- */

static void values_come_back_from_a_child__CONN_05_CONN_06_CONN_27(void)
{
    brood_connection_t *ends[2];
    brood_process_t *child;
    const char *text = apr_pstrcat(mem, "long ", apr_psprintf(mem, "%3000d", 7), NULL);

    pair(ends, BROOD_DUPLEX);
    child = harness_start(echo, BROOD_ARGS(ends[1]), mem);
    brood_connection_close(ends[1]);
    for (int i = 0; i < 1000; i++) {
        EXPECT_OK(brood_connection_send(ends[0], BROOD_LIST(i, text), BROOD_FOREVER));
        if (!EXPECT(brood_value_equal(BROOD_LIST(i, text), receive(ends[0]))))
            break;
    }
    EXPECT_OK(brood_connection_send(ends[0], BROOD_NIL, BROOD_FOREVER));
    EXPECT_EXIT(0, child);
    close_pair(ends);
}

static void bytes_of_every_size_come_back__CONN_10_CONN_11_CONN_21_WIRE_05(void)
{
    static const apr_size_t sizes[] = {0, 1, 3, 4, 16383, 16384, 16385, 20475, 20476, 20477, 65536, 1 << 20, 16 << 20};
    brood_connection_t *ends[2];
    brood_process_t *child;
    char *data = pattern(16 << 20);

    pair(ends, BROOD_DUPLEX);
    child = harness_start(echo_bytes, BROOD_ARGS(ends[1]), mem);
    brood_connection_close(ends[1]);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        brood_bytes_t bytes = {NULL, 0};

        EXPECT_OK(brood_connection_send_bytes(ends[0], data, sizes[i], BROOD_FOREVER));
        EXPECT_OK(brood_connection_recv_bytes(&bytes, ends[0], 0, BROOD_FOREVER, mem));
        EXPECT(bytes.size == sizes[i] && memcmp(bytes.data, data, sizes[i]) == 0);
    }
    brood_connection_close(ends[0]);
    EXPECT_EXIT(0, child); /* it has seen the end */
    free(data);
}

/* Whatever the start method, nobody holds an end that he was not given. */
static void the_end_is_seen_when_its_last_holder_has_gone__CONN_07_CONN_19(void)
{
    brood_queue_t *said = harness_queue(mem), *told = harness_queue(mem);
    brood_connection_t *ends[2];
    brood_process_t *holder, *other;
    brood_value_t value;

    pair(ends, BROOD_DUPLEX);
    holder = harness_start(hold, BROOD_ARGS(ends[1], said, told), mem);
    other = harness_start(wait_for_word, BROOD_ARGS(told), mem);
    brood_connection_close(ends[1]);
    EXPECT(brood_value_equal(BROOD_NIL, harness_get(said, mem)));
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(ends[0], BROOD_NOWAIT));
    EXPECT_KILLED(holder);
    EXPECT_STATUS(APR_EOF, brood_connection_recv(&value, ends[0], BROOD_FOREVER, mem)); /* though the other lives */
    EXPECT_OK(brood_queue_put(told, BROOD_NIL, BROOD_FOREVER));
    EXPECT_EXIT(0, other);
    close_pair(ends);
}

/* Killed before it has taken what it was given, or at any time after. */
static void nor_does_a_child_hold_it_that_was_killed_at_its_start__CONN_07(void)
{
    brood_queue_t *said = harness_queue(mem), *told = harness_queue(mem);

    for (int i = 0; i < 10; i++) {
        brood_connection_t *ends[2];
        brood_process_t *holder;
        brood_value_t value;

        pair(ends, BROOD_DUPLEX);
        holder = harness_start(hold, BROOD_ARGS(ends[1], said, told), mem);
        brood_connection_close(ends[1]);
        EXPECT_KILLED(holder);
        EXPECT_STATUS(APR_EOF, brood_connection_recv(&value, ends[0], BROOD_FOREVER, mem));
        close_pair(ends);
    }
}

static void an_end_travels_in_a_message__CONN_27_HND_01_HND_04(void)
{
    brood_connection_t *ends[2], *other[2];
    brood_process_t *child;

    pair(ends, BROOD_ONE_WAY);
    child = harness_start(answer_there, BROOD_ARGS(ends[0]), mem);
    brood_connection_close(ends[0]);
    pair(other, BROOD_ONE_WAY);
    EXPECT_OK(brood_connection_send(ends[1], BROOD_LIST(41, other[1]), BROOD_FOREVER));
    brood_connection_close(other[1]); /* the sender's own */
    EXPECT(brood_value_equal(brood_int(42), receive(other[0])));
    EXPECT_EXIT(0, child);
    close_pair(ends);
    close_pair(other);
}

static void what_was_read_ahead_does_not_travel(void)
{
    brood_connection_t *ends[2], *other[2];
    brood_bytes_t bytes;

    pair(ends, BROOD_DUPLEX);
    pair(other, BROOD_DUPLEX);
    EXPECT_OK(brood_connection_send_bytes(other[0], "a", 1, BROOD_FOREVER));
    EXPECT_OK(brood_connection_send_bytes(other[0], "b", 1, BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&bytes, other[1], 0, BROOD_FOREVER, mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_connection_send(ends[0], BROOD_VALUE(other[1]), BROOD_FOREVER));
    EXPECT_MESSAGE("read ahead");
    EXPECT_OK(brood_connection_recv_bytes(&bytes, other[1], 0, BROOD_FOREVER, mem));
    EXPECT_OK(brood_connection_send(ends[0], BROOD_VALUE(other[1]), BROOD_FOREVER));
    close_pair(ends);
    close_pair(other);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(values_come_back_from_a_child__CONN_05_CONN_06_CONN_27),
        TEST(bytes_of_every_size_come_back__CONN_10_CONN_11_CONN_21_WIRE_05),
        TEST(the_end_is_seen_when_its_last_holder_has_gone__CONN_07_CONN_19),
        TEST(nor_does_a_child_hold_it_that_was_killed_at_its_start__CONN_07),
        TEST(an_end_travels_in_a_message__CONN_27_HND_01_HND_04),
        TEST(what_was_read_ahead_does_not_travel),
    };

    mem = call->mem;
    return harness_run("pipe", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(echo), BROOD_ENTRY(echo_bytes), BROOD_ENTRY(hold), BROOD_ENTRY(wait_for_word),
           BROOD_ENTRY(answer_there))
