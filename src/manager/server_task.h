/* server_task.h - inside of a pool of a manager's server: the tasks of all clients.
 *
 * A task waits until there is a place for it, is then the engine's, and is answered when it is done. */
#ifndef BROOD_MANAGER_SERVER_TASK_H
#define BROOD_MANAGER_SERVER_TASK_H

#include "manager/pool_workers.h"

/* Objects that are held inside. */
typedef struct brood__held_t {
    size_t count;
    brood__referent_t **objects; /* by malloc */
} brood__held_t;

typedef struct brood__server_task_t {
    struct brood__server_task_t *next, *previous; /* among those that wait for a place */
    brood__waiter_t *waiter;                      /* NULL: nobody wants to know any more */
    uint64_t key;                                 /* whose, and which ticket; 0: it has none any more */
    brood__order_t order;
    brood__args_t message;
    bool sent;
    uint32_t place;                        /* the engine's ticket, then */
    brood__held_t held;                    /* in its arguments */
    unsigned char args[BROOD__PLACE_ROOM]; /* if they are short */
} brood__server_task_t;

typedef struct brood__server_pool_t {
    brood__referent_t base;
    brood__onlooker_t onlooker;
    brood__pool_workers_t *workers;
    bool open; /* or else it is being opened, or could not be: */
    bool failed;
    brood__waiter_t *opener;                   /* NULL: nobody wants to know */
    brood__line_t line;                        /* of all calls */
    brood__held_t held;                        /* in the arguments of the initializer */
    brood__number_map_t tasks;                 /* by their keys */
    brood__server_task_t *first, *last;        /* those that wait */
    brood__server_task_t *sent[BROOD__PLACES]; /* by their places */
} brood__server_pool_t;

static inline brood__engine_t *brood__engine_of(const brood__server_pool_t *pool)
{
    return pool->workers->engine;
}

/* ---- server_task.c ---- */

/* At the end of the line. */
void brood__server_task_link(brood__server_pool_t *pool, brood__server_task_t *task);
/* It is in no list any more, and nobody reads its message. */
void brood__server_task_free(brood__server_task_t *task);
/* Its ticket is the client's again. */
void brood__server_task_forget_key(brood__server_pool_t *pool, brood__server_task_t *task);

/* Out of the line, or back from the engine.  False: somebody has begun it, or it is done. */
bool brood__server_task_withdraw(brood__server_pool_t *pool, brood__server_task_t *task);
/* End it, and its worker.  False: it has not begun, is done, or cannot be ended. */
bool brood__server_task_stop(brood__server_pool_t *pool, brood__server_task_t *task);
/* One that is sent is asked to end. */
void brood__server_task_ask(brood__server_pool_t *pool, const brood__server_task_t *task);
/* Nobody wants it any more.  One that cannot be ended goes on until it ends by itself. */
void brood__server_task_abandon(brood__server_pool_t *pool, brood__server_task_t *task);

/* As many as there are places for. */
void brood__server_tasks_send(brood__server_pool_t *pool);
/* What has come since the last time is answered. */
void brood__server_tasks_look(brood__server_pool_t *pool);

/* No worker will run anything any more; and why, as this thread's last failure. */
bool brood__server_tasks_are_over(const brood__server_pool_t *pool);
apr_status_t brood__server_tasks_fail(const brood__server_pool_t *pool);
/* All fail so.  What the engine has stays with it. */
void brood__server_tasks_fail_all(brood__server_pool_t *pool);

/* ---- server_task_args.c ---- */

/* The arguments as workers are to have them; `bears`: with objects of the server, of which they get proxies. */
apr_status_t brood__server_task_prepare(brood__server_task_t *task, brood_bytes_t args, bool bears, apr_pool_t *mem);
/* Objects in encoded arguments are held, and lent to the processes of this tree. */
apr_status_t brood__held_add(brood__held_t *held, brood_bytes_t args, apr_pool_t *mem);
void brood__held_drop(brood__held_t *held);

#endif
