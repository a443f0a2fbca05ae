/** @file pool.h  Pool, ThreadPool and ProcessPoolExecutor: workers that run entries.
 *
 *     BROOD_TRY(brood_pool_create(&pool, 4, NULL, mem));
 *     BROOD_TRY(brood_pool_map(&values, pool, square, brood_range(0, 10, mem), mem));
 *     puts(brood_value_string(values, mem));
 *
 * A pool belongs to the process that made it, any thread of which may make every call at any time between brood_init
 * and its end; elsewhere (in a forked child) calls on it that return a status are BROOD_EMISUSE.  A worker that dies
 * fails its task alone (BROOD_EWORKER) and is replaced.
 *
 * The stderr of workers that are processes is a pipe, and what they write arrives at this process's; so do the last
 * lines of one that has died at the failure's message.  If there are more than a quarter as many workers as this
 * process may have descriptors they are left with its own stderr. */
#ifndef BROOD_POOL_H
#define BROOD_POOL_H

#include <brood/future.h>
#include <brood/process.h>

BROOD_BEGIN

/** Workers, and the tasks that wait for them. */
typedef struct brood_pool_t brood_pool_t;
/** The results of an imap, one after the other. */
typedef struct brood_iterator_t brood_iterator_t;

/** A zeroed struct is the default.  With max_tasks_per_worker, max_memory_per_worker or max_age_of_worker a pool of
 *  processes has one process more, which has begun and waits to take the place of the next worker that ends; its age
 *  counts from then. */
typedef struct brood_pool_options_t {
    brood_entry_fn initializer;            /**< runs once in each worker, before its first task; NULL: none */
    brood_value_t initargs;                /**< its arguments: a list, copied; objects in it are the workers' too;
                                            *   nil: none */
    unsigned max_tasks_per_worker;         /**< then it ends and another takes its place; a chunk of a map counts as
                                            *   one; 0: never */
    apr_size_t max_memory_per_worker;      /**< bytes: likewise, once it takes up more after a task; processes only */
    apr_interval_time_t max_age_of_worker; /**< microseconds: likewise, after the task that it runs then */
    unsigned nice;                         /**< steps that workers have less priority, 0 to 19 */
    bool pin;                              /**< give each worker one CPU of those that may be used, in turn, where
                                            *   the system can (not macOS) */
    bool lazy;                             /**< start workers as tasks come (ProcessPoolExecutor) */
    bool threads;                          /**< ThreadPool: workers are threads of this process.  What they run
                                            *   cannot be ended from outside, and holds up the end of the pool; it
                                            *   may use the pool, but not wait for it (see brood_future_get) */
    bool direct_stderr;                    /**< workers write to this process's stderr themselves, as other children
                                            *   do, which may be a terminal; then a failure by a worker's death does
                                            *   not tell what it wrote last */
    brood_process_options_t process;       /**< how workers are started; `name` comes before their number, NULL:
                                            *   "PoolWorker"; `daemon` is BROOD_YES unless it says BROOD_NO;
                                            *   `environment` is there before the first instruction of a worker that
                                            *   is spawned */
    void *reserved[6];                     /**< NULL */
} brood_pool_options_t;

/** The most workers that a pool may have. */
#define BROOD_POOL_LIMIT 900U

