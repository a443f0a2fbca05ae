/* hand.c - one worker as the supervisor has it: a process, or a thread of this one. */
#include "pool/local.h"

#include "base/own.h"
#include "base/status.h"
#include "pool/run_queue.h"
#include "process/family.h"
#include <apr_strings.h>
#include <brood/pack.h>

#define ARGS 11 /* of a worker's entry */

/* ---- processes ---- */

static brood_value_t args_of(const brood__local_t *local, unsigned index, unsigned number, brood_connection_t *error,
                             brood_value_t args[ARGS])
{
    const brood_pool_options_t *options = &local->options;

    args[0] = brood__kind_to_value(BROOD__TAG_BOARD, local->board);
    args[1] = options->initializer != NULL ? brood_entry(options->initializer) : brood_nil();
    args[2] = options->initargs;
    args[3] = brood_uint(options->max_tasks_per_worker);
    args[4] = brood_uint(options->max_memory_per_worker);
    args[5] = brood_int(options->max_age_of_worker);
    args[6] = brood_uint(options->nice);
    args[7] = brood_bool(options->pin);
    args[8] = brood_uint(index);
    args[9] = brood_uint(number);
    args[10] = error != NULL ? brood_connection_to_value(error) : brood_nil();
    return brood_list(args, ARGS);
}

static apr_status_t start_process(brood__hand_t *hand, brood__local_t *local, unsigned index, unsigned number)
{
    brood_process_options_t options = local->options.process;
    brood_value_t args[ARGS];
    brood_connection_t *error;
    apr_status_t rc;

    options.name = apr_psprintf(hand->mem, "%s-%u", options.name != NULL ? options.name : "PoolWorker", number);
    if (options.daemon == BROOD_INHERIT)
        options.daemon = BROOD_YES;
    error = brood__tails_open(&local->tails, index);
    rc = brood_process_start(&hand->process, brood__worker_entry, args_of(local, index, number, error, args), &options,
                             hand->mem);
    if (error != NULL)
        brood_connection_close(error);
    if (rc == APR_SUCCESS)
        hand->id = hand->process->id;
    return rc;
}

/* ---- threads ---- */

typedef struct thread_worker_t {
    brood__worker_t worker;
    brood__local_t *local;
    unsigned index;
} thread_worker_t;

/* It does not end before it is known. */
static void work(thread_worker_t *self)
{
    brood__worker_t *worker = &self->worker;
    apr_pool_t *mem;

    if (brood__own_pool(&mem) == APR_SUCCESS) {
        brood__worker_run(worker, mem);
        apr_pool_destroy(mem);
    } else {
        (void) brood__run_queue_enter(&worker->seat, brood__board(worker->board), worker->at, worker->number);
    }
    brood__status_clear();
    apr_thread_mutex_lock(self->local->lock);
    self->local->hand[self->index].over = true;
    brood__supervisor_poke(self->local);
    apr_thread_mutex_unlock(self->local->lock);
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    (void) thread;
    work(data);
    return NULL;
}

static apr_status_t start_thread(brood__hand_t *hand, brood__local_t *local, unsigned index, unsigned number)
{
    thread_worker_t *self = apr_palloc(hand->mem, sizeof *self);
    const brood_pool_options_t *options = &local->options;
    apr_status_t rc;

    *self = (thread_worker_t){.worker = {.board = local->board,
                                         .at = index,
                                         .number = number,
                                         .initializer = options->initializer,
                                         .initargs = options->initargs,
                                         .max_tasks = options->max_tasks_per_worker,
                                         .max_age = options->max_age_of_worker,
                                         .is_thread = true},
                              .local = local,
                              .index = index};
    rc = apr_thread_create(&hand->thread, NULL, run, self, hand->mem);
    return rc == APR_SUCCESS ? rc : brood_fail(rc, "no thread for a worker of a pool");
}

/* ---- both ---- */

apr_status_t brood__hand_start(brood__hand_t *hand, brood__local_t *local, unsigned index, unsigned number)
{
    apr_status_t rc;

    *hand = (brood__hand_t){.number = number, .at = index};
    BROOD_TRY(brood__own_pool(&hand->mem));
    rc = local->options.threads ? start_thread(hand, local, index, number) : start_process(hand, local, index, number);
    if (rc == APR_SUCCESS)
        return rc;
    apr_pool_destroy(hand->mem);
    hand->mem = NULL;
    return rc;
}

void brood__hand_end(brood__hand_t *hand, apr_time_t kill_at)
{
    if (hand->process == NULL)
        return;
    BROOD_IGNORE(brood_process_terminate(hand->process));
    if (hand->kill_at == 0)
        hand->kill_at = kill_at;
}

void brood__hand_kill(brood__hand_t *hand)
{
    if (hand->process != NULL)
        BROOD_IGNORE(brood_process_kill(hand->process));
}

int brood__hand_exitcode(const brood__hand_t *hand, char *epitaph, apr_size_t size)
{
    const int code = brood_process_exitcode(hand->process);
    char how[BROOD__EPITAPH];

    (void) apr_snprintf(epitaph, size, "worker %s (pid %d) %s", brood_process_name(hand->process),
                        brood_process_pid(hand->process), brood__record_end_text(hand->process, how, sizeof how));
    return code;
}

void brood__hand_release(brood__hand_t *hand)
{
    apr_status_t rc;

    if (hand->thread != NULL)
        apr_thread_join(&rc, hand->thread);
    else
        BROOD_IGNORE(brood_process_join(hand->process, BROOD_FOREVER));
    apr_pool_destroy(hand->mem);
    *hand = (brood__hand_t){.process = NULL};
}
