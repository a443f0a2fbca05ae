/* map_array.c - maps over C arrays, and reductions of them. */
#include "pool/map_array.h"

#include "base/own.h"
#include "base/status.h"
#include "memory/arena.h"
#include "pool/core.h"
#include "pool/future.h"
#include "process/entry.h"
#include <inttypes.h>
#include <string.h>

#define SHARES 32u /* chunks for each worker: at the end they wait for one another 1/64 of the time */
#define ALIGNMENT UINT64_C(128)

struct brood__map_array_t {
    apr_pool_t *mem; /* of the reference */
    brood__ref_t *ref;
    void *out; /* of the program's, to which results are copied at the end; NULL: they are in place */
    bool async;
    unsigned retries; /* of each chunk */
};

/* What was asked for. */
typedef struct request_t {
    brood__core_t *core;
    brood_kernel_fn kernel;
    void *out;
    apr_size_t out_size;
    const void *in;
    apr_size_t in_size;
    apr_size_t count;
    const brood_task_options_t *options;
    bool reduces;
} request_t;

/* ---- the shared part ---- */

static apr_status_t check_array(const char *what, const void *array, apr_size_t size, apr_size_t count)
{
    if ((array == NULL) != (size == 0) && count != 0)
        return brood_fail(APR_EINVAL, "`%s` is %sNULL, and its items have %" PRIu64 " bytes", what,
                          array == NULL ? "" : "not ", (uint64_t) size);
    if (size != 0 && count > SIZE_MAX / 2 / size)
        return brood_fail(APR_EINVAL, "%" PRIu64 " items of %" PRIu64 " bytes cannot be", (uint64_t) count,
                          (uint64_t) size);
    return APR_SUCCESS;
}

static apr_status_t part(uint64_t *chunk, uint32_t *chunks, const request_t *request)
{
    const uint64_t shares = SHARES * (uint64_t) request->core->engine->workers, count = request->count;
    uint64_t size = request->options->chunk_size, parts;

    if (size == 0)
        size = count / shares + (count % shares != 0);
    if (size > count)
        size = count;
    parts = count == 0 ? 0 : (count - 1) / size + 1;
    if (parts > UINT32_MAX)
        return brood_fail(APR_EINVAL, "%" PRIu64 " chunks are too many", parts);
    *chunk = size;
    *chunks = (uint32_t) parts;
    return APR_SUCCESS;
}

/* Workers see this memory as it is. */
static bool is_shared(const void *array, uint64_t size)
{
    const uint64_t place = (uint64_t) ((uintptr_t) array - (uintptr_t) brood__arena_base);
    const uint64_t end = brood__arena_segment()->size;

    return array != NULL && place < end && size <= end - place;
}

static uint64_t round_up(uint64_t size)
{
    return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/* The shared part with what is not shared yet: a copy of `in`, room for `out`. */
static apr_status_t share(brood__map_array_t *map, const request_t *request, uint64_t chunk, uint32_t chunks,
                          apr_size_t parties)
{
    const uint64_t in_bytes = request->count * request->in_size;
    const uint64_t out_bytes = (request->reduces ? chunks : request->count) * request->out_size;
    const bool copies_in = !is_shared(request->in, in_bytes);
    const bool copies_out = request->reduces || !is_shared(request->out, out_bytes);
    brood__array_job_t *job;
    uint64_t more_at;

    if (in_bytes > INT64_MAX / 4 || out_bytes > INT64_MAX / 4)
        return brood_fail_text(APR_ENOMEM, "the arena has no room for copies of these arrays");
    BROOD_TRY(brood__array_job_create(&map->ref, &more_at, chunks, parties != 0 ? (uint32_t) parties : 1,
                                      (copies_in ? round_up(in_bytes) : 0) + (copies_out ? out_bytes : 0), map->mem));
    job = brood__array_job(map->ref);
    job->reduces = request->reduces;
    job->count = request->count;
    job->chunk = chunk;
    job->in_size = request->in_size;
    job->out_size = request->out_size;
    job->in = copies_in ? more_at : brood__offset(request->in);
    job->out = !copies_out ? brood__offset(request->out) : copies_in ? more_at + round_up(in_bytes) : more_at;
    if (copies_in && in_bytes != 0)
        memcpy(brood__at(job->in), request->in, (size_t) in_bytes);
    if (copies_out && !request->reduces)
        map->out = request->out;
    return APR_SUCCESS;
}

/* ---- the parties ---- */

/* An array of brood's that is used in place: workers hold it, too, so that it is there even if the program has given it
 * up before they have heard that they are to end. */
static brood_value_t keep(const void *array, apr_pool_t *mem)
{
    void *object = is_shared(array, 0) ? brood__object_around(array, BROOD__TAG_ARRAY, mem) : NULL;

    return object != NULL ? brood__kind_to_value(BROOD__TAG_ARRAY, object) : brood_nil();
}

static apr_status_t prepare(brood__job_t *job, const request_t *request, apr_pool_t *mem)
{
    const brood_value_t kept[] = {keep(request->in, mem), keep(request->out, mem)};

    job->order.work = BROOD__ARRAY;
    for (apr_size_t i = 0; i < job->count; i++) {
        const brood_value_t args[] = {brood__kind_to_value(BROOD__TAG_ARRAY_JOB, job->array->ref), brood_uint(i),
                                      request->options->args, brood_list(kept, 2)};

        BROOD_TRY(brood__job_prepare(&job->piece[i], brood_list(args, 4)));
    }
    return APR_SUCCESS;
}

static apr_status_t fill(brood__job_t *job, const request_t *request, uint64_t chunk, uint32_t chunks)
{
    apr_pool_t *mem;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&mem));
    job->array = apr_pcalloc(mem, sizeof *job->array);
    job->array->mem = mem;
    job->array->retries = request->options->retries;
    job->total = request->count;
    BROOD_TRY(share(job->array, request, chunk, chunks, job->count));
    BROOD_TRY(brood__own_pool(&mem));
    rc = prepare(job, request, mem);
    apr_pool_destroy(mem);
    return rc;
}

