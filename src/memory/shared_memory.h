/* shared_memory.h - inside of named shared memory. */
#ifndef BROOD_MEMORY_SHARED_MEMORY_H
#define BROOD_MEMORY_SHARED_MEMORY_H

#include "base/kind.h"
#include "memory/table.h"
#include <brood/shared_memory.h>

extern const brood__kind_t brood__shared_memory_kind;

/* What to do before a name is made. */
void brood__shared_memory_before(void (*begin)(void));

/* Process `heir` of this tree owns it from now on; `name` is the process's, for the message.  Statuses as
 * brood_shared_memory_give. */
apr_status_t brood__shared_memory_give(brood_shared_memory_t *memory, brood__id_t heir, const char *name);

#endif
