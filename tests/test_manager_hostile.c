/* Clients of a manager that mean no good, or are broken: they harm nobody but themselves. */
#include "manager_fixture.h"
#include "connection/connection.h"
#include "manager/client.h"
#include "manager/rpc.h"
#include "platform/self.h"
#include <apr_strings.h>
#include <string.h>

static apr_pool_t *mem;

#define KEY "secret"

/* ---- help ---- */

static brood_manager_t *fresh_with(brood_manager_options_t options)
{
    brood_manager_t *manager = NULL;

    mem = harness_mem();
    options.address = "127.0.0.1:0";
    options.authkey = KEY;
    EXPECT_OK(brood_manager_start(&manager, &options, mem));
    return manager;
}

static brood_manager_t *fresh(void)
{
    return fresh_with((brood_manager_options_t){.address = NULL});
}

static void expect_served(brood_manager_t *manager)
{
    brood_managed_dict_t *dict = new_dict(manager, NULL, mem);
    brood_value_t value = brood_nil();

    EXPECT_OK(brood_managed_dict_set(dict, brood_int(1), brood_int(2)));
    EXPECT_OK(brood_managed_dict_get(&value, dict, brood_int(1), mem));
    expect_value(brood_int(2), value, mem);
    brood_managed_dict_close(dict);
}

/* A connection with the key, that has said nothing yet. */
static brood_connection_t *known(brood_manager_t *manager)
{
    const brood_connect_options_t options = {.authkey = KEY};
    brood_connection_t *connection = NULL;

    EXPECT_OK(brood_client_connect(&connection, brood_manager_address(manager), &options, mem));
    return connection;
}

static void ask(brood_connection_t *connection, uint32_t number, const char *method, uint64_t object,
                const brood_value_t *args, size_t count)
{
    brood__output_t output = {NULL, 0, 0, mem};

    EXPECT_OK(brood__rpc_write(&output, &number, method, object, args, count));
    EXPECT_OK(brood_connection_send_bytes(connection, output.data, output.size, BROOD_FOREVER));
}

/* The answer's failure, or APR_SUCCESS and the result. */
static apr_status_t answer_to(uint32_t number, brood_connection_t *connection, brood_value_t *result)
{
    brood_bytes_t bytes = {NULL, 0}, parts = {NULL, 0};
    brood_value_t failure = brood_nil();
    uint32_t of = 0;
    size_t used = 0;

    BROOD_TRY(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
    EXPECT_OK(brood__rpc_read_answer(&of, &parts, bytes.data, bytes.size));
    EXPECT(of == number);
    EXPECT_OK(brood__decode_next(&failure, &used, parts.data, parts.size, false, mem));
    if (brood__decode(result, (const char *) parts.data + used, parts.size - used, false, mem) != APR_SUCCESS)
        EXPECT(((const unsigned char *) parts.data)[used] == 0xc7); /* an object, which only its proxies know */
    return failure.kind == BROOD_KIND_NIL ? APR_SUCCESS : (apr_status_t) brood_value_at(failure, 0).as.integer;
}

#define ASK(connection, number, method, object, ...)                              \
    ask(connection, number, method, object, (const brood_value_t[]){__VA_ARGS__}, \
        sizeof(const brood_value_t[]){__VA_ARGS__} / sizeof(brood_value_t))

static brood_connection_t *greeted(brood_manager_t *manager)
{
    brood_connection_t *connection = known(manager);
    unsigned char token[2][BROOD__TOKEN];
    brood_value_t result = brood_nil();

    EXPECT_OK(brood__self_random(token, sizeof token));
    ASK(connection, 1, "hello", 0, brood_int(BROOD__RPC_VERSION), brood_bytes(token[0], BROOD__TOKEN),
        brood_bytes(token[1], BROOD__TOKEN));
    EXPECT_OK(answer_to(1, connection, &result));
    EXPECT(brood_value_count(result) == 4);
    return connection;
}

static void expect_closed(brood_connection_t *connection)
{
    brood_bytes_t bytes = {NULL, 0};
    apr_status_t rc;

    do
        rc = brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem);
    while (rc == APR_SUCCESS);
    EXPECT(rc != APR_TIMEUP);
}

