/* array.c - maps over C arrays, beside OpenMP's parallel loop and one thread. */
#include "raw/openmp.h"
#include "raw/raw.h"
#include "support.h"
#include <stdint.h>
#include <stdlib.h>

enum { IN_PLACE, COPIED, OPENMP, ONE_THREAD };

static apr_size_t items_of(const bench_case_t *self)
{
    return bench_options.quick ? self->size / 100 : self->size;
}

/* ---- kernels ---- */

static apr_status_t nothing(brood_chunk_t *chunk)
{
    (void) chunk;
    return APR_SUCCESS;
}

static apr_status_t work(brood_chunk_t *chunk)
{
    const double *in = chunk->in;
    double *out = chunk->out;

    for (apr_size_t i = 0; i < chunk->count; i++)
        out[i] = raw_array_work(in[i]);
    return APR_SUCCESS;
}

/* ---- by brood ---- */

#define BEFORE 3 /* times that do not count: pages are new to the workers */

/* Repeated while a sample lasts. */
static apr_status_t time_maps(double *figure, brood_pool_t *pool, brood_kernel_fn kernel, double *out, const double *in,
                              apr_size_t count)
{
    uint64_t begin, rounds = 0;

    for (int i = 0; i < BEFORE; i++)
        BROOD_TRY(brood_pool_map_array(out, sizeof *out, pool, kernel, in, sizeof *in, count, NULL));
    begin = raw_now();
    do {
        BROOD_TRY(brood_pool_map_array(out, sizeof *out, pool, kernel, in, sizeof *in, count, NULL));
        rounds++;
    } while ((double) (raw_now() - begin) < bench_options.seconds * 1e9);
    *figure = (double) (rounds * count) * 1e3 / (double) (raw_now() - begin);
    return APR_SUCCESS;
}

static void fill(double *in, apr_size_t count)
{
    for (apr_size_t i = 0; i < count; i++)
        in[i] = (double) (i % 1000000) * 1e-3;
}

static apr_status_t make_arrays(double **in, double **out, apr_size_t count, apr_pool_t *mem)
{
    brood_array_t *array;

    BROOD_TRY(brood_raw_array_create(&array, 2 * count, sizeof **in, NULL, mem));
    *in = brood_array_data(array);
    *out = *in + count;
    fill(*in, count);
    return APR_SUCCESS;
}

static apr_status_t run_brood(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    const brood_kernel_fn kernel = self->count == 0 ? nothing : work;
    const apr_size_t count = items_of(self);
    double *own = NULL, *in, *out;
    brood_pool_t *pool;
    apr_status_t rc;

    if (self->kind == COPIED) {
        own = malloc(2 * count * sizeof *own);
        if (own == NULL)
            return brood_fail_text(APR_ENOMEM, "no memory for the arrays");
        in = own;
        out = own + count;
        fill(in, count);
    } else {
        BROOD_TRY(make_arrays(&in, &out, count, mem));
    }
    rc = brood_pool_create(&pool, 0, NULL, mem);
    if (rc == APR_SUCCESS)
        rc = time_maps(figure, pool, kernel, out, in, count);
    free(own);
    return rc;
}

/* ---- by others, in a process of its own, so that no thread of theirs spins beside the next case ---- */

static apr_status_t loop(bool *done, int kind, double *out, const double *in, apr_size_t count)
{
    *done = true;
    if (kind == OPENMP)
        *done = raw_openmp_work(out, in, count);
    else
        for (apr_size_t i = 0; i < count; i++)
            out[i] = raw_array_work(in[i]);
    return APR_SUCCESS;
}

static apr_status_t other(brood_call_t *call)
{
    uint64_t begin, rounds = 0;
    brood_array_t *figure;
    apr_size_t count;
    double *in, *out, seconds;
    bool done;
    int kind;

    BROOD_TRY(BROOD_UNPACK(call->args, &kind, &count, &seconds, &figure));
    BROOD_TRY(make_arrays(&in, &out, count, call->mem));
    for (int i = 0; i < BEFORE; i++)
        BROOD_TRY(loop(&done, kind, out, in, count));
    begin = raw_now();
    do {
        BROOD_TRY(loop(&done, kind, out, in, count));
        rounds++;
    } while ((double) (raw_now() - begin) < seconds * 1e9);
    *(double *) brood_array_data(figure) = done ? (double) (rounds * count) * 1e3 / (double) (raw_now() - begin) : 0;
    return APR_SUCCESS;
}

static apr_status_t run_other(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    brood_process_t *process;
    brood_array_t *result;

    BROOD_TRY(brood_raw_array_create(&result, 1, sizeof *figure, NULL, mem));
    BROOD_TRY(brood_process_start(&process, other,
                                  BROOD_ARGS(self->kind, items_of(self), bench_options.seconds, result), NULL, mem));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    *figure = *(double *) brood_array_data(result);
    return *figure != 0 ? APR_SUCCESS : APR_ENOTIMPL;
}

/* clang-format off */
#define WORK_ROWS(group, size, target)                                                              \
    {group, "in place", millions, run_brood, IN_PLACE, 1, size, {"OpenMP", "one thread"}, target},  \
    {group, "copied", millions, run_brood, COPIED, 1, size, {"OpenMP", "one thread"}, NULL},        \
    {group, "OpenMP", millions, run_other, OPENMP, 1, size, {"one thread"}, NULL},                  \
    {group, "one thread", millions, run_other, ONE_THREAD, 1, size, {NULL}, NULL}
/* clang-format on */

static apr_status_t app(brood_call_t *call)
{
    static const char nothing_at_all[] = "1e7 doubles, nothing done", millions[] = "millions of items a second";
    static const bench_case_t cases[] = {
        {nothing_at_all, "in place", millions, run_brood, IN_PLACE, 0, 10000000, {NULL}, ">= 200"},
        {nothing_at_all, "copied", millions, run_brood, COPIED, 0, 10000000, {NULL}, NULL},
        WORK_ROWS("1e7 doubles", 10000000, ">= 0.9 OpenMP"),
        WORK_ROWS("1e4 doubles", 10000, NULL),
    };

    return bench_run(cases, sizeof cases / sizeof cases[0], call->args, call->mem);
}

BROOD_MAIN(app, BROOD_KERNEL(nothing), BROOD_KERNEL(work), BROOD_ENTRY(other))
