/* steps.c - a plan says at which step a process ends, and at which of its visits there. */
#include "torture.h"

#include "base/thread_local.h"
#include "platform/clock.h"
#include "platform/self.h"
#include <apr_env.h>
#include <stdio.h>
#include <stdlib.h>

#define VARIABLE "BROOD_TORTURE_PLAN"

static const char *const names[] = {"",
#define NAME(name) #name,
                                    BROOD__STEP_MAP(NAME)
#undef NAME
};

const char *torture_step_name(int step)
{
    return names[step];
}

#ifdef BROOD_TORTURE

static torture_books_t *books; /* NULL: this process does not know them yet */
static int planned;            /* 0: it lives */
static _Atomic int visits;     /* left before it ends */
static int jitter;

/* In the first moments of a process that may be a copy of one with several threads: a pool without a lock. */
static void read_plan(void)
{
    apr_pool_t *scratch;
    char *plan, *rest;

    planned = 0;
    jitter = 0;
    if (apr_pool_create_unmanaged(&scratch) != APR_SUCCESS)
        return;
    if (apr_env_get(&plan, VARIABLE, scratch) == APR_SUCCESS) {
        planned = (int) strtol(plan, &rest, 10);
        atomic_store(&visits, (int) strtol(rest, &rest, 10));
        jitter = (int) strtol(rest, &rest, 10);
    }
    apr_pool_destroy(scratch);
}

/* Give the others a chance to come between any two steps. */
static void hesitate(void)
{
    static BROOD__THREAD_LOCAL uint64_t random;

    if (random == 0)
        random = torture_seeded(brood__self_pid());
    if (torture_below(&random, 256) != 0)
        return;
    if (torture_below(&random, 4) != 0)
        brood__clock_yield();
    else
        apr_sleep(30);
}

static bool is_birth(int step)
{
    return step == BROOD__STEP_ADOPT_PID || step == BROOD__STEP_ADOPTED;
}

/* Births may come before the books are known, and are counted by the supervisor; other deaths wait for the books. */
static void on_step(int step)
{
    if (is_birth(step))
        read_plan();
    else if (books == NULL)
        return;
    else if (atomic_load_explicit(&books->reached[step], memory_order_relaxed) == 0)
        atomic_store_explicit(&books->reached[step], 1, memory_order_relaxed);
    if (step == planned && atomic_fetch_sub(&visits, 1) == 1 && (books == NULL || atomic_load(&books->killing))) {
        if (!is_birth(step))
            atomic_fetch_add(&books->kills[step], 1);
        brood__self_kill();
    }
    if (jitter != 0)
        hesitate();
}

void torture_steps_begin(void)
{
    brood__step = on_step;
}

void torture_steps_follow(torture_books_t *all)
{
    books = all;
    if (books != NULL) { /* this process has come by */
        atomic_store(&books->reached[BROOD__STEP_ADOPT_PID], 1);
        atomic_store(&books->reached[BROOD__STEP_ADOPTED], 1);
    }
}

static int one_of(const int *steps, uint64_t *random)
{
    uint32_t count = 0;

    while (steps[count] != 0)
        count++;
    return steps[torture_below(random, count)];
}

void torture_plan(char plan[TORTURE_PLAN], int *step, const int *steps, uint64_t *random)
{
    static const int anywhere[] = {BROOD__STEP_SWEEP_MARKED,
                                   BROOD__STEP_SWEEP_BUMPED,
                                   BROOD__STEP_SWEEP_WOKE,
                                   BROOD__STEP_SWEEP_HEAP_DONE,
                                   BROOD__STEP_SWEEP_FREED,
                                   BROOD__STEP_ADOPT_PID,
                                   BROOD__STEP_ADOPTED,
                                   BROOD__STEP_SWEEP_BLOCK,
                                   BROOD__STEP_OBJECT_LOCKED,
                                   BROOD__STEP_OBJECT_DROPPED,
                                   0};
    const uint32_t dice = torture_below(random, 16);
    uint32_t visit = torture_below(random, 2) == 0 ? 1 : 1 + torture_below(random, 4);

    *step = 0;
    if (dice < 7)
        *step = one_of(steps, random);
    else if (dice < 10)
        *step = one_of(anywhere, random);
    else if (dice < 13) {
        *step = 1 + (int) torture_below(random, BROOD__STEPS - 1);
        visit = 1 + torture_below(random, 4000);
    }
    (void) snprintf(plan, TORTURE_PLAN, "%s=%d %u %u", VARIABLE, *step, (unsigned) visit,
                    (unsigned) torture_below(random, 2));
}

#else

void torture_steps_begin(void)
{
}

void torture_steps_follow(torture_books_t *all)
{
    (void) all;
}

void torture_plan(char plan[TORTURE_PLAN], int *step, const int *steps, uint64_t *random)
{
    (void) steps;
    (void) random;
    *step = 0;
    (void) snprintf(plan, TORTURE_PLAN, "%s=0", VARIABLE);
}

#endif
