/* A supervisor: three workers, each of which may die; who dies is started again, until all have done their work. */
#include <brood.h>
#include <stdio.h>
#include <stdlib.h>

#define WORKERS 3

typedef struct worker_t {
    brood_process_t *process;
    apr_pool_t *mem; /* of one life */
    int life;
} worker_t;

static apr_status_t work(brood_call_t *call)
{
    int number, life;

    BROOD_TRY(BROOD_UNPACK(call->args, &number, &life));
    if (life < number)
        abort(); /* worker 3 does well in its third life */
    printf("worker %d: done\n", number);
    return APR_SUCCESS;
}

static apr_status_t begin(worker_t *worker, int number)
{
    apr_pool_clear(worker->mem); /* what was kept of its last life */
    worker->life++;
    return brood_process_start(&worker->process, work, BROOD_ARGS(number, worker->life), NULL, worker->mem);
}

static apr_status_t app(brood_call_t *call)
{
    worker_t workers[WORKERS] = {{NULL, NULL, 0}};
    int busy[WORKERS]; /* which ones are */
    brood_wait_t ends[WORKERS];
    apr_size_t count = WORKERS;

    for (int i = 0; i < WORKERS; i++) {
        BROOD_TRY(apr_pool_create(&workers[i].mem, call->mem));
        BROOD_TRY(begin(&workers[i], i + 1));
        busy[i] = i;
    }
    while (count > 0) {
        apr_size_t left = 0;

        for (apr_size_t i = 0; i < count; i++)
            ends[i] = BROOD_WAIT(workers[busy[i]].process);
        BROOD_TRY(brood_wait(ends, count, BROOD_FOREVER));
        for (apr_size_t i = 0; i < count; i++) {
            worker_t *worker = &workers[busy[i]];

            if (ends[i].ready && brood_process_exitcode(worker->process) == 0)
                continue;
            if (ends[i].ready) {
                printf("worker %d: died in life %d, started again\n", busy[i] + 1, worker->life);
                BROOD_TRY(begin(worker, busy[i] + 1));
            }
            busy[left++] = busy[i];
        }
        count = left;
    }
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(work))