/** Start workers; by fork from a process with other threads as brood_process_start.
 *
 *  A worker that ends, for whatever reason, is replaced until the pool is closed.  If ten starts in a row lead to
 *  nothing the pool is broken: its tasks, and all that are given to it later, are BROOD_EPOOL with the reason.
 *
 *  @param[out] pool  yours until `mem` ends, which terminates it and waits for its workers' end; a pool that is dropped
 *                    so with tasks that are not done is reported (log.h).  So is one that a task or a callback of its
 *                    own drops: that does not wait, and what is left of it goes with the process's part in its tree.
 *                    Untouched unless APR_SUCCESS.
 *  @param workers    how many, up to BROOD_POOL_LIMIT; 0: one for each CPU that may be used (brood_usable_cpu_count).
 *  @param options    borrowed for the call; NULL: the default.
 *  @param mem        owner of the pool.
 *  @retval APR_SUCCESS    they run, unless they are to start lazily, and all initializers have succeeded.
 *  @retval BROOD_EGUARD   brood_main or brood_init has not run, or has ended.
 *  @retval BROOD_EENTRY   the initializer is in no table.
 *  @retval BROOD_EARGS    initargs is neither a list nor nil.
 *  @retval APR_EINVAL     too many workers.
 *  @return otherwise what brood_process_start gives, or what the first initializer that failed has returned, with its
 *          message.  After a failure no worker is left.
 *  SPEC POOL-01, POOL-02, POOL-03, POOL-04, POOL-05, POOL-06, PPE-01, PPE-03. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_create(brood_pool_t **pool, unsigned workers,
                                                       const brood_pool_options_t *options, apr_pool_t *mem);

/** Told how many items are done, of how many: at most ten times a second, when that has changed, and once at the end,
 *  before done, get and wait.  At the end of a failed job `done` may be less than `total`.
 *
 *  Called in the pool's process, in its thread for callbacks: never two at once, nor beside a done.  While it runs,
 *  others of this pool wait. */
typedef void (*brood_progress_fn)(void *user, apr_size_t done, apr_size_t total);

/** A brood_progress_fn: draws a bar with percent, rate and time left, over one line of a terminal, which it leaves when
 *  all is done.
 *
 *  Bars of several jobs at once share the line.  Where it is no terminal, nothing is written.
 *
 *  @param user   the FILE * of the terminal, borrowed; NULL: stderr.
 *  @param done   how many are done.
 *  @param total  of how many. */
BROOD_API void brood_progress_bar(void *user, apr_size_t done, apr_size_t total);

/** For one call of a function that makes tasks; borrowed for the call.  A zeroed struct is the default. */
typedef struct brood_task_options_t {
    apr_size_t chunk_size;           /**< items that a worker takes at once; 0: chosen, for maps so that each worker
                                      *   gets four chunks, for imap 1 */
    bool star;                       /**< each item is a whole list of arguments (starmap) */
    apr_interval_time_t time_limit;  /**< microseconds that a task (a chunk, in maps) may run: then its worker is
                                      *   asked to end, killed a second later, and the task is BROOD_ETIMELIMIT; 0:
                                      *   for ever */
    apr_interval_time_t queue_limit; /**< microseconds that it may wait for a worker: then it is BROOD_ECANCELLED;
                                      *   0: for ever */
    unsigned retries;                /**< how often it is run again if its worker dies */
    apr_size_t look_ahead;           /**< imap: tasks ahead of whoever takes the results; 0: four for each worker */
    brood_done_fn done;              /**< callback and error_callback: see brood_future_on_done */
    brood_progress_fn progress;      /**< see there; imap does not call it */
    void *user;                      /**< for done and progress; kept, not copied */
    brood_value_t args;              /**< map_array: the same for every chunk */
    void *reserved[6];               /**< NULL */
} brood_task_options_t;

