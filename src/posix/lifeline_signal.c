/* lifeline_signal.c - Linux: the kernel itself sends SIGKILL when the last write end closes; no thread, no wake. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/lifeline.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int brood__lifeline_open(int shared)
{
    char path[40];
    int fd;

    /* Who gets the signal is a property of the open description: each child needs its own.  Opened here, as in each
     * new process /proc has to be built up first. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", shared);
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno != EMFILE && errno != ENFILE) /* no /proc: the shared description, which blocks */
        fd = fcntl(shared, F_DUPFD_CLOEXEC, 0);
    return fd;
}

bool brood__lifeline_arm(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || !(flags & O_NONBLOCK)) /* not this child's own */
        return brood__lifeline_watch(fd);
    return fcntl(fd, F_SETOWN, getpid()) == 0 && fcntl(fd, F_SETSIG, SIGKILL) == 0
           && fcntl(fd, F_SETFL, flags | O_ASYNC) == 0;
}
