/* nameless.h - files of shared memory that get their name last: whoever dies before leaves nothing behind. */
#ifndef BROOD_POSIX_NAMELESS_H
#define BROOD_POSIX_NAMELESS_H

#include <stdbool.h>

/* A new one, of size 0, close-on-exec; -1 with errno. */
int brood__nameless_open(void);

/* Its name, as shm_open knows it, with the slash.  False with errno: EEXIST. */
bool brood__nameless_link(int fd, const char *path);

#endif
