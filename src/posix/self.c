/* self.c - processes by pid, and the machine. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/self.h"

#include "posix/fd.h"
#include "posix/system.h"
#include "posix/thread.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif
#ifdef BROOD_HAVE_SINGLE_THREADED
#include <sys/single_threaded.h>
#endif

static _Atomic uint32_t own_pid; /* 0: to be asked for */

static void forget_pid(void)
{
    own_pid = 0;
}

/* Asked for once in a process: every handle is checked by it.  The first thread that comes sees to it that a forked
 * child asks anew, and only then is it kept. */
uint32_t brood__self_pid(void)
{
    static atomic_flag seen_to = ATOMIC_FLAG_INIT;
    static _Atomic bool kept;
    uint32_t pid = atomic_load_explicit(&own_pid, memory_order_relaxed);

    if (pid != 0)
        return pid;
    pid = (uint32_t) getpid();
    if (!kept && !atomic_flag_test_and_set(&seen_to))
        kept = pthread_atfork(NULL, NULL, forget_pid) == 0;
    if (kept)
        own_pid = pid;
    return pid;
}

static uint64_t start_time_of(uint32_t pid)
{
    brood__system_process_t process;

    if (pid == 0 || pid > INT_MAX)
        return 0;
    brood__system_process(&process, (pid_t) pid);
    return process.start_time;
}

uint64_t brood__self_start_time(uint32_t pid)
{
    static _Atomic uint32_t known; /* the pid of which `own` is: in a forked child, its parent's */
    static _Atomic uint64_t own;

    if (pid != brood__self_pid())
        return start_time_of(pid);
    if (atomic_load(&known) != pid) {
        atomic_store(&own, brood__system_time_for((pid_t) pid));
        atomic_store(&known, pid);
    }
    return atomic_load(&own);
}

/* No pidfd, since there is no such process?  EINVAL, in some versions ENOENT: the number is that of a thread now, so it
 * was free before. */
static bool says_gone(int error)
{
    return error == ESRCH || error == EINVAL || error == ENOENT;
}

/* Is it another process that has this pid now?  Asked after a descriptor was opened for it: if the process it means is
 * no later one now, nor was it then. */
static bool is_another(const brood__system_process_t *process, uint64_t start_time)
{
    return start_time != 0 && process->start_time > start_time;
}

bool brood__self_gone(uint32_t pid, uint64_t start_time)
{
    brood__system_process_t process;
    bool gone;
    int pidfd;

    if (pid == 0 || pid > INT_MAX) /* to kill these would be groups of processes */
        return false;
    pidfd = brood__system_pidfd((pid_t) pid);
    if (pidfd < 0 && says_gone(errno))
        return true;
    if (pidfd < 0 && kill((pid_t) pid, 0) != 0 && errno == ESRCH)
        return true;
    brood__system_process(&process, (pid_t) pid);
    gone = is_another(&process, start_time);
    if (!gone)
        gone = pidfd >= 0 ? brood__fd_wait(pidfd, POLLIN, 0) == APR_SUCCESS : process.ended;
    brood__fd_close(pidfd);
    return gone;
}

apr_status_t brood__self_watch(uint32_t pid, uint64_t start_time, brood__handle_t *handle)
{
    brood__system_process_t process;
    int pidfd;

    if (pid == 0 || pid > INT_MAX)
        return APR_EINVAL;
    pidfd = brood__system_pidfd((pid_t) pid);
    if (pidfd < 0 && says_gone(errno))
        return APR_EOF;
    if (pidfd < 0) /* a sandbox may refuse it with any error */
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? errno : APR_ENOTIMPL;
    brood__system_process(&process, (pid_t) pid);
    if (is_another(&process, start_time)) {
        brood__fd_close(pidfd);
        return APR_EOF;
    }
    *handle = pidfd;
    return APR_SUCCESS;
}

static apr_status_t read_urandom(char *bytes, size_t size)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    apr_status_t rv = fd < 0 ? errno : APR_SUCCESS;

    while (rv == APR_SUCCESS && size > 0) {
        ssize_t got = read(fd, bytes, size);

        if (got > 0) {
            bytes += got;
            size -= (size_t) got;
        } else if (got == 0) {
            rv = APR_EOF;
        } else if (errno != EINTR) {
            rv = errno;
        }
    }
    brood__fd_close(fd);
    return rv;
}

