#include "raw/openmp.h"

bool raw_openmp_work(double *out, const double *in, size_t count)
{
#ifdef _OPENMP
    const ptrdiff_t end = (ptrdiff_t) count;

#pragma omp parallel for
    for (ptrdiff_t i = 0; i < end; i++)
        out[i] = raw_array_work(in[i]);
    return true;
#else
    (void) out;
    (void) in;
    (void) count;
    return false;
#endif
}
