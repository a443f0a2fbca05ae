/* A litmus of wake-ups: processes with threads that wait for each other in every way there is, with timeouts mixed in, and
 * the proof that no wake-up was lost.  What they play is told in torture/litmus.h.
 *
 *   torture_litmus [SECONDS] [SEED]
 *
 * Without arguments: BROOD_TORTURE_SECONDS (3) and BROOD_TORTURE_SEED (1); by BROOD_START_METHOD, or by each method there
 * is.  One line a method; exit code 1 if one of them does not end with "ok".  Who sleeps on although it should not is
 * found when nobody has had a turn for STANDSTILL; then every object says how it stands. */
#include "torture/litmus.h"

#include "base/report.h"
#include "base/step.h"
#include "memory/sleep.h"
#include "platform/clock.h"
#include <apr_thread_proc.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STANDSTILL apr_time_from_sec(30)
#define NO_LOOK apr_time_from_sec(86400)

/* ---- what everybody is given ---- */

static apr_status_t create(litmus_objects_t *objects, apr_pool_t *mem)
{
    BROOD_TRY(brood_raw_array_create(&objects->array, 1, sizeof(litmus_books_t), NULL, mem));
    BROOD_TRY(brood_lock_create(&objects->lock[0], mem));
    BROOD_TRY(brood_rlock_create(&objects->lock[1], mem));
    BROOD_TRY(brood_lock_create(&objects->store_lock, mem));
    for (unsigned i = 0; i < LITMUS_PLAYERS; i++) {
        BROOD_TRY(brood_semaphore_create(&objects->ring[i], i < LITMUS_RINGED, mem));
        BROOD_TRY(brood_event_create(&objects->call[i], mem));
    }
    BROOD_TRY(brood_semaphore_create(&objects->pool, 0, mem));
    BROOD_TRY(brood_bounded_semaphore_create(&objects->bounded, LITMUS_BOUND, mem));
    BROOD_TRY(brood_condition_create(&objects->filled[0], objects->store_lock, mem));
    BROOD_TRY(brood_condition_create(&objects->emptied[0], objects->store_lock, mem));
    BROOD_TRY(brood_condition_create(&objects->filled[1], NULL, mem));
    BROOD_TRY(brood_condition_create(&objects->emptied[1], brood_condition_lock(objects->filled[1]), mem));
    for (unsigned i = 0; i < 2; i++)
        BROOD_TRY(brood_event_create(&objects->gate[i], mem));
    BROOD_TRY(brood_barrier_create(&objects->barrier, LITMUS_PLAYERS, NULL, mem));
    return brood_barrier_create(&objects->meeting, LITMUS_PLAYERS, NULL, mem);
}

/* Lists of them, the players' first; they last as long as `mem`. */
static brood_value_t pack(const litmus_objects_t *o, apr_pool_t *mem)
{
    brood_value_t ring[LITMUS_PLAYERS], call[LITMUS_PLAYERS];

    for (unsigned i = 0; i < LITMUS_PLAYERS; i++) {
        ring[i] = BROOD_VALUE(o->ring[i]);
        call[i] = BROOD_VALUE(o->call[i]);
    }
    return brood_value_copy(BROOD_LIST(brood_list(ring, LITMUS_PLAYERS), brood_list(call, LITMUS_PLAYERS), o->array,
                                       o->lock[0], o->lock[1], o->pool, o->bounded, o->filled[0], o->emptied[0],
                                       o->filled[1], o->emptied[1], o->gate[0], o->gate[1], o->barrier, o->meeting),
                            mem);
}

static apr_status_t unpack(litmus_objects_t *o, brood_value_t objects)
{
    brood_value_t ring, call;

    BROOD_TRY(BROOD_UNPACK(objects, &ring, &call, &o->array, &o->lock[0], &o->lock[1], &o->pool, &o->bounded,
                           &o->filled[0], &o->emptied[0], &o->filled[1], &o->emptied[1], &o->gate[0], &o->gate[1],
                           &o->barrier, &o->meeting));
    for (unsigned i = 0; i < LITMUS_PLAYERS; i++) {
        BROOD_TRY(BROOD_READ(&o->ring[i], brood_value_at(ring, i)));
        BROOD_TRY(BROOD_READ(&o->call[i], brood_value_at(call, i)));
    }
    return APR_SUCCESS;
}

