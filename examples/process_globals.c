/* Processes do not share variables: what a child writes to a global is its own.  Shared memory is asked for. */
#include <brood.h>
#include <stdio.h>

static int global = 1;

static apr_status_t change(brood_call_t *call)
{
    brood_array_t *shared;

    BROOD_TRY(BROOD_UNPACK(call->args, &shared));
    global = 2;
    *(int *) brood_array_data(shared) = 2;
    printf("child: global %d, shared %d\n", global, *(int *) brood_array_data(shared));
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    brood_array_t *shared; /* of one int */
    brood_process_t *child;

    BROOD_TRY(brood_array_create(&shared, 1, sizeof(int), NULL, call->mem));
    *(int *) brood_array_data(shared) = 1;
    BROOD_TRY(brood_process_start(&child, change, BROOD_ARGS(shared), NULL, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER)); /* nobody else writes from here on */
    printf("parent: global %d, shared %d\n", global, *(int *) brood_array_data(shared));
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(change))
