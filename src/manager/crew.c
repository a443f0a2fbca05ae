/* crew.c - the workers of a pool in a manager's server, from their beginning to their end. */
#include "manager/crew.h"

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

static apr_status_t read_bytes(brood__crew_t *crew, brood_value_t map)
{
    const brood_value_t args = option(map, "initargs"), name = option(map, "name");

    if (name.kind == BROOD_KIND_TEXT)
        crew->options.process.name = apr_pstrmemdup(crew->mem, name.as.text.data, name.as.text.size);
    else if (name.kind != BROOD_KIND_NIL)
        return fail_option("name", name);
    if (args.kind == BROOD_KIND_NIL)
        return APR_SUCCESS;
    if (args.kind != BROOD_KIND_BYTES)
        return fail_option("initargs", args);
    crew->initargs =
        (brood_bytes_t){apr_pmemdup(crew->mem, args.as.bytes.data, args.as.bytes.size), args.as.bytes.size};
    return APR_SUCCESS;
}

static apr_status_t read_options(brood__crew_t *crew, brood_value_t map)
{
    brood_pool_options_t *options = &crew->options;
    apr_int64_t memory = 0, age = 0;

    BROOD_TRY(read_initializer(options, map));
    BROOD_TRY(read_bytes(crew, map));
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

static apr_status_t fill(brood__crew_t *crew, apr_int64_t workers, brood_value_t options)
{
    apr_status_t rc;

    if (workers < 0 || workers > BROOD_POOL_LIMIT)
        return brood_fail(APR_EINVAL, "a pool has %u workers at most", BROOD_POOL_LIMIT);
    crew->workers = workers != 0 ? (unsigned) workers : (unsigned) brood_usable_cpu_count();
    if (options.kind != BROOD_KIND_NIL && options.kind != BROOD_KIND_MAP)
        return fail_option("map", options);
    BROOD_TRY(read_options(crew, options));
    rc = apr_thread_mutex_create(&crew->lock, APR_THREAD_MUTEX_UNNESTED, crew->mem);
    return rc == APR_SUCCESS ? rc : brood_fail_text(rc, "no lock for a manager's pool");
}

apr_status_t brood__crew_create(brood__crew_t **crew, apr_int64_t workers, brood_value_t options)
{
    brood__crew_t *made;
    apr_pool_t *mem;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&mem));
    made = apr_pcalloc(mem, sizeof *made);
    made->mem = mem;
    made->server = brood__server_here();
    made->failure.mem = mem;
    brood__server_origin(&made->origin, made->server);
    rc = fill(made, workers, options);
    if (rc == APR_SUCCESS)
        *crew = made;
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
static void note(brood__crew_t *crew, const brood__arrivals_t *arrivals)
{
    for (uint32_t i = 0; i < arrivals->count; i++)
        if (arrivals->ticket[i] / 64 < BROOD__CREW_WORDS)
            atomic_fetch_or(&crew->arrived[arrivals->ticket[i] / 64], UINT64_C(1) << arrivals->ticket[i] % 64);
    if (!atomic_exchange(&crew->news, true))
        wake(crew->server);
}

static void *APR_THREAD_FUNC receive(apr_thread_t *thread, void *data)
{
    brood__crew_t *crew = data;
    brood__arrivals_t arrivals;

    (void) thread;
    while (!atomic_load(&crew->ending)
           && crew->engine->ops->receive(&arrivals, crew->engine, BROOD_FOREVER) == APR_SUCCESS)
        note(crew, &arrivals);
    brood__status_clear();
    return NULL;
}

static apr_status_t begin_receiver(brood__crew_t *crew)
{
    apr_status_t rc;

    brood__own_thread_begins();
    rc = apr_thread_create(&crew->receiver, NULL, receive, crew, crew->mem);
    if (rc == APR_SUCCESS)
        return rc;
    brood__own_thread_ended();
    crew->receiver = NULL;
    return brood_fail_text(rc, "no thread for a manager's pool");
}

bool brood__crew_has_news(brood__crew_t *crew)
{
    return atomic_load_explicit(&crew->news, memory_order_relaxed) && atomic_exchange(&crew->news, false);
}

