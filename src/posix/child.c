/* child.c - fork, posix_spawn, and the end of a child. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/child.h"

#include "platform/channel.h"
#include "platform/clock.h"
#include "platform/self.h"
#include "posix/child_parts.h"
#include "posix/fd.h"
#include "posix/image.h"
#include "posix/lifeline.h"
#include "posix/request.h"
#include "posix/system.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNKNOWN_END 255

/* Without a pidfd a child is looked after this often: one that it forked may hold the sentinel's other end. */
#define LOOK_AGAIN 20000

/* In the parent: the descriptors that go with a new child.  sentinel[1] and the lifeline are for the child alone. */
static apr_status_t prepare(brood__child_t **child, int sentinel[2], int *lifeline, const brood__start_t *start,
                            apr_pool_t *mem)
{
    apr_status_t rv = brood__child_make(child, mem);

    sentinel[0] = sentinel[1] = *lifeline = -1;
    if (rv == APR_SUCCESS && !start->outlives_parent)
        rv = brood__lifeline_for_child(lifeline);
    if (rv == APR_SUCCESS && !brood__child_has_pidfd())
        rv = brood__fd_pipe(sentinel);
    return rv;
}

apr_status_t brood__child_fork(brood__child_t **child, const brood__start_t *start, apr_pool_t *mem)
{
    brood__child_t *made;
    char **environment = NULL;
    int sentinel[2];
    int lifeline;
    pid_t pid;
    apr_status_t rv = prepare(&made, sentinel, &lifeline, start, mem);

    if (rv == APR_SUCCESS && start->environment != NULL) {
        environment = brood__image_environment(start->environment, NULL);
        if (environment == NULL)
            rv = APR_ENOMEM;
    }
    if (rv != APR_SUCCESS) {
        brood__fd_close(lifeline);
        brood__fd_close(sentinel[0]);
        brood__fd_close(sentinel[1]);
        return rv;
    }
    brood__child_flush();
    pid = fork();
    if (pid == 0) {
        brood__fd_close(sentinel[0]);
        if (lifeline >= 0)
            brood__lifeline_tie(lifeline);
        if (!start->keep_stdin)
            brood__child_set_stdin(-1);
        if (environment != NULL)
            brood__child_set_environment(environment);
        *child = NULL;
        return APR_SUCCESS;
    }
    rv = pid < 0 ? errno : APR_SUCCESS;
    free(environment);
    brood__fd_close(lifeline);
    brood__fd_close(sentinel[1]);
    if (rv != APR_SUCCESS) {
        brood__fd_close(sentinel[0]);
        return rv;
    }
    made->pid = pid;
    made->sentinel = sentinel[0];
    *child = made;
    return APR_SUCCESS;
}

apr_status_t brood__child_spawn(brood__child_t **child, brood__handle_t *channel, const brood__start_t *start,
                                apr_pool_t *mem)
{
    brood__handle_t ends[2] = {BROOD__NO_HANDLE, BROOD__NO_HANDLE};
    int pass[BROOD__PASSES];
    brood__child_t *made;
    int sentinel[2];
    int lifeline;
    pid_t pid = 0;
    apr_status_t rv = prepare(&made, sentinel, &lifeline, start, mem);

    if (rv == APR_SUCCESS)
        rv = brood__channel_pair(ends);
    if (rv == APR_SUCCESS) {
        pass[BROOD__PASS_CHANNEL] = (int) ends[1];
        pass[BROOD__PASS_SEGMENT] = (int) start->segment;
        pass[BROOD__PASS_LIFELINE] = lifeline;
        pass[BROOD__PASS_SERVER] = (int) start->server;
        pass[BROOD__PASS_SENTINEL] = sentinel[1];
        rv = brood__image_start(&pid, start, pass);
    }
    brood__channel_close(ends[1]);
    brood__fd_close(lifeline);
    brood__fd_close(sentinel[1]);
    if (rv != APR_SUCCESS) {
        brood__channel_close(ends[0]);
        brood__fd_close(sentinel[0]);
        return rv;
    }
    made->pid = pid;
    made->sentinel = sentinel[0];
    *child = made;
    *channel = ends[0];
    return APR_SUCCESS;
}

