/* call.c - what an entry is given, and its result. */
#include "process/call.h"

#include "base/value.h"
#include "process/entry.h"

static int program_argc;
static const char *const *program_argv;

void brood__call_program(int argc, const char *const *argv)
{
    program_argc = argc;
    program_argv = argv;
}

apr_status_t brood__check_args(brood_value_t args)
{
    if (args.kind == BROOD_KIND_LIST || args.kind == BROOD_KIND_NIL)
        return APR_SUCCESS;
    return brood_fail(BROOD_EARGS, "arguments are a list, not %s", brood__value_kind(args));
}

apr_status_t brood__work_init(brood__work_t *work, const char *name, brood_value_t args, apr_pool_t *mem)
{
    BROOD_TRY(brood__check_args(args));
    *work = (brood__work_t){0};
    work->call.mem = mem;
    work->call.args = args.kind == BROOD_KIND_NIL ? brood_list(NULL, 0) : args;
    work->call.name = name;
    work->call.argc = program_argc;
    work->call.argv = program_argv;
    work->result.mem = mem;
    return APR_SUCCESS;
}

apr_status_t brood_return(brood_call_t *call, brood_value_t result)
{
    brood__work_t *work = (brood__work_t *) call;
    brood__output_t output = {NULL, 0, 0, call->mem};

    BROOD_TRY(brood__encode(&output, result, 0));
    work->result = output;
    return APR_SUCCESS;
}

const char *brood__failure_text(apr_status_t status, char *buffer, apr_size_t size)
{
    const brood_error_t *error = brood_last_error();

    if (error->status == status && *error->message != '\0')
        return error->message;
    return brood_strerror(status, buffer, size);
}

apr_status_t brood_call(brood_value_t *result, brood_entry_fn entry, brood_value_t args, apr_pool_t *mem)
{
    brood__work_t work;
    brood_value_t value = brood_nil();
    const char *name;
    apr_pool_t *own;
    apr_status_t rc;

    BROOD_TRY(brood__entry_require(&name, entry));
    BROOD_TRY(brood__check_args(args));
    BROOD_TRY(apr_pool_create(&own, mem));
    rc = brood__work_init(&work, brood_entry_name(entry), args, own);
    if (rc == APR_SUCCESS)
        rc = entry(&work.call);
    if (rc == APR_SUCCESS && result != NULL && work.result.size != 0)
        rc = brood__decode(&value, work.result.data, work.result.size, false, mem);
    if (rc == APR_SUCCESS && result != NULL)
        *result = value;
    apr_pool_destroy(own);
    return rc;
}
