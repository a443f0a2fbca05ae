/* test_pool_schedule.c - all orders in which tasks begin, end, die, are cancelled and stopped, with an engine of the
 * test's own: one thread, and what happens next is a choice. */
#include "harness_chance.h"
#include "harness_tree.h"

#include "base/own.h"
#include "pool/core.h"
#include "pool/future.h"
#include <stdlib.h>
#include <string.h>

#define PLACES 2u /* fewer than there are pieces, so that some wait */
#define JOBS 4
#define BLOCKS 256
#define STEPS 400
#define ALL_ORDERS_OF 4 /* steps; then it goes on by chance */
#define WALKS 5000

/* ---- choices: first by a list that is counted through, then by chance ---- */

static unsigned chosen[ALL_ORDERS_OF], choices[ALL_ORDERS_OF];
static unsigned step_number;
static uint64_t chance;

static unsigned choose(unsigned count)
{
    const unsigned step = step_number++;

    if (step >= ALL_ORDERS_OF)
        return harness_below(&chance, count);
    choices[step] = count;
    return chosen[step] < count ? chosen[step] : count - 1;
}

/* False: all have been. */
static bool next_order(void)
{
    for (unsigned i = ALL_ORDERS_OF; i-- > 0;) {
        if (++chosen[i] < choices[i])
            return true;
        chosen[i] = 0;
    }
    return false;
}

/* ---- the engine ---- */

typedef enum { FREE, READY, RUNNING, DONE, LOST, STOPPED } phase_t;

