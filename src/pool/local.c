/* local.c - the local engine: messages to places of the board, and outcomes back. */
#include "pool/local.h"

#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "memory/heap.h"
#include "pool/run_queue.h"
#include <apr_strings.h>
#include <brood/wait.h>
#include <string.h>

static brood__local_t *local_of(brood__engine_t *engine)
{
    return (brood__local_t *) engine;
}

static brood__place_t *place_of(const brood__local_t *local, uint32_t ticket)
{
    return &brood__board(local->board)->place[ticket];
}

/* ---- sending ---- */

static apr_status_t prepare(brood__args_t *message, brood__bytes_t *bytes, brood__engine_t *engine, brood_value_t args)
{
    (void) engine;
    return brood__message_prepare(message, bytes, args);
}

static void release(brood__local_t *local, uint32_t ticket)
{
    local->fate[ticket] = APR_SUCCESS;
    local->expired[ticket] = false;
    local->unused[local->unused_count++] = ticket;
}

static void look_at_limits(brood__local_t *local, apr_time_t when)
{
    if (local->look_at_limits == 0 || local->look_at_limits > when)
        local->look_at_limits = when;
}

static void fill(brood__place_t *place, const brood__order_t *order, const brood__args_t *message,
                 const brood__bytes_t *bytes)
{
    place->work = order->work;
    place->entry = order->entry;
    place->limit = order->limit;
    place->args = message->block;
    place->args_size = message->size;
    place->first = 0;
    if (message->block == 0)
        memcpy(place->here, bytes->data + message->at, (size_t) message->size);
    atomic_store_explicit(&place->cancelled, 0, memory_order_relaxed);
    atomic_store_explicit(&place->begun, 0, memory_order_relaxed);
    atomic_store_explicit(&place->state, BROOD__STATE(BROOD__READY, 0), memory_order_release);
}

static bool send_task(uint32_t *ticket, brood__engine_t *engine, const brood__order_t *order,
                      const brood__args_t *message, const brood__bytes_t *bytes)
{
    brood__local_t *local = local_of(engine);

    if (local->unused_count == 0)
        return false;
    *ticket = local->unused[--local->unused_count];
    fill(place_of(local, *ticket), order, message, bytes);
    brood__run_queue_put(engine->board, *ticket);
    if (order->limit != 0) {
        look_at_limits(local, brood__deadline(order->limit));
        brood__supervisor_poke(local);
    }
    if (local->started < engine->workers && local->unused_count + local->started < BROOD__PLACES) {
        local->started++; /* lazily: one more, as there are more tasks than workers */
        brood__supervisor_poke(local);
    }
    return true;
}

static void flush(brood__engine_t *engine)
{
    brood__run_queue_flush(engine->board);
}

/* ---- receiving ---- */

static apr_status_t receive(brood__arrivals_t *arrivals, brood__engine_t *engine, apr_interval_time_t timeout)
{
    return brood__completions_take(arrivals, engine->board, timeout);
}

/* The result that hangs there, or what is left to say if it was overwritten. */
static void read_outcome(brood__outcome_t *outcome, brood__place_t *place)
{
    uint64_t room = BROOD__PLACE_ROOM;

    *outcome = (brood__outcome_t){.status = place->status,
                                  .first = place->first,
                                  .data = place->here,
                                  .size = place->result_size};
    if (place->result != 0) {
        brood__heap_take(place->result);
        room = brood__heap_size(place->result);
        outcome->block = place->result;
        outcome->data = brood__at(place->result);
    }
    if (outcome->size > room)
        *outcome = (brood__outcome_t){.status = BROOD_EDECODE, .block = outcome->block};
}

static void interrupt(brood__engine_t *engine)
{
    brood__completions_interrupt(engine->board);
}

static void free_block(uint64_t block)
{
    if (block != 0)
        brood__heap_free(block);
}

void brood__local_take_hello(brood__local_t *local, uint32_t ticket)
{
    brood__outcome_t outcome;

    if (ticket >= BROOD__PLACES + local->engine.workers
        || BROOD__PHASE(atomic_load(&place_of(local, ticket)->state)) != BROOD__DONE)
        return;
    read_outcome(&outcome, place_of(local, ticket));
    atomic_store(&place_of(local, ticket)->state, BROOD__FREE);
    brood__supervisor_hello(local, ticket - BROOD__PLACES, &outcome);
    free_block(outcome.block);
}

