/** @file process.h  Processes, start methods, the family: Python's Process and contexts.
 *
 *     brood_process_t *child;
 *
 *     BROOD_TRY(brood_process_start(&child, work, BROOD_ARGS(7), NULL, mem));
 *     BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
 *     printf("exit code %d\n", brood_process_exitcode(child));
 *
 * Any thread may make every call at any time between brood_init and its end, some also without brood_init, as they say.
 * A process object belongs to the process that started it: in any other (a forked child that inherited the pointer)
 * calls on it that return a status are BROOD_EMISUSE.
 *
 * What happens at the end of a process is in exit.h.
 *
 * A child of the fork server has the server's environment, streams and limits, which are those of the process that
 * first started one at that time; its standard input and `environment` are as its options say.
 *
 * A process that the program forks by itself, without brood, is no member of the family: it has no children and starts
 * none (BROOD_EMISUSE), and must leave locks, queues and arrays alone, since it counts as nobody there.  One that was
 * made by vfork, or by the clone system call behind the C library's back, must not call brood at all: it would be taken
 * for its parent. */
#ifndef BROOD_PROCESS_H
#define BROOD_PROCESS_H

#include <apr_portable.h>
#include <brood/entry.h>

BROOD_BEGIN

/** How a child comes to be.  brood's objects can be given to children of every method (SPEC CTX-01, CTX-13). */
typedef enum brood_start_method_t {
    BROOD_START_DEFAULT = 0, /**< the program's choice, else BROOD_START_METHOD (environment), else the system's */
    BROOD_START_FORK,        /**< a copy of this process: quick; only the starting thread goes on in it */
    BROOD_START_SPAWN,       /**< the program run anew */
    BROOD_START_FORKSERVER   /**< a copy of a clean process with one thread, which is started for that at first use */
} brood_start_method_t;

/** The name of a start method, as the environment variable BROOD_START_METHOD takes it.  Any thread, any time.
 *
 *  @param method  any.
 *  @return "fork", "spawn", "forkserver", "default", or "unknown" for what is none; valid for ever.  SPEC CTX-01. */
BROOD_API const char *brood_start_method_name(brood_start_method_t method);

/** Methods that this platform has, the default first.  Any thread, any time.
 *
 *  @param[out] methods  room for 3, of which as many are set as there are methods.
 *  @return their number, 1 to 3.  SPEC CTX-01, CTX-02, CTX-03. */
BROOD_API apr_size_t brood_start_methods(brood_start_method_t methods[3]);

/** The method in use: in a child, the one it was started by.  Any thread, any time.
 *
 *  @param fix  true: if there is no choice yet, the default becomes it, as the first start would make it.
 *  @return the method; BROOD_START_DEFAULT: no choice yet, and not `fix`; or the environment names a method that is not
 *          here, as brood_last_error tells.  SPEC CTX-07, CTX-08, CTX-11. */
BROOD_API brood_start_method_t brood_get_start_method(bool fix);

/** Choose for the program, and for children that it starts from now on.  Any thread, any time.
 *
 *  @param method  BROOD_START_DEFAULT with `force` takes the choice back.
 *  @param force   replace a choice.
 *  @retval APR_SUCCESS    it is the choice.
 *  @retval BROOD_EMISUSE  there is a choice, and not `force`; it stays.
 *  @retval APR_ENOTIMPL   the platform lacks the method.
 *  @retval APR_EINVAL     no method at all.
 *  After a failure the choice is as it was.  SPEC CTX-04, CTX-05, CTX-06, CTX-11. */
BROOD_API BROOD_CHECKED apr_status_t brood_set_start_method(brood_start_method_t method, bool force);

/** Which program is run for spawned children and for the fork server that is started next, instead of the running
 *  image.  It must have the same entry tables.  Any thread, any time once APR is initialized.
 *
 *  @param path  file to execute, copied; NULL: the running image again.
 *  @retval APR_SUCCESS  it will be; whether it can be is seen at a start.
 *  @retval APR_ENOMEM   no memory; nothing changed.  SPEC CTX-16. */
BROOD_API BROOD_CHECKED apr_status_t brood_set_executable(const char *path);

/** What a fork server runs once, before it serves: what it has set up then, its children have from their beginning.
 *  A hint: it counts for servers that are started from now on, a failure is reported (log.h) and nothing else, and
 *  where there is no fork server nothing happens.  The entry has no arguments, starts neither processes nor threads,
 *  and leaves brood's objects alone.  What it prints is printed once.  Any thread, any time.
 *
 *  @param entry  a function of an entry table; NULL: none.
 *  @retval APR_SUCCESS   it will be run.
 *  @retval BROOD_EENTRY  the function is in no table; nothing changed.  SPEC FSRV-08, FSRV-10. */
