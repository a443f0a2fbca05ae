/* gift.c - objects that tell whether they are whole, and only one's: to be handed on in the ways of several modes. */
#include "torture.h"

#include "platform/clock.h"
#include <stdio.h>

#define LARGEST 50000u /* words of an item, of an array */

static uint32_t some_words(torture_thread_t *thread)
{
    const uint32_t dice = torture_below(&thread->random, 40);

    if (dice == 0)
        return LARGEST;
    return dice < 20 ? 1 + torture_below(&thread->random, 6) : torture_below(&thread->random, 500);
}

void torture_failed(torture_thread_t *thread, const char *what, apr_status_t rc)
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

void torture_put_some(torture_thread_t *thread, brood_queue_t *queue, unsigned most)
{
    for (unsigned i = torture_below(&thread->random, most + 1); i > 0; i--) {
        const uint32_t count = some_words(thread);
        uint64_t *words = apr_palloc(thread->mem, count * sizeof *words + 1);
        apr_status_t rc;

        fill(words, 0, count);
        rc = brood_queue_put_bytes(queue, words, count * sizeof *words, BROOD_NOWAIT);
        if (rc != APR_SUCCESS && rc != APR_TIMEUP)
            torture_failed(thread, "put", rc);
    }
}

void torture_get_some(torture_thread_t *thread, brood_queue_t *queue, unsigned most)
{
    for (unsigned i = torture_below(&thread->random, most + 1); i > 0; i--) {
        brood_bytes_t bytes;
        const apr_status_t rc = brood_queue_get_bytes(&bytes, queue, BROOD_NOWAIT, thread->mem);

        if (rc == APR_TIMEUP)
            return;
        if (rc != APR_SUCCESS) {
            torture_failed(thread, "get", rc);
            return;
        }
        torture_count(thread->books, TORTURE_ITEMS);
        if (!is_whole(bytes.data, 0, bytes.size / sizeof(uint64_t)))
            torture_fault(thread->books, TORTURE_TORN, "an item of %u bytes is not whole", (unsigned) bytes.size);
    }
}

void torture_count_up(torture_thread_t *thread, brood_lock_t *lock, brood_array_t *array)
{
    const apr_status_t rc = brood_lock_acquire(lock, BROOD_FOREVER);
    uint64_t *words = brood_array_data(array);

    if (rc == BROOD_EOWNERDEAD)
        words[1] = words[0];
    else if (rc != APR_SUCCESS) {
        torture_failed(thread, "acquire", rc);
        return;
    }
    if (words[0] != words[1])
        torture_fault(thread->books, TORTURE_VIOLATIONS, "the array was changed beside its lock");
    words[0]++;
    if (torture_below(&thread->random, 8) == 0)
        brood__clock_yield();
    words[1]++;
    if (brood_lock_release(lock) != APR_SUCCESS)
        torture_failed(thread, "release", APR_EINVAL);
    if (!is_whole(words, 2, brood_array_count(array)))
        torture_fault(thread->books, TORTURE_VIOLATIONS, "an array of %u words is another's, too",
                      (unsigned) brood_array_count(array));
}

apr_status_t torture_make_gift(torture_thread_t *thread, torture_gift_t *gift, apr_pool_t *mem)
{
    const uint32_t words = some_words(thread) + 2;

    BROOD_TRY(brood_queue_create(&gift->queue, TORTURE_CAPACITY, NULL, mem));
    BROOD_TRY(brood_array_create(&gift->array, words, sizeof(uint64_t), NULL, mem));
    if (torture_below(&thread->random, 2) == 0)
        BROOD_TRY(brood_lock_create(&gift->lock, mem));
    else
        gift->lock = brood_array_lock(gift->array);
    fill(brood_array_data(gift->array), 2, words);
    torture_put_some(thread, gift->queue, TORTURE_CAPACITY);
    torture_count(thread->books, TORTURE_OBJECTS);
    return APR_SUCCESS;
}

void torture_close_some(torture_thread_t *thread, torture_gift_t *gift)
{
    const uint32_t dice = torture_below(&thread->random, 8);

    if (dice & 1)
        brood_queue_close(gift->queue);
    if (dice & 2)
        brood_array_close(gift->array);
    else if (dice & 4 && gift->lock != brood_array_lock(gift->array))
        brood_lock_close(gift->lock);
}

/* ---- what the modes have in common ---- */

void torture_in_rounds(torture_thread_t *thread, torture_round_fn round, const char *what)
{
    torture_thread_t part = *thread; /* with a pool for each round */

    while (!torture_over(thread)) {
        apr_status_t rc;

        if (apr_pool_create(&part.mem, thread->mem) != APR_SUCCESS)
            return;
        part.random = torture_random(&thread->random) | 1;
        if ((rc = round(&part, part.mem)) != APR_SUCCESS)
            torture_failed(thread, what, rc);
        apr_pool_destroy(part.mem);
        torture_progress(thread);
    }
}

bool torture_account_left(const torture_shared_t *shared, char *line, apr_size_t size, apr_pool_t *mem)
{
    apr_size_t left = 0;

    (void) mem;
    BROOD_IGNORE(brood_queue_size(&left, shared->queue));
    (void) snprintf(line, size, "left in the queue %u", (unsigned) left); /* it goes with them in it */
    return true;
}