static bool collect(brood__outcome_t *outcome, brood__engine_t *engine, uint32_t ticket)
{
    brood__local_t *local = local_of(engine);
    brood__place_t *place = place_of(local, ticket);

    if (ticket >= BROOD__PLACES) {
        brood__local_take_hello(local, ticket);
        return false;
    }
    if (local->fate[ticket] != APR_SUCCESS)
        *outcome = (brood__outcome_t){.status = local->fate[ticket],
                                      .plain = true,
                                      .exitcode = local->exitcode[ticket],
                                      .data = local->epitaph[ticket],
                                      .size = strlen(local->epitaph[ticket])};
    else if (BROOD__PHASE(atomic_load(&place->state)) == BROOD__DONE)
        read_outcome(outcome, place);
    else
        return false;
    atomic_store_explicit(&place->state, BROOD__FREE, memory_order_relaxed);
    release(local, ticket);
    return true;
}

/* ---- taking back ---- */

static bool withdraw(brood__engine_t *engine, uint32_t ticket)
{
    brood__local_t *local = local_of(engine);
    uint32_t ready = BROOD__STATE(BROOD__READY, 0);

    if (!atomic_compare_exchange_strong(&place_of(local, ticket)->state, &ready, BROOD__FREE))
        return false;
    release(local, ticket);
    return true;
}

static void ask(brood__engine_t *engine, uint32_t ticket)
{
    atomic_store(&place_of(local_of(engine), ticket)->cancelled, 1);
}

static bool begun(brood__engine_t *engine, uint32_t ticket)
{
    const uint32_t phase = BROOD__PHASE(atomic_load(&place_of(local_of(engine), ticket)->state));

    return phase == BROOD__CLAIMED || phase == BROOD__DONE;
}

/* A worker that finds its place stopped ends by itself; one that does not come to that is ended.  The place is nobody's
 * when the worker has been buried. */
static bool stop(brood__engine_t *engine, uint32_t ticket)
{
    brood__local_t *local = local_of(engine);
    brood__place_t *place = place_of(local, ticket);
    uint32_t state = atomic_load(&place->state);
    const brood__id_t worker = BROOD__WORKER(state);

    if (local->options.threads || BROOD__PHASE(state) != BROOD__CLAIMED
        || !atomic_compare_exchange_strong(&place->state, &state, BROOD__STATE(BROOD__STOPPED, worker)))
        return false;
    brood__supervisor_stop(local, worker);
    return true;
}

/* ---- deaths ---- */

static void lose(brood__local_t *local, uint32_t ticket, apr_status_t fate, int exitcode, const char *epitaph)
{
    local->fate[ticket] = fate;
    local->exitcode[ticket] = exitcode;
    apr_cpystrn(local->epitaph[ticket], epitaph, BROOD__EPITAPH);
    atomic_store(&place_of(local, ticket)->state, BROOD__FREE);
    brood__completions_tell(local->engine.board, ticket);
}

void brood__local_bury(brood__local_t *local, unsigned index, int exitcode, const char *epitaph)
{
    brood__board_t *board = local->engine.board;
    const brood__id_t id = local->member[index].id;

    for (uint32_t i = 0; i < BROOD__PLACES; i++) {
        const uint32_t state = atomic_load(&place_of(local, i)->state);

        if (state == BROOD__STATE(BROOD__CLAIMED, id)) {
            lose(local, i, BROOD_EWORKER, exitcode, epitaph);
        } else if (state == BROOD__STATE(BROOD__STOPPED, id) && local->expired[i]) {
            lose(local, i, BROOD_ETIMELIMIT, exitcode,
                 "the task has run longer than it may, and was ended with its worker");
        } else if (state == BROOD__STATE(BROOD__STOPPED, id)) {
            brood__message_discard(place_of(local, i)->args);
            atomic_store(&place_of(local, i)->state, BROOD__FREE);
            release(local, i);
            brood__completions_interrupt(board); /* there is room for one that waits */
        } else if (state == BROOD__STATE(BROOD__DONE, id)) {
            brood__completions_tell(board, i); /* perhaps it did not come to that */
        }
    }
    brood__completions_bury(board, index);
    brood__run_queue_bury(board, index);
}

/* Until when it may run at most, by what is known now. */
static apr_time_t end_of(const brood__place_t *place, apr_time_t now)
{
    const apr_time_t begun = atomic_load_explicit(&place->begun, memory_order_acquire);

    return (begun != 0 ? begun : now) + place->limit;
}

