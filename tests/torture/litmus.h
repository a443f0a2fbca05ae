/* litmus.h - processes with threads that wait for each other in every way there is, and nobody dies.
 *
 * All play the same games one after another, short ones, and meet at a barrier after each.  In a game every wait without
 * a timeout is ended by what one other player does, once; at a game's end nobody is left whose doings could cover up
 * that a wake-up was lost.  That threads look again by themselves after a while, as the death of others asks for, is
 * put off (brood__look_first), so who is not woken sleeps on, and the watchdog sees it.  Only posix/park_semaphore.c looks
 * every 0.1 s of its own accord: with it a token that is lost is seen, not one that is late. */
#ifndef BROOD_TESTS_TORTURE_LITMUS_H
#define BROOD_TESTS_TORTURE_LITMUS_H

#include "torture/torture.h"

#define LITMUS_PROCESSES 4u
#define LITMUS_THREADS 2u
#define LITMUS_PLAYERS (LITMUS_PROCESSES * LITMUS_THREADS)
#define LITMUS_TURNS 8u  /* of each player in a game: few, as it is the ends that tell */
#define LITMUS_RINGED 3u /* tokens in the ring of semaphores */
#define LITMUS_BOUND 3u  /* of the BoundedSemaphore */

/* The games, in this order, each named for what its players wait in. */
#define LITMUS_GAME_MAP(X)                      \
    X(LOCK, "Lock")                             \
    X(RLOCK, "RLock")                           \
    X(SEMAPHORE, "Semaphore")                   \
    X(BOUNDED_SEMAPHORE, "BoundedSemaphore")    \
    X(CONDITION_WAIT, "Condition wait")         \
    X(CONDITION_WAIT_FOR, "Condition wait_for") \
    X(EVENT, "Event")                           \
    X(BARRIER, "Barrier")

#define LITMUS_GAME_ENUM(name, text) LITMUS_##name,
enum { LITMUS_GAME_MAP(LITMUS_GAME_ENUM) LITMUS_GAMES };

/* What a player has done.  Written by its thread alone. */
typedef struct litmus_score_t {
    _Alignas(64) _Atomic uint64_t turns[LITMUS_GAMES];
    _Atomic uint64_t timeups[LITMUS_GAMES]; /* waits whose time was over */
    _Atomic uint64_t wakes[LITMUS_GAMES];   /* waits that others ended, as far as can be told */
    _Atomic uint64_t meetings;
    _Atomic uint32_t game;   /* it is in; LITMUS_GAMES: between two */
    _Atomic uint32_t passed; /* rounds of the barrier */
} litmus_score_t;

/* Under the lock of its two conditions. */
typedef struct litmus_store_t {
    _Alignas(64) unsigned tokens;
    unsigned sleeping; /* are in a wait for tokens */
    uint64_t granted;  /* how many of them were to be let pass */
    uint64_t woken;    /* how many were */
} litmus_store_t;

typedef struct litmus_books_t {
    _Atomic uint32_t stop, over; /* what the driver wants; what the players have agreed on */
    _Atomic uint32_t faults;
    _Atomic uint64_t rounds;
    litmus_score_t score[LITMUS_PLAYERS];
    struct {
        _Alignas(64) _Atomic uint32_t inside;
        uint64_t turns;                           /* under the lock */
    } section[2];                                 /* of the Lock, of the RLock */
    _Atomic uint32_t within;                      /* the bounded semaphore */
    litmus_store_t store[2];                      /* of wait, of wait_for */
    _Atomic uint32_t arrived, generation, opened; /* at the gates */
    _Atomic uint32_t places[3];                   /* bits: who has passed the barrier as what, of three rounds of it */
    _Atomic uint32_t through, turned_away;        /* of a round of the barrier that may break */
} litmus_books_t;

typedef struct litmus_objects_t {
    brood_array_t *array;               /* of the books */
    brood_lock_t *lock[2], *store_lock; /* a Lock and an RLock; a Lock */
    brood_semaphore_t *ring[LITMUS_PLAYERS], *pool, *bounded;
    brood_condition_t *filled[2], *emptied[2]; /* the first of each on store_lock, the others on one RLock */
    brood_event_t *call[LITMUS_PLAYERS], *gate[2];
    brood_barrier_t *barrier, *meeting;
} litmus_objects_t;

typedef struct litmus_player_t {
    const litmus_objects_t *objects;
    litmus_books_t *books;
    litmus_score_t *score;
    unsigned number;
    uint64_t round, random;
    uint32_t gates; /* it has come to */
} litmus_player_t;

/* A game, to its end: LITMUS_TURNS. */
typedef void (*litmus_game_fn)(litmus_player_t *player);
void litmus_play_lock(litmus_player_t *player);
void litmus_play_rlock(litmus_player_t *player);
void litmus_play_semaphore(litmus_player_t *player);
void litmus_play_bounded_semaphore(litmus_player_t *player);
void litmus_play_wait(litmus_player_t *player);
void litmus_play_wait_for(litmus_player_t *player);
void litmus_play_event(litmus_player_t *player);
void litmus_play_barrier(litmus_player_t *player);

/* Everybody meets; the number of this one in the order of arrival. */
unsigned litmus_meet(litmus_player_t *player);
/* By one of them, while nobody plays: is everything as it was at the beginning? */
void litmus_check_rest(litmus_player_t *player);
const char *litmus_game_name(unsigned game);

/* Report how everything stands: who has done what, who waits and sleeps where, what the system says of the threads. */
void litmus_dump(const litmus_objects_t *objects, const litmus_books_t *books, brood_process_t *const *process,
                 apr_pool_t *mem);

/* ---- litmus_turn.c: what all games have in common ---- */

/* Count a fault and say what it was.  The driver ends the run. */
void litmus_fault(litmus_player_t *player, const char *format, ...) BROOD_PRINTF(2, 3);
/* True, or a fault: what `call` was and the last failure. */
bool litmus_expect(litmus_player_t *player, apr_status_t rc, const char *call);

typedef apr_status_t (*litmus_wait_fn)(void *object, apr_interval_time_t timeout);

/* A turn: wait until it succeeds, however often the time is over before. */
void litmus_wait_out(litmus_player_t *player, unsigned game, litmus_wait_fn wait, void *object);
/* For ever, not at all, or up to 2 ms. */
apr_interval_time_t litmus_timeout(litmus_player_t *player);
/* Perhaps be slow, so that others come to sleep; and more likely so. */
void litmus_dawdle(litmus_player_t *player);
void litmus_linger(litmus_player_t *player);
/* One more: of turns, timeups, wakes, by the thread whose they are. */
static inline void litmus_count(_Atomic uint64_t *count)
{
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
}

#endif
