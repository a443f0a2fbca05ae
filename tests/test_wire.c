/* The bytes on the wire: a connection on one side, a program that knows nothing of brood on the other. */
#include "harness_tree.h"
#include "wire_fixture.h"

#include "connection/connection.h"
#include "platform/listener.h"
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdio.h>

static apr_pool_t *mem;

/* ---- help ---- */

static brood_connection_t *open_wire(brood__stream_t *raw)
{
    brood_connection_t *connection = NULL;
    brood__stream_t ends[2];

    EXPECT_OK(brood__stream_pair(ends));
    EXPECT_OK(brood__connection_create(&connection, &ends[0], true, true, mem));
    *raw = ends[1];
    return connection;
}

static void close_wire(brood_connection_t *connection, brood__stream_t *raw)
{
    brood_connection_close(connection);
    brood__stream_close(raw);
}

static void expect_message(brood_connection_t *connection, const char *bytes, size_t size)
{
    brood_bytes_t message = {NULL, 0};

    EXPECT_OK(brood_connection_recv_bytes(&message, connection, 0, BROOD_FOREVER, mem));
    EXPECT(message.size == size && (size == 0 || memcmp(message.data, bytes, size) == 0));
}

/* A new connection to which these bytes are said, and no more; what it makes of them. */
static void expect_failure(apr_status_t status, const char *bytes, size_t size)
{
    brood__stream_t raw;
    brood_connection_t *connection = open_wire(&raw);
    brood_bytes_t message;

    say_bytes(&raw, bytes, size);
    brood__stream_close(&raw);
    EXPECT_STATUS(status, brood_connection_recv_bytes(&message, connection, 0, BROOD_FOREVER, mem));
    EXPECT_STATUS(status == APR_EOF ? APR_EOF : BROOD_ECLOSED,
                  brood_connection_recv_bytes(&message, connection, 0, BROOD_FOREVER, mem));
    brood_connection_close(connection);
}

#define EXPECT_FAILURE(status, literal) expect_failure((status), (literal), sizeof(literal) - 1)

/* ---- what is sent ---- */

static void a_message_is_its_length_and_its_bytes__WIRE_01_WIRE_02(void)
{
    brood__stream_t raw;
    brood_connection_t *connection = open_wire(&raw);

    EXPECT_OK(brood_connection_send_bytes(connection, "ping", 4, BROOD_FOREVER));
    EXPECT(HEARD(&raw, "\x00\x00\x00\x04ping"));
    EXPECT_OK(brood_connection_send_bytes(connection, NULL, 0, BROOD_FOREVER));
    EXPECT(HEARD(&raw, "\x00\x00\x00\x00"));
    EXPECT_OK(brood_connection_send_bytes(connection, apr_pcalloc(mem, 0x1234), 0x1234, BROOD_FOREVER));
    EXPECT(HEARD(&raw, "\x00\x00\x12\x34"));
    EXPECT(hear_exactly(&raw, apr_pcalloc(mem, 0x1234), 0x1234));
    EXPECT(hears_nothing(&raw));
    close_wire(connection, &raw);
}

