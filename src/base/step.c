#include "base/step.h"
#include <stddef.h>

#ifdef BROOD_TORTURE
void (*brood__step)(int step) = NULL;
#endif
/* A file must not be empty. */
typedef int brood__step_unused_t;
