/** @file exit.h  What happens at the end of a process, and functions to be run then: util.Finalize.
 *
 *     BROOD_TRY(brood_finalizer_create(NULL, save_results, results, 0, mem));
 *
 * The end of a child begins when its entry has returned, well or with a failure, or has called exit(n); that of the
 * first process when the `mem` of brood_init ends (with brood_main: when `app` has returned), or on exit(n) and on the
 * return from main before that.  It is the same under every start method, happens once however often it is asked for,
 * and goes in this order:
 *
 * 1. Exit handlers (atexit) that the child itself has registered, the newest first.
 * 2. brood_is_exiting is true.
 * 3. Finalizers of priority 0 and more, the highest first.  They may still start children.
 * 4. Daemonic children are terminated.  The others are joined for exit_grace (brood_init), then terminated, 1 s later
 *    killed; each that had to be ended is reported (log.h).  From here on no child can be started.
 * 5. Finalizers of priorities below 0.
 * 6. The directory of brood_temp_dir is removed.
 * 7. What children have logged is given to the function of brood_log_to, which is not called any more: it may use that
 *    memory.  What this process itself still logs goes where it would go without that function.
 * 8. The memory of the entry's call ends (in the first process: pools made in the `mem` of brood_init), and with it
 *    what has been made there, finalizers with BROOD_NOT_AT_EXIT too.  Not after exit(n): the functions that called it
 *    have not returned, and other threads may use that memory.
 * 9. The process leaves its tree.  Streams are flushed.
 *
 * Exit handlers that a child has inherited from the process it is a copy of (start methods fork and forkserver) do not
 * run; those that a spawned child has registered before brood_init run after step 9.  In the first process handlers run
 * when the program exits: those registered after brood_init before the end if exit(n) begins it, all others after it.
 *
 * Where the system is different: on Windows exit handlers run after step 9, and exit(n) before the entry or `app` has
 * returned ends the process with n without the steps: its children end with it.  C libraries without on_exit (all but
 * glibc's) do not tell a handler what exit was given: in a forked child exit(n) then runs the inherited handlers after
 * step 9; its return does not.
 *
 * Nothing of this happens in a process that is killed or terminated by a signal, or that leaves by _exit, quick_exit or
 * abort: its children die with it, what it holds in its tree is taken back, its temporary directory stays.  Nor in a
 * copy that the program has forked by itself, without brood.
 *
 * SPEC EXIT-02, EXIT-05, EXIT-06, EXIT-14, EXIT-18, PROC-15, PROC-28. */
#ifndef BROOD_EXIT_H
#define BROOD_EXIT_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <brood/export.h>
#include <stdbool.h>

BROOD_BEGIN

/** A function to be run once: by hand, at the end of the process, or when its `mem` ends, whichever is first.
 *
 *  It belongs to the process that made it; in a forked copy it never runs and is not pending.  Any thread of that
 *  process may call the functions below as long as `mem` lives.  SPEC EXIT-11. */
typedef struct brood_finalizer_t brood_finalizer_t;

/** What a finalizer or a hook runs.  No lock of brood's is held meanwhile, so it may use brood.  It must return:
 *  neither exit, nor the end of its thread, nor longjmp. */
typedef void (*brood_finalizer_fn)(void *user);

/** A priority: not at exit, only with its `mem` or by hand.  SPEC EXIT-08. */
#define BROOD_NOT_AT_EXIT (-2147483647 - 1)

