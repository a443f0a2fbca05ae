/* test_pool_schedule.c - all orders in which tasks begin, end, die, are cancelled and stopped, with an engine of the
 * test's own: one thread, and what happens next is a choice. */
#include "engine_fixture.h"

#include "base/own.h"
#include "pool/future.h"
#include <stdlib.h>
#include <string.h>

#define JOBS 4
#define STEPS 50
#define WALKS 5000

/* ---- one pool's life ---- */

static brood_pool_t pool;
static brood_future_t future[JOBS];
static bool given[JOBS];
static struct {
    unsigned deaths; /* first: see the engine */
    unsigned settled;
} told[JOBS];
static apr_pool_t *mem;

static apr_status_t task(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static void count_settled(brood__job_t *job, void *user)
{
    EXPECT(job->state > BROOD_STARTED);
    for (unsigned i = 0; i < JOBS; i++)
        told[i].settled += user == &told[i];
}

static void begin(void)
{
    static int thread; /* the collector, which is not needed here */

    memset(&world, 0, sizeof world);
    world.deaths = world.failures = 2;
    world.engine.ops = &ops;
    world.engine.workers = PLACES;
    EXPECT_OK(brood__core_create(&core));
    core->sent = apr_pcalloc(core->mem, BROOD__PLACES * sizeof *core->sent);
    core->ops = &ops;
    core->engine = &world.engine;
    core->collector = (apr_thread_t *) (void *) &thread;
    pool.core = core;
    memset(told, 0, sizeof told);
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
    job->user = &told[number];
    for (apr_size_t i = 0; i < pieces; i++) {
        job->piece[i].first = i;
        job->piece[i].items = 1;
        EXPECT_OK(brood__job_prepare(&job->piece[i], brood_nil()));
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
            EXPECT(told[i].settled == 1 && brood_future_ready(&future[i]));
            expect_value(&future[i]);
            EXPECT(told[i].deaths <= (i == 1) || brood_future_state(&future[i]) != BROOD_SUCCEEDED);
        }
        brood__job_abandon(future[i].job);
    }
    brood_pool_terminate(&pool);
    brood__core_lock(core);
    for (unsigned i = 0; i < PLACES; i++)
        if (core->sent[i] != NULL) {
            brood__job_drop_piece(core->sent[i], "the pool was terminated");
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
    while (acts++ < STEPS) {
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
    if (harness_killed() == -15) /* where the pool's lock costs a call of the system */
        ordered = 2;
    do
        live();
    while (next_order());
}

static void every_job_settles_once_whatever_happens(void) /* C-13 */
{
    mem = harness_mem();
    chance = harness_chance("what happens");
    for (unsigned i = 0; i < ORDERS_MOST; i++)
        chosen[i] = 0;
    for (int i = 0; i < (ordered < ORDERS_MOST ? WALKS / 10 : WALKS); i++) {
        for (unsigned k = 0; k < ORDERS_MOST; k++)
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
