/* Connections that are encrypted: addresses that begin with tls: */
#include "tls_fixture.h"

#include <apr_file_io.h>
#include <stdlib.h>

static apr_pool_t *mem;

#define MANY 2000
#define PIECE 5000

/* ---- children ---- */

/* Connects with a key, and gets this status. */
static apr_status_t fail_with(brood_call_t *call)
{
    brood_connect_options_t options = {.authkey = NULL};
    brood_connection_t *connection;
    const char *address;
    int wanted;

    BROOD_TRY(BROOD_UNPACK(call->args, &address, &options.authkey, &wanted));
    CHECK(brood_client_connect(&connection, address, &options, call->mem) == wanted);
    return APR_SUCCESS;
}

/* ---- help ---- */

static char *random_bytes(size_t size)
{
    char *bytes = malloc(size + 1);
    uint32_t state = 1;

    for (size_t i = 0; bytes != NULL && i < size; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (char) (state >> 24);
    }
    return bytes;
}

/* ---- what is said ---- */

static void messages_come_back_over(const char *address)
{
    static const size_t sizes[] = {0, 1, 100, 4095, 16383, 16384, 16385, 20480, 1u << 20, 20u << 20};
    brood_listener_t *listener = listen_at(address, KEY, mem);
    brood_connection_t *connection = NULL;
    brood_process_t *child = start_echo(&connection, listener, mem);
    char *bytes = random_bytes(20u << 20);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        send_and_hear(connection, bytes, sizes[i], mem);
    free(bytes);
    brood_connection_close(connection);
    EXPECT_EXIT(0, child);
    brood_listener_close(listener);
}

static void messages_of_all_sizes_come_back(void)
{
    messages_come_back_over("tls://127.0.0.1:0");
}

static void the_address_may_be_of_any_kind(void)
{
    brood_listener_t *listener = NULL;
    const brood_connect_options_t options = with_key(KEY);
    const char *address, *folder = NULL;

    if (brood_listener_create(&listener, "tls://[::1]:0", &options, mem) == APR_SUCCESS) {
        EXPECT(strncmp(brood_listener_address(listener), "tls://[::1]:", 12) == 0);
        brood_listener_close(listener);
        messages_come_back_over("tls://[::1]:0");
    }
    if (brood__listener_family == BROOD__FAMILY_PIPE) {
        messages_come_back_over(apr_psprintf(mem, "tls:\\\\.\\pipe\\brood-test-tls-%d", (int) brood_current_pid()));
        return;
    }
    EXPECT_OK(apr_temp_dir_get(&folder, mem));
    address = apr_psprintf(mem, "tls:%s/brood-test-tls-%d", folder, (int) brood_current_pid());
    listener = listen_at(address, KEY, mem);
    EXPECT_TEXT(address, brood_listener_address(listener));
    brood_listener_close(listener);
    messages_come_back_over(address);
}

static void the_address_says_tls_and_the_port(void)
{
    brood_listener_t *listener = listen_at("tls:127.0.0.1:0", KEY, mem);

    EXPECT(strncmp(brood_listener_address(listener), "tls://127.0.0.1:", 16) == 0);
    EXPECT(port_of(brood_listener_address(listener)).port != 0);
    brood_listener_close(listener);
}