bool brood__crew_next(uint32_t *ticket, brood__crew_t *crew)
{
    for (uint32_t word = 0; word < BROOD__CREW_WORDS; word++) {
        const uint64_t bits = atomic_load(&crew->arrived[word]);
        uint32_t bit = 0;

        if (bits == 0)
            continue;
        while ((bits >> bit & 1) == 0)
            bit++;
        atomic_fetch_and(&crew->arrived[word], ~(UINT64_C(1) << bit));
        *ticket = word * 64 + bit;
        return true;
    }
    return false;
}

/* ---- the beginning ---- */

/* Objects in the arguments of the initializer become proxies, as long as the crew lives. */
static apr_status_t decode_args(brood__crew_t *crew)
{
    brood__client_exchange_t exchange = brood__client_exchange(&crew->origin);
    brood__exchange_t *before;
    apr_status_t rc;

    if (crew->initargs.data == NULL)
        return APR_SUCCESS;
    before = brood__exchange_enter(&exchange.exchange);
    rc = brood__decode(&crew->options.initargs, crew->initargs.data, crew->initargs.size, false, crew->mem);
    (void) brood__exchange_enter(before);
    return rc == APR_SUCCESS ? brood__check_args(crew->options.initargs) : rc;
}

static apr_status_t open_engine(brood__crew_t *crew)
{
    apr_status_t rc;

    BROOD_TRY(decode_args(crew));
    BROOD_TRY(brood__local_open(&crew->engine, crew->workers, &crew->options, crew->lock, crew->mem));
    rc = begin_receiver(crew);
    if (rc != APR_SUCCESS) {
        crew->engine->ops->destroy(crew->engine);
        crew->engine = NULL;
    }
    return rc;
}

static void run_open(brood__job_t *job)
{
    brood__crew_t *crew = (brood__crew_t *) job;

    crew->status = open_engine(crew);
    if (crew->status != APR_SUCCESS
        && brood__encode(&crew->failure, brood__status_to_value(crew->mem), 0) != APR_SUCCESS)
        crew->failure.size = 0;
}

static void done_open(brood__job_t *job)
{
    brood__crew_t *crew = (brood__crew_t *) job;

    if (job->abandoned)
        crew->status = BROOD_ECANCELLED;
    crew->opened(crew->user);
}

static apr_status_t add_job(brood__crew_t *crew, void (*run)(brood__job_t *job), void (*done)(brood__job_t *job))
{
    if (crew->server->jobs == NULL)
        BROOD_TRY(brood__jobs_create(&crew->server->jobs, wake, crew->server));
    crew->job = (brood__job_t){run, done, 0, NULL};
    return brood__jobs_add(crew->server->jobs, &crew->job);
}

apr_status_t brood__crew_open(brood__crew_t *crew, void (*opened)(void *user), void *user)
{
    crew->opened = opened;
    crew->user = user;
    return add_job(crew, run_open, done_open);
}

apr_status_t brood__crew_fail(const brood__crew_t *crew, apr_pool_t *mem)
{
    brood_value_t record = brood_nil();

    if (crew->failure.size != 0
        && brood__decode(&record, crew->failure.data, crew->failure.size, false, mem) == APR_SUCCESS)
        return brood__status_from_value(record);
    if (crew->status == BROOD_ECANCELLED)
        return brood_fail_text(BROOD_ECANCELLED, "the manager has ended before the pool could begin");
    return brood_fail_text(crew->status, "the workers of the pool could not be started");
}

/* ---- the end ---- */

static void run_end(brood__job_t *job)
{
    brood__crew_t *crew = (brood__crew_t *) job;
    brood__engine_t *engine = crew->engine;
    apr_status_t rc;

    atomic_store(&crew->ending, true);
    brood__crew_lock(crew);
    engine->ops->terminate(engine, crew->kill);
    engine->ops->interrupt(engine);
    brood__crew_unlock(crew);
    apr_thread_join(&rc, crew->receiver);
    brood__own_thread_ended();
    engine->ops->destroy(engine);
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        engine->ops->discard(crew->blocks[i]);
    crew->engine = NULL;
}

/* If no thread has come to it the workers are ended here, without delay. */
static void done_end(brood__job_t *job)
{
    brood__crew_t *crew = (brood__crew_t *) job;

    if (crew->engine != NULL) {
        crew->kill = true;
        run_end(job);
    }
    apr_pool_destroy(crew->mem);
}

void brood__crew_end(brood__crew_t *crew)
{
    const bool in_thread = crew->engine != NULL && crew->server->jobs != NULL;

    if (!in_thread || add_job(crew, run_end, done_end) != APR_SUCCESS)
        done_end(&crew->job);
}
