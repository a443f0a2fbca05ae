/* sync.c - Event, Condition and Barrier between processes that do nothing else, beside what the system has, and Python's. */
#include "raw/raw.h"
#include "support.h"

enum { OF_BROOD, OF_WORD, OF_SYSTEM, OF_PYTHON };
enum { EVENTS, CONDITIONS, BARRIERS };

static const char *const names[] = {"event", "condition", "barrier"}; /* as peer.py calls them */

/* What the processes share, each on lines of its own. */
typedef struct shared_t {
    _Atomic uint32_t word[2]; /* of each player: 1, it may go on */
    char apart[120];
    _Atomic uint32_t stop;
    uint32_t turn; /* whose it is; under the condition */
    char rest[120];
    _Alignas(128) unsigned char systems[2][RAW_SYNC_SIZE];
} shared_t;

typedef struct game_t {
    int kind, what;
    shared_t *shared;
    brood_event_t *event[2];
    brood_condition_t *condition;
    brood_barrier_t *barrier;
} game_t;

/* ---- one round of a player: true if it was the last ---- */

static bool stopped(const game_t *game)
{
    return atomic_load(&game->shared->stop) != 0;
}

static void rouse(const game_t *game, int whom)
{
    if (game->kind == OF_BROOD) {
        BROOD_IGNORE(brood_event_set(game->event[whom]));
    } else if (game->kind == OF_WORD) {
        atomic_store(&game->shared->word[whom], 1);
        raw_unpark(&game->shared->word[whom]);
    } else {
        raw_sync_give(game->shared->systems[whom], RAW_SEMAPHORE);
    }
}

static void await(const game_t *game, int me)
{
    if (game->kind == OF_BROOD) {
        BROOD_IGNORE(brood_event_wait(game->event[me], BROOD_FOREVER));
        BROOD_IGNORE(brood_event_clear(game->event[me]));
    } else if (game->kind == OF_WORD) {
        while (atomic_exchange(&game->shared->word[me], 0) == 0)
            raw_park(&game->shared->word[me], 0);
    } else {
        raw_sync_take(game->shared->systems[me], RAW_SEMAPHORE);
    }
}

/* The other looks before it answers: afterwards the next round may be the last. */
static bool play_event(const game_t *game, int me, bool last)
{
    if (me == 0) {
        if (last)
            atomic_store(&game->shared->stop, 1);
        rouse(game, 1);
        await(game, 0);
    } else {
        await(game, 1);
        last = stopped(game);
        rouse(game, 0);
    }
    return last;
}

static bool play_condition(const game_t *game, int me, bool last)
{
    shared_t *shared = game->shared;
    void *systems = shared->systems[0];
    const bool ours = game->kind == OF_BROOD;

    if (ours)
        BROOD_IGNORE(brood_lock_acquire(brood_condition_lock(game->condition), BROOD_FOREVER));
    else
        raw_sync_take(systems, RAW_CONDITION);
    while (shared->turn != (uint32_t) me && !stopped(game))
        if (ours)
            BROOD_IGNORE(brood_condition_wait(game->condition, BROOD_FOREVER));
        else
            raw_sync_wait(systems, RAW_CONDITION);
    shared->turn = (uint32_t) (1 - me);
    if (last)
        atomic_store(&shared->stop, 1);
    last = stopped(game);
    if (ours) {
        BROOD_IGNORE(brood_condition_notify(game->condition, 1));
        BROOD_IGNORE(brood_lock_release(brood_condition_lock(game->condition)));
    } else {
        raw_sync_wake(systems);
        raw_sync_give(systems, RAW_CONDITION);
    }
    return last;
}

static void meet(const game_t *game)
{
    if (game->kind == OF_BROOD)
        BROOD_IGNORE(brood_barrier_wait(NULL, game->barrier, BROOD_FOREVER));
    else
        raw_sync_wait(game->shared->systems[0], RAW_BARRIER);
}

/* Twice, so that all see the end at the same time. */
static bool play_barrier(const game_t *game, int me, bool last)
{
    meet(game);
    if (me == 0 && last)
        atomic_store(&game->shared->stop, 1);
    meet(game);
    return stopped(game);
}

/* ---- processes ---- */

static apr_status_t player(brood_call_t *call)
{
    static bool (*const plays[])(const game_t *, int, bool) = {play_event, play_condition, play_barrier};
    brood_array_t *array;
    brood_value_t more;
    bench_worker_t *me;
    game_t game;
    uint64_t span;
    int index;
    bool last;

    BROOD_TRY(BROOD_READ(&index, brood_value_at(call->args, 1)));
    BROOD_TRY(bench_work(&me, &span, &more, call));
    BROOD_TRY(BROOD_UNPACK(more, &game.kind, &game.what, &array, &game.event[0], &game.event[1], &game.condition,
                           &game.barrier));
    game.shared = brood_array_data(array);
    do {
        last = plays[game.what](&game, index, index == 0 && raw_now() >= me->begin + span);
        me->done++;
    } while (!last);
    me->end = raw_now();
    return APR_SUCCESS;
}

