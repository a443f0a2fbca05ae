/* mode_queue.c - half of the workers put, half get: every item comes whole, once and in its producer's order, or is
 * accounted for. */
#include "torture.h"

#include "platform/clock.h"
#include "queue/lease.h"
#include "queue/task.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LARGEST 40000u /* words of an item */
#define HEAVY 12800u   /* of each item of some storms: 100 KiB */
#define PATIENCE apr_time_from_sec(3)

static brood__ring_t *ring_of(const torture_shared_t *shared)
{
    return (brood__ring_t *) ((brood__ref_t *) (void *) shared->queue)->object;
}

static _Atomic uint64_t *bits_of(_Atomic uint64_t *bits, const torture_shared_t *shared, uint64_t lane, uint64_t item)
{
    return bits + (lane * shared->books->sequences + item) / 64;
}

static uint64_t bit_of(uint64_t item)
{
    return UINT64_C(1) << item % 64;
}

static apr_interval_time_t some_timeout(torture_thread_t *thread)
{
    const uint32_t dice = torture_below(&thread->random, 8);

    return dice < 6 ? PATIENCE : dice == 6 ? BROOD_NOWAIT : (apr_interval_time_t) torture_below(&thread->random, 300);
}

/* ---- items: lane << 56 | number, then words that follow from this and how many there are ---- */

static uint64_t lane_of(const uint64_t *words)
{
    return words[0] >> 56;
}

static uint64_t number_of(const uint64_t *words)
{
    return words[0] & UINT64_C(0xffffffffffffff);
}

static uint32_t some_words(torture_thread_t *thread)
{
    const uint32_t all = torture_mode_of(thread->books)->words;

    if (all != 0)
        return all;
    if (torture_below(&thread->random, 8) != 0)
        return 2 + torture_below(&thread->random, 5); /* in the slot */
    return torture_below(&thread->random, 200) == 0 ? LARGEST : 8 + torture_below(&thread->random, 500);
}

static void fill(uint64_t *words, uint32_t count, unsigned lane, uint64_t item)
{
    words[0] = (uint64_t) lane << 56 | item;
    for (uint32_t i = 1; i < count; i++)
        words[i] = torture_mix(words[0] ^ count) + i;
}

static bool is_whole(const uint64_t *words, apr_size_t size)
{
    for (uint32_t i = 1; i < size / 8; i++)
        if (words[i] != torture_mix(words[0] ^ size / 8) + i)
            return false;
    return size % 8 == 0;
}

/* ---- putting ---- */

/* False: it is not in, and no more will be. */
static bool put(torture_thread_t *thread, const uint64_t *words, uint32_t count)
{
    for (;;) {
        const apr_interval_time_t timeout = some_timeout(thread);
        const apr_status_t rc = brood_queue_put_bytes(thread->shared->queue, words, count * sizeof *words, timeout);

        if (rc == APR_SUCCESS)
            return true;
        if (rc == APR_TIMEUP)
            torture_count(thread->books, TORTURE_TIMEUPS);
        else if (rc == APR_ENOMEM)
            torture_count(thread->books, TORTURE_NO_MEMORY);
        else if (rc == APR_EOF)
            return false;
        else
            torture_fault(thread->books, TORTURE_ERRORS, "put: %s", brood_last_error()->message);
        if (timeout != PATIENCE)
            torture_progress(thread);
        if (atomic_load(&thread->books->stop) != 0)
            return false;
    }
}

static void produce(torture_thread_t *thread)
{
    torture_lane_t *lane = thread->lane;
    uint64_t *words = apr_palloc(thread->mem, LARGEST * sizeof *words);
    uint64_t item = atomic_load(&lane->begun);

    if (item != atomic_load(&lane->done)) { /* the one before us died in a put */
        atomic_fetch_or(bits_of(thread->shared->doubtful, thread->shared, thread->number, item), bit_of(item));
        atomic_store(&lane->done, item);
    }
    while (!torture_over(thread)) {
        const uint32_t count = some_words(thread);

        torture_progress(thread);
        if (item + 2 >= thread->books->sequences) {
            apr_sleep(1000);
            continue;
        }
        fill(words, count, thread->number, ++item);
        atomic_store(&lane->begun, item);
        if (!put(thread, words, count)) {
            atomic_store(&lane->begun, --item); /* it was not put, and the accounts will see if it was */
            apr_sleep(1000);
        }
        atomic_store(&lane->done, item);
    }
}

/* ---- getting ---- */

