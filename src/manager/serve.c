/* serve.c - a manager whose server runs in this process: the one that was started for it, or the program's own. */
#include "base/status.h"
#include "manager/manager.h"
#include "platform/interrupt.h"
#include <brood/connection.h>
#include <brood/pack.h>
#include <string.h>

/* ---- the process that was started for it ---- */

typedef struct orders_t {
    const char *address; /* NULL: a private one */
    brood_bytes_t key;
    brood__limits_t limits;
    brood_value_t initializer, initargs;
    brood_connection_t *to; /* whoever waits for the address */
} orders_t;

static apr_status_t read_orders(orders_t *orders, brood_value_t args)
{
    brood_value_t address;
    unsigned long long frame = 0, objects = 0;
    long long handshake = 0;

    BROOD_TRY(BROOD_UNPACK(args, &address, &orders->key, &frame, &objects, &orders->limits.clients, &handshake,
                           &orders->initializer, &orders->initargs, &orders->to));
    orders->limits.frame = frame;
    orders->limits.objects = objects;
    orders->limits.handshake = handshake;
    if (address.kind != BROOD_KIND_NIL)
        return brood_value_text(&orders->address, address);
    return APR_SUCCESS;
}

/* The initializer runs before anybody can connect (SPEC MGR-04). */
static apr_status_t prepare(brood__server_t **server, const orders_t *orders, apr_pool_t *mem)
{
    if (orders->initializer.kind == BROOD_KIND_ENTRY)
        BROOD_TRY(brood_call(NULL, orders->initializer.as.entry, orders->initargs, mem));
    return brood__server_create(server, orders->address, orders->key, &orders->limits);
}

/* The failure goes to whoever started this process, who reports it; so this is no failure of the process. */
static apr_status_t report(const orders_t *orders, apr_pool_t *mem)
{
    return brood_connection_send(orders->to, brood__status_to_value(mem), BROOD_FOREVER);
}

apr_status_t brood__manager_entry(brood_call_t *call)
{
    orders_t orders = {.address = NULL};
    brood__server_t *server = NULL;
    apr_status_t rc;

    BROOD_TRY(read_orders(&orders, call->args));
    brood__interrupt_ignore(); /* it ends when it is told to (SPEC MGR-05) */
    rc = prepare(&server, &orders, call->mem);
    if (rc != APR_SUCCESS)
        return report(&orders, call->mem);
    rc = brood_connection_send(orders.to,
                               BROOD_LIST(brood_text(server->address),
                                          brood_bytes(server->identity, sizeof server->identity)),
                               BROOD_FOREVER);
    brood_connection_close(orders.to);
    if (rc == APR_SUCCESS)
        rc = brood__server_run(server);
    brood__server_destroy(server);
    return rc;
}

/* ---- the program's own ---- */

static apr_status_t end_server(void *data)
{
    brood_manager_t *manager = data;

    atomic_store(&manager->ended, true);
    brood__server_destroy(manager->server);
    brood__client_unuse(&manager->origin);
    return APR_SUCCESS;
}

apr_status_t brood_manager_create(brood_manager_t **manager, const brood_manager_options_t *options, apr_pool_t *mem)
{
    const brood__limits_t limits = brood__manager_limits(options);
    brood_manager_t *made;
    brood_bytes_t key;

    BROOD_TRY(brood__manager_make(&made, options, mem));
    BROOD_TRY(brood__manager_key(&key, options));
    if (options != NULL && options->initializer != NULL)
        BROOD_TRY(brood_call(NULL, options->initializer, options->initargs, mem));
    BROOD_TRY(brood__server_create(&made->server, options != NULL ? options->address : NULL, key, &limits));
    memcpy(made->origin.address, made->server->address, sizeof made->origin.address);
    memcpy(made->origin.identity, made->server->identity, BROOD__TOKEN);
    brood__client_use(&made->origin);
    apr_pool_cleanup_register(mem, made, end_server, apr_pool_cleanup_null);
    *manager = made;
    return APR_SUCCESS;
}

apr_status_t brood_manager_serve(brood_manager_t *manager)
{
    if (manager->server == NULL)
        return brood_fail_text(BROOD_EMISUSE, "this manager's server runs elsewhere");
    if (manager->server->closed)
        return brood_fail_text(BROOD_EMISUSE, "this manager is another process's");
    if (atomic_exchange(&manager->serving, true))
        return brood_fail_text(BROOD_EMISUSE, "this manager serves, or has served, already");
    return brood__server_run(manager->server);
}
