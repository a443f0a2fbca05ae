/* refs.h - this process's references to this floor's objects, and to those of a manager that have the same types. */
#ifndef BROOD_SYNC_REFS_H
#define BROOD_SYNC_REFS_H

#include "memory/object.h"
#include <brood/sync.h>

struct brood_lock_t {
    brood__ref_t ref;
};

struct brood_semaphore_t {
    brood__ref_t ref;
};

struct brood_condition_t {
    brood__ref_t ref;
    brood_lock_t *lock;
};

struct brood_event_t {
    brood__ref_t ref;
};

struct brood_barrier_t {
    brood__ref_t ref;
    brood_entry_fn action; /* not of a managed one, whose server knows it */
};

#endif