/* On a lease it may come again, unless it was done. */
static void note_again(const torture_shared_t *shared, uint64_t lane, uint64_t item)
{
    if (brood_queue_deliveries(shared->queue) < 2
        || (atomic_load(bits_of(shared->finished, shared, lane, item)) & bit_of(item)) != 0)
        torture_fault(shared->books, TORTURE_DUPLICATES, "item %u of lane %u came twice", (unsigned) item,
                      (unsigned) lane);
}

/* Note an item that came.  False: it is no item. */
static bool note(const torture_shared_t *shared, const uint64_t *words, uint64_t size)
{
    const uint64_t lane = lane_of(words), item = number_of(words);

    if (size < 16 || lane >= TORTURE_PRODUCERS || item == 0 || item >= shared->books->sequences) {
        torture_fault(shared->books, TORTURE_TORN, "item %llx of %u bytes", (unsigned long long) words[0],
                      (unsigned) size);
        return false;
    }
    if (atomic_fetch_or(bits_of(shared->delivered, shared, lane, item), bit_of(item)) & bit_of(item))
        note_again(shared, lane, item);
    if (brood_queue_deliveries(shared->queue) > 1)
        torture_count(shared->books, TORTURE_RETURNED);
    return true;
}

/* It is whole, and later than those of its producer that came before, to this process or those in its place. */
static void check(const torture_shared_t *shared, const uint64_t *words, apr_size_t size, _Atomic uint64_t *last)
{
    const uint64_t lane = lane_of(words), item = number_of(words);

    if (!is_whole(words, size))
        torture_fault(shared->books, TORTURE_TORN, "item %llx of %u bytes is not whole", (unsigned long long) words[0],
                      (unsigned) size);
    if (brood_queue_deliveries(shared->queue) > 1)
        return; /* in no order */
    if (item <= atomic_load(&last[lane]))
        torture_fault(shared->books, TORTURE_DISORDERED, "item %llx came after a later one",
                      (unsigned long long) words[0]);
    atomic_store(&last[lane], item);
}

/* It is done, as far as this process is concerned; from when it has said so, it must not come again. */
static void finish(const torture_shared_t *shared, const uint64_t *words)
{
    const uint64_t lane = lane_of(words), item = number_of(words);

    if (brood_queue_task_done(shared->queue) == APR_EINVAL)
        torture_fault(shared->books, TORTURE_ERRORS, "task_done: %s", brood_last_error()->message);
    atomic_fetch_or(bits_of(shared->finished, shared, lane, item), bit_of(item));
}

/* In one of the two ways there are, and with too little room every now and then. */
static apr_status_t get(torture_thread_t *thread, uint64_t *words, apr_size_t *size, apr_interval_time_t timeout,
                        apr_pool_t *scratch)
{
    const uint32_t dice = torture_below(&thread->random, 16);
    brood_bytes_t bytes;

    *size = dice == 1 ? 24 : LARGEST * sizeof *words;
    if (dice != 0)
        return brood_queue_get_into(words, size, thread->shared->queue, timeout);
    BROOD_TRY(brood_queue_get_bytes(&bytes, thread->shared->queue, timeout, scratch));
    memcpy(words, bytes.data, bytes.size);
    *size = bytes.size;
    apr_pool_clear(scratch);
    return APR_SUCCESS;
}

static void consume_one(torture_thread_t *thread, uint64_t *words, apr_pool_t *scratch)
{
    torture_books_t *books = thread->books;
    const apr_interval_time_t timeout = some_timeout(thread);
    apr_status_t rc;
    apr_size_t size;
    bool noted;

    atomic_store(&thread->lane->busy, 1);
    rc = get(thread, words, &size, timeout, scratch);
    noted = rc == APR_SUCCESS && note(thread->shared, words, size);
    atomic_store(&thread->lane->busy, 0);
    if (rc == APR_TIMEUP)
        torture_count(books, TORTURE_TIMEUPS);
    else if (rc == APR_EOF)
        apr_sleep(1000);
    else if (rc != APR_SUCCESS && rc != BROOD_ETOOSHORT)
        torture_fault(books, TORTURE_ERRORS, "get: %s", brood_last_error()->message);
    if (rc != APR_TIMEUP || timeout != PATIENCE)
        torture_progress(thread);
    if (!noted)
        return;
    check(thread->shared, words, size, thread->lane->last);
    if (brood__leases(ring_of(thread->shared)) && torture_below(&thread->random, 64) == 0)
        apr_sleep(1000); /* so that it dies with one in hand */
    finish(thread->shared, words);
    torture_count(books, TORTURE_ITEMS);
    if (size > 48)
        torture_count(books, TORTURE_BLOCKS);
}

