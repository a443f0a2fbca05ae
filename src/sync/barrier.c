#include "sync/barrier.h"
#include "base/codec.h"
#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "base/step.h"
#include "memory/waiter.h"
#include "memory/word.h"
#include "sync/managed.h"
#include <apr_strings.h>
#include <limits.h>
#include <string.h>

/* Why it is broken. */
enum { WHOLE, TIMED_OUT, ABORTED, FAILED, DIED, INTERRUPTED };

static brood__barrier_t *shared(const brood_barrier_t *barrier)
{
    return (brood__barrier_t *) barrier->ref.object;
}

static bool is_managed(const brood_barrier_t *barrier)
{
    return barrier->ref.kind != &brood__barrier_kind;
}

apr_status_t brood_barrier_create(brood_barrier_t **barrier, unsigned parties, brood_entry_fn action, apr_pool_t *mem)
{
    const char *name = brood__entry_name(action);
    const size_t size = name == NULL ? 0 : strlen(name);
    brood__barrier_t *self;
    void *ref;

    if (parties < 1 || parties > INT_MAX)
        return brood_fail(APR_EINVAL, "a barrier is for 1 to %d parties, not %u", INT_MAX, parties);
    if (action != NULL && name == NULL)
        return brood_fail_text(BROOD_EENTRY, "the barrier's action is in no entry table: list it with BROOD_ENTRY");
    BROOD_TRY(brood__object_create(&ref, sizeof **barrier, &brood__barrier_kind, sizeof *self + size, mem));
    *barrier = ref;
    (*barrier)->action = action;
    self = shared(*barrier);
    self->parties = parties;
    self->action_size = (uint32_t) size;
    if (size != 0)
        memcpy(self->action, name, size);
    brood__object_publish(ref);
    return APR_SUCCESS;
}

/* ---- under the lock ---- */

static void tell_all(brood__barrier_t *self, uint32_t state, bool of_round, uint32_t round)
{
    const uint64_t where = brood__offset(self);

    for (brood__waiter_t *w = NULL; (w = brood__waiter_next(where, w)) != NULL;)
        if (!of_round || atomic_load(&w->ticket) == round)
            (void) brood__waiter_tell(w, state);
}

static void break_it(brood__barrier_t *self, uint32_t why)
{
    uint32_t whole = WHOLE;

    (void) atomic_compare_exchange_strong(&self->broken, &whole, why);
    self->count = 0;
    BROOD__STEP(BARRIER_BROKEN);
    tell_all(self, BROOD__BROKEN, false, 0);
}

static void enter(brood__barrier_t *self)
{
    brood__critical_enter();
    if (brood__word_acquire(&self->lock, BROOD_FOREVER) == BROOD_EOWNERDEAD)
        break_it(self, DIED);
    BROOD__STEP(BARRIER_LOCKED);
}

static void leave(brood__barrier_t *self)
{
    (void) brood__word_release(&self->lock);
    brood__critical_leave();
}

/* ---- wait ---- */

static apr_status_t fail_broken(const brood__barrier_t *self)
{
    static const char *const reasons[] = {
        [WHOLE] = "it was reset while this party waited",
        [TIMED_OUT] = "a party did not come in time",
        [ABORTED] = "it was aborted",
        [FAILED] = "its action, or the entry of a process that had it, has failed",
        [DIED] = "a process that had it has ended",
        [INTERRUPTED] = "a party was interrupted by Ctrl-C",
    };
    const uint32_t why = atomic_load(&self->broken);

    return brood_fail(BROOD_EBROKEN, "the barrier is broken: %s", reasons[why <= INTERRUPTED ? why : DIED]);
}

