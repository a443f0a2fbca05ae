/* event_type.c - Event as a server keeps it.
 *
 *   set()
 *   clear()
 *   wait(timeout)
 *   is_set()
 *
 * Who waits when it is set passes, also if it is cleared right after. */
#include "manager/sync_types.h"

typedef struct event_t {
    brood__referent_t referent;
    bool set;
    brood__line_t line; /* empty if it is set */
} event_t;

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    (void) self;
    return request->count == 0 ? APR_SUCCESS : brood_fail_text(BROOD_EARGS, "an event is made without arguments");
}

static apr_status_t set(brood__request_t *request)
{
    event_t *event = (event_t *) request->self;

    BROOD_TRY(brood__request_return(request, brood_nil()));
    event->set = true;
    while (event->line.first != NULL)
        brood__waiter_return(event->line.first, brood_nil());
    return APR_SUCCESS;
}

static apr_status_t clear(brood__request_t *request)
{
    ((event_t *) request->self)->set = false;
    return brood__request_return(request, brood_nil());
}

#define NOT_SET "the event was not set in time"

static apr_status_t wait_call(brood__request_t *request)
{
    static const brood__line_ops_t ops = {NULL, NOT_SET, NULL};
    event_t *event = (event_t *) request->self;
    apr_interval_time_t timeout = -1;
    brood__waiter_t *waiter;

    BROOD_TRY(brood__request_timeout(&timeout, request, 0));
    if (event->set)
        return brood__request_return(request, brood_nil());
    if (timeout == 0)
        return brood_fail_text(APR_TIMEUP, NOT_SET);
    return brood__request_park(&waiter, request, &event->line, &ops, timeout);
}

static apr_status_t is_set(brood__request_t *request)
{
    return brood__request_return(request, brood_bool(((event_t *) request->self)->set));
}

static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    (void) mem;
    return ((event_t *) self)->set ? "<Event set>" : "<Event unset>";
}

static const brood__method_t methods[] = {
    {"clear", 0, 0, clear},
    {"is_set", 0, 0, is_set},
    {"set", 0, 0, set},
    {"wait", 1, 1, wait_call},
};

const brood__type_t brood__event_type = {
    .name = "event",
    .tag = BROOD__TAG_MANAGED_EVENT,
    .size = sizeof(event_t),
    .create = create,
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
