/* contents.c - what the types that keep values for clients have in common. */
#include "manager/contents.h"

#include "base/value.h"
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* items() of a dict has two lists around each value. */
#define DEPTH (BROOD__DEPTH - 2)

/* ---- values that an object contains ---- */

static bool fits(const brood_value_t *value, int depth)
{
    const size_t count = value->kind == BROOD_KIND_LIST  ? value->as.list.count
                         : value->kind == BROOD_KIND_MAP ? 2 * value->as.list.count
                                                         : 0;

    if (value->kind != BROOD_KIND_LIST && value->kind != BROOD_KIND_MAP)
        return true;
    if (depth == DEPTH)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!fits(&value->as.list.items[i], depth + 1))
            return false;
    return true;
}

apr_status_t brood__content_create(brood__stored_t **stored, brood_value_t value)
{
    if (!fits(&value, 0))
        return brood_fail(BROOD_EENCODE, "lists and maps in a managed object cannot be nested deeper than %d", DEPTH);
    return brood__stored_create(stored, value);
}

brood__stored_t *brood__content_copy(const brood__stored_t *stored)
{
    const size_t size = sizeof *stored + stored->size + (size_t) stored->objects * sizeof(uint64_t);
    brood__stored_t *copy = malloc(size);

    if (copy == NULL)
        return NULL;
    memcpy(copy, stored, size);
    for (uint32_t i = 0; i < copy->objects; i++)
        brood__referent_hold_inside(brood__referent_find(brood__stored_object(copy, i)));
    return copy;
}

apr_status_t brood__contents_fill(brood__stored_t **contents, const brood_value_t *values, size_t count)
{
    apr_status_t rc;

    for (size_t i = 0; i < count; i++) {
        rc = brood__content_create(&contents[i], values[i]);
        if (rc != APR_SUCCESS) {
            brood__contents_empty(contents, i);
            return rc;
        }
    }
    return APR_SUCCESS;
}

void brood__contents_empty(brood__stored_t *const *contents, size_t count)
{
    for (size_t i = 0; i < count; i++)
        brood__stored_free(contents[i]);
}

apr_status_t brood__contents_create(brood__stored_t ***contents, const brood_value_t *values, size_t count)
{
    brood__stored_t **made = NULL;
    apr_status_t rc;

    if (count < SIZE_MAX / sizeof(void *))
        made = malloc((count + (count == 0)) * sizeof *made);
    if (made == NULL)
        return brood_fail_text(APR_ENOMEM, "the manager has no memory for so many values");
    rc = brood__contents_fill(made, values, count);
    if (rc == APR_SUCCESS)
        *contents = made;
    else
        free((void *) made);
    return rc;
}

/* ---- arguments ---- */

/* Any value of that kind, for its name. */
static const char *name_of(brood_kind_t kind)
{
    const brood_value_t value = {.kind = kind};

    return brood__value_kind(value);
}

static apr_status_t other_kind(const brood__request_t *request, size_t argument, brood_kind_t kind)
{
    char brief[BROOD__BRIEF];

    return brood_fail(BROOD_EKIND, "argument %u of %s.%s is %s, expected %s", (unsigned) argument + 1,
                      request->self->type->name, request->method == NULL ? "create" : request->method->name,
                      brood__value_brief(brief, request->args[argument]), name_of(kind));
}

apr_status_t brood__argument(brood_value_t *value, const brood__request_t *request, size_t argument, brood_kind_t kind)
{
    if (request->args[argument].kind != kind)
        return other_kind(request, argument, kind);
    *value = request->args[argument];
    return APR_SUCCESS;
}

apr_status_t brood__argument_to_create(brood_value_t *value, const brood__request_t *request, brood_kind_t kind)
{
    *value = kind == BROOD_KIND_MAP ? brood_map(NULL, 0) : brood_list(NULL, 0);
    if (request->count > 1)
        return brood_fail(BROOD_EARGS, "a managed %s is made of nothing or of one %s, not of %u arguments",
                          request->self->type->name, name_of(kind), (unsigned) request->count);
    return request->count == 0 ? APR_SUCCESS : brood__argument(value, request, 0, kind);
}

bool brood__find_index(size_t *place, apr_int64_t number, size_t count)
{
    if (number < 0)
        number += (apr_int64_t) count;
    if (number < 0 || (apr_uint64_t) number >= count)
        return false;
    *place = (size_t) number;
    return true;
}

apr_status_t brood__argument_index(size_t *place, const brood__request_t *request, size_t argument, size_t count)
{
    brood_value_t value = brood_nil();

    BROOD_TRY(brood__argument(&value, request, argument, BROOD_KIND_INT));
    if (brood__find_index(place, value.as.integer, count))
        return APR_SUCCESS;
    return brood_fail(BROOD_ERANGE, "the managed %s has no index %" PRId64 ", but %" PRIu64 " items",
                      request->self->type->name, (int64_t) value.as.integer, (uint64_t) count);
}

apr_status_t brood__argument_bound(size_t *place, const brood__request_t *request, size_t argument, size_t count,
                                   size_t otherwise)
{
    brood_value_t value = brood_nil();
    apr_int64_t number;

    *place = otherwise;
    if (argument >= request->count || request->args[argument].kind == BROOD_KIND_NIL)
        return APR_SUCCESS;
    BROOD_TRY(brood__argument(&value, request, argument, BROOD_KIND_INT));
    number = value.as.integer < 0 ? value.as.integer + (apr_int64_t) count : value.as.integer;
    if (number < 0)
        *place = 0;
    else
        *place = (apr_uint64_t) number < count ? (size_t) number : count;
    return APR_SUCCESS;
}

/* ---- answers ---- */

apr_status_t brood__return_nil(brood__request_t *request)
{
    return brood__request_return(request, brood_nil());
}

apr_status_t brood__return_count(brood__request_t *request, size_t count)
{
    return brood__request_return(request, brood_uint(count));
}

apr_status_t brood__return_bool(brood__request_t *request, bool flag)
{
    return brood__request_return(request, brood_bool(flag));
}
