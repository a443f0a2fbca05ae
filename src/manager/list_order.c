/* list_order.c - a managed list: all of it in another order, or all of it again. */
#include "base/value.h"
#include "manager/contents.h"
#include "manager/list_type.h"
#include <inttypes.h>
#include <stdlib.h>

/* What repeating a list may come to. */
#define MOST_ITEMS (UINT64_C(1) << 24)
#define MOST_BYTES (UINT64_C(1) << 30)

/* ---- sort ---- */

typedef struct sorted_t {
    brood_value_t value;
    brood__stored_t *stored;
} sorted_t;

static bool has_object(const brood_value_t *value)
{
    const size_t count = value->kind == BROOD_KIND_LIST  ? value->as.list.count
                         : value->kind == BROOD_KIND_MAP ? 2 * value->as.list.count
                                                         : 0;

    for (size_t i = 0; i < count; i++)
        if (has_object(&value->as.list.items[i]))
            return true;
    return value->kind == BROOD_KIND_OBJECT;
}

/* Two neighbouring runs of `from` become one of `to`.  What is equal keeps its order, reversed or not. */
static void merge(sorted_t *to, const sorted_t *from, size_t middle, size_t count, bool reverse)
{
    size_t left = 0, right = middle;

    for (size_t i = 0; i < count; i++) {
        int order = left == middle ? 1 : -1;

        if (left < middle && right < count) {
            order = brood__value_order(from[left].value, from[right].value);
            order = reverse ? -order : order;
        }
        to[i] = order <= 0 ? from[left++] : from[right++];
    }
}

/* Runs of 1, 2, 4 ... items, to and fro between two arrays; returns the one in which it ends. */
static sorted_t *sort(sorted_t *items, sorted_t *spare, size_t count, bool reverse)
{
    for (size_t run = 1; run < count; run *= 2) {
        sorted_t *sorted = spare;

        for (size_t at = 0; at < count; at += 2 * run) {
            const size_t left = count - at;

            merge(spare + at, items + at, left < run ? left : run, left < 2 * run ? left : 2 * run, reverse);
        }
        spare = items;
        items = sorted;
    }
    return items;
}

static apr_status_t decode_all(sorted_t *items, const brood__stored_array_t *array, apr_pool_t *mem)
{
    for (size_t i = 0; i < array->count; i++) {
        items[i].stored = *brood__stored_array_at(array, i);
        BROOD_TRY(brood__stored_value(&items[i].value, items[i].stored, mem));
        if (has_object(&items[i].value))
            return brood_fail(BROOD_EKIND,
                              "item %" PRIu64 " of the managed list is or has an object, which has no order",
                              (uint64_t) i);
    }
    return APR_SUCCESS;
}

static apr_status_t sort_all(brood__request_t *request, bool reverse)
{
    const brood__stored_array_t *array = brood__list_array(request);
    sorted_t *items = apr_palloc(request->mem, 2 * (array->count + 1) * sizeof *items);

    if (items == NULL)
        return brood_fail_text(APR_ENOMEM, "the manager has no memory to sort a list");
    BROOD_TRY(decode_all(items, array, request->mem));
    items = sort(items, items + array->count, array->count, reverse);
    for (size_t i = 0; i < array->count; i++)
        *brood__stored_array_at(array, i) = items[i].stored;
    return brood__return_nil(request);
}

/* sort(), sort(reverse): numbers by value, text and bytes by their bytes, one kind after the other. */
apr_status_t brood__list_sort(brood__request_t *request)
{
    bool reverse = false;

    BROOD_TRY(brood__request_bool(&reverse, request, 0));
    return sort_all(request, reverse);
}

apr_status_t brood__list_sort_reverse(brood__request_t *request)
{
    return sort_all(request, true);
}

/* reverse() */
apr_status_t brood__list_reverse(brood__request_t *request)
{
    const brood__stored_array_t *array = brood__list_array(request);

    for (size_t i = 0; i < array->count / 2; i++) {
        brood__stored_t **one = brood__stored_array_at(array, i);
        brood__stored_t **other = brood__stored_array_at(array, array->count - 1 - i), *item = *one;

        *one = *other;
        *other = item;
    }
    return brood__return_nil(request);
}

/* ---- repeat ---- */

static apr_status_t check_repeat(const brood__stored_array_t *array, uint64_t times)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < array->count; i++)
        bytes += sizeof(brood__stored_t) + (*brood__stored_array_at(array, i))->size;
    if (array->count != 0 && (times > MOST_ITEMS / array->count || times > MOST_BYTES / bytes))
        return brood_fail(BROOD_ETOOBIG, "a managed list repeated %" PRIu64 " times is larger than 2^24 items or 1 GiB",
                          times);
    return APR_SUCCESS;
}

/* The items `more` times, in an array by malloc. */
static apr_status_t copy_all(brood__stored_t ***copies, const brood__stored_array_t *array, size_t more)
{
    const size_t count = array->count * more;
    brood__stored_t **made = malloc((count + 1) * sizeof *made);

    for (size_t i = 0; made != NULL && i < count; i++) {
        made[i] = brood__content_copy(*brood__stored_array_at(array, i % array->count));
        if (made[i] == NULL) {
            brood__contents_empty(made, i);
            free((void *) made);
            made = NULL;
        }
    }
    if (made == NULL)
        return brood_fail_text(APR_ENOMEM, "the manager has no memory to repeat a list");
    *copies = made;
    return APR_SUCCESS;
}

/* repeat(times): what Python's *= does. */
apr_status_t brood__list_repeat(brood__request_t *request)
{
    brood__stored_array_t *array = brood__list_array(request);
    brood_value_t times = brood_nil();
    brood__stored_t **copies = NULL;
    size_t count;
    apr_status_t rc;

    BROOD_TRY(brood__argument(&times, request, 0, BROOD_KIND_INT));
    if (times.as.integer <= 0)
        brood__stored_array_clear(array);
    if (times.as.integer <= 1 || array->count == 0)
        return brood__return_nil(request);
    BROOD_TRY(check_repeat(array, (uint64_t) times.as.integer));
    count = array->count * ((size_t) times.as.integer - 1);
    BROOD_TRY(copy_all(&copies, array, (size_t) times.as.integer - 1));
    rc = brood__stored_array_replace(array, array->count, 0, copies, count);
    if (rc != APR_SUCCESS)
        brood__contents_empty(copies, count);
    free((void *) copies);
    return rc == APR_SUCCESS ? brood__return_nil(request) : rc;
}
