/* litmus_turn.c - what the games have in common: waits with and without timeouts, and what is counted of them. */
#include "torture/litmus.h"

#include "base/report.h"
#include "platform/clock.h"
#include <stdarg.h>
#include <stdio.h>

#define LONGEST 2000u /* microseconds, of a timeout */

const char *litmus_game_name(unsigned game)
{
    static const char *const names[] = {
#define LITMUS_GAME_NAME(name, text) [LITMUS_##name] = (text),
        LITMUS_GAME_MAP(LITMUS_GAME_NAME)
#undef LITMUS_GAME_NAME
            [LITMUS_GAMES] = "the meeting"};

    return names[game <= LITMUS_GAMES ? game : LITMUS_GAMES];
}

void litmus_fault(litmus_player_t *player, const char *format, ...)
{
    char text[300];
    va_list arguments;

    if (atomic_fetch_add(&player->books->faults, 1) > 10)
        return; /* the first ones tell enough */
    va_start(arguments, format);
    (void) vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    brood__report("litmus: player %u in %s: %s", player->number, litmus_game_name(atomic_load(&player->score->game)),
                  text);
}

bool litmus_expect(litmus_player_t *player, apr_status_t rc, const char *call)
{
    if (rc != APR_SUCCESS)
        litmus_fault(player, "%s: %s", call, brood_last_error()->message);
    return rc == APR_SUCCESS;
}

apr_interval_time_t litmus_timeout(litmus_player_t *player)
{
    const uint32_t dice = torture_below(&player->random, 8);

    if (dice < 4)
        return BROOD_FOREVER;
    return dice == 4 ? BROOD_NOWAIT : (apr_interval_time_t) torture_below(&player->random, LONGEST + 1);
}

/* A wake is counted where it is certain that the player could not go on before it waited. */
void litmus_wait_out(litmus_player_t *player, unsigned game, litmus_wait_fn wait, void *object)
{
    bool refused = false;

    for (;;) {
        const apr_interval_time_t timeout = litmus_timeout(player);
        const apr_status_t rc = wait(object, timeout);

        if (rc == APR_SUCCESS) {
            if (refused && timeout != BROOD_NOWAIT)
                litmus_count(&player->score->wakes[game]);
            litmus_count(&player->score->turns[game]);
            return;
        }
        if (rc != APR_TIMEUP || timeout == BROOD_FOREVER) {
            (void) litmus_expect(player, rc, "wait");
            return;
        }
        litmus_count(&player->score->timeups[game]);
        refused = true;
    }
}

void litmus_dawdle(litmus_player_t *player)
{
    const uint32_t dice = torture_below(&player->random, 16);

    if (dice == 0)
        apr_sleep(torture_below(&player->random, 200));
    else if (dice < 4)
        brood__clock_yield();
}

void litmus_linger(litmus_player_t *player)
{
    if (torture_below(&player->random, 3) == 0)
        apr_sleep(torture_below(&player->random, 200));
}

unsigned litmus_meet(litmus_player_t *player)
{
    unsigned index = 0;

    (void) litmus_expect(player, brood_barrier_wait(&index, player->objects->meeting, BROOD_FOREVER), "meet");
    litmus_count(&player->score->meetings);
    return index;
}
