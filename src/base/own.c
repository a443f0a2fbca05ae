/* own.c - memory pools of brood's own. */
#include "base/own.h"

#include <apr_allocator.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#define KEEP_FREE (256 * 1024) /* bytes that pools have given back and the next will take */

static apr_allocator_t *allocator;
static apr_thread_mutex_t *lock;
static apr_pool_t *root;

static apr_status_t make_lock(void)
{
    /* Nested: who forks allocates meanwhile. */
    const apr_status_t rc = apr_thread_mutex_create(&lock, APR_THREAD_MUTEX_NESTED, root);

    if (rc == APR_SUCCESS)
        apr_allocator_mutex_set(allocator, lock);
    return rc;
}

apr_status_t brood__own_begin(void)
{
    apr_status_t rc;

    if (lock != NULL)
        return APR_SUCCESS;
    rc = apr_allocator_create(&allocator);
    if (rc != APR_SUCCESS)
        return rc;
    apr_allocator_max_free_set(allocator, KEEP_FREE);
    rc = apr_pool_create_unmanaged_ex(&root, NULL, allocator);
    return rc == APR_SUCCESS ? make_lock() : rc;
}

apr_status_t brood__own_pool(apr_pool_t **pool)
{
    const apr_status_t rc = brood__own_begin();

    if (rc != APR_SUCCESS)
        return rc;
    return apr_pool_create_unmanaged_ex(pool, NULL, allocator);
}

apr_pool_t *brood__own_root(void)
{
    return root;
}

void *brood__own_copy(const void *data, size_t size)
{
    void *copy;

    brood__own_lock();
    copy = apr_pmemdup(root, data, size);
    brood__own_unlock();
    return copy;
}

void brood__own_lock(void)
{
    apr_thread_mutex_lock(lock);
}

void brood__own_unlock(void)
{
    apr_thread_mutex_unlock(lock);
}

apr_status_t brood__own_forked(void)
{
    apr_allocator_mutex_set(allocator, NULL); /* the parent's thread owns it, and that is not this one */
    return make_lock();
}
