/* batch.c - calls that are gathered, and made by one trip. */
#include "base/kind.h"
#include "base/value.h"
#include "manager/methods.h"
#include <apr_strings.h>
#include <brood/managed.h>
#include <string.h>

#define FIRST_ROOM 64u /* calls */

struct brood_batch_t {
    apr_pool_t *mem;
    brood__origin_t origin; /* once there is a call */
    brood__client_batch_t *calls;
    size_t count, room;
    bool run;
};

apr_status_t brood_batch_create(brood_batch_t **batch, apr_pool_t *mem)
{
    brood_batch_t *made = apr_pcalloc(mem, sizeof *made);

    if (made == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a batch");
    made->mem = mem;
    *batch = made;
    return APR_SUCCESS;
}

/* Of any kind of proxy.  NULL: BROOD_EKIND, BROOD_ECLOSED. */
static brood__shared_proxy_t *find_proxy(brood_value_t object)
{
    brood__shared_proxy_t *shared = NULL;
    const brood__kind_t *kind = object.kind == BROOD_KIND_OBJECT ? brood__kind_find(object.tag) : NULL;

    if (kind == NULL || kind->destroy != brood__proxy_destroy) {
        BROOD_IGNORE(brood_fail(BROOD_EKIND, "value is %s, expected a managed object", brood__value_kind(object)));
        return NULL;
    }
    shared = brood__proxy_shared(object.as.object);
    if (shared == NULL)
        BROOD_IGNORE(brood__object_closed(kind->name));
    return shared;
}

static apr_status_t make_room(brood_batch_t *batch)
{
    const size_t room = batch->room == 0 ? FIRST_ROOM : batch->room * 2;
    brood__client_batch_t *calls;

    if (batch->count < batch->room)
        return APR_SUCCESS;
    calls = apr_palloc(batch->mem, room * sizeof *calls);
    if (calls == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a batch");
    if (batch->count != 0)
        memcpy(calls, batch->calls, batch->count * sizeof *calls);
    batch->calls = calls;
    batch->room = room;
    return APR_SUCCESS;
}

static apr_status_t check_origin(brood_batch_t *batch, const brood__origin_t *origin)
{
    if (batch->count == 0)
        batch->origin = *origin;
    batch->origin.address[sizeof batch->origin.address - 1] = '\0';
    if (origin->key_size <= sizeof origin->key
        && memcmp(batch->origin.identity, origin->identity, sizeof origin->identity) == 0)
        return APR_SUCCESS;
    return brood_fail_text(BROOD_EENCODE, "the object of a batch's call is of another manager than those before");
}

apr_status_t brood_batch_add(brood_batch_t *batch, brood_value_t object, const char *method, brood_value_t args)
{
    brood__shared_proxy_t *shared;
    const brood_value_t *items = NULL;
    size_t count = 0;
    brood_value_t copy;

    if (batch->run)
        return brood_fail_text(BROOD_EMISUSE, "the batch has been run");
    if (method == NULL)
        return brood_fail_text(APR_EINVAL, "the method to be called is NULL");
    shared = find_proxy(object);
    if (shared == NULL)
        return brood_last_error()->status;
    BROOD_TRY(brood__args_of(&items, &count, args));
    BROOD_TRY(check_origin(batch, &shared->origin));
    BROOD_TRY(make_room(batch));
    BROOD_TRY(brood__value_copy(&copy, args, batch->mem));
    batch->calls[batch->count++] = (brood__client_batch_t){.object = shared->number,
                                                           .method = apr_pstrdup(batch->mem, method),
                                                           .args = count != 0 ? copy.as.list.items : NULL,
                                                           .count = count,
                                                           .status = APR_EINVAL};
    return APR_SUCCESS;
}

static apr_status_t gather(brood_value_t *results, const brood_batch_t *batch, apr_pool_t *mem)
{
    brood_value_t *items = apr_palloc(mem, (batch->count + 1) * sizeof *items);

    if (items == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for the results of a batch");
    for (size_t i = 0; i < batch->count; i++)
        items[i] = batch->calls[i].status == APR_SUCCESS ? batch->calls[i].result : brood_nil();
    *results = brood_list(items, batch->count);
    return APR_SUCCESS;
}

apr_status_t brood_batch_run(brood_value_t *results, brood_batch_t *batch, apr_pool_t *mem)
{
    if (batch->run)
        return brood_fail_text(BROOD_EMISUSE, "the batch has been run");
    batch->run = true;
    if (batch->count != 0)
        BROOD_TRY(brood__client_call_many(batch->calls, batch->count, &batch->origin, mem));
    return results != NULL ? gather(results, batch, mem) : APR_SUCCESS;
}

apr_status_t brood_batch_status(const brood_batch_t *batch, apr_size_t index)
{
    return batch->run && index < batch->count ? batch->calls[index].status : APR_EINVAL;
}

const char *brood_batch_message(const brood_batch_t *batch, apr_size_t index)
{
    if (!batch->run || index >= batch->count || batch->calls[index].status == APR_SUCCESS
        || batch->calls[index].result.kind != BROOD_KIND_TEXT)
        return NULL;
    return batch->calls[index].result.as.text.data;
}
