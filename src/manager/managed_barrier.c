/* managed_barrier.c - a manager's barriers, as their users have them. */
#include "base/codec.h"
#include "base/own.h"
#include "base/status.h"
#include "manager/manager.h"
#include "manager/methods.h"
#include "sync/managed.h"

typedef brood_barrier_t brood_managed_barrier_t;

BROOD__PROXY_KIND(managed_barrier, BROOD__TAG_MANAGED_BARRIER, "BarrierProxy", BROOD__TAG_BARRIER)

apr_status_t brood_manager_barrier(brood_barrier_t **barrier, brood_manager_t *manager, const char *name,
                                   unsigned parties, brood_entry_fn action, apr_pool_t *mem)
{
    const char *entry = brood__entry_name(action);
    void *ref = NULL;

    if (action != NULL && entry == NULL)
        return brood_fail_text(BROOD_EENTRY, "the barrier's action is in no entry table: list it with BROOD_ENTRY");
    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood__proxy_open(&ref, &brood__managed_barrier_kind, brood__manager_origin(manager), "barrier", name,
                                BROOD__WITH(brood_uint(parties), entry != NULL ? brood_text(entry) : brood_nil()),
                                mem));
    *barrier = ref;
    return APR_SUCCESS;
}

/* ---- wait ---- */

static brood_value_t this_thread(void)
{
    return brood_uint(brood__client_thread());
}

static apr_status_t run_action(brood_value_t name, apr_pool_t *mem)
{
    const brood_entry_fn action = brood__entry_find(name.as.text.data, name.as.text.size);

    if (action == NULL)
        return brood_fail_text(BROOD_EENTRY, "the barrier's action is in no entry table of this process");
    return brood__entry_call(action, mem);
}

/* All have come, and wait for this party, which came last, to run the action. */
static apr_status_t act(brood_value_t *number, brood_barrier_t *barrier, brood_value_t name, apr_pool_t *mem)
{
    const apr_status_t rc = run_action(name, mem);

    if (rc == APR_SUCCESS)
        return brood__proxy_call(number, barrier, "passed", BROOD__WITH(this_thread()), NULL);
    brood__status_hold(true); /* this failure is the news, whoever hears of it */
    BROOD_IGNORE(brood__proxy_do(barrier, "failed", BROOD__WITH(this_thread())));
    brood__status_hold(false);
    return rc;
}

static apr_status_t pass(unsigned *index, brood_barrier_t *barrier, apr_interval_time_t timeout, apr_pool_t *mem)
{
    brood_value_t answer = brood_nil();
    apr_uint64_t number = 0;

    BROOD_TRY(
        brood__proxy_wait(&answer, barrier, "wait", BROOD__WITH(this_thread(), brood_int(timeout)), timeout, mem));
    if (answer.kind == BROOD_KIND_TEXT)
        BROOD_TRY(act(&answer, barrier, answer, mem));
    BROOD_TRY(brood_value_uint(&number, answer));
    if (index != NULL)
        *index = (unsigned) number;
    return APR_SUCCESS;
}

static apr_status_t wait_call(unsigned *index, brood_barrier_t *barrier, apr_interval_time_t timeout)
{
    apr_pool_t *mem;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&mem));
    rc = pass(index, barrier, timeout, mem);
    apr_pool_destroy(mem);
    return rc;
}

/* ---- the rest ---- */

static apr_status_t abort_call(brood_barrier_t *barrier)
{
    return brood__proxy_do(barrier, "abort", BROOD__WITHOUT);
}

static apr_status_t reset(brood_barrier_t *barrier)
{
    return brood__proxy_do(barrier, "reset", BROOD__WITHOUT);
}

static apr_status_t read_state(brood_barrier_state_t *state, brood_value_t list)
{
    apr_uint64_t parties = 0, waiting = 0;
    bool broken = false;

    BROOD_TRY(brood_value_uint(&parties, brood_value_at(list, 0)));
    BROOD_TRY(brood_value_uint(&waiting, brood_value_at(list, 1)));
    BROOD_TRY(brood_value_bool(&broken, brood_value_at(list, 2)));
    *state = (brood_barrier_state_t){(unsigned) parties, (unsigned) waiting, broken};
    return APR_SUCCESS;
}

static apr_status_t get_state(brood_barrier_state_t *state, brood_barrier_t *barrier)
{
    brood_value_t list = brood_nil();
    apr_pool_t *mem;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&mem));
    rc = brood__proxy_call(&list, barrier, "state", BROOD__WITHOUT, mem);
    if (rc == APR_SUCCESS)
        rc = read_state(state, list);
    apr_pool_destroy(mem);
    return rc;
}

const brood__managed_barrier_calls_t brood__managed_barrier_calls = {wait_call, abort_call, reset, get_state};
