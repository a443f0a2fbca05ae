/* child_parts.h - what child.c and child_server.c share. */
#ifndef BROOD_POSIX_CHILD_PARTS_H
#define BROOD_POSIX_CHILD_PARTS_H

#include "posix/request.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/types.h>

struct brood__child_t {
    pthread_mutex_t lock; /* one thread reaps, and none signals a pid that was reaped */
    pid_t pid;
    int pidfd;     /* this process and no later one with its pid; -1: not asked for yet, or there is none */
    int sentinel;  /* without pidfds: a pipe whose other end only the child has, as far as it does not fork */
    int status;    /* from the fork server: its exit code will come here; -1: our own child */
    bool lost;     /* the fork server ended first */
    uint64_t born; /* then: as brood__self_start_time of it */
    bool ended;
    int exitcode;
    uint64_t peak; /* bytes of memory; 0: unknown */
};

/* A child that is not there yet, in `mem`. */
apr_status_t brood__child_make(brood__child_t **child, apr_pool_t *mem);

/* Are there pidfds here?  Asked once. */
bool brood__child_has_pidfd(void);

/* What the fork server says of its end. */
void brood__child_hear(brood__child_t *child, const brood__answer_t *answer);

/* Write out what streams hold, or a forked child would write it again. */
void brood__child_flush(void);
/* In the child: what other threads have printed since is the parent's, which has it, too. */
void brood__child_purge(void);

/* Has this process used the stream?  Most have not.  Asked before a fork, since each page that a child is the first to
 * touch costs it as much as a system call. */
bool brood__child_has_read(void);

/* Is standard input the null device? */
bool brood__child_has_null(void);

/* In a forked child: standard input is `fd` from now on (taken over), or the null device if -1. */
void brood__child_set_stdin(int fd, bool has_read);

/* In a forked child: these are its variables, as brood__image_environment made them; never freed. */
void brood__child_set_environment(char **merged);

/* wait4's status as an exit code; what it knows of memory, in bytes. */
int brood__child_exitcode(int status);
uint64_t brood__child_peak(const struct rusage *use);

#endif
