/* peer.c - one connection: what comes in is dealt with a few messages at a turn, what goes out never waits. */
#include "base/deadline.h"
#include "connection/tls.h"
#include "manager/server.h"
#include "platform/channel.h"
#include <stdlib.h>
#include <string.h>

#define TURN 64         /* messages before it is another's turn */
#define STRANGERS 128u  /* who have not said hello; one more, and the one that has taken longest is dropped */
#define OUT_LEAST 4096u /* bytes of room */
#define HEAD 4u         /* bytes of a frame's head */

/* ---- lists: a fork must find them whole ---- */

static void link_peer(brood__peer_t **list, brood__peer_t *peer)
{
    brood__open_lock();
    peer->next = *list;
    peer->before = list;
    if (*list != NULL)
        (*list)->before = &peer->next;
    *list = peer;
    brood__open_unlock();
}

static void unlink_peer(brood__peer_t *peer)
{
    brood__open_lock();
    *peer->before = peer->next;
    if (peer->next != NULL)
        peer->next->before = peer->before;
    brood__open_unlock();
}

static void become_busy(brood__server_t *server, brood__peer_t *peer)
{
    if (peer->busy)
        return;
    peer->busy = true;
    peer->next_busy = server->busy;
    server->busy = peer;
}

static void leave_busy(brood__server_t *server, const brood__peer_t *peer)
{
    brood__peer_t **place = &server->busy;

    while (*place != NULL && *place != peer)
        place = &(*place)->next_busy;
    if (*place != NULL)
        *place = peer->next_busy;
}

/* ---- beginning and end ---- */

static void drop_oldest_stranger(brood__server_t *server)
{
    brood__peer_t *oldest = server->strangers;

    while (oldest->next != NULL)
        oldest = oldest->next;
    brood__peer_close(server, oldest);
}

void brood__peer_create(brood__server_t *server, brood__stream_t *stream)
{
    brood__peer_t *peer = NULL;

    if (server->stranger_count >= STRANGERS)
        drop_oldest_stranger(server);
    if (server->peer_count < server->limits.clients)
        peer = calloc(1, sizeof *peer);
    if (peer == NULL || (server->tls && brood__tls_begin(stream, true, server->key) != APR_SUCCESS)) {
        brood__stream_close(stream);
        free(peer);
        return;
    }
    peer->stream = *stream;
    peer->number = ++server->last_peer;
    peer->deadline = brood__deadline(server->limits.handshake);
    brood__handshake_begin(&peer->handshake, BROOD__HANDSHAKE_ACCEPTS, server->key);
    peer->poll.data = peer;
    if (brood__pollset_add_stream(server->set, &peer->poll, &peer->stream, true, false) != APR_SUCCESS) {
        brood__stream_close(&peer->stream);
        free(peer);
        return;
    }
    server->peer_count++;
    server->stranger_count++;
    link_peer(&server->strangers, peer);
    become_busy(server, peer); /* it waits for the challenge */
}

void brood__peer_welcome(brood__server_t *server, brood__peer_t *peer)
{
    unlink_peer(peer);
    server->stranger_count--;
    link_peer(&server->peers, peer);
}

void brood__peer_close(brood__server_t *server, brood__peer_t *peer)
{
    brood__waiters_gone(peer);
    brood__undo_forget(peer);
    unlink_peer(peer);
    if (peer->client == NULL)
        server->stranger_count--;
    server->peer_count--;
    brood__session_leave(server, peer);
    if (peer->busy)
        leave_busy(server, peer);
    brood__pollset_remove(server->set, &peer->poll);
    brood__open_lock();
    brood__message_drop(&peer->message);
    brood__stream_close(&peer->stream);
    brood__open_unlock();
    free(peer->out);
    free(peer);
}

void brood__peer_break(brood__peer_t *peer)
{
    peer->broken = true;
    become_busy(brood__server_here(), peer);
}

/* ---- going out ---- */

static bool make_room(brood__peer_t *peer, size_t more)
{
    const size_t waits = peer->out_end - peer->out_begin;
    size_t room = peer->out_room > OUT_LEAST ? peer->out_room : OUT_LEAST;
    char *out;

    if (peer->out_begin != 0) {
        memmove(peer->out, peer->out + peer->out_begin, waits);
        peer->out_begin = 0;
        peer->out_end = waits;
    }
    if (peer->out_room - waits >= more)
        return true;
    while (room - waits < more)
        room *= 2;
    out = realloc(peer->out, room);
    if (out == NULL)
        return false;
    peer->out = out;
    peer->out_room = room;
    return true;
}

