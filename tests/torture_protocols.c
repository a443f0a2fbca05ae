/* Processes that die at any instant and at every labelled step, and the accounts of what became of everything.
 *
 *   torture_protocols [MODE|all] [SECONDS] [SEED]
 *
 * The modes: lock, queue, heap, object, loan, condition, semaphore, barrier.  Without arguments: all, BROOD_TORTURE_SECONDS (3) and BROOD_TORTURE_SEED (1);
 * the start method is BROOD_START_METHOD's.  One line of accounts a mode; exit code 1 if one of them says FAIL. */
#include "torture/torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODES (sizeof torture_modes / sizeof torture_modes[0])

static const char *argument(const brood_call_t *call, apr_size_t index, const char *variable, const char *otherwise)
{
    const char *text;

    if (brood_value_text(&text, brood_value_at(call->args, index)) == APR_SUCCESS)
        return text;
    if (variable != NULL && getenv(variable) != NULL)
        return getenv(variable);
    return otherwise;
}

#ifdef BROOD_TORTURE
static void print_steps(const torture_steps_t *steps)
{
    printf("steps never reached:");
    for (int i = 1; i < BROOD__STEPS; i++)
        if (steps->reached[i] == 0)
            printf(" %s", torture_step_name(i));
    printf("\nsteps nobody died at:");
    for (int i = 1; i < BROOD__STEPS; i++)
        if (steps->kills[i] == 0)
            printf(" %s", torture_step_name(i));
    printf("\n");
}
#else
static void print_steps(const torture_steps_t *steps)
{
    (void) steps;
    printf("built without steps: deaths from outside only\n");
}
#endif

static apr_status_t torture(brood_call_t *call)
{
    const char *name = argument(call, 0, NULL, "all");
    const double seconds = strtod(argument(call, 1, "BROOD_TORTURE_SECONDS", "3"), NULL);
    const unsigned long long seed = strtoull(argument(call, 2, "BROOD_TORTURE_SEED", "1"), NULL, 10);
    torture_steps_t steps = {{0}, {0}};
    unsigned runs = 0;
    bool fine = true;

    for (unsigned mode = 0; mode < MODES; mode++) {
        apr_pool_t *mem;

        if (strcmp(name, "all") != 0 && strcmp(name, torture_modes[mode]->name) != 0)
            continue;
        BROOD_TRY(apr_pool_create(&mem, call->mem));
        fine = torture_run(mode, seconds, seed, &steps, mem) && fine;
        apr_pool_destroy(mem);
        runs++;
    }
    if (runs == 0)
        return brood_fail(APR_EINVAL, "there is no mode %s", name);
    print_steps(&steps);
    return fine ? APR_SUCCESS : brood_fail(APR_EGENERAL, "accounts that do not balance, see above");
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(torture_nurse_entry), BROOD_ENTRY(torture_worker_entry),
                                            BROOD_ENTRY(torture_child_entry), BROOD_ENTRIES_END};

    torture_steps_begin(); /* births come before any entry */
    return brood_main(argc, argv, torture, entries);
}
