/* family.c - this process, its parent, and how it ends. */
#include "process/family.h"

#include "base/deadline.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/own.h"
#include "base/report.h"
#include "base/status.h"
#include "platform/channel.h"
#include "platform/interrupt.h"
#include "process/family_state.h"
#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>

#define GRACE_DEFAULT apr_time_from_sec(5)
#define GRACE_TERMINATED apr_time_from_sec(1)
#define GRACE_KILLED apr_time_from_sec(5) /* of one that the system cannot end nobody waits for ever */

brood__family_t brood__family;

static brood__mutex_t mutex;

void brood__family_lock(void)
{
    brood__mutex_lock(&mutex);
}

void brood__family_unlock(void)
{
    brood__mutex_unlock(&mutex);
}

/* What is the parent's in a forked child.  The records are left alone: the program may have pointers
 * to them.  But the pointer to the parent's parent is one to ours from here on. */
static void forget(void)
{
    for (brood_process_t *child = brood__family.children; child != NULL; child = child->next)
        if (child->child != NULL)
            brood__child_forget(child->child);
    if (brood__family.has_parent)
        brood__channel_close(brood__family.parent.sentinel);
    memset(&brood__family, 0, sizeof brood__family);
}

apr_status_t brood__family_begin(const brood__birth_t *birth, bool forked)
{
    brood__family_t *family = &brood__family;

    if (forked)
        forget();
    family->self = (brood_process_t){.relation = BROOD__SELF, .daemon = birth->daemon, .exitcode = BROOD_RUNNING};
    family->self.name = birth->name;
    family->self.path = birth->path;
    family->self.pid = brood__self_pid();
    family->self.born = brood__self_start_time(family->self.pid);
    family->has_parent = birth->parent_pid != 0;
    if (family->has_parent) {
        family->parent = (brood_process_t){.relation = BROOD__PARENT, .exitcode = BROOD_RUNNING};
        family->parent.name = birth->parent_name;
        family->parent.pid = birth->parent_pid;
        family->parent.sentinel = BROOD__NO_HANDLE;
        family->parent.born = birth->parent_born;
    }
    family->exit_grace = birth->exit_grace;
    family->strict = birth->strict;
    family->number = 0;
    family->exiting = false;
    family->ending = false;
    family->alone = true;
    family->temp_gone = false;
    family->active = true;
    brood__status_self(family->self.name);
    if (forked)
        brood__mutex_forked(&mutex);
    return APR_SUCCESS;
}

bool brood__family_active(void)
{
    return brood__family.active;
}

bool brood__family_is_ours(void)
{
    return brood__family.self.pid == brood__self_pid();
}

apr_status_t brood__family_member(void)
{
    if (!brood__family.active)
        return brood_fail(BROOD_EGUARD, "brood_main or brood_init has not run in this program, or has ended");
    if (!brood__family_is_ours())
        return brood_fail(BROOD_EMISUSE,
                          "this process was forked without brood: it has no family, and no end of its own");
    return APR_SUCCESS;
}

apr_status_t brood__family_check(void)
{
    BROOD_TRY(brood__family_member());
    if (brood__family.ending)
        return brood_fail(BROOD_EMISUSE, "this process is ending: it starts no more children");
    return APR_SUCCESS;
}

void brood__family_birth(brood__birth_t *birth)
{
    birth->parent_pid = brood__family.self.pid;
    birth->parent_born = brood__family.self.born;
    birth->parent_name = brood__family.self.name;
    birth->exit_grace = brood__family.exit_grace;
    birth->strict = brood__family.strict;
}

bool brood__family_strict(void)
{
    return brood__family.strict;
}

brood_process_t *brood__family_self(void)
{
    brood_process_t *self = &brood__family.self;

    if (!brood__family.active) { /* before brood_init, after its end, in a program that never calls it */
        self->relation = BROOD__SELF;
        self->name = "MainProcess";
        self->path = "";
        self->exitcode = BROOD_RUNNING;
        self->pid = brood__self_pid();
    } else if (!brood__family_is_ours()) {
        static brood_process_t copy; /* forked without brood: the name stays, as it would in Python */

        copy = (brood_process_t){.relation = BROOD__SELF, .path = "", .exitcode = BROOD_RUNNING};
        copy.name = self->name;
        copy.pid = brood__self_pid();
        return &copy;
    }
    return self;
}

