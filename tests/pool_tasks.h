/* pool_tasks.h - what the workers of many tests' pools run. */
#ifndef BROOD_TESTS_POOL_TASKS_H
#define BROOD_TESTS_POOL_TASKS_H

#include <brood.h>

/* Argument and result: a number. */
static inline apr_status_t square(brood_call_t *call)
{
    apr_int64_t number;

    BROOD_TRY(BROOD_UNPACK(call->args, &number));
    return brood_return(call, brood_int(number * number));
}

static inline apr_status_t process_id(brood_call_t *call)
{
    return brood_return(call, brood_int(brood_current_pid()));
}

/* Say who runs it, and wait until nobody needs to any more. */
static inline apr_status_t hold(brood_call_t *call)
{
    brood_queue_t *begun;
    brood_event_t *go;

    BROOD_TRY(BROOD_UNPACK(call->args, &begun, &go));
    BROOD_TRY(brood_queue_put(begun, brood_int(brood_current_pid()), BROOD_FOREVER));
    return brood_event_wait(go, BROOD_FOREVER);
}

static inline apr_status_t meet(brood_call_t *call)
{
    brood_barrier_t *barrier;
    unsigned index;

    BROOD_TRY(BROOD_UNPACK(call->args, &barrier));
    return brood_barrier_wait(&index, barrier, BROOD_FOREVER);
}

#endif
