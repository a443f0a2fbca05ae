/* log_channel.h - records of descendants, on their way to the program's function in an ancestor.
 *
 * A process that has such a function lends each child that it starts a queue, which the children hand on to theirs, and
 * takes records from it in a thread of brood's own.  Both are made for the first child that is started. */
#ifndef BROOD_PROCESS_LOG_CHANNEL_H
#define BROOD_PROCESS_LOG_CHANNEL_H

#include "process/startup.h"

/* What the child startup->id is to know of the logger, in `mem`.  Without memory for a queue it has no way to us. */
void brood__log_lend(brood__startup_t *startup, apr_pool_t *mem);

/* In a new process that has its slot: log as the parent does. */
void brood__log_born(const brood__startup_t *startup);

/* What children that have ended have logged is given to the program's function, which is not called any more. */
void brood__log_close(void);

/* Nor is an ancestor's from here on.  While this process still has its slot. */
void brood__log_leave(void);

#endif
