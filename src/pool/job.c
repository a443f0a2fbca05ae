/* job.c - jobs and their pieces, from the first to the last. */
#include "pool/job.h"

#include "base/codec.h"
#include "base/status.h"
#include "pool/map_array.h"
#include "pool/core.h"
#include "pool/future.h"
#include "pool/stderr_tail.h"
#include "process/entry.h"
#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

brood__job_t *brood__job_create(brood__core_t *core, apr_size_t pieces)
{
    brood__job_t *job = calloc(1, sizeof *job);

    if (job == NULL)
        return NULL;
    job->piece = pieces == 1 ? &job->only : calloc(pieces != 0 ? pieces : 1, sizeof *job->piece);
    if (job->piece == NULL) {
        free(job);
        return NULL;
    }
    job->core = core;
    job->references = 1;
    job->count = job->left = pieces;
    job->last_callback = &job->callbacks;
    for (apr_size_t i = 0; i < pieces; i++) {
        job->piece[i].job = job;
        job->piece[i].ticket = BROOD__NO_TICKET;
    }
    atomic_fetch_add(&core->references, 1); /* the caller refers to it, too */
    return job;
}

static void free_callbacks(brood__job_t *job)
{
    while (job->callbacks != NULL) {
        brood__callback_t *callback = job->callbacks;

        job->callbacks = callback->next;
        free(callback);
    }
}

void brood__job_release(brood__job_t *job)
{
    brood__core_t *core = job->core;

    if (--job->references != 0)
        return;
    for (apr_size_t i = 0; i < job->count; i++) {
        brood__piece_t *piece = &job->piece[i];

        if (piece->block != 0 && brood__core_has_arena(core))
            core->ops->free(piece->block);
        else if (piece->block == 0 && piece->result != piece->small)
            free((void *) (uintptr_t) piece->result);
        if (piece->message.block != 0 && brood__core_has_arena(core))
            brood__job_discard(piece);
    }
    if (job->piece != &job->only)
        free(job->piece);
    free(job->bytes.data);
    if (job->array != NULL)
        brood__map_array_end(job->array);
    if (job->wanted)
        core->wanted--; /* it was never given out */
    free_callbacks(job);
    free(job->failure);
    free(job);
    core->references--;
}

/* ---- arguments ---- */

apr_status_t brood__job_prepare(brood__piece_t *piece, brood_value_t args)
{
    brood__core_t *core = piece->job->core;

    return core->ops->prepare(&piece->message, &piece->job->bytes, core->engine, args);
}

void brood__job_discard(brood__piece_t *piece)
{
    piece->job->core->ops->discard(piece->message.block);
    piece->message.block = 0;
}

/* ---- settling ---- */

static bool is_settled(const brood__job_t *job)
{
    return job->state > BROOD_STARTED;
}

static void settle(brood__job_t *job, brood_future_state_t state)
{
    brood__core_t *core = job->core;

    job->state = state;
    *(job->previous != NULL ? &job->previous->next : &core->unsettled) = job->next;
    if (job->next != NULL)
        job->next->previous = job->previous;
    job->next = job->previous = NULL;
    if (job->wanted)
        core->wanted--;
    job->wanted = false;
    if (job->settled != NULL)
        job->settled(job, job->user);
    if (job->for_caller)
        brood__caller_add(job);
    else
        job->ready = true;
    brood__job_news(job);
}

void brood__job_news(brood__job_t *job)
{
    brood__watchers_tell(job);
    brood__schedule_news(job->core);
}

bool brood__job_is_ready(const brood__job_t *job)
{
    return job->ready || (is_settled(job) && brood__caller_is_me());
}

static void keep_failure(brood__job_t *job, apr_status_t status, const void *data, size_t size, bool plain)
{
    job->status = status;
    job->plain = plain;
    job->item = -1;
    free(job->failure);
    job->failure = data != NULL ? malloc(size) : NULL;
    if (job->failure != NULL)
        memcpy(job->failure, data, size);
    job->failure_size = job->failure != NULL ? size : 0;
}

