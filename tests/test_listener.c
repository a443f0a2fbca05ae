/* Listener and Client: addresses, who gets in, and who holds whom up. */
#include "listener_fixture.h"
#include "platform/listener.h"
#include <apr_file_info.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <string.h>

static apr_pool_t *mem;
static bool has_unix; /* Unix sockets are what private addresses are of */

/* ---- children ---- */

/* Connects, with a key if that is not nil, and says a number; or ends as the last argument says it must fail. */
static apr_status_t say_number(brood_call_t *call)
{
    brood_connect_options_t options = {.authkey = NULL};
    brood_connection_t *connection;
    const char *address;
    brood_value_t key;
    int number, expected;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &address, &key, &number, &expected));
    if (key.kind != BROOD_KIND_NIL)
        BROOD_TRY(brood_value_text(&options.authkey, key));
    rc = brood_client_connect(&connection, address, &options, call->mem);
    if (rc != (apr_status_t) expected)
        return brood_fail(APR_EGENERAL, "connecting: %d and not %d: %s", rc, expected, brood_last_error()->message);
    if (rc != APR_SUCCESS)
        return APR_SUCCESS;
    BROOD_TRY(brood_connection_send(connection, brood_int(number), BROOD_FOREVER));
    return brood_allow(brood_connection_poll(connection, BROOD_FOREVER), APR_EOF); /* until it has been heard */
}

/* ---- help ---- */

static brood_process_t *start_saying(const brood_listener_t *listener, brood_value_t key, int number, int expected)
{
    return harness_start(say_number, BROOD_ARGS(brood_listener_address(listener), key, number, expected), mem);
}

static void hear_number(brood_connection_t *connection, int number)
{
    brood_value_t value = BROOD_NIL;

    EXPECT_OK(brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
    EXPECT(brood_value_equal(brood_int(number), value));
    brood_connection_close(connection);
}

/* A connection that says nothing, and stays. */
static void connect_silently(brood__stream_t *stream, const brood_listener_t *listener)
{
    const char *address = brood_listener_address(listener), *colon = strrchr(address, ':');
    brood__address_t to = {brood__listener_family, address, 0, false};

    if (strncmp(address, "127.", 4) == 0)
        to = (brood__address_t){BROOD__FAMILY_INET, "127.0.0.1", (uint16_t) apr_atoi64(colon + 1), false};
    EXPECT_OK(brood__listener_connect(stream, &to, INT64_MAX));
}

/* ---- tests ---- */

static void a_private_address_is_free_and_for_this_user__LIS_01_LIS_04_LIS_05(void)
{
    brood_listener_t *listener = listen_at(NULL, NULL, mem), *other = listen_at(NULL, NULL, mem);
    const char *address = brood_listener_address(listener);
    brood_process_t *child;
    apr_finfo_t file;

    EXPECT(strcmp(address, brood_listener_address(other)) != 0);
    if (has_unix) {
        EXPECT(apr_stat(&file, address, APR_FINFO_PROT | APR_FINFO_TYPE, mem) == APR_SUCCESS);
        EXPECT(file.filetype == APR_SOCK
               && (file.protection
                   & (APR_FPROT_GREAD | APR_FPROT_GWRITE | APR_FPROT_WREAD | APR_FPROT_WWRITE | APR_FPROT_WEXECUTE))
                      == 0);
    }
    EXPECT(brood_listener_last_accepted(listener) == NULL);
    child = start_saying(listener, BROOD_NIL, 7, APR_SUCCESS);
    hear_number(accept_one(listener, mem), 7);
    EXPECT_EXIT(0, child);
    brood_listener_close(listener);
    brood_listener_close(listener);
    if (has_unix)
        EXPECT(APR_STATUS_IS_ENOENT(apr_stat(&file, address, APR_FINFO_TYPE, mem)));
    brood_listener_close(other);
}

static void a_free_port_is_told_and_the_peer_named__LIS_02_LIS_04_LIS_05(void)
{
    static const char *const addresses[] = {"127.0.0.1:0", "localhost:0", "[::1]:0"};

    for (int i = 0; i < 3; i++) {
        brood_listener_t *listener;
        brood_process_t *child;

        if (brood_listener_create(&listener, addresses[i], NULL, mem) != APR_SUCCESS) {
            EXPECT(i == 2);
            puts("no IPv6 here: [::1] is not tried");
            continue;
        }
        EXPECT(strrchr(brood_listener_address(listener), ':') != NULL
               && strcmp(strrchr(brood_listener_address(listener), ':'), ":0") != 0);
        child = start_saying(listener, BROOD_NIL, i, APR_SUCCESS);
        hear_number(accept_one(listener, mem), i);
        EXPECT(brood_listener_last_accepted(listener) != NULL);
        EXPECT_EXIT(0, child);
        brood_listener_close(listener);
    }
}

static void what_is_no_address_is_refused__LIS_02_LIS_03(void)
{
    static const char *const wrong[] = {"",        "host",    "host:",           "host:x", "host:65536",
                                        "host:-1", "::1:80",  "[::1:80",         "@",      "[::1]80",
                                        "host:1 ", "host:1x", "host:00001234567"};
    brood_listener_t *listener;
    brood_connection_t *connection;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        EXPECT_STATUS(APR_EINVAL, brood_listener_create(&listener, wrong[i], NULL, mem));
        EXPECT_STATUS(APR_EINVAL, brood_client_connect(&connection, wrong[i], NULL, mem));
    }
    EXPECT_STATUS(APR_EINVAL, brood_client_connect(&connection, NULL, NULL, mem));
    if (has_unix)
        EXPECT_STATUS(APR_ENOTIMPL, brood_listener_create(&listener, "\\\\.\\pipe\\brood-none", NULL, mem));
    else
        EXPECT_STATUS(APR_ENOTIMPL, brood_listener_create(&listener, "/tmp/brood-none", NULL, mem));
}

