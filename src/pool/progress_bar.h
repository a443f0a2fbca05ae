/* progress_bar.h - the line of a progress bar. */
#ifndef BROOD_POOL_PROGRESS_BAR_H
#define BROOD_POOL_PROGRESS_BAR_H

#include <apr_time.h>
#include <stddef.h>

#define BROOD__BAR_WIDEST 256

typedef struct brood__progress_t {
    size_t done, total;
    size_t since_done;           /* items in the time that is measured */
    apr_interval_time_t elapsed; /* that time */
} brood__progress_t;

/* What to draw on a line of so many characters, all but the last one filled. */
void brood__progress_line(char line[BROOD__BAR_WIDEST], int width, const brood__progress_t *progress);

#endif
