/* support.h - what every benchmark does: run its cases in turns, let processes work at the same time, print a table. */
#ifndef BENCH_SUPPORT_H
#define BENCH_SUPPORT_H

#include <brood.h>
#include <stdatomic.h>
#include <stdint.h>

/* ---- cases and their table ---- */

/* One row: what is measured, how, and what we hold ourselves to. */
typedef struct bench_case_t {
    const char *group; /* rows of one group are compared with each other; the group's first row names the unit */
    const char *name;
    const char *unit;
    apr_status_t (*run)(double *figure, const struct bench_case_t *self, apr_pool_t *mem);
    int kind; /* the rest is for `run` */
    int count;
    apr_size_t size;
    const char *peer[7]; /* rows of the group that this one is divided by; NULL: no more */
    const char *target;  /* for information; NULL: none */
} bench_case_t;

typedef struct bench_options_t {
    int rounds;
    double seconds; /* of one sample */
    bool quick;     /* only to see that it runs */
    bool pin;
    bool own;        /* without the rows that are only there to compare with */
    const char *csv; /* a file for all samples; NULL: none */
} bench_options_t;
extern bench_options_t bench_options;

/* Run every case once a round, in a new random order each round, and print the tables.  A case whose run is
 * APR_ENOTIMPL has no row.  `args`: the program's. */
apr_status_t bench_run(const bench_case_t *cases, int count, brood_value_t args, apr_pool_t *mem);

/* ---- workers: processes that work at the same time ---- */

#define BENCH_WORKERS 16

/* What a worker says of itself, each on lines of its own. */
typedef struct bench_worker_t {
    uint64_t begin, end; /* nanoseconds */
    uint64_t done;
    char apart[104];
} bench_worker_t;

typedef struct bench_board_t {
    _Atomic uint32_t ready;
    _Atomic uint32_t go;
    char apart[120];
    bench_worker_t worker[BENCH_WORKERS];
} bench_board_t;

typedef struct bench_workers_t {
    brood_array_t *array;
    bench_board_t *board;
    brood_process_t *process[BENCH_WORKERS];
    int count;
    apr_pool_t *mem;
} bench_workers_t;

apr_status_t bench_workers_create(bench_workers_t *workers, apr_pool_t *mem);
/* Start one more worker.  Its entry's arguments: the array, its index, the CPU to be on (-1: any), nanoseconds to work,
 * and `more`. */
apr_status_t bench_workers_add(bench_workers_t *workers, brood_entry_fn entry, brood_value_t more);
/* Wait until all are ready, and let them begin. */
apr_status_t bench_workers_go(const bench_workers_t *workers);
/* Wait for the end of workers `from` to before `to`. */
apr_status_t bench_workers_join(const bench_workers_t *workers, int from, int to);
/* What workers `from` to before `to` have done. */
uint64_t bench_workers_done(const bench_workers_t *workers, int from, int to);
/* Seconds from the first one's begin to the last one's end. */
double bench_workers_seconds(const bench_workers_t *workers);

/* In a worker: its arguments, its CPU, and the wait for the others.  `*more` is what bench_workers_add was given. */
apr_status_t bench_work(bench_worker_t **me, uint64_t *nanoseconds, brood_value_t *more, const brood_call_t *call);

/* ---- Python to compare with ---- */

/* One sample of what peer.py calls `what`, by `count` processes, or with items of `size` bytes.  APR_ENOTIMPL: there is no
 * Python here. */
apr_status_t bench_python(double *figure, const char *what, int count, apr_size_t size, apr_pool_t *mem);

/* ---- a lock to compare with ---- */

/* A word without an owner: 0 free, 1 held, 2 held and somebody may sleep. */
void bench_word_acquire(_Atomic uint32_t *word);
void bench_word_release(_Atomic uint32_t *word);

#endif
