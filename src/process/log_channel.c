/* log_channel.c - a queue towards the program's function, and the thread at its end. */
#include "process/log_channel.h"

#include "base/log.h"
#include "base/own.h"
#include "base/status.h"
#include "base/thread_local.h"
#include "base/utf8.h"
#include "memory/table.h"
#include <apr_thread_proc.h>
#include <brood/queue.h>
#include <brood/shared.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define CAPACITY 1024
#define PATIENCE apr_time_from_msec(100) /* of a process whose records find no room */
#define STEP apr_time_from_msec(100)
#define PAUSE apr_time_from_msec(1)

/* An item of the queue: this, the name, the message, each with its NUL.  One without bytes is none: it wakes. */
typedef struct head_t {
    int32_t level;
    uint32_t name; /* bytes of it */
} head_t;

typedef struct record_t {
    head_t head;
    char text[BROOD__LOG_NAME + BROOD__LOG_MESSAGE];
} record_t;

/* The thread that takes records. */
typedef struct listener_t {
    apr_pool_t *pool; /* its own */
    apr_thread_t *thread;
    brood_queue_t *queue;
    _Atomic uint32_t *taker;
    apr_size_t stale; /* records that came while nobody wanted any */
    _Atomic bool stop;
    _Atomic bool ended;
} listener_t;

/* A way between processes. */
typedef struct channel_t {
    brood_queue_t *queue; /* NULL: there is none */
    brood_array_t *array; /* of one word: the id of the process that takes; 0: nobody does any more */
    apr_pool_t *pool;     /* of both */
} channel_t;

/* Under the lock of the log. */
static channel_t own; /* from descendants */
static listener_t *listener;

static BROOD__THREAD_LOCAL bool listening; /* this thread is one */

/* Set once, before other threads; never closed: some may still log while the process ends. */
static channel_t upwards;
static brood_log_level_t upwards_level = BROOD_LOG_OFF;
static _Atomic unsigned lost;

static _Atomic uint32_t *taker_of(const channel_t *channel)
{
    return brood_array_data(channel->array);
}

/* ---- the listener ---- */

/* What a process has written over the arena must not lead us astray. */
static bool is_whole(const record_t *record, apr_size_t size)
{
    const uint32_t name = record->head.name;

    return size > sizeof record->head && name > 0 && name <= BROOD__LOG_NAME && name < size - sizeof record->head
           && record->text[name - 1] == '\0' && record->text[size - sizeof record->head - 1] == '\0';
}

/* False: there is no more to hear. */
static bool hear(listener_t *self, apr_interval_time_t timeout)
{
    record_t record;
    apr_size_t size = sizeof record;
    const apr_status_t rc = brood_queue_get_into(&record, &size, self->queue, timeout);

    if (rc != APR_SUCCESS)
        return rc == BROOD_EDECODE;
    if (self->stale != 0)
        self->stale--;
    else if (is_whole(&record, size))
        brood__log_heard((brood_log_level_t) record.head.level, record.text, record.text + record.head.name);
    return true;
}

