#include "base/kind.h"
#include "base/step.h"
#include "memory/block.h"
#include "memory/heap.h"
#include "memory/object.h"

/* Does the queue that a block was last published to hold it?  1, 0, or -1: could not look. */
static int is_held(uint64_t where, uint64_t block)
{
    const uint64_t container = where >> 32 << 7;
    const brood__kind_t *kind;
    apr_status_t rc;
    int held = 0;

    if (where == 0)
        return 0;
    if ((rc = brood__object_hold(container)) != APR_SUCCESS)
        return rc == APR_ENOENT ? 0 : -1;
    kind = brood__kind_find((apr_int32_t) ((brood__object_t *) brood__at(container))->tag);
    if (kind != NULL && kind->holds != NULL)
        held = kind->holds(brood__at(container), (uint32_t) where, block);
    brood__object_release(container);
    return held;
}

/* A block of the dead goes to the queue that holds it, or is free: then nobody can reach it but other sweeps.  Where
 * a getter has taken it meanwhile, his store wins over the exchange. */
static bool sweep_block(brood__span_t *span, uint32_t index, brood__id_t dead)
{
    uint32_t owner = dead;
    const int held = is_held(atomic_load(&brood__span_where(span)[index]), brood__span_block(span, index));

    if (held >= 0)
        (void) atomic_compare_exchange_strong(&span->owner[index], &owner, held ? BROOD__OWNER_QUEUE : 0);
    BROOD__STEP(SWEEP_BLOCK);
    return held >= 0;
}

static bool sweep_span(uint32_t page, brood__id_t dead)
{
    brood__span_t *span = brood__span(page);

    for (uint32_t i = 0; i < span->blocks; i++) {
        const uint32_t owner = atomic_load_explicit(&span->owner[i], memory_order_relaxed);

        if (owner == BROOD__OWNER_OBJECT)
            brood__object_drop(brood__span_block(span, i), dead);
        else if (owner == dead && !sweep_block(span, i, dead))
            return false;
    }
    return true;
}

static bool sweep_large(uint32_t page, uint64_t run, brood__id_t dead)
{
    const uint64_t block = brood__page_offset(page);
    int held;

    if (BROOD__RUN_OWNER(run) == BROOD__OWNER_OBJECT)
        brood__object_drop(block, dead);
    if (BROOD__RUN_OWNER(run) != dead)
        return true;
    held = is_held(atomic_load((_Atomic uint64_t *) brood__at(brood__heap()->where) + page), block);
    if (held > 0)
        (void) atomic_compare_exchange_strong(brood__page(page), &run,
                                              BROOD__RUN(BROOD__OWNER_QUEUE, 0, BROOD__RUN_PAGES(run)));
    else if (held == 0
             && atomic_compare_exchange_strong(brood__page(page), &run,
                                               BROOD__RUN(brood__me, 0, BROOD__RUN_PAGES(run))))
        brood__heap_free(block); /* one sweep has won it, and gives the pages back */
    BROOD__STEP(SWEEP_BLOCK);
    return held >= 0;
}

bool brood__heap_sweep(brood__id_t dead)
{
    const uint32_t top = atomic_load(&brood__heap()->top);

    for (uint32_t p = 0; p < top;) {
        const uint64_t run = atomic_load(brood__page(p));
        const bool span = BROOD__RUN_CLASS(run) != 0;

        if (run != 0 && !(span ? sweep_span(p, dead) : sweep_large(p, run, dead)))
            return false;
        p += run != 0 ? BROOD__RUN_PAGES(run) : 1;
    }
    return true;
}

static void count_owner(brood__heap_use_t *use, uint32_t owner)
{
    if (owner == BROOD__OWNER_OBJECT)
        use->objects++;
    else if (owner == BROOD__OWNER_QUEUE)
        use->queued++;
    else if (owner != 0)
        use->mine++;
}

void brood__heap_count(brood__heap_use_t *use)
{
    const uint32_t top = atomic_load(&brood__heap()->top);

    *use = (brood__heap_use_t){0, 0, 0, 0};
    for (uint32_t p = 0; p < top;) {
        const uint64_t run = atomic_load(brood__page(p));

        if (BROOD__RUN_CLASS(run) != 0)
            for (uint32_t i = 0; i < brood__span(p)->blocks; i++)
                count_owner(use, atomic_load(&brood__span(p)->owner[i]));
        else
            count_owner(use, BROOD__RUN_OWNER(run));
        use->pages += BROOD__RUN_PAGES(run);
        p += run != 0 ? BROOD__RUN_PAGES(run) : 1;
    }
}
