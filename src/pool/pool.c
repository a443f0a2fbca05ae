/* pool.c - a pool from its creation to its end. */
#include "pool/core.h"

#include "base/deadline.h"
#include "base/own.h"
#include "base/report.h"
#include "base/status.h"
#include "memory/table.h"
#include "process/call.h"
#include "process/entry.h"

/* ---- the core ---- */

void brood__core_lock(brood__core_t *core)
{
    apr_thread_mutex_lock(core->lock);
}

void brood__core_unlock(brood__core_t *core)
{
    const bool last = core->references == 0;

    apr_thread_mutex_unlock(core->lock);
    if (last)
        apr_pool_destroy(core->mem);
}

apr_status_t brood__core_check(const brood__core_t *core)
{
    if (core->owner == brood__me && brood__table_is_me())
        return APR_SUCCESS;
    return brood_fail_text(BROOD_EMISUSE, "a pool, and what comes of it, belongs to the process that created it");
}

static apr_status_t create_core(brood__core_t **made)
{
    apr_pool_t *mem;
    brood__core_t *core;

    BROOD_TRY(brood__own_pool(&mem));
    core = apr_pcalloc(mem, sizeof *core);
    *core = (brood__core_t){
        .mem = mem, .references = 1, .owner = brood__me, .epoch = brood__arena_epoch, .last_to_call = &core->to_call};
    if (apr_thread_mutex_create(&core->lock, APR_THREAD_MUTEX_UNNESTED, mem) != APR_SUCCESS) {
        apr_pool_destroy(mem);
        return brood_fail_text(APR_ENOMEM, "no memory for a pool");
    }
    *made = core;
    return APR_SUCCESS;
}

/* ---- creation ---- */

static apr_status_t check(const brood_pool_options_t *options)
{
    const char *name;

    BROOD_TRY(brood__check_args(options->initargs));
    if (options->initializer != NULL)
        BROOD_TRY(brood__entry_require(&name, options->initializer));
    return APR_SUCCESS;
}

static apr_status_t open_engine(brood__core_t *core, unsigned workers, const brood_pool_options_t *options)
{
    brood_pool_options_t kept = *options;

    kept.initargs = brood_value_copy(options->initargs, core->mem);
    BROOD_TRY(brood__local_open(&core->engine, workers, &kept, core->lock, core->mem));
    core->ops = core->engine->ops;
    return APR_SUCCESS;
}

static apr_status_t end_pool(void *data);

apr_status_t brood_pool_create(brood_pool_t **pool, unsigned workers, const brood_pool_options_t *options,
                               apr_pool_t *mem)
{
    static const brood_pool_options_t none;
    brood__core_t *core = NULL;
    apr_status_t rc;

    options = options != NULL ? options : &none;
    if (workers == 0)
        workers = (unsigned) brood_usable_cpu_count();
    if (workers > BROOD_POOL_LIMIT)
        return brood_fail(APR_EINVAL, "a pool has %u workers at most, not %u", BROOD_POOL_LIMIT, workers);
    BROOD_TRY(check(options));
    BROOD_TRY(create_core(&core));
    rc = open_engine(core, workers, options);
    if (rc != APR_SUCCESS) {
        apr_pool_destroy(core->mem);
        return rc;
    }
    *pool = apr_palloc(mem, sizeof **pool);
    (*pool)->core = core;
    apr_pool_cleanup_register(mem, *pool, end_pool, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

/* ---- the end ---- */

void brood_pool_close(brood_pool_t *pool)
{
    brood__core_t *core = pool->core;

    if (brood__core_check(core) != APR_SUCCESS)
        return;
    brood__core_lock(core);
    if (!core->closed) {
        core->closed = true;
        brood__schedule_go_on(core); /* perhaps all is done already */
        brood__schedule_news(core);  /* who leads is to see that */
        if (core->unsettled != NULL)
            BROOD_IGNORE(brood__collector_begin(core));
    }
    brood__core_unlock(core);
}

static void terminate(brood__core_t *core)
{
    if (core->terminated)
        return;
    core->closed = core->terminated = true;
    brood__schedule_fail_all(core, BROOD_ECANCELLED, "the pool was terminated");
    core->engine->ops->terminate(core->engine);
    brood__schedule_news(core);
}

void brood_pool_terminate(brood_pool_t *pool)
{
    if (brood__core_check(pool->core) != APR_SUCCESS)
        return;
    brood__core_lock(pool->core);
    terminate(pool->core);
    brood__core_unlock(pool->core);
}

static bool is_finished(const void *user)
{
    const brood__core_t *core = user;

    return core->finished || core->terminated;
}

apr_status_t brood_pool_join(brood_pool_t *pool, apr_interval_time_t timeout)
{
    const apr_time_t deadline = brood__deadline(timeout);
    brood__core_t *core = pool->core;
    brood__engine_t *engine;
    apr_status_t rc;

    BROOD_TRY(brood__core_check(core));
    brood__core_lock(core);
    engine = core->engine;
    core->references++; /* another thread may end the pool meanwhile */
    if (core->closed)
        rc = brood__schedule_wait(core, is_finished, core, deadline);
    else
        rc = brood_fail_text(BROOD_EMISUSE, "join of a pool that is neither closed nor terminated");
    brood__core_unlock(core);
    if (rc == APR_SUCCESS)
        rc = engine->ops->join(engine, deadline);
    brood__core_lock(core);
    core->references--;
    brood__core_unlock(core);
    return rc == APR_TIMEUP ? brood_fail_text(rc, "the pool has not ended yet") : rc;
}

static void drop_sent(brood__core_t *core)
{
    for (unsigned i = 0; i < BROOD__PLACES; i++)
        if (core->sent[i] != NULL) {
            brood__job_drop_piece(core->sent[i]);
            core->sent[i] = NULL;
        }
}

static unsigned count_unsettled(const brood__core_t *core)
{
    unsigned count = 0;

    for (const brood__job_t *job = core->unsettled; job != NULL; job = job->next)
        count++;
    return count;
}

static apr_status_t end_pool(void *data)
{
    brood__core_t *core = ((brood_pool_t *) data)->core;
    brood__engine_t *engine = core->engine;
    unsigned unsettled;

    if (core->owner != brood__me || !brood__table_is_me())
        return APR_SUCCESS;
    brood__core_lock(core);
    brood__schedule_go_on(core);
    unsettled = count_unsettled(core);
    terminate(core);
    brood__core_unlock(core);
    if (unsettled != 0) /* POOL-37 */
        brood__report("a pool was dropped that had not done %u of its calls; they are cancelled", unsettled);
    engine->ops->destroy(engine);
    brood__threads_end(core);
    brood__core_lock(core);
    drop_sent(core);
    core->engine = NULL;
    core->references--;
    brood__core_unlock(core);
    return APR_SUCCESS;
}

brood_process_t **brood_pool_workers(brood_pool_t *pool, apr_pool_t *mem)
{
    if (brood__core_check(pool->core) != APR_SUCCESS)
        return NULL;
    return pool->core->engine->ops->workers(pool->core->engine, mem);
}
