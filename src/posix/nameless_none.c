/* nameless_none.c - elsewhere a name comes first. */
#include "posix/nameless.h"

#include <errno.h>

int brood__nameless_open(void)
{
    errno = ENOTSUP;
    return -1;
}

bool brood__nameless_link(int fd, const char *path)
{
    (void) fd;
    (void) path;
    errno = ENOTSUP;
    return false;
}
