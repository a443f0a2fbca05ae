/* value.c - make values, read them, look into them. */
#include "base/value.h"

#include "base/kind.h"
#include "base/status.h"
#include <inttypes.h>
#include <string.h>

/* Each value is written in one go where it is returned: filling a variable field by field and copying that costs
 * several times more, since the copy has to wait for the stores. */
brood_value_t brood_nil(void)
{
    return (brood_value_t){.kind = BROOD_KIND_NIL};
}

brood_value_t brood_value_self(brood_value_t value)
{
    return value;
}

brood_value_t brood_bool(bool flag)
{
    return (brood_value_t){.kind = BROOD_KIND_BOOL, .as.boolean = flag};
}

brood_value_t brood_int(apr_int64_t number)
{
    return (brood_value_t){.kind = BROOD_KIND_INT, .as.integer = number};
}

brood_value_t brood_uint(apr_uint64_t number)
{
    if (number <= INT64_MAX)
        return brood_int((apr_int64_t) number);
    return (brood_value_t){.kind = BROOD_KIND_UINT, .as.natural = number};
}

brood_value_t brood_double(double number)
{
    return (brood_value_t){.kind = BROOD_KIND_DOUBLE, .as.real = number};
}

brood_value_t brood_text(const char *text)
{
    if (text == NULL)
        return brood_nil();
    return (brood_value_t){.kind = BROOD_KIND_TEXT, .tag = BROOD__TEXT_ENDS, .as.text = {text, strlen(text)}};
}

brood_value_t brood_text_n(const char *text, apr_size_t size)
{
    return (brood_value_t){.kind = BROOD_KIND_TEXT, .as.text = {text, size}};
}

brood_value_t brood_bytes(const void *data, apr_size_t size)
{
    return (brood_value_t){.kind = BROOD_KIND_BYTES, .as.bytes = {data, size}};
}

brood_value_t brood_list(const brood_value_t *items, apr_size_t count)
{
    return (brood_value_t){.kind = BROOD_KIND_LIST, .as.list = {items, count}};
}

brood_value_t brood_map(const brood_value_t *items, apr_size_t pairs)
{
    return (brood_value_t){.kind = BROOD_KIND_MAP, .as.list = {items, pairs}};
}

brood_value_t brood_entry(brood_entry_fn entry)
{
    return (brood_value_t){.kind = BROOD_KIND_ENTRY, .as.entry = entry};
}

brood_value_t brood_ext(apr_int32_t tag, const void *data, apr_size_t size)
{
    return (brood_value_t){.kind = BROOD_KIND_EXT, .tag = tag, .as.bytes = {data, size}};
}

brood_value_t brood_range(apr_int64_t first, apr_int64_t end, apr_pool_t *mem)
{
    apr_uint64_t count = end > first ? (apr_uint64_t) end - (apr_uint64_t) first : 0;
    brood_value_t *items = NULL;
    apr_size_t i;

    if (count <= SIZE_MAX / sizeof *items)
        items = apr_palloc(mem, (apr_size_t) count * sizeof *items);
    if (items == NULL) {
        BROOD_IGNORE(brood_fail(APR_ENOMEM, "no memory for a list of %" PRIu64 " numbers", (uint64_t) count));
        return brood_nil();
    }
    for (i = 0; i < count; i++)
        items[i] = brood_int(first + (apr_int64_t) i);
    return brood_list(items, (apr_size_t) count);
}

const char *brood__value_kind(brood_value_t value)
{
    static const char *const names[] = {"nil", "bool", "int", "int", "double", "text", "bytes", "list", "map", "entry"};
    const brood__kind_t *kind;

    if (value.kind == BROOD_KIND_EXT)
        return "ext";
    if (value.kind != BROOD_KIND_OBJECT)
        return (unsigned) value.kind < sizeof names / sizeof names[0] ? names[value.kind] : "of no kind";
    kind = brood__kind_find(value.tag);
    return kind == NULL ? "object" : kind->name;
}

static apr_status_t other_kind(brood_value_t value, const char *expected)
{
    return brood_fail(BROOD_EKIND, "value is %s, expected %s", brood__value_kind(value), expected);
}

static apr_status_t out_of_range(brood_value_t value, const char *domain)
{
    char brief[BROOD__BRIEF];

    return brood_fail(BROOD_ERANGE, "value is %s, which is no %s", brood__value_brief(brief, value), domain);
}

apr_status_t brood_value_bool(bool *flag, brood_value_t value)
{
    if (value.kind != BROOD_KIND_BOOL)
        return other_kind(value, "bool");
    *flag = value.as.boolean;
    return APR_SUCCESS;
}

