#include "memory/list_layout.h"
#include "base/utf8.h"
#include "base/value.h"
#include <apr_strings.h>
#include <brood/status.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WORD 8u
#define EXACT_MOST 999999u    /* bytes: the format has 8 characters, "999999s " */
#define PYTHON_MOST 9999999u  /* "9999999s" */
#define COUNT_MOST UINT32_MAX /* items: more than fit any memory, and no sum of these overflows */

enum { CODE_PLAIN, CODE_TEXT, CODE_BYTES, CODE_NIL };

static const char format_bool[] = "xxxxxxx?", format_nil[] = "xxxxxx?x";

/* ---- where things are ---- */

static uint64_t data_at(uint64_t count)
{
    return (count + 2) * WORD;
}

static uint64_t load(const brood__list_t *list, uint64_t at)
{
    uint64_t word;

    memcpy(&word, list->bytes + at, sizeof word);
    return word;
}

static void store(const brood__list_t *list, uint64_t at, uint64_t word)
{
    memcpy(list->bytes + at, &word, sizeof word);
}

/* One item's places. */
typedef struct slot_t {
    uint64_t data, room, format, code;
} slot_t;

static apr_status_t fail_spoilt(void)
{
    return brood_fail_text(BROOD_EDECODE, "this memory holds no shareable list, or has been written over");
}

/* `end`: of the data. */
static bool fits(const brood__list_t *list, uint64_t end)
{
    const uint64_t rest = list->size - data_at(list->count) - list->count * (WORD + 1);

    return end <= rest;
}

static bool find_slot(slot_t *slot, const brood__list_t *list, uint64_t index)
{
    const uint64_t begin = load(list, (1 + index) * WORD), next = load(list, (2 + index) * WORD),
                   end = load(list, (1 + list->count) * WORD), data = data_at(list->count);

    if (begin > next || next > end || !fits(list, end))
        return false;
    *slot = (slot_t){data + begin, next - begin, data + end + index * WORD, data + end + list->count * WORD + index};
    return true;
}

apr_status_t brood__list_find(brood__list_t *list)
{
    if (list->size < 2 * WORD)
        return fail_spoilt();
    list->count = load(list, 0);
    if (list->count > COUNT_MOST || list->size < data_at(list->count) + list->count * (WORD + 1)
        || !fits(list, load(list, (1 + list->count) * WORD)))
        return fail_spoilt();
    return APR_SUCCESS;
}

/* ---- an item on its way in ---- */

/* What is written for an item. */
typedef struct image_t {
    const void *bytes;
    uint64_t size;
    char format[WORD + 1];
    char code;
    char word[WORD];
} image_t;

static void image_word(image_t *image, const void *bytes, size_t size, size_t at, const char *format)
{
    memset(image->word, 0, sizeof image->word);
    memcpy(image->word + at, bytes, size);
    image->bytes = image->word;
    image->size = WORD;
    memcpy(image->format, format, strlen(format) + 1);
}

static apr_status_t image_string(image_t *image, const char *bytes, uint64_t size, char code)
{
    if (size > PYTHON_MOST || (size > EXACT_MOST && bytes[size - 1] == '\0'))
        return brood_fail(BROOD_ETOOBIG, "%" PRIu64 " bytes are too many for an item", size);
    image->bytes = bytes;
    image->size = size;
    image->code = code;
    (void) snprintf(image->format, sizeof image->format, size > EXACT_MOST ? "%us" : "%us ", (unsigned) size);
    return APR_SUCCESS;
}

static apr_status_t make_image(image_t *image, brood_value_t item)
{
    const unsigned char truth = item.kind == BROOD_KIND_BOOL && item.as.boolean;

    *image = (image_t){.code = CODE_PLAIN};
    switch (item.kind) {
    case BROOD_KIND_NIL:
        image_word(image, &truth, 1, WORD - 2, format_nil);
        image->code = CODE_NIL;
        return APR_SUCCESS;
    case BROOD_KIND_BOOL:
        image_word(image, &truth, 1, WORD - 1, format_bool);
        return APR_SUCCESS;
    case BROOD_KIND_INT:
        image_word(image, &item.as.integer, WORD, 0, "q");
        return APR_SUCCESS;
    case BROOD_KIND_UINT:
        return brood_fail(BROOD_ERANGE, "%" PRIu64 " does not fit 64 bits with a sign", (uint64_t) item.as.natural);
    case BROOD_KIND_DOUBLE:
        image_word(image, &item.as.real, WORD, 0, "d");
        return APR_SUCCESS;
    case BROOD_KIND_TEXT:
        if (brood__utf8_valid(item.as.text.data, item.as.text.size) != item.as.text.size)
            return brood_fail_text(BROOD_EENCODE, "text is not UTF-8");
        return image_string(image, item.as.text.data, item.as.text.size, CODE_TEXT);
    case BROOD_KIND_BYTES:
        return image_string(image, item.as.bytes.data, item.as.bytes.size, CODE_BYTES);
    default:
        return brood_fail(BROOD_EKIND, "a shareable list does not hold %s", brood__value_kind(item));
    }
}