/* ---- a process of players ---- */

#ifdef BROOD_TORTURE
/* Where a death would do harm, slowness may, too; most of all between what is told and its wake, and before a sleep. */
static void hesitate(int step)
{
    static _Atomic uint64_t visits;
    const uint64_t dice = torture_mix(atomic_fetch_add_explicit(&visits, 1, memory_order_relaxed) + (uint64_t) step);
    const bool between =
        step == BROOD__STEP_WAITER_TOLD || step == BROOD__STEP_EVENT_CHANGED || step == BROOD__STEP_SLEEP_DECLARED;

    if (dice % 64 == 0)
        brood__clock_yield();
    else if (dice % (between ? 8 : 1024) == 1)
        apr_sleep((apr_time_t) (dice / 1024 % 200));
}
#endif

/* The games one after another, in rounds, until all agree that it is over. */
static void play(litmus_player_t *player)
{
    static const litmus_game_fn games[LITMUS_GAMES] = {
        [LITMUS_LOCK] = litmus_play_lock,           [LITMUS_RLOCK] = litmus_play_rlock,
        [LITMUS_SEMAPHORE] = litmus_play_semaphore, [LITMUS_BOUNDED_SEMAPHORE] = litmus_play_bounded_semaphore,
        [LITMUS_CONDITION_WAIT] = litmus_play_wait, [LITMUS_CONDITION_WAIT_FOR] = litmus_play_wait_for,
        [LITMUS_EVENT] = litmus_play_event,         [LITMUS_BARRIER] = litmus_play_barrier,
    };

    while (atomic_load(&player->books->over) == 0) {
        for (unsigned game = 0; game < LITMUS_GAMES; game++) {
            atomic_store(&player->score->game, game);
            games[game](player);
            atomic_store(&player->score->game, LITMUS_GAMES);
            if (litmus_meet(player) == 0 && game == LITMUS_GAMES - 1) {
                litmus_check_rest(player);
                atomic_fetch_add(&player->books->rounds, 1);
                atomic_store(&player->books->over, atomic_load(&player->books->stop));
            }
        }
        (void) litmus_meet(player);
        player->round++;
    }
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *player)
{
    play(player);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static apr_status_t litmus_entry(brood_call_t *call)
{
    litmus_player_t player[LITMUS_THREADS] = {{.round = 0}};
    apr_thread_t *thread[LITMUS_THREADS];
    litmus_objects_t objects;
    unsigned long long seed;
    brood_value_t packed;
    unsigned number;

    brood__look_first = NO_LOOK;
#ifdef BROOD_TORTURE
    brood__step = hesitate;
#endif
    BROOD_TRY(BROOD_UNPACK(call->args, &packed, &number, &seed));
    BROOD_TRY(unpack(&objects, packed));
    for (unsigned i = 0; i < LITMUS_THREADS; i++) {
        litmus_books_t *books = brood_array_data(objects.array);
        const unsigned mine = number * LITMUS_THREADS + i;

        player[i] =
            (litmus_player_t){.objects = &objects, .books = books, .score = &books->score[mine], .number = mine};
        player[i].random = torture_seeded(seed * LITMUS_PLAYERS + mine);
        BROOD_TRY(apr_thread_create(&thread[i], NULL, run, &player[i], call->mem));
    }
    for (unsigned i = 0; i < LITMUS_THREADS; i++) {
        apr_status_t rc;

        BROOD_TRY(apr_thread_join(&rc, thread[i]));
    }
    return APR_SUCCESS;
}

/* ---- watching ---- */

typedef struct driver_t {
    litmus_objects_t objects;
    litmus_books_t *books;
    brood_process_t *process[LITMUS_PROCESSES];
    uint64_t seen; /* turns and meetings of all */
    apr_time_t moved;
    apr_time_t longest; /* that they have stood still */
    apr_pool_t *mem;
} driver_t;

static uint64_t moves(const litmus_books_t *books)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < LITMUS_PLAYERS; i++) {
        sum += atomic_load(&books->score[i].meetings);
        for (unsigned game = 0; game < LITMUS_GAMES; game++)
            sum += atomic_load(&books->score[i].turns[game]);
    }
    return sum;
}