apr_status_t brood__child_request(brood__child_t **child, brood__handle_t *channel, const brood__start_t *start,
                                  apr_time_t deadline, apr_pool_t *mem)
{
    brood__child_t *made;
    apr_status_t rv = brood__child_make(&made, mem);

    if (rv == APR_SUCCESS)
        rv = brood__request_child(made, channel, start, deadline, mem);
    if (rv == APR_SUCCESS)
        *child = made;
    return rv;
}

apr_status_t brood__child_server_pair(brood__handle_t ends[2])
{
    int pair[2];
    apr_status_t rv = brood__fd_socketpair(pair, BROOD__REQUEST_SOCKET);

    if (rv == APR_SUCCESS) {
        ends[0] = pair[0];
        ends[1] = pair[1];
    }
    return rv;
}

apr_status_t brood__child_serve(brood__handle_t requests, brood__bequest_t *bequest, apr_pool_t *mem)
{
    return brood__request_serve(requests, bequest, mem);
}

bool brood__child_inherit(brood__bequest_t *bequest)
{
    int pass[BROOD__PASSES];

    if (!brood__image_passed(pass))
        return false;
    if (pass[BROOD__PASS_LIFELINE] >= 0)
        brood__lifeline_tie(pass[BROOD__PASS_LIFELINE]);
    brood__system_name_self();
    bequest->channel = pass[BROOD__PASS_CHANNEL];
    bequest->segment = pass[BROOD__PASS_SEGMENT];
    bequest->server = pass[BROOD__PASS_SERVER];
    return true;
}

uint32_t brood__child_pid(const brood__child_t *child)
{
    return (uint32_t) child->pid;
}

static bool at_end(int fd)
{
    return fd >= 0 && brood__fd_wait(fd, POLLIN, 0) == APR_SUCCESS;
}

/* Our own child: ask the system. */
static void reap(brood__child_t *child)
{
    int status;
    pid_t pid = waitpid(child->pid, &status, WNOHANG);

    if (pid == child->pid) {
        child->ended = true;
        child->exitcode = brood__child_exitcode(status);
    } else if (pid < 0 && errno == ECHILD) {
        /* Somebody else reaped it: the program, or the system as the program ignores SIGCHLD.  Or this process is a
         * fork of the parent; then it can know only with a descriptor that came along. */
        child->ended = (child->pidfd < 0 && child->sentinel < 0) || at_end(child->pidfd) || at_end(child->sentinel);
        child->exitcode = UNKNOWN_END;
    }
}

/* The fork server's: see what it has written. */
static void collect(brood__child_t *child)
{
    int32_t code;
    apr_status_t rv = APR_TIMEUP;

    if (!child->lost) {
        rv = brood__channel_read(child->status, &code, sizeof code, 0);
        if (rv == APR_SUCCESS) {
            child->ended = true;
            child->exitcode = code;
        } else if (rv != APR_TIMEUP) {
            child->lost = true;
        }
    }
    /* The child is tied to us and goes on without its server: as long as it does, nothing may be taken from it. */
    if (child->lost
        && (child->pidfd < 0 ? brood__self_gone((uint32_t) child->pid, child->born) : at_end(child->pidfd))) {
        child->ended = true;
        child->exitcode = UNKNOWN_END;
    }
}

/* With the lock held: has it ended? */
static bool look(brood__child_t *child)
{
    if (!child->ended) {
        if (child->status >= 0)
            collect(child);
        else
            reap(child);
    }
    return child->ended;
}

/* With the lock held, and while it has not ended: a pidfd if there can be one.  Only now, since many a child is
 * waited for without. */