BROOD_API BROOD_CHECKED apr_status_t brood_set_forkserver_preload(brood_entry_fn entry);

/** A process: a child of this one, its parent, or itself. */
typedef struct brood_process_t brood_process_t;

/** A setting that children have from their parent unless told otherwise. */
typedef enum brood_choice_t {
    BROOD_INHERIT = 0, /**< as this process */
    BROOD_YES,         /**< whatever this process is */
    BROOD_NO           /**< likewise */
} brood_choice_t;

/** A zeroed struct is the default. */
typedef struct brood_process_options_t {
    const char *name;                  /**< text, copied; NULL: "Process-1", "Process-1:2" ... */
    brood_choice_t daemon;             /**< terminated, not joined, when this process ends; may have children, too */
    brood_start_method_t start_method; /**< for this child; the program's choice stays */
    bool outlives_parent;              /**< else it dies with its parent, however that dies; exit leaves it alone */
    bool own_group;                    /**< a group of its own with all it starts: brood_process_kill_tree.  On Unix a
                                        *   process group, which the terminal's Ctrl-C and Ctrl-Z do not reach */
    bool keep_stdin;                   /**< else its standard input is empty */
    const char *const *environment;    /**< NULL-ended "NAME=value", added to the inherited one; NULL: none */
    void *reserved[6];                 /**< NULL */
} brood_process_options_t;

#define BROOD_RUNNING (-2147483647 - 1) /**< exit code of a process that has not ended, as far as is known */

/** Start a process that runs an entry, and return without waiting for it to run.
 *
 *  Children that have ended are reaped first.  The child starts in this process's current directory.  If the entry
 *  fails, the child reports its name and the message (log.h), and its exit code is 1.  exit(n) within the entry is an
 *  end like a return, with the exit code n (on Windows at once, and its children with it).  Nothing that this process
 *  has printed is printed again by a child: streams are flushed before a fork, which waits for a thread that is reading
 *  from another stream than stdin.
 *
 *  @param[out] process  the child, yours until `mem` ends, which does not end the process: it is joined at exit.
 *                       NULL: start and forget.  Untouched unless APR_SUCCESS.
 *  @param entry         a function of an entry table.
 *  @param args          a list, encoded before the call returns; objects in it (locks, arrays, queues) are the child's
 *                       too from then on, so this process may close its own.  nil: no arguments.
 *  @param options       borrowed for the call; NULL: the default.
 *  @param mem           owner of the object.
 *  @retval APR_SUCCESS    it runs, or has run already.
 *  @retval BROOD_EGUARD   brood_main or brood_init has not run, or has ended.
 *  @retval BROOD_EENTRY   the function, or one in args, is in no table.
 *  @retval BROOD_EARGS    args is neither a list nor nil.
 *  @retval BROOD_EENCODE  a value in args, or the name, cannot be encoded.
 *  @retval BROOD_ETOOBIG  args are larger than 1 GiB, or a value in them than one may be.
 *  @retval BROOD_ECLOSED  an object in args is closed.
 *  @retval BROOD_EMISUSE  this process was forked without brood, or is in its end already; or another thread receives
 *                         on a connection in args.
 *  @retval BROOD_EFORK    by fork, with `strict` (entry.h), while other threads live.  Without it that is reported,
 *                         once; brood's own threads do not count.
 *  @retval APR_EINVAL     no such start method, or BROOD_START_METHOD names none of this platform's.
 *  @retval APR_ENOTIMPL   the platform lacks the method.
 *  @retval APR_EAGAIN     too many processes: for the system, or 1000 in the tree.
 *  @retval APR_TIMEUP     the new process took none of its start data for 60 s, and has been killed; or the fork server
 *                         has not answered for so long.
 *  @retval BROOD_ECANCELLED  Ctrl-C while the new process, or the fork server, was waited for: see brood_main.
 *  @retval APR_EMFILE     too many files are open.
 *  @retval APR_ENOMEM     no memory for it.
 *  @return otherwise the status of what the system refused; the message says what, by which method, and what may help.
 *  After a failure no process runs and nothing is kept.
 *  SPEC PROC-02, PROC-05, PROC-06, PROC-24, PROC-27, PROC-32, PROC-42, CTX-14, CTX-18, SPWN-02, SPWN-07, SPWN-10,
 *  EXIT-01, EXIT-03. */
BROOD_API BROOD_CHECKED apr_status_t brood_process_start(brood_process_t **process, brood_entry_fn entry,
                                                         brood_value_t args, const brood_process_options_t *options,
                                                         apr_pool_t *mem);

