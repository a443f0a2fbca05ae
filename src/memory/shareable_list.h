/* shareable_list.h - inside of the shareable list. */
#ifndef BROOD_MEMORY_SHAREABLE_LIST_H
#define BROOD_MEMORY_SHAREABLE_LIST_H

#include "base/kind.h"
#include <brood/shareable_list.h>

extern const brood__kind_t brood__shareable_list_kind;

#endif
