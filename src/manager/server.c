/* server.c - the loop: who is let in, whose turn it is, whose time is up. */
#include "manager/server.h"

#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "base/thread_local.h"
#include "connection/address.h"
#include "connection/options.h"
#include "connection/tls.h"
#include "manager/jobs.h"
#include "platform/channel.h"
#include "platform/self.h"
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE apr_time_from_msec(200)      /* that nobody is let in when there are no descriptors left */
#define CALL_TIMEOUT apr_time_from_sec(30) /* of its own threads */
#define LET_IN 64                          /* at one turn */
#define FAREWELL apr_time_from_sec(1)      /* for the last answers to go out */

static BROOD__THREAD_LOCAL brood__server_t *here;

brood__server_t *brood__server_here(void)
{
    return here;
}

/* ---- objects in messages ---- */

static apr_status_t number_of(uint64_t *number, brood__exchange_t *self, void *object)
{
    const brood__referent_t *referent = object;

    (void) self;
    if (referent->ref.object != NULL || referent->ref.kind == NULL)
        return brood_fail_text(BROOD_EENCODE, "that is no object of this manager");
    *number = referent->number;
    return APR_SUCCESS;
}

static apr_status_t object_of(void **object, brood__exchange_t *self, const brood__kind_t *kind, uint64_t number,
                              apr_pool_t *mem)
{
    brood__referent_t *referent = number == 0 ? NULL : brood__referent_find(number);

    (void) self;
    (void) mem;
    if (referent == NULL || referent->type->tag != kind->tag)
        return brood_fail(BROOD_EDECODE, "the manager has no %s %lu (any more)", kind->name, (unsigned long) number);
    *object = referent;
    return APR_SUCCESS;
}

/* ---- beginning and end ---- */

static void close_copies(brood__peer_t *peers)
{
    for (brood__peer_t *peer = peers; peer != NULL; peer = peer->next) {
        brood__channel_close(peer->stream.handle);
        peer->stream.handle = BROOD__NO_HANDLE;
        peer->stream.over = NULL;
    }
}

/* What else is in memory is of no use in a forked child, but no harm. */
static void forked(brood__open_t *open)
{
    brood__server_t *server = (brood__server_t *) open;

    server->closed = true;
    close_copies(server->strangers);
    close_copies(server->peers);
    brood__listener_close(server->listener, true);
    brood__pollset_close(server->set);
}

static apr_status_t open_listener(brood__server_t *server, const char *text)
{
    brood__address_t address;
    apr_status_t rc;

    if (text == NULL)
        BROOD_TRY(brood__address_private(&address, server->pool));
    else
        BROOD_TRY(brood__address_parse(&address, text, server->pool));
    BROOD_TRY(brood__tls_check(&address, server->key));
    server->tls = address.tls;
    rc = brood__address_listen(&server->listener, &address, BROOD__BACKLOG, server->address, server->pool);
    if (rc == APR_ENOTIMPL)
        return brood_fail(rc, "this system has no addresses like %s", text != NULL ? text : address.name);
    return rc == APR_SUCCESS ? rc : brood_fail(rc, "a manager cannot listen at %s", text != NULL ? text : address.name);
}

static apr_status_t open_set(brood__server_t *server)
{
    apr_status_t rc = brood__pollset_create(&server->set, (size_t) server->limits.clients + 1, server->pool);

    if (rc == APR_SUCCESS) {
        rc = brood__pollset_add_listener(server->set, &server->door, server->listener);
        if (rc != APR_SUCCESS)
            brood__pollset_close(server->set);
    }
    return rc == APR_SUCCESS ? rc : brood_fail_text(rc, "the system has nothing for a manager to wait by");
}

static apr_status_t make_origin(brood__server_t *server)
{
    brood__origin_t *origin = &server->origin;

    if (server->key.size > sizeof origin->key)
        return brood_fail(BROOD_ETOOBIG, "a manager's key has %u bytes at most", BROOD__ORIGIN_KEY);
    memcpy(origin->address, server->address, sizeof origin->address);
    memcpy(origin->key, server->key.data, server->key.size);
    memcpy(origin->identity, server->identity, sizeof origin->identity);
    origin->key_size = (uint32_t) server->key.size;
    origin->call_timeout = CALL_TIMEOUT;
    if (brood__self_random(origin->session, sizeof origin->session) != APR_SUCCESS)
        return brood_fail_text(APR_EGENERAL, "the system gives no random bytes for a manager's session");
    return APR_SUCCESS;
}