/** Wait for the end, as often as you like, in any number of threads.
 *
 *  @param process  a child, or brood_parent_process.
 *  @param timeout  microseconds; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS    it has ended; the exit code of a child is known.
 *  @retval APR_TIMEUP     it is still running.
 *  @retval BROOD_ECANCELLED  it is still running, and Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EMISUSE  it is no child of this process; this process itself, say.
 *  @retval BROOD_ECLOSED  it is closed.
 *  @return otherwise the status of what the system refused; nothing changed.
 *  SPEC GEN-07, GEN-08, PROC-09, PROC-10, PROC-11, PROC-12, PROC-40, PROC-41. */
BROOD_API BROOD_CHECKED apr_status_t brood_process_join(brood_process_t *process, apr_interval_time_t timeout);

/** A descriptor (Windows: a HANDLE) that becomes readable (signalled) when the process has ended and stays so: for
 *  poll, select, epoll, kqueue, libuv; for WaitForMultipleObjects.  Of one object it is always the same.
 *
 *  It stays brood's: do not close it, read from it or set anything of it.  Valid until brood_process_close or until the
 *  last `mem` that has the object ends; the parent's for ever.  The exit code may be known a moment after it is ready:
 *  join then.  brood_wait waits for processes without it.
 *
 *  A process that the child makes by fork, and that outlives it, does not hold it back.  Where the system has no
 *  descriptors of processes (macOS, FreeBSD, Linux before 5.3) one that it makes by vfork or clone may, until it runs
 *  another program.
 *
 *  @param[out] sentinel  untouched unless APR_SUCCESS.
 *  @param process        a child, also one that has ended; or brood_parent_process.
 *  @retval APR_SUCCESS    there it is.
 *  @retval APR_ENOTIMPL   it is the parent, on a system without descriptors of processes.
 *  @retval BROOD_EMISUSE  it is neither a child of this process nor its parent.
 *  @retval BROOD_ECLOSED  it is closed.
 *  @retval APR_EMFILE     too many files are open.
 *  @return otherwise the status of what the system refused; nothing changed.
 *  SPEC PROC-36, PROC-37. */
BROOD_API BROOD_CHECKED apr_status_t brood_process_sentinel(apr_os_file_t *sentinel, brood_process_t *process);

/** Interrupt a child as Ctrl-C would (SIGINT; Windows: Ctrl-Break, for a child with own_group and a console).  Does not
 *  wait.  A child that does not handle it ends, on Unix with exit code -2.
 *
 *  @param process  a child.
 *  @retval APR_SUCCESS    it was interrupted, or has ended already.
 *  @retval APR_ENOTIMPL   Windows, and the child is not such a one.
 *  @retval BROOD_EMISUSE  it is no child of this process.
 *  @retval BROOD_ECLOSED  it is closed.
 *  @return otherwise the status of what the system refused: it is another user's by now, say.
 *  SPEC PROC-18, PROC-20. */
BROOD_API apr_status_t brood_process_interrupt(brood_process_t *process);

/** Ask a child to end (SIGTERM; Windows: end it).  Does not wait; its own end (exit.h) does not run, its children end
 *  with it.
 *
 *  @param process  a child.
 *  @retval APR_SUCCESS    it was asked, or has ended already.
 *  @retval BROOD_EMISUSE  it is no child of this process.
 *  @retval BROOD_ECLOSED  it is closed.
 *  @return otherwise the status of what the system refused: it is another user's by now, say.
 *  SPEC PROC-15, PROC-16, PROC-19, PROC-20. */
BROOD_API apr_status_t brood_process_terminate(brood_process_t *process);

/** End a child (SIGKILL; Windows: as brood_process_terminate).  Does not wait.
 *
 *  @param process  a child.
 *  @return as brood_process_terminate.  SPEC PROC-17, PROC-19. */
BROOD_API apr_status_t brood_process_kill(brood_process_t *process);

/** Terminate, or kill, a child that was started with own_group, and all that it has started, programs that know nothing
 *  of brood too, as far as they have not made groups of their own.  Also when the child itself has ended: on Linux
 *  since 6.9, and Windows; elsewhere what it has left behind is left alone then.
 *
 *  @param process  a child.
 *  @retval APR_SUCCESS    they were asked to end, or killed, or there was nobody left.
 *  @retval BROOD_EMISUSE  it is no child of this process, or one without own_group.
 *  @retval BROOD_ECLOSED  it is closed.
 *  @return otherwise the status of what the system refused. */
BROOD_API apr_status_t brood_process_terminate_tree(brood_process_t *process);
BROOD_API apr_status_t brood_process_kill_tree(brood_process_t *process);

/** Whether it runs.  A child that has ended is reaped by this.
 *
 *  @param process  any, closed ones too; in a process that inherited the object, the system is asked by its pid.
 *  SPEC PROC-13, PROC-14, PROC-41. */
