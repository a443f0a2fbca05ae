#include "base/own.h"
#include "base/status.h"
#include "manager/manager.h"
#include "manager/methods.h"
#include <brood/shareable_list.h>

/* The server opens it under its own name, which is the object's name, too, so that it stays until shutdown. */
static apr_status_t track(brood_manager_t *manager, const char *name, apr_pool_t *mem)
{
    const brood_value_t args[] = {brood_text(name)};
    void *ref = NULL;

    BROOD_TRY(brood__proxy_open(&ref, &brood__proxy_kind, brood__manager_origin(manager), "block", name, args, 1, mem));
    brood__proxy_close(ref);
    return APR_SUCCESS;
}

/* To the server's process, if it is a child of ours; else the name stays until the server takes it away. */
static apr_status_t hand_over(brood_shared_memory_t *memory, brood_manager_t *manager)
{
    return manager->process != NULL ? brood_shared_memory_give(memory, manager->process)
                                    : brood_shared_memory_keep(memory);
}

/* If the server does not take it, it goes with whoever has made it: at once, as that fails. */
static apr_status_t entrust(brood_shared_memory_t *memory, brood_manager_t *manager)
{
    apr_pool_t *pool;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&pool));
    rc = track(manager, brood_shared_memory_name(memory), pool);
    if (rc == APR_SUCCESS)
        rc = hand_over(memory, manager);
    apr_pool_destroy(pool);
    return rc;
}

apr_status_t brood_manager_shared_memory(brood_shared_memory_t **memory, brood_manager_t *manager, apr_size_t size,
                                         apr_pool_t *mem)
{
    brood_shared_memory_t *made = NULL;
    apr_status_t rc;

    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood_shared_memory_create(&made, NULL, size, mem));
    rc = entrust(made, manager);
    if (rc == APR_SUCCESS)
        *memory = made;
    else
        brood_shared_memory_close(made);
    return rc;
}

apr_status_t brood_manager_shareable_list(brood_shareable_list_t **list, brood_manager_t *manager, brood_value_t items,
                                          apr_pool_t *mem)
{
    brood_shareable_list_t *made = NULL;
    apr_status_t rc;

    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood_shareable_list_create(&made, NULL, items, mem));
    rc = entrust(brood_shareable_list_memory(made), manager);
    if (rc == APR_SUCCESS)
        *list = made;
    else
        brood_shareable_list_close(made);
    return rc;
}

apr_status_t brood_manager_release_memory(brood_manager_t *manager, const char *name)
{
    const brood_value_t args[] = {brood_text(name)};
    apr_pool_t *pool;
    void *ref = NULL;
    apr_status_t rc;

    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood__own_pool(&pool));
    rc = brood__proxy_open(&ref, &brood__proxy_kind, brood__manager_origin(manager), "block", name, args, 1, pool);
    if (rc == APR_SUCCESS)
        rc = brood__proxy_do(ref, "release", NULL, 0);
    apr_pool_destroy(pool);
    return rc;
}
