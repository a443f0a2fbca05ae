/* child_watch.c - a child that runs: its end, its exit code, and the signals it is sent. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/child.h"

#include "platform/channel.h"
#include "platform/clock.h"
#include "platform/interrupt.h"
#include "platform/self.h"
#include "posix/child_parts.h"
#include "posix/fd.h"
#include "posix/system.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNKNOWN_END 255

/* Without a pidfd a child is looked after this often: one that it forked may hold the sentinel's other end. */
#define LOOK_AGAIN 20000

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
    struct rusage use;
    int status;
    pid_t pid = wait4(child->pid, &status, WNOHANG, &use);

    if (pid == child->pid) {
        child->ended = true;
        child->exitcode = brood__child_exitcode(status);
        child->peak = brood__child_peak(&use);
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
    brood__answer_t answer;
    apr_status_t rv = APR_TIMEUP;

    if (!child->lost) {
        rv = brood__channel_read(child->status, &answer, sizeof answer, 0);
        if (rv == APR_SUCCESS)
            brood__child_hear(child, &answer);
        else if (rv != APR_TIMEUP)
            child->lost = true;
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

/* The server's child, which reaps it when it likes, but reports its end before. */
static void watch_served(brood__child_t *child)
{
    brood__handle_t watch;
    const apr_status_t rv = brood__self_watch((uint32_t) child->pid, child->born, &watch);

    if (rv == APR_SUCCESS)
        child->pidfd = (int) watch;
    else if (rv == APR_EOF) /* since the last look */
        (void) look(child);
}

/* With the lock held: a pidfd if there can be one.  Only now, since many a child is waited for without. */
static int pidfd_of(brood__child_t *child)
{
    if (child->pidfd >= 0 || child->sentinel >= 0 || child->ended)
        return child->pidfd;
    if (child->status < 0)
        child->pidfd = brood__system_pidfd(child->pid);
    else
        watch_served(child);
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
        bool interrupted = false;
        bool certain = true;
        pid_t own = 0;
        int fd = -1;

        pthread_mutex_lock(&child->lock);
        ended = look(child);
        if (ended) {
            *exitcode = child->exitcode;
        } else if (deadline <= 0) {
            nothing_new = true;
        } else if (brood__interrupt_pending()) {
            interrupted = true;
        } else if (child->status >= 0 && !child->lost) {
            fd = child->status;
        } else if (child->status < 0 && deadline == INT64_MAX && !told && !brood__interrupt_possible()) {
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
        if (interrupted)
            return APR_EINTR;
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

apr_status_t brood__child_sentinel(brood__child_t *child, brood__handle_t *sentinel, bool *certain)
{
    apr_status_t rv = APR_EOF;

    pthread_mutex_lock(&child->lock);
    if (!look(child)) {
        int fd = pidfd_of(child); /* and not the status socket, which ends with the server as well */
        int error = errno;

        *certain = fd >= 0;
        *sentinel = fd >= 0 ? fd : child->sentinel;
        if (*sentinel >= 0)
            rv = APR_SUCCESS;
        else if (!child->ended)
            rv = child->status >= 0 ? EMFILE : error;
    }
    pthread_mutex_unlock(&child->lock);
    return rv;
}

/* While it is not reaped, its pid is its own; the fork server reaps after it has reported. */
static int signal_process(brood__child_t *child, int number)
{
    const int pidfd = pidfd_of(child);

    if (child->ended || (pidfd >= 0 && brood__system_pidfd_signal(pidfd, number) == 0))
        return 0;
    if (pidfd >= 0 && errno == ESRCH)
        return -1;
    return kill(child->pid, number); /* a sandbox may refuse the one and not the other */
}

/* A group lives on without its leader, and its number stays taken as long as it does; of an empty one it may be given
 * away.  Only a pidfd says which of the two it is. */
static int signal_group(brood__child_t *child, int number)
{
    const int pidfd = pidfd_of(child);

    if (pidfd >= 0 && brood__system_pidfd_signal_group(pidfd, number) == 0)
        return 0;
    if (child->ended || (pidfd >= 0 && errno == ESRCH))
        return 0;
    return kill(-child->pid, number);
}

static apr_status_t send_signal(brood__child_t *child, int number, int (*send)(brood__child_t *, int))
{
    apr_status_t rv = APR_SUCCESS;

    pthread_mutex_lock(&child->lock);
    look(child);
    if (send(child, number) != 0 && errno != ESRCH)
        rv = errno;
    pthread_mutex_unlock(&child->lock);
    return rv;
}

apr_status_t brood__child_interrupt(brood__child_t *child)
{
    return send_signal(child, SIGINT, signal_process);
}

apr_status_t brood__child_terminate(brood__child_t *child)
{
    return send_signal(child, SIGTERM, signal_process);
}

apr_status_t brood__child_kill(brood__child_t *child)
{
    return send_signal(child, SIGKILL, signal_process);
}

apr_status_t brood__child_terminate_tree(brood__child_t *child)
{
    return send_signal(child, SIGTERM, signal_group);
}

apr_status_t brood__child_kill_tree(brood__child_t *child)
{
    return send_signal(child, SIGKILL, signal_group);
}

uint64_t brood__child_peak_memory(const brood__child_t *child)
{
    return child->peak;
}

void brood__child_close(brood__child_t *child)
{
    look(child); /* a zombie is a resource, too */
    brood__child_forget(child);
    pthread_mutex_destroy(&child->lock);
}

void brood__child_forget(brood__child_t *child)
{
    brood__fd_close(child->pidfd);
    brood__fd_close(child->sentinel);
    brood__fd_close(child->status);
    child->pidfd = child->sentinel = child->status = -1;
}

void brood__child_exit(int exitcode)
{
    brood__child_flush(); /* not by fflush alone: a thread that goes on may be waiting for input */
    _exit(exitcode);
}

const char *brood__child_end_name(int exitcode)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"},
        {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"},
        {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"}, {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"},
        {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == -exitcode)
            return names[i].name;
    return NULL;
}

unsigned brood__child_methods(void)
{
#ifdef __APPLE__ /* its system libraries keep threads and ports that a forked copy does not have */
    return BROOD__CHILD_FORKS;
#else
    return BROOD__CHILD_FORKS | BROOD__CHILD_FORKS_SAFELY;
#endif
}
