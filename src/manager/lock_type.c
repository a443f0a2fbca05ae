/* lock_type.c - Lock and RLock as a server keeps them.
 *
 *   acquire(thread, timeout)   was the last owner dead?
 *   release(thread)
 *   locked()
 *
 * What a client holds when it ends goes to the next in line, who is told. */
#include "manager/sync_types.h"
#include <apr_strings.h>
#include <limits.h>

apr_status_t brood__request_thread(uint64_t *thread, const brood__request_t *request, size_t argument)
{
    apr_uint64_t number = 0;

    BROOD_TRY(brood_value_uint(&number, request->args[argument]));
    *thread = number;
    return APR_SUCCESS;
}

apr_status_t brood__request_timeout(apr_interval_time_t *timeout, const brood__request_t *request, size_t argument)
{
    apr_int64_t number = -1;

    BROOD_TRY(brood__request_int(&number, request, argument));
    *timeout = number;
    return APR_SUCCESS;
}

brood__server_lock_t *brood__server_lock_of(brood__referent_t *referent)
{
    return referent->type == &brood__condition_type ? ((brood__server_condition_t *) referent)->lock
                                                    : (brood__server_lock_t *) referent;
}

/* ---- who has it ---- */

bool brood__server_lock_is_held(const brood__server_lock_t *lock, uint64_t client, uint64_t thread)
{
    return lock->client == client && (!lock->recursive || lock->thread == thread);
}

bool brood__server_lock_own(brood__server_lock_t *lock, uint64_t client, uint64_t thread, uint64_t depth)
{
    const bool died = lock->owner_died;

    lock->owner_died = false;
    lock->client = client;
    lock->thread = thread;
    lock->depth = depth;
    return died;
}

static void give_to_next(brood__server_lock_t *lock)
{
    brood__waiter_t *next = lock->line.first;
    bool died;

    if (next == NULL || lock->client != 0)
        return;
    died = brood__server_lock_own(lock, next->client, next->thread, next->count);
    ((const brood__lock_ops_t *) next->ops)->granted(next, died);
}

void brood__server_lock_pass(brood__server_lock_t *lock)
{
    lock->client = 0;
    give_to_next(lock);
}

void brood__server_lock_queue(brood__server_lock_t *lock, brood__waiter_t *waiter, const brood__lock_ops_t *ops)
{
    brood__waiter_move(waiter, &lock->line, &ops->line, false);
    give_to_next(lock);
}

void brood__server_lock_left(brood__server_lock_t *lock, uint64_t client)
{
    if (lock->client != client)
        return;
    lock->owner_died = true;
    brood__server_lock_pass(lock);
}

/* ---- acquire ---- */

/* Once less, by whoever never heard that he has it. */
static bool take_away(brood__referent_t *self, uint64_t client, uint64_t thread)
{
    brood__server_lock_t *lock = brood__server_lock_of(self);

    return lock->client == client && lock->thread == thread && --lock->depth == 0;
}

static void undo(brood__referent_t *self, uint64_t client, uint64_t thread, brood__stored_t *nothing)
{
    (void) nothing;
    if (take_away(self, client, thread))
        brood__server_lock_pass(brood__server_lock_of(self));
}

/* And nobody has heard yet that an owner has died. */
static void undo_died(brood__referent_t *self, uint64_t client, uint64_t thread, brood__stored_t *nothing)
{
    (void) nothing;
    if (!take_away(self, client, thread))
        return;
    brood__server_lock_of(self)->owner_died = true;
    brood__server_lock_pass(brood__server_lock_of(self));
}

static void granted(brood__waiter_t *waiter, bool died)
{
    brood__waiter_undo(waiter, died ? undo_died : undo, NULL);
    brood__waiter_return(waiter, brood_bool(died));
}

#define NOT_FREE "the lock did not become free in time"

static const brood__lock_ops_t acquiring = {{NULL, NOT_FREE, NULL}, granted};

static apr_status_t acquire_again(brood__server_lock_t *lock, brood__request_t *request, uint64_t thread)
{
    if (lock->depth == INT_MAX)
        return brood_fail(BROOD_ERANGE, "the lock was acquired %d times by this thread", INT_MAX);
    BROOD_TRY(brood__request_return(request, brood_bool(false)));
    lock->depth++;
    brood__request_undo(request, undo, thread, NULL);
    return APR_SUCCESS;
}