static void nothing_is_said_before_the_first_message__WIRE_09(void)
{
    brood__stream_t raw;
    brood_connection_t *connection = open_wire(&raw);
    brood_listener_t *listener;
    brood__address_t to = {BROOD__FAMILY_INET, "127.0.0.1", 0, false};

    EXPECT(hears_nothing(&raw));
    close_wire(connection, &raw);

    EXPECT_OK(brood_listener_create(&listener, "127.0.0.1:0", NULL, mem));
    to.port = (uint16_t) apr_atoi64(strrchr(brood_listener_address(listener), ':') + 1);
    EXPECT_OK(brood__listener_connect(&raw, &to, BROOD__NEVER));
    EXPECT_OK(brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
    EXPECT(hears_nothing(&raw));
    EXPECT_OK(brood_connection_send_bytes(connection, "ping", 4, BROOD_FOREVER));
    EXPECT(HEARD(&raw, "\x00\x00\x00\x04ping"));
    SAY(&raw, "\x00\x00\x00\x04pong");
    expect_message(connection, "pong", 4);
    EXPECT(hears_nothing(&raw));
    close_wire(connection, &raw);
    brood_listener_close(listener);
}

static void a_value_begins_with_a_byte_that_no_pickle_does__WIRE_08(void)
{
    const brood_value_t values[] = {
        BROOD_NIL,          brood_bool(true),          brood_int(0),
        brood_int(-1),      brood_int(INT64_MIN),      brood_double(0.5),
        brood_text(""),     brood_text("\x7f"),        brood_bytes("\x80", 1),
        BROOD_LIST(1, "a"), BROOD_MAP("key", "value"), brood_list(NULL, 0),
    };
    brood__stream_t raw;
    brood_connection_t *connection = open_wire(&raw);

    EXPECT_OK(brood_connection_send(connection, brood_int(1), BROOD_FOREVER));
    EXPECT(HEARD(&raw, "\x00\x00\x00\x02\xc1\x01"));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        unsigned char bytes[64];

        EXPECT_OK(brood_connection_send(connection, values[i], BROOD_FOREVER));
        EXPECT(hear_bytes(&raw, bytes, 4) && bytes[3] > 1 && bytes[3] < sizeof bytes);
        EXPECT(hear_bytes(&raw, bytes, bytes[3]) && bytes[0] == 0xc1);
    }
    close_wire(connection, &raw);
}

/* ---- in one write ---- */

enum { ROUNDS = 500 };

typedef struct sender_t {
    brood_connection_t *connection;
    const char *data;
    apr_size_t size;
} sender_t;