static void raw(brood__stream_t *stream, brood_manager_t *manager)
{
    const char *address = brood_manager_address(manager);
    const brood__address_t to = {BROOD__FAMILY_INET, "127.0.0.1", (uint16_t) apr_atoi64(strrchr(address, ':') + 1),
                                 false};

    EXPECT_OK(brood__listener_connect(stream, &to, INT64_MAX));
}

/* ---- claims ---- */

static void strangers_keep_nobody_out__MGR_20(void)
{
    enum { STRANGERS = 200 };
    brood_manager_t *manager = fresh();
    brood__stream_t streams[STRANGERS];
    size_t sent;

    for (int i = 0; i < STRANGERS; i++) {
        raw(&streams[i], manager);
        if (i % 2 == 0)
            BROOD_IGNORE(
                brood__stream_write(&streams[i], NULL, 0, "GET / HTTP/1.1\r\n\r\n", 18, NULL, &sent, INT64_MAX));
    }
    expect_served(manager);
    for (int i = 0; i < STRANGERS; i++)
        brood__stream_close(&streams[i]);
    expect_served(manager);
}

static void who_takes_too_long_to_say_hello_is_dropped__MGR_20(void)
{
    brood_manager_t *manager =
        fresh_with((brood_manager_options_t){.handshake = apr_time_from_sec(3)}); /* known ones take less */
    brood_connection_t *connection = known(manager);
    brood__stream_t stream;

    raw(&stream, manager);
    expect_closed(connection);
    while (brood__stream_fill(&stream, INT64_MAX) == APR_SUCCESS)
        stream.begin = stream.end; /* its challenge */
    brood__stream_close(&stream);
    expect_served(manager);
}

static void nothing_is_done_before_hello(void)
{
    brood_manager_t *manager = fresh();
    brood_connection_t *connection = known(manager);

    ask(connection, 1, "shutdown", 0, NULL, 0);
    expect_closed(connection);
    expect_served(manager);
}

static void a_hello_must_be_right(void)
{
    brood_manager_t *manager = fresh();
    brood_connection_t *connection = known(manager);
    brood_value_t result = brood_nil();

    ASK(connection, 1, "hello", 0, brood_int(99), brood_bytes("0123456789abcdef", 16),
        brood_bytes("0123456789abcdef", 16));
    EXPECT_STATUS(BROOD_EPROTOCOL, answer_to(1, connection, &result));
    ASK(connection, 2, "hello", 0, brood_int(1), brood_bytes("short", 5), brood_bytes("0123456789abcdef", 16));
    EXPECT_STATUS(BROOD_EARGS, answer_to(2, connection, &result));
    ASK(connection, 3, "hello", 0, brood_int(1), brood_bytes("0123456789abcdef", 16),
        brood_bytes("0123456789abcdef", 16));
    EXPECT_OK(answer_to(3, connection, &result));
    ASK(connection, 4, "hello", 0, brood_int(1), brood_bytes("0123456789abcdef", 16),
        brood_bytes("0123456789abcdef", 16));
    EXPECT_STATUS(BROOD_EPROTOCOL, answer_to(4, connection, &result));
}

static void what_is_no_message_ends_the_connection__MGR_20(void)
{
    static const brood_bytes_t messages[] = {{"", 0},
                                             {"\xc1", 1},
                                             {"\x94", 1},
                                             {"\x94\x00\x01\xa3get", 7},
                                             {"\x94\x01\x01\xc0\xc0", 5},
                                             {"\x94\x00\x01\xdb\xff\xff\xff\xff", 8},
                                             {"\x94\x00\x01\xa1x\xdd\xff\xff\xff\xff", 10}};
    brood_manager_t *manager = fresh();

    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        brood_connection_t *connection = greeted(manager);

        EXPECT_OK(brood_connection_send_bytes(connection, messages[i].data, messages[i].size, BROOD_FOREVER));
        expect_closed(connection);
        brood_connection_close(connection);
    }
    expect_served(manager);
}

