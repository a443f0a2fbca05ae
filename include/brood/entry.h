/** @file entry.h  Functions that run in other processes, and the guard around main: `if __name__ == "__main__"`.
 *
 *     static apr_status_t square(brood_call_t *call)
 *     {
 *         int x;
 *
 *         BROOD_TRY(BROOD_UNPACK(call->args, &x));
 *         return brood_return(call, brood_int(x * x));
 *     }
 *
 *     BROOD_MAIN(app, BROOD_ENTRY(square))
 *
 * A function is handed to another process by its name, never by its address, so it must stand in a table that both
 * processes have: the rows of BROOD_MAIN, or a module's table given to brood_register.  One that is in no table is
 * BROOD_EENTRY at the call, under every start method: a program that runs by fork runs by spawn. */
#ifndef BROOD_ENTRY_H
#define BROOD_ENTRY_H

#include <brood/value.h>

BROOD_BEGIN

/** What an entry is given: the same for a process, brood_call, and the program itself.  Made by brood only; fields
 *  are added at the end. */
struct brood_call_t {
    apr_pool_t *mem;         /**< the call's own: gone when the entry has returned and its result is delivered */
    brood_value_t args;      /**< always a list; in the program: argv[1] ... as text */
    const char *name;        /**< the entry's registered name, without its module */
    int argc;                /**< the program's command line, in every process of the tree */
    const char *const *argv; /**< argc of them, then NULL */
    void *self;              /**< of a managed type's method: the object; of the source of an iterator (pool.h): its
                              *   `user`; of an entry NULL */
};

/** Give the call its result; ends an entry: `return brood_return(call, brood_int(x * x));`.
 *
 *  Only the entry that `call` was given to may use it, in its own thread.  The last result counts; without one it is
 *  nil.  What a process's entry returns goes nowhere, but is checked like any other.
 *
 *  @param call    the entry's own argument.
 *  @param result  encoded before the call returns, so locals and BROOD_LIST are fine.
 *  @retval APR_SUCCESS    the call has this result.
 *  @retval BROOD_EENCODE  it cannot be encoded: an object of brood's, text that is not UTF-8, lists too deep.
 *  @retval BROOD_EENTRY   it names a function in no table.
 *  @retval BROOD_ETOOBIG  it is larger than a value may be.
 *  @retval APR_ENOMEM     no memory.
 *  After a failure the call has the result it had before.  SPEC SPWN-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_return(brood_call_t *call, brood_value_t result);

/** What a kernel is given: a run of items of a map over C arrays (pool.h).  Made by brood only; fields are added at the
 *  end. */
typedef struct brood_chunk_t {
    apr_pool_t *mem;    /**< the chunk's own: cleared when the kernel has returned */
    void *out;          /**< places for the results of these items, in their order; NULL if there are none.  In a
                         *   reduction one, all zero */
    const void *in;     /**< the items; NULL if there are none */
    apr_size_t first;   /**< index of the first one */
    apr_size_t count;   /**< how many */
    brood_value_t args; /**< as given to the map, the same for every chunk */
} brood_chunk_t;

/** A function over runs of items; any status but APR_SUCCESS fails the map. */
typedef apr_status_t (*brood_kernel_fn)(brood_chunk_t *chunk);

/** A method of a type that a program adds to its managers (SPEC MGR-13, MGR-15, MGR-16). */
typedef struct brood_method_t {
    const char *name;      /**< by which clients call it; text that ends in NUL */
    brood_entry_fn method; /**< call->self is the object, call->args what the client gave */
    const char *returns;   /**< NULL: its result is copied to the client.  Otherwise the name of a type: an object
                            *   of that type is made with the result as its only argument, stays in the server, and
                            *   the client gets a proxy of it */
} brood_method_t;

/** A type that a program adds to its managers: brood_manager_object makes objects of it in the server's process.
 *
 *  `create` sets call->self; its memory is call->mem, which here lives as long as the object, and cleaning up is a
 *  cleanup of that pool.  The methods of one object run one at a time, so they need no lock; those of different objects
 *  may run at once, each in a thread of the server's process.  One that waits holds up nobody but who calls this
 *  object. */
