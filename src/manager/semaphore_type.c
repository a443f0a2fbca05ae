/* semaphore_type.c - Semaphore and BoundedSemaphore as a server keeps them.
 *
 *   acquire(timeout)
 *   release()
 *   value()
 *
 * They have no owner: what a client has acquired when it ends stays acquired. */
#include "manager/sync_types.h"
#include <apr_strings.h>
#include <inttypes.h>
#include <limits.h>

typedef struct semaphore_t {
    brood__referent_t referent;
    uint64_t value;
    uint64_t bound;     /* never above; INT_MAX: a plain one */
    brood__line_t line; /* empty unless the value is 0 */
} semaphore_t;

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    semaphore_t *semaphore = (semaphore_t *) self;
    apr_int64_t value = 1;

    if (request->count > 1)
        return brood_fail_text(BROOD_EARGS, "a semaphore is made with one argument, its value");
    BROOD_TRY(brood__request_int(&value, request, 0));
    if (value < 0 || value > INT_MAX)
        return brood_fail(APR_EINVAL, "a semaphore of %" PRId64 " cannot be: 0 is the least and %d the most",
                          (int64_t) value, INT_MAX);
    semaphore->value = (uint64_t) value;
    semaphore->bound = self->type == &brood__bounded_semaphore_type ? semaphore->value : INT_MAX;
    return APR_SUCCESS;
}

static void give(semaphore_t *semaphore);

static void undo(brood__referent_t *self, uint64_t client, uint64_t thread, brood__stored_t *nothing)
{
    semaphore_t *semaphore = (semaphore_t *) self;

    (void) client;
    (void) thread;
    (void) nothing;
    if (semaphore->value < semaphore->bound)
        give(semaphore);
}

/* One more: the next in line's, or whoever comes'. */
static void give(semaphore_t *semaphore)
{
    brood__waiter_t *next = semaphore->line.first;

    if (next == NULL) {
        semaphore->value++;
        return;
    }
    brood__waiter_undo(next, undo, NULL);
    brood__waiter_return(next, brood_nil());
}

#define NOT_RELEASED "the semaphore was not released in time"

static apr_status_t acquire(brood__request_t *request)
{
    static const brood__line_ops_t ops = {NULL, NOT_RELEASED, NULL};
    semaphore_t *semaphore = (semaphore_t *) request->self;
    apr_interval_time_t timeout = -1;
    brood__waiter_t *waiter;

    BROOD_TRY(brood__request_timeout(&timeout, request, 0));
    if (semaphore->value == 0)
        return timeout == 0 ? brood_fail_text(APR_TIMEUP, NOT_RELEASED)
                            : brood__request_park(&waiter, request, &semaphore->line, &ops, timeout);
    BROOD_TRY(brood__request_return(request, brood_nil()));
    semaphore->value--;
    brood__request_undo(request, undo, 0, NULL);
    return APR_SUCCESS;
}

static apr_status_t release(brood__request_t *request)
{
    semaphore_t *semaphore = (semaphore_t *) request->self;

    if (semaphore->value >= semaphore->bound)
        return brood_fail(APR_EINVAL, "the semaphore is released more often than acquired: %" PRIu64 " is its most",
                          semaphore->bound);
    BROOD_TRY(brood__request_return(request, brood_nil()));
    give(semaphore);
    return APR_SUCCESS;
}

static apr_status_t get_value(brood__request_t *request)
{
    return brood__request_return(request, brood_uint(((semaphore_t *) request->self)->value));
}

/* <Semaphore value=2>, <BoundedSemaphore value=1 bound=2>. */
static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    const semaphore_t *semaphore = (semaphore_t *) self;

    if (self->type == &brood__semaphore_type)
        return apr_psprintf(mem, "<Semaphore value=%lu>", (unsigned long) semaphore->value);
    return apr_psprintf(mem, "<BoundedSemaphore value=%lu bound=%lu>", (unsigned long) semaphore->value,
                        (unsigned long) semaphore->bound);
}

static const brood__method_t methods[] = {
    {"acquire", 1, 1, acquire},
    {"release", 0, 0, release},
    {"value", 0, 0, get_value},
};

#define SEMAPHORE_TYPE(type_name)                                                                              \
    {                                                                                                          \
        .name = type_name, .tag = BROOD__TAG_MANAGED_SEMAPHORE, .size = sizeof(semaphore_t), .create = create, \
        .string = string, .methods = methods, .method_count = sizeof methods / sizeof *methods,                \
    }

const brood__type_t brood__semaphore_type = SEMAPHORE_TYPE("semaphore");
const brood__type_t brood__bounded_semaphore_type = SEMAPHORE_TYPE("bounded_semaphore");
