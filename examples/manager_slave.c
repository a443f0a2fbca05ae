/* a slave, here or on another machine, runs the tasks it is given by name, until there are no more: see manager_master. */
#include "calculate.h"

#define ADDRESS "localhost:58881"

static apr_status_t run_task(brood_value_t task, brood_queue_t *dispatched, brood_queue_t *finished, apr_pool_t *mem)
{
    brood_value_t args, result;
    brood_entry_fn function;

    BROOD_TRY(BROOD_UNPACK(task, &function, &args));
    BROOD_TRY(brood_call(&result, function, args, mem));
    printf("%s%s = %s\n", brood_entry_name(function), brood_value_string(args, mem), brood_value_string(result, mem));
    BROOD_TRY(brood_queue_put(finished, result, BROOD_FOREVER));
    return brood_queue_task_done(dispatched); /* until now, it would be another's if this slave died */
}

static apr_status_t app(brood_call_t *call)
{
    const brood_manager_options_t options = {.address = brood_value_count(call->args) != 0 ? call->argv[1] : ADDRESS,
                                             .authkey = "jobs"};
    const brood_queue_options_t lease = {.joinable = true, .lease = true};
    brood_manager_t *manager;
    brood_queue_t *dispatched, *finished;
    brood_value_t task;
    apr_status_t rc;

    BROOD_TRY(brood_manager_connect(&manager, &options, call->mem));
    BROOD_TRY(brood_manager_queue(&dispatched, manager, "dispatched_jobs", 0, &lease, call->mem));
    BROOD_TRY(brood_manager_queue(&finished, manager, "finished_jobs", 0, NULL, call->mem));
    while ((rc = brood_queue_get(&task, dispatched, BROOD_FOREVER, call->mem)) == APR_SUCCESS)
        BROOD_TRY(run_task(task, dispatched, finished, call->mem));
    return rc == BROOD_ELOST ? APR_SUCCESS
                             : brood_allow(rc, APR_EOF); /* the end, or the master was faster than we heard */
}

BROOD_MAIN(app, BROOD_ENTRY(mul), BROOD_ENTRY(plus))
