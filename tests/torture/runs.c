/* runs.c - the modes that a command line asks for, one after another. */
#include "torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *argument(const brood_call_t *call, apr_size_t index, const char *otherwise)
{
    const char *text;

    return brood_value_text(&text, brood_value_at(call->args, index)) == APR_SUCCESS ? text : otherwise;
}

static const char *variable(const char *name, const char *otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? text : otherwise;
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

apr_status_t torture_runs(brood_call_t *call, unsigned first, unsigned end, double share)
{
    const char *name = argument(call, 0, "all"), *seconds = argument(call, 1, NULL);
    const double time =
        seconds != NULL ? strtod(seconds, NULL) : share * strtod(variable("BROOD_TORTURE_SECONDS", "3"), NULL);
    const unsigned long long seed = strtoull(argument(call, 2, variable("BROOD_TORTURE_SEED", "1")), NULL, 10);
    torture_steps_t steps = {{0}, {0}};
    unsigned runs = 0;
    bool fine = true;

    for (unsigned mode = first; mode < end; mode++) {
        apr_pool_t *mem;

        if (strcmp(name, "all") != 0 && strcmp(name, torture_mode(mode)->name) != 0)
            continue;
        BROOD_TRY(apr_pool_create(&mem, call->mem));
        fine = torture_run(mode, time, seed, &steps, mem) && fine;
        apr_pool_destroy(mem);
        runs++;
    }
    if (runs == 0)
        return brood_fail(APR_EINVAL, "there is no mode %s", name);
    print_steps(&steps);
    return fine ? APR_SUCCESS : brood_fail(APR_EGENERAL, "accounts that do not balance, see above");
}
