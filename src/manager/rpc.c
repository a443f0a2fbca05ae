#include "manager/rpc.h"

#include "base/scalar.h"
#include <brood/status.h>

/* What is left to be read. */
typedef struct cursor_t {
    const unsigned char *data;
    size_t size;
} cursor_t;

static apr_status_t fail_shape(void)
{
    return brood_fail_text(BROOD_EDECODE, "what has come is no message of a manager's protocol");
}

/* A number of `size` bytes, highest first. */
static bool take_number(uint64_t *number, cursor_t *cursor, size_t size)
{
    uint64_t value = 0;

    if (cursor->size < size)
        return false;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | cursor->data[i];
    cursor->data += size;
    cursor->size -= size;
    *number = value;
    return true;
}

/* An int that is not negative, however it is written. */
static bool take_natural(uint64_t *number, cursor_t *cursor)
{
    uint64_t first;

    if (!take_number(&first, cursor, 1))
        return false;
    if (first >= 0xCC && first <= 0xCF)
        return take_number(number, cursor, (size_t) 1 << (first - 0xCC));
    *number = first;
    return first < 0x80;
}

static bool take_text(const char **text, size_t *size, cursor_t *cursor)
{
    uint64_t first, length;

    if (!take_number(&first, cursor, 1))
        return false;
    if (first >= 0xA0 && first <= 0xBF)
        length = first - 0xA0;
    else if (first < 0xD9 || first > 0xDB || !take_number(&length, cursor, (size_t) 1 << (first - 0xD9)))
        return false;
    if (length > cursor->size)
        return false;
    *text = (const char *) cursor->data;
    *size = (size_t) length;
    cursor->data += length;
    cursor->size -= (size_t) length;
    return true;
}

static bool take_list(uint64_t *count, cursor_t *cursor)
{
    uint64_t first;

    if (!take_number(&first, cursor, 1))
        return false;
    *count = first - 0x90;
    if (first >= 0x90 && first <= 0x9F)
        return true;
    return (first == 0xDC && take_number(count, cursor, 2)) || (first == 0xDD && take_number(count, cursor, 4));
}

static bool take_call(brood__rpc_t *rpc, cursor_t *cursor)
{
    uint64_t parts, kind, number = 0, count;

    if (!take_list(&parts, cursor) || !take_natural(&kind, cursor))
        return false;
    if (!(kind == BROOD__RPC_REQUEST && parts == 4) && !(kind == BROOD__RPC_NOTIFICATION && parts == 3))
        return false;
    if (kind == BROOD__RPC_REQUEST && (!take_natural(&number, cursor) || number > UINT32_MAX))
        return false;
    if (!take_text(&rpc->method, &rpc->method_size, cursor) || !take_list(&count, cursor) || count == 0
        || count > cursor->size || !take_natural(&rpc->object, cursor))
        return false;
    rpc->kind = (brood__rpc_kind_t) kind;
    rpc->number = (uint32_t) number;
    rpc->count = (uint32_t) count - 1;
    rpc->data = cursor->data;
    rpc->size = cursor->size;
    return true;
}

apr_status_t brood__rpc_read(brood__rpc_t *rpc, const void *data, size_t size)
{
    cursor_t cursor = {data, size};

    return take_call(rpc, &cursor) ? APR_SUCCESS : fail_shape();
}

apr_status_t brood__rpc_read_answer(uint32_t *number, brood_bytes_t *failure_and_result, const void *data, size_t size)
{
    cursor_t cursor = {data, size};
    uint64_t parts, kind, of;

    if (!take_list(&parts, &cursor) || parts != 4 || !take_natural(&kind, &cursor) || kind != BROOD__RPC_ANSWER
        || !take_natural(&of, &cursor) || of > UINT32_MAX)
        return fail_shape();
    *number = (uint32_t) of;
    *failure_and_result = (brood_bytes_t){cursor.data, cursor.size};
    return APR_SUCCESS;
}

/* ---- writing ---- */

static apr_status_t append_natural(brood__output_t *output, uint64_t number)
{
    unsigned char room[BROOD__SCALAR_ROOM];

    return brood__output_append(output, room, brood__scalar_put_natural(room, number));
}

/* A head that says how many: `few` and the number in one byte, or `many` and four bytes. */
static apr_status_t append_head(brood__output_t *output, size_t count, unsigned char few, unsigned char many)
{
    unsigned char room[BROOD__SCALAR_ROOM];

    if (count > UINT32_MAX)
        return brood_fail_text(BROOD_ETOOBIG, "a list or map has more than 2^32 items");
    if (count < 16)
        return brood__output_append(output, room, brood__scalar_put(room, (unsigned char) (few | count), 0, 0));
    return brood__output_append(output, room, brood__scalar_put(room, many, count, 4));
}

apr_status_t brood__rpc_write_list(brood__output_t *output, size_t count)
{
    return append_head(output, count, 0x90, 0xDD);
}

apr_status_t brood__rpc_write_map(brood__output_t *output, size_t pairs)
{
    return append_head(output, pairs, 0x80, 0xDF);
}

static apr_status_t write_call(brood__output_t *output, const uint32_t *number, const char *method, uint64_t object,
                               const brood_value_t *args, size_t count)
{
    BROOD_TRY(brood__rpc_write_list(output, number != NULL ? 4 : 3));
    BROOD_TRY(append_natural(output, number != NULL ? BROOD__RPC_REQUEST : BROOD__RPC_NOTIFICATION));
    if (number != NULL)
        BROOD_TRY(append_natural(output, *number));
    BROOD_TRY(brood__encode(output, brood_text(method), 0));
    BROOD_TRY(brood__rpc_write_list(output, count + 1));
    BROOD_TRY(append_natural(output, object));
    for (size_t i = 0; i < count; i++)
        BROOD_TRY(brood__encode(output, args[i], 0));
    return APR_SUCCESS;
}

apr_status_t brood__rpc_write(brood__output_t *output, const uint32_t *number, const char *method, uint64_t object,
                              const brood_value_t *args, size_t count)
{
    const size_t before = output->size;
    const apr_status_t rc = write_call(output, number, method, object, args, count);

    if (rc != APR_SUCCESS)
        output->size = before;
    return rc;
}

apr_status_t brood__rpc_write_answer(brood__output_t *output, uint32_t number)
{
    BROOD_TRY(brood__rpc_write_list(output, 4));
    BROOD_TRY(append_natural(output, BROOD__RPC_ANSWER));
    return append_natural(output, number);
}
