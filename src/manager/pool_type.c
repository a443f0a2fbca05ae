/* pool_type.c - Pool as a server keeps it: workers that are its children, and the tasks of all clients.  The methods are
 * in pool_engine.h. */
#include "base/status.h"
#include "manager/server_task.h"
#include "process/entry.h"
#include <apr_strings.h>
#include <stddef.h>
#include <stdlib.h>

static brood__server_pool_t *pool_of(brood__referent_t *self)
{
    return (brood__server_pool_t *) self;
}

/* ---- methods ---- */

/* Of a connection's ticket; 0: there is none. */
static apr_status_t key_of(uint64_t *key, const brood__request_t *request)
{
    apr_uint64_t ticket = 0;

    BROOD_TRY(brood_value_uint(&ticket, request->args[0]));
    if (ticket >= BROOD__PLACES)
        return brood_fail(BROOD_ERANGE, "the tickets of a pool are 0 to %u", BROOD__PLACES - 1);
    *key = request->peer->number * BROOD__PLACES + ticket;
    return APR_SUCCESS;
}

/* *task NULL: there is none of that ticket. */
static apr_status_t task_of(brood__server_task_t **task, const brood__request_t *request)
{
    const uint64_t *number;
    uint64_t key = 0;

    BROOD_TRY(key_of(&key, request));
    number = brood__number_map_find(&pool_of(request->self)->tasks, key);
    *task = number != NULL ? (brood__server_task_t *) (uintptr_t) *number : NULL;
    return APR_SUCCESS;
}

static apr_status_t read_order(brood__order_t *order, const brood__request_t *request)
{
    const brood_value_t name = request->args[2];
    brood_entry_fn entry = NULL;
    apr_int64_t work = -1, limit = 0;

    BROOD_TRY(brood__request_int(&work, request, 1));
    BROOD_TRY(brood__request_int(&limit, request, 3));
    if (name.kind == BROOD_KIND_TEXT)
        entry = brood__entry_by_name(name.as.text.data, name.as.text.size);
    if (entry == NULL)
        return brood_fail(BROOD_EENTRY, "the manager's program has no entry '%.*s': its entry tables are others",
                          name.kind != BROOD_KIND_TEXT ? 0
                          : name.as.text.size < 128    ? (int) name.as.text.size
                                                       : 128,
                          name.as.text.data);
    if (work != BROOD__CALL && work != BROOD__MAP && work != BROOD__EACH && work != (BROOD__MAP | BROOD__STAR)
        && work != (BROOD__EACH | BROOD__STAR))
        return brood_fail_text(BROOD_EARGS, "a manager's pool does no such work");
    *order = (brood__order_t){(uint32_t) work, brood__entry_number(entry), limit > 0 ? limit : 0};
    return APR_SUCCESS;
}

static apr_status_t fill_task(brood__server_task_t *task, const brood__request_t *request)
{
    const brood_value_t args = request->args[5];
    bool bears = false;

    BROOD_TRY(read_order(&task->order, request));
    BROOD_TRY(brood__request_bool(&bears, request, 4));
    if (args.kind != BROOD_KIND_BYTES)
        return brood_fail_text(BROOD_EKIND, "the arguments of a task are encoded in bytes");
    return brood__server_task_prepare(task, args.as.bytes, bears, request->mem);
}

static void gone(brood__waiter_t *waiter)
{
    brood__server_task_t *task = (brood__server_task_t *) (uintptr_t) waiter->count;

    if (task == NULL)
        pool_of(waiter->self)->opener = NULL;
    else
        brood__server_task_abandon(pool_of(waiter->self), task);
}

static const brood__line_ops_t calls = {NULL, "the call has taken too long", gone};