static void an_address_in_use_is_refused__LIS_06(void)
{
    brood_listener_t *listener = listen_at(NULL, NULL, mem), *tcp = listen_at("127.0.0.1:0", NULL, mem), *second = NULL;

    EXPECT(brood_listener_create(&second, brood_listener_address(tcp), NULL, mem) != APR_SUCCESS);
    if (has_unix) /* under Wine a pipe's first instance is not the only one */
        EXPECT(brood_listener_create(&second, brood_listener_address(listener), NULL, mem) != APR_SUCCESS);
    EXPECT(second == NULL);
    brood_listener_close(listener);
    brood_listener_close(tcp);
}

static void an_abstract_name_needs_no_file__LIS_10_LIS_19(void)
{
    const char *address = apr_psprintf(mem, "@brood-test-%d", brood_current_pid());
    brood_listener_t *listener;
    brood_process_t *child;
    const apr_status_t rc = brood_listener_create(&listener, address, NULL, mem);

    if (rc == APR_ENOTIMPL) {
        puts("no abstract addresses here");
        return;
    }
    EXPECT_OK(rc);
    EXPECT_TEXT(address, brood_listener_address(listener));
    child = start_saying(listener, BROOD_NIL, 9, APR_SUCCESS);
    hear_number(accept_one(listener, mem), 9);
    EXPECT_EXIT(0, child);
    brood_listener_close(listener);
}