/* An entry that returns this status of its own accord has failed. */
static bool is_cancelled(const brood__job_t *job)
{
    return job->status == BROOD_ECANCELLED && (job->plain || job->cancelled);
}

/* The last piece of a job is done with, in whatever way. */
void brood__job_end_piece(brood__job_t *job)
{
    if (--job->left != 0)
        return;
    if (!is_settled(job))
        settle(job, is_cancelled(job) ? BROOD_CANCELLED : job->status != APR_SUCCESS ? BROOD_FAILED : BROOD_SUCCEEDED);
    brood__job_release(job);
}

/* NULL: no memory. */
static const void *copy_of(brood__piece_t *piece, const void *data)
{
    void *copy = piece->result_size <= sizeof piece->small ? piece->small : malloc(piece->result_size);

    if (copy != NULL)
        memcpy(copy, data, piece->result_size);
    return copy;
}

/* What the pieces of one job weigh is copied only if it is small: a block stays where it is. */
static void keep_result(brood__piece_t *piece, const brood__outcome_t *outcome)
{
    piece->result_size = (size_t) outcome->size;
    piece->block = outcome->block;
    piece->result = outcome->data;
    if (outcome->block == 0)
        piece->result = copy_of(piece, outcome->data);
}

/* Of several failures the first one that comes is the job's. */
static void keep_first_failure(brood__piece_t *piece, const brood__outcome_t *outcome)
{
    brood__job_t *job = piece->job;

    if (job->status != APR_SUCCESS)
        return;
    keep_failure(job, outcome->status, outcome->data, (size_t) outcome->size, outcome->plain);
    job->exitcode = outcome->exitcode;
    if (job->array != NULL)
        brood__map_array_fail(piece);
    else
        job->item = job->is_list ? (apr_ssize_t) (piece->first + outcome->first) : -1;
}

void brood__job_settle_piece(brood__piece_t *piece, const brood__outcome_t *outcome)
{
    brood__job_t *job = piece->job;
    brood__core_t *core = job->core;

    brood__job_discard(piece);
    job->done += piece->items;
    if (outcome->status == APR_SUCCESS && !is_settled(job)) {
        keep_result(piece, outcome);
    } else {
        if (!is_settled(job))
            keep_first_failure(piece, outcome);
        core->ops->free(outcome->block);
    }
    brood__job_end_piece(job);
}

void brood__job_drop_piece(brood__piece_t *piece, const char *reason)
{
    brood__job_discard(piece);
    if (piece->job->status == APR_SUCCESS)
        keep_failure(piece->job, BROOD_ECANCELLED, reason, strlen(reason), true);
    brood__job_end_piece(piece->job);
}

void brood__job_drop_pending(brood__job_t *job, const char *reason)
{
    for (apr_size_t i = 0; i < job->count && job->left != 0; i++)
        if (brood__schedule_withdraw(&job->piece[i]))
            brood__job_drop_piece(&job->piece[i], reason);
}

void brood__job_fail(brood__job_t *job, apr_status_t status, const char *message)
{
    keep_failure(job, status, message, strlen(message), true); /* whatever its pieces have come to */
    if (job->array != NULL)
        brood__map_array_stop(job->array);
    job->references++;
    settle(job, status == BROOD_ECANCELLED ? BROOD_CANCELLED : BROOD_FAILED);
    brood__job_drop_pending(job, message);
    brood__job_release(job);
}

void brood__job_fail_unsent(brood__job_t *job, bool plain, apr_pool_t *mem)
{
    brood__output_t output = {NULL, 0, 0, mem};
    const brood_error_t *error = brood_last_error();
    const apr_status_t status = error->status;

    if (job->status != APR_SUCCESS)
        return;
    if (plain)
        keep_failure(job, status, error->message, strlen(error->message), true);
    else if (brood__encode(&output, brood__status_to_value(mem), 0) == APR_SUCCESS)
        keep_failure(job, status, output.data, output.size, false);
    else
        keep_failure(job, status, NULL, 0, false);
    job->state = BROOD_FAILED;
    job->ready = true;
}

