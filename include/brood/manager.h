/** @file manager.h  A server process that keeps objects for others, on this machine or elsewhere: Python's Manager.
 *
 *     BROOD_TRY(brood_manager_start(&manager, NULL, mem));
 *     BROOD_TRY(brood_manager_dict(&dict, manager, NULL, mem));
 *     BROOD_TRY(brood_managed_dict_set(dict, brood_text("answer"), brood_int(42)));
 *
 * Queues, locks, semaphores, conditions, events, barriers and pools of a manager have the types of the local ones and
 * are used with the same calls, which then can also fail as all calls of a manager can: see managed.h, where
 * dictionaries, lists, sets and namespaces are, which exist only here.
 *
 * When a client dies, at whatever instruction, its locks go to the next acquirer with BROOD_EOWNERDEAD, what it was
 * waiting for goes to others, and its references are dropped (SPEC PROX-13, STYP-11).  A call that waits holds up no
 * other, and no thread of the server (SPEC MGR-19, STYP-12).  A client that does not know the key, or does not keep to
 * the protocol, harms its own connection alone (SPEC MGR-20).
 *
 * Any thread may make every call at any time between brood_init and its end.  A manager belongs to the process that
 * made it; its objects travel. */
#ifndef BROOD_MANAGER_H
#define BROOD_MANAGER_H

#include <brood/connection.h>
#include <brood/entry.h>
#include <brood/managed.h>
#include <brood/pool.h>
#include <brood/process.h>
#include <brood/queue.h>
#include <brood/shareable_list.h>
#include <brood/shared_memory.h>
#include <brood/sync.h>

BROOD_BEGIN

/** A server, as this process sees it: one that it has started, is, or has connected to. */
typedef struct brood_manager_t brood_manager_t;

/** A zeroed struct is the default.  Borrowed for the call. */
typedef struct brood_manager_options_t {
    const char *address;                /**< see listener.h; NULL: a private one, of this user on this machine */
    const char *authkey;                /**< 256 bytes at most; NULL: brood_authkey() */
    apr_size_t authkey_size;            /**< bytes; 0: up to the NUL */
    brood_entry_fn initializer;         /**< runs in the server's process before it listens; NULL: none */
    brood_value_t initargs;             /**< its arguments: a list; nil: none */
    apr_interval_time_t call_timeout;   /**< microseconds for an answer, above the time that the call itself may
                                         *   wait, and for connecting; 0: 30 s; < 0: for ever */
    apr_interval_time_t shutdown_grace; /**< microseconds that the server's process is waited for at shutdown before
                                         *   it is terminated, and then before it is killed; 0: 1 s; < 0: for ever */
    apr_interval_time_t handshake;      /**< server: microseconds for a client to prove that it knows the key; 0: 20
                                         *   s */
    apr_uint64_t frame_limit;           /**< server: bytes that a client's message may have; 0: 256 MiB */
    apr_uint64_t object_limit;          /**< server: how many objects there may be; 0: 10 million */
    unsigned client_limit;              /**< server: how many connections there may be; 0: 4096 */
    brood_process_options_t process;    /**< of the server's process; _start only */
    void *reserved[6];                  /**< NULL */
} brood_manager_options_t;

