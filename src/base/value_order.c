/* value_order.c - which values are equal, and a total order for the keys of maps. */
#include "base/value.h"

#include "base/kind.h"
#include <stdlib.h>
#include <string.h>

static bool is_number(brood_value_t value)
{
    return value.kind == BROOD_KIND_INT || value.kind == BROOD_KIND_UINT || value.kind == BROOD_KIND_DOUBLE;
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int order_whole(brood_value_t a, brood_value_t b)
{
    if (a.kind == BROOD_KIND_INT && b.kind == BROOD_KIND_INT)
        return ORDER(a.as.integer, b.as.integer);
    if (a.kind == BROOD_KIND_INT)
        return a.as.integer < 0 ? -1 : ORDER((apr_uint64_t) a.as.integer, b.as.natural);
    if (b.kind == BROOD_KIND_INT)
        return b.as.integer < 0 ? 1 : ORDER(a.as.natural, (apr_uint64_t) b.as.integer);
    return ORDER(a.as.natural, b.as.natural);
}

/* A double, not NaN, and a whole number: exact, where converting either would round. */
static int order_mixed(double real, brood_value_t whole)
{
    brood_value_t floor;

    if (real >= 18446744073709551616.0) /* 2^64 */
        return 1;
    if (real < -9223372036854775808.0) /* -2^63 */
        return -1;
    floor = real < 0 ? brood_int((apr_int64_t) real) : brood_uint((apr_uint64_t) real);
    if (order_whole(floor, whole) != 0)
        return order_whole(floor, whole);
    return real < 0 ? ORDER(real, (double) floor.as.integer)
                    : ORDER(real, floor.kind == BROOD_KIND_INT ? (double) floor.as.integer : (double) floor.as.natural);
}

static int order_numbers(brood_value_t a, brood_value_t b)
{
    bool a_is_nan = a.kind == BROOD_KIND_DOUBLE && a.as.real != a.as.real;
    bool b_is_nan = b.kind == BROOD_KIND_DOUBLE && b.as.real != b.as.real;

    if (a_is_nan || b_is_nan)
        return a_is_nan - b_is_nan;
    if (a.kind == BROOD_KIND_DOUBLE && b.kind == BROOD_KIND_DOUBLE)
        return ORDER(a.as.real, b.as.real);
    if (a.kind == BROOD_KIND_DOUBLE)
        return order_mixed(a.as.real, b);
    if (b.kind == BROOD_KIND_DOUBLE)
        return -order_mixed(b.as.real, a);
    return order_whole(a, b);
}

static int order_bytes(const void *a, apr_size_t a_size, const void *b, apr_size_t b_size)
{
    apr_size_t common = a_size < b_size ? a_size : b_size;
    int order = common == 0 ? 0 : memcmp(a, b, common);

    return order != 0 ? order : ORDER(a_size, b_size);
}

/* Values of one kind that is no number. */
static int order_alike(brood_value_t a, brood_value_t b)
{
    apr_size_t items = a.kind == BROOD_KIND_MAP ? 2 : 1;
    apr_size_t i;
    int order;

    switch (a.kind) {
    case BROOD_KIND_BOOL:
        return a.as.boolean - b.as.boolean;
    case BROOD_KIND_TEXT:
        return order_bytes(a.as.text.data, a.as.text.size, b.as.text.data, b.as.text.size);
    case BROOD_KIND_BYTES:
    case BROOD_KIND_EXT:
        order = a.kind == BROOD_KIND_EXT ? ORDER(a.tag, b.tag) : 0;
        return order != 0 ? order : order_bytes(a.as.bytes.data, a.as.bytes.size, b.as.bytes.data, b.as.bytes.size);
    case BROOD_KIND_LIST:
    case BROOD_KIND_MAP:
        if (a.as.list.count != b.as.list.count)
            return ORDER(a.as.list.count, b.as.list.count);
        for (i = 0; i < items * a.as.list.count; i++)
            if ((order = brood__value_order(a.as.list.items[i], b.as.list.items[i])) != 0)
                return order;
        return 0;
    case BROOD_KIND_ENTRY:
        return memcmp(&a.as.entry, &b.as.entry, sizeof a.as.entry);
    case BROOD_KIND_OBJECT:
        order = ORDER(a.tag, b.tag);
        return order != 0 ? order : ORDER((uintptr_t) a.as.object, (uintptr_t) b.as.object);
    default:
        return 0;
    }
}

int brood__value_order(brood_value_t a, brood_value_t b)
{
    if (is_number(a) && is_number(b))
        return order_numbers(a, b);
    if (a.kind != b.kind)
        return ORDER(a.kind, b.kind);
    return order_alike(a, b);
}

static bool equal(brood_value_t a, brood_value_t b, int depth);

/* Each pair of `a` is one of `b`, in any order; the same place is tried first. */
static bool equal_maps(brood_value_t a, brood_value_t b, int depth)
{
    const brood_value_t *pairs = b.as.list.items;
    apr_size_t count = a.as.list.count;
    apr_size_t i, at, tried;

    for (i = 0; i < count; i++) {
        const brood_value_t *pair = a.as.list.items + 2 * i;

        for (tried = 0, at = i; tried < count; tried++, at = at + 1 < count ? at + 1 : 0)
            if (equal(pair[0], pairs[2 * at], depth))
                break;
        if (tried == count || !equal(pair[1], pairs[2 * at + 1], depth))
            return false;
    }
    return true;
}

static bool equal_objects(brood_value_t a, brood_value_t b)
{
    const brood__kind_t *kind = brood__kind_find(a.tag);

    if (a.tag != b.tag)
        return false;
    if (a.as.object == b.as.object)
        return true;
    return a.as.object != NULL && b.as.object != NULL && kind != NULL && kind->same(a.as.object, b.as.object);
}

static bool equal(brood_value_t a, brood_value_t b, int depth)
{
    apr_size_t i;

    if (a.kind == BROOD_KIND_OBJECT && b.kind == BROOD_KIND_OBJECT)
        return equal_objects(a, b);
    if (a.kind != b.kind || (a.kind != BROOD_KIND_LIST && a.kind != BROOD_KIND_MAP))
        return brood__value_order(a, b) == 0;
    if (depth == BROOD__DEPTH || a.as.list.count != b.as.list.count)
        return false;
    if (a.kind == BROOD_KIND_MAP)
        return equal_maps(a, b, depth + 1);
    for (i = 0; i < a.as.list.count; i++)
        if (!equal(a.as.list.items[i], b.as.list.items[i], depth + 1))
            return false;
    return true;
}

bool brood_value_equal(brood_value_t a, brood_value_t b)
{
    return equal(a, b, 0);
}

/* Let the key at `root` sink until none below it is greater. */
static void sink(const brood_value_t **keys, apr_size_t root, apr_size_t count)
{
    const brood_value_t *sinking = keys[root];
    apr_size_t below;

    while ((below = 2 * root + 1) < count) {
        if (below + 1 < count && brood__value_order(*keys[below], *keys[below + 1]) < 0)
            below++;
        if (brood__value_order(*sinking, *keys[below]) >= 0)
            break;
        keys[root] = keys[below];
        root = below;
    }
    keys[root] = sinking;
}

/* Heapsort: no input makes it quadratic, which qsort does not promise. */
static void sort(const brood_value_t **keys, apr_size_t count)
{
    const brood_value_t *greatest;
    apr_size_t i;

    for (i = count / 2; i > 0; i--)
        sink(keys, i - 1, count);
    for (i = count - 1; i > 0; i--) {
        greatest = keys[0];
        keys[0] = keys[i];
        keys[i] = greatest;
        sink(keys, 0, i);
    }
}

/* The usual map is small, and its keys may even be in order. */
static const brood_value_t *repeated_in_few(const brood_value_t *items, apr_size_t pairs)
{
    apr_size_t i, j;

    for (i = 1; i < pairs; i++)
        for (j = 0; j < i; j++)
            if (brood__value_order(items[2 * i], items[2 * j]) == 0)
                return items + 2 * i;
    return NULL;
}

apr_status_t brood__value_repeated_key(const brood_value_t **repeated, const brood_value_t *items, apr_size_t pairs)
{
    const brood_value_t **keys;
    apr_size_t i;

    *repeated = NULL;
    if (pairs <= 12) {
        *repeated = repeated_in_few(items, pairs);
        return APR_SUCCESS;
    }
    for (i = 1; i < pairs && brood__value_order(items[2 * i - 2], items[2 * i]) < 0; i++)
        ;
    if (i == pairs)
        return APR_SUCCESS;
    keys = malloc(pairs * sizeof *keys); /* not from a memory pool: this is given back */
    if (keys == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory to compare the keys of a map");
    for (i = 0; i < pairs; i++)
        keys[i] = items + 2 * i;
    sort(keys, pairs);
    for (i = 1; i < pairs && *repeated == NULL; i++)
        if (brood__value_order(*keys[i - 1], *keys[i]) == 0)
            *repeated = keys[i];
    free((void *) keys);
    return APR_SUCCESS;
}
