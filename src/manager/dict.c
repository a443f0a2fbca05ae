/* dict.c - a manager's dictionaries, as their users have them. */
#include "manager/manager.h"
#include "manager/methods.h"
#include <brood/managed.h>

struct brood_managed_dict_t {
    brood__proxy_ref_t proxy;
};

BROOD__PROXY_KIND(managed_dict, BROOD__TAG_MANAGED_DICT, "DictProxy", 0)
BROOD__KIND_FUNCTIONS(managed_dict, BROOD__TAG_MANAGED_DICT)

apr_status_t brood_manager_dict(brood_managed_dict_t **dict, brood_manager_t *manager, const char *name,
                                apr_pool_t *mem)
{
    void *ref = NULL;

    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood__proxy_open(&ref, &brood__managed_dict_kind, brood__manager_origin(manager), "dict", name,
                                BROOD__WITHOUT, mem));
    *dict = ref;
    return APR_SUCCESS;
}

apr_status_t brood_managed_dict_get(brood_value_t *value, brood_managed_dict_t *dict, brood_value_t key,
                                    apr_pool_t *mem)
{
    return brood__proxy_call(value, dict, "get", BROOD__WITH(key), mem);
}

apr_status_t brood_managed_dict_set(brood_managed_dict_t *dict, brood_value_t key, brood_value_t value)
{
    return brood__proxy_do(dict, "set", BROOD__WITH(key, value));
}

apr_status_t brood_managed_dict_setdefault(brood_value_t *value, brood_managed_dict_t *dict, brood_value_t key,
                                           brood_value_t otherwise, apr_pool_t *mem)
{
    return brood__proxy_call(value, dict, "setdefault", BROOD__WITH(key, otherwise), mem);
}

apr_status_t brood_managed_dict_update(brood_managed_dict_t *dict, brood_value_t map)
{
    return brood__proxy_do(dict, "update", BROOD__WITH(map));
}

apr_status_t brood_managed_dict_get_many(brood_value_t *values, brood_managed_dict_t *dict, brood_value_t keys,
                                         apr_pool_t *mem)
{
    return brood__proxy_call(values, dict, "get_many", BROOD__WITH(keys), mem);
}

apr_status_t brood_managed_dict_set_path(brood_managed_dict_t *dict, brood_value_t path, brood_value_t value)
{
    return brood__proxy_do(dict, "set_path", BROOD__WITH(path, value));
}

apr_status_t brood_managed_dict_pop(brood_value_t *value, brood_managed_dict_t *dict, brood_value_t key,
                                    apr_pool_t *mem)
{
    return brood__proxy_call(value, dict, "pop", BROOD__WITH(key), mem);
}

apr_status_t brood_managed_dict_popitem(brood_value_t *key, brood_value_t *value, brood_managed_dict_t *dict,
                                        apr_pool_t *mem)
{
    brood_value_t pair = brood_nil();

    BROOD_TRY(brood__proxy_call(&pair, dict, "popitem", BROOD__WITHOUT, mem));
    *key = brood_value_at(pair, 0);
    *value = brood_value_at(pair, 1);
    return APR_SUCCESS;
}

apr_status_t brood_managed_dict_delete(brood_managed_dict_t *dict, brood_value_t key)
{
    return brood__proxy_do(dict, "delete", BROOD__WITH(key));
}

apr_status_t brood_managed_dict_contains(bool *found, brood_managed_dict_t *dict, brood_value_t key)
{
    return brood__proxy_bool(found, dict, "contains", BROOD__WITH(key));
}

apr_status_t brood_managed_dict_count(apr_size_t *count, brood_managed_dict_t *dict)
{
    return brood__proxy_size(count, dict, "count", BROOD__WITHOUT);
}

apr_status_t brood_managed_dict_clear(brood_managed_dict_t *dict)
{
    return brood__proxy_do(dict, "clear", BROOD__WITHOUT);
}

apr_status_t brood_managed_dict_keys(brood_value_t *keys, brood_managed_dict_t *dict, apr_pool_t *mem)
{
    return brood__proxy_call(keys, dict, "keys", BROOD__WITHOUT, mem);
}

apr_status_t brood_managed_dict_values(brood_value_t *values, brood_managed_dict_t *dict, apr_pool_t *mem)
{
    return brood__proxy_call(values, dict, "values", BROOD__WITHOUT, mem);
}

apr_status_t brood_managed_dict_items(brood_value_t *items, brood_managed_dict_t *dict, apr_pool_t *mem)
{
    return brood__proxy_call(items, dict, "items", BROOD__WITHOUT, mem);
}

apr_status_t brood_managed_dict_copy(brood_value_t *map, brood_managed_dict_t *dict, apr_pool_t *mem)
{
    return brood__proxy_call(map, dict, "copy", BROOD__WITHOUT, mem);
}

/* The server says where it is to go on, and which pair this was; or nil. */
apr_status_t brood_managed_dict_next(bool *more, apr_int64_t *position, brood_value_t *key, brood_value_t *value,
                                     brood_managed_dict_t *dict, apr_pool_t *mem)
{
    brood_value_t found = brood_nil();
    apr_int64_t next = 0;

    BROOD_TRY(brood__proxy_call(&found, dict, "next", BROOD__WITH(brood_int(*position)), mem));
    if (found.kind != BROOD_KIND_NIL) {
        BROOD_TRY(brood_value_int(&next, brood_value_at(found, 0)));
        *position = next;
        *key = brood_value_at(found, 1);
        *value = brood_value_at(found, 2);
    }
    *more = found.kind != BROOD_KIND_NIL;
    return APR_SUCCESS;
}

void brood_managed_dict_close(brood_managed_dict_t *dict)
{
    brood__proxy_close(dict);
}
