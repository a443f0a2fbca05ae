/* queue_stream.h - what items go through from process to process: brood's queue by each of its calls, or a peer. */
#ifndef BENCH_QUEUE_STREAM_H
#define BENCH_QUEUE_STREAM_H

#include "raw/boost.h"
#include "raw/raw.h"
#include "support.h"

/* brood's come first. */
enum { BYTES, VALUES, MANY_BYTES, MANY_VALUES, IN_PLACE, PIPE, BOOST, ZMQ };

#define SMALL 48 /* bytes: larger items lie in blocks of their own */
#define PAIRS 4  /* at most */
#define MANY 32  /* items in one call */

typedef struct stream_t {
    int kind;
    int pairs; /* of processes: so many put, so many get */
    apr_size_t size;
    const char *name; /* by which processes find it */
    brood_queue_t *queue;
    raw_pipe_t pipe;
    raw_boost_t boost;
    raw_zmq_t zmq[PAIRS]; /* a putter's to each getter; a getter's own */
    int turn;             /* whose a putter's next item is */
    brood_barrier_t *end; /* where those who use ZeroMQ wait for each other */
    char *buffer;         /* a peer's first byte is 0, or 1 in the item that ends a getter */
    brood_bytes_t bytes[MANY];
    brood_value_t values[MANY];
    apr_pool_t *mem, *got; /* got: of what was got last */
} stream_t;

/* In the process that starts the others.  APR_ENOTIMPL: such a stream cannot be here. */
apr_status_t stream_create(stream_t *stream, const bench_case_t *self, apr_pool_t *mem);
void stream_remove(stream_t *stream);
apr_status_t stream_add(bench_workers_t *workers, brood_entry_fn entry, const stream_t *stream);

/* In a worker, which puts or gets: with all others connected. */
apr_status_t stream_open(stream_t *stream, bool puts, const brood_call_t *call);
apr_status_t stream_close(stream_t *stream);

/* Items that it holds. */
int stream_room(const stream_t *stream);
/* Items that each call puts. */
int stream_step(const stream_t *stream);
apr_status_t stream_put(stream_t *stream);
/* *count: how many; 0: the end. */
apr_status_t stream_get(int *count, stream_t *stream);

/* Nothing more comes.  A getter of a peer ends by an item of its own after all others; ZeroMQ's are in order for each
 * putter alone: there each putter ends each getter. */
apr_status_t stream_put_ends(stream_t *stream);

#endif
