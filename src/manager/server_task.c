/* server_task.c - tasks of a pool of a manager's server: to the engine, and from it to those who have asked for them. */
#include "manager/server_task.h"

#include "base/codec.h"
#include "base/status.h"
#include "pool/local.h"
#include <stdlib.h>
#include <string.h>

/* ---- tasks ---- */

void brood__server_task_link(brood__server_pool_t *pool, brood__server_task_t *task)
{
    task->next = NULL;
    task->previous = pool->last;
    *(pool->last != NULL ? &pool->last->next : &pool->first) = task;
    pool->last = task;
}

static void unlink_task(brood__server_pool_t *pool, brood__server_task_t *task)
{
    *(task->previous != NULL ? &task->previous->next : &pool->first) = task->next;
    *(task->next != NULL ? &task->next->previous : &pool->last) = task->previous;
}

void brood__server_task_free(brood__server_task_t *task)
{
    brood__message_discard(task->message.block);
    brood__held_drop(&task->held);
    free(task);
}

void brood__server_task_forget_key(brood__server_pool_t *pool, brood__server_task_t *task)
{
    if (task->key != 0)
        brood__number_map_remove(&pool->tasks, task->key);
    task->key = 0;
}

bool brood__server_task_withdraw(brood__server_pool_t *pool, brood__server_task_t *task)
{
    bool withdrawn = true;

    if (!task->sent) {
        unlink_task(pool, task);
    } else {
        brood__pool_workers_lock(pool->workers);
        withdrawn = brood__engine_of(pool)->ops->withdraw(brood__engine_of(pool), task->place);
        brood__pool_workers_unlock(pool->workers);
    }
    if (withdrawn && task->sent)
        pool->sent[task->place] = NULL;
    return withdrawn;
}

bool brood__server_task_stop(brood__server_pool_t *pool, brood__server_task_t *task)
{
    bool stopped = false;

    if (!task->sent)
        return false;
    brood__pool_workers_lock(pool->workers);
    stopped = brood__engine_of(pool)->ops->stop(brood__engine_of(pool), task->place);
    brood__pool_workers_unlock(pool->workers);
    if (stopped) {
        pool->sent[task->place] = NULL;
        task->message.block = 0; /* the engine's, as its worker may be reading it */
    }
    return stopped;
}

void brood__server_task_ask(brood__server_pool_t *pool, const brood__server_task_t *task)
{
    brood__pool_workers_lock(pool->workers);
    brood__engine_of(pool)->ops->ask(brood__engine_of(pool), task->place);
    brood__pool_workers_unlock(pool->workers);
}

void brood__server_task_abandon(brood__server_pool_t *pool, brood__server_task_t *task)
{
    brood__server_task_forget_key(pool, task);
    task->waiter = NULL;
    if (brood__server_task_withdraw(pool, task) || brood__server_task_stop(pool, task))
        brood__server_task_free(task);
    else
        brood__server_task_ask(pool, task);
    atomic_store(&pool->workers->news, true); /* there may be room for others now */
}

/* ---- sending ---- */

static bool send_task(brood__server_pool_t *pool, brood__server_task_t *task)
{
    const brood__bytes_t bytes = {task->args, sizeof task->args, sizeof task->args};

    task->sent =
        brood__engine_of(pool)->ops->send(&task->place, brood__engine_of(pool), &task->order, &task->message, &bytes);
    if (task->sent) {
        unlink_task(pool, task);
        pool->sent[task->place] = task;
    }
    return task->sent;
}

void brood__server_tasks_send(brood__server_pool_t *pool)
{
    if (!pool->open || pool->first == NULL)
        return;
    brood__pool_workers_lock(pool->workers);
    while (pool->first != NULL && !brood__engine_of(pool)->broken && send_task(pool, pool->first))
        ;
    brood__engine_of(pool)->ops->flush(brood__engine_of(pool));
    brood__pool_workers_unlock(pool->workers);
}

/* ---- outcomes ---- */

#define HEAD_ROOM 40u                                /* bytes before the data of an outcome */
#define DATA_MOST (UINT64_C(0x7fffffff) - HEAD_ROOM) /* as much as a message has */

/* [status, first, plain, exitcode, */
static size_t write_head(unsigned char room[HEAD_ROOM], const brood__outcome_t *outcome)
{
    const brood_value_t parts[] = {brood_int(outcome->status), brood_uint(outcome->first), brood_bool(outcome->plain),
                                   brood_int(outcome->exitcode)};
    brood__output_t output = {room, 1, HEAD_ROOM, NULL};

    room[0] = 0x95; /* a list of five, as MessagePack has it */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        BROOD_IGNORE(brood__encode(&output, parts[i], 0)); /* there is room */
    return output.size;
}

