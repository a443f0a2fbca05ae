/* litmus_locks.c - the games of Lock, RLock, Semaphore and BoundedSemaphore. */
#include "torture/litmus.h"

#define DEPTH 3u /* of an RLock, at most */

static apr_status_t acquire(void *lock, apr_interval_time_t timeout)
{
    return brood_lock_acquire(lock, timeout);
}

static apr_status_t take(void *semaphore, apr_interval_time_t timeout)
{
    return brood_semaphore_acquire(semaphore, timeout);
}

/* ---- Lock, RLock: a section that holds one ---- */

static void pass_section(litmus_player_t *player, unsigned which)
{
    const uint32_t me = player->number + 1;

    if (atomic_exchange(&player->books->section[which].inside, me) != 0)
        litmus_fault(player, "two are inside");
    player->books->section[which].turns++;
    litmus_dawdle(player);
    if (atomic_exchange(&player->books->section[which].inside, 0) != me)
        litmus_fault(player, "another one has come in");
}

void litmus_play_lock(litmus_player_t *player)
{
    brood_lock_t *lock = player->objects->lock[0];

    for (unsigned turn = 0; turn < LITMUS_TURNS; turn++) {
        litmus_wait_out(player, LITMUS_LOCK, acquire, lock);
        pass_section(player, 0);
        (void) litmus_expect(player, brood_lock_release(lock), "release");
    }
}

void litmus_play_rlock(litmus_player_t *player)
{
    brood_lock_t *lock = player->objects->lock[1];

    for (unsigned turn = 0; turn < LITMUS_TURNS; turn++) {
        const uint32_t more = torture_below(&player->random, DEPTH);

        litmus_wait_out(player, LITMUS_RLOCK, acquire, lock);
        for (unsigned i = 0; i < more; i++) /* at once, whatever the timeout */
            (void) litmus_expect(player, brood_lock_acquire(lock, litmus_timeout(player)), "acquire again");
        pass_section(player, 1);
        for (unsigned i = 0; i < more + 1; i++)
            (void) litmus_expect(player, brood_lock_release(lock), "release");
    }
}

/* ---- Semaphore: tokens go round, each player waits for the one before it; or some give and some take ---- */

static void pass_tokens_on(litmus_player_t *player)
{
    brood_semaphore_t *const *ring = player->objects->ring;

    for (unsigned turn = 0; turn < LITMUS_TURNS; turn++) {
        litmus_wait_out(player, LITMUS_SEMAPHORE, take, ring[player->number]);
        (void) litmus_expect(player, brood_semaphore_release(ring[(player->number + 1) % LITMUS_PLAYERS]), "release");
    }
}

/* One thread of each process gives as much as the other one takes. */
static void give_or_take(litmus_player_t *player)
{
    for (unsigned turn = 0; turn < LITMUS_TURNS; turn++)
        if ((player->number + player->round / 2) % 2 == 0)
            litmus_wait_out(player, LITMUS_SEMAPHORE, take, player->objects->pool);
        else {
            litmus_dawdle(player);
            (void) litmus_expect(player, brood_semaphore_release(player->objects->pool), "release");
        }
}

void litmus_play_semaphore(litmus_player_t *player)
{
    if (player->round % 2 == 0)
        pass_tokens_on(player);
    else
        give_or_take(player);
}

/* ---- BoundedSemaphore: a section that holds some ---- */

void litmus_play_bounded_semaphore(litmus_player_t *player)
{
    brood_semaphore_t *bounded = player->objects->bounded;

    for (unsigned turn = 0; turn < LITMUS_TURNS; turn++) {
        litmus_wait_out(player, LITMUS_BOUNDED_SEMAPHORE, take, bounded);
        if (atomic_fetch_add(&player->books->within, 1) >= LITMUS_BOUND)
            litmus_fault(player, "more are inside than %u", LITMUS_BOUND);
        litmus_dawdle(player);
        atomic_fetch_sub(&player->books->within, 1);
        (void) litmus_expect(player, brood_semaphore_release(bounded), "release");
    }
}
