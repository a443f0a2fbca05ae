/* child_parts.h - what child.c and child_watch.c share. */
#ifndef BROOD_WIN32_CHILD_PARTS_H
#define BROOD_WIN32_CHILD_PARTS_H

#include "win32/os.h"

#include "platform/child.h"

struct brood__child_t {
    HANDLE process;
    HANDLE job; /* own_group: all that it starts is in it; NULL: none */
    uint32_t pid;
    bool is_group; /* of the console: Ctrl-Break can be sent to it */
};

#endif
