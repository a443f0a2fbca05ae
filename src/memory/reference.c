/* reference.c - a process's own references to shared objects. */
#include "memory/block.h"
#include "memory/heap.h"
#include "memory/loan.h"
#include "memory/object.h"
#include "base/status.h"

static apr_status_t close_ref(void *ref)
{
    brood__ref_t *self = ref;
    brood__object_t *object = self->object;

    self->object = NULL;
    if (object != NULL && brood__table_is_me() && self->epoch == brood__arena_epoch)
        brood__object_release(brood__offset(object));
    return APR_SUCCESS;
}

static void *make_ref(size_t ref_size, const brood__kind_t *kind, brood__object_t *object, apr_pool_t *mem)
{
    brood__ref_t *ref = apr_pcalloc(mem, ref_size);

    *ref = (brood__ref_t){kind, object, mem, brood__arena_epoch};
    apr_pool_cleanup_register(mem, ref, close_ref, apr_pool_cleanup_null);
    return ref;
}

apr_status_t brood__object_create(void **ref, size_t ref_size, const brood__kind_t *kind, uint64_t size,
                                  apr_pool_t *mem)
{
    brood__object_t *object;
    uint64_t block;

    if (brood__me == 0)
        return brood_fail(BROOD_EGUARD, "a %s needs brood_main or brood_init to have run in this program", kind->name);
    BROOD_TRY(brood__heap_calloc(&block, size));
    object = brood__at(block);
    object->tag = (uint32_t) kind->tag;
    if (!brood__object_begin(object)) {
        brood__heap_free(block);
        return brood_fail(APR_ENOMEM, "no memory for a %s", kind->name);
    }
    *ref = make_ref(ref_size, kind, object, mem);
    return APR_SUCCESS;
}

void brood__object_publish(void *ref)
{
    const uint64_t block = brood__offset(((brood__ref_t *) ref)->object);
    brood__block_t found;

    if (brood__block_find(block, &found))
        brood__block_give(&found, BROOD__OWNER_OBJECT);
}

void brood__object_close(void *ref)
{
    brood__ref_t *self = ref;

    apr_pool_cleanup_kill(self->mem, ref, close_ref);
    (void) close_ref(ref);
}

apr_status_t brood__object_closed(const char *what)
{
    return brood_fail(BROOD_ECLOSED, "this %s is closed", what);
}

apr_status_t brood__object_pack(uint64_t *word, void *ref, uint32_t to)
{
    const brood__ref_t *self = ref;

    if (self->object == NULL)
        return brood__object_closed(self->kind->name);
    *word = brood__offset(self->object);
    if (to == BROOD__TO_ITEM)
        return brood__loans_note(*word);
    brood__object_admit(self->object, to);
    return APR_SUCCESS;
}

apr_status_t brood__object_unpack(void **ref, size_t ref_size, const brood__kind_t *kind, uint64_t word,
                                  apr_pool_t *mem)
{
    brood__object_t *object;

    if (brood__me == 0 || brood__object_hold(word) != APR_SUCCESS)
        return brood_fail(BROOD_EDECODE, "there is no %s where one was named", kind->name);
    object = brood__at(word);
    if (object->tag != (uint32_t) kind->tag) {
        brood__object_release(word);
        return brood_fail(BROOD_EDECODE, "there is another object where a %s was named", kind->name);
    }
    *ref = make_ref(ref_size, kind, object, mem);
    return APR_SUCCESS;
}

apr_status_t brood__object_copy(void **copied, size_t ref_size, void *ref, apr_pool_t *mem)
{
    const brood__ref_t *self = ref;

    if (self->object == NULL)
        return brood__object_closed(self->kind->name);
    return brood__object_unpack(copied, ref_size, self->kind, brood__offset(self->object), mem);
}

bool brood__object_same(const void *a, const void *b)
{
    return ((const brood__ref_t *) a)->object == ((const brood__ref_t *) b)->object;
}

void *brood__object_around(const void *place, apr_int32_t tag, apr_pool_t *mem)
{
    void *ref = NULL;
    uint64_t block;

    brood__status_hold(true); /* that there is none is no failure */
    if (!brood__block_around(brood__offset(place), &block)
        || brood__kind_find(tag)->unpack(&ref, block, mem) != APR_SUCCESS)
        ref = NULL;
    brood__status_hold(false);
    return ref;
}