void brood__peer_post(brood__peer_t *peer, const void *data, size_t size)
{
    brood__server_t *server = brood__server_here();
    unsigned char *head;

    if (peer->broken)
        return;
    if (peer->out_room - peer->out_end < size + HEAD && !make_room(peer, size + HEAD)) {
        brood__peer_break(peer);
        return;
    }
    head = (unsigned char *) peer->out + peer->out_end;
    for (unsigned i = 0; i < HEAD; i++)
        head[i] = (unsigned char) (size >> (8 * (HEAD - 1 - i)));
    memcpy(head + HEAD, data, size);
    peer->out_end += size + HEAD;
    peer->full = peer->out_end - peer->out_begin > BROOD__OUT_MOST;
    if (server->current != peer)
        become_busy(server, peer);
}

/* As much as is to be written at once: everything, or of a stream that keeps messages apart the next one. */
static size_t next_piece(const char **data, const brood__peer_t *peer)
{
    const unsigned char *head = (const unsigned char *) peer->out + peer->out_begin;
    size_t size = 0;

    *data = peer->out + peer->out_begin;
    if (!peer->stream.whole)
        return peer->out_end - peer->out_begin;
    for (unsigned i = 0; i < HEAD; i++)
        size = size << 8 | head[i];
    *data += HEAD;
    return size;
}

void brood__peer_flush(brood__server_t *server, brood__peer_t *peer)
{
    while (peer->out_begin != peer->out_end && !peer->broken) {
        const char *data;
        const size_t size = next_piece(&data, peer);
        size_t sent = 0;

        if (brood__stream_post(&peer->stream, data, size, &sent) != APR_SUCCESS) {
            peer->broken = true;
            return;
        }
        peer->out_begin += sent == size && peer->stream.whole ? size + HEAD : sent;
        if (sent < size)
            break;
    }
    if (peer->out_begin == peer->out_end) {
        peer->out_begin = peer->out_end = 0;
        if (peer->out_room > BROOD__OUT_MOST) { /* a large answer does not keep its memory */
            free(peer->out);
            peer->out = NULL;
            peer->out_room = 0;
        }
    }
    if (peer->full && peer->out_end - peer->out_begin <= BROOD__OUT_MOST / 2) {
        peer->full = false;
        become_busy(server, peer); /* what is ahead in the stream makes nothing ready */
    }
}

/* ---- coming in ---- */

/* False: nothing more is there now, or never will be. */
static bool shake_hands(brood__peer_t *peer)
{
    const apr_status_t rc = brood__handshake_run(&peer->handshake, &peer->stream, &peer->message, BROOD__AT_ONCE);

    peer->shaken = rc == APR_SUCCESS;
    peer->broken = rc != APR_SUCCESS && rc != APR_TIMEUP && rc != APR_EINTR;
    return peer->shaken;
}

static bool deal_with_next(brood__server_t *server, brood__peer_t *peer)
{
    apr_status_t rc = brood__message_begin(&peer->message, &peer->stream, BROOD__AT_ONCE);

    if (rc == APR_SUCCESS && peer->message.size > server->limits.frame)
        rc = BROOD_ETOOBIG;
    if (rc == APR_SUCCESS)
        rc = brood__message_complete(&peer->message, &peer->stream, BROOD__AT_ONCE);
    if (rc == APR_SUCCESS) {
        rc = brood__answer(server, peer, brood__message_bytes(&peer->message, &peer->stream));
        brood__message_end(&peer->message, &peer->stream);
    } else if (rc == APR_TIMEUP || rc == APR_EINTR) {
        return false;
    }
    if (rc != APR_SUCCESS)
        peer->broken = true;
    return !peer->broken;
}

static void take_turn(brood__server_t *server, brood__peer_t *peer)
{
    if (!peer->shaken && !shake_hands(peer))
        return;
    for (int turn = 0; turn < TURN; turn++)
        if (peer->full || !deal_with_next(server, peer))
            return;
    become_busy(server, peer);
}

/* Wait for what it lets us do now. */
static void wait_on(brood__server_t *server, brood__peer_t *peer)
{
    const bool reads = !peer->full, writes = peer->out_begin != peer->out_end;

    if ((reads != peer->poll.reads || writes != peer->poll.writes)
        && brood__pollset_change(server->set, &peer->poll, reads, writes) != APR_SUCCESS)
        peer->broken = true;
}

void brood__peer_ready(brood__server_t *server, brood__peer_t *peer)
{
    server->current = peer;
    if (!peer->broken)
        brood__peer_flush(server, peer);
    if (!peer->broken)
        take_turn(server, peer);
    if (!peer->broken)
        brood__peer_flush(server, peer);
    if (!peer->broken)
        wait_on(server, peer);
    server->current = NULL;
    if (peer->broken)
        brood__peer_close(server, peer);
}
