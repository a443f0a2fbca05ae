/* litmus_rest.c - while nobody plays: does everything that was given away add up, is every object as it was made? */
#include "torture/litmus.h"

static uint64_t all_turns(const litmus_books_t *books, unsigned game)
{
    uint64_t turns = 0;

    for (unsigned i = 0; i < LITMUS_PLAYERS; i++)
        turns += atomic_load(&books->score[i].turns[game]);
    return turns;
}

static void check_locks(litmus_player_t *player)
{
    static const unsigned game[2] = {LITMUS_LOCK, LITMUS_RLOCK};

    for (unsigned i = 0; i < 2; i++) {
        const uint64_t turns = all_turns(player->books, game[i]);
        bool locked = true;

        if (litmus_expect(player, brood_lock_locked(&locked, player->objects->lock[i]), "locked") && locked)
            litmus_fault(player, "the %s is held by nobody who plays", litmus_game_name(game[i]));
        if (player->books->section[i].turns != turns)
            litmus_fault(player, "the %s was acquired %llu times, and %llu are counted under it",
                         litmus_game_name(game[i]), (unsigned long long) turns,
                         (unsigned long long) player->books->section[i].turns);
    }
}

static void check_value(litmus_player_t *player, brood_semaphore_t *semaphore, unsigned expected, const char *what)
{
    unsigned value = 0;

    if (litmus_expect(player, brood_semaphore_get_value(&value, semaphore), "get_value") && value != expected)
        litmus_fault(player, "%s has the value %u, not %u", what, value, expected);
}

static void check_semaphores(litmus_player_t *player)
{
    const litmus_objects_t *objects = player->objects;

    for (unsigned i = 0; i < LITMUS_PLAYERS; i++)
        check_value(player, objects->ring[i], i < LITMUS_RINGED, "a semaphore of the ring");
    check_value(player, objects->pool, 0, "the semaphore of givers and takers");
    check_value(player, objects->bounded, LITMUS_BOUND, "the BoundedSemaphore");
    if (brood_semaphore_release(objects->bounded) != APR_EINVAL)
        litmus_fault(player, "the BoundedSemaphore has a value above its bound");
}

static void check_stores(litmus_player_t *player)
{
    for (unsigned i = 0; i < 2; i++) {
        const litmus_store_t *store = &player->books->store[i];

        if (store->tokens != 0 || store->sleeping != 0)
            litmus_fault(player, "%u tokens are left, and %u wait", store->tokens, store->sleeping);
    }
    if (player->books->store[0].woken != player->books->store[0].granted)
        litmus_fault(player, "%llu were notified, and %llu woken", (unsigned long long) player->books->store[0].granted,
                     (unsigned long long) player->books->store[0].woken);
}

static void check_events(litmus_player_t *player)
{
    for (unsigned i = 0; i < LITMUS_PLAYERS; i++) {
        bool set = true;

        if (litmus_expect(player, brood_event_is_set(&set, player->objects->call[i]), "is_set") && set)
            litmus_fault(player, "a call was not heard");
    }
}

static void check_barrier(litmus_player_t *player)
{
    const uint32_t passed = atomic_load(&player->score->passed);
    brood_barrier_state_t state = {0, 0, false};

    if (litmus_expect(player, brood_barrier_state(&state, player->objects->barrier), "state")
        && (state.parties != LITMUS_PLAYERS || state.waiting != 0 || state.broken))
        litmus_fault(player, "the barrier has %u parties, %u wait, broken %d", state.parties, state.waiting,
                     state.broken);
    for (unsigned i = 0; i < LITMUS_PLAYERS; i++)
        if (atomic_load(&player->books->score[i].passed) != passed)
            litmus_fault(player, "player %u has passed %u rounds of the barrier, not %u", i,
                         (unsigned) atomic_load(&player->books->score[i].passed), (unsigned) passed);
}

void litmus_check_rest(litmus_player_t *player)
{
    check_locks(player);
    check_semaphores(player);
    check_stores(player);
    check_events(player);
    check_barrier(player);
}
