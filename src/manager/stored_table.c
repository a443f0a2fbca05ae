/* stored_table.c - stored values by stored keys, in the order in which the keys came.
 *
 * The pairs lie in that order; slots, found by open addressing with linear steps, say where. */
#include "manager/stored_table.h"

#include <brood/status.h>
#include <stdint.h>
#include <stdlib.h>

#define LEAST_ROOM ((size_t) 8)
#define MOST_ROOM ((size_t) 1 << 30)

typedef struct brood__stored_slot_t {
    uint32_t hash;
    uint32_t place; /* of the pair, from 1; 0: free */
} slot_t;

static size_t mask_of(const brood__stored_table_t *table)
{
    return 2 * table->room - 1;
}

brood__stored_pair_t *brood__stored_table_find(const brood__stored_table_t *table, const brood__stored_t *key,
                                               apr_pool_t *scratch)
{
    if (table->count == 0)
        return NULL;
    for (size_t at = key->hash & mask_of(table); table->slots[at].place != 0; at = (at + 1) & mask_of(table)) {
        brood__stored_pair_t *pair = &table->pairs[table->slots[at].place - 1];

        if (table->slots[at].hash == key->hash && brood__stored_equals(pair->key, key, scratch))
            return pair;
    }
    return NULL;
}

static void fill_slot(brood__stored_table_t *table, size_t place)
{
    const uint32_t hash = table->pairs[place].key->hash;
    size_t at = hash & mask_of(table);

    while (table->slots[at].place != 0)
        at = (at + 1) & mask_of(table);
    table->slots[at] = (slot_t){hash, (uint32_t) place + 1};
}

/* Anew with this room, without those that were removed. */
static apr_status_t rebuild(brood__stored_table_t *table, size_t room)
{
    brood__stored_table_t built = {.room = room, .changes = table->changes};

    built.pairs = malloc(room * sizeof *built.pairs);
    built.slots = calloc(2 * room, sizeof *built.slots);
    if (built.pairs == NULL || built.slots == NULL) {
        free(built.pairs);
        free(built.slots);
        return APR_ENOMEM;
    }
    for (size_t i = 0; i < table->used; i++) {
        if (table->pairs[i].key != NULL) {
            built.pairs[built.used] = table->pairs[i];
            fill_slot(&built, built.used++);
        }
    }
    built.count = built.used;
    free(table->pairs);
    free(table->slots);
    *table = built;
    return APR_SUCCESS;
}

apr_status_t brood__stored_table_reserve(brood__stored_table_t *table, size_t more)
{
    size_t room = LEAST_ROOM;

    if (more <= table->room - table->used)
        return APR_SUCCESS;
    if (more > MOST_ROOM / 2 || table->count > MOST_ROOM / 2 - more)
        return brood_fail_text(BROOD_ETOOBIG, "a managed object cannot have more than 2^29 keys");
    /* With a third to spare at least, so that it is some time until the next. */
    while (room < table->count + more + (table->count + more) / 3)
        room *= 2;
    if (rebuild(table, room) != APR_SUCCESS)
        return brood_fail_text(APR_ENOMEM, "the manager has no memory for so many keys");
    return APR_SUCCESS;
}

void brood__stored_table_add(brood__stored_table_t *table, brood__stored_t *key, brood__stored_t *value)
{
    table->pairs[table->used] = (brood__stored_pair_t){key, value};
    fill_slot(table, table->used++);
    table->count++;
    table->changes++;
}

/* Free the slot of the pair, and move those behind it that are not at their own place for its being taken. */
static void free_slot(brood__stored_table_t *table, const brood__stored_pair_t *pair)
{
    const size_t mask = mask_of(table);
    const uint32_t place = (uint32_t) (pair - table->pairs) + 1;
    size_t hole = pair->key->hash & mask;

    while (table->slots[hole].place != place)
        hole = (hole + 1) & mask;
    for (size_t at = (hole + 1) & mask; table->slots[at].place != 0; at = (at + 1) & mask) {
        const size_t home = table->slots[at].hash & mask;

        if (((at - home) & mask) >= ((at - hole) & mask)) {
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole].place = 0;
}

void brood__stored_table_remove(brood__stored_table_t *table, brood__stored_pair_t *pair)
{
    free_slot(table, pair);
    brood__stored_free(pair->key);
    brood__stored_free(pair->value);
    *pair = (brood__stored_pair_t){NULL, NULL};
    table->count--;
    table->changes++;
    while (table->used != 0 && table->pairs[table->used - 1].key == NULL)
        table->used--;
    /* So that who looks for the next pair does not pass too many of those that were removed; if there is no memory, at
     * the next removal. */
    if (table->room >= 4 * LEAST_ROOM && table->count < table->room / 8)
        (void) rebuild(table, table->room / 4);
}

brood__stored_pair_t *brood__stored_table_next(const brood__stored_table_t *table, size_t *at)
{
    while (*at < table->used)
        if (table->pairs[(*at)++].key != NULL)
            return &table->pairs[*at - 1];
    return NULL;
}

void brood__stored_table_clear(brood__stored_table_t *table)
{
    const uint32_t changes = table->changes + (table->count != 0);

    for (size_t i = 0; i < table->used; i++) {
        brood__stored_free(table->pairs[i].key);
        brood__stored_free(table->pairs[i].value);
    }
    free(table->pairs);
    free(table->slots);
    *table = (brood__stored_table_t){.changes = changes};
}
