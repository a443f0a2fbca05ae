/** @file sync.h  Lock, RLock, Semaphore, Condition, Event, Barrier: between threads and processes.
 *
 *     BROOD_TRY(brood_lock_create(&lock, mem));
 *     BROOD_TRY(brood_process_start(NULL, work, BROOD_ARGS(lock), NULL, mem));
 *     BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
 *     brood_lock_release(lock);
 *
 * Any thread of any process that has an object may make every call on it, at any time between brood_init and its end;
 * _close, and the end of `mem`, must be the last that a process does with it, may be done twice, and makes other calls
 * BROOD_ECLOSED.  Nothing here makes a system call unless somebody has to sleep or to be woken.
 *
 * Those of a manager (manager.h) are used with the same calls, each of which is then a message to its server and back,
 * with the statuses that this can have (managed.h).
 *
 * SPEC GEN-06, GEN-07, GEN-08, LOCK-11, LOCK-13, LOCK-16, LOCK-21. */
#ifndef BROOD_SYNC_H
#define BROOD_SYNC_H

#include <brood/value.h>

BROOD_BEGIN

/* ---- Lock and RLock ---- */

/** This process's hold of a lock. */
typedef struct brood_lock_t brood_lock_t;

/** Make a Lock.  It is not owned: any thread of any process may release it, and its holder must not acquire it again
 *  (it would wait for itself).
 *
 *  @param[out] lock  the new lock, free; yours until `mem` ends or brood_lock_close.  Untouched unless APR_SUCCESS.
 *  @param mem        owner of this process's reference.
 *  @retval APR_SUCCESS   it is there.
 *  @retval BROOD_EGUARD  brood_main or brood_init has not run, or has ended.
 *  @retval APR_ENOMEM    the arena is full.
 *  SPEC LOCK-01, LOCK-03. */
BROOD_API BROOD_CHECKED apr_status_t brood_lock_create(brood_lock_t **lock, apr_pool_t *mem);

/** Make an RLock: owned by the thread that acquired it, which may acquire it again and must release it as often.
 *  Parameters and statuses as brood_lock_create.  SPEC LOCK-05. */
BROOD_API BROOD_CHECKED apr_status_t brood_rlock_create(brood_lock_t **lock, apr_pool_t *mem);

/** Take the lock.  No system call while nobody else wants it.
 *
 *  @param lock     open lock, borrowed for the call.
 *  @param timeout  microseconds; BROOD_NOWAIT only tries, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS       it is held.
 *  @retval BROOD_EOWNERDEAD  it is held, but the owner before died holding it: mend what it guards.  Told once.
 *                            What an entry still holds when it fails is released, so BROOD_TRY is safe in an entry.
 *  @retval APR_TIMEUP        not acquired in that time; nothing changed.
 *  @retval BROOD_ECANCELLED  not acquired, and Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_ECLOSED     closed by this process.
 *  @retval BROOD_ERANGE      RLock: acquired 2^31 - 1 times already.
 *  SPEC GEN-07, GEN-08, LOCK-01, LOCK-02, LOCK-03, LOCK-05, LOCK-11, LOCK-12, LOCK-13, LOCK-14, LOCK-21. */
BROOD_API BROOD_CHECKED apr_status_t brood_lock_acquire(brood_lock_t *lock, apr_interval_time_t timeout);

/** Release the lock.  A process that ends while it holds a Lock, even one that another process was to release, is an
 *  owner that died.
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

/** This process uses it no more.  Others are not affected; what this process holds stays held until its end. */
BROOD_API void brood_lock_close(brood_lock_t *lock);

/* ---- Semaphore ---- */

/** This process's hold of a semaphore. */
typedef struct brood_semaphore_t brood_semaphore_t;