static void accept_waits_no_longer_than_it_is_told__LIS_09_LIS_18(void)
{
    brood_listener_t *listener = listen_at(NULL, NULL, mem);
    brood_connection_t *connection;

    EXPECT_STATUS(APR_TIMEUP, brood_listener_accept(&connection, listener, BROOD_NOWAIT, mem));
    EXPECT_STATUS(APR_TIMEUP, brood_listener_accept(&connection, listener, 2000, mem));
    brood_listener_close(listener);
    EXPECT_STATUS(BROOD_ECLOSED, brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
    EXPECT(brood_client_connect(&connection, brood_listener_address(listener), NULL, mem) != APR_SUCCESS);
}

static void what_was_sent_before_accept_is_delivered__LIS_16_LIS_17(void)
{
    brood_listener_t *listener = listen_at(NULL, NULL, mem);
    brood_connection_t *client, *connection;
    brood_value_t value;

    EXPECT_OK(brood_client_connect(&client, brood_listener_address(listener), NULL, mem));
    EXPECT_OK(brood_connection_send(client, brood_text("hello"), BROOD_FOREVER));
    if (has_unix)
        brood_connection_close(client);
    connection = accept_one(listener, mem);
    EXPECT_OK(brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
    EXPECT(brood_value_equal(brood_text("hello"), value));
    brood_connection_close(client);
    brood_connection_close(connection);

    EXPECT_OK(brood_client_connect(&client, brood_listener_address(listener), NULL, mem));
    connection = accept_one(listener, mem);
    EXPECT_OK(brood_connection_send(connection, brood_text("bye"), BROOD_FOREVER));
    if (has_unix)
        brood_connection_close(connection);
    EXPECT_OK(brood_connection_poll(client, BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv(&value, client, BROOD_FOREVER, mem));
    EXPECT(brood_value_equal(brood_text("bye"), value));
    brood_connection_close(client);
    brood_connection_close(connection);
    brood_listener_close(listener);
}

static void who_knows_the_key_gets_in_and_nobody_else__LIS_11_LIS_12_AUTH_07_AUTH_08(void)
{
    static const char *const keys[] = {"secret", ""};

    for (int i = 0; i < 2; i++) {
        brood_listener_t *listener = listen_at(i == 0 ? NULL : "127.0.0.1:0", keys[i], mem);
        brood_process_t *right, *wrong = start_saying(listener, brood_text("guess"), 1, BROOD_EAUTH);
        brood_connection_t *connection = NULL;

        EXPECT_STATUS(BROOD_EAUTH, brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
        EXPECT(connection == NULL && strstr(brood_last_error()->message, "guess") == NULL);
        EXPECT_EXIT(0, wrong);
        right = start_saying(listener, brood_text(keys[i]), 2, APR_SUCCESS);
        hear_number(accept_one(listener, mem), 2);
        EXPECT_EXIT(0, right);
        brood_listener_close(listener);
    }
}

static void the_silent_and_the_wrong_hold_nobody_up__LIS_14_LIS_18_AUTH_16(void)
{
    const brood_connect_options_t options = {.authkey = "secret",
                                             .handshake = apr_time_from_sec(3)}; /* who knows the key takes less */
    brood_listener_t *listener;
    brood__stream_t silent[3];
    brood_process_t *child;
    brood_connection_t *connection = NULL;
    int refused = 0;

    EXPECT_OK(brood_listener_create(&listener, "127.0.0.1:0", &options, mem));
    for (int i = 0; i < 3; i++)
        connect_silently(&silent[i], listener);
    child = start_saying(listener, brood_text("secret"), 3, APR_SUCCESS);
    for (;;) {
        const apr_status_t rc = brood_listener_accept(&connection, listener, BROOD_FOREVER, mem);

        if (rc == APR_SUCCESS)
            break;
        if (!EXPECT_STATUS(BROOD_EAUTH, rc))
            return;
        refused++;
    }
    hear_number(connection, 3);
    EXPECT_EXIT(0, child);
    for (; refused < 3; refused++) /* in time, these too */
        EXPECT_STATUS(BROOD_EAUTH, brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
    EXPECT_MESSAGE("in time");
    EXPECT_STATUS(APR_TIMEUP, brood_listener_accept(&connection, listener, BROOD_NOWAIT, mem));
    for (int i = 0; i < 3; i++)
        brood__stream_close(&silent[i]);
    brood_listener_close(listener);
}

/* More than are let into their handshake at once: the oldest make room. */
static void a_flood_of_the_silent_does_not_keep_the_next_out__LIS_14(void)
{
    enum { FLOOD = 200 };
    static brood__stream_t silent[FLOOD];
    brood_listener_t *listener = listen_at("127.0.0.1:0", "secret", mem);
    brood_connection_t *connection = NULL;
    brood_process_t *child;
    apr_status_t rc;

    for (int i = 0; i < FLOOD; i++) {
        connect_silently(&silent[i], listener);
        rc = brood_listener_accept(&connection, listener, BROOD_NOWAIT, mem);
        EXPECT(rc == APR_TIMEUP || rc == BROOD_EAUTH);
    }
    child = start_saying(listener, brood_text("secret"), 4, APR_SUCCESS);
    do
        rc = brood_listener_accept(&connection, listener, BROOD_FOREVER, mem);
    while (rc == BROOD_EAUTH);
    EXPECT_OK(rc);
    hear_number(connection, 4);
    EXPECT_EXIT(0, child);
    for (int i = 0; i < FLOOD; i++)
        brood__stream_close(&silent[i]);
    brood_listener_close(listener);
}

static void a_key_on_one_side_alone_is_an_error_on_both__LIS_14(void)
{
    const brood_connect_options_t keyed = {.authkey = "secret", .handshake = 50000};
    brood_listener_t *listener = listen_at("127.0.0.1:0", "secret", mem);
    brood_connection_t *client, *connection = NULL;
    brood_value_t value;

    EXPECT_OK(brood_client_connect(&client, brood_listener_address(listener), NULL, mem)); /* it cannot know */
    EXPECT_OK(brood_connection_send(client, brood_int(1), BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EAUTH, brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
    EXPECT_STATUS(BROOD_EAUTH, brood_connection_recv(&value, client, BROOD_FOREVER, mem));
    EXPECT_MESSAGE("asks for a key");
    brood_connection_close(client);
    brood_listener_close(listener);

    listener = listen_at("127.0.0.1:0", NULL, mem);
    EXPECT_STATUS(APR_TIMEUP, brood_client_connect(&client, brood_listener_address(listener), &keyed, mem));
    EXPECT_MESSAGE("has no key");
    connection = accept_one(listener, mem);
    EXPECT_STATUS(APR_EOF, brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
    brood_connection_close(connection);
    brood_listener_close(listener);
}

static void *APR_THREAD_FUNC answer(apr_thread_t *thread, void *data)
{
    EXPECT_OK(brood_answer_challenge(data, "k", 1, BROOD_FOREVER));
    EXPECT_OK(brood_deliver_challenge(data, "k", 1, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EAUTH, brood_answer_challenge(data, "wrong", 5, BROOD_FOREVER));
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void the_halves_of_the_handshake_make_a_whole__AUTH_01_AUTH_08_AUTH_15(void)
{
    brood_connection_t *ends[2];
    apr_thread_t *thread;
    apr_status_t rc;

    EXPECT_OK(brood_pipe_create(&ends[0], &ends[1], BROOD_DUPLEX, mem));
    EXPECT_STATUS(APR_EINVAL, brood_deliver_challenge(ends[0], NULL, 1, BROOD_FOREVER));
    EXPECT(apr_thread_create(&thread, NULL, answer, ends[1], mem) == APR_SUCCESS);
    EXPECT_OK(brood_deliver_challenge(ends[0], "k", 1, BROOD_FOREVER));
    EXPECT_OK(brood_answer_challenge(ends[0], "k", 1, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EAUTH, brood_deliver_challenge(ends[0], "k", 1, BROOD_FOREVER));
    EXPECT(apr_thread_join(&rc, thread) == APR_SUCCESS);
    EXPECT_STATUS(APR_TIMEUP, brood_answer_challenge(ends[0], "k", 1, 1000));
    brood_connection_close(ends[0]);
    brood_connection_close(ends[1]);
}

/* Each frame of the handshake is short; what is not is not read. */
static void a_frame_that_is_too_long_ends_the_handshake__AUTH_11_AUTH_12(void)
{
    static char bytes[257] = "#CHALLENGE#";
    brood_connection_t *ends[2];

    EXPECT_OK(brood_pipe_create(&ends[0], &ends[1], BROOD_DUPLEX, mem));
    EXPECT_OK(brood_connection_send_bytes(ends[0], bytes, sizeof bytes, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_ETOOBIG, brood_answer_challenge(ends[1], "k", 1, BROOD_FOREVER));
    brood_connection_close(ends[0]);
    brood_connection_close(ends[1]);
    EXPECT_OK(brood_pipe_create(&ends[0], &ends[1], BROOD_DUPLEX, mem));
    EXPECT_OK(brood_connection_send_bytes(ends[0], "#CHALLANGE#{sha256}", 19, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EAUTH, brood_answer_challenge(ends[1], "k", 1, BROOD_FOREVER));
    brood_connection_close(ends[0]);
    brood_connection_close(ends[1]);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_private_address_is_free_and_for_this_user__LIS_01_LIS_04_LIS_05),
        TEST(a_free_port_is_told_and_the_peer_named__LIS_02_LIS_04_LIS_05),
        TEST(what_is_no_address_is_refused__LIS_02_LIS_03),
        TEST(an_address_in_use_is_refused__LIS_06),
        TEST(an_abstract_name_needs_no_file__LIS_10_LIS_19),
        TEST(accept_waits_no_longer_than_it_is_told__LIS_09_LIS_18),
        TEST(what_was_sent_before_accept_is_delivered__LIS_16_LIS_17),
        TEST(who_knows_the_key_gets_in_and_nobody_else__LIS_11_LIS_12_AUTH_07_AUTH_08),
        TEST(the_silent_and_the_wrong_hold_nobody_up__LIS_14_LIS_18_AUTH_16),
        TEST(a_flood_of_the_silent_does_not_keep_the_next_out__LIS_14),
        TEST(a_key_on_one_side_alone_is_an_error_on_both__LIS_14),
        TEST(the_halves_of_the_handshake_make_a_whole__AUTH_01_AUTH_08_AUTH_15),
        TEST(a_frame_that_is_too_long_ends_the_handshake__AUTH_11_AUTH_12),
    };

    mem = call->mem;
    has_unix = brood__listener_family == BROOD__FAMILY_UNIX;
    return harness_run("listener", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(say_number))
