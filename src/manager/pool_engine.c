/* pool_engine.c - what a pool asks of its engine, done by a manager's server. */
#include "manager/pool_engine.h"

#include "base/deadline.h"
#include "base/status.h"
#include "manager/distant.h"
#include "memory/sleep.h"
#include "process/entry.h"
#include <apr_strings.h>
#include <stdlib.h>

#define AROUND 128u /* bytes of a request around the name of its entry and its arguments, at most */

static brood__distant_t *distant_of(brood__engine_t *engine)
{
    return (brood__distant_t *) engine;
}

static void lock(brood__distant_t *distant)
{
    apr_thread_mutex_lock(distant->lock);
}

static void unlock(brood__distant_t *distant)
{
    apr_thread_mutex_unlock(distant->lock);
}

/* ---- lost ---- */

/* Nothing is out any more, and nothing will be. */
static void break_if_lost(brood__distant_t *distant)
{
    brood__engine_t *engine = &distant->engine;

    if (distant->lost == APR_SUCCESS || engine->broken || distant->unused_count != BROOD__PLACES)
        return;
    engine->broken = true;
    engine->failure = distant->lost;
    apr_cpystrn(engine->reason, distant->reason, sizeof engine->reason);
    distant->interrupted = true; /* who waits is to see it */
    brood__distant_tell(distant);
}

/* ---- sending ---- */

static void put_task(brood__distant_t *distant, uint32_t ticket, const brood__order_t *order,
                     const brood__args_t *message, const brood__bytes_t *bytes)
{
    const brood__distant_block_t *block = (const brood__distant_block_t *) (uintptr_t) message->block;
    const unsigned char *data = block != NULL ? block->data : bytes->data + message->at;
    const char *name = brood__entry_full_name(brood__entry_at(order->entry));
    const brood_value_t args[] = {brood_uint(ticket),
                                  brood_uint(order->work),
                                  brood_text(name),
                                  brood_int(order->limit),
                                  brood_bool(block != NULL && block->mem != NULL),
                                  brood_bytes(data, (size_t) message->size)};

    brood__distant_put(distant, &ticket, "run", args, sizeof args / sizeof *args,
                       AROUND + strlen(name) + (size_t) message->size);
}

static bool send_task(uint32_t *ticket, brood__engine_t *engine, const brood__order_t *order,
                      const brood__args_t *message, const brood__bytes_t *bytes)
{
    brood__distant_t *distant = distant_of(engine);
    bool sends;

    lock(distant);
    break_if_lost(distant);
    sends = distant->lost == APR_SUCCESS && !distant->terminated && distant->unused_count != 0;
    if (sends) {
        *ticket = distant->unused[--distant->unused_count];
        distant->seat[*ticket].state = BROOD__SEAT_OUT;
        distant->seat[*ticket].block = message->block;
        put_task(distant, *ticket, order, message, bytes);
    }
    unlock(distant);
    return sends;
}

static void flush(brood__engine_t *engine)
{
    brood__distant_t *distant = distant_of(engine);
    bool waits;

    lock(distant);
    waits = distant->out_begin != distant->out_end && !distant->terminated;
    unlock(distant);
    if (waits)
        brood__pollset_wake(distant->set);
}

/* ---- receiving ---- */

/* False: there is nothing. */
static bool take_arrivals(brood__arrivals_t *arrivals, brood__distant_t *distant)
{
    bool interrupted;

    lock(distant);
    for (arrivals->count = 0; distant->arrived_count != 0 && arrivals->count < BROOD__ARRIVALS; arrivals->count++) {
        arrivals->ticket[arrivals->count] = distant->arrived[distant->arrived_first];
        distant->arrived_first = (distant->arrived_first + 1) % BROOD__PLACES;
        distant->arrived_count--;
    }
    interrupted = distant->interrupted;
    distant->interrupted = false;
    unlock(distant);
    return arrivals->count != 0 || interrupted;
}

static bool is_terminated(brood__distant_t *distant)
{
    bool terminated;

    lock(distant);
    terminated = distant->terminated;
    unlock(distant);
    return terminated;
}

static apr_status_t receive(brood__arrivals_t *arrivals, brood__engine_t *engine, apr_interval_time_t timeout)
{
    brood__distant_t *distant = distant_of(engine);
    brood__sleeper_t sleeper = brood__sleeper(brood__deadline(timeout));

    for (;;) {
        const uint32_t seen = atomic_load(distant->news);
        apr_status_t rc;

        if (take_arrivals(arrivals, distant))
            return APR_SUCCESS;
        if (is_terminated(distant))
            return brood_fail_text(BROOD_EPOOL, "the pool was terminated");
        if (sleeper.deadline == BROOD__AT_ONCE)
            return APR_TIMEUP;
        rc = brood__sleeper_sleep(&sleeper, distant->news, seen);
        if (rc != APR_SUCCESS)
            return rc == APR_EINTR ? brood__fail_interrupted() : rc;
    }
}

static void interrupt(brood__engine_t *engine)
{
    brood__distant_t *distant = distant_of(engine);

    lock(distant);
    distant->interrupted = true;
    brood__distant_tell(distant);
    unlock(distant);
}

/* Under the lock: the ticket is void. */
static void release(brood__distant_t *distant, uint32_t ticket)
{
    distant->seat[ticket].state = BROOD__SEAT_FREE;
    distant->unused[distant->unused_count++] = ticket;
}

static bool collect(brood__outcome_t *outcome, brood__engine_t *engine, uint32_t ticket)
{
    brood__distant_t *distant = distant_of(engine);
    bool is_there;

    lock(distant);
    is_there = ticket < BROOD__PLACES && distant->seat[ticket].state == BROOD__SEAT_ANSWERED && !distant->terminated;
    if (is_there) {
        *outcome = distant->seat[ticket].outcome;
        release(distant, ticket);
        break_if_lost(distant);
    }
    unlock(distant);
    return is_there;
}