brood_process_t *brood__family_parent(void)
{
    return brood__family.active && brood__family.has_parent && brood__family_is_ours() ? &brood__family.parent : NULL;
}

void brood__family_reap(void)
{
    apr_pool_t *scratch;
    brood_process_t **children;
    bool none;

    brood__family_lock();
    none = brood__family.children == NULL;
    brood__family_unlock();
    if (none || brood__own_pool(&scratch) != APR_SUCCESS)
        return;
    children = brood__family_children(scratch);
    for (brood_process_t **child = children; child != NULL && *child != NULL; child++) {
        BROOD_IGNORE(brood__record_wait(*child, BROOD__AT_ONCE));
        brood__record_release(*child);
    }
    apr_pool_destroy(scratch);
}

/* ---- the end ---- */

/* Join every child of the list within the deadline.  Returns how many are left. */
static unsigned join_all(brood_process_t **children, apr_time_t deadline)
{
    unsigned left = 0;

    for (; *children != NULL; children++)
        if (!(*children)->outlives_parent && brood__record_wait(*children, deadline) != APR_SUCCESS)
            left++;
    return left;
}

typedef apr_status_t end_fn(brood__child_t *child);

/* End those that run still, and say so. */
static void end_all(brood_process_t **children, end_fn *end, const char *how)
{
    for (; *children != NULL; children++) {
        if ((*children)->outlives_parent || (*children)->ended)
            continue;
        brood__report("%s: %s (pid %lu) had not ended in time and was %s", brood__family.self.name, (*children)->name,
                      (unsigned long) (*children)->pid, how);
        BROOD_IGNORE(brood__record_end(*children, end));
    }
}

static void end_children(brood_process_t **children)
{
    const apr_interval_time_t grace = brood__family.exit_grace;

    for (brood_process_t **child = children; *child != NULL; child++)
        if (((*child)->daemon || brood__interrupted()) && !(*child)->outlives_parent) {
            brood_log(BROOD_LOG_INFO, "terminates %s %s", (*child)->daemon ? "daemon" : "process", (*child)->name);
            BROOD_IGNORE(brood__record_end(*child, brood__child_terminate));
        }
    for (brood_process_t **child = children; *child != NULL; child++)
        if (!(*child)->outlives_parent)
            brood_log(BROOD_LOG_INFO, "joins %s", (*child)->name);
    if (join_all(children, brood__deadline(grace == 0 ? GRACE_DEFAULT : grace)) == 0)
        return;
    end_all(children, brood__child_terminate, "terminated");
    if (join_all(children, brood__deadline(GRACE_TERMINATED)) == 0)
        return;
    end_all(children, brood__child_kill, "killed");
    BROOD_IGNORE(join_all(children, brood__deadline(GRACE_KILLED)) != 0);
}

/* Those that live on are nobody's from here.  Returns whether there are any. */
static bool part_from(brood_process_t **children)
{
    bool any = false;

    for (; *children != NULL; children++) {
        brood_process_t **place;

        any = any || !(*children)->ended;
        brood__family_lock();
        (*children)->id = 0;
        for (place = &brood__family.children; *place != NULL; place = &(*place)->next)
            if (*place == *children) {
                *place = (*children)->next;
                (*children)->references--; /* ours is left */
                break;
            }
        brood__family_unlock();
        brood__record_release(*children);
    }
    return any;
}

bool brood__family_exit(void)
{
    return brood__family.active && brood__family_is_ours() && !atomic_exchange(&brood__family.exiting, true);
}

bool brood__family_exiting(void)
{
    return brood__family.exiting && brood__family_is_ours();
}

void brood__family_end(void)
{
    apr_pool_t *scratch;
    brood_process_t **children;
    bool none;

    brood__family_lock();
    brood__family.ending = true; /* nobody is added from now on */
    none = brood__family.children == NULL;
    brood__family_unlock();
    if (none || brood__own_pool(&scratch) != APR_SUCCESS)
        return;
    children = brood__family_children(scratch);
    if (children != NULL && *children != NULL) {
        end_children(children);
        brood__family.alone = !part_from(children);
    }
    apr_pool_destroy(scratch);
}

bool brood__family_leave(void)
{
    brood__family.active = false;
    brood__family.has_parent = false;
    brood__status_self("MainProcess");
    return brood__family.alone;
}
