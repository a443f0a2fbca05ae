/* client_connection.c - a connection to a manager's server, from its address to the hello. */
#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "connection/address.h"
#include "connection/handshake.h"
#include "connection/tls.h"
#include "manager/client_table.h"
#include "manager/rpc.h"

#define HELLO_ROOM 128u /* bytes of a hello */

static apr_status_t fail_connect(apr_status_t rc, const char *address)
{
    char text[128];

    if (rc == APR_ENOTIMPL)
        return brood_fail(rc, "this system has no addresses like %s", address);
    if (rc == APR_TIMEUP)
        return brood_fail(rc, "nobody at %s accepts in time", address);
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    return brood_fail(rc, "cannot connect to the manager at %s: %s", address, brood_strerror(rc, text, sizeof text));
}

static apr_status_t connect_to(brood__link_t *link, const brood__origin_t *origin, apr_time_t deadline,
                               apr_pool_t *scratch)
{
    const brood_bytes_t key = {origin->key, origin->key_size};
    brood__address_t address = {.name = NULL};
    apr_status_t rc;

    BROOD_TRY(brood__address_parse(&address, origin->address, scratch));
    BROOD_TRY(brood__tls_check(&address, key));
    link->sure = address.family != BROOD__FAMILY_INET;
    rc = brood__listener_connect(&link->stream, &address, deadline);
    if (rc != APR_SUCCESS)
        return fail_connect(rc, origin->address);
    return address.tls ? brood__tls_begin(&link->stream, false, key) : APR_SUCCESS;
}

static apr_status_t shake_hands(brood__link_t *link, const brood__origin_t *origin, apr_time_t deadline)
{
    brood__handshake_t handshake;
    apr_status_t rc;

    brood__handshake_begin(&handshake, BROOD__HANDSHAKE_CONNECTS, (brood_bytes_t){origin->key, origin->key_size});
    rc = brood__handshake_run(&handshake, &link->stream, &link->message, deadline);
    if (rc == APR_TIMEUP)
        return brood_fail(rc, "%s has not finished the handshake in time", origin->address);
    return rc == APR_EINTR ? brood__fail_interrupted() : rc;
}

/* ---- hello ---- */

apr_status_t brood__link_hear(brood_bytes_t *bytes, brood__link_t *link, apr_time_t deadline)
{
    BROOD_TRY(brood__message_begin(&link->message, &link->stream, deadline));
    BROOD_TRY(brood__message_complete(&link->message, &link->stream, deadline));
    *bytes = brood__message_bytes(&link->message, &link->stream);
    return APR_SUCCESS;
}

static apr_status_t fail_hello(apr_status_t rc, const char *address)
{
    if (rc == APR_TIMEUP)
        return brood_fail(rc, "the manager at %s has not said hello in time", address);
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    if (rc == APR_EOF || rc == BROOD_ETRUNCATED)
        return brood_fail(rc, "%s has closed the connection instead of saying hello: it is no manager, perhaps",
                          address);
    return brood_fail(rc, "the manager at %s says no hello", address);
}

static apr_status_t say_hello(brood__link_t *link, const brood__origin_t *origin, uint32_t number, apr_time_t deadline)
{
    unsigned char token[BROOD__TOKEN], room[HELLO_ROOM];
    brood__output_t output = {room, 0, sizeof room, NULL};
    brood_value_t args[3];
    apr_status_t rc;
    size_t sent;

    BROOD_TRY(brood__client_token(token));
    for (size_t i = 0; i < sizeof token; i++)
        token[i] ^= origin->session[i]; /* to the server, this process is another one in each session */
    args[0] = brood_int(BROOD__RPC_VERSION);
    args[1] = brood_bytes(origin->session, sizeof origin->session);
    args[2] = brood_bytes(token, sizeof token);
    BROOD_TRY(brood__rpc_write(&output, &number, "hello", 0, args, sizeof args / sizeof *args));
    rc = brood__message_write(&link->stream, room, output.size, NULL, &sent, deadline);
    return rc == APR_SUCCESS ? rc : fail_hello(rc, origin->address);
}

static apr_status_t read_number(uint64_t *number, brood_value_t map, const char *key)
{
    brood_value_t value = brood_nil();
    apr_uint64_t read = 0;

    BROOD_TRY(brood_value_find(&value, map, brood_text(key)));
    BROOD_TRY(brood_value_uint(&read, value));
    *number = read;
    return APR_SUCCESS;
}

