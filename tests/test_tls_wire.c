/* Who stands between the two sides of an encrypted connection reads nothing, and can change nothing unnoticed. */
#include "tls_fixture.h"

#include "base/deadline.h"
#include <stdlib.h>

static apr_pool_t *mem;

static const char marker[] = "as plain as can be";

#define NEVER (-1)

/* In between, with a thread of its own. */
typedef struct between_t {
    brood__listener_t *listener;
    brood__address_t to;
    char address[BROOD__ADDRESS_SIZE];
    long spoil; /* which byte of the client's is changed; NEVER */
    char *heard;
    size_t size;
    apr_thread_t *thread;
} between_t;

/* ---- children ---- */

/* Says the marker, and ends when the other side does. */
static apr_status_t say_marker(brood_call_t *call)
{
    const brood_connect_options_t options = with_key(KEY);
    brood_connection_t *connection;
    const char *address;
    brood_bytes_t bytes;

    BROOD_TRY(BROOD_UNPACK(call->args, &address));
    BROOD_TRY(brood_client_connect(&connection, address, &options, call->mem));
    BROOD_TRY(brood_connection_send_bytes(connection, marker, strlen(marker), BROOD_FOREVER));
    CHECK(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, call->mem) != APR_SUCCESS);
    return APR_SUCCESS;
}

/* ---- in between ---- */

/* False: the end. */
static bool pass_on(between_t *between, brood__stream_t *to, brood__stream_t *from, long spoil, long *passed)
{
    char bytes[4096];
    size_t got, sent;

    if (brood__stream_read(from, bytes, sizeof bytes, &got, INT64_MAX) != APR_SUCCESS)
        return false;
    if (spoil >= *passed && spoil < *passed + (long) got)
        bytes[spoil - *passed] ^= 1;
    *passed += (long) got;
    between->heard = realloc(between->heard, between->size + got);
    if (!EXPECT(between->heard != NULL))
        return false;
    memcpy(between->heard + between->size, bytes, got);
    between->size += got;
    return brood__stream_write(to, "", 0, bytes, got, NULL, &sent, INT64_MAX) == APR_SUCCESS;
}

static void *APR_THREAD_FUNC stand_between(apr_thread_t *thread, void *data)
{
    between_t *between = data;
    char peer[BROOD__ADDRESS_SIZE];
    brood__stream_t client, server;
    long said = 0, answered = 0;
    bool goes_on = true;

    EXPECT_OK(brood__listener_accept(&client, peer, between->listener, INT64_MAX));
    EXPECT_OK(brood__listener_connect(&server, &between->to, INT64_MAX));
    while (goes_on) {
        brood__watch_t watches[2];
        const bool waits = brood__stream_watch(&client, &watches[0]) && brood__stream_watch(&server, &watches[1]);

        if (!EXPECT(waits) || !EXPECT_OK(brood__wait_any(watches, 2, INT64_MAX)))
            break;
        if (watches[0].ready)
            goes_on = pass_on(between, &server, &client, between->spoil, &said);
        if (goes_on && watches[1].ready)
            goes_on = pass_on(between, &client, &server, NEVER, &answered);
    }
    brood__stream_close(&client);
    brood__stream_close(&server);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void open_between(between_t *between, const brood_listener_t *listener, long spoil)
{
    const brood__address_t any = {BROOD__FAMILY_INET, "127.0.0.1", 0, false};

    *between = (between_t){.to = port_of(brood_listener_address(listener)), .spoil = spoil};
    EXPECT_OK(brood__listener_open(&between->listener, &any, 8, between->address, mem));
}

/* The child first: it would be a copy of a process with two threads. */
static void begin_between(between_t *between)
{
    EXPECT_OK(apr_thread_create(&between->thread, NULL, stand_between, between, mem));
}

static void end_between(between_t *between)
{
    brood__listener_close(between->listener, false);
    free(between->heard);
}

static bool has_heard_marker(const between_t *between)
{
    for (size_t i = 0; i + strlen(marker) <= between->size; i++)
        if (memcmp(between->heard + i, marker, strlen(marker)) == 0)
            return true;
    return false;
}

/* ---- tests ---- */

static void nobody_in_between_reads_what_is_said(void)
{
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        brood_listener_t *listener = listen_at(encrypted ? "tls://127.0.0.1:0" : "127.0.0.1:0", KEY, mem);
        between_t between;
        brood_connection_t *connection;
        brood_bytes_t bytes = {NULL, 0};
        brood_process_t *child;

        open_between(&between, listener, NEVER);
        child =
            harness_start(say_marker,
                          BROOD_ARGS((const char *) apr_pstrcat(mem, encrypted ? "tls://" : "", between.address, NULL)),
                          mem);
        begin_between(&between);
        connection = accept_one(listener, mem);
        EXPECT_OK(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        EXPECT(bytes.size == strlen(marker));
        brood_connection_close(connection);
        EXPECT_EXIT(0, child);
        harness_join(between.thread); /* before its end, what it heard is its own */
        EXPECT(between.size > 0 && has_heard_marker(&between) == (encrypted == 0));
        end_between(&between);
        brood_listener_close(listener);
    }
}

/* Whichever byte it is: of the handshakes, or of what is said.  A few mean nothing, as the version before each record. */
static void what_is_changed_on_its_way_is_not_believed(void)
{
    int refused = 0, broken = 0;

    for (long spoil = 0; spoil < 700; spoil += 23) {
        brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
        brood_connection_t *connection = NULL;
        brood_bytes_t bytes = {NULL, 0};
        brood_process_t *child;
        between_t between;
        apr_status_t rc;

        open_between(&between, listener, spoil);
        child = harness_start(say_marker, BROOD_ARGS((const char *) apr_pstrcat(mem, "tls://", between.address, NULL)),
                              mem);
        begin_between(&between);
        rc = brood_listener_accept(&connection, listener, apr_time_from_sec(60), mem);
        if (rc == APR_SUCCESS)
            rc = brood_connection_recv_bytes(&bytes, connection, 0, apr_time_from_sec(60), mem);
        if (connection != NULL)
            brood_connection_close(connection);
        brood_listener_close(listener);
        EXPECT_OK(brood_process_join(child, BROOD_FOREVER));
        harness_join(between.thread);
        end_between(&between);
        refused += rc == BROOD_EAUTH ? 1 : 0;
        broken += rc == BROOD_EPROTOCOL ? 1 : 0;
        if (rc == APR_SUCCESS)
            EXPECT(bytes.size == strlen(marker) && memcmp(bytes.data, marker, bytes.size) == 0);
    }
    EXPECT(refused > 5 && broken > 0);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(nobody_in_between_reads_what_is_said),
        TEST(what_is_changed_on_its_way_is_not_believed),
    };

    mem = call->mem;
    return harness_run("tls_wire", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(say_marker))
