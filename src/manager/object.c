/* object.c - objects of a program's types, as their users have them; and whether a manager is there at all. */
#include "base/status.h"
#include "base/value.h"
#include "manager/manager.h"
#include "manager/methods.h"
#include <brood/managed.h>
#include <string.h>

#define ALIVE_TIMEOUT apr_time_from_msec(2500) /* and as long again to cancel it */

struct brood_proxy_t {
    brood__proxy_ref_t proxy;
};

BROOD__PROXY_KIND(proxy, BROOD__TAG_PROXY, "Proxy", 0)
BROOD__KIND_FUNCTIONS(proxy, BROOD__TAG_PROXY)

apr_status_t brood__args_of(const brood_value_t **args, size_t *count, brood_value_t list)
{
    char brief[BROOD__BRIEF];

    *args = NULL;
    *count = 0;
    if (list.kind == BROOD_KIND_NIL)
        return APR_SUCCESS;
    if (list.kind != BROOD_KIND_LIST)
        return brood_fail(BROOD_EARGS, "arguments are a list, not %s", brood__value_brief(brief, list));
    *args = list.as.list.items;
    *count = list.as.list.count;
    return APR_SUCCESS;
}

apr_status_t brood_manager_object(brood_proxy_t **proxy, brood_manager_t *manager, const char *type, const char *name,
                                  brood_value_t args, apr_pool_t *mem)
{
    const brood_value_t *items = NULL;
    size_t count = 0;
    void *ref = NULL;

    if (type == NULL)
        return brood_fail_text(APR_EINVAL, "the type of a managed object is NULL");
    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood__args_of(&items, &count, args));
    BROOD_TRY(
        brood__proxy_open(&ref, &brood__proxy_kind, brood__manager_origin(manager), type, name, items, count, mem));
    *proxy = ref;
    return APR_SUCCESS;
}

apr_status_t brood_proxy_call(brood_value_t *result, brood_proxy_t *proxy, const char *method, brood_value_t args,
                              apr_pool_t *mem)
{
    const brood_value_t *items = NULL;
    size_t count = 0;

    if (method == NULL)
        return brood_fail_text(APR_EINVAL, "the method to be called is NULL");
    BROOD_TRY(brood__args_of(&items, &count, args));
    return brood__proxy_call(result, proxy, method, items, count, mem);
}

void brood_proxy_close(brood_proxy_t *proxy)
{
    brood__proxy_close(proxy);
}

bool brood_manager_alive(brood_manager_t *manager)
{
    brood__origin_t origin = *brood__manager_origin(manager);
    brood_value_t count = brood_nil();
    bool alive;

    if (atomic_load(&manager->ended))
        return false;
    if (origin.call_timeout <= 0 || origin.call_timeout > ALIVE_TIMEOUT)
        origin.call_timeout = ALIVE_TIMEOUT;
    brood__status_hold(true);
    alive = brood__client_call(&count, &origin, 0, "count", NULL, 0, BROOD_NOWAIT, NULL) == APR_SUCCESS;
    brood__status_hold(false);
    return alive;
}
