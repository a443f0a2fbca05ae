/* own.c - memory pools and threads of brood's own. */
#include "base/own.h"

#include "platform/self.h"
#include <apr_allocator.h>
#include <apr_thread_mutex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#define KEEP_FREE (256 * 1024) /* bytes that pools have given back and the next will take */

static apr_allocator_t *allocator;
static apr_allocator_t *root_allocator; /* without the lock, which whoever allocates from the root has */
static apr_thread_mutex_t *lock;
static bool locked; /* by brood__own_lock */
static apr_pool_t *root;
static _Atomic uint64_t threads; /* pid << 32 | count, so that a forked child starts from nothing */

static apr_status_t make_root(void)
{
    apr_status_t rc = apr_allocator_create(&root_allocator);

    if (rc == APR_SUCCESS)
        rc = apr_pool_create_unmanaged_ex(&root, NULL, root_allocator);
    /* Not nested: a forked child may give back a lock that its parent's thread took, but not one that has an owner. */
    return rc == APR_SUCCESS ? apr_thread_mutex_create(&lock, APR_THREAD_MUTEX_UNNESTED, root) : rc;
}

apr_status_t brood__own_begin(void)
{
    apr_status_t rc;

    if (lock != NULL)
        return APR_SUCCESS;
    rc = apr_allocator_create(&allocator);
    if (rc == APR_SUCCESS)
        rc = make_root();
    if (rc != APR_SUCCESS)
        return rc;
    apr_allocator_max_free_set(allocator, KEEP_FREE);
    apr_allocator_mutex_set(allocator, lock);
    return APR_SUCCESS;
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

    return copy != NULL && size != 0 ? memcpy(copy, data, size) : copy; /* `data` may be NULL then */
}

static void count_thread(int change)
{
    const uint64_t pid = (uint64_t) brood__self_pid() << 32;
    uint64_t seen = atomic_load(&threads), next;

    do
        next = (seen >> 32 << 32 == pid ? seen : pid) + (uint64_t) (int64_t) change;
    while (!atomic_compare_exchange_weak(&threads, &seen, next));
}

unsigned brood__own_threads(void)
{
    const uint64_t seen = atomic_load(&threads);

    return seen >> 32 == brood__self_pid() ? (unsigned) (seen & UINT32_MAX) : 0;
}

void brood__own_thread_begins(void)
{
    count_thread(1);
}

void brood__own_thread_ended(void)
{
    count_thread(-1);
}

/* A thread that is alone keeps nobody out, and its forked child has nothing to give back. */
void brood__own_lock(void)
{
    const bool alone = brood__self_alone();

    if (!alone)
        apr_thread_mutex_lock(lock);
    locked = !alone;
}

void brood__own_unlock(void)
{
    if (locked)
        apr_thread_mutex_unlock(lock);
}