static void *APR_THREAD_FUNC send_many(apr_thread_t *thread, void *data)
{
    static const char piece[PIECE];

    for (int i = 0; i < MANY; i++)
        EXPECT_OK(brood_connection_send_bytes(data, piece, (size_t) (i * 7 % PIECE), BROOD_FOREVER));
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void one_thread_sends_while_another_receives(void)
{
    brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
    brood_connection_t *connection = NULL;
    brood_process_t *child = start_echo(&connection, listener, mem);
    char buffer[PIECE];
    apr_thread_t *thread;

    EXPECT_OK(apr_thread_create(&thread, NULL, send_many, connection, mem));
    for (int i = 0; i < MANY; i++) {
        apr_size_t size = sizeof buffer;

        if (!EXPECT_OK(brood_connection_recv_into(buffer, &size, connection, BROOD_FOREVER)))
            break;
        EXPECT(size == (size_t) (i * 7 % PIECE));
    }
    harness_join(thread);
    brood_connection_close(connection);
    EXPECT_EXIT(0, child);
    brood_listener_close(listener);
}

/* ---- who may ---- */

static void without_a_key_there_is_no_tls(void)
{
    static const char *const keys[] = {NULL, ""};
    brood_listener_t *listener = NULL;
    brood_connection_t *connection = NULL;

    for (int i = 0; i < 2; i++) {
        const brood_connect_options_t options = with_key(keys[i]);

        EXPECT_STATUS(APR_EINVAL, brood_listener_create(&listener, "tls://127.0.0.1:0", &options, mem));
        EXPECT_MESSAGE("authkey");
        EXPECT_STATUS(APR_EINVAL, brood_client_connect(&connection, "tls://127.0.0.1:9", &options, mem));
    }
    EXPECT_STATUS(APR_EINVAL, brood_client_connect(&connection, "tls://127.0.0.1:9", NULL, mem));
    EXPECT_STATUS(APR_EINVAL, brood_client_connect(&connection, "tls:9", NULL, mem));
    EXPECT(listener == NULL && connection == NULL);
}

static void who_has_another_key_is_refused_on_both_sides(void)
{
    brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
    brood_process_t *child =
        harness_start(fail_with, BROOD_ARGS(brood_listener_address(listener), "close sesame", (int) BROOD_EAUTH), mem);
    brood_connection_t *connection = NULL;

    EXPECT_STATUS(BROOD_EAUTH, brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
    EXPECT_MESSAGE("key");
    EXPECT_EXIT(0, child);
    brood_listener_close(listener);
}

static void who_speaks_no_tls_is_refused(void)
{
    const brood_connect_options_t options = {.authkey = KEY, .handshake = 100000};
    brood_connection_t *client = NULL, *connection = NULL;
    brood_listener_t *listener;
    brood__stream_t raw;
    brood__address_t to;
    size_t sent;

    EXPECT_OK(brood_listener_create(&listener, "tls://127.0.0.1:0", &options, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_client_connect(&client, plain(brood_listener_address(listener)), &options, mem));
    EXPECT_STATUS(BROOD_EAUTH, brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));

    to = port_of(brood_listener_address(listener));
    EXPECT_OK(brood__listener_connect(&raw, &to, INT64_MAX));
    EXPECT_OK(brood__stream_write(&raw, "", 0, "\0\0\0\5hello", 9, NULL, &sent, INT64_MAX));
    EXPECT_STATUS(BROOD_EAUTH, brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
    EXPECT_MESSAGE("no TLS");
    brood__stream_close(&raw);
    EXPECT(client == NULL && connection == NULL);
    brood_listener_close(listener);
}

static void a_listener_that_speaks_no_tls_is_refused(void)
{
    brood_listener_t *listener = listen_at("127.0.0.1:0", KEY, mem);
    const char *address = apr_pstrcat(mem, "tls://", brood_listener_address(listener), NULL);
    brood_process_t *child = harness_start(fail_with, BROOD_ARGS(address, KEY, (int) BROOD_EAUTH), mem);
    brood_connection_t *connection = NULL;

    EXPECT_STATUS(BROOD_EAUTH, brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
    EXPECT_EXIT(0, child);
    EXPECT(connection == NULL);
    brood_listener_close(listener);
}

static void who_is_silent_holds_nobody_up(void)
{
    brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
    const brood__address_t to = port_of(brood_listener_address(listener));
    brood_connection_t *first = NULL, *second = NULL;
    brood_process_t *children[2];
    brood__stream_t silent, halved;
    size_t sent;

    EXPECT_OK(brood__listener_connect(&silent, &to, INT64_MAX));
    EXPECT_OK(brood__listener_connect(&halved, &to, INT64_MAX));
    EXPECT_OK(brood__stream_write(&halved, "", 0, "\x16\x03\x01\x01", 4, NULL, &sent, INT64_MAX));
    children[0] = start_echo(&first, listener, mem);
    children[1] = start_echo(&second, listener, mem);
    send_and_hear(first, "one", 3, mem);
    send_and_hear(second, "two", 3, mem);
    brood_connection_close(first);
    send_and_hear(second, "three", 5, mem);
    brood_connection_close(second);
    EXPECT_EXIT(0, children[0]);
    EXPECT_EXIT(0, children[1]);
    brood__stream_close(&silent);
    brood__stream_close(&halved);
    brood_listener_close(listener);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(messages_of_all_sizes_come_back),   TEST(the_address_may_be_of_any_kind),
        TEST(the_address_says_tls_and_the_port), TEST(one_thread_sends_while_another_receives),
        TEST(without_a_key_there_is_no_tls),     TEST(who_has_another_key_is_refused_on_both_sides),
        TEST(who_speaks_no_tls_is_refused),      TEST(a_listener_that_speaks_no_tls_is_refused),
        TEST(who_is_silent_holds_nobody_up),
    };

    mem = call->mem;
    return harness_run("tls", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(echo), BROOD_ENTRY(fail_with))