/** @name The server. @{ */
/** Start a server process: Python's Manager().
 *
 *  Ending `mem` shuts it down, and so does the end of this process's part (SPEC MGR-10).  It is not interrupted by the
 *  terminal's Ctrl-C (SPEC MGR-05).
 *
 *  @param[out] manager  started, its address known; yours until `mem` ends.  Untouched unless APR_SUCCESS.
 *  @param options       NULL: the default.
 *  @param mem           owner of the manager, and of the object of its process.
 *  @retval APR_SUCCESS    it serves.
 *  @retval BROOD_ELOST    it ended before it could serve.
 *  @retval BROOD_ETOOBIG  the key is too long.
 *  @retval BROOD_EGUARD   brood_main or brood_init has not run, or has ended.
 *  @return otherwise the failure of the initializer, or why the server cannot listen (APR_EINVAL: that is no address;
 *          the system's: it is in use, say), or why no process can be started (brood_process_start).
 *  SPEC MGR-01, MGR-02, MGR-03, MGR-04, MGR-22, STYP-01. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_start(brood_manager_t **manager,
                                                         const brood_manager_options_t *options, apr_pool_t *mem);
/** Use a server that runs elsewhere.
 *
 *  @param[out] manager  connected; yours until `mem` ends, which leaves the server as it is.  Untouched unless
 *                       APR_SUCCESS.
 *  @param options       `address` is where it listens, `authkey` its key; not NULL.
 *  @param mem           owner of the manager.
 *  @retval APR_SUCCESS      a server is there and knows the key.
 *  @retval BROOD_EAUTH      the keys differ.
 *  @retval APR_TIMEUP       nobody has answered in call_timeout.
 *  @retval BROOD_ECANCELLED  Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EPROTOCOL  it speaks another version of the protocol, or something else.
 *  @retval BROOD_ETOOBIG    the key is too long.
 *  @retval APR_EINVAL       that is no address, or it is NULL.
 *  @retval BROOD_EGUARD     brood_main or brood_init has not run, or has ended.
 *  @return otherwise the status of what the system refused: the connection, say.  SPEC MGR-07, MGR-21, MGR-25. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_connect(brood_manager_t **manager,
                                                           const brood_manager_options_t *options, apr_pool_t *mem);
/** Be the server in this process: get_server().
 *
 *  It is bound, and its address is known, but it answers only while brood_manager_serve runs: until then every call of
 *  it waits.
 *
 *  @param[out] manager  yours until `mem` ends, which closes the server.  Untouched unless APR_SUCCESS.
 *  @param options       NULL: the default; the initializer runs in this call.
 *  @param mem           owner of the manager.
 *  @return as brood_manager_start, but nothing that comes of a process.  SPEC MGR-06. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_create(brood_manager_t **manager,
                                                          const brood_manager_options_t *options, apr_pool_t *mem);
/** Serve in this thread until a client, or another thread by brood_manager_shutdown, asks for the end: serve_forever().
 *
 *  @param manager  made by brood_manager_create, and never served before; borrowed for the call.
 *  @retval APR_SUCCESS       it was asked to end.
 *  @retval BROOD_ECANCELLED  Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EMISUSE     it runs elsewhere, or another thread serves, or has served.
 *  @return otherwise the status of what the system refused.  SPEC MGR-06. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_serve(brood_manager_t *manager);
/** Stop the server: it is asked to end, after `shutdown_grace` terminated, after as long again killed.
 *
 *  Its objects are gone then: calls of them give BROOD_ELOST, and letting go of them does nothing.  Twice is fine.
 *
 *  @param manager  made by brood_manager_start or brood_manager_create; borrowed for the call.
 *  @return APR_SUCCESS: it has ended, or will as soon as brood_manager_serve returns; BROOD_EMISUSE: it was only
 *          connected to; otherwise why its process cannot be ended.  SPEC MGR-08, MGR-09, MGR-11, PROX-18. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_shutdown(brood_manager_t *manager);
/** Wait for the server's process to end.
 *
 *  @param manager  made by brood_manager_start; borrowed for the call.
 *  @param timeout  as for brood_process_join.
 *  @return as brood_process_join; BROOD_EMISUSE: it was not started by this manager.  SPEC MGR-12. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_join(brood_manager_t *manager, apr_interval_time_t timeout);
/** @} */

/** @name Questions. @{ */
/** Where it listens, with the real port: what brood_manager_connect takes.  Borrowed, as long as the manager.
 *  SPEC MGR-03. */
BROOD_API const char *brood_manager_address(const brood_manager_t *manager);
/** The server's process, for its name, pid and exit code; borrowed, as long as the manager.  NULL: it was not started
 *  by this manager. */
BROOD_API const brood_process_t *brood_manager_process(const brood_manager_t *manager);
/** Whether the server answers: it is asked, and has 5 seconds at most.  If it does not, that is no failure of this
 *  thread.
 *
 *  @param manager  borrowed for the call.
 *  @return false also after shutdown. */
BROOD_API bool brood_manager_alive(brood_manager_t *manager);
/** How many objects there are.
 *
 *  @param[out] count  untouched unless APR_SUCCESS.
 *  @param manager     borrowed for the call.
 *  @return APR_SUCCESS; BROOD_ECLOSED: the manager was shut down; otherwise as said in managed.h.  SPEC MGR-23. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_count(apr_size_t *count, brood_manager_t *manager);
/** What there is.
 *
 *  @param[out] info  a list with a map for each object: "id", "type", "name" (nil: none), "references", "text".
 *                    Untouched unless APR_SUCCESS.
 *  @param manager    borrowed for the call.
 *  @param mem        owner of the list.
 *  @return as brood_manager_count.  SPEC MGR-23. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_debug_info(brood_value_t *info, brood_manager_t *manager,
                                                              apr_pool_t *mem);
/** @} */

