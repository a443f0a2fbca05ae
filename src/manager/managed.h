/* managed.h - managed objects within values.
 *
 * Between processes of the tree they travel as what they are there, objects of the arena (proxy.h).  In messages to and from
 * a server they travel as numbers, and what a number stands for is the affair of who makes or reads the message: the
 * client's exchange makes proxies of them, the server's finds its objects.  Each thread has one exchange at a time. */
#ifndef BROOD_MANAGER_MANAGED_H
#define BROOD_MANAGER_MANAGED_H

#include "base/kind.h"
#include "memory/object.h"

typedef struct brood__exchange_t brood__exchange_t;
struct brood__exchange_t {
    /* The number of an object in the message that is made.  BROOD_EENCODE: it is not this server's. */
    apr_status_t (*number)(uint64_t *number, brood__exchange_t *self, void *object);
    /* An object for a number in the message that is read, in `mem`.  BROOD_EDECODE: there is none, or of another kind. */
    apr_status_t (*object)(void **object, brood__exchange_t *self, const brood__kind_t *kind, uint64_t number,
                           apr_pool_t *mem);
};

/* From now on in this thread, until the next; NULL: none.  Returns the one before. */
brood__exchange_t *brood__exchange_enter(brood__exchange_t *exchange);
brood__exchange_t *brood__exchange_now(void);

/* For brood__kind_t of managed kinds, whose references have brood__managed_ref_size(kind) bytes. */
bool brood__managed_travels(void *object);
apr_status_t brood__managed_pack(uint64_t *word, void *ref, uint32_t to);
/* Objects of the arena, or in the server's thread its own, which have none there. */
bool brood__managed_same(const void *a, const void *b);
apr_status_t brood__managed_unpack(void **ref, size_t ref_size, const brood__kind_t *kind, uint64_t word,
                                   apr_pool_t *mem);

#endif
