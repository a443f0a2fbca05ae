/* family_state.h - what family.c shares with those who keep a part of it. */
#ifndef BROOD_PROCESS_FAMILY_STATE_H
#define BROOD_PROCESS_FAMILY_STATE_H

#include "platform/self.h"
#include "process/family.h"
#include <brood/exit.h>

typedef struct brood__running_t brood__running_t;

/* Zero in a forked child. */
typedef struct brood__family_t {
    brood_process_t self;
    brood_process_t parent;
    bool has_parent;
    _Atomic bool active;
    _Atomic bool exiting;      /* the end has begun */
    _Atomic bool ending;       /* nobody is added any more */
    bool alone;                /* after the end: nobody is left */
    brood_process_t *children; /* live ones, newest first */
    unsigned number;           /* of the last child */
    uint64_t kills;            /* brood__self_memory_kills before the first one */
    apr_interval_time_t exit_grace;
    bool strict;

    brood_finalizer_t *finalizers; /* for exit, in their order */
    brood__running_t *running;     /* those that run */

    apr_pool_t *temp_mem; /* NULL: no directory */
    const char *temp_dir;
    bool temp_gone; /* nor will there be one */
} brood__family_t;

extern brood__family_t brood__family;

#endif
