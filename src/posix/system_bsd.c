/* system_bsd.c - macOS and the BSDs: sysctl.  What one of them does not tell is unknown, which is always safe. */
#include "posix/system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined __APPLE__ || defined __FreeBSD__
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#endif
#ifdef __APPLE__
#include <libproc.h>
#include <mach-o/dyld.h>
#endif
#ifdef __FreeBSD__
#include <sys/cpuset.h>
#endif

#if defined __APPLE__
#define START_TIME(info) ((info).kp_proc.p_starttime)
#define ZOMBIE(info) ((info).kp_proc.p_stat == SZOMB)
#elif defined __FreeBSD__
#define START_TIME(info) ((info).ki_start)
#define ZOMBIE(info) ((info).ki_stat == SZOMB)
#endif

void brood__system_process(brood__system_process_t *process, pid_t pid)
{
    *process = (brood__system_process_t){0, false};
#ifdef START_TIME
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int) pid};
    struct kinfo_proc info;
    size_t size = sizeof info;

    /* macOS answers with nothing, and success, for a pid that nobody has. */
    if (sysctl(name, 4, &info, &size, NULL, 0) != 0 || size < sizeof info)
        return;
    process->start_time = (uint64_t) START_TIME(info).tv_sec * 1000000 + (uint64_t) START_TIME(info).tv_usec;
    process->ended = ZOMBIE(info);
#else
    (void) pid;
#endif
}

uint64_t brood__system_time_for(pid_t pid)
{
    brood__system_process_t process;

    brood__system_process(&process, pid);
    return process.start_time;
}

int brood__system_cpu_limit(void)
{
#ifdef __FreeBSD__
    cpuset_t set;

    if (cpuset_getaffinity(CPU_LEVEL_WHICH, CPU_WHICH_PID, -1, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
#endif
    return 0;
}

uint64_t brood__system_resident(void)
{
#if defined __APPLE__
    struct rusage_info_v2 use;

    return proc_pid_rusage(getpid(), RUSAGE_INFO_V2, (rusage_info_t *) &use) == 0 ? use.ri_resident_size : 0;
#elif defined __FreeBSD__
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int) getpid()};
    struct kinfo_proc info;
    size_t size = sizeof info;

    if (sysctl(name, 4, &info, &size, NULL, 0) != 0 || size < sizeof info)
        return 0;
    return (uint64_t) info.ki_rssize * (uint64_t) sysconf(_SC_PAGESIZE);
#else
    return 0;
#endif
}

int brood__system_pin(unsigned index)
{
#ifdef __FreeBSD__
    cpuset_t all, one;

    if (cpuset_getaffinity(CPU_LEVEL_WHICH, CPU_WHICH_PID, -1, sizeof all, &all) != 0)
        return -1;
    index %= (unsigned) CPU_COUNT(&all);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && index-- == 0)
            CPU_SET(cpu, &one);
    return cpuset_setaffinity(CPU_LEVEL_WHICH, CPU_WHICH_PID, -1, sizeof one, &one);
#else
    (void) index;
    errno = ENOSYS;
    return -1;
#endif
}

int brood__system_pidfd(pid_t pid)
{
    (void) pid;
    errno = ENOSYS;
    return -1;
}

int brood__system_pidfd_signal(int pidfd, int number)
{
    (void) pidfd;
    (void) number;
    errno = ENOSYS;
    return -1;
}

int brood__system_pidfd_signal_group(int pidfd, int number)
{
    return brood__system_pidfd_signal(pidfd, number);
}

bool brood__system_image(char *path, size_t size)
{
#if defined __APPLE__
    uint32_t room = (uint32_t) size;

    return _NSGetExecutablePath(path, &room) == 0;
#elif defined __FreeBSD__
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};

    return sysctl(name, 4, path, &size, NULL, 0) == 0;
#else
    (void) path;
    (void) size;
    return false;
#endif
}

void brood__system_name_self(const char *name)
{
    (void) name; /* the image was started by its own path */
}

bool brood__system_ended_child(siginfo_t *ended, struct rusage *use)
{
    memset(use, 0, sizeof *use); /* not told before the child is reaped */
    ended->si_pid = 0;
    return waitid(P_ALL, 0, ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended->si_pid != 0;
}

int brood__system_threads(void)
{
#if defined __APPLE__
    struct proc_taskinfo info;

    if (proc_pidinfo(getpid(), PROC_PIDTASKINFO, 0, &info, sizeof info) == (int) sizeof info)
        return info.pti_threadnum;
#elif defined __FreeBSD__
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int) getpid()};
    struct kinfo_proc info;
    size_t size = sizeof info;

    if (sysctl(name, 4, &info, &size, NULL, 0) == 0 && size >= sizeof info)
        return info.ki_numthreads;
#endif
    return 0;
}

uid_t brood__system_peer(int socket)
{
    uid_t user;
    gid_t group;

    return getpeereid(socket, &user, &group) == 0 ? user : (uid_t) -1;
}

uint64_t brood__system_memory_kills(void)
{
    return 0;
}
