/** @file status.h  Statuses, the message that goes with the last failure, and timeouts.
 *
 *     if (brood_queue_get(&item, queue, apr_time_from_sec(1), mem) != APR_SUCCESS)
 *         fprintf(stderr, "%s\n", brood_last_error()->message);
 *
 * Calls return apr_status_t.  Three of APR's codes mean the same everywhere and are returned as exactly these:
 * APR_TIMEUP (time ran out, nothing changed), APR_EOF (there is no more and never will be), APR_EINVAL (an argument out
 * of its domain).  brood's own codes are below; every other code comes from APR or the system, unchanged.
 *
 * Every call of brood that fails leaves its particulars for brood_last_error; each thread has its own.  A call that
 * succeeds leaves them alone.  Any thread may call all of this at any time, also without brood_main. */
#ifndef BROOD_STATUS_H
#define BROOD_STATUS_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>
#include <brood/export.h>

BROOD_BEGIN

/** One list: codes, texts and the tests are made from it.  SPEC GEN-05. */
#define BROOD_STATUS_MAP(X)                                                         \
    X(BROOD_EMISUSE, "call not allowed in this state or by this process")           \
    X(BROOD_ECLOSED, "object is closed")                                            \
    X(BROOD_EARGS, "wrong number or kind of arguments")                             \
    X(BROOD_EKIND, "value is of another kind")                                      \
    X(BROOD_ERANGE, "number does not fit, or index or key is not there")            \
    X(BROOD_EENTRY, "function is in no entry table")                                \
    X(BROOD_EGUARD, "brood_main or brood_init has not run in this program")         \
    X(BROOD_ETABLES, "the child's entry tables differ from the parent's")           \
    X(BROOD_EFORK, "fork refused: other threads are alive")                         \
    X(BROOD_EENCODE, "value cannot be encoded")                                     \
    X(BROOD_EDECODE, "bytes are no valid value")                                    \
    X(BROOD_ETOOBIG, "item is larger than the limit")                               \
    X(BROOD_ETOOSHORT, "buffer is too small; the item was not consumed")            \
    X(BROOD_EDIRECTION, "connection does not go in this direction")                 \
    X(BROOD_ETRUNCATED, "peer vanished in the middle of a message")                 \
    X(BROOD_EPROTOCOL, "peer does not follow the protocol")                         \
    X(BROOD_EAUTH, "authentication refused")                                        \
    X(BROOD_EOWNERDEAD, "acquired, but the last owner died holding it")             \
    X(BROOD_ENOTOWNER, "released by one who does not hold it")                      \
    X(BROOD_EBROKEN, "barrier is broken")                                           \
    X(BROOD_ECANCELLED, "cancelled")                                                \
    X(BROOD_ETIMELIMIT, "task ran longer than its limit and was stopped")           \
    X(BROOD_EWORKER, "worker died while running the task")                          \
    X(BROOD_EPOOL, "pool cannot run tasks: closed, terminated or no worker starts") \
    X(BROOD_ETASK, "task failed")                                                   \
    X(BROOD_ELOST, "manager is gone")                                               \
    X(BROOD_EMETHOD, "object has no such type or method")

/** A row of the list as a constant.  @param name  of it.  @param text  not used. */
#define BROOD_STATUS_CODE(name, text) name,
enum { BROOD_STATUS_FIRST = APR_OS_START_USERERR + 7000, BROOD_STATUS_MAP(BROOD_STATUS_CODE) BROOD_STATUS_LAST };

/** Timeouts are microseconds (apr_time_from_sec and apr_time_from_msec make them) on the monotonic clock.  BROOD_NOWAIT
 *  only looks; BROOD_FOREVER, and whatever else is below 0, waits as long as it takes.  A handled signal neither ends
 *  nor shortens a wait.  One whose time is over is APR_TIMEUP; one that Ctrl-C ends is BROOD_ECANCELLED: see
 *  brood_main.
 *  SPEC GEN-07, GEN-08. */
#define BROOD_FOREVER ((apr_interval_time_t) -1)
#define BROOD_NOWAIT ((apr_interval_time_t) 0)

/** Leave the function with the status, unless it is APR_SUCCESS. */
#define BROOD_TRY(call)                         \
    do {                                        \
        const apr_status_t brood_try_ = (call); \
        if (brood_try_ != APR_SUCCESS)          \
            return brood_try_;                  \
    } while (0)

/** Let one status pass as success: at the end of a loop, `return brood_allow(rc, APR_EOF)`.
 *
 *  @param status   any status.
 *  @param allowed  the one that is no failure here.
 *  @retval APR_SUCCESS  `status` is APR_SUCCESS or `allowed`.
 *  @return otherwise `status`; this thread's last failure is as it was in either case.  SPEC GEN-05. */
BROOD_API BROOD_CHECKED apr_status_t brood_allow(apr_status_t status, apr_status_t allowed);

/** Say that a status is ignored on purpose. */
#define BROOD_IGNORE(call)                         \
    do {                                           \
        const apr_status_t brood_ignore_ = (call); \
        (void) brood_ignore_;                      \
    } while (0)

/** Particulars of a thread's last failure (GEN-05).  `process`, `pid` and `entry` tell where
 *  it arose, which may be a child or a manager.  Made by brood only; fields are added at the end. */
typedef struct brood_error_t {
    apr_status_t status; /**< as returned where it arose, even if it arrives as BROOD_ETASK */
    const char *message; /**< whole: never needs brood_strerror besides; UTF-8, at most 1000 bytes; never NULL */
    const char *process; /**< name of the process; never NULL */
    const char *entry;   /**< that failed or was running when its worker died; or NULL */
    int pid;             /**< of the process; 0: not known */
    int exitcode;        /**< BROOD_EWORKER: how the worker ended */
    apr_ssize_t item;    /**< index of the item of a map, or of the argument, from 0; else -1 */
} brood_error_t;

/** Particulars of this thread's last failure.
 *
 *  @return never NULL; borrowed until the next failure in this thread.  Before the first one: APR_SUCCESS and an
 *          empty message.  SPEC GEN-05. */
BROOD_API const brood_error_t *brood_last_error(void);

/** The text of a status: of brood's own, and of APR's and the system's by apr_strerror.  What happened in particular is
 *  in brood_last_error()->message.
 *
 *  @param status       any status.
 *  @param[out] buffer  of the caller; untouched if `size` is 0.
 *  @param size         bytes of `buffer`; longer texts are cut, never within a character.
 *  @return `buffer`, which ends in NUL.  SPEC GEN-05. */
BROOD_API const char *brood_strerror(apr_status_t status, char *buffer, apr_size_t size);

/** Record a message for this thread and return the status: `return brood_fail(APR_EINVAL, "row %d", n);`
 *
 *  From an entry, status and message travel to whoever waits for the result (GEN-05).
 *
 *  @param status  the failure.
 *  @param format  as for printf; arguments may come from brood_last_error.  Bytes that are not UTF-8 become '?', what
 *                 is past 1000 bytes is cut between characters.
 *  @return `status`.  SPEC GEN-05. */
BROOD_API BROOD_CHECKED apr_status_t brood_fail(apr_status_t status, const char *format, ...) BROOD_PRINTF(2, 3);

/** The same without a format.
 *
 *  @param status   the failure.
 *  @param message  copied; NULL: the text of the status.
 *  @return `status`.  SPEC GEN-05. */
BROOD_API BROOD_CHECKED apr_status_t brood_fail_text(apr_status_t status, const char *message);

BROOD_END
#endif