typedef struct brood_type_t {
    const char *name;              /**< by which clients name it; text that ends in NUL */
    brood_entry_fn create;         /**< NULL: its objects are their only argument, a value, which `self` points to */
    const brood_method_t *methods; /**< what clients may call, the last row BROOD_METHODS_END */
} brood_type_t;

/** A row of an entry table (SPEC GEN-01). */
typedef struct brood_entry_t {
    const char *name;         /**< by which processes know the function; text that ends in NUL */
    brood_entry_fn entry;     /**< a function; NULL: the row is something else */
    brood_kernel_fn kernel;   /**< a kernel; NULL: likewise */
    const brood_type_t *type; /**< a type, known by its own name; NULL: likewise */
} brood_entry_t;

/** Rows of a table: a function under its own name, a kernel, a type; the row that ends it. */
/* clang-format off */
#define BROOD_ENTRY(function) {#function, function, NULL, NULL}
#define BROOD_KERNEL(function) {#function, NULL, function, NULL}
#define BROOD_TYPE(object) {#object, NULL, NULL, &(object)}
#define BROOD_ENTRIES_END {NULL, NULL, NULL, NULL}

/** Rows of a type's methods: a method, one whose results are objects of the manager; the row that ends them. */
#define BROOD_METHOD(name, function) {name, function, NULL}
#define BROOD_METHOD_RETURNING(name, function, type) {name, function, type}
#define BROOD_METHODS_END {NULL, NULL, NULL}
/* clang-format on */

/** Add a module's table, before brood_main or brood_init, in one thread.  APR need not be initialized yet.
 *
 *  Entries are known as "module.function", so modules may use equal names.  A function that stands in several rows
 *  has the name of the first one.
 *
 *  @param module   its name, not empty and without a dot; "main" is that of BROOD_MAIN's rows, "brood" brood's own.
 *                  Copied.
 *  @param entries  rows, the last one BROOD_ENTRIES_END; NULL: none.  Copied.
 *  @retval APR_SUCCESS    the module's entries can be used.
 *  @retval APR_EEXIST     there is a module of this name.
 *  @retval APR_EINVAL     two rows of one name, a row without a name or with none or more than one of entry, kernel and
 *                         type, or no name for the module: the message tells which.
 *  @retval BROOD_EMISUSE  too late: brood_init has run, and processes that are started would not know the table.
 *  @retval APR_ENOMEM     no memory.
 *  After a failure the tables are as they were.  SPEC SPWN-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_register(const char *module, const brood_entry_t *entries);

/** Settings for the whole tree; a zeroed struct is the default. */
typedef struct brood_init_options_t {
    apr_size_t arena_limit;         /**< bytes for shared objects, 16 MiB to 512 GiB, reserved: pages are taken as
                                     *   they are used; 0: half of the machine's memory, or what the system gives of
                                     *   that, with 32 bits 1 GiB at most */
    apr_interval_time_t exit_grace; /**< microseconds that a process waits for its children at its end; 0: 5 s, < 0:
                                     *   for ever */
    bool strict;                    /**< a start by fork while other threads live is BROOD_EFORK, not only a warning */
    void *reserved[6];              /**< NULL */
} brood_init_options_t;

/** The guard, for programs with a main of their own: call it first, after brood_register, in main's thread.
 *
 *  In a re-executed child it runs the entry that was asked for and does not return.  In the first process it returns,
 *  and everything ends with `mem`, in the order that exit.h has; shared objects are unmapped.  Then it may be called
 *  again.  In a process that this one forked without brood the end of its copy of `mem` does nothing: see process.h.
 *
 *  APR must be initialized (on Windows by apr_app_initialize, for an argv in UTF-8).  Installs no signal handler
 *  in the first process (see brood_main for what Ctrl-C is in the others), reaps no child but its own, leaves argv as
 *  it is.
 *
 *  @param argc, argv  as main has them; kept, not copied, until `mem` ends.
 *  @param options     borrowed for the call; NULL: the default.
 *  @param mem         owner of this process's part in the tree.
 *  @retval APR_SUCCESS    this is the first process; everything of brood's can be used.
 *  @retval BROOD_EMISUSE  it has run already, and its `mem` has not ended.
 *  @retval APR_EINVAL     arena_limit is too small or too large, or argc is below 0 or argv NULL.
 *  @retval APR_EEXIST     a module was registered as "brood".
 *  @retval APR_ENOMEM     the system will not reserve the arena.
 *  @retval APR_EACCES     the system gives no memory that processes can share, as in a sandbox.
 *  @return otherwise the status of what the system refused.  After a failure nothing was started or kept.
 *  SPEC CTX-17, CTX-18, EXIT-06, EXIT-14. */
