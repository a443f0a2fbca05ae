/* pool_engine.c - what a pool asks of its engine, done by a manager's server. */
#include "manager/pool_engine.h"

#include "base/deadline.h"
#include "base/status.h"
#include "manager/pool_client.h"
#include "memory/sleep.h"
#include "process/entry.h"
#include <apr_strings.h>
#include <stdlib.h>

#define AROUND 128u /* bytes of a request around the name of its entry and its arguments, at most */

static brood__pool_client_t *client_of(brood__engine_t *engine)
{
    return (brood__pool_client_t *) engine;
}

static void lock(brood__pool_client_t *client)
{
    apr_thread_mutex_lock(client->lock);
}

static void unlock(brood__pool_client_t *client)
{
    apr_thread_mutex_unlock(client->lock);
}

/* ---- lost ---- */

/* Nothing is out any more, and nothing will be. */
static void break_if_lost(brood__pool_client_t *client)
{
    brood__engine_t *engine = &client->engine;

    if (client->lost == APR_SUCCESS || engine->broken || client->unused_count != BROOD__PLACES)
        return;
    engine->broken = true;
    engine->failure = client->lost;
    apr_cpystrn(engine->reason, client->reason, sizeof engine->reason);
    client->interrupted = true; /* who waits is to see it */
    brood__pool_client_tell(client);
}

/* ---- sending ---- */

static void put_task(brood__pool_client_t *client, uint32_t ticket, const brood__order_t *order,
                     const brood__args_t *message, const brood__bytes_t *bytes)
{
    const brood__pool_client_block_t *block = (const brood__pool_client_block_t *) (uintptr_t) message->block;
    const unsigned char *data = block != NULL ? block->data : bytes->data + message->at;
    const char *name = brood__entry_full_name(brood__entry_at(order->entry));
    const brood_value_t args[] = {brood_uint(ticket),
                                  brood_uint(order->work),
                                  brood_text(name),
                                  brood_int(order->limit),
                                  brood_bool(block != NULL && block->mem != NULL),
                                  brood_bytes(data, (size_t) message->size)};

    brood__pool_client_put(client, &ticket, "run", args, sizeof args / sizeof *args,
                           AROUND + strlen(name) + (size_t) message->size);
}

static bool send_task(uint32_t *ticket, brood__engine_t *engine, const brood__order_t *order,
                      const brood__args_t *message, const brood__bytes_t *bytes)
{
    brood__pool_client_t *client = client_of(engine);
    bool sends;

    lock(client);
    break_if_lost(client);
    sends = client->lost == APR_SUCCESS && !client->terminated && client->unused_count != 0;
    if (sends) {
        *ticket = client->unused[--client->unused_count];
        client->task[*ticket].state = BROOD__CLIENT_TASK_SENT;
        client->task[*ticket].block = message->block;
        put_task(client, *ticket, order, message, bytes);
    }
    unlock(client);
    return sends;
}

static void flush(brood__engine_t *engine)
{
    brood__pool_client_t *client = client_of(engine);
    bool waits;

    lock(client);
    waits = client->out_begin != client->out_end && !client->terminated;
    unlock(client);
    if (waits)
        brood__pollset_wake(client->set);
}

/* ---- receiving ---- */

/* False: there is nothing. */
static bool take_arrivals(brood__arrivals_t *arrivals, brood__pool_client_t *client)
{
    bool interrupted;

    lock(client);
    for (arrivals->count = 0; client->arrived_count != 0 && arrivals->count < BROOD__ARRIVALS; arrivals->count++) {
        arrivals->ticket[arrivals->count] = client->arrived[client->arrived_first];
        client->arrived_first = (client->arrived_first + 1) % BROOD__PLACES;
        client->arrived_count--;
    }
    interrupted = client->interrupted;
    client->interrupted = false;
    unlock(client);
    return arrivals->count != 0 || interrupted;
}

static bool is_terminated(brood__pool_client_t *client)
{
    bool terminated;

    lock(client);
    terminated = client->terminated;
    unlock(client);
    return terminated;
}

static apr_status_t receive(brood__arrivals_t *arrivals, brood__engine_t *engine, apr_interval_time_t timeout)
{
    brood__pool_client_t *client = client_of(engine);
    brood__sleeper_t sleeper = brood__sleeper(brood__deadline(timeout));

    for (;;) {
        const uint32_t seen = atomic_load(client->news);
        apr_status_t rc;

        if (take_arrivals(arrivals, client))
            return APR_SUCCESS;
        if (is_terminated(client))
            return brood_fail_text(BROOD_EPOOL, "the pool was terminated");
        if (sleeper.deadline == BROOD__AT_ONCE)
            return APR_TIMEUP;
        rc = brood__sleeper_sleep(&sleeper, client->news, seen);
        if (rc != APR_SUCCESS)
            return rc == APR_EINTR ? brood__fail_interrupted() : rc;
    }
}

static void interrupt(brood__engine_t *engine)
{
    brood__pool_client_t *client = client_of(engine);

    lock(client);
    client->interrupted = true;
    brood__pool_client_tell(client);
    unlock(client);
}

/* Under the lock: the ticket is void. */
static void release(brood__pool_client_t *client, uint32_t ticket)
{
    client->task[ticket].state = BROOD__CLIENT_TASK_NONE;
    client->unused[client->unused_count++] = ticket;
}

