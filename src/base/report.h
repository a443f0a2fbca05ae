/* report.h - failures that have nobody to be returned to. */
#ifndef BROOD_BASE_REPORT_H
#define BROOD_BASE_REPORT_H

#include <brood/export.h>

/* One line on standard error, in one write: the text and a newline.  Long texts are cut at 1 KB.
 * Any thread; the thread's last failure stays as it is. */
void brood__report(const char *format, ...) BROOD_PRINTF(1, 2);

#endif
