/* pool_client_args.c - arguments of tasks for a manager's pool: plain bytes, or with objects of the manager in them. */
#include "base/codec.h"
#include "base/own.h"
#include "base/status.h"
#include "base/value.h"
#include "manager/pool_client.h"
#include <inttypes.h>
#include <stdlib.h>

#define SHORT 256u   /* bytes of arguments that lie among others */
#define AROUND 1024u /* bytes of a request around them, at most */

/* The client's exchange, and how many objects it has seen. */
typedef struct counting_t {
    brood__exchange_t exchange;
    brood__client_exchange_t inner;
    size_t objects;
} counting_t;

static apr_status_t number_of(uint64_t *number, brood__exchange_t *self, void *object)
{
    counting_t *counting = (counting_t *) self;

    counting->objects++;
    return counting->inner.exchange.number(number, &counting->inner.exchange, object);
}

static apr_status_t no_object(void **object, brood__exchange_t *self, const brood__kind_t *kind, uint64_t number,
                              apr_pool_t *mem)
{
    (void) self;
    (void) number;
    (void) mem;
    *object = NULL;
    return brood_fail(BROOD_EDECODE, "a %s where nothing is read", kind->name);
}

static apr_status_t encode(brood__output_t *output, size_t *objects, const brood__origin_t *origin, brood_value_t args)
{
    counting_t counting = {{number_of, no_object}, brood__client_exchange(origin), 0};
    brood__exchange_t *before = brood__exchange_enter(&counting.exchange);
    const apr_status_t rc = brood__encode(output, args, 0);

    (void) brood__exchange_enter(before);
    *objects = counting.objects;
    return rc;
}

void brood__pool_client_discard(uint64_t number)
{
    brood__pool_client_block_t *block = (brood__pool_client_block_t *) (uintptr_t) number;

    if (block != NULL && block->mem != NULL)
        apr_pool_destroy(block->mem);
    free(block);
}

static apr_status_t fill_block(brood__pool_client_block_t *block, const brood__origin_t *origin, brood_value_t args)
{
    brood__output_t output = {block->data, 0, block->size, NULL};
    brood_value_t held; /* by the block's memory */
    size_t objects = 0;

    BROOD_TRY(encode(&output, &objects, origin, args));
    if (output.size != block->size)
        return brood_fail_text(BROOD_EENCODE, "a value was changed while it was encoded");
    if (objects == 0)
        return APR_SUCCESS;
    BROOD_TRY(brood__own_pool(&block->mem));
    return brood__value_copy(&held, args, block->mem);
}

static apr_status_t prepare_block(brood__args_t *message, const brood__origin_t *origin, brood_value_t args,
                                  size_t size)
{
    brood__pool_client_block_t *block = malloc(sizeof *block + size);
    apr_status_t rc;

    if (block == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for the arguments of a task");
    block->mem = NULL;
    block->size = size;
    rc = fill_block(block, origin, args);
    if (rc != APR_SUCCESS) {
        brood__pool_client_discard((uint64_t) (uintptr_t) block);
        return rc;
    }
    *message = (brood__args_t){.block = (uint64_t) (uintptr_t) block, .size = size};
    return APR_SUCCESS;
}

apr_status_t brood__pool_client_prepare(brood__args_t *message, brood__bytes_t *bytes, brood__engine_t *engine,
                                        brood_value_t args)
{
    const brood__pool_client_t *client = (const brood__pool_client_t *) engine;
    brood__output_t output;
    size_t objects = 0;

    BROOD_TRY(brood__bytes_reserve(bytes, SHORT));
    output = (brood__output_t){bytes->data + bytes->size, 0, SHORT, NULL};
    BROOD_TRY(encode(&output, &objects, &client->origin, args));
    if (output.size + AROUND > client->limit)
        return brood_fail(BROOD_ETOOBIG,
                          "a task with %" PRIu64 " bytes of arguments is more than the manager at %s takes",
                          (uint64_t) output.size, client->origin.address);
    if (output.size > SHORT || objects != 0)
        return prepare_block(message, &client->origin, args, output.size);
    *message = (brood__args_t){.at = bytes->size, .size = output.size};
    bytes->size += output.size;
    return APR_SUCCESS;
}
