/* after_fork.c - what forked children do before anything else. */
#include "process/exit.h"

#include "base/status.h"
#include "process/family.h"

typedef struct hook_t {
    brood_finalizer_fn run;
    void *user;
    struct hook_t *next;
} hook_t;

/* In order of registration, under the family's lock, so that a forked child sees them in order; it keeps them. */
static hook_t *hooks;
static hook_t *next; /* to run: moved on if that one is removed by the one that runs */

static void remove_hook(const hook_t *hook)
{
    hook_t **place = &hooks;

    while (*place != NULL && *place != hook)
        place = &(*place)->next;
    if (*place != NULL)
        *place = hook->next;
    if (next == hook)
        next = hook->next;
}

static apr_status_t cleanup(void *hook)
{
    const bool ours = brood__family_is_ours();

    if (ours) /* else a copy that the program has forked by itself: the lock is in whatever state */
        brood__family_lock();
    remove_hook(hook);
    if (ours)
        brood__family_unlock();
    return APR_SUCCESS;
}

apr_status_t brood_after_fork(brood_finalizer_fn hook, void *user, apr_pool_t *mem)
{
    hook_t **place = &hooks;
    hook_t *made;

    if (hook == NULL)
        return brood_fail(APR_EINVAL, "a hook without a function");
    BROOD_TRY(brood__family_member());
    made = apr_palloc(mem, sizeof *made);
    if (made == NULL)
        return brood_fail(APR_ENOMEM, "no memory for a hook");
    *made = (hook_t){hook, user, NULL};
    brood__family_lock();
    while (*place != NULL)
        place = &(*place)->next;
    *place = made;
    brood__family_unlock();
    apr_pool_cleanup_register(mem, made, cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

void brood__after_fork_run(void)
{
    /* No lock: a hook may register others, which then run, too, and nobody else is here yet. */
    for (hook_t *hook = hooks; hook != NULL; hook = next) {
        next = hook->next;
        hook->run(hook->user);
    }
}
