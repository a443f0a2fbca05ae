#include "base/kind.h"
#include "base/step.h"
#include "memory/block.h"
#include "memory/heap.h"
#include "memory/loan.h"
#include "memory/object.h"

/* Does the queue that a block of the dead was last published to hold it?  1, 0, or -1: could not look. */
static int is_held(uint64_t where, uint64_t block, uint32_t owner)
{
    const uint64_t container = where >> 32 << 7;
    const brood__kind_t *kind;
    apr_status_t rc;
    int held = 0;

    if (container == 0)
        return 0;
    if ((rc = brood__object_hold(container)) != APR_SUCCESS)
        return rc == APR_ENOENT ? 0 : -1;
    kind = brood__kind_find((apr_int32_t) ((brood__object_t *) brood__at(container))->tag);
    if (kind != NULL && kind->holds != NULL)
        held = kind->holds(brood__at(container), (uint32_t) where & BROOD__POSITIONS, block, owner);
    brood__object_release(container);
    return held;
}

bool brood__block_each(brood__block_visit_fn *visit, void *context)
{
    const uint32_t top = atomic_load(&brood__heap()->top);

    for (uint32_t p = 0; p < top;) {
        const uint64_t run = atomic_load(brood__page(p));
        brood__span_t *span = BROOD__RUN_CLASS(run) != 0 ? brood__span(p) : NULL;
        brood__block_t found;
        uint32_t owner;

        for (uint32_t i = 0; span != NULL && i < span->blocks; i++) {
            found =
                (brood__block_t){&span->owner[i], &brood__span_where(span)[i], NULL, BROOD__CLASS_SIZE(span->class_)};
            owner = brood__block_owner(&found);
            if (owner != 0 && !visit(&found, brood__span_block(span, i), owner, context))
                return false;
        }
        if (run != 0 && span == NULL && brood__block_find(brood__page_offset(p), &found)
            && (owner = brood__block_owner(&found)) != 0 && !visit(&found, brood__page_offset(p), owner, context))
            return false;
        p += run != 0 ? BROOD__RUN_PAGES(run) : 1;
    }
    return true;
}

/* A block of the dead goes to the queue that holds it, or is free: then nobody can reach it but other sweeps, one of
 * which wins it, and does what is to be done before it is free.  Where a getter has taken it meanwhile, his store wins
 * over the exchange. */
static bool sweep_block(const brood__block_t *found, uint64_t block, uint32_t owner, void *dead)
{
    int held;

    if ((owner & ~BROOD__LEASED) != *(const brood__id_t *) dead)
        return true;
    held = is_held(atomic_load(found->where), block, owner);
    if (held > 0)
        (void) brood__block_pass(found, owner, BROOD__OWNER_QUEUE);
    else if (held == 0 && brood__block_pass(found, owner, brood__me)) {
        BROOD__STEP(SWEEP_TAKEN);
        brood__loan_revoke(block);
        brood__loan_end(block);
        if (found->page != NULL)
            brood__heap_free(block);
        else
            (void) brood__block_pass(found, brood__me, 0); /* not into our cache: others may need it more */
    }
    BROOD__STEP(SWEEP_BLOCK);
    return held >= 0;
}

static bool sweep_object(const brood__block_t *found, uint64_t block, uint32_t owner, void *dead)
{
    (void) found;
    if (owner == BROOD__OWNER_OBJECT)
        brood__object_drop(block, *(const brood__id_t *) dead);
    return true;
}

/* Objects last: when a queue is told of an end, what the dead had on its way is where it belongs. */
bool brood__heap_sweep(brood__id_t dead)
{
    return brood__block_each(sweep_block, &dead) && brood__block_each(sweep_object, &dead);
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
