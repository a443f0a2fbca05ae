/* managed_condition.c - a manager's conditions, as their users have them.
 *
 * The lock of a condition is another reference to it, of a kind of its own: the server's condition does for its lock what
 * a lock does. */
#include "manager/manager.h"
#include "manager/methods.h"
#include "sync/lock.h"
#include "sync/managed.h"
#include <apr_strings.h>

/* ---- its lock ---- */

static apr_status_t lock_unpack(void **ref, uint64_t word, apr_pool_t *mem)
{
    BROOD_TRY(brood__object_unpack(ref, sizeof(brood_lock_t), &brood__managed_condition_kind, word, mem));
    ((brood__ref_t *) *ref)->kind = &brood__condition_lock_kind;
    return APR_SUCCESS;
}

static apr_status_t lock_copy(void **copied, void *ref, apr_pool_t *mem)
{
    if (brood__proxy_shared(ref) == NULL)
        return brood__object_closed("lock");
    return lock_unpack(copied, brood__offset(brood__proxy_shared(ref)), mem);
}

static const char *lock_string(void *ref, apr_pool_t *mem)
{
    return apr_psprintf(mem, "<Lock of %s>", brood__proxy_string(ref, mem));
}

/* It goes with its condition to the server, and has no number there. */
const brood__kind_t brood__condition_lock_kind = {
    .tag = BROOD__TAG_CONDITION_LOCK,
    .name = "Lock of a ConditionProxy",
    .passes_for = BROOD__TAG_LOCK,
    .pack = brood__object_pack,
    .unpack = lock_unpack,
    .copy = lock_copy,
    .same = brood__object_same,
    .string = lock_string,
};

/* ---- as a value: with its lock ---- */

static apr_status_t equip(brood_condition_t *condition, apr_pool_t *mem)
{
    void *lock = NULL;
    apr_status_t rc = lock_copy(&lock, condition, mem);

    if (rc != APR_SUCCESS)
        brood__object_close(condition);
    condition->lock = lock;
    return rc;
}

/* The server's own object, in its thread, is no reference. */
static apr_status_t unpack(void **ref, uint64_t word, apr_pool_t *mem)
{
    BROOD_TRY(brood__managed_unpack(ref, sizeof(brood_condition_t), &brood__managed_condition_kind, word, mem));
    return brood__proxy_shared(*ref) == NULL ? APR_SUCCESS : equip(*ref, mem);
}

static apr_status_t copy(void **copied, void *ref, apr_pool_t *mem)
{
    BROOD_TRY(brood__object_copy(copied, sizeof(brood_condition_t), ref, mem));
    return equip(*copied, mem);
}

const brood__kind_t brood__managed_condition_kind = {
    .tag = BROOD__TAG_MANAGED_CONDITION,
    .name = "ConditionProxy",
    .passes_for = BROOD__TAG_CONDITION,
    .travels = brood__managed_travels,
    .pack = brood__managed_pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__managed_same,
    .string = brood__proxy_string,
    .destroy = brood__proxy_destroy,
};

/* ---- making ---- */

static apr_status_t lock_argument(brood_value_t *argument, brood_lock_t *lock)
{
    *argument = brood_nil();
    if (lock == NULL)
        return APR_SUCCESS;
    if (brood__lock_is_local(lock))
        return brood_fail_text(BROOD_EMISUSE, "a manager's condition needs a lock of the same manager, or none");
    if (lock->ref.kind == &brood__condition_lock_kind)
        *argument = brood__kind_to_value(BROOD__TAG_MANAGED_CONDITION, lock);
    else
        *argument = brood_lock_to_value(lock);
    return APR_SUCCESS;
}

apr_status_t brood_manager_condition(brood_condition_t **condition, brood_manager_t *manager, const char *name,
                                     brood_lock_t *lock, apr_pool_t *mem)
{
    brood_value_t argument;
    void *ref = NULL;

    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(lock_argument(&argument, lock));
    BROOD_TRY(brood__proxy_open(&ref, &brood__managed_condition_kind, brood__manager_origin(manager), "condition", name,
                                BROOD__WITH(argument), mem));
    *condition = ref;
    return APR_SUCCESS;
}

/* ---- calls ---- */

static brood_value_t this_thread(void)
{
    return brood_uint(brood__client_thread());
}

/* A wait that was given up: whatever has happened, the lock is this thread's again.  *outcome: see condition_type.c. */
static apr_status_t resume(brood_value_t *outcome, brood_condition_t *condition)
{
    apr_status_t rc;

    do
        rc = brood__proxy_wait(outcome, condition, "resume", BROOD__WITH(this_thread()), BROOD_FOREVER, NULL);
    while (rc == BROOD_ECANCELLED);
    return rc;
}

static apr_status_t conclude(brood_value_t outcome, apr_status_t given_up)
{
    apr_int64_t bits = 0;

    BROOD_TRY(brood_value_int(&bits, outcome));
    if ((bits & 2) != 0)
        return brood_fail_text(BROOD_EOWNERDEAD,
                               "the lock is held now, but its last owner died holding it: mend what it guards");
    if ((bits & 1) != 0)
        return APR_SUCCESS;
    if (given_up == BROOD_ECANCELLED)
        return brood_fail_text(given_up, "waiting for the condition was interrupted by Ctrl-C");
    return brood_fail_text(APR_TIMEUP, "the condition was not notified in time");
}

static apr_status_t wait_call(brood_condition_t *condition, apr_interval_time_t timeout)
{
    brood_value_t outcome = brood_nil();
    const apr_status_t rc =
        brood__proxy_wait(&outcome, condition, "wait", BROOD__WITH(this_thread(), brood_int(timeout)), timeout, NULL);

    if (rc == BROOD_ECANCELLED || rc == APR_TIMEUP)
        BROOD_TRY(resume(&outcome, condition));
    else if (rc != APR_SUCCESS)
        return rc;
    return conclude(outcome, rc);
}

static apr_status_t notify(brood_condition_t *condition, unsigned count)
{
    return brood__proxy_do(condition, "notify", BROOD__WITH(this_thread(), brood_uint(count)));
}

static apr_status_t notify_all(brood_condition_t *condition)
{
    return brood__proxy_do(condition, "notify", BROOD__WITH(this_thread(), brood_nil()));
}

static apr_status_t check(brood_condition_t *condition)
{
    bool held = false;

    BROOD_TRY(brood__proxy_bool(&held, condition, "held", BROOD__WITH(this_thread())));
    if (held)
        return APR_SUCCESS;
    return brood_fail_text(BROOD_EMISUSE, "wait_for on a condition whose lock this thread does not hold");
}

const brood__managed_condition_calls_t brood__managed_condition_calls = {wait_call, notify, notify_all, check};
