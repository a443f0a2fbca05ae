/* value_hash.h - a number for a value, equal for values that are equal. */
#ifndef BROOD_MANAGER_VALUE_HASH_H
#define BROOD_MANAGER_VALUE_HASH_H

#include <brood/value.h>
#include <stdint.h>

/* Of a shallow value: equal for those that brood_value_equal says are equal.  In the server's thread, where an object is
 * one of its own.  Another one in each run of a program. */
uint32_t brood__value_hash(brood_value_t value);

#endif
