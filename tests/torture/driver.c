/* driver.c - one run of one mode: start the supervisors, watch, stop, and balance the books. */
#include "torture.h"

#include "base/report.h"
#include "memory/block.h"
#include "memory/layout.h"
#include "platform/clock.h"
#include "queue/chunk.h"
#include "queue/end.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STANDSTILL apr_time_from_sec(10)
#define EXIT_PATIENCE apr_time_from_sec(10)
#define EMPTYING apr_time_from_msec(1500) /* getters have so long when no more is put */

typedef struct driver_t {
    const torture_mode_t *mode;
    unsigned mode_number;
    torture_shared_t shared;
    torture_books_t *books;
    brood_process_t *supervisor[TORTURE_WORKERS];
    uint64_t seed, random;
    uint64_t seen[TORTURE_LANES];    /* progress */
    apr_time_t moved[TORTURE_LANES]; /* when it was last seen to move */
    apr_time_t last_move, longest;   /* of any lane */
    apr_time_t next_orphan;
    bool hung;
    apr_pool_t *mem;
} driver_t;

/* ---- what everybody shares ---- */

static brood__ring_t *ring_of(brood_queue_t *queue)
{
    return (brood__ring_t *) ((brood__ref_t *) (void *) queue)->object;
}

/* As if so many items had come and gone: soon positions begin again at 0. */
static void make_old(brood__ring_t *ring, uint32_t position)
{
    brood__chunk_begin(brood__chunk_at(atomic_load(&ring->head.chunk)), position, ring->slots);
    atomic_store(&ring->tail.word, BROOD__END_WORD(position, 0));
    atomic_store(&ring->head.word, BROOD__END_WORD(position, 0));
    atomic_store(&ring->tail.seen, position);
}

static bool is_of_queue(const driver_t *driver)
{
    return driver->mode->work == torture_queue.work;
}

static apr_status_t create(driver_t *driver, double seconds)
{
    static const unsigned capacities[6] = {100, 64, 4, 1024, 1, 16}; /* of the queue; by the seed */
    const brood_queue_options_t options = {.joinable = driver->seed % 4 != 0,
                                           .lease = driver->seed % 4 == 2 && driver->mode != &torture_object,
                                           .deliveries = UINT32_MAX};
    torture_shared_t *shared = &driver->shared;
    uint64_t sequences = (uint64_t) (seconds + 2) << 21;

    if (!is_of_queue(driver))
        sequences = 64;
    else if (sequences > UINT64_C(1) << 27)
        sequences = UINT64_C(1) << 27;
    BROOD_TRY(brood_array_create(&shared->books_array, 1, sizeof(torture_books_t), NULL, driver->mem));
    BROOD_TRY(brood_array_create(&shared->items_array, (apr_size_t) (3 * TORTURE_PRODUCERS * sequences / 64),
                                 sizeof(uint64_t), NULL, driver->mem));
    BROOD_TRY(brood_queue_create(&shared->queue, capacities[driver->seed % 6], &options, driver->mem));
    BROOD_TRY(brood_lock_create(&shared->lock[0], driver->mem));
    BROOD_TRY(brood_rlock_create(&shared->lock[1], driver->mem));
    for (unsigned i = 0; i < 2; i++)
        BROOD_TRY(brood_condition_create(&shared->condition[i], shared->lock[1], driver->mem));
    BROOD_TRY(brood_semaphore_create(&shared->semaphore, 0, driver->mem));
    BROOD_TRY(brood_event_create(&shared->event, driver->mem));
    BROOD_TRY(brood_barrier_create(&shared->barrier, 3, NULL, driver->mem));
    shared->books = brood_array_data(shared->books_array);
    shared->books->sequences = sequences;
    atomic_store(&shared->books->mode, driver->mode_number);
    atomic_store(&shared->books->killing, 1);
    make_old(ring_of(shared->queue), UINT32_C(0) - 20000);
    torture_locate(shared);
    driver->books = shared->books;
    torture_steps_follow(driver->books);
    return APR_SUCCESS;
}

static void close_all(driver_t *driver)
{
    torture_shared_t *shared = &driver->shared;

    torture_steps_follow(NULL);
    brood_queue_close(shared->queue);
    brood_lock_close(shared->lock[0]);
    brood_lock_close(shared->lock[1]);
    brood_condition_close(shared->condition[0]);
    brood_condition_close(shared->condition[1]);
    brood_semaphore_close(shared->semaphore);
    brood_event_close(shared->event);
    brood_barrier_close(shared->barrier);
    brood_array_close(shared->books_array);
    brood_array_close(shared->items_array);
}

static apr_status_t start_supervisor(driver_t *driver, unsigned number)
{
    return torture_start(&driver->supervisor[number], torture_supervisor_entry, &driver->shared, number,
                         torture_random(&driver->random), NULL, driver->mem);
}

/* ---- watching ---- */

