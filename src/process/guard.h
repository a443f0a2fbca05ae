/* guard.h - what brood_init was given, and what a new process is run with. */
#ifndef BROOD_PROCESS_GUARD_H
#define BROOD_PROCESS_GUARD_H

#include "base/kind.h"
#include <brood/entry.h>

/* The program's command line, NULL-ended: what a spawned child is run with. */
const char *const *brood__guard_argv(void);

/* What brood_set_executable was given; NULL: the running image. */
const char *brood__guard_executable(void);

/* What the floors above have for every process; defined there, registered here. */
extern const brood__kind_t brood__board_kind;
extern const brood__kind_t brood__array_job_kind;
extern const brood__kind_t brood__managed_dict_kind, brood__managed_list_kind, brood__managed_set_kind,
    brood__namespace_kind, brood__proxy_kind, brood__managed_queue_kind, brood__managed_lock_kind,
    brood__managed_semaphore_kind, brood__managed_condition_kind, brood__managed_event_kind,
    brood__managed_barrier_kind, brood__managed_pool_kind, brood__condition_lock_kind;
extern const brood_entry_t brood__own_entries[]; /* module "brood" */
void brood__client_end(void);                    /* connections to managers are closed */

#endif
