#include "memory/arena.h"
#include "memory/layout.h"
#include "memory/object.h"
#include "platform/self.h"
#include <brood/status.h>
#include <inttypes.h>
#include <string.h>

char *brood__arena_base;
unsigned brood__arena_epoch;
static brood__segment_t segment;

const brood__segment_t *brood__arena_segment(void)
{
    return &segment;
}

const unsigned char *brood__arena_key(void)
{
    return brood__head()->key;
}

static apr_status_t attach_cells(bool first)
{
    brood__head_t *head = brood__head();
    const brood__cells_t cells = {head->cell, BROOD__CELLS, &head->cells_used, head->key};

    return brood__park_attach(&cells, first);
}

static uint64_t round_up(uint64_t size, uint64_t unit)
{
    return (size + unit - 1) / unit * unit;
}

/* Cut the arena up: head, the heap's maps, then the heap's pages.  The maps are as large as if they mapped themselves
 * too, which costs address space only.  Returns where the pages begin. */
static uint64_t lay_out(brood__heap_t *heap, uint64_t size)
{
    uint64_t place = round_up(sizeof(brood__head_t), 128);
    const uint64_t pages = size / BROOD__PAGE;

    heap->page = place;
    place += pages * sizeof(uint64_t);
    heap->where = place;
    place += pages * sizeof(uint64_t);
    for (unsigned c = 0; c < BROOD__CLASSES; c++) {
        heap->span[c] = place;
        place += round_up(pages / BROOD__SPAN_PAGES * sizeof(uint32_t), 8);
    }
    heap->memory = round_up(place, BROOD__PAGE);
    heap->pages = (uint32_t) ((size - heap->memory) / BROOD__PAGE);
    return heap->memory;
}

/* The largest arena that the system gives, when the user has not named a size. */
static apr_status_t create_default(void)
{
    uint64_t size = brood__self_memory() / 2 / BROOD__PAGE * BROOD__PAGE;
    apr_status_t rc;

    if (size < BROOD__ARENA_LEAST)
        size = BROOD__ARENA_LEAST;
    if (size > BROOD__ARENA_MOST)
        size = BROOD__ARENA_MOST;
    if (size > SIZE_MAX / 4) /* 32 bits: the program needs addresses, too */
        size = SIZE_MAX / 4 / BROOD__PAGE * BROOD__PAGE;
    while ((rc = brood__segment_create(&segment, size)) != APR_SUCCESS && size / 2 >= BROOD__ARENA_LEAST)
        size = round_up(size / 2, BROOD__PAGE); /* a limit on address space: take what there is */
    return rc;
}

static apr_status_t create_segment(uint64_t limit)
{
    apr_status_t rc;

    if (limit == 0)
        rc = create_default();
    else if (limit < BROOD__ARENA_LEAST || limit > BROOD__ARENA_MOST)
        return brood_fail(APR_EINVAL, "arena_limit is %" PRIu64 " bytes; from %d MiB to %d GiB are possible", limit,
                          (int) (BROOD__ARENA_LEAST >> 20), (int) (BROOD__ARENA_MOST >> 30));
    else
        rc = brood__segment_create(&segment, limit / BROOD__PAGE * BROOD__PAGE);
    if (APR_STATUS_IS_EACCES(rc))
        return brood_fail(
            rc, "the system refuses shared memory to this process, as a sandbox may; see docs/howto/containers.md");
    if (rc != APR_SUCCESS)
        return brood_fail(rc, "the system does not reserve shared memory for the arena; try a smaller arena_limit");
    return APR_SUCCESS;
}

static apr_status_t fill(void)
{
    brood__heap_t heap = {0};
    const uint64_t begin = lay_out(&heap, segment.size);
    brood__head_t *head;

    if (brood__segment_commit(&segment, 0, begin) != APR_SUCCESS) {
        brood__segment_detach(&segment); /* there is no arena yet that could be detached */
        return brood_fail(APR_ENOMEM, "no memory for the arena's tables, %d KiB", (int) (begin / 1024));
    }
    brood__arena_base = segment.base;
    brood__arena_epoch++;
    head = brood__head();
    head->heap = heap;
    head->size = segment.size;
    BROOD_TRY(brood__self_random(head->key, sizeof head->key));
    BROOD_TRY(attach_cells(true));
    head->magic = BROOD__ARENA_MAGIC;
    return APR_SUCCESS;
}

apr_status_t brood__arena_create(uint64_t limit)
{
    apr_status_t rc = create_segment(limit);
    brood__id_t id;

    if (rc != APR_SUCCESS)
        return rc;
    if ((rc = fill()) != APR_SUCCESS || (rc = brood__table_reserve(&id, "MainProcess")) != APR_SUCCESS
        || (rc = brood__table_adopt(id)) != APR_SUCCESS)
        brood__arena_detach();
    return rc;
}

apr_status_t brood__arena_attach(brood__handle_t handle, uint64_t size, uint64_t wish)
{
    apr_status_t rc = brood__segment_attach(&segment, handle, size, wish);

    if (rc != APR_SUCCESS)
        return brood_fail(rc, "cannot map the parent's arena");
    brood__arena_base = segment.base;
    brood__arena_epoch++;
    if (brood__head()->magic == BROOD__ARENA_MAGIC && brood__head()->size == size)
        rc = attach_cells(false);
    else
        rc = brood_fail(BROOD_EPROTOCOL, "what was inherited is no arena of this version");
    if (rc != APR_SUCCESS)
        brood__arena_detach();
    return rc;
}

void brood__arena_detach(void)
{
    if (brood__arena_base == NULL)
        return;
    brood__park_detach();
    brood__segment_detach(&segment);
    brood__arena_base = NULL;
    brood__me = 0;
}