BROOD_API BROOD_CHECKED apr_status_t brood_init(int argc, char **argv, const brood_init_options_t *options,
                                                apr_pool_t *mem);

/** The guard, whole: initialize APR, register `entries` as module "main", brood_init, run `app`, report its failure
 *  (log.h), join the children and end.  Call it from main, once.
 *
 *  Ctrl-C, if the program neither ignores nor handles it: the wait of brood's that `app`'s thread is in, or begins
 *  next, is BROOD_ECANCELLED, once.  `app` is to return; then children are terminated instead of awaited, finalizers
 *  run, and the process ends by SIGINT, as a second Ctrl-C would end it at once.  On Windows the console's thread runs
 *  this end while `app` goes on.  Children leave the terminal's Ctrl-C to the first process, however that has begun: a
 *  handler of brood's takes the place of the default there, so a system call of theirs may be cut short by it.
 *
 *  @param argc, argv  as main has them; kept, not copied.
 *  @param app         the program; its call's args are argv[1] ... as text.  Needs no row.
 *  @param entries     rows, the last one BROOD_ENTRIES_END; NULL: none.
 *  @return main's exit code: 0, or 1 if `app` or anything before it failed.  A re-executed child does not return.
 *          exit(n) within `app` is an end like a return, with n (on Windows at once, and its children with it).
 *  SPEC CTX-17, CTX-18, PROC-18. */
BROOD_API int brood_main(int argc, char **argv, brood_entry_fn app, const brood_entry_t *entries);

/** int main(), by brood_main: the program is `app`, the rest its table, at least BROOD_ENTRIES_END:
 *  BROOD_MAIN(app, BROOD_ENTRY(square), BROOD_ENTRY(cube)) */
#define BROOD_MAIN(app, ...)                                                           \
    int main(int argc, char **argv)                                                    \
    {                                                                                  \
        static const brood_entry_t brood_entries[] = {__VA_ARGS__, BROOD_ENTRIES_END}; \
        return brood_main(argc, argv, app, brood_entries);                             \
    }

/** The name of a function.  Any thread of any process, once the tables are registered; also without brood_init.
 *
 *  @param entry  any function, or NULL.
 *  @return its registered name without the module, valid for ever; NULL: it is in no table, or a kernel.
 *  SPEC GEN-01. */
BROOD_API const char *brood_entry_name(brood_entry_fn entry);

/** Run an entry here and now, in this thread.  Any thread of any process, also without brood_init; an entry may call
 *  others so.
 *
 *  @param[out] result  what it gave brood_return, or nil; NULL: not wanted.  Untouched unless APR_SUCCESS.
 *  @param entry        a function of an entry table.
 *  @param args         a list, borrowed for the call; nil: an empty one.
 *  @param mem          owner of the result; the call's own pool is a part of it.
 *  @retval BROOD_EENTRY  the function is in no table; nothing ran.
 *  @retval BROOD_EARGS   args is neither a list nor nil; nothing ran.
 *  @return otherwise what the entry returned.  What it holds after a failure (locks) it holds still.
 *  SPEC GEN-01, GEN-02, SPWN-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_call(brood_value_t *result, brood_entry_fn entry, brood_value_t args,
                                                apr_pool_t *mem);

/** Whether the task that this thread runs is to end: it was cancelled, its time is up, or its pool is terminated.  A
 *  task that takes long asks now and then, and returns BROOD_ECANCELLED.  Any thread of any process; costs next to
 *  nothing.
 *
 *  @return false also in a thread that runs no task of a pool's. */
BROOD_API bool brood_call_cancelled(void);

BROOD_END
#endif