/* Of a new slot. */
static uint64_t room_of(const image_t *image)
{
    return image->code == CODE_TEXT || image->code == CODE_BYTES ? image->size / WORD * WORD + WORD : WORD;
}

static void put(const brood__list_t *list, const slot_t *slot, const image_t *image)
{
    char format[WORD] = {0};

    memcpy(format, image->format, strlen(image->format));
    if (image->size != 0)
        memcpy(list->bytes + slot->data, image->bytes, (size_t) image->size);
    memset(list->bytes + slot->data + image->size, 0, (size_t) (slot->room - image->size)); /* for Python to strip */
    memcpy(list->bytes + slot->format, format, sizeof format);
    list->bytes[slot->code] = image->code;
}

apr_status_t brood__list_size(uint64_t *size, brood_value_t items)
{
    image_t image;

    if (items.kind != BROOD_KIND_LIST)
        return brood_fail(BROOD_EKIND, "items are a list, not %s", brood__value_kind(items));
    *size = data_at(items.as.list.count) + items.as.list.count * (WORD + 1);
    for (apr_size_t i = 0; i < items.as.list.count; i++) {
        BROOD_TRY(make_image(&image, items.as.list.items[i]));
        *size += room_of(&image);
    }
    return APR_SUCCESS;
}

void brood__list_write(brood__list_t *list, brood_value_t items)
{
    uint64_t end = 0;
    image_t image;
    slot_t slot;

    list->count = items.as.list.count;
    store(list, 0, list->count);
    for (uint64_t i = 0; i < list->count; i++) {
        if (make_image(&image, items.as.list.items[i]) == APR_SUCCESS) /* as it was when the size was asked for */
            end += room_of(&image);
        store(list, (2 + i) * WORD, end);
    }
    for (uint64_t i = 0; i < list->count; i++) {
        if (make_image(&image, items.as.list.items[i]) == APR_SUCCESS && find_slot(&slot, list, i))
            put(list, &slot, &image); /* else somebody else writes here already */
    }
}

apr_status_t brood__list_set(const brood__list_t *list, uint64_t index, brood_value_t item)
{
    image_t image;
    slot_t slot;

    BROOD_TRY(make_image(&image, item));
    if (!find_slot(&slot, list, index))
        return fail_spoilt();
    if (image.size > slot.room)
        return brood_fail(BROOD_ETOOBIG, "%" PRIu64 " bytes do not fit the item's %" PRIu64, image.size, slot.room);
    put(list, &slot, &image);
    return APR_SUCCESS;
}

/* ---- and out ---- */

/* "11s ", "16s": how many bytes, and whether exactly so. */
static bool read_format(uint64_t *size, bool *exact, const char format[WORD + 1])
{
    char *rest;

    if (format[0] < '0' || format[0] > '9')
        return false;
    *size = (uint64_t) apr_strtoi64(format, &rest, 10);
    *exact = strcmp(rest, "s ") == 0;
    return *exact || strcmp(rest, "s") == 0;
}

static apr_status_t get_string(brood_value_t *item, const brood__list_t *list, const slot_t *slot, const char *format,
                               bool text, apr_pool_t *mem)
{
    uint64_t size;
    bool exact;
    char *bytes;

    if (!read_format(&size, &exact, format) || size > slot->room)
        return fail_spoilt();
    bytes = apr_pstrmemdup(mem, list->bytes + slot->data, (apr_size_t) size);
    while (!exact && size > 0 && bytes[size - 1] == '\0')
        size--;
    if (text && brood__utf8_valid(bytes, (size_t) size) != size)
        return fail_spoilt();
    *item = text ? brood_text_n(bytes, (apr_size_t) size) : brood_bytes(bytes, (apr_size_t) size);
    return APR_SUCCESS;
}

static apr_status_t get_word(brood_value_t *item, const char word[WORD], const char *format, char code)
{
    apr_int64_t integer;
    double real;

    memcpy(&integer, word, WORD);
    memcpy(&real, word, WORD);
    if (code == CODE_NIL)
        *item = brood_nil();
    else if (strcmp(format, format_bool) == 0)
        *item = brood_bool(word[WORD - 1] != 0);
    else if (strcmp(format, "q") == 0)
        *item = brood_int(integer);
    else if (strcmp(format, "d") == 0)
        *item = brood_double(real);
    else
        return fail_spoilt();
    return APR_SUCCESS;
}

apr_status_t brood__list_get(brood_value_t *item, const brood__list_t *list, uint64_t index, apr_pool_t *mem)
{
    char format[WORD + 1] = {0}, word[WORD];
    slot_t slot;
    char code;

    if (!find_slot(&slot, list, index))
        return fail_spoilt();
    memcpy(format, list->bytes + slot.format, WORD);
    code = list->bytes[slot.code];
    if (code == CODE_TEXT || code == CODE_BYTES)
        return get_string(item, list, &slot, format, code == CODE_TEXT, mem);
    if (slot.room < WORD || (code != CODE_PLAIN && code != CODE_NIL))
        return fail_spoilt();
    memcpy(word, list->bytes + slot.data, WORD);
    return get_word(item, word, format, code);
}
