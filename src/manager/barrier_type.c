/* barrier_type.c - Barrier as a server keeps it.
 *
 *   wait(thread, timeout)   a number: the party's in the order of arrival; all have come.
 *                           Text: all have come, and this entry is to be run before anybody passes; then
 *   passed(thread)          the number: it has succeeded; or
 *   failed(thread)          it has not, and the barrier is broken.
 *   abort(), reset()
 *   state()                 the list of parties, of those who wait, and whether it is broken
 *
 * A client that ends while it waits or runs the action breaks it. */
#include "manager/sync_types.h"
#include <apr_strings.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Why it is broken. */
typedef enum why_t { WHOLE, TIMED_OUT, ABORTED, FAILED, DIED } why_t;

typedef struct barrier_t {
    brood__referent_t referent;
    uint64_t parties;
    char *action; /* NULL: none */
    why_t broken;
    brood__line_t line;    /* who has come; while an action is run there may be more than a round */
    brood__line_t passing; /* who passes after the action, but for the one who runs it: */
    uint64_t client;       /* 0: nobody */
    uint64_t thread;
} barrier_t;

static barrier_t *barrier_of(brood__referent_t *self)
{
    return (barrier_t *) self;
}

/* ---- broken ---- */

static apr_status_t fail_broken(why_t why)
{
    static const char *const reasons[] = {
        [WHOLE] = "it was reset while this party waited",
        [TIMED_OUT] = "a party did not come in time",
        [ABORTED] = "it was aborted",
        [FAILED] = "its action has failed",
        [DIED] = "a party has ended, or has been interrupted, while it waited",
    };

    return brood_fail(BROOD_EBROKEN, "the barrier is broken: %s", reasons[why]);
}

static void fail_all(brood__line_t *line, why_t why)
{
    while (line->first != NULL) {
        BROOD_IGNORE(fail_broken(why));
        brood__waiter_fail(line->first);
    }
}

static void break_it(barrier_t *barrier, why_t why)
{
    if (barrier->broken == WHOLE)
        barrier->broken = why;
    barrier->client = 0;
    fail_all(&barrier->line, barrier->broken);
    fail_all(&barrier->passing, barrier->broken);
}

static void expired(brood__waiter_t *waiter)
{
    break_it(barrier_of(waiter->self), TIMED_OUT);
    BROOD_IGNORE(fail_broken(barrier_of(waiter->self)->broken));
    brood__waiter_fail(waiter);
}

static void gone(brood__waiter_t *waiter)
{
    break_it(barrier_of(waiter->self), DIED);
}

static void left(brood__referent_t *self, uint64_t client)
{
    if (barrier_of(self)->client == client)
        break_it(barrier_of(self), DIED);
}

/* ---- wait ---- */

static const brood__line_ops_t ops = {expired, NULL, gone};

/* Whoever was to run the action does not know it. */
static void undo_action(brood__referent_t *self, uint64_t client, uint64_t thread, brood__stored_t *nothing)
{
    (void) nothing;
    if (barrier_of(self)->client == client && barrier_of(self)->thread == thread)
        break_it(barrier_of(self), DIED);
}

/* The first in line, as many as there are but for the last of a round, wait for the action now. */
static void gather(barrier_t *barrier)
{
    for (uint64_t i = 1; i < barrier->parties; i++)
        brood__waiter_move(barrier->line.first, &barrier->passing, &ops, true);
}

static void let_pass(brood__line_t *line)
{
    for (uint64_t number = 0; line->first != NULL; number++)
        brood__waiter_return(line->first, brood_uint(number));
}

/* All of a round have come while the action of the one before was run. */
static void begin_waiting_round(barrier_t *barrier)
{
    brood__waiter_t *last;

    if (barrier->line.count < barrier->parties)
        return;
    gather(barrier);
    last = barrier->line.first;
    barrier->client = last->client;
    barrier->thread = last->thread;
    brood__waiter_undo(last, undo_action, NULL);
    brood__waiter_return(last, brood_text(barrier->action));
}

/* The last one has come. */
static apr_status_t complete(barrier_t *barrier, brood__request_t *request, uint64_t thread)
{
    if (barrier->action == NULL) {
        BROOD_TRY(brood__request_return(request, brood_uint(barrier->parties - 1)));
        let_pass(&barrier->line);
        return APR_SUCCESS;
    }
    BROOD_TRY(brood__request_return(request, brood_text(barrier->action)));
    gather(barrier);
    barrier->client = request->client;
    barrier->thread = thread;
    brood__request_undo(request, undo_action, thread, NULL);
    return APR_SUCCESS;
}

