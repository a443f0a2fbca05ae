/* A storm: many children killed at random moments while they take one lock and use the arena; afterwards everything is
 * as if they had never been.
 *
 *   torture_storm [CHILDREN] [SEED]
 *
 * Without arguments: 500 children, BROOD_TORTURE_SEED (1); by BROOD_START_METHOD, or by each method there is.  One line
 * of accounts a method; exit code 1 if one of them says FAIL.  Asked for is at most one block lost a child; what is
 * claimed, and checked, is none. */
#include "torture/torture.h"

#include "platform/child.h"
#include "platform/clock.h"
#include <apr_file_io.h>
#include <apr_portable.h>
#include <stdio.h>
#include <stdlib.h>

#define AT_ONCE 20u
#define LIFE 30000 /* microseconds at most, from its start */
#define PIPES 8

/* In a shared array. */
typedef struct ledger_t {
    _Atomic uint64_t rounds, blocks, owner_dead, dead_inside, violations, errors;
    _Alignas(64) _Atomic uint32_t inside;
    uint64_t first, second; /* equal, but for who is inside */
} ledger_t;

typedef struct storm_t {
    brood_array_t *array;
    brood_lock_t *lock;
    ledger_t *ledger;
    uint64_t random;
    unsigned started, killed, alive;
    brood_process_t *child[AT_ONCE];
    apr_time_t end[AT_ONCE];
} storm_t;

/* ---- a child ---- */

static void use_arena(ledger_t *ledger, uint64_t *random)
{
    uint64_t block[4];
    unsigned count = 1 + torture_below(random, 4);

    for (unsigned i = 0; i < count; i++) {
        const uint32_t size = torture_below(random, 50) == 0 ? 300000 : 1 + torture_below(random, 5000);

        if (brood__heap_alloc(&block[i], size) == APR_SUCCESS)
            *(uint64_t *) brood__at(block[i]) = block[i];
        else {
            atomic_fetch_add(&ledger->errors, 1);
            block[i] = 0;
        }
    }
    while (count-- > 0) {
        if (block[count] == 0)
            continue;
        if (*(uint64_t *) brood__at(block[count]) != block[count])
            atomic_fetch_add(&ledger->violations, 1); /* it was another's, too */
        brood__heap_free(block[count]);
        atomic_fetch_add(&ledger->blocks, 1);
    }
}

static void check_inside(ledger_t *ledger, apr_status_t rc)
{
    const uint32_t before = atomic_exchange(&ledger->inside, brood__me);

    if (rc == BROOD_EOWNERDEAD) {
        atomic_fetch_add(&ledger->owner_dead, 1);
        atomic_fetch_add(&ledger->dead_inside, before != 0);
        ledger->second = ledger->first;
    }
    if ((before != 0 && (rc != BROOD_EOWNERDEAD || brood__table_alive(before))) || ledger->first != ledger->second)
        atomic_fetch_add(&ledger->violations, 1);
    ledger->first++;
}

/* Until it is killed. */
static apr_status_t suffer(brood_call_t *call)
{
    unsigned long long seed;
    brood_array_t *array;
    brood_lock_t *lock;
    ledger_t *ledger;
    uint64_t random;

    BROOD_TRY(BROOD_UNPACK(call->args, &array, &lock, &seed));
    ledger = brood_array_data(array);
    random = torture_seeded(seed);
    for (;;) {
        const apr_status_t rc = brood_lock_acquire(lock, BROOD_FOREVER);

        if (rc != APR_SUCCESS && rc != BROOD_EOWNERDEAD)
            return rc;
        check_inside(ledger, rc);
        use_arena(ledger, &random);
        ledger->second++;
        atomic_store(&ledger->inside, 0);
        BROOD_TRY(brood_lock_release(lock));
        use_arena(ledger, &random);
        atomic_fetch_add_explicit(&ledger->rounds, 1, memory_order_relaxed);
    }
}

/* ---- their parent ---- */

static apr_status_t start_one(storm_t *storm, unsigned place, const brood_process_options_t *options, apr_pool_t *mem)
{
    BROOD_TRY(
        brood_process_start(&storm->child[place], suffer,
                            BROOD_ARGS(storm->array, storm->lock, (unsigned long long) torture_random(&storm->random)),
                            options, mem));
    storm->end[place] = brood__clock_now() + torture_below(&storm->random, LIFE);
    storm->started++;
    storm->alive++;
    return APR_SUCCESS;
}

static apr_status_t end_one(storm_t *storm, unsigned place)
{
    BROOD_TRY(brood_process_kill(storm->child[place]));
    BROOD_TRY(brood_process_join(storm->child[place], BROOD_FOREVER));
    if (brood_process_exitcode(storm->child[place]) == 1)
        return brood_fail(APR_EGENERAL, "a child failed instead of being killed");
    BROOD_TRY(brood_process_close(storm->child[place]));
    storm->child[place] = NULL;
    storm->killed++;
    storm->alive--;
    return APR_SUCCESS;
}

