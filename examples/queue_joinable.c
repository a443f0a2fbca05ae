/* Tasks that are counted until they are done: the parent waits for the last one, then the consumers end. */
#include <brood.h>
#include <stdio.h>

static apr_status_t produce(brood_call_t *call)
{
    brood_queue_t *q;

    BROOD_TRY(BROOD_UNPACK(call->args, &q));
    for (int i = 0; i < 20; i++) {
        printf("process name: %s, put: %d\n", brood_current_name(), i);
        BROOD_TRY(brood_queue_put(q, brood_int(i), BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

static apr_status_t consume(brood_call_t *call)
{
    brood_queue_t *q;
    brood_value_t r;
    apr_status_t rc;
    int i;

    BROOD_TRY(BROOD_UNPACK(call->args, &q));
    while ((rc = brood_queue_get(&r, q, BROOD_FOREVER, call->mem)) == APR_SUCCESS) {
        BROOD_TRY(BROOD_READ(&i, r));
        printf("process name: %s, get: %d\n", brood_current_name(), i);
        BROOD_TRY(brood_queue_task_done(q));
    }
    return brood_allow(rc, APR_EOF); /* shut down: done */
}

static apr_status_t app(brood_call_t *call)
{
    brood_process_t *producers[3];
    brood_queue_t *q;

    BROOD_TRY(brood_queue_create(&q, 5, &(brood_queue_options_t){.joinable = true}, call->mem));
    for (int i = 0; i < 2; i++)
        BROOD_TRY(brood_process_start(NULL, consume, BROOD_ARGS(q), NULL, call->mem));
    for (int i = 0; i < 3; i++)
        BROOD_TRY(brood_process_start(&producers[i], produce, BROOD_ARGS(q), NULL, call->mem));
    for (int i = 0; i < 3; i++)
        BROOD_TRY(brood_process_join(producers[i], BROOD_FOREVER));
    BROOD_TRY(brood_queue_join(q, BROOD_FOREVER));
    puts("all tasks are done");
    return brood_queue_shutdown(q, false);
}

BROOD_MAIN(app, BROOD_ENTRY(produce), BROOD_ENTRY(consume))
