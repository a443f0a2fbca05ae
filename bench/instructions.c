/* instructions.c - one operation, so many times and nothing else, to be counted: ci/instructions runs it with two counts
 * under Valgrind, and the difference is what the operations take, without start and end. */
#include "raw/raw.h"

#include <brood.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE 4096

typedef apr_status_t (*operation_fn)(int count, apr_pool_t *mem);

/* ---- locks and their like, which nobody else wants ---- */

static apr_status_t take_and_release(brood_lock_t *lock, int count)
{
    for (int i = 0; i < count; i++) {
        BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
        BROOD_TRY(brood_lock_release(lock));
    }
    return APR_SUCCESS;
}

static apr_status_t do_lock(int count, apr_pool_t *mem)
{
    brood_lock_t *lock;

    BROOD_TRY(brood_lock_create(&lock, mem));
    return take_and_release(lock, count);
}

static apr_status_t do_rlock(int count, apr_pool_t *mem)
{
    brood_lock_t *lock;

    BROOD_TRY(brood_rlock_create(&lock, mem));
    return take_and_release(lock, count);
}

static apr_status_t do_semaphore(int count, apr_pool_t *mem)
{
    brood_semaphore_t *semaphore;

    BROOD_TRY(brood_semaphore_create(&semaphore, 1, mem));
    for (int i = 0; i < count; i++) {
        BROOD_TRY(brood_semaphore_acquire(semaphore, BROOD_FOREVER));
        BROOD_TRY(brood_semaphore_release(semaphore));
    }
    return APR_SUCCESS;
}

static apr_status_t do_event(int count, apr_pool_t *mem)
{
    brood_event_t *event;
    bool set;

    BROOD_TRY(brood_event_create(&event, mem));
    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_event_is_set(&set, event));
    return APR_SUCCESS;
}

/* A number that is counted up with its lock held. */
static apr_status_t do_array(int count, apr_pool_t *mem)
{
    brood_array_t *array;
    brood_lock_t *lock;
    volatile int *number;

    BROOD_TRY(brood_array_create(&array, 1, sizeof *number, NULL, mem));
    lock = brood_array_lock(array);
    number = brood_array_data(array);
    for (int i = 0; i < count; i++) {
        BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
        (*number)++;
        BROOD_TRY(brood_lock_release(lock));
    }
    return *number == count ? APR_SUCCESS : brood_fail_text(APR_EGENERAL, "miscounted");
}

/* ---- what carries something, there and back in one process ---- */

