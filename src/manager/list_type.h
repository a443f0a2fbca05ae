/* list_type.h - a managed list, as a server keeps it. */
#ifndef BROOD_MANAGER_LIST_TYPE_H
#define BROOD_MANAGER_LIST_TYPE_H

#include "manager/request.h"
#include "manager/stored_array.h"

typedef struct brood__list_object_t {
    brood__referent_t referent;
    brood__stored_array_t array;
} brood__list_object_t;

static inline brood__stored_array_t *brood__list_array(const brood__request_t *request)
{
    return &((brood__list_object_t *) request->self)->array;
}

/* All of it, as a list.  APR_ENOMEM. */
apr_status_t brood__list_value(brood_value_t *value, const brood__stored_array_t *array, apr_pool_t *mem);

/* Methods that look for an item (list_find.c), or put all in another order, or all of them again (list_order.c). */
apr_status_t brood__list_contains(brood__request_t *request);
apr_status_t brood__list_count_of(brood__request_t *request);
apr_status_t brood__list_index(brood__request_t *request);
apr_status_t brood__list_remove(brood__request_t *request);
apr_status_t brood__list_repeat(brood__request_t *request);
apr_status_t brood__list_reverse(brood__request_t *request);
apr_status_t brood__list_sort(brood__request_t *request);
apr_status_t brood__list_sort_reverse(brood__request_t *request);

#endif