/** Make a Semaphore: a number that is never below 0.  It has no owner: what a process has acquired when it dies stays
 *  acquired, so where that matters use a lock, or a queue of tokens.
 *
 *  @param[out] semaphore  the new semaphore; yours until `mem` ends or brood_semaphore_close.  Untouched unless
 *                         APR_SUCCESS.
 *  @param value           what it starts at: how often it can be acquired; at most 2^31 - 1.
 *  @param mem             owner of this process's reference.
 *  @retval APR_SUCCESS   it is there.
 *  @retval APR_EINVAL    `value` is too much.
 *  @retval BROOD_EGUARD  brood_main or brood_init has not run, or has ended.
 *  @retval APR_ENOMEM    the arena is full.
 *  SPEC LOCK-07, LOCK-15. */
BROOD_API BROOD_CHECKED apr_status_t brood_semaphore_create(brood_semaphore_t **semaphore, unsigned value,
                                                            apr_pool_t *mem);

/** Make a BoundedSemaphore: never above `value`.  Parameters and statuses as brood_semaphore_create.  SPEC LOCK-08. */
BROOD_API BROOD_CHECKED apr_status_t brood_bounded_semaphore_create(brood_semaphore_t **semaphore, unsigned value,
                                                                    apr_pool_t *mem);

/** Count down by one, or wait until that is possible.
 *
 *  @param semaphore  open semaphore, borrowed for the call.
 *  @param timeout    microseconds; BROOD_NOWAIT only tries, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS       one less.
 *  @retval APR_TIMEUP        it was 0 for that time; nothing changed.
 *  @retval BROOD_ECANCELLED  not acquired, and Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_ECLOSED     closed by this process.
 *  SPEC LOCK-01, LOCK-02, LOCK-07, LOCK-11. */
BROOD_API BROOD_CHECKED apr_status_t brood_semaphore_acquire(brood_semaphore_t *semaphore, apr_interval_time_t timeout);

/** Count up by one, and wake one that waits.  Whoever calls it, also if it has acquired nothing.
 *
 *  @param semaphore  open semaphore, borrowed for the call.
 *  @retval APR_SUCCESS    one more.
 *  @retval APR_EINVAL     it is at its bound, or at 2^31 - 1: unchanged, and found out in the same step.
 *  @retval BROOD_ECLOSED  closed by this process.
 *  SPEC LOCK-07, LOCK-08, LOCK-10. */
BROOD_API apr_status_t brood_semaphore_release(brood_semaphore_t *semaphore);

/** How often it can be acquired now; 0: it is locked.
 *
 *  @param[out] value  untouched unless APR_SUCCESS.
 *  @param semaphore   open semaphore, borrowed for the call.
 *  @return APR_SUCCESS; BROOD_ECLOSED: closed by this process.  SPEC LOCK-09, LOCK-20. */
BROOD_API BROOD_CHECKED apr_status_t brood_semaphore_get_value(unsigned *value, brood_semaphore_t *semaphore);

/** This process uses it no more. */
BROOD_API void brood_semaphore_close(brood_semaphore_t *semaphore);

/* ---- Condition ---- */

/** This process's hold of a condition. */
typedef struct brood_condition_t brood_condition_t;

/** Make a Condition: threads that hold its lock wait until another one that holds it notifies them.
 *
 *  @param[out] condition  the new condition; yours until `mem` ends or brood_condition_close.  Untouched unless
 *                         APR_SUCCESS.
 *  @param lock            a Lock or an RLock, which may serve several conditions and be closed before them; NULL: an
 *                         RLock of its own.
 *  @param mem             owner of this process's reference.
 *  @retval APR_SUCCESS    it is there.
 *  @retval BROOD_EMISUSE  `lock` is a manager's: brood_manager_condition takes such.
 *  @retval BROOD_ECLOSED  `lock` is closed by this process.
 *  @retval BROOD_EGUARD   brood_main or brood_init has not run, or has ended.
 *  @retval APR_ENOMEM     the arena is full.
 *  SPEC COND-01. */
BROOD_API BROOD_CHECKED apr_status_t brood_condition_create(brood_condition_t **condition, brood_lock_t *lock,
                                                            apr_pool_t *mem);