static apr_status_t queue_bytes(int count, apr_size_t size, apr_pool_t *mem)
{
    static char bytes[LARGE];
    brood_queue_t *queue;

    BROOD_TRY(brood_queue_create(&queue, 16, NULL, mem));
    for (int i = 0; i < count; i++) {
        apr_size_t got = sizeof bytes;

        BROOD_TRY(brood_queue_put_bytes(queue, bytes, size, BROOD_FOREVER));
        BROOD_TRY(brood_queue_get_into(bytes, &got, queue, BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

static apr_status_t do_queue_small(int count, apr_pool_t *mem)
{
    return queue_bytes(count, 16, mem);
}

static apr_status_t do_queue_large(int count, apr_pool_t *mem)
{
    return queue_bytes(count, LARGE, mem);
}

static apr_status_t do_queue_int(int count, apr_pool_t *mem)
{
    brood_queue_t *queue;
    brood_value_t item;

    BROOD_TRY(brood_queue_create(&queue, 16, NULL, mem));
    for (int i = 0; i < count; i++) {
        BROOD_TRY(brood_queue_put(queue, brood_int(42), BROOD_FOREVER));
        BROOD_TRY(brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    }
    return APR_SUCCESS;
}

static apr_status_t do_pipe(int count, apr_pool_t *mem)
{
    brood_connection_t *reader, *writer;
    char bytes[64] = "";

    BROOD_TRY(brood_pipe_create(&reader, &writer, BROOD_ONE_WAY, mem));
    for (int i = 0; i < count; i++) {
        apr_size_t got = sizeof bytes;

        BROOD_TRY(brood_connection_send_bytes(writer, bytes, sizeof bytes, BROOD_FOREVER));
        BROOD_TRY(brood_connection_recv_into(bytes, &got, reader, BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

/* A list of numbers and a map of texts. */
static apr_status_t do_codec(int count, apr_pool_t *mem)
{
    const brood_value_t pairs = BROOD_MAP("name", "brood", "kind", "library");
    const brood_value_t value = BROOD_LIST(1, 70000, -3, 2.5, "text", pairs);
    apr_pool_t *each;

    BROOD_TRY(apr_pool_create(&each, mem));
    for (int i = 0; i < count; i++) {
        brood_bytes_t bytes;
        brood_value_t read;

        BROOD_TRY(brood_value_encode(&bytes, value, each));
        BROOD_TRY(brood_value_decode(&read, bytes.data, bytes.size, each));
        apr_pool_clear(each);
    }
    return APR_SUCCESS;
}

/* ---- with another process, of which nothing is counted ---- */

static apr_status_t nothing(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static apr_status_t hold_up(brood_call_t *call)
{
    brood_event_t *go;

    BROOD_TRY(BROOD_UNPACK(call->args, &go));
    return brood_event_wait(go, BROOD_FOREVER);
}

/* Tasks are given while the worker is held up, and results taken when all are there: nobody waits for the other meanwhile,
 * so it is always the same that is counted. */
static apr_status_t do_pool(int count, apr_pool_t *mem)
{
    brood_future_t *first, **future = apr_palloc(mem, (apr_size_t) count * sizeof(brood_future_t *));
    brood_value_t value;
    brood_event_t *go;
    brood_pool_t *pool;
    apr_pool_t *own;

    BROOD_TRY(brood_event_create(&go, mem));
    BROOD_TRY(brood_pool_create(&pool, 1, NULL, mem));
    BROOD_TRY(apr_pool_create(&own, mem));
    BROOD_TRY(brood_pool_apply_async(&first, pool, hold_up, BROOD_ARGS(go), NULL, mem));
    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_pool_apply_async(&future[i], pool, nothing, BROOD_NO_ARGS, NULL, own));
    BROOD_TRY(brood_event_set(go));
    BROOD_TRY(brood_future_wait(future[count - 1], BROOD_FOREVER));
    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_future_get(&value, future[i], BROOD_FOREVER, own));
    return APR_SUCCESS;
}

static apr_status_t do_dict(int count, apr_pool_t *mem)
{
    brood_manager_t *manager;
    brood_managed_dict_t *dict;
    brood_value_t value;
    apr_pool_t *each;

    BROOD_TRY(brood_manager_start(&manager, NULL, mem));
    BROOD_TRY(brood_manager_dict(&dict, manager, NULL, mem));
    BROOD_TRY(brood_managed_dict_set(dict, brood_text("key"), brood_text("value")));
    BROOD_TRY(apr_pool_create(&each, mem));
    for (int i = 0; i < count; i++) {
        BROOD_TRY(brood_managed_dict_get(&value, dict, brood_text("key"), each));
        apr_pool_clear(each);
    }
    return APR_SUCCESS;
}

/* ---- the program ---- */

static const struct {
    const char *name;
    operation_fn run;
} operations[] = {
    {"lock", do_lock},           {"rlock", do_rlock},
    {"semaphore", do_semaphore}, {"event_is_set", do_event},
    {"array_add", do_array},     {"queue_16_bytes", do_queue_small},
    {"queue_int", do_queue_int}, {"queue_4096_bytes", do_queue_large},
    {"pipe_64_bytes", do_pipe},  {"codec", do_codec},
    {"pool_task", do_pool},      {"managed_dict_get", do_dict},
};

#define OPERATIONS (sizeof operations / sizeof *operations)

/* Without arguments each of them once: does it run? */
static apr_status_t app(brood_call_t *call)
{
    const char *name = "", *times = "1";
    bool found = false;

    if (brood_value_count(call->args) == 2)
        BROOD_TRY(BROOD_UNPACK(call->args, &name, &times));
    raw_pin(0); /* who waits for another process then waits always, or never */
    for (apr_size_t i = 0; i < OPERATIONS; i++)
        if (*name == '\0' || strcmp(name, operations[i].name) == 0) {
            BROOD_TRY(operations[i].run(atoi(times), call->mem));
            found = true;
        }
    return found ? APR_SUCCESS : brood_fail(APR_EINVAL, "no operation %s", name);
}

BROOD_MAIN(app, BROOD_ENTRY(nothing), BROOD_ENTRY(hold_up))
