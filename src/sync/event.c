#include "base/deadline.h"
#include "base/status.h"
#include "base/step.h"
#include "memory/object.h"
#include "memory/sleep.h"
#include "sync/managed.h"
#include <apr_strings.h>

/* If any thread sleeps on the word, this bit is set in it, or a wake is on its way; or the one who bears it is dead and a
 * sweep is due. */
#define WAITED UINT32_C(0x80000000)
#define COUNT(word) ((word) & ~WAITED)

/* In the arena.  Each change of the event counts its word up by one: odd is set.  So whoever waited while it was even
 * sees that it has been set since, even if it has been cleared again. */
typedef struct shared_event_t {
    brood__object_t object;
    _Alignas(64) _Atomic uint32_t word; /* the count, and WAITED */
} shared_event_t;

static shared_event_t *shared(const brood_event_t *event)
{
    return (shared_event_t *) event->ref.object;
}

static bool is_managed(const brood_event_t *event)
{
    return event->ref.kind != &brood__event_kind;
}

static bool is_set(uint32_t word)
{
    return (word & 1) != 0;
}

static uint32_t counted_up(uint32_t word)
{
    return (word & WAITED) | COUNT(word + 1);
}

apr_status_t brood_event_create(brood_event_t **event, apr_pool_t *mem)
{
    void *ref;

    BROOD_TRY(brood__object_create(&ref, sizeof **event, &brood__event_kind, sizeof(shared_event_t), mem));
    *event = ref;
    brood__object_publish(ref);
    return APR_SUCCESS;
}

/* Nothing here but atomics and the wake, if it is a local one: it may run in a signal handler on top of any call. */
apr_status_t brood_event_set(brood_event_t *event)
{
    shared_event_t *self = shared(event);
    uint32_t w;

    if (is_managed(event))
        return brood__managed_event_calls.set(event);
    if (self == NULL)
        return brood__object_closed("event");
    w = atomic_load(&self->word);
    /* Written to also if it was set already: so whoever clears it after this sees what was done before this, as one
     * who had only looked could not be sure of. */
    while (!atomic_compare_exchange_weak(&self->word, &w, is_set(w) ? w : counted_up(w)))
        ;
    BROOD__STEP(EVENT_CHANGED);
    /* Also if it was set already: whoever did that may not have come to this. */
    if ((atomic_load(&self->word) & WAITED) != 0 && (atomic_fetch_and(&self->word, ~WAITED) & WAITED) != 0)
        brood__wake(&self->word, UINT32_MAX);
    BROOD__STEP(EVENT_RANG);
    return APR_SUCCESS;
}

apr_status_t brood_event_clear(brood_event_t *event)
{
    shared_event_t *self = shared(event);
    uint32_t w;

    if (is_managed(event))
        return brood__managed_event_calls.clear(event);
    if (self == NULL)
        return brood__object_closed("event");
    w = atomic_load(&self->word);
    while (is_set(w) && !atomic_compare_exchange_weak(&self->word, &w, counted_up(w)))
        ;
    return APR_SUCCESS;
}

/* Say that somebody is about to sleep.  False: the word is another by now. */
static bool declare(_Atomic uint32_t *word, uint32_t seen)
{
    return (seen & WAITED) != 0 || atomic_compare_exchange_strong(word, &seen, seen | WAITED);
}

apr_status_t brood_event_wait(brood_event_t *event, apr_interval_time_t timeout)
{
    shared_event_t *self = shared(event);
    brood__sleeper_t sleeper;
    apr_status_t rc = APR_SUCCESS;
    uint32_t seen, w;

    if (is_managed(event))
        return brood__managed_event_calls.wait(event, timeout);
    if (self == NULL)
        return brood__object_closed("event");
    seen = COUNT(atomic_load(&self->word));
    if (is_set(seen))
        return APR_SUCCESS;
    sleeper = brood__sleeper(brood__deadline(timeout));
    while (COUNT(w = atomic_load(&self->word)) == seen && rc == APR_SUCCESS)
        if (!brood__sleeper_spins(&sleeper) && (timeout == 0 || declare(&self->word, w)))
            rc = brood__sleeper_sleep(&sleeper, &self->word, w | WAITED);
    if (COUNT(w) != seen)
        return APR_SUCCESS;
    return rc == APR_EINTR ? brood__fail_interrupted() : brood_fail(rc, "the event was not set in time");
}

apr_status_t brood_event_is_set(bool *set, brood_event_t *event)
{
    if (is_managed(event))
        return brood__managed_event_calls.is_set(set, event);
    if (shared(event) == NULL)
        return brood__object_closed("event");
    *set = is_set(atomic_load(&shared(event)->word));
    return APR_SUCCESS;
}

void brood_event_close(brood_event_t *event)
{
    brood__object_close(event);
}

/* ---- as a value ---- */

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    return brood__object_unpack(object, sizeof(brood_event_t), &brood__event_kind, word, mem);
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    return brood__object_copy(copied, sizeof(brood_event_t), object, mem);
}

static const char *string(void *object, apr_pool_t *mem)
{
    (void) mem;
    if (shared(object) == NULL)
        return "<Event closed>";
    return is_set(atomic_load(&shared(object)->word)) ? "<Event set>" : "<Event unset>";
}

const brood__kind_t brood__event_kind = {
    .tag = BROOD__TAG_EVENT,
    .name = "Event",
    .pack = brood__object_pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
};

BROOD__KIND_FUNCTIONS_OF_ALL(event, BROOD__TAG_EVENT)
