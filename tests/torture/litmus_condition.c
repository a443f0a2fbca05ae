/* litmus_condition.c - the games of Condition: one player puts tokens into a store, as many as the others take. */
#include "torture/litmus.h"

#define FULL 3u /* no more is put in when there are so many */

/* One of the two games' store, under the lock. */
typedef struct game_t {
    unsigned number;
    litmus_player_t *player;
    litmus_store_t *store;
    brood_condition_t *filled, *emptied;
    brood_lock_t *lock;
} game_t;

static bool has_tokens(void *store)
{
    return ((litmus_store_t *) store)->tokens > 0;
}

static bool has_room(void *store)
{
    return ((litmus_store_t *) store)->tokens < FULL;
}

/* Who waits is counted exactly: a thread whose time is over can be notified until it has the lock again. */
static void note_return(game_t *game, apr_status_t rc)
{
    litmus_store_t *store = game->store;

    store->sleeping--;
    if (rc == APR_SUCCESS && ++store->woken > store->granted)
        litmus_fault(game->player, "notify(n) has woken more than n");
    if (store->woken + store->sleeping < store->granted)
        litmus_fault(game->player, "%u wait of %u that have been notified", store->sleeping,
                     (unsigned) (store->granted - store->woken));
}

/* Wait until the predicate holds, by condition_wait in a loop. */
static void wait_in_loop(game_t *game, brood_condition_t *condition, brood_predicate_fn predicate)
{
    litmus_score_t *score = game->player->score;

    while (!predicate(game->store)) {
        apr_status_t rc;

        game->store->sleeping += condition == game->filled;
        rc = brood_condition_wait(condition, litmus_timeout(game->player));
        if (condition == game->filled)
            note_return(game, rc);
        if (rc == APR_SUCCESS)
            litmus_count(&score->wakes[game->number]);
        else if (rc == APR_TIMEUP)
            litmus_count(&score->timeups[game->number]);
        else if (!litmus_expect(game->player, rc, "wait"))
            return;
    }
}

static void wait_for(game_t *game, brood_condition_t *condition, brood_predicate_fn predicate)
{
    litmus_score_t *score = game->player->score;
    const bool held = predicate(game->store);
    apr_status_t rc;

    while ((rc = brood_condition_wait_for(condition, predicate, game->store, litmus_timeout(game->player)))
           == APR_TIMEUP)
        litmus_count(&score->timeups[game->number]);
    if (litmus_expect(game->player, rc, "wait_for") && !held)
        litmus_count(&score->wakes[game->number]);
}

static void wait_until(game_t *game, brood_condition_t *condition, brood_predicate_fn predicate)
{
    if (game->number == LITMUS_CONDITION_WAIT)
        wait_in_loop(game, condition, predicate);
    else
        wait_for(game, condition, predicate);
}

/* Tokens go in, and some who wait are let pass; how many that are is in the books before it happens.  In two rounds of
 * three not one more is notified than is known to wait, or he would come for one whose notification was lost. */
static void put(game_t *game, unsigned count)
{
    litmus_store_t *store = game->store;
    const uint64_t waiting = store->sleeping - (store->granted - store->woken);
    const bool exact = game->number == LITMUS_CONDITION_WAIT && game->player->round % 3 != 0;
    const unsigned told = exact && count > waiting ? (unsigned) waiting : count;
    apr_status_t rc;

    store->tokens += count;
    if (!exact && torture_below(&game->player->random, 2) == 0) {
        store->granted += waiting;
        rc = brood_condition_notify_all(game->filled);
    } else {
        store->granted += told > waiting ? waiting : told;
        rc = told != 0 ? brood_condition_notify(game->filled, told) : APR_SUCCESS;
    }
    (void) litmus_expect(game->player, rc, "notify");
}

/* Who waits for room does so while there is none: there is one moment to tell it. */
static void take(game_t *game)
{
    if (--game->store->tokens == FULL - 1)
        (void) litmus_expect(game->player, brood_condition_notify(game->emptied, 1), "notify");
}

static unsigned acquire(game_t *game, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        (void) litmus_expect(game->player, brood_lock_acquire(game->lock, BROOD_FOREVER), "acquire");
    return depth;
}

static void release(game_t *game, unsigned depth)
{
    while (depth-- > 0)
        (void) litmus_expect(game->player, brood_lock_release(game->lock), "release");
    litmus_dawdle(game->player);
}

static void fill(game_t *game, bool deep)
{
    unsigned left = (LITMUS_PLAYERS - 1) * LITMUS_TURNS;

    while (left > 0) {
        unsigned count = 1 + torture_below(&game->player->random, FULL), depth;

        litmus_linger(game->player);
        depth = acquire(game, deep ? 1 + left % 2 : 1);
        wait_until(game, game->emptied, has_room);
        count = count < left ? count : left;
        put(game, count);
        left -= count;
        release(game, depth);
    }
}

static void empty(game_t *game, bool deep)
{
    for (unsigned turn = 0; turn < LITMUS_TURNS; turn++) {
        const unsigned depth = acquire(game, deep ? 1 + turn % 2 : 1);

        wait_until(game, game->filled, has_tokens);
        take(game);
        litmus_count(&game->player->score->turns[game->number]);
        release(game, depth);
    }
}

static void play(litmus_player_t *player, unsigned number, unsigned which)
{
    const litmus_objects_t *objects = player->objects;
    game_t game = {number,
                   player,
                   &player->books->store[which],
                   objects->filled[which],
                   objects->emptied[which],
                   brood_condition_lock(objects->filled[which])};

    if (player->round % LITMUS_PLAYERS == player->number)
        fill(&game, which != 0);
    else
        empty(&game, which != 0);
}

void litmus_play_wait(litmus_player_t *player)
{
    play(player, LITMUS_CONDITION_WAIT, 0);
}

void litmus_play_wait_for(litmus_player_t *player)
{
    play(player, LITMUS_CONDITION_WAIT_FOR, 1);
}
