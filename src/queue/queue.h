/* queue.h - inside of Queue. */
#ifndef BROOD_QUEUE_QUEUE_H
#define BROOD_QUEUE_QUEUE_H

#include "base/kind.h"

extern const brood__kind_t brood__queue_kind;

#endif
