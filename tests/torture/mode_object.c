/* mode_object.c - short lives: locks, queues and arrays that are made, handed on, closed, and left behind by the dead,
 * with blocks in them.  Afterwards nothing is left of any. */
#include "torture.h"

#include "platform/clock.h"
#include <stdio.h>

#define LARGEST 50000u /* words of an item, of an array */
#define CAPACITY 8u

/* What a grandchild is given besides what all know. */
typedef struct gift_t {
    brood_queue_t *queue;
    brood_lock_t *lock;
    brood_array_t *array; /* words: two that are counted up under the lock, then a pattern */
} gift_t;

static uint32_t some_words(torture_thread_t *thread)
{
    const uint32_t dice = torture_below(&thread->random, 40);

    if (dice == 0)
        return LARGEST;
    return dice < 20 ? 1 + torture_below(&thread->random, 6) : torture_below(&thread->random, 500);
}

static void failed(torture_thread_t *thread, const char *what, apr_status_t rc)
{
    torture_fault(thread->books, TORTURE_ERRORS, "%s: %d, %s", what, rc, brood_last_error()->message);
}

/* ---- words that tell whether they are whole ---- */

static void fill(uint64_t *words, apr_size_t from, apr_size_t count)
{
    for (apr_size_t i = from; i < count; i++)
        words[i] = torture_mix(count) + i;
}

static bool is_whole(const uint64_t *words, apr_size_t from, apr_size_t count)
{
    for (apr_size_t i = from; i < count; i++)
        if (words[i] != torture_mix(count) + i)
            return false;
    return true;
}

static void put_some(torture_thread_t *thread, brood_queue_t *queue, unsigned most)
{
    for (unsigned i = torture_below(&thread->random, most + 1); i > 0; i--) {
        const uint32_t count = some_words(thread);
        uint64_t *words = apr_palloc(thread->mem, count * sizeof *words + 1);
        apr_status_t rc;

        fill(words, 0, count);
        rc = brood_queue_put_bytes(queue, words, count * sizeof *words, BROOD_NOWAIT);
        if (rc != APR_SUCCESS && rc != APR_TIMEUP)
            failed(thread, "put", rc);
    }
}

static void get_some(torture_thread_t *thread, brood_queue_t *queue, unsigned most)
{
    for (unsigned i = torture_below(&thread->random, most + 1); i > 0; i--) {
        brood_bytes_t bytes;
        const apr_status_t rc = brood_queue_get_bytes(&bytes, queue, BROOD_NOWAIT, thread->mem);

        if (rc == APR_TIMEUP)
            return;
        if (rc != APR_SUCCESS) {
            failed(thread, "get", rc);
            return;
        }
        torture_count(thread->books, TORTURE_ITEMS);
        if (!is_whole(bytes.data, 0, bytes.size / sizeof(uint64_t)))
            torture_fault(thread->books, TORTURE_TORN, "an item of %u bytes is not whole", (unsigned) bytes.size);
    }
}

static void count_up(torture_thread_t *thread, brood_lock_t *lock, brood_array_t *array)
{
    const apr_status_t rc = brood_lock_acquire(lock, BROOD_FOREVER);
    uint64_t *words = brood_array_data(array);

    if (rc == BROOD_EOWNERDEAD)
        words[1] = words[0];
    else if (rc != APR_SUCCESS) {
        failed(thread, "acquire", rc);
        return;
    }
    if (words[0] != words[1])
        torture_fault(thread->books, TORTURE_VIOLATIONS, "the array was changed beside its lock");
    words[0]++;
    if (torture_below(&thread->random, 8) == 0)
        brood__clock_yield();
    words[1]++;
    if (brood_lock_release(lock) != APR_SUCCESS)
        failed(thread, "release", APR_EINVAL);
    if (!is_whole(words, 2, brood_array_count(array)))
        torture_fault(thread->books, TORTURE_VIOLATIONS, "an array of %u words is another's, too",
                      (unsigned) brood_array_count(array));
}

static apr_status_t make_gift(torture_thread_t *thread, gift_t *gift, apr_pool_t *mem)
{
    const uint32_t words = some_words(thread) + 2;

    BROOD_TRY(brood_queue_create(&gift->queue, CAPACITY, NULL, mem));
    BROOD_TRY(brood_array_create(&gift->array, words, sizeof(uint64_t), NULL, mem));
    if (torture_below(&thread->random, 2) == 0)
        BROOD_TRY(brood_lock_create(&gift->lock, mem));
    else
        gift->lock = brood_array_lock(gift->array);
    fill(brood_array_data(gift->array), 2, words);
    put_some(thread, gift->queue, CAPACITY);
    torture_count(thread->books, TORTURE_OBJECTS);
    return APR_SUCCESS;
}

/* In any order, or not: then the pool's end does it, or the process's. */
static void close_some(torture_thread_t *thread, gift_t *gift)
{
    const uint32_t dice = torture_below(&thread->random, 8);

    if (dice & 1)
        brood_queue_close(gift->queue);
    if (dice & 2)
        brood_array_close(gift->array);
    else if (dice & 4 && gift->lock != brood_array_lock(gift->array))
        brood_lock_close(gift->lock);
}

/* ---- what a short life is made of ---- */

