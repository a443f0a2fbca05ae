/* heap.h - blocks of the arena that survive a process killed while it allocates, holds or frees them.
 *
 * The truth is one owner word per block and one per run of pages, changed by one store: 0 free, a process, a queue
 * (the item is in it), or an object (held by the processes in its holder set).  There are no free lists and no
 * second books, so nothing is to be undone: a sweep gives back every block whose word names the dead. */
#ifndef BROOD_MEMORY_HEAP_H
#define BROOD_MEMORY_HEAP_H

#include "memory/table.h"
#include <stddef.h>

/* `size` bytes (1 at least) for this process; *block is their offset, 128-byte aligned; content is anything.
 * APR_ENOMEM: the arena is full, and nobody who died has left anything in it. */
apr_status_t brood__heap_alloc(uint64_t *block, uint64_t size);
/* The same, all zero. */
apr_status_t brood__heap_calloc(uint64_t *block, uint64_t size);
/* Give back a block of this process; another's is left alone.  Large ones go back to the system, but for some that
 * are kept warm. */
void brood__heap_free(uint64_t block);

/* Bytes of all blocks together, at most. */
uint64_t brood__heap_limit(void);

/* What a block of this process can hold; 0 if `block` is none. */
uint64_t brood__heap_size(uint64_t block);

/* ---- blocks on their way: for queues and objects ---- */

#define BROOD__POSITIONS UINT32_C(0x7fffffff) /* the bits of a position that are kept */

/* Say where a block of this process is about to be published: at `position` of the object at offset `container`.
 * A hint, always checked: after this process's death the container is asked whether it holds the block.  Whether it bears
 * objects stays as it is. */
void brood__heap_publish(uint64_t block, uint64_t container, uint32_t position);
/* The block is this process's from now on. */
void brood__heap_take(uint64_t block);
/* The container that a block of this process was last published in; 0: none, or it is no block of this process. */
uint64_t brood__heap_container(uint64_t block);

/* ---- blocks on a lease: a process's, until it has done with them or is dead ---- */

#define BROOD__LEASED UINT32_C(0x40000000) /* in an owner word, beside the process */

/* The block is leased to this process from now on: the same as taken, but that its container may want it back. */
void brood__heap_lease(uint64_t block);
/* It is this process's for good.  False: it was not on lease to this process. */
bool brood__heap_end_lease(uint64_t block);
/* What the block's owner word says; 0: free, or no block. */
uint32_t brood__heap_owner(uint64_t block);

typedef struct brood__heap_use_t {
    uint64_t mine;    /* blocks of processes, those waiting in caches included */
    uint64_t queued;  /* blocks of dead processes that queues hold */
    uint64_t objects; /* blocks of shared objects */
    uint64_t pages;   /* of 64 KiB, in large blocks and spans */
} brood__heap_use_t;
/* Blocks in use, counted by looking at each. */
void brood__heap_count(brood__heap_use_t *use);
/* Hand this process's cached blocks back. */
void brood__heap_flush(void);

#endif