/* In the queue: what comes back has a place of its own, and each thread has one at most. */
static apr_size_t most_items(const torture_shared_t *shared)
{
    return brood_queue_maxsize(shared->queue) + (brood__leases(ring_of(shared)) ? TORTURE_LANES : 0);
}

static void consume(torture_thread_t *thread)
{
    uint64_t *words = apr_palloc(thread->mem, LARGEST * sizeof *words);
    apr_pool_t *scratch;

    if (apr_pool_create(&scratch, thread->mem) != APR_SUCCESS)
        return;
    while (!torture_over(thread)) {
        apr_size_t size;

        consume_one(thread, words, scratch);
        /* How many there are is no secret while they come and go. */
        if (torture_below(&thread->random, 64) == 0
            && (brood_queue_size(&size, thread->shared->queue) != APR_SUCCESS || size > most_items(thread->shared)))
            torture_fault(thread->books, TORTURE_ERRORS, "%u items in the queue", (unsigned) size);
    }
}

static void work(torture_thread_t *thread)
{
    if (torture_is_consumer(torture_mode_of(thread->books), thread->number / TORTURE_THREADS))
        consume(thread);
    else
        produce(thread);
}

/* ---- accounts ---- */

typedef struct totals_t {
    uint64_t put, lost, doubtful, doubtful_came, left, tasks_lost;
    uint64_t undone; /* came, and nobody noted that it was done */
} totals_t;

/* As many as threads that may have died at one instant each. */
static uint64_t most_died(const torture_shared_t *shared)
{
    return torture_mode_of(shared->books)->workers.threads
           * (atomic_load(&shared->books->count[TORTURE_DEATHS]) + atomic_load(&shared->books->count[TORTURE_ORPHANS]));
}

/* Those who had nobody in their place by the end are counted here. */
static uint64_t getters_killed(const torture_shared_t *shared)
{
    uint64_t killed = atomic_load(&shared->books->count[TORTURE_GETTERS]);

    for (unsigned i = 0; i < TORTURE_LANES; i++)
        killed += atomic_load(&shared->books->lane[i].busy);
    return killed;
}

/* What is still in the queue came, too. */
static bool empty_queue(const torture_shared_t *shared, totals_t *totals, uint64_t *words)
{
    _Atomic uint64_t last[TORTURE_PRODUCERS] = {0};
    apr_size_t promised, size;

    if (brood_queue_size(&promised, shared->queue) != APR_SUCCESS)
        return false;
    for (;;) {
        size = LARGEST * sizeof *words;
        if (brood_queue_get_into(words, &size, shared->queue, BROOD_NOWAIT) != APR_SUCCESS)
            return totals->left == promised;
        if (!note(shared, words, size))
            return false;
        check(shared, words, size, last);
        finish(shared, words);
        totals->left++;
    }
}

/* All tasks are done, but for those that were lost with threads that have died. */
static bool join_tasks(const torture_shared_t *shared, totals_t *totals)
{
    brood__ring_t *ring = ring_of(shared);

    return (ring->options & BROOD__JOINABLE) == 0
           || (brood__tasks_join(&totals->tasks_lost, ring, apr_time_from_sec(20)) == APR_SUCCESS
               && totals->tasks_lost <= (brood__leases(ring) ? 0 : most_died(shared))
               && brood_queue_task_done(shared->queue) == APR_EINVAL);
}

static void account_lane(const torture_shared_t *shared, totals_t *totals, unsigned number)
{
    const torture_lane_t *lane = &shared->books->lane[number];
    const uint64_t begun = atomic_load(&lane->begun);

    for (uint64_t item = 1; item <= begun + 1; item++) {
        const bool came = (atomic_load(bits_of(shared->delivered, shared, number, item)) & bit_of(item)) != 0;
        const bool doubtful = (atomic_load(bits_of(shared->doubtful, shared, number, item)) & bit_of(item)) != 0
                              || (item == begun && atomic_load(&lane->done) != begun);

        if (item > begun) {
            if (came)
                torture_fault(shared->books, TORTURE_ERRORS, "an item came that was never put");
            continue;
        }
        totals->put++;
        totals->doubtful += doubtful;
        totals->doubtful_came += doubtful && came;
        totals->lost += !doubtful && !came;
        totals->undone += came && (atomic_load(bits_of(shared->finished, shared, number, item)) & bit_of(item)) == 0;
    }
}

