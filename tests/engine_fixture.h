/* engine_fixture.h - an engine of the test's own: one thread, and what happens next is a choice. */
#ifndef BROOD_TESTS_ENGINE_FIXTURE_H
#define BROOD_TESTS_ENGINE_FIXTURE_H

#include "harness_chance.h"
#include "harness_tree.h"

#include "pool/core.h"
#include <stdint.h>

#define PLACES 2u /* fewer than there are pieces, so that some wait */
#define BLOCKS 256
#define HINTS 1000
#define ORDERS_MOST 4 /* see `ordered` */

/* ---- choices: first by a list that is counted through, then by chance ---- */

static unsigned chosen[ORDERS_MOST], choices[ORDERS_MOST];
static unsigned ordered = ORDERS_MOST; /* steps that are gone through in all orders, before chance has its way */
static unsigned step_number;
static uint64_t chance;

static unsigned choose(unsigned count)
{
    const unsigned step = step_number++;

    if (step >= ordered)
        return harness_below(&chance, count);
    choices[step] = count;
    return chosen[step] < count ? chosen[step] : count - 1;
}

/* False: all have been. */
static bool next_order(void)
{
    for (unsigned i = ordered; i-- > 0;) {
        if (++chosen[i] < choices[i])
            return true;
        chosen[i] = 0;
    }
    return false;
}

/* ---- the engine: a job's `user` is a number, of the deaths in it ---- */

typedef enum { FREE, READY, RUNNING, DONE, LOST, STOPPED } phase_t;

static struct {
    brood__engine_t engine;
    phase_t phase[PLACES];
    uint32_t hint[HINTS];
    unsigned hints;
    bool unflushed; /* workers have not heard of all that was sent */
    bool interrupted, finished, terminated;
    bool block[BLOCKS]; /* in use */
    unsigned blocks, in_use;
    unsigned deaths, failures; /* that may come yet */
} world;

static brood__core_t *core;
static bool stuck; /* somebody waits for what never comes */

static uint64_t new_block(void)
{
    EXPECT(++world.blocks < BLOCKS);
    world.block[world.blocks] = true;
    world.in_use++;
    return world.blocks;
}

static void free_block(uint64_t block)
{
    if (block == 0)
        return;
    EXPECT(world.block[block]);
    world.block[block] = false;
    world.in_use--;
}

static apr_status_t prepare(brood__args_t *message, brood__bytes_t *bytes, brood__engine_t *engine, brood_value_t args)
{
    (void) bytes;
    (void) engine;
    (void) args;
    message->block = new_block();
    return APR_SUCCESS;
}

static void hint(uint32_t ticket)
{
    if (world.hints < HINTS)
        world.hint[world.hints++] = ticket;
}

static bool send_task(uint32_t *ticket, brood__engine_t *engine, const brood__order_t *order,
                      const brood__args_t *message, const brood__bytes_t *bytes)
{
    (void) engine;
    (void) order;
    (void) bytes;
    world.unflushed = true;
    EXPECT(!world.finished && !world.terminated);
    EXPECT(message->block != 0 && world.block[message->block]);
    for (*ticket = 0; *ticket < PLACES; ++*ticket)
        if (world.phase[*ticket] == FREE) {
            EXPECT(core->sent[*ticket] == NULL); /* no ticket is used twice */
            world.phase[*ticket] = READY;
            return true;
        }
    return false;
}

static void flush(brood__engine_t *engine)
{
    (void) engine;
    world.unflushed = false;
}

/* What may happen by itself: to a place of this phase, so many things. */
static unsigned happenings(unsigned place)
{
    switch (world.phase[place]) {
    case READY:
    case STOPPED:
        return 1;
    case RUNNING:
        return 1u + (world.failures != 0) + (world.deaths != 0);
    default:
        return 0;
    }
}

static void happen(unsigned place, unsigned what)
{
    if (world.phase[place] == READY) {
        world.phase[place] = RUNNING;
    } else if (world.phase[place] == STOPPED) {
        world.phase[place] = FREE;
        hint(UINT32_MAX);
    } else if (what == 0 || (what == 1 && world.failures != 0)) {
        world.failures -= what == 1;
        world.phase[place] = DONE;
        hint(place | (what == 1 ? 0x100u : 0));
    } else {
        world.deaths--;
        world.phase[place] = LOST;
        hint(place);
    }
}

