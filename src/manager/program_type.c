/* program_type.c - objects of the program's own types: their methods run in threads, those of one object one at a time. */
#include "manager/program_type.h"

#include "base/codec.h"
#include "base/own.h"
#include "base/status.h"
#include "base/value.h"
#include "manager/jobs.h"
#include "manager/proxy.h"
#include "manager/rpc.h"
#include "manager/server.h"
#include "process/call.h"
#include "process/entry.h"
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MOST 65535u

/* A type of the program as the server has it. */
typedef struct program_type_t {
    brood__type_t base;
    const brood_type_t *program;
} program_type_t;

typedef struct task_t task_t;

typedef struct instance_t {
    brood__referent_t base;
    apr_pool_t *pool; /* the object's; any thread, one at a time */
    void *self;
    bool made;             /* by its constructor */
    bool busy;             /* one of its calls is with a thread */
    task_t *first, **last; /* those that wait until it is not */
    brood__line_t line;
} instance_t;

/* One call. */
struct task_t {
    brood__job_t job;
    instance_t *instance;
    brood__waiter_t *waiter; /* NULL: nobody wants to know any more */
    brood_entry_fn entry;
    const char *name;
    const char *returns;
    brood__origin_t origin; /* for objects in arguments and result */
    apr_pool_t *pool;       /* the task's */
    brood_bytes_t args;     /* encoded */
    bool constructs;
    apr_status_t status;
    brood__output_t outcome; /* the result, or the record of the failure */
    task_t *next;
};

static instance_t *instance_of(brood__referent_t *referent)
{
    return (instance_t *) referent;
}

/* ---- in a thread ---- */

static apr_status_t run_entry(task_t *task)
{
    brood_value_t args = brood_nil();
    brood__work_t work;
    apr_status_t rc;

    BROOD_TRY(brood__decode(&args, task->args.data, task->args.size, false, task->pool));
    if (task->entry == NULL) { /* the object is the argument, which outlives the call */
        brood_value_t *kept = apr_palloc(task->instance->pool, sizeof *kept);

        if (brood_value_count(args) != 1)
            return brood_fail(BROOD_EARGS, "a %s is made of one argument", task->instance->base.type->name);
        BROOD_TRY(brood__value_copy(kept, brood_value_at(args, 0), task->instance->pool));
        task->instance->self = kept;
        return APR_SUCCESS;
    }
    BROOD_TRY(brood__work_init(&work, task->name, args, task->constructs ? task->instance->pool : task->pool));
    work.call.self = task->instance->self;
    rc = task->entry(&work.call);
    if (rc == APR_SUCCESS && task->constructs)
        task->instance->self = work.call.self;
    task->outcome = work.result;
    return rc;
}

static void record_failure(task_t *task, apr_status_t rc)
{
    if (brood_last_error()->status != rc)
        BROOD_IGNORE(brood_fail_text(rc, NULL));
    if (brood_last_error()->entry == NULL)
        brood__status_entry(task->name);
    task->outcome = (brood__output_t){NULL, 0, 0, task->pool};
    if (brood__encode(&task->outcome, brood__status_to_value(task->pool), 0) != APR_SUCCESS)
        task->outcome.size = 0;
}

static void run(brood__job_t *job)
{
    task_t *task = (task_t *) job;
    brood__client_exchange_t exchange = brood__client_exchange(&task->origin);
    brood__exchange_t *before = brood__exchange_enter(&exchange.exchange);

    task->status = run_entry(task);
    if (task->status != APR_SUCCESS)
        record_failure(task, task->status);
    (void) brood__exchange_enter(before);
}

/* ---- in the server's thread: what came of it ---- */

static apr_status_t fail_again(const task_t *task, apr_pool_t *mem)
{
    brood_value_t record = brood_nil();

    if (task->outcome.size != 0
        && brood__decode(&record, task->outcome.data, task->outcome.size, false, mem) == APR_SUCCESS)
        return brood__status_from_value(record);
    return brood_fail(task->status, "%s has failed", task->name);
}

