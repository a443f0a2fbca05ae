/* stock.c - what the arena holds, counted by looking at everything. */
#include "torture.h"

#include "base/report.h"
#include "memory/block.h"
#include "memory/layout.h"
#include "platform/clock.h"
#include <inttypes.h>
#include <stdio.h>

torture_stock_t torture_stock_take(void)
{
    brood__heap_use_t use;
    torture_stock_t stock;
    uint64_t spans = 0;

    brood__heap_flush();
    brood__heap_count(&use);
    for (unsigned class_ = 0; class_ < BROOD__CLASSES; class_++)
        spans += atomic_load(&brood__heap()->spans[class_]);
    stock = (torture_stock_t){(int64_t) use.mine,    (int64_t) use.queued,
                              (int64_t) use.objects, (int64_t) (use.pages - spans * BROOD__SPAN_PAGES),
                              brood__table_count(),  0};
    for (uint32_t i = 0; i < BROOD__CELLS; i++)
        stock.cells += atomic_load(&brood__head()->cell[i].owner) != 0;
    return stock;
}

/* Whose is what should not be there? */
static void report_blocks(void)
{
    const uint32_t top = atomic_load(&brood__heap()->top);
    unsigned room = 40; /* lines */

    for (uint32_t page = 0; page < top && room > 0; page++) {
        const uint64_t run = atomic_load(brood__page(page));
        brood__span_t *span = brood__span(page);

        if (run != 0 && BROOD__RUN_CLASS(run) == 0 && room-- > 0)
            brood__report("  pages %u+%u of %x", page, BROOD__RUN_PAGES(run), BROOD__RUN_OWNER(run));
        for (uint32_t i = 0; BROOD__RUN_CLASS(run) != 0 && i < span->blocks; i++)
            if (atomic_load(&span->owner[i]) != 0 && room > 0 && room-- > 0)
                brood__report("  block %" PRIx64 " of %x, class %u, last put at %" PRIx64 " of %" PRIx64,
                              brood__span_block(span, i), atomic_load(&span->owner[i]), span->class_,
                              atomic_load(&brood__span_where(span)[i]) & UINT32_MAX,
                              atomic_load(&brood__span_where(span)[i]) >> 32 << 7);
    }
}

bool torture_stock_print(const torture_stock_t *before, const torture_stock_t *after)
{
    const int64_t mine = after->mine - before->mine, queued = after->queued - before->queued;
    const int64_t objects = after->objects - before->objects, pages = after->pages - before->pages;
    const bool fine = mine == 0 && queued == 0 && objects == 0 && pages == 0 && after->slots == 1 && after->cells == 0;

    printf(" | books: blocks %" PRId64 " queued %" PRId64 " objects %" PRId64 " pages %" PRId64 ", slots %u cells %u",
           mine, queued, objects, pages, after->slots, after->cells);
    if (!fine)
        report_blocks();
    return fine;
}

void torture_stock_sweep(void)
{
    const apr_time_t end = brood__clock_now() + apr_time_from_sec(5);

    do {
        brood__table_sweep(true);
        if (brood__table_count() == 1)
            return;
        apr_sleep(5000);
    } while (brood__clock_now() < end);
}
