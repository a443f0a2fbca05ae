/* block.h - how the heap finds the words that describe a block.  Only for the heap's files, objects and loans. */
#ifndef BROOD_MEMORY_BLOCK_H
#define BROOD_MEMORY_BLOCK_H

#include "memory/layout.h"

/* A span: 1 MiB of blocks of one class, and before them who owns each and where each was published. */
typedef struct brood__span_t {
    uint32_t class_;
    uint32_t blocks;
    uint64_t data;            /* from the span's begin to its first block */
    _Atomic uint32_t owner[]; /* [blocks], then _Atomic uint64_t where[blocks] */
} brood__span_t;

/* The words of one block.  A large block has no owner word of its own: `page` is its truth. */
typedef struct brood__block_t {
    _Atomic uint32_t *owner;
    _Atomic uint64_t *where;
    _Atomic uint64_t *page;
    uint64_t size;
} brood__block_t;

#define BROOD__RUN(owner, class_, pages) ((uint64_t) (owner) << 32 | (uint64_t) (class_) << 24 | (pages))
#define BROOD__RUN_OWNER(run) ((uint32_t) ((run) >> 32))
#define BROOD__RUN_CLASS(run) ((uint32_t) ((run) >> 24) & 255u) /* class + 1; 0: one large block */
#define BROOD__RUN_PAGES(run) (0xffffffu & (uint32_t) (run))

/* Where a block was last published: container >> 7 << 32, the position's bits, and this one while it bears objects. */
#define BROOD__BEARING (UINT64_C(1) << 31)

static inline brood__heap_t *brood__heap(void)
{
    return &brood__head()->heap;
}

static inline _Atomic uint64_t *brood__page(uint32_t page)
{
    return (_Atomic uint64_t *) brood__at(brood__heap()->page) + page;
}

static inline uint64_t brood__page_offset(uint32_t page)
{
    return brood__heap()->memory + page * BROOD__PAGE;
}

static inline brood__span_t *brood__span(uint32_t page)
{
    return brood__at(brood__page_offset(page));
}

static inline _Atomic uint64_t *brood__span_where(brood__span_t *span)
{
    return (_Atomic uint64_t *) (void *) (span->owner + (span->blocks + (span->blocks & 1u)));
}

static inline uint64_t brood__span_block(const brood__span_t *span, uint32_t index)
{
    return brood__offset(span) + span->data + ((uint64_t) index << BROOD__CLASS_SHIFT(span->class_));
}

/* False: `block` is the begin of no block. */
bool brood__block_find(uint64_t block, brood__block_t *found);
/* The block that this place is in.  False: none; of a place in a block that may be freed meanwhile it says nothing. */
bool brood__block_around(uint64_t place, uint64_t *block);

static inline uint32_t brood__block_owner(const brood__block_t *found)
{
    return found->owner != NULL ? atomic_load_explicit(found->owner, memory_order_acquire)
                                : BROOD__RUN_OWNER(atomic_load_explicit(found->page, memory_order_acquire));
}

/* From whoever has it to `owner`. */
static inline void brood__block_give(const brood__block_t *found, uint32_t owner)
{
    if (found->owner != NULL)
        atomic_store_explicit(found->owner, owner, memory_order_release);
    else
        atomic_store_explicit(found->page, (atomic_load(found->page) & UINT32_MAX) | (uint64_t) owner << 32,
                              memory_order_release);
}

/* From `owner` to `next`.  False: it was another's. */
static inline bool brood__block_pass(const brood__block_t *found, uint32_t owner, uint32_t next)
{
    uint64_t run;

    if (found->owner != NULL)
        return atomic_compare_exchange_strong(found->owner, &owner, next);
    run = BROOD__RUN(owner, 0, found->size / BROOD__PAGE);
    return atomic_compare_exchange_strong(found->page, &run, BROOD__RUN(next, 0, found->size / BROOD__PAGE));
}

static inline bool brood__block_bears(const brood__block_t *found)
{
    return (atomic_load_explicit(found->where, memory_order_acquire) & BROOD__BEARING) != 0;
}

/* Call `visit` with each block that somebody owns, until it returns false; then, so does this. */
typedef bool brood__block_visit_fn(const brood__block_t *found, uint64_t block, uint32_t owner, void *context);
bool brood__block_each(brood__block_visit_fn *visit, void *context);

/* One more span of a class, unless it has more than `had` by now. */
apr_status_t brood__span_add(unsigned class_, uint32_t had);

/* A large block for this process. */
apr_status_t brood__pages_alloc(uint64_t *block, uint64_t size, bool zeroed);

/* Pages go back to the heap, and to the system unless a little is to be kept warm.  Stored last: from then on they
 * are another's. */
void brood__pages_free(uint32_t page, uint64_t run);

#endif
