/* layout.h - what lies where in the arena.  Only for the files of this folder. */
#ifndef BROOD_MEMORY_LAYOUT_H
#define BROOD_MEMORY_LAYOUT_H

#include "memory/object.h"
#include "memory/waiter.h"
#include <stdatomic.h>

#define BROOD__PAGE UINT64_C(65536) /* what the heap deals in */
#define BROOD__CELLS 4096u          /* threads that can sleep and be found */
#define BROOD__WAITERS_MOST 4096u   /* threads that can wait in conditions and barriers */
#define BROOD__CLASSES 12u          /* blocks of 128 bytes to 256 KiB */
#define BROOD__CLASS_SHIFT(c) (7u + (c))
#define BROOD__CLASS_SIZE(c) (UINT64_C(1) << BROOD__CLASS_SHIFT(c))
#define BROOD__SPAN_PAGES 16u /* one span of blocks of one class: 1 MiB */

/* Owners that are no process: their slot is above BROOD__SLOTS. */
#define BROOD__OWNER_ORPHAN UINT32_C(0x3fffffff) /* a lock whose owner died, not taken yet */
#define BROOD__OWNER_QUEUE UINT32_C(0x3ffffffe)  /* a block: the queue that it is in */
#define BROOD__OWNER_OBJECT UINT32_C(0x3ffffffd) /* a block: the holders of the object in it */
#define BROOD__OWNER_SPAN UINT32_C(0x3ffffffc)   /* pages: they hold blocks */

/* A lock word: 0 free, else its owner, and this bit if others may sleep on it. */
#define BROOD__WAITERS UINT32_C(0x80000000)

/* A process. */
enum { BROOD__FREE, BROOD__STARTING, BROOD__ALIVE, BROOD__DEAD };
#define BROOD__LIFE(generation, state) ((uint32_t) (generation) << 4 | (uint32_t) (state))
#define BROOD__LIFE_STATE(life) (15u & (life))
#define BROOD__LIFE_GENERATION(life) ((life) >> 4)
#define BROOD__ID(generation, slot) ((brood__id_t) (generation) << 10 | (slot))
#define BROOD__ID_GENERATION(id) ((id) >> 10)
#define BROOD__GENERATIONS UINT32_C(0xfffff)

typedef struct brood__record_t {
    _Atomic uint32_t pid;
    _Atomic uint64_t start; /* the system's start time: pid reuse shows */
    _Atomic uint32_t parent;
    char name[BROOD__NAME_SIZE]; /* written while the slot is the parent's alone */
} brood__record_t;

typedef struct brood__heap_t {
    _Alignas(128) _Atomic uint32_t lock;  /* for new spans and large blocks only */
    _Alignas(128) _Atomic uint32_t first; /* a hint: no page below is free */
    _Atomic uint32_t top;                 /* no page from here on was ever used */
    _Atomic int32_t warm;                 /* a hint: free pages that were not given back to the system */
    _Alignas(128) _Atomic uint32_t spans[BROOD__CLASSES];
    uint32_t pages; /* of the heap */
    uint64_t page;  /* offset of _Atomic uint64_t[pages]: owner << 32 | class + 1 << 24 | pages of a run; 0 free */
    uint64_t where; /* offset of _Atomic uint64_t[pages]: see block.h */
    uint64_t span[BROOD__CLASSES]; /* offset of _Atomic uint32_t[]: first pages of the spans of a class */
    uint64_t memory;               /* offset of page 0 */
} brood__heap_t;

#define BROOD__ARENA_MAGIC UINT64_C(0x62726f6f64000001) /* "brood", layout 1 */

typedef struct brood__head_t {
    uint64_t magic;
    uint64_t size;
    unsigned char key[16];
    _Alignas(128) _Atomic uint32_t cells_used;
    _Alignas(128) _Atomic uint32_t object_lock;
    _Atomic uint32_t keeper; /* a process; 0: there has been none */
    _Atomic uint32_t left;   /* counts first processes that have left: the keeper sleeps on it */
    _Atomic uint32_t rover;  /* where the next slot is looked for: round the table, so that generations move slowly */
    brood__heap_t heap;
    /* generation << 4 | state: the truth; close together, since a sweep looks at all */
    _Alignas(128) _Atomic uint32_t life[BROOD__SLOTS];
    brood__record_t record[BROOD__SLOTS];
    brood__cell_t cell[BROOD__CELLS];
    _Alignas(128) _Atomic uint32_t waiters_used;
    _Atomic int64_t looked; /* when somebody last asked after everybody */
    brood__waiter_t waiter[BROOD__WAITERS_MOST];
} brood__head_t;

static inline brood__head_t *brood__head(void)
{
    return (brood__head_t *) (void *) brood__arena_base;
}

/* heap.c, for the sweep of a process and for a process that leaves; false: somebody alive sits in a queue's end, try again later. */
bool brood__heap_sweep(brood__id_t dead);
/* This process leaves: its caches are empty and stay so, for what it frees from now on, as the last holder of a queue
 * say, nobody would hand back. */
void brood__heap_retire(void);
/* This process is another one now: what its caches hold is its parent's. */
void brood__heap_forget(void);
/* object.c: `dead` holds nothing any more. */
void brood__object_drop(uint64_t block, brood__id_t dead);
void brood__object_forget(void);
void brood__object_end(void);
/* The first hold of one that nobody knows yet; false: no memory. */
bool brood__object_begin(brood__object_t *object);
/* Let process `id` hold it, too. */
void brood__object_admit(brood__object_t *object, brood__id_t id);
/* Inside the lock: the object that is published in a block, or NULL. */
brood__object_t *brood__object_in(uint64_t block);
/* Inside the lock: one loan less of the object in a block.  If it is nobody's now, brood__object_end_doomed ends it. */
void brood__object_return(uint64_t block);
/* Outside of the lock. */
void brood__object_end_doomed(void);
/* loan.c: after a death inside the lock, count them all again. */
void brood__loans_recount(void);
/* The lock of all holder sets and loans, and of slots that begin or end.  Inside it, this thread only marks the dead. */
void brood__object_lock(void);
void brood__object_unlock(void);
/* waiter.c: the waiters of the dead are free, and what they were told is told to others. */
void brood__waiters_sweep(brood__id_t dead);
/* sleep.c: after a death everybody who sleeps looks again; the cells of the dead are free. */
void brood__sleep_wake_all(void);

#endif
