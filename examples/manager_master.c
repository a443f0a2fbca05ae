/* the master gives out tasks through a managed queue, on a port, with a key; manager_slave, here or on other machines, runs
 * them.  A slave that dies in the middle of a task loses nothing: the queue is leased, and gives the task to the next. */
#include "tasks.h"

#define ADDRESS "localhost:58881"

static apr_status_t app(brood_call_t *call)
{
    const brood_manager_options_t options = {.address = brood_value_count(call->args) != 0 ? call->argv[1] : ADDRESS,
                                             .authkey = "jobs"};
    const brood_queue_options_t lease = {.joinable = true, .lease = true};
    brood_manager_t *manager;
    brood_queue_t *dispatched, *finished;
    brood_value_t tasks = make_tasks(call->mem), result;

    BROOD_TRY(brood_manager_start(&manager, &options, call->mem));
    BROOD_TRY(brood_manager_queue(&dispatched, manager, "dispatched_jobs", 0, &lease, call->mem));
    BROOD_TRY(brood_manager_queue(&finished, manager, "finished_jobs", 0, NULL, call->mem));
    printf("manager started at %s\n", brood_manager_address(manager));
    fflush(stdout);

    for (apr_size_t i = 0; i < brood_value_count(tasks); i++)
        BROOD_TRY(brood_queue_put(dispatched, brood_value_at(tasks, i), BROOD_FOREVER));
    for (apr_size_t i = 0; i < brood_value_count(tasks); i++) {
        BROOD_TRY(brood_queue_get(&result, finished, BROOD_FOREVER, call->mem));
        puts(brood_value_string(result, call->mem));
    }
    BROOD_TRY(brood_queue_shutdown(dispatched, false)); /* slaves see the end of it */
    BROOD_TRY(brood_queue_join(dispatched, BROOD_FOREVER));
    return brood_manager_shutdown(manager);
}

BROOD_MAIN(app, BROOD_ENTRY(mul), BROOD_ENTRY(plus))
