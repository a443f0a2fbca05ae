/* pool_workers.c - the workers of a pool in a manager's server, from their beginning to their end. */
#include "manager/pool_workers.h"

#include "base/codec.h"
#include "base/own.h"
#include "base/status.h"
#include "base/value.h"
#include "manager/proxy.h"
#include "process/call.h"
#include "process/entry.h"
#include <apr_strings.h>
#include <brood/exit.h>
#include <limits.h>
#include <string.h>

/* ---- options ---- */

static brood_value_t option(brood_value_t map, const char *key)
{
    for (apr_size_t i = 0; map.kind == BROOD_KIND_MAP && i < map.as.list.count; i++)
        if (brood_value_equal(map.as.list.items[2 * i], brood_text(key)))
            return map.as.list.items[2 * i + 1];
    return brood_nil();
}

static apr_status_t fail_option(const char *key, brood_value_t value)
{
    char brief[BROOD__BRIEF];

    return brood_fail(BROOD_EARGS, "the option %s of a pool cannot be %s", key, brood__value_brief(brief, value));
}

static apr_status_t read_number(apr_int64_t *number, brood_value_t map, const char *key, apr_int64_t most)
{
    const brood_value_t value = option(map, key);

    if (value.kind == BROOD_KIND_NIL)
        return APR_SUCCESS;
    if (brood_value_int(number, value) == APR_SUCCESS && *number >= 0 && *number <= most)
        return APR_SUCCESS;
    return fail_option(key, value);
}

static apr_status_t read_count(unsigned *count, brood_value_t map, const char *key)
{
    apr_int64_t number = 0;

    BROOD_TRY(read_number(&number, map, key, UINT_MAX));
    *count = (unsigned) number;
    return APR_SUCCESS;
}

static bool read_flag(brood_value_t map, const char *key)
{
    const brood_value_t value = option(map, key);

    return value.kind == BROOD_KIND_BOOL && value.as.boolean;
}

static apr_status_t read_initializer(brood_pool_options_t *options, brood_value_t map)
{
    const brood_value_t name = option(map, "initializer");

    if (name.kind == BROOD_KIND_NIL)
        return APR_SUCCESS;
    if (name.kind != BROOD_KIND_TEXT)
        return fail_option("initializer", name);
    options->initializer = brood__entry_by_name(name.as.text.data, name.as.text.size);
    if (options->initializer != NULL)
        return APR_SUCCESS;
    return brood_fail(BROOD_EENTRY, "the manager's program has no entry '%.*s'",
                      (int) (name.as.text.size < 128 ? name.as.text.size : 128), name.as.text.data);
}

static apr_status_t read_bytes(brood__pool_workers_t *workers, brood_value_t map)
{
    const brood_value_t args = option(map, "initargs"), name = option(map, "name");

    if (name.kind == BROOD_KIND_TEXT)
        workers->options.process.name = apr_pstrmemdup(workers->mem, name.as.text.data, name.as.text.size);
    else if (name.kind != BROOD_KIND_NIL)
        return fail_option("name", name);
    if (args.kind == BROOD_KIND_NIL)
        return APR_SUCCESS;
    if (args.kind != BROOD_KIND_BYTES)
        return fail_option("initargs", args);
    workers->initargs =
        (brood_bytes_t){apr_pmemdup(workers->mem, args.as.bytes.data, args.as.bytes.size), args.as.bytes.size};
    return APR_SUCCESS;
}

static apr_status_t read_options(brood__pool_workers_t *workers, brood_value_t map)
{
    brood_pool_options_t *options = &workers->options;
    apr_int64_t memory = 0, age = 0;

    BROOD_TRY(read_initializer(options, map));
    BROOD_TRY(read_bytes(workers, map));
    BROOD_TRY(read_count(&options->max_tasks_per_worker, map, "max_tasks"));
    BROOD_TRY(read_number(&memory, map, "max_memory", PTRDIFF_MAX));
    BROOD_TRY(read_number(&age, map, "max_age", INT64_MAX));
    BROOD_TRY(read_count(&options->nice, map, "nice"));
    options->max_memory_per_worker = (apr_size_t) memory;
    options->max_age_of_worker = age;
    options->pin = read_flag(map, "pin");
    options->lazy = read_flag(map, "lazy");
    options->threads = read_flag(map, "threads");
    options->direct_stderr = read_flag(map, "direct_stderr");
    return APR_SUCCESS;
}

