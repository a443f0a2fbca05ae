/* server_task_args.c - arguments of tasks on their way from a client to a worker. */
#include "base/codec.h"
#include "base/status.h"
#include "manager/server_task.h"
#include "manager/proxy.h"
#include "memory/heap.h"
#include "pool/local.h"
#include <stdlib.h>
#include <string.h>

/* ---- objects ---- */

static apr_status_t collect(brood__referent_t *referent, void *data)
{
    brood__held_t *held = data;
    brood__referent_t **objects = realloc(held->objects, (held->count + 1) * sizeof(brood__referent_t *));

    if (objects == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for the arguments of a task");
    held->objects = objects;
    held->objects[held->count++] = referent;
    brood__referent_hold_inside(referent);
    return brood__session_lend(referent->number);
}

apr_status_t brood__held_add(brood__held_t *held, brood_bytes_t args, apr_pool_t *mem)
{
    brood_value_t value = brood_nil();

    BROOD_TRY(brood__decode(&value, args.data, args.size, false, mem));
    return brood__referents_in(value, collect, held);
}

void brood__held_drop(brood__held_t *held)
{
    for (size_t i = 0; i < held->count; i++)
        brood__referent_drop_inside(held->objects[i]);
    free(held->objects);
    *held = (brood__held_t){0, NULL};
}

/* ---- messages ---- */

static apr_status_t prepare_proxies(brood__server_task_t *task, brood_bytes_t args, apr_pool_t *mem)
{
    const brood__server_t *server = brood__server_here();
    brood__client_exchange_t exchange = brood__client_exchange(&server->origin);
    brood__exchange_t *before = brood__exchange_enter(&exchange.exchange);
    brood__bytes_t bytes = {NULL, 0, 0};
    brood_value_t value = brood_nil();
    apr_status_t rc = brood__decode(&value, args.data, args.size, false, mem);

    (void) brood__exchange_enter(NULL);
    if (rc == APR_SUCCESS)
        rc = brood__message_prepare(&task->message, &bytes, value);
    if (rc == APR_SUCCESS && task->message.block == 0)
        memcpy(task->args, bytes.data, (size_t) task->message.size);
    free(bytes.data);
    (void) brood__exchange_enter(before);
    return rc;
}

apr_status_t brood__server_task_prepare(brood__server_task_t *task, brood_bytes_t args, bool bears, apr_pool_t *mem)
{
    if (args.size == 0)
        return brood_fail_text(BROOD_EARGS, "a task without arguments has an empty list of them");
    if (bears) {
        BROOD_TRY(brood__held_add(&task->held, args, mem));
        return prepare_proxies(task, args, mem);
    }
    task->message.size = args.size;
    if (args.size <= sizeof task->args) {
        memcpy(task->args, args.data, args.size);
        return APR_SUCCESS;
    }
    if (brood__heap_alloc(&task->message.block, args.size) != APR_SUCCESS)
        return brood_fail_text(APR_ENOMEM, "no memory for the arguments of a task");
    memcpy(brood__at(task->message.block), args.data, args.size);
    return APR_SUCCESS;
}
