/* heir.c - what a process leaves to another. */
#include "memory/shared_memory.h"
#include "process/family.h"

apr_status_t brood_shared_memory_give(brood_shared_memory_t *memory, brood_process_t *heir)
{
    return brood__shared_memory_give(memory, heir->id, heir->name);
}
