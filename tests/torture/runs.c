/* runs.c - what a command line asks for: the modes, or the start methods, one after another. */
#include "torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *torture_argument(const brood_call_t *call, apr_size_t index, const char *variable, const char *otherwise)
{
    const char *text;

    if (brood_value_text(&text, brood_value_at(call->args, index)) == APR_SUCCESS)
        return text;
    text = variable != NULL ? getenv(variable) : NULL;
    return text != NULL ? text : otherwise;
}

apr_status_t torture_by_each_method(brood_call_t *call, torture_method_fn run)
{
    brood_start_method_t methods[3];
    apr_size_t count = brood_start_methods(methods);
    bool fine = true;

    if (getenv("BROOD_START_METHOD") != NULL) {
        methods[0] = brood_get_start_method(true);
        count = 1;
    }
    for (apr_size_t i = 0; i < count; i++) {
        apr_pool_t *mem;

        BROOD_TRY(apr_pool_create(&mem, call->mem));
        BROOD_TRY(run(&fine, methods[i], call, mem));
        apr_pool_destroy(mem);
        (void) fflush(stdout);
    }
    return fine ? APR_SUCCESS : brood_fail(APR_EGENERAL, "not all was as it should be, see above");
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
    const char *name = torture_argument(call, 0, NULL, "all"), *seconds = torture_argument(call, 1, NULL, NULL);
    const double time = seconds != NULL ? strtod(seconds, NULL)
                                        : share * strtod(torture_argument(call, 1, "BROOD_TORTURE_SECONDS", "3"), NULL);
    const unsigned long long seed = strtoull(torture_argument(call, 2, "BROOD_TORTURE_SEED", "1"), NULL, 10);
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
