/* output.h - bytes that are written one after the other, in room that grows. */
#ifndef BROOD_BASE_OUTPUT_H
#define BROOD_BASE_OUTPUT_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <string.h>

/* Growing output: starts in the caller's room and moves to `mem` only when that is full. */
typedef struct brood__output_t {
    unsigned char *data;
    size_t size;
    size_t room;
    apr_pool_t *mem; /* NULL: measure only; `size` counts on, bytes past the room are dropped */
} brood__output_t;

/* What brood__output_append does when the room is full.  APR_ENOMEM: nothing was appended. */
apr_status_t brood__output_overflow(brood__output_t *output, const void *data, size_t size);

static inline apr_status_t brood__output_append(brood__output_t *output, const void *data, size_t size)
{
    if (output->size > output->room || size > output->room - output->size)
        return brood__output_overflow(output, data, size);
    if (size != 0)
        memcpy(output->data + output->size, data, size);
    output->size += size;
    return APR_SUCCESS;
}

#endif
