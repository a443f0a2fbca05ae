/* iterator.c - imap: from the first result to the last. */
#include "pool/iterator.h"

#include "base/deadline.h"
#include "base/status.h"
#include "base/value.h"
#include "pool/future.h"
#include "pool/source.h"

#define AHEAD 4          /* tasks for each worker, if nobody has chosen otherwise */
#define CHUNK_MOST 65536 /* items */

/* ---- the end ---- */

/* Under the lock: what has not run never does, what runs is asked to end.  Those that are not in the list are referred to
 * no more. */
static void cancel_unsettled(brood_iterator_t *iterator)
{
    brood__job_t *next;

    for (brood__job_t *job = iterator->core->unsettled; job != NULL; job = next) {
        next = job->next;
        if (job->user != iterator)
            continue;
        job->settled = NULL;
        job->user = NULL;
        brood__job_cancel(job, false);
        if (!iterator->in_order)
            brood__job_release(job);
    }
}

static void end(brood_iterator_t *iterator)
{
    brood__core_t *core = iterator->core;

    brood__core_lock(core);
    if (iterator->ahead != 0)
        cancel_unsettled(iterator);
    brood__iterator_stop_reading(iterator);
    if (iterator->current != NULL)
        brood__job_release(iterator->current);
    while (iterator->first != NULL) {
        brood__job_t *job = iterator->first;

        iterator->first = job->after;
        brood__job_release(job);
    }
    brood__job_release(iterator->failure);
    iterator->ended = true;
    brood__core_unlock(core);
}

void brood_iterator_close(brood_iterator_t *iterator)
{
    if (!iterator->ended && brood__core_check(iterator->core) == APR_SUCCESS)
        end(iterator);
}

static apr_status_t end_iterator(void *data)
{
    brood_iterator_close(data);
    return APR_SUCCESS;
}

/* ---- results ---- */

static apr_status_t fail_at_end(void)
{
    return brood__fail_often(APR_EOF, "the iterator has come to its end");
}

/* All results were given. */
static apr_status_t finish(brood_iterator_t *iterator, apr_pool_t *mem)
{
    brood_value_t none;
    const apr_status_t rc = iterator->failure->ready ? brood__job_value(&none, iterator->failure, mem) : fail_at_end();

    end(iterator);
    return rc;
}

bool brood__iterator_has_result(const void *user)
{
    const brood_iterator_t *iterator = user;

    return iterator->first != NULL && iterator->first->ready;
}

/* Wait for a task; it becomes the current one. */
static apr_status_t take(brood_iterator_t *iterator, apr_time_t deadline)
{
    brood__core_t *core = iterator->core;
    brood__job_t *job;
    apr_status_t rc;

    brood__core_lock(core);
    rc = brood__schedule_wait(core, brood__iterator_has_result, iterator, deadline);
    if (rc == APR_SUCCESS) {
        iterator->current = job = iterator->first;
        iterator->first = job->after;
        if (iterator->first == NULL)
            iterator->last = &iterator->first;
        iterator->over =
            job->plain && (job->status == BROOD_EPOOL || (job->status == BROOD_ECANCELLED && core->terminated));
    }
    brood__core_unlock(core);
    if (rc != APR_SUCCESS)
        return rc == APR_TIMEUP ? brood__fail_often(rc, "the next result is not there yet") : rc;
    iterator->given = 0;
    iterator->values = brood_nil();
    iterator->ahead--;
    return rc;
}

/* If all of a task has failed, that is what became of each of its items. */
static apr_status_t value_of(brood_value_t *value, brood_iterator_t *iterator, apr_pool_t *mem)
{
    const brood__job_t *job = iterator->current;
    const brood_value_t *pair;

    if (job->only.items == 1)
        return brood__job_value(value, job, mem);
    if (iterator->values.kind == BROOD_KIND_NIL)
        BROOD_TRY(brood__job_value(&iterator->values, job, iterator->turn));
    if (iterator->values.kind != BROOD_KIND_LIST || iterator->values.as.list.count != 2 * job->only.items)
        return brood_fail_text(BROOD_EDECODE, "a result of the pool has been overwritten");
    pair = iterator->values.as.list.items + 2 * iterator->given;
    if (pair[0].kind != BROOD_KIND_INT || pair[0].as.integer != APR_SUCCESS)
        return brood__job_fail_by(job, pair[1]);
    return brood__value_copy(value, pair[1], mem);
}

