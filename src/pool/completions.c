/* completions.c - the numbers of the places that are done, from the workers to the pool's process. */
#include "pool/completions.h"

#include "base/deadline.h"
#include "base/status.h"
#include "base/step.h"
#include "memory/sleep.h"
#include "platform/clock.h"

#define TURN 8                     /* numbers from one seat, before others have theirs */
#define BACKLOG 64                 /* tasks that wait, for there to be more than enough */
#define PAUSES 40                  /* some microseconds */
#define FULL apr_time_from_msec(1) /* until one who has no room looks again */

static bool is_over(const brood__board_t *board)
{
    return atomic_load_explicit(&board->ended, memory_order_relaxed) != 0;
}

static void wake(brood__completions_t *completions)
{
    atomic_fetch_add(&completions->news, 1);
    brood__wake(&completions->news, 1);
}

/* If the bit is there already, whoever clears it looks afterwards. */
static void mark(_Atomic uint64_t *words, uint32_t number)
{
    const uint64_t bit = UINT64_C(1) << number % 64;

    if ((atomic_load(&words[number / 64]) & bit) == 0)
        atomic_fetch_or(&words[number / 64], bit);
}

/* ---- a worker ---- */

static void mark_and_wake(brood__completions_t *completions, _Atomic uint64_t *words, uint32_t number)
{
    mark(words, number);
    if (atomic_load(&completions->waiting) == 0 || atomic_exchange(&completions->waiting, 0) == 0)
        return;
    BROOD__STEP(COMPLETION_MARKED);
    wake(completions);
}

void brood__completions_hello(brood__board_t *board, uint32_t worker)
{
    mark_and_wake(&board->completions, board->completions.hello, worker);
}

void brood__completions_put(brood__board_t *board, uint32_t worker, uint32_t number)
{
    brood__seat_t *seat = brood__seat(board, worker);
    const uint32_t done = atomic_load_explicit(&seat->done, memory_order_relaxed);

    while (done - atomic_load_explicit(&seat->taken, memory_order_acquire) >= BROOD__SEAT_NUMBERS) {
        if (is_over(board))
            return;
        apr_sleep(FULL);
    }
    atomic_store_explicit(&seat->number[done % BROOD__SEAT_NUMBERS], (uint16_t) number, memory_order_relaxed);
    atomic_store(&seat->done, done + 1);
    BROOD__STEP(COMPLETION_PUT);
    mark_and_wake(&board->completions, board->completions.fresh, worker);
}

/* ---- the pool ---- */

void brood__completions_tell(brood__board_t *board, uint32_t number)
{
    mark(board->completions.told, number);
    wake(&board->completions);
}

/* It may have died between the end of somebody's wait and the word to him, so he is woken in any case. */
void brood__completions_bury(brood__board_t *board, uint32_t worker)
{
    mark(board->completions.fresh, worker);
    wake(&board->completions);
}

void brood__completions_interrupt(brood__board_t *board)
{
    atomic_store(&board->completions.interrupted, 1);
    wake(&board->completions);
}

/* Those of these bits that are set, as numbers from `first` on. */
static void take_marked(brood__arrivals_t *arrivals, _Atomic uint64_t *words, uint32_t count, uint32_t first)
{
    for (uint32_t i = 0; i < count && arrivals->count < BROOD__ARRIVALS; i++) {
        const uint64_t bit = UINT64_C(1) << i % 64, word = atomic_load_explicit(&words[i / 64], memory_order_relaxed);

        if (word == 0)
            i |= 63;
        else if ((word & bit) != 0) {
            atomic_fetch_and(&words[i / 64], ~bit);
            arrivals->ticket[arrivals->count++] = first + i;
        }
    }
}

