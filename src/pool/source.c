/* source.c - items out of a list, or from a function of the program's. */
#include "pool/source.h"

#include "base/value.h"
#include "process/call.h"
#include <apr_tables.h>

brood_source_t brood_source_list(brood_value_t list)
{
    const brood_source_t source = {NULL, NULL, list};

    return source;
}

brood_source_t brood_source_function(brood_entry_fn next, void *user)
{
    const brood_source_t source = {next, user, brood_nil()};

    return source;
}

apr_status_t brood__source_check(const brood_source_t *source)
{
    if (source->next != NULL || source->list.kind == BROOD_KIND_LIST)
        return APR_SUCCESS;
    return brood_fail(BROOD_EARGS, "an iterator goes over a list or a function, not %s",
                      brood__value_kind(source->list));
}

static apr_status_t slice(brood_value_t *items, brood_value_t list, apr_size_t index, apr_size_t most)
{
    const apr_size_t left = list.as.list.count - index;

    *items = brood_list(list.as.list.items + index, left < most ? left : most);
    return left <= most ? APR_EOF : APR_SUCCESS;
}

/* What it gives by brood_return is bytes, so that it may be in memory that ends with the call. */
static apr_status_t call(brood_value_t *item, const brood_source_t *source, apr_pool_t *mem)
{
    brood__work_t work;
    apr_status_t rc;

    BROOD_TRY(brood__work_init(&work, "source", brood_nil(), mem));
    work.call.self = source->user;
    rc = source->next(&work.call);
    if (rc != APR_SUCCESS)
        return rc == APR_EOF || brood_last_error()->status == rc ? rc : brood_fail_text(rc, NULL);
    *item = brood_nil();
    return work.result.size == 0 ? rc : brood__decode(item, work.result.data, work.result.size, false, mem);
}

apr_status_t brood__source_take(brood_value_t *items, const brood_source_t *source, apr_size_t index, apr_size_t most,
                                apr_pool_t *mem)
{
    apr_array_header_t *taken;
    apr_status_t rc = APR_SUCCESS;
    brood_value_t item;

    if (source->next == NULL)
        return slice(items, source->list, index, most);
    taken = apr_array_make(mem, 1, sizeof item);
    while ((apr_size_t) taken->nelts < most && (rc = call(&item, source, mem)) == APR_SUCCESS)
        APR_ARRAY_PUSH(taken, brood_value_t) = item;
    *items = brood_list((const brood_value_t *) taken->elts, (apr_size_t) taken->nelts);
    return rc;
}
