/* member.c - one worker as the supervisor has it: a process, or a thread of this one. */
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

static apr_status_t start_process(brood__member_t *member, brood__local_t *local, unsigned index, unsigned number)
{
    brood_process_options_t options = local->options.process;
    brood_value_t args[ARGS];
    brood_connection_t *error;
    apr_status_t rc;

    options.name = apr_psprintf(member->mem, "%s-%u", options.name != NULL ? options.name : "PoolWorker", number);
    if (options.daemon == BROOD_INHERIT)
        options.daemon = BROOD_YES;
    error = brood__tails_open(&local->tails, index);
    rc = brood_process_start(&member->process, brood__worker_entry, args_of(local, index, number, error, args),
                             &options, member->mem);
    if (error != NULL)
        brood_connection_close(error);
    if (rc == APR_SUCCESS)
        member->id = member->process->id;
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
    self->local->member[self->index].over = true;
    brood__supervisor_poke(self->local);
    apr_thread_mutex_unlock(self->local->lock);
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    (void) thread;
    work(data);
    return NULL;
}

static apr_status_t start_thread(brood__member_t *member, brood__local_t *local, unsigned index, unsigned number)
{
    thread_worker_t *self = apr_palloc(member->mem, sizeof *self);
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
    rc = apr_thread_create(&member->thread, NULL, run, self, member->mem);
    return rc == APR_SUCCESS ? rc : brood_fail(rc, "no thread for a worker of a pool");
}

/* ---- both ---- */

apr_status_t brood__member_start(brood__member_t *member, brood__local_t *local, unsigned index, unsigned number)
{
    apr_status_t rc;

    *member = (brood__member_t){.number = number, .at = index};
    BROOD_TRY(brood__own_pool(&member->mem));
    rc = local->options.threads ? start_thread(member, local, index, number)
                                : start_process(member, local, index, number);
    if (rc == APR_SUCCESS)
        return rc;
    apr_pool_destroy(member->mem);
    member->mem = NULL;
    return rc;
}

void brood__member_end(brood__member_t *member, apr_time_t kill_at)
{
    if (member->process == NULL)
        return;
    BROOD_IGNORE(brood_process_terminate(member->process));
    if (member->kill_at == 0)
        member->kill_at = kill_at;
}

void brood__member_kill(brood__member_t *member)
{
    if (member->process != NULL)
        BROOD_IGNORE(brood_process_kill(member->process));
}

int brood__member_exitcode(const brood__member_t *member, char *epitaph, apr_size_t size)
{
    const int code = brood_process_exitcode(member->process);
    char how[BROOD__EPITAPH];

    (void) apr_snprintf(epitaph, size, "worker %s (pid %d) %s", brood_process_name(member->process),
                        brood_process_pid(member->process), brood__record_end_text(member->process, how, sizeof how));
    return code;
}

void brood__member_release(brood__member_t *member)
{
    apr_status_t rc;

    if (member->thread != NULL)
        apr_thread_join(&rc, member->thread);
    else
        BROOD_IGNORE(brood_process_join(member->process, BROOD_FOREVER));
    apr_pool_destroy(member->mem);
    *member = (brood__member_t){.process = NULL};
}
