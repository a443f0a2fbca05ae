/* items.h - the items of a chunk, one after the other, so that a worker has one of them in hand and not all. */
#ifndef BROOD_POOL_ITEMS_H
#define BROOD_POOL_ITEMS_H

#include "pool/board.h"

typedef struct brood__items_t {
    const unsigned char *data; /* the next one */
    size_t size;
    bool bear;        /* there are objects in them */
    apr_size_t count; /* those that are left */
} brood__items_t;

/* The arguments of a task, which are a list.  BROOD_EDECODE: they were overwritten. */
apr_status_t brood__items_begin(brood__items_t *items, const brood__place_t *place);
/* Another one, of those that are left, in `mem`.  BROOD_EDECODE, APR_ENOMEM ... */
apr_status_t brood__items_next(brood_value_t *item, brood__items_t *items, apr_pool_t *mem);

#endif
