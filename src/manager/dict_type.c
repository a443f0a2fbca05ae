/* dict_type.c - a managed dictionary, as a server keeps it: like Python's. */
#include "base/kind.h"
#include "base/value.h"
#include "manager/contents.h"
#include "manager/keyed.h"
#include "manager/path.h"

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    brood_value_t map = brood_nil();

    (void) self;
    BROOD_TRY(brood__argument_to_create(&map, request, BROOD_KIND_MAP));
    return brood__keyed_update(request, map);
}

/* ---- one key ---- */

/* The pair of argument 1.  NULL: there is none, but argument 2 to return instead.  BROOD_ERANGE: neither. */
static apr_status_t find_or_default(brood__stored_pair_t **pair, const brood__request_t *request)
{
    if (request->count == 1)
        return brood__keyed_get(pair, request);
    return brood__keyed_find(pair, request, request->args[0]);
}

/* get(key), get(key, default) */
static apr_status_t get(brood__request_t *request)
{
    brood__stored_pair_t *pair = NULL;

    BROOD_TRY(find_or_default(&pair, request));
    if (pair == NULL)
        return brood__request_return(request, request->args[1]);
    return brood__request_return_stored(request, pair->value);
}

/* pop(key), pop(key, default) */
static apr_status_t pop(brood__request_t *request)
{
    brood__stored_pair_t *pair = NULL;

    BROOD_TRY(find_or_default(&pair, request));
    if (pair == NULL)
        return brood__request_return(request, request->args[1]);
    BROOD_TRY(brood__request_return_stored(request, pair->value));
    brood__stored_table_remove(brood__keyed_table(request), pair);
    return APR_SUCCESS;
}

/* set(key, value) */
static apr_status_t set(brood__request_t *request)
{
    bool added = false;

    BROOD_TRY(brood__keyed_set(&added, request, request->args[0], &request->args[1]));
    return brood__return_nil(request);
}

/* setdefault(key, value): what it holds then. */
static apr_status_t setdefault(brood__request_t *request)
{
    const brood_value_t otherwise = request->count > 1 ? request->args[1] : brood_nil();
    brood__stored_pair_t *pair = NULL;
    bool added = false;

    BROOD_TRY(brood__keyed_find(&pair, request, request->args[0]));
    if (pair == NULL) {
        BROOD_TRY(brood__keyed_set(&added, request, request->args[0], &otherwise));
        pair = brood__stored_table_last(brood__keyed_table(request));
    }
    return brood__request_return_stored(request, pair->value);
}

/* set_path(path, value): the first step is a key of the dict. */
static apr_status_t set_path(brood__request_t *request)
{
    const brood_value_t path = request->args[0];
    brood__stored_pair_t *pair = NULL;
    brood_value_t held, changed = request->args[1];
    bool added = false;
    char brief[BROOD__BRIEF];

    BROOD_TRY(brood__path_check(path));
    if (path.as.list.count > 1) {
        BROOD_TRY(brood__keyed_find(&pair, request, path.as.list.items[0]));
        if (pair == NULL)
            return brood_fail(BROOD_ERANGE, "step 1 of the path: the managed dict has no key %s",
                              brood__value_brief(brief, path.as.list.items[0]));
        BROOD_TRY(brood__stored_value(&held, pair->value, request->mem));
        BROOD_TRY(brood__path_set(&changed, held, path, 1, request->args[1], request->mem));
    }
    BROOD_TRY(brood__keyed_set(&added, request, path.as.list.items[0], &changed));
    return brood__return_nil(request);
}

/* ---- many ---- */

/* get_many(keys): a list, nil where there is no such key. */
static apr_status_t get_many(brood__request_t *request)
{
    brood_value_t keys = brood_nil();
    brood__stored_pair_t *pair;

    BROOD_TRY(brood__argument(&keys, request, 0, BROOD_KIND_LIST));
    BROOD_TRY(brood__request_begin_list(request, keys.as.list.count));
    for (size_t i = 0; i < keys.as.list.count; i++) {
        pair = NULL;
        BROOD_TRY(brood__keyed_find(&pair, request, keys.as.list.items[i]));
        BROOD_TRY(brood__request_add_stored(request, pair == NULL ? NULL : pair->value));
    }
    return APR_SUCCESS;
}

/* update(map) */
static apr_status_t update(brood__request_t *request)
{
    brood_value_t map = brood_nil();

    BROOD_TRY(brood__argument(&map, request, 0, BROOD_KIND_MAP));
    BROOD_TRY(brood__keyed_update(request, map));
    return brood__return_nil(request);
}

