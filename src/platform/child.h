/* child.h - start, watch and end one child process.
 *
 * A child gets exactly: its standard streams (standard input is the null device unless keep_stdin), one end of a
 * channel, the segment and, where there is one, the way to the fork server.  Nothing else is inherited but what
 * fork inherits by nature.  It dies with its parent, however that ends, unless outlives_parent. */
#ifndef BROOD_PLATFORM_CHILD_H
#define BROOD_PLATFORM_CHILD_H

#include "platform/handle.h"
#include <apr_time.h>

typedef struct brood__child_t brood__child_t; /* each backend defines it */

/* What a new process finds: BROOD__NO_HANDLE where there is none. */
typedef struct brood__bequest_t {
    brood__handle_t channel; /* its start data come from here */
    brood__handle_t segment; /* the arena */
    brood__handle_t server;  /* requests to the fork server go here */
    const void *data;        /* or here they are, if there is no channel */
    size_t size;
} brood__bequest_t;

#define BROOD__SERVER_KEY 16

typedef struct brood__start_t {
    const char *const *argv;        /* the program's command line, NULL-ended */
    const char *executable;         /* for brood__child_spawn: another program than the running image; or NULL */
    const char *const *environment; /* "NAME=value" in addition, NULL-ended; or NULL */
    brood__handle_t segment;
    brood__handle_t server;          /* or BROOD__NO_HANDLE */
    const unsigned char *server_key; /* BROOD__SERVER_KEY bytes, for brood__child_request, as are: */
    const void *data;                /* start data, which go along if they are few */
    size_t size;
    bool by_channel;           /* they do not: there is a parcel with them */
    void (*before_fork)(void); /* for brood__child_fork: when it allocates nothing any more */
    void (*after_fork)(void);  /* in both processes, also if there is but one */
    bool serves;               /* for brood__child_spawn: to be the fork server; it has no environment of its own */
    bool outlives_parent;
    bool own_group; /* a group of processes that it leads, and its descendants are in: brood__child_kill_tree */
    bool keep_stdin;
} brood__start_t;

/* Start a copy of this process.  Success comes twice: in the parent *child is the new child; in the child it is NULL,
 * and streams, environment and the tie to the parent are set up.  The parent's streams have been flushed.
 * APR_ENOTIMPL: no fork here.  APR_EAGAIN: no more processes. */
apr_status_t brood__child_fork(brood__child_t **child, const brood__start_t *start, apr_pool_t *mem);

/* Start the running image again; *channel is the parent's end, for the start data.  Its command line is start->argv, or
 * on Windows that of this process as the system knows it. */
apr_status_t brood__child_spawn(brood__child_t **child, brood__handle_t *channel, const brood__start_t *start,
                                apr_pool_t *mem);

/* Have the fork server behind start->server start a copy of itself, that is tied to this process as its parent.
 * *channel is BROOD__NO_HANDLE if the start data have gone with the request.
 * APR_EOF: the server is gone.  APR_TIMEUP: it has not answered by the deadline; a child that it starts later finds its
 * channel at the end.  APR_EACCES: the key is not the server's.  APR_ENOTIMPL: no fork here. */
apr_status_t brood__child_request(brood__child_t **child, brood__handle_t *channel, const brood__start_t *start,
                                  apr_time_t deadline, apr_pool_t *mem);

/* A pair of ends for requests: ends[0] is the server's, ends[1] goes to everybody.  APR_ENOTIMPL: no fork here. */
apr_status_t brood__child_server_pair(brood__handle_t ends[2]);

/* Be the fork server: fork for each request that has the key, report pids and exit codes.  Returns APR_SUCCESS in every
 * new child, with its bequest (whose segment is BROOD__NO_HANDLE: inherited, mapped; whose data last as long as the
 * process); APR_EOF in the server itself when nobody is left who could ask, or the status of its failure.  The caller has
 * one thread and no children of its own.
 * `requests` has been closed in a child, and is the caller's to close in the server. */
