/* family_state.h - what family.c and record.c share. */
#ifndef BROOD_PROCESS_FAMILY_STATE_H
#define BROOD_PROCESS_FAMILY_STATE_H

#include "platform/self.h"
#include "process/family.h"
#include <apr_thread_mutex.h>

typedef struct brood__family_t {
    apr_pool_t *pool; /* never ends: handles may outlive everything else */
    apr_thread_mutex_t *lock;
    brood_process_t self;
    brood_process_t parent;
    bool has_parent;
    _Atomic bool active;
    _Atomic bool ending;
    brood_process_t *children; /* live ones, newest first */
    unsigned number;           /* of the last child */
    uint64_t kills;            /* brood__self_memory_kills before the first one */
    apr_interval_time_t exit_grace;
    bool strict;
} brood__family_t;

extern brood__family_t brood__family;

#endif
