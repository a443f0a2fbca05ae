/* items.c - the items of a chunk, one after the other. */
#include "pool/items.h"

#include "base/codec.h"
#include "memory/heap.h"
#include "memory/loan.h"

apr_status_t brood__items_begin(brood__items_t *items, const brood__place_t *place)
{
    const unsigned char *data = place->args != 0 ? brood__at(place->args) : place->here;
    const uint64_t room = place->args != 0 ? brood__heap_size(place->args) : BROOD__PLACE_ROOM;
    const uint64_t begin = place->args != 0 ? brood__loan_data(place->args) : 0;
    size_t used;

    if (place->args_size > room || begin > place->args_size)
        return brood_fail_text(BROOD_EDECODE, "a task of the pool has been overwritten");
    *items = (brood__items_t){.data = data + begin, .size = (size_t) (place->args_size - begin), .bear = begin != 0};
    BROOD_TRY(brood__decode_list(&items->count, &used, items->data, items->size));
    items->data += used;
    items->size -= used;
    return APR_SUCCESS;
}

apr_status_t brood__items_next(brood_value_t *item, brood__items_t *items, apr_pool_t *mem)
{
    size_t used = 0;
    const apr_status_t rc = brood__loan_decode_next(item, &used, items->bear, items->data, items->size, mem);

    items->data += used;
    items->size -= used;
    items->count = rc == APR_SUCCESS ? items->count - 1 : 0; /* where the next one begins is not known */
    return rc;
}