static apr_status_t use_alone(torture_thread_t *thread, apr_pool_t *mem)
{
    gift_t gift, second;

    BROOD_TRY(make_gift(thread, &gift, mem));
    second = gift;
    if (torture_below(&thread->random, 2) == 0) { /* a second reference, that lives on when the first is closed */
        brood_value_t copy = brood_value_copy(BROOD_LIST(gift.queue, gift.array, gift.lock), mem);

        BROOD_TRY(BROOD_UNPACK(copy, &second.queue, &second.array, &second.lock));
        close_some(thread, &gift);
    }
    get_some(thread, second.queue, CAPACITY);
    count_up(thread, second.lock, second.array);
    close_some(thread, &second);
    return APR_SUCCESS;
}

static apr_status_t hand_on(torture_thread_t *thread, apr_pool_t *mem)
{
    const torture_shared_t *shared = thread->shared;
    char plan[TORTURE_PLAN];
    const char *const environment[] = {plan, NULL};
    const brood_process_options_t options = {.environment = environment};
    const uint32_t dice = torture_below(&thread->random, 8);
    brood_process_t *child;
    gift_t gift;
    int step;

    torture_plan(plan, &step, torture_object.steps, &thread->random);
    BROOD_TRY(make_gift(thread, &gift, mem));
    BROOD_TRY(brood_process_start(&child, torture_child_entry,
                                  BROOD_ARGS(shared->books_array, shared->items_array, shared->queue, shared->lock[0],
                                             shared->lock[1], thread->number,
                                             (unsigned long long) torture_random(&thread->random), gift.queue,
                                             gift.array, gift.lock),
                                  &options, mem));
    torture_count(thread->books, TORTURE_GRANDCHILDREN);
    if (dice < 6)
        close_some(thread, &gift);
    else {
        count_up(thread, gift.lock, gift.array);
        get_some(thread, gift.queue, CAPACITY);
    }
    if (dice == 1) {
        apr_sleep(torture_below(&thread->random, 2000));
        BROOD_IGNORE(brood_process_kill(child));
    }
    return dice == 2 ? APR_SUCCESS : brood_process_join(child, BROOD_FOREVER);
}

apr_status_t torture_child_entry(brood_call_t *call)
{
    static torture_lane_t lane;
    torture_shared_t shared;
    torture_thread_t thread = {.shared = &shared, .lane = &lane, .mem = call->mem};
    unsigned long long seed;
    gift_t gift;

    BROOD_TRY(BROOD_UNPACK(call->args, &shared.books_array, &shared.items_array, &shared.queue, &shared.lock[0],
                           &shared.lock[1], &thread.number, &seed, &gift.queue, &gift.array, &gift.lock));
    torture_locate(&shared);
    torture_steps_follow(shared.books);
    thread.books = shared.books;
    thread.random = torture_seeded(seed);
    if (torture_below(&thread.random, 2) == 0)
        close_some(&thread, &(gift_t){shared.queue, shared.lock[0], shared.books_array});
    for (unsigned i = torture_below(&thread.random, 4); i > 0; i--) {
        get_some(&thread, gift.queue, CAPACITY);
        put_some(&thread, gift.queue, CAPACITY);
        count_up(&thread, gift.lock, gift.array);
    }
    close_some(&thread, &gift);
    return APR_SUCCESS;
}

static void work(torture_thread_t *thread)
{
    torture_thread_t part = *thread; /* with a pool for each round */

    while (!torture_over(thread)) {
        apr_status_t rc;

        if (apr_pool_create(&part.mem, thread->mem) != APR_SUCCESS)
            return;
        part.random = torture_random(&thread->random) | 1;
        if (torture_below(&part.random, 4) == 0) {
            put_some(&part, thread->shared->queue, 3);
            get_some(&part, thread->shared->queue, 3);
        }
        rc = torture_below(&part.random, 4) == 0 ? hand_on(&part, part.mem) : use_alone(&part, part.mem);
        if (rc != APR_SUCCESS)
            failed(thread, "a short life", rc);
        apr_pool_destroy(part.mem);
        torture_progress(thread);
    }
}

static bool account(const torture_shared_t *shared, char *line, apr_size_t size, apr_pool_t *mem)
{
    apr_size_t left = 0;

    (void) mem;
    BROOD_IGNORE(brood_queue_size(&left, shared->queue));
    (void) snprintf(line, size, "left in the queue %u", (unsigned) left); /* it goes with them in it */
    return true;
}

static const int steps[] = {BROOD__STEP_OBJECT_LOCKED,
                            BROOD__STEP_OBJECT_HELD,
                            BROOD__STEP_OBJECT_DROPPED,
                            BROOD__STEP_OBJECT_DESTROYED,
                            BROOD__STEP_OBJECT_TAKEN,
                            BROOD__STEP_OBJECT_TAKEN,
                            BROOD__STEP_ADOPT_PID,
                            BROOD__STEP_ADOPTED,
                            BROOD__STEP_SWEEP_BLOCK,
                            BROOD__STEP_PUT_FILLED,
                            BROOD__STEP_GET_OWNED,
                            BROOD__STEP_OBJECT_DESTROYED,
                            BROOD__STEP_SWEEP_ENDS_LOCKED,
                            BROOD__STEP_SWEEP_WOKE,
                            BROOD__STEP_SWEEP_FREED,
                            BROOD__STEP_HEAP_FREED,
                            BROOD__STEP_HEAP_LARGE_FREED,
                            BROOD__STEP_LOCK_FAST,
                            0};

const torture_mode_t torture_object = {"object", work, account, steps};
