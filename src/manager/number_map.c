#include "manager/number_map.h"

#include <stdlib.h>

#define LEAST_ROOM 16u
#define REMOVED UINT64_MAX

typedef struct brood__number_pair_t {
    uint64_t key; /* 0: never used */
    uint64_t number;
} pair_t;

/* Numbers that follow each other go far apart. */
static size_t first_place(uint64_t key, size_t room)
{
    const uint64_t mixed = (key ^ key >> 32) * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t) (mixed >> 20) & (room - 1);
}

/* Where it is, or the unused place that ends the search. */
static pair_t *place_of(pair_t *pairs, size_t room, uint64_t key)
{
    size_t at = first_place(key, room);

    while (pairs[at].key != 0 && pairs[at].key != key)
        at = (at + 1) & (room - 1);
    return &pairs[at];
}

static bool is_there(uint64_t key)
{
    return key != 0 && key != REMOVED;
}

static bool make_room(brood__number_map_t *map)
{
    size_t room = map->room == 0 ? LEAST_ROOM : map->room;
    pair_t *pairs;

    while (room < (map->count + 1) * 2)
        room *= 2;
    pairs = calloc(room, sizeof *pairs);
    if (pairs == NULL)
        return false;
    for (size_t i = 0; i < map->room; i++)
        if (is_there(map->pairs[i].key))
            *place_of(pairs, room, map->pairs[i].key) = map->pairs[i];
    free(map->pairs);
    map->pairs = pairs;
    map->room = room;
    map->used = map->count;
    return true;
}

uint64_t *brood__number_map_find(const brood__number_map_t *map, uint64_t key)
{
    pair_t *pair;

    if (map->count == 0 || !is_there(key))
        return NULL;
    pair = place_of(map->pairs, map->room, key);
    return pair->key == key ? &pair->number : NULL;
}

uint64_t *brood__number_map_put(brood__number_map_t *map, uint64_t key)
{
    uint64_t *found = brood__number_map_find(map, key);
    pair_t *pair;

    if (found != NULL)
        return found;
    if (!is_there(key) || ((map->used + 1) * 4 > map->room * 3 && !make_room(map)))
        return NULL;
    pair = place_of(map->pairs, map->room, key);
    *pair = (pair_t){key, 0};
    map->count++;
    map->used++;
    return &pair->number;
}

void brood__number_map_remove(brood__number_map_t *map, uint64_t key)
{
    pair_t *pair;

    if (brood__number_map_find(map, key) == NULL)
        return;
    pair = place_of(map->pairs, map->room, key);
    pair->key = REMOVED;
    if (--map->count == 0)
        brood__number_map_free(map);
}

bool brood__number_map_next(const brood__number_map_t *map, size_t *at, uint64_t *key, uint64_t *number)
{
    for (; *at < map->room; (*at)++)
        if (is_there(map->pairs[*at].key)) {
            *key = map->pairs[*at].key;
            *number = map->pairs[*at].number;
            (*at)++;
            return true;
        }
    return false;
}

void brood__number_map_free(brood__number_map_t *map)
{
    free(map->pairs);
    *map = (brood__number_map_t){NULL, 0, 0, 0};
}
