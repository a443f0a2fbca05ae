/* session.c - who the peers belong to: processes, and trees of them. */
#include "base/deadline.h"
#include "manager/server.h"
#include <stdlib.h>
#include <string.h>

#define LINGER \
    apr_time_from_sec(10) /* that a session without connections is kept, for a process of it that connects again */

/* ---- sessions ---- */

static brood__session_t *find_session(const brood__server_t *server, const unsigned char *token)
{
    brood__session_t *session = server->sessions;

    while (session != NULL && memcmp(session->token, token, BROOD__TOKEN) != 0)
        session = session->next;
    return session;
}

static brood__session_t *make_session(brood__server_t *server, const unsigned char *token)
{
    brood__session_t *session = calloc(1, sizeof *session);

    if (session == NULL)
        return NULL;
    memcpy(session->token, token, BROOD__TOKEN);
    session->next = server->sessions;
    server->sessions = session;
    server->idle_sessions++;
    return session;
}

static void free_session(brood__session_t *session)
{
    uint64_t object, count;

    for (size_t at = 0; brood__number_map_next(&session->held, &at, &object, &count);)
        if (brood__referent_find(object) != NULL)
            brood__referent_drop_outside(brood__referent_find(object), count);
    brood__number_map_free(&session->held);
    free(session);
}

void brood__sessions_look(brood__server_t *server, apr_time_t *next)
{
    const apr_time_t now = server->idle_sessions != 0 ? brood__clock_now() : 0;
    brood__session_t **place = &server->sessions;

    while (server->idle_sessions != 0 && *place != NULL) {
        brood__session_t *session = *place;

        if (session->connections == 0 && session->deadline <= now) {
            *place = session->next;
            server->idle_sessions--;
            free_session(session);
            continue;
        }
        if (session->connections == 0 && session->deadline < *next)
            *next = session->deadline;
        place = &session->next;
    }
}

void brood__sessions_end(brood__server_t *server)
{
    while (server->sessions != NULL) {
        brood__session_t *session = server->sessions;

        server->sessions = session->next;
        free_session(session);
    }
    server->idle_sessions = 0;
}

static apr_status_t hold(brood__session_t *session, uint64_t object)
{
    brood__referent_t *referent = brood__referent_find(object);
    uint64_t *count;

    if (referent == NULL)
        return APR_SUCCESS;
    count = brood__number_map_put(&session->held, object);
    if (count == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a reference to an object");
    (*count)++;
    brood__referent_hold_outside(referent, 1);
    return APR_SUCCESS;
}

apr_status_t brood__session_hold(brood__peer_t *peer, uint64_t object)
{
    return peer->client != NULL ? hold(peer->client->session, object) : APR_SUCCESS;
}

static void release(brood__session_t *session, uint64_t object, uint64_t count)
{
    uint64_t *held = brood__number_map_find(&session->held, object);
    brood__referent_t *referent = brood__referent_find(object);

    if (held == NULL || referent == NULL)
        return;
    if (count > *held)
        count = *held;
    *held -= count;
    if (*held == 0)
        brood__number_map_remove(&session->held, object);
    brood__referent_drop_outside(referent, count);
}

void brood__session_release(brood__peer_t *peer, uint64_t object, uint64_t count)
{
    release(peer->client->session, object, count);
}

/* ---- of the server's own tree ---- */

apr_status_t brood__session_lend(uint64_t object)
{
    brood__server_t *server = brood__server_here();
    brood__session_t *session = find_session(server, server->origin.session);

    if (session == NULL && (session = make_session(server, server->origin.session)) != NULL)
        session->deadline = brood__deadline(LINGER);
    return session != NULL ? hold(session, object)
                           : brood_fail_text(APR_ENOMEM, "no memory for a reference to an object");
}

bool brood__session_take_back(const brood__origin_t *origin, uint64_t object)
{
    brood__server_t *server = brood__server_here();
    brood__session_t *session;

    if (server == NULL || memcmp(server->identity, origin->identity, BROOD__TOKEN) != 0)
        return false;
    session = find_session(server, origin->session);
    if (session != NULL)
        release(session, object, 1);
    return true;
}

/* ---- clients ---- */

static brood__client_t *make_client(brood__server_t *server, brood__session_t *session, const unsigned char *tokens)
{
    brood__client_t *client = calloc(1, sizeof *client);

    if (client == NULL)
        return NULL;
    memcpy(client->token, tokens, sizeof client->token);
    client->number = ++server->last_client;
    client->session = session;
    apr_hash_set(server->clients, client->token, sizeof client->token, client);
    return client;
}

/* What it had goes to others. */
static void end_client(brood__server_t *server, brood__client_t *client)
{
    uint64_t object, mark;

    apr_hash_set(server->clients, client->token, sizeof client->token, NULL);
    for (size_t at = 0; brood__number_map_next(&client->touched, &at, &object, &mark);) {
        brood__referent_t *referent = brood__referent_find(object);

        if (referent != NULL && referent->type->left != NULL)
            referent->type->left(referent, client->number);
    }
    brood__number_map_free(&client->touched);
    free(client);
}

apr_status_t brood__session_join(brood__server_t *server, brood__peer_t *peer, const unsigned char *session,
                                 const unsigned char *client)
{
    unsigned char tokens[2 * BROOD__TOKEN];
    brood__session_t *found = find_session(server, session);
    brood__client_t *known;

    memcpy(tokens, session, BROOD__TOKEN);
    memcpy(tokens + BROOD__TOKEN, client, BROOD__TOKEN);
    known = apr_hash_get(server->clients, tokens, sizeof tokens);
    if (found == NULL)
        found = make_session(server, session);
    if (found != NULL && known == NULL)
        known = make_client(server, found, tokens);
    if (known == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a client"); /* a new session, if any, ends by itself */
    known->connections++;
    if (found->connections++ == 0)
        server->idle_sessions--;
    peer->client = known;
    return APR_SUCCESS;
}

void brood__session_leave(brood__server_t *server, brood__peer_t *peer)
{
    brood__client_t *client = peer->client;

    peer->client = NULL;
    if (client == NULL)
        return;
    if (--client->session->connections == 0) {
        client->session->deadline = brood__deadline(LINGER);
        server->idle_sessions++;
    }
    if (--client->connections == 0)
        end_client(server, client);
}
