#include "base/deadline.h"
#include "base/status.h"
#include "base/step.h"
#include "memory/object.h"
#include "memory/waiter.h"
#include "sync/lock.h"
#include "sync/managed.h"
#include <apr_strings.h>

/* In the arena.  Who waits is said by the waiters themselves. */
typedef struct shared_condition_t {
    brood__object_t object;
    uint64_t lock;    /* word of the lock, which each holder of the condition holds too */
    uint32_t tickets; /* under the lock: waiters are notified in the order in which they came */
} shared_condition_t;

static shared_condition_t *shared(const brood_condition_t *condition)
{
    return (shared_condition_t *) condition->ref.object;
}

static bool is_managed(const brood_condition_t *condition)
{
    return condition->ref.kind != &brood__condition_kind;
}

static uint64_t where(const brood_condition_t *condition)
{
    return brood__offset(shared(condition));
}

apr_status_t brood_condition_create(brood_condition_t **condition, brood_lock_t *lock, apr_pool_t *mem)
{
    brood_lock_t *own;
    apr_status_t rc;
    void *ref;

    if (lock != NULL && !brood__lock_is_local(lock))
        return brood_fail_text(BROOD_EMISUSE,
                               "a manager's lock goes with a manager's condition: brood_manager_condition");
    if (lock == NULL)
        BROOD_TRY(brood_rlock_create(&own, mem));
    else
        BROOD_TRY(brood__lock_copy(&own, lock, mem));
    rc = brood__object_create(&ref, sizeof **condition, &brood__condition_kind, sizeof(shared_condition_t), mem);
    if (rc != APR_SUCCESS) {
        brood_lock_close(own);
        return rc;
    }
    *condition = ref;
    (*condition)->lock = own;
    shared(*condition)->lock = brood__lock_word(own);
    brood__object_publish(ref);
    return APR_SUCCESS;
}

brood_lock_t *brood_condition_lock(brood_condition_t *condition)
{
    return condition->lock;
}

static apr_status_t check(const brood_condition_t *condition, const char *what)
{
    if (shared(condition) == NULL)
        return brood__object_closed("condition");
    if (!brood__lock_held(condition->lock))
        return brood_fail(BROOD_EMISUSE, "%s on a condition whose lock this thread does not hold", what);
    return APR_SUCCESS;
}

/* Without the lock. */
static apr_status_t sleep_until_told(brood__waiter_t *waiter, apr_time_t deadline)
{
    brood__sleeper_t sleeper = brood__sleeper(deadline);
    apr_status_t rc = APR_SUCCESS;

    while (rc == APR_SUCCESS && brood__waiter_state(waiter) == BROOD__WAITS)
        rc = brood__waiter_wait(waiter, &sleeper);
    return rc;
}

static apr_status_t wait_until(brood_condition_t *condition, apr_time_t deadline)
{
    brood__waiter_t *waiter;
    apr_status_t rc, retaken;
    uint32_t depth;
    bool notified;

    waiter = brood__waiter_enter(where(condition), shared(condition)->tickets++, true);
    if (waiter == NULL)
        return brood_fail_text(APR_EAGAIN, "too many threads wait in conditions and barriers already");
    brood__lock_let_go(&depth, condition->lock);
    BROOD__STEP(CONDITION_RELEASED);
    rc = sleep_until_told(waiter, deadline);
    retaken = brood__lock_take_back(condition->lock, depth);
    BROOD__STEP(CONDITION_RETAKEN);
    notified = brood__waiter_state(waiter) != BROOD__WAITS; /* perhaps since */
    brood__waiter_leave(waiter);
    if (retaken != APR_SUCCESS)
        return retaken;
    if (notified)
        return APR_SUCCESS;
    return rc == APR_EINTR ? brood__fail_interrupted() : brood_fail(rc, "the condition was not notified in time");
}

apr_status_t brood_condition_wait(brood_condition_t *condition, apr_interval_time_t timeout)
{
    if (is_managed(condition))
        return brood__managed_condition_calls.wait(condition, timeout);
    BROOD_TRY(check(condition, "wait"));
    return wait_until(condition, brood__deadline(timeout));
}

apr_status_t brood_condition_wait_for(brood_condition_t *condition, brood_predicate_fn predicate, void *user,
                                      apr_interval_time_t timeout)
{
    const apr_time_t deadline = brood__deadline(timeout);
    const bool managed = is_managed(condition);

    BROOD_TRY(managed ? brood__managed_condition_calls.check(condition) : check(condition, "wait_for"));
    while (!predicate(user)) {
        const apr_status_t rc = managed ? brood__managed_condition_calls.wait(condition, brood__timeout_left(deadline))
                                        : wait_until(condition, deadline);

        if (rc == APR_TIMEUP && predicate(user))
            break;
        if (rc != APR_SUCCESS)
            return rc;
    }
    return APR_SUCCESS;
}

apr_status_t brood_condition_notify(brood_condition_t *condition, unsigned count)
{
    if (is_managed(condition))
        return brood__managed_condition_calls.notify(condition, count);
    BROOD_TRY(check(condition, "notify"));
    while (count > 0) {
        brood__waiter_t *waiter = brood__waiter_first(where(condition));

        if (waiter == NULL)
            break;
        count -= brood__waiter_tell(waiter, BROOD__PASSED); /* else it has died */
    }
    return APR_SUCCESS;
}

apr_status_t brood_condition_notify_all(brood_condition_t *condition)
{
    if (is_managed(condition))
        return brood__managed_condition_calls.notify_all(condition);
    BROOD_TRY(check(condition, "notify_all"));
    for (brood__waiter_t *w = NULL; (w = brood__waiter_next(where(condition), w)) != NULL;)
        (void) brood__waiter_tell(w, BROOD__PASSED);
    return APR_SUCCESS;
}

void brood_condition_close(brood_condition_t *condition)
{
    brood_lock_close(condition->lock);
    brood__object_close(condition);
}

/* ---- as a value: with its lock ---- */

static apr_status_t pack(uint64_t *word, void *object, uint32_t to)
{
    brood_condition_t *condition = object;

    if (condition->ref.object == NULL)
        return brood__object_closed("condition");
    BROOD_TRY(brood__object_pack(word, condition->lock, to));
    return brood__object_pack(word, condition, to);
}

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    brood_condition_t *condition;
    apr_status_t rc;

    BROOD_TRY(brood__object_unpack(object, sizeof *condition, &brood__condition_kind, word, mem));
    condition = *object;
    rc = brood__lock_from_word(&condition->lock, shared(condition)->lock, mem);
    if (rc != APR_SUCCESS)
        brood__object_close(condition);
    return rc;
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    const brood_condition_t *condition = object;

    if (condition->ref.object == NULL)
        return brood__object_closed("condition");
    return unpack(copied, where(condition), mem);
}

/* <Condition <RLock owner=None> waiters=2>. */
static const char *string(void *object, apr_pool_t *mem)
{
    brood_condition_t *condition = object;

    if (shared(condition) == NULL)
        return "<Condition closed>";
    return apr_psprintf(mem, "<Condition %s waiters=%u>", brood__lock_kind.string(condition->lock, mem),
                        brood__waiter_count(where(condition)));
}

const brood__kind_t brood__condition_kind = {
    .tag = BROOD__TAG_CONDITION,
    .name = "Condition",
    .pack = pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
};

BROOD__KIND_FUNCTIONS_OF_ALL(condition, BROOD__TAG_CONDITION)