static void dump(driver_t *driver)
{
    brood__ring_t *ring = ring_of(driver->shared.queue);
    torture_books_t *books = driver->books;
    char name[BROOD__NAME_SIZE];

    for (unsigned i = 0; i < TORTURE_LANES; i++)
        brood__report("  lane %u of %x: running %u progress %" PRIu64 " begun %" PRIu64 " done %" PRIu64 " busy %u", i,
                      atomic_load(&books->worker[i / TORTURE_THREADS]), atomic_load(&books->lane[i].running),
                      atomic_load(&books->lane[i].progress), atomic_load(&books->lane[i].begun),
                      atomic_load(&books->lane[i].done), atomic_load(&books->lane[i].busy));
    brood__report("  tail %" PRIx64 " attention %x, head %" PRIx64 " attention %x", atomic_load(&ring->tail.word),
                  atomic_load(&ring->tail.attention), atomic_load(&ring->head.word),
                  atomic_load(&ring->head.attention));
    brood__report("  locks %s %s, heap %x, objects %x",
                  brood_value_string(BROOD_VALUE(driver->shared.lock[0]), driver->mem),
                  brood_value_string(BROOD_VALUE(driver->shared.lock[1]), driver->mem),
                  atomic_load(&brood__heap()->lock), atomic_load(&brood__head()->object_lock));
    for (uint32_t slot = 0; slot < BROOD__SLOTS; slot++) {
        const uint32_t life = atomic_load(&brood__head()->life[slot]);
        const brood__id_t id = BROOD__ID(BROOD__LIFE_GENERATION(life), slot);

        if (BROOD__LIFE_STATE(life) != BROOD__FREE)
            brood__report("  %x %s: pid %u state %u, parent %x", id, brood__table_name(id, name), brood__table_pid(id),
                          BROOD__LIFE_STATE(life), atomic_load(&brood__head()->record[slot].parent));
    }
    for (uint32_t i = 0; i < atomic_load(&brood__head()->cells_used); i++)
        if (atomic_load(&brood__head()->cell[i].owner) != 0)
            brood__report("  cell %u: %x sleeps on %" PRIx64, i, atomic_load(&brood__head()->cell[i].owner),
                          atomic_load(&brood__head()->cell[i].note));
}

/* Has every thread that runs moved within STANDSTILL? */
static bool all_move(driver_t *driver, apr_time_t now)
{
    for (unsigned i = 0; i < TORTURE_LANES; i++) {
        const uint64_t progress = atomic_load(&driver->books->lane[i].progress);

        if (progress == driver->seen[i] && atomic_load(&driver->books->lane[i].running) != 0) {
            if (now - driver->moved[i] > STANDSTILL) {
                brood__report("torture: HANG: lane %u has not moved for %d s", i, (int) apr_time_sec(STANDSTILL));
                return false;
            }
            continue;
        }
        if (progress != driver->seen[i]) {
            if (now - driver->last_move > driver->longest)
                driver->longest = now - driver->last_move;
            driver->last_move = now;
        }
        driver->seen[i] = progress;
        driver->moved[i] = now;
    }
    if (now - driver->last_move <= STANDSTILL)
        return true;
    brood__report("torture: HANG: nothing has moved for %d s", (int) apr_time_sec(STANDSTILL));
    return false;
}

/* End a supervisor: its worker dies with it, and nobody is told. */
static apr_status_t orphan_one(driver_t *driver, apr_time_t now)
{
    const unsigned number = torture_below(&driver->random, driver->mode->workers.count);

    driver->next_orphan = now + 100000 + torture_below(&driver->random, 900000);
    if (!torture_is_victim(driver->mode, number))
        return APR_SUCCESS;
    BROOD_TRY(brood_process_kill(driver->supervisor[number]));
    BROOD_TRY(brood_process_join(driver->supervisor[number], BROOD_FOREVER));
    BROOD_TRY(brood_process_close(driver->supervisor[number]));
    torture_count(driver->books, TORTURE_ORPHANS);
    return start_supervisor(driver, number);
}

static void watch(driver_t *driver, apr_time_t duration, bool killing)
{
    const apr_time_t end = brood__clock_now() + duration;

    for (apr_time_t now = brood__clock_now(); now < end && !driver->hung; now = brood__clock_now()) {
        driver->hung = !all_move(driver, now);
        if (killing && now > driver->next_orphan && orphan_one(driver, now) != APR_SUCCESS)
            torture_fault(driver->books, TORTURE_ERRORS, "no supervisor: %s", brood_last_error()->message);
        apr_sleep(5000);
    }
}

/* No more is put, and getters take what there is.  Who waits at either end is told. */
static void empty_queue(driver_t *driver)
{
    const apr_time_t end = brood__clock_now() + EMPTYING;
    apr_size_t size;

    if (brood_queue_shutdown(driver->shared.queue, false) != APR_SUCCESS)
        torture_fault(driver->books, TORTURE_ERRORS, "shutdown: %s", brood_last_error()->message);
    while (brood_queue_size(&size, driver->shared.queue) == APR_SUCCESS && size != 0 && !driver->hung
           && brood__clock_now() < end)
        watch(driver, apr_time_from_msec(20), false);
}