/** Run one call in a worker and wait for it.
 *
 *  @param[out] value  what the entry gave brood_return, or nil.  Untouched unless APR_SUCCESS.
 *  @param pool        of this process, borrowed for the call.
 *  @param entry       a function of an entry table.
 *  @param args        a list, encoded before the task waits; objects in it are the worker's too while it runs; nil:
 *                     none.
 *  @param mem         owner of the value.
 *  @retval APR_SUCCESS    the task has succeeded.
 *  @retval BROOD_EPOOL    the pool takes no more tasks, or has broken down; the message says why.
 *  @retval BROOD_EENTRY   the function, or one in args, is in no table.  Nothing ran; so with the next.
 *  @retval BROOD_EARGS, BROOD_EENCODE, BROOD_ECLOSED, APR_ENOMEM  of the arguments.
 *  @retval BROOD_EMISUSE  the pool is another process's, or runs this task itself, in a thread (see brood_future_get).
 *  @retval BROOD_ECANCELLED  Ctrl-C was pressed: see brood_main; the task goes on, unseen.  Or the pool was terminated.
 *  @return otherwise as brood_future_get.
 *  SPEC POOL-07, POOL-20, POOL-21, POOL-22, POOL-41. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_apply(brood_value_t *value, brood_pool_t *pool, brood_entry_fn entry,
                                                      brood_value_t args, apr_pool_t *mem);

/** The same without waiting.
 *
 *  @param[out] future  what becomes of it, yours until `mem` ends; NULL: nobody asks, or options->done is told.
 *                      Untouched unless APR_SUCCESS.
 *  @param pool         of this process, borrowed for the call.
 *  @param entry        a function of an entry table.
 *  @param args         as for brood_pool_apply.
 *  @param options      borrowed for the call; NULL: the default.
 *  @param mem          owner of the future.
 *  @return as brood_pool_apply before anything has run, or what the system says if it has no thread left for callbacks.
 *  SPEC POOL-08, PPE-04, PPE-11. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_apply_async(brood_future_t **future, brood_pool_t *pool,
                                                            brood_entry_fn entry, brood_value_t args,
                                                            const brood_task_options_t *options, apr_pool_t *mem);

/** Call an entry with each item of a list as its one argument, and wait for all.
 *
 *  The list is cut into four chunks for each worker.  If a call fails the rest of its chunk is not run, other chunks
 *  are.
 *
 *  @param[out] values  the list of results, in order.  Untouched unless APR_SUCCESS.
 *  @param pool         of this process, borrowed for the call.
 *  @param entry        a function of an entry table.
 *  @param items        a list, encoded before the call waits.
 *  @param mem          owner of the values.
 *  @return as brood_pool_apply, BROOD_EARGS: `items` is no list; if calls fail the first failure that has come, when
 *          all chunks have ended: brood_last_error()->item is the index of its item.
 *  SPEC POOL-09, POOL-10, POOL-13, POOL-14. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_map(brood_value_t *values, brood_pool_t *pool, brood_entry_fn entry,
                                                    brood_value_t items, apr_pool_t *mem);
/** The same; each item is a whole list of arguments.
 *  @param items  a list of lists, encoded before the call waits.  SPEC POOL-11. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_starmap(brood_value_t *values, brood_pool_t *pool, brood_entry_fn entry,
                                                        brood_value_t items, apr_pool_t *mem);
/** The same without waiting; options->chunk_size and options->star say how.
 *  @param[out] future  as for brood_pool_apply_async; its value is the list.
 *  @param items        a list, encoded before the call returns.
 *  @return as brood_pool_apply_async, BROOD_EARGS: `items` is no list.  SPEC POOL-12, ARES-06. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_map_async(brood_future_t **future, brood_pool_t *pool,
                                                          brood_entry_fn entry, brood_value_t items,
                                                          const brood_task_options_t *options, apr_pool_t *mem);

/** Where an iterator takes its input: see the two functions below. */
typedef struct brood_source_t {
    brood_entry_fn next; /**< NULL: the list */
    void *user;          /**< for `next`: call->self */
    brood_value_t list;  /**< the items, if there is no `next` */
} brood_source_t;

/** The items of a list.
 *
 *  @param list  borrowed: it must stay as it is until the iterator has come to its end or is closed. */
BROOD_API brood_source_t brood_source_list(brood_value_t list);

/** What a function gives, which may be endless.
 *
 *  It is called within brood_iterator_next, in that thread, as results are taken: once for each item.  It gives the
 *  item by brood_return, which refuses objects of brood's: they travel in lists only.  It may close the iterator, but
 *  not take results from it.
 *
 *  @param next  a function like an entry, in no table; call->self is `user`, call->args an empty list, call->mem lasts
 *               for one call or longer.  APR_EOF ends the input, and so does any failure; it is not called again.
 *  @param user  for it; kept, not copied.
 *  SPEC POOL-17. */
BROOD_API brood_source_t brood_source_function(brood_entry_fn next, void *user);

