/* The ends of a pipe within one process: values and bytes, whole and in order. */
#include "pipe_fixture.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

/* ---- tests ---- */

static void both_ends_of_a_duplex_pipe_send_and_receive__CONN_01_CONN_05(void)
{
    brood_connection_t *ends[2];

    pair(ends, BROOD_DUPLEX);
    for (int i = 0; i < 2; i++) {
        EXPECT(brood_connection_readable(ends[i]) && brood_connection_writable(ends[i]));
        EXPECT_OK(brood_connection_send(ends[i], BROOD_LIST(1, "two", BROOD_NIL), BROOD_FOREVER));
        EXPECT_OK(brood_connection_send(ends[i], brood_text("then this"), BROOD_FOREVER));
        EXPECT(brood_value_equal(BROOD_LIST(1, "two", BROOD_NIL), receive(ends[1 - i])));
        EXPECT(brood_value_equal(brood_text("then this"), receive(ends[1 - i])));
    }
    close_pair(ends);
}

static void the_first_end_of_a_one_way_pipe_receives_the_second_sends__CONN_02_CONN_03_CONN_04(void)
{
    brood_connection_t *ends[2];
    brood_value_t value;

    pair(ends, BROOD_ONE_WAY);
    EXPECT(brood_connection_readable(ends[0]) && !brood_connection_writable(ends[0]));
    EXPECT(!brood_connection_readable(ends[1]) && brood_connection_writable(ends[1]));
    EXPECT_STATUS(BROOD_EDIRECTION, brood_connection_send(ends[0], BROOD_NIL, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EDIRECTION, brood_connection_recv(&value, ends[1], BROOD_FOREVER, mem));
    EXPECT_STATUS(BROOD_EDIRECTION, brood_connection_poll(ends[1], BROOD_NOWAIT));
    EXPECT_OK(brood_connection_send(ends[1], brood_int(5), BROOD_FOREVER));
    EXPECT(brood_value_equal(brood_int(5), receive(ends[0])));
    EXPECT_STATUS(APR_EINVAL, brood_pipe_create(&ends[0], &ends[1], (brood_direction_t) 7, mem));
    close_pair(ends);
}

static void the_end_comes_after_what_was_sent_before__CONN_07_CONN_09_CONN_19(void)
{
    brood_connection_t *ends[2];
    brood_value_t value;
    apr_os_file_t file;

    pair(ends, BROOD_DUPLEX);
    EXPECT_OK(brood_connection_send(ends[0], brood_int(1), BROOD_FOREVER));
    EXPECT_OK(brood_connection_fileno(&file, ends[0]));
    brood_connection_close(ends[0]);
    brood_connection_close(ends[0]);
    EXPECT_STATUS(BROOD_ECLOSED, brood_connection_send(ends[0], BROOD_NIL, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ECLOSED, brood_connection_recv(&value, ends[0], BROOD_FOREVER, mem));
    EXPECT_STATUS(BROOD_ECLOSED, brood_connection_poll(ends[0], BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ECLOSED, brood_connection_fileno(&file, ends[0]));
    EXPECT(!brood_connection_readable(ends[0]) && !brood_connection_writable(ends[0]));
    EXPECT_OK(brood_connection_poll(ends[1], BROOD_FOREVER));
    EXPECT(brood_value_equal(brood_int(1), receive(ends[1])));
    EXPECT_OK(brood_connection_poll(ends[1], BROOD_FOREVER)); /* the end is something to be received, too */
    EXPECT_STATUS(APR_EOF, brood_connection_recv(&value, ends[1], BROOD_FOREVER, mem));
    EXPECT_STATUS(APR_EOF, brood_connection_recv(&value, ends[1], BROOD_FOREVER, mem));
    EXPECT(APR_STATUS_IS_EPIPE(brood_connection_send(ends[1], BROOD_NIL, BROOD_FOREVER)));
    close_pair(ends);
}

static void poll_tells_of_messages_and_consumes_none__CONN_16_CONN_17_CONN_18(void)
{
    brood_connection_t *ends[2];
    brood_bytes_t bytes;

    pair(ends, BROOD_DUPLEX);
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(ends[1], BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(ends[1], 2000));
    EXPECT_OK(brood_connection_send_bytes(ends[0], NULL, 0, BROOD_FOREVER));
    EXPECT_OK(brood_connection_send_bytes(ends[0], "ab", 2, BROOD_FOREVER));
    for (int i = 0; i < 3; i++)
        EXPECT_OK(brood_connection_poll(ends[1], BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&bytes, ends[1], 0, BROOD_FOREVER, mem));
    EXPECT(bytes.size == 0);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(brood_connection_poll(ends[1], BROOD_NOWAIT)); /* it was read ahead */
    EXPECT_OK(brood_connection_recv_bytes(&bytes, ends[1], 0, BROOD_FOREVER, mem));
    EXPECT(bytes.size == 2 && memcmp(bytes.data, "ab", 2) == 0);
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(ends[1], BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_connection_recv_bytes(&bytes, ends[1], 0, BROOD_NOWAIT, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_connection_recv_bytes(&bytes, ends[1], 0, 2000, mem));
    close_pair(ends);
}

static void a_buffer_too_short_leaves_the_message__CONN_14_CONN_15(void)
{
    brood_connection_t *ends[2];
    char buffer[8] = "abcdefg";
    apr_size_t size = 3;

    pair(ends, BROOD_ONE_WAY);
    EXPECT_OK(brood_connection_send_bytes(ends[1], "12345", 5, BROOD_FOREVER));
    EXPECT_OK(brood_connection_send_bytes(ends[1], NULL, 0, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ETOOSHORT, brood_connection_recv_into(buffer, &size, ends[0], BROOD_FOREVER));
    EXPECT(size == 5 && memcmp(buffer, "abcdefg", 8) == 0);
    size = 0;
    EXPECT_STATUS(BROOD_ETOOSHORT, brood_connection_recv_into(NULL, &size, ends[0], BROOD_FOREVER));
    EXPECT(size == 5);
    size = 4;
    EXPECT_STATUS(APR_EINVAL, brood_connection_recv_into(NULL, &size, ends[0], BROOD_FOREVER));
    size = sizeof buffer;
    EXPECT_OK(brood_connection_recv_into(buffer, &size, ends[0], BROOD_FOREVER));
    EXPECT(size == 5 && memcmp(buffer, "12345fg", 8) == 0);
    size = sizeof buffer;
    EXPECT_OK(brood_connection_recv_into(buffer, &size, ends[0], BROOD_FOREVER));
    EXPECT(size == 0);
    close_pair(ends);
}

static void beyond_the_limit_nothing_is_received_any_more__CONN_12_CONN_13(void)
{
    brood_connection_t *ends[2];
    brood_bytes_t bytes;

    pair(ends, BROOD_DUPLEX);
    EXPECT_OK(brood_connection_send_bytes(ends[0], "12345", 5, BROOD_FOREVER));
    EXPECT_OK(brood_connection_send_bytes(ends[0], "12345", 5, BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&bytes, ends[1], 5, BROOD_FOREVER, mem));
    EXPECT_STATUS(BROOD_ETOOBIG, brood_connection_recv_bytes(&bytes, ends[1], 4, BROOD_FOREVER, mem));
    EXPECT_MESSAGE("5 bytes");
    EXPECT(!brood_connection_readable(ends[1]) && brood_connection_writable(ends[1]));
    EXPECT_STATUS(BROOD_EDIRECTION, brood_connection_recv_bytes(&bytes, ends[1], 0, BROOD_FOREVER, mem));
    EXPECT_OK(brood_connection_send_bytes(ends[1], "yes", 3, BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&bytes, ends[0], 0, BROOD_FOREVER, mem));
    close_pair(ends);

    pair(ends, BROOD_ONE_WAY);
    brood_connection_limit(ends[0], 4);
    EXPECT_OK(brood_connection_send_bytes(ends[1], "1234", 4, BROOD_FOREVER));
    EXPECT_OK(brood_connection_send_bytes(ends[1], "12345", 5, BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&bytes, ends[0], 0, BROOD_FOREVER, mem));
    EXPECT_STATUS(BROOD_ETOOBIG, brood_connection_recv_bytes(&bytes, ends[0], 100, BROOD_FOREVER, mem));
    EXPECT_STATUS(BROOD_ECLOSED, brood_connection_recv_bytes(&bytes, ends[0], 0, BROOD_FOREVER, mem));
    close_pair(ends);
}

static void bytes_are_no_value_and_are_consumed__CONN_30_WIRE_08(void)
{
    static const char pickle[] = "\x80\x04K\x01.";
    brood_connection_t *ends[2];
    brood_bytes_t bytes;
    brood_value_t value;

    pair(ends, BROOD_DUPLEX);
    EXPECT_OK(brood_connection_send_bytes(ends[0], pickle, sizeof pickle - 1, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EDECODE, brood_connection_recv(&value, ends[1], BROOD_FOREVER, mem));
    EXPECT_OK(brood_connection_send_bytes(ends[0], NULL, 0, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EDECODE, brood_connection_recv(&value, ends[1], BROOD_FOREVER, mem));
    EXPECT_OK(brood_connection_send(ends[0], brood_map(NULL, 0), BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&bytes, ends[1], 0, BROOD_FOREVER, mem));
    EXPECT(bytes.size > 0 && *(const unsigned char *) bytes.data != 0x80);
    EXPECT_OK(brood_connection_send(ends[0], brood_int(3), BROOD_FOREVER));
    EXPECT(brood_value_equal(brood_int(3), receive(ends[1])));
    close_pair(ends);
}

static void other_objects_are_refused_and_nothing_is_sent(void)
{
    brood_connection_t *ends[2];
    brood_lock_t *lock;

    pair(ends, BROOD_DUPLEX);
    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_connection_send(ends[0], BROOD_LIST(1, lock), BROOD_FOREVER));
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(ends[1], BROOD_NOWAIT));
    EXPECT_STATUS(APR_EINVAL, brood_connection_send_bytes(ends[0], NULL, 1, BROOD_FOREVER));
    brood_lock_close(lock);
    close_pair(ends);
}

static void an_end_prints_itself(void)
{
    brood_connection_t *ends[2];

    pair(ends, BROOD_ONE_WAY);
    EXPECT(strstr(brood_value_string(BROOD_VALUE(ends[0]), mem), ", receives>") != NULL);
    EXPECT(strstr(brood_value_string(BROOD_VALUE(ends[1]), mem), ", sends>") != NULL);
    brood_connection_close(ends[0]);
    EXPECT_TEXT("<Connection closed>", brood_value_string(BROOD_VALUE(ends[0]), mem));
    EXPECT_STATUS(BROOD_EKIND, brood_connection_from_value(&ends[0], brood_int(1)));
    close_pair(ends);
}

/* More than the system keeps: the rest is not sent in time. */
static void a_send_that_takes_too_long_is_the_end_for_both__CONN_08_CONN_21(void)
{
    const apr_size_t size = 8 << 20;
    char *data = pattern(size);
    brood_connection_t *ends[2];
    brood_bytes_t bytes;
    apr_status_t rc = APR_SUCCESS;

    pair(ends, BROOD_DUPLEX);
    EXPECT_STATUS(BROOD_ETRUNCATED, brood_connection_send_bytes(ends[0], data, size, 10000));
    EXPECT_STATUS(BROOD_ECLOSED, brood_connection_send_bytes(ends[0], data, 1, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ETRUNCATED, brood_connection_recv_bytes(&bytes, ends[1], 0, BROOD_FOREVER, mem));
    EXPECT_STATUS(BROOD_ECLOSED, brood_connection_recv_bytes(&bytes, ends[1], 0, BROOD_FOREVER, mem));
    close_pair(ends);

    pair(ends, BROOD_DUPLEX); /* small ones fill it, and none is cut in two */
    for (int i = 0; i < 1000000 && rc == APR_SUCCESS; i++)
        rc = brood_connection_send_bytes(ends[0], data, 1, BROOD_NOWAIT);
    EXPECT(rc == APR_TIMEUP || rc == BROOD_ETRUNCATED);
    close_pair(ends);
    free(data);
}

typedef struct sender_t {
    brood_connection_t *connection;
    const char *data;
    apr_size_t size;
} sender_t;

static void *APR_THREAD_FUNC send_it(apr_thread_t *thread, void *data)
{
    const sender_t *sender = data;

    EXPECT_OK(brood_connection_send_bytes(sender->connection, sender->data, sender->size, BROOD_FOREVER));
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* A large message, received with little time for each look, goes on where it was. */
static void a_message_that_time_cut_short_goes_on__CONN_06(void)
{
    static const apr_size_t sizes[] = {100, 20480, 20481, 3000000};
    brood_connection_t *ends[2];
    apr_thread_t *thread;
    apr_status_t ended;

    pair(ends, BROOD_DUPLEX);
    for (int i = 0; i < 8; i++) {
        const apr_size_t size = sizes[i / 2];
        sender_t sender = {ends[0], pattern(size), size};
        brood_bytes_t bytes = {NULL, 0};
        char *buffer = malloc(size);
        apr_size_t got = size;
        apr_status_t rc;

        EXPECT(apr_thread_create(&thread, NULL, send_it, &sender, mem) == APR_SUCCESS);
        do
            if (i % 2 == 0)
                rc = brood_connection_recv_bytes(&bytes, ends[1], 0, 1, mem);
            else
                rc = brood_connection_recv_into(buffer, &got, ends[1], 1);
        while (rc == APR_TIMEUP);
        EXPECT_OK(rc);
        if (i % 2 == 0)
            EXPECT(bytes.size == size && memcmp(bytes.data, sender.data, size) == 0);
        else
            EXPECT(got == size && memcmp(buffer, sender.data, size) == 0);
        EXPECT(apr_thread_join(&ended, thread) == APR_SUCCESS);
        free(buffer);
        free((void *) (uintptr_t) sender.data);
    }
    close_pair(ends);
}

static void *APR_THREAD_FUNC recv_nil(apr_thread_t *thread, void *data)
{
    brood_connection_t *connection = data;
    brood_value_t value;
    apr_status_t rc;

    do
        rc = brood_connection_recv(&value, connection, BROOD_FOREVER, mem);
    while (rc == BROOD_EMISUSE); /* the other one was in it */
    EXPECT_OK(rc);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void a_second_thread_in_one_direction_is_refused__CONN_23_CONN_24(void)
{
    brood_connection_t *ends[2];
    brood_value_t value;
    apr_thread_t *thread;
    apr_status_t rc;

    pair(ends, BROOD_DUPLEX);
    EXPECT(apr_thread_create(&thread, NULL, recv_nil, ends[1], mem) == APR_SUCCESS);
    do
        rc = brood_connection_recv(&value, ends[1], BROOD_NOWAIT, mem);
    while (rc == APR_TIMEUP); /* until the other one is in it */
    EXPECT(rc == BROOD_EMISUSE);
    EXPECT_STATUS(BROOD_EMISUSE, brood_connection_poll(ends[1], BROOD_NOWAIT));
    EXPECT_OK(brood_connection_send(ends[1], brood_int(1), BROOD_FOREVER)); /* the other way is free */
    EXPECT_OK(brood_connection_send(ends[0], BROOD_NIL, BROOD_FOREVER));
    EXPECT(apr_thread_join(&rc, thread) == APR_SUCCESS);
    close_pair(ends);
}

static void *APR_THREAD_FUNC look(apr_thread_t *thread, void *data)
{
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(data, BROOD_NOWAIT));
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* Where a look leaves something to the system in the thread's name, say. */
static void look_in_a_thread_that_ends(brood_connection_t *end)
{
    apr_thread_t *thread;
    apr_status_t rc;

    EXPECT(apr_thread_create(&thread, NULL, look, end, mem) == APR_SUCCESS);
    EXPECT(apr_thread_join(&rc, thread) == APR_SUCCESS);
}

static void whose_thread_has_looked_and_ended_still_receives__CONN_16_CONN_18(void)
{
    brood_connection_t *ends[2];

    pair(ends, BROOD_DUPLEX);
    look_in_a_thread_that_ends(ends[1]);
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(ends[1], BROOD_NOWAIT));
    look_in_a_thread_that_ends(ends[1]);
    EXPECT_STATUS(APR_TIMEUP, brood_connection_poll(ends[1], 2000));
    look_in_a_thread_that_ends(ends[1]);
    EXPECT_OK(brood_connection_send(ends[0], brood_int(1), BROOD_FOREVER));
    EXPECT_OK(brood_connection_poll(ends[1], BROOD_FOREVER));
    EXPECT(brood_value_equal(brood_int(1), receive(ends[1])));
    look_in_a_thread_that_ends(ends[1]);
    EXPECT_OK(brood_connection_send(ends[0], brood_int(2), BROOD_FOREVER));
    EXPECT(brood_value_equal(brood_int(2), receive(ends[1])));
    close_pair(ends);
}

static apr_status_t no_child(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(both_ends_of_a_duplex_pipe_send_and_receive__CONN_01_CONN_05),
        TEST(the_first_end_of_a_one_way_pipe_receives_the_second_sends__CONN_02_CONN_03_CONN_04),
        TEST(the_end_comes_after_what_was_sent_before__CONN_07_CONN_09_CONN_19),
        TEST(poll_tells_of_messages_and_consumes_none__CONN_16_CONN_17_CONN_18),
        TEST(a_buffer_too_short_leaves_the_message__CONN_14_CONN_15),
        TEST(beyond_the_limit_nothing_is_received_any_more__CONN_12_CONN_13),
        TEST(bytes_are_no_value_and_are_consumed__CONN_30_WIRE_08),
        TEST(other_objects_are_refused_and_nothing_is_sent),
        TEST(an_end_prints_itself),
        TEST(a_send_that_takes_too_long_is_the_end_for_both__CONN_08_CONN_21),
        TEST(a_message_that_time_cut_short_goes_on__CONN_06),
        TEST(a_second_thread_in_one_direction_is_refused__CONN_23_CONN_24),
        TEST(whose_thread_has_looked_and_ended_still_receives__CONN_16_CONN_18),
    };

    mem = call->mem;
    return harness_run("connection", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(no_child))
