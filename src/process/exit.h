/* exit.h - the end of a process: see brood/exit.h for its order. */
#ifndef BROOD_PROCESS_EXIT_H
#define BROOD_PROCESS_EXIT_H

#include <brood/exit.h>

/* From the mark that this process is exiting to the last call of the program's logger.  Once: again does nothing, nor
 * does it in a copy that the program has forked by itself. */
void brood__exit(void);

/* The rest, when the memory of the call has ended: this process is no member of its tree any more. */
void brood__exit_finish(void);

/* Run those of at least this priority, the highest first, also those that are registered meanwhile. */
void brood__finalizers_run(int least);

/* In a forked child, that is somebody already. */
void brood__after_fork_run(void);

/* What is to be removed of it is gone or reported. */
void brood__temp_dir_remove(void);

#endif