apr_status_t brood__child_serve(brood__handle_t requests, const unsigned char key[BROOD__SERVER_KEY],
                                brood__bequest_t *bequest, apr_pool_t *mem);

/* In a process that brood__child_spawn has started, with one thread: go on as a copy that has no parent, in a session of
 * its own, with null devices for streams, and deaf to what asks programs to end.  What called it ends with exit code 0,
 * and the copy alone returns.  APR_ENOTIMPL: no fork here. */
apr_status_t brood__child_detach(void);

/* In a new process, once, before anything else: true if it was started by brood__child_spawn; takes the mark out of
 * the environment, so that other programs started from here do not see it. */
bool brood__child_inherit(brood__bequest_t *bequest);

uint32_t brood__child_pid(const brood__child_t *child);

/* Wait for the end and keep the exit code: 0..255, -N for signal N (Windows: 32 bits; 0x10000 is that of a terminated
 * child and told as -15, so a program should not end with it).  For the process alone that started the child: by any
 * number of its threads, as often as one likes, with any deadline.  APR_TIMEUP: still running.
 * Code 255: it ended, but how cannot be known any more.  APR_EINTR: see interrupt.h. */
apr_status_t brood__child_wait(brood__child_t *child, int *exitcode, apr_time_t deadline);

/* A handle that is ready once the child has ended, and stays so; the exit code may come a moment later.  It is the
 * child's: brood__child_close closes it.  Any thread, as often as one likes: it stays the same.
 * *certain false: something that the child has started by unusual means may hold the sign back.
 * APR_EOF: it has ended already.  Otherwise why there is none: too many open files. */
apr_status_t brood__child_sentinel(brood__child_t *child, brood__handle_t *sentinel, bool *certain);

/* Interrupt it as Ctrl-C would (APR_ENOTIMPL: this system cannot); ask it to end; end it.  None waits.  Success if it
 * has ended: never signals a pid that was reaped. */
apr_status_t brood__child_interrupt(brood__child_t *child);
apr_status_t brood__child_terminate(brood__child_t *child);
apr_status_t brood__child_kill(brood__child_t *child);

/* The same to all of its group, if it was started with own_group: also to those it has left behind, where the system
 * can tell them from a later group of its number. */
apr_status_t brood__child_terminate_tree(brood__child_t *child);
apr_status_t brood__child_kill_tree(brood__child_t *child);

/* The most memory that it had in use, in bytes, once it has ended; 0: unknown. */
uint64_t brood__child_peak_memory(const brood__child_t *child);

/* Release the system's resources.  The child itself is left alone. */
void brood__child_close(brood__child_t *child);

/* In a copy that brood has forked: close what the copied process watched its child by.  Looks at nothing and waits for
 * nobody: another thread may have been in the middle of it. */
void brood__child_forget(brood__child_t *child);

/* End this process, which brood forked: streams are flushed, exit handlers inherited from the parent do not run. */
void brood__child_exit(int exitcode);

/* The system's name for an exit code below 0, as "SIGTERM"; NULL: none. */
const char *brood__child_end_name(int exitcode);

/* What this system has besides spawn: fork, and with it the fork server; and whether a fork without exec is safe with
 * the system's own libraries, so that it may be the default. */
enum { BROOD__CHILD_FORKS = 1, BROOD__CHILD_FORKS_SAFELY = 2 };
unsigned brood__child_methods(void);

/* In a new process, once: have `end` called when it ends by exit, after the handlers that the program registers from now
 * on, and with what exit was given, 0..255, or BROOD__CODE_UNKNOWN where the C library does not tell.  When `end`
 * returns, handlers that were there before run; in a forked child they are its parent's, so it does not: brood__child_exit.
 * False: not here (see brood__self_at_exit), or no memory; then the caller has to see to the end before it exits. */
#define BROOD__CODE_UNKNOWN (-1)
bool brood__child_at_exit(void (*end)(int exitcode));

#endif
