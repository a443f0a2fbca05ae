/* system_linux.c - pidfds, /proc and control groups. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/system.h"

#include "posix/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The same numbers on every architecture. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* The beginning of a small file as text; false: it cannot be read. */
static bool read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t got = 0;

    if (fd < 0)
        return false;
    while (length < size - 1 && (got = read(fd, text + length, size - 1 - length)) != 0) {
        if (got > 0)
            length += (size_t) got;
        else if (errno != EINTR)
            break;
    }
    close(fd);
    text[length] = '\0';
    return got >= 0 && length > 0;
}

/* Field `number` (3 is the state) of a /proc/PID/stat, of which the second is the name: any bytes in brackets. */
static const char *stat_field(const char *text, int number)
{
    const char *at = strrchr(text, ')');

    for (; at != NULL && number > 2; number--) {
        at = strchr(at, ' ');
        if (at != NULL)
            at++;
    }
    return at;
}

/* Like the rest of this without printf and strtoull: a new process touches so many pages less. */
static void stat_path(char path[40], pid_t pid)
{
    static const char before[] = "/proc/", after[] = "/stat";
    char digits[3 * sizeof pid];
    size_t count = 0;
    char *next = path;

    do
        digits[count++] = (char) ('0' + pid % 10);
    while ((pid /= 10) != 0);
    memcpy(next, before, sizeof before - 1);
    next += sizeof before - 1;
    while (count > 0)
        *next++ = digits[--count];
    memcpy(next, after, sizeof after);
}

static uint64_t read_number(const char *digits)
{
    uint64_t number = 0;

    for (; *digits >= '0' && *digits <= '9'; digits++)
        number = number * 10 + (uint64_t) (*digits - '0');
    return number;
}

void brood__system_process(brood__system_process_t *process, pid_t pid)
{
    char path[40];
    char text[1024];
    const char *state;
    const char *threads;
    const char *start;

    *process = (brood__system_process_t){0, false};
    stat_path(path, pid);
    if (!read_text(path, text, sizeof text))
        return;
    state = stat_field(text, 3);
    threads = stat_field(text, 20);
    start = stat_field(text, 22);
    if (state == NULL || threads == NULL || start == NULL)
        return;
    process->start_time = read_number(start);
    /* A main thread that ended alone is a zombie as well, while the other threads run on. */
    process->ended = (*state == 'Z' || *state == 'X') && read_number(threads) <= 1;
}

uint64_t brood__system_time_for(pid_t pid)
{
    /* As in field 22: since the system was started, in ticks.  To open and read the file costs a tenth of a start. */
    static _Atomic long ticks;
    struct timespec now;

    (void) pid;
    if (ticks == 0)
        ticks = sysconf(_SC_CLK_TCK);
    if (ticks <= 0 || clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        return 0;
    return (uint64_t) now.tv_sec * (uint64_t) ticks + (uint64_t) now.tv_nsec * (uint64_t) ticks / 1000000000;
}

static int affinity(void)
{
    int cpus;

    /* The kernel refuses a set smaller than its own. */
    for (cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t) cpus);
        size_t size = CPU_ALLOC_SIZE((size_t) cpus);
        int count = 0;
        int error = 0;

        if (set == NULL)
            return 0;
        if (sched_getaffinity(0, size, set) == 0)
            count = CPU_COUNT_S(size, set);
        else
            error = errno;
        CPU_FREE(set);
        if (error != EINVAL)
            return count;
    }
    return 0;
}

/* CPUs that one control group allows, rounded up; 0: it sets no limit. */
static int group_limit(const char *folder, bool v2)
{
    char path[4200];
    char text[64];
    long long quota;
    long long period = 0;
    char *rest;

    snprintf(path, sizeof path, "%s/%s", folder, v2 ? "cpu.max" : "cpu.cfs_quota_us");
    if (!read_text(path, text, sizeof text))
        return 0;
    quota = strtoll(text, &rest, 10); /* "max" and -1 are no limit */
    if (v2) {
        period = strtoll(rest, NULL, 10);
    } else {
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        if (read_text(path, text, sizeof text))
            period = strtoll(text, NULL, 10);
    }
    if (quota <= 0 || period <= 0)
        return 0;
    return (int) ((quota + period - 1) / period);
}

