/* A process that would work for an hour is ended from outside, and its exit code tells how it ended. */
#include <brood.h>
#include <stdio.h>

static apr_status_t work(brood_call_t *call)
{
    (void) call;
    apr_sleep(apr_time_from_sec(3600));
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    brood_process_t *worker;

    BROOD_TRY(brood_process_start(&worker, work, BROOD_NO_ARGS, NULL, call->mem));
    printf("before: alive %d\n", brood_process_is_alive(worker));

    /* This asks, and does not wait: the worker may be alive still when it returns. */
    BROOD_TRY(brood_process_terminate(worker));
    BROOD_TRY(brood_process_join(worker, BROOD_FOREVER));

    printf("after: alive %d\n", brood_process_is_alive(worker));
    printf("exit code: %d\n", brood_process_exitcode(worker)); /* -15: ended by signal 15; so called on Windows, too */
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(work))
