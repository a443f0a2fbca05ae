/* terminal.h - whether somebody watches. */
#ifndef BROOD_PLATFORM_TERMINAL_H
#define BROOD_PLATFORM_TERMINAL_H

#include <stdio.h>

/* Characters in a line of the terminal that `stream` writes to, 80 if it does not say; 0: that is none. */
int brood__terminal_width(FILE *stream);

#endif
