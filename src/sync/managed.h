/* managed.h - locks and the like of a manager: the types and the calls are those of the local ones.
 *
 * What is local has this floor's kind; a reference of any other kind is a manager's, and the call is passed on by one of
 * these tables, which the manager's floor fills in.  All have the parameters and statuses of the public calls. */
#ifndef BROOD_SYNC_MANAGED_H
#define BROOD_SYNC_MANAGED_H

#include "sync/kinds.h"
#include "sync/refs.h"

typedef struct brood__managed_lock_calls_t {
    apr_status_t (*acquire)(brood_lock_t *lock, apr_interval_time_t timeout);
    apr_status_t (*release)(brood_lock_t *lock);
    apr_status_t (*locked)(bool *locked, brood_lock_t *lock);
} brood__managed_lock_calls_t;

typedef struct brood__managed_semaphore_calls_t {
    apr_status_t (*acquire)(brood_semaphore_t *semaphore, apr_interval_time_t timeout);
    apr_status_t (*release)(brood_semaphore_t *semaphore);
    apr_status_t (*get_value)(unsigned *value, brood_semaphore_t *semaphore);
} brood__managed_semaphore_calls_t;

typedef struct brood__managed_condition_calls_t {
    apr_status_t (*wait)(brood_condition_t *condition, apr_interval_time_t timeout);
    apr_status_t (*notify)(brood_condition_t *condition, unsigned count);
    apr_status_t (*notify_all)(brood_condition_t *condition);
    /* For wait_for: BROOD_EMISUSE unless this thread holds the lock. */
    apr_status_t (*check)(brood_condition_t *condition);
} brood__managed_condition_calls_t;

typedef struct brood__managed_event_calls_t {
    apr_status_t (*set)(brood_event_t *event);
    apr_status_t (*clear)(brood_event_t *event);
    apr_status_t (*wait)(brood_event_t *event, apr_interval_time_t timeout);
    apr_status_t (*is_set)(bool *set, brood_event_t *event);
} brood__managed_event_calls_t;

typedef struct brood__managed_barrier_calls_t {
    apr_status_t (*wait)(unsigned *index, brood_barrier_t *barrier, apr_interval_time_t timeout);
    apr_status_t (*abort)(brood_barrier_t *barrier);
    apr_status_t (*reset)(brood_barrier_t *barrier);
    apr_status_t (*state)(brood_barrier_state_t *state, brood_barrier_t *barrier);
} brood__managed_barrier_calls_t;

extern const brood__managed_lock_calls_t brood__managed_lock_calls;
extern const brood__managed_semaphore_calls_t brood__managed_semaphore_calls;
extern const brood__managed_condition_calls_t brood__managed_condition_calls;
extern const brood__managed_event_calls_t brood__managed_event_calls;
extern const brood__managed_barrier_calls_t brood__managed_barrier_calls;

#endif