static apr_status_t begin(brood__server_t *server, const char *address)
{
    apr_status_t rc;

    BROOD_TRY(open_listener(server, address));
    BROOD_TRY(make_origin(server));
    rc = open_set(server);
    if (rc != APR_SUCCESS) {
        brood__listener_close(server->listener, false);
        return rc;
    }
    brood__open_add(&server->open, forked);
    return APR_SUCCESS;
}

apr_status_t brood__server_create(brood__server_t **server, const char *address, brood_bytes_t key,
                                  const brood__limits_t *limits)
{
    brood__server_t *made;
    apr_pool_t *pool;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&pool));
    made = apr_pcalloc(pool, sizeof *made);
    made->pool = pool;
    made->limits = *limits;
    made->exchange = (brood__exchange_t){number_of, object_of};
    made->key = (brood_bytes_t){apr_pmemdup(pool, key.data, key.size), key.size};
    made->clients = apr_hash_make(pool);
    made->types = apr_hash_make(pool);
    made->output = apr_palloc(pool, BROOD__SERVER_OUTPUT);
    rc = brood__own_pool(&made->scratch);
    if (rc == APR_SUCCESS && brood__self_random(made->identity, sizeof made->identity) != APR_SUCCESS)
        rc = brood_fail_text(APR_EGENERAL, "the system gives no random bytes for a manager's identity");
    if (rc == APR_SUCCESS)
        rc = begin(made, address);
    if (rc != APR_SUCCESS) {
        if (made->scratch != NULL)
            apr_pool_destroy(made->scratch);
        apr_pool_destroy(pool);
        return rc;
    }
    *server = made;
    return APR_SUCCESS;
}

void brood__server_origin(brood__origin_t *origin, const brood__server_t *server)
{
    *origin = server->origin;
}

void brood__server_destroy(brood__server_t *server)
{
    if (!server->closed) {
        brood__open_remove(&server->open);
        brood__listener_close(server->listener, false);
        brood__pollset_close(server->set);
    }
    apr_pool_destroy(server->scratch);
    apr_pool_destroy(server->pool);
}

void brood__server_stop(brood__server_t *server)
{
    atomic_store(&server->stopping, true);
    brood__pollset_wake(server->set);
}

/* ---- the loop ---- */

static void let_in(brood__server_t *server)
{
    char name[BROOD__ADDRESS_SIZE];
    brood__stream_t stream;

    for (int i = 0; i < LET_IN; i++) {
        const apr_status_t rc = brood__listener_accept(&stream, name, server->listener, BROOD__AT_ONCE);

        if (rc == APR_TIMEUP || rc == APR_EINTR)
            return;
        if (rc != APR_SUCCESS) { /* EMFILE, most likely: who is there goes on being served */
            server->deaf = brood__deadline(PAUSE);
            (void) brood__pollset_change(server->set, &server->door, false, false);
            return;
        }
        brood__peer_create(server, &stream);
    }
}

void brood__server_add_onlooker(brood__onlooker_t *onlooker)
{
    onlooker->next = here->onlookers;
    here->onlookers = onlooker;
}

void brood__server_remove_onlooker(const brood__onlooker_t *onlooker)
{
    brood__onlooker_t **place = &here->onlookers;

    while (*place != NULL && *place != onlooker)
        place = &(*place)->next;
    if (*place != NULL)
        *place = onlooker->next;
}

static void look_at_door(brood__server_t *server, apr_time_t *next)
{
    if (server->deaf == 0)
        return;
    if (brood__clock_now() >= server->deaf) {
        server->deaf = 0;
        (void) brood__pollset_change(server->set, &server->door, true, false);
    } else if (server->deaf < *next) {
        *next = server->deaf;
    }
}

/* Who has not said hello in time is gone. */
static void look_at_strangers(brood__server_t *server, apr_time_t *next)
{
    const apr_time_t now = server->strangers != NULL ? brood__clock_now() : 0;
    brood__peer_t *peer = server->strangers;

    while (peer != NULL) {
        brood__peer_t *after = peer->next;

        if (peer->deadline <= now)
            brood__peer_close(server, peer);
        else if (peer->deadline < *next)
            *next = peer->deadline;
        peer = after;
    }
}

