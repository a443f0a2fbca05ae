/* waiter.c - calls that wait: in the line of an object, among those of their connection, and by their deadline. */
#include "base/deadline.h"
#include "base/status.h"
#include "manager/rpc.h"
#include "manager/server.h"
#include <stdlib.h>

#define WAITERS_MOST 4096u /* of one connection */

/* ---- lines ---- */

static void join_line(brood__waiter_t *waiter, brood__line_t *line)
{
    waiter->line = line;
    waiter->next = NULL;
    waiter->before = line->last;
    if (line->last != NULL)
        line->last->next = waiter;
    else
        line->first = waiter;
    line->last = waiter;
    line->count++;
}

static void leave_line(brood__waiter_t *waiter)
{
    brood__line_t *line = waiter->line;

    if (line == NULL)
        return;
    if (waiter->before != NULL)
        waiter->before->next = waiter->next;
    else
        line->first = waiter->next;
    if (waiter->next != NULL)
        waiter->next->before = waiter->before;
    else
        line->last = waiter->before;
    line->count--;
    waiter->line = NULL;
}

/* ---- deadlines: a heap, the next first; places count from 1 ---- */

static void put_at(brood__server_t *server, size_t place, brood__waiter_t *waiter)
{
    server->timed[place - 1] = waiter;
    waiter->place = place;
}

static void sift_up(brood__server_t *server, brood__waiter_t *waiter)
{
    size_t place = waiter->place;

    while (place > 1 && server->timed[place / 2 - 1]->deadline > waiter->deadline) {
        put_at(server, place, server->timed[place / 2 - 1]);
        place /= 2;
    }
    put_at(server, place, waiter);
}

static void sift_down(brood__server_t *server, brood__waiter_t *waiter)
{
    size_t place = waiter->place;

    while (2 * place <= server->timed_count) {
        size_t child = 2 * place;

        if (child < server->timed_count && server->timed[child]->deadline < server->timed[child - 1]->deadline)
            child++;
        if (server->timed[child - 1]->deadline >= waiter->deadline)
            break;
        put_at(server, place, server->timed[child - 1]);
        place = child;
    }
    put_at(server, place, waiter);
}

static bool set_deadline(brood__server_t *server, brood__waiter_t *waiter, apr_time_t deadline)
{
    waiter->deadline = deadline;
    if (deadline == BROOD__NEVER)
        return true;
    if (server->timed_count == server->timed_room) {
        const size_t room = server->timed_room == 0 ? 64 : 2 * server->timed_room;
        brood__waiter_t **timed = realloc(server->timed, room * sizeof(brood__waiter_t *));

        if (timed == NULL)
            return false;
        server->timed = timed;
        server->timed_room = room;
    }
    put_at(server, ++server->timed_count, waiter);
    sift_up(server, waiter);
    return true;
}

static void clear_deadline(brood__server_t *server, brood__waiter_t *waiter)
{
    const size_t place = waiter->place;
    brood__waiter_t *last;

    if (place == 0)
        return;
    waiter->place = 0;
    last = server->timed[--server->timed_count];
    if (last == waiter)
        return;
    put_at(server, place, last);
    sift_up(server, last);
    sift_down(server, last);
}

/* ---- the call ---- */

static void leave_peer(brood__waiter_t *waiter)
{
    *waiter->peer_before = waiter->peer_next;
    if (waiter->peer_next != NULL)
        waiter->peer_next->peer_before = waiter->peer_before;
    waiter->peer->waiter_count--;
}

void brood__waiter_drop(brood__waiter_t *waiter)
{
    leave_line(waiter);
    clear_deadline(brood__server_here(), waiter);
    leave_peer(waiter);
    brood__stored_free(waiter->stored);
    brood__referent_drop_inside(waiter->self);
    waiter->next = brood__server_here()->spare; /* for the next call that waits */
    brood__server_here()->spare = waiter;
}

static brood__waiter_t *make_waiter(brood__server_t *server)
{
    brood__waiter_t *made = server->spare;

    if (made == NULL)
        return calloc(1, sizeof *made);
    server->spare = made->next;
    *made = (brood__waiter_t){.next = NULL};
    return made;
}

void brood__waiters_end(brood__server_t *server)
{
    while (server->spare != NULL)
        free(make_waiter(server));
    free(server->timed);
    server->timed = NULL;
    server->timed_room = 0;
}

apr_status_t brood__request_park(brood__waiter_t **waiter, brood__request_t *request, brood__line_t *line,
                                 const brood__line_ops_t *ops, apr_interval_time_t timeout)
{
    brood__waiter_t *made;

    if (!request->wanted)
        return brood_fail_text(BROOD_EMISUSE, "a notification cannot wait for anything");
    if (request->peer->waiter_count == WAITERS_MOST)
        return brood_fail(BROOD_ETOOBIG, "%u calls of one connection wait already", WAITERS_MOST);
    made = make_waiter(brood__server_here());
    if (made == NULL || !set_deadline(brood__server_here(), made, brood__deadline(timeout))) {
        free(made);
        return brood_fail_text(APR_ENOMEM, "no memory for a call that waits");
    }
    made->ops = ops;
    made->self = request->self;
    brood__referent_hold_inside(made->self);
    made->client = request->client;
    made->peer = request->peer;
    made->number = request->number;
    made->peer_next = made->peer->waiters;
    made->peer_before = &made->peer->waiters;
    if (made->peer_next != NULL)
        made->peer_next->peer_before = &made->peer_next;
    made->peer->waiters = made;
    made->peer->waiter_count++;
    join_line(made, line);
    *waiter = made;
    return BROOD__PARKED;
}

