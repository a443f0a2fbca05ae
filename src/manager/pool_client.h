/* pool_client.h - inside of the engine of a manager's pool: its tickets, and the thread that has the connection.
 *
 * The thread alone reads and writes; others put what is to be written behind what waits, and take what has come. */
#ifndef BROOD_MANAGER_POOL_CLIENT_H
#define BROOD_MANAGER_POOL_CLIENT_H

#include "manager/client_table.h"
#include "manager/pool_engine.h"
#include "platform/pollset.h"
#include <apr_thread_cond.h>
#include <apr_thread_proc.h>

typedef enum brood__client_task_state_t {
    BROOD__CLIENT_TASK_NONE,
    BROOD__CLIENT_TASK_SENT, /* the server has it */
    BROOD__CLIENT_TASK_DONE  /* it has an outcome that nobody has collected */
} brood__client_task_state_t;

/* What has become of a ticket's task. */
typedef struct brood__client_task_t {
    brood__client_task_state_t state;
    uint64_t block; /* of its message */
    brood__outcome_t outcome;
} brood__client_task_t;

typedef struct brood__pool_client_t {
    brood__engine_t engine;
    brood__open_t open; /* the pollset's: a forked child closes it */
    brood__origin_t origin;
    brood__proxy_ref_t *ref;
    uint64_t object;
    uint64_t limit; /* bytes of a message that the server takes */

    brood__link_t *link; /* the thread's, like all of these */
    brood__pollset_t *set;
    brood__poll_t poll;
    apr_pool_t *scratch;
    apr_thread_t *thread; /* NULL: it has ended */

    uint64_t news_block;      /* of the arena */
    unsigned epoch;           /* likewise */
    _Atomic uint32_t *news;   /* in it: who waits for arrivals sleeps on that */
    apr_thread_mutex_t *lock; /* of all below */
    apr_thread_cond_t *answered;
    brood__client_task_t task[BROOD__PLACES];
    uint32_t unused[BROOD__PLACES];
    uint32_t unused_count;
    uint32_t arrived[BROOD__PLACES]; /* a ring of tickets that receive has not told of */
    uint32_t arrived_first, arrived_count;
    unsigned char *out; /* frames that wait to be written, by malloc */
    size_t out_begin, out_end, out_room;
    uint32_t asked; /* the number of the request that somebody waits for the answer of; 0: of none */
    uint32_t last_asked;
    bool answer;
    bool interrupted;
    bool ending;       /* the thread is to end */
    bool terminated;   /* nothing is asked or told any more */
    apr_status_t lost; /* the connection is: why; else APR_SUCCESS */
    char reason[512];
} brood__pool_client_t;

/* ---- pool_client.c; under the lock, but for the first ---- */

/* Have the thread, and the connection. */
apr_status_t brood__pool_client_begin(brood__pool_client_t *client, apr_pool_t *mem);
/* Without the lock: both end. */
void brood__pool_client_end(brood__pool_client_t *client);

/* Append a request, or with `number` NULL a notification; the thread hears of it by brood__pollset_wake.  What cannot be
 * appended loses the connection. */
void brood__pool_client_put(brood__pool_client_t *client, const uint32_t *number, const char *method,
                            const brood_value_t *args, size_t count, size_t room);
/* Nothing comes by the connection any more: all that is out is answered so, by this thread's last failure. */
void brood__pool_client_lose(brood__pool_client_t *client);
/* Whoever waits for arrivals looks again. */
void brood__pool_client_tell(brood__pool_client_t *client);

/* ---- pool_client_args.c ---- */

/* Arguments that are long, or have objects in them. */
typedef struct brood__pool_client_block_t {
    apr_pool_t *mem; /* of the objects, which are kept until the server has its own reference; NULL: there are none */
    size_t size;
    unsigned char data[];
} brood__pool_client_block_t;

/* As in brood__engine_ops_t. */
apr_status_t brood__pool_client_prepare(brood__args_t *message, brood__bytes_t *bytes, brood__engine_t *engine,
                                        brood_value_t args);
void brood__pool_client_discard(uint64_t number);

/* ---- pool_client_answer.c ---- */

/* Without the lock, in the thread: an answer has come.  BROOD_EPROTOCOL: it makes no sense. */
apr_status_t brood__pool_client_answer(brood__pool_client_t *client, brood_bytes_t message);
/* Under the lock: a ticket has its outcome. */
void brood__pool_client_settle(brood__pool_client_t *client, uint32_t ticket, const brood__outcome_t *outcome);

#endif