static int pidfd_of(brood__child_t *child)
{
    if (child->pidfd < 0 && child->status < 0 && child->sentinel < 0)
        child->pidfd = brood__system_pidfd(child->pid);
    return child->pidfd;
}

/* Wait until it may be worth another look at the child with these. */
static apr_status_t wait_for_sign(pid_t own, int fd, bool certain, apr_time_t deadline)
{
    siginfo_t info;
    apr_time_t now;
    apr_status_t rv;

    if (own > 0) { /* the system keeps its news for whoever looks; an error is news as well */
        waitid(P_PID, (id_t) own, &info, WEXITED | WNOWAIT);
        return APR_SUCCESS;
    }
    if (certain)
        return brood__fd_wait(fd, POLLIN, deadline);
    now = brood__clock_now();
    if (deadline <= now)
        return APR_TIMEUP;
    rv = brood__fd_wait(fd, POLLIN, deadline - now < LOOK_AGAIN ? deadline : now + LOOK_AGAIN);
    return rv == APR_TIMEUP ? APR_SUCCESS : rv;
}

apr_status_t brood__child_wait(brood__child_t *child, int *exitcode, apr_time_t deadline)
{
    bool told = false;

    for (;;) {
        apr_status_t rv;
        bool ended;
        bool nothing_new = false; /* and no time to wait for it: no descriptor is opened for that */
        bool certain = true;
        pid_t own = 0;
        int fd = -1;

        pthread_mutex_lock(&child->lock);
        ended = look(child);
        if (ended) {
            *exitcode = child->exitcode;
        } else if (deadline <= 0) {
            nothing_new = true;
        } else if (child->status >= 0 && !child->lost) {
            fd = child->status;
        } else if (child->status < 0 && deadline == INT64_MAX && !told) {
            own = child->pid;
        } else {
            fd = pidfd_of(child);
            certain = fd >= 0;
            if (!certain)
                fd = child->sentinel;
        }
        pthread_mutex_unlock(&child->lock);
        if (ended || nothing_new)
            return ended ? APR_SUCCESS : APR_TIMEUP;
        if (told) { /* the sign is ahead of waitpid, by nothing or by as long as a debugger likes */
            poll(NULL, 0, 1);
            if (brood__clock_now() >= deadline)
                return APR_TIMEUP;
        }
        rv = wait_for_sign(own, fd, certain, deadline);
        if (rv != APR_SUCCESS)
            return rv;
        told = true;
    }
}

static apr_status_t send_signal(brood__child_t *child, int number)
{
    apr_status_t rv = APR_SUCCESS;

    pthread_mutex_lock(&child->lock);
    /* While it is not reaped, its pid is its own; the fork server reaps after it has reported. */
    if (!look(child)) {
        int pidfd = pidfd_of(child);
        int sent = pidfd >= 0 ? brood__system_pidfd_signal(pidfd, number) : kill(child->pid, number);

        if (sent != 0 && errno != ESRCH)
            rv = errno;
    }
    pthread_mutex_unlock(&child->lock);
    return rv;
}

apr_status_t brood__child_terminate(brood__child_t *child)
{
    return send_signal(child, SIGTERM);
}

apr_status_t brood__child_kill(brood__child_t *child)
{
    return send_signal(child, SIGKILL);
}

void brood__child_close(brood__child_t *child)
{
    look(child); /* a zombie is a resource, too */
    brood__fd_close(child->pidfd);
    brood__fd_close(child->sentinel);
    brood__fd_close(child->status);
    child->pidfd = child->sentinel = child->status = -1;
    pthread_mutex_destroy(&child->lock);
}

void brood__child_exit(int exitcode)
{
    fflush(NULL);
    _exit(exitcode);
}

unsigned brood__child_methods(void)
{
#ifdef __APPLE__ /* its system libraries keep threads and ports that a forked copy does not have */
    return BROOD__CHILD_FORKS;
#else
    return BROOD__CHILD_FORKS | BROOD__CHILD_FORKS_SAFELY;
#endif
}
