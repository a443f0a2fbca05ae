/* map.c - one call for each item of a list, several items a piece. */
#include "base/status.h"
#include "base/value.h"
#include "pool/core.h"
#include "pool/future.h"

#define SHARES 4 /* pieces for each worker, if nobody has chosen otherwise */

/* POOL-10. */
static apr_size_t chunk_of(const brood__core_t *core, apr_size_t items, const brood_task_options_t *options)
{
    const apr_size_t shares = SHARES * (apr_size_t) core->engine->workers;

    if (options->chunk_size != 0)
        return options->chunk_size;
    return items / shares + (items % shares != 0);
}

static apr_status_t prepare(brood__job_t *job, brood_value_t items, apr_size_t chunk, uint32_t work)
{
    const apr_size_t count = items.as.list.count;

    job->order.work = work;
    for (apr_size_t i = 0; i < job->count; i++) {
        brood__piece_t *piece = &job->piece[i];

        piece->first = i * chunk;
        piece->items = (uint32_t) (count - piece->first < chunk ? count - piece->first : chunk);
        BROOD_TRY(brood__job_prepare(piece, brood_list(items.as.list.items + piece->first, piece->items)));
    }
    return APR_SUCCESS;
}

static apr_status_t make(brood__job_t **made, brood__core_t *core, brood_entry_fn entry, brood_value_t items,
                         const brood_task_options_t *options)
{
    apr_size_t chunk, pieces;
    brood__job_t *job;
    apr_status_t rc;

    if (items.kind != BROOD_KIND_LIST)
        return brood_fail(BROOD_EARGS, "a map goes over a list, not %s", brood__value_kind(items));
    chunk = chunk_of(core, items.as.list.count, options);
    pieces = items.as.list.count == 0 ? 0 : (items.as.list.count - 1) / chunk + 1;
    BROOD_TRY(brood__job_begin(&job, core, pieces, entry, options));
    job->is_list = true;
    job->total = items.as.list.count;
    rc = prepare(job, items, chunk, BROOD__MAP | (options->star ? BROOD__STAR : 0));
    if (rc != APR_SUCCESS)
        brood__job_abandon(job);
    else
        *made = job;
    return rc;
}

static apr_status_t map(brood_value_t *values, brood_pool_t *pool, brood_entry_fn entry, brood_value_t items, bool star,
                        apr_pool_t *mem)
{
    const brood_task_options_t options = {.star = star};
    brood__job_t *job;

    BROOD_TRY(brood__core_check(pool->core));
    BROOD_TRY(make(&job, pool->core, entry, items, &options));
    return brood__job_run(values, job, &options, mem);
}

apr_status_t brood_pool_map(brood_value_t *values, brood_pool_t *pool, brood_entry_fn entry, brood_value_t items,
                            apr_pool_t *mem)
{
    return map(values, pool, entry, items, false, mem);
}

apr_status_t brood_pool_starmap(brood_value_t *values, brood_pool_t *pool, brood_entry_fn entry, brood_value_t items,
                                apr_pool_t *mem)
{
    return map(values, pool, entry, items, true, mem);
}

apr_status_t brood_pool_map_async(brood_future_t **future, brood_pool_t *pool, brood_entry_fn entry,
                                  brood_value_t items, const brood_task_options_t *options, apr_pool_t *mem)
{
    static const brood_task_options_t none;
    brood__job_t *job;

    BROOD_TRY(brood__core_check(pool->core));
    options = options != NULL ? options : &none;
    BROOD_TRY(make(&job, pool->core, entry, items, options));
    return brood__job_submit(future, job, options, mem);
}
