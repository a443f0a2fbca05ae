/* look_ahead.c - the tasks of an iterator that are ahead of whoever takes their results. */
#include "base/deadline.h"
#include "base/status.h"
#include "pool/future.h"
#include "pool/iterator.h"
#include "pool/source.h"
#include "process/call.h"

/* ---- tasks ---- */

static void append(brood__job_t *job, void *user)
{
    brood_iterator_t *iterator = user;

    job->after = NULL;
    *iterator->last = job;
    iterator->last = &job->after;
}

static apr_status_t prepare(brood__job_t *job, brood_value_t items, bool star)
{
    brood__piece_t *piece = &job->only;
    brood_value_t args = items;

    job->total = items.as.list.count;
    piece->items = (uint32_t) job->total;
    if (piece->items > 1) {
        job->order.work = BROOD__EACH | (star ? BROOD__STAR : 0);
    } else if (star) {
        args = items.as.list.items[0];
        BROOD_TRY(brood__check_args(args));
        if (args.kind == BROOD_KIND_NIL)
            args = brood_list(NULL, 0);
    }
    return brood__job_prepare(piece, args);
}

/* One that has failed already, in being prepared, only takes its place. */
static apr_status_t add(brood_iterator_t *iterator, brood__job_t *job)
{
    brood__core_t *core = iterator->core;
    const bool failed = job->ready;
    apr_status_t rc = APR_SUCCESS;

    brood__core_lock(core);
    job->given_before = true;
    job->user = iterator;
    job->settled = iterator->in_order ? NULL : append;
    if (!failed)
        rc = brood__schedule(job);
    if (rc == APR_SUCCESS && (failed || iterator->in_order))
        append(job, iterator);
    if (rc != APR_SUCCESS && (core->terminated || core->cut))
        rc = brood_fail_text(BROOD_ECANCELLED, "the pool was terminated or shut down");
    if (rc != APR_SUCCESS)
        job->settled = NULL;
    brood__core_unlock(core);
    return rc;
}

static apr_status_t give_out(brood_iterator_t *iterator, brood_value_t items);

/* One of them cannot be encoded: the others can. */
static apr_status_t give_out_singly(brood_iterator_t *iterator, brood_value_t items)
{
    for (apr_size_t i = 0; i < items.as.list.count; i++)
        BROOD_TRY(give_out(iterator, brood_list(items.as.list.items + i, 1)));
    return APR_SUCCESS;
}

static apr_status_t give_out(brood_iterator_t *iterator, brood_value_t items)
{
    brood__job_t *job;
    apr_status_t rc;

    BROOD_TRY(brood__job_begin(&job, iterator->core, 1, iterator->entry, &iterator->options));
    rc = prepare(job, items, iterator->options.star);
    if (rc != APR_SUCCESS && items.as.list.count > 1) {
        brood__job_abandon(job);
        return give_out_singly(iterator, items);
    }
    if (rc != APR_SUCCESS)
        brood__job_fail_unsent(job, false, iterator->turn);
    job->only.first = iterator->index;
    rc = add(iterator, job);
    if (rc != APR_SUCCESS) {
        brood__job_abandon(job);
        return rc;
    }
    iterator->index += items.as.list.count;
    iterator->ahead++;
    return rc;
}

/* ---- the source ---- */

/* A pool that is closed may have waited for this. */
void brood__iterator_stop_reading(brood_iterator_t *iterator)
{
    brood__core_t *core = iterator->core;

    if (!iterator->more)
        return;
    iterator->more = false;
    core->iterators--;
    if (!core->closed)
        return;
    brood__schedule_go_on(core);
    brood__schedule_news(core);
}

/* The items of one task. */
static void pull(brood_iterator_t *iterator)
{
    brood_value_t items = brood_list(NULL, 0);
    apr_status_t rc;

    apr_pool_clear(iterator->turn);
    iterator->calling = true;
    rc = brood__source_take(&items, &iterator->source, iterator->index, iterator->chunk, iterator->turn);
    iterator->calling = false;
    if (iterator->ended)
        return; /* by the source itself */
    if (rc != APR_SUCCESS && rc != APR_EOF) {
        iterator->failure->cancelled = true; /* BROOD_ECANCELLED need not be told from one of ours */
        brood__job_fail_unsent(iterator->failure, false, iterator->turn);
    }
    if (items.as.list.count > 0 && give_out(iterator, items) != APR_SUCCESS) {
        brood__job_fail_unsent(iterator->failure, true, iterator->turn);
        rc = APR_EOF;
    }
    if (rc == APR_SUCCESS)
        return;
    brood__core_lock(iterator->core);
    brood__iterator_stop_reading(iterator);
    brood__core_unlock(iterator->core);
}

static bool has_result_now(brood_iterator_t *iterator)
{
    bool has;

    brood__core_lock(iterator->core);
    brood__schedule_go_on(iterator->core);
    has = brood__iterator_has_result(iterator);
    brood__core_unlock(iterator->core);
    return has;
}

/* A list costs nothing to read.  A function may take its time: one task takes the place of the last one, more only while
 * there is nothing better to do. */
void brood__iterator_fill(brood_iterator_t *iterator, apr_time_t deadline)
{
    while (iterator->more && iterator->ahead < iterator->look_ahead) {
        pull(iterator);
        if (iterator->source.next != NULL && iterator->more
            && (has_result_now(iterator) || brood__clock_now() >= deadline))
            return;
    }
}
