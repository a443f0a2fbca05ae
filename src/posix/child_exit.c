/* child_exit.c - how a child hears that it ends. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/child.h"

#include <stdlib.h>

static void (*the_end)(int exitcode);

#ifdef BROOD_HAVE_ON_EXIT

static void at_exit(int exitcode, void *nothing)
{
    (void) nothing;
    the_end(exitcode & 255);
}

bool brood__child_at_exit(void (*end)(int exitcode))
{
    the_end = end;
    return on_exit(at_exit, NULL) == 0;
}

#else

static void at_exit(void)
{
    the_end(BROOD__CODE_UNKNOWN);
}

bool brood__child_at_exit(void (*end)(int exitcode))
{
    the_end = end;
    return atexit(at_exit) == 0;
}

#endif