static int lesser(int a, int b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The least of a group and all above it.  In a container the path may be the host's: then only the mount itself, the
 * container's own group, is found. */
static int hierarchy_limit(const char *mount, const char *group, bool v2)
{
    char folder[4100];
    size_t root = strlen(mount);
    int limit = 0;
    int length = snprintf(folder, sizeof folder, "%s%s", mount, group);

    if (length < 0 || (size_t) length >= sizeof folder)
        return 0;
    for (;;) {
        char *slash;

        limit = lesser(limit, group_limit(folder, v2));
        if (strlen(folder) <= root)
            return limit;
        slash = strrchr(folder, '/');
        *slash = '\0';
    }
}

/* Does a comma-separated list have the word "cpu"? */
static bool lists_cpu(const char *list, const char *end)
{
    while (list < end) {
        size_t length = strcspn(list, ",:");

        if (length == 3 && memcmp(list, "cpu", 3) == 0)
            return true;
        list += length + 1;
    }
    return false;
}

static int quota(void)
{
    char text[8192]; /* lines of "number:controllers:/path"; no controllers: version 2 */
    char *line;
    char *next;
    int limit = 0;

    if (!read_text("/proc/self/cgroup", text, sizeof text))
        return 0;
    for (line = text; line != NULL && *line != '\0'; line = next) {
        char *controllers;
        char *path;

        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        controllers = strchr(line, ':');
        path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (path == NULL || path[1] != '/')
            continue;
        if (path == controllers + 1) {
            limit = lesser(limit, hierarchy_limit("/sys/fs/cgroup", path + 1, true));
            limit = lesser(limit, hierarchy_limit("/sys/fs/cgroup/unified", path + 1, true));
        } else if (lists_cpu(controllers + 1, path)) {
            limit = lesser(limit, hierarchy_limit("/sys/fs/cgroup/cpu", path + 1, false));
            limit = lesser(limit, hierarchy_limit("/sys/fs/cgroup/cpu,cpuacct", path + 1, false));
        }
    }
    return limit;
}

int brood__system_cpu_limit(void)
{
    return lesser(affinity(), quota());
}

uint64_t brood__system_resident(void)
{
    char text[256];
    const char *pages = read_text("/proc/self/statm", text, sizeof text) ? strchr(text, ' ') : NULL;

    return pages != NULL ? read_number(pages + 1) * (uint64_t) sysconf(_SC_PAGESIZE) : 0;
}

int brood__system_pin(unsigned index)
{
    cpu_set_t all, one;

    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return -1;
    index %= (unsigned) CPU_COUNT(&all);
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && index-- == 0)
            CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one);
}

int brood__system_pidfd(pid_t pid)
{
    int fd = (int) syscall(SYS_pidfd_open, pid, 0);
    const apr_status_t rv = brood__fd_lift(&fd);

    if (rv != APR_SUCCESS)
        errno = rv;
    return fd;
}

int brood__system_pidfd_signal(int pidfd, int number)
{
    return (int) syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

int brood__system_pidfd_signal_group(int pidfd, int number)
{
    enum { PROCESS_GROUP = 4 }; /* PIDFD_SIGNAL_PROCESS_GROUP, since Linux 6.9; before: EINVAL */

    return (int) syscall(SYS_pidfd_send_signal, pidfd, number, NULL, PROCESS_GROUP);
}

bool brood__system_image(char *path, size_t size)
{
    /* The image itself, even when its file was replaced or removed since. */
    static const char image[] = "/proc/self/exe";

    if (size < sizeof image || access(image, X_OK) != 0)
        return false;
    memcpy(path, image, sizeof image);
    return true;
}

void brood__system_name_self(const char *name)
{
    prctl(PR_SET_NAME, name != NULL ? name : program_invocation_short_name, 0, 0, 0);
}

bool brood__system_ended_child(siginfo_t *ended, struct rusage *use)
{
    /* The system's own call; the C library's leaves out what was used. */
    ended->si_pid = 0;
    return syscall(SYS_waitid, P_ALL, 0, ended, WEXITED | WNOHANG | WNOWAIT, use) == 0 && ended->si_pid != 0;
}

/* A thread stands in /proc for some moments after it has been joined. */
static bool is_ending(const char *thread)
{
    enum { EXITING = 4 }; /* PF_EXITING, which comes before any other sign of its end */
    char path[300];
    char text[1024];
    const char *flags;

    (void) snprintf(path, sizeof path, "/proc/self/task/%s/stat", thread);
    if (!read_text(path, text, sizeof text))
        return errno == ENOENT || errno == ESRCH; /* it is gone; else there is no telling */
    flags = stat_field(text, 9);
    return flags != NULL && (read_number(flags) & EXITING) != 0;
}

int brood__system_threads(void)
{
    struct stat tasks; /* a folder with one folder in it for each, and each of them a link to it */
    struct dirent *entry;
    int threads = 0;
    DIR *folder;

    if (stat("/proc/self/task", &tasks) != 0 || tasks.st_nlink <= 2)
        return 0;
    folder = tasks.st_nlink > 3 ? opendir("/proc/self/task") : NULL;
    if (folder == NULL)
        return (int) tasks.st_nlink - 2;
    while ((entry = readdir(folder)) != NULL)
        threads += entry->d_name[0] != '.' && !is_ending(entry->d_name);
    closedir(folder);
    return threads;
}

uid_t brood__system_peer(int socket)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.uid : (uid_t) -1;
}

uint64_t brood__system_memory_kills(void)
{
    static const char word[] = "\noom_kill ";
    char text[16384];
    const char *line;

    if (!read_text("/proc/vmstat", text, sizeof text))
        return 0;
    line = strstr(text, word);
    return line != NULL ? read_number(line + sizeof word - 1) : 0;
}
