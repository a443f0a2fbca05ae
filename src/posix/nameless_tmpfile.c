/* nameless_tmpfile.c - Linux: shared memory is files of a folder, and a file is made before its name. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/nameless.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define FOLDER "/dev/shm" /* where the C libraries have them */

int brood__nameless_open(void)
{
    return open(FOLDER, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

bool brood__nameless_link(int fd, const char *path)
{
    char from[40], to[sizeof FOLDER + NAME_MAX + 1];

    (void) snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    if (snprintf(to, sizeof to, FOLDER "%s", path) >= (int) sizeof to) {
        errno = ENAMETOOLONG;
        return false;
    }
    return linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0;
}
