/* managed_pool.c - a manager's pools, as their users have them. */
#include "base/codec.h"
#include "base/status.h"
#include "base/value.h"
#include "manager/manager.h"
#include "manager/methods.h"
#include "manager/pool_engine.h"
#include "pool/core.h"
#include "process/call.h"
#include "process/entry.h"
#include <apr_strings.h>
#include <brood/pack.h>

typedef brood__proxy_ref_t brood_managed_pool_t;

BROOD__PROXY_KIND(managed_pool, BROOD__TAG_MANAGED_POOL, "PoolProxy", 0)

/* What was asked for. */
typedef struct wish_t {
    brood_manager_t *manager;
    const char *name;
    unsigned workers;
    const brood_pool_options_t *options;
} wish_t;

/* ---- options, as they travel ---- */

/* What the server's process decides for its children. */
static apr_status_t check(const brood_pool_options_t *options)
{
    const brood_process_options_t *process = &options->process;

    BROOD_TRY(brood__check_args(options->initargs));
    if (process->start_method == BROOD_START_DEFAULT && !process->outlives_parent && !process->own_group
        && !process->keep_stdin && process->environment == NULL && process->daemon != BROOD_NO)
        return APR_SUCCESS;
    return brood_fail_text(APR_ENOTIMPL, "of a manager's pool only the names of the workers' processes can be chosen");
}

static apr_status_t encode_args(brood_value_t *bytes, const brood__origin_t *origin, brood_value_t args,
                                apr_pool_t *mem)
{
    brood__client_exchange_t exchange = brood__client_exchange(origin);
    brood__exchange_t *before = brood__exchange_enter(&exchange.exchange);
    brood__output_t output = {NULL, 0, 0, mem};
    const apr_status_t rc = brood__encode(&output, args, 0);

    (void) brood__exchange_enter(before);
    if (rc == APR_SUCCESS)
        *bytes = brood_bytes(output.data, output.size);
    return rc;
}

static brood_value_t map_of(const brood_pool_options_t *options, const char *initializer, brood_value_t initargs,
                            apr_pool_t *mem)
{
    const brood_value_t pairs[] = {brood_text("initializer"),   brood_text(initializer),
                                   brood_text("initargs"),      initargs,
                                   brood_text("max_tasks"),     brood_uint(options->max_tasks_per_worker),
                                   brood_text("max_memory"),    brood_uint(options->max_memory_per_worker),
                                   brood_text("max_age"),       brood_int(options->max_age_of_worker),
                                   brood_text("nice"),          brood_uint(options->nice),
                                   brood_text("pin"),           brood_bool(options->pin),
                                   brood_text("lazy"),          brood_bool(options->lazy),
                                   brood_text("threads"),       brood_bool(options->threads),
                                   brood_text("direct_stderr"), brood_bool(options->direct_stderr),
                                   brood_text("name"),          brood_text(options->process.name)};

    return brood_map(apr_pmemdup(mem, pairs, sizeof pairs), sizeof pairs / sizeof *pairs / 2);
}

static apr_status_t describe(brood_value_t *map, const wish_t *wish, apr_pool_t *mem)
{
    const brood_pool_options_t *options = wish->options;
    brood_value_t initargs = brood_nil();
    const char *initializer = NULL;

    if (options->initializer != NULL)
        BROOD_TRY(brood__entry_require(&initializer, options->initializer));
    if (options->initargs.kind != BROOD_KIND_NIL)
        BROOD_TRY(encode_args(&initargs, brood__manager_origin(wish->manager), options->initargs, mem));
    *map = map_of(options, initializer, initargs, mem);
    return APR_SUCCESS;
}

/* ---- creation ---- */

/* Waits as long as the workers take to begin. */
static apr_status_t ask_for(brood__proxy_ref_t **ref, const wish_t *wish, apr_pool_t *mem)
{
    const size_t named = wish->name != NULL;
    brood_value_t args[4] = {brood_text("pool")}, result = brood_nil();

    if (named)
        args[1] = brood_text(wish->name);
    args[1 + named] = brood_uint(wish->workers);
    BROOD_TRY(describe(&args[2 + named], wish, mem));
    BROOD_TRY(brood__client_call(&result, brood__manager_origin(wish->manager), 0, named ? "open" : "create", args,
                                 3 + named, BROOD_FOREVER, mem));
    if (result.kind != BROOD_KIND_OBJECT || result.tag != BROOD__TAG_MANAGED_POOL)
        return brood_fail(BROOD_EKIND, "the manager gives %s, expected a pool", brood__value_kind(result));
    *ref = result.as.object;
    return APR_SUCCESS;
}

static apr_status_t open_there(brood__engine_t **engine, const void *what, apr_thread_mutex_t *lock, apr_pool_t *mem)
{
    const wish_t *wish = what;
    brood__proxy_ref_t *ref = NULL;
    apr_size_t workers = 0;

    (void) lock;
    BROOD_TRY(ask_for(&ref, wish, mem));
    BROOD_TRY(brood__proxy_size(&workers, ref, "size", BROOD__WITHOUT));
    if (workers == 0 || workers > BROOD_POOL_LIMIT)
        return brood_fail_text(BROOD_EPROTOCOL, "the manager's pool has a number of workers that cannot be");
    return brood__pool_client_open(engine, brood__manager_origin(wish->manager), ref, (unsigned) workers, mem);
}

apr_status_t brood_manager_pool(brood_pool_t **pool, brood_manager_t *manager, const char *name, unsigned workers,
                                const brood_pool_options_t *options, apr_pool_t *mem)
{
    static const brood_pool_options_t none;
    const wish_t wish = {manager, name, workers, options != NULL ? options : &none};

    BROOD_TRY(brood__manager_check(manager));
    if (workers > BROOD_POOL_LIMIT)
        return brood_fail(APR_EINVAL, "a pool has %u workers at most, not %u", BROOD_POOL_LIMIT, workers);
    BROOD_TRY(check(wish.options));
    return brood__pool_create(pool, open_there, &wish, mem);
}
