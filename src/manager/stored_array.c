/* stored_array.c - stored values one after the other; both ends grow and shrink cheaply.
 *
 * They lie anywhere within the room, so that there may be some left on both sides. */
#include "manager/stored_array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_ROOM ((size_t) 8)
#define MOST_ITEMS ((size_t) UINT32_MAX / 4) /* below what a list in an answer can have, and what can be doubled */
#define SHRINK_ABOVE ((size_t) 64)

/* What is before and behind the place goes to where `first` is in `memory`, which may be the same memory: the part that
 * would otherwise be written over goes first. */
static void move(const brood__stored_array_t *array, brood__stored_t **memory, size_t first, size_t place,
                 size_t removed, size_t added)
{
    const size_t tail = array->count - place - removed;
    brood__stored_t **from, **to;
    const bool tail_first = memory == array->memory && first > array->first;

    if (place == 0 && tail == 0) /* there may be no memory yet */
        return;
    from = array->memory + array->first;
    to = memory + first;
    if (tail != 0 && tail_first)
        memmove(to + place + added, from + place + removed, tail * sizeof *to);
    if (place != 0 && (memory != array->memory || first != array->first))
        memmove(to, from, place * sizeof *to);
    if (tail != 0 && !tail_first && to + place + added != from + place + removed)
        memmove(to + place + added, from + place + removed, tail * sizeof *to);
}

/* Where all is to lie. */
typedef struct plan_t {
    brood__stored_t **memory;
    size_t room, first;
} plan_t;

/* Not more than the shorter side of the place is moved, if there is room for that. */
static bool plan_to_stay(plan_t *plan, const brood__stored_array_t *array, size_t place, size_t removed, size_t added)
{
    const bool front = place < array->count - place - removed;

    *plan = (plan_t){array->memory, array->room, array->first};
    if (!front)
        return array->first + (array->count - removed) + added <= array->room;
    if (array->first + removed < added)
        return false;
    plan->first = array->first + removed - added;
    return true;
}

/* Move all to where there is room on the side that grows; into other memory, if there is not enough of it for that to
 * pay. */
static apr_status_t plan_to_move(plan_t *plan, const brood__stored_array_t *array, size_t place, size_t removed,
                                 size_t added)
{
    const size_t count = array->count - removed + added;

    if (array->room / 2 < count) {
        plan->room = count < LEAST_ROOM ? LEAST_ROOM : 2 * count;
        plan->memory = malloc(plan->room * sizeof *plan->memory);
        if (plan->memory == NULL)
            return brood_fail_text(APR_ENOMEM, "the manager has no memory for so long a list");
    }
    plan->first = place < array->count - place - removed ? (plan->room - count) / 2 : 0;
    return APR_SUCCESS;
}

static void follow(brood__stored_array_t *array, const plan_t *plan, size_t place, size_t removed, size_t added)
{
    move(array, plan->memory, plan->first, place, removed, added);
    if (plan->memory != array->memory)
        free((void *) array->memory);
    array->memory = plan->memory;
    array->room = plan->room;
    array->first = plan->first;
    array->count = array->count - removed + added;
}

/* Give back what is far too much; if that takes memory that is not there, another time. */
static void shrink(brood__stored_array_t *array)
{
    plan_t plan = {NULL, 2 * array->count < LEAST_ROOM ? LEAST_ROOM : 2 * array->count, 0};

    if (array->room <= SHRINK_ABOVE || array->count >= array->room / 8)
        return;
    plan.memory = malloc(plan.room * sizeof *plan.memory);
    if (plan.memory != NULL)
        follow(array, &plan, array->count, 0, 0);
}

apr_status_t brood__stored_array_replace(brood__stored_array_t *array, size_t place, size_t removed,
                                         brood__stored_t *const *added, size_t count)
{
    plan_t plan;

    if (count > MOST_ITEMS || array->count - removed > MOST_ITEMS - count)
        return brood_fail_text(BROOD_ETOOBIG, "a managed list cannot have more than 2^30 items");
    if (!plan_to_stay(&plan, array, place, removed, count))
        BROOD_TRY(plan_to_move(&plan, array, place, removed, count));
    for (size_t i = 0; i < removed; i++)
        brood__stored_free(*brood__stored_array_at(array, place + i));
    follow(array, &plan, place, removed, count);
    if (count != 0)
        memcpy((void *) brood__stored_array_at(array, place), (const void *) added, count * sizeof *added);
    shrink(array);
    return APR_SUCCESS;
}

void brood__stored_array_clear(brood__stored_array_t *array)
{
    for (size_t i = 0; i < array->count; i++)
        brood__stored_free(*brood__stored_array_at(array, i));
    free((void *) array->memory);
    *array = (brood__stored_array_t){0};
}