/** @name Objects.
 *
 *  `name` NULL: a new one.  Otherwise the one of that name, made if it is not there, the same for every client, kept
 *  until the server ends; what else is said of it, such as a queue's size, counts only when it is made.  UTF-8 that
 *  ends in NUL, borrowed for the call; all types share the names.
 *
 *  What is made is yours until `mem` ends or it is closed; untouched unless APR_SUCCESS.
 *  @retval APR_SUCCESS    it is there.
 *  @retval BROOD_EKIND    the name is of another type.
 *  @retval BROOD_ETOOBIG  there are as many objects as there may be.
 *  @retval BROOD_ECLOSED  the manager was shut down.
 *  @return otherwise as said in managed.h, and as the local object's _create.  SPEC MGR-14, MGR-18, PROX-10. @{ */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_dict(brood_managed_dict_t **dict, brood_manager_t *manager,
                                                        const char *name, apr_pool_t *mem);
BROOD_API BROOD_CHECKED apr_status_t brood_manager_list(brood_managed_list_t **list, brood_manager_t *manager,
                                                        const char *name, apr_pool_t *mem);
BROOD_API BROOD_CHECKED apr_status_t brood_manager_set(brood_managed_set_t **set, brood_manager_t *manager,
                                                       const char *name, apr_pool_t *mem);
BROOD_API BROOD_CHECKED apr_status_t brood_manager_namespace(brood_namespace_t **space, brood_manager_t *manager,
                                                             const char *name, apr_pool_t *mem);
/** Queue and, by its options, JoinableQueue: as brood_queue_create.
 *  @param maxsize  items it holds at most, up to BROOD_QUEUE_LIMIT; 0: no limit but the server's memory.
 *  @return as above; APR_ENOTIMPL: the option ends_with_writers.  SPEC STYP-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_queue(brood_queue_t **queue, brood_manager_t *manager,
                                                         const char *name, apr_size_t maxsize,
                                                         const brood_queue_options_t *options, apr_pool_t *mem);
/** SPEC STYP-06. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_lock(brood_lock_t **lock, brood_manager_t *manager, const char *name,
                                                        apr_pool_t *mem);
BROOD_API BROOD_CHECKED apr_status_t brood_manager_rlock(brood_lock_t **lock, brood_manager_t *manager,
                                                         const char *name, apr_pool_t *mem);
BROOD_API BROOD_CHECKED apr_status_t brood_manager_semaphore(brood_semaphore_t **semaphore, brood_manager_t *manager,
                                                             const char *name, unsigned value, apr_pool_t *mem);
BROOD_API BROOD_CHECKED apr_status_t brood_manager_bounded_semaphore(brood_semaphore_t **semaphore,
                                                                     brood_manager_t *manager, const char *name,
                                                                     unsigned value, apr_pool_t *mem);
/** A condition.
 *  @param lock  of this manager, borrowed for the call; NULL: an RLock of its own.
 *  @return as above; BROOD_EMISUSE: `lock` is not of this manager.  SPEC STYP-07. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_condition(brood_condition_t **condition, brood_manager_t *manager,
                                                             const char *name, brood_lock_t *lock, apr_pool_t *mem);
/** SPEC STYP-08. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_event(brood_event_t **event, brood_manager_t *manager,
                                                         const char *name, apr_pool_t *mem);
/** A barrier.
 *  @param action  an entry that runs in the process of whoever comes last, before the others go on, as a local one's
 *                 does; NULL: none.
 *  @return as above; BROOD_EENTRY: `action` is in no table. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_barrier(brood_barrier_t **barrier, brood_manager_t *manager,
                                                           const char *name, unsigned parties, brood_entry_fn action,
                                                           apr_pool_t *mem);
/** A pool whose workers are children of the server: a brood_pool_t for all calls of pool.h but those below.
 *
 *  Clients that ask for the same name share the workers.  What a client has given and nobody has done is given up when
 *  it terminates or ends its pool, or ends itself: what runs then is ended together with its worker, and another worker
 *  takes its place.  The workers stay as long as anybody has the pool, or it has a name.  Tasks find their entries by
 *  name, so the server's program must have them, too.  Managed objects of this manager may be arguments; objects of
 *  this process's tree may not, and results have no objects in them, as always (BROOD_EENCODE).
 *
 *  brood_pool_map_array and its like, whose workers share memory with the caller, are APR_ENOTIMPL; brood_pool_workers
 *  has none; brood_pool_join waits for the tasks, not for workers.  When the server is lost, tasks that were given to
 *  it fail with BROOD_ELOST, others with BROOD_EPOOL.
 *
 *  @param[out] pool  yours, as one of brood_pool_create.  Untouched unless APR_SUCCESS.
 *  @param manager    started or connected; borrowed for the call.
 *  @param name       see above.
 *  @param workers    how many; 0: one for each CPU of the server's.
 *  @param options    NULL: the default.  Of `process` only the name can be chosen (APR_ENOTIMPL); `threads`: of the
 *                    server's process.
 *  @param mem        owner of the pool.
 *  @return as above, and as brood_pool_create: it waits until the initializers have run.  SPEC STYP-10. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_pool(brood_pool_t **pool, brood_manager_t *manager, const char *name,
                                                        unsigned workers, const brood_pool_options_t *options,
                                                        apr_pool_t *mem);
/** An object of a type that is in the entry tables of the server's program.
 *
 *  @param[out] proxy  yours until `mem` ends or brood_proxy_close.  Untouched unless APR_SUCCESS.
 *  @param manager     started or connected; borrowed for the call.
 *  @param type        the type's name, brood_type_t; borrowed for the call.
 *  @param name        see above.
 *  @param args        what its `create` gets: a list; nil: nothing.
 *  @param mem         owner of the proxy.
 *  @return as above; BROOD_EMETHOD or BROOD_EKIND: the server knows no such type; BROOD_EARGS: `args` is no list;
 *          APR_EINVAL: `type` is NULL; otherwise the failure of `create`.  SPEC MGR-13, MGR-14. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_object(brood_proxy_t **proxy, brood_manager_t *manager,
                                                          const char *type, const char *name, brood_value_t args,
                                                          apr_pool_t *mem);
/** @} */

