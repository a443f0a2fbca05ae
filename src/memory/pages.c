#include "base/step.h"
#include "memory/block.h"
#include "memory/heap.h"
#include "memory/word.h"
#include <string.h>

#define WARM_PAGES 1024  /* 64 MiB stay mapped for the next large block */
#define WARM_LARGEST 64u /* pages: what is larger goes back to the system at once */

bool brood__block_find(uint64_t block, brood__block_t *found)
{
    const brood__heap_t *heap = brood__heap();
    uint64_t run;
    uint32_t page, first;

    if (block < heap->memory || (block - heap->memory) / BROOD__PAGE >= heap->pages)
        return false;
    page = (uint32_t) ((block - heap->memory) / BROOD__PAGE);
    first = page & ~(BROOD__SPAN_PAGES - 1u);
    run = atomic_load_explicit(brood__page(first), memory_order_acquire);
    if (BROOD__RUN_CLASS(run) != 0) {
        brood__span_t *span = brood__span(first);
        const uint64_t inside = block - brood__offset(span) - span->data;
        const uint64_t index = inside >> BROOD__CLASS_SHIFT(span->class_);

        if (block < brood__offset(span) + span->data || index >= span->blocks
            || inside % BROOD__CLASS_SIZE(span->class_) != 0)
            return false;
        *found = (brood__block_t){&span->owner[index], &brood__span_where(span)[index], NULL,
                                  BROOD__CLASS_SIZE(span->class_)};
        return true;
    }
    run = atomic_load_explicit(brood__page(page), memory_order_acquire);
    *found = (brood__block_t){NULL, (_Atomic uint64_t *) brood__at(heap->where) + page, brood__page(page),
                              BROOD__RUN_PAGES(run) * BROOD__PAGE};
    return run != 0 && block == brood__page_offset(page);
}

bool brood__block_around(uint64_t place, uint64_t *block)
{
    const brood__heap_t *heap = brood__heap();
    uint32_t page, first;
    uint64_t run;

    if (place < heap->memory || (place - heap->memory) / BROOD__PAGE >= heap->pages)
        return false;
    page = (uint32_t) ((place - heap->memory) / BROOD__PAGE);
    first = page & ~(BROOD__SPAN_PAGES - 1u);
    if (BROOD__RUN_CLASS(atomic_load_explicit(brood__page(first), memory_order_acquire)) != 0) {
        brood__span_t *span = brood__span(first);
        const uint64_t inside = place - brood__offset(span);

        if (inside < span->data || (inside - span->data) >> BROOD__CLASS_SHIFT(span->class_) >= span->blocks)
            return false;
        *block = brood__span_block(span, (uint32_t) ((inside - span->data) >> BROOD__CLASS_SHIFT(span->class_)));
        return true;
    }
    first = page; /* inside a run all words but the first are 0 */
    while ((run = atomic_load_explicit(brood__page(first), memory_order_acquire)) == 0 && first != 0)
        first--;
    *block = brood__page_offset(first);
    return page - first < BROOD__RUN_PAGES(run);
}

/* ---- pages: under the heap's lock ---- */

/* After a holder of the lock died: which spans a class has follows from the page map.  The entries that are there
 * already stay valid for those who read them meanwhile: each is a span of the class. */
static void rebuild(void)
{
    brood__heap_t *heap = brood__heap();
    const uint32_t top = atomic_load(&heap->top);
    uint32_t count[BROOD__CLASSES] = {0};

    for (uint32_t p = 0; p < top;) {
        const uint64_t run = atomic_load(brood__page(p));
        const uint32_t class_ = BROOD__RUN_CLASS(run);

        if (class_ != 0)
            atomic_store_explicit((_Atomic uint32_t *) brood__at(heap->span[class_ - 1]) + count[class_ - 1]++, p,
                                  memory_order_relaxed);
        p += run != 0 ? BROOD__RUN_PAGES(run) : 1;
    }
    for (unsigned c = 0; c < BROOD__CLASSES; c++)
        atomic_store(&heap->spans[c], count[c]);
}

static void heap_lock(void)
{
    brood__critical_enter();
    if (brood__word_acquire(&brood__heap()->lock, BROOD_FOREVER) == BROOD_EOWNERDEAD)
        rebuild();
}

static void heap_unlock(void)
{
    (void) brood__word_release(&brood__heap()->lock);
    brood__critical_leave();
}

/* The first run of free pages from `from` on that begins at a multiple of `align`; UINT32_MAX: none.  *lowest is the
 * first free page that was seen. */
static uint32_t find_run(uint32_t from, uint32_t pages, uint32_t align, uint32_t *lowest)
{
    const brood__heap_t *heap = brood__heap();
    uint32_t found = 0;

    *lowest = heap->pages;
    for (uint32_t p = from; p < heap->pages;) {
        const uint64_t run = atomic_load(brood__page(p));

        if (run != 0) {
            found = 0;
            p += BROOD__RUN_PAGES(run);
            continue;
        }
        if (*lowest == heap->pages)
            *lowest = p;
        if (found != 0 || p % align == 0)
            found++;
        if (found == pages)
            return p + 1 - pages;
        p++;
    }
    return UINT32_MAX;
}

