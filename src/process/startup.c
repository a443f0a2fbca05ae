/* startup.c - what a new process is told: a map, and its way through a channel. */
#include "process/startup.h"

#include <stddef.h>

typedef enum field_kind_t { FIELD_U32, FIELD_U64, FIELD_I64, FIELD_BOOL, FIELD_TEXT, FIELD_BYTES } field_kind_t;

typedef struct field_t {
    const char *key;
    field_kind_t kind;
    size_t place;
} field_t;

#define FIELD(kind, name)                                     \
    {                                                         \
#name, FIELD_##kind, offsetof(brood__startup_t, name) \
    }

/* Both directions go by this list.  In the order of the keys, since in such a map none is looked for twice. */
static const field_t fields[] = {
    FIELD(U64, arena_base),   FIELD(U64, arena_size),  FIELD(BYTES, args),    FIELD(BYTES, authkey),
    FIELD(BOOL, daemon),      FIELD(BYTES, directory), FIELD(TEXT, entry),    FIELD(I64, exit_grace),
    FIELD(U64, fingerprint),  FIELD(U32, id),          FIELD(U32, log_level), FIELD(BYTES, log_queue),
    FIELD(U32, log_stderr),   FIELD(U32, method),      FIELD(TEXT, name),     FIELD(U64, parent_born),
    FIELD(TEXT, parent_name), FIELD(U32, parent_pid),  FIELD(TEXT, path),     FIELD(U32, role),
    FIELD(BOOL, strict),
};

enum { FIELDS = sizeof fields / sizeof *fields };

static brood_value_t get_field(const field_t *field, const brood__startup_t *startup)
{
    const void *place = (const char *) startup + field->place;
    const brood_bytes_t *bytes;

    switch (field->kind) {
    case FIELD_U32:
        return brood_uint(*(const uint32_t *) place);
    case FIELD_U64:
        return brood_uint(*(const uint64_t *) place);
    case FIELD_I64:
        return brood_int(*(const apr_int64_t *) place);
    case FIELD_BOOL:
        return brood_bool(*(const bool *) place);
    case FIELD_TEXT:
        return brood_text(*(const char *const *) place);
    case FIELD_BYTES:
        bytes = place;
        return brood_bytes(bytes->data, bytes->size);
    }
    return brood_nil();
}

static apr_status_t set_number(void *place, field_kind_t kind, brood_value_t value)
{
    apr_uint64_t number;

    BROOD_TRY(brood_value_uint(&number, value));
    if (kind == FIELD_U64)
        *(uint64_t *) place = number;
    else if (number > UINT32_MAX)
        return BROOD_ERANGE;
    else
        *(uint32_t *) place = (uint32_t) number;
    return APR_SUCCESS;
}

static apr_status_t set_field(brood__startup_t *startup, const field_t *field, brood_value_t value)
{
    void *place = (char *) startup + field->place;

    switch (field->kind) {
    case FIELD_U32:
    case FIELD_U64:
        return set_number(place, field->kind, value);
    case FIELD_I64:
        return brood_value_int(place, value);
    case FIELD_BOOL:
        return brood_value_bool(place, value);
    case FIELD_TEXT:
        return value.kind == BROOD_KIND_NIL ? APR_SUCCESS : brood_value_text(place, value);
    case FIELD_BYTES:
        return brood_value_bytes(place, value);
    }
    return APR_EGENERAL;
}

apr_status_t brood__startup_encode(brood__output_t *output, const brood__startup_t *startup)
{
    brood_value_t items[2 * FIELDS];

    for (int i = 0; i < FIELDS; i++) {
        items[2 * i] = brood_text(fields[i].key);
        items[2 * i + 1] = get_field(&fields[i], startup);
    }
    return brood__encode(output, brood_map(items, FIELDS), 0);
}

/* Where brood__startup_encode has put it, or anywhere. */
static apr_status_t find_field(brood_value_t *value, brood_value_t map, int index)
{
    const brood_value_t key = brood_value_key_at(map, (apr_size_t) index);

    if (brood_value_equal(key, brood_text(fields[index].key))) {
        *value = brood_value_item_at(map, (apr_size_t) index);
        return APR_SUCCESS;
    }
    return brood_value_find(value, map, brood_text(fields[index].key));
}

apr_status_t brood__startup_decode(brood__startup_t *startup, const void *data, size_t size, apr_pool_t *mem)
{
    brood__startup_t read = {0};
    brood_value_t map, value;

    BROOD_TRY(brood__decode(&map, data, size, false, mem));
    for (int i = 0; i < FIELDS; i++)
        if (find_field(&value, map, i) != APR_SUCCESS || set_field(&read, &fields[i], value) != APR_SUCCESS)
            return brood_fail(BROOD_EDECODE, "start data without a good '%s'", fields[i].key);
    *startup = read;
    return APR_SUCCESS;
}

apr_status_t brood__frame_send(brood__handle_t channel, const void *data, size_t size, const brood__parcel_t *parcel,
                               apr_time_t deadline)
{
    brood__stream_t stream;
    unsigned char head[8];
    uint64_t rest = size;
    size_t sent;

    if (rest > BROOD__FRAME_MOST)
        return brood_fail(BROOD_ETOOBIG, "start data of %llu bytes; the limit is %llu", (unsigned long long) rest,
                          (unsigned long long) BROOD__FRAME_MOST);
    for (int i = 0; i < 8; i++, rest >>= 8)
        head[i] = (unsigned char) (rest & 255);
    brood__stream_init(&stream, channel, BROOD__HANDLE_PIPE);
    return brood__stream_write(&stream, head, sizeof head, data, size, parcel, &sent, deadline);
}

static apr_status_t read_all(void *data, size_t size, brood__stream_t *stream, apr_time_t deadline)
{
    size_t got;

    for (char *next = data; size > 0; next += got, size -= got)
        BROOD_TRY(brood__stream_read(stream, next, size, &got, deadline));
    return APR_SUCCESS;
}

apr_status_t brood__frame_receive(brood_bytes_t *bytes, brood__stream_t *stream, apr_time_t deadline, apr_pool_t *mem)
{
    unsigned char head[8];
    uint64_t size = 0;
    void *data;

    BROOD_TRY(read_all(head, sizeof head, stream, deadline));
    for (int i = 7; i >= 0; i--)
        size = size << 8 | head[i];
    if (size > BROOD__FRAME_MOST)
        return brood_fail(BROOD_ETOOBIG, "start data of %llu bytes", (unsigned long long) size);
    data = apr_palloc(mem, (apr_size_t) size + 1);
    if (data == NULL)
        return APR_ENOMEM;
    BROOD_TRY(read_all(data, (size_t) size, stream, deadline));
    bytes->data = data;
    bytes->size = (apr_size_t) size;
    return APR_SUCCESS;
}
