/* block_type.c - a block of shared memory as the server has it: open, until its name is to go. */
#include "base/own.h"
#include "manager/blocks.h"
#include "manager/request.h"
#include "manager/server.h"
#include <apr_strings.h>
#include <brood/shared_memory.h>

typedef struct block_t {
    brood__referent_t base;
    apr_pool_t *pool; /* NULL: it is released */
    brood_shared_memory_t *memory;
} block_t;

static block_t *block_of(brood__referent_t *self)
{
    return (block_t *) self;
}

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    block_t *block = block_of(self);
    const char *name = NULL;

    if (request->count != 1)
        return brood_fail_text(BROOD_EARGS, "a block is known by its name");
    BROOD_TRY(brood_value_text(&name, request->args[0]));
    BROOD_TRY(brood__own_pool(&block->pool));
    return brood_shared_memory_open(&block->memory, name, block->pool);
}

/* The name goes, whoever owns the block: the server, to which it was given, or nobody, as it was to be kept. */
static void destroy(brood__referent_t *self)
{
    block_t *block = block_of(self);

    if (block->pool == NULL)
        return;
    if (block->memory != NULL)
        BROOD_IGNORE(brood_shared_memory_unlink(block->memory));
    apr_pool_destroy(block->pool);
    block->pool = NULL;
}

/* release() */
static apr_status_t release(brood__request_t *request)
{
    destroy(request->self);
    brood__referent_unname(request->self);
    return brood__request_return(request, brood_nil());
}

static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    const block_t *block = block_of(self);

    if (block->pool == NULL)
        return "<SharedMemory released>";
    return apr_psprintf(mem, "<SharedMemory '%s', %lu bytes>", brood_shared_memory_name(block->memory),
                        (unsigned long) brood_shared_memory_size(block->memory));
}

static const brood__method_t methods[] = {{"release", 0, 0, release}};

const brood__type_t brood__block_type = {
    .name = "block",
    .tag = BROOD__TAG_PROXY,
    .size = sizeof(block_t),
    .create = create,
    .destroy = destroy,
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