/* Sleep until told, broken or out of time; in the latter cases the barrier is broken for all. */
static apr_status_t wait_for_others(brood__barrier_t *self, brood__waiter_t *waiter, apr_time_t deadline)
{
    brood__sleeper_t sleeper = brood__sleeper(deadline);
    apr_status_t rc = APR_SUCCESS;
    uint32_t state;

    while (rc == APR_SUCCESS && brood__waiter_state(waiter) == BROOD__WAITS && atomic_load(&self->broken) == WHOLE)
        rc = brood__waiter_wait(waiter, &sleeper);
    if (brood__waiter_state(waiter) == BROOD__WAITS) {
        enter(self);
        if (brood__waiter_state(waiter) == BROOD__WAITS)
            break_it(self, rc == APR_TIMEUP ? TIMED_OUT : INTERRUPTED);
        leave(self);
    }
    state = brood__waiter_state(waiter);
    brood__waiter_leave(waiter);
    if (state == BROOD__PASSED)
        return APR_SUCCESS;
    return rc == APR_EINTR ? brood__fail_interrupted() : fail_broken(self);
}

/* Not under the lock: it may take as long as it likes. */
static apr_status_t run_action(const brood_barrier_t *barrier)
{
    apr_pool_t *mem;
    apr_status_t rc;

    if (barrier->action == NULL)
        return brood_fail_text(BROOD_EENTRY, "the barrier's action is in no entry table of this process");
    BROOD_TRY(brood__own_pool(&mem));
    rc = brood__entry_call(barrier->action, mem);
    apr_pool_destroy(mem);
    return rc;
}

/* The last party has come: the others pass after the action, if the barrier is still whole then. */
static apr_status_t act(const brood_barrier_t *barrier, brood__waiter_t *waiter, uint32_t round)
{
    brood__barrier_t *self = shared(barrier);
    const apr_status_t rc = run_action(barrier);
    bool passed;

    enter(self);
    if (rc != APR_SUCCESS)
        break_it(self, FAILED);
    else if (brood__waiter_state(waiter) == BROOD__WAITS)
        tell_all(self, BROOD__PASSED, true, round);
    leave(self);
    passed = brood__waiter_state(waiter) == BROOD__PASSED;
    brood__waiter_leave(waiter);
    if (rc != APR_SUCCESS)
        return rc;
    return passed ? APR_SUCCESS : fail_broken(self);
}

/* One more has come, who waits with the others if there is something to wait for.  BROOD_EBROKEN, APR_EAGAIN. */
static apr_status_t arrive(brood__barrier_t *self, unsigned *number, uint32_t *round, brood__waiter_t **waiter)
{
    const bool last = self->count + 1 >= self->parties;

    *round = self->round;
    *number = self->count;
    *waiter = NULL;
    if (atomic_load(&self->broken) != WHOLE)
        return BROOD_EBROKEN;
    if (!last || self->action_size != 0) {
        *waiter = brood__waiter_enter(brood__offset(self), self->round, false);
        if (*waiter == NULL)
            return APR_EAGAIN;
    }
    self->count++;
    BROOD__STEP(BARRIER_COUNTED);
    if (last) {
        self->count = 0;
        self->round++;
        BROOD__STEP(BARRIER_FULL);
        if (*waiter == NULL)
            tell_all(self, BROOD__PASSED, true, *round);
        BROOD__STEP(BARRIER_PASSED);
    }
    return APR_SUCCESS;
}

apr_status_t brood_barrier_wait(unsigned *index, brood_barrier_t *barrier, apr_interval_time_t timeout)
{
    brood__barrier_t *self = shared(barrier);
    const apr_time_t deadline = brood__deadline(timeout);
    brood__waiter_t *waiter;
    unsigned number;
    uint32_t round;
    apr_status_t rc;

    if (is_managed(barrier))
        return brood__managed_barrier_calls.wait(index, barrier, timeout);
    if (self == NULL)
        return brood__object_closed("barrier");
    enter(self);
    rc = arrive(self, &number, &round, &waiter);
    leave(self);
    if (rc == BROOD_EBROKEN)
        return fail_broken(self);
    if (rc == APR_EAGAIN)
        return brood_fail_text(rc, "too many threads wait in conditions and barriers already");
    if (waiter != NULL)
        BROOD_TRY(number + 1 == self->parties ? act(barrier, waiter, round) : wait_for_others(self, waiter, deadline));
    if (index != NULL)
        *index = number;
    return APR_SUCCESS;
}

