/* board.c - the board as an object of the arena. */
#include "pool/board.h"

#include "memory/heap.h"

apr_status_t brood__board_create(brood__ref_t **board, unsigned workers, apr_pool_t *mem)
{
    const uint64_t size = sizeof(brood__board_t) + ((uint64_t) BROOD__PLACES + workers) * sizeof(brood__place_t)
                          + ((uint64_t) workers + 1) * sizeof(brood__seat_t);
    void *ref;

    BROOD_TRY(brood__object_create(&ref, sizeof **board, &brood__board_kind, size, mem));
    *board = ref;
    brood__board(*board)->workers = workers;
    brood__object_publish(ref);
    return APR_SUCCESS;
}

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    return brood__object_unpack(object, sizeof(brood__ref_t), &brood__board_kind, word, mem);
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    return brood__object_copy(copied, sizeof(brood__ref_t), object, mem);
}

static const char *string(void *object, apr_pool_t *mem)
{
    (void) object;
    (void) mem;
    return "<PoolBoard>";
}

/* The result of a dead worker that the pool has not fetched yet. */
static int holds(void *shared, uint32_t position, uint64_t block, uint32_t owner)
{
    brood__board_t *board = shared;

    (void) owner;
    return position < BROOD__PLACES + board->workers
           && BROOD__PHASE(atomic_load(&board->place[position].state)) == BROOD__DONE
           && board->place[position].result == block;
}

/* Results that nobody will fetch. */
static void destroy(void *shared)
{
    brood__board_t *board = shared;

    for (uint32_t i = 0; i < BROOD__PLACES + board->workers; i++)
        if (BROOD__PHASE(atomic_load(&board->place[i].state)) == BROOD__DONE && board->place[i].result != 0) {
            brood__heap_take(board->place[i].result);
            brood__heap_free(board->place[i].result);
            atomic_store(&board->place[i].state, BROOD__FREE);
        }
}

const brood__kind_t brood__board_kind = {
    .tag = BROOD__TAG_BOARD,
    .name = "PoolBoard",
    .pack = brood__object_pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
    .destroy = destroy,
    .holds = holds,
};
