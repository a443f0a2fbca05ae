/* self.h - what the system knows of processes and of the machine. */
#ifndef BROOD_PLATFORM_SELF_H
#define BROOD_PLATFORM_SELF_H

#include "platform/handle.h"

/* This process's id. */
uint32_t brood__self_pid(void);

/* When a process started, in the system's own unit, or of this process a moment until it was first asked for: before
 * every later user of the pid.  0: unknown. */
uint64_t brood__self_start_time(uint32_t pid);

/* True only if no thread of the process that had this pid and start time (0: any) can run one more instruction.
 * A zombie is gone, a stopped process is not; where the system will not say, it is not. */
bool brood__self_gone(uint32_t pid, uint64_t start_time);

/* A new handle that is ready once that process has ended.  APR_EOF: it is gone.  APR_ENOTIMPL: the system has no such
 * thing for processes that are no children. */
apr_status_t brood__self_watch(uint32_t pid, uint64_t start_time, brood__handle_t *handle);

/* `size` random bytes that nobody can guess. */
apr_status_t brood__self_random(void *bytes, size_t size);

/* Bytes of memory of the machine; 0: unknown. */
uint64_t brood__self_memory(void);

/* Bytes of memory that this process takes up; 0: unknown. */
uint64_t brood__self_resident(void);

/* Logical CPUs of the machine; CPUs this process may use: the least of affinity, cpuset and quota (cgroup v1 and v2,
 * job limits), rounded up.  Both at least 1. */
int brood__self_cpus(void);
int brood__self_usable_cpus(void);

/* Threads of this process but for those that the backend itself has started; 0: unknown.  Some systems (macOS, FreeBSD)
 * count one that has just been joined for some moments more. */
int brood__self_threads(void);

/* Is the calling thread the only one for certain?  Costs next to nothing. */
bool brood__self_alone(void);

/* Let this process run on one CPU only, the `index`th, counted round and round, of those that it may use.  APR_ENOTIMPL. */
apr_status_t brood__self_pin(unsigned index);
/* Take so many steps off the priority of this process, 0 to 19; where the system has fewer, what comes near it. */
apr_status_t brood__self_nice(unsigned steps);

/* How many handles this process may have open; INT_MAX: about any number. */
int brood__self_handles(void);

/* How many processes the system has killed since it started because there was no memory left; 0: unknown. */
uint64_t brood__self_memory_kills(void);

/* Have `end` called when this process ends by exit or by the return from main, before handlers that the program has
 * registered until now; in its forked copies, too.  False: not here, where other threads have been ended by then. */
bool brood__self_at_exit(void (*end)(void));

/* Write one line to standard error in a single write, so that lines of processes do not mix. */
void brood__self_report(const char *line, size_t size);

/* Have standard error go to another place, of which the C library and programs that are started get copies of the
 * handle: it is the caller's still. */
apr_status_t brood__self_redirect(brood__handle_t handle);

/* Write to standard error as much as it takes now, where the system can tell, by lines if possible; no signal is raised.
 * Returns how many bytes are done with: all of them if there is nobody to read them. */
size_t brood__self_pass_on(const char *bytes, size_t size);

/* End this process here and now, as if it had been killed from outside: nothing is flushed, nothing handed back. */
void brood__self_kill(void);

#endif