BROOD_API bool brood_process_is_alive(const brood_process_t *process);

/** How it has ended.  A child that has ended is reaped by this; an end by a signal that this process has not sent is
 *  reported then, with what is known of it.
 *
 *  @param process  any, closed ones too; in a process that inherited the object, as it was known then.
 *  @return 0: normal end; 1: the entry failed; N: from exit(N); -N: ended by signal N (Windows: -15, terminated);
 *          BROOD_RUNNING: it has not ended.  255 may also be an end of which nothing is known: the parent's, or that of
 *          a child that the program itself has reaped, or whose fork server was killed.  On Windows a program should
 *          not end with 0x10000, the code of a terminated one.
 *  SPEC PROC-16, PROC-17, PROC-30, PROC-31, PROC-45, FSRV-04. */
BROOD_API int brood_process_exitcode(const brood_process_t *process);

/** The system's id of it; also of one that has ended or is closed.  SPEC PROC-33. */
BROOD_API int brood_process_pid(const brood_process_t *process);
/** Its name; borrowed, as long as the object.  SPEC PROC-24, PROC-25. */
BROOD_API const char *brood_process_name(const brood_process_t *process);
/** Whether it is daemonic; of the parent: false.  SPEC PROC-27. */
BROOD_API bool brood_process_daemon(const brood_process_t *process);
/** One line for people: name, pid, parent's pid, state, exit code or signal, daemon.
 *
 *  @param process  any, closed ones too.
 *  @param mem      owner of the text.
 *  @return ends in NUL, never NULL.  SPEC PROC-46. */
BROOD_API const char *brood_process_string(const brood_process_t *process, apr_pool_t *mem);

/** Have done with a child that has ended.  Afterwards calls that return a status give BROOD_ECLOSED; name, pid and exit
 *  code stay readable.  The parent and this process are left alone.
 *
 *  @param process  a child that has ended.
 *  @retval APR_SUCCESS    it is closed, now or before; or it is the parent or this process.
 *  @retval BROOD_EMISUSE  it is running, or no child of this process; nothing changed.
 *  SPEC PROC-22, PROC-23, PROC-47. */
BROOD_API BROOD_CHECKED apr_status_t brood_process_close(brood_process_t *process);

/** This process; never NULL, also before brood_init; valid for ever.  The first of a tree is called "MainProcess".  Any
 *  thread, any time; so with the two below.  SPEC PROC-25, PROC-33. */
BROOD_API const brood_process_t *brood_current_process(void);
/** Shorthands for its name and pid.  SPEC PROC-25, PROC-33. */
BROOD_API const char *brood_current_name(void);
BROOD_API int brood_current_pid(void);

/** The process that started this one, to be joined or asked for its name, pid and life; valid for ever; NULL in the
 *  first of a tree, and in a process forked without brood.  SPEC PROC-40, PROC-41. */
BROOD_API brood_process_t *brood_parent_process(void);

/** Every live child of this process, the oldest first, after reaping those that have ended.
 *
 *  @param mem  owner of the array, and of a hold on each object in it.
 *  @return an array that ends with NULL; the objects in it are valid until `mem` ends.  NULL: no memory.
 *  SPEC PROC-06, PROC-38, PROC-39. */
BROOD_API brood_process_t **brood_active_children(apr_pool_t *mem);

/** The key of the family: 32 random bytes, made by the first process, or what brood_set_authkey has made of it in this
 *  process or the one that started it.  Any thread, any time.  Keep it from others, and out of values.
 *
 *  @return valid for ever; no bytes before brood_init.  SPEC PROC-34, PROC-35. */
BROOD_API brood_bytes_t brood_authkey(void);

/** Choose the key: for this process, and for children that it starts from now on.  Any thread, any time once APR is
 *  initialized.
 *
 *  @param key   copied; may be NULL if size is 0.
 *  @param size  bytes, any number.
 *  @retval APR_SUCCESS  it is the key.
 *  @retval APR_EINVAL   bytes at NULL; nothing changed.
 *  @retval APR_ENOMEM   no memory; nothing changed.  SPEC PROC-34. */
BROOD_API BROOD_CHECKED apr_status_t brood_set_authkey(const void *key, apr_size_t size);

/** Logical CPUs of the machine; at least 1.  Any thread, any time.  SPEC CTX-19. */
BROOD_API int brood_cpu_count(void);
/** CPUs that this process may use, by affinity, cpuset and quota (control groups, jobs); at least 1.  Any thread, any
 *  time.
 *  SPEC CTX-19. */
BROOD_API int brood_usable_cpu_count(void);

BROOD_END
#endif