static void what_cannot_be_decoded_is_told_and_costs_nothing_else(void)
{
    brood_manager_t *manager = fresh();
    brood_connection_t *connection = greeted(manager);
    static const unsigned char head[] = {0x94, 0, 2, 0xa6, 'c', 'r', 'e', 'a', 't', 'e', 0x92, 0};
    unsigned char deep[300];
    size_t size = 0;
    brood_value_t result = brood_nil();

    memcpy(deep, head, sizeof head);
    for (size = sizeof head; size < 112; size++)
        deep[size] = 0x91;
    deep[size++] = 0xc0;
    EXPECT_OK(brood_connection_send_bytes(connection, deep, size, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EDECODE, answer_to(2, connection, &result));
    ASK(connection, 3, "nothing", 0, brood_int(1));
    EXPECT_STATUS(BROOD_EMETHOD, answer_to(3, connection, &result));
    ASK(connection, 4, "get", 12345, brood_int(1));
    EXPECT_STATUS(BROOD_ERANGE, answer_to(4, connection, &result));
    ASK(connection, 5, "create", 0, brood_text("dict"), brood_int(1));
    EXPECT(answer_to(5, connection, &result) != APR_SUCCESS);
    ASK(connection, 6, "create", 0, brood_text("dict"));
    EXPECT_OK(answer_to(6, connection, &result));
    EXPECT(objects(manager) == 1);
    brood_connection_close(connection);
    expect_served(manager);
}

static void a_message_beyond_the_limit_is_not_taken(void)
{
    brood_manager_t *manager = fresh_with((brood_manager_options_t){.frame_limit = 1 << 16});
    brood_connection_t *connection = greeted(manager);
    char *large = apr_pcalloc(mem, 1 << 17);
    brood_managed_dict_t *dict = new_dict(manager, NULL, mem);
    brood__stream_t *stream = &connection->stream;
    size_t sent;

    EXPECT_OK(brood__stream_write(stream, NULL, 0, "\x3f\xff\xff\xff", 4, NULL, &sent, INT64_MAX));
    expect_closed(connection);
    EXPECT_STATUS(BROOD_ETOOBIG, brood_managed_dict_set(dict, brood_int(1), brood_bytes(large, 1 << 17)));
    EXPECT_OK(brood_managed_dict_set(dict, brood_int(1), brood_bytes(large, 1 << 15)));
    expect_served(manager);
}

static void half_a_message_holds_up_nobody(void)
{
    brood_manager_t *manager = fresh();
    brood_connection_t *connection = greeted(manager);
    size_t sent;

    EXPECT_OK(brood__stream_write(&connection->stream, NULL, 0, "\x0f\xff\xff\xff\x94\x00", 6, NULL, &sent, INT64_MAX));
    expect_served(manager);
    brood_connection_close(connection);
    expect_served(manager);
}

/* Who reads no answers is not read from: what waits for him stays bounded, and whoever asks meanwhile is served. */
static void who_takes_no_answers_holds_up_nobody__MGR_19(void)
{
    enum { SIZE = 1 << 20, REQUESTS = 64 };
    brood_manager_t *manager = fresh();
    brood_connection_t *connection = greeted(manager);
    brood_value_t result = brood_nil();
    brood__output_t output = {NULL, 0, 0, mem};
    char *large = apr_pcalloc(mem, SIZE);
    const uint32_t number = 7;
    size_t sent;

    ASK(connection, 2, "create", 0, brood_text("list"), BROOD_LIST(brood_bytes(large, SIZE)));
    EXPECT_OK(answer_to(2, connection, &result));
    EXPECT_OK(brood__rpc_write(&output, &number, "copy", 1, NULL, 0));
    for (int i = 0; i < REQUESTS; i++)
        if (brood__message_write(&connection->stream, output.data, output.size, NULL, &sent, 1) != APR_SUCCESS)
            break;
    expect_served(manager);
    for (int i = 0; i < REQUESTS; i++)
        EXPECT_OK(answer_to(number, connection, &result));
    EXPECT(brood_value_count(result) == 1);
}

/* Calls that wait are bounded, too. */
static void no_more_calls_of_one_connection_wait_than_there_may(void)
{
    enum { CALLS = 5000, MOST = 4096 };
    brood_manager_t *manager = fresh();
    brood_connection_t *connection = greeted(manager);
    brood_value_t result = brood_nil();

    ASK(connection, 2, "create", 0, brood_text("event"));
    EXPECT_OK(answer_to(2, connection, &result));
    for (uint32_t i = 0; i < CALLS; i++)
        ASK(connection, 3 + i, "wait", 1, brood_int(-1));
    for (uint32_t i = MOST; i < CALLS; i++)
        EXPECT_STATUS(BROOD_ETOOBIG, answer_to(3 + i, connection, &result));
    ASK(connection, 1, "set", 1, brood_nil());
    EXPECT_STATUS(BROOD_EARGS, answer_to(1, connection, &result));
    brood_connection_close(connection);
    expect_served(manager);
    await_objects(manager, 0);
}

static void nobody_lets_go_of_what_others_hold(void)
{
    brood_manager_t *manager = fresh();
    brood_managed_dict_t *dict = new_dict(manager, NULL, mem);
    brood_connection_t *connection = greeted(manager);
    brood_value_t result = brood_nil();

    ASK(connection, 2, "release", 0, brood_int(1), brood_int(1000));
    EXPECT_OK(answer_to(2, connection, &result));
    EXPECT_OK(brood_managed_dict_clear(dict));
    ASK(connection, 3, "create", 0, brood_text("dict"));
    EXPECT_OK(answer_to(3, connection, &result));
    ASK(connection, 4, "release", 0, brood_int(2), brood_uint(UINT64_MAX));
    EXPECT_OK(answer_to(4, connection, &result));
    EXPECT(objects(manager) == 1);
}

static void there_are_no_more_objects_than_the_limit(void)
{
    brood_manager_t *manager = fresh_with((brood_manager_options_t){.object_limit = 3});
    brood_managed_dict_t *dicts[3], *more;

    for (int i = 0; i < 3; i++)
        dicts[i] = new_dict(manager, NULL, mem);
    EXPECT_STATUS(BROOD_ETOOBIG, brood_manager_dict(&more, manager, NULL, mem));
    brood_managed_dict_close(dicts[0]);
    await_objects(manager, 2);
    EXPECT(new_dict(manager, NULL, mem) != NULL);
}

static void there_are_no_more_clients_than_the_limit(void)
{
    brood_manager_t *manager = fresh_with((brood_manager_options_t){.client_limit = 4});
    brood_connection_t *connections[8];
    apr_status_t rc = APR_SUCCESS;
    int count = 0;

    EXPECT(new_dict(manager, NULL, mem) != NULL);
    while (count < 8 && rc == APR_SUCCESS) {
        const brood_connect_options_t options = {.authkey = KEY};

        rc = brood_client_connect(&connections[count], brood_manager_address(manager), &options, mem);
        count += rc == APR_SUCCESS;
    }
    EXPECT(count < 4);
    EXPECT(new_dict(manager, NULL, mem) != NULL);
}

/* Connections are cheap: as many are held as there are descriptors for, and a tenth of them used. */
static void hundreds_of_connections_are_held_and_used__MGR_19(void)
{
    enum { HELD = 1000 };
    brood_manager_t *manager = fresh();
    brood_connection_t **held = apr_pcalloc(mem, HELD * sizeof *held);
    brood_value_t result = brood_nil();
    int count = 0;

    for (; count < HELD; count++) {
        if (count % 100 == 0 && harness_handles() > 900)
            break; /* no more descriptors than the usual limit, on this side */
        held[count] = greeted(manager);
    }
    for (uint32_t turn = 0; turn < 10; turn++)
        for (int i = 0; i < count; i += 10) {
            ASK(held[i], turn, "create", 0, brood_text("list"));
            EXPECT_OK(answer_to(turn, held[i], &result));
        }
    EXPECT(objects(manager) == (apr_size_t) (count + 9) / 10 * 10);
    expect_served(manager);
    for (int i = 0; i < count; i++)
        brood_connection_close(held[i]);
    expect_served(manager);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(strangers_keep_nobody_out__MGR_20),
        TEST(who_takes_too_long_to_say_hello_is_dropped__MGR_20),
        TEST(nothing_is_done_before_hello),
        TEST(a_hello_must_be_right),
        TEST(what_is_no_message_ends_the_connection__MGR_20),
        TEST(what_cannot_be_decoded_is_told_and_costs_nothing_else),
        TEST(a_message_beyond_the_limit_is_not_taken),
        TEST(half_a_message_holds_up_nobody),
        TEST(who_takes_no_answers_holds_up_nobody__MGR_19),
        TEST(no_more_calls_of_one_connection_wait_than_there_may),
        TEST(nobody_lets_go_of_what_others_hold),
        TEST(there_are_no_more_objects_than_the_limit),
        TEST(there_are_no_more_clients_than_the_limit),
        TEST(hundreds_of_connections_are_held_and_used__MGR_19),
    };

    return harness_tree(argc, argv, entries, "manager_hostile", tests, sizeof tests / sizeof tests[0]);
}
