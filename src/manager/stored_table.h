/* stored_table.h - stored values by stored keys, in the order in which the keys came. */
#ifndef BROOD_MANAGER_STORED_TABLE_H
#define BROOD_MANAGER_STORED_TABLE_H

#include "manager/item.h"
#include <stddef.h>

typedef struct brood__stored_pair_t {
    brood__stored_t *key;   /* NULL: removed */
    brood__stored_t *value; /* of a set NULL */
} brood__stored_pair_t;

/* Zeroed it is empty. */
typedef struct brood__stored_table_t {
    brood__stored_pair_t *pairs;        /* by malloc, like the slots; the last one is never a removed one */
    size_t used, room;                  /* used: with those that were removed */
    struct brood__stored_slot_t *slots; /* twice as many as there is room for pairs, so that half are free */
    size_t count;
    uint32_t changes; /* another number after each key that has come or gone */
} brood__stored_table_t;

/* Good until a key comes or goes; NULL: there is none.  `scratch` is a pool for what comparing takes. */
brood__stored_pair_t *brood__stored_table_find(const brood__stored_table_t *table, const brood__stored_t *key,
                                               apr_pool_t *scratch);

/* Now `more` keys can come without failure.  APR_ENOMEM, BROOD_ETOOBIG: nothing has changed. */
apr_status_t brood__stored_table_reserve(brood__stored_table_t *table, size_t more);

/* The pair, whose key is new, has room and is the table's from now on, like the value. */
void brood__stored_table_add(brood__stored_table_t *table, brood__stored_t *key, brood__stored_t *value);

/* The pair and what it holds are no more. */
void brood__stored_table_remove(brood__stored_table_t *table, brood__stored_pair_t *pair);

/* One pair after the other, from *at = 0; NULL: there are no more. */
brood__stored_pair_t *brood__stored_table_next(const brood__stored_table_t *table, size_t *at);

/* The pair whose key came last; NULL: it is empty. */
static inline brood__stored_pair_t *brood__stored_table_last(const brood__stored_table_t *table)
{
    return table->used == 0 ? NULL : &table->pairs[table->used - 1];
}

/* All are freed: it is empty again. */
void brood__stored_table_clear(brood__stored_table_t *table);

#endif