/* What follows: as it is, for it is encoded already, or else `data`. */
static brood__stored_t *store(const brood__outcome_t *outcome)
{
    const brood_value_t data = outcome->plain ? brood_bytes(outcome->data, (size_t) outcome->size) : brood_nil();
    const bool is_encoded = !outcome->plain && outcome->size != 0;
    const size_t room = HEAD_ROOM + (size_t) outcome->size + HEAD_ROOM;
    brood__stored_t *stored = calloc(1, sizeof *stored + room);
    brood__output_t output;

    if (stored == NULL)
        return NULL;
    output = (brood__output_t){stored->bytes, write_head(stored->bytes, outcome), room, NULL};
    BROOD_IGNORE(is_encoded ? brood__output_append(&output, outcome->data, (size_t) outcome->size)
                            : brood__encode(&output, data, 0));
    stored->size = output.size;
    return stored;
}

static void answer(brood__server_task_t *task, const brood__outcome_t *outcome)
{
    static const char too_large[] = "the result of a task is larger than 2 GiB";
    static const brood__outcome_t refusal = {.status = BROOD_ETOOBIG,
                                             .plain = true,
                                             .data = too_large,
                                             .size = sizeof too_large - 1};
    brood__stored_t *stored = store(outcome->size <= DATA_MOST ? outcome : &refusal);

    if (stored != NULL) {
        brood__waiter_return_stored(task->waiter, stored);
    } else {
        BROOD_IGNORE(brood_fail_text(APR_ENOMEM, "the manager has no memory for the result of a task"));
        brood__waiter_fail(task->waiter);
    }
    brood__stored_free(stored);
    task->waiter = NULL;
}

/* Under the engine's lock. */
static void settle(brood__server_pool_t *pool, uint32_t place)
{
    brood__engine_t *engine = brood__engine_of(pool);
    brood__server_task_t *task = place < BROOD__PLACES ? pool->sent[place] : NULL;
    brood__outcome_t outcome;

    if (!engine->ops->collect(&outcome, engine, place))
        return;
    if (task != NULL) {
        pool->sent[place] = NULL;
        brood__server_task_forget_key(pool, task);
        if (task->waiter != NULL)
            answer(task, &outcome);
        brood__server_task_free(task);
    }
    engine->ops->free(outcome.block);
}

/* This thread's last failure. */
static void fail_task(brood__server_pool_t *pool, brood__server_task_t *task)
{
    brood__server_task_forget_key(pool, task);
    if (task->waiter != NULL)
        brood__waiter_fail(task->waiter);
    task->waiter = NULL;
}

bool brood__server_tasks_are_over(const brood__server_pool_t *pool)
{
    bool over = pool->failed;

    if (pool->open) {
        brood__pool_workers_lock(pool->workers);
        over = brood__engine_of(pool)->broken;
        brood__pool_workers_unlock(pool->workers);
    }
    return over;
}

apr_status_t brood__server_tasks_fail(const brood__server_pool_t *pool)
{
    if (pool->failed)
        return brood__pool_workers_fail(pool->workers, brood__server_here()->scratch);
    return brood_fail(BROOD_EPOOL, "the pool runs no tasks any more: %s", brood__engine_of(pool)->reason);
}

void brood__server_tasks_fail_all(brood__server_pool_t *pool)
{
    brood__server_task_t *next;

    for (brood__server_task_t *task = pool->first; task != NULL; task = next) {
        next = task->next;
        BROOD_IGNORE(brood__server_tasks_fail(pool));
        unlink_task(pool, task);
        fail_task(pool, task);
        brood__server_task_free(task);
    }
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        if (pool->sent[i] != NULL && pool->sent[i]->waiter != NULL) {
            BROOD_IGNORE(brood__server_tasks_fail(pool));
            fail_task(pool, pool->sent[i]);
        }
}

void brood__server_tasks_look(brood__server_pool_t *pool)
{
    uint32_t place;

    if (!pool->open || !brood__pool_workers_has_news(pool->workers))
        return;
    brood__pool_workers_lock(pool->workers);
    while (brood__pool_workers_next(&place, pool->workers))
        settle(pool, place);
    brood__pool_workers_unlock(pool->workers);
    if (brood__server_tasks_are_over(pool))
        brood__server_tasks_fail_all(pool);
    else
        brood__server_tasks_send(pool);
}