/** Its lock, to be acquired and released as any other; borrowed until the condition ends, which closes it: do not.
 *  SPEC COND-01. */
BROOD_API brood_lock_t *brood_condition_lock(brood_condition_t *condition);

/** Release the lock, however often it was acquired, sleep until notified, and take the lock back as it was, whatever
 *  the outcome.  The state that you wait for may have changed again by then: look, or use brood_condition_wait_for.
 *
 *  @param condition  open condition whose lock this thread holds (a Lock: this process), borrowed for the call.
 *  @param timeout    microseconds to wait for the notification; BROOD_NOWAIT only looks, BROOD_FOREVER waits.  To take
 *                    the lock back is waited for as long as it needs.
 *  @retval APR_SUCCESS       notified.
 *  @retval APR_TIMEUP        not notified in that time.
 *  @retval BROOD_EOWNERDEAD  whoever held the lock meanwhile died holding it: mend what it guards.
 *  @retval BROOD_ECANCELLED  not notified, and Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_EMISUSE     the lock was not held; nothing changed.
 *  @retval APR_EAGAIN        4096 threads of the tree wait in conditions and barriers; nothing changed.
 *  @retval BROOD_ECLOSED     closed by this process.
 *  SPEC COND-02, COND-03, COND-04, COND-07, COND-10, COND-11. */
BROOD_API BROOD_CHECKED apr_status_t brood_condition_wait(brood_condition_t *condition, apr_interval_time_t timeout);

/** Does what is waited for hold?  Called in the thread that waits, with the lock held; `user` is as given. */
typedef bool (*brood_predicate_fn)(void *user);

/** Wait until `predicate` is true, however often that takes: it is asked before the first wait and after each.
 *
 *  @param condition  as for brood_condition_wait.
 *  @param predicate  not NULL.
 *  @param user       for the predicate, borrowed for the call.
 *  @param timeout    microseconds for all of it; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS  it was true, and the lock is held.
 *  @retval APR_TIMEUP   it was false still when the time was over; the lock is held.
 *  @return otherwise as brood_condition_wait.  SPEC COND-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_condition_wait_for(brood_condition_t *condition,
                                                              brood_predicate_fn predicate, void *user,
                                                              apr_interval_time_t timeout);

/** Let up to `count` of those pass who wait now, the longest waiting first; nobody waits: nothing is remembered.  Waits
 *  for nobody, and what was meant for one who is killed before he comes back goes to the next.
 *
 *  @param condition  open condition whose lock this thread holds (a Lock: this process), borrowed for the call.
 *  @param count      how many at most; 0 is none.
 *  @return APR_SUCCESS; BROOD_EMISUSE: the lock is not held; BROOD_ECLOSED: closed by this process.
 *  SPEC COND-02, COND-05, COND-07, COND-08. */
BROOD_API apr_status_t brood_condition_notify(brood_condition_t *condition, unsigned count);

/** The same for all.  SPEC COND-02, COND-06. */
BROOD_API apr_status_t brood_condition_notify_all(brood_condition_t *condition);

/** This process uses it no more, nor brood_condition_lock. */
BROOD_API void brood_condition_close(brood_condition_t *condition);

/* ---- Event ---- */

/** This process's hold of an event. */
typedef struct brood_event_t brood_event_t;

/** Make an Event, clear.
 *
 *  @param[out] event  the new event; yours until `mem` ends or brood_event_close.  Untouched unless APR_SUCCESS.
 *  @param mem         owner of this process's reference.
 *  @retval APR_SUCCESS   it is there.
 *  @retval BROOD_EGUARD  brood_main or brood_init has not run, or has ended.
 *  @retval APR_ENOMEM    the arena is full.
 *  SPEC EVT-01. */
BROOD_API BROOD_CHECKED apr_status_t brood_event_create(brood_event_t **event, apr_pool_t *mem);

