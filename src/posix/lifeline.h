/* lifeline.h - children die with their parent, however that ends.
 *
 * Each process that starts children has one pipe.  Its write end stays in that process alone, so the kernel closes it
 * when the process ends; children have the read end.  PR_SET_PDEATHSIG is not that: it follows the thread. */
#ifndef BROOD_POSIX_LIFELINE_H
#define BROOD_POSIX_LIFELINE_H

#include "platform/handle.h"

/* Be ready for forks, which otherwise comes with the first use.  The fork server's children need not do it each. */
void brood__lifeline_begin(void);

/* For one new child: a read end of this process's pipe, close-on-exec; the caller closes it here. */
apr_status_t brood__lifeline_for_child(int *fd);

/* In the child: tie it to the process that made `fd`.  Takes it over.  Ends this process if that one is gone, or if
 * the tie cannot be made: nobody would ever end it. */
void brood__lifeline_tie(int fd);

/* In a new child: hold its end of the sentinel, which closes when this process ends.  Takes it over; -1: there is none.
 * Like the tie it is not for copies that this process makes of itself: one that lives on would hide our end. */
void brood__lifeline_hold(int fd);

/* lifeline_signal.c or lifeline_thread.c: a descriptor of the pipe behind `shared` for one child, and that child's tie.
 * brood__lifeline_arm keeps `fd` open; false: it cannot be done. */
int brood__lifeline_open(int shared);
bool brood__lifeline_arm(int fd);

/* A tie that works everywhere: a thread waits for the end of file. */
bool brood__lifeline_watch(int fd);

#endif
