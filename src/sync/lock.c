#include "sync/lock.h"
#include "base/status.h"
#include "base/thread_local.h"
#include "memory/object.h"
#include "memory/word.h"
#include "sync/managed.h"
#include <apr_strings.h>
#include <limits.h>

/* In the arena.  The word says which process holds it; an RLock's token says which thread. */
typedef struct shared_lock_t {
    brood__object_t object;
    _Alignas(64) _Atomic uint32_t word;
    uint32_t recursive;
    _Atomic uint64_t token; /* the holder's id << 32 | thread; only he writes his own */
    uint32_t depth;         /* the holder's alone */
} shared_lock_t;

static shared_lock_t *shared(const brood_lock_t *lock)
{
    return (shared_lock_t *) lock->ref.object;
}

bool brood__lock_is_local(const brood_lock_t *lock)
{
    return lock->ref.kind == &brood__lock_kind;
}

uint64_t brood__lock_thread(void)
{
    static _Atomic uint32_t threads;
    static BROOD__THREAD_LOCAL uint32_t number;

    if (number == 0)
        number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
    return (uint64_t) brood__me << 32 | number;
}

static apr_status_t create(brood_lock_t **lock, bool recursive, apr_pool_t *mem)
{
    void *ref;

    BROOD_TRY(brood__object_create(&ref, sizeof **lock, &brood__lock_kind, sizeof(shared_lock_t), mem));
    *lock = ref;
    shared(*lock)->recursive = recursive;
    brood__object_publish(ref);
    return APR_SUCCESS;
}

apr_status_t brood_lock_create(brood_lock_t **lock, apr_pool_t *mem)
{
    return create(lock, false, mem);
}

apr_status_t brood_rlock_create(brood_lock_t **lock, apr_pool_t *mem)
{
    return create(lock, true, mem);
}

static apr_status_t acquired(apr_status_t rc)
{
    if (rc == BROOD_EOWNERDEAD)
        return brood_fail(rc, "the lock is held now, but its last owner died holding it: mend what it guards");
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    return rc == APR_TIMEUP ? brood_fail(rc, "the lock did not become free in time") : rc;
}

static apr_status_t acquire_recursive(shared_lock_t *lock, apr_interval_time_t timeout)
{
    const uint64_t token = brood__lock_thread();
    apr_status_t rc;

    if (atomic_load_explicit(&lock->token, memory_order_relaxed) == token) {
        if (lock->depth == INT_MAX)
            return brood_fail(BROOD_ERANGE, "the lock was acquired %d times by this thread", INT_MAX);
        lock->depth++;
        return APR_SUCCESS;
    }
    rc = brood__word_acquire(&lock->word, timeout);
    if (rc == APR_SUCCESS || rc == BROOD_EOWNERDEAD) {
        atomic_store_explicit(&lock->token, token, memory_order_relaxed);
        lock->depth = 1;
    }
    return rc == APR_SUCCESS ? rc : acquired(rc);
}

apr_status_t brood_lock_acquire(brood_lock_t *lock, apr_interval_time_t timeout)
{
    shared_lock_t *self = shared(lock);
    apr_status_t rc;

    if (!brood__lock_is_local(lock))
        return brood__managed_lock_calls.acquire(lock, timeout);
    if (self == NULL)
        return brood__object_closed("lock");
    if (self->recursive)
        return acquire_recursive(self, timeout);
    rc = brood__word_acquire(&self->word, timeout);
    return rc == APR_SUCCESS ? rc : acquired(rc);
}

apr_status_t brood_lock_release(brood_lock_t *lock)
{
    shared_lock_t *self = shared(lock);

    if (!brood__lock_is_local(lock))
        return brood__managed_lock_calls.release(lock);
    if (self == NULL)
        return brood__object_closed("lock");
    if (self->recursive) {
        if (atomic_load_explicit(&self->token, memory_order_relaxed) != brood__lock_thread())
            return brood_fail(BROOD_ENOTOWNER, "this thread does not hold the RLock that it releases");
        if (--self->depth > 0)
            return APR_SUCCESS;
        atomic_store_explicit(&self->token, 0, memory_order_relaxed);
    }
    if (brood__word_release(&self->word) != APR_SUCCESS)
        return brood_fail(APR_EINVAL, "the lock that is released is free");
    return APR_SUCCESS;
}