static apr_status_t wait_call(brood__request_t *request)
{
    barrier_t *barrier = barrier_of(request->self);
    apr_interval_time_t timeout = -1;
    uint64_t thread = 0;
    brood__waiter_t *waiter;
    apr_status_t rc;

    BROOD_TRY(brood__request_thread(&thread, request, 0));
    BROOD_TRY(brood__request_timeout(&timeout, request, 1));
    if (barrier->broken != WHOLE)
        return fail_broken(barrier->broken);
    if (barrier->client == 0 && barrier->line.count + 1 == barrier->parties)
        return complete(barrier, request, thread);
    if (timeout == 0) {
        break_it(barrier, TIMED_OUT);
        return fail_broken(TIMED_OUT);
    }
    rc = brood__request_park(&waiter, request, &barrier->line, &ops, timeout);
    if (rc == BROOD__PARKED)
        waiter->thread = thread;
    return rc;
}

/* ---- the action has been run ---- */

static apr_status_t check_acting(uint64_t *thread, const brood__request_t *request)
{
    const barrier_t *barrier = barrier_of(request->self);

    BROOD_TRY(brood__request_thread(thread, request, 0));
    if (barrier->client == request->client && barrier->thread == *thread)
        return APR_SUCCESS;
    return fail_broken(barrier->broken);
}

static apr_status_t passed(brood__request_t *request)
{
    barrier_t *barrier = barrier_of(request->self);
    uint64_t thread = 0;

    BROOD_TRY(check_acting(&thread, request));
    BROOD_TRY(brood__request_return(request, brood_uint(barrier->parties - 1)));
    barrier->client = 0;
    let_pass(&barrier->passing);
    begin_waiting_round(barrier);
    return APR_SUCCESS;
}

static apr_status_t failed(brood__request_t *request)
{
    uint64_t thread = 0;

    BROOD_TRY(check_acting(&thread, request));
    break_it(barrier_of(request->self), FAILED);
    return brood__request_return(request, brood_nil());
}

/* ---- the rest ---- */

static apr_status_t abort_it(brood__request_t *request)
{
    break_it(barrier_of(request->self), ABORTED);
    return brood__request_return(request, brood_nil());
}

static apr_status_t reset(brood__request_t *request)
{
    barrier_t *barrier = barrier_of(request->self);

    barrier->broken = WHOLE;
    barrier->client = 0;
    fail_all(&barrier->line, WHOLE);
    fail_all(&barrier->passing, WHOLE);
    return brood__request_return(request, brood_nil());
}

static apr_status_t state(brood__request_t *request)
{
    const barrier_t *barrier = barrier_of(request->self);

    BROOD_TRY(brood__request_begin_list(request, 3));
    BROOD_TRY(brood__request_add(request, brood_uint(barrier->parties)));
    BROOD_TRY(brood__request_add(request, brood_uint(barrier->line.count)));
    return brood__request_add(request, brood_bool(barrier->broken != WHOLE));
}

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    barrier_t *barrier = barrier_of(self);
    const brood_value_t action = request->count == 2 ? request->args[1] : brood_nil();
    apr_int64_t parties = 0;

    if (request->count < 1 || request->count > 2)
        return brood_fail_text(BROOD_EARGS, "a barrier is made with its number of parties and the name of its action");
    BROOD_TRY(brood__request_int(&parties, request, 0));
    if (parties < 1 || parties > INT_MAX)
        return brood_fail(APR_EINVAL, "a barrier is for 1 to %d parties, not %" PRId64, INT_MAX, (int64_t) parties);
    barrier->parties = (uint64_t) parties;
    if (action.kind == BROOD_KIND_NIL)
        return APR_SUCCESS;
    if (action.kind != BROOD_KIND_TEXT)
        return brood_fail_text(BROOD_EKIND, "a barrier's action is the name of an entry");
    barrier->action = calloc(1, action.as.text.size + 1);
    if (barrier->action == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for the name of a barrier's action");
    memcpy(barrier->action, action.as.text.data, action.as.text.size);
    return APR_SUCCESS;
}

static void destroy(brood__referent_t *self)
{
    free(barrier_of(self)->action);
    barrier_of(self)->action = NULL;
}

/* <Barrier waiters=1/4>, <Barrier broken>. */
static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    const barrier_t *barrier = barrier_of(self);

    if (barrier->broken != WHOLE)
        return "<Barrier broken>";
    return apr_psprintf(mem, "<Barrier waiters=%lu/%lu>", (unsigned long) barrier->line.count,
                        (unsigned long) barrier->parties);
}

static const brood__method_t methods[] = {
    {"abort", 0, 0, abort_it}, {"failed", 1, 1, failed}, {"passed", 1, 1, passed},
    {"reset", 0, 0, reset},    {"state", 0, 0, state},   {"wait", 2, 2, wait_call},
};

const brood__type_t brood__barrier_type = {
    .name = "barrier",
    .tag = BROOD__TAG_MANAGED_BARRIER,
    .size = sizeof(barrier_t),
    .create = create,
    .destroy = destroy,
    .left = left,
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
