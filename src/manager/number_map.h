/* number_map.h - numbers by numbers: open addressing, for one thread. */
#ifndef BROOD_MANAGER_NUMBER_MAP_H
#define BROOD_MANAGER_NUMBER_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed it is empty. */
typedef struct brood__number_map_t {
    struct brood__number_pair_t *pairs; /* by malloc */
    size_t room, count, used;           /* used: with those that were removed */
} brood__number_map_t;

/* The place of a key's number, good until the map is changed; NULL: the key is not there.  Keys are above 0. */
uint64_t *brood__number_map_find(const brood__number_map_t *map, uint64_t key);

/* The same, after it was put there with 0 if need be; NULL: no memory. */
uint64_t *brood__number_map_put(brood__number_map_t *map, uint64_t key);

void brood__number_map_remove(brood__number_map_t *map, uint64_t key);

/* One after the other, from *at = 0; false: there are no more.  Those that are visited may be removed. */
bool brood__number_map_next(const brood__number_map_t *map, size_t *at, uint64_t *key, uint64_t *number);

/* It is empty again. */
void brood__number_map_free(brood__number_map_t *map);

#endif