static void *APR_THREAD_FUNC send_rounds(apr_thread_t *thread, void *data)
{
    const sender_t *sender = data;
    brood_bytes_t word;

    for (int i = 0; i < ROUNDS; i++) {
        EXPECT_OK(brood_connection_send_bytes(sender->connection, sender->data, sender->size, BROOD_FOREVER));
        EXPECT_OK(brood_connection_recv_bytes(&word, sender->connection, 0, BROOD_FOREVER, mem));
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* Who waits for it never gets the head alone, as he would now and then if it were written by itself.  How much of a long
 * one comes at once is the system's. */
static void head_and_payload_are_one_write_up_to_16384__WIRE_05(void)
{
    static const apr_size_t sizes[] = {1, 4, 1024, 16384};
    static char bytes[4 + 16384];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        brood__stream_t raw;
        sender_t sender = {open_wire(&raw), apr_pcalloc(mem, sizes[i]), sizes[i]};
        apr_thread_t *thread;
        apr_status_t ended;
        int alone = 0;

        EXPECT(apr_thread_create(&thread, NULL, send_rounds, &sender, mem) == APR_SUCCESS);
        for (int round = 0; round < ROUNDS; round++) {
            size_t got = 0;

            EXPECT_OK(brood__stream_read(&raw, bytes, 4 + sizes[i], &got, BROOD__NEVER));
            alone += got <= 4 || (sizes[i] <= 1024 && got != 4 + sizes[i]);
            if (!hear_bytes(&raw, bytes + got, 4 + sizes[i] - got))
                break;
            SAY(&raw, "\x00\x00\x00\x00");
        }
        EXPECT(apr_thread_join(&ended, thread) == APR_SUCCESS);
        EXPECT(alone == 0);
        close_wire(sender.connection, &raw);
    }
}

/* ---- beyond 2 GiB ---- */

typedef struct writer_t {
    brood__stream_t stream;
    const char *data;
    size_t size;
} writer_t;

static void *APR_THREAD_FUNC write_until_closed(apr_thread_t *thread, void *data)
{
    writer_t *writer = data;
    size_t sent = 0;

    EXPECT(APR_STATUS_IS_EPIPE(
        brood__message_write(&writer->stream, writer->data, writer->size, NULL, &sent, BROOD__NEVER)));
    EXPECT(sent < writer->size);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* Only the head is read, so little of what would follow is. */
static void expect_head(const char *data, size_t size, const char *head, size_t head_size)
{
    writer_t writer = {.data = data, .size = size};
    brood__stream_t ends[2];
    apr_thread_t *thread;
    apr_status_t ended;

    EXPECT_OK(brood__stream_pair(ends));
    writer.stream = ends[0];
    EXPECT(apr_thread_create(&thread, NULL, write_until_closed, &writer, mem) == APR_SUCCESS);
    EXPECT(hear_exactly(&ends[1], head, head_size));
    EXPECT(hear_exactly(&ends[1], "\0\0\0\0\0\0\0\0", 8)); /* the payload */
    brood__stream_close(&ends[1]);
    EXPECT(apr_thread_join(&ended, thread) == APR_SUCCESS);
    brood__stream_close(&writer.stream);
}

static void a_length_beyond_31_bits_has_64__WIRE_01_WIRE_03_CONN_22(void)
{
    const size_t beyond = (size_t) 0x7fffffff + 1;
    char *data = beyond <= SIZE_MAX / 2 ? calloc(beyond, 1) : NULL; /* of which next to nothing is touched */

    if (data == NULL) {
        puts("no 2 GiB of address space here: the long form is not shown");
        return;
    }
    expect_head(data, beyond - 1, "\x7f\xff\xff\xff", 4);
    expect_head(data, beyond, "\xff\xff\xff\xff\x00\x00\x00\x00\x80\x00\x00\x00", 12);
    free(data);
}

/* ---- what is received ---- */

static void the_long_form_is_read_for_short_messages_too__WIRE_04(void)
{
    brood__stream_t raw;
    brood_connection_t *connection = open_wire(&raw);

    SAY(&raw, "\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x04ping");
    expect_message(connection, "ping", 4);
    SAY(&raw, "\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00");
    expect_message(connection, "", 0);
    SAY(&raw, "\x00\x00\x00\x04pong"); /* nothing was left over */
    expect_message(connection, "pong", 4);
    close_wire(connection, &raw);
}

static void a_message_may_come_byte_by_byte__CONN_05_CONN_06_WIRE_01_WIRE_04(void)
{
    static const char said[] =
        "\x00\x00\x00\x04ping\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x04pong\x00\x00\x00\x00";
    brood__stream_t raw;
    brood_connection_t *connection = open_wire(&raw);
    brood_bytes_t message;

    for (size_t i = 0; i < sizeof said - 1; i++) {
        EXPECT_STATUS(APR_TIMEUP, brood_connection_recv_bytes(&message, connection, 0, BROOD_NOWAIT, mem));
        say_bytes(&raw, said + i, 1);
        if (i == 7)
            expect_message(connection, "ping", 4);
        if (i == 23)
            expect_message(connection, "pong", 4);
    }
    expect_message(connection, "", 0);
    close_wire(connection, &raw);
}

static void messages_that_come_together_are_kept_apart__CONN_05(void)
{
    brood__stream_t raw;
    brood_connection_t *connection = open_wire(&raw);

    SAY(&raw, "\x00\x00\x00\x01"
              "a"
              "\x00\x00\x00\x00\x00\x00\x00\x02"
              "bc"
              "\x00\x00\x00\x03"
              "d");
    expect_message(connection, "a", 1);
    expect_message(connection, "", 0);
    expect_message(connection, "bc", 2);
    SAY(&raw, "ef");
    expect_message(connection, "def", 3);
    close_wire(connection, &raw);
}

static void other_negative_lengths_are_no_messages__WIRE_06(void)
{
    brood__stream_t raw;
    brood_connection_t *connection = open_wire(&raw);
    brood_value_t value;

    SAY(&raw, "\x80\x00\x00\x00"); /* and nobody closes */
    EXPECT_STATUS(BROOD_EPROTOCOL, brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
    EXPECT_STATUS(BROOD_ECLOSED, brood_connection_send(connection, BROOD_NIL, BROOD_FOREVER));
    EXPECT(hears_the_end(&raw));
    close_wire(connection, &raw);

    EXPECT_FAILURE(BROOD_EPROTOCOL, "\xff\xff\xff\xfe");
    EXPECT_FAILURE(BROOD_EPROTOCOL, "\x80\x00\x00\x00more");
    EXPECT_FAILURE(BROOD_EPROTOCOL, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    EXPECT_FAILURE(BROOD_EPROTOCOL, "\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\x00\x00");
    EXPECT_FAILURE(BROOD_EPROTOCOL, "\x80\x04K\x01."); /* a pickle in no frame */
}

static void the_end_within_a_message_is_none_between_two__CONN_07_CONN_08(void)
{
    EXPECT_FAILURE(APR_EOF, "");
    EXPECT_FAILURE(BROOD_ETRUNCATED, "\x00");
    EXPECT_FAILURE(BROOD_ETRUNCATED, "\x00\x00");
    EXPECT_FAILURE(BROOD_ETRUNCATED, "\x00\x00\x00\x04");
    EXPECT_FAILURE(BROOD_ETRUNCATED, "\x00\x00\x00\x04pi");
    EXPECT_FAILURE(BROOD_ETRUNCATED, "\x00\x20\x00\x00pi"); /* longer than what is read ahead */
    EXPECT_FAILURE(BROOD_ETRUNCATED, "\xff\xff\xff\xff");
    EXPECT_FAILURE(BROOD_ETRUNCATED, "\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00");
    EXPECT_FAILURE(BROOD_ETRUNCATED, "\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x04pin");
}

/* What is announced is not believed: too much of it is refused before it comes, and memory is taken for what has come. */
static void a_length_is_a_claim__CONN_13_WIRE_03(void)
{
    brood__stream_t raw;
    brood_connection_t *connection = open_wire(&raw);
    brood_bytes_t message;

    brood_connection_limit(connection, 1000);
    SAY(&raw, "\x00\x00\x03\xe9"); /* 1001 */
    EXPECT_STATUS(BROOD_ETOOBIG, brood_connection_recv_bytes(&message, connection, 0, BROOD_FOREVER, mem));
    EXPECT(!brood_connection_readable(connection) && brood_connection_writable(connection));
    EXPECT_OK(brood_connection_send_bytes(connection, "too long", 8, BROOD_FOREVER));
    EXPECT(HEARD(&raw, "\x00\x00\x00\x08too long"));
    close_wire(connection, &raw);

    EXPECT_FAILURE(sizeof(size_t) > 4 ? BROOD_ETRUNCATED : BROOD_EPROTOCOL, /* 128 TiB */
                   "\xff\xff\xff\xff\x00\x00\x7f\xff\xff\xff\xff\xffonly this");
}

/* ---- pipes that have a name ---- */

/* On Windows they are as Python's: the system keeps messages apart, so there are no heads. */
static void a_named_pipe_carries_no_heads__WIRE_07(void)
{
    brood__stream_t raw;
    brood_listener_t *listener;
    brood_connection_t *connection;
    brood__address_t to = {brood__listener_family, NULL, 0, false};

    if (to.family != BROOD__FAMILY_PIPE) {
        puts("no named pipes here");
        return;
    }
    EXPECT_OK(brood_listener_create(&listener, NULL, NULL, mem));
    to.name = brood_listener_address(listener);
    EXPECT_OK(brood__listener_connect(&raw, &to, BROOD__NEVER));
    EXPECT_OK(brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
    EXPECT_OK(brood_connection_send_bytes(connection, "ping", 4, BROOD_FOREVER));
    EXPECT(HEARD(&raw, "ping"));
    SAY(&raw, "pong");
    SAY(&raw, "\x00\x00\x00\x04pong"); /* a message as any other */
    expect_message(connection, "pong", 4);
    expect_message(connection, "\x00\x00\x00\x04pong", 8);
    close_wire(connection, &raw);
    brood_listener_close(listener);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_message_is_its_length_and_its_bytes__WIRE_01_WIRE_02),
        TEST(nothing_is_said_before_the_first_message__WIRE_09),
        TEST(a_value_begins_with_a_byte_that_no_pickle_does__WIRE_08),
        TEST(head_and_payload_are_one_write_up_to_16384__WIRE_05),
        TEST(a_length_beyond_31_bits_has_64__WIRE_01_WIRE_03_CONN_22),
        TEST(the_long_form_is_read_for_short_messages_too__WIRE_04),
        TEST(a_message_may_come_byte_by_byte__CONN_05_CONN_06_WIRE_01_WIRE_04),
        TEST(messages_that_come_together_are_kept_apart__CONN_05),
        TEST(other_negative_lengths_are_no_messages__WIRE_06),
        TEST(the_end_within_a_message_is_none_between_two__CONN_07_CONN_08),
        TEST(a_length_is_a_claim__CONN_13_WIRE_03),
        TEST(a_named_pipe_carries_no_heads__WIRE_07),
    };

    mem = call->mem;
    return harness_run("wire", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRIES_END)
