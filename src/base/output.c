/* output.c - bytes that are written one after the other, in room that grows. */
#include "base/output.h"

#include <brood/status.h>
#include <inttypes.h>

/* Small outputs grow once, large ones by doubling, so that the copies stay within the size of the result. */
#define LEAST_ROOM ((size_t) 256)

static apr_status_t grow(brood__output_t *output, size_t more)
{
    size_t room = output->room <= SIZE_MAX / 2 ? output->room * 2 : SIZE_MAX;
    unsigned char *data;

    if (more > SIZE_MAX - output->size)
        return brood_fail_text(APR_ENOMEM, "output would be larger than the address space");
    if (room < output->size + more)
        room = output->size + more;
    if (room < LEAST_ROOM)
        room = LEAST_ROOM;
    data = apr_palloc(output->mem, room);
    if (data == NULL)
        return brood_fail(APR_ENOMEM, "no memory for %" PRIu64 " bytes", (uint64_t) room);
    if (output->size != 0)
        memcpy(data, output->data, output->size);
    output->data = data;
    output->room = room;
    return APR_SUCCESS;
}

apr_status_t brood__output_overflow(brood__output_t *output, const void *data, size_t size)
{
    size_t fits = output->size < output->room ? output->room - output->size : 0;

    if (output->mem != NULL) {
        BROOD_TRY(grow(output, size));
        fits = size;
    }
    if (fits != 0)
        memcpy(output->data + output->size, data, fits);
    output->size += size;
    return APR_SUCCESS;
}