/** Call an entry with each item of a source as its one argument, and give the results one at a time.
 *
 *  Tasks are given to the workers as results are taken, so that options->look_ahead of them are at most ahead of
 *  whoever takes: the input may be endless, and is never in memory as a whole.  A list is read at once as far as that;
 *  a function for the first time by the first brood_iterator_next.
 *
 *  An iterator counts as given to the pool until its input has come to its end: a pool that is closed meanwhile goes on
 *  with it, and does not end before that, or before the iterator is closed.
 *
 *  @param[out] iterator  of this process, for one thread at a time; yours until `mem` ends, before the pool or after
 *                        it, or brood_iterator_close.  Untouched unless APR_SUCCESS.
 *  @param pool           of this process, borrowed for the call.
 *  @param entry          a function of an entry table.
 *  @param items          the input: brood_source_list or brood_source_function.
 *  @param options        NULL: the default.  A chunk of several items has one time limit, and a worker that dies of one
 *                        of them fails all; else each item of it has an outcome of its own.  `done` and `progress` are
 *                        refused: who takes the results knows as much.
 *  @param mem            owner of the iterator.
 *  @retval APR_SUCCESS    results can be taken.
 *  @retval BROOD_EPOOL    the pool takes no more tasks, or has broken down; the message says why.
 *  @retval BROOD_EENTRY   the function is in no table.
 *  @retval BROOD_EARGS    the input is neither a function nor a list.
 *  @retval APR_EINVAL     options has callbacks.
 *  @retval APR_ENOMEM     no memory.
 *  @retval BROOD_EMISUSE  the pool is another process's.
 *  SPEC POOL-15, POOL-16, POOL-17, PPE-07. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_imap(brood_iterator_t **iterator, brood_pool_t *pool,
                                                     brood_entry_fn entry, brood_source_t items,
                                                     const brood_task_options_t *options, apr_pool_t *mem);
/** The same; results come as tasks are done, in whatever order.  SPEC POOL-15. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_imap_unordered(brood_iterator_t **iterator, brood_pool_t *pool,
                                                               brood_entry_fn entry, brood_source_t items,
                                                               const brood_task_options_t *options, apr_pool_t *mem);

/** The next result: one for each item, good or bad.  One thread at a time.
 *
 *  First the source, if it is a function and tasks are missing, is called: once, and on while no result is there and
 *  the time is not up.  What it takes for a call is beyond the timeout.
 *
 *  @param[out] value  the result.  Untouched unless APR_SUCCESS.
 *  @param iterator    of this process, borrowed for the call.
 *  @param timeout     microseconds; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @param mem         owner of the value; may be cleared between calls.
 *  @retval APR_SUCCESS    the item's task has succeeded.
 *  @retval APR_EOF        no more, now and ever: all results were given, or the iterator is closed.
 *  @retval APR_TIMEUP     not there yet; ask again.
 *  @retval BROOD_EPOOL    the pool has broken down.  Once, then APR_EOF.
 *  @retval BROOD_ECANCELLED  the pool was terminated or shut down, or has ended.  Once, then APR_EOF; results from
 *                         before it come first.  Or Ctrl-C was pressed: see brood_main; ask again.  Or
 *                         options->queue_limit was over for this item.
 *  @retval BROOD_EMISUSE  in another process, or in the source of this iterator, or the result is not there and this is
 *                         a task of the same pool (see brood_future_get): BROOD_NOWAIT may look.
 *  @retval BROOD_EARGS, BROOD_EENCODE, BROOD_EENTRY, BROOD_ECLOSED, APR_ENOMEM  also of an item that cannot be given to
 *                         a worker; with options->star such that is no list.
 *  @return otherwise the status of the item that is next, as brood_future_get has it; brood_last_error()->item is its
 *          index in the input.  Go on: those behind it come as if nothing had happened.
 *          Or, behind all results, once, what the source has failed with, as an entry's failure (BROOD_ECANCELLED as it
 *          is); `item` is -1 then.
 *  SPEC IMAP-01, IMAP-02, IMAP-03, IMAP-04, POOL-18, POOL-19, POOL-20. */
BROOD_API BROOD_CHECKED apr_status_t brood_iterator_next(brood_value_t *value, brood_iterator_t *iterator,
                                                         apr_interval_time_t timeout, apr_pool_t *mem);

