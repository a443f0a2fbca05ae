/* blocks.h - blocks of shared memory that a manager's server takes care of (Python's SharedMemoryManager).
 *
 * The server has each of them open and owns it: its name goes when the server ends, however it ends. */
#ifndef BROOD_MANAGER_BLOCKS_H
#define BROOD_MANAGER_BLOCKS_H

#include "manager/referent.h"

/* block(name): track it; release(): its name goes now. */
extern const brood__type_t brood__block_type;

#endif
