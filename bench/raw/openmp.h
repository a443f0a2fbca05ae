/* openmp.h - a parallel loop of the compiler's own, beside maps over arrays: openmp.c, with OpenMP if CMake found it. */
#ifndef BENCH_RAW_OPENMP_H
#define BENCH_RAW_OPENMP_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* The work of an item: some 50 ns. */
static inline double raw_array_work(double x)
{
    return sqrt(x) * sin(x) + sqrt(1 + sin(2 * x) * sin(3 * x));
}

/* The work of all items by as many threads as there are CPUs.  False: there is no OpenMP. */
bool raw_openmp_work(double *out, const double *in, size_t count);

#endif
