/* value_hash.c - a number for a value, equal for values that are equal. */
#include "manager/value_hash.h"

#include "manager/referent.h"
#include <string.h>

#define ODD_A UINT64_C(0xFF51AFD7ED558CCD)
#define ODD_B UINT64_C(0xC4CEB9FE1A85EC53)

/* Kinds that may equal each other have one of these. */
#define NUMBER 64

static uint64_t mix(uint64_t word)
{
    word ^= word >> 33;
    word *= ODD_A;
    word ^= word >> 33;
    word *= ODD_B;
    return word ^ word >> 33;
}

/* Where the system has put this is another place each time, so that nobody can prepare keys that collide. */
static uint64_t seed(int kind)
{
    static const char anchor = 0;

    return mix((uint64_t) (uintptr_t) &anchor + (uint64_t) kind * ODD_B);
}

static uint64_t add(uint64_t hash, uint64_t word)
{
    return mix(hash ^ word);
}

static uint64_t add_bytes(uint64_t hash, const void *data, size_t size)
{
    const char *bytes = data;
    uint64_t word = 0;

    hash = add(hash, size);
    for (; size >= sizeof word; size -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = (hash ^ word) * ODD_A;
        hash ^= hash >> 32;
    }
    word = 0;
    if (size != 0)
        memcpy(&word, bytes, size);
    return add(hash, word);
}

/* Whole numbers of every kind alike; what is none is no other kind's equal, and all NaNs are one. */
static uint64_t hash_double(double real)
{
    uint64_t bits;

    if (real >= -9223372036854775808.0 && real < 0 && (double) (int64_t) real == real) /* -2^63 */
        return add(seed(NUMBER), (uint64_t) (int64_t) real);
    if (real >= 0 && real < 18446744073709551616.0 && (double) (uint64_t) real == real) /* 2^64 */
        return add(seed(NUMBER), (uint64_t) real);
    if (real != real)
        return seed(NUMBER + 1);
    memcpy(&bits, &real, sizeof bits);
    return add(seed(NUMBER + 2), bits);
}

static uint64_t hash_value(const brood_value_t *value);

static uint64_t hash_list(const brood_value_t *list)
{
    uint64_t hash = seed(BROOD_KIND_LIST);

    for (apr_size_t i = 0; i < list->as.list.count; i++)
        hash = add(hash, hash_value(&list->as.list.items[i]));
    return hash;
}

/* A sum, so that the order of the pairs does not matter. */
static uint64_t hash_map(const brood_value_t *map)
{
    const brood_value_t *items = map->as.list.items;
    uint64_t sum = 0;

    for (apr_size_t i = 0; i < map->as.list.count; i++)
        sum += add(hash_value(&items[2 * i]), hash_value(&items[2 * i + 1]));
    return add(seed(BROOD_KIND_MAP), sum);
}

static uint64_t hash_pointed(const brood_value_t *value)
{
    uint64_t bits = 0;

    if (value->kind == BROOD_KIND_ENTRY)
        memcpy(&bits, &value->as.entry, sizeof bits < sizeof value->as.entry ? sizeof bits : sizeof value->as.entry);
    else if (value->as.object != NULL)
        bits = ((const brood__referent_t *) value->as.object)->number;
    return add(seed((int) value->kind) + (uint64_t) (int64_t) value->tag, bits);
}

static uint64_t hash_value(const brood_value_t *value)
{
    switch (value->kind) {
    case BROOD_KIND_NIL:
        return seed(BROOD_KIND_NIL);
    case BROOD_KIND_BOOL:
        return add(seed(BROOD_KIND_BOOL), value->as.boolean);
    case BROOD_KIND_INT:
        return add(seed(NUMBER), (uint64_t) value->as.integer);
    case BROOD_KIND_UINT:
        return add(seed(NUMBER), value->as.natural);
    case BROOD_KIND_DOUBLE:
        return hash_double(value->as.real);
    case BROOD_KIND_TEXT:
        return add_bytes(seed(BROOD_KIND_TEXT), value->as.text.data, value->as.text.size);
    case BROOD_KIND_BYTES:
        return add_bytes(seed(BROOD_KIND_BYTES), value->as.bytes.data, value->as.bytes.size);
    case BROOD_KIND_EXT:
        return add_bytes(seed(BROOD_KIND_EXT) + (uint64_t) value->tag, value->as.bytes.data, value->as.bytes.size);
    case BROOD_KIND_LIST:
        return hash_list(value);
    case BROOD_KIND_MAP:
        return hash_map(value);
    default:
        return hash_pointed(value);
    }
}

uint32_t brood__value_hash(brood_value_t value)
{
    return (uint32_t) (hash_value(&value) >> 32);
}
