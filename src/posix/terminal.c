/* terminal.c - the width of a terminal. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

int brood__terminal_width(FILE *stream)
{
    struct winsize size;

    if (!isatty(fileno(stream)))
        return 0;
    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
}