static apr_status_t give(brood_value_t *value, brood_iterator_t *iterator, apr_pool_t *mem)
{
    brood__job_t *job = iterator->current;
    const apr_status_t rc = value_of(value, iterator, mem);

    if (rc != APR_SUCCESS)
        brood__status_item((apr_ssize_t) (job->only.first + iterator->given));
    if (iterator->over) {
        end(iterator);
    } else if (++iterator->given == job->only.items) {
        iterator->current = NULL;
        brood__job_abandon(job);
    }
    return rc;
}

apr_status_t brood_iterator_next(brood_value_t *value, brood_iterator_t *iterator, apr_interval_time_t timeout,
                                 apr_pool_t *mem)
{
    const apr_time_t deadline = brood__deadline(timeout);

    if (iterator->ended)
        return fail_at_end();
    BROOD_TRY(brood__core_check(iterator->core));
    if (iterator->calling)
        return brood_fail_text(BROOD_EMISUSE, "the source of an iterator cannot ask for its results");
    if (iterator->current == NULL) {
        brood__iterator_fill(iterator, deadline);
        if (iterator->ended)
            return fail_at_end();
        if (iterator->ahead == 0)
            return finish(iterator, mem);
        BROOD_TRY(take(iterator, deadline));
    }
    return give(value, iterator, mem);
}

/* ---- the beginning ---- */

static apr_status_t check(const brood_source_t *items, const brood_task_options_t *options)
{
    if (options->done != NULL || options->progress != NULL)
        return brood_fail_text(APR_EINVAL,
                               "an iterator takes no callbacks: who takes its results is told all there is");
    return brood__source_check(items);
}

/* Input that was given before the pool is closed may be read later. */
static apr_status_t begin(brood_iterator_t *iterator)
{
    brood__core_t *core = iterator->core;
    apr_status_t rc;

    brood__core_lock(core);
    rc = brood__schedule_check(core, false);
    if (rc == APR_SUCCESS) {
        iterator->more = true;
        iterator->look_ahead = iterator->options.look_ahead != 0 ? iterator->options.look_ahead
                                                                 : AHEAD * (apr_size_t) core->engine->workers;
        core->iterators++;
    }
    brood__core_unlock(core);
    return rc;
}

static apr_status_t create(brood_iterator_t **made, brood_pool_t *pool, brood_entry_fn entry, brood_source_t items,
                           const brood_task_options_t *options, bool in_order, apr_pool_t *mem)
{
    static const brood_task_options_t none;
    brood_iterator_t *iterator;
    apr_status_t rc;

    BROOD_TRY(brood__core_check(pool->core));
    options = options != NULL ? options : &none;
    BROOD_TRY(check(&items, options));
    iterator = apr_palloc(mem, sizeof *iterator);
    *iterator = (brood_iterator_t){
        .core = pool->core, .entry = entry, .source = items, .options = *options, .in_order = in_order};
    iterator->last = &iterator->first;
    iterator->chunk = options->chunk_size < CHUNK_MOST ? options->chunk_size : CHUNK_MOST;
    if (iterator->chunk == 0)
        iterator->chunk = 1;
    BROOD_TRY(apr_pool_create(&iterator->turn, mem));
    BROOD_TRY(brood__job_begin(&iterator->failure, pool->core, 1, entry, options));
    rc = begin(iterator);
    if (rc != APR_SUCCESS) {
        brood__job_abandon(iterator->failure);
        return rc;
    }
    apr_pool_cleanup_register(mem, iterator, end_iterator, apr_pool_cleanup_null);
    if (items.next == NULL)
        brood__iterator_fill(iterator, BROOD__NEVER);
    *made = iterator;
    return APR_SUCCESS;
}

apr_status_t brood_pool_imap(brood_iterator_t **iterator, brood_pool_t *pool, brood_entry_fn entry,
                             brood_source_t items, const brood_task_options_t *options, apr_pool_t *mem)
{
    return create(iterator, pool, entry, items, options, true, mem);
}

apr_status_t brood_pool_imap_unordered(brood_iterator_t **iterator, brood_pool_t *pool, brood_entry_fn entry,
                                       brood_source_t items, const brood_task_options_t *options, apr_pool_t *mem)
{
    return create(iterator, pool, entry, items, options, false, mem);
}
