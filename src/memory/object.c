#include "memory/object.h"
#include "base/own.h"
#include "base/step.h"
#include "memory/block.h"
#include "memory/heap.h"
#include "memory/word.h"
#include <apr_hash.h>

/* How often this process holds an object.  Private, and guarded by the arena's lock like the sets themselves. */
typedef struct hold_t {
    uint64_t block;
    unsigned count;
    struct hold_t *next; /* among the spare ones */
} hold_t;

static apr_pool_t *pool;
static apr_hash_t *holds;
static hold_t *spare;

void brood__object_lock(void)
{
    brood__critical_enter();
    /* A holder that died here has left a set as it was or as it was to be: nothing to mend. */
    (void) brood__word_acquire(&brood__head()->object_lock, BROOD_FOREVER);
    BROOD__STEP(OBJECT_LOCKED);
}

void brood__object_unlock(void)
{
    (void) brood__word_release(&brood__head()->object_lock);
    brood__critical_leave();
}

void brood__object_forget(void)
{
    pool = NULL; /* in a forked child: the parent's copy is left alone */
    holds = NULL;
    spare = NULL;
}

void brood__object_end(void)
{
    if (pool != NULL)
        apr_pool_destroy(pool);
    brood__object_forget();
}

/* ---- sets of holders ---- */

static _Atomic uint32_t *word_of(brood__object_t *object, brood__id_t id)
{
    return &object->holder[BROOD__ID_SLOT(id) / 32];
}

static uint32_t bit_of(brood__id_t id)
{
    return UINT32_C(1) << BROOD__ID_SLOT(id) % 32;
}

static bool is_holder(brood__object_t *object, brood__id_t id)
{
    return (atomic_load(word_of(object, id)) & bit_of(id)) != 0;
}

/* Is anybody but `id` a holder? */
static bool has_other(brood__object_t *object, brood__id_t id)
{
    for (uint32_t i = 0; i < sizeof object->holder / sizeof object->holder[0]; i++) {
        uint32_t others = atomic_load(&object->holder[i]);

        if (&object->holder[i] == word_of(object, id))
            others &= ~bit_of(id);
        if (others != 0)
            return true;
    }
    return false;
}

bool brood__object_alone(brood__object_t *object)
{
    bool alone;

    brood__object_lock();
    alone = !has_other(object, brood__me);
    brood__object_unlock();
    return alone;
}

static void set_holder(brood__object_t *object, brood__id_t id)
{
    atomic_fetch_or(word_of(object, id), bit_of(id));
    BROOD__STEP(OBJECT_HELD);
}

static void clear_holder(brood__object_t *object, brood__id_t id)
{
    atomic_fetch_and(word_of(object, id), ~bit_of(id));
    BROOD__STEP(OBJECT_DROPPED);
}

/* Before its bit goes, so that it is told again if we die. */
static void tell_dropped(brood__object_t *object, brood__id_t id, bool ended)
{
    const brood__kind_t *kind = brood__kind_find((apr_int32_t) object->tag);

    if (kind != NULL && kind->dropped != NULL)
        kind->dropped(object, id, ended);
}

/* The object that is published in a block, or NULL. */
static brood__object_t *object_in(uint64_t block)
{
    brood__block_t found;
    uint32_t owner;

    if (!brood__block_find(block, &found))
        return NULL;
    owner = found.owner != NULL ? atomic_load_explicit(found.owner, memory_order_acquire)
                                : BROOD__RUN_OWNER(atomic_load_explicit(found.page, memory_order_acquire));
    return owner == BROOD__OWNER_OBJECT ? brood__at(block) : NULL;
}

/* ---- this process's holds: under the lock ---- */

static hold_t *hold_of(uint64_t block)
{
    return holds == NULL ? NULL : apr_hash_get(holds, &block, sizeof block);
}

static hold_t *new_hold(uint64_t block)
{
    hold_t *hold = spare;

    if (holds == NULL) {
        if (brood__own_pool(&pool) != APR_SUCCESS)
            return NULL;
        holds = apr_hash_make(pool);
    }
    if (hold != NULL)
        spare = hold->next;
    else
        hold = apr_palloc(pool, sizeof *hold);
    *hold = (hold_t){block, 0, NULL};
    apr_hash_set(holds, &hold->block, sizeof hold->block, hold);
    return hold;
}

static void end_hold(hold_t *hold)
{
    apr_hash_set(holds, &hold->block, sizeof hold->block, NULL);
    hold->next = spare;
    spare = hold;
}

static bool hold_locked(brood__object_t *object)
{
    const uint64_t block = brood__offset(object);
    hold_t *hold = hold_of(block);

    if (hold == NULL && (hold = new_hold(block)) == NULL)
        return false;
    hold->count++;
    set_holder(object, brood__me);
    return true;
}

