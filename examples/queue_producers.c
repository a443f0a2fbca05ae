/* Three producers and two consumers on a queue of five places, which is shut down when all has been put. */
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
    }
    return brood_allow(rc, APR_EOF); /* shut down, and empty */
}

static apr_status_t app(brood_call_t *call)
{
    const char *const producer_names[] = {"p0", "p1", "p2"}, *const consumer_names[] = {"c0", "c1"};
    brood_process_t *producers[3], *consumers[2];
    brood_queue_t *q;

    BROOD_TRY(brood_queue_create(&q, 5, NULL, call->mem));
    for (int i = 0; i < 2; i++)
        BROOD_TRY(brood_process_start(&consumers[i], consume, BROOD_ARGS(q),
                                      &(brood_process_options_t){.name = consumer_names[i]}, call->mem));
    for (int i = 0; i < 3; i++)
        BROOD_TRY(brood_process_start(&producers[i], produce, BROOD_ARGS(q),
                                      &(brood_process_options_t){.name = producer_names[i]}, call->mem));
    for (int i = 0; i < 3; i++)
        BROOD_TRY(brood_process_join(producers[i], BROOD_FOREVER));
    BROOD_TRY(brood_queue_shutdown(q, false));
    for (int i = 0; i < 2; i++)
        BROOD_TRY(brood_process_join(consumers[i], BROOD_FOREVER));
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(produce), BROOD_ENTRY(consume))
