/* pool.c - a pool from its creation to its end. */
#include "pool/core.h"

#include "base/deadline.h"
#include "base/report.h"
#include "base/status.h"
#include "base/value.h"
#include "process/call.h"
#include "process/entry.h"
#include <brood/exit.h>

#define AT_EXIT 15 /* when pools end: see brood_finalizer_create */

/* ---- creation ---- */

static apr_status_t check(const brood_pool_options_t *options)
{
    const char *name;

    BROOD_TRY(brood__check_args(options->initargs));
    if (options->initializer != NULL)
        BROOD_TRY(brood__entry_require(&name, options->initializer));
    return APR_SUCCESS;
}

/* What a pool of this process's own was asked for. */
typedef struct wish_t {
    unsigned workers;
    const brood_pool_options_t *options;
} wish_t;

static apr_status_t open_local(brood__engine_t **engine, const void *what, apr_thread_mutex_t *lock, apr_pool_t *mem)
{
    const wish_t *wish = what;
    brood_pool_options_t kept = *wish->options;

    BROOD_TRY(brood__value_copy(&kept.initargs, wish->options->initargs, mem));
    return brood__local_open(engine, wish->workers, &kept, lock, mem);
}

static apr_status_t open_engine(brood__core_t *core, brood__engine_open_fn open, const void *what)
{
    core->sent = apr_pcalloc(core->mem, BROOD__PLACES * sizeof(brood__piece_t *));
    BROOD_TRY(open(&core->engine, what, core->lock, core->mem));
    core->ops = core->engine->ops;
    return APR_SUCCESS;
}

static void release(brood__core_t *core);
static void end_pool(void *data);
static apr_status_t release_pool(void *data);

apr_status_t brood__pool_create(brood_pool_t **pool, brood__engine_open_fn open, const void *what, apr_pool_t *mem)
{
    brood__core_t *core = NULL;
    brood_pool_t *made;
    apr_status_t rc;

    BROOD_TRY(brood__core_create(&core));
    rc = open_engine(core, open, what);
    if (rc != APR_SUCCESS) {
        release(core);
        return rc;
    }
    made = apr_palloc(mem, sizeof *made);
    made->core = core;
    apr_pool_cleanup_register(mem, made, release_pool, apr_pool_cleanup_null);
    rc = brood_finalizer_create(NULL, end_pool, made, AT_EXIT, mem);
    if (rc == APR_SUCCESS)
        *pool = made;
    else
        end_pool(made); /* what is left of it goes with `mem` */
    return rc;
}

apr_status_t brood_pool_create(brood_pool_t **pool, unsigned workers, const brood_pool_options_t *options,
                               apr_pool_t *mem)
{
    static const brood_pool_options_t none;
    wish_t wish = {workers, options != NULL ? options : &none};

    if (wish.workers == 0)
        wish.workers = (unsigned) brood_usable_cpu_count();
    if (wish.workers > BROOD_POOL_LIMIT)
        return brood_fail(APR_EINVAL, "a pool has %u workers at most, not %u", BROOD_POOL_LIMIT, wish.workers);
    BROOD_TRY(check(wish.options));
    return brood__pool_create(pool, open_local, &wish, mem);
}

/* ---- the end ---- */

static void close_core(brood__core_t *core)
{
    if (core->closed)
        return;
    core->closed = true;
    brood__schedule_go_on(core); /* perhaps all is done already */
    brood__schedule_news(core);  /* who leads is to see that */
    if (core->unsettled != NULL)
        BROOD_IGNORE(brood__collector_begin(core));
}

void brood_pool_close(brood_pool_t *pool)
{
    if (brood__core_check(pool->core) != APR_SUCCESS)
        return;
    brood__core_lock(pool->core);
    close_core(pool->core);
    brood__core_unlock(pool->core);
}

static void terminate(brood__core_t *core, bool kill)
{
    const bool first = !core->terminated;

    core->closed = core->terminated = true;
    if (first)
        brood__schedule_fail_all(core, BROOD_ECANCELLED, "the pool was terminated");
    core->engine->ops->terminate(core->engine, kill);
    brood__schedule_news(core);
}

static void terminate_pool(brood_pool_t *pool, bool kill)
{
    if (brood__core_check(pool->core) != APR_SUCCESS)
        return;
    brood__core_lock(pool->core);
    terminate(pool->core, kill);
    brood__core_unlock(pool->core);
}