/** Take no more results: tasks that have not begun never run, those that run are asked to end (brood_call_cancelled).
 *  Does not wait.  In the thread that takes them.  Twice is fine; in another process it does nothing.  SPEC PPE-07. */
BROOD_API void brood_iterator_close(brood_iterator_t *iterator);

/** Map over C arrays of fixed-size items: workers claim runs of them, and call `kernel` for each run.  Waits.
 *
 *  What lies in memory that all processes share, as the items of a brood_array_t do, is used in place, from anywhere in
 *  it; other memory is copied for the workers, and results back, which for large arrays costs more than many a kernel.
 *
 *  Chunks are of equal size but for the last: options->chunk_size items, or such that each worker gets about 32.  A
 *  worker that dies costs the chunk that it was at and no other.  Of the options also time_limit (of each chunk),
 *  retries (of each chunk; see `out`), args (any value, for all chunks), progress (items) and done are heeded.
 *
 *  @param[out] out  `count` items of `out_size`, each written by the kernel; NULL, with size 0: none.  It may be `in`,
 *                   but then a chunk that is tried again sees what the one who has died has written.
 *  @param out_size  bytes of an item of `out`.
 *  @param pool      of this process, borrowed for the call; a manager's: APR_ENOTIMPL.
 *  @param kernel    a kernel of an entry table, see BROOD_KERNEL.
 *  @param in        `count` items of `in_size`, borrowed for the call; NULL, with size 0: none.
 *  @param in_size   bytes of an item of `in`.
 *  @param count     how many items.
 *  @param options   borrowed for the call; NULL: the default.
 *  @retval APR_SUCCESS       all of `out` is written.
 *  @retval BROOD_EENTRY      the kernel is in no table.
 *  @retval BROOD_EENCODE     args cannot be handed over.
 *  @retval APR_EINVAL        count * size is more than there can be, or a pointer and its size do not go together.
 *  @retval APR_ENOMEM        the arena has no room for copies.
 *  @retval BROOD_EPOOL       the pool is closed, or cannot run anything any more.
 *  @retval BROOD_EMISUSE     not the pool's process, or a task of the pool (see brood_future_get).
 *  @retval BROOD_EWORKER     a worker died in a chunk, and retries are used up.
 *  @retval BROOD_ETIMELIMIT  a chunk took too long.
 *  @retval BROOD_ECANCELLED  the pool was terminated, or Ctrl-C was pressed: see brood_main; then the chunks that are
 *                            being run are waited for.
 *  @return otherwise the status of the first failing kernel (one of the above or APR_EOF or APR_TIMEUP is BROOD_ETASK),
 *          with its message; brood_last_error has the kernel's name, and in `item` the index of its chunk's first item.
 *  After a failure no further chunks are begun, and an `out` that is used in place is partly written; if the pool was
 *  terminated workers may write to it until brood_pool_join. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_map_array(void *out, apr_size_t out_size, brood_pool_t *pool,
                                                          brood_kernel_fn kernel, const void *in, apr_size_t in_size,
                                                          apr_size_t count, const brood_task_options_t *options);
/** The same without waiting; statuses as they are known when.
 *
 *  @param[out] future  its value is nil; yours until `mem` ends; NULL: nobody asks.  Untouched unless APR_SUCCESS.
 *  @param out, in      they must stay until it is done; `in` must not change.  After a cancel by force, workers may
 *                      write to an `out` that is used in place until they have ended.
 *  @param mem          owner of the future. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_map_array_async(brood_future_t **future, void *out, apr_size_t out_size,
                                                                brood_pool_t *pool, brood_kernel_fn kernel,
                                                                const void *in, apr_size_t in_size, apr_size_t count,
                                                                const brood_task_options_t *options, apr_pool_t *mem);
/** Reduce a C array to one result: `kernel` makes one partial result of each chunk, `combine` makes one of all those.
 *  Waits.
 *
 *  The kernel's `out` is one item of `out_size`, all zero at first, whatever its count: `*sum += in[i]` does.  Then
 *  `combine` is called once, in this thread: its `in` are the partial results in the order of their chunks, `count` is
 *  their number, which is 0 if there are no items, and its `out` is this call's, all zero.  So the result depends on
 *  how the items were cut but never on who was faster: with a chunk_size it is the same, to the last bit, for any
 *  number of workers.
 *
 *  As brood_pool_map_array, with `in` NULL for a kernel that needs no more than its numbers; what differs:
 *
 *  @param[out] out  one item of `out_size`, written last; untouched if a kernel fails.
 *  @param combine   a kernel of an entry table; a sum can be its own if items and results are of one type.
 *  @retval APR_EINVAL  also: there is no `out`.
 *  @return also what `combine` has returned; then `out` is what it left. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_reduce_array(void *out, apr_size_t out_size, brood_pool_t *pool,
                                                             brood_kernel_fn kernel, brood_kernel_fn combine,
                                                             const void *in, apr_size_t in_size, apr_size_t count,
                                                             const brood_task_options_t *options);

/** Take no new tasks, which are BROOD_EPOOL from now on; finish those given; then the workers end.  Does not wait.
 *
 *  Twice is fine; in another process it does nothing.  An iterator has been given all of its input, also what it has
 *  not read yet: so the workers stay until somebody has taken its results as far as the input's end, or has closed it.
 *  SPEC POOL-25. */
