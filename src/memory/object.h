/* object.h - shared objects: blocks that many processes hold, freed with the last of them, dead ones included.
 *
 * Each object begins with the set of its holders, one bit a process slot, changed under one lock of the arena, so
 * that a sweep and a slot's next user cannot meet.  A process counts its own references; the last one clears its
 * bit; the last bit frees the block, unless an item on its way bears it (loan.h).  A starting child's bit is set by its
 * parent: handing over has no gap. */
#ifndef BROOD_MEMORY_OBJECT_H
#define BROOD_MEMORY_OBJECT_H

#include "base/kind.h"
#include "memory/table.h"

/* The head of an object's block. */
typedef struct brood__object_t {
    _Alignas(64) uint32_t tag;
    uint32_t loans; /* how often blocks on their way bear it; under the lock, a cache: see loan.h */
    _Atomic uint32_t holder[(BROOD__SLOTS + 31u) / 32u];
} brood__object_t;

/* A process's reference to an object: the beginning of brood_lock_t, brood_queue_t and so on. */
typedef struct brood__ref_t {
    const brood__kind_t *kind;
    brood__object_t *object; /* NULL: closed */
    apr_pool_t *mem;
    unsigned epoch; /* of the arena that the object is in */
} brood__ref_t;

/* A new object of `size` bytes, head included, otherwise zero, that this process holds through *ref, a structure of
 * `ref_size` bytes in `mem`.  Nobody else sees it before brood__object_publish.  BROOD_EGUARD: there is no arena. */
apr_status_t brood__object_create(void **ref, size_t ref_size, const brood__kind_t *kind, uint64_t size,
                                  apr_pool_t *mem);
/* The object is complete: from now on it can be handed over, and its block belongs to its holders. */
void brood__object_publish(void *ref);

/* End this reference; `mem` does it otherwise.  Twice is fine. */
void brood__object_close(void *ref);

/* For brood__kind_t: pack, unpack, copy, same. */
apr_status_t brood__object_pack(uint64_t *word, void *ref, uint32_t to);
apr_status_t brood__object_unpack(void **ref, size_t ref_size, const brood__kind_t *kind, uint64_t word,
                                  apr_pool_t *mem);
apr_status_t brood__object_copy(void **copied, size_t ref_size, void *ref, apr_pool_t *mem);
bool brood__object_same(const void *a, const void *b);

/* Hold the object in this block once more, without a reference.  APR_ENOENT: there is none; APR_ENOMEM; no messages. */
apr_status_t brood__object_hold(uint64_t block);
/* The last time, and if no other process holds it and no item bears it, the object is destroyed: when the end of another
 * in this thread is over, if that has led here. */
void brood__object_release(uint64_t block);

/* The object of this kind that this place of the arena is in, as another reference in `mem`, if it is one that this process
 * holds; else NULL. */
void *brood__object_around(const void *place, apr_int32_t tag, apr_pool_t *mem);

/* Does no other process hold it, and no item bear it? */
bool brood__object_alone(brood__object_t *object);

/* BROOD_ECLOSED with a message that names what is closed. */
apr_status_t brood__object_closed(const char *what);

/* Call `visit` with each object of this kind that this process holds. */
void brood__object_each(apr_int32_t tag, void (*visit)(brood__object_t *object));

#endif