void brood__local_look_at_limits(brood__local_t *local)
{
    const apr_time_t now = brood__clock_now();

    if (local->look_at_limits == 0 || local->look_at_limits > now)
        return;
    local->look_at_limits = 0;
    for (uint32_t i = 0; i < BROOD__PLACES; i++) {
        const brood__place_t *place = place_of(local, i);
        const uint32_t phase = BROOD__PHASE(atomic_load(&place->state));

        if (place->limit == 0 || (phase != BROOD__CLAIMED && phase != BROOD__READY))
            continue;
        if (phase == BROOD__READY || end_of(place, now) > now)
            look_at_limits(local, end_of(place, now));
        else
            local->expired[i] = stop(&local->engine, i);
    }
}

void brood__local_break(brood__local_t *local, apr_status_t status, const char *reason)
{
    if (local->engine.broken)
        return;
    local->engine.broken = true;
    local->engine.failure = status;
    apr_cpystrn(local->engine.reason, reason, sizeof local->engine.reason);
    brood__completions_interrupt(local->engine.board);
}

/* ---- the end ---- */

static void finish(brood__engine_t *engine)
{
    brood__local_t *local = local_of(engine);

    local->finishing = true;
    brood__run_queue_close(engine->board);
    brood__supervisor_poke(local);
}

static void terminate(brood__engine_t *engine, bool kill)
{
    brood__local_t *local = local_of(engine);

    local->terminated = true;
    local->killed = local->killed || kill;
    atomic_store(&engine->board->ended, 1);
    brood__run_queue_close(engine->board);
    brood__completions_interrupt(engine->board);
    brood__supervisor_poke(local);
}

static apr_status_t join(brood__engine_t *engine, apr_time_t deadline)
{
    return brood__supervisor_join(local_of(engine), deadline);
}

static brood_process_t **workers(brood__engine_t *engine, apr_pool_t *mem)
{
    brood__local_t *local = local_of(engine);
    brood_process_t **children = brood_active_children(mem);
    apr_size_t kept = 0;

    apr_thread_mutex_lock(local->lock);
    for (apr_size_t i = 0; children != NULL && children[i] != NULL; i++)
        for (unsigned k = 0; k < engine->workers; k++)
            if (local->member[k].process == children[i])
                children[kept++] = children[i];
    apr_thread_mutex_unlock(local->lock);
    if (children != NULL)
        children[kept] = NULL;
    return children;
}

static void destroy(brood__engine_t *engine)
{
    brood__supervisor_end(local_of(engine));
}

static const brood__engine_ops_t ops = {
    .prepare = prepare,
    .discard = brood__message_discard,
    .send = send_task,
    .flush = flush,
    .receive = receive,
    .interrupt = interrupt,
    .collect = collect,
    .free = free_block,
    .withdraw = withdraw,
    .ask = ask,
    .stop = stop,
    .begun = begun,
    .finish = finish,
    .terminate = terminate,
    .join = join,
    .workers = workers,
    .destroy = destroy,
};

/* ---- the beginning ---- */

/* A thread starts in no time. */
static bool wears_out(const brood_pool_options_t *options)
{
    return !options->threads
           && (options->max_tasks_per_worker != 0 || options->max_memory_per_worker != 0
               || options->max_age_of_worker != 0);
}

/* All of it goes with `mem`. */
static apr_status_t make(brood__local_t *local, apr_pool_t *mem)
{
    local->epitaph = apr_palloc(mem, BROOD__PLACES * sizeof *local->epitaph);
    local->members = local->engine.workers + wears_out(&local->options);
    local->member = apr_pcalloc(mem, local->members * sizeof *local->member);
    local->watched = apr_palloc(mem, (3 * local->members + 1) * sizeof *local->watched);
    if (!local->options.threads && !local->options.direct_stderr)
        brood__tails_init(&local->tails, local->members, mem);
    BROOD_TRY(brood__board_create(&local->board, local->engine.workers, mem));
    BROOD_TRY(brood_event_create(&local->ended, mem));
    BROOD_TRY(brood_pipe_create(&local->poked, &local->poker, BROOD_ONE_WAY, mem));
    local->engine.board = brood__board(local->board);
    for (uint32_t i = BROOD__PLACES; i > 0; i--)
        local->unused[local->unused_count++] = i - 1;
    return APR_SUCCESS;
}

apr_status_t brood__local_open(brood__engine_t **engine, unsigned workers, const brood_pool_options_t *options,
                               apr_thread_mutex_t *lock, apr_pool_t *mem)
{
    brood__local_t *local = apr_pcalloc(mem, sizeof *local);

    *local =
        (brood__local_t){.engine = {.ops = &ops, .workers = workers}, .lock = lock, .mem = mem, .options = *options};
    BROOD_TRY(make(local, mem));
    BROOD_TRY(brood__supervisor_begin(local));
    *engine = &local->engine;
    return APR_SUCCESS;
}
