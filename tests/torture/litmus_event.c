/* litmus_event.c - the games of Event and Barrier. */
#include "torture/litmus.h"

/* ---- Event: the last who comes opens a gate for all; or two call each other ---- */

typedef struct visit_t {
    litmus_player_t *player;
    brood_event_t *event;
    uint32_t gate;
} visit_t;

static apr_status_t wait_at_gate(void *data, apr_interval_time_t timeout)
{
    const visit_t *visit = data;
    litmus_books_t *books = visit->player->books;
    const bool open = atomic_load(&books->opened) > visit->gate;
    const apr_status_t rc = brood_event_wait(visit->event, timeout);

    if (rc == APR_TIMEUP && open)
        litmus_fault(visit->player, "the event was set before the wait, which has ended without it");
    if (rc == APR_SUCCESS && atomic_load(&books->generation) <= visit->gate)
        litmus_fault(visit->player, "the event was not set, and the wait has ended");
    return rc;
}

/* When all have come nobody is at the gate before any more, which is shut again for the next time. */
static void pass_gate(litmus_player_t *player)
{
    litmus_books_t *books = player->books;
    brood_event_t *const *gate = player->objects->gate;
    const uint32_t number = player->gates++;
    visit_t visit = {player, gate[number % 2], number};

    if ((atomic_fetch_add(&books->arrived, 1) + 1) % LITMUS_PLAYERS != 0) {
        litmus_wait_out(player, LITMUS_EVENT, wait_at_gate, &visit);
        return;
    }
    litmus_linger(player);
    (void) litmus_expect(player, brood_event_clear(gate[(number + 1) % 2]), "clear");
    atomic_store(&books->generation, number + 1);
    (void) litmus_expect(player, brood_event_set(gate[number % 2]), "set");
    atomic_store(&books->opened, number + 1);
}

static apr_status_t wait_for_call(void *event, apr_interval_time_t timeout)
{
    return brood_event_wait(event, timeout);
}

static void answer(litmus_player_t *player, bool first)
{
    brood_event_t *const *call = player->objects->call;
    const unsigned other = (player->number + LITMUS_PLAYERS / 2) % LITMUS_PLAYERS; /* of another process */

    if (first)
        (void) litmus_expect(player, brood_event_set(call[other]), "set");
    litmus_wait_out(player, LITMUS_EVENT, wait_for_call, call[player->number]);
    (void) litmus_expect(player, brood_event_clear(call[player->number]), "clear");
    if (!first)
        (void) litmus_expect(player, brood_event_set(call[other]), "set");
}

void litmus_play_event(litmus_player_t *player)
{
    for (unsigned turn = 0; turn < LITMUS_TURNS; turn++)
        if (player->round % 2 == 0)
            pass_gate(player);
        else
            answer(player, player->number < LITMUS_PLAYERS / 2);
}

/* ---- Barrier: round after round; in some one player has little patience, and all pass or none ---- */

/* In the place of each round all bits are set when the next one is passed by anybody. */
static void note_passed(litmus_player_t *player, unsigned index)
{
    const uint32_t round = atomic_load_explicit(&player->score->passed, memory_order_relaxed);
    _Atomic uint32_t *places = player->books->places, *before = &places[(round + 2) % 3];

    if (index >= LITMUS_PLAYERS || (atomic_fetch_or(&places[round % 3], UINT32_C(1) << index) >> index & 1) != 0)
        litmus_fault(player, "it is the %u of %u parties, as another one is", index, LITMUS_PLAYERS);
    else if (index == 0 && round > 0 && atomic_exchange(before, 0) != (UINT32_C(1) << LITMUS_PLAYERS) - 1)
        litmus_fault(player, "a round has begun before all have passed the one before");
    atomic_store_explicit(&player->score->passed, round + 1, memory_order_relaxed);
    litmus_count(&player->score->turns[LITMUS_BARRIER]);
    if (index + 1 < LITMUS_PLAYERS)
        litmus_count(&player->score->wakes[LITMUS_BARRIER]);
}

static bool pass_barrier(litmus_player_t *player, apr_interval_time_t timeout, bool may_break)
{
    unsigned index = LITMUS_PLAYERS;
    const apr_status_t rc = brood_barrier_wait(&index, player->objects->barrier, timeout);

    if (rc == BROOD_EBROKEN && may_break)
        return false;
    if (litmus_expect(player, rc, "wait"))
        note_passed(player, index);
    return true;
}

/* All have come back from a round that one was to break.  True: it is broken, and mended. */
static bool settle(litmus_player_t *player, bool passed)
{
    litmus_books_t *books = player->books;
    uint32_t away;

    atomic_fetch_add(passed ? &books->through : &books->turned_away, 1);
    if (litmus_meet(player) == 0) {
        const uint32_t through = atomic_exchange(&books->through, 0);

        away = atomic_exchange(&books->turned_away, 0);
        if (through + away != LITMUS_PLAYERS || (through != 0 && away != 0))
            litmus_fault(player, "%u have passed, and to %u it is broken", (unsigned) through, (unsigned) away);
        if (away != 0)
            (void) litmus_expect(player, brood_barrier_reset(player->objects->barrier), "reset");
    }
    (void) litmus_meet(player);
    return !passed;
}

void litmus_play_barrier(litmus_player_t *player)
{
    for (unsigned turn = 0; turn < LITMUS_TURNS; turn++) {
        const uint64_t dice = torture_mix(player->round * LITMUS_TURNS + turn + 1); /* the same for all */
        const bool may_break = dice % 4 == 0, impatient = dice / 4 % LITMUS_PLAYERS == player->number;
        const apr_interval_time_t patience = torture_below(&player->random, 4) * 100;
        bool passed;

        litmus_dawdle(player);
        passed = pass_barrier(player, may_break && impatient ? patience : BROOD_FOREVER, may_break);
        if (!passed && impatient)
            litmus_count(&player->score->timeups[LITMUS_BARRIER]);
        if (may_break && settle(player, passed))
            (void) pass_barrier(player, BROOD_FOREVER, false);
    }
}