/* It is the client's until it is answered. */
static apr_status_t park(brood__server_task_t *task, brood__request_t *request, uint64_t key)
{
    brood__server_pool_t *pool = pool_of(request->self);
    uint64_t *number = brood__number_map_put(&pool->tasks, key);
    apr_status_t rc;

    if (number == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a task");
    rc = brood__request_park(&task->waiter, request, &pool->line, &calls, -1);
    if (rc != BROOD__PARKED) {
        brood__number_map_remove(&pool->tasks, key);
        return rc;
    }
    *number = (uint64_t) (uintptr_t) task;
    task->key = key;
    task->waiter->count = (uint64_t) (uintptr_t) task;
    return rc;
}

static apr_status_t check_run(uint64_t *key, const brood__request_t *request)
{
    const brood__server_pool_t *pool = pool_of(request->self);

    if (brood__server_tasks_are_over(pool))
        return brood__server_tasks_fail(pool);
    BROOD_TRY(key_of(key, request));
    if (brood__number_map_find(&pool->tasks, *key) != NULL)
        return brood_fail_text(BROOD_EMISUSE, "that ticket has a task already");
    return APR_SUCCESS;
}

/* run(ticket, work, entry, limit, bears, arguments) */
static apr_status_t run(brood__request_t *request)
{
    brood__server_pool_t *pool = pool_of(request->self);
    uint64_t key = 0;
    brood__server_task_t *task;
    apr_status_t rc;

    BROOD_TRY(check_run(&key, request));
    task = calloc(1, sizeof *task);
    if (task == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a task");
    rc = fill_task(task, request);
    if (rc == APR_SUCCESS)
        rc = park(task, request, key);
    if (rc != BROOD__PARKED) {
        brood__server_task_free(task);
        return rc;
    }
    brood__server_task_link(pool, task);
    brood__server_tasks_send(pool);
    return rc;
}

static apr_status_t end_task(brood__request_t *request,
                             bool (*end)(brood__server_pool_t *pool, brood__server_task_t *task))
{
    brood__server_pool_t *pool = pool_of(request->self);
    brood__server_task_t *task = NULL;
    bool ended;

    BROOD_TRY(task_of(&task, request));
    ended = task != NULL && end(pool, task);
    if (ended) {
        brood__server_task_forget_key(pool, task);
        brood__waiter_drop(task->waiter);
        brood__server_task_free(task);
        brood__server_tasks_send(pool);
    }
    return brood__request_return(request, brood_bool(ended));
}

static apr_status_t withdraw_call(brood__request_t *request)
{
    return end_task(request, brood__server_task_withdraw);
}

static apr_status_t stop_call(brood__request_t *request)
{
    return end_task(request, brood__server_task_stop);
}

static apr_status_t begun_call(brood__request_t *request)
{
    brood__server_pool_t *pool = pool_of(request->self);
    brood__server_task_t *task = NULL;
    bool begun = true; /* it is done */

    BROOD_TRY(task_of(&task, request));
    if (task != NULL) {
        brood__pool_workers_lock(pool->workers);
        begun = task->sent && brood__engine_of(pool)->ops->begun(brood__engine_of(pool), task->place);
        brood__pool_workers_unlock(pool->workers);
    }
    return brood__request_return(request, brood_bool(begun));
}

static apr_status_t ask_call(brood__request_t *request)
{
    brood__server_task_t *task = NULL;

    BROOD_TRY(task_of(&task, request));
    if (task != NULL && task->sent)
        brood__server_task_ask(pool_of(request->self), task);
    return brood__request_return(request, brood_nil());
}

static apr_status_t forget_call(brood__request_t *request)
{
    brood__server_pool_t *pool = pool_of(request->self);
    uint64_t key, number;

    for (size_t at = 0; brood__number_map_next(&pool->tasks, &at, &key, &number);) {
        brood__server_task_t *task = (brood__server_task_t *) (uintptr_t) number;

        if (key / BROOD__PLACES != request->peer->number)
            continue;
        brood__waiter_drop(task->waiter);
        brood__server_task_abandon(pool, task);
    }
    brood__server_tasks_send(pool);
    return brood__request_return(request, brood_nil());
}

static apr_status_t size_call(brood__request_t *request)
{
    return brood__request_return(request, brood_uint(pool_of(request->self)->workers->count));
}

/* ---- the type ---- */

static void look(brood__onlooker_t *onlooker)
{
    brood__server_tasks_look(
        (brood__server_pool_t *) (void *) ((char *) onlooker - offsetof(brood__server_pool_t, onlooker)));
}

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    brood__server_pool_t *pool = pool_of(self);
    apr_int64_t workers = 0;

    if (request->count > 2)
        return brood_fail_text(BROOD_EARGS, "a pool is made of the number of its workers and a map of options");
    BROOD_TRY(brood__request_int(&workers, request, 0));
    BROOD_TRY(brood__pool_workers_create(&pool->workers, workers, request->count > 1 ? request->args[1] : brood_nil()));
    if (pool->workers->initargs.data != NULL)
        BROOD_TRY(brood__held_add(&pool->held, pool->workers->initargs, request->mem));
    pool->onlooker.look = look;
    brood__server_add_onlooker(&pool->onlooker);
    return APR_SUCCESS;
}

/* The workers have begun, or not. */
static void opened(void *user)
{
    brood__server_pool_t *pool = user;
    brood__waiter_t *opener = pool->opener;

    pool->opener = NULL;
    pool->open = brood__engine_of(pool) != NULL;
    pool->failed = !pool->open;
    if (opener != NULL && pool->open) {
        brood__waiter_return(opener, brood__kind_to_value(BROOD__TAG_MANAGED_POOL, pool));
    } else if (opener != NULL) {
        BROOD_IGNORE(brood__server_tasks_fail(pool));
        brood__waiter_fail(opener);
    }
    if (pool->failed) {
        brood__server_tasks_fail_all(pool);
        brood__referent_unname(&pool->base);
    }
    brood__server_tasks_send(pool);
    brood__referent_drop_inside(&pool->base);
}

static apr_status_t created(brood__request_t *request)
{
    brood__server_pool_t *pool = pool_of(request->self);
    apr_status_t rc = BROOD__PARKED;

    if (request->wanted)
        rc = brood__request_park(&pool->opener, request, &pool->line, &calls, -1);
    if (rc != BROOD__PARKED)
        return rc;
    brood__referent_hold_inside(&pool->base);
    rc = brood__pool_workers_open(pool->workers, opened, pool);
    if (rc == APR_SUCCESS)
        return BROOD__PARKED;
    pool->failed = true;
    if (pool->opener != NULL)
        brood__waiter_drop(pool->opener);
    pool->opener = NULL;
    brood__referent_unname(&pool->base);
    brood__referent_drop_inside(&pool->base);
    return rc;
}

/* All calls are answered or dropped; what the engine has yet is nobody's. */
static void destroy(brood__referent_t *self)
{
    brood__server_pool_t *pool = pool_of(self);

    if (pool->workers == NULL)
        return;
    brood__server_remove_onlooker(&pool->onlooker);
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        if (pool->sent[i] != NULL) {
            pool->workers->blocks[i] = pool->sent[i]->message.block;
            pool->sent[i]->message.block = 0;
            brood__server_task_free(pool->sent[i]);
        }
    brood__number_map_free(&pool->tasks);
    brood__held_drop(&pool->held);
    brood__pool_workers_end(pool->workers);
    pool->workers = NULL;
}

static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    const brood__server_pool_t *pool = pool_of(self);

    return apr_psprintf(mem, "<Pool workers=%u tasks=%lu>", pool->workers->count, (unsigned long) pool->tasks.count);
}

static const brood__method_t methods[] = {
    {"ask", 1, 1, ask_call},   {"begun", 1, 1, begun_call}, {"forget", 0, 0, forget_call},     {"run", 6, 6, run},
    {"size", 0, 0, size_call}, {"stop", 1, 1, stop_call},   {"withdraw", 1, 1, withdraw_call},
};

const brood__type_t brood__pool_type = {
    .name = "pool",
    .tag = BROOD__TAG_MANAGED_POOL,
    .size = sizeof(brood__server_pool_t),
    .create = create,
    .created = created,
    .destroy = destroy,
    .string = string,
    .methods = methods,
    .method_count = sizeof methods / sizeof *methods,
};
