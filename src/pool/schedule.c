/* schedule.c - pieces to the engine, outcomes from it, and who waits for which. */
#include "pool/core.h"

#include "base/deadline.h"
#include "base/status.h"
#include "memory/sleep.h"
#include "pool/future.h"
#include "pool/map_array.h"
#include <limits.h>

/* ---- those that wait to be sent ---- */

/* NULL: there is none on that side. */
static void put_between(brood__piece_t *previous, brood__piece_t *piece, brood__piece_t *next)
{
    brood__core_t *core = piece->job->core;

    piece->whereabouts = BROOD__WAITING;
    brood__limit_begin(piece);
    piece->previous = previous;
    piece->next = next;
    *(previous != NULL ? &previous->next : &core->waiting) = piece;
    *(next != NULL ? &next->previous : &core->last_waiting) = piece;
}

static void take_out(brood__core_t *core, brood__piece_t *piece)
{
    *(piece->previous != NULL ? &piece->previous->next : &core->waiting) = piece->next;
    *(piece->next != NULL ? &piece->next->previous : &core->last_waiting) = piece->previous;
    piece->whereabouts = BROOD__AT_HOME;
}

static void send_waiting(brood__core_t *core)
{
    brood__engine_t *engine = core->engine;
    brood__piece_t *piece;

    while ((piece = core->waiting) != NULL
           && engine->ops->send(&piece->ticket, engine, &piece->job->order, &piece->message, &piece->job->bytes)) {
        take_out(core, piece);
        piece->whereabouts = BROOD__SENT;
        core->sent[piece->ticket] = piece;
    }
    engine->ops->flush(engine);
}

bool brood__schedule_withdraw(brood__piece_t *piece)
{
    brood__core_t *core = piece->job->core;

    if (piece->whereabouts == BROOD__WAITING) {
        take_out(core, piece);
        return true;
    }
    if (piece->whereabouts != BROOD__SENT || !core->engine->ops->withdraw(core->engine, piece->ticket))
        return false;
    core->sent[piece->ticket] = NULL;
    piece->whereabouts = BROOD__AT_HOME;
    return true;
}

bool brood__schedule_stop(brood__piece_t *piece)
{
    brood__core_t *core = piece->job->core;

    if (piece->whereabouts != BROOD__SENT || !core->engine->ops->stop(core->engine, piece->ticket))
        return false;
    piece->message.block = 0; /* the engine's, as its worker may be reading it */
    core->sent[piece->ticket] = NULL;
    piece->whereabouts = BROOD__AT_HOME;
    return true;
}

/* ---- outcomes ---- */

/* A worker has died of it, or with it in hand. */
static bool runs_again(brood__piece_t *piece, const brood__outcome_t *outcome)
{
    const brood__job_t *job = piece->job;

    if (outcome->status != BROOD_EWORKER || !outcome->plain || job->cancelled || job->state > BROOD_STARTED)
        return false;
    if (job->array != NULL)
        return brood__map_array_again(piece);
    if (piece->retries == 0)
        return false;
    piece->retries--;
    return true;
}

static void settle(brood__core_t *core, uint32_t ticket)
{
    brood__piece_t *piece = ticket < BROOD__PLACES ? core->sent[ticket] : NULL;
    brood__outcome_t outcome;

    if (!core->engine->ops->collect(&outcome, core->engine, ticket))
        return;
    if (piece == NULL) {
        core->engine->ops->free(outcome.block);
        return;
    }
    core->sent[ticket] = NULL;
    piece->whereabouts = BROOD__AT_HOME;
    if (runs_again(piece, &outcome)) {
        core->engine->ops->free(outcome.block);
        put_between(NULL, piece, core->waiting);
    } else {
        brood__job_settle_piece(piece, &outcome);
    }
}

/* All has been given and done: the workers may end. */
static void finish(brood__core_t *core)
{
    if (!core->closed || core->finished || core->terminated || core->unsettled != NULL
        || (core->iterators != 0 && !core->cut))
        return;
    core->finished = true;
    core->engine->ops->finish(core->engine);
    brood__schedule_news(core);
}

/* Settle what has come, and what there is to do then. */
static void take(brood__core_t *core, const brood__arrivals_t *arrivals)
{
    for (uint32_t i = 0; i < arrivals->count; i++)
        settle(core, arrivals->ticket[i]);
    if (core->engine->broken && core->unsettled != NULL)
        brood__schedule_fail_all(core, BROOD_EPOOL, core->engine->reason);
    if (!core->terminated)
        send_waiting(core);
    finish(core);
}

