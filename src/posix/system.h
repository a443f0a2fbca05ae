/* system.h - what each Unix tells in its own way; one of the files system_*.c is compiled. */
#ifndef BROOD_POSIX_SYSTEM_H
#define BROOD_POSIX_SYSTEM_H

#include "platform/handle.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What the system knows of the process with this pid. */
typedef struct brood__system_process_t {
    uint64_t start_time; /* 0: it does not tell */
    bool ended;          /* no thread of it runs any more; false if it does not tell */
} brood__system_process_t;
void brood__system_process(brood__system_process_t *process, pid_t pid);

/* For a start_time of the process that has this pid now: that itself, or where it costs less the present, since all that
 * counts is that later processes of the pid have a later one.  0: it does not tell. */
uint64_t brood__system_time_for(pid_t pid);

/* Bytes of this process that are in memory; 0: unknown. */
uint64_t brood__system_resident(void);

/* Run on the `index`th, round and round, of the CPUs that may be used.  0, or -1 with errno: ENOSYS where it cannot be. */
int brood__system_pin(unsigned index);

/* CPUs that affinity and quotas leave to this process; 0: no limit known. */
int brood__system_cpu_limit(void);

/* A descriptor for that very process, close-on-exec, readable when it has ended; -1 with errno: ENOSYS where there is
 * no such thing. */
int brood__system_pidfd(pid_t pid);

/* Send a signal by such a descriptor, to the process or to the group that it leads or led.  0, or -1 with errno. */
int brood__system_pidfd_signal(int pidfd, int number);
int brood__system_pidfd_signal_group(int pidfd, int number);

/* The file of the running image in `path`; false: unknown. */
bool brood__system_image(char *path, size_t size);

/* Name this process, as tools show it; NULL: as its program, since after a start as /proc/self/exe it would be "exe". */
void brood__system_name_self(const char *name);

/* An ended child of this process, which stays to be reaped, and what it has used; false: there is none. */
bool brood__system_ended_child(siginfo_t *ended, struct rusage *use);

/* Threads of this process; 0: unknown. */
int brood__system_threads(void);

/* The user that the other end of a Unix socket ran as when it was made or connected; (uid_t) -1: unknown. */
uid_t brood__system_peer(int socket);

/* How many processes the system has killed since it started because there was no memory left; 0: unknown. */
uint64_t brood__system_memory_kills(void);

#endif
