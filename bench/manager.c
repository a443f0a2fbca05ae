/* manager.c - a managed dictionary, one call after the other and many at once, beside Redis over a Unix socket and
 * Python's Manager. */
#include "raw/raw.h"
#include "raw/redis.h"
#include "support.h"

enum { OF_BROOD, OF_BATCH, OF_MANY, OF_REDIS, OF_PYTHON };
enum { GET, SET };

#define AT_ONCE 32 /* calls, where there are many at once */

static const char *const what[] = {"dict_get", "dict_set"}; /* as peer.py calls them */

/* ---- one turn of a client ---- */

typedef struct client_t {
    int of, method, count; /* count: of the calls in a turn */
    brood_managed_dict_t *dict;
    raw_redis_t redis;
} client_t;

static apr_status_t turn_batch(client_t *client, apr_pool_t *mem)
{
    const brood_value_t key = brood_text("key"), value = brood_text("value");
    brood_value_t results;
    brood_batch_t *batch;

    BROOD_TRY(brood_batch_create(&batch, mem));
    for (int i = 0; i < client->count; i++)
        BROOD_TRY(client->method == SET
                      ? brood_batch_add(batch, brood_managed_dict_to_value(client->dict), "set", BROOD_LIST(key, value))
                      : brood_batch_add(batch, brood_managed_dict_to_value(client->dict), "get", BROOD_LIST(key)));
    return brood_batch_run(&results, batch, mem);
}

static apr_status_t turn_many(client_t *client, apr_pool_t *mem)
{
    brood_value_t keys[AT_ONCE], values;

    for (int i = 0; i < AT_ONCE; i++)
        keys[i] = brood_text("key");
    return brood_managed_dict_get_many(&values, client->dict, brood_list(keys, AT_ONCE), mem);
}

static apr_status_t turn(client_t *client, apr_pool_t *mem)
{
    brood_value_t value;

    if (client->of == OF_REDIS)
        return raw_redis_call(&client->redis, client->method == SET, client->count, mem);
    if (client->of == OF_BATCH)
        return turn_batch(client, mem);
    if (client->of == OF_MANY)
        return turn_many(client, mem);
    if (client->method == SET)
        return brood_managed_dict_set(client->dict, brood_text("key"), brood_text("value"));
    return brood_managed_dict_get(&value, client->dict, brood_text("key"), mem);
}

/* ---- processes ---- */

static apr_status_t work(brood_call_t *call)
{
    client_t *client = apr_pcalloc(call->mem, sizeof *client);
    brood_value_t more, dict;
    bench_worker_t *me;
    const char *path;
    uint64_t span;
    apr_pool_t *mem;

    BROOD_TRY(bench_work(&me, &span, &more, call));
    BROOD_TRY(BROOD_UNPACK(more, &client->of, &client->method, &client->count, &dict, &path));
    if (client->of == OF_REDIS) {
        BROOD_TRY(raw_redis_connect(&client->redis, path, call->mem));
        BROOD_TRY(raw_redis_call(&client->redis, SET, 1, call->mem));
    } else {
        BROOD_TRY(brood_managed_dict_from_value(&client->dict, dict));
    }
    BROOD_TRY(apr_pool_create(&mem, call->mem));
    do {
        BROOD_TRY(turn(client, mem));
        me->done += (uint64_t) client->count;
        apr_pool_clear(mem);
    } while (raw_now() < me->begin + span);
    me->end = raw_now();
    return APR_SUCCESS;
}

static apr_status_t begin_server(brood_value_t *dict, const char **path, apr_proc_t *redis, int of, apr_pool_t *mem)
{
    brood_manager_t *manager;
    brood_managed_dict_t *made;

    *dict = brood_nil();
    *path = "";
    if (of == OF_REDIS)
        return raw_redis_start(redis, path, mem);
    BROOD_TRY(brood_manager_start(&manager, NULL, mem));
    BROOD_TRY(brood_manager_dict(&made, manager, NULL, mem));
    BROOD_TRY(brood_managed_dict_set(made, brood_text("key"), brood_text("value")));
    *dict = brood_managed_dict_to_value(made);
    return APR_SUCCESS;
}

