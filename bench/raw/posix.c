#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "raw/raw.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

extern char **environ;

uint64_t raw_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

void raw_pin(int cpu)
{
#ifdef __linux__
    static cpu_set_t usable; /* as it was before the first pin */
    cpu_set_t one;
    int left;

    if (CPU_COUNT(&usable) == 0 && sched_getaffinity(0, sizeof usable, &usable) != 0)
        return;
    left = cpu % CPU_COUNT(&usable);
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &usable) && left-- == 0)
            CPU_SET(i, &one);
    (void) sched_setaffinity(0, sizeof one, &one);
#else
    (void) cpu;
#endif
}

/* A child that ended well. */
static apr_status_t reap(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t raw_fork(void)
{
    const pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid < 0 ? errno : reap(pid);
}

/* The file of the running program. */
static const char *program(void)
{
#ifdef __linux__
    static char path[PATH_MAX];

    if (path[0] == '\0' && readlink("/proc/self/exe", path, sizeof path - 1) < 0)
        return NULL;
    return path;
#else
    return NULL;
#endif
}

apr_status_t raw_spawn(const char *argument)
{
    char *const argv[] = {(char *) (uintptr_t) program(), (char *) (uintptr_t) argument, NULL};
    pid_t pid;
    int error;

    if (argv[0] == NULL)
        return APR_ENOTIMPL;
    error = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
    return error != 0 ? error : reap(pid);
}

void raw_park(_Atomic uint32_t *word, uint32_t expected)
{
#ifdef __linux__
    syscall(SYS_futex, word, FUTEX_WAIT, expected, NULL, NULL, 0);
#else
    (void) word;
    (void) expected;
    sched_yield();
#endif
}

void raw_unpark(_Atomic uint32_t *word)
{
#ifdef __linux__
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
#else
    (void) word;
#endif
}

void raw_pause(void)
{
#if defined __x86_64__ || defined __i386__
    __asm__ __volatile__("pause");
#elif defined __aarch64__
    __asm__ __volatile__("yield");
#endif
}

void raw_yield(void)
{
    sched_yield();
}

apr_status_t raw_pipe_open(raw_pipe_t *made)
{
    return pipe(made->ends) == 0 ? APR_SUCCESS : errno;
}

apr_status_t raw_pipe_put(const raw_pipe_t *through, const void *data, size_t size)
{
    const char *next = data;

    while (size > 0) {
        const ssize_t done = write(through->ends[1], next, size);

        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0) {
            next += done;
            size -= (size_t) done;
        }
    }
    return APR_SUCCESS;
}

apr_status_t raw_pipe_get(const raw_pipe_t *through, void *data, size_t size)
{
    char *next = data;

    while (size > 0) {
        const ssize_t done = read(through->ends[0], next, size);

        if (done == 0)
            return APR_EOF;
        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0) {
            next += done;
            size -= (size_t) done;
        }
    }
    return APR_SUCCESS;
}

void raw_pipe_close(raw_pipe_t *ended)
{
    close(ended->ends[0]);
    close(ended->ends[1]);
}

apr_status_t raw_pair_open(raw_pair_t *made)
{
    return socketpair(AF_UNIX, SOCK_STREAM, 0, made->ends) == 0 ? APR_SUCCESS : errno;
}

apr_status_t raw_pair_send(const raw_pair_t *pair, int end, const void *data, size_t size)
{
    const raw_pipe_t through = {{-1, pair->ends[end]}};

    return raw_pipe_put(&through, data, size);
}

apr_status_t raw_pair_recv(const raw_pair_t *pair, int end, void *data, size_t size)
{
    const raw_pipe_t through = {{pair->ends[end], -1}};

    return raw_pipe_get(&through, data, size);
}

void raw_pair_close(raw_pair_t *ended)
{
    close(ended->ends[0]);
    close(ended->ends[1]);
}
