/* thread.h - threads of the backend's own, which serve the process as long as it lasts. */
#ifndef BROOD_POSIX_THREAD_H
#define BROOD_POSIX_THREAD_H

#include <stdbool.h>

/* Begin one, to which no signal is delivered.  Its end is not waited for. */
bool brood__thread_begin(void *(*run)(void *data), void *data);

/* How many this process has begun; a forked copy has none of them. */
int brood__thread_count(void);

#endif
