/* report.c - failures that have nobody to be returned to. */
#include "base/report.h"

#include "base/log.h"
#include "base/utf8.h"
#include "platform/self.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void brood__report(const char *format, ...)
{
    char line[1024];
    char message[BROOD__LOG_MESSAGE];
    va_list arguments;
    size_t size;
    int needed;

    va_start(arguments, format);
    needed = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (needed < 0) /* the C library could not convert an argument: the format still says what happened */
        (void) snprintf(line, sizeof line, "%s", format);
    brood__log_message(message, line);
    if (brood__log_failure(message))
        return;
    size = strlen(line);
    if (size == sizeof line - 1)
        size = brood__utf8_cut(line, size);
    line[size] = '\n';
    brood__self_report(line, size + 1);
}