static bool collect(brood__outcome_t *outcome, brood__engine_t *engine, uint32_t ticket)
{
    brood__pool_client_t *client = client_of(engine);
    bool is_there;

    lock(client);
    is_there = ticket < BROOD__PLACES && client->task[ticket].state == BROOD__CLIENT_TASK_DONE && !client->terminated;
    if (is_there) {
        *outcome = client->task[ticket].outcome;
        release(client, ticket);
        break_if_lost(client);
    }
    unlock(client);
    return is_there;
}

static void free_block(uint64_t block)
{
    free((void *) (uintptr_t) block);
}

/* ---- questions ---- */

/* Under the lock, which is given up meanwhile.  False also if nobody answers. */
static bool ask_server(brood__pool_client_t *client, const char *method, uint32_t ticket)
{
    const apr_time_t deadline = brood__client_deadline(&client->origin, BROOD_NOWAIT);
    const brood_value_t arg = brood_uint(ticket);
    uint32_t number;

    if (client->terminated || client->lost != APR_SUCCESS || client->task[ticket].state != BROOD__CLIENT_TASK_SENT)
        return false;
    client->last_asked = client->last_asked < UINT32_MAX ? client->last_asked + 1 : BROOD__PLACES;
    number = client->asked = client->last_asked;
    client->answer = false;
    brood__pool_client_put(client, &number, method, &arg, 1, AROUND);
    brood__pollset_wake(client->set);
    while (client->asked == number) {
        const apr_interval_time_t left = brood__timeout_left(deadline);

        if (left < 0)
            apr_thread_cond_wait(client->answered, client->lock);
        else if (left > 0)
            (void) apr_thread_cond_timedwait(client->answered, client->lock, left);
        else {
            BROOD_IGNORE(brood_fail(BROOD_ELOST, "the manager at %s has not answered in time", client->origin.address));
            brood__pool_client_lose(client);
        }
    }
    return client->answer;
}

/* The task's ticket is void if the answer is yes. */
static bool end_task(brood__engine_t *engine, const char *method, uint32_t ticket)
{
    brood__pool_client_t *client = client_of(engine);
    bool ended;

    lock(client);
    ended = ask_server(client, method, ticket) && client->task[ticket].state == BROOD__CLIENT_TASK_SENT;
    if (ended)
        release(client, ticket);
    unlock(client);
    return ended;
}

static bool withdraw(brood__engine_t *engine, uint32_t ticket)
{
    return end_task(engine, "withdraw", ticket);
}

static bool stop(brood__engine_t *engine, uint32_t ticket)
{
    const uint64_t block = client_of(engine)->task[ticket].block; /* changed by the pool alone, whose lock this has */

    if (!end_task(engine, "stop", ticket))
        return false;
    brood__pool_client_discard(block); /* the server has what it needs of it */
    return true;
}

static bool begun(brood__engine_t *engine, uint32_t ticket)
{
    brood__pool_client_t *client = client_of(engine);
    bool has_begun;

    lock(client);
    has_begun = client->task[ticket].state == BROOD__CLIENT_TASK_DONE || ask_server(client, "begun", ticket);
    unlock(client);
    return has_begun;
}

static void ask(brood__engine_t *engine, uint32_t ticket)
{
    brood__pool_client_t *client = client_of(engine);
    const brood_value_t arg = brood_uint(ticket);

    lock(client);
    if (!client->terminated && client->task[ticket].state == BROOD__CLIENT_TASK_SENT) {
        brood__pool_client_put(client, NULL, "ask", &arg, 1, AROUND);
        brood__pollset_wake(client->set);
    }
    unlock(client);
}

/* ---- the end: the workers stay, as they are others' too ---- */

static void finish(brood__engine_t *engine)
{
    (void) engine;
}

static void terminate(brood__engine_t *engine, bool kill)
{
    brood__pool_client_t *client = client_of(engine);

    (void) kill;
    lock(client);
    if (!client->terminated) {
        brood__pool_client_put(client, NULL, "forget", NULL, 0, AROUND);
        client->terminated = true;
        brood__pollset_wake(client->set);
        brood__pool_client_tell(client);
    }
    unlock(client);
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
    brood__pool_client_t *client = client_of(engine);

    brood__pool_client_end(client);
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        if (client->task[i].state == BROOD__CLIENT_TASK_DONE) {
            free_block(client->task[i].outcome.block);
            client->task[i].state = BROOD__CLIENT_TASK_NONE;
        }
    if (client->ref != NULL)
        brood__object_close(&client->ref->ref);
    client->ref = NULL;
}

static const brood__engine_ops_t ops = {
    .prepare = brood__pool_client_prepare,
    .discard = brood__pool_client_discard,
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

apr_status_t brood__pool_client_open(brood__engine_t **engine, const brood__origin_t *origin, brood__proxy_ref_t *ref,
                                     unsigned workers_there, apr_pool_t *mem)
{
    brood__pool_client_t *client = apr_pcalloc(mem, sizeof *client);

    client->engine = (brood__engine_t){.ops = &ops, .workers = workers_there};
    client->origin = *origin;
    client->ref = ref;
    client->object = brood__proxy_shared(ref)->number;
    client->last_asked = BROOD__PLACES;
    for (uint32_t i = BROOD__PLACES; i > 0; i--)
        client->unused[client->unused_count++] = i - 1;
    BROOD_TRY(brood__pool_client_begin(client, mem));
    client->limit = client->link->limit;
    *engine = &client->engine;
    return APR_SUCCESS;
}
