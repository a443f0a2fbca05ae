/* program_type.h - types that the program adds (BROOD_TYPE). */
#ifndef BROOD_MANAGER_PROGRAM_TYPE_H
#define BROOD_MANAGER_PROGRAM_TYPE_H

#include "manager/referent.h"

/* In the server's thread.  NULL: the program has none of this name. */
const brood__type_t *brood__program_type_find(const char *name, size_t size);

#endif
