/* own.c - memory pools of brood's own. */
#include "base/own.h"

#include <apr_allocator.h>
#include <apr_thread_mutex.h>
#include <string.h>

#define SPARES 8
#define KEEP_FREE (64 * 1024) /* bytes that a spare one keeps */

static apr_thread_mutex_t *lock;
static apr_pool_t *root;
static apr_pool_t *spare[SPARES];
static int spares;

static apr_status_t make_pool(apr_pool_t **pool)
{
    const apr_status_t rc = apr_pool_create_unmanaged_ex(pool, NULL, NULL);

    if (rc == APR_SUCCESS)
        apr_allocator_max_free_set(apr_pool_allocator_get(*pool), KEEP_FREE);
    return rc;
}

apr_status_t brood__own_begin(void)
{
    apr_status_t rc;

    if (lock != NULL)
        return APR_SUCCESS;
    rc = make_pool(&root);
    /* Not nested: a forked child may give back a lock that its parent's thread took, but not one that has an owner. */
    return rc == APR_SUCCESS ? apr_thread_mutex_create(&lock, APR_THREAD_MUTEX_UNNESTED, root) : rc;
}

apr_status_t brood__own_pool(apr_pool_t **pool)
{
    const apr_status_t rc = brood__own_begin();

    if (rc != APR_SUCCESS)
        return rc;
    *pool = NULL;
    brood__own_lock();
    if (spares != 0)
        *pool = spare[--spares];
    brood__own_unlock();
    return *pool != NULL ? APR_SUCCESS : make_pool(pool);
}

void brood__own_pool_end(apr_pool_t *pool)
{
    apr_pool_clear(pool);
    brood__own_lock();
    if (spares < SPARES) {
        spare[spares++] = pool;
        pool = NULL;
    }
    brood__own_unlock();
    if (pool != NULL)
        apr_pool_destroy(pool);
}

void brood__own_share(apr_pool_t *pool)
{
    apr_allocator_t *allocator = apr_pool_allocator_get(pool);

    if (apr_allocator_mutex_get(allocator) != lock)
        apr_allocator_mutex_set(allocator, lock);
}

apr_pool_t *brood__own_root(void)
{
    return root;
}

void *brood__own_alloc(size_t size)
{
    void *memory;

    if (brood__own_begin() != APR_SUCCESS)
        return NULL;
    brood__own_lock();
    memory = apr_pcalloc(root, size);
    brood__own_unlock();
    return memory;
}

void *brood__own_copy(const void *data, size_t size)
{
    void *copy = brood__own_alloc(size);

    return copy != NULL ? memcpy(copy, data, size) : NULL;
}

void brood__own_lock(void)
{
    apr_thread_mutex_lock(lock);
}

void brood__own_unlock(void)
{
    apr_thread_mutex_unlock(lock);
}
