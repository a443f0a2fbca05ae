/* stored_array.h - stored values one after the other; both ends grow and shrink cheaply. */
#ifndef BROOD_MANAGER_STORED_ARRAY_H
#define BROOD_MANAGER_STORED_ARRAY_H

#include "manager/item.h"
#include <stddef.h>

/* Zeroed it is empty. */
typedef struct brood__stored_array_t {
    brood__stored_t **memory; /* by malloc */
    size_t room, first, count;
} brood__stored_array_t;

/* Good until the array is changed. */
static inline brood__stored_t **brood__stored_array_at(const brood__stored_array_t *array, size_t place)
{
    return array->memory + array->first + place;
}

/* Put `count` items, which are the array's from now on, where `removed` were, which are freed.  APR_ENOMEM,
 * BROOD_ETOOBIG: nothing has changed; never if none are added. */
apr_status_t brood__stored_array_replace(brood__stored_array_t *array, size_t place, size_t removed,
                                         brood__stored_t *const *added, size_t count);

/* All are freed: it is empty again. */
void brood__stored_array_clear(brood__stored_array_t *array);

#endif