static apr_status_t read_hello(unsigned char identity[BROOD__TOKEN], brood__link_t *link, brood_value_t map)
{
    brood_value_t value = brood_nil();
    brood_bytes_t bytes = {NULL, 0};

    BROOD_TRY(brood_value_find(&value, map, brood_text("identity")));
    BROOD_TRY(brood_value_bytes(&bytes, value));
    if (bytes.size != BROOD__TOKEN)
        return brood_fail_text(BROOD_EPROTOCOL, "the manager has an identity of another size");
    BROOD_TRY(read_number(&link->number, map, "connection"));
    BROOD_TRY(read_number(&link->limit, map, "limit"));
    memcpy(identity, bytes.data, BROOD__TOKEN);
    return APR_SUCCESS;
}

static apr_status_t hear_hello(unsigned char identity[BROOD__TOKEN], brood__link_t *link, const brood__origin_t *origin,
                               uint32_t number, apr_time_t deadline, apr_pool_t *scratch)
{
    brood_value_t map = brood_nil();
    brood_bytes_t bytes = {NULL, 0};
    uint32_t of = 0;
    apr_status_t rc = brood__link_hear(&bytes, link, deadline);

    if (rc != APR_SUCCESS)
        return fail_hello(rc, origin->address);
    rc = brood__rpc_read_answer(&of, &bytes, bytes.data, bytes.size);
    if (rc == APR_SUCCESS && of != number)
        rc = brood_fail(BROOD_EPROTOCOL, "the manager at %s answers what it was not asked", origin->address);
    if (rc == APR_SUCCESS)
        rc = brood__client_read_result(&map, origin, bytes, scratch);
    if (rc == APR_SUCCESS)
        rc = read_hello(identity, link, map);
    brood__message_end(&link->message, &link->stream);
    return rc;
}

/* ---- both ---- */

static apr_status_t begin(brood__link_t *link, unsigned char identity[BROOD__TOKEN], const brood__origin_t *origin,
                          apr_pool_t *scratch)
{
    const apr_time_t deadline = brood__client_deadline(origin, BROOD_NOWAIT);
    const uint32_t number = brood__client_numbers(1);

    BROOD_TRY(connect_to(link, origin, deadline, scratch));
    BROOD_TRY(shake_hands(link, origin, deadline));
    BROOD_TRY(say_hello(link, origin, number, deadline));
    return hear_hello(identity, link, origin, number, deadline, scratch);
}

apr_status_t brood__link_open(brood__link_t **link, unsigned char identity[BROOD__TOKEN], const brood__origin_t *origin)
{
    brood__link_t *made = brood__link_make();
    apr_pool_t *scratch = NULL;
    apr_status_t rc;

    if (made == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a connection to a manager");
    rc = brood__own_pool(&scratch);
    if (rc == APR_SUCCESS) {
        rc = begin(made, identity, origin, scratch);
        apr_pool_destroy(scratch);
    }
    if (rc == APR_SUCCESS)
        *link = made;
    else
        brood__link_close(made);
    return rc;
}

/* ---- lost ---- */

apr_status_t brood__link_lost(const brood__origin_t *origin, apr_status_t cause)
{
    char text[128];

    if (cause == APR_EOF || cause == BROOD_ETRUNCATED || APR_STATUS_IS_EPIPE(cause))
        return brood_fail(BROOD_ELOST, "the manager at %s is gone: it has closed the connection", origin->address);
    return brood_fail(BROOD_ELOST, "the manager at %s is gone: %s", origin->address,
                      brood_strerror(cause, text, sizeof text));
}

/* Of this process, or of the time that there is, and not of the server? */
static bool is_ours(apr_status_t rc)
{
    return rc == APR_TIMEUP || rc == BROOD_ECANCELLED || rc == APR_EINVAL || APR_STATUS_IS_ENOMEM(rc)
           || APR_STATUS_IS_EMFILE(rc) || APR_STATUS_IS_ENFILE(rc);
}

static bool is_known(const unsigned char identity[BROOD__TOKEN])
{
    static const unsigned char unknown[BROOD__TOKEN];

    return memcmp(identity, unknown, BROOD__TOKEN) != 0;
}

apr_status_t brood__link_reopen(brood__link_t **link, const brood__origin_t *origin)
{
    unsigned char identity[BROOD__TOKEN];
    brood__link_t *made = NULL;
    const apr_status_t rc = brood__link_open(&made, identity, origin);

    if (rc != APR_SUCCESS && is_ours(rc))
        return rc;
    if (rc != APR_SUCCESS)
        return rc > BROOD_STATUS_FIRST ? brood_fail(BROOD_ELOST, "the manager at %s is gone: %s", origin->address,
                                                    brood_last_error()->message)
                                       : brood__link_lost(origin, rc);
    if (is_known(origin->identity) && memcmp(origin->identity, identity, BROOD__TOKEN) != 0) {
        brood__link_close(made);
        return brood_fail(BROOD_ELOST, "the manager is gone: another is at %s now", origin->address);
    }
    *link = made;
    return APR_SUCCESS;
}
