/* set_type.c - a managed set, as a server keeps it: like Python's, its items in the order in which they came. */
#include "base/kind.h"
#include "manager/contents.h"
#include "manager/keyed.h"
#include <apr_strings.h>
#include <string.h>

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    brood_value_t list = brood_nil();

    (void) self;
    BROOD_TRY(brood__argument_to_create(&list, request, BROOD_KIND_LIST));
    return brood__keyed_update(request, list);
}

/* add(item): is it new? */
static apr_status_t add(brood__request_t *request)
{
    bool added = false;

    BROOD_TRY(brood__keyed_set(&added, request, request->args[0], NULL));
    return brood__return_bool(request, added);
}

/* discard(item): was it there? */
static apr_status_t discard(brood__request_t *request)
{
    brood__stored_pair_t *pair = NULL;

    BROOD_TRY(brood__keyed_find(&pair, request, request->args[0]));
    if (pair == NULL)
        return brood__return_bool(request, false);
    brood__stored_table_remove(brood__keyed_table(request), pair);
    return brood__return_bool(request, true);
}

/* pop(): any item. */
static apr_status_t pop(brood__request_t *request)
{
    brood__stored_table_t *table = brood__keyed_table(request);
    brood__stored_pair_t *pair = brood__stored_table_last(table);

    if (pair == NULL)
        return brood_fail_text(BROOD_ERANGE, "there is nothing to pop: the managed set is empty");
    BROOD_TRY(brood__request_return_stored(request, pair->key));
    brood__stored_table_remove(table, pair);
    return APR_SUCCESS;
}

/* update(list) */
static apr_status_t update(brood__request_t *request)
{
    brood_value_t list = brood_nil();

    BROOD_TRY(brood__argument(&list, request, 0, BROOD_KIND_LIST));
    BROOD_TRY(brood__keyed_update(request, list));
    return brood__return_nil(request);
}

static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    const brood__stored_table_t *table = &((brood__keyed_t *) self)->table;
    brood_value_t list;
    const char *text;
    char *braces;
    size_t size;

    if (table->count == 0)
        return "set()";
    if (brood__keyed_value(&list, table, false, mem) != APR_SUCCESS)
        return "<no memory>";
    text = brood_value_string(list, mem);
    size = strlen(text);
    braces = apr_pstrmemdup(mem, text, size);
    if (braces == NULL || braces[0] != '[')
        return "<no memory>";
    braces[0] = '{';
    braces[size - 1] = '}';
    return braces;
}

static const brood__method_t methods[] = {
    {"add", 1, 1, add},
    {"clear", 0, 0, brood__keyed_clear},
    {"contains", 1, 1, brood__keyed_contains},
    {"copy", 0, 0, brood__keyed_keys},
    {"count", 0, 0, brood__keyed_count},
    {"discard", 1, 1, discard},
    {"pop", 0, 0, pop},
    {"remove", 1, 1, brood__keyed_delete},
    {"update", 1, 1, update},
};

const brood__type_t brood__set_type = {
    .name = "set",
    .tag = BROOD__TAG_MANAGED_SET,
    .size = sizeof(brood__keyed_t),
    .create = create,
    .destroy = brood__keyed_destroy,
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
