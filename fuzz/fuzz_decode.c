/* fuzz_decode.c - bytes from anybody into the decoder (CONN-30): no crash, and what is accepted is stable. */
#include <apr_general.h>
#include <brood/value.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *mem;
    brood_value_t value;

    if (mem == NULL)
        must(apr_initialize() == APR_SUCCESS && apr_pool_create(&mem, NULL) == APR_SUCCESS);
    if (brood_value_decode(&value, data, size, mem) == APR_SUCCESS)
        check_stable(value, mem);
    apr_pool_clear(mem);
    return 0;
}
