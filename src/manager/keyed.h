/* keyed.h - what dict, set and namespace are: a table of stored values. */
#ifndef BROOD_MANAGER_KEYED_H
#define BROOD_MANAGER_KEYED_H

#include "manager/request.h"
#include "manager/stored_table.h"

/* An object of each of the three. */
typedef struct brood__keyed_t {
    brood__referent_t referent;
    brood__stored_table_t table;
} brood__keyed_t;

static inline brood__stored_table_t *brood__keyed_table(const brood__request_t *request)
{
    return &((brood__keyed_t *) request->self)->table;
}

/* The pair of a key, NULL: there is none.  APR_ENOMEM. */
apr_status_t brood__keyed_find(brood__stored_pair_t **pair, const brood__request_t *request, brood_value_t key);

/* The same of argument 1.  BROOD_ERANGE, with a message: there is none. */
apr_status_t brood__keyed_get(brood__stored_pair_t **pair, const brood__request_t *request);

/* Set a value by a key, `value` NULL: only the key, of a set; *added: it is new.  Statuses of brood__content_create. */
apr_status_t brood__keyed_set(bool *added, const brood__request_t *request, brood_value_t key,
                              const brood_value_t *value);

/* Set all pairs of a map, or all items of a list as keys alone; or none, with a message. */
apr_status_t brood__keyed_update(const brood__request_t *request, brood_value_t values);

/* All, as a map or as a list of keys.  APR_ENOMEM. */
apr_status_t brood__keyed_value(brood_value_t *value, const brood__stored_table_t *table, bool map, apr_pool_t *mem);

/* Methods. */
apr_status_t brood__keyed_clear(brood__request_t *request);
apr_status_t brood__keyed_contains(brood__request_t *request);
apr_status_t brood__keyed_count(brood__request_t *request);
apr_status_t brood__keyed_copy(brood__request_t *request); /* a map */
apr_status_t brood__keyed_keys(brood__request_t *request); /* a list */
apr_status_t brood__keyed_delete(brood__request_t *request);
void brood__keyed_destroy(brood__referent_t *self);

#endif
