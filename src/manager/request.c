#include "manager/request.h"

#include "base/value.h"
#include "manager/rpc.h"
#include "manager/server.h"

/* ---- answers ---- */

/* The objects in what goes out are the session's from now on. */
static apr_status_t hold_object(const brood__request_t *request, uint64_t object)
{
    return request->wanted ? brood__session_hold(request->peer, object) : APR_SUCCESS;
}

static apr_status_t hold(brood__referent_t *referent, void *request)
{
    return hold_object(request, referent->number);
}

apr_status_t brood__request_add(brood__request_t *request, brood_value_t value)
{
    BROOD_TRY(brood__referents_in(value, hold, request));
    return brood__encode(request->output, value, 0);
}

apr_status_t brood__request_add_stored(brood__request_t *request, const brood__stored_t *stored)
{
    if (stored == NULL)
        return brood__request_add(request, brood_nil());
    for (uint32_t i = 0; i < stored->objects; i++)
        BROOD_TRY(hold_object(request, brood__stored_object(stored, i)));
    return brood__output_append(request->output, stored->bytes, stored->size);
}

apr_status_t brood__request_return(brood__request_t *request, brood_value_t value)
{
    return brood__request_add(request, value);
}

apr_status_t brood__request_return_stored(brood__request_t *request, const brood__stored_t *stored)
{
    return brood__request_add_stored(request, stored);
}

apr_status_t brood__request_begin_list(brood__request_t *request, size_t count)
{
    return brood__rpc_write_list(request->output, count);
}

apr_status_t brood__request_begin_map(brood__request_t *request, size_t pairs)
{
    return brood__rpc_write_map(request->output, pairs);
}

/* ---- arguments ---- */

static bool is_there(const brood__request_t *request, size_t index)
{
    return index < request->count && request->args[index].kind != BROOD_KIND_NIL;
}

/* Amend a failure: which argument it is of. */
static apr_status_t fail_argument(apr_status_t rc, const brood__request_t *request, size_t index)
{
    char brief[BROOD__BRIEF];

    return brood_fail(rc, "argument %u, %s, is not what the call takes", (unsigned) index + 1,
                      brood__value_brief(brief, request->args[index]));
}

apr_status_t brood__request_int(apr_int64_t *number, const brood__request_t *request, size_t index)
{
    apr_status_t rc;

    if (!is_there(request, index))
        return APR_SUCCESS;
    rc = brood_value_int(number, request->args[index]);
    return rc == APR_SUCCESS ? rc : fail_argument(rc, request, index);
}

apr_status_t brood__request_bool(bool *flag, const brood__request_t *request, size_t index)
{
    apr_status_t rc;

    if (!is_there(request, index))
        return APR_SUCCESS;
    rc = brood_value_bool(flag, request->args[index]);
    return rc == APR_SUCCESS ? rc : fail_argument(rc, request, index);
}
