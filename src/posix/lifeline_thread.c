/* lifeline_thread.c - elsewhere the signal that a kernel sends for a pipe cannot be SIGKILL: a thread waits. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/lifeline.h"

#include <fcntl.h>

int brood__lifeline_open(int shared)
{
    return fcntl(shared, F_DUPFD_CLOEXEC, 0);
}

bool brood__lifeline_arm(int fd)
{
    return brood__lifeline_watch(fd);
}
