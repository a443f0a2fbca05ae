/* kind.h - how values refer to brood's objects without knowing them.
 *
 * Each kind of object that can be handed over registers one row here.  A value of kind OBJECT points to the
 * process's own reference, which begins with a brood__ref_t; between processes travels its tag and a 64-bit word. */
#ifndef BROOD_BASE_KIND_H
#define BROOD_BASE_KIND_H

#include <brood/value.h>
#include <stdint.h>

/* Tags are part of the wire: never reuse one. */
enum {
    BROOD__TAG_NONE = 0,
    BROOD__TAG_LOCK,
    BROOD__TAG_ARRAY,
    BROOD__TAG_QUEUE,
    BROOD__TAG_SEMAPHORE,
    BROOD__TAG_CONDITION,
    BROOD__TAG_EVENT,
    BROOD__TAG_BARRIER,
    BROOD__TAG_SHARED_MEMORY,
    BROOD__TAG_SHAREABLE_LIST,
    BROOD__TAG_CONNECTION,
    BROOD__TAG_SOCKET,
    BROOD__TAG_BOARD,
    BROOD__TAG_ARRAY_JOB,
    BROOD__TAG_MANAGED_DICT,
    BROOD__TAG_MANAGED_LIST,
    BROOD__TAG_MANAGED_SET,
    BROOD__TAG_NAMESPACE,
    BROOD__TAG_PROXY,
    BROOD__TAG_MANAGED_QUEUE,
    BROOD__TAG_MANAGED_LOCK,
    BROOD__TAG_MANAGED_SEMAPHORE,
    BROOD__TAG_MANAGED_CONDITION,
    BROOD__TAG_MANAGED_EVENT,
    BROOD__TAG_MANAGED_BARRIER,
    BROOD__TAG_CONDITION_LOCK,
    BROOD__TAG_MANAGED_POOL,
    BROOD__TAG_LAST
};

#define BROOD__TO_ITEM UINT32_MAX /* no process: whoever gets the item */

typedef struct brood__kind_t {
    apr_int32_t tag;
    const char *name; /* "Lock", as in texts: <Lock owner=MainProcess> */
    /* A tag whose values this kind's are taken for, too: a manager's lock is a Lock.  0: none. */
    apr_int32_t passes_for;
    /* Does it travel by itself, with the message that is being made: need the process it goes to not be known?  With NULL:
     * can such ones be in the message that is being read, wherever that has come from?  NULL: no. */
    bool (*travels)(void *object);
    /* Let process `to` hold the object from now on, and say by which word it finds it.  BROOD__TO_ITEM: only note that it
     * is in the item that is being made.  BROOD_ECLOSED. */
    apr_status_t (*pack)(uint64_t *word, void *object, uint32_t to);
    /* The receiver's side: a reference of its own, in `mem`.  BROOD_EDECODE: the word means nothing here. */
    apr_status_t (*unpack)(void **object, uint64_t word, apr_pool_t *mem);
    /* A second reference to the same object, in `mem`: what brood_value_copy makes. */
    apr_status_t (*copy)(void **copied, void *object, apr_pool_t *mem);
    /* Do both refer to one object? */
    bool (*same)(const void *a, const void *b);
    /* One line, in `mem`. */
    const char *(*string)(void *object, apr_pool_t *mem);
    /* The last holder lets go of the shared part: free what that owns, but not itself.  May be cut short by death and
     * begun again by another process.  NULL: nothing to do. */
    void (*destroy)(void *shared);
    /* Process `id` does not hold the shared part any more: it has closed it, or, if `ended`, has ended with it.  Under the
     * lock of all holder sets: no call of object.h.  May be cut short by death and done again.  NULL: nothing to do. */
    void (*dropped)(void *shared, uint32_t id, bool ended);
    /* Is block `block` of the arena at `position`, given modulo 2^31, of the shared part?  1 yes, 0 no, -1 cannot look now.
     * `owner`, its owner word, is of somebody dead: if it is on a lease from there, it comes back.  NULL: no. */
    int (*holds)(void *shared, uint32_t position, uint64_t block, uint32_t owner);
} brood__kind_t;

/* At start, before other threads.  `kind` is static. */
void brood__kind_register(const brood__kind_t *kind);

/* NULL: no such tag. */
const brood__kind_t *brood__kind_find(apr_int32_t tag);

/* The value of an object, and back: BROOD_EKIND unless `value` is an object of that kind. */
brood_value_t brood__kind_to_value(apr_int32_t tag, void *object);
apr_status_t brood__kind_from_value(void **object, apr_int32_t tag, brood_value_t value);
brood_slot_t brood__kind_slot(apr_int32_t tag, void *target);

/* For `travels`: with every message. */
bool brood__kind_travels(void *object);

/* Is a value of tag `tag` one of kind `wanted`? */
bool brood__kind_is(apr_int32_t tag, apr_int32_t wanted);

/* The three public functions of a kind: brood_NOUN_to_value, brood_NOUN_from_value, brood_slot_NOUN. */
#define BROOD__KIND_FUNCTIONS(noun, tag)                          \
    brood_value_t brood_##noun##_to_value(brood_##noun##_t *noun) \
    {                                                             \
        return brood__kind_to_value(tag, noun);                   \
    }                                                             \
    BROOD__KIND_FUNCTIONS_BACK(noun, tag)

/* The same where other kinds pass for this one: what a value is the object says itself. */
#define BROOD__KIND_FUNCTIONS_OF_ALL(noun, own_tag)                                        \
    brood_value_t brood_##noun##_to_value(brood_##noun##_t *noun)                          \
    {                                                                                      \
        return brood__kind_to_value(noun == NULL ? (own_tag) : noun->ref.kind->tag, noun); \
    }                                                                                      \
    BROOD__KIND_FUNCTIONS_BACK(noun, own_tag)

#define BROOD__KIND_FUNCTIONS_BACK(noun, tag)                                            \
    apr_status_t brood_##noun##_from_value(brood_##noun##_t **noun, brood_value_t value) \
    {                                                                                    \
        void *object;                                                                    \
        BROOD_TRY(brood__kind_from_value(&object, tag, value));                          \
        *noun = object;                                                                  \
        return APR_SUCCESS;                                                              \
    }                                                                                    \
    brood_slot_t brood_slot_##noun(brood_##noun##_t **target)                            \
    {                                                                                    \
        return brood__kind_slot(tag, target);                                            \
    }

#endif
