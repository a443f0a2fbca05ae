/* A number, nothing and a text come through a queue. */
#include <brood.h>
#include <stdio.h>

static apr_status_t f(brood_call_t *call)
{
    brood_queue_t *q;

    BROOD_TRY(BROOD_UNPACK(call->args, &q));
    return brood_queue_put(q, BROOD_LIST(42, BROOD_NIL, "hello"), BROOD_FOREVER);
}

static apr_status_t app(brood_call_t *call)
{
    brood_queue_t *q;
    brood_process_t *p;
    brood_value_t item;

    BROOD_TRY(brood_queue_create(&q, 0, NULL, call->mem));
    BROOD_TRY(brood_process_start(&p, f, BROOD_ARGS(q), NULL, call->mem));
    BROOD_TRY(brood_queue_get(&item, q, BROOD_FOREVER, call->mem));
    puts(brood_value_string(item, call->mem)); /* [42, None, 'hello'] */
    return brood_process_join(p, BROOD_FOREVER);
}

BROOD_MAIN(app, BROOD_ENTRY(f))
