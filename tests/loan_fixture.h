/* loan_fixture.h - items with objects in them, put in a queue and got out of it, step by step. */
#ifndef BROOD_TESTS_LOAN_FIXTURE_H
#define BROOD_TESTS_LOAN_FIXTURE_H

#include "harness.h"

#include "base/codec.h"
#include "memory/heap.h"
#include "memory/layout.h"
#include "memory/loan.h"
#include "queue/ring.h"
#include <brood.h>

static inline brood__object_t *object_of(void *reference)
{
    return ((brood__ref_t *) reference)->object;
}

/* ---- what there is ---- */

static inline brood__heap_use_t count(void)
{
    brood__heap_use_t use;

    brood__heap_flush();
    brood__heap_count(&use);
    return use;
}

static inline void expect_balance(brood__heap_use_t before)
{
    const brood__heap_use_t after = count();

    EXPECT(after.mine == before.mine);
    EXPECT(after.queued == before.queued);
    EXPECT(after.objects == before.objects);
}

static inline uint32_t loans_of(void *reference)
{
    uint32_t loans;

    brood__object_lock();
    loans = object_of(reference)->loans;
    brood__object_unlock();
    return loans;
}

/* ---- items ---- */

static inline void end_item(const brood__item_t *item)
{
    brood__loan_end(item->block);
    brood__heap_free(item->block);
}

/* In a block of this process. */
static inline apr_status_t make_item(brood__item_t *item, brood_value_t value)
{
    brood__output_t output = {NULL, 0, 0, NULL};
    brood__loans_t loans;
    apr_status_t rc;

    BROOD_TRY(brood__loans_measure(&output, value, &loans));
    *item = (brood__item_t){0, brood__loans_size(&loans) + output.size, NULL, BROOD__VALUES};
    BROOD_TRY(brood__heap_alloc(&item->block, item->length));
    output =
        (brood__output_t){(unsigned char *) brood__at(item->block) + brood__loans_size(&loans), 0, output.size, NULL};
    rc = brood__loans_encode(&output, value, &loans);
    if (rc == APR_SUCCESS)
        rc = brood__loan_begin(item->block, &loans);
    if (rc != APR_SUCCESS)
        brood__heap_free(item->block);
    return rc;
}

static inline apr_status_t read_item(brood_value_t *value, const brood__item_t *item, apr_pool_t *mem)
{
    const uint64_t data = brood__loan_data(item->block);

    if (data > item->length)
        return brood_fail_text(BROOD_EDECODE, "an item has been overwritten");
    return brood__decode(value, (const char *) brood__at(item->block) + data, (size_t) (item->length - data), true,
                         mem);
}

static inline apr_status_t take_item(brood__item_t *item, brood_queue_t *queue, apr_interval_time_t timeout)
{
    static const brood__wish_t wish = {BROOD__VALUES, 1, UINT64_MAX, false};
    uint32_t count;

    return brood__ring_get(&count, item, NULL, (brood__ring_t *) object_of(queue), &wish, timeout);
}

#endif
