/* keyed.c - what dict, set and namespace are: a table of stored values. */
#include "manager/keyed.h"

#include "base/value.h"
#include "manager/contents.h"
#include <stdlib.h>

/* ---- look ---- */

apr_status_t brood__keyed_find(brood__stored_pair_t **pair, const brood__request_t *request, brood_value_t key)
{
    brood__stored_t *stored = NULL;

    BROOD_TRY(brood__stored_create(&stored, key));
    *pair = brood__stored_table_find(brood__keyed_table(request), stored, request->mem);
    brood__stored_free(stored);
    return APR_SUCCESS;
}

/* "key 'a'" of a dict, "item 3" of a set. */
static apr_status_t absent(const brood__request_t *request)
{
    const brood__type_t *type = request->self->type;
    const char *what = type == &brood__set_type ? "item" : type == &brood__namespace_type ? "attribute" : "key";
    char brief[BROOD__BRIEF];

    return brood_fail(BROOD_ERANGE, "the managed %s has no %s %s", type->name, what,
                      brood__value_brief(brief, request->args[0]));
}

apr_status_t brood__keyed_get(brood__stored_pair_t **pair, const brood__request_t *request)
{
    BROOD_TRY(brood__keyed_find(pair, request, request->args[0]));
    return *pair == NULL ? absent(request) : APR_SUCCESS;
}

apr_status_t brood__keyed_value(brood_value_t *value, const brood__stored_table_t *table, bool map, apr_pool_t *mem)
{
    brood_value_t *items = apr_palloc(mem, (map ? 2 : 1) * (table->count + 1) * sizeof *items);
    const brood__stored_pair_t *pair;
    size_t filled = 0;

    if (items == NULL)
        return brood_fail_text(APR_ENOMEM, "the manager has no memory for all that an object holds");
    for (size_t at = 0; (pair = brood__stored_table_next(table, &at)) != NULL;) {
        BROOD_TRY(brood__stored_value(&items[filled++], pair->key, mem));
        if (map)
            BROOD_TRY(brood__stored_value(&items[filled++], pair->value, mem));
    }
    *value = map ? brood_map(items, table->count) : brood_list(items, table->count);
    return APR_SUCCESS;
}

/* ---- change ---- */

/* The pair is the table's, in which there is room for a new key. */
static bool put(brood__stored_table_t *table, brood__stored_t *key, brood__stored_t *value, apr_pool_t *scratch)
{
    brood__stored_pair_t *pair = brood__stored_table_find(table, key, scratch);

    if (pair == NULL) {
        brood__stored_table_add(table, key, value);
        return true;
    }
    brood__stored_free(key); /* the first one stays, as in Python: it may be 1, and this 1.0 */
    brood__stored_free(pair->value);
    pair->value = value;
    return false;
}

/* Room for those keys that are new.  With a step of 2, each second one is a value. */
static apr_status_t make_room(const brood__request_t *request, brood__stored_t *const *contents, size_t count,
                              size_t step)
{
    brood__stored_table_t *table = brood__keyed_table(request);
    size_t fresh = 0;

    for (size_t i = 0; i < count; i += step)
        fresh += brood__stored_table_find(table, contents[i], request->mem) == NULL;
    return brood__stored_table_reserve(table, fresh);
}

/* All are the table's, or freed. */
static apr_status_t put_all(size_t *added, const brood__request_t *request, brood__stored_t *const *contents,
                            size_t count, size_t step)
{
    const apr_status_t rc = make_room(request, contents, count, step);

    if (rc != APR_SUCCESS) {
        brood__contents_empty(contents, count);
        return rc;
    }
    for (size_t i = 0; i < count; i += step)
        *added += put(brood__keyed_table(request), contents[i], step == 2 ? contents[i + 1] : NULL, request->mem);
    return APR_SUCCESS;
}

apr_status_t brood__keyed_set(bool *added, const brood__request_t *request, brood_value_t key,
                              const brood_value_t *value)
{
    const brood_value_t items[] = {key, value != NULL ? *value : brood_nil()};
    const size_t step = value != NULL ? 2 : 1;
    brood__stored_t *contents[2] = {NULL, NULL};
    size_t count = 0;

    BROOD_TRY(brood__contents_fill(contents, items, step));
    BROOD_TRY(put_all(&count, request, contents, step, step));
    *added = count != 0;
    return APR_SUCCESS;
}

apr_status_t brood__keyed_update(const brood__request_t *request, brood_value_t values)
{
    const size_t step = values.kind == BROOD_KIND_MAP ? 2 : 1, count = step * values.as.list.count;
    brood__stored_t **contents = NULL;
    size_t added = 0;
    apr_status_t rc;

    BROOD_TRY(brood__contents_create(&contents, values.as.list.items, count));
    rc = put_all(&added, request, contents, count, step);
    free((void *) contents);
    return rc;
}

/* ---- methods ---- */

apr_status_t brood__keyed_clear(brood__request_t *request)
{
    brood__stored_table_clear(brood__keyed_table(request));
    return brood__return_nil(request);
}

apr_status_t brood__keyed_contains(brood__request_t *request)
{
    brood__stored_pair_t *pair = NULL;

    BROOD_TRY(brood__keyed_find(&pair, request, request->args[0]));
    return brood__return_bool(request, pair != NULL);
}

apr_status_t brood__keyed_count(brood__request_t *request)
{
    return brood__return_count(request, brood__keyed_table(request)->count);
}

apr_status_t brood__keyed_copy(brood__request_t *request)
{
    const brood__stored_table_t *table = brood__keyed_table(request);
    const brood__stored_pair_t *pair;

    BROOD_TRY(brood__request_begin_map(request, table->count));
    for (size_t at = 0; (pair = brood__stored_table_next(table, &at)) != NULL;) {
        BROOD_TRY(brood__request_add_stored(request, pair->key));
        BROOD_TRY(brood__request_add_stored(request, pair->value));
    }
    return APR_SUCCESS;
}

apr_status_t brood__keyed_keys(brood__request_t *request)
{
    const brood__stored_table_t *table = brood__keyed_table(request);
    const brood__stored_pair_t *pair;

    BROOD_TRY(brood__request_begin_list(request, table->count));
    for (size_t at = 0; (pair = brood__stored_table_next(table, &at)) != NULL;)
        BROOD_TRY(brood__request_add_stored(request, pair->key));
    return APR_SUCCESS;
}

apr_status_t brood__keyed_delete(brood__request_t *request)
{
    brood__stored_pair_t *pair = NULL;

    BROOD_TRY(brood__keyed_get(&pair, request));
    brood__stored_table_remove(brood__keyed_table(request), pair);
    return brood__return_nil(request);
}

void brood__keyed_destroy(brood__referent_t *self)
{
    brood__stored_table_clear(&((brood__keyed_t *) self)->table);
}
