/* item.h - a value as the server keeps it: encoded, with the numbers of the objects in it. */
#ifndef BROOD_MANAGER_ITEM_H
#define BROOD_MANAGER_ITEM_H

#include "base/output.h"
#include <brood/value.h>
#include <stdbool.h>
#include <stdint.h>

/* By malloc, in one piece; NULL where there is none. */
typedef struct brood__item_data_t brood__stored_t;
struct brood__item_data_t {
    size_t size;      /* of the bytes */
    uint32_t objects; /* how many numbers stand behind the bytes */
    uint32_t hash;    /* equal for equal values, numbers of any kind included */
    unsigned char bytes[];
};

/* In the server's thread, whose exchange knows the objects; each of those is held by the item until it is freed.  `value`
 * was decoded, so it can be encoded.  APR_ENOMEM. */
apr_status_t brood__stored_create(brood__stored_t **stored, brood_value_t value);

/* Lets go of the objects in it.  NULL: nothing. */
void brood__stored_free(brood__stored_t *stored);

/* The value again, in `mem`; nothing but APR_ENOMEM fails. */
apr_status_t brood__stored_value(brood_value_t *value, const brood__stored_t *stored, apr_pool_t *mem);

/* Does it equal a value (brood_value_equal)?  `scratch` is a pool for what that takes. */
bool brood__stored_equals(const brood__stored_t *stored, const brood__stored_t *other, apr_pool_t *scratch);

/* Number i of the objects in it. */
uint64_t brood__stored_object(const brood__stored_t *stored, uint32_t i);

#endif
