#include "memory/object.h"
#include "sync/kinds.h"
#include "sync/lock.h"
#include <apr_strings.h>
#include <brood/shared.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* In the arena: head, then the items. */
typedef struct shared_array_t {
    brood__object_t object;
    uint64_t count;
    uint64_t item_size;
    uint64_t lock; /* word of the array's RLock, which each holder of the array holds too; 0: a raw array */
    _Alignas(64) char items[];
} shared_array_t;

struct brood_array_t {
    brood__ref_t ref;
    brood_lock_t *lock;
    apr_size_t count;
    apr_size_t item_size;
};

static shared_array_t *shared(const brood_array_t *array)
{
    return (shared_array_t *) array->ref.object;
}

/* `lock` NULL: a raw array. */
static apr_status_t create(brood_array_t **array, apr_size_t count, apr_size_t item_size, const void *initial,
                           brood_lock_t *lock, apr_pool_t *mem)
{
    shared_array_t *self;
    void *ref;

    BROOD_TRY(brood__object_create(&ref, sizeof **array, &brood__array_kind,
                                   sizeof *self + (uint64_t) count * item_size, mem));
    *array = ref;
    (*array)->lock = lock;
    (*array)->count = count;
    (*array)->item_size = item_size;
    self = shared(*array);
    self->count = count;
    self->item_size = item_size;
    self->lock = lock == NULL ? 0 : brood__lock_word(lock);
    if (initial != NULL && count != 0)
        memcpy(self->items, initial, count * item_size);
    brood__object_publish(ref);
    return APR_SUCCESS;
}

static apr_status_t check_size(apr_size_t count, apr_size_t item_size)
{
    if (item_size == 0 || count > (SIZE_MAX / 2 - sizeof(shared_array_t)) / item_size)
        return brood_fail(APR_EINVAL, "%" PRIu64 " items of %" PRIu64 " bytes cannot be", (uint64_t) count,
                          (uint64_t) item_size);
    return APR_SUCCESS;
}

apr_status_t brood_array_create(brood_array_t **array, apr_size_t count, apr_size_t item_size, const void *initial,
                                apr_pool_t *mem)
{
    brood_lock_t *lock;
    apr_status_t rc;

    BROOD_TRY(check_size(count, item_size));
    BROOD_TRY(brood_rlock_create(&lock, mem));
    rc = create(array, count, item_size, initial, lock, mem);
    if (rc != APR_SUCCESS)
        brood_lock_close(lock);
    return rc;
}

apr_status_t brood_raw_array_create(brood_array_t **array, apr_size_t count, apr_size_t item_size, const void *initial,
                                    apr_pool_t *mem)
{
    BROOD_TRY(check_size(count, item_size));
    return create(array, count, item_size, initial, NULL, mem);
}

void *brood_array_data(brood_array_t *array)
{
    return array->ref.object == NULL ? NULL : shared(array)->items;
}

apr_size_t brood_array_count(const brood_array_t *array)
{
    return array->count;
}

apr_size_t brood_array_item_size(const brood_array_t *array)
{
    return array->item_size;
}

brood_lock_t *brood_array_lock(brood_array_t *array)
{
    return array->lock;
}

void brood_array_close(brood_array_t *array)
{
    if (array->lock != NULL)
        brood_lock_close(array->lock);
    brood__object_close(array);
}

/* ---- as a value: with its lock ---- */

static apr_status_t pack(uint64_t *word, void *object, uint32_t to)
{
    brood_array_t *array = object;

    if (array->ref.object == NULL)
        return brood__object_closed("array");
    if (array->lock != NULL)
        BROOD_TRY(brood__object_pack(word, array->lock, to));
    return brood__object_pack(word, array, to);
}

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    brood_array_t *array;
    apr_status_t rc;

    BROOD_TRY(brood__object_unpack(object, sizeof *array, &brood__array_kind, word, mem));
    array = *object;
    array->count = (apr_size_t) shared(array)->count;
    array->item_size = (apr_size_t) shared(array)->item_size;
    if (shared(array)->lock == 0)
        return APR_SUCCESS;
    rc = brood__lock_from_word(&array->lock, shared(array)->lock, mem);
    if (rc != APR_SUCCESS)
        brood__object_close(array);
    return rc;
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    const brood_array_t *array = object;

    if (array->ref.object == NULL)
        return brood__object_closed("array");
    return unpack(copied, brood__offset(array->ref.object), mem);
}

static const char *string(void *object, apr_pool_t *mem)
{
    const brood_array_t *array = object;
    char text[80];

    if (array->ref.object == NULL)
        return "<Array closed>";
    (void) snprintf(text, sizeof text, "<Array count=%" PRIu64 " item_size=%" PRIu64 ">", (uint64_t) array->count,
                    (uint64_t) array->item_size);
    return apr_pstrdup(mem, text);
}

const brood__kind_t brood__array_kind = {
    .tag = BROOD__TAG_ARRAY,
    .name = "Array",
    .pack = pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
};

BROOD__KIND_FUNCTIONS(array, BROOD__TAG_ARRAY)