/** Let all pass who wait, now and until it is cleared.  Waits for nobody; of an open event that is no manager's also
 *  allowed in a signal handler, on top of whatever call.
 *
 *  @param event  open event, borrowed for the call.
 *  @return APR_SUCCESS, also if it was set; BROOD_ECLOSED: closed by this process.  SPEC EVT-01, EVT-03, EVT-05,
 *          EVT-06. */
BROOD_API apr_status_t brood_event_set(brood_event_t *event);

/** Let whoever comes from now on wait.  Who waited when it was set passes all the same.
 *
 *  @param event  open event, borrowed for the call.
 *  @return APR_SUCCESS, also if it was clear; BROOD_ECLOSED: closed by this process.  SPEC EVT-01, EVT-04. */
BROOD_API apr_status_t brood_event_clear(brood_event_t *event);

/** Wait until it is set.
 *
 *  @param event    open event, borrowed for the call.
 *  @param timeout  microseconds; BROOD_NOWAIT only looks, BROOD_FOREVER waits.
 *  @retval APR_SUCCESS       it is set, or was for a moment since the call began.
 *  @retval APR_TIMEUP        it was not.
 *  @retval BROOD_ECANCELLED  it was not, and Ctrl-C was pressed: see brood_main.
 *  @retval BROOD_ECLOSED     closed by this process.
 *  SPEC EVT-01, EVT-02, EVT-04. */
BROOD_API BROOD_CHECKED apr_status_t brood_event_wait(brood_event_t *event, apr_interval_time_t timeout);

/** Whether it is set; out of date as soon as it is known.
 *
 *  @param[out] set  untouched unless APR_SUCCESS.
 *  @param event     open event, borrowed for the call.
 *  @return APR_SUCCESS; BROOD_ECLOSED: closed by this process.  SPEC EVT-01. */
BROOD_API BROOD_CHECKED apr_status_t brood_event_is_set(bool *set, brood_event_t *event);

/** This process uses it no more. */
BROOD_API void brood_event_close(brood_event_t *event);

/* ---- Barrier ---- */

/** This process's hold of a barrier. */
typedef struct brood_barrier_t brood_barrier_t;

/** Make a Barrier, at which `parties` threads wait for each other, round after round.
 *
 *  It is broken for all, until brood_barrier_reset, when a party has waited too long, when its action fails, and when a
 *  process ends that has the barrier: killed, by a crash or exit, or because its entry fails.  An entry that succeeds
 *  lets go of it in peace.
 *
 *  @param[out] barrier  the new barrier; yours until `mem` ends or brood_barrier_close.  Untouched unless APR_SUCCESS.
 *  @param parties       1 to 2^31 - 1.
 *  @param action        an entry without arguments that the last party of a round runs before any of them passes, with
 *                       the variables of its own process; NULL: none.
 *  @param mem           owner of this process's reference.
 *  @retval APR_SUCCESS   it is there.
 *  @retval APR_EINVAL    no such number of parties.
 *  @retval BROOD_EENTRY  `action` is in no entry table.
 *  @retval BROOD_EGUARD  brood_main or brood_init has not run, or has ended.
 *  @retval APR_ENOMEM    the arena is full.
 *  SPEC BAR-01, BAR-04, BAR-11. */
BROOD_API BROOD_CHECKED apr_status_t brood_barrier_create(brood_barrier_t **barrier, unsigned parties,
                                                          brood_entry_fn action, apr_pool_t *mem);

