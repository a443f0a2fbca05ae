/* worker.h - the one who runs tasks: a process of the pool's, or a thread of the pool's process. */
#ifndef BROOD_POOL_WORKER_H
#define BROOD_POOL_WORKER_H

#include "pool/board.h"
#include <brood/entry.h>

typedef struct brood__worker_t {
    brood__ref_t *board;
    brood_entry_fn initializer; /* NULL: none */
    brood_value_t initargs;
    unsigned max_tasks;          /* then it ends; 0: never */
    uint64_t max_memory;         /* bytes, likewise, once it has more after a task */
    apr_interval_time_t max_age; /* likewise */
    unsigned nice;               /* steps */
    bool pin;                    /* it has one CPU, that of its seat, round and round */
    uint32_t at;                 /* the seat at which it waits to be admitted */
    uint32_t seat;               /* then */
    uint32_t number;             /* of all workers that the pool has ever had */
    bool is_thread;              /* of the pool's process, whose locks are not its own */
} brood__worker_t;

/* Run tasks until there are no more, this worker has run as many as it may, or its task has been given up. */
void brood__worker_run(brood__worker_t *worker, apr_pool_t *mem);

/* The same as an entry; its arguments are those fields in their order, initializer nil if there is none, and a
 * pipe for its stderr, or nil. */
apr_status_t brood__worker_entry(brood_call_t *call);

/* This thread is a worker, with that board. */
bool brood__worker_is_me(const brood__board_t *board);

#endif
