/* managed_sync.c - a manager's locks, semaphores and events, as their users have them. */
#include "manager/manager.h"
#include "manager/methods.h"
#include "sync/managed.h"

typedef brood_lock_t brood_managed_lock_t;
typedef brood_semaphore_t brood_managed_semaphore_t;
typedef brood_event_t brood_managed_event_t;

BROOD__PROXY_KIND(managed_lock, BROOD__TAG_MANAGED_LOCK, "LockProxy", BROOD__TAG_LOCK)
BROOD__PROXY_KIND(managed_semaphore, BROOD__TAG_MANAGED_SEMAPHORE, "SemaphoreProxy", BROOD__TAG_SEMAPHORE)
BROOD__PROXY_KIND(managed_event, BROOD__TAG_MANAGED_EVENT, "EventProxy", BROOD__TAG_EVENT)

static apr_status_t open_object(void **ref, brood_manager_t *manager, const brood__kind_t *kind, const char *type,
                                const char *name, const brood_value_t *args, size_t count, apr_pool_t *mem)
{
    BROOD_TRY(brood__manager_check(manager));
    return brood__proxy_open(ref, kind, brood__manager_origin(manager), type, name, args, count, mem);
}

/* ---- locks ---- */

static apr_status_t open_lock(brood_lock_t **lock, brood_manager_t *manager, const char *type, const char *name,
                              apr_pool_t *mem)
{
    void *ref = NULL;

    BROOD_TRY(open_object(&ref, manager, &brood__managed_lock_kind, type, name, BROOD__WITHOUT, mem));
    *lock = ref;
    return APR_SUCCESS;
}

apr_status_t brood_manager_lock(brood_lock_t **lock, brood_manager_t *manager, const char *name, apr_pool_t *mem)
{
    return open_lock(lock, manager, "lock", name, mem);
}

apr_status_t brood_manager_rlock(brood_lock_t **lock, brood_manager_t *manager, const char *name, apr_pool_t *mem)
{
    return open_lock(lock, manager, "rlock", name, mem);
}

static brood_value_t this_thread(void)
{
    return brood_uint(brood__client_thread());
}

static apr_status_t lock_acquire(brood_lock_t *lock, apr_interval_time_t timeout)
{
    brood_value_t answer = brood_nil();
    bool died = false;

    BROOD_TRY(
        brood__proxy_wait(&answer, lock, "acquire", BROOD__WITH(this_thread(), brood_int(timeout)), timeout, NULL));
    BROOD_TRY(brood_value_bool(&died, answer));
    if (!died)
        return APR_SUCCESS;
    return brood_fail_text(BROOD_EOWNERDEAD,
                           "the lock is held now, but its last owner died holding it: mend what it guards");
}

static apr_status_t lock_release(brood_lock_t *lock)
{
    return brood__proxy_do(lock, "release", BROOD__WITH(this_thread()));
}

static apr_status_t lock_locked(bool *locked, brood_lock_t *lock)
{
    return brood__proxy_bool(locked, lock, "locked", BROOD__WITHOUT);
}

const brood__managed_lock_calls_t brood__managed_lock_calls = {lock_acquire, lock_release, lock_locked};

/* ---- semaphores ---- */

static apr_status_t open_semaphore(brood_semaphore_t **semaphore, brood_manager_t *manager, const char *type,
                                   const char *name, unsigned value, apr_pool_t *mem)
{
    void *ref = NULL;

    BROOD_TRY(
        open_object(&ref, manager, &brood__managed_semaphore_kind, type, name, BROOD__WITH(brood_uint(value)), mem));
    *semaphore = ref;
    return APR_SUCCESS;
}

apr_status_t brood_manager_semaphore(brood_semaphore_t **semaphore, brood_manager_t *manager, const char *name,
                                     unsigned value, apr_pool_t *mem)
{
    return open_semaphore(semaphore, manager, "semaphore", name, value, mem);
}

apr_status_t brood_manager_bounded_semaphore(brood_semaphore_t **semaphore, brood_manager_t *manager, const char *name,
                                             unsigned value, apr_pool_t *mem)
{
    return open_semaphore(semaphore, manager, "bounded_semaphore", name, value, mem);
}

static apr_status_t semaphore_acquire(brood_semaphore_t *semaphore, apr_interval_time_t timeout)
{
    return brood__proxy_wait(NULL, semaphore, "acquire", BROOD__WITH(brood_int(timeout)), timeout, NULL);
}

static apr_status_t semaphore_release(brood_semaphore_t *semaphore)
{
    return brood__proxy_do(semaphore, "release", BROOD__WITHOUT);
}

static apr_status_t semaphore_get_value(unsigned *value, brood_semaphore_t *semaphore)
{
    apr_size_t number = 0;

    BROOD_TRY(brood__proxy_size(&number, semaphore, "value", BROOD__WITHOUT));
    *value = (unsigned) number;
    return APR_SUCCESS;
}

const brood__managed_semaphore_calls_t brood__managed_semaphore_calls = {semaphore_acquire, semaphore_release,
                                                                         semaphore_get_value};

/* ---- events ---- */

apr_status_t brood_manager_event(brood_event_t **event, brood_manager_t *manager, const char *name, apr_pool_t *mem)
{
    void *ref = NULL;

    BROOD_TRY(open_object(&ref, manager, &brood__managed_event_kind, "event", name, BROOD__WITHOUT, mem));
    *event = ref;
    return APR_SUCCESS;
}

static apr_status_t event_set(brood_event_t *event)
{
    return brood__proxy_do(event, "set", BROOD__WITHOUT);
}

static apr_status_t event_clear(brood_event_t *event)
{
    return brood__proxy_do(event, "clear", BROOD__WITHOUT);
}

static apr_status_t event_wait(brood_event_t *event, apr_interval_time_t timeout)
{
    return brood__proxy_wait(NULL, event, "wait", BROOD__WITH(brood_int(timeout)), timeout, NULL);
}

static apr_status_t event_is_set(bool *set, brood_event_t *event)
{
    return brood__proxy_bool(set, event, "is_set", BROOD__WITHOUT);
}

const brood__managed_event_calls_t brood__managed_event_calls = {event_set, event_clear, event_wait, event_is_set};
