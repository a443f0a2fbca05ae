/* condition_type.c - Condition as a server keeps it.
 *
 *   wait(thread, timeout)     1: notified, 0: not in time; and 2 more if the lock's last owner died holding it
 *   resume(thread)            the same, for a wait that was given up: whoever waits has the lock again, whatever happens
 *   notify(thread, count)     nil: all
 *   held(thread)
 *   acquire, release, locked  of its lock
 *
 * A call that waits stands in the condition's line without the lock, and then in the lock's line, as all do who want it. */
#include "manager/sync_types.h"
#include <apr_strings.h>
#include <stdlib.h>

/* Somebody who gave up waiting, and comes back for the lock. */
typedef struct brood__owed_t {
    uint64_t client, thread;
    uint64_t depth;
    bool notified; /* others have not been told in his stead */
    struct brood__owed_t *next;
} brood__owed_t;

static brood__server_condition_t *condition_of(brood__referent_t *self)
{
    return (brood__server_condition_t *) self;
}

/* ---- making ---- */

static apr_status_t own_lock(brood__referent_t **lock, const brood__request_t *request)
{
    brood__request_t inner = *request;

    inner.count = 0;
    return brood__referent_create(lock, &brood__rlock_type, &inner);
}

static apr_status_t given_lock(brood__referent_t **lock, brood_value_t value)
{
    if (value.kind != BROOD_KIND_OBJECT
        || (value.tag != BROOD__TAG_MANAGED_LOCK && value.tag != BROOD__TAG_MANAGED_CONDITION))
        return brood_fail_text(BROOD_EKIND, "a condition's lock is a lock of the same manager");
    *lock = &brood__server_lock_of(value.as.object)->referent;
    return APR_SUCCESS;
}

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    brood__referent_t *lock = NULL;

    if (request->count > 1)
        return brood_fail_text(BROOD_EARGS, "a condition is made with one argument, its lock");
    if (request->count == 0 || request->args[0].kind == BROOD_KIND_NIL)
        BROOD_TRY(own_lock(&lock, request));
    else
        BROOD_TRY(given_lock(&lock, request->args[0]));
    brood__referent_hold_inside(lock);
    condition_of(self)->lock = (brood__server_lock_t *) lock;
    return APR_SUCCESS;
}

static void destroy(brood__referent_t *self)
{
    brood__server_condition_t *condition = condition_of(self);

    while (condition->owed != NULL) {
        brood__owed_t *owed = condition->owed;

        condition->owed = owed->next;
        free(owed);
    }
    if (condition->lock != NULL)
        brood__referent_drop_inside(&condition->lock->referent);
    condition->lock = NULL;
}

/* ---- who gives up ---- */

static void owe(brood__server_condition_t *condition, uint64_t client, uint64_t thread, uint64_t depth, bool notified)
{
    brood__owed_t *owed = malloc(sizeof *owed);

    if (owed == NULL)
        return; /* he will be told that he does not hold the lock */
    *owed = (brood__owed_t){client, thread, depth, notified, condition->owed};
    condition->owed = owed;
}

static void gone(brood__waiter_t *waiter)
{
    owe(condition_of(waiter->self), waiter->client, waiter->thread, waiter->count, false);
}

static void gone_notified(brood__waiter_t *waiter)
{
    owe(condition_of(waiter->self), waiter->client, waiter->thread, waiter->count, true);
}

/* He has the lock and does not know it. */
static void take_away(brood__referent_t *self, uint64_t client, uint64_t thread, bool notified, bool died)
{
    brood__server_condition_t *condition = condition_of(self);
    brood__server_lock_t *lock = condition->lock;

    if (lock->client != client || lock->thread != thread)
        return;
    owe(condition, client, thread, lock->depth, notified);
    lock->owner_died = died;
    brood__server_lock_pass(lock);
}

static void undo_notified(brood__referent_t *self, uint64_t client, uint64_t thread, brood__stored_t *nothing)
{
    (void) nothing;
    take_away(self, client, thread, true, false);
}

static void undo_notified_died(brood__referent_t *self, uint64_t client, uint64_t thread, brood__stored_t *nothing)
{
    (void) nothing;
    take_away(self, client, thread, true, true);
}

static void undo_late(brood__referent_t *self, uint64_t client, uint64_t thread, brood__stored_t *nothing)
{
    (void) nothing;
    take_away(self, client, thread, false, false);
}

static void undo_late_died(brood__referent_t *self, uint64_t client, uint64_t thread, brood__stored_t *nothing)
{
    (void) nothing;
    take_away(self, client, thread, false, true);
}

/* ---- who has the lock again ---- */

static brood_value_t outcome(bool notified, bool died)
{
    return brood_int((notified ? 1 : 0) + (died ? 2 : 0));
}

static void granted_notified(brood__waiter_t *waiter, bool died)
{
    brood__waiter_undo(waiter, died ? undo_notified_died : undo_notified, NULL);
    brood__waiter_return(waiter, outcome(true, died));
}

static void granted_late(brood__waiter_t *waiter, bool died)
{
    brood__waiter_undo(waiter, died ? undo_late_died : undo_late, NULL);
    brood__waiter_return(waiter, outcome(false, died));
}

static const brood__lock_ops_t notified = {{NULL, NULL, gone_notified}, granted_notified};
static const brood__lock_ops_t late = {{NULL, NULL, gone}, granted_late};

