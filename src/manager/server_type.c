/* server_type.c - object 0, the server itself: who is there, what is made, what is given back. */
#include "base/utf8.h"
#include "base/value.h"
#include "manager/rpc.h"
#include "manager/server.h"
#include <apr_strings.h>
#include <inttypes.h>

static apr_status_t text_arg(brood_value_t *text, const brood__request_t *request, size_t argument)
{
    char brief[BROOD__BRIEF];

    *text = request->args[argument];
    if (text->kind == BROOD_KIND_TEXT && memchr(text->as.text.data, '\0', text->as.text.size) == NULL)
        return APR_SUCCESS;
    return brood_fail(BROOD_EKIND, "argument %u is %s, a name was expected", (unsigned) argument + 1,
                      brood__value_brief(brief, *text));
}

static apr_status_t count_arg(uint64_t *count, const brood__request_t *request, size_t argument)
{
    apr_uint64_t number = 0;

    BROOD_TRY(brood_value_uint(&number, request->args[argument]));
    *count = number;
    return APR_SUCCESS;
}

/* ---- who is there ---- */

static apr_status_t token_arg(const unsigned char **token, const brood__request_t *request, size_t argument)
{
    const brood_value_t value = request->args[argument];

    if (value.kind != BROOD_KIND_BYTES || value.as.bytes.size != BROOD__TOKEN)
        return brood_fail(BROOD_EARGS, "a hello's session and process are %u bytes each", BROOD__TOKEN);
    *token = value.as.bytes.data;
    return APR_SUCCESS;
}

static apr_status_t return_greeting(brood__request_t *request, const brood__server_t *server)
{
    const brood_value_t pairs[] = {brood_text("version"),    brood_int(BROOD__RPC_VERSION),
                                   brood_text("identity"),   brood_bytes(server->identity, sizeof server->identity),
                                   brood_text("connection"), brood_uint(request->peer->number),
                                   brood_text("limit"),      brood_uint(server->limits.frame)};

    return brood__request_return(request, brood_map(pairs, sizeof pairs / sizeof *pairs / 2));
}

/* hello(version, session, process): a map. */
static apr_status_t hello(brood__request_t *request)
{
    brood__server_t *server = brood__server_here();
    const unsigned char *session = NULL, *process = NULL;
    apr_int64_t version = 0;

    if (request->peer->client != NULL)
        return brood_fail_text(BROOD_EPROTOCOL, "hello was said already");
    BROOD_TRY(brood__request_int(&version, request, 0));
    if (version != BROOD__RPC_VERSION)
        return brood_fail(BROOD_EPROTOCOL, "the manager speaks version %d of its protocol, not %" PRId64,
                          BROOD__RPC_VERSION, (int64_t) version);
    BROOD_TRY(token_arg(&session, request, 1));
    BROOD_TRY(token_arg(&process, request, 2));
    BROOD_TRY(brood__session_join(server, request->peer, session, process));
    brood__peer_welcome(server, request->peer);
    return return_greeting(request, server);
}

/* bye(): the connection will be closed. */
static apr_status_t bye(brood__request_t *request)
{
    return brood__request_return(request, brood_nil());
}

/* ---- what is made ---- */

static apr_status_t type_arg(const brood__type_t **type, const brood__request_t *request)
{
    brood_value_t name = brood_nil();

    BROOD_TRY(text_arg(&name, request, 0));
    *type = brood__type_find(name.as.text.data, name.as.text.size);
    if (*type != NULL)
        return APR_SUCCESS;
    return brood_fail(BROOD_EKIND, "the manager has no type '%.*s'",
                      (int) (name.as.text.size < 64 ? name.as.text.size : 64), name.as.text.data);
}

/* The arguments behind the first `used` are the constructor's.  The answer is the same. */
static brood__request_t without(const brood__request_t *request, size_t used)
{
    brood__request_t inner = *request;

    inner.args += used;
    inner.count -= used;
    return inner;
}

static apr_status_t return_referent(brood__request_t *request, brood__referent_t *referent)
{
    return brood__request_return(request, brood__kind_to_value(referent->ref.kind->tag, referent));
}

/* It is new. */
static apr_status_t ready(brood__request_t *request, brood__referent_t *referent)
{
    if (referent->type->created == NULL)
        return return_referent(request, referent);
    request->self = referent;
    return referent->type->created(request);
}

/* create(type, ...): a new object. */
static apr_status_t create(brood__request_t *request)
{
    brood__request_t inner = without(request, 1);
    brood__referent_t *referent = NULL;
    const brood__type_t *type = NULL;

    BROOD_TRY(type_arg(&type, request));
    BROOD_TRY(brood__referent_create(&referent, type, &inner));
    return ready(&inner, referent);
}