static apr_status_t fill(brood__pool_workers_t *workers, apr_int64_t count, brood_value_t options)
{
    apr_status_t rc;

    if (count < 0 || count > BROOD_POOL_LIMIT)
        return brood_fail(APR_EINVAL, "a pool has %u workers at most", BROOD_POOL_LIMIT);
    workers->count = count != 0 ? (unsigned) count : (unsigned) brood_usable_cpu_count();
    if (options.kind != BROOD_KIND_NIL && options.kind != BROOD_KIND_MAP)
        return fail_option("map", options);
    BROOD_TRY(read_options(workers, options));
    rc = apr_thread_mutex_create(&workers->lock, APR_THREAD_MUTEX_UNNESTED, workers->mem);
    return rc == APR_SUCCESS ? rc : brood_fail_text(rc, "no lock for a manager's pool");
}

apr_status_t brood__pool_workers_create(brood__pool_workers_t **workers, apr_int64_t count, brood_value_t options)
{
    brood__pool_workers_t *made;
    apr_pool_t *mem;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&mem));
    made = apr_pcalloc(mem, sizeof *made);
    made->mem = mem;
    made->server = brood__server_here();
    made->failure.mem = mem;
    brood__server_origin(&made->origin, made->server);
    rc = fill(made, count, options);
    if (rc == APR_SUCCESS)
        *workers = made;
    else
        apr_pool_destroy(mem);
    return rc;
}

/* ---- the thread that hears of outcomes ---- */

static void wake(void *server)
{
    brood__pollset_wake(((brood__server_t *) server)->set);
}

/* Also if there is nothing: something else has changed then. */
static void note(brood__pool_workers_t *workers, const brood__arrivals_t *arrivals)
{
    for (uint32_t i = 0; i < arrivals->count; i++)
        if (arrivals->ticket[i] / 64 < BROOD__POOL_WORKERS_WORDS)
            atomic_fetch_or(&workers->arrived[arrivals->ticket[i] / 64], UINT64_C(1) << arrivals->ticket[i] % 64);
    if (!atomic_exchange(&workers->news, true))
        wake(workers->server);
}

static void *APR_THREAD_FUNC receive(apr_thread_t *thread, void *data)
{
    brood__pool_workers_t *workers = data;
    brood__arrivals_t arrivals;

    (void) thread;
    while (!atomic_load(&workers->ending)
           && workers->engine->ops->receive(&arrivals, workers->engine, BROOD_FOREVER) == APR_SUCCESS)
        note(workers, &arrivals);
    brood__status_clear();
    return NULL;
}

static apr_status_t begin_receiver(brood__pool_workers_t *workers)
{
    apr_status_t rc;

    brood__own_thread_begins();
    rc = apr_thread_create(&workers->receiver, NULL, receive, workers, workers->mem);
    if (rc == APR_SUCCESS)
        return rc;
    brood__own_thread_ended();
    workers->receiver = NULL;
    return brood_fail_text(rc, "no thread for a manager's pool");
}

bool brood__pool_workers_has_news(brood__pool_workers_t *workers)
{
    return atomic_load_explicit(&workers->news, memory_order_relaxed) && atomic_exchange(&workers->news, false);
}

bool brood__pool_workers_next(uint32_t *ticket, brood__pool_workers_t *workers)
{
    for (uint32_t word = 0; word < BROOD__POOL_WORKERS_WORDS; word++) {
        const uint64_t bits = atomic_load(&workers->arrived[word]);
        uint32_t bit = 0;

        if (bits == 0)
            continue;
        while ((bits >> bit & 1) == 0)
            bit++;
        atomic_fetch_and(&workers->arrived[word], ~(UINT64_C(1) << bit));
        *ticket = word * 64 + bit;
        return true;
    }
    return false;
}

/* ---- the beginning ---- */

