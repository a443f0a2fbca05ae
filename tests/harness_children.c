#include "harness_children.h"

#include <stdlib.h>

apr_status_t nothing(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

apr_status_t leaving(brood_call_t *call)
{
    int code;

    BROOD_TRY(BROOD_UNPACK(call->args, &code));
    exit(code);
}

apr_status_t waiting(brood_call_t *call)
{
    brood_queue_t *ready, *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &go));
    BROOD_TRY(brood_queue_put(ready, brood_int(brood_current_pid()), BROOD_FOREVER));
    return brood_queue_get(&word, go, BROOD_FOREVER, call->mem);
}

apr_status_t listening(brood_call_t *call)
{
    brood_queue_t *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &go));
    return brood_queue_get(&word, go, BROOD_FOREVER, call->mem);
}

apr_status_t releasing(brood_call_t *call)
{
    brood_lock_t *lock;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock));
    return brood_lock_release(lock);
}