/* open(type, name, ...): the object of that name, made if there is none. */
static apr_status_t open_named(brood__request_t *request)
{
    brood__request_t inner = without(request, 2);
    brood__referent_t *referent;
    const brood__type_t *type = NULL;
    brood_value_t name = brood_nil();

    BROOD_TRY(type_arg(&type, request));
    BROOD_TRY(text_arg(&name, request, 1));
    referent = brood__referent_named(name.as.text.data, name.as.text.size);
    if (referent == NULL) {
        BROOD_TRY(brood__referent_create(&referent, type, &inner));
        BROOD_TRY(brood__referent_name(referent, name.as.text.data, name.as.text.size));
        return ready(&inner, referent);
    }
    if (referent->type == type)
        return return_referent(request, referent);
    return brood_fail(BROOD_EKIND, "the manager's object '%s' is a %s, not a %s", referent->name, referent->type->name,
                      type->name);
}

/* release(object, count): the session has so many references less. */
static apr_status_t release(brood__request_t *request)
{
    uint64_t object = 0, count = 0;

    BROOD_TRY(count_arg(&object, request, 0));
    BROOD_TRY(count_arg(&count, request, 1));
    brood__session_release(request->peer, object, count);
    return brood__request_return(request, brood_nil());
}

/* cancel(connection, number): a call that came by another connection of this process is given up. */
static apr_status_t cancel(brood__request_t *request)
{
    uint64_t connection = 0, number = 0;

    BROOD_TRY(count_arg(&connection, request, 0));
    BROOD_TRY(count_arg(&number, request, 1));
    for (brood__peer_t *peer = brood__server_here()->peers; peer != NULL; peer = peer->next)
        if (peer->number == connection && peer->client == request->peer->client && peer != request->peer)
            brood__waiter_cancel(peer, (uint32_t) number);
    return brood__request_return(request, brood_nil());
}

/* ---- what there is ---- */

static apr_status_t count_objects(brood__request_t *request)
{
    return brood__request_return(request, brood_uint(brood__referents_count()));
}

typedef struct info_t {
    brood__request_t *request;
    apr_status_t status;
} info_t;

#define TEXT_MOST 75u /* bytes of an object's text, as Python has it */

static brood_value_t text_of(brood__referent_t *referent, apr_pool_t *mem)
{
    const char *text = referent->type->string(referent, mem);
    const size_t size = strlen(text);

    return brood_text_n(text, size <= TEXT_MOST ? size : brood__utf8_valid(text, TEXT_MOST));
}

static apr_status_t add_info(brood__request_t *request, brood__referent_t *referent)
{
    const brood_value_t pairs[] = {brood_text("id"),         brood_uint(referent->number),
                                   brood_text("type"),       brood_text(referent->type->name),
                                   brood_text("name"),       brood_text(referent->name),
                                   brood_text("references"), brood_uint(referent->outside + referent->inside),
                                   brood_text("text"),       text_of(referent, request->mem)};

    return brood__request_add(request, brood_map(pairs, sizeof pairs / sizeof *pairs / 2));
}

static void visit(brood__referent_t *referent, void *data)
{
    info_t *info = data;

    if (info->status == APR_SUCCESS)
        info->status = add_info(info->request, referent);
}

/* info(): a list with a map for each object. */
static apr_status_t list_objects(brood__request_t *request)
{
    info_t info = {request, APR_SUCCESS};

    BROOD_TRY(brood__request_begin_list(request, brood__referents_count()));
    brood__referents_each(visit, &info);
    return info.status;
}

/* shutdown(): the server ends, after this answer. */
static apr_status_t stop(brood__request_t *request)
{
    brood__server_stop(brood__server_here());
    return brood__request_return(request, brood_nil());
}

static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    const brood__server_t *server = brood__server_here();

    (void) self;
    return apr_psprintf(mem, "<Manager at %s, %lu objects>", server->address, (unsigned long) brood__referents_count());
}

#define ANY 65535u

static const brood__method_t methods[] = {
    {"bye", 0, 0, bye},           {"cancel", 2, 2, cancel},   {"count", 0, 0, count_objects},
    {"create", 1, ANY, create},   {"hello", 3, 3, hello},     {"info", 0, 0, list_objects},
    {"open", 2, ANY, open_named}, {"release", 2, 2, release}, {"shutdown", 0, 0, stop},
};

const brood__type_t brood__server_type = {
    .name = "manager",
    .size = sizeof(brood__referent_t),
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
