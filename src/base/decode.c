/* decode.c - bytes to values: msgpack-c's parser builds them where they will stay.
 *
 * msgpack-c gives its parser as a template: unpack_template.h, included below, becomes struct unpack_context and the
 * functions unpack_init, unpack_execute and unpack_data, and calls the on_... functions for what it finds. */
#include "base/codec.h"

#include "base/kind.h"
#include "base/scalar.h"
#include "base/utf8.h"
#include "base/value.h"

#define MSGPACK_EMBED_STACK_SIZE BROOD__DEPTH
#include <msgpack/unpack.h>
#include <msgpack/unpack_define.h>

/* A value, or a list or map that is not complete yet. */
typedef struct piece_t {
    brood_value_t value;
    brood_value_t *items;
    size_t filled;
} piece_t;

typedef struct reader_t {
    apr_pool_t *mem;
    apr_status_t status;
    bool objects;
    size_t owed; /* bytes that may still be there, less one for each value that has been announced */
} reader_t;

static int fail(reader_t *reader, apr_status_t status)
{
    reader->status = status;
    return MSGPACK_UNPACK_PARSE_ERROR;
}

static void *take(reader_t *reader, size_t count, size_t size)
{
    void *memory = count <= SIZE_MAX / size ? apr_palloc(reader->mem, count * size) : NULL;

    if (memory == NULL)
        reader->status = brood_fail_text(APR_ENOMEM, "no memory to decode a value");
    return memory;
}

/* Each value that a list announces takes a byte at least.  So what is allocated for lists is bounded by what arrived,
 * whatever a list says its count is. */
static bool owes(reader_t *reader, size_t count, size_t bytes_each)
{
    if (count > reader->owed / bytes_each) {
        reader->status = brood_fail_text(BROOD_EDECODE, "a list or map says it has more items than there are bytes");
        return false;
    }
    reader->owed -= count * bytes_each;
    return true;
}

static int on_nil(reader_t *reader, piece_t *piece)
{
    (void) reader;
    piece->value = brood_nil();
    return 0;
}

static int on_true(reader_t *reader, piece_t *piece)
{
    (void) reader;
    piece->value = brood_bool(true);
    return 0;
}

static int on_false(reader_t *reader, piece_t *piece)
{
    (void) reader;
    piece->value = brood_bool(false);
    return 0;
}

#define ON_NUMBER(name, type, make)                                     \
    static int on_##name(reader_t *reader, type number, piece_t *piece) \
    {                                                                   \
        (void) reader;                                                  \
        piece->value = make(number);                                    \
        return 0;                                                       \
    }

ON_NUMBER(uint8, uint8_t, brood_int)
ON_NUMBER(uint16, uint16_t, brood_int)
ON_NUMBER(uint32, uint32_t, brood_int)
ON_NUMBER(uint64, uint64_t, brood_uint)
ON_NUMBER(int8, int8_t, brood_int)
ON_NUMBER(int16, int16_t, brood_int)
ON_NUMBER(int32, int32_t, brood_int)
ON_NUMBER(int64, int64_t, brood_int)
ON_NUMBER(float, float, brood_double)
ON_NUMBER(double, double, brood_double)

static int start(reader_t *reader, brood_kind_t kind, size_t count, piece_t *piece)
{
    size_t items_each = kind == BROOD_KIND_MAP ? 2 : 1;

    if (!owes(reader, count, items_each))
        return MSGPACK_UNPACK_PARSE_ERROR;
    piece->filled = 0;
    piece->items = NULL;
    if (count != 0 && (piece->items = take(reader, count * items_each, sizeof *piece->items)) == NULL)
        return MSGPACK_UNPACK_PARSE_ERROR;
    piece->value = kind == BROOD_KIND_MAP ? brood_map(piece->items, count) : brood_list(piece->items, count);
    return 0;
}

static int on_array(reader_t *reader, unsigned count, piece_t *piece)
{
    return start(reader, BROOD_KIND_LIST, count, piece);
}

