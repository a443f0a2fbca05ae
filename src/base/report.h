/* report.h - failures that have nobody to be returned to. */
#ifndef BROOD_BASE_REPORT_H
#define BROOD_BASE_REPORT_H

#include <brood/export.h>

/* A record of level ERROR for the program's function or, in a child, an ancestor's, if there is one that wants it;
 * else one line on standard error, in one write: the text and a newline.  Long texts are cut at 1 KB.
 * Any thread that holds no lock; its last failure stays as it is. */
void brood__report(const char *format, ...) BROOD_PRINTF(1, 2);

#endif
