#include "memory/shared_memory.h"
#include "base/status.h"
#include "memory/layout.h"
#include "memory/object.h"
#include "platform/named.h"
#include "platform/self.h"
#include <apr_strings.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEPT UINT32_C(0x3ffffff0) /* owners that are no process */
#define NOBODY UINT32_C(0)

#define ATTEMPTS 100 /* at a name that is free */

/* In the arena: who owns the name is said here alone. */
typedef struct shared_block_t {
    brood__object_t object;
    _Atomic uint32_t owner;    /* a process, KEPT, or NOBODY: there is no name, or it is none of ours */
    _Atomic uint64_t identity; /* of the memory, for another may have the name by now */
    char name[];
} shared_block_t;

struct brood_shared_memory_t {
    brood__ref_t ref;
    brood__named_t named;
    const char *name;
};

static shared_block_t *shared(const brood_shared_memory_t *memory)
{
    return (shared_block_t *) memory->ref.object;
}

/* The owner has let go of it.  The name goes first, so that it is done again if we die. */
static void dropped(void *object, uint32_t id, bool ended)
{
    shared_block_t *block = object;
    uint32_t owner = id;

    (void) ended;
    if (atomic_load(&block->owner) != id)
        return;
    (void) brood__named_unlink(block->name, atomic_load(&block->identity));
    (void) atomic_compare_exchange_strong(&block->owner, &owner, NOBODY);
}

static apr_status_t close_named(void *data)
{
    brood__named_close(&((brood_shared_memory_t *) data)->named);
    return APR_SUCCESS;
}

/* ---- making and opening ---- */

static void (*before)(void);

void brood__shared_memory_before(void (*begin)(void))
{
    before = begin;
}