/* Has anybody had a turn within STANDSTILL, and nobody anything to complain of? */
static bool goes_on(driver_t *driver)
{
    const apr_time_t now = brood__clock_now();
    const uint64_t seen = moves(driver->books);

    if (now - driver->moved > driver->longest)
        driver->longest = now - driver->moved;
    if (seen != driver->seen)
        driver->moved = now;
    driver->seen = seen;
    if (now - driver->moved > STANDSTILL) {
        brood__report("litmus: nobody has had a turn for %d s", (int) apr_time_sec(STANDSTILL));
        return false;
    }
    return atomic_load(&driver->books->faults) == 0;
}

/* They end by themselves, or by the driver, who says why. */
static bool all_end(driver_t *driver, apr_time_t end)
{
    bool fine = true;

    for (unsigned i = 0; i < LITMUS_PROCESSES; i++)
        while (fine && brood_process_join(driver->process[i], apr_time_from_msec(10)) == APR_TIMEUP) {
            if (brood__clock_now() > end)
                atomic_store(&driver->books->stop, 1);
            fine = goes_on(driver);
        }
    if (!fine) {
        litmus_dump(&driver->objects, driver->books, driver->process, driver->mem);
        brood__report("litmus: %s", brood_value_string(pack(&driver->objects, driver->mem), driver->mem));
    }
    for (unsigned i = 0; i < LITMUS_PROCESSES; i++) {
        if (!fine)
            BROOD_IGNORE(brood_process_kill(driver->process[i]));
        BROOD_IGNORE(brood_process_join(driver->process[i], BROOD_FOREVER));
        fine = fine && brood_process_exitcode(driver->process[i]) == 0;
    }
    return fine && atomic_load(&driver->books->faults) == 0;
}

/* ---- the result ---- */

static bool print_scores(const litmus_books_t *books)
{
    bool all = true;

    for (unsigned game = 0; game < LITMUS_GAMES; game++) {
        uint64_t turns = 0, timeups = 0, wakes = 0;

        for (unsigned i = 0; i < LITMUS_PLAYERS; i++) {
            turns += atomic_load(&books->score[i].turns[game]);
            timeups += atomic_load(&books->score[i].timeups[game]);
            wakes += atomic_load(&books->score[i].wakes[game]);
        }
        all = all && turns != 0;
        printf("%s %s %" PRIu64 " turns (%" PRIu64 " timed out, %" PRIu64 " woken)", game == 0 ? "" : ",",
               litmus_game_name(game), turns, timeups, wakes);
    }
    return all;
}

static apr_status_t litmus_by(bool *fine, brood_start_method_t method, brood_call_t *call, apr_pool_t *mem)
{
    const double seconds = strtod(torture_argument(call, 0, "BROOD_TORTURE_SECONDS", "3"), NULL);
    const unsigned long long seed = strtoull(torture_argument(call, 1, "BROOD_TORTURE_SEED", "1"), NULL, 10);
    const brood_process_options_t options = {.start_method = method};
    driver_t driver = {.mem = mem};
    bool ended, all;

    BROOD_TRY(create(&driver.objects, mem));
    driver.books = brood_array_data(driver.objects.array);
    for (unsigned i = 0; i < LITMUS_PROCESSES; i++)
        BROOD_TRY(brood_process_start(&driver.process[i], litmus_entry, BROOD_ARGS(pack(&driver.objects, mem), i, seed),
                                      &options, mem));
    driver.moved = brood__clock_now();
    ended = all_end(&driver, driver.moved + (apr_time_t) (seconds * 1e6));
    printf("litmus %s: %g s, %u x %u, %" PRIu64 " rounds:", brood_start_method_name(method), seconds, LITMUS_PROCESSES,
           LITMUS_THREADS, atomic_load(&driver.books->rounds));
    all = print_scores(driver.books);
    printf(", longest standstill %d ms: %s\n", (int) (driver.longest / 1000), ended && all ? "ok" : "FAIL");
    *fine = *fine && ended && all;
    return APR_SUCCESS;
}

static apr_status_t litmus(brood_call_t *call)
{
    return torture_by_each_method(call, litmus_by);
}

BROOD_MAIN(litmus, BROOD_ENTRY(litmus_entry))
