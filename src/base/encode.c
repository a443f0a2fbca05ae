/* encode.c - values to bytes. */
#include "base/codec.h"

#include "base/kind.h"
#include "base/scalar.h"
#include "base/utf8.h"
#include "base/value.h"
#include <msgpack/pack.h>

typedef struct writer_t {
    msgpack_packer packer;
    brood__output_t *output;
    apr_status_t status; /* of the output; sticky */
    uint32_t to;
    bool objects; /* there are some */
    bool hand_over;
} writer_t;

static int append(void *to, const char *data, size_t size)
{
    writer_t *writer = to;

    if (writer->status == APR_SUCCESS)
        writer->status = brood__output_append(writer->output, data, size);
    return writer->status == APR_SUCCESS ? 0 : -1;
}

static apr_status_t write_text(writer_t *writer, brood_value_t value)
{
    if (value.as.text.size > UINT32_MAX)
        return brood_fail_text(BROOD_ETOOBIG, "text is longer than 4 GiB");
    if (value.as.text.data == NULL && value.as.text.size != 0)
        return brood_fail_text(BROOD_EENCODE, "text has a size but no data");
    if (brood__utf8_valid(value.as.text.data, value.as.text.size) != value.as.text.size)
        return brood_fail_text(BROOD_EENCODE, "text is not UTF-8: use bytes");
    (void) msgpack_pack_str_with_body(&writer->packer, value.as.text.data, value.as.text.size);
    return writer->status;
}

static apr_status_t write_bytes(writer_t *writer, brood_value_t value)
{
    brood_bytes_t bytes = value.as.bytes;

    if (bytes.size > UINT32_MAX - 1) /* MessagePack's ext counts its type, too */
        return brood_fail_text(BROOD_ETOOBIG, "bytes are more than 4 GiB");
    if (bytes.data == NULL && bytes.size != 0)
        return brood_fail_text(BROOD_EENCODE, "bytes have a size but no data");
    if (value.kind == BROOD_KIND_BYTES)
        (void) msgpack_pack_bin_with_body(&writer->packer, bytes.data, bytes.size);
    else if (value.tag < 0 || value.tag > 127)
        return brood_fail(BROOD_EENCODE, "ext tag %d is not within 0 to 127", (int) value.tag);
    else
        (void) msgpack_pack_ext_with_body(&writer->packer, bytes.data, bytes.size, (int8_t) value.tag);
    return writer->status;
}

static apr_status_t write_entry(writer_t *writer, brood_value_t value)
{
    const char *name = brood__entry_name(value.as.entry);

    if (name == NULL)
        return brood_fail_text(BROOD_EENTRY, "value is a function that is in no entry table");
    (void) msgpack_pack_ext_with_body(&writer->packer, name, strlen(name), BROOD__EXT_ENTRY);
    return writer->status;
}

static apr_status_t write_object(writer_t *writer, brood_value_t value)
{
    const brood__kind_t *kind = brood__kind_find(value.tag);
    unsigned char bytes[BROOD__OBJECT_SIZE];
    uint64_t word = 0;
    int i;

    if (kind == NULL || value.as.object == NULL)
        return brood_fail_text(BROOD_EENCODE, "value is an object that this program does not know");
    if (writer->to == 0 && (kind->travels == NULL || !kind->travels(value.as.object)))
        return brood_fail(BROOD_EENCODE, "a %s cannot leave its process tree", kind->name);
    if (writer->hand_over)
        BROOD_TRY(kind->pack(&word, value.as.object, writer->to));
    writer->objects = true;
    bytes[0] = (unsigned char) value.tag;
    for (i = 1; i < BROOD__OBJECT_SIZE; i++)
        bytes[i] = (unsigned char) (word >> (64 - 8 * i));
    (void) msgpack_pack_ext_with_body(&writer->packer, bytes, sizeof bytes, BROOD__EXT_OBJECT);
    return writer->status;
}

static apr_status_t write_value(writer_t *writer, const brood_value_t *value, int depth);