static apr_status_t check_engine(const brood__engine_t *engine)
{
    return engine->board != NULL
               ? APR_SUCCESS
               : brood_fail_text(APR_ENOTIMPL,
                                 "a manager's pool cannot map over C arrays, which are in memory that its "
                                 "workers do not share: use map, or a pool of this process");
}

static apr_status_t make(brood__job_t **made, const request_t *request)
{
    const apr_size_t workers = request->core->engine->workers;
    uint32_t number, chunks = 0;
    uint64_t chunk = 0;
    brood__job_t *job = NULL;
    apr_status_t rc;

    BROOD_TRY(brood__core_check(request->core));
    BROOD_TRY(check_engine(request->core->engine));
    BROOD_TRY(brood__kernel_number(&number, request->kernel));
    BROOD_TRY(check_array("in", request->in, request->in_size, request->count));
    BROOD_TRY(check_array("out", request->out, request->out_size, request->reduces ? 1 : request->count));
    BROOD_TRY(part(&chunk, &chunks, request));
    BROOD_TRY(brood__job_begin_at(&job, request->core, chunks < workers ? chunks : workers, number, request->options));
    rc = fill(job, request, chunk, chunks);
    if (rc != APR_SUCCESS)
        brood__job_abandon(job);
    else
        *made = job;
    return rc;
}

/* ---- for the job ---- */

static uint32_t party_of(const brood__piece_t *piece)
{
    return (uint32_t) (piece - piece->job->piece);
}

/* It has had no chunk in hand.  So often as there has been progress meanwhile that is nobody's fault. */
static bool nothing_lost(brood__piece_t *piece)
{
    const apr_size_t done = brood__map_array_done(piece->job->array) + 1;

    if (piece->first == done && piece->retries-- == 0)
        return false;
    piece->first = done;
    return true;
}

bool brood__map_array_again(brood__piece_t *piece)
{
    const brood__map_array_t *map = piece->job->array;
    brood__array_job_t *job = brood__array_job(map->ref);
    const uint32_t chunk = brood__array_job_begun(job, party_of(piece));
    uint32_t deaths;

    if (atomic_load(&job->stopped) != 0)
        return false;
    if (chunk == job->chunks)
        return nothing_lost(piece);
    deaths = atomic_load(brood__chunk_word(job, chunk)) / BROOD__CHUNK_DEATH;
    if (deaths >= map->retries || deaths == BROOD__CHUNK_DEATHS_MOST)
        return false;
    atomic_store(brood__chunk_word(job, chunk), (deaths + 1) * BROOD__CHUNK_DEATH);
    return true;
}

void brood__map_array_stop(const brood__map_array_t *map)
{
    atomic_store(&brood__array_job(map->ref)->stopped, 1);
}

void brood__map_array_fail(const brood__piece_t *piece)
{
    brood__array_job_t *job = brood__array_job(piece->job->array->ref);
    const uint32_t chunk = brood__array_job_begun(job, party_of(piece));

    if (chunk != job->chunks)
        piece->job->item = (apr_ssize_t) (chunk * job->chunk);
    brood__map_array_stop(piece->job->array);
}

apr_size_t brood__map_array_done(const brood__map_array_t *map)
{
    return (apr_size_t) atomic_load(&brood__array_job(map->ref)->done);
}