static int on_array_item(reader_t *reader, piece_t *list, piece_t item)
{
    (void) reader;
    list->items[list->filled++] = item.value;
    return 0;
}

static int on_map(reader_t *reader, unsigned count, piece_t *piece)
{
    return start(reader, BROOD_KIND_MAP, count, piece);
}

static int on_map_item(reader_t *reader, piece_t *map, piece_t key, piece_t item)
{
    const brood_value_t *repeated;
    char brief[BROOD__BRIEF];
    apr_status_t status;

    map->items[2 * map->filled] = key.value;
    map->items[2 * map->filled + 1] = item.value;
    if (++map->filled < map->value.as.list.count)
        return 0;
    status = brood__value_repeated_key(&repeated, map->items, map->filled);
    if (status != APR_SUCCESS)
        return fail(reader, status);
    if (repeated != NULL)
        return fail(reader,
                    brood_fail(BROOD_EDECODE, "a map has the key %s twice", brood__value_brief(brief, *repeated)));
    return 0;
}

/* A copy that ends in NUL. */
static char *copy(reader_t *reader, const char *data, size_t size)
{
    char *copied;

    if (!owes(reader, size, 1) || (copied = take(reader, size + 1, 1)) == NULL)
        return NULL;
    if (size != 0)
        memcpy(copied, data, size);
    copied[size] = '\0';
    return copied;
}

static int on_str(reader_t *reader, const char *base, const char *data, unsigned size, piece_t *piece)
{
    char *text;

    (void) base;
    if (brood__utf8_valid(data, size) != size)
        return fail(reader, brood_fail_text(BROOD_EDECODE, "text is not UTF-8"));
    text = copy(reader, data, size);
    if (text == NULL)
        return MSGPACK_UNPACK_PARSE_ERROR;
    piece->value = brood_text_n(text, size);
    piece->value.tag = BROOD__TEXT_ENDS;
    return 0;
}

static int on_bin(reader_t *reader, const char *base, const char *data, unsigned size, piece_t *piece)
{
    char *bytes = copy(reader, data, size);

    (void) base;
    if (bytes == NULL)
        return MSGPACK_UNPACK_PARSE_ERROR;
    piece->value = brood_bytes(bytes, size);
    return 0;
}

static int on_entry(reader_t *reader, const char *name, unsigned size, piece_t *piece)
{
    brood_entry_fn entry = brood__entry_find(name, size);
    char brief[BROOD__BRIEF];

    if (entry == NULL)
        return fail(reader, brood_fail(BROOD_EENTRY, "no entry table of this program has %s",
                                       brood__value_brief(brief, brood_text_n(name, size))));
    piece->value = brood_entry(entry);
    return 0;
}

static int on_object(reader_t *reader, const unsigned char *data, unsigned size, piece_t *piece)
{
    const brood__kind_t *kind = size == BROOD__OBJECT_SIZE ? brood__kind_find(data[0]) : NULL;
    apr_status_t status;
    uint64_t word = 0;
    void *object;
    int i;

    if (kind == NULL)
        return fail(reader, brood_fail_text(BROOD_EDECODE, "bytes name an object that this program does not know"));
    if (!reader->objects && (kind->travels == NULL || !kind->travels(NULL)))
        return fail(reader, brood_fail_text(BROOD_EDECODE, "bytes from outside of this process tree name an object"));
    for (i = 1; i < BROOD__OBJECT_SIZE; i++)
        word = word << 8 | data[i];
    status = kind->unpack(&object, word, reader->mem);
    if (status != APR_SUCCESS)
        return fail(reader, status);
    piece->value = brood__kind_to_value(kind->tag, object);
    return 0;
}

