/* listener_fixture.h - listeners, and the connections that they accept. */
#ifndef BROOD_TESTS_LISTENER_FIXTURE_H
#define BROOD_TESTS_LISTENER_FIXTURE_H

#include "harness_tree.h"

static inline brood_listener_t *listen_at(const char *address, const char *key, apr_pool_t *mem)
{
    const brood_connect_options_t options = {.authkey = key};
    brood_listener_t *listener = NULL;

    EXPECT_OK(brood_listener_create(&listener, address, &options, mem));
    return listener;
}

static inline brood_connection_t *accept_one(brood_listener_t *listener, apr_pool_t *mem)
{
    brood_connection_t *connection = NULL;

    EXPECT_OK(brood_listener_accept(&connection, listener, BROOD_FOREVER, mem));
    return connection;
}

#endif