/* ---- the rest ---- */

apr_status_t brood_barrier_abort(brood_barrier_t *barrier)
{
    brood__barrier_t *self = shared(barrier);

    if (is_managed(barrier))
        return brood__managed_barrier_calls.abort(barrier);
    if (self == NULL)
        return brood__object_closed("barrier");
    enter(self);
    break_it(self, ABORTED);
    leave(self);
    return APR_SUCCESS;
}

apr_status_t brood_barrier_reset(brood_barrier_t *barrier)
{
    brood__barrier_t *self = shared(barrier);

    if (is_managed(barrier))
        return brood__managed_barrier_calls.reset(barrier);
    if (self == NULL)
        return brood__object_closed("barrier");
    enter(self);
    tell_all(self, BROOD__BROKEN, false, 0);
    self->count = 0;
    self->round++;
    atomic_store(&self->broken, WHOLE);
    leave(self);
    return APR_SUCCESS;
}

apr_status_t brood_barrier_state(brood_barrier_state_t *state, brood_barrier_t *barrier)
{
    brood__barrier_t *self = shared(barrier);

    if (is_managed(barrier))
        return brood__managed_barrier_calls.state(state, barrier);
    if (self == NULL)
        return brood__object_closed("barrier");
    enter(self);
    *state = (brood_barrier_state_t){self->parties, self->count, atomic_load(&self->broken) != WHOLE};
    leave(self);
    return APR_SUCCESS;
}

void brood_barrier_close(brood_barrier_t *barrier)
{
    brood__object_close(barrier);
}

/* Without the lock, which whoever has it may keep a while: those who wait see to the rest. */
static void break_for(brood__object_t *object, uint32_t why)
{
    brood__barrier_t *self = (brood__barrier_t *) object;
    const uint64_t where = brood__offset(self);
    uint32_t whole = WHOLE;

    (void) atomic_compare_exchange_strong(&self->broken, &whole, why);
    for (brood__waiter_t *w = NULL; (w = brood__waiter_next(where, w)) != NULL;)
        brood__waiter_rouse(w);
}

static void dropped(void *object, uint32_t id, bool ended)
{
    (void) id;
    if (ended)
        break_for(object, DIED);
}

static void fail(brood__object_t *object)
{
    break_for(object, FAILED);
}

void brood__barriers_break_all(void)
{
    brood__object_each(BROOD__TAG_BARRIER, fail);
}

/* ---- as a value ---- */

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    brood_barrier_t *barrier;

    BROOD_TRY(brood__object_unpack(object, sizeof *barrier, &brood__barrier_kind, word, mem));
    barrier = *object;
    if (shared(barrier)->action_size != 0)
        barrier->action = brood__entry_find(shared(barrier)->action, shared(barrier)->action_size);
    return APR_SUCCESS;
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    if (shared(object) == NULL)
        return brood__object_closed("barrier");
    return unpack(copied, brood__offset(shared(object)), mem);
}

/* <Barrier waiters=1/4>, <Barrier broken>. */
static const char *string(void *object, apr_pool_t *mem)
{
    brood_barrier_state_t state;

    if (shared(object) == NULL || brood_barrier_state(&state, object) != APR_SUCCESS)
        return "<Barrier closed>";
    return state.broken ? "<Barrier broken>"
                        : apr_psprintf(mem, "<Barrier waiters=%u/%u>", state.waiting, state.parties);
}

const brood__kind_t brood__barrier_kind = {
    .tag = BROOD__TAG_BARRIER,
    .name = "Barrier",
    .pack = brood__object_pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
    .dropped = dropped,
};

BROOD__KIND_FUNCTIONS_OF_ALL(barrier, BROOD__TAG_BARRIER)