void brood__schedule_go_on(brood__core_t *core)
{
    brood__arrivals_t arrivals = {.count = 0};

    if (core->engine == NULL || core->led || core->terminated || core->finished)
        return;               /* who leads does it, and is to have what interrupts him */
    brood__status_hold(true); /* that nothing has come is no failure of the caller's */
    while (core->engine->ops->receive(&arrivals, core->engine, BROOD_NOWAIT) == APR_SUCCESS)
        take(core, &arrivals);
    brood__status_hold(false);
    arrivals.count = 0;
    take(core, &arrivals);
}

/* ---- waiting ---- */

void brood__schedule_news(brood__core_t *core)
{
    if (core->led && !core->interrupted) {
        core->interrupted = true;
        core->ops->interrupt(core->engine);
    }
    if (core->sleepers == 0)
        return;
    atomic_fetch_add(core->news, 1);
    brood__wake(core->news, INT_MAX);
}

static apr_interval_time_t left_of(apr_time_t deadline)
{
    apr_time_t now;

    if (deadline == BROOD__NEVER)
        return BROOD_FOREVER;
    now = brood__clock_now();
    return deadline > now ? deadline - now : BROOD_NOWAIT;
}

/* The pool may end meanwhile; what it consists of stays for those who refer to a job. */
static apr_status_t lead(brood__core_t *core, apr_time_t deadline)
{
    brood__engine_t *engine = core->engine;
    brood__arrivals_t arrivals;
    apr_status_t rc;

    core->led = true;
    brood__core_unlock(core);
    rc = engine->ops->receive(&arrivals, engine, left_of(deadline));
    brood__core_lock(core);
    core->led = core->interrupted = false;
    if (core->terminated)
        return APR_SUCCESS; /* all is settled, and nothing comes any more: that is no failure of whoever waits */
    take(core, &arrivals);
    return rc;
}

apr_status_t brood__schedule_sleep(brood__core_t *core, apr_time_t deadline)
{
    _Atomic uint32_t *word = core->news;
    const uint32_t news = atomic_load(word);
    brood__sleeper_t sleeper = brood__sleeper(deadline);
    apr_status_t rc;

    core->sleepers++;
    brood__core_unlock(core);
    do
        rc = brood__sleeper_sleep(&sleeper, word, news);
    while (rc == APR_SUCCESS && atomic_load(word) == news);
    brood__core_lock(core);
    core->sleepers--;
    return rc == APR_EINTR ? brood__fail_interrupted() : rc;
}

/* Who ends his wait may have been the one who led. */
apr_status_t brood__schedule_wait(brood__core_t *core, bool (*is_done)(const void *user), const void *user,
                                  apr_time_t deadline)
{
    apr_status_t rc = APR_SUCCESS;
    bool has_led = false;

    brood__schedule_go_on(core);
    if (!is_done(user))
        rc = brood__core_may_wait(core, deadline);
    while (!is_done(user) && rc == APR_SUCCESS) {
        if (core->engine == NULL || core->led || core->terminated || core->finished) {
            rc = brood__schedule_sleep(core, deadline);
            brood__schedule_go_on(core);
        } else {
            rc = lead(core, deadline);
            has_led = true;
        }
    }
    if (has_led)
        brood__schedule_news(core);
    return is_done(user) ? APR_SUCCESS : rc;
}

/* ---- jobs ---- */

apr_status_t brood__schedule_check(const brood__core_t *core, bool given_before)
{
    if (core->engine != NULL && core->engine->broken)
        return brood_fail(BROOD_EPOOL, "the pool runs no tasks any more: %s", core->engine->reason);
    if (given_before && !core->cut ? core->terminated : core->closed)
        return brood_fail_text(BROOD_EPOOL, "the pool has been closed or terminated, and takes no more tasks");
    return APR_SUCCESS;
}

apr_status_t brood__schedule(brood__job_t *job)
{
    brood__core_t *core = job->core;

    BROOD_TRY(brood__schedule_check(core, job->given_before));
    if (job->wanted)
        BROOD_TRY(brood__collector_begin(core));
    if (job->queue_limit > 0)
        BROOD_TRY(brood__job_want(job));
    job->references++; /* the pieces' */
    job->left++;       /* this call */
    job->previous = NULL;
    job->next = core->unsettled;
    if (job->next != NULL)
        job->next->previous = job;
    core->unsettled = job;
    for (apr_size_t i = 0; i < job->count; i++)
        put_between(core->last_waiting, &job->piece[i], NULL);
    send_waiting(core);
    if (core->waiting != NULL) /* without a thread for it, whoever waits does it */
        BROOD_IGNORE(brood__collector_begin(core));
    if (job->progress != NULL || job->queue_limit > 0)
        brood__schedule_news(core); /* threads of the pool are to look in time */
    brood__job_end_piece(job);
    return APR_SUCCESS;
}

void brood__schedule_fail_all(brood__core_t *core, apr_status_t status, const char *message)
{
    while (core->unsettled != NULL)
        brood__job_fail(core->unsettled, status, message);
}
