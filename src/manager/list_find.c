/* list_find.c - a managed list: look for an item. */
#include "base/value.h"
#include "manager/contents.h"
#include "manager/list_type.h"

/* The place of the first item from `place` on that equals it; the list's count: there is none. */
static size_t find(const brood__request_t *request, const brood__stored_t *wanted, size_t place)
{
    const brood__stored_array_t *array = brood__list_array(request);

    while (place < array->count && !brood__stored_equals(*brood__stored_array_at(array, place), wanted, request->mem))
        place++;
    return place;
}

static apr_status_t find_argument(size_t *place, const brood__request_t *request)
{
    brood__stored_t *wanted = NULL;

    BROOD_TRY(brood__stored_create(&wanted, request->args[0]));
    *place = find(request, wanted, 0);
    brood__stored_free(wanted);
    return APR_SUCCESS;
}

static apr_status_t find_or_fail(size_t *place, const brood__request_t *request)
{
    char brief[BROOD__BRIEF];

    BROOD_TRY(find_argument(place, request));
    if (*place < brood__list_array(request)->count)
        return APR_SUCCESS;
    return brood_fail(BROOD_ERANGE, "the managed list has no item %s", brood__value_brief(brief, request->args[0]));
}

/* contains(item) */
apr_status_t brood__list_contains(brood__request_t *request)
{
    size_t place = 0;

    BROOD_TRY(find_argument(&place, request));
    return brood__return_bool(request, place < brood__list_array(request)->count);
}

/* count_of(item): how many are equal to it. */
apr_status_t brood__list_count_of(brood__request_t *request)
{
    const size_t count = brood__list_array(request)->count;
    brood__stored_t *wanted = NULL;
    size_t found = 0;

    BROOD_TRY(brood__stored_create(&wanted, request->args[0]));
    for (size_t place = find(request, wanted, 0); place < count; place = find(request, wanted, place + 1))
        found++;
    brood__stored_free(wanted);
    return brood__return_count(request, found);
}

/* index(item): the place of the first one. */
apr_status_t brood__list_index(brood__request_t *request)
{
    size_t place = 0;

    BROOD_TRY(find_or_fail(&place, request));
    return brood__return_count(request, place);
}

/* remove(item): the first one. */
apr_status_t brood__list_remove(brood__request_t *request)
{
    size_t place = 0;

    BROOD_TRY(find_or_fail(&place, request));
    BROOD_TRY(brood__stored_array_replace(brood__list_array(request), place, 1, NULL, 0));
    return brood__return_nil(request);
}