/* Objects in the arguments of the initializer become proxies, as long as the workers live. */
static apr_status_t decode_args(brood__pool_workers_t *workers)
{
    brood__client_exchange_t exchange = brood__client_exchange(&workers->origin);
    brood__exchange_t *before;
    apr_status_t rc;

    if (workers->initargs.data == NULL)
        return APR_SUCCESS;
    before = brood__exchange_enter(&exchange.exchange);
    rc = brood__decode(&workers->options.initargs, workers->initargs.data, workers->initargs.size, false, workers->mem);
    (void) brood__exchange_enter(before);
    return rc == APR_SUCCESS ? brood__check_args(workers->options.initargs) : rc;
}

static apr_status_t open_engine(brood__pool_workers_t *workers)
{
    apr_status_t rc;

    BROOD_TRY(decode_args(workers));
    BROOD_TRY(brood__local_open(&workers->engine, workers->count, &workers->options, workers->lock, workers->mem));
    rc = begin_receiver(workers);
    if (rc != APR_SUCCESS) {
        workers->engine->ops->destroy(workers->engine);
        workers->engine = NULL;
    }
    return rc;
}

static void run_open(brood__job_t *job)
{
    brood__pool_workers_t *workers = (brood__pool_workers_t *) job;

    workers->status = open_engine(workers);
    if (workers->status != APR_SUCCESS
        && brood__encode(&workers->failure, brood__status_to_value(workers->mem), 0) != APR_SUCCESS)
        workers->failure.size = 0;
}

static void done_open(brood__job_t *job)
{
    brood__pool_workers_t *workers = (brood__pool_workers_t *) job;

    if (job->abandoned)
        workers->status = BROOD_ECANCELLED;
    workers->opened(workers->user);
}

static apr_status_t add_job(brood__pool_workers_t *workers, void (*run)(brood__job_t *job),
                            void (*done)(brood__job_t *job))
{
    if (workers->server->jobs == NULL)
        BROOD_TRY(brood__jobs_create(&workers->server->jobs, wake, workers->server));
    workers->job = (brood__job_t){run, done, 0, NULL};
    return brood__jobs_add(workers->server->jobs, &workers->job);
}

apr_status_t brood__pool_workers_open(brood__pool_workers_t *workers, void (*opened)(void *user), void *user)
{
    workers->opened = opened;
    workers->user = user;
    return add_job(workers, run_open, done_open);
}

apr_status_t brood__pool_workers_fail(const brood__pool_workers_t *workers, apr_pool_t *mem)
{
    brood_value_t record = brood_nil();

    if (workers->failure.size != 0
        && brood__decode(&record, workers->failure.data, workers->failure.size, false, mem) == APR_SUCCESS)
        return brood__status_from_value(record);
    if (workers->status == BROOD_ECANCELLED)
        return brood_fail_text(BROOD_ECANCELLED, "the manager has ended before the pool could begin");
    return brood_fail_text(workers->status, "the workers of the pool could not be started");
}

/* ---- the end ---- */

static void run_end(brood__job_t *job)
{
    brood__pool_workers_t *workers = (brood__pool_workers_t *) job;
    brood__engine_t *engine = workers->engine;
    apr_status_t rc;

    atomic_store(&workers->ending, true);
    brood__pool_workers_lock(workers);
    engine->ops->terminate(engine, workers->kill);
    engine->ops->interrupt(engine);
    brood__pool_workers_unlock(workers);
    apr_thread_join(&rc, workers->receiver);
    brood__own_thread_ended();
    engine->ops->destroy(engine);
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        engine->ops->discard(workers->blocks[i]);
    workers->engine = NULL;
}

/* If no thread has come to it the workers are ended here, without delay. */
static void done_end(brood__job_t *job)
{
    brood__pool_workers_t *workers = (brood__pool_workers_t *) job;

    if (workers->engine != NULL) {
        workers->kill = true;
        run_end(job);
    }
    apr_pool_destroy(workers->mem);
}

void brood__pool_workers_end(brood__pool_workers_t *workers)
{
    const bool in_thread = workers->engine != NULL && workers->server->jobs != NULL;

    if (!in_thread || add_job(workers, run_end, done_end) != APR_SUCCESS)
        done_end(&workers->job);
}
