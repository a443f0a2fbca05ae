/* fuzz_decode.c - bytes from anybody into the decoder (CONN-30): no crash, what is accepted is stable, and a connection that
 * receives them says the same.  Objects come out only if handles have come along. */
#include "base/own.h"
#include "connection/connection.h"
#include <apr_general.h>
#include <brood/status.h>
#include <brood/value.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define AT_ONCE ((apr_time_t) 0)
#define LARGEST 8192u /* of a message: the system keeps so much */

#define OBJECT_HEAD 4u /* of an object as MessagePack: an extension, 9 bytes, its type and the kind's tag */
#define OBJECT_SIZE 12u

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Encoded again it decodes to an equal value, whose encoding is the same bytes. */
static void check_stable(brood_value_t value, apr_pool_t *mem)
{
    brood_bytes_t first, second;
    brood_value_t again;

    must(brood_value_encode(&first, value, mem) == APR_SUCCESS);
    must(brood_value_decode(&again, first.data, first.size, mem) == APR_SUCCESS);
    must(brood_value_equal(value, again));
    must(brood_value_encode(&second, again, mem) == APR_SUCCESS);
    must(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
    must(brood_value_equal(value, brood_value_copy(value, mem)));
    must(brood_value_string(value, mem)[0] != '\0' || value.kind == BROOD_KIND_TEXT);
}

/* As one message of a connection, whose pool is `mem`. */
static apr_status_t receive(brood_value_t *value, const uint8_t *data, size_t size, const brood__parcel_t *parcel,
                            apr_pool_t *mem)
{
    brood__stream_t ends[2];
    brood_connection_t *connection;
    apr_status_t rc;
    size_t sent;

    must(brood__stream_pair(ends) == APR_SUCCESS); /* also that nothing has been left open before */
    must(brood__connection_create(&connection, &ends[1], true, false, mem) == APR_SUCCESS);
    must(brood__message_write(&ends[0], data, size, parcel, &sent, AT_ONCE) == APR_SUCCESS);
    rc = brood_connection_recv(value, connection, BROOD_NOWAIT, mem);
    must(brood_connection_readable(connection)); /* whatever it was */
    brood__stream_close(&ends[0]);
    return rc;
}

static bool is_object(const uint8_t *data)
{
    static const uint8_t head[] = {0xc7, 0x09, 0xfd};

    return memcmp(data, head, sizeof head) == 0
           && (data[sizeof head] == BROOD__TAG_CONNECTION || data[sizeof head] == BROOD__TAG_SOCKET);
}

/* Pack a handle for what looks like an object, and put its word there; the four bits at the top stay. */
static void bring_one(uint8_t *data, const brood__stream_t *spare)
{
    uint64_t word;

    if (brood__parcel_pack(&word, spare->handle, spare->kind) != APR_SUCCESS) /* there are BROOD__PARCEL_MOST */
        return;
    data += OBJECT_HEAD;
    data[0] = (uint8_t) ((data[0] & 0xf0) | (word >> 56));
    for (int i = 1; i < 8; i++)
        data[i] = (uint8_t) (word >> (8 * (7 - i)));
}

/* Again, with a handle for each object, if there are any. */
static void receive_with_handles(const uint8_t *data, size_t size, apr_pool_t *mem)
{
    static brood__stream_t spare[2];
    static bool made;
    uint8_t patched[LARGEST];
    brood__parcel_t parcel;
    brood_value_t value;

    if (!made)
        must(brood__stream_pair(spare) == APR_SUCCESS);
    made = true;
    memcpy(patched, data, size);
    brood__parcel_begin(&parcel);
    for (size_t at = 0; at + OBJECT_SIZE <= size; at++)
        if (is_object(patched + at))
            bring_one(patched + at, &spare[0]);
    if (parcel.count > 0 && receive(&value, patched, size, &parcel, mem) == APR_SUCCESS)
        must(brood_value_string(value, mem) != NULL);
    brood__parcel_end(&parcel);
}

static apr_pool_t *begin(void)
{
    static apr_pool_t *mem;

    if (mem != NULL)
        return mem;
    must(apr_initialize() == APR_SUCCESS && brood__own_begin() == APR_SUCCESS
         && apr_pool_create(&mem, NULL) == APR_SUCCESS);
    brood__kind_register(&brood__connection_kind);
    brood__kind_register(&brood__socket_kind);
    return mem;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *mem = begin();
    brood_value_t value, received;
    const apr_status_t rc = brood_value_decode(&value, data, size, mem);

    if (rc == APR_SUCCESS)
        check_stable(value, mem);
    if (size > 0 && size <= LARGEST) {
        must(receive(&received, data, size, NULL, mem) == rc);
        must(rc != APR_SUCCESS || brood_value_equal(value, received));
        receive_with_handles(data, size, mem);
    }
    apr_pool_clear(mem);
    return 0;
}