apr_status_t brood__object_hold(uint64_t block)
{
    apr_status_t rc = APR_SUCCESS;
    brood__object_t *object;

    brood__object_lock();
    object = object_in(block);
    if (object == NULL)
        rc = APR_ENOENT;
    else if (!hold_locked(object))
        rc = APR_ENOMEM;
    brood__object_unlock();
    return rc;
}

/* What to do about one hold less, decided under the lock. */
static hold_t *release_locked(uint64_t block)
{
    hold_t *hold = hold_of(block);

    if (hold == NULL)
        return NULL; /* a forked child lets go of what its parent holds */
    if (hold->count > 1) {
        hold->count--;
        return NULL;
    }
    if (object_in(block) != NULL)
        tell_dropped(brood__at(block), brood__me, false);
    if (has_other(brood__at(block), brood__me)) {
        end_hold(hold);
        clear_holder(brood__at(block), brood__me);
        return NULL;
    }
    return hold;
}

/* This process is the last: what the object owns goes first, while it is still held, so that it is done again by
 * another if we die; then the object.  A sweep may have come to hold it meanwhile: then it is the last. */
static void destroy(uint64_t block)
{
    brood__object_t *object = brood__at(block);
    const bool published = object_in(block) != NULL;
    const brood__kind_t *kind = brood__kind_find((apr_int32_t) object->tag);
    bool mine = false;

    if (published && kind != NULL && kind->destroy != NULL)
        kind->destroy(object);
    BROOD__STEP(OBJECT_DESTROYED);
    brood__object_lock();
    if (release_locked(block) != NULL) {
        end_hold(hold_of(block));
        brood__heap_take(block); /* the truth: there is no object any more */
        BROOD__STEP(OBJECT_TAKEN);
        mine = true;
    }
    brood__object_unlock();
    if (mine)
        brood__heap_free(block);
}

void brood__object_release(uint64_t block)
{
    bool last;

    brood__object_lock();
    last = release_locked(block) != NULL;
    brood__object_unlock();
    if (last)
        destroy(block);
}

void brood__object_drop(uint64_t block, brood__id_t dead)
{
    brood__object_t *object;
    bool last = false;

    brood__object_lock(); /* also to look: without it the block may be another's at any moment */
    object = object_in(block);
    if (object != NULL && dead == brood__me) {
        hold_t *hold = hold_of(block);

        if (is_holder(object, dead) && (hold != NULL || (hold = new_hold(block)) != NULL)) {
            hold->count = 1;
            last = true;
        }
    } else if (object != NULL) {
        if (brood__table_dead(dead) && is_holder(object, dead)) { /* else its bit may be the next process's by now */
            if (brood__table_pid(dead) != 0)                      /* who was never started has had nothing */
                tell_dropped(object, dead, true);
            clear_holder(object, dead);
        }
        if (!has_other(object, brood__me) && !is_holder(object, brood__me))
            last = hold_locked(object); /* nobody's: to be ended by us */
    }
    brood__object_unlock();
    if (last)
        brood__object_release(block);
}

/* ---- references ---- */

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
    bool held;

    if (brood__me == 0)
        return brood_fail(BROOD_EGUARD, "a %s needs brood_main or brood_init to have run in this program", kind->name);
    BROOD_TRY(brood__heap_calloc(&block, size));
    object = brood__at(block);
    object->tag = (uint32_t) kind->tag;
    brood__object_lock();
    held = hold_locked(object);
    brood__object_unlock();
    if (!held) {
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

    if (!brood__block_find(block, &found))
        return;
    if (found.owner != NULL)
        atomic_store_explicit(found.owner, BROOD__OWNER_OBJECT, memory_order_release);
    else
        atomic_store_explicit(found.page, (atomic_load(found.page) & UINT32_MAX) | (uint64_t) BROOD__OWNER_OBJECT << 32,
                              memory_order_release);
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
    brood__object_lock();
    set_holder(self->object, to);
    brood__object_unlock();
    *word = brood__offset(self->object);
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

void brood__object_each(apr_int32_t tag, void (*visit)(brood__object_t *object))
{
    if (brood__me == 0)
        return;
    brood__object_lock();
    for (apr_hash_index_t *i = holds == NULL ? NULL : apr_hash_first(NULL, holds); i != NULL; i = apr_hash_next(i)) {
        void *hold;

        apr_hash_this(i, NULL, NULL, &hold);
        if (((brood__object_t *) brood__at(((hold_t *) hold)->block))->tag == (uint32_t) tag)
            visit(brood__at(((hold_t *) hold)->block));
    }
    brood__object_unlock();
}
