/* array.h - inside of the shared array. */
#ifndef BROOD_SYNC_ARRAY_H
#define BROOD_SYNC_ARRAY_H

#include "base/kind.h"

extern const brood__kind_t brood__array_kind;

#endif