static uint64_t count_moves(const torture_books_t *books)
{
    uint64_t moves = 0;

    for (unsigned i = 0; i < TORTURE_LANES; i++)
        moves += atomic_load(&books->lane[i].progress);
    return moves;
}

/* Nobody dies any more: now, if nothing has been done in between, as where processes take long to start, it is. */
static void see_something(driver_t *driver)
{
    const torture_books_t *books = driver->books;
    const apr_time_t end = brood__clock_now() + EXIT_PATIENCE;

    while ((count_moves(books) == 0 || (driver->mode == &torture_barrier && atomic_load(&books->passed[0]) == 0))
           && !driver->hung && brood__clock_now() < end)
        watch(driver, apr_time_from_msec(50), false);
}

/* Everybody leaves.  Who does not is dumped and ended. */
static void stop(driver_t *driver)
{
    apr_time_t end;

    atomic_store(&driver->books->killing, 0);
    see_something(driver);
    if (is_of_queue(driver) && !driver->hung)
        empty_queue(driver);
    if (driver->hung)
        dump(driver);
    end = brood__clock_now() + EXIT_PATIENCE;
    atomic_store(&driver->books->stop, 1);
    for (unsigned i = 0; i < driver->mode->workers.count; i++) {
        const apr_time_t left = end - brood__clock_now();

        if (brood_process_join(driver->supervisor[i], driver->hung || left < 0 ? 0 : left) == APR_SUCCESS) {
            if (brood_process_exitcode(driver->supervisor[i]) != 0)
                torture_fault(driver->books, TORTURE_ERRORS, "a supervisor ended with %d",
                              brood_process_exitcode(driver->supervisor[i]));
            continue;
        }
        if (!driver->hung) {
            driver->hung = true;
            brood__report("torture: HANG: worker %u does not leave", i);
            dump(driver);
        }
        BROOD_IGNORE(brood_process_kill(driver->supervisor[i]));
        BROOD_IGNORE(brood_process_join(driver->supervisor[i], BROOD_FOREVER));
    }
}

/* ---- accounts ---- */

static bool print_counts(const torture_books_t *books)
{
    static const struct {
        const char *text;
        bool fault;
    } rows[] = {
#define ROW(name, text, fault) {text, fault},
        TORTURE_COUNT_MAP(ROW)
#undef ROW
    };
    bool fine = true;

    for (unsigned i = 0; i < TORTURE_COUNTS; i++) {
        const uint64_t count = atomic_load(&books->count[i]);

        fine = fine && !(rows[i].fault && count != 0);
        if (count != 0 || rows[i].fault)
            printf(" %s %" PRIu64, rows[i].text, count);
    }
    return fine;
}

static void keep_steps(const torture_books_t *books, torture_steps_t *steps)
{
    uint32_t kills = 0, places = 0;

    for (int i = 1; i < BROOD__STEPS; i++) {
        const uint32_t here = atomic_load(&books->kills[i]);

        kills += here;
        places += here != 0;
        steps->kills[i] += here;
        steps->reached[i] += atomic_load(&books->reached[i]);
    }
    printf(" | at steps %u, %u of %d", (unsigned) kills, (unsigned) places, BROOD__STEPS - 1);
}

bool torture_run(unsigned mode, double seconds, uint64_t seed, torture_steps_t *steps, apr_pool_t *mem)
{
    driver_t driver = {
        .mode = torture_mode(mode), .mode_number = mode, .seed = seed, .random = torture_seeded(seed), .mem = mem};
    const torture_stock_t before = torture_stock_take();
    torture_stock_t after;
    char line[300] = "";
    bool fine = true;
    uint64_t moves;

    for (unsigned i = 0; i < mode; i++)
        (void) torture_random(&driver.random);
    if (create(&driver, seconds) != APR_SUCCESS) {
        printf("%s: %s => FAIL\n", driver.mode->name, brood_last_error()->message);
        return false;
    }
    driver.last_move = driver.next_orphan = brood__clock_now();
    for (unsigned i = 0; i < driver.mode->workers.count; i++) {
        driver.moved[i * 2] = driver.moved[i * 2 + 1] = driver.last_move;
        fine = start_supervisor(&driver, i) == APR_SUCCESS && fine;
    }
    watch(&driver, (apr_time_t) (seconds * 1e6), true);
    stop(&driver);
    torture_stock_sweep();
    fine = driver.mode->account(&driver.shared, line, sizeof line, mem) && fine && !driver.hung;

    moves = count_moves(driver.books);
    printf("%s %s seed %" PRIu64 " %gs: operations %" PRIu64, driver.mode->name,
           brood_start_method_name(brood_get_start_method(true)), seed, seconds, moves);
    fine = print_counts(driver.books) && fine && moves != 0;
    keep_steps(driver.books, steps);
    printf(" | %s", line);
    close_all(&driver);
    torture_stock_sweep();
    after = torture_stock_take();
    fine = torture_stock_print(&before, &after) && fine;
    printf(" | longest standstill %d ms => %s\n", (int) (driver.longest / 1000), fine ? "ok" : "FAIL");
    (void) fflush(stdout);
    return fine;
}