static apr_status_t run_workers(double *figure, const bench_case_t *self, brood_value_t dict, const char *path,
                                apr_pool_t *mem)
{
    bench_workers_t workers;

    BROOD_TRY(bench_workers_create(&workers, mem));
    for (int i = 0; i < self->count; i++)
        BROOD_TRY(bench_workers_add(&workers, work,
                                    BROOD_LIST(self->kind / 2, self->kind % 2, (int) self->size, dict, path)));
    BROOD_TRY(bench_workers_go(&workers));
    BROOD_TRY(bench_workers_join(&workers, 0, workers.count));
    *figure = (double) bench_workers_done(&workers, 0, workers.count) / bench_workers_seconds(&workers) / 1e3;
    return APR_SUCCESS;
}

/* Thousands of calls a second, of all clients. */
static apr_status_t run(double *figure, const bench_case_t *self, apr_pool_t *mem)
{
    const int of = self->kind / 2;
    brood_value_t dict;
    apr_proc_t redis;
    const char *path;
    apr_status_t rc;

    if (of == OF_PYTHON)
        return bench_python(figure, what[self->kind % 2], self->count, 0, mem);
    BROOD_TRY(begin_server(&dict, &path, &redis, of, mem));
    rc = run_workers(figure, self, dict, path, mem);
    if (of == OF_REDIS)
        raw_redis_stop(&redis);
    return rc;
}

#define KIND(of, method) ((of) *2 + (method))
#define ROWS(group, method, clients, target)                                                     \
    {group, "dict", unit, run, KIND(OF_BROOD, method), clients, 1, {"redis", "Python"}, target}, \
        {group, "redis", unit, run, KIND(OF_REDIS, method), clients, 1, {NULL}, NULL},           \
    {                                                                                            \
        group, "Python", unit, run, KIND(OF_PYTHON, method), clients, 1, {NULL}, NULL            \
    }
#define ROWS_AT_ONCE(group, method, clients)                                                \
    {group, "batch", unit, run, KIND(OF_BATCH, method), clients, AT_ONCE, {"redis"}, NULL}, \
    {                                                                                       \
        group, "redis", unit, run, KIND(OF_REDIS, method), clients, AT_ONCE, {NULL}, NULL   \
    }

static apr_status_t app(brood_call_t *call)
{
    static const char unit[] = "k/s", get1[] = "get, 1 client", get4[] = "get, 4 clients", set1[] = "set, 1 client",
                      set4[] = "set, 4 clients", many1[] = "get, 32 at once, 1 client",
                      many4[] = "get, 32 at once, 4 clients", sets1[] = "set, 32 at once, 1 client",
                      sets4[] = "set, 32 at once, 4 clients";
    static const bench_case_t cases[] = {
        ROWS(get1, GET, 1, "0.9 x redis, 1.4 x Python"),
        ROWS(set1, SET, 1, "0.9 x redis, 1.4 x Python"),
        ROWS(get4, GET, 4, NULL),
        ROWS(set4, SET, 4, NULL),
        ROWS_AT_ONCE(many1, GET, 1),
        {many1, "get_many", unit, run, KIND(OF_MANY, GET), 1, AT_ONCE, {"redis"}, NULL},
        ROWS_AT_ONCE(many4, GET, 4),
        {many4, "get_many", unit, run, KIND(OF_MANY, GET), 4, AT_ONCE, {"redis"}, NULL},
        ROWS_AT_ONCE(sets1, SET, 1),
        ROWS_AT_ONCE(sets4, SET, 4),
    };

    return bench_run(cases, sizeof cases / sizeof *cases, call->args, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(work))
