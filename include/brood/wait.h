/** @file wait.h  Wait for many at once. */
#ifndef BROOD_WAIT_H
#define BROOD_WAIT_H

#include <apr_network_io.h>
#include <apr_portable.h>
#include <brood/listener.h>
#include <brood/process.h>

BROOD_BEGIN

/** Something to wait for.  Made by the functions below; BROOD_WAIT(x) (pack.h) makes one of any of their kinds. */
typedef struct brood_wait_t {
    int kind;     /**< brood's own */
    bool ready;   /**< out, of brood_wait */
    void *object; /**< borrowed: it must be there while brood_wait runs */
} brood_wait_t;

/** An item for brood_wait.  Any thread, any time.
 *
 *  @param process  a child, or brood_parent_process: ready when it has ended; a child has been reaped then, and its exit
 *                  code is known.
 *  @return the item, not ready.  SPEC WAIT-02. */
BROOD_API brood_wait_t brood_wait_process(brood_process_t *process);

/** An item for brood_wait.  Any thread, any time.
 *
 *  @param socket  of any kind, also one that listens: ready when there is something to read or accept, or it is at its
 *                 end or has failed.  Its timeout and options stay as they are.
 *  @return the item, not ready.  SPEC WAIT-02. */
BROOD_API brood_wait_t brood_wait_socket(apr_socket_t *socket);

/** An item for brood_wait.  Any thread, any time.
 *
 *  @param connection  one that can receive: ready when there is (the beginning of) a message, or the end.
 *  @return the item, not ready.  SPEC WAIT-02, WAIT-05. */
BROOD_API brood_wait_t brood_wait_connection(brood_connection_t *connection);

/** An item for brood_wait.  Any thread, any time.
 *
 *  @param listener  ready when somebody has connected, or goes on with the handshake: brood_listener_accept with
 *                   BROOD_NOWAIT then gives him, or APR_TIMEUP if he has not proved yet to know the key.
 *  @return the item, not ready.  SPEC WAIT-03, LIS-18. */
BROOD_API brood_wait_t brood_wait_listener(brood_listener_t *listener);

/** An item for brood_wait.  Any thread, any time.
 *
 *  @param handle  of the system: a descriptor that poll knows, or on Windows an object that WaitForMultipleObjects
 *                 takes (no socket); as brood_process_sentinel gives.  Ready when it can be read from, is at its end, or
 *                 is signalled.
 *  @return the item, not ready.  SPEC WAIT-03. */
BROOD_API brood_wait_t brood_wait_handle(apr_os_file_t handle);

/** Wait until at least one item is ready, and mark every one that is.  Signals do not cut it short.
 *
 *  Any number of threads may wait for the same processes, sockets and handles at once; for a connection or a listener one
 *  at a time, and none that uses it meanwhile.  An item that is ready stays so, until it is read from or
 *  closed: to wait again for a process that has ended does not wait.
 *
 *  @param items    any number, on Windows too; the same object may be in several.  `ready` of each is set: to false in
 *                  all of them unless APR_SUCCESS.
 *  @param count    how many; at least 1.
 *  @param timeout  microseconds; BROOD_NOWAIT: only look; BROOD_FOREVER.
 *  @retval APR_SUCCESS    one or more are ready.
 *  @retval BROOD_ECANCELLED  none, and Ctrl-C was pressed: see brood_main.
 *  @retval APR_TIMEUP     none.
 *  @retval APR_EINVAL     no items: nothing could ever be ready; or an item of no object.
 *  @retval BROOD_EMISUSE  a process that is no child of this one, nor its parent; or another thread receives or accepts.
 *  @retval BROOD_EDIRECTION  a connection that only sends.
 *  @retval BROOD_ECLOSED  an object is closed.
 *  @return otherwise the status of what the system refused.
 *  SPEC WAIT-01, WAIT-02, WAIT-03, WAIT-04, WAIT-06, WAIT-07, WAIT-09, WAIT-10, GEN-07, GEN-08. */
BROOD_API BROOD_CHECKED apr_status_t brood_wait(brood_wait_t *items, apr_size_t count, apr_interval_time_t timeout);

BROOD_END
#endif