/* A reference and its record, not yet published. */
static apr_status_t make(brood_shared_memory_t **memory, const char *name, apr_pool_t *mem)
{
    const size_t size = strlen(name) + 1;
    void *ref;

    BROOD_TRY(
        brood__object_create(&ref, sizeof **memory, &brood__shared_memory_kind, sizeof(shared_block_t) + size, mem));
    *memory = ref;
    memcpy(shared(*memory)->name, name, size);
    (*memory)->name = apr_pstrmemdup(mem, name, size - 1);
    apr_pool_cleanup_register(mem, ref, close_named, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

static apr_status_t fail_create(apr_status_t rc, const char *name, apr_size_t size)
{
    if (APR_STATUS_IS_EEXIST(rc))
        return brood_fail(APR_EEXIST, "there is shared memory named %s already", name);
    if (APR_STATUS_IS_ENOSPC(rc) || APR_STATUS_IS_ENOMEM(rc))
        return brood_fail(APR_STATUS_IS_ENOSPC(rc) ? APR_ENOSPC : APR_ENOMEM,
                          "no room for %" PRIu64 " bytes of named shared memory, which on Linux is in /dev/shm",
                          (uint64_t) size);
    return brood_fail(rc, "shared memory %s cannot be made", name);
}

/* It is about to have its name, and an owner before. */
static void note(void *data, uint64_t identity)
{
    shared_block_t *block = data;

    atomic_store(&block->identity, identity);
    atomic_store(&block->owner, brood__me);
}

static apr_status_t create_named(brood_shared_memory_t **memory, const char *name, apr_size_t size, apr_pool_t *mem)
{
    brood_shared_memory_t *made;
    apr_status_t rc;

    BROOD_TRY(make(&made, name, mem));
    before();
    brood__object_publish(made); /* before it has a name, so that our end is told */
    rc = brood__named_create(&made->named, name, size, note, shared(made));
    if (rc != APR_SUCCESS) {
        atomic_store(&shared(made)->owner, NOBODY);
        brood_shared_memory_close(made);
        return fail_create(rc, name, size);
    }
    *memory = made;
    return APR_SUCCESS;
}

static apr_status_t create_random(brood_shared_memory_t **memory, apr_size_t size, apr_pool_t *mem)
{
    char name[16];
    uint32_t random;
    apr_status_t rc = APR_EEXIST;

    for (int i = 0; i < ATTEMPTS && rc == APR_EEXIST; i++) {
        BROOD_TRY(brood__self_random(&random, sizeof random));
        (void) snprintf(name, sizeof name, "%s%08" PRIx32, brood__named_prefix, random);
        rc = create_named(memory, name, size, mem);
    }
    return rc;
}

static apr_status_t check_name(const char *name)
{
    if (brood__named_check(name) != APR_SUCCESS)
        return brood_fail(APR_EINVAL,
                          "\"%.40s\" cannot be a name of shared memory: letters, digits, dots, without a slash", name);
    return APR_SUCCESS;
}

apr_status_t brood_shared_memory_create(brood_shared_memory_t **memory, const char *name, apr_size_t size,
                                        apr_pool_t *mem)
{
    if (size == 0)
        return brood_fail_text(APR_EINVAL, "shared memory of 0 bytes cannot be");
    if (name == NULL)
        return create_random(memory, size, mem);
    BROOD_TRY(check_name(name));
    return create_named(memory, name, size, mem);
}

static apr_status_t open_named(brood__named_t *named, const char *name)
{
    const apr_status_t rc = brood__named_open(named, name);

    if (APR_STATUS_IS_ENOENT(rc))
        return brood_fail(APR_ENOENT, "there is no shared memory named %s", name);
    if (rc == APR_EAGAIN)
        return brood_fail(rc, "shared memory %s is being made: try again", name);
    return rc == APR_SUCCESS ? rc : brood_fail(rc, "shared memory %s cannot be opened", name);
}

apr_status_t brood_shared_memory_open(brood_shared_memory_t **memory, const char *name, apr_pool_t *mem)
{
    brood_shared_memory_t *opened;
    apr_status_t rc;

    BROOD_TRY(check_name(name));
    BROOD_TRY(make(&opened, name, mem));
    rc = open_named(&opened->named, name);
    if (rc != APR_SUCCESS) {
        brood_shared_memory_close(opened);
        return rc;
    }
    brood__object_publish(opened);
    *memory = opened;
    return APR_SUCCESS;
}

/* ---- what it is, and whose ---- */

void *brood_shared_memory_data(brood_shared_memory_t *memory)
{
    return memory->named.base;
}

apr_size_t brood_shared_memory_size(const brood_shared_memory_t *memory)
{
    return (apr_size_t) memory->named.size;
}

const char *brood_shared_memory_name(const brood_shared_memory_t *memory)
{
    return memory->name;
}

static apr_status_t fail_owner(const brood_shared_memory_t *memory)
{
    return brood_fail(BROOD_EMISUSE, "this process does not own shared memory %s", memory->name);
}

apr_status_t brood_shared_memory_keep(brood_shared_memory_t *memory)
{
    uint32_t me = brood__me;

    if (shared(memory) == NULL)
        return brood__object_closed("shared memory");
    if (atomic_compare_exchange_strong(&shared(memory)->owner, &me, KEPT) || me == KEPT)
        return APR_SUCCESS;
    return fail_owner(memory);
}

apr_status_t brood__shared_memory_give(brood_shared_memory_t *memory, brood__id_t heir, const char *name)
{
    uint32_t owner = brood__me;
    uint64_t word;

    if (shared(memory) == NULL)
        return brood__object_closed("shared memory");
    if (atomic_load(&shared(memory)->owner) != owner)
        return fail_owner(memory);
    BROOD_TRY(brood__object_pack(&word, memory, heir)); /* it holds the record, so that its end is told */
    if (!atomic_compare_exchange_strong(&shared(memory)->owner, &owner, heir))
        return fail_owner(memory);
    if (brood__table_alive(heir)) /* after it was made known: a sweep marks first and looks then */
        return APR_SUCCESS;
    owner = heir;
    (void) atomic_compare_exchange_strong(&shared(memory)->owner, &owner, brood__me);
    return brood_fail(BROOD_EMISUSE, "%s has ended and inherits nothing", name);
}

apr_status_t brood_shared_memory_unlink(brood_shared_memory_t *memory)
{
    apr_status_t rc;

    if (shared(memory) == NULL)
        return brood__object_closed("shared memory");
    rc = brood__named_unlink(memory->name, memory->named.identity);
    if (rc == APR_SUCCESS)
        atomic_store(&shared(memory)->owner, NOBODY);
    if (APR_STATUS_IS_ENOENT(rc))
        return brood_fail(APR_ENOENT, "there is no shared memory named %s any more", memory->name);
    return rc == APR_SUCCESS ? rc : brood_fail(rc, "the name %s cannot be taken away here", memory->name);
}

void brood_shared_memory_close(brood_shared_memory_t *memory)
{
    apr_pool_cleanup_run(memory->ref.mem, memory, close_named);
    brood__object_close(memory);
}

/* ---- as a value ---- */

static apr_status_t unpack(void **object, uint64_t word, apr_pool_t *mem)
{
    brood_shared_memory_t *memory;
    apr_status_t rc;

    BROOD_TRY(brood__object_unpack(object, sizeof *memory, &brood__shared_memory_kind, word, mem));
    memory = *object;
    memory->name = apr_pstrdup(mem, shared(memory)->name);
    apr_pool_cleanup_register(mem, memory, close_named, apr_pool_cleanup_null);
    rc = open_named(&memory->named, memory->name);
    if (rc != APR_SUCCESS)
        brood_shared_memory_close(memory);
    return rc;
}

static apr_status_t copy(void **copied, void *object, apr_pool_t *mem)
{
    if (shared(object) == NULL)
        return brood__object_closed("shared memory");
    return unpack(copied, brood__offset(shared(object)), mem);
}

static const char *string(void *object, apr_pool_t *mem)
{
    const brood_shared_memory_t *memory = object;
    char size[24];

    if (shared(memory) == NULL)
        return "<SharedMemory closed>";
    (void) snprintf(size, sizeof size, "%" PRIu64, memory->named.size);
    return apr_psprintf(mem, "<SharedMemory name=%s size=%s>", memory->name, size);
}

const brood__kind_t brood__shared_memory_kind = {
    .tag = BROOD__TAG_SHARED_MEMORY,
    .name = "SharedMemory",
    .pack = brood__object_pack,
    .unpack = unpack,
    .copy = copy,
    .same = brood__object_same,
    .string = string,
    .dropped = dropped,
};

BROOD__KIND_FUNCTIONS(shared_memory, BROOD__TAG_SHARED_MEMORY)
