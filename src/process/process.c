/* process.c - what can be asked and done about a process. */
#include <brood/wait.h>

#include "base/deadline.h"
#include "base/status.h"
#include "platform/self.h"
#include "process/family.h"
#include <apr_strings.h>

static apr_status_t join_parent(brood_process_t *parent, apr_interval_time_t timeout)
{
    brood_wait_t item = brood_wait_process(parent);
    const apr_status_t rc = brood_wait(&item, 1, timeout);

    return rc == APR_TIMEUP ? brood_fail(rc, "%s is still running", parent->name) : rc;
}

apr_status_t brood_process_join(brood_process_t *process, apr_interval_time_t timeout)
{
    apr_status_t rc;

    if (process->relation == BROOD__PARENT)
        return join_parent(process, timeout);
    BROOD_TRY(brood__record_check(process, "join"));
    rc = brood__record_wait(process, brood__deadline(timeout));
    if (rc == APR_SUCCESS)
        return APR_SUCCESS;
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    return rc == APR_TIMEUP ? brood_fail(rc, "%s is still running", process->name)
                            : brood_fail(rc, "cannot wait for %s", process->name);
}

/* Perhaps it is another user's by now. */
static apr_status_t end_by(brood_process_t *process, const char *what, apr_status_t (*end)(brood__child_t *child))
{
    const apr_status_t rc = brood__record_end(process, end);

    return rc == APR_SUCCESS ? APR_SUCCESS : brood_fail(rc, "the system refuses to %s %s", what, process->name);
}

apr_status_t brood_process_interrupt(brood_process_t *process)
{
    apr_status_t rc;

    BROOD_TRY(brood__record_check(process, "interrupt"));
    rc = end_by(process, "interrupt", brood__child_interrupt);
    return rc == APR_ENOTIMPL ? brood_fail(rc, "this system can interrupt only a process with own_group and a console")
                              : rc;
}

apr_status_t brood_process_terminate(brood_process_t *process)
{
    BROOD_TRY(brood__record_check(process, "terminate"));
    return end_by(process, "terminate", brood__child_terminate);
}

apr_status_t brood_process_kill(brood_process_t *process)
{
    BROOD_TRY(brood__record_check(process, "kill"));
    return end_by(process, "kill", brood__child_kill);
}

static apr_status_t check_group(const brood_process_t *process, const char *what)
{
    BROOD_TRY(brood__record_check(process, what));
    if (!process->own_group)
        return brood_fail(BROOD_EMISUSE, "%s was started without own_group: its tree is not known apart from ours",
                          process->name);
    return APR_SUCCESS;
}

apr_status_t brood_process_terminate_tree(brood_process_t *process)
{
    BROOD_TRY(check_group(process, "terminate"));
    return end_by(process, "terminate the tree of", brood__child_terminate_tree);
}

apr_status_t brood_process_kill_tree(brood_process_t *process)
{
    BROOD_TRY(check_group(process, "kill"));
    return end_by(process, "kill the tree of", brood__child_kill_tree);
}

apr_status_t brood_process_close(brood_process_t *process)
{
    if (process->relation != BROOD__CHILD)
        return APR_SUCCESS;
    if (!brood__record_is_ours(process))
        return brood_fail(BROOD_EMISUSE, "%s is no child of this process: it cannot close it", process->name);
    if (brood__record_wait(process, BROOD__AT_ONCE) != APR_SUCCESS)
        return brood_fail(BROOD_EMISUSE, "%s is running: join it before it is closed", process->name);
    brood__record_close(process);
    return APR_SUCCESS;
}

apr_status_t brood_process_sentinel(apr_os_file_t *sentinel, brood_process_t *process)
{
    brood__handle_t handle;
    apr_status_t rc;

    if (process->relation != BROOD__PARENT)
        BROOD_TRY(brood__record_check(process, "watch"));
    rc = brood__record_sentinel(process, &handle);
    if (rc == APR_ENOTIMPL)
        return brood_fail(rc, "%s is the parent: this system has a sentinel for children only", process->name);
    if (rc != APR_SUCCESS)
        return brood_fail(rc, "the system refuses a sentinel of %s", process->name);
    *sentinel = (apr_os_file_t) handle;
    return APR_SUCCESS;
}

/* Its state now, if it is a child of ours. */
static int look(const brood_process_t *process)
{
    /* To look at a child is to reap it, which is noted in its record. */
    brood_process_t *record = (brood_process_t *) process;

    return brood__record_wait(record, BROOD__AT_ONCE) == APR_SUCCESS ? record->exitcode : BROOD_RUNNING;
}

bool brood_process_is_alive(const brood_process_t *process)
{
    if (process->relation == BROOD__SELF)
        return true;
    if (process->relation == BROOD__PARENT)
        return !brood__self_gone(process->pid, process->born);
    if (brood__record_is_ours(process))
        return look(process) == BROOD_RUNNING;
    return !process->ended && !brood__self_gone(process->pid, 0); /* the parent's record, in a forked child */
}

int brood_process_exitcode(const brood_process_t *process)
{
    if (process->relation == BROOD__CHILD && brood__record_is_ours(process))
        return look(process);
    if (process->relation == BROOD__PARENT && brood__self_gone(process->pid, process->born))
        return 255;
    return process->exitcode;
}

int brood_process_pid(const brood_process_t *process)
{
    return (int) process->pid;
}

const char *brood_process_name(const brood_process_t *process)
{
    return process->name;
}

bool brood_process_daemon(const brood_process_t *process)
{
    return process->daemon;
}

const char *brood_process_string(const brood_process_t *process, apr_pool_t *mem)
{
    const int exitcode = brood_process_exitcode(process);
    const char *name = exitcode < 0 && exitcode != BROOD_RUNNING ? brood__child_end_name(exitcode) : NULL;
    const char *state, *parent = "";

    if (exitcode == BROOD_RUNNING)
        state = "started";
    else if (name != NULL)
        state = apr_psprintf(mem, "ended by %s", name);
    else
        state = apr_psprintf(mem, "ended, exit code %d", exitcode);
    if (process->relation == BROOD__CHILD)
        parent = apr_psprintf(mem, " parent=%lu", (unsigned long) process->creator);
    return apr_psprintf(mem, "<Process %s pid=%lu%s %s%s%s>", process->name, (unsigned long) process->pid, parent,
                        state, process->closed ? ", closed" : "", process->daemon ? ", daemon" : "");
}

const brood_process_t *brood_current_process(void)
{
    return brood__family_self();
}

const char *brood_current_name(void)
{
    return brood__family_self()->name;
}

int brood_current_pid(void)
{
    return (int) brood__family_self()->pid;
}

brood_process_t *brood_parent_process(void)
{
    return brood__family_parent();
}

brood_process_t **brood_active_children(apr_pool_t *mem)
{
    brood_process_t **children;

    if (!brood__family_is_ours()) /* to look at the parent's would be to note their end */
        return apr_pcalloc(mem, sizeof(brood_process_t *));
    brood__family_reap();
    children = brood__family_children(mem);
    for (brood_process_t **child = children; child != NULL && *child != NULL; child++)
        apr_pool_cleanup_register(mem, *child, brood__record_cleanup, apr_pool_cleanup_null);
    return children;
}

int brood_cpu_count(void)
{
    return brood__self_cpus();
}

int brood_usable_cpu_count(void)
{
    return brood__self_usable_cpus();
}
