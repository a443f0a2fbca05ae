/** @file sync.h  Lock and RLock: between threads and processes.
 *
 * Any thread of any process of the tree may use a lock at once, between brood_init and its end.  Locks are handed to
 * children as arguments (BROOD_ARGS(lock, ...), back with BROOD_UNPACK).  A lock lives until the last process that has
 * it closes it or ends, however it ends; _close, or the end of `mem`, is for this process only, and must be the last
 * that it does with the lock. */
#ifndef BROOD_SYNC_H
#define BROOD_SYNC_H

#include <brood/value.h>

BROOD_BEGIN

/** This process's hold of a lock. */
typedef struct brood_lock_t brood_lock_t;

/** Make a Lock.  It is not owned: any thread of any process may release it, and its holder must not acquire it again
 *  (it would wait for itself).
 *
 *  @param[out] lock  the new lock, free; yours until `mem` ends or brood_lock_close.
 *  @param mem        owner of this process's reference.
 *  @return APR_SUCCESS; BROOD_EGUARD before brood_init; APR_ENOMEM when the arena is full.  After a failure *lock is
 *          untouched.
 *  SPEC LOCK-01, LOCK-03. */
BROOD_API BROOD_CHECKED apr_status_t brood_lock_create(brood_lock_t **lock, apr_pool_t *mem);

/** Make an RLock: owned by the thread that acquired it, which may acquire it again and must release it as often.
 *  Parameters and statuses as brood_lock_create.  SPEC LOCK-05. */
BROOD_API BROOD_CHECKED apr_status_t brood_rlock_create(brood_lock_t **lock, apr_pool_t *mem);

/** Take the lock.  No system call while nobody else wants it.
 *
 *  @param lock     open lock, borrowed for the call.
 *  @param timeout  microseconds on the monotonic clock; BROOD_NOWAIT: one try; BROOD_FOREVER.
 *  @retval APR_SUCCESS       it is held.
 *  @retval BROOD_EOWNERDEAD  it is held, but the owner before died holding it: mend what it guards.  Told once.
 *                            What an entry still holds when it fails is released, so BROOD_TRY is safe in an entry.
 *  @retval BROOD_ECANCELLED  not acquired, and Ctrl-C was pressed: see brood_main.
 *  @retval APR_TIMEUP        not acquired in that time; nothing changed.
 *  @retval BROOD_ECLOSED     closed by this process.
 *  @retval BROOD_ERANGE      RLock: acquired 2^31 - 1 times already.
 *  SPEC GEN-07, GEN-08, LOCK-01, LOCK-02, LOCK-03, LOCK-05, LOCK-11, LOCK-12, LOCK-13, LOCK-14, LOCK-21. */
BROOD_API BROOD_CHECKED apr_status_t brood_lock_acquire(brood_lock_t *lock, apr_interval_time_t timeout);

/** Let it go.  A process that ends while it holds a Lock, even one that another process was to release, is an owner
 *  that died.
 *
 *  @param lock  open lock, borrowed for the call.
 *  @retval APR_SUCCESS       released (an RLock: once).
 *  @retval APR_EINVAL        a Lock that is free.
 *  @retval BROOD_ENOTOWNER   an RLock that this thread does not hold.
 *  @retval BROOD_ECLOSED     closed by this process.
 *  After a failure nothing has changed.  SPEC LOCK-03, LOCK-04, LOCK-05. */
BROOD_API apr_status_t brood_lock_release(brood_lock_t *lock);

/** Whether anybody alive holds it; out of date as soon as it is known.
 *
 *  @param[out] locked  untouched unless APR_SUCCESS.
 *  @param lock         open lock, borrowed for the call.
 *  @return APR_SUCCESS; BROOD_ECLOSED: closed by this process.  SPEC LOCK-20. */
BROOD_API BROOD_CHECKED apr_status_t brood_lock_locked(bool *locked, brood_lock_t *lock);

/** This process uses it no more: calls give BROOD_ECLOSED.  Others are not affected; one that this process holds stays
 *  held until its end.  Twice is fine.  SPEC GEN-06. */
BROOD_API void brood_lock_close(brood_lock_t *lock);

/** @name As a value: hand it to a child; take it back, owned by the pool the value was received in.
 *  brood_lock_from_value gives BROOD_EKIND, and leaves *lock untouched, if the value is no lock. @{ */
BROOD_API brood_value_t brood_lock_to_value(brood_lock_t *lock);
BROOD_API BROOD_CHECKED apr_status_t brood_lock_from_value(brood_lock_t **lock, brood_value_t value);
BROOD_API brood_slot_t brood_slot_lock(brood_lock_t **target);
/** @} */

BROOD_END
#endif