static bool account(const torture_shared_t *shared, char *line, apr_size_t size, apr_pool_t *mem)
{
    uint64_t *words = apr_palloc(mem, LARGEST * sizeof *words);
    const bool leases = brood__leases(ring_of(shared));
    const uint64_t getters = leases ? 0 : getters_killed(shared);
    totals_t totals = {0, 0, 0, 0, 0, 0, 0};
    bool fine = empty_queue(shared, &totals, words) && join_tasks(shared, &totals);

    for (unsigned i = 0; i < TORTURE_PRODUCERS; i++)
        account_lane(shared, &totals, i);
    (void) snprintf(line, size,
                    "room for %u: put %" PRIu64 " left %" PRIu64 "%s LOST %" PRIu64 " (at most %" PRIu64
                    ") in doubt %" PRIu64 " (came %" PRIu64 "), tasks lost %" PRIu64 ", %snot done %" PRIu64,
                    (unsigned) brood_queue_maxsize(shared->queue), totals.put, totals.left,
                    fine ? "" : " NOT AS MANY AS SAID", totals.lost, getters, totals.doubtful, totals.doubtful_came,
                    totals.tasks_lost, leases ? "on leases, " : "", totals.undone);
    return fine && totals.lost <= getters && totals.undone <= most_died(shared);
}

static const int steps[] = {BROOD__STEP_PUT_LOCKED,     BROOD__STEP_PUT_HALF,          BROOD__STEP_PUT_FILLED,
                            BROOD__STEP_PUT_COMMITTED,  BROOD__STEP_PUT_UNLOCKED,      BROOD__STEP_PUT_DONE,
                            BROOD__STEP_GET_LOCKED,     BROOD__STEP_GET_COPIED,        BROOD__STEP_GET_OWNED,
                            BROOD__STEP_GET_COMMITTED,  BROOD__STEP_GET_DONE,          BROOD__STEP_WAIT_ARMED,
                            BROOD__STEP_WAIT_NOTED,     BROOD__STEP_WAIT_WOKEN,        BROOD__STEP_WAIT_REARMED,
                            BROOD__STEP_RING_CLAIMED,   BROOD__STEP_RING_BUMPED,       BROOD__STEP_RING_RANG,
                            BROOD__STEP_SWEEP_BLOCK,    BROOD__STEP_END_UNLOCKED_DEAD, BROOD__STEP_SWEEP_ENDS_LOCKED,
                            BROOD__STEP_HEAP_CLAIMED,   BROOD__STEP_HEAP_REFILLED,     BROOD__STEP_HEAP_FREED,
                            BROOD__STEP_OBJECT_HELD,    BROOD__STEP_END_TAKEN,         BROOD__STEP_CHUNK_READY,
                            BROOD__STEP_CHUNK_LINKED,   BROOD__STEP_CHUNK_SPARE_TAKEN, BROOD__STEP_CHUNK_TAKEN,
                            BROOD__STEP_CHUNK_LEFT,     BROOD__STEP_TASK_BEGUN,        BROOD__STEP_TASK_COMMITTED,
                            BROOD__STEP_TASK_REVOKED,   BROOD__STEP_TASK_FINISHED,     BROOD__STEP_LEASE_OWNED,
                            BROOD__STEP_LEASE_GOT,      BROOD__STEP_LEASE_ENDED,       BROOD__STEP_LEASE_LINKED,
                            BROOD__STEP_LEASE_RETURNED, BROOD__STEP_LEASE_LINKED,      BROOD__STEP_LEASE_RETURNED,
                            BROOD__STEP_LEASE_LINKED,   BROOD__STEP_LEASE_RETURNED,    0};

const torture_mode_t torture_queue = {"queue", TORTURE_USUAL_WORKERS, work, account, steps, 0};

/* ---- storms: some die often, the others never ---- */

#define STORM(who, producers, consumers, ends, size, words)                                                      \
    {                                                                                                            \
        who "." #ends "." size, {2 * ends, 1, {producers, consumers}, ends * 40000}, work, account, steps, words \
    }
#define STORMS(who, producers, consumers)                                                             \
    STORM(who, producers, consumers, 1, "16", 2), STORM(who, producers, consumers, 1, "100K", HEAVY), \
        STORM(who, producers, consumers, 4, "16", 2), STORM(who, producers, consumers, 4, "100K", HEAVY)

const torture_mode_t torture_storms[12] = {STORMS("consumers", false, true), STORMS("producers", true, false),
                                           STORMS("both", true, true)};
