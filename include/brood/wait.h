/** @file wait.h  Wait for many things at once: Python's multiprocessing.connection.wait.
 *
 *     brood_wait_t items[] = {BROOD_WAIT(connection), BROOD_WAIT(child)};
 *
 *     BROOD_TRY(brood_wait(items, 2, BROOD_FOREVER));
 *     if (items[0].ready)
 *         BROOD_TRY(brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
 *
 * Any thread may make every call at any time between brood_init and its end; making an item never fails. */
#ifndef BROOD_WAIT_H
#define BROOD_WAIT_H

#include <apr_network_io.h>
#include <apr_portable.h>
#include <brood/listener.h>
#include <brood/process.h>

BROOD_BEGIN

/** Something to wait for.  Made by the functions below, among which BROOD_WAIT(x) (pack.h) chooses; none is ready
 *  yet. */
typedef struct brood_wait_t {
    int kind;     /**< brood's own */
    bool ready;   /**< set by brood_wait */
    void *object; /**< borrowed: it must be there while brood_wait runs */
} brood_wait_t;

/** A process as an item.
 *
 *  @param process  a child, or brood_parent_process: ready when it has ended; a child has been reaped then, and its
 *                  exit code is known.
 *  @return the item.  SPEC WAIT-02. */
BROOD_API brood_wait_t brood_wait_process(brood_process_t *process);

/** A socket of APR's as an item.
 *
 *  @param socket  of any kind, also one that listens: ready when there is something to read or accept, or it is at its
 *                 end or has failed.  Its timeout and options stay as they are.
 *  @return the item.  SPEC WAIT-02. */
BROOD_API brood_wait_t brood_wait_socket(apr_socket_t *socket);

/** A connection as an item.
 *
 *  @param connection  one that can receive: ready when there is (the beginning of) a message, or the end.
 *  @return the item.  SPEC WAIT-02, WAIT-05. */
BROOD_API brood_wait_t brood_wait_connection(brood_connection_t *connection);

/** A listener as an item.
 *
 *  @param listener  ready when somebody has connected, or goes on with the handshake: brood_listener_accept with
 *                   BROOD_NOWAIT then gives him, or APR_TIMEUP if he has not proved yet to know the key.
 *  @return the item.  SPEC WAIT-03, LIS-18. */
BROOD_API brood_wait_t brood_wait_listener(brood_listener_t *listener);

/** A handle as an item.
 *
 *  @param handle  of the system: a descriptor that poll knows, or on Windows an object that WaitForMultipleObjects
 *                 takes (no socket); as brood_process_sentinel gives.  Ready when it can be read from, is at its end,
 *                 or is signalled.
 *  @return the item.  SPEC WAIT-03. */
BROOD_API brood_wait_t brood_wait_handle(apr_os_file_t handle);

/** Wait until at least one item is ready, and mark every one that is.
 *
 *  Any number of threads may wait for the same processes, sockets and handles at once; for a connection or a listener
 *  one at a time, and none that uses it meanwhile.  An item that is ready stays so, until it is read from or
 *  closed: to wait again for a process that has ended does not wait.
 *
 *  @param[in,out] items  any number, on Windows too; the same object may be in several.  `ready` of each is set: to
 *                        false in all of them unless APR_SUCCESS.
 *  @param count          how many; at least 1.
 *  @param timeout        microseconds; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS    one or more are ready.
 *  @retval APR_TIMEUP     none is.
 *  @retval BROOD_ECANCELLED  none is, and Ctrl-C was pressed: see brood_main.
 *  @retval APR_EINVAL     no items: nothing could ever be ready; or an item of no object.
 *  @retval BROOD_EMISUSE  a process that is no child of this one, nor its parent; or another thread receives or
 *                         accepts.
 *  @retval BROOD_EDIRECTION  a connection that only sends.
 *  @retval BROOD_ECLOSED  an object is closed.
 *  @retval APR_ENOMEM     no memory for so many.
 *  @return otherwise the status of what the system refused.
 *  SPEC WAIT-01, WAIT-02, WAIT-03, WAIT-04, WAIT-06, WAIT-07, WAIT-09, WAIT-10, GEN-07, GEN-08. */
BROOD_API BROOD_CHECKED apr_status_t brood_wait(brood_wait_t *items, apr_size_t count, apr_interval_time_t timeout);

BROOD_END
#endif
