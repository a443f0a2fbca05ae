/* namespace.c - a manager's namespaces, as their users have them. */
#include "manager/manager.h"
#include "manager/methods.h"
#include <brood/managed.h>

struct brood_namespace_t {
    brood__proxy_ref_t proxy;
};

BROOD__PROXY_KIND(namespace, BROOD__TAG_NAMESPACE, "NamespaceProxy", 0)

/* By hand, since a parameter called namespace would be no C++. */
brood_value_t brood_namespace_to_value(brood_namespace_t *space)
{
    return brood__kind_to_value(BROOD__TAG_NAMESPACE, space);
}

apr_status_t brood_namespace_from_value(brood_namespace_t **space, brood_value_t value)
{
    void *object = NULL;

    BROOD_TRY(brood__kind_from_value(&object, BROOD__TAG_NAMESPACE, value));
    *space = object;
    return APR_SUCCESS;
}

brood_slot_t brood_slot_namespace(brood_namespace_t **target)
{
    return brood__kind_slot(BROOD__TAG_NAMESPACE, target);
}

apr_status_t brood_manager_namespace(brood_namespace_t **space, brood_manager_t *manager, const char *name,
                                     apr_pool_t *mem)
{
    void *ref = NULL;

    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood__proxy_open(&ref, &brood__namespace_kind, brood__manager_origin(manager), "namespace", name,
                                BROOD__WITHOUT, mem));
    *space = ref;
    return APR_SUCCESS;
}

static apr_status_t check_name(const char *name)
{
    return name != NULL ? APR_SUCCESS : brood_fail_text(APR_EINVAL, "the name in a namespace is NULL");
}

apr_status_t brood_namespace_get(brood_value_t *value, brood_namespace_t *space, const char *name, apr_pool_t *mem)
{
    BROOD_TRY(check_name(name));
    return brood__proxy_call(value, space, "get", BROOD__WITH(brood_text(name)), mem);
}

apr_status_t brood_namespace_set(brood_namespace_t *space, const char *name, brood_value_t value)
{
    BROOD_TRY(check_name(name));
    return brood__proxy_do(space, "set", BROOD__WITH(brood_text(name), value));
}

apr_status_t brood_namespace_delete(brood_namespace_t *space, const char *name)
{
    BROOD_TRY(check_name(name));
    return brood__proxy_do(space, "delete", BROOD__WITH(brood_text(name)));
}

apr_status_t brood_namespace_copy(brood_value_t *map, brood_namespace_t *space, apr_pool_t *mem)
{
    return brood__proxy_call(map, space, "copy", BROOD__WITHOUT, mem);
}

void brood_namespace_close(brood_namespace_t *space)
{
    brood__proxy_close(space);
}