static apr_status_t values(brood__request_t *request)
{
    const brood__stored_table_t *table = brood__keyed_table(request);
    const brood__stored_pair_t *pair;

    BROOD_TRY(brood__request_begin_list(request, table->count));
    for (size_t at = 0; (pair = brood__stored_table_next(table, &at)) != NULL;)
        BROOD_TRY(brood__request_add_stored(request, pair->value));
    return APR_SUCCESS;
}

static apr_status_t add_pair(brood__request_t *request, const brood__stored_pair_t *pair)
{
    BROOD_TRY(brood__request_add_stored(request, pair->key));
    return brood__request_add_stored(request, pair->value);
}

/* items(): a list of lists of a key and its value. */
static apr_status_t items(brood__request_t *request)
{
    const brood__stored_table_t *table = brood__keyed_table(request);
    const brood__stored_pair_t *pair;

    BROOD_TRY(brood__request_begin_list(request, table->count));
    for (size_t at = 0; (pair = brood__stored_table_next(table, &at)) != NULL;) {
        BROOD_TRY(brood__request_begin_list(request, 2));
        BROOD_TRY(add_pair(request, pair));
    }
    return APR_SUCCESS;
}

/* popitem(): the pair that came last. */
static apr_status_t popitem(brood__request_t *request)
{
    brood__stored_table_t *table = brood__keyed_table(request);
    brood__stored_pair_t *pair = brood__stored_table_last(table);

    if (pair == NULL)
        return brood_fail_text(BROOD_ERANGE, "there is nothing to pop: the managed dict is empty");
    BROOD_TRY(brood__request_begin_list(request, 2));
    BROOD_TRY(add_pair(request, pair));
    brood__stored_table_remove(table, pair);
    return APR_SUCCESS;
}

/* ---- one after the other ---- */

/* A position is a place in the table, above 0, and the count of its changes when the position was given. */
static apr_int64_t position_of(const brood__stored_table_t *table, size_t place)
{
    return (apr_int64_t) (table->changes & UINT32_C(0x7FFFFFFF)) << 32 | (apr_int64_t) place;
}

/* next(position): a list of the next position, a key and its value; nil: that was all.  Begins with 0 or nil. */
static apr_status_t next(brood__request_t *request)
{
    const brood__stored_table_t *table = brood__keyed_table(request);
    const brood__stored_pair_t *pair;
    apr_int64_t position = 0;
    size_t place;

    BROOD_TRY(brood__request_int(&position, request, 0));
    place = (size_t) (position & INT64_C(0xFFFFFFFF));
    if (position != 0 && position != position_of(table, place))
        return brood_fail_text(BROOD_EMISUSE, "the managed dict has changed size during iteration");
    pair = brood__stored_table_next(table, &place);
    if (pair == NULL)
        return brood__return_nil(request);
    BROOD_TRY(brood__request_begin_list(request, 3));
    BROOD_TRY(brood__request_add(request, brood_int(position_of(table, place))));
    return add_pair(request, pair);
}

static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    brood_value_t map;

    if (brood__keyed_value(&map, &((brood__keyed_t *) self)->table, true, mem) != APR_SUCCESS)
        return "<no memory>";
    return brood_value_string(map, mem);
}

static const brood__method_t methods[] = {
    {"clear", 0, 0, brood__keyed_clear},
    {"contains", 1, 1, brood__keyed_contains},
    {"copy", 0, 0, brood__keyed_copy},
    {"count", 0, 0, brood__keyed_count},
    {"delete", 1, 1, brood__keyed_delete},
    {"get", 1, 2, get},
    {"get_many", 1, 1, get_many},
    {"items", 0, 0, items},
    {"keys", 0, 0, brood__keyed_keys},
    {"next", 0, 1, next},
    {"pop", 1, 2, pop},
    {"popitem", 0, 0, popitem},
    {"set", 2, 2, set},
    {"set_path", 2, 2, set_path},
    {"setdefault", 1, 2, setdefault},
    {"update", 1, 1, update},
    {"values", 0, 0, values},
};

const brood__type_t brood__dict_type = {
    .name = "dict",
    .tag = BROOD__TAG_MANAGED_DICT,
    .size = sizeof(brood__keyed_t),
    .create = create,
    .destroy = brood__keyed_destroy,
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