/* ---- wait ---- */

static void expired(brood__waiter_t *waiter)
{
    brood__server_lock_queue(condition_of(waiter->self)->lock, waiter, &late);
}

static apr_status_t check(const brood__request_t *request, uint64_t *thread, const char *call)
{
    const brood__server_lock_t *lock = condition_of(request->self)->lock;

    BROOD_TRY(brood__request_thread(thread, request, 0));
    if (brood__server_lock_is_held(lock, request->client, *thread))
        return APR_SUCCESS;
    return brood_fail(BROOD_EMISUSE, "%s on a condition whose lock this thread does not hold", call);
}

static apr_status_t wait_call(brood__request_t *request)
{
    static const brood__line_ops_t waiting = {expired, NULL, gone};
    brood__server_condition_t *condition = condition_of(request->self);
    apr_interval_time_t timeout = -1;
    uint64_t thread = 0;
    brood__waiter_t *waiter;
    apr_status_t rc;

    BROOD_TRY(check(request, &thread, "wait"));
    BROOD_TRY(brood__request_timeout(&timeout, request, 1));
    rc = brood__request_park(&waiter, request, &condition->line, &waiting, timeout);
    if (rc != BROOD__PARKED)
        return rc;
    waiter->thread = thread;
    waiter->count = condition->lock->depth;
    brood__server_lock_pass(condition->lock);
    return rc;
}

static brood__owed_t *take_owed(brood__server_condition_t *condition, uint64_t client, uint64_t thread)
{
    for (brood__owed_t **place = &condition->owed; *place != NULL; place = &(*place)->next)
        if ((*place)->client == client && (*place)->thread == thread) {
            brood__owed_t *owed = *place;

            *place = owed->next;
            return owed;
        }
    return NULL;
}

static apr_status_t resume(brood__request_t *request)
{
    brood__server_condition_t *condition = condition_of(request->self);
    uint64_t thread = 0;
    brood__owed_t *owed;
    brood__waiter_t *waiter;
    apr_status_t rc;

    BROOD_TRY(brood__request_thread(&thread, request, 0));
    owed = take_owed(condition, request->client, thread);
    if (owed == NULL) {
        BROOD_TRY(check(request, &thread, "resume"));
        return brood__request_return(request, outcome(false, false));
    }
    rc = brood__request_park(&waiter, request, &condition->line, owed->notified ? &notified.line : &late.line, -1);
    if (rc == BROOD__PARKED) {
        waiter->thread = thread;
        waiter->count = owed->depth;
        brood__server_lock_queue(condition->lock, waiter, owed->notified ? &notified : &late);
        free(owed);
    } else {
        owed->next = condition->owed;
        condition->owed = owed;
    }
    return rc;
}

/* ---- notify ---- */

static void notify_some(brood__server_condition_t *condition, uint64_t count)
{
    for (; count > 0 && condition->line.first != NULL; count--)
        brood__server_lock_queue(condition->lock, condition->line.first, &notified);
}

static apr_status_t notify(brood__request_t *request)
{
    apr_int64_t count = INT64_MAX;
    uint64_t thread = 0;

    BROOD_TRY(check(request, &thread, "notify"));
    BROOD_TRY(brood__request_int(&count, request, 1));
    BROOD_TRY(brood__request_return(request, brood_nil()));
    notify_some(condition_of(request->self), count < 0 ? 0 : (uint64_t) count);
    return APR_SUCCESS;
}

/* ---- the rest ---- */

static apr_status_t held(brood__request_t *request)
{
    uint64_t thread = 0;

    BROOD_TRY(brood__request_thread(&thread, request, 0));
    return brood__request_return(request, brood_bool(brood__server_lock_is_held(condition_of(request->self)->lock,
                                                                                request->client, thread)));
}

/* What was meant for one who does not come back goes to the next. */
static void left(brood__referent_t *self, uint64_t client)
{
    brood__server_condition_t *condition = condition_of(self);
    uint64_t unheard = 0;

    for (brood__owed_t **place = &condition->owed; *place != NULL;) {
        brood__owed_t *owed = *place;

        if (owed->client != client) {
            place = &owed->next;
            continue;
        }
        unheard += owed->notified ? 1 : 0;
        *place = owed->next;
        free(owed);
    }
    brood__server_lock_left(condition->lock, client);
    notify_some(condition, unheard);
}

/* <Condition <RLock owner=None> waiters=2>. */
static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    const brood__server_condition_t *condition = condition_of(self);

    return apr_psprintf(mem, "<Condition %s waiters=%lu>", brood__server_lock_string(condition->lock, mem),
                        (unsigned long) condition->line.count);
}

static const brood__method_t methods[] = {
    {"acquire", 2, 2, brood__server_lock_acquire},
    {"held", 1, 1, held},
    {"locked", 0, 0, brood__server_lock_locked},
    {"notify", 2, 2, notify},
    {"release", 1, 1, brood__server_lock_release},
    {"resume", 1, 1, resume},
    {"wait", 2, 2, wait_call},
};

const brood__type_t brood__condition_type = {
    .name = "condition",
    .tag = BROOD__TAG_MANAGED_CONDITION,
    .size = sizeof(brood__server_condition_t),
    .create = create,
    .destroy = destroy,
    .left = left,
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
