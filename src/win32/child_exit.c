/* child_exit.c - how a child hears that it ends: not at all, see brood__self_at_exit. */
#include "platform/child.h"

bool brood__child_at_exit(void (*end)(int exitcode))
{
    (void) end;
    return false;
}