/** Register a finalizer.
 *
 *  Priorities that brood's own objects use: 15 ends pools of processes, 10 closes queues and lets go of what managers
 *  hold, 0 shuts down managers, listeners and names, -5 waits for queues.  The temporary directory goes last of all.
 *
 *  @param[out] finalizer  yours until `mem` ends; NULL: not wanted.  Untouched unless APR_SUCCESS.
 *  @param run             the function.
 *  @param user            its argument, kept, not copied: valid until it has run; may live in `mem`.
 *  @param priority        higher ones run first, equal ones newest first; those below 0 after the children have been
 *                         joined.  BROOD_NOT_AT_EXIT: not at exit.
 *  @param mem             owner of the finalizer.  Its end runs the function, whatever the priority, unless it has run
 *                         or was cancelled: after what was made in `mem` later has ended, and all pools in it.
 *  @retval APR_SUCCESS    it is pending.
 *  @retval APR_EINVAL     `run` is NULL.
 *  @retval BROOD_EGUARD   brood_main or brood_init has not run, or has ended.
 *  @retval BROOD_EMISUSE  this process was forked without brood.
 *  @retval APR_ENOMEM     no memory.
 *  After a failure nothing is registered.  SPEC EXIT-06, EXIT-07, EXIT-08, EXIT-12, EXIT-13, EXIT-15. */
BROOD_API BROOD_CHECKED apr_status_t brood_finalizer_create(brood_finalizer_t **finalizer, brood_finalizer_fn run,
                                                            void *user, int priority, apr_pool_t *mem);

/** Run it now, unless it has run or was cancelled.  If another thread is running it, wait for its return, as long as
 *  that takes.
 *  @param finalizer  of this process; a forked copy's is left alone.  SPEC EXIT-09. */
BROOD_API void brood_finalizer_run(brood_finalizer_t *finalizer);

/** Have it not run.  If another thread is running it, wait for its return: it does not run afterwards.
 *  @param finalizer  as for brood_finalizer_run.  SPEC EXIT-10. */
BROOD_API void brood_finalizer_cancel(brood_finalizer_t *finalizer);

/** Whether it has neither begun to run nor been cancelled.
 *  @param finalizer  any.
 *  @return false also in a forked copy.  SPEC EXIT-10. */
BROOD_API bool brood_finalizer_pending(const brood_finalizer_t *finalizer);

/** Have a function run in every child that brood makes by fork, before its entry, in order of registration.
 *
 *  The children's children by fork run it as well, each once: they inherit the registration.  Spawned children and
 *  those of the fork server are no copies of this process and run none.  Any thread.
 *
 *  @param hook  the function; it runs in the child, alone there, and may use brood.
 *  @param user  its argument, kept, not copied: as the child has inherited it.
 *  @param mem   owner of the registration; in a child, its copy of it there.
 *  @retval APR_SUCCESS    registered.
 *  @retval APR_EINVAL     `hook` is NULL.
 *  @retval BROOD_EGUARD   brood_main or brood_init has not run, or has ended.
 *  @retval BROOD_EMISUSE  this process was forked without brood.
 *  @retval APR_ENOMEM     no memory.
 *  After a failure nothing is registered.  SPEC EXIT-16. */
BROOD_API BROOD_CHECKED apr_status_t brood_after_fork(brood_finalizer_fn hook, void *user, apr_pool_t *mem);

/** Whether the end of this process has begun.  Any thread, any time.  SPEC EXIT-14. */
BROOD_API bool brood_is_exiting(void);

/** A directory for this process alone, made when it is first asked for, under a name that nobody can guess in the
 *  system's directory for temporary files; only this user may enter it, where the system has such permissions.
 *
 *  It is removed at exit, after all finalizers, with everything in it; symbolic links are removed, not followed; what
 *  cannot be removed is reported.  A process that is killed leaves it behind.  A child has its own.  Any
 *  thread.
 *
 *  @param[out] path  its absolute name, borrowed until it is removed.  Untouched unless APR_SUCCESS.
 *  @retval APR_SUCCESS    it is there.
 *  @retval BROOD_EGUARD   brood_main or brood_init has not run, or has ended.
 *  @retval BROOD_EMISUSE  this process was forked without brood, or it is removed already.
 *  @return otherwise the status of what the system refused; nothing was made.  SPEC EXIT-17. */
BROOD_API BROOD_CHECKED apr_status_t brood_temp_dir(const char **path);

BROOD_END
#endif