/* `size` counts the type, the first byte. */
static int on_ext(reader_t *reader, const char *base, const char *data, unsigned size, piece_t *piece)
{
    int type;
    char *bytes;

    (void) base;
    if (size == 0) /* so large that msgpack-c's count went round */
        return fail(reader, brood_fail_text(BROOD_EDECODE, "an extension is larger than the bytes that are there"));
    type = (unsigned char) data[0] < 128 ? (unsigned char) data[0] : (unsigned char) data[0] - 256;
    if (type == BROOD__EXT_ENTRY)
        return on_entry(reader, data + 1, size - 1, piece);
    if (type == BROOD__EXT_OBJECT)
        return on_object(reader, (const unsigned char *) data + 1, size - 1, piece);
    if (type < 0)
        return fail(reader, brood_fail(BROOD_EDECODE, "extension type %d means nothing here", type));
    bytes = copy(reader, data + 1, size - 1);
    if (bytes == NULL)
        return MSGPACK_UNPACK_PARSE_ERROR;
    piece->value = brood_ext(type, bytes, size - 1);
    return 0;
}

static piece_t on_root(reader_t *reader)
{
    piece_t piece = {{BROOD_KIND_NIL, 0, {0}}, NULL, 0};

    (void) reader;
    return piece;
}

#define msgpack_unpack_struct(name) struct unpack##name
#define msgpack_unpack_func(type, name) static type unpack##name
#define msgpack_unpack_callback(name) on##name
#define msgpack_unpack_object piece_t
#define msgpack_unpack_user reader_t
#include <msgpack/unpack_template.h>

apr_status_t brood__decode_next(brood_value_t *value, size_t *used, const void *data, size_t size, bool objects,
                                apr_pool_t *mem)
{
    struct unpack_context context;
    int result;

    if (size == 0)
        return brood_fail_text(BROOD_EDECODE, "bytes end before the value does");
    context.user.mem = mem;
    context.user.status = APR_SUCCESS;
    context.user.objects = objects;
    context.user.owed = size - 1;
    unpack_init(&context);
    *used = 0;
    result = unpack_execute(&context, data, size, used);
    if (context.user.status != APR_SUCCESS)
        return context.user.status;
    if (result == MSGPACK_UNPACK_CONTINUE)
        return brood_fail_text(BROOD_EDECODE, "bytes end before the value does");
    if (result == MSGPACK_UNPACK_NOMEM_ERROR)
        return brood_fail(BROOD_EDECODE, "lists and maps are nested deeper than %d", BROOD__DEPTH);
    if (result < 0)
        return brood_fail(BROOD_EDECODE, "byte 0x%02X begins no value", ((const unsigned char *) data)[*used]);
    *value = unpack_data(&context).value;
    return APR_SUCCESS;
}

static apr_status_t decode_any(brood_value_t *value, const void *data, size_t size, bool objects, apr_pool_t *mem)
{
    brood_value_t first;
    size_t used = 0;

    BROOD_TRY(brood__decode_next(&first, &used, data, size, objects, mem));
    if (used != size)
        return brood_fail_text(BROOD_EDECODE, "bytes go on after the value");
    *value = first;
    return APR_SUCCESS;
}

apr_status_t brood__decode_list(size_t *count, size_t *used, const void *data, size_t size)
{
    const unsigned char *head = data;
    const unsigned first = size != 0 ? head[0] : 0;

    *used = first == 0xdd ? 5 : first == 0xdc ? 3 : 1;
    if (size < *used || ((first & 0xf0) != 0x90 && *used == 1))
        return brood_fail_text(BROOD_EDECODE, "bytes begin no list");
    *count = *used == 1 ? first & 0x0f : 0;
    for (size_t i = 1; i < *used; i++)
        *count = *count << 8 | head[i];
    return APR_SUCCESS;
}

apr_status_t brood__decode(brood_value_t *value, const void *data, size_t size, bool objects, apr_pool_t *mem)
{
    if (brood__scalar_read(value, data, size))
        return APR_SUCCESS;
    return decode_any(value, data, size, objects, mem);
}