static apr_status_t write_items(writer_t *writer, brood_value_t value, int depth)
{
    const brood_value_t *items = value.as.list.items;
    bool map = value.kind == BROOD_KIND_MAP;
    const brood_value_t *repeated;
    apr_size_t count = value.as.list.count;
    apr_size_t i;
    char brief[BROOD__BRIEF];

    if (depth == BROOD__DEPTH)
        return brood_fail(BROOD_EENCODE, "lists and maps are nested deeper than %d", BROOD__DEPTH);
    if (count > UINT32_MAX)
        return brood_fail(BROOD_ETOOBIG, "a %s has more than 2^32 items", brood__value_kind(value));
    if (items == NULL && count != 0)
        return brood_fail(BROOD_EENCODE, "a %s has a count but no items", brood__value_kind(value));
    (void) (map ? msgpack_pack_map(&writer->packer, count) : msgpack_pack_array(&writer->packer, count));
    for (i = 0; i < (map ? 2 * count : count); i++)
        BROOD_TRY(write_value(writer, &items[i], depth + 1));
    if (!map)
        return writer->status;
    BROOD_TRY(brood__value_repeated_key(&repeated, items, count)); /* last: now it is known that comparing them ends */
    if (repeated != NULL)
        return brood_fail(BROOD_EENCODE, "a map has the key %s twice", brood__value_brief(brief, *repeated));
    return writer->status;
}

static apr_status_t write_value(writer_t *writer, const brood_value_t *value, int depth)
{
    switch (value->kind) {
    case BROOD_KIND_NIL:
        (void) msgpack_pack_nil(&writer->packer);
        return writer->status;
    case BROOD_KIND_BOOL:
        (void) (value->as.boolean ? msgpack_pack_true(&writer->packer) : msgpack_pack_false(&writer->packer));
        return writer->status;
    case BROOD_KIND_INT:
        (void) msgpack_pack_int64(&writer->packer, value->as.integer);
        return writer->status;
    case BROOD_KIND_UINT:
        (void) msgpack_pack_uint64(&writer->packer, value->as.natural);
        return writer->status;
    case BROOD_KIND_DOUBLE:
        (void) msgpack_pack_double(&writer->packer, value->as.real);
        return writer->status;
    case BROOD_KIND_TEXT:
        return write_text(writer, *value);
    case BROOD_KIND_BYTES:
    case BROOD_KIND_EXT:
        return write_bytes(writer, *value);
    case BROOD_KIND_LIST:
    case BROOD_KIND_MAP:
        return write_items(writer, *value, depth);
    case BROOD_KIND_ENTRY:
        return write_entry(writer, *value);
    case BROOD_KIND_OBJECT:
        return write_object(writer, *value);
    }
    return brood_fail(BROOD_EENCODE, "value is of no kind: %d", (int) value->kind);
}

static apr_status_t encode_any(brood__output_t *output, brood_value_t value, uint32_t to)
{
    writer_t writer;
    size_t before = output->size;
    apr_status_t status;

    msgpack_packer_init(&writer.packer, &writer, append);
    writer.output = output;
    writer.status = APR_SUCCESS;
    writer.to = to;
    writer.objects = false;
    writer.hand_over = to == BROOD__TO_ITEM; /* nobody comes to hold them by that */
    status = write_value(&writer, &value, 0);
    if (status == APR_SUCCESS && writer.objects && !writer.hand_over
        && (output->mem != NULL || output->size <= output->room)) {
        /* All is well and will be kept: now others may come to hold the objects. */
        output->size = before;
        writer.hand_over = true;
        status = write_value(&writer, &value, 0);
    }
    if (status != APR_SUCCESS)
        output->size = before;
    return status;
}

apr_status_t brood__encode(brood__output_t *output, brood_value_t value, uint32_t to)
{
    size_t written;

    if (output->size <= output->room && output->room - output->size >= BROOD__SCALAR_ROOM) {
        written = brood__scalar_write(output->data + output->size, &value);
        if (written != 0) {
            output->size += written;
            return APR_SUCCESS;
        }
    }
    return encode_any(output, value, to);
}
