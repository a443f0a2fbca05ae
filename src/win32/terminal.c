/* terminal.c - the width of a console's window. */
#include "win32/os.h"

#include "platform/terminal.h"
#include <io.h>

int brood__terminal_width(FILE *stream)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    const int file = _fileno(stream);

    /* Without a console there is -2; asking about that is an error of the program's to the C library. */
    if (file < 0 || !_isatty(file))
        return 0;
    if (!GetConsoleScreenBufferInfo((HANDLE) _get_osfhandle(file), &info))
        return 0; /* another device */
    return info.srWindow.Right - info.srWindow.Left + 1;
}