/* ---- its value ---- */

apr_size_t brood__job_done(const brood__job_t *job)
{
    return job->array != NULL ? brood__map_array_done(job->array) : job->done;
}

bool brood__job_owns_status(apr_status_t status)
{
    return status == APR_TIMEUP || status == APR_EOF || status == BROOD_ECANCELLED || status == BROOD_ETIMELIMIT
           || status == BROOD_EWORKER || status == BROOD_EPOOL;
}

/* How the worker has ended, by the last failure; what it ran; and what it wrote last. */
static apr_status_t fail_by_death(const char *entry)
{
    const char *message = brood_last_error()->message, *words = strstr(message, BROOD__LAST_WORDS);

    if (words == NULL)
        words = message + strlen(message);
    return brood_fail(BROOD_EWORKER, "%.*s, while it ran %s%s", (int) (words - message), message, entry, words);
}

static apr_status_t fail_plainly(const brood__job_t *job)
{
    const char *entry = brood__entry_name_at(job->order.entry);
    apr_status_t rc;

    if (job->failure == NULL)
        rc = brood_fail_text(job->status, NULL);
    else
        rc = brood_fail(job->status, "%.*s", (int) job->failure_size, (const char *) job->failure);
    if (job->status == BROOD_EWORKER)
        rc = fail_by_death(entry);
    brood__status_entry(entry);
    brood__status_exitcode(job->exitcode);
    if (job->array != NULL && job->item >= 0)
        brood__status_item(job->item);
    return rc;
}

apr_status_t brood__job_fail_by(const brood__job_t *job, brood_value_t record)
{
    const apr_status_t rc = brood__status_from_value(record);

    if (rc == BROOD_ECANCELLED && job->cancelled)
        return rc;
    return brood__job_owns_status(rc) ? BROOD_ETASK : rc;
}

static apr_status_t fail_as_it_did(const brood__job_t *job, apr_pool_t *mem)
{
    brood_value_t record;
    apr_status_t rc;

    if (job->failure == NULL || brood__decode(&record, job->failure, job->failure_size, false, mem) != APR_SUCCESS)
        return brood_fail_text(brood__job_owns_status(job->status) ? BROOD_ETASK : job->status, NULL);
    rc = brood__job_fail_by(job, record);
    if (job->item >= 0)
        brood__status_item(job->item);
    return rc;
}

static apr_status_t value_of_piece(brood_value_t *value, const brood__piece_t *piece, apr_pool_t *mem)
{
    if (piece->result == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for the result of a task");
    return brood__decode(value, piece->result, piece->result_size, false, mem);
}

static apr_status_t value_of_list(brood_value_t *value, const brood__job_t *job, apr_pool_t *mem)
{
    brood_value_t *items = apr_palloc(mem, (job->total + 1) * sizeof *items), part = brood_nil();
    apr_size_t filled = 0;

    for (apr_size_t i = 0; i < job->count; i++) {
        BROOD_TRY(value_of_piece(&part, &job->piece[i], mem));
        if (part.kind != BROOD_KIND_LIST || part.as.list.count != job->piece[i].items)
            return brood_fail_text(BROOD_EDECODE, "a result of the pool has been overwritten");
        memcpy(items + filled, part.as.list.items, part.as.list.count * sizeof *items);
        filled += part.as.list.count;
    }
    *value = brood_list(items, filled);
    return APR_SUCCESS;
}

apr_status_t brood__job_value(brood_value_t *value, const brood__job_t *job, apr_pool_t *mem)
{
    if (job->state != BROOD_SUCCEEDED)
        return job->plain ? fail_plainly(job) : fail_as_it_did(job, mem);
    if (job->array != NULL)
        return brood__map_array_value(value, job->array);
    return job->is_list ? value_of_list(value, job, mem) : value_of_piece(value, &job->piece[0], mem);
}
