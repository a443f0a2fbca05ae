/* arena.h - the shared memory of a process tree: one segment, cut up once.
 *
 * Objects in it are known by their offset, since every process may see the arena at another address.  Offset 0 is
 * the arena's own head and never an object's. */
#ifndef BROOD_MEMORY_ARENA_H
#define BROOD_MEMORY_ARENA_H

#include "platform/park.h"
#include "platform/segment.h"

#define BROOD__ARENA_LEAST (UINT64_C(16) << 20)
#define BROOD__ARENA_MOST (UINT64_C(512) << 30) /* a block's place must fit the heap's 32-bit notes */

/* Where this process sees the arena; NULL before there is one. */
extern char *brood__arena_base;
/* Counts the arenas that this process has seen. */
extern unsigned brood__arena_epoch;

static inline void *brood__at(uint64_t offset)
{
    return brood__arena_base + offset;
}

static inline uint64_t brood__offset(const void *place)
{
    return (uint64_t) ((const char *) place - brood__arena_base);
}

/* In the first process of a tree: make the arena, `limit` bytes at most (0: half of the machine's memory), and take the
 * first slot of its process table.  APR_EINVAL: below BROOD__ARENA_LEAST or above BROOD__ARENA_MOST.  APR_ENOMEM: the system
 * will not reserve so much. */
apr_status_t brood__arena_create(uint64_t limit);

/* In a re-executed child: map the parent's, at `wish` if that is free.  Takes the handle over.  BROOD_EPROTOCOL: that is no arena. */
apr_status_t brood__arena_attach(brood__handle_t handle, uint64_t size, uint64_t wish);

/* Unmap it: this process knows no shared object any more. */
void brood__arena_detach(void);

/* BROOD__SERVER_KEY random bytes that this tree alone knows. */
const unsigned char *brood__arena_key(void);

/* What a child attaches by. */
const brood__segment_t *brood__arena_segment(void);

#endif