static apr_status_t make(game_t *game, brood_array_t **array, const bench_case_t *self, apr_pool_t *mem)
{
    static const raw_sync_kind_t systems[] = {RAW_SEMAPHORE, RAW_CONDITION, RAW_BARRIER};
    const unsigned value = self->kind == BARRIERS ? (unsigned) self->count : 0;

    *game = (game_t){.kind = (int) self->size, .what = self->kind};
    BROOD_TRY(brood_array_create(array, 1, sizeof(shared_t), NULL, mem));
    game->shared = brood_array_data(*array);
    for (int i = 0; i < 2; i++) {
        BROOD_TRY(brood_event_create(&game->event[i], mem));
        if (game->kind == OF_SYSTEM)
            BROOD_TRY(raw_sync_create(game->shared->systems[i], systems[self->kind], value));
    }
    BROOD_TRY(brood_condition_create(&game->condition, NULL, mem));
    return brood_barrier_create(&game->barrier, (unsigned) self->count, NULL, mem);
}

/* Everybody has played as often as the others, but for the last turn. */
static apr_status_t check(const bench_workers_t *workers)
{
    for (int i = 1; i < workers->count; i++) {
        const uint64_t one = bench_workers_done(workers, 0, 1), other = bench_workers_done(workers, i, i + 1);

        if (one > other + 1 || other > one + 1)
            return brood_fail_text(APR_EGENERAL, "a turn was lost");
    }
    return APR_SUCCESS;
}

static apr_status_t run(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    brood_array_t *array;
    bench_workers_t workers;
    game_t game;

    if (self->size == OF_PYTHON)
        return bench_python(figure, names[self->kind], self->count, 0, mem);
    BROOD_TRY(make(&game, &array, self, mem));
    BROOD_TRY(bench_workers_create(&workers, mem));
    for (int i = 0; i < self->count; i++)
        BROOD_TRY(bench_workers_add(&workers, player,
                                    BROOD_LIST(game.kind, game.what, array, game.event[0], game.event[1],
                                               game.condition, game.barrier)));
    BROOD_TRY(bench_workers_go(&workers));
    BROOD_TRY(bench_workers_join(&workers, 0, workers.count));
    BROOD_TRY(check(&workers));
    *figure = bench_workers_seconds(&workers) * 1e6 / (double) bench_workers_done(&workers, 0, 1);
    if (self->kind == BARRIERS)
        *figure /= 2;
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    static const char event[] = "Event, there and back", condition[] = "Condition, there and back",
                      two[] = "Barrier, 2 processes", four[] = "Barrier, 4 processes", us[] = "us",
                      round[] = "a round, us";
    static const bench_case_t cases[] = {
        {event, "Event", us, run, EVENTS, 2, OF_BROOD, {"word", "sem_t", "Python"}, NULL},
        {event, "word", us, run, EVENTS, 2, OF_WORD, {NULL}, NULL},
        {event, "sem_t", us, run, EVENTS, 2, OF_SYSTEM, {NULL}, NULL},
        {event, "Python", us, run, EVENTS, 2, OF_PYTHON, {NULL}, NULL},
        {condition, "Condition", us, run, CONDITIONS, 2, OF_BROOD, {"pthread", "Python"}, NULL},
        {condition, "pthread", us, run, CONDITIONS, 2, OF_SYSTEM, {NULL}, NULL},
        {condition, "Python", us, run, CONDITIONS, 2, OF_PYTHON, {NULL}, NULL},
        {two, "Barrier", round, run, BARRIERS, 2, OF_BROOD, {"pthread", "Python"}, NULL},
        {two, "pthread", round, run, BARRIERS, 2, OF_SYSTEM, {NULL}, NULL},
        {two, "Python", round, run, BARRIERS, 2, OF_PYTHON, {NULL}, NULL},
        {four, "Barrier", round, run, BARRIERS, 4, OF_BROOD, {"pthread", "Python"}, NULL},
        {four, "pthread", round, run, BARRIERS, 4, OF_SYSTEM, {NULL}, NULL},
        {four, "Python", round, run, BARRIERS, 4, OF_PYTHON, {NULL}, NULL},
    };

    return bench_run(cases, sizeof cases / sizeof cases[0], call->args, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(player))