/* ---- for conditions ---- */

bool brood__lock_held(const brood_lock_t *lock)
{
    const shared_lock_t *self = shared(lock);

    if (self->recursive)
        return atomic_load_explicit(&self->token, memory_order_relaxed) == brood__lock_thread();
    return (atomic_load_explicit(&self->word, memory_order_relaxed) & BROOD__ID_MASK) == brood__me;
}

void brood__lock_let_go(uint32_t *depth, brood_lock_t *lock)
{
    shared_lock_t *self = shared(lock);

    *depth = self->depth;
    atomic_store_explicit(&self->token, 0, memory_order_relaxed);
    (void) brood__word_release(&self->word);
}

apr_status_t brood__lock_take_back(brood_lock_t *lock, uint32_t depth)
{
    shared_lock_t *self = shared(lock);
    apr_status_t rc;

    brood__critical_enter(); /* else it might be interrupted */
    rc = brood__word_acquire(&self->word, BROOD_FOREVER);
    brood__critical_leave();
    if (self->recursive) {
        atomic_store_explicit(&self->token, brood__lock_thread(), memory_order_relaxed);
        self->depth = depth;
    }
    return acquired(rc);
}

apr_status_t brood__lock_copy(brood_lock_t **copied, brood_lock_t *lock, apr_pool_t *mem)
{
    void *ref;

    BROOD_TRY(brood__object_copy(&ref, sizeof **copied, lock, mem));
    *copied = ref;
    return APR_SUCCESS;
}

uint64_t brood__lock_word(brood_lock_t *lock)
{
    return brood__offset(shared(lock));
}

apr_status_t brood__lock_from_word(brood_lock_t **lock, uint64_t word, apr_pool_t *mem)
{
    void *ref;

    BROOD_TRY(brood__object_unpack(&ref, sizeof **lock, &brood__lock_kind, word, mem));
    *lock = ref;
    return APR_SUCCESS;
}

apr_status_t brood_lock_locked(bool *locked, brood_lock_t *lock)
{
    if (!brood__lock_is_local(lock))
        return brood__managed_lock_calls.locked(locked, lock);
    if (shared(lock) == NULL)
        return brood__object_closed("lock");
    *locked = brood__word_owner(&shared(lock)->word) != 0;
    return APR_SUCCESS;
}

void brood_lock_close(brood_lock_t *lock)
{
    brood__object_close(lock);
}

static void release_if_mine(brood__object_t *object)
{
    shared_lock_t *lock = (shared_lock_t *) object;

    if (brood__word_owner(&lock->word) != brood__me)
        return;
    atomic_store(&lock->token, 0);
    (void) brood__word_release(&lock->word);
}

void brood__locks_release_all(void)
{
    brood__object_each(BROOD__TAG_LOCK, release_if_mine);
}

/* ---- as a value ---- */

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    return brood__object_unpack(object, sizeof(brood_lock_t), &brood__lock_kind, word, mem);
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    return brood__object_copy(copied, sizeof(brood_lock_t), object, mem);
}

/* <Lock owner=Process-2>, <RLock owner=MainProcess depth=2>, <Lock owner=None>. */
static const char *string(void *object, apr_pool_t *mem)
{
    shared_lock_t *lock = shared(object);
    char name[BROOD__NAME_SIZE];
    const char *owner = NULL;

    if (lock == NULL)
        return "<Lock closed>";
    if (brood__word_owner(&lock->word) != 0)
        owner = brood__table_name(brood__word_owner(&lock->word), name);
    if (!lock->recursive || owner == NULL)
        return apr_psprintf(mem, "<%s owner=%s>", lock->recursive ? "RLock" : "Lock", owner == NULL ? "None" : owner);
    return apr_psprintf(mem, "<RLock owner=%s depth=%u>", owner, lock->depth);
}

const brood__kind_t brood__lock_kind = {
    .tag = BROOD__TAG_LOCK,
    .name = "Lock",
    .pack = brood__object_pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
};

BROOD__KIND_FUNCTIONS_OF_ALL(lock, BROOD__TAG_LOCK)