static apr_status_t rage(storm_t *storm, unsigned children, const brood_process_options_t *options, apr_pool_t *mem)
{
    while (storm->killed < children) {
        for (unsigned i = 0; i < AT_ONCE; i++) {
            if (storm->child[i] == NULL && storm->started < children)
                BROOD_TRY(start_one(storm, i, options, mem));
            else if (storm->child[i] != NULL && brood__clock_now() > storm->end[i])
                BROOD_TRY(end_one(storm, i));
        }
        apr_sleep(200);
    }
    return APR_SUCCESS;
}

/* Numbers of descriptors that are free, the lowest where the system gives the lowest. */
static apr_status_t free_descriptors(intptr_t numbers[2 * PIPES], apr_pool_t *mem)
{
    apr_pool_t *scratch;

    BROOD_TRY(apr_pool_create(&scratch, mem));
    for (unsigned i = 0; i < PIPES; i++) {
        apr_file_t *ends[2];
        apr_os_file_t number;

        BROOD_TRY(apr_file_pipe_create(&ends[0], &ends[1], scratch));
        for (unsigned j = 0; j < 2; j++) {
            apr_os_file_get(&number, ends[j]);
            numbers[2 * i + j] = (intptr_t) number;
        }
    }
    apr_pool_destroy(scratch);
    return APR_SUCCESS;
}

/* The first start opens what stays open, so one child comes before the storm. */
static apr_status_t warm_up(storm_t *storm, const brood_process_options_t *options, apr_pool_t *mem)
{
    BROOD_TRY(start_one(storm, 0, options, mem));
    BROOD_TRY(end_one(storm, 0));
    storm->started = storm->killed = 0;
    return APR_SUCCESS;
}

static apr_status_t check_lock(storm_t *storm)
{
    apr_status_t rc = brood_lock_acquire(storm->lock, BROOD_NOWAIT);

    if (rc != APR_SUCCESS && rc != BROOD_EOWNERDEAD)
        return rc;
    BROOD_TRY(brood_lock_release(storm->lock));
    BROOD_TRY(brood_lock_acquire(storm->lock, BROOD_NOWAIT));
    return brood_lock_release(storm->lock);
}

static bool print_accounts(const storm_t *storm, brood_start_method_t method, unsigned zombies, bool same_descriptors)
{
    const ledger_t *ledger = storm->ledger;

    printf(
        "storm %s: children %u killed %u rounds %llu blocks %llu owner dead %llu, of them inside %llu violations %llu "
        "errors %llu left as children %u descriptors %s",
        brood_start_method_name(method), storm->started, storm->killed, (unsigned long long) ledger->rounds,
        (unsigned long long) ledger->blocks, (unsigned long long) ledger->owner_dead,
        (unsigned long long) ledger->dead_inside, (unsigned long long) ledger->violations,
        (unsigned long long) ledger->errors, zombies, same_descriptors ? "as before" : "LEAKED");
    return ledger->violations == 0 && ledger->errors == 0 && zombies == 0 && same_descriptors;
}

static apr_status_t storm_by(bool *fine, brood_start_method_t method, brood_call_t *call, apr_pool_t *mem)
{
    const unsigned children = (unsigned) strtoul(torture_argument(call, 0, NULL, "500"), NULL, 10);
    const uint64_t seed = strtoull(torture_argument(call, 1, "BROOD_TORTURE_SEED", "1"), NULL, 10);
    const brood_process_options_t options = {.start_method = method};
    intptr_t before_numbers[2 * PIPES], after_numbers[2 * PIPES];
    const torture_stock_t before = torture_stock_take();
    storm_t storm = {.random = torture_seeded(seed)};
    brood_process_t **left;
    torture_stock_t after;
    unsigned zombies = 0;
    bool same = true, calm;

    BROOD_TRY(brood_array_create(&storm.array, 1, sizeof *storm.ledger, NULL, mem));
    BROOD_TRY(brood_lock_create(&storm.lock, mem));
    storm.ledger = brood_array_data(storm.array);
    BROOD_TRY(warm_up(&storm, &options, mem));
    BROOD_TRY(free_descriptors(before_numbers, mem));
    BROOD_TRY(rage(&storm, children, &options, mem));
    BROOD_TRY(free_descriptors(after_numbers, mem));
    BROOD_TRY(check_lock(&storm));
    if ((left = brood_active_children(mem)) == NULL)
        return APR_ENOMEM;
    while (left[zombies] != NULL)
        zombies++;
    for (unsigned i = 0; i < 2 * PIPES && brood__child_methods() != 0; i++)
        same = same && before_numbers[i] == after_numbers[i];
    calm = print_accounts(&storm, method, zombies, same);
    brood_lock_close(storm.lock);
    brood_array_close(storm.array);
    after = torture_stock_take(); /* without a sweep: each end was heard of, and told the table */
    calm = torture_stock_print(&before, &after) && calm;
    printf(" (bound: %u blocks, one a child) => %s\n", storm.killed, calm ? "ok" : "FAIL");
    *fine = *fine && calm;
    return APR_SUCCESS;
}

static apr_status_t storm(brood_call_t *call)
{
    return torture_by_each_method(call, storm_by);
}

BROOD_MAIN(storm, BROOD_ENTRY(suffer))
