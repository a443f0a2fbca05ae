/* mail.h - messages that carry descriptors. */
#ifndef BROOD_POSIX_MAIL_H
#define BROOD_POSIX_MAIL_H

#include "platform/handle.h"
#include <apr_time.h>
#include <stddef.h>

enum { BROOD__MAIL_MOST = 6 };

typedef struct brood__mail_t {
    int fd[BROOD__MAIL_MOST];
    int count;
} brood__mail_t;

/* Send one message; no signal is raised.  APR_EOF: the other side is gone; APR_TIMEUP: no room by the deadline. */
apr_status_t brood__mail_send(int socket, const void *data, size_t size, const brood__mail_t *mail,
                              apr_time_t deadline);

/* Receive one message of `least` to *size bytes; *size is then how many they were.  APR_EOF: the other side is gone;
 * APR_EINVAL: not of such a size; APR_TIMEUP: none in time.  What comes in `mail`, close-on-exec, is the caller's, also
 * after a failure. */
apr_status_t brood__mail_receive(int socket, void *data, size_t least, size_t *size, brood__mail_t *mail,
                                 apr_time_t deadline);

void brood__mail_close(brood__mail_t *mail);

#endif
