/* path.c - change a value inside of lists and maps that are nested. */
#include "manager/path.h"

#include "base/value.h"
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

/* What stays the same on the way down.  Each step is one level deeper in a value, whose depth is bounded. */
typedef struct walk_t {
    brood_value_t path, value;
    apr_pool_t *mem;
} walk_t;

apr_status_t brood__path_check(brood_value_t path)
{
    char brief[BROOD__BRIEF];

    if (path.kind != BROOD_KIND_LIST)
        return brood_fail(BROOD_EKIND, "a path is a list of keys and indexes, not %s", brood__value_brief(brief, path));
    if (path.as.list.count == 0)
        return brood_fail_text(APR_EINVAL, "the path is empty: it leads nowhere");
    return APR_SUCCESS;
}

static apr_status_t change(brood_value_t *changed, const walk_t *walk, size_t step, brood_value_t whole);

static brood_value_t key_of(const walk_t *walk, size_t step)
{
    return walk->path.as.list.items[step];
}

/* A copy with room for `more` items. */
static brood_value_t *copy_items(const walk_t *walk, const brood_value_t *items, size_t count, size_t more)
{
    brood_value_t *copy = apr_palloc(walk->mem, (count + more) * sizeof *copy);

    if (copy == NULL)
        BROOD_IGNORE(brood_fail_text(APR_ENOMEM, "the manager has no memory to change a value"));
    else if (count != 0)
        memcpy(copy, items, count * sizeof *copy);
    return copy;
}

static apr_status_t change_list(brood_value_t *changed, const walk_t *walk, size_t step, brood_value_t list)
{
    const brood_value_t key = key_of(walk, step);
    const apr_size_t count = list.as.list.count;
    brood_value_t *items;
    apr_int64_t place;
    char brief[BROOD__BRIEF];

    if (key.kind != BROOD_KIND_INT)
        return brood_fail(BROOD_EKIND, "step %" PRIu64 " of the path, %s, leads into a list, which has indexes only",
                          (uint64_t) step + 1, brood__value_brief(brief, key));
    place = key.as.integer < 0 ? key.as.integer + (apr_int64_t) count : key.as.integer;
    if (place < 0 || (apr_uint64_t) place >= count)
        return brood_fail(BROOD_ERANGE,
                          "step %" PRIu64 " of the path is index %" PRId64 ", but the list has %" PRIu64 " items",
                          (uint64_t) step + 1, (int64_t) key.as.integer, (uint64_t) count);
    items = copy_items(walk, list.as.list.items, count, 0);
    if (items == NULL)
        return APR_ENOMEM;
    *changed = brood_list(items, count);
    return change(&items[place], walk, step + 1, list.as.list.items[place]);
}

static size_t find_key(brood_value_t map, brood_value_t key)
{
    size_t i = 0;

    while (i < map.as.list.count && !brood_value_equal(map.as.list.items[2 * i], key))
        i++;
    return i;
}

static apr_status_t change_map(brood_value_t *changed, const walk_t *walk, size_t step, brood_value_t map)
{
    const brood_value_t key = key_of(walk, step);
    const size_t count = map.as.list.count, place = find_key(map, key);
    brood_value_t *items;
    char brief[BROOD__BRIEF];

    if (place == count && step + 1 < walk->path.as.list.count)
        return brood_fail(BROOD_ERANGE, "step %" PRIu64 " of the path: the map there has no key %s",
                          (uint64_t) step + 1, brood__value_brief(brief, key));
    items = copy_items(walk, map.as.list.items, 2 * count, place == count ? 2 : 0);
    if (items == NULL)
        return APR_ENOMEM;
    *changed = brood_map(items, place == count ? count + 1 : count);
    if (place == count)
        items[2 * place] = key;
    return change(&items[2 * place + 1], walk, step + 1,
                  place == count ? brood_nil() : map.as.list.items[2 * place + 1]);
}

static apr_status_t change(brood_value_t *changed, const walk_t *walk, size_t step, brood_value_t whole)
{
    char key[BROOD__BRIEF], brief[BROOD__BRIEF];

    if (step == walk->path.as.list.count) {
        *changed = walk->value;
        return APR_SUCCESS;
    }
    if (whole.kind == BROOD_KIND_LIST)
        return change_list(changed, walk, step, whole);
    if (whole.kind == BROOD_KIND_MAP)
        return change_map(changed, walk, step, whole);
    brood__value_brief(key, key_of(walk, step));
    if (whole.kind == BROOD_KIND_OBJECT)
        return brood_fail(BROOD_EKIND, "step %" PRIu64 " of the path, %s, leads into a %s: get that and call it itself",
                          (uint64_t) step + 1, key, brood__value_kind(whole));
    return brood_fail(BROOD_EKIND, "step %" PRIu64 " of the path, %s, leads into %s, which is neither list nor map",
                      (uint64_t) step + 1, key, brood__value_brief(brief, whole));
}

apr_status_t brood__path_set(brood_value_t *changed, brood_value_t whole, brood_value_t path, size_t step,
                             brood_value_t value, apr_pool_t *mem)
{
    const walk_t walk = {path, value, mem};
    brood_value_t made;

    BROOD_TRY(change(&made, &walk, step, whole));
    *changed = made;
    return APR_SUCCESS;
}
