#include "memory/shareable_list.h"
#include "base/own.h"
#include "memory/list_layout.h"
#include "memory/object.h"
#include "memory/shared_memory.h"
#include <apr_strings.h>
#include <inttypes.h>

struct brood_shareable_list_t {
    brood_shared_memory_t *memory;
    apr_size_t count;
};

static brood_shareable_list_t *over(brood_shared_memory_t *memory, apr_size_t count, apr_pool_t *mem)
{
    brood_shareable_list_t *list = apr_palloc(mem, sizeof *list);

    *list = (brood_shareable_list_t){memory, count};
    return list;
}

apr_status_t brood_shareable_list_create(brood_shareable_list_t **list, const char *name, brood_value_t items,
                                         apr_pool_t *mem)
{
    brood_shared_memory_t *memory;
    brood__list_t layout;

    BROOD_TRY(brood__list_size(&layout.size, items));
    BROOD_TRY(brood_shared_memory_create(&memory, name, (apr_size_t) layout.size, mem));
    layout.bytes = brood_shared_memory_data(memory);
    brood__list_write(&layout, items);
    *list = over(memory, items.as.list.count, mem);
    return APR_SUCCESS;
}

/* Takes the memory over. */
static apr_status_t find(brood_shareable_list_t **list, brood_shared_memory_t *memory, apr_pool_t *mem)
{
    brood__list_t layout = {brood_shared_memory_data(memory), brood_shared_memory_size(memory), 0};
    const apr_status_t rc = brood__list_find(&layout);

    if (rc != APR_SUCCESS) {
        brood_shared_memory_close(memory);
        return rc;
    }
    *list = over(memory, (apr_size_t) layout.count, mem);
    return APR_SUCCESS;
}

apr_status_t brood_shareable_list_open(brood_shareable_list_t **list, const char *name, apr_pool_t *mem)
{
    brood_shared_memory_t *memory;

    BROOD_TRY(brood_shared_memory_open(&memory, name, mem));
    return find(list, memory, mem);
}

static apr_status_t layout_of(brood__list_t *layout, brood_shareable_list_t *list)
{
    *layout =
        (brood__list_t){brood_shared_memory_data(list->memory), brood_shared_memory_size(list->memory), list->count};
    return layout->bytes == NULL ? brood__object_closed("shareable list") : APR_SUCCESS;
}

/* Where an index is; count: nowhere. */
static uint64_t place_of(const brood_shareable_list_t *list, apr_ssize_t index)
{
    const apr_ssize_t count = (apr_ssize_t) list->count;

    return (uint64_t) (index >= count || index < -count ? count : index < 0 ? index + count : index);
}

static apr_status_t fail_index(const brood_shareable_list_t *list, apr_ssize_t index)
{
    return brood_fail(BROOD_ERANGE, "there is no item %" PRId64 " of %" PRIu64, (int64_t) index,
                      (uint64_t) list->count);
}

apr_status_t brood_shareable_list_get(brood_value_t *item, brood_shareable_list_t *list, apr_ssize_t index,
                                      apr_pool_t *mem)
{
    const uint64_t place = place_of(list, index);
    brood__list_t layout;

    BROOD_TRY(layout_of(&layout, list));
    return place == list->count ? fail_index(list, index) : brood__list_get(item, &layout, place, mem);
}

apr_status_t brood_shareable_list_set(brood_shareable_list_t *list, apr_ssize_t index, brood_value_t item)
{
    const uint64_t place = place_of(list, index);
    brood__list_t layout;

    BROOD_TRY(layout_of(&layout, list));
    return place == list->count ? fail_index(list, index) : brood__list_set(&layout, place, item);
}

apr_size_t brood_shareable_list_count(const brood_shareable_list_t *list)
{
    return list->count;
}