static struct {
    brood__engine_t engine;
    phase_t phase[PLACES];
    uint32_t hint[STEPS * 4];
    unsigned hints;
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

static apr_status_t prepare(brood__message_t *message, brood_value_t args)
{
    (void) args;
    message->block = new_block();
    return APR_SUCCESS;
}

static void discard(brood__message_t *message)
{
    free_block(message->block);
    message->block = 0;
}

static void hint(uint32_t ticket)
{
    if (world.hints < STEPS * 4)
        world.hint[world.hints++] = ticket;
}

static bool send_task(uint32_t *ticket, brood__engine_t *engine, const brood__message_t *message)
{
    (void) engine;
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

static void terminate(brood__engine_t *engine)
{
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
                                        .discard = discard,
                                        .send = send_task,
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

/* ---- one pool's life ---- */

static brood_pool_t pool;
static brood_future_t future[JOBS];
static bool given[JOBS];
static unsigned settled[JOBS];
static apr_pool_t *mem;

static apr_status_t task(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static void count_settled(brood__job_t *job, void *user)
{
    EXPECT(job->state > BROOD_STARTED);
    ++*(unsigned *) user;
}

static void begin(void)
{
    static int thread; /* the collector, which is not needed here */
    apr_pool_t *own;

    memset(&world, 0, sizeof world);
    world.deaths = world.failures = 2;
    world.engine.ops = &ops;
    world.engine.workers = PLACES;
    EXPECT_OK(brood__own_pool(&own));
    core = apr_pcalloc(own, sizeof *core);
    core->mem = own;
    core->references = 1;
    core->owner = brood__me;
    core->epoch = brood__arena_epoch;
    core->last_to_call = &core->to_call;
    core->ops = &ops;
    core->engine = &world.engine;
    core->collector = (apr_thread_t *) (void *) &thread;
    EXPECT_OK(apr_thread_mutex_create(&core->lock, APR_THREAD_MUTEX_UNNESTED, own));
    pool.core = core;
    memset(settled, 0, sizeof settled);
    step_number = 0;
    stuck = false;
}

/* The first has two pieces, the second may run again. */
static void give(unsigned number)
{
    const brood_task_options_t options = {.retries = number == 1};
    const apr_size_t pieces = number == 0 ? 2 : 1;
    brood__job_t *job = NULL;

    EXPECT_OK(brood__job_begin(&job, core, pieces, task, &options));
    job->is_list = true;
    job->total = pieces;
    job->settled = count_settled;
    job->user = &settled[number];
    for (apr_size_t i = 0; i < pieces; i++) {
        job->piece[i].first = i;
        job->piece[i].items = 1;
        EXPECT_OK(prepare(&job->piece[i].message, brood_nil()));
    }
    brood__core_lock(core);
    given[number] = brood__schedule(job) == APR_SUCCESS;
    EXPECT(given[number] == !core->closed);
    brood__core_unlock(core);
    future[number].job = job;
}

static void expect_value(brood_future_t *of)
{
    const brood_future_state_t state = brood_future_state(of);
    brood_value_t value = brood_nil();
    const apr_status_t rc = brood__job_value(&value, of->job, mem);

    switch (state) {
    case BROOD_SUCCEEDED:
        EXPECT(rc == APR_SUCCESS && brood_value_count(value) == of->job->count);
        break;
    case BROOD_CANCELLED:
        EXPECT(rc == BROOD_ECANCELLED);
        break;
    default:
        EXPECT(state == BROOD_FAILED && (rc == APR_EINVAL || rc == BROOD_EWORKER || rc == BROOD_EPOOL));
    }
}

/* What end_pool does. */
static void end(void)
{
    for (unsigned i = 0; i < JOBS; i++) {
        if (given[i]) {
            EXPECT(settled[i] == 1 && brood_future_ready(&future[i]));
            expect_value(&future[i]);
        }
        brood__job_abandon(future[i].job);
    }
    brood_pool_terminate(&pool);
    brood__core_lock(core);
    for (unsigned i = 0; i < PLACES; i++)
        if (core->sent[i] != NULL) {
            brood__job_drop_piece(core->sent[i]);
            core->sent[i] = NULL;
        }
    EXPECT(core->references == 1); /* the pool's: no job has been left */
    EXPECT(core->unsettled == NULL && core->waiting == NULL && core->wanted == 0);
    core->references = 0;
    brood__core_unlock(core);
    EXPECT(world.in_use == 0);
    apr_pool_clear(mem);
}

/* ---- what the program does meanwhile ---- */

static void break_down(void)
{
    world.engine.broken = true;
    (void) strcpy(world.engine.reason, "nobody is left");
    hint(UINT32_MAX);
}

enum { HAPPEN, LOOK, CANCEL, FORCE = CANCEL + JOBS, CLOSE = FORCE + JOBS, TERMINATE, BREAK, WAIT, ACTIONS };

static bool act(unsigned action)
{
    switch (action) {
    case HAPPEN:
        return anything_happens();
    case LOOK:
        (void) brood_future_ready(&future[0]);
        return true;
    case CLOSE:
        brood_pool_close(&pool);
        return true;
    case TERMINATE:
        brood_pool_terminate(&pool);
        return true;
    case BREAK:
        break_down();
        return true;
    case WAIT:
        return false;
    default:
        (void) brood_future_cancel(&future[(action - CANCEL) % JOBS], action >= FORCE);
        return true;
    }
}

static void live(void)
{
    unsigned acts = 0;

    begin();
    for (unsigned i = 0; i < JOBS; i++)
        give(i);
    /* Half of what is done is that something happens. */
    while (acts++ < STEPS / 8) {
        const unsigned action = choose(ACTIONS + 4);

        if (!act(action < ACTIONS ? action : HAPPEN))
            break;
    }
    for (unsigned i = 0; i < JOBS && !stuck; i++)
        if (given[i])
            EXPECT_OK(brood__job_wait(future[i].job, BROOD_FOREVER));
    brood_pool_close(&pool);
    if (!stuck)
        EXPECT_OK(brood_pool_join(&pool, BROOD_FOREVER));
    EXPECT(!stuck);
    end();
}

/* ---- claims ---- */

static void every_job_settles_once_in_all_orders_of_what_may_happen(void) /* C-13, PPE-21 */
{
    mem = harness_mem();
    chance = harness_chance("what follows");
    do
        live();
    while (next_order());
}

static void every_job_settles_once_whatever_happens(void) /* C-13 */
{
    mem = harness_mem();
    chance = harness_chance("what happens");
    for (unsigned i = 0; i < ALL_ORDERS_OF; i++)
        chosen[i] = 0;
    for (int i = 0; i < WALKS; i++) {
        for (unsigned k = 0; k < ALL_ORDERS_OF; k++)
            chosen[k] = harness_below(&chance, ACTIONS + 4);
        live();
    }
}

static const brood_entry_t entries[] = {BROOD_ENTRY(task), BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(every_job_settles_once_in_all_orders_of_what_may_happen),
        TEST(every_job_settles_once_whatever_happens),
    };

    return harness_tree(argc, argv, entries, "pool, the schedule", tests, sizeof tests / sizeof tests[0]);
}
