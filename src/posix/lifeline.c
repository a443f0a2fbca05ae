/* lifeline.c - the pipe, and what fork does with it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/lifeline.h"

#include "base/mutex.h"
#include "posix/fd.h"
#include "posix/thread.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static brood__mutex_t mutex;
static bool begun;
static int ends[2] = {-1, -1}; /* for the children of this process */
static int tied = -1;          /* this process's own tie */
static int held = -1;          /* its sentinel's end, for its parent to see it end */

static void before_fork(void)
{
    brood__mutex_lock(&mutex);
}

static void after_fork_in_parent(void)
{
    brood__mutex_unlock(&mutex);
}

static void drop(int *fd)
{
    brood__fd_close(*fd);
    *fd = -1;
}

/* Also in children that the program forks by itself: one of them could live on, and hold our children's end off. */
static void after_fork_in_child(void)
{
    drop(&ends[0]);
    drop(&ends[1]);
    drop(&tied); /* the parent's; this process, if it is a child of ours, has its own */
    drop(&held);
    brood__mutex_forked(&mutex);
}

void brood__lifeline_begin(void)
{
    brood__mutex_lock(&mutex);
    if (!begun)
        begun = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0;
    brood__mutex_unlock(&mutex);
}

apr_status_t brood__lifeline_for_child(int *fd)
{
    apr_status_t rv = APR_SUCCESS;

    *fd = -1;
    brood__lifeline_begin();
    brood__mutex_lock(&mutex);
    if (ends[1] < 0) {
        rv = brood__fd_pipe(ends);
        /* It is opened anew through /proc, perhaps after this process changed its user id; nobody else has a path. */
        if (rv == APR_SUCCESS)
            fchmod(ends[0], S_IRUSR | S_IRGRP | S_IROTH);
    }
    if (rv == APR_SUCCESS) {
        *fd = brood__lifeline_open(ends[0]);
        rv = *fd < 0 ? errno : brood__fd_lift(fd);
    }
    brood__mutex_unlock(&mutex);
    return rv;
}

void brood__lifeline_tie(int fd)
{
    brood__lifeline_begin();
    brood__mutex_lock(&mutex);
    brood__fd_close(tied);
    tied = fd;
    brood__mutex_unlock(&mutex);
    if (!brood__lifeline_arm(fd))
        _exit(255);
    if (brood__fd_wait(fd, POLLIN, 0) == APR_SUCCESS) /* gone before the tie was made */
        kill(getpid(), SIGKILL);
}

void brood__lifeline_hold(int fd)
{
    if (fd < 0)
        return;
    brood__lifeline_begin();
    brood__mutex_lock(&mutex);
    brood__fd_close(held);
    held = fd;
    brood__mutex_unlock(&mutex);
}

static void *wait_for_end(void *data)
{
    int fd = (int) (intptr_t) data;
    char none;
    ssize_t got;

    do
        got = read(fd, &none, 1);
    while (got > 0 || (got < 0 && errno == EINTR));
    if (got == 0)
        kill(getpid(), SIGKILL);
    return NULL;
}

bool brood__lifeline_watch(int fd)
{
    return brood__thread_begin(wait_for_end, (void *) (intptr_t) fd);
}
