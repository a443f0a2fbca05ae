/** @file process.h  Processes, start methods, the family.
 *
 * Anything here may be called by any thread at any time between brood_init and the end of its `mem`.  A process object
 * belongs to the process that started it: in any other (a forked child that inherited the pointer) calls on it that
 * return a status are BROOD_EMISUSE. */
#ifndef BROOD_PROCESS_H
#define BROOD_PROCESS_H

#include <brood/entry.h>

BROOD_BEGIN

/** How a child comes to be.  brood's objects can be given to children of every method (SPEC CTX-01, CTX-13). */
typedef enum brood_start_method_t {
    BROOD_START_DEFAULT = 0, /**< the program's choice, else BROOD_START_METHOD (environment), else the system's */
    BROOD_START_FORK,        /**< a copy of this process: quick; only the starting thread goes on in it */
    BROOD_START_SPAWN,       /**< the program run anew */
    BROOD_START_FORKSERVER   /**< a copy of a clean process with one thread, which is started for that at first use */
} brood_start_method_t;

/** "fork", "spawn", "forkserver"; "default"; for ever. */
BROOD_API const char *brood_start_method_name(brood_start_method_t method);

/** Methods this platform has, default first.  Returns their number, at most 3.  SPEC CTX-02, CTX-03. */
BROOD_API apr_size_t brood_start_methods(brood_start_method_t methods[3]);

/** The method in use: in a child, the one it was started by.
 *
 *  @param fix  true: if there is no choice yet, the default becomes it, as the first start would make it.
 *  @return BROOD_START_DEFAULT: no choice yet, and not `fix`; or the environment names a method that is not here,
 *          as brood_last_error tells.  SPEC CTX-07, CTX-08, CTX-11. */
BROOD_API brood_start_method_t brood_get_start_method(bool fix);

/** Choose for the program, and for children it starts from now on.  Also before brood_init.
 *
 *  @param method  BROOD_START_DEFAULT with `force` takes the choice back.
 *  @param force   replace a choice.
 *  @retval BROOD_EMISUSE  there is a choice, and not `force`; it stays.
 *  @retval APR_ENOTIMPL   the platform lacks the method.
 *  @retval APR_EINVAL     no method at all.  SPEC CTX-04, CTX-05, CTX-06. */
BROOD_API BROOD_CHECKED apr_status_t brood_set_start_method(brood_start_method_t method, bool force);

typedef struct brood_process_t brood_process_t;

typedef enum brood_choice_t {
    BROOD_INHERIT = 0,   /**< as this process */
    BROOD_YES,
    BROOD_NO
} brood_choice_t;

/** A zeroed struct is the default. */
typedef struct brood_process_options_t {
    const char *name;                   /**< text, copied; NULL: "Process-1", "Process-1:2" ... */
    brood_choice_t daemon;              /**< terminated, not joined, when this process ends; may have children, too */
    brood_start_method_t start_method;  /**< for this child; the program's choice stays */
    bool outlives_parent;               /**< else it dies with its parent, however that dies; exit leaves it alone */
    bool keep_stdin;                    /**< else its standard input is empty */
    const char *const *environment;     /**< NULL-ended "NAME=value", added to the inherited one; NULL: none */
    void *reserved[6];                  /**< NULL */
} brood_process_options_t;

#define BROOD_RUNNING (-2147483647 - 1)  /**< exit code of a process that has not ended */

/** Start a process that runs an entry, and return without waiting for it to run.
 *
 *  Children that have ended are reaped first.  The child starts in this process's current directory.  If the entry
 *  fails, the child prints its name and the message to stderr and its exit code is 1.  exit(n) within the entry ends
 *  the child with n, but a forked one then runs the exit handlers of its parent, too: rather return.
 *
 *  @param[out] process  the child, valid until `mem` ends, which does not end the process: it is joined at exit.
 *                       NULL: start and forget.  Untouched unless APR_SUCCESS.
 *  @param entry         a registered function.
 *  @param args          a list, encoded before the call returns; objects in it (locks, arrays, queues) are the child's
 *                       too from then on, so this process may close its own.  nil: no arguments.
 *  @param options       NULL: the default.
 *  @param mem           of the object.
 *  @retval BROOD_EGUARD   brood_main or brood_init has not run, or has ended.
 *  @retval BROOD_EENTRY   the function, or one in args, is in no table.
 *  @retval BROOD_EARGS    args is neither a list nor nil.
 *  @retval BROOD_EENCODE  a value in args, or the name, cannot be encoded.  BROOD_ETOOBIG, BROOD_ECLOSED likewise.
 *  @retval BROOD_EMISUSE  this process was forked without brood, or is in its end already.
 *  @retval APR_EINVAL     no such start method, or BROOD_START_METHOD names none of this platform's.
 *  @retval APR_ENOTIMPL   the platform lacks the method.
 *  @retval APR_EAGAIN     too many processes: for the system, or 1000 in the tree.
 *  @retval APR_TIMEUP     the new process took none of its start data for 60 s; it has been killed.
 *  @return otherwise the status of what the system refused.  After a failure no process runs and nothing is kept.
 *  SPEC PROC-02, PROC-05, PROC-06, PROC-24, PROC-27, PROC-32, PROC-42, CTX-14, CTX-18, SPWN-02, SPWN-07, SPWN-10,
 *  EXIT-01, EXIT-03. */
