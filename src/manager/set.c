/* set.c - a manager's sets, as their users have them. */
#include "manager/manager.h"
#include "manager/methods.h"
#include <brood/managed.h>

struct brood_managed_set_t {
    brood__proxy_ref_t proxy;
};

BROOD__PROXY_KIND(managed_set, BROOD__TAG_MANAGED_SET, "SetProxy", 0)
BROOD__KIND_FUNCTIONS(managed_set, BROOD__TAG_MANAGED_SET)

apr_status_t brood_manager_set(brood_managed_set_t **set, brood_manager_t *manager, const char *name, apr_pool_t *mem)
{
    void *ref = NULL;

    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood__proxy_open(&ref, &brood__managed_set_kind, brood__manager_origin(manager), "set", name,
                                BROOD__WITHOUT, mem));
    *set = ref;
    return APR_SUCCESS;
}

apr_status_t brood_managed_set_add(brood_managed_set_t *set, brood_value_t item)
{
    return brood__proxy_do(set, "add", BROOD__WITH(item));
}

apr_status_t brood_managed_set_discard(brood_managed_set_t *set, brood_value_t item)
{
    return brood__proxy_do(set, "discard", BROOD__WITH(item));
}

apr_status_t brood_managed_set_remove(brood_managed_set_t *set, brood_value_t item)
{
    return brood__proxy_do(set, "remove", BROOD__WITH(item));
}

apr_status_t brood_managed_set_contains(bool *found, brood_managed_set_t *set, brood_value_t item)
{
    return brood__proxy_bool(found, set, "contains", BROOD__WITH(item));
}

apr_status_t brood_managed_set_pop(brood_value_t *item, brood_managed_set_t *set, apr_pool_t *mem)
{
    return brood__proxy_call(item, set, "pop", BROOD__WITHOUT, mem);
}

apr_status_t brood_managed_set_update(brood_managed_set_t *set, brood_value_t items)
{
    return brood__proxy_do(set, "update", BROOD__WITH(items));
}

apr_status_t brood_managed_set_count(apr_size_t *count, brood_managed_set_t *set)
{
    return brood__proxy_size(count, set, "count", BROOD__WITHOUT);
}

apr_status_t brood_managed_set_copy(brood_value_t *items, brood_managed_set_t *set, apr_pool_t *mem)
{
    return brood__proxy_call(items, set, "copy", BROOD__WITHOUT, mem);
}

apr_status_t brood_managed_set_clear(brood_managed_set_t *set)
{
    return brood__proxy_do(set, "clear", BROOD__WITHOUT);
}

void brood_managed_set_close(brood_managed_set_t *set)
{
    brood__proxy_close(set);
}