BROOD_API void brood_pool_close(brood_pool_t *pool);
/** Stop at once: every task that is not done is BROOD_ECANCELLED, workers are asked to end, and killed a second later.
 *  Does not wait.
 *
 *  Twice is fine; in another process it does nothing.  Workers that are threads end with the task that they run, which
 *  is asked to end (brood_call_cancelled).  SPEC POOL-26, POOL-29, POOL-34. */
BROOD_API void brood_pool_terminate(brood_pool_t *pool);
/** The same without the second that workers have for their end (brood_process_kill); also after terminate.  Workers
 *  that are threads cannot be killed.  SPEC PPE-19. */
BROOD_API void brood_pool_kill(brood_pool_t *pool);
/** Wait until the tasks are done and the workers have ended, as often as you like; also in a callback.
 *
 *  Iterators of a pool that was closed are waited for, too: join one only when their results have been taken, by this
 *  thread or another, or when they are closed; else this waits for ever.
 *
 *  @param pool     of this process, closed or terminated; borrowed for the call.
 *  @param timeout  microseconds; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS       no worker is left.
 *  @retval APR_TIMEUP        not yet; ask again.
 *  @retval BROOD_ECANCELLED  not yet, and Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EMISUSE     it is neither closed nor terminated, or another process's, or this is one of its own
 *                            tasks.
 *  SPEC POOL-27. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_join(brood_pool_t *pool, apr_interval_time_t timeout);
/** Executor.shutdown: close the pool, cancel what no worker has begun if that is wanted, and join.  Twice is fine.
 *
 *  @param pool            of this process, borrowed for the call.
 *  @param cancel_pending  tasks (chunks, in maps) that no worker has begun never run and are BROOD_ECANCELLED, all of
 *                         them; those that run go on.  What iterators have not read is not read.
 *  @param timeout         microseconds to wait for the workers' end; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS       all tasks are done, and no worker is left.
 *  @retval APR_TIMEUP        not yet; the pool is closed all the same, and what is left is done.
 *  @retval BROOD_ECANCELLED  likewise, and Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EMISUSE     the pool is another process's, or this is one of its own tasks; nothing was done.
 *  SPEC PPE-13, PPE-14, PPE-15, PPE-21. */
BROOD_API BROOD_CHECKED apr_status_t brood_pool_shutdown(brood_pool_t *pool, bool cancel_pending,
                                                         apr_interval_time_t timeout);
/** The workers that live, after reaping those that have ended.
 *
 *  @param pool  of this process, borrowed for the call.
 *  @param mem   owner of the array, and of a hold on each object in it.
 *  @return an array that ends with NULL; the objects in it are valid until `mem` ends.  NULL: this is not the process
 *          that made the pool, or no memory.  Of a pool of threads, and of a manager's, there are none. */
BROOD_API brood_process_t **brood_pool_workers(brood_pool_t *pool, apr_pool_t *mem);

BROOD_END
#endif
