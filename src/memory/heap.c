#include "memory/heap.h"
#include "base/own.h"
#include "base/step.h"
#include "memory/block.h"
#include "base/thread_local.h"
#include "memory/word.h"
#include "platform/clock.h"
#include "platform/self.h"
#include <inttypes.h>
#include <string.h>

#define CACHED_CLASSES 9u /* up to 32 KiB; larger blocks are handed back at once */
#define CACHE_ROOM 32u
#define CACHES 4u

/* Blocks that this process owns and has at hand.  Private memory: its death gives them back by their owner words.
 * A thread that finds its cache busy goes to the spans itself. */
typedef struct cache_t {
    _Alignas(64) atomic_flag busy;
    uint32_t count[CACHED_CLASSES];
    uint64_t (*blocks)[CACHE_ROOM]; /* of each class; NULL: not used yet.  Apart: a new process writes to the rest */
} cache_t;

static cache_t caches[CACHES] = {{ATOMIC_FLAG_INIT, {0}, NULL},
                                 {ATOMIC_FLAG_INIT, {0}, NULL},
                                 {ATOMIC_FLAG_INIT, {0}, NULL},
                                 {ATOMIC_FLAG_INIT, {0}, NULL}};

/* Where the next search of a class begins: span and block.  A hint, different in every process. */
static _Atomic uint64_t rover[BROOD__CLASSES];

static unsigned class_of(uint64_t size)
{
    unsigned class_ = 0;

    while (BROOD__CLASS_SIZE(class_) < size)
        class_++;
    return class_;
}

/* ---- blocks ---- */

/* Claim up to `want` free blocks of one span, from block `from` on.  Returns how many. */
static uint32_t claim(brood__span_t *span, uint32_t from, uint32_t want, uint64_t *blocks, uint32_t *next)
{
    uint32_t count = 0, i = from;

    for (; i < span->blocks && count < want; i++) {
        uint32_t nobody = 0;

        if (atomic_load_explicit(&span->owner[i], memory_order_relaxed) == 0
            && atomic_compare_exchange_strong_explicit(&span->owner[i], &nobody, brood__me, memory_order_acquire,
                                                       memory_order_relaxed)) {
            BROOD__STEP(HEAP_CLAIMED);
            blocks[count++] = brood__span_block(span, i);
        }
    }
    *next = i;
    return count;
}

/* Up to `want` blocks of a class from its spans, growing it if they are full; 0: no memory. */
static uint32_t refill(unsigned class_, uint32_t want, uint64_t *blocks)
{
    brood__heap_t *heap = brood__heap();

    for (;;) {
        const uint32_t spans = atomic_load_explicit(&heap->spans[class_], memory_order_acquire);
        uint64_t at = atomic_load_explicit(&rover[class_], memory_order_relaxed);

        for (uint32_t k = 0; k <= spans && spans != 0; k++) {
            /* A span, and 14 bits of block. */
            brood__span_t *span = brood__span(
                atomic_load_explicit((_Atomic uint32_t *) brood__at(heap->span[class_]) + (at >> 14) % spans,
                                     memory_order_relaxed));
            uint32_t next, count = claim(span, (uint32_t) at & 0x3fff, want, blocks, &next);

            at = next < span->blocks ? (at & ~UINT64_C(0x3fff)) | next : ((at >> 14) + 1) % spans << 14;
            if (count != 0) {
                atomic_store_explicit(&rover[class_], at, memory_order_relaxed);
                BROOD__STEP(HEAP_REFILLED);
                return count;
            }
        }
        if (brood__span_add(class_, spans) != APR_SUCCESS)
            return 0;
    }
}

static void cache_leave(cache_t *cache)
{
    atomic_flag_clear_explicit(&cache->busy, memory_order_release);
}

/* This thread's cache, or NULL if it is busy. */
static cache_t *cache_enter(void)
{
    static BROOD__THREAD_LOCAL int place;
    static _Atomic int places;
    cache_t *cache;

    if (place == 0)
        place = (int) ((unsigned) atomic_fetch_add(&places, 1) % CACHES) + 1;
    cache = &caches[place - 1];
    if (atomic_flag_test_and_set_explicit(&cache->busy, memory_order_acquire))
        return NULL;
    if (cache->blocks == NULL)
        cache->blocks = brood__own_alloc(CACHED_CLASSES * sizeof *cache->blocks);
    if (cache->blocks != NULL)
        return cache;
    cache_leave(cache);
    return NULL;
}

static bool alloc_small(uint64_t *block, unsigned class_)
{
    cache_t *cache = class_ < CACHED_CLASSES ? cache_enter() : NULL;
    bool got;

    if (cache == NULL)
        return refill(class_, 1, block) == 1;
    if (cache->count[class_] == 0)
        cache->count[class_] = refill(class_, class_ < 6 ? CACHE_ROOM / 2 : 4, cache->blocks[class_]);
    got = cache->count[class_] != 0;
    if (got)
        *block = cache->blocks[class_][--cache->count[class_]];
    cache_leave(cache);
    return got;
}

