/* list_type.c - a managed list, as a server keeps it: like Python's. */
#include "manager/list_type.h"

#include "base/kind.h"
#include "base/value.h"
#include "manager/contents.h"
#include "manager/path.h"
#include <inttypes.h>
#include <stdlib.h>

/* Put the values where `removed` items were, all or none. */
static apr_status_t replace(const brood__request_t *request, size_t place, size_t removed, brood_value_t values)
{
    const size_t count = values.as.list.count;
    brood__stored_t **contents = NULL;
    apr_status_t rc;

    BROOD_TRY(brood__contents_create(&contents, values.as.list.items, count));
    rc = brood__stored_array_replace(brood__list_array(request), place, removed, contents, count);
    if (rc != APR_SUCCESS)
        brood__contents_empty(contents, count);
    free((void *) contents);
    return rc;
}

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    brood_value_t list = brood_nil();

    (void) self;
    BROOD_TRY(brood__argument_to_create(&list, request, BROOD_KIND_LIST));
    return replace(request, 0, 0, list);
}

static void destroy(brood__referent_t *self)
{
    brood__stored_array_clear(&((brood__list_object_t *) self)->array);
}

/* ---- one item ---- */

/* get(index) */
static apr_status_t get(brood__request_t *request)
{
    const brood__stored_array_t *array = brood__list_array(request);
    size_t place = 0;

    BROOD_TRY(brood__argument_index(&place, request, 0, array->count));
    return brood__request_return_stored(request, *brood__stored_array_at(array, place));
}

static apr_status_t put(const brood__request_t *request, size_t place, brood_value_t value)
{
    brood__stored_t **item = brood__stored_array_at(brood__list_array(request), place), *made = NULL;

    BROOD_TRY(brood__content_create(&made, value));
    brood__stored_free(*item);
    *item = made;
    return APR_SUCCESS;
}

/* set(index, item) */
static apr_status_t set(brood__request_t *request)
{
    size_t place = 0;

    BROOD_TRY(brood__argument_index(&place, request, 0, brood__list_array(request)->count));
    BROOD_TRY(put(request, place, request->args[1]));
    return brood__return_nil(request);
}

/* set_path(path, value): the first step is an index of the list. */
static apr_status_t set_path(brood__request_t *request)
{
    const brood_value_t path = request->args[0];
    const brood__stored_array_t *array = brood__list_array(request);
    brood__request_t first = *request;
    brood_value_t held, changed = request->args[1];
    size_t place = 0;

    BROOD_TRY(brood__path_check(path));
    first.args = path.as.list.items;
    first.count = path.as.list.count;
    BROOD_TRY(brood__argument_index(&place, &first, 0, array->count));
    BROOD_TRY(brood__stored_value(&held, *brood__stored_array_at(array, place), request->mem));
    BROOD_TRY(brood__path_set(&changed, held, path, 1, request->args[1], request->mem));
    BROOD_TRY(put(request, place, changed));
    return brood__return_nil(request);
}

static apr_status_t insert_at(brood__request_t *request, size_t place, const brood_value_t *item)
{
    brood__stored_t *made = NULL;
    apr_status_t rc;

    BROOD_TRY(brood__content_create(&made, *item));
    rc = brood__stored_array_replace(brood__list_array(request), place, 0, &made, 1);
    if (rc != APR_SUCCESS)
        brood__stored_free(made);
    return rc == APR_SUCCESS ? brood__return_nil(request) : rc;
}

/* append(item) */
static apr_status_t append(brood__request_t *request)
{
    return insert_at(request, brood__list_array(request)->count, &request->args[0]);
}

/* insert(index, item): beyond an end, it is put at that end. */
static apr_status_t insert(brood__request_t *request)
{
    const size_t count = brood__list_array(request)->count;
    brood_value_t checked = brood_nil();
    size_t place = 0;

    BROOD_TRY(brood__argument(&checked, request, 0, BROOD_KIND_INT));
    BROOD_TRY(brood__argument_bound(&place, request, 0, count, count));
    return insert_at(request, place, &request->args[1]);
}

/* pop(), pop(index): the last one, or another. */
static apr_status_t pop(brood__request_t *request)
{
    brood__stored_array_t *array = brood__list_array(request);
    size_t place = array->count - 1;

    if (array->count == 0)
        return brood_fail_text(BROOD_ERANGE, "there is nothing to pop: the managed list is empty");
    if (request->count != 0 && request->args[0].kind != BROOD_KIND_NIL)
        BROOD_TRY(brood__argument_index(&place, request, 0, array->count));
    BROOD_TRY(brood__request_return_stored(request, *brood__stored_array_at(array, place)));
    return brood__stored_array_replace(array, place, 1, NULL, 0);
}

/* delete(index) */
static apr_status_t delete_item(brood__request_t *request)
{
    brood__stored_array_t *array = brood__list_array(request);
    size_t place = 0;

    BROOD_TRY(brood__argument_index(&place, request, 0, array->count));
    BROOD_TRY(brood__stored_array_replace(array, place, 1, NULL, 0));
    return brood__return_nil(request);
}

/* ---- many ---- */

static apr_status_t clear(brood__request_t *request)
{
    brood__stored_array_clear(brood__list_array(request));
    return brood__return_nil(request);
}

static apr_status_t count_items(brood__request_t *request)
{
    return brood__return_count(request, brood__list_array(request)->count);
}