/* An object of the type that the method is to return, made of the result; or BROOD__PARKED: the caller waits for that. */
static apr_status_t make_object(brood_value_t *value, const task_t *task, apr_pool_t *mem)
{
    const brood_value_t argument = *value;
    brood__request_t request = {.args = &argument, .count = 1, .mem = mem, .wanted = true};
    const brood__type_t *type = brood__type_find(task->returns, strlen(task->returns));
    brood__referent_t *made = NULL;

    request.client = task->waiter->client;
    request.peer = task->waiter->peer;
    request.number = task->waiter->number;
    if (type == NULL)
        return brood_fail(BROOD_EKIND, "%s returns a %s, which is no type of this manager", task->name, task->returns);
    BROOD_TRY(brood__referent_create(&made, type, &request));
    request.self = made;
    *value = brood__kind_to_value(made->ref.kind->tag, made);
    return type->created != NULL ? type->created(&request) : APR_SUCCESS;
}

static apr_status_t result_of(brood_value_t *value, const task_t *task, apr_pool_t *mem)
{
    *value = brood_nil();
    if (task->job.abandoned)
        return brood_fail_text(BROOD_ECANCELLED, "the manager has ended before the call could be run");
    if (task->status != APR_SUCCESS)
        return fail_again(task, mem);
    if (task->constructs)
        *value = brood__kind_to_value(task->instance->base.ref.kind->tag, task->instance);
    else if (task->outcome.size != 0)
        BROOD_TRY(brood__decode(value, task->outcome.data, task->outcome.size, false, mem));
    return task->returns != NULL ? make_object(value, task, mem) : APR_SUCCESS;
}

static void answer(const task_t *task)
{
    apr_pool_t *scratch = brood__server_here()->scratch;
    brood_value_t value = brood_nil();
    apr_status_t rc;

    if (task->waiter == NULL)
        return;
    rc = result_of(&value, task, scratch);
    if (rc == APR_SUCCESS)
        brood__waiter_return(task->waiter, value);
    else if (rc == BROOD__PARKED)
        brood__waiter_drop(task->waiter);
    else
        brood__waiter_fail(task->waiter);
}

static void end_task(task_t *task)
{
    brood__referent_drop_inside(&task->instance->base);
    apr_pool_destroy(task->pool);
}

/* ---- one at a time ---- */

static void begin_next(instance_t *instance);

static void done(brood__job_t *job)
{
    task_t *task = (task_t *) job;
    instance_t *instance = task->instance;

    instance->busy = false;
    if (task->constructs) {
        instance->made = task->status == APR_SUCCESS && !job->abandoned;
        if (!instance->made)
            brood__referent_unname(&instance->base);
    }
    answer(task);
    if (!job->abandoned)
        begin_next(instance);
    end_task(task);
}

static apr_status_t hand_to_thread(task_t *task)
{
    if (!task->constructs && !task->instance->made)
        return brood_fail(BROOD_ELOST, "the %s was never made: its constructor failed",
                          task->instance->base.type->name);
    return brood__jobs_add(brood__server_here()->jobs, &task->job);
}

static void begin_next(instance_t *instance)
{
    while (!instance->busy && instance->first != NULL) {
        task_t *task = instance->first;

        instance->first = task->next;
        if (instance->first == NULL)
            instance->last = &instance->first;
        instance->busy = hand_to_thread(task) == APR_SUCCESS;
        if (instance->busy)
            continue;
        if (task->waiter != NULL)
            brood__waiter_fail(task->waiter);
        end_task(task);
    }
}

static void gone(brood__waiter_t *waiter)
{
    task_t *task = (task_t *) (uintptr_t) waiter->count;

    task->waiter = NULL; /* it runs all the same */
}

static const brood__line_ops_t calls = {NULL, "the call has taken too long", gone};

static void wake(void *server)
{
    brood__pollset_wake(((brood__server_t *) server)->set);
}

/* The objects in the arguments are this process's, too, as long as a thread has proxies of them. */
static apr_status_t lend(brood__referent_t *referent, void *nothing)
{
    (void) nothing;
    return brood__session_lend(referent->number);
}