/* How many items equal `value`, and where the first is: count if there is none.  With `first`, look no further. */
static apr_status_t search(apr_size_t *found, apr_size_t *where, brood_shareable_list_t *list, brood_value_t value,
                           bool first)
{
    brood__list_t layout;
    apr_pool_t *scratch;
    apr_status_t rc;

    *found = 0;
    *where = list->count;
    rc = layout_of(&layout, list);
    if (rc != APR_SUCCESS)
        return rc;
    BROOD_TRY(brood__own_pool(&scratch));
    for (apr_size_t i = 0; i < list->count && rc == APR_SUCCESS && !(first && *found != 0); i++) {
        brood_value_t item;

        rc = brood__list_get(&item, &layout, i, scratch);
        if (rc == APR_SUCCESS && brood_value_equal(item, value) && (*found)++ == 0)
            *where = i;
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return rc;
}

apr_status_t brood_shareable_list_count_of(apr_size_t *count, brood_shareable_list_t *list, brood_value_t value)
{
    apr_size_t found, where;

    BROOD_TRY(search(&found, &where, list, value, false));
    *count = found;
    return APR_SUCCESS;
}

apr_status_t brood_shareable_list_index_of(apr_size_t *index, brood_shareable_list_t *list, brood_value_t value)
{
    apr_size_t found, where;

    BROOD_TRY(search(&found, &where, list, value, true));
    if (found == 0)
        return brood_fail_text(APR_ENOENT, "no item of the shareable list equals the value");
    *index = where;
    return APR_SUCCESS;
}

apr_status_t brood_shareable_list_items(brood_value_t *items, brood_shareable_list_t *list, apr_pool_t *mem)
{
    brood_value_t *all = apr_palloc(mem, list->count * sizeof *all + 1);
    brood__list_t layout;

    BROOD_TRY(layout_of(&layout, list));
    for (apr_size_t i = 0; i < list->count; i++)
        BROOD_TRY(brood__list_get(&all[i], &layout, i, mem));
    *items = brood_list(all, list->count);
    return APR_SUCCESS;
}

brood_shared_memory_t *brood_shareable_list_memory(brood_shareable_list_t *list)
{
    return list->memory;
}

void brood_shareable_list_close(brood_shareable_list_t *list)
{
    brood_shared_memory_close(list->memory);
}

/* ---- as a value: that of its memory ---- */

static apr_status_t pack(uint64_t *word, void *object, uint32_t to)
{
    return brood__shared_memory_kind.pack(word, ((brood_shareable_list_t *) object)->memory, to);
}

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    brood_shareable_list_t *list;
    void *memory;

    BROOD_TRY(brood__shared_memory_kind.unpack(&memory, word, mem));
    BROOD_TRY(find(&list, memory, mem));
    *object = list;
    return APR_SUCCESS;
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    brood_shareable_list_t *list;
    void *memory;

    BROOD_TRY(brood__shared_memory_kind.copy(&memory, ((brood_shareable_list_t *) object)->memory, mem));
    BROOD_TRY(find(&list, memory, mem));
    *copied = list;
    return APR_SUCCESS;
}

static bool same(const void *a, const void *b)
{
    return brood__object_same(((const brood_shareable_list_t *) a)->memory,
                              ((const brood_shareable_list_t *) b)->memory);
}

/* <ShareableList name=psm_12ab34cd items=[1, 'two']>. */
static const char *string(void *object, apr_pool_t *mem)
{
    brood_shareable_list_t *list = object;
    brood_value_t items;

    if (brood_shared_memory_data(list->memory) == NULL)
        return "<ShareableList closed>";
    if (brood_shareable_list_items(&items, list, mem) != APR_SUCCESS)
        return "<ShareableList spoilt>";
    return apr_psprintf(mem, "<ShareableList name=%s items=%s>", brood_shared_memory_name(list->memory),
                        brood_value_string(items, mem));
}

const brood__kind_t brood__shareable_list_kind = {
    .tag = BROOD__TAG_SHAREABLE_LIST,
    .name = "ShareableList",
    .pack = pack,
    .unpack = unpack,
    .copy = copy,
    .same = same,
    .string = string,
};

BROOD__KIND_FUNCTIONS(shareable_list, BROOD__TAG_SHAREABLE_LIST)
