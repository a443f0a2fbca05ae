#include "manager/proxy.h"

#include "base/own.h"
#include "base/value.h"
#include "manager/referent.h"
#include "manager/server.h"
#include "queue/queue.h"
#include "sync/refs.h"
#include <apr_strings.h>
#include <string.h>

#define STRING_TIMEOUT apr_time_from_sec(1)
#define ARGS_ROOM 8u /* arguments of a constructor that need no memory */

/* Of a reference to any kind of proxy: those of conditions and barriers are the largest. */
typedef union any_ref_t {
    brood__proxy_ref_t proxy;
    brood_condition_t condition;
    brood_barrier_t barrier;
    brood_queue_t queue;
} any_ref_t;

/* What is in the arena may have been written over. */
static apr_status_t copy_origin(brood__origin_t *origin, const brood__shared_proxy_t *shared)
{
    *origin = shared->origin;
    origin->address[sizeof origin->address - 1] = '\0';
    if (origin->key_size <= sizeof origin->key)
        return APR_SUCCESS;
    return brood_fail_text(BROOD_EDECODE, "a proxy in the arena was written over");
}

/* ---- the exchange ---- */

static apr_status_t number_of(uint64_t *number, brood__exchange_t *self, void *object)
{
    const brood__origin_t *origin = ((brood__client_exchange_t *) self)->origin;
    const brood__shared_proxy_t *shared = brood__proxy_shared(object);

    if (shared == NULL)
        return brood__object_closed(((brood__ref_t *) object)->kind->name);
    if (memcmp(shared->origin.identity, origin->identity, BROOD__TOKEN) != 0)
        return brood_fail(BROOD_EENCODE, "a %s of another manager cannot be in this one",
                          ((brood__ref_t *) object)->kind->name);
    *number = shared->number;
    return APR_SUCCESS;
}

/* The server has counted this tree's reference. */
static apr_status_t object_of(void **object, brood__exchange_t *self, const brood__kind_t *kind, uint64_t number,
                              apr_pool_t *mem)
{
    const brood__origin_t *origin = ((brood__client_exchange_t *) self)->origin;
    brood__shared_proxy_t *shared;
    void *ref = NULL;
    apr_status_t rc;

    if (number == 0)
        return brood_fail(BROOD_EDECODE, "the manager names no %s where one is", kind->name);
    rc = brood__object_create(&ref, sizeof(any_ref_t), kind, sizeof *shared, mem);
    if (rc != APR_SUCCESS) {
        brood__client_forget(origin, number, 1);
        return rc;
    }
    shared = brood__proxy_shared(ref);
    shared->number = number;
    shared->origin = *origin;
    brood__object_publish(ref);
    *object = ref;
    return APR_SUCCESS;
}

brood__client_exchange_t brood__client_exchange(const brood__origin_t *origin)
{
    return (brood__client_exchange_t){{number_of, object_of}, origin};
}

/* ---- calls ---- */

apr_status_t brood__proxy_wait(brood_value_t *result, void *ref, const char *method, const brood_value_t *args,
                               size_t count, apr_interval_time_t wait, apr_pool_t *mem)
{
    const brood__shared_proxy_t *shared = brood__proxy_shared(ref);
    brood__origin_t origin;

    if (shared == NULL)
        return brood__object_closed(((brood__ref_t *) ref)->kind->name);
    BROOD_TRY(copy_origin(&origin, shared));
    return brood__client_call(result, &origin, shared->number, method, args, count, wait, mem);
}

apr_status_t brood__proxy_call(brood_value_t *result, void *ref, const char *method, const brood_value_t *args,
                               size_t count, apr_pool_t *mem)
{
    return brood__proxy_wait(result, ref, method, args, count, BROOD_NOWAIT, mem);
}

/* ---- objects ---- */

static apr_status_t take_object(void **ref, const brood__kind_t *kind, brood_value_t value)
{
    if (value.kind == BROOD_KIND_OBJECT && value.tag == kind->tag) {
        *ref = value.as.object;
        return APR_SUCCESS;
    }
    if (value.kind == BROOD_KIND_OBJECT)
        brood__object_close(value.as.object);
    return brood_fail(BROOD_EKIND, "the manager gives %s, expected %s", brood__value_kind(value), kind->name);
}

apr_status_t brood__proxy_open(void **ref, const brood__kind_t *kind, const brood__origin_t *origin, const char *type,
                               const char *name, const brood_value_t *args, size_t count, apr_pool_t *mem)
{
    const size_t head = name != NULL ? 2 : 1;
    brood_value_t room[ARGS_ROOM], result = brood_nil();
    brood_value_t *all = room;

    if (count > ARGS_ROOM - head)
        all = apr_palloc(mem, (head + count) * sizeof *all);
    if (all == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for the arguments of a managed object");
    all[0] = brood_text(type);
    if (name != NULL)
        all[1] = brood_text(name);
    if (count != 0)
        memcpy(all + head, args, count * sizeof *args);
    BROOD_TRY(
        brood__client_call(&result, origin, 0, name != NULL ? "open" : "create", all, head + count, BROOD_NOWAIT, mem));
    return take_object(ref, kind, result);
}

/* ---- the rows ---- */

/* A server's own object is none of the arena, and of no pool. */
static const char *referent_string(const brood__ref_t *ref, apr_pool_t *mem)
{
    const brood__referent_t *referent = (const brood__referent_t *) ref;

    return apr_psprintf(mem, "<%s object %lu>", referent->type->name, (unsigned long) referent->number);
}

const char *brood__proxy_string(void *ref, apr_pool_t *mem)
{
    const brood__ref_t *self = ref;
    brood_value_t text = brood_nil();
    brood__origin_t origin;

    if (self->object == NULL && self->mem == NULL)
        return referent_string(self, mem);
    if (self->object == NULL)
        return apr_psprintf(mem, "<%s closed>", self->kind->name);
    if (copy_origin(&origin, brood__proxy_shared(ref)) != APR_SUCCESS)
        return apr_psprintf(mem, "<%s broken>", self->kind->name);
    if (origin.call_timeout <= 0 || origin.call_timeout > STRING_TIMEOUT)
        origin.call_timeout = STRING_TIMEOUT;
    if (brood__client_call(&text, &origin, brood__proxy_shared(ref)->number, "string", NULL, 0, BROOD_NOWAIT, mem)
            == APR_SUCCESS
        && text.kind == BROOD_KIND_TEXT)
        return text.as.text.data;
    return apr_psprintf(mem, "<%s object %lu at %s>", self->kind->name,
                        (unsigned long) brood__proxy_shared(ref)->number, origin.address);
}

/* Once: if we die in here, the server keeps it until this tree has left, which is better than to tell it of a reference
 * twice. */
void brood__proxy_destroy(void *shared)
{
    brood__shared_proxy_t *self = shared;
    const uint64_t number = self->number;
    brood__origin_t origin;

    self->number = 0;
    if (number != 0 && copy_origin(&origin, self) == APR_SUCCESS && !brood__session_take_back(&origin, number))
        brood__client_forget(&origin, number, 1);
}
