/* tls_fixture.h - what tests of encrypted connections have in common. */
#ifndef BROOD_TESTS_TLS_FIXTURE_H
#define BROOD_TESTS_TLS_FIXTURE_H

#include "listener_fixture.h"

#include "platform/listener.h"
#include <apr_strings.h>
#include <string.h>

#define KEY "open sesame"

static inline brood_connect_options_t with_key(const char *key)
{
    return (brood_connect_options_t){.authkey = key};
}

/* The port at the end of an address, of this machine. */
static inline brood__address_t port_of(const char *address)
{
    return (brood__address_t){BROOD__FAMILY_INET, "127.0.0.1", (uint16_t) apr_atoi64(strrchr(address, ':') + 1), false};
}

/* The same without tls:// before it. */
static inline const char *plain(const char *address)
{
    return address + strlen("tls://");
}

static inline apr_status_t connect_by(brood_connection_t **connection, const char *address, apr_pool_t *pool)
{
    const brood_connect_options_t options = with_key(KEY);

    return brood_client_connect(connection, address, &options, pool);
}

/* Sends back what comes, until the end. */
static inline apr_status_t echo(brood_call_t *call)
{
    brood_connection_t *connection;
    const char *address;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &address));
    BROOD_TRY(connect_by(&connection, address, call->mem));
    for (;;) {
        brood_bytes_t bytes;
        apr_pool_t *scratch;

        CHECK(apr_pool_create(&scratch, call->mem) == APR_SUCCESS);
        rc = brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, scratch);
        if (rc == APR_SUCCESS)
            rc = brood_connection_send_bytes(connection, bytes.data, bytes.size, BROOD_FOREVER);
        apr_pool_destroy(scratch);
        if (rc == APR_EOF)
            return APR_SUCCESS;
        BROOD_TRY(rc);
    }
}

/* A child that echoes, and the connection to it. */
static inline brood_process_t *start_echo(brood_connection_t **connection, brood_listener_t *listener, apr_pool_t *mem)
{
    brood_process_t *child = harness_start(echo, BROOD_ARGS(brood_listener_address(listener)), mem);

    *connection = accept_one(listener, mem);
    return child;
}

static inline void send_and_hear(brood_connection_t *connection, const char *bytes, size_t size, apr_pool_t *mem)
{
    brood_bytes_t heard = {NULL, 0};
    apr_pool_t *scratch;

    apr_pool_create(&scratch, mem);
    EXPECT_OK(brood_connection_send_bytes(connection, bytes, size, BROOD_FOREVER));
    EXPECT_OK(brood_connection_recv_bytes(&heard, connection, 0, BROOD_FOREVER, scratch));
    EXPECT(heard.size == size && (size == 0 || memcmp(heard.data, bytes, size) == 0));
    apr_pool_destroy(scratch);
}

#endif