static void take_at(brood__arrivals_t *arrivals, brood__board_t *board, uint32_t worker)
{
    brood__seat_t *seat = brood__seat(board, worker);
    const uint32_t done = atomic_load(&seat->done);
    uint32_t taken = atomic_load_explicit(&seat->taken, memory_order_relaxed);

    for (int i = 0; i < TURN && taken != done && arrivals->count < BROOD__ARRIVALS; i++)
        arrivals->ticket[arrivals->count++] =
            atomic_load_explicit(&seat->number[taken++ % BROOD__SEAT_NUMBERS], memory_order_relaxed);
    atomic_store_explicit(&seat->taken, taken, memory_order_release);
    if (taken != done)
        mark(board->completions.fresh, worker);
}

static void take_from_seats(brood__arrivals_t *arrivals, brood__board_t *board)
{
    brood__completions_t *completions = &board->completions;
    const uint32_t first = completions->next;

    for (uint32_t i = 0; i < board->workers && arrivals->count < BROOD__ARRIVALS; i++) {
        const uint32_t worker = (first + i) % board->workers;
        _Atomic uint64_t *fresh = &completions->fresh[worker / 64];
        const uint64_t bit = UINT64_C(1) << worker % 64;

        if ((atomic_load_explicit(fresh, memory_order_relaxed) & bit) == 0)
            continue;
        atomic_fetch_and(fresh, ~bit);
        take_at(arrivals, board, worker);
        completions->next = worker + 1;
    }
}

/* Is there anything, for one who is about to sleep? */
static bool is_quiet(const brood__board_t *board)
{
    const brood__completions_t *completions = &board->completions;
    uint64_t any = atomic_load(&completions->interrupted);

    for (uint32_t i = 0; i < BROOD__SEAT_WORDS; i++)
        any |= atomic_load(&completions->fresh[i]) | atomic_load(&completions->hello[i]);
    for (uint32_t i = 0; i < BROOD__PLACES / 64; i++)
        any |= atomic_load(&completions->told[i]);
    return any == 0 && atomic_load(&board->ended) == 0;
}

static apr_status_t sleep_there(brood__board_t *board, brood__sleeper_t *sleeper)
{
    brood__completions_t *completions = &board->completions;
    const uint32_t seen = atomic_load(&completions->news);
    apr_status_t rc = APR_SUCCESS;

    atomic_store(&completions->waiting, 1);
    if (is_quiet(board))
        rc = brood__sleeper_sleep(sleeper, &completions->news, seen);
    atomic_store(&completions->waiting, 0);
    return rc == APR_EINTR ? brood__fail_interrupted() : rc;
}

/* While there is more to do than workers to do it, nobody is kept waiting, and what comes in between comes together. */
static void let_more_come(const brood__board_t *board)
{
    const brood__run_queue_t *queue = &board->run_queue;

    if (atomic_load_explicit(&queue->tail, memory_order_relaxed)
            - atomic_load_explicit(&queue->head, memory_order_relaxed)
        < BACKLOG)
        return;
    for (int i = 0; i < PAUSES; i++)
        brood__clock_pause();
}

apr_status_t brood__completions_take(brood__arrivals_t *arrivals, brood__board_t *board, apr_interval_time_t timeout)
{
    brood__sleeper_t sleeper = brood__sleeper(brood__deadline(timeout));

    if (sleeper.deadline != BROOD__AT_ONCE)
        let_more_come(board);
    for (;;) {
        arrivals->count = 0;
        take_marked(arrivals, board->completions.hello, board->workers, BROOD__PLACES);
        take_marked(arrivals, board->completions.told, BROOD__PLACES, 0);
        take_from_seats(arrivals, board);
        if (arrivals->count != 0
            || (atomic_load_explicit(&board->completions.interrupted, memory_order_relaxed) != 0
                && atomic_exchange(&board->completions.interrupted, 0) != 0))
            return APR_SUCCESS;
        if (is_over(board))
            return brood_fail_text(BROOD_EPOOL, "the pool was terminated");
        if (sleeper.deadline == BROOD__AT_ONCE)
            return APR_TIMEUP;
        if (!brood__sleeper_spins(&sleeper))
            BROOD_TRY(sleep_there(board, &sleeper));
    }
}
