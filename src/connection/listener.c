/* listener.c - Listener: one thread accepts, and has as many handshakes under way as there are clients. */
#include "connection/listener.h"

#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "connection/address.h"
#include "connection/connection.h"
#include "connection/handshake.h"
#include "connection/options.h"
#include "connection/tls.h"
#include "memory/table.h"
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* One that has connected. */
typedef struct client_t {
    brood__stream_t stream;
    brood__message_t message;
    brood__handshake_t handshake;
    apr_time_t deadline;
    char peer[BROOD__ADDRESS_SIZE];
    struct client_t *next; /* that came after it */
} client_t;

struct brood_listener_t {
    brood__open_t open;
    apr_pool_t *mem;
    brood__listener_t *listener;
    char address[BROOD__ADDRESS_SIZE];
    char peer[BROOD__ADDRESS_SIZE]; /* of the last */
    bool tls;
    bool has_key;
    brood_bytes_t key;
    apr_interval_time_t handshake;
    client_t *clients; /* the oldest first */
    int count;
    atomic_flag accepting;
    _Atomic bool closed;
};

/* ---- clients ---- */

static void drop(brood_listener_t *listener, client_t **place)
{
    client_t *client = *place;

    *place = client->next;
    listener->count--;
    brood__message_drop(&client->message);
    brood__stream_close(&client->stream);
    free(client);
}

static void drop_all(brood_listener_t *listener)
{
    while (listener->clients != NULL)
        drop(listener, &listener->clients);
}

/* It proves to know the key, or is dropped: in time for the listener's next ones. */
static apr_status_t begin_handshake(brood_listener_t *listener, brood__stream_t *stream)
{
    client_t *client = calloc(1, sizeof *client), **place = &listener->clients;
    apr_status_t rc = listener->tls ? brood__tls_begin(stream, true, listener->key) : APR_SUCCESS;

    if (client == NULL)
        rc = brood_fail_text(APR_ENOMEM, "no memory for a client");
    if (client == NULL || rc != APR_SUCCESS) {
        brood__stream_close(stream);
        free(client);
        return rc;
    }
    if (listener->count == BROOD__CLIENTS_MOST)
        drop(listener, &listener->clients);
    client->stream = *stream;
    client->deadline = brood__deadline(listener->handshake);
    memcpy(client->peer, listener->peer, sizeof client->peer);
    brood__handshake_begin(&client->handshake, BROOD__HANDSHAKE_ACCEPTS, listener->key);
    while (*place != NULL)
        place = &(*place)->next;
    *place = client;
    listener->count++;
    return APR_SUCCESS;
}

/* ---- beginning and end ---- */

void brood_listener_close(brood_listener_t *listener)
{
    if (atomic_exchange(&listener->closed, true))
        return;
    brood__open_remove(&listener->open);
    drop_all(listener);
    brood__listener_close(listener->listener, false);
}

static void forked(brood__open_t *open)
{
    brood_listener_t *listener = (brood_listener_t *) open;

    atomic_store(&listener->closed, true);
    for (client_t *client = listener->clients; client != NULL; client = client->next)
        client->stream.over = NULL; /* without a farewell: the connection is the other process's */
    drop_all(listener);
    brood__listener_close(listener->listener, true);
}

static apr_status_t cleanup(void *data)
{
    brood_listener_close(data);
    return APR_SUCCESS;
}

static apr_status_t fail_create(apr_status_t rc, const char *address)
{
    if (rc == APR_ENOTIMPL)
        return brood_fail(rc, "this system has no addresses like %s", address);
    return brood_fail(rc, "cannot listen at %s", address);
}

static apr_status_t open_listener(brood_listener_t *made, const char *text, brood_bytes_t key, int backlog,
                                  apr_pool_t *mem)
{
    brood__address_t address;
    apr_status_t rc;

    if (text == NULL)
        BROOD_TRY(brood__address_private(&address, mem));
    else
        BROOD_TRY(brood__address_parse(&address, text, mem));
    BROOD_TRY(brood__tls_check(&address, key));
    made->tls = address.tls;
    rc = brood__address_listen(&made->listener, &address, backlog, made->address, mem);
    return rc == APR_SUCCESS ? rc : fail_create(rc, text != NULL ? text : address.name);
}

apr_status_t brood_listener_create(brood_listener_t **listener, const char *address,
                                   const brood_connect_options_t *options, apr_pool_t *mem)
{
    const brood_bytes_t key = brood__options_key(options);
    brood_listener_t *made = apr_pcalloc(mem, sizeof *made);

    if (brood__me == 0)
        return brood_fail_text(BROOD_EGUARD, "a listener needs brood_main or brood_init to have run in this program");
    made->mem = mem;
    made->has_key = key.data != NULL;
    made->handshake = brood__options_handshake(options);
    atomic_flag_clear(&made->accepting);
    BROOD_TRY(open_listener(made, address, key, brood__options_backlog(options), mem));
    made->key = (brood_bytes_t){apr_pmemdup(mem, key.data != NULL ? key.data : "", key.size), key.size};
    brood__open_add(&made->open, forked);
    apr_pool_cleanup_register(mem, made, cleanup, apr_pool_cleanup_null);
    *listener = made;
    return APR_SUCCESS;
}

/* ---- accept ---- */