void brood_pool_terminate(brood_pool_t *pool)
{
    terminate_pool(pool, false);
}

void brood_pool_kill(brood_pool_t *pool)
{
    terminate_pool(pool, true);
}

static bool is_finished(const void *user)
{
    const brood__core_t *core = user;

    return core->finished || core->terminated;
}

/* By the lock's holder, who loses it. */
static apr_status_t join(brood__core_t *core, apr_time_t deadline)
{
    brood__engine_t *engine = core->engine;
    apr_status_t rc;

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

apr_status_t brood_pool_join(brood_pool_t *pool, apr_interval_time_t timeout)
{
    const apr_time_t deadline = brood__deadline(timeout);

    BROOD_TRY(brood__core_check(pool->core));
    BROOD_TRY(brood__core_may_wait(pool->core, deadline));
    brood__core_lock(pool->core);
    return join(pool->core, deadline);
}

static void drop_all_pending(brood__core_t *core)
{
    core->cut = true;
    for (brood__job_t *job = core->unsettled, *next; job != NULL; job = next) {
        next = job->next;
        job->references++;
        brood__job_drop_pending(job, "the pool was shut down before the task ran");
        brood__job_release(job);
    }
    brood__schedule_news(core);
}

apr_status_t brood_pool_shutdown(brood_pool_t *pool, bool cancel_pending, apr_interval_time_t timeout)
{
    const apr_time_t deadline = brood__deadline(timeout);

    BROOD_TRY(brood__core_check(pool->core));
    BROOD_TRY(brood__core_may_wait(pool->core, deadline));
    brood__core_lock(pool->core);
    close_core(pool->core);
    if (cancel_pending)
        drop_all_pending(pool->core);
    return join(pool->core, deadline);
}

static void drop_sent(brood__core_t *core)
{
    for (unsigned i = 0; i < BROOD__PLACES; i++)
        if (core->sent[i] != NULL) {
            brood__job_drop_piece(core->sent[i], "the pool was terminated");
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

static void release(brood__core_t *core)
{
    brood__core_lock(core);
    core->references--;
    brood__core_unlock(core);
}

static void end_threads(brood__core_t *core)
{
    core->ops->destroy(core->engine);
    brood__threads_end(core);
    brood__core_lock(core);
    drop_sent(core);
    brood__core_unlock(core);
}

/* ---- the end within a task or a callback ---- */

/* This thread is one of those that the end has to wait for. */
static bool is_within(const brood__core_t *core)
{
    return brood__core_runs_me(core) || brood__caller_of_is_me(core);
}

static void end_rest(void *data)
{
    if (is_within(data))
        return; /* in an exit within a callback: nothing is after it */
    end_threads(data);
    release(data);
}

static void leave_rest(brood__core_t *core)
{
    brood__report(
        "a pool was ended by a task or a callback of its own: it is terminated, but its threads stay until the "
        "end of the process");
    brood__core_lock(core);
    core->references++;
    BROOD_IGNORE(brood_finalizer_create(NULL, end_rest, core, AT_EXIT, core->mem));
    brood__core_unlock(core);
}

/* ---- the end of its memory, or of the process's part in its tree ---- */

static void end_pool(void *data)
{
    brood__core_t *core = ((brood_pool_t *) data)->core;
    unsigned unsettled;

    brood__core_lock(core);
    brood__schedule_go_on(core);
    unsettled = count_unsettled(core);
    terminate(core, false);
    brood__core_unlock(core);
    if (unsettled != 0) /* POOL-37 */
        brood__report("a pool was dropped that had not done %u of its calls; they are cancelled", unsettled);
    if (is_within(core))
        leave_rest(core);
    else
        end_threads(core);
}

static apr_status_t release_pool(void *data)
{
    brood__core_t *core = ((brood_pool_t *) data)->core;

    if (brood__core_is_here(core))
        release(core);
    return APR_SUCCESS;
}

brood_process_t **brood_pool_workers(brood_pool_t *pool, apr_pool_t *mem)
{
    if (brood__core_check(pool->core) != APR_SUCCESS)
        return NULL;
    return pool->core->engine->ops->workers(pool->core->engine, mem);
}
