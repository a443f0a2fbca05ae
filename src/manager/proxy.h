/* proxy.h - a managed object as the processes of a tree hold it: an object of the arena that says where it is.
 *
 * The tree has one for each reference that the server counts for it; it travels within the tree as all objects of the arena
 * do.  The last process that lets go of it, or sweeps up after one that died, tells the server. */
#ifndef BROOD_MANAGER_PROXY_H
#define BROOD_MANAGER_PROXY_H

#include "manager/client.h"

/* In the arena. */
typedef struct brood__shared_proxy_t {
    brood__object_t object;
    uint64_t number;
    brood__origin_t origin;
} brood__shared_proxy_t;

/* This process's reference: the beginning of brood_managed_dict_t, and all of it; of a managed brood_lock_t and so on. */
typedef struct brood__proxy_ref_t {
    brood__ref_t ref;
} brood__proxy_ref_t;

/* NULL: closed. */
static inline brood__shared_proxy_t *brood__proxy_shared(const void *ref)
{
    return (brood__shared_proxy_t *) ((const brood__ref_t *) ref)->object;
}

/* The exchange of calls to `origin`. */
typedef struct brood__client_exchange_t {
    brood__exchange_t exchange;
    const brood__origin_t *origin;
} brood__client_exchange_t;
brood__client_exchange_t brood__client_exchange(const brood__origin_t *origin);

/* Call a method of a managed object: statuses of brood__client_call, and BROOD_ECLOSED. */
apr_status_t brood__proxy_call(brood_value_t *result, void *ref, const char *method, const brood_value_t *args,
                               size_t count, apr_pool_t *mem);
/* The same of a method that waits. */
apr_status_t brood__proxy_wait(brood_value_t *result, void *ref, const char *method, const brood_value_t *args,
                               size_t count, apr_interval_time_t wait, apr_pool_t *mem);

/* Ask the server for an object: a new one (`name` NULL), or the one of that name.  What comes must be of this kind. */
apr_status_t brood__proxy_open(void **ref, const brood__kind_t *kind, const brood__origin_t *origin, const char *type,
                               const char *name, const brood_value_t *args, size_t count, apr_pool_t *mem);

extern const brood__kind_t brood__managed_dict_kind, brood__managed_list_kind, brood__managed_set_kind,
    brood__namespace_kind, brood__proxy_kind;
/* These pass for the local kinds (managed_sync.c, managed_queue.c). */
extern const brood__kind_t brood__managed_queue_kind, brood__managed_lock_kind, brood__managed_semaphore_kind,
    brood__managed_condition_kind, brood__managed_event_kind, brood__managed_barrier_kind, brood__managed_pool_kind,
    brood__condition_lock_kind;

/* A row of a kind of proxies: everything but the tag and the name is the same for all. */
#define BROOD__PROXY_KIND(noun, kind_tag, kind_name, local_tag)                                        \
    static apr_status_t noun##_unpack(void **ref, uint64_t word, apr_pool_t *mem)                      \
    {                                                                                                  \
        return brood__managed_unpack(ref, sizeof(brood_##noun##_t), &brood__##noun##_kind, word, mem); \
    }                                                                                                  \
    static apr_status_t noun##_copy(void **copied, void *ref, apr_pool_t *mem)                         \
    {                                                                                                  \
        return brood__object_copy(copied, sizeof(brood_##noun##_t), ref, mem);                         \
    }                                                                                                  \
    const brood__kind_t brood__##noun##_kind = {                                                       \
        .tag = kind_tag,                                                                               \
        .name = kind_name,                                                                             \
        .passes_for = local_tag,                                                                       \
        .travels = brood__managed_travels,                                                             \
        .pack = brood__managed_pack,                                                                   \
        .unpack = noun##_unpack,                                                                       \
        .copy = noun##_copy,                                                                           \
        .same = brood__managed_same,                                                                   \
        .string = brood__proxy_string,                                                                 \
        .destroy = brood__proxy_destroy,                                                               \
    };

/* For the rows. */
const char *brood__proxy_string(void *ref, apr_pool_t *mem);
void brood__proxy_destroy(void *shared);

#endif
