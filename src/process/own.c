/* own.c - memory pools of brood's own. */
#include "process/own.h"

#include <apr_allocator.h>
#include <apr_thread_mutex.h>

#define KEEP_FREE (256 * 1024) /* bytes that pools have given back and the next will take */

static apr_allocator_t *allocator;
static apr_pool_t *root;

apr_status_t brood__own_begin(bool forked)
{
    apr_thread_mutex_t *lock;
    apr_status_t rc;

    if (root != NULL && !forked)
        return APR_SUCCESS;
    root = NULL;
    rc = apr_allocator_create(&allocator);
    if (rc != APR_SUCCESS)
        return rc;
    apr_allocator_max_free_set(allocator, KEEP_FREE);
    rc = apr_pool_create_unmanaged_ex(&root, NULL, allocator);
    if (rc == APR_SUCCESS)
        rc = apr_thread_mutex_create(&lock, APR_THREAD_MUTEX_DEFAULT, root);
    if (rc == APR_SUCCESS)
        apr_allocator_mutex_set(allocator, lock);
    else
        root = NULL;
    return rc;
}

apr_status_t brood__own_pool(apr_pool_t **pool)
{
    return apr_pool_create_unmanaged_ex(pool, NULL, allocator);
}

apr_pool_t *brood__own_root(void)
{
    return root;
}
