/* array_job.c - chunks: claim one, call the kernel, say so. */
#include "pool/array_job.h"

#include "memory/heap.h"
#include "platform/clock.h"
#include "process/entry.h"
#include <brood/pack.h>
#include <string.h>

#define ALIGNMENT UINT64_C(128)

static uint64_t size_of(uint64_t chunks, uint64_t regions)
{
    const uint64_t size =
        sizeof(brood__array_job_t) + regions * sizeof(brood__region_t) + chunks * sizeof(_Atomic uint32_t);

    return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

apr_status_t brood__array_job_create(brood__ref_t **made, uint64_t *more_at, uint32_t chunks, uint32_t regions,
                                     uint64_t more, apr_pool_t *mem)
{
    const uint64_t size = size_of(chunks, regions);
    void *ref;

    BROOD_TRY(brood__object_create(&ref, sizeof **made, &brood__array_job_kind, size + more, mem));
    *made = ref;
    brood__array_job(*made)->chunks = chunks;
    brood__array_job(*made)->regions = regions;
    *more_at = brood__offset((*made)->object) + size;
    brood__object_publish(ref);
    return APR_SUCCESS;
}

/* ---- claiming ---- */

static bool claim(brood__array_job_t *job, uint64_t chunk, uint32_t party)
{
    _Atomic uint32_t *word = brood__chunk_word(job, chunk);
    uint32_t state = atomic_load_explicit(word, memory_order_relaxed);

    return (state & BROOD__CHUNK_OF) == 0 && atomic_compare_exchange_strong(word, &state, state | (party + 1));
}

static uint64_t begin_of(const brood__array_job_t *job, uint32_t region)
{
    return (uint64_t) job->chunks * region / job->regions;
}

static bool claim_in(uint64_t *chunk, brood__array_job_t *job, uint32_t region, uint32_t party)
{
    const uint64_t begin = begin_of(job, region), end = begin_of(job, region + 1);

    while ((*chunk = begin + atomic_fetch_add(&job->region[region].next, 1)) < end)
        if (claim(job, *chunk, party))
            return true;
    return false;
}

/* From the region *home on, which is the one that it was found in then.  False: all have been claimed. */
static bool claim_next(uint64_t *chunk, brood__array_job_t *job, uint32_t *home, uint32_t party)
{
    for (uint32_t i = 0; i < job->regions; i++, *home = (*home + 1) % job->regions)
        if (claim_in(chunk, job, *home, party))
            return true;
    for (*chunk = 0; *chunk < job->chunks; ++*chunk)
        if (claim(job, *chunk, party))
            return true;
    return false;
}

uint32_t brood__array_job_begun(brood__array_job_t *job, uint32_t party)
{
    uint32_t chunk = 0;

    while (chunk < job->chunks && (atomic_load(brood__chunk_word(job, chunk)) & BROOD__CHUNK_OF) != party + 1)
        chunk++;
    return chunk;
}

/* ---- working ---- */

typedef struct party_t {
    brood__array_job_t *job;
    brood__place_t *place;
    uint32_t number;
    brood_kernel_fn kernel;
    brood_value_t args;
    void *partial; /* where a reduction's chunk puts its result: on no line that others write to */
    apr_pool_t *mem;
} party_t;

static void *item(uint64_t array, uint64_t index, uint64_t size)
{
    return size != 0 ? brood__at(array + index * size) : NULL;
}

static apr_status_t call_kernel(const party_t *party, brood_chunk_t *chunk, void *out)
{
    const brood__array_job_t *job = party->job;

    if (!job->reduces) {
        chunk->out = out;
        return party->kernel(chunk);
    }
    chunk->out = memset(party->partial, 0, (size_t) job->out_size);
    BROOD_TRY(party->kernel(chunk));
    memcpy(out, party->partial, (size_t) job->out_size);
    return APR_SUCCESS;
}

static apr_status_t run_chunk(const party_t *party, uint64_t number)
{
    brood__array_job_t *job = party->job;
    const uint64_t first = number * job->chunk;
    const uint64_t left = job->count - first;
    brood_chunk_t chunk = {.mem = party->mem,
                           .in = item(job->in, first, job->in_size),
                           .first = (apr_size_t) first,
                           .count = (apr_size_t) (left < job->chunk ? left : job->chunk),
                           .args = party->args};
    const apr_size_t count = chunk.count; /* the kernel may do with its own what it likes */

    if (party->place->limit != 0)
        atomic_store_explicit(&party->place->begun, brood__clock_now(), memory_order_release);
    BROOD_TRY(call_kernel(party, &chunk, item(job->out, job->reduces ? number : first, job->out_size)));
    atomic_store_explicit(brood__chunk_word(job, number), BROOD__CHUNK_DONE, memory_order_release);
    atomic_fetch_add_explicit(&job->done, count, memory_order_relaxed);
    apr_pool_clear(party->mem);
    return APR_SUCCESS;
}

/* What has failed stays claimed: it tells which chunk it was. */
static apr_status_t run_chunks(const party_t *party, uint32_t home)
{
    brood__array_job_t *job = party->job;
    apr_status_t rc = APR_SUCCESS;
    uint64_t chunk;

    while (rc == APR_SUCCESS && atomic_load_explicit(&job->stopped, memory_order_relaxed) == 0) {
        if (brood_call_cancelled())
            return brood_fail_text(BROOD_ECANCELLED, "the map was cancelled");
        if (!claim_next(&chunk, job, &home, party->number))
            return APR_SUCCESS;
        rc = run_chunk(party, chunk);
    }
    if (rc != APR_SUCCESS)
        atomic_store_explicit(&job->stopped, 1, memory_order_relaxed);
    return rc;
}

static bool is_whole(const party_t *party)
{
    const brood__array_job_t *job = party->job;

    return party->kernel != NULL && party->number + 1 < BROOD__CHUNK_DONE && job->chunk != 0 && job->regions != 0
           && size_of(job->chunks, job->regions) <= brood__heap_size(brood__offset(job))
           && (job->chunks == 0 || (job->chunks - 1) * job->chunk < job->count);
}

apr_status_t brood__array_job_run(brood__place_t *place, brood_value_t args, uint32_t worker, apr_pool_t *mem)
{
    party_t party = {.place = place, .kernel = brood__kernel_at(place->entry)};
    brood_value_t job, kept;
    void *ref;

    BROOD_TRY(BROOD_UNPACK(args, &job, &party.number, &party.args, &kept));
    BROOD_TRY(brood__kind_from_value(&ref, BROOD__TAG_ARRAY_JOB, job));
    party.job = brood__array_job(ref);
    if (!is_whole(&party))
        return brood_fail_text(BROOD_EDECODE, "a map over arrays has been overwritten");
    BROOD_TRY(apr_pool_create(&party.mem, mem));
    if (party.job->reduces)
        party.partial = apr_palloc(mem, (apr_size_t) party.job->out_size);
    return run_chunks(&party, worker % party.job->regions);
}

/* ---- the kind ---- */

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    return brood__object_unpack(object, sizeof(brood__ref_t), &brood__array_job_kind, word, mem);
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    return brood__object_copy(copied, sizeof(brood__ref_t), object, mem);
}

static const char *string(void *object, apr_pool_t *mem)
{
    (void) object;
    (void) mem;
    return "<ArrayJob>";
}

const brood__kind_t brood__array_job_kind = {
    .tag = BROOD__TAG_ARRAY_JOB,
    .name = "ArrayJob",
    .pack = brood__object_pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
};
