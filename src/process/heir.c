/* heir.c - what a process leaves to another. */
#include "base/status.h"
#include "memory/shared_memory.h"
#include "process/family.h"

apr_status_t brood_shared_memory_give(brood_shared_memory_t *memory, brood_process_t *heir)
{
    if (heir->id == 0) /* a parent's, say */
        return brood_fail(BROOD_EMISUSE, "%s is no child of this process, and inherits nothing from it", heir->name);
    return brood__shared_memory_give(memory, heir->id, heir->name);
}
