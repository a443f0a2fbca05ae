/* raw.h - the bare means of the system, to measure brood against; one of posix.c and win32.c is compiled, and one of
 * sync_posix.c and sync_none.c.
 *
 * What a system lacks is APR_ENOTIMPL, and has no row in the tables. */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include <apr_errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds since some point in the past, the same for all processes. */
uint64_t raw_now(void);

/* Keep this process, and those that it starts, on one of the CPUs that it may use, counted round and round from 0. */
void raw_pin(int cpu);

/* A process that is a copy of this one and ends at once: start it and wait for its end. */
apr_status_t raw_fork(void);

/* The same with a new process of this program, given one argument. */
apr_status_t raw_spawn(const char *argument);

/* Sleep while the word has this value; wake one who does.  Without such a thing: let others run. */
void raw_park(_Atomic uint32_t *word, uint32_t expected);
void raw_unpark(_Atomic uint32_t *word);

/* Spinning loops: a moment; let others run. */
void raw_pause(void);
void raw_yield(void);

/* A pipe that forked children inherit.  Up to 512 bytes go through whole, whoever else writes and reads. */
typedef struct raw_pipe_t {
    int ends[2];
} raw_pipe_t;
apr_status_t raw_pipe_open(raw_pipe_t *made);
apr_status_t raw_pipe_put(const raw_pipe_t *through, const void *data, size_t size);
apr_status_t raw_pipe_get(const raw_pipe_t *through, void *data, size_t size);
void raw_pipe_close(raw_pipe_t *ended);

/* Two ends of a socket, that forked children inherit. */
typedef struct raw_pair_t {
    int ends[2];
} raw_pair_t;
apr_status_t raw_pair_open(raw_pair_t *made);
apr_status_t raw_pair_send(const raw_pair_t *pair, int end, const void *data, size_t size);
apr_status_t raw_pair_recv(const raw_pair_t *pair, int end, void *data, size_t size);
void raw_pair_close(raw_pair_t *ended);

/* One of ZeroMQ's sockets.  Messages of a known size. */
typedef struct raw_zmq_t {
    void *socket;
} raw_zmq_t;
typedef enum raw_zmq_kind_t {
    RAW_ZMQ_PAIR, /* of two */
    RAW_ZMQ_OTHER,
    RAW_ZMQ_PULL, /* from many */
    RAW_ZMQ_PUSH
} raw_zmq_kind_t;
#define RAW_ZMQ_ROOM 1000 /* messages that a socket holds, as is usual */
int raw_zmq_is_there(void);
/* PAIR and PULL have the address; OTHER and PUSH reach it. */
apr_status_t raw_zmq_open(raw_zmq_t *made, const char *address, raw_zmq_kind_t kind, int room);
apr_status_t raw_zmq_send(const raw_zmq_t *through, const void *data, size_t size);
apr_status_t raw_zmq_recv(const raw_zmq_t *through, void *data, size_t size);
void raw_zmq_close(raw_zmq_t *ended);

/* What the system has for threads and processes, in memory that they share. */
typedef enum raw_sync_kind_t {
    RAW_SEMAPHORE, /* take and give */
    RAW_ROBUST,    /* a mutex that tells if its owner died: take and give */
    RAW_CONDITION, /* with its mutex: take and give, wait and wake all */
    RAW_BARRIER    /* wait */
} raw_sync_kind_t;

#define RAW_SYNC_SIZE 256

/* `count`: the semaphore's value, the barrier's parties. */
apr_status_t raw_sync_create(void *place, raw_sync_kind_t kind, unsigned count);
void raw_sync_take(void *place, raw_sync_kind_t kind);
void raw_sync_give(void *place, raw_sync_kind_t kind);
void raw_sync_wait(void *place, raw_sync_kind_t kind);
void raw_sync_wake(void *place);

#endif
