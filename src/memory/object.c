#include "memory/object.h"
#include "base/own.h"
#include "base/step.h"
#include "base/thread_local.h"
#include "memory/block.h"
#include "memory/heap.h"
#include "memory/word.h"
#include <apr_hash.h>

/* How often this process holds an object.  Private, and guarded by the arena's lock like the sets themselves. */
typedef struct hold_t {
    uint64_t block;
    unsigned count;
    struct hold_t *next; /* among the spare ones, or those of objects to be ended */
} hold_t;

static apr_pool_t *pool;
static apr_hash_t *holds;
static hold_t *spare;

static BROOD__THREAD_LOCAL hold_t *doomed; /* this thread ends what they hold: nobody else has it */
static BROOD__THREAD_LOCAL bool ending;

void brood__object_lock(void)
{
    brood__critical_enter();
    /* A holder that died here has left a set as it was or as it was to be, but perhaps a loan half counted. */
    if (brood__word_acquire(&brood__head()->object_lock, BROOD_FOREVER) == BROOD_EOWNERDEAD)
        brood__loans_recount();
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

/* Or will anybody come to hold it, as it is in an item on its way? */
static bool is_wanted(brood__object_t *object)
{
    return object->loans != 0 || has_other(object, brood__me);
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

brood__object_t *brood__object_in(uint64_t block)
{
    brood__block_t found;

    if (!brood__block_find(block, &found) || brood__block_owner(&found) != BROOD__OWNER_OBJECT)
        return NULL;
    return brood__at(block);
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

bool brood__object_begin(brood__object_t *object)
{
    bool held;

    brood__object_lock();
    held = hold_locked(object);
    brood__object_unlock();
    return held;
}

void brood__object_admit(brood__object_t *object, brood__id_t id)
{
    brood__object_lock();
    set_holder(object, id);
    brood__object_unlock();
}

apr_status_t brood__object_hold(uint64_t block)
{
    apr_status_t rc = APR_SUCCESS;
    brood__object_t *object;

    brood__object_lock();
    object = brood__object_in(block);
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
    if (brood__object_in(block) != NULL)
        tell_dropped(brood__at(block), brood__me, false);
    if (is_wanted(brood__at(block))) {
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
    const bool published = brood__object_in(block) != NULL;
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

/* Under the lock: this thread ends it, in brood__object_end_doomed. */
static void doom(hold_t *hold)
{
    hold->next = doomed;
    doomed = hold;
}

static void doom_if_unwanted(brood__object_t *object)
{
    if (!is_wanted(object) && !is_holder(object, brood__me) && hold_locked(object))
        doom(hold_of(brood__offset(object)));
}

/* The end of one may be what dooms the next, a queue in an item of a queue say: one after another, however deep. */
void brood__object_end_doomed(void)
{
    if (ending)
        return;
    ending = true;
    while (doomed != NULL) {
        const uint64_t block = doomed->block;

        doomed = doomed->next;
        destroy(block);
    }
    ending = false;
}

void brood__object_release(uint64_t block)
{
    hold_t *last;

    brood__object_lock();
    last = release_locked(block);
    if (last != NULL)
        doom(last);
    brood__object_unlock();
    brood__object_end_doomed();
}

bool brood__object_alone(brood__object_t *object)
{
    bool alone;

    brood__object_lock();
    alone = !is_wanted(object);
    brood__object_unlock();
    return alone;
}

void brood__object_drop(uint64_t block, brood__id_t dead)
{
    brood__object_t *object;
    bool mine = false;

    brood__object_lock(); /* also to look: without it the block may be another's at any moment */
    object = brood__object_in(block);
    if (object != NULL && dead == brood__me) {
        hold_t *hold = hold_of(block);

        if (is_holder(object, dead) && (hold != NULL || (hold = new_hold(block)) != NULL)) {
            hold->count = 1;
            mine = true;
        }
    } else if (object != NULL) {
        if (brood__table_dead(dead) && is_holder(object, dead)) { /* else its bit may be the next process's by now */
            if (brood__table_pid(dead) != 0)                      /* who was never started has had nothing */
                tell_dropped(object, dead, true);
            clear_holder(object, dead);
        }
        doom_if_unwanted(object);
    }
    brood__object_unlock();
    if (mine)
        brood__object_release(block);
    brood__object_end_doomed();
}

void brood__object_return(uint64_t block)
{
    brood__object_t *object = brood__object_in(block);

    if (object == NULL || object->loans == 0)
        return; /* what named it has been overwritten */
    object->loans--;
    doom_if_unwanted(object);
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
