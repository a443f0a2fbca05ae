/* limit.c - tasks that wait for a worker no longer than they may. */
#include "pool/core.h"

#include "base/deadline.h"

static void look_at(brood__core_t *core, apr_time_t time)
{
    if (time < core->look_at_queue)
        core->look_at_queue = time;
}

void brood__limit_begin(brood__piece_t *piece)
{
    const apr_interval_time_t limit = piece->job->queue_limit;

    piece->wait_until = limit > 0 ? brood__deadline(limit) : BROOD__NEVER;
    look_at(piece->job->core, piece->wait_until);
}

/* It waits, be it in a place: until when at most?  0: it does not. */
static apr_time_t waits_until(const brood__piece_t *piece)
{
    const brood__core_t *core = piece->job->core;

    if (piece->whereabouts == BROOD__SENT && core->ops->begun(core->engine, piece->ticket))
        return 0;
    return piece->wait_until;
}

static void look(brood__core_t *core, brood__piece_t *piece, apr_time_t now)
{
    const apr_time_t until = waits_until(piece);

    if (until > now)
        look_at(core, until);
    else if (until != 0 && brood__schedule_withdraw(piece))
        brood__job_drop_piece(piece, "the task has waited for a worker longer than it may");
}

apr_time_t brood__limit_look(brood__core_t *core)
{
    const apr_time_t now = core->look_at_queue != BROOD__NEVER ? brood__clock_now() : 0;

    if (core->look_at_queue > now)
        return core->look_at_queue;
    core->look_at_queue = BROOD__NEVER;
    for (brood__piece_t *piece = core->waiting, *next; piece != NULL; piece = next) {
        next = piece->next;
        look(core, piece, now);
    }
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        if (core->sent[i] != NULL)
            look(core, core->sent[i], now);
    brood__schedule_go_on(core);
    return core->look_at_queue;
}
