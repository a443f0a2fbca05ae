/* sync_types.h - inside of a server's locks and conditions, and what all types have whose calls wait. */
#ifndef BROOD_MANAGER_SYNC_TYPES_H
#define BROOD_MANAGER_SYNC_TYPES_H

#include "manager/request.h"

/* Arguments: the number of the thread that calls, and how long it would wait, in microseconds; < 0 or nil: for ever. */
apr_status_t brood__request_thread(uint64_t *thread, const brood__request_t *request, size_t argument);
apr_status_t brood__request_timeout(apr_interval_time_t *timeout, const brood__request_t *request, size_t argument);

/* Of an RLock the owner is a thread of a client, of a Lock the client. */
typedef struct brood__server_lock_t {
    brood__referent_t referent;
    bool recursive;
    bool owner_died; /* holding it: whoever gets it next is told */
    uint64_t client; /* that holds it; 0: it is free */
    uint64_t thread;
    uint64_t depth;
    brood__line_t line; /* all of these ops: */
} brood__server_lock_t;

/* Of calls that wait for a lock; `count` of such a waiter is how often it will have acquired it. */
typedef struct brood__lock_ops_t {
    brood__line_ops_t line;
    /* It has the lock now: answer it. */
    void (*granted)(brood__waiter_t *waiter, bool owner_died);
} brood__lock_ops_t;

typedef struct brood__server_condition_t {
    brood__referent_t referent;
    brood__server_lock_t *lock; /* held; NULL: the condition has not come to be */
    brood__line_t line;
    struct brood__owed_t *owed;
} brood__server_condition_t;

/* What a lock, or a condition in its place, has for a lock. */
brood__server_lock_t *brood__server_lock_of(brood__referent_t *referent);

bool brood__server_lock_is_held(const brood__server_lock_t *lock, uint64_t client, uint64_t thread);
/* It is free, and has this owner now.  True: the last one died holding it. */
bool brood__server_lock_own(brood__server_lock_t *lock, uint64_t client, uint64_t thread, uint64_t depth);
/* Its owner has it no more: the next one has. */
void brood__server_lock_pass(brood__server_lock_t *lock);
/* A call that waits for something else waits for the lock now. */
void brood__server_lock_queue(brood__server_lock_t *lock, brood__waiter_t *waiter, const brood__lock_ops_t *ops);
void brood__server_lock_left(brood__server_lock_t *lock, uint64_t client);
const char *brood__server_lock_string(const brood__server_lock_t *lock, apr_pool_t *mem);

/* Methods, of conditions, too. */
apr_status_t brood__server_lock_acquire(brood__request_t *request);
apr_status_t brood__server_lock_release(brood__request_t *request);
apr_status_t brood__server_lock_locked(brood__request_t *request);

#endif