/** @name Shared memory that lives as long as the server: Python's SharedMemoryManager.
 *
 *  Made by this process, on the server's machine; the server has it open, owns it if it was started by this manager,
 *  and takes its name away when it ends, or is told to.  After that nobody can open it any more (Unix; on Windows when
 *  nobody has it open).
 *
 *  @param[out] memory, list  yours until `mem` ends or it is closed, which leaves the block as it is.  Untouched unless
 *                            APR_SUCCESS.
 *  @param manager            started or connected; borrowed for the call.
 *  @param size, items        as brood_shared_memory_create and brood_shareable_list_create have them.
 *  @param name               of a block that was made so.
 *  @param mem                owner of this process's reference.
 *  @retval APR_SUCCESS    it is there.
 *  @retval APR_ENOENT     the server cannot open it: it runs on another machine, perhaps.  Nothing is left of it.
 *  @retval BROOD_ECLOSED  the manager was shut down.
 *  @return otherwise as the local ones, and as said in managed.h.  SPEC SMM-01, SMM-02, SMM-05. @{ */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_shared_memory(brood_shared_memory_t **memory,
                                                                 brood_manager_t *manager, apr_size_t size,
                                                                 apr_pool_t *mem);
BROOD_API BROOD_CHECKED apr_status_t brood_manager_shareable_list(brood_shareable_list_t **list,
                                                                  brood_manager_t *manager, brood_value_t items,
                                                                  apr_pool_t *mem);
/** Take the name of such a block away now, whoever has made it.
 *
 *  @param manager  started or connected; borrowed for the call.
 *  @param name     of the block; borrowed for the call.
 *  @retval APR_SUCCESS    the name has gone.
 *  @retval APR_ENOENT     there is no such block.
 *  @retval BROOD_ECLOSED  the manager was shut down.
 *  @return otherwise as said in managed.h. */
BROOD_API BROOD_CHECKED apr_status_t brood_manager_release_memory(brood_manager_t *manager, const char *name);
/** @} */

BROOD_END
#endif
