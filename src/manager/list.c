/* list.c - a manager's lists, as their users have them. */
#include "manager/manager.h"
#include "manager/methods.h"
#include <brood/managed.h>

struct brood_managed_list_t {
    brood__proxy_ref_t proxy;
};

BROOD__PROXY_KIND(managed_list, BROOD__TAG_MANAGED_LIST, "ListProxy", 0)
BROOD__KIND_FUNCTIONS(managed_list, BROOD__TAG_MANAGED_LIST)

apr_status_t brood_manager_list(brood_managed_list_t **list, brood_manager_t *manager, const char *name,
                                apr_pool_t *mem)
{
    void *ref = NULL;

    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood__proxy_open(&ref, &brood__managed_list_kind, brood__manager_origin(manager), "list", name,
                                BROOD__WITHOUT, mem));
    *list = ref;
    return APR_SUCCESS;
}

apr_status_t brood_managed_list_get(brood_value_t *item, brood_managed_list_t *list, apr_ssize_t index, apr_pool_t *mem)
{
    return brood__proxy_call(item, list, "get", BROOD__WITH(brood_int(index)), mem);
}

apr_status_t brood_managed_list_set(brood_managed_list_t *list, apr_ssize_t index, brood_value_t item)
{
    return brood__proxy_do(list, "set", BROOD__WITH(brood_int(index), item));
}

apr_status_t brood_managed_list_append(brood_managed_list_t *list, brood_value_t item)
{
    return brood__proxy_do(list, "append", BROOD__WITH(item));
}

apr_status_t brood_managed_list_extend(brood_managed_list_t *list, brood_value_t items)
{
    return brood__proxy_do(list, "extend", BROOD__WITH(items));
}

apr_status_t brood_managed_list_insert(brood_managed_list_t *list, apr_ssize_t index, brood_value_t item)
{
    return brood__proxy_do(list, "insert", BROOD__WITH(brood_int(index), item));
}

apr_status_t brood_managed_list_pop(brood_value_t *item, brood_managed_list_t *list, apr_ssize_t index, apr_pool_t *mem)
{
    return brood__proxy_call(item, list, "pop", BROOD__WITH(brood_int(index)), mem);
}

apr_status_t brood_managed_list_remove(brood_managed_list_t *list, brood_value_t item)
{
    return brood__proxy_do(list, "remove", BROOD__WITH(item));
}

apr_status_t brood_managed_list_index(apr_size_t *index, brood_managed_list_t *list, brood_value_t item)
{
    return brood__proxy_size(index, list, "index", BROOD__WITH(item));
}

apr_status_t brood_managed_list_contains(bool *found, brood_managed_list_t *list, brood_value_t item)
{
    return brood__proxy_bool(found, list, "contains", BROOD__WITH(item));
}

apr_status_t brood_managed_list_count_of(apr_size_t *count, brood_managed_list_t *list, brood_value_t item)
{
    return brood__proxy_size(count, list, "count_of", BROOD__WITH(item));
}

apr_status_t brood_managed_list_splice(brood_managed_list_t *list, apr_ssize_t first, apr_ssize_t end,
                                       brood_value_t items)
{
    return brood__proxy_do(list, "splice", BROOD__WITH(brood_int(first), brood_int(end), items));
}

apr_status_t brood_managed_list_slice(brood_value_t *items, brood_managed_list_t *list, apr_ssize_t first,
                                      apr_ssize_t end, apr_pool_t *mem)
{
    return brood__proxy_call(items, list, "slice", BROOD__WITH(brood_int(first), brood_int(end)), mem);
}

apr_status_t brood_managed_list_sort(brood_managed_list_t *list)
{
    return brood__proxy_do(list, "sort", BROOD__WITH(brood_bool(false)));
}

apr_status_t brood_managed_list_sort_reverse(brood_managed_list_t *list)
{
    return brood__proxy_do(list, "sort", BROOD__WITH(brood_bool(true)));
}

apr_status_t brood_managed_list_reverse(brood_managed_list_t *list)
{
    return brood__proxy_do(list, "reverse", BROOD__WITHOUT);
}

apr_status_t brood_managed_list_repeat(brood_managed_list_t *list, apr_size_t times)
{
    return brood__proxy_do(list, "repeat", BROOD__WITH(brood_uint(times)));
}

apr_status_t brood_managed_list_count(apr_size_t *count, brood_managed_list_t *list)
{
    return brood__proxy_size(count, list, "count", BROOD__WITHOUT);
}

apr_status_t brood_managed_list_get_many(brood_value_t *items, brood_managed_list_t *list, brood_value_t indexes,
                                         apr_pool_t *mem)
{
    return brood__proxy_call(items, list, "get_many", BROOD__WITH(indexes), mem);
}

apr_status_t brood_managed_list_set_path(brood_managed_list_t *list, brood_value_t path, brood_value_t value)
{
    return brood__proxy_do(list, "set_path", BROOD__WITH(path, value));
}

apr_status_t brood_managed_list_clear(brood_managed_list_t *list)
{
    return brood__proxy_do(list, "clear", BROOD__WITHOUT);
}

apr_status_t brood_managed_list_copy(brood_value_t *items, brood_managed_list_t *list, apr_pool_t *mem)
{
    return brood__proxy_call(items, list, "copy", BROOD__WITHOUT, mem);
}

void brood_managed_list_close(brood_managed_list_t *list)
{
    brood__proxy_close(list);
}
