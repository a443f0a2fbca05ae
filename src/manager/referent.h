/* referent.h - the objects that a server keeps, by their numbers and names, and the types they are of.
 *
 * All of it belongs to the server's thread.  An object lives while somebody refers to it: a session from outside, an
 * item of another object from inside, its name until the server ends, or a call that is under way.  Objects that hold each
 * other in a ring, and nobody from outside, live until the server ends. */
#ifndef BROOD_MANAGER_REFERENT_H
#define BROOD_MANAGER_REFERENT_H

#include "manager/item.h"
#include "memory/object.h"

typedef struct brood__referent_t brood__referent_t;
typedef struct brood__request_t brood__request_t;
typedef struct brood__waiter_t brood__waiter_t;

/* ---- types ---- */

typedef struct brood__method_t {
    const char *name;     /* of a table that is sorted by it */
    uint32_t least, most; /* arguments */
    apr_status_t (*call)(brood__request_t *request);
} brood__method_t;

typedef struct brood__type_t {
    const char *name; /* "dict" */
    apr_int32_t tag;
    size_t size; /* of its objects, which begin with brood__referent_t and are zero but for that */
    /* Make it what the arguments say.  After a failure it is destroyed at once. */
    apr_status_t (*create)(brood__referent_t *self, brood__request_t *request);
    /* Answers the request that it is made for, when it is ready to be used.  NULL: it is, at once. */
    apr_status_t (*created)(brood__request_t *request);
    /* Free what it owns.  Nobody waits for it any more. */
    void (*destroy)(brood__referent_t *self);
    /* Client `client` has ended, or all of its connections are broken: what it had of this object goes to the next.  NULL:
     * it cannot have anything. */
    void (*left)(brood__referent_t *self, uint64_t client);
    /* One line, as Python has it.  In `mem`. */
    const char *(*string)(brood__referent_t *self, apr_pool_t *mem);
    const brood__method_t *methods;
    size_t method_count;
} brood__type_t;

extern const brood__type_t brood__dict_type, brood__list_type, brood__set_type, brood__namespace_type;
extern const brood__type_t brood__queue_type, brood__lock_type, brood__rlock_type, brood__semaphore_type,
    brood__bounded_semaphore_type, brood__condition_type, brood__event_type, brood__barrier_type, brood__pool_type;

/* By name; NULL: no such type. */
const brood__type_t *brood__type_find(const char *name, size_t size);
const brood__method_t *brood__type_method(const brood__type_t *type, const char *name, size_t size);

/* ---- objects ---- */

struct brood__referent_t {
    brood__ref_t ref; /* so that it can be in a value: kind, and nothing else */
    const brood__type_t *type;
    uint64_t number;
    uint64_t outside; /* references of sessions, and one for its name */
    uint64_t inside;  /* of items, waiters and calls */
    const char *name; /* NULL: none */
    bool doomed;
    brood__referent_t *next_doomed;
};

/* A new object without references: hold it, or it is destroyed by the next brood__referents_tidy. */
apr_status_t brood__referent_create(brood__referent_t **referent, const brood__type_t *type, brood__request_t *request);

/* NULL: there is none. */
brood__referent_t *brood__referent_find(uint64_t number);
brood__referent_t *brood__referent_named(const char *name, size_t size);
/* It has that name from now on.  APR_ENOMEM. */
apr_status_t brood__referent_name(brood__referent_t *referent, const char *name, size_t size);
/* And no longer. */
void brood__referent_unname(brood__referent_t *referent);

/* One reference more, or less; the object of the last one is destroyed by the next tidy, not here. */
void brood__referent_hold_inside(brood__referent_t *referent);
void brood__referent_drop_inside(brood__referent_t *referent);
void brood__referent_hold_outside(brood__referent_t *referent, uint64_t count);
void brood__referent_drop_outside(brood__referent_t *referent, uint64_t count);

/* Call `visit` with each object in a value that was decoded here, up to the first failure. */
apr_status_t brood__referents_in(brood_value_t value, apr_status_t (*visit)(brood__referent_t *referent, void *data),
                                 void *data);

/* Destroy those that nobody refers to, one after another, however deep they hold each other. */
void brood__referents_tidy(void);

/* All of them: how many, and each. */
size_t brood__referents_count(void);
void brood__referents_each(void (*visit)(brood__referent_t *referent, void *data), void *data);

/* The first thing, and the last: all are destroyed, whoever refers to them. */
apr_status_t brood__referents_begin(void);
void brood__referents_end(void);

#endif
