/* start.c - the start and the end of a process, by each start method, beside the system's own calls. */
#include "raw/raw.h"
#include "support.h"

#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

enum { RAW_FORK, RAW_SPAWN, APR_SPAWN, FORK, SPAWN, FORKSERVER };

#define LEAST_STARTS 3

/* What main is to do in a peer's child. */
#define END "--end-at-once"
#define END_WITH_APR "--initialize-apr-and-end"

static apr_status_t nothing(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static apr_status_t start_and_join(brood_start_method_t method, apr_pool_t *mem)
{
    const brood_process_options_t options = {.start_method = method};
    brood_process_t *process;

    BROOD_TRY(brood_process_start(&process, nothing, BROOD_NO_ARGS, &options, mem));
    BROOD_TRY(brood_process_join(process, BROOD_FOREVER));
    return brood_process_exitcode(process) == 0 ? APR_SUCCESS : brood_fail_text(APR_EGENERAL, "the child failed");
}

static apr_status_t start_one(int kind, apr_pool_t *mem)
{
    switch (kind) {
    case RAW_FORK:
        return raw_fork();
    case RAW_SPAWN:
        return raw_spawn(END);
    case APR_SPAWN:
        return raw_spawn(END_WITH_APR);
    case FORK:
        return start_and_join(BROOD_START_FORK, mem);
    case SPAWN:
        return start_and_join(BROOD_START_SPAWN, mem);
    default:
        return start_and_join(BROOD_START_FORKSERVER, mem);
    }
}

static apr_status_t time_starts(double *figure, int kind, apr_pool_t *mem)
{
    apr_pool_t *each;
    uint64_t begin, now;
    int done = 0;

    BROOD_TRY(apr_pool_create(&each, mem));
    BROOD_TRY(start_one(kind, each)); /* the fork server, say, starts with the first request */
    begin = raw_now();
    do {
        apr_pool_clear(each);
        BROOD_TRY(start_one(kind, each));
        done++;
        now = raw_now();
    } while (done < LEAST_STARTS || (double) (now - begin) * 1e-9 < bench_options.seconds);
    *figure = (double) (now - begin) * 1e-3 / done;
    return APR_SUCCESS;
}

/* From a parent that has used so many MiB. */
static apr_status_t run(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    const apr_size_t size = (bench_options.quick ? 16 : self->size) << 20;
    char *used = NULL;
    apr_status_t rc;

    if (bench_options.pin)
        raw_pin(0);
    if (self->size != 0) {
        if ((used = malloc(size)) == NULL)
            return brood_fail_text(APR_ENOMEM, "no memory to be large");
        memset(used, 1, size);
    }
    rc = time_starts(figure, self->kind, mem);
    free(used);
    return rc;
}

static apr_status_t app(brood_call_t *call)
{
    static const char small[] = "Start and join, small parent", large[] = "Start and join, 1 GiB used";
    static const char microseconds[] = "us";
    static const bench_case_t cases[] = {
        {small, "bare fork", microseconds, run, RAW_FORK, 0, 0, {NULL}, NULL},
        {small, "fork", microseconds, run, FORK, 0, 0, {"bare fork"}, "<= 1.25 bare fork"},
        {small, "bare spawn", microseconds, run, RAW_SPAWN, 0, 0, {NULL}, NULL},
        {small, "APR spawn", microseconds, run, APR_SPAWN, 0, 0, {"bare spawn"}, NULL},
        {small, "spawn", microseconds, run, SPAWN, 0, 0, {"bare spawn", "APR spawn"}, "<= 1.25 APR spawn"},
        {small, "forkserver", microseconds, run, FORKSERVER, 0, 0, {"bare fork"}, "<= 200 us"},
        {large, "bare fork", microseconds, run, RAW_FORK, 0, 1024, {NULL}, NULL},
        {large, "fork", microseconds, run, FORK, 0, 1024, {"bare fork"}, "<= 1.25 bare fork"},
        {large, "bare spawn", microseconds, run, RAW_SPAWN, 0, 1024, {NULL}, NULL},
        {large, "APR spawn", microseconds, run, APR_SPAWN, 0, 1024, {"bare spawn"}, NULL},
        {large, "spawn", microseconds, run, SPAWN, 0, 1024, {"bare spawn", "APR spawn"}, "<= 1.25 APR spawn"},
        {large, "forkserver", microseconds, run, FORKSERVER, 0, 1024, {"bare fork"}, "<= 200 us"},
    };

    return bench_run(cases, sizeof cases / sizeof cases[0], call->args, call->mem);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRIES_END};

    if (argc == 2 && strcmp(argv[1], END) == 0)
        return EXIT_SUCCESS;
    if (argc == 2 && strcmp(argv[1], END_WITH_APR) == 0)
        return apr_initialize() == APR_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
    return brood_main(argc, argv, app, entries);
}