/* Everything that is due; until when there is nothing else. */
static apr_time_t look(brood__server_t *server)
{
    apr_time_t next = BROOD__NEVER;

    look_at_door(server, &next);
    look_at_strangers(server, &next);
    brood__waiters_look(server, &next);
    brood__sessions_look(server, &next);
    if (server->jobs != NULL)
        brood__jobs_collect(server->jobs);
    for (brood__onlooker_t *onlooker = server->onlookers; onlooker != NULL; onlooker = onlooker->next)
        onlooker->look(onlooker);
    brood__referents_tidy();
    apr_pool_clear(server->scratch);
    return server->busy != NULL ? BROOD__AT_ONCE : next;
}

static void give_turns(brood__server_t *server, brood__poll_t **ready, size_t count)
{
    brood__peer_t *busy;

    for (size_t i = 0; i < count; i++) {
        if (ready[i] == &server->door)
            let_in(server);
        else if (ready[i] != NULL)
            brood__peer_ready(server, ready[i]->data);
    }
    busy = server->busy; /* those of now: they may become busy again */
    server->busy = NULL;
    while (busy != NULL) {
        brood__peer_t *peer = busy;

        busy = peer->next_busy;
        peer->busy = false;
        brood__peer_ready(server, peer);
    }
}

/* Is an answer on its way, and will it get there? */
static bool is_being_told(brood__peer_t *peer)
{
    brood__watch_t watch;

    if (peer->broken || peer->out_begin != peer->out_end)
        return !peer->broken;
    return brood__stream_watch_post(&peer->stream, &watch) && brood__wait_any(&watch, 1, BROOD__AT_ONCE) == APR_TIMEUP;
}

/* The answers that are on their way go out, but for those whom nobody takes them from. */
static void say_farewell(brood__server_t *server)
{
    const apr_time_t deadline = brood__deadline(FAREWELL);
    bool waits = true;

    while (waits && brood__clock_now() < deadline) {
        waits = false;
        for (brood__peer_t *peer = server->peers; peer != NULL; peer = peer->next) {
            brood__peer_flush(server, peer);
            waits = waits || is_being_told(peer);
        }
        if (waits)
            brood__clock_yield();
    }
}

static apr_status_t serve(brood__server_t *server)
{
    while (!atomic_load(&server->stopping)) {
        const apr_time_t next = look(server);
        brood__poll_t **ready = NULL;
        size_t count = 0;
        const apr_status_t rc = brood__pollset_wait(&ready, &count, server->set, next);

        if (rc == APR_EINTR)
            return brood__fail_interrupted();
        if (rc != APR_SUCCESS && rc != APR_TIMEUP)
            return brood_fail_text(rc, "a manager's wait for its clients has failed");
        give_turns(server, ready, count);
    }
    return APR_SUCCESS;
}

apr_status_t brood__server_enter(brood__server_t *server)
{
    if (here != NULL)
        return brood_fail_text(BROOD_EMISUSE, "this thread serves another manager already");
    here = server;
    server->outer = brood__exchange_enter(&server->exchange);
    return brood__referents_begin();
}

void brood__server_leave(brood__server_t *server)
{
    if (server->jobs != NULL)
        brood__jobs_destroy(server->jobs);
    server->jobs = NULL;
    while (server->strangers != NULL)
        brood__peer_close(server, server->strangers);
    while (server->peers != NULL)
        brood__peer_close(server, server->peers);
    brood__sessions_end(server);
    brood__referents_end();
    brood__waiters_end(server);
    (void) brood__exchange_enter(server->outer);
    here = NULL;
}

apr_status_t brood__server_run(brood__server_t *server)
{
    apr_status_t rc = brood__server_enter(server);

    if (rc == BROOD_EMISUSE)
        return rc;
    if (rc == APR_SUCCESS)
        rc = serve(server);
    brood__status_hold(rc != APR_SUCCESS);
    brood__listener_close(server->listener, false); /* else who connects would wait for nobody */
    say_farewell(server);
    brood__server_leave(server);
    brood__status_hold(false);
    return rc;
}
