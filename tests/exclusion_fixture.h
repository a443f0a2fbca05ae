/* exclusion_fixture.h - children that count under a lock, and how it is seen that it excludes all but one. */
#ifndef BROOD_TESTS_EXCLUSION_FIXTURE_H
#define BROOD_TESTS_EXCLUSION_FIXTURE_H

#include "harness_tree.h"

/* What the children share: an array of longs. */
enum { INSIDE, BROKEN, TOTAL, FIELDS };

static apr_status_t count_under_lock(brood_call_t *call)
{
    brood_lock_t *lock;
    brood_array_t *shared;
    int rounds;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &shared, &rounds));
    volatile long *field = brood_array_data(shared);
    for (int i = 0; i < rounds; i++) {
        BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
        if (field[INSIDE]++ != 0)
            field[BROKEN] = 1;
        field[TOTAL]++;
        field[INSIDE]--;
        BROOD_TRY(brood_lock_release(lock));
    }
    return APR_SUCCESS;
}

/* So many children, up to 4, count `rounds` times each. */
static void expect_exclusion(brood_lock_t *lock, int count, int rounds, apr_pool_t *mem)
{
    brood_array_t *shared;
    brood_process_t *children[4];

    EXPECT_OK(brood_array_create(&shared, FIELDS, sizeof(long), NULL, mem));
    for (int i = 0; i < count; i++)
        children[i] = harness_start(count_under_lock, BROOD_ARGS(lock, shared, rounds), mem);
    for (int i = 0; i < count; i++)
        EXPECT_EXIT(0, children[i]);
    const long *field = brood_array_data(shared);
    EXPECT(field[TOTAL] == (long) count * rounds);
    EXPECT(field[BROKEN] == 0);
}

#endif