void brood__waiter_move(brood__waiter_t *waiter, brood__line_t *line, const brood__line_ops_t *ops, bool timed)
{
    leave_line(waiter);
    if (!timed)
        clear_deadline(brood__server_here(), waiter);
    waiter->ops = ops;
    join_line(waiter, line);
}

/* ---- answers ---- */

#define SHORT 1024

static apr_status_t write_answer(brood__output_t *output, brood__waiter_t *waiter, const brood_value_t *value,
                                 const brood__stored_t *stored)
{
    brood__request_t request = {.peer = waiter->peer, .output = output, .wanted = true};

    BROOD_TRY(brood__rpc_write_answer(output, waiter->number));
    if (value == NULL && stored == NULL) {
        BROOD_TRY(brood__encode(output, brood__status_to_value(output->mem), 0));
        return brood__encode(output, brood_nil(), 0);
    }
    BROOD_TRY(brood__encode(output, brood_nil(), 0));
    return value != NULL ? brood__request_add(&request, *value) : brood__request_add_stored(&request, stored);
}

static void answer(brood__waiter_t *waiter, const brood_value_t *value, const brood__stored_t *stored)
{
    unsigned char room[SHORT];
    brood__output_t output = {room, 0, sizeof room, brood__server_here()->scratch};

    if (write_answer(&output, waiter, value, stored) == APR_SUCCESS)
        brood__peer_post(waiter->peer, output.data, output.size);
    else
        brood__peer_break(waiter->peer);
    brood__waiter_drop(waiter);
}

void brood__waiter_return(brood__waiter_t *waiter, brood_value_t value)
{
    answer(waiter, &value, NULL);
}

void brood__waiter_return_stored(brood__waiter_t *waiter, const brood__stored_t *stored)
{
    const brood_value_t nil = brood_nil();

    answer(waiter, stored == NULL ? &nil : NULL, stored);
}

void brood__waiter_fail(brood__waiter_t *waiter)
{
    answer(waiter, NULL, NULL);
}

/* ---- by itself ---- */

static void expire(brood__waiter_t *waiter)
{
    leave_line(waiter);
    clear_deadline(brood__server_here(), waiter);
    if (waiter->ops->expired != NULL) {
        waiter->ops->expired(waiter);
    } else {
        BROOD_IGNORE(brood_fail_text(APR_TIMEUP, waiter->ops->text));
        brood__waiter_fail(waiter);
    }
}

void brood__waiters_look(brood__server_t *server, apr_time_t *next)
{
    if (server->timed_count == 0)
        return;
    for (const apr_time_t now = brood__clock_now(); server->timed_count != 0 && server->timed[0]->deadline <= now;)
        expire(server->timed[0]);
    if (server->timed_count != 0 && server->timed[0]->deadline < *next)
        *next = server->timed[0]->deadline;
}

static void give_up(brood__waiter_t *waiter)
{
    leave_line(waiter);
    clear_deadline(brood__server_here(), waiter);
    if (waiter->ops->gone != NULL)
        waiter->ops->gone(waiter);
    brood__waiter_drop(waiter);
}

void brood__waiters_gone(brood__peer_t *peer)
{
    while (peer->waiters != NULL)
        give_up(peer->waiters);
}

/* ---- undo ---- */

static void remember(brood__peer_t *peer, uint32_t number, brood__undo_fn undo, brood__referent_t *self,
                     uint64_t client, uint64_t thread, brood__stored_t *stored)
{
    brood__undo_forget(peer);
    peer->undo.number = number;
    peer->undo.call = undo;
    peer->undo.self = self;
    peer->undo.client = client;
    peer->undo.thread = thread;
    peer->undo.stored = stored;
    brood__referent_hold_inside(self);
}

void brood__request_undo(brood__request_t *request, brood__undo_fn undo, uint64_t thread, brood__stored_t *stored)
{
    if (request->wanted)
        remember(request->peer, request->number, undo, request->self, request->client, thread, stored);
    else
        brood__stored_free(stored);
}

void brood__waiter_undo(brood__waiter_t *waiter, brood__undo_fn undo, brood__stored_t *stored)
{
    remember(waiter->peer, waiter->number, undo, waiter->self, waiter->client, waiter->thread, stored);
}

void brood__undo_forget(brood__peer_t *peer)
{
    if (peer->undo.call == NULL)
        return;
    peer->undo.call = NULL;
    brood__stored_free(peer->undo.stored);
    peer->undo.stored = NULL;
    brood__referent_drop_inside(peer->undo.self);
}

void brood__waiter_cancel(brood__peer_t *peer, uint32_t number)
{
    brood__waiter_t *waiter = peer->waiters;

    while (waiter != NULL && waiter->number != number)
        waiter = waiter->peer_next;
    if (waiter != NULL) {
        give_up(waiter);
    } else if (peer->undo.call != NULL && peer->undo.number == number) {
        const brood__undo_fn undo = peer->undo.call;

        peer->undo.call = NULL;
        undo(peer->undo.self, peer->undo.client, peer->undo.thread, peer->undo.stored);
        peer->undo.stored = NULL;
        brood__referent_drop_inside(peer->undo.self);
    } else {
        peer->withdraws = true; /* it may be on its way still: this came by another connection */
        peer->withdrawn = number;
    }
}
