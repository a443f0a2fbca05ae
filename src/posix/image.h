/* image.h - start the running image again, and what its environment says. */
#ifndef BROOD_POSIX_IMAGE_H
#define BROOD_POSIX_IMAGE_H

#include "platform/child.h"
#include <sys/types.h>

/* What a started image is passed, in the order of the numbers in its mark. */
enum {
    BROOD__PASS_CHANNEL,
    BROOD__PASS_SEGMENT,
    BROOD__PASS_LIFELINE,
    BROOD__PASS_SERVER,
    BROOD__PASS_SENTINEL,
    BROOD__PASSES
};

/* Start the image with these descriptors, -1: none, and with no others but the standard streams. */
apr_status_t brood__image_start(pid_t *pid, const brood__start_t *start, const int pass[BROOD__PASSES]);

/* In the started image: the numbers of what was passed.  Takes the mark out of the environment.  False: no mark, or
 * one that does not fit what is open. */
bool brood__image_passed(int pass[BROOD__PASSES]);

/* In the fork server: takes out of the environment what has had its symbols looked up at the start.  They are else in
 * each of its children, when they are first called. */
void brood__image_bound(void);

/* The environment with `additions` (or NULL), which win, and `mark` (or NULL): to be freed, in one piece.  NULL: no
 * memory. */
char **brood__image_environment(const char *const *additions, const char *mark);

#endif
