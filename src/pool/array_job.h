/* array_job.h - a map over C arrays as all who work at it share it: one object of the arena, which lasts as long as
 * anybody may yet write to it.
 *
 * One word for each chunk is the truth: who has claimed it, and how often somebody has died of it.  So a death costs
 * exactly the chunk that it has interrupted.
 *
 * Chunks are parted into regions, one for each party.  A worker begins with the region that it had the last time, whose
 * memory it has mapped and perhaps in its caches, and helps in others when that has no more.  The counter of a region is
 * only a hint where to look for the next chunk; what is lost with somebody who has died after he had counted is found by
 * whoever looks at all words at the end. */
#ifndef BROOD_POOL_ARRAY_JOB_H
#define BROOD_POOL_ARRAY_JOB_H

#include "memory/object.h"
#include "pool/board.h"

/* In a chunk's word: who has it, a party's number and 1, and above that the deaths. */
#define BROOD__CHUNK_OF UINT32_C(0xfff)
#define BROOD__CHUNK_DONE BROOD__CHUNK_OF
#define BROOD__CHUNK_DEATH UINT32_C(0x1000)
#define BROOD__CHUNK_DEATHS_MOST (UINT32_MAX / BROOD__CHUNK_DEATH)

typedef struct brood__region_t {
    _Alignas(128) _Atomic uint64_t next; /* chunk of it to try */
} brood__region_t;

typedef struct brood__array_job_t {
    brood__object_t object;
    uint32_t reduces; /* one result for each chunk, not for each item */
    uint32_t chunks;
    uint32_t regions; /* not 0 */
    uint64_t count;
    uint64_t chunk; /* items of each, the last one perhaps fewer */
    uint64_t in, in_size;
    uint64_t out, out_size;              /* where the first item is in the arena, and bytes of each; size 0: none */
    _Alignas(128) _Atomic uint64_t done; /* items, for information */
    _Atomic uint32_t stopped;            /* no more chunks are begun */
    brood__region_t region[];            /* and behind them the words of all chunks */
} brood__array_job_t;

static inline _Atomic uint32_t *brood__chunk_word(brood__array_job_t *job, uint64_t chunk)
{
    return (_Atomic uint32_t *) (void *) (job->region + job->regions) + chunk;
}

extern const brood__kind_t brood__array_job_kind;

/* One that nobody works at yet; `more` bytes behind its words, from *more_at on, are the caller's.  APR_ENOMEM. */
apr_status_t brood__array_job_create(brood__ref_t **made, uint64_t *more_at, uint32_t chunks, uint32_t regions,
                                     uint64_t more, apr_pool_t *mem);

static inline brood__array_job_t *brood__array_job(const brood__ref_t *ref)
{
    return (brood__array_job_t *) ref->object;
}

/* The part of the worker of this number in it: `args` are the job, the party's number, the kernel's arguments, and objects that are
 * only to be held meanwhile. */
apr_status_t brood__array_job_run(brood__place_t *place, brood_value_t args, uint32_t worker, apr_pool_t *mem);

/* The chunk that a party has begun and not finished; `chunks`: none. */
uint32_t brood__array_job_begun(brood__array_job_t *job, uint32_t party);

#endif
