#include "base/deadline.h"
#include "base/status.h"
#include "base/step.h"
#include "memory/object.h"
#include "memory/sleep.h"
#include "sync/managed.h"
#include <apr_strings.h>
#include <limits.h>

/* If any thread sleeps on the word, this bit is set in it, or a wake is on its way, or whoever has got it looks after
 * the others; or the one who bears it is dead and a sweep is due. */
#define WAITED UINT32_C(0x80000000)
#define VALUE(word) ((word) & ~WAITED)

/* In the arena. */
typedef struct shared_semaphore_t {
    brood__object_t object;
    _Alignas(64) _Atomic uint32_t word; /* its value, and WAITED */
    uint32_t bound;                     /* never above; INT_MAX: a plain Semaphore */
} shared_semaphore_t;

static shared_semaphore_t *shared(const brood_semaphore_t *semaphore)
{
    return (shared_semaphore_t *) semaphore->ref.object;
}

static bool is_managed(const brood_semaphore_t *semaphore)
{
    return semaphore->ref.kind != &brood__semaphore_kind;
}

static apr_status_t create(brood_semaphore_t **semaphore, unsigned value, unsigned bound, apr_pool_t *mem)
{
    void *ref;

    if (value > INT_MAX)
        return brood_fail(APR_EINVAL, "a semaphore of %u cannot be: %d is the most", value, INT_MAX);
    BROOD_TRY(brood__object_create(&ref, sizeof **semaphore, &brood__semaphore_kind, sizeof(shared_semaphore_t), mem));
    *semaphore = ref;
    shared(*semaphore)->bound = bound;
    atomic_store_explicit(&shared(*semaphore)->word, value, memory_order_relaxed);
    brood__object_publish(ref);
    return APR_SUCCESS;
}

apr_status_t brood_semaphore_create(brood_semaphore_t **semaphore, unsigned value, apr_pool_t *mem)
{
    return create(semaphore, value, INT_MAX, mem);
}

apr_status_t brood_bounded_semaphore_create(brood_semaphore_t **semaphore, unsigned value, apr_pool_t *mem)
{
    return create(semaphore, value, value, mem);
}

/* Take one if there is one; `mark` is WAITED if others may sleep, else 0. */
static bool take(_Atomic uint32_t *word, uint32_t mark)
{
    uint32_t w = atomic_load_explicit(word, memory_order_relaxed);

    while (VALUE(w) != 0)
        if (atomic_compare_exchange_weak_explicit(word, &w, (w - 1) | mark, memory_order_acquire,
                                                  memory_order_relaxed)) {
            BROOD__STEP(SEMAPHORE_TAKEN);
            if (mark != 0 && VALUE(w) > 1)
                brood__wake(word, 1); /* of several that were given at once only the first has rung */
            return true;
        }
    return false;
}

/* Say that somebody is about to sleep.  False: there is one to take. */
static bool declare(_Atomic uint32_t *word)
{
    uint32_t w = 0;

    return atomic_compare_exchange_strong(word, &w, WAITED) || w == WAITED;
}

static apr_status_t wait_and_take(_Atomic uint32_t *word, apr_interval_time_t timeout)
{
    brood__sleeper_t sleeper = brood__sleeper(brood__deadline(timeout));
    apr_status_t rc = APR_SUCCESS;

    while (!take(word, sleeper.slept ? WAITED : 0)) {
        if (rc != APR_SUCCESS && (!sleeper.slept || declare(word))) /* a wake may have ended here */
            return rc;
        if (rc == APR_SUCCESS && !brood__sleeper_spins(&sleeper) && (timeout == 0 || declare(word)))
            rc = brood__sleeper_sleep(&sleeper, word, WAITED);
    }
    return APR_SUCCESS;
}

apr_status_t brood_semaphore_acquire(brood_semaphore_t *semaphore, apr_interval_time_t timeout)
{
    apr_status_t rc;

    if (is_managed(semaphore))
        return brood__managed_semaphore_calls.acquire(semaphore, timeout);
    if (shared(semaphore) == NULL)
        return brood__object_closed("semaphore");
    if (take(&shared(semaphore)->word, 0))
        return APR_SUCCESS;
    rc = wait_and_take(&shared(semaphore)->word, timeout);
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    return rc == APR_TIMEUP ? brood_fail(rc, "the semaphore was not released in time") : rc;
}

apr_status_t brood_semaphore_release(brood_semaphore_t *semaphore)
{
    shared_semaphore_t *self = shared(semaphore);
    uint32_t w;

    if (is_managed(semaphore))
        return brood__managed_semaphore_calls.release(semaphore);
    if (self == NULL)
        return brood__object_closed("semaphore");
    w = atomic_load_explicit(&self->word, memory_order_relaxed);
    do
        if (VALUE(w) >= self->bound)
            return brood_fail(APR_EINVAL, "the semaphore is released more often than acquired: %u is its most",
                              self->bound);
    while (!atomic_compare_exchange_weak(&self->word, &w, VALUE(w) + 1));
    BROOD__STEP(SEMAPHORE_GIVEN);
    if ((w & WAITED) != 0)
        brood__wake(&self->word, 1);
    BROOD__STEP(SEMAPHORE_RANG);
    return APR_SUCCESS;
}

apr_status_t brood_semaphore_get_value(unsigned *value, brood_semaphore_t *semaphore)
{
    if (is_managed(semaphore))
        return brood__managed_semaphore_calls.get_value(value, semaphore);
    if (shared(semaphore) == NULL)
        return brood__object_closed("semaphore");
    *value = VALUE(atomic_load(&shared(semaphore)->word));
    return APR_SUCCESS;
}

void brood_semaphore_close(brood_semaphore_t *semaphore)
{
    brood__object_close(semaphore);
}

/* ---- as a value ---- */

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    return brood__object_unpack(object, sizeof(brood_semaphore_t), &brood__semaphore_kind, word, mem);
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    return brood__object_copy(copied, sizeof(brood_semaphore_t), object, mem);
}

/* <Semaphore value=2>, <BoundedSemaphore value=1 bound=2>. */
static const char *string(void *object, apr_pool_t *mem)
{
    const shared_semaphore_t *self = shared(object);

    if (self == NULL)
        return "<Semaphore closed>";
    if (self->bound == INT_MAX)
        return apr_psprintf(mem, "<Semaphore value=%u>", VALUE(atomic_load(&self->word)));
    return apr_psprintf(mem, "<BoundedSemaphore value=%u bound=%u>", VALUE(atomic_load(&self->word)), self->bound);
}

const brood__kind_t brood__semaphore_kind = {
    .tag = BROOD__TAG_SEMAPHORE,
    .name = "Semaphore",
    .pack = brood__object_pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
};

BROOD__KIND_FUNCTIONS_OF_ALL(semaphore, BROOD__TAG_SEMAPHORE)
