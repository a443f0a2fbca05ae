/* core.c - what threads share, from its creation until nobody refers to it. */
#include "pool/core.h"

#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "memory/heap.h"
#include "memory/table.h"
#include "platform/self.h"
#include "pool/worker.h"

apr_status_t brood__core_create(brood__core_t **made)
{
    apr_pool_t *mem;
    brood__core_t *core;
    apr_status_t rc;

    if (!brood__table_is_me())
        return brood_fail_text(BROOD_EGUARD,
                               "a pool or a future needs brood_main or brood_init to have run in this program");
    BROOD_TRY(brood__own_pool(&mem));
    core = apr_pcalloc(mem, sizeof *core);
    *core = (brood__core_t){.mem = mem,
                            .references = 1,
                            .owner = brood__me,
                            .pid = brood__self_pid(),
                            .epoch = brood__arena_epoch,
                            .look_at_queue = BROOD__NEVER,
                            .last_to_call = &core->to_call};
    rc = apr_thread_mutex_create(&core->lock, APR_THREAD_MUTEX_UNNESTED, mem);
    if (rc == APR_SUCCESS)
        rc = brood__heap_calloc(&core->news_block, sizeof *core->news);
    if (rc != APR_SUCCESS) {
        apr_pool_destroy(mem);
        return brood_fail_text(APR_ENOMEM, "no memory for a pool or a future");
    }
    core->news = brood__at(core->news_block);
    *made = core;
    return APR_SUCCESS;
}

bool brood__core_has_arena(const brood__core_t *core)
{
    return core->epoch == brood__arena_epoch && brood__arena_base != NULL;
}

bool brood__core_is_here(const brood__core_t *core)
{
    return core->pid == brood__self_pid();
}

apr_status_t brood__core_check(const brood__core_t *core)
{
    if (core->owner == brood__me && brood__core_has_arena(core) && brood__table_is_me())
        return APR_SUCCESS;
    return brood_fail_text(BROOD_EMISUSE, "pools and futures belong to the process that created them");
}

bool brood__core_runs_me(const brood__core_t *core)
{
    return core->engine != NULL && brood__worker_is_me(core->engine->board);
}

apr_status_t brood__core_may_wait(const brood__core_t *core, apr_time_t deadline)
{
    if (deadline == BROOD__AT_ONCE || !brood__core_runs_me(core))
        return APR_SUCCESS;
    return brood_fail_text(BROOD_EMISUSE, "a task cannot wait for the pool that runs it, since once all workers wait "
                                          "nobody works: let it return and a callback go on, or use another pool");
}

static void destroy(brood__core_t *core)
{
    if (brood__core_has_arena(core))
        brood__heap_free(core->news_block);
    apr_pool_destroy(core->mem);
}

void brood__core_lock(brood__core_t *core)
{
    apr_thread_mutex_lock(core->lock);
}

void brood__core_unlock(brood__core_t *core)
{
    const bool last = core->references == 0;

    apr_thread_mutex_unlock(core->lock);
    if (last)
        destroy(core);
}
