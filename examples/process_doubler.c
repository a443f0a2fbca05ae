/* Five processes double a number each and say who they are. */
#include <brood.h>
#include <stdio.h>

static apr_status_t doubler(brood_call_t *call)
{
    int number;

    BROOD_TRY(BROOD_UNPACK(call->args, &number));
    printf("%d doubled to %d by %s, process id %d\n", number, number * 2, brood_current_name(), brood_current_pid());
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    const int numbers[] = {5, 10, 15, 20, 25};
    brood_process_t *procs[5];

    for (int i = 0; i < 5; i++)
        BROOD_TRY(brood_process_start(&procs[i], doubler, BROOD_ARGS(numbers[i]), NULL, call->mem));
    for (int i = 0; i < 5; i++)
        BROOD_TRY(brood_process_join(procs[i], BROOD_FOREVER));
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(doubler))
