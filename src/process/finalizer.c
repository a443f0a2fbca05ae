/* finalizer.c - functions that run once, in order, at the end at the latest.
 *
 * The family's lock guards them, so a forked child sees them in order, and its own family begins with none. */
#include "process/exit.h"

#include "base/log.h"
#include "base/status.h"
#include "process/family_state.h"
#include <apr_portable.h>

#define LOOK_AGAIN apr_time_from_msec(1)

struct brood_finalizer_t {
    brood_finalizer_fn run;
    void *user;
    int priority;
    uint32_t creator; /* pid: a forked copy has the memory, but it is not its own */
    bool pending;
    brood_finalizer_t *next;   /* of those for exit */
    brood_finalizer_t **place; /* what points here; NULL: not among them */
};

/* One that runs, on the stack of the thread that runs it: the finalizer itself may end meanwhile. */
struct brood__running_t {
    const brood_finalizer_t *finalizer;
    apr_os_thread_t thread;
    brood__running_t *next;
};

/* All static functions below: with the lock held. */

static void add(brood_finalizer_t *made)
{
    brood_finalizer_t **place = &brood__family.finalizers;

    while (*place != NULL && (*place)->priority > made->priority)
        place = &(*place)->next;
    made->next = *place;
    made->place = place;
    if (made->next != NULL)
        made->next->place = &made->next;
    *place = made;
}

/* It is nobody's to run any more. */
static void take(brood_finalizer_t *finalizer)
{
    finalizer->pending = false;
    if (finalizer->place == NULL)
        return;
    *finalizer->place = finalizer->next;
    if (finalizer->next != NULL)
        finalizer->next->place = finalizer->place;
    finalizer->place = NULL;
}

/* Run it, with the lock let go meanwhile; afterwards it may be gone. */
static void perform(brood_finalizer_t *finalizer)
{
    brood__running_t self = {finalizer, apr_os_thread_current(), brood__family.running};
    brood__running_t **place = &brood__family.running;
    const int priority = finalizer->priority;

    take(finalizer);
    brood__family.running = &self;
    brood__family_unlock();
    brood_log(BROOD_LOG_SUBDEBUG, "runs a finalizer of priority %d", priority);
    finalizer->run(finalizer->user);
    brood__family_lock();
    while (*place != &self)
        place = &(*place)->next;
    *place = self.next;
}

static bool runs_elsewhere(const brood_finalizer_t *finalizer)
{
    for (brood__running_t *running = brood__family.running; running != NULL; running = running->next)
        if (running->finalizer == finalizer && !apr_os_thread_equal(running->thread, apr_os_thread_current()))
            return true;
    return false;
}

static void settle(const brood_finalizer_t *finalizer)
{
    while (runs_elsewhere(finalizer)) {
        brood__family_unlock();
        apr_sleep(LOOK_AGAIN);
        brood__family_lock();
    }
}

/* ---- without the lock ---- */

static bool is_ours(const brood_finalizer_t *finalizer)
{
    return finalizer->creator == brood__self_pid();
}

/* Its pool ends.  Who runs it in another thread may need what is in that pool. */
static apr_status_t cleanup(void *data)
{
    brood_finalizer_run(data);
    return APR_SUCCESS;
}

apr_status_t brood_finalizer_create(brood_finalizer_t **finalizer, brood_finalizer_fn run, void *user, int priority,
                                    apr_pool_t *mem)
{
    brood_finalizer_t *made;

    if (run == NULL)
        return brood_fail(APR_EINVAL, "a finalizer without a function");
    BROOD_TRY(brood__family_member());
    made = apr_palloc(mem, sizeof *made);
    if (made == NULL)
        return brood_fail(APR_ENOMEM, "no memory for a finalizer");
    *made = (brood_finalizer_t){.run = run, .user = user, .priority = priority, .creator = brood__self_pid()};
    made->pending = true;
    brood__family_lock();
    if (priority != BROOD_NOT_AT_EXIT)
        add(made);
    brood__family_unlock();
    apr_pool_cleanup_register(mem, made, cleanup, apr_pool_cleanup_null);
    if (finalizer != NULL)
        *finalizer = made;
    return APR_SUCCESS;
}

void brood_finalizer_run(brood_finalizer_t *finalizer)
{
    if (!is_ours(finalizer))
        return;
    brood__family_lock();
    if (finalizer->pending)
        perform(finalizer);
    else
        settle(finalizer);
    brood__family_unlock();
}

void brood_finalizer_cancel(brood_finalizer_t *finalizer)
{
    if (!is_ours(finalizer))
        return;
    brood__family_lock();
    if (finalizer->pending)
        take(finalizer);
    else
        settle(finalizer);
    brood__family_unlock();
}

bool brood_finalizer_pending(const brood_finalizer_t *finalizer)
{
    bool pending;

    if (!is_ours(finalizer))
        return false;
    brood__family_lock();
    pending = finalizer->pending;
    brood__family_unlock();
    return pending;
}

void brood__finalizers_run(int least)
{
    brood__family_lock();
    while (brood__family.finalizers != NULL && brood__family.finalizers->priority >= least)
        perform(brood__family.finalizers);
    brood__family_unlock();
}
