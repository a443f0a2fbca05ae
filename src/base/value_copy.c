/* value_copy.c - deep copies. */
#include "base/value.h"

#include "base/kind.h"
#include <string.h>

static bool shallow(const brood_value_t *items, apr_size_t count, int room)
{
    apr_size_t i;

    for (i = 0; i < count; i++) {
        apr_size_t below = items[i].kind == BROOD_KIND_LIST  ? items[i].as.list.count
                           : items[i].kind == BROOD_KIND_MAP ? 2 * items[i].as.list.count
                                                             : 0;

        if (items[i].kind != BROOD_KIND_LIST && items[i].kind != BROOD_KIND_MAP)
            continue;
        if (room == 0 || !shallow(items[i].as.list.items, below, room - 1))
            return false;
    }
    return true;
}

bool brood__value_shallow(brood_value_t value)
{
    return shallow(&value, 1, BROOD__DEPTH);
}

/* The bytes and a NUL after them. */
static apr_status_t copy_bytes(const void **copied, const void *data, apr_size_t size, apr_pool_t *mem)
{
    char *copy;

    if (data == NULL && size != 0)
        return brood_fail_text(APR_EINVAL, "text or bytes without data");
    copy = size < SIZE_MAX ? apr_palloc(mem, size + 1) : NULL;
    if (copy == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory to copy a value");
    if (size != 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    *copied = copy;
    return APR_SUCCESS;
}

static apr_status_t copy_value(brood_value_t *copied, const brood_value_t *value, apr_pool_t *mem);

static apr_status_t copy_items(brood_value_t *copied, apr_size_t count, const brood_value_t *items, apr_pool_t *mem)
{
    brood_value_t *copies = count <= SIZE_MAX / sizeof *copies ? apr_palloc(mem, count * sizeof *copies) : NULL;
    apr_size_t i;

    if (copies == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory to copy a value");
    for (i = 0; i < count; i++)
        BROOD_TRY(copy_value(&copies[i], &items[i], mem));
    copied->as.list.items = copies;
    return APR_SUCCESS;
}

static apr_status_t copy_object(brood_value_t *copied, const brood_value_t *value, apr_pool_t *mem)
{
    const brood__kind_t *kind = brood__kind_find(value->tag);

    if (kind == NULL || value->as.object == NULL)
        return brood_fail_text(BROOD_EKIND, "value is an object that this program does not know");
    return kind->copy(&copied->as.object, value->as.object, mem);
}

static apr_status_t copy_value(brood_value_t *copied, const brood_value_t *value, apr_pool_t *mem)
{
    const void *data = NULL;

    *copied = *value;
    switch (value->kind) {
    case BROOD_KIND_TEXT:
        BROOD_TRY(copy_bytes(&data, value->as.text.data, value->as.text.size, mem));
        copied->as.text.data = data;
        copied->tag = BROOD__TEXT_ENDS;
        return APR_SUCCESS;
    case BROOD_KIND_BYTES:
    case BROOD_KIND_EXT:
        return copy_bytes(&copied->as.bytes.data, value->as.bytes.data, value->as.bytes.size, mem);
    case BROOD_KIND_LIST:
        return copy_items(copied, value->as.list.count, value->as.list.items, mem);
    case BROOD_KIND_MAP:
        return copy_items(copied, 2 * value->as.list.count, value->as.list.items, mem);
    case BROOD_KIND_OBJECT:
        return copy_object(copied, value, mem);
    default:
        return APR_SUCCESS;
    }
}

apr_status_t brood__value_copy(brood_value_t *copied, brood_value_t value, apr_pool_t *mem)
{
    brood_value_t made;

    if (!brood__value_shallow(value))
        return brood_fail(APR_EINVAL, "value is nested deeper than %d lists", BROOD__DEPTH);
    BROOD_TRY(copy_value(&made, &value, mem));
    *copied = made;
    return APR_SUCCESS;
}

brood_value_t brood_value_copy(brood_value_t value, apr_pool_t *mem)
{
    brood_value_t copied;

    return brood__value_copy(&copied, value, mem) == APR_SUCCESS ? copied : brood_nil();
}
