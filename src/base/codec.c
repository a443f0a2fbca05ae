/* codec.c - the codec for programs, and the names of entries. */
#include "base/codec.h"

#include <apr_strings.h>

/* The first byte of what brood_value_encode makes: no MessagePack value and no pickle begins with it (WIRE-08). */
#define MAGIC 0xC1u

static const brood__entry_table_t *entry_table;

void brood__codec_entries(const brood__entry_table_t *names)
{
    entry_table = names;
}

const char *brood__entry_name(brood_entry_fn entry)
{
    return entry_table == NULL || entry == NULL ? NULL : entry_table->name(entry);
}

brood_entry_fn brood__entry_find(const char *name, size_t size)
{
    return entry_table == NULL ? NULL : entry_table->find(name, size);
}

apr_status_t brood__entry_call(brood_entry_fn entry, apr_pool_t *mem)
{
    return entry_table == NULL ? BROOD_EENTRY : entry_table->call(NULL, entry, brood_nil(), mem);
}

apr_status_t brood_value_encode(brood_bytes_t *bytes, brood_value_t value, apr_pool_t *mem)
{
    unsigned char room[256] = {MAGIC};
    brood__output_t output = {room, 1, sizeof room, mem};

    BROOD_TRY(brood__encode(&output, value, 0));
    if (output.data == room)
        output.data = apr_pmemdup(mem, room, output.size);
    bytes->data = output.data;
    bytes->size = output.size;
    return APR_SUCCESS;
}

apr_status_t brood_value_decode(brood_value_t *value, const void *data, apr_size_t size, apr_pool_t *mem)
{
    if (size == 0 || *(const unsigned char *) data != MAGIC)
        return brood_fail_text(BROOD_EDECODE, "bytes do not begin as a value does");
    return brood__decode(value, (const unsigned char *) data + 1, size - 1, false, mem);
}