/* extend(items) */
static apr_status_t extend(brood__request_t *request)
{
    brood_value_t items = brood_nil();

    BROOD_TRY(brood__argument(&items, request, 0, BROOD_KIND_LIST));
    BROOD_TRY(replace(request, brood__list_array(request)->count, 0, items));
    return brood__return_nil(request);
}

/* Where the part that the first two arguments name begins and ends.  Not there, they are the list's own. */
static apr_status_t part(size_t *first, size_t *end, const brood__request_t *request)
{
    const size_t count = brood__list_array(request)->count;

    BROOD_TRY(brood__argument_bound(first, request, 0, count, 0));
    BROOD_TRY(brood__argument_bound(end, request, 1, count, count));
    if (*end < *first)
        *end = *first;
    return APR_SUCCESS;
}

/* splice(first, end, items): what Python's list[first:end] = items does. */
static apr_status_t splice(brood__request_t *request)
{
    brood_value_t items = brood_nil();
    size_t first = 0, end = 0;

    BROOD_TRY(part(&first, &end, request));
    BROOD_TRY(brood__argument(&items, request, 2, BROOD_KIND_LIST));
    BROOD_TRY(replace(request, first, end - first, items));
    return brood__return_nil(request);
}

static apr_status_t return_part(brood__request_t *request, size_t first, size_t end)
{
    const brood__stored_array_t *array = brood__list_array(request);

    BROOD_TRY(brood__request_begin_list(request, end - first));
    for (size_t i = first; i < end; i++)
        BROOD_TRY(brood__request_add_stored(request, *brood__stored_array_at(array, i)));
    return APR_SUCCESS;
}

/* slice(first, end): a list, as Python's list[first:end]. */
static apr_status_t slice(brood__request_t *request)
{
    size_t first = 0, end = 0;

    BROOD_TRY(part(&first, &end, request));
    return return_part(request, first, end);
}

static apr_status_t copy(brood__request_t *request)
{
    return return_part(request, 0, brood__list_array(request)->count);
}

static apr_status_t not_an_index(brood_value_t value, size_t place)
{
    char brief[BROOD__BRIEF];

    return brood_fail(BROOD_EKIND, "index %" PRIu64 " of those that are wanted is %s, expected int", (uint64_t) place,
                      brood__value_brief(brief, value));
}

/* get_many(indexes): a list of the items, nil where there is none. */
static apr_status_t get_many(brood__request_t *request)
{
    const brood__stored_array_t *array = brood__list_array(request);
    brood_value_t indexes = brood_nil();
    size_t place = 0;

    BROOD_TRY(brood__argument(&indexes, request, 0, BROOD_KIND_LIST));
    for (size_t i = 0; i < indexes.as.list.count; i++)
        if (indexes.as.list.items[i].kind != BROOD_KIND_INT)
            return not_an_index(indexes.as.list.items[i], i);
    BROOD_TRY(brood__request_begin_list(request, indexes.as.list.count));
    for (size_t i = 0; i < indexes.as.list.count; i++) {
        const bool found = brood__find_index(&place, indexes.as.list.items[i].as.integer, array->count);

        BROOD_TRY(brood__request_add_stored(request, found ? *brood__stored_array_at(array, place) : NULL));
    }
    return APR_SUCCESS;
}

/* ---- as a whole ---- */

apr_status_t brood__list_value(brood_value_t *value, const brood__stored_array_t *array, apr_pool_t *mem)
{
    brood_value_t *items = apr_palloc(mem, (array->count + 1) * sizeof *items);

    if (items == NULL)
        return brood_fail_text(APR_ENOMEM, "the manager has no memory for all that a list holds");
    for (size_t i = 0; i < array->count; i++)
        BROOD_TRY(brood__stored_value(&items[i], *brood__stored_array_at(array, i), mem));
    *value = brood_list(items, array->count);
    return APR_SUCCESS;
}

static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    brood_value_t list;

    if (brood__list_value(&list, &((brood__list_object_t *) self)->array, mem) != APR_SUCCESS)
        return "<no memory>";
    return brood_value_string(list, mem);
}

static const brood__method_t methods[] = {
    {"append", 1, 1, append},
    {"clear", 0, 0, clear},
    {"contains", 1, 1, brood__list_contains},
    {"copy", 0, 0, copy},
    {"count", 0, 0, count_items},
    {"count_of", 1, 1, brood__list_count_of},
    {"delete", 1, 1, delete_item},
    {"extend", 1, 1, extend},
    {"get", 1, 1, get},
    {"get_many", 1, 1, get_many},
    {"index", 1, 1, brood__list_index},
    {"insert", 2, 2, insert},
    {"pop", 0, 1, pop},
    {"remove", 1, 1, brood__list_remove},
    {"repeat", 1, 1, brood__list_repeat},
    {"reverse", 0, 0, brood__list_reverse},
    {"set", 2, 2, set},
    {"set_path", 2, 2, set_path},
    {"slice", 0, 2, slice},
    {"sort", 0, 1, brood__list_sort},
    {"sort_reverse", 0, 0, brood__list_sort_reverse},
    {"splice", 3, 3, splice},
};

const brood__type_t brood__list_type = {
    .name = "list",
    .tag = BROOD__TAG_MANAGED_LIST,
    .size = sizeof(brood__list_object_t),
    .create = create,
    .destroy = destroy,
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