static bool anything_happens(void)
{
    unsigned all = 0, what;

    for (unsigned i = 0; i < PLACES; i++)
        all += happenings(i);
    if (all == 0)
        return false;
    what = choose(all);
    for (unsigned i = 0; i < PLACES; what -= happenings(i++))
        if (what < happenings(i)) {
            happen(i, what);
            break;
        }
    return true;
}

static bool failed[PLACES];

/* Hints may repeat and name places where nothing is. */
static apr_status_t receive(brood__arrivals_t *arrivals, brood__engine_t *engine, apr_interval_time_t timeout)
{
    (void) engine;
    EXPECT(!world.unflushed);
    arrivals->count = 0;
    while (timeout != BROOD_NOWAIT && world.hints == 0 && !world.interrupted)
        if (!anything_happens()) {
            stuck = true;
            return APR_EGENERAL;
        }
    world.interrupted = false;
    if (world.hints == 0)
        return timeout == BROOD_NOWAIT ? APR_TIMEUP : APR_SUCCESS;
    for (unsigned i = 0; i < world.hints && arrivals->count < BROOD__ARRIVALS - 1; i++) {
        if (world.hint[i] != UINT32_MAX)
            failed[world.hint[i] & 0xff] = (world.hint[i] & 0x100) != 0;
        arrivals->ticket[arrivals->count++] = world.hint[i] == UINT32_MAX ? UINT32_MAX : world.hint[i] & 0xff;
    }
    arrivals->ticket[arrivals->count] = arrivals->ticket[0];
    arrivals->count++;
    world.hints = 0;
    return APR_SUCCESS;
}

static void interrupt(brood__engine_t *engine)
{
    (void) engine;
    world.interrupted = true;
}

static bool collect(brood__outcome_t *outcome, brood__engine_t *engine, uint32_t ticket)
{
    static const unsigned char list_of_nil[] = {0x91, 0xc0};
    static const char text[] = "it has died";

    (void) engine;
    if (ticket >= PLACES || (world.phase[ticket] != DONE && world.phase[ticket] != LOST))
        return false;
    if (world.phase[ticket] == LOST && core->sent[ticket] != NULL)
        ++*(unsigned *) core->sent[ticket]->job->user;
    if (world.phase[ticket] == LOST)
        *outcome = (brood__outcome_t){.status = BROOD_EWORKER, .plain = true, .exitcode = -9, .data = text, .size = 11};
    else if (failed[ticket])
        *outcome = (brood__outcome_t){.status = APR_EINVAL, .block = new_block()};
    else
        *outcome = (brood__outcome_t){.data = list_of_nil, .size = sizeof list_of_nil, .block = new_block()};
    world.phase[ticket] = FREE;
    return true;
}

static bool withdraw(brood__engine_t *engine, uint32_t ticket)
{
    (void) engine;
    if (world.phase[ticket] != READY)
        return false;
    world.phase[ticket] = FREE;
    return true;
}

static void ask(brood__engine_t *engine, uint32_t ticket)
{
    (void) engine;
    EXPECT(world.phase[ticket] != FREE);
}

static bool stop(brood__engine_t *engine, uint32_t ticket)
{
    (void) engine;
    if (world.phase[ticket] != RUNNING)
        return false;
    world.phase[ticket] = STOPPED;
    world.in_use--; /* its block is the engine's from now on */
    return true;
}

static bool begun(brood__engine_t *engine, uint32_t ticket)
{
    (void) engine;
    return world.phase[ticket] != READY;
}

static void finish(brood__engine_t *engine)
{
    (void) engine;
    EXPECT(!world.finished);
    world.finished = true;
}

static void terminate(brood__engine_t *engine, bool kill)
{
    (void) kill;
    (void) engine;
    world.terminated = true;
}

static apr_status_t join(brood__engine_t *engine, apr_time_t deadline)
{
    (void) engine;
    (void) deadline;
    EXPECT(world.finished || world.terminated);
    return APR_SUCCESS;
}

static const brood__engine_ops_t ops = {.prepare = prepare,
                                        .discard = free_block,
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
                                        .join = join};

#endif