/* Find and commit pages; the caller stores their run, which makes them its own. */
static apr_status_t take_pages(uint32_t *page, uint32_t pages, uint32_t align)
{
    brood__heap_t *heap = brood__heap();
    uint32_t first = atomic_load(&heap->first), lowest, next;

    *page = find_run(first, pages, align, &lowest);
    if (*page == UINT32_MAX && first != 0)
        *page = find_run(0, pages, align, &lowest);
    if (*page == UINT32_MAX)
        return APR_ENOMEM;
    if (*page + pages > atomic_load(&heap->top))
        atomic_store(&heap->top, *page + pages); /* before they are used: a sweep looks at all that are */
    /* Unless it was lowered meanwhile; but not to a page inside this run: a search must not begin there. */
    next = lowest == *page ? *page + pages : lowest;
    while (!atomic_compare_exchange_strong(&heap->first, &first, next) && first > *page && first < *page + pages)
        ;
    return brood__segment_commit(brood__arena_segment(), brood__page_offset(*page), pages * BROOD__PAGE);
}

static void keep_warm(int32_t pages)
{
    if (atomic_fetch_add(&brood__heap()->warm, pages) < -pages)
        atomic_store(&brood__heap()->warm, 0);
}

void brood__pages_free(uint32_t page, uint64_t run)
{
    brood__heap_t *heap = brood__heap();
    const uint32_t pages = BROOD__RUN_PAGES(run);
    uint32_t first = atomic_load(&heap->first);

    if (pages <= WARM_LARGEST && atomic_load(&heap->warm) < WARM_PAGES)
        keep_warm((int32_t) pages);
    else
        (void) brood__segment_discard(brood__arena_segment(), brood__page_offset(page), pages * BROOD__PAGE);
    /* While the page is a run's beginning for sure: a moment later it may lie inside another's. */
    while (page < first && !atomic_compare_exchange_weak(&heap->first, &first, page))
        ;
    atomic_store_explicit(brood__page(page), 0, memory_order_release);
    BROOD__STEP(HEAP_LARGE_FREED);
    if (atomic_load(&heap->first) > page)
        atomic_store(&heap->first, 0); /* somebody has looked past it meanwhile */
}

apr_status_t brood__span_add(unsigned class_, uint32_t had)
{
    brood__heap_t *heap = brood__heap();
    apr_status_t rc = APR_SUCCESS;
    uint32_t page, count;

    heap_lock();
    BROOD__STEP(HEAP_GROW_LOCKED);
    count = atomic_load(&heap->spans[class_]);
    if (count == had && (rc = take_pages(&page, BROOD__SPAN_PAGES, BROOD__SPAN_PAGES)) == APR_SUCCESS) {
        brood__span_t *span = brood__span(page);
        const uint64_t size = BROOD__SPAN_PAGES * BROOD__PAGE;

        span->class_ = class_;
        span->blocks = (uint32_t) ((size - sizeof *span - 8 - 127)
                                   / (BROOD__CLASS_SIZE(class_) + sizeof(uint32_t) + sizeof(uint64_t)));
        span->data = (sizeof *span + (span->blocks + 1) * sizeof(uint32_t) + span->blocks * sizeof(uint64_t) + 127)
                     & ~UINT64_C(127);
        memset((void *) span->owner, 0, (size_t) (span->data - sizeof *span));
        atomic_store_explicit((_Atomic uint32_t *) brood__at(heap->span[class_]) + count, page, memory_order_relaxed);
        BROOD__STEP(HEAP_GROW_LISTED);
        /* The commit: from here on the pages are a span. */
        atomic_store_explicit(brood__page(page), BROOD__RUN(BROOD__OWNER_SPAN, class_ + 1, BROOD__SPAN_PAGES),
                              memory_order_release);
        BROOD__STEP(HEAP_GROW_COMMITTED);
        atomic_store_explicit(&heap->spans[class_], count + 1, memory_order_release);
        BROOD__STEP(HEAP_GROW_COUNTED);
    }
    heap_unlock();
    return rc;
}

apr_status_t brood__pages_alloc(uint64_t *block, uint64_t size, bool zeroed)
{
    const uint64_t pages = (size + BROOD__PAGE - 1) / BROOD__PAGE;
    const brood__segment_t *segment = brood__arena_segment();
    apr_status_t rc;
    uint32_t page;

    if (pages > brood__heap()->pages)
        return APR_ENOMEM;
    heap_lock();
    if ((rc = take_pages(&page, (uint32_t) pages, 1)) == APR_SUCCESS) {
        *block = brood__page_offset(page);
        atomic_store((_Atomic uint64_t *) brood__at(brood__heap()->where) + page, 0);
        atomic_store_explicit(brood__page(page), BROOD__RUN(brood__me, 0, pages), memory_order_release);
        BROOD__STEP(HEAP_LARGE_COMMITTED);
    }
    heap_unlock();
    if (rc != APR_SUCCESS)
        return rc;
    if (pages <= WARM_LARGEST)
        keep_warm(-(int32_t) pages);
    if (!zeroed)
        return APR_SUCCESS;
    /* Pages that the system gives afresh are zero without being touched. */
    if (!brood__segment_discard(segment, *block, pages * BROOD__PAGE))
        memset(brood__at(*block), 0, (size_t) size);
    else if ((rc = brood__segment_commit(segment, *block, pages * BROOD__PAGE)) != APR_SUCCESS)
        brood__heap_free(*block);
    return rc;
}