void brood__map_array_end(brood__map_array_t *map)
{
    apr_pool_destroy(map->mem);
}

/* ---- results ---- */

static void copy_out(brood__map_array_t *map)
{
    const brood__array_job_t *job = brood__array_job(map->ref);

    if (map->out != NULL)
        memcpy(map->out, brood__at(job->out), (size_t) (job->count * job->out_size));
    map->out = NULL;
}

apr_status_t brood__map_array_value(brood_value_t *value, brood__map_array_t *map)
{
    if (map->async)
        copy_out(map);
    *value = brood_nil();
    return APR_SUCCESS;
}

/* The calling thread's own memory is at stake: nobody is to write to it, or to call its `progress`, once this is over. */
static void call_off(brood__job_t *job)
{
    brood__status_hold(true);
    brood__core_lock(job->core);
    brood__job_cancel(job, false);
    brood__core_unlock(job->core);
    while (brood__job_wait(job, BROOD_FOREVER) == BROOD_ECANCELLED)
        ;
    brood__status_hold(false);
}

/* The caller refers to it afterwards. */
static apr_status_t run(brood__job_t **job, const request_t *request)
{
    brood_value_t value;
    apr_pool_t *mem;
    apr_status_t rc;

    BROOD_TRY(make(job, request));
    brood__core_lock(request->core);
    (*job)->references++;
    brood__core_unlock(request->core);
    rc = brood__own_pool(&mem);
    if (rc == APR_SUCCESS) {
        rc = brood__job_run(&value, *job, request->options, mem);
        if (rc == BROOD_ECANCELLED)
            call_off(*job);
        apr_pool_destroy(mem);
    } else {
        brood__job_abandon(*job);
    }
    if (rc != APR_SUCCESS)
        brood__job_abandon(*job);
    return rc;
}

static apr_status_t combine(const request_t *request, const brood__job_t *done, brood_kernel_fn kernel,
                            const char *name)
{
    const brood__array_job_t *job = brood__array_job(done->array->ref);
    brood_chunk_t chunk = {.out = request->out,
                           .in = job->chunks != 0 ? brood__at(job->out) : NULL,
                           .count = job->chunks,
                           .args = request->options->args};
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&chunk.mem));
    memset(request->out, 0, request->out_size);
    rc = kernel(&chunk);
    if (rc != APR_SUCCESS && brood_last_error()->status != rc)
        rc = brood_fail_text(rc, NULL);
    if (rc != APR_SUCCESS)
        brood__status_entry(name);
    apr_pool_destroy(chunk.mem);
    return rc;
}

/* ---- the calls ---- */

static const brood_task_options_t none;

apr_status_t brood_pool_map_array(void *out, apr_size_t out_size, brood_pool_t *pool, brood_kernel_fn kernel,
                                  const void *in, apr_size_t in_size, apr_size_t count,
                                  const brood_task_options_t *options)
{
    const request_t request = {pool->core, kernel, out, out_size, in, in_size, count, options != NULL ? options : &none,
                               false};
    brood__job_t *job;

    BROOD_TRY(run(&job, &request));
    copy_out(job->array);
    brood__job_abandon(job);
    return APR_SUCCESS;
}

apr_status_t brood_pool_map_array_async(brood_future_t **future, void *out, apr_size_t out_size, brood_pool_t *pool,
                                        brood_kernel_fn kernel, const void *in, apr_size_t in_size, apr_size_t count,
                                        const brood_task_options_t *options, apr_pool_t *mem)
{
    const request_t request = {pool->core, kernel, out, out_size, in, in_size, count, options != NULL ? options : &none,
                               false};
    brood__job_t *job;

    BROOD_TRY(make(&job, &request));
    job->array->async = true;
    job->for_caller = job->array->out != NULL;
    return brood__job_submit(future, job, request.options, mem);
}

apr_status_t brood_pool_reduce_array(void *out, apr_size_t out_size, brood_pool_t *pool, brood_kernel_fn kernel,
                                     brood_kernel_fn combine_with, const void *in, apr_size_t in_size, apr_size_t count,
                                     const brood_task_options_t *options)
{
    const request_t request = {pool->core, kernel, out, out_size, in, in_size, count, options != NULL ? options : &none,
                               true};
    brood__job_t *job = NULL;
    uint32_t number;
    apr_status_t rc;

    BROOD_TRY(brood__kernel_number(&number, combine_with));
    if (out == NULL)
        return brood_fail_text(APR_EINVAL, "a reduction needs a place for its result");
    BROOD_TRY(run(&job, &request));
    rc = combine(&request, job, combine_with, brood__entry_name_at(number));
    brood__job_abandon(job);
    return rc;
}