apr_status_t brood__self_random(void *bytes, size_t size)
{
    char *next = bytes;

    while (size > 0) {
        size_t part = size < 256 ? size : 256; /* the most that getentropy gives */

        if (getentropy(next, part) != 0)
            return read_urandom(next, size);
        next += part;
        size -= part;
    }
    return APR_SUCCESS;
}

uint64_t brood__self_memory(void)
{
#ifdef _SC_PHYS_PAGES
    long pages = sysconf(_SC_PHYS_PAGES);
    long size = sysconf(_SC_PAGESIZE);

    return pages > 0 && size > 0 ? (uint64_t) pages * (uint64_t) size : 0;
#else
    return 0;
#endif
}

uint64_t brood__self_resident(void)
{
    return brood__system_resident();
}

int brood__self_cpus(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    return cpus > 0 ? (int) cpus : 1;
}

int brood__self_usable_cpus(void)
{
    int cpus = brood__self_cpus();
    int limit = brood__system_cpu_limit();

    return limit > 0 && limit < cpus ? limit : cpus;
}

int brood__self_threads(void)
{
    const int threads = brood__self_alone() ? 1 : brood__system_threads();

    return threads > 0 ? threads - brood__thread_count() : 0;
}

bool brood__self_alone(void)
{
#ifdef BROOD_HAVE_SINGLE_THREADED
    return __libc_single_threaded;
#else
    return false;
#endif
}

apr_status_t brood__self_pin(unsigned index)
{
    return brood__system_pin(index) == 0 ? APR_SUCCESS : APR_FROM_OS_ERROR(errno == ENOSYS ? APR_ENOTIMPL : errno);
}

apr_status_t brood__self_nice(unsigned steps)
{
    errno = 0; /* -1 may be the new one */
    return nice((int) steps) != -1 || errno == 0 ? APR_SUCCESS : APR_FROM_OS_ERROR(errno);
}

int brood__self_handles(void)
{
    const long most = sysconf(_SC_OPEN_MAX);

    return most < 0 || most > INT_MAX ? INT_MAX : (int) most;
}

uint64_t brood__self_memory_kills(void)
{
    return brood__system_memory_kills();
}

bool brood__self_at_exit(void (*end)(void))
{
    return atexit(end) == 0; /* and not on_exit, whose handlers stay when the library is unloaded */
}

void brood__self_report(const char *line, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDERR_FILENO, line, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* nobody to tell */
        line += written;
        size -= (size_t) written;
    }
}

apr_status_t brood__self_redirect(brood__handle_t handle)
{
    return dup2((int) handle, STDERR_FILENO) >= 0 ? APR_SUCCESS : APR_FROM_OS_ERROR(errno);
}

/* So much a pipe takes at once if it takes anything. */
static size_t piece_of(const char *bytes, size_t size)
{
    size_t end = PIPE_BUF;

    if (size <= PIPE_BUF)
        return size;
    while (end > 0 && bytes[end - 1] != '\n')
        end--;
    return end > 0 ? end : PIPE_BUF;
}

/* A write that raises no SIGPIPE: what it has raised is taken back while it is blocked. */
static ssize_t write_quietly(const char *bytes, size_t size)
{
    sigset_t one, before, pending;
    ssize_t written;
    int error, number;

    sigemptyset(&one);
    sigaddset(&one, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &one, &before);
    written = write(STDERR_FILENO, bytes, size);
    error = errno;
    if (written < 0 && error == EPIPE && sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1)
        (void) sigwait(&one, &number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return written;
}

size_t brood__self_pass_on(const char *bytes, size_t size)
{
    ssize_t written;

    if (brood__fd_wait(STDERR_FILENO, POLLOUT, 0) == APR_TIMEUP)
        return 0;
    written = write_quietly(bytes, piece_of(bytes, size));
    if (written >= 0)
        return (size_t) written;
    return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK ? 0 : size;
}

void brood__self_kill(void)
{
    for (;;)
        (void) kill(getpid(), SIGKILL);
}
