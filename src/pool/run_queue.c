/* run_queue.c - the numbers of the places that are to be claimed, from the pool's process to its workers. */
#include "pool/run_queue.h"

#include "base/deadline.h"
#include "base/step.h"
#include "memory/sleep.h"

static bool take(uint32_t *number, brood__run_queue_t *queue)
{
    uint64_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);

    while (head < atomic_load_explicit(&queue->tail, memory_order_acquire)) {
        *number = atomic_load_explicit(&queue->number[head % BROOD__RUN_QUEUE], memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(&queue->head, &head, head + 1, memory_order_acq_rel,
                                                  memory_order_relaxed))
            return true;
    }
    return false;
}

/* ---- the pool ---- */

static bool is_ready(const brood__board_t *board, uint32_t number)
{
    return atomic_load_explicit(&board->place[number].state, memory_order_relaxed) == BROOD__STATE(BROOD__READY, 0);
}

static void append(brood__run_queue_t *queue, uint32_t number)
{
    atomic_store_explicit(&queue->number[queue->put++ % BROOD__RUN_QUEUE], (uint16_t) number, memory_order_relaxed);
}

/* The head is the workers': it is looked at only if need be. */
static bool is_full(brood__run_queue_t *queue)
{
    if (queue->put - queue->head_seen < BROOD__RUN_QUEUE)
        return false;
    queue->head_seen = atomic_load_explicit(&queue->head, memory_order_acquire);
    return queue->put - queue->head_seen >= BROOD__RUN_QUEUE;
}

/* Most of it was withdrawn, as there are fewer places: the others once more. */
static void tidy(brood__board_t *board)
{
    brood__run_queue_t *queue = &board->run_queue;
    uint16_t kept[BROOD__PLACES];
    bool seen[BROOD__PLACES] = {false};
    uint32_t count = 0, number;

    brood__run_queue_flush(board);
    while (take(&number, queue))
        if (number < BROOD__PLACES && !seen[number] && is_ready(board, number)) {
            seen[number] = true;
            kept[count++] = (uint16_t) number;
        }
    for (uint32_t i = 0; i < count; i++)
        append(queue, kept[i]);
}

void brood__run_queue_put(brood__board_t *board, uint32_t number)
{
    if (is_full(&board->run_queue))
        tidy(board);
    append(&board->run_queue, number);
}

static void wake(brood__board_t *board, uint32_t worker)
{
    brood__seat_t *seat = brood__seat(board, worker);

    atomic_fetch_add(&seat->wake, 1);
    brood__wake(&seat->wake, 1);
}

void brood__run_queue_admit(brood__board_t *board, uint32_t at, uint32_t number, uint32_t to)
{
    brood__seat_t *seat = brood__seat(board, at);

    atomic_store(&seat->to, to);
    atomic_store(&seat->admitted, number);
    wake(board, at);
}

bool brood__run_queue_has_entered(brood__board_t *board, uint32_t at, uint32_t number)
{
    return atomic_load(&brood__seat(board, at)->entered) == number;
}

/* Who sleeps says so before he looks for the last time: he sees what the caller has changed, or is seen here. */
static void wake_idle(brood__board_t *board, uint64_t count)
{
    for (uint32_t worker = 0; worker < board->workers && count != 0; worker++) {
        _Atomic uint64_t *idle = &board->run_queue.idle[worker / 64];
        const uint64_t bit = UINT64_C(1) << worker % 64;

        if (atomic_load(idle) == 0)
            worker |= 63;
        else if ((atomic_load(idle) & bit) != 0 && (atomic_fetch_and(idle, ~bit) & bit) != 0) {
            wake(board, worker);
            count--;
        }
    }
}

void brood__run_queue_flush(brood__board_t *board)
{
    brood__run_queue_t *queue = &board->run_queue;
    const uint64_t fresh = queue->put - atomic_load_explicit(&queue->tail, memory_order_relaxed);

    if (fresh == 0)
        return;
    atomic_store(&queue->tail, queue->put);
    wake_idle(board, fresh);
}

void brood__run_queue_close(brood__board_t *board)
{
    brood__run_queue_flush(board);
    atomic_store(&board->run_queue.closed, 1);
    wake_idle(board, UINT64_MAX);
    wake(board, board->workers);
}

/* It may also have been woken for one that it did not come to take. */
void brood__run_queue_bury(brood__board_t *board, uint32_t worker)
{
    brood__run_queue_t *queue = &board->run_queue;
    const uint64_t count = queue->put - atomic_load(&queue->head);
    bool there[BROOD__PLACES] = {false};

    atomic_fetch_and(&queue->idle[worker / 64], ~(UINT64_C(1) << worker % 64));
    for (uint64_t i = 1; i <= count && i <= BROOD__RUN_QUEUE; i++)
        there[queue->number[(queue->put - i) % BROOD__RUN_QUEUE] % BROOD__PLACES] = true;
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        if (!there[i] && is_ready(board, i))
            brood__run_queue_put(board, i);
    brood__run_queue_flush(board);
    wake_idle(board, queue->put - atomic_load(&queue->head));
}

/* ---- a worker ---- */

static bool is_over(const brood__board_t *board)
{
    return atomic_load_explicit(&board->ended, memory_order_relaxed) != 0;
}

bool brood__run_queue_enter(uint32_t *worker, brood__board_t *board, uint32_t at, uint32_t number)
{
    brood__seat_t *seat = brood__seat(board, at);
    brood__sleeper_t sleeper = brood__sleeper(BROOD__NEVER);

    for (;;) {
        const uint32_t seen = atomic_load(&seat->wake);

        if (atomic_load(&seat->admitted) == number)
            break;
        if (at == board->workers && atomic_load(&board->run_queue.closed) != 0)
            return false;
        if (!brood__sleeper_spins(&sleeper))
            (void) brood__sleeper_sleep(&sleeper, &seat->wake, seen);
    }
    *worker = atomic_load(&seat->to);
    atomic_store(&seat->entered, number);
    return true;
}

static bool is_empty(const brood__board_t *board)
{
    const brood__run_queue_t *queue = &board->run_queue;

    return atomic_load(&queue->head) == atomic_load(&queue->tail) && atomic_load(&queue->closed) == 0
           && atomic_load(&board->ended) == 0;
}

static void sleep_at(brood__board_t *board, uint32_t worker, brood__sleeper_t *sleeper)
{
    brood__seat_t *seat = brood__seat(board, worker);
    _Atomic uint64_t *idle = &board->run_queue.idle[worker / 64];
    const uint64_t bit = UINT64_C(1) << worker % 64;
    const uint32_t seen = atomic_load(&seat->wake);

    atomic_fetch_or(idle, bit);
    BROOD__STEP(RUN_IDLE);
    if (is_empty(board))
        (void) brood__sleeper_sleep(sleeper, &seat->wake, seen);
    atomic_fetch_and(idle, ~bit);
}

bool brood__run_queue_take(uint32_t *number, brood__board_t *board, uint32_t worker)
{
    brood__sleeper_t sleeper = brood__sleeper(BROOD__NEVER);

    while (!is_over(board)) {
        const bool closed = atomic_load(&board->run_queue.closed) != 0;

        if (take(number, &board->run_queue)) {
            BROOD__STEP(RUN_TAKEN);
            return true;
        }
        if (closed)
            return false;
        if (!brood__sleeper_spins(&sleeper))
            sleep_at(board, worker, &sleeper);
    }
    return false;
}
