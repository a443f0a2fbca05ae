/* entries.c - the functions that brood itself starts processes with. */
#include "manager/manager.h"
#include "pool/worker.h"
#include "process/guard.h"

const brood_entry_t brood__own_entries[] = {
    {"pool_worker", brood__worker_entry, NULL, NULL},
    {"manager", brood__manager_entry, NULL, NULL},
    BROOD_ENTRIES_END,
};