BROOD_API BROOD_CHECKED apr_status_t brood_process_start(brood_process_t **process, brood_entry_fn entry,
                                                         brood_value_t args,
                                                         const brood_process_options_t *options, apr_pool_t *mem);

/** Wait for the end, as often as you like.
 *
 *  @param process  a child, or brood_parent_process.
 *  @param timeout  microseconds; BROOD_NOWAIT: only look; BROOD_FOREVER.
 *  @retval APR_SUCCESS    it has ended; the exit code of a child is known.
 *  @retval APR_TIMEUP     still running.
 *  @retval BROOD_EMISUSE  no child of this process; this process itself, say.
 *  @retval BROOD_ECLOSED  closed.
 *  SPEC PROC-09, PROC-10, PROC-11, PROC-12, PROC-40, PROC-41. */
BROOD_API BROOD_CHECKED apr_status_t brood_process_join(brood_process_t *process, apr_interval_time_t timeout);

/** Ask a child to end (SIGTERM; Windows: end it).  Does not wait; its own end does not run, its children end with it.
 *
 *  @retval APR_SUCCESS    asked, or it has ended already.
 *  @retval BROOD_EMISUSE  no child of this process.
 *  @retval BROOD_ECLOSED  closed.  SPEC PROC-15, PROC-16, PROC-19. */
BROOD_API apr_status_t brood_process_terminate(brood_process_t *process);

/** End a child (SIGKILL).  Does not wait.  Statuses as brood_process_terminate.  SPEC PROC-17, PROC-19. */
BROOD_API apr_status_t brood_process_kill(brood_process_t *process);

/** True while it runs.  A child that has ended is reaped by this.  SPEC PROC-13, PROC-14, PROC-41. */
BROOD_API bool brood_process_is_alive(const brood_process_t *process);

/** 0: normal end; 1: the entry failed; N: from exit(N); -N: ended by signal N (Windows: -15, terminated); 255 may
 *  also be an end of which nothing is known; BROOD_RUNNING.  A child that has ended is reaped.  SPEC PROC-30. */
BROOD_API int brood_process_exitcode(const brood_process_t *process);

/** The system's id of it.  SPEC PROC-33. */
BROOD_API int brood_process_pid(const brood_process_t *process);
/** Its name; lives as long as the object.  SPEC PROC-24, PROC-25. */
BROOD_API const char *brood_process_name(const brood_process_t *process);
/** Whether it is daemonic; of the parent: false.  SPEC PROC-27. */
BROOD_API bool brood_process_daemon(const brood_process_t *process);
/** One line for people: name, pid, parent's pid, state, exit code, daemon.  In `mem`.  SPEC PROC-46. */
BROOD_API const char *brood_process_string(const brood_process_t *process, apr_pool_t *mem);

/** Have done with a child that has ended.  Afterwards calls that return a status give BROOD_ECLOSED; name, pid and exit
 *  code stay readable.  The parent and this process are left alone.
 *
 *  @retval APR_SUCCESS    closed, now or before.
 *  @retval BROOD_EMISUSE  it is running, or no child of this process; nothing changed.
 *  SPEC PROC-22, PROC-23, PROC-47. */
BROOD_API BROOD_CHECKED apr_status_t brood_process_close(brood_process_t *process);

/** This process; never NULL, also before brood_init.  The first of a tree is called "MainProcess".  SPEC PROC-25. */
BROOD_API const brood_process_t *brood_current_process(void);
/** Shorthands for its name and pid. */
BROOD_API const char *brood_current_name(void);
BROOD_API int brood_current_pid(void);

/** The process that started this one, to be joined or asked for its name, pid and life; NULL in the first of a tree.
 *  SPEC PROC-40, PROC-41. */
BROOD_API brood_process_t *brood_parent_process(void);

/** Every live child of this process, after reaping those that ended.  An array in `mem` that ends with NULL; the
 *  objects in it are valid until `mem` ends.  NULL: no memory.  SPEC PROC-38, PROC-39. */
BROOD_API brood_process_t **brood_active_children(apr_pool_t *mem);

/** Logical CPUs of the machine; at least 1.  SPEC CTX-19. */
BROOD_API int brood_cpu_count(void);
/** CPUs this process may use: affinity, cpuset and quota; at least 1. */
BROOD_API int brood_usable_cpu_count(void);

BROOD_END
#endif