static void free_block(uint64_t block)
{
    free((void *) (uintptr_t) block);
}

/* ---- questions ---- */

/* Under the lock, which is given up meanwhile.  False also if nobody answers. */
static bool ask_server(brood__distant_t *distant, const char *method, uint32_t ticket)
{
    const apr_time_t deadline = brood__client_deadline(&distant->origin, BROOD_NOWAIT);
    const brood_value_t arg = brood_uint(ticket);
    uint32_t number;

    if (distant->terminated || distant->lost != APR_SUCCESS || distant->seat[ticket].state != BROOD__SEAT_OUT)
        return false;
    distant->last_asked = distant->last_asked < UINT32_MAX ? distant->last_asked + 1 : BROOD__PLACES;
    number = distant->asked = distant->last_asked;
    distant->answer = false;
    brood__distant_put(distant, &number, method, &arg, 1, AROUND);
    brood__pollset_wake(distant->set);
    while (distant->asked == number) {
        const apr_interval_time_t left = brood__timeout_left(deadline);

        if (left < 0)
            apr_thread_cond_wait(distant->answered, distant->lock);
        else if (left > 0)
            (void) apr_thread_cond_timedwait(distant->answered, distant->lock, left);
        else {
            BROOD_IGNORE(
                brood_fail(BROOD_ELOST, "the manager at %s has not answered in time", distant->origin.address));
            brood__distant_lose(distant);
        }
    }
    return distant->answer;
}

/* The task's ticket is void if the answer is yes. */
static bool end_task(brood__engine_t *engine, const char *method, uint32_t ticket)
{
    brood__distant_t *distant = distant_of(engine);
    bool ended;

    lock(distant);
    ended = ask_server(distant, method, ticket) && distant->seat[ticket].state == BROOD__SEAT_OUT;
    if (ended)
        release(distant, ticket);
    unlock(distant);
    return ended;
}

static bool withdraw(brood__engine_t *engine, uint32_t ticket)
{
    return end_task(engine, "withdraw", ticket);
}

static bool stop(brood__engine_t *engine, uint32_t ticket)
{
    const uint64_t block = distant_of(engine)->seat[ticket].block; /* changed by the pool alone, whose lock this has */

    if (!end_task(engine, "stop", ticket))
        return false;
    brood__distant_discard(block); /* the server has what it needs of it */
    return true;
}

static bool begun(brood__engine_t *engine, uint32_t ticket)
{
    brood__distant_t *distant = distant_of(engine);
    bool has_begun;

    lock(distant);
    has_begun = distant->seat[ticket].state == BROOD__SEAT_ANSWERED || ask_server(distant, "begun", ticket);
    unlock(distant);
    return has_begun;
}

static void ask(brood__engine_t *engine, uint32_t ticket)
{
    brood__distant_t *distant = distant_of(engine);
    const brood_value_t arg = brood_uint(ticket);

    lock(distant);
    if (!distant->terminated && distant->seat[ticket].state == BROOD__SEAT_OUT) {
        brood__distant_put(distant, NULL, "ask", &arg, 1, AROUND);
        brood__pollset_wake(distant->set);
    }
    unlock(distant);
}

/* ---- the end: the workers stay, as they are others' too ---- */

static void finish(brood__engine_t *engine)
{
    (void) engine;
}

static void terminate(brood__engine_t *engine, bool kill)
{
    brood__distant_t *distant = distant_of(engine);

    (void) kill;
    lock(distant);
    if (!distant->terminated) {
        brood__distant_put(distant, NULL, "forget", NULL, 0, AROUND);
        distant->terminated = true;
        brood__pollset_wake(distant->set);
        brood__distant_tell(distant);
    }
    unlock(distant);
}

static apr_status_t join(brood__engine_t *engine, apr_time_t deadline)
{
    (void) engine;
    (void) deadline;
    return APR_SUCCESS;
}

static brood_process_t **workers(brood__engine_t *engine, apr_pool_t *mem)
{
    (void) engine;
    return apr_pcalloc(mem, sizeof(brood_process_t *));
}

static void destroy(brood__engine_t *engine)
{
    brood__distant_t *distant = distant_of(engine);

    brood__distant_end(distant);
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        if (distant->seat[i].state == BROOD__SEAT_ANSWERED) {
            free_block(distant->seat[i].outcome.block);
            distant->seat[i].state = BROOD__SEAT_FREE;
        }
    if (distant->ref != NULL)
        brood__object_close(&distant->ref->ref);
    distant->ref = NULL;
}

static const brood__engine_ops_t ops = {
    .prepare = brood__distant_prepare,
    .discard = brood__distant_discard,
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

apr_status_t brood__distant_open(brood__engine_t **engine, const brood__origin_t *origin, brood__proxy_ref_t *ref,
                                 unsigned workers_there, apr_pool_t *mem)
{
    brood__distant_t *distant = apr_pcalloc(mem, sizeof *distant);

    distant->engine = (brood__engine_t){.ops = &ops, .workers = workers_there};
    distant->origin = *origin;
    distant->ref = ref;
    distant->object = brood__proxy_shared(ref)->number;
    distant->last_asked = BROOD__PLACES;
    for (uint32_t i = BROOD__PLACES; i > 0; i--)
        distant->unused[distant->unused_count++] = i - 1;
    BROOD_TRY(brood__distant_begin(distant, mem));
    distant->limit = distant->link->limit;
    *engine = &distant->engine;
    return APR_SUCCESS;
}