static apr_status_t enter(brood_listener_t *listener)
{
    if (atomic_load(&listener->closed))
        return brood_fail_text(BROOD_ECLOSED, "the listener is closed");
    if (atomic_flag_test_and_set(&listener->accepting))
        return brood_fail_text(BROOD_EMISUSE, "another thread is accepting at this listener");
    return APR_SUCCESS;
}

/* Those whom nobody knows the key of: at once theirs.  The others begin to prove it.  APR_TIMEUP: nobody came, or not yet
 * with a proof. */
static apr_status_t take_new(brood_connection_t **connection, brood_listener_t *listener, apr_pool_t *mem)
{
    for (;;) {
        brood__stream_t stream;
        const apr_status_t rc = brood__listener_accept(&stream, listener->peer, listener->listener, BROOD__AT_ONCE);

        if (rc == APR_TIMEUP || rc == APR_EINTR)
            return rc;
        if (rc != APR_SUCCESS)
            return brood_fail(rc, "the system gives no connection%s",
                              APR_STATUS_IS_EMFILE(rc) ? ": too many files are open" : "");
        if (!listener->has_key) {
            BROOD_TRY(brood__connection_create(connection, &stream, true, true, mem));
            (*connection)->fresh = true;
            return APR_SUCCESS;
        }
        BROOD_TRY(begin_handshake(listener, &stream));
    }
}

/* Go on with the handshakes.  The first that is done, or has failed, is told of. */
static apr_status_t go_on(brood_connection_t **connection, brood_listener_t *listener, apr_pool_t *mem)
{
    const apr_time_t now = listener->clients != NULL ? brood__clock_now() : 0;
    client_t **place = &listener->clients;

    while (*place != NULL) {
        client_t *client = *place;
        apr_status_t rc = brood__handshake_run(&client->handshake, &client->stream, &client->message, BROOD__AT_ONCE);

        if (rc == APR_TIMEUP && now >= client->deadline)
            rc = brood_fail_text(BROOD_EAUTH, "a client has not proved in time to know the key");
        if (rc == APR_TIMEUP) {
            place = &client->next;
            continue;
        }
        memcpy(listener->peer, client->peer, sizeof listener->peer);
        if (rc == APR_SUCCESS) {
            rc = brood__connection_create(connection, &client->stream, true, true, mem);
            brood__stream_init(&client->stream, BROOD__NO_HANDLE, client->stream.kind); /* it is the connection's */
        } else if (rc != APR_ENOMEM) {
            rc = rc == BROOD_EAUTH ? rc
                                   : brood_fail(BROOD_EAUTH, "a client was refused: %s", brood_last_error()->message);
        }
        drop(listener, place);
        return rc;
    }
    return APR_TIMEUP;
}

/* Nothing is there now: what to wait for, and how long at most.  Returns how many; 0: there is something. */
static size_t gather(brood__watch_t watches[BROOD__LISTENER_WATCHES], apr_time_t *deadline, brood_listener_t *listener)
{
    size_t count = 1;

    if (!brood__listener_watch(listener->listener, &watches[0]))
        return 0;
    for (client_t *client = listener->clients; client != NULL; client = client->next) {
        if (!brood__stream_watch(&client->stream, &watches[count++]))
            return 0;
        if (client->deadline < *deadline)
            *deadline = client->deadline;
    }
    return count;
}

static apr_status_t accept_until(brood_connection_t **connection, brood_listener_t *listener, apr_time_t deadline,
                                 apr_pool_t *mem)
{
    brood__watch_t watches[BROOD__LISTENER_WATCHES];

    for (;;) {
        apr_time_t next = deadline;
        size_t count;
        apr_status_t rc = take_new(connection, listener, mem);

        if (rc == APR_TIMEUP)
            rc = go_on(connection, listener, mem);
        if (rc != APR_TIMEUP)
            return rc;
        if (deadline != BROOD__NEVER && (deadline <= 0 || brood__clock_now() >= deadline))
            return APR_TIMEUP;
        count = gather(watches, &next, listener);
        rc = count == 0 ? APR_SUCCESS : brood__wait_any(watches, count, next);
        if (rc != APR_SUCCESS && rc != APR_TIMEUP)
            return rc;
    }
}

apr_status_t brood_listener_accept(brood_connection_t **connection, brood_listener_t *listener,
                                   apr_interval_time_t timeout, apr_pool_t *mem)
{
    apr_status_t rc;

    BROOD_TRY(enter(listener));
    rc = accept_until(connection, listener, brood__deadline(timeout), mem);
    atomic_flag_clear(&listener->accepting);
    if (rc == APR_TIMEUP)
        return brood__fail_often(rc, "nobody has connected in time");
    return rc == APR_EINTR ? brood__fail_interrupted() : rc;
}

apr_status_t brood__listener_watches(brood_listener_t *listener, brood__watch_t *watches, size_t *count)
{
    apr_time_t deadline = BROOD__NEVER;

    BROOD_TRY(enter(listener));
    *count = gather(watches, &deadline, listener);
    atomic_flag_clear(&listener->accepting);
    return APR_SUCCESS;
}

const char *brood_listener_address(const brood_listener_t *listener)
{
    return listener->address;
}

const char *brood_listener_last_accepted(const brood_listener_t *listener)
{
    return listener->peer[0] != '\0' ? listener->peer : NULL;
}
