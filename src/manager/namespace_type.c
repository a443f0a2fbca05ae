/* namespace_type.c - a managed namespace, as a server keeps it: values by names that do not begin with '_'. */
#include "base/kind.h"
#include "base/value.h"
#include "manager/contents.h"
#include "manager/keyed.h"
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* Names are what C and Python have as text that ends in NUL; those with '_' before them are of the proxy itself. */
static apr_status_t check_name(brood_value_t name)
{
    char brief[BROOD__BRIEF];

    if (name.kind != BROOD_KIND_TEXT)
        return brood_fail(BROOD_EKIND, "the name of an attribute is text, not %s", brood__value_brief(brief, name));
    if (name.as.text.size == 0)
        return brood_fail_text(APR_EINVAL, "the name of an attribute is empty");
    if (name.as.text.data[0] == '_')
        return brood_fail(APR_EINVAL, "%s begins with '_': such names are not for a namespace's attributes",
                          brood__value_brief(brief, name));
    if (memchr(name.as.text.data, '\0', name.as.text.size) != NULL)
        return brood_fail_text(APR_EINVAL, "the name of an attribute has a NUL inside");
    return APR_SUCCESS;
}

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    brood_value_t map = brood_nil();

    (void) self;
    BROOD_TRY(brood__argument_to_create(&map, request, BROOD_KIND_MAP));
    for (size_t i = 0; i < map.as.list.count; i++)
        BROOD_TRY(check_name(map.as.list.items[2 * i]));
    return brood__keyed_update(request, map);
}

/* delete(name) */
static apr_status_t delete_name(brood__request_t *request)
{
    BROOD_TRY(check_name(request->args[0]));
    return brood__keyed_delete(request);
}

/* get(name) */
static apr_status_t get(brood__request_t *request)
{
    brood__stored_pair_t *pair = NULL;

    BROOD_TRY(check_name(request->args[0]));
    BROOD_TRY(brood__keyed_get(&pair, request));
    return brood__request_return_stored(request, pair->value);
}

/* set(name, value) */
static apr_status_t set(brood__request_t *request)
{
    bool added = false;

    BROOD_TRY(check_name(request->args[0]));
    BROOD_TRY(brood__keyed_set(&added, request, request->args[0], &request->args[1]));
    return brood__return_nil(request);
}

/* ---- as text ---- */

/* "name=value"; NULL: no memory.  A text by itself would have no quotes, so it is one in a list. */
static const char *attribute(const brood__stored_pair_t *pair, apr_pool_t *mem)
{
    brood_value_t name, value;
    const char *list;

    if (brood__stored_value(&name, pair->key, mem) != APR_SUCCESS
        || brood__stored_value(&value, pair->value, mem) != APR_SUCCESS)
        return NULL;
    list = brood_value_string(brood_list(&value, 1), mem);
    if (list[0] != '[')
        return NULL;
    list = apr_pstrmemdup(mem, list + 1, strlen(list) - 2);
    return list == NULL ? NULL : apr_pstrcat(mem, name.as.text.data, "=", list, NULL);
}

static int order(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static const char *join(const char *const *parts, size_t count, apr_pool_t *mem)
{
    brood__output_t output = {NULL, 0, 0, mem};
    apr_status_t rc = brood__output_append(&output, "Namespace(", 10);

    for (size_t i = 0; i < count && rc == APR_SUCCESS; i++) {
        if (i != 0)
            rc = brood__output_append(&output, ", ", 2);
        if (rc == APR_SUCCESS)
            rc = brood__output_append(&output, parts[i], strlen(parts[i]));
    }
    if (rc == APR_SUCCESS)
        rc = brood__output_append(&output, ")", 2);
    return rc == APR_SUCCESS ? (const char *) output.data : "<no memory>";
}

/* Sorted as Python sorts them: with their values. */
static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    const brood__stored_table_t *table = &((brood__keyed_t *) self)->table;
    const char **parts = apr_palloc(mem, (table->count + 1) * sizeof *parts);
    const brood__stored_pair_t *pair;
    size_t count = 0;

    if (parts == NULL)
        return "<no memory>";
    for (size_t at = 0; (pair = brood__stored_table_next(table, &at)) != NULL;)
        if ((parts[count++] = attribute(pair, mem)) == NULL)
            return "<no memory>";
    qsort((void *) parts, count, sizeof *parts, order);
    return join(parts, count, mem);
}

static const brood__method_t methods[] = {
    {"copy", 0, 0, brood__keyed_copy},
    {"delete", 1, 1, delete_name},
    {"get", 1, 1, get},
    {"set", 2, 2, set},
};

const brood__type_t brood__namespace_type = {
    .name = "namespace",
    .tag = BROOD__TAG_NAMESPACE,
    .size = sizeof(brood__keyed_t),
    .create = create,
    .destroy = brood__keyed_destroy,
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
