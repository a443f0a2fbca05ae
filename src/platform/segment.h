/* segment.h - the memory that a process tree shares: anonymous, sparse, inherited by handle. */
#ifndef BROOD_PLATFORM_SEGMENT_H
#define BROOD_PLATFORM_SEGMENT_H

#include "platform/handle.h"

typedef struct brood__segment_t {
    char *base; /* where this process sees it, 64 KiB aligned; NULL: not mapped */
    uint64_t size;
    brood__handle_t handle; /* what a child attaches by */
} brood__segment_t;

/* Reserve `size` bytes (a multiple of 64 KiB) that read as zero.  Has no name and ends with its last user, however
 * that ends.  Takes address space only.  APR_ENOMEM: the system will not reserve so much; APR_EACCES: nor
 * less, as in a sandbox. */
apr_status_t brood__segment_create(brood__segment_t *segment, uint64_t size);

/* Map a segment that was inherited; at `wish`, where another process sees it, if that is free here and of use.  Takes
 * the handle over, also on failure. */
apr_status_t brood__segment_attach(brood__segment_t *segment, brood__handle_t handle, uint64_t size, uint64_t wish);

/* Make bytes usable for every process that has the segment, before their first use: what would fault later fails
 * here.  Any number of times.  `offset` and `size` are multiples of 64 KiB.  APR_ENOMEM or APR_ENOSPC. */
apr_status_t brood__segment_commit(const brood__segment_t *segment, uint64_t offset, uint64_t size);

/* Give the pages back to the system; they stay usable, their content is lost.  Returns true if they read as zero
 * from now on, false if their content is anything. */
bool brood__segment_discard(const brood__segment_t *segment, uint64_t offset, uint64_t size);

/* Unmap and close. */
void brood__segment_detach(brood__segment_t *segment);

#endif