/* Until it is told to stop; then what is there already, since others may go on for ever. */
static void *APR_THREAD_FUNC take_records(apr_thread_t *thread, void *data)
{
    listener_t *self = data;
    apr_size_t left = 0;
    bool more = true;

    listening = true;
    while (more && !atomic_load(&self->stop))
        more = hear(self, BROOD_FOREVER);
    if (more)
        BROOD_IGNORE(brood_queue_size(&left, self->queue));
    while (left-- > 0 && hear(self, STEP))
        ;
    brood__status_clear();
    atomic_store(&self->ended, true);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* Under the lock.  The thread has the signals of its creator, as the children that it may start must. */
static void begin_listener(apr_size_t stale)
{
    apr_pool_t *pool;
    listener_t *made;

    if (brood__own_pool(&pool) != APR_SUCCESS)
        return;
    made = apr_pcalloc(pool, sizeof *made);
    made->pool = pool;
    made->queue = own.queue;
    made->taker = taker_of(&own);
    made->stale = stale;
    atomic_store(made->taker, brood__me);
    brood__own_thread_begins();
    if (apr_thread_create(&made->thread, NULL, take_records, made, pool) == APR_SUCCESS) {
        listener = made;
        return;
    }
    brood__own_thread_ended();
    atomic_store(made->taker, 0);
    apr_pool_destroy(pool);
}

/* Without the lock, which it may be waiting for. */
static void end_listener(listener_t *ending)
{
    apr_status_t rc;

    atomic_store(ending->taker, 0); /* what is logged from here on has nobody here to go to */
    atomic_store(&ending->stop, true);
    while (!atomic_load(&ending->ended) && brood_queue_put_bytes(ending->queue, "", 0, BROOD_NOWAIT) != APR_SUCCESS)
        apr_sleep(PAUSE); /* full: there is nobody to wake, and Ctrl-C is not for this wait */
    BROOD_IGNORE(apr_thread_join(&rc, ending->thread));
    brood__own_thread_ended();
    apr_pool_destroy(ending->pool);
}

/* Under the lock: to be ended by the caller alone. */
static listener_t *take_listener(void)
{
    listener_t *taken = listener;

    listener = NULL;
    return taken;
}

/* What came before is given yet, and then nobody is called any more. */
static void log_to_nobody(void)
{
    listener_t *ending;

    brood__log_lock();
    ending = take_listener();
    brood__log_unlock();
    if (ending != NULL)
        end_listener(ending);
    brood__log_program(NULL, NULL, BROOD_LOG_OFF);
}

static void log_to(brood_log_fn log, void *user, brood_log_level_t level)
{
    apr_size_t stale = 0;

    brood__log_lock();
    brood__log_program(log, user, level);
    if (brood__log_program_level() != BROOD_LOG_OFF && own.queue != NULL && listener == NULL && brood__table_is_me()
        && brood_queue_size(&stale, own.queue) == APR_SUCCESS)
        begin_listener(stale);
    brood__log_unlock();
}

void brood_log_to(brood_log_fn log, void *user, brood_log_level_t level)
{
    const bool none = log == NULL || level >= BROOD_LOG_OFF;

    brood__status_hold(true);
    /* Within the function, the listener cannot be waited for: it goes on and has nobody to tell.  In a copy that the
     * program has forked by itself there is none. */
    if (none && !brood__log_calling() && brood__table_is_me())
        log_to_nobody();
    else
        log_to(log, user, none ? BROOD_LOG_OFF : level);
    brood__status_hold(false);
}

/* ---- from parent to child ---- */

static bool make_channel(channel_t *channel)
{
    if (brood__own_pool(&channel->pool) != APR_SUCCESS)
        return false;
    if (brood_queue_create(&channel->queue, CAPACITY, NULL, channel->pool) == APR_SUCCESS
        && brood_array_create(&channel->array, 1, sizeof(uint32_t), NULL, channel->pool) == APR_SUCCESS)
        return true;
    apr_pool_destroy(channel->pool);
    *channel = (channel_t){0};
    return false;
}

/* Under the lock: a channel with a listener at its end. */
static bool make_own(void)
{
    if (own.queue == NULL && !make_channel(&own))
        return false;
    if (listener == NULL)
        begin_listener(0);
    return listener != NULL;
}

static apr_status_t pack(brood_bytes_t *bytes, const channel_t *channel, brood__id_t child, apr_pool_t *mem)
{
    brood__output_t output = {NULL, 0, 0, mem};
    brood_value_t parts[2];

    parts[0] = brood_queue_to_value(channel->queue);
    parts[1] = brood_array_to_value(channel->array);
    BROOD_TRY(brood__encode(&output, brood_list(parts, 2), child));
    *bytes = (brood_bytes_t){output.data, output.size};
    return APR_SUCCESS;
}

static apr_status_t unpack(channel_t *channel, brood_bytes_t bytes)
{
    brood_value_t list;

    BROOD_TRY(brood__decode(&list, bytes.data, bytes.size, true, channel->pool));
    BROOD_TRY(brood_queue_from_value(&channel->queue, brood_value_at(list, 0)));
    return brood_array_from_value(&channel->array, brood_value_at(list, 1));
}

void brood__log_lend(brood__startup_t *startup, apr_pool_t *mem)
{
    const channel_t *channel = NULL;
    brood_log_level_t level;

    brood__status_hold(true);
    brood__log_lock();
    level = brood__log_program_level();
    if (level == BROOD_LOG_OFF) {
        channel = upwards.queue != NULL ? &upwards : NULL;
        level = upwards_level;
    } else if (make_own()) {
        channel = &own;
    }
    startup->log_stderr = (uint32_t) brood__log_stderr_level();
    startup->log_level = BROOD_LOG_OFF;
    if (channel != NULL && pack(&startup->log_queue, channel, startup->id, mem) == APR_SUCCESS)
        startup->log_level = (uint32_t) level;
    brood__log_unlock();
    brood__status_hold(false);
}

/* ---- from child to parent ---- */

static bool put(brood_log_level_t level, const char *process, const char *message, apr_interval_time_t timeout)
{
    record_t record;
    apr_size_t name = strlen(process), size = strlen(message) + 1;

    name = brood__utf8_cut(process, name < BROOD__LOG_NAME ? name : BROOD__LOG_NAME - 1);
    record.head = (head_t){(int32_t) level, (uint32_t) name + 1};
    memcpy(record.text, process, name);
    record.text[name] = '\0';
    memcpy(record.text + name + 1, message, size);
    return brood_queue_put_bytes(upwards.queue, &record, sizeof record.head + name + 1 + size, timeout) == APR_SUCCESS;
}

static bool put_loss(unsigned count, apr_interval_time_t timeout)
{
    char message[80];

    (void) snprintf(message, sizeof message, "%u log record%s lost, for want of room", count,
                    count == 1 ? " was" : "s were");
    return put(BROOD_LOG_WARNING, brood__status_name(), message, timeout);
}

/* Half of it is free again. */
static bool has_room(void)
{
    apr_size_t size = CAPACITY;

    return brood_queue_size(&size, upwards.queue) == APR_SUCCESS && size <= CAPACITY / 2;
}

/* Else its queue is a hole: one who has ended, been killed, or wants no more. */
static bool has_taker(void)
{
    const brood__id_t taker = atomic_load(taker_of(&upwards));

    return taker != 0 && brood__table_alive(taker) && !brood__table_glance(taker);
}

/* Who found no room does not wait again: it drops records until there is plenty. */
static bool send_up(brood_log_level_t level, const char *process, const char *message)
{
    unsigned missed;
    bool sent;

    if (!brood__table_is_me() || !has_taker())
        return false;
    brood__status_hold(true);
    missed = atomic_exchange(&lost, 0);
    if (missed != 0 && has_room() && put_loss(missed, BROOD_NOWAIT))
        missed = 0;
    sent = missed == 0 && put(level, process, message, PATIENCE);
    if (!sent)
        atomic_fetch_add(&lost, missed + 1);
    brood__status_hold(false);
    return sent;
}

/* ---- beginning and end ---- */

static void inherit(const brood__startup_t *startup)
{
    upwards = (channel_t){0};
    upwards_level = (brood_log_level_t) startup->log_level;
    if (startup->log_queue.size == 0 || brood__own_pool(&upwards.pool) != APR_SUCCESS
        || unpack(&upwards, startup->log_queue) == APR_SUCCESS)
        return;
    apr_pool_destroy(upwards.pool);
    upwards = (channel_t){0};
}

void brood__log_born(const brood__startup_t *startup)
{
    own = (channel_t){0}; /* the parent's, in a forked child */
    listener = NULL;
    if (listening) /* a page is copied by whoever writes to it first */
        listening = false;
    atomic_store(&lost, 0);
    brood_log_to_stderr((brood_log_level_t) startup->log_stderr);
    inherit(startup);
    brood__log_way(upwards.queue == NULL ? NULL : send_up, upwards_level);
}

/* The program may end itself from within its function: the listener, which may wait for the lock, gets it. */
static void close_listener(listener_t *ending)
{
    const bool within = brood__log_calling();
    const unsigned depth = within ? brood__log_let_go() : 0;

    if (!listening)
        end_listener(ending);
    else
        atomic_store(ending->taker, 0);
    if (within)
        brood__log_take_back(depth);
}

/* Most processes have neither, and write to nothing here that would copy a page. */
void brood__log_close(void)
{
    listener_t *ending;

    brood__log_lock();
    ending = take_listener();
    brood__log_unlock();
    if (ending != NULL) {
        brood__status_hold(true);
        close_listener(ending);
        brood__status_hold(false);
    }
    brood__log_program(NULL, NULL, BROOD_LOG_OFF);
    brood__log_lock();
    if (own.queue != NULL && !listening) {
        brood__status_hold(true);
        apr_pool_destroy(own.pool);
        brood__status_hold(false);
    }
    own = (channel_t){0};
    brood__log_unlock();
}

void brood__log_leave(void)
{
    const unsigned missed = atomic_exchange(&lost, 0);

    if (missed != 0 && upwards.queue != NULL) {
        brood__status_hold(true);
        if (has_taker())
            BROOD_IGNORE(!put_loss(missed, PATIENCE));
        brood__status_hold(false);
    }
    brood__log_way(NULL, BROOD_LOG_OFF);
}
