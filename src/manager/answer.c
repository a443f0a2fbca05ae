/* answer.c - from a message that has come to the answer that goes out. */
#include "base/status.h"
#include "manager/rpc.h"
#include "manager/server.h"

#define ANSWER_MOST UINT32_C(0x7fffffff) /* bytes */

/* ---- what every object has ---- */

static apr_status_t call_string(brood__request_t *request)
{
    const char *text = request->self->type->string(request->self, request->mem);

    return brood__request_return(request, brood_text(text));
}

static const brood__method_t *find_method(const brood__type_t *type, const brood__rpc_t *rpc)
{
    static const brood__method_t string = {"string", 0, 0, call_string};
    const brood__method_t *method = brood__type_method(type, rpc->method, rpc->method_size);

    if (method == NULL && rpc->method_size == 6 && memcmp(rpc->method, "string", 6) == 0)
        return &string;
    return method;
}

/* ---- the call ---- */

static apr_status_t check_count(const brood__type_t *type, const brood__method_t *method, uint32_t count)
{
    if (count >= method->least && count <= method->most)
        return APR_SUCCESS;
    return brood_fail(BROOD_EARGS, "%s.%s takes %u to %u arguments, not %u", type->name, method->name, method->least,
                      method->most, count);
}

/* As many as were announced, and nothing behind them. */
static apr_status_t decode_args(brood__request_t *request, const brood__rpc_t *rpc)
{
    brood_value_t *args = apr_palloc(request->mem, (rpc->count + 1) * sizeof *args);
    size_t at = 0;

    for (uint32_t i = 0; i < rpc->count; i++) {
        size_t used = 0;

        BROOD_TRY(brood__decode_next(&args[i], &used, rpc->data + at, rpc->size - at, false, request->mem));
        at += used;
    }
    if (at != rpc->size)
        return brood_fail_text(BROOD_EDECODE, "there is more behind the arguments of a call");
    request->args = args;
    request->count = rpc->count;
    return APR_SUCCESS;
}

/* Who may have something of an object is told to it when he ends. */
static apr_status_t touch(brood__peer_t *peer, const brood__referent_t *referent)
{
    if (referent->type->left == NULL || peer->client == NULL)
        return APR_SUCCESS;
    return brood__number_map_put(&peer->client->touched, referent->number) != NULL
               ? APR_SUCCESS
               : brood_fail_text(APR_ENOMEM, "no memory for a client of an object");
}

static apr_status_t call(brood__request_t *request, const brood__rpc_t *rpc)
{
    brood__referent_t *self = brood__referent_find(rpc->object);
    const brood__method_t *method;
    apr_status_t rc;

    if (self == NULL)
        return brood_fail(BROOD_ERANGE, "the manager has no object %lu (any more)", (unsigned long) rpc->object);
    method = find_method(self->type, rpc);
    if (method == NULL)
        return brood_fail(BROOD_EMETHOD, "a managed %s has no method '%.*s'", self->type->name,
                          (int) (rpc->method_size < 64 ? rpc->method_size : 64), rpc->method);
    BROOD_TRY(check_count(self->type, method, rpc->count));
    BROOD_TRY(decode_args(request, rpc));
    BROOD_TRY(touch(request->peer, self));
    request->self = self;
    request->method = method;
    brood__referent_hold_inside(self);
    rc = method->call(request);
    brood__referent_drop_inside(self);
    return rc;
}

/* ---- the answer ---- */

static apr_status_t write_failure(brood__output_t *output, uint32_t number)
{
    output->size = 0;
    BROOD_TRY(brood__rpc_write_answer(output, number));
    BROOD_TRY(brood__encode(output, brood__status_to_value(output->mem), 0));
    return brood__encode(output, brood_nil(), 0);
}

static apr_status_t write_head(brood__output_t *output, uint32_t number)
{
    BROOD_TRY(brood__rpc_write_answer(output, number));
    return brood__encode(output, brood_nil(), 0);
}

/* Who has not said hello says nothing else. */
static apr_status_t check_hello(const brood__peer_t *peer, const brood__rpc_t *rpc)
{
    if (peer->client != NULL || (rpc->object == 0 && rpc->method_size == 5 && memcmp(rpc->method, "hello", 5) == 0))
        return APR_SUCCESS;
    return brood_fail_text(BROOD_EPROTOCOL, "a manager's client has to say hello first");
}

/* Its cancellation has come before it. */
static bool is_withdrawn(const brood__peer_t *peer, const brood__rpc_t *rpc)
{
    return peer->withdraws && rpc->kind == BROOD__RPC_REQUEST && rpc->number == peer->withdrawn;
}

static apr_status_t answer(brood__server_t *server, brood__peer_t *peer, const brood__rpc_t *rpc)
{
    brood__output_t output = {server->output, 0, BROOD__SERVER_OUTPUT, server->scratch};
    brood__request_t request = {.mem = server->scratch,
                                .peer = peer,
                                .client = peer->client != NULL ? peer->client->number : 0,
                                .number = rpc->number,
                                .wanted = rpc->kind == BROOD__RPC_REQUEST,
                                .output = &output};
    apr_status_t rc;

    BROOD_TRY(write_head(&output, rpc->number));
    rc = call(&request, rpc);
    if (rc == BROOD__PARKED || !request.wanted)
        return APR_SUCCESS;
    if (rc == APR_SUCCESS && output.size > ANSWER_MOST)
        rc = brood_fail_text(BROOD_ETOOBIG, "the result of a manager's call is larger than 2 GiB");
    if (rc != APR_SUCCESS)
        BROOD_TRY(write_failure(&output, rpc->number));
    brood__peer_post(peer, output.data, output.size);
    return APR_SUCCESS;
}

apr_status_t brood__answer(brood__server_t *server, brood__peer_t *peer, brood_bytes_t message)
{
    brood__rpc_t rpc;
    apr_status_t rc = brood__rpc_read(&rpc, message.data, message.size);

    if (rc == APR_SUCCESS)
        rc = check_hello(peer, &rpc);
    if (rc != APR_SUCCESS)
        return rc;
    if (is_withdrawn(peer, &rpc)) {
        peer->withdraws = false;
        return APR_SUCCESS;
    }
    brood__undo_forget(peer);
    rc = answer(server, peer, &rpc);
    brood__referents_tidy();
    apr_pool_clear(server->scratch);
    return rc;
}
