/* Workers of a pool end at each step of their turn: whatever one had in hand but not begun is done by another, what it had
 * done counts, and only the task that it had begun is lost.
 *
 * Without BROOD_TORTURE there are no steps, and each lives on. */
#include "harness_log.h"
#include "pool_fixture.h"
#include "base/step.h"
#include "platform/self.h"
#include <string.h>

#define WORKERS 3u
#define TASKS 40
#define ROUNDS 60
#define LIVES 12 /* for each step */

/* ---- how workers end: `lives` of them so far, and how many at each step ---- */

#define STEPS 8

#ifdef BROOD_TORTURE
static const int steps[STEPS] = {BROOD__STEP_RUN_IDLE,       BROOD__STEP_RUN_TAKEN,      BROOD__STEP_RUN_CLAIMED,
                                 BROOD__STEP_RUN_DONE,       BROOD__STEP_COMPLETION_PUT, BROOD__STEP_COMPLETION_MARKED,
                                 BROOD__STEP_SLEEP_DECLARED, BROOD__STEP_SLEEP_ENDED};
static const bool has_steps = true;
static _Atomic int *ends;
static int planned, visits;
static bool is_working; /* it has said that it is there */

static void on_step(int step)
{
    is_working = is_working || step == BROOD__STEP_RUN_IDLE || step == BROOD__STEP_RUN_TAKEN;
    if (!is_working || step != steps[planned] || --visits != 0)
        return;
    atomic_fetch_add(&ends[planned], 1);
    brood__self_kill();
}

static void plan(brood_array_t *array)
{
    const int life = atomic_fetch_add(&counts(array)[STEPS], 1);

    ends = counts(array);
    planned = life % STEPS;
    visits = 1 + life / STEPS % 5;
    brood__step = on_step;
}
#else
static const bool has_steps = false;

static void plan(brood_array_t *array)
{
    (void) array;
}
#endif

static apr_status_t begin(brood_call_t *call)
{
    brood_array_t *array;

    BROOD_TRY(BROOD_UNPACK(call->args, &array));
    plan(array);
    return APR_SUCCESS;
}

/* ---- tasks, short and long ones in turn ---- */

static apr_status_t repeat(brood_call_t *call)
{
    brood_value_t number, text;

    BROOD_TRY(BROOD_UNPACK(call->args, &number, &text));
    return brood_return(call, BROOD_ARGS(number, text));
}

static const char *text_of(int number)
{
    char *text;

    if (number % 2 == 0)
        return "";
    text = apr_palloc(mem, 1000);
    memset(text, 'a' + number % 26, 999);
    text[999] = '\0';
    return text;
}

static void expect_result(brood_value_t value, int number)
{
    EXPECT(brood_value_count(value) == 2);
    EXPECT(brood_value_at(value, 0).as.integer == number);
    EXPECT_TEXT(text_of(number),
                apr_pstrmemdup(mem, brood_value_at(value, 1).as.text.data, brood_value_at(value, 1).as.text.size));
}

/* How many are lost of so many. */
static int do_round(brood_pool_t *pool)
{
    brood_future_t *future[TASKS];
    int lost = 0;

    for (int i = 0; i < TASKS; i++)
        future[i] = give(pool, repeat, BROOD_ARGS(i, text_of(i)));
    for (int i = 0; i < TASKS; i++) {
        brood_value_t value = brood_nil();
        const apr_status_t rc = brood_future_get(&value, future[i], BROOD_FOREVER, mem);

        if (rc == APR_SUCCESS)
            expect_result(value, i);
        else
            EXPECT(rc == BROOD_EWORKER);
        lost += rc != APR_SUCCESS;
    }
    return lost;
}

/* ---- claims ---- */

static void only_what_was_begun_is_lost(void) /* POOL-31, C-01 */
{
    brood__heap_use_t before;
    brood_array_t *array;
    brood_pool_t *pool;
    int lost = 0;

    harness_log_to_nobody();
    mem = harness_mem();
    before = use();
    array = new_counts((apr_size_t) STEPS + 1);
    pool = new_pool_with(WORKERS, &(brood_pool_options_t){.initializer = begin, .initargs = BROOD_ARGS(array)});
    for (int round = 0; round < ROUNDS || (has_steps && atomic_load(&counts(array)[STEPS]) < LIVES * STEPS); round++)
        lost += do_round(pool);
    for (int i = 0; has_steps && i < STEPS; i++)
        EXPECT(atomic_load(&counts(array)[i]) != 0);
    EXPECT(lost == atomic_load(&counts(array)[2])); /* at RUN_CLAIMED */
    end_pool(pool);
    mem = harness_mem();
    expect_use(&before);
}

static const brood_test_t tests[] = {
    TEST(only_what_was_begun_is_lost),
};

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(begin), BROOD_ENTRY(repeat), BROOD_ENTRIES_END};

    return harness_tree(argc, argv, entries, "torture_pool", tests, sizeof tests / sizeof tests[0]);
}