static apr_status_t acquire_free(brood__server_lock_t *lock, brood__request_t *request, uint64_t thread)
{
    const bool died = lock->owner_died;

    BROOD_TRY(brood__request_return(request, brood_bool(died)));
    (void) brood__server_lock_own(lock, request->client, thread, 1);
    brood__request_undo(request, died ? undo_died : undo, thread, NULL);
    return APR_SUCCESS;
}

apr_status_t brood__server_lock_acquire(brood__request_t *request)
{
    brood__server_lock_t *lock = brood__server_lock_of(request->self);
    apr_interval_time_t timeout = -1;
    uint64_t thread = 0;
    brood__waiter_t *waiter;
    apr_status_t rc;

    BROOD_TRY(brood__request_thread(&thread, request, 0));
    BROOD_TRY(brood__request_timeout(&timeout, request, 1));
    if (lock->client == 0)
        return acquire_free(lock, request, thread);
    if (lock->recursive && brood__server_lock_is_held(lock, request->client, thread))
        return acquire_again(lock, request, thread);
    if (timeout == 0)
        return brood_fail_text(APR_TIMEUP, NOT_FREE);
    rc = brood__request_park(&waiter, request, &lock->line, &acquiring.line, timeout);
    if (rc == BROOD__PARKED) {
        waiter->thread = thread;
        waiter->count = 1;
    }
    return rc;
}

/* ---- the rest ---- */

apr_status_t brood__server_lock_release(brood__request_t *request)
{
    brood__server_lock_t *lock = brood__server_lock_of(request->self);
    uint64_t thread = 0;

    BROOD_TRY(brood__request_thread(&thread, request, 0));
    if (lock->recursive && (lock->client == 0 || !brood__server_lock_is_held(lock, request->client, thread)))
        return brood_fail_text(BROOD_ENOTOWNER, "this thread does not hold the RLock that it releases");
    if (lock->client == 0)
        return brood_fail_text(APR_EINVAL, "the lock that is released is free");
    BROOD_TRY(brood__request_return(request, brood_nil()));
    if (--lock->depth == 0)
        brood__server_lock_pass(lock);
    return APR_SUCCESS;
}

apr_status_t brood__server_lock_locked(brood__request_t *request)
{
    return brood__request_return(request, brood_bool(brood__server_lock_of(request->self)->client != 0));
}

/* <Lock owner=None>, <RLock owner=client 3 depth=2>. */
const char *brood__server_lock_string(const brood__server_lock_t *lock, apr_pool_t *mem)
{
    const char *name = lock->recursive ? "RLock" : "Lock";

    if (lock->client == 0)
        return apr_psprintf(mem, "<%s owner=None>", name);
    if (!lock->recursive)
        return apr_psprintf(mem, "<%s owner=client %lu>", name, (unsigned long) lock->client);
    return apr_psprintf(mem, "<%s owner=client %lu depth=%lu>", name, (unsigned long) lock->client,
                        (unsigned long) lock->depth);
}

static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    return brood__server_lock_string((brood__server_lock_t *) self, mem);
}

static void left(brood__referent_t *self, uint64_t client)
{
    brood__server_lock_left((brood__server_lock_t *) self, client);
}

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    if (request->count != 0)
        return brood_fail_text(BROOD_EARGS, "a lock is made without arguments");
    ((brood__server_lock_t *) self)->recursive = self->type == &brood__rlock_type;
    return APR_SUCCESS;
}

static const brood__method_t methods[] = {
    {"acquire", 2, 2, brood__server_lock_acquire},
    {"locked", 0, 0, brood__server_lock_locked},
    {"release", 1, 1, brood__server_lock_release},
};

#define LOCK_TYPE(type_name)                                                                                       \
    {                                                                                                              \
        .name = type_name, .tag = BROOD__TAG_MANAGED_LOCK, .size = sizeof(brood__server_lock_t), .create = create, \
        .left = left, .string = string, .methods = methods, .method_count = sizeof methods / sizeof *methods,      \
    }

const brood__type_t brood__lock_type = LOCK_TYPE("lock");
const brood__type_t brood__rlock_type = LOCK_TYPE("rlock");