static apr_status_t make_task(task_t **task, brood__request_t *request)
{
    brood__server_t *server = brood__server_here();
    brood__output_t output;
    task_t *made;
    apr_pool_t *pool;
    apr_status_t rc;

    if (server->jobs == NULL)
        BROOD_TRY(brood__jobs_create(&server->jobs, wake, server));
    BROOD_TRY(brood__own_pool(&pool));
    output = (brood__output_t){NULL, 0, 0, pool};
    rc = brood__encode(&output, brood_list(request->args, request->count), 0);
    if (rc != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return rc;
    }
    made = apr_pcalloc(pool, sizeof *made);
    made->pool = pool;
    made->job = (brood__job_t){run, done, 0, NULL};
    made->instance = instance_of(request->self);
    made->args = (brood_bytes_t){output.data, output.size};
    brood__server_origin(&made->origin, server);
    rc = brood__referents_in(brood_list(request->args, request->count), lend, NULL);
    if (rc != APR_SUCCESS)
        apr_pool_destroy(pool);
    else
        *task = made;
    return rc;
}

/* The caller waits until it has been run. */
static apr_status_t enqueue(brood__request_t *request, brood_entry_fn entry, const char *name, const char *returns,
                            bool constructs)
{
    instance_t *instance = instance_of(request->self);
    task_t *task = NULL;
    apr_status_t rc;

    BROOD_TRY(make_task(&task, request));
    task->entry = entry;
    task->name = name;
    task->returns = returns;
    task->constructs = constructs;
    rc = brood__request_park(&task->waiter, request, &instance->line, &calls, -1);
    if (rc != BROOD__PARKED) {
        apr_pool_destroy(task->pool);
        return rc;
    }
    task->waiter->count = (uint64_t) (uintptr_t) task;
    brood__referent_hold_inside(&instance->base);
    *instance->last = task;
    instance->last = &task->next;
    begin_next(instance);
    return BROOD__PARKED;
}

/* ---- the type ---- */

static apr_status_t create(brood__referent_t *self, brood__request_t *request)
{
    instance_t *instance = instance_of(self);

    (void) request;
    instance->last = &instance->first;
    return brood__own_pool(&instance->pool);
}

static apr_status_t construct(brood__request_t *request)
{
    const brood__type_t *type = request->self->type;

    return enqueue(request, ((const program_type_t *) type)->program->create, type->name, NULL, true);
}

static apr_status_t call(brood__request_t *request)
{
    const program_type_t *type = (const program_type_t *) request->self->type;
    const brood_method_t *method = type->program->methods;

    while (strcmp(method->name, request->method->name) != 0)
        method++;
    return enqueue(request, method->method, method->name, method->returns, false);
}

static void destroy(brood__referent_t *self)
{
    if (instance_of(self)->pool != NULL)
        apr_pool_destroy(instance_of(self)->pool);
    instance_of(self)->pool = NULL;
}

static const char *string(brood__referent_t *self, apr_pool_t *mem)
{
    return apr_psprintf(mem, "<%s object %lu>", self->type->name, (unsigned long) self->number);
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const brood__method_t *) left)->name, ((const brood__method_t *) right)->name);
}

static const brood__type_t *make_type(const brood_type_t *program, apr_pool_t *mem)
{
    program_type_t *made = apr_pcalloc(mem, sizeof *made);
    brood__method_t *methods;
    size_t count = 0;

    while (program->methods != NULL && program->methods[count].name != NULL)
        count++;
    methods = apr_pcalloc(mem, (count + 1) * sizeof *methods);
    for (size_t i = 0; i < count; i++)
        methods[i] = (brood__method_t){program->methods[i].name, 0, ARGS_MOST, call};
    qsort(methods, count, sizeof *methods, by_name);
    made->base = (brood__type_t){.name = program->name,
                                 .tag = BROOD__TAG_PROXY,
                                 .size = sizeof(instance_t),
                                 .create = create,
                                 .created = construct,
                                 .destroy = destroy,
                                 .string = string,
                                 .methods = methods,
                                 .method_count = count};
    made->program = program;
    return &made->base;
}

const brood__type_t *brood__program_type_find(const char *name, size_t size)
{
    brood__server_t *server = brood__server_here();
    const brood_type_t *program = brood__program_type(name, size);
    const brood__type_t *type;

    if (program == NULL)
        return NULL;
    type = apr_hash_get(server->types, program->name, APR_HASH_KEY_STRING);
    if (type == NULL) {
        type = make_type(program, server->pool);
        apr_hash_set(server->types, program->name, APR_HASH_KEY_STRING, type);
    }
    return type;
}