static apr_status_t alloc(uint64_t *block, uint64_t size, bool zeroed)
{
    const unsigned class_ = size <= BROOD__CLASS_SIZE(BROOD__CLASSES - 1) ? class_of(size) : BROOD__CLASSES;

    for (int attempt = 0; attempt < 2; attempt++) {
        if (class_ == BROOD__CLASSES && brood__pages_alloc(block, size, zeroed) == APR_SUCCESS)
            return APR_SUCCESS;
        if (class_ < BROOD__CLASSES && alloc_small(block, class_)) {
            if (zeroed)
                memset(brood__at(*block), 0, (size_t) size);
            return APR_SUCCESS;
        }
        if (attempt == 0)
            brood__table_sweep(true); /* perhaps somebody died unnoticed and has left something */
    }
    return brood_fail(APR_ENOMEM, "the arena has no room for %" PRIu64 " bytes; arena_limit sets its size", size);
}

apr_status_t brood__heap_alloc(uint64_t *block, uint64_t size)
{
    return alloc(block, size, false);
}

apr_status_t brood__heap_calloc(uint64_t *block, uint64_t size)
{
    return alloc(block, size, true);
}

uint64_t brood__heap_limit(void)
{
    return brood__heap()->pages * BROOD__PAGE;
}

static bool cached(const brood__block_t *found, uint64_t block)
{
    const unsigned class_ = class_of(found->size);
    cache_t *cache = class_ < CACHED_CLASSES ? cache_enter() : NULL;
    bool room;

    if (cache == NULL)
        return false;
    room = cache->count[class_] < CACHE_ROOM;
    if (room)
        cache->blocks[class_][cache->count[class_]++] = block;
    cache_leave(cache);
    return room;
}

void brood__heap_free(uint64_t block)
{
    brood__block_t found;

    if (!brood__block_find(block, &found))
        return;
    if (found.page != NULL) {
        const uint64_t run = atomic_load(found.page);

        if (BROOD__RUN_OWNER(run) == brood__me)
            brood__pages_free((uint32_t) (found.page - brood__page(0)), run);
        return;
    }
    if (atomic_load_explicit(found.owner, memory_order_relaxed) != brood__me || cached(&found, block))
        return;
    atomic_store_explicit(found.owner, 0, memory_order_release);
    BROOD__STEP(HEAP_FREED);
}

uint64_t brood__heap_size(uint64_t block)
{
    brood__block_t found;

    return brood__block_find(block, &found) ? found.size : 0;
}

static void flush(bool last)
{
    for (unsigned i = 0; i < CACHES; i++) {
        cache_t *cache = &caches[i];

        while (atomic_flag_test_and_set_explicit(&cache->busy, memory_order_acquire))
            brood__clock_yield();
        for (unsigned class_ = 0; class_ < CACHED_CLASSES; class_++)
            while (cache->count[class_] != 0) {
                brood__block_t found;

                if (brood__block_find(cache->blocks[class_][--cache->count[class_]], &found))
                    atomic_store_explicit(found.owner, 0, memory_order_release);
            }
        if (!last)
            cache_leave(cache);
    }
}

void brood__heap_flush(void)
{
    flush(false);
}

/* Who finds a cache busy does without, so it stays so. */
void brood__heap_retire(void)
{
    flush(true);
}

void brood__heap_forget(void)
{
    const uint32_t begin = brood__self_pid() * 977u % 4096u;

    for (unsigned i = 0; i < CACHES; i++) {
        memset(caches[i].count, 0, sizeof caches[i].count);
        atomic_flag_clear(&caches[i].busy);
    }
    for (unsigned class_ = 0; class_ < BROOD__CLASSES; class_++)
        atomic_store_explicit(&rover[class_], begin, memory_order_relaxed);
}

/* ---- blocks on their way ---- */

void brood__heap_publish(uint64_t block, uint64_t container, uint32_t position)
{
    brood__block_t found;

    if (brood__block_find(block, &found))
        atomic_store_explicit(found.where,
                              container >> 7 << 32 | (atomic_load(found.where) & BROOD__BEARING)
                                  | (position & BROOD__POSITIONS),
                              memory_order_release);
    brood__heap_take(block); /* ours already: stored anew, so that whoever claims it next sees what was written */
}

void brood__heap_take(uint64_t block)
{
    brood__block_t found;

    if (brood__block_find(block, &found))
        brood__block_give(&found, brood__me);
}

void brood__heap_lease(uint64_t block)
{
    brood__block_t found;

    if (brood__block_find(block, &found))
        brood__block_give(&found, brood__me | BROOD__LEASED);
}

bool brood__heap_end_lease(uint64_t block)
{
    brood__block_t found;

    return brood__block_find(block, &found) && brood__block_pass(&found, brood__me | BROOD__LEASED, brood__me);
}

uint32_t brood__heap_owner(uint64_t block)
{
    brood__block_t found;

    return brood__block_find(block, &found) ? brood__block_owner(&found) : 0;
}

uint64_t brood__heap_container(uint64_t block)
{
    brood__block_t found;

    if (!brood__block_find(block, &found) || brood__block_owner(&found) != brood__me)
        return 0;
    return atomic_load_explicit(found.where, memory_order_relaxed) >> 32 << 7;
}