apr_status_t brood_value_int(apr_int64_t *number, brood_value_t value)
{
    if (value.kind == BROOD_KIND_INT)
        *number = value.as.integer;
    else if (value.kind != BROOD_KIND_UINT)
        return other_kind(value, "int");
    else if (value.as.natural > INT64_MAX)
        return out_of_range(value, "signed 64-bit number");
    else
        *number = (apr_int64_t) value.as.natural;
    return APR_SUCCESS;
}

apr_status_t brood_value_uint(apr_uint64_t *number, brood_value_t value)
{
    if (value.kind == BROOD_KIND_UINT)
        *number = value.as.natural;
    else if (value.kind != BROOD_KIND_INT)
        return other_kind(value, "int");
    else if (value.as.integer < 0)
        return out_of_range(value, "unsigned 64-bit number");
    else
        *number = (apr_uint64_t) value.as.integer;
    return APR_SUCCESS;
}

bool brood__value_real(double *real, brood_value_t value)
{
    if (value.kind == BROOD_KIND_DOUBLE)
        *real = value.as.real;
    else if (value.kind == BROOD_KIND_INT)
        *real = (double) value.as.integer;
    else if (value.kind == BROOD_KIND_UINT)
        *real = (double) value.as.natural;
    else
        return false;
    return true;
}

apr_status_t brood_value_double(double *number, brood_value_t value)
{
    double real;

    if (!brood__value_real(&real, value))
        return other_kind(value, "double");
    if (value.kind != BROOD_KIND_DOUBLE && brood__value_order(value, brood_double(real)) != 0)
        return out_of_range(value, "double without rounding");
    *number = real;
    return APR_SUCCESS;
}

apr_status_t brood_value_text(const char **text, brood_value_t value)
{
    if (value.kind != BROOD_KIND_TEXT)
        return other_kind(value, "text");
    if (value.tag != BROOD__TEXT_ENDS)
        return brood_fail_text(BROOD_ERANGE, "text does not end in NUL: read its data and size instead");
    if (memchr(value.as.text.data, '\0', value.as.text.size) != NULL)
        return brood_fail_text(BROOD_ERANGE, "text has a NUL inside: read its data and size instead");
    *text = value.as.text.data;
    return APR_SUCCESS;
}

apr_status_t brood_value_bytes(brood_bytes_t *bytes, brood_value_t value)
{
    if (value.kind != BROOD_KIND_BYTES)
        return other_kind(value, "bytes");
    *bytes = value.as.bytes;
    return APR_SUCCESS;
}

apr_status_t brood_value_entry(brood_entry_fn *entry, brood_value_t value)
{
    if (value.kind != BROOD_KIND_ENTRY)
        return other_kind(value, "entry");
    *entry = value.as.entry;
    return APR_SUCCESS;
}

apr_size_t brood_value_count(brood_value_t value)
{
    switch (value.kind) {
    case BROOD_KIND_LIST:
    case BROOD_KIND_MAP:
        return value.as.list.count;
    case BROOD_KIND_TEXT:
        return value.as.text.size;
    case BROOD_KIND_BYTES:
    case BROOD_KIND_EXT:
        return value.as.bytes.size;
    default:
        return 0;
    }
}

brood_value_t brood_value_at(brood_value_t list, apr_size_t index)
{
    if (list.kind != BROOD_KIND_LIST || index >= list.as.list.count)
        return brood_nil();
    return list.as.list.items[index];
}

brood_value_t brood_value_key_at(brood_value_t map, apr_size_t index)
{
    if (map.kind != BROOD_KIND_MAP || index >= map.as.list.count)
        return brood_nil();
    return map.as.list.items[2 * index];
}

brood_value_t brood_value_item_at(brood_value_t map, apr_size_t index)
{
    if (map.kind != BROOD_KIND_MAP || index >= map.as.list.count)
        return brood_nil();
    return map.as.list.items[2 * index + 1];
}

apr_status_t brood_value_find(brood_value_t *found, brood_value_t map, brood_value_t key)
{
    char brief[BROOD__BRIEF];
    apr_size_t i;

    if (map.kind != BROOD_KIND_MAP)
        return other_kind(map, "map");
    for (i = 0; i < map.as.list.count; i++) {
        if (brood_value_equal(map.as.list.items[2 * i], key)) {
            *found = map.as.list.items[2 * i + 1];
            return APR_SUCCESS;
        }
    }
    return brood_fail(BROOD_ERANGE, "the map has no key %s", brood__value_brief(brief, key));
}