/** Wait for the others.
 *
 *  @param[out] index  0 to parties - 1 in the order of arrival, each once a round; NULL: not wanted.  Untouched unless
 *                     APR_SUCCESS.
 *  @param barrier     open barrier, borrowed for the call.
 *  @param timeout     microseconds; BROOD_FOREVER waits.  If it is over, BROOD_NOWAIT too, the barrier is broken; but
 *                     whoever comes last does not wait, and runs the action.
 *  @retval APR_SUCCESS       all have come.
 *  @retval BROOD_EBROKEN     the barrier is broken: by this call if its time was over, or before; or it was reset.
 *  @retval BROOD_ECANCELLED  Ctrl-C was pressed: see brood_main; the barrier is broken by that.
 *  @retval BROOD_EENTRY      to the last party: this process does not have the action; the barrier is broken.
 *  @retval APR_EAGAIN        4096 threads of the tree wait in conditions and barriers; nothing changed.
 *  @retval BROOD_ECLOSED     closed by this process.
 *  @return otherwise, to the last party, what the action failed with; the barrier is broken.
 *  SPEC BAR-02, BAR-03, BAR-04, BAR-05, BAR-06, BAR-10, BAR-12. */
BROOD_API BROOD_CHECKED apr_status_t brood_barrier_wait(unsigned *index, brood_barrier_t *barrier,
                                                        apr_interval_time_t timeout);

/** Break it: BROOD_EBROKEN for all who wait, now and until brood_barrier_reset.
 *
 *  @param barrier  open barrier, borrowed for the call.
 *  @return APR_SUCCESS; BROOD_ECLOSED: closed by this process.  SPEC BAR-07. */
BROOD_API apr_status_t brood_barrier_abort(brood_barrier_t *barrier);

/** Make it as new: BROOD_EBROKEN for those who wait now, a new round for all who come.
 *
 *  @param barrier  open barrier, borrowed for the call.
 *  @return APR_SUCCESS; BROOD_ECLOSED: closed by this process.  SPEC BAR-08. */
BROOD_API apr_status_t brood_barrier_reset(brood_barrier_t *barrier);

/** A barrier at one moment. */
typedef struct brood_barrier_state_t {
    unsigned parties; /**< as created */
    unsigned waiting; /**< that have come in this round; 0 when it is broken */
    bool broken;      /**< until brood_barrier_reset */
} brood_barrier_state_t;

/** How it stands; out of date as soon as it is known.
 *
 *  @param[out] state  untouched unless APR_SUCCESS.
 *  @param barrier     open barrier, borrowed for the call.
 *  @return APR_SUCCESS; BROOD_ECLOSED: closed by this process.  SPEC BAR-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_barrier_state(brood_barrier_state_t *state, brood_barrier_t *barrier);

/** This process uses it no more.  After that its end does not break the barrier for others. */
BROOD_API void brood_barrier_close(brood_barrier_t *barrier);

/* ---- as values ---- */

/** @name As values: for a child's arguments, and items of queues; and back, owned by the pool that the value was
 *  received in.
 *
 *  BROOD_EKIND from _from_value: the value is something else; the output is untouched. @{ */
BROOD_API brood_value_t brood_lock_to_value(brood_lock_t *lock);
BROOD_API brood_value_t brood_semaphore_to_value(brood_semaphore_t *semaphore);
BROOD_API brood_value_t brood_condition_to_value(brood_condition_t *condition);
BROOD_API brood_value_t brood_event_to_value(brood_event_t *event);
BROOD_API brood_value_t brood_barrier_to_value(brood_barrier_t *barrier);
BROOD_API BROOD_CHECKED apr_status_t brood_lock_from_value(brood_lock_t **lock, brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_semaphore_from_value(brood_semaphore_t **semaphore, brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_condition_from_value(brood_condition_t **condition, brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_event_from_value(brood_event_t **event, brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_barrier_from_value(brood_barrier_t **barrier, brood_value_t value);
BROOD_API brood_slot_t brood_slot_lock(brood_lock_t **target);
BROOD_API brood_slot_t brood_slot_semaphore(brood_semaphore_t **target);
BROOD_API brood_slot_t brood_slot_condition(brood_condition_t **target);
BROOD_API brood_slot_t brood_slot_event(brood_event_t **target);
BROOD_API brood_slot_t brood_slot_barrier(brood_barrier_t **target);
/** @} */

BROOD_END
#endif
