/* child_parts.c - what a forked child has to become, and what both ways to fork need. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/child_parts.h"

#include "platform/self.h"
#include "posix/fd.h"
#include "posix/system.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <stdio_ext.h>
#endif

extern char **environ;

apr_status_t brood__child_make(brood__child_t **child, apr_pool_t *mem)
{
    brood__child_t *made = apr_pcalloc(mem, sizeof *made);
    int error = pthread_mutex_init(&made->lock, NULL);

    made->pidfd = -1;
    made->sentinel = -1;
    made->status = -1;
    *child = made;
    return error;
}

bool brood__child_has_pidfd(void)
{
    static _Atomic int answer; /* 0: not asked yet; threads that ask at once get the same */

    if (answer == 0) {
        int fd = brood__system_pidfd(getpid());

        answer = fd >= 0 ? 1 : errno == EMFILE || errno == ENFILE || errno == ENOMEM ? 0 : -1;
        brood__fd_close(fd);
    }
    return answer > 0;
}

void brood__child_hear(brood__child_t *child, const brood__answer_t *answer)
{
    if (answer->what != BROOD__ANSWER_ENDED)
        return;
    child->ended = true;
    child->exitcode = answer->value;
    child->peak = answer->peak;
}

void brood__child_flush(void)
{
    /* To flush all streams is to lock all, and a thread that waits for input has locked its own. */
    if (brood__self_alone()) {
        fflush(NULL);
    } else if (ftrylockfile(stdin) == 0) {
        fflush(NULL);
        funlockfile(stdin);
    } else {
        fflush(stdout);
        fflush(stderr);
    }
}

void brood__child_purge(void)
{
#ifdef __linux__
    if (__fpending(stdout) != 0)
        __fpurge(stdout);
    if (__fpending(stderr) != 0)
        __fpurge(stderr);
#else
    (void) fpurge(stdout);
    (void) fpurge(stderr);
#endif
}

bool brood__child_has_read(void)
{
#ifdef __linux__
    return __fbufsize(stdin) != 0 || feof(stdin) || ferror(stdin);
#else
    return true;
#endif
}

bool brood__child_has_null(void)
{
    static _Atomic dev_t null; /* 0: not asked yet */
    struct stat file;

    if (null == 0 && stat("/dev/null", &file) == 0 && S_ISCHR(file.st_mode))
        null = file.st_rdev;
    return fstat(STDIN_FILENO, &file) == 0 && S_ISCHR(file.st_mode) && file.st_rdev == null;
}

void brood__child_set_stdin(int fd, bool has_read)
{
    static char null_device[] = "/dev/null"; /* not constant: on a page that a forked child has anyway */
    int flags = fcntl(STDIN_FILENO, F_GETFD);

    /* A parent without standard input may have something else there, and that is close-on-exec. */
    if (flags >= 0 && (flags & FD_CLOEXEC)) {
        brood__fd_close(fd);
        return;
    }
    if (fd < 0)
        fd = open(null_device, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        close(STDIN_FILENO);
    } else if (fd == STDIN_FILENO) { /* it was closed before */
        fcntl(fd, F_SETFD, 0);
    } else {
        dup2(fd, STDIN_FILENO);
        close(fd);
    }
    /* What the parent read ahead is not this child's input.  fflush or freopen would move the file's position, which
     * the parent shares. */
    if (!has_read)
        return;
#ifdef __linux__
    __fpurge(stdin);
#else
    fpurge(stdin);
#endif
    clearerr(stdin);
}

void brood__child_set_environment(char **merged)
{
    environ = merged; /* not setenv: another thread of the parent may have been in it, and have its lock for ever */
}

int brood__child_exitcode(int status)
{
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

uint64_t brood__child_peak(const struct rusage *use)
{
#ifdef __APPLE__ /* bytes there, KiB everywhere else */
    return (uint64_t) use->ru_maxrss;
#else
    return (uint64_t) use->ru_maxrss * 1024;
#endif
}
