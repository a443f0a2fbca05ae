#include "support.h"

#include <apr_file_io.h>
#include <apr_thread_proc.h>
#include <stdlib.h>

#ifndef BENCH_PEER
#define BENCH_PEER "bench/peer.py" /* from the project's folder */
#endif

#define WORD 200   /* of output, at most */
#define NOT_HERE 3 /* the exit code, if Python lacks what is asked for */

static apr_status_t run(apr_proc_t *process, const char *const *argv, apr_pool_t *mem)
{
    apr_procattr_t *attributes;

    BROOD_TRY(apr_procattr_create(&attributes, mem));
    BROOD_TRY(apr_procattr_cmdtype_set(attributes, APR_PROGRAM_PATH));
    BROOD_TRY(apr_procattr_io_set(attributes, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE));
    BROOD_TRY(apr_procattr_error_check_set(attributes, 1));
    return apr_proc_create(process, argv[0], argv, NULL, attributes, mem);
}

apr_status_t bench_python(double *figure, const char *what, int count, apr_size_t size, apr_pool_t *mem)
{
    const char *seconds = apr_psprintf(mem, "%d", (int) (bench_options.seconds * 1000));
    const char *const argv[] = {
        "python3", BENCH_PEER, what, apr_psprintf(mem, "%d", count), apr_psprintf(mem, "%lu", (unsigned long) size),
        seconds,   NULL};
    apr_size_t got = 0, part = WORD;
    apr_exit_why_e why;
    apr_proc_t process;
    char text[WORD + 1];
    int code = 1;

    if (run(&process, argv, mem) != APR_SUCCESS)
        return APR_ENOTIMPL;
    while (got < WORD && apr_file_read(process.out, text + got, &part) == APR_SUCCESS) {
        got += part;
        part = WORD - got;
    }
    text[got] = '\0';
    if (apr_proc_wait(&process, &code, &why, APR_WAIT) == APR_CHILD_DONE && code == NOT_HERE)
        return APR_ENOTIMPL;
    if (code != 0)
        return brood_fail(APR_EGENERAL, "peer.py %s: %s", what, text);
    *figure = atof(text);
    return *figure > 0 ? APR_SUCCESS : brood_fail(APR_EGENERAL, "peer.py %s: %s", what, text);
}
